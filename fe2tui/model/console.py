"""Console output: what the system of an instance writes to its serial console."""

from __future__ import annotations

import re

from fe2tui.model.text import visible

_TERMINAL_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_OVERLAP = 400  # characters at the end of an output by which its place in a later one is found


def console_lines(text: str) -> list[str]:
    """The lines of a console output, safe to show: without colours and cursor movements.

    What a carriage return has overwritten, such as the steps of a progress bar, is left out.
    """
    return [_plain_line(line) for line in text.split("\n")]


def _plain_line(line: str) -> str:
    written = _TERMINAL_SEQUENCE.sub("", line).rstrip("\r").rpartition("\r")[2]
    return visible(written.expandtabs())


def new_output(before: str, after: str) -> str:
    """What an output has that an earlier one had not; all of it if they share nothing.

    EC2 keeps the last 64 KB: the beginning of a long output is dropped as it grows.
    """
    if after.startswith(before):
        return after[len(before) :]
    end = before[-_OVERLAP:]
    place = after.rfind(end) if end else -1
    return after[place + len(end) :] if place >= 0 else after
