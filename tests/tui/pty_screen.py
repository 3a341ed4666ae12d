"""A program in a real pseudo-terminal, with the screen that a person would see."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence

import pexpect
import pyte

from fe2tui.tui.forms.form import READING_SECONDS


class _Screen(pyte.Screen):
    def select_graphic_rendition(self, *attrs: int, private: bool = False, **more: object) -> None:
        if not private:
            super().select_graphic_rendition(*attrs)

    def report_device_status(self, mode: int, **more: object) -> None:
        """Unanswered, as by a terminal that does not know it."""


class Terminal:
    """Runs a program. ``raw`` is every byte that it ever wrote."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], columns: int = 80, lines: int = 24) -> None:
        self._screen = _Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        # A size in the environment would count before the terminal's own.
        kept = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        self.child = pexpect.spawn(
            argv[0], list(argv[1:]), env={**kept, "TERM": "xterm-256color"}, dimensions=(lines, columns), timeout=30
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *ended: object) -> None:
        self.child.close(force=True)

    @property
    def text(self) -> str:
        """The screen."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def read(self, seconds: float = 0.05) -> None:
        """Take in what has been written."""
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            data = self.child.read_nonblocking(65536, seconds)
            self.raw += data
            self._stream.feed(data)

    def until(self, wanted: str | Callable[[], bool], seconds: float = 30) -> None:
        """Read until a text stands on the screen, or something holds."""
        holds = wanted if callable(wanted) else lambda: wanted in self.text
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"never came: {wanted!r}\n{self.text}"
            self.read()

    def send(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def press(self, keys: str, wanted: str | Callable[[], bool]) -> None:
        """Press keys, and read as ``until`` does."""
        self.send(keys)
        self.until(wanted)

    def answer(self, key: str) -> None:
        """Press a key when the question on the screen takes keys."""
        end = time.monotonic() + READING_SECONDS + 0.2
        while time.monotonic() < end:
            self.read()
        self.send(key)

    def resize(self, columns: int, lines: int) -> None:
        """Drag the window's corner."""
        self._screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    def wait(self) -> int:
        """The program's exit status, once it has ended."""
        self.until(lambda: not self.child.isalive())
        self.child.close()
        return int(self.child.exitstatus if self.child.exitstatus is not None else -1)
