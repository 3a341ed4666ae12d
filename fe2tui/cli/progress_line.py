"""Progress on stderr: one line that changes at a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from datetime import timedelta
from types import TracebackType

from fe2tui.model.progress import COUNTDOWN, Progress
from fe2tui.model.text import age, visible

# what a cancelled task leaves behind, a failed write to the log, and another instance of the same name
_LASTING_STEPS = ("cancelled", "log", "same name")
# (task, step) that the command prints right afterwards as its result.
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
_STEPS_WITH_TIME = ("waiting", COUNTDOWN)  # their words end with a duration


class ProgressLine:
    """Shows the steps that a task reports. As a context manager, it wipes the changing line at the end."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._began = time.monotonic()
        self._last = ""

    def report(self, progress: Progress) -> None:
        label = f"{visible(progress.label)}: " if progress.label else ""
        words = (progress.words or progress.step).removeprefix(f"{progress.label} ")
        line = f"{label}{visible(words)}"
        if progress.step in _LASTING_STEPS:
            self.clear()
            print(line, file=sys.stderr, flush=True)
            return
        is_terminal_only = progress.step == COUNTDOWN or (progress.task, progress.step) in _RESULT_STEPS
        if line == self._last or (not self._is_terminal and is_terminal_only):
            return
        self._last = line
        if not self._is_terminal:
            print(line, file=sys.stderr, flush=True)
            return
        width = shutil.get_terminal_size().columns - 1
        elapsed = age(timedelta(seconds=time.monotonic() - self._began))
        shown = (_cut_before_end if progress.step in _STEPS_WITH_TIME else _cut)(f"{elapsed}  {line}", width)
        print(f"\r\x1b[K{shown}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Wipe the changing line, so that other text can be printed."""
        if self._is_terminal and self._last:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._last = ""

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.clear()


def _cut(text: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= width else f"{set_cell_size(text, max(width - 1, 0)).rstrip()}…"


def _cut_before_end(text: str, width: int) -> str:
    """Cut before the last clause, which stays whole if it fits."""
    from rich.cells import cell_len

    head, mark, tail = text.rpartition("; ")
    space = width - cell_len(mark + tail)
    return f"{_cut(head, space)}{mark}{tail}" if head and space > 0 else _cut(text, width)
