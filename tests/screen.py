"""A program in a pseudo-terminal, and what its screen shows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import pexpect
import pyte


class Screen:
    """Starts a program in a terminal of its own and keeps what it draws. Every wait is bounded, in seconds."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        columns: int = 120,
        rows: int = 36,
        cwd: str | None = None,
    ) -> None:
        self._child = pexpect.spawn(
            command[0],
            list(command[1:]),
            env={**env, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
            dimensions=(rows, columns),
            cwd=cwd,
            timeout=None,
        )
        self._screen = pyte.HistoryScreen(columns, rows, history=1000)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def pid(self) -> int:
        return int(self._child.pid)

    @property
    def text(self) -> str:
        """What stands on it now, all that scrolled off above it included."""
        above = ["".join(line[x].data for x in range(self._screen.columns)) for line in self._screen.history.top]
        return "\n".join(line.rstrip() for line in (*above, *self._screen.display))

    def type(self, keys: str) -> None:
        self._child.send(keys)

    def wait_for(self, wanted: str | Callable[[str], bool], timeout: float = 30) -> str:
        """The screen as soon as the text stands on it, or the condition holds."""
        holds = (lambda text: wanted in text) if isinstance(wanted, str) else wanted
        end = time.monotonic() + timeout
        while not holds(self.text):
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                if holds(self.text):
                    break
                raise AssertionError(f"not seen in {timeout} s: {wanted}\n{self.text}")
        return self.text

    def wait_for_end(self, timeout: float = 30) -> int:
        """The exit status, as a shell has it."""
        end = time.monotonic() + timeout
        while self._read(max(0.0, end - time.monotonic())):
            if time.monotonic() > end:
                raise AssertionError(f"still there after {timeout} s\n{self.text}")
        self._child.wait()
        status, signal = self._child.exitstatus, self._child.signalstatus
        return int(status) if signal is None else 128 + int(signal)

    def _read(self, seconds: float) -> bool:
        """Take in what it wrote; False when it has ended."""
        try:
            self._stream.feed(self._child.read_nonblocking(1 << 16, timeout=seconds))
        except pexpect.TIMEOUT:
            return bool(self._child.isalive())
        except pexpect.EOF:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close(force=True)


def plain_environment() -> dict[str, str]:
    """This process's environment without anything that points at a cloud or at somebody's files."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "FE2TUI_", "_FE2"))}
