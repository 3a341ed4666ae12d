"""Progress on stderr: one line that changes at a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from types import TracebackType

from fe2tui.model.progress import COUNTDOWN, Progress
from fe2tui.model.text import age, visible

LASTING_STEPS = ("cancelled", "log")  # what was left behind, or could not be written down, is no passing step
# What the command prints as its result in a moment: (task, step).
_RESULT_STEPS = frozenset(
    {
        ("start", "ready"),
        ("reboot", "ready"),
        ("stop", "stopped"),
        ("terminate", "requested"),
        ("change type", "ready"),
        ("freeze", "ready"),
    }
)


_STEPS_WITH_TIME = ("waiting", COUNTDOWN)  # how long, and until when, stands at the end


class ProgressLine:
    """Shows what a task reports. As a context manager: the line that changes is wiped at the end."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._began = time.monotonic()
        self._last = ""

    def report(self, progress: Progress) -> None:
        """Show one step."""
        label = f"{visible(progress.label)}: " if progress.label else ""
        words = (progress.words or progress.step).removeprefix(f"{progress.label} ")
        line = f"{label}{visible(words)}"
        if progress.step in LASTING_STEPS:
            self.clear()
            print(line, file=sys.stderr, flush=True)
            return
        passes = progress.step == COUNTDOWN or (progress.task, progress.step) in _RESULT_STEPS
        if line == self._last or (not self._live and passes):
            return
        self._last = line
        if not self._live:
            print(line, file=sys.stderr, flush=True)
            return
        width = shutil.get_terminal_size().columns - 1
        shown = (_cut_before_end if progress.step in _STEPS_WITH_TIME else _cut)(f"{self._elapsed()}  {line}", width)
        print(f"\r\x1b[K{shown}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the changing line away, so that others may write."""
        if self._live and self._last:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._last = ""

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.clear()

    def _elapsed(self) -> str:
        from datetime import timedelta

        return age(timedelta(seconds=time.monotonic() - self._began))


def _cut(text: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= width else f"{set_cell_size(text, max(width - 1, 0)).rstrip()}…"


def _cut_before_end(text: str, width: int) -> str:
    """Cut before the last clause, so that this is whole where there is room for it."""
    from rich.cells import cell_len

    head, mark, tail = text.rpartition("; ")
    room = width - cell_len(mark + tail)
    return f"{_cut(head, room)}{mark}{tail}" if head and room > 0 else _cut(text, width)
