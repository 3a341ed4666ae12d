"""However the program ends, the terminal is restored."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.tui.pty_screen import Terminal

ENDING = [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
MODES = (b"?1049", b"?1000", b"?1003", b"?1006", b"?2004", b"?1004")


class Watched:
    """The dashboard below a shell that writes down the terminal's modes before and after it, and its exit status."""

    def __init__(self, folder: Path) -> None:
        self._before, self._after, self._status = folder / "before", folder / "after", folder / "status"
        self._pid = folder / "pid"
        program = shlex.join([sys.executable, "-P", "-m", "fe2tui"])
        script = (
            f"stty -a > {self._before}; sh -c 'echo $$ > {self._pid}; exec {program}'; echo $? > {self._status};"
            f" stty -a > {self._after}"
        )
        self.terminal = Terminal(["sh", "-c", f"trap : HUP QUIT; {script}"], dict(os.environ), 120, 36)

    def send(self, number: int) -> None:
        os.kill(int(self._pid.read_text()), number)

    def ended_whole(self) -> None:
        """Wait for the end; what it has left behind is as it was before."""
        self.terminal.wait()
        assert self._before.read_text() == self._after.read_text()
        for mode in MODES:
            on, off = self.terminal.raw.rfind(b"\x1b[" + mode + b"h"), self.terminal.raw.rfind(b"\x1b[" + mode + b"l")
            assert off > on, mode
        assert self.terminal.raw.rfind(b"\x1b[?25h") > self.terminal.raw.rfind(b"\x1b[?25l")

    @property
    def status(self) -> int:
        return int(self._status.read_text())


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_that_ends_it_leaves_the_terminal_whole(demo_env: Path, tmp_path: Path, number: int) -> None:
    watched = Watched(tmp_path)
    with watched.terminal as terminal:
        terminal.until("● base")
        watched.send(number)
        watched.ended_whole()
    assert watched.status == 128 + number


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh program on this computer")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_also_while_the_terminal_is_sshs(demo_env: Path, tmp_path: Path, number: int) -> None:
    watched = Watched(tmp_path)
    with watched.terminal as terminal:
        terminal.until(lambda: "● base" in terminal.text and "0s ago" in terminal.text)
        terminal.send("\x1b[B")
        terminal.until(lambda: any("▌" in line and " base " in line for line in terminal.text.splitlines()))
        terminal.send("c")
        terminal.until("ubuntu@base:~$")
        watched.send(number)
        watched.ended_whole()
    assert watched.status == 128 + number


def test_a_second_signal_ends_it_on_the_spot_and_whole(demo_env: Path, tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    with watched.terminal as terminal:
        terminal.until("● base")
        watched.send(signal.SIGTERM)
        watched.send(signal.SIGTERM)  # somebody is in a hurry
        watched.ended_whole()
    assert watched.status == 128 + signal.SIGTERM
