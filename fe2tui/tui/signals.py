"""Signals that end the program: it leaves as by ``q``, and the terminal is whole whatever happens on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from fe2tui.tui.handover import CALM, ORDINARY_SCREEN

if TYPE_CHECKING:
    from types import FrameType

    from textual.app import App

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
SECONDS_TO_LEAVE = 5.0  # more than a program has that the terminal was handed to
SECONDS_FOR_TASKS = 3.0
KITTY_KEYS_OFF = "\x1b[<u"


@contextmanager
def leaving_whole(app: App[Any]) -> Iterator[None]:
    """While the app runs, SIGTERM, SIGHUP and SIGQUIT make it leave; the exit status is 128 and the signal's number.

    A second one, or one that has not led to the end in time, ends the program on the spot, the terminal put right.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    leaving = _Leaving(app)
    before = {number: signal.signal(number, leaving.asked) for number in ENDING}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, leaving.late)
    try:
        yield
    finally:
        if not leaving.number:
            for number, action in before.items():
                signal.signal(number, action if action is not None else signal.SIG_DFL)


class _Leaving:
    """Signal handlers: what they start is the loop's to do, what they do themselves takes no lock."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._terminal, self._modes = _modes()
        self._under_way: asyncio.Task[None] | None = None
        self.number = 0

    def asked(self, number: int, frame: FrameType | None) -> None:
        loop = self._app._loop
        if self.number or loop is None or not loop.is_running():
            self._end(number)
        self.number = number
        signal.setitimer(signal.ITIMER_REAL, SECONDS_TO_LEAVE)
        assert loop is not None
        loop.call_soon_threadsafe(self._start)

    def late(self, number: int, frame: FrameType | None) -> None:
        self._end(self.number or number)

    def _start(self) -> None:
        self._under_way = asyncio.get_running_loop().create_task(self._leave())

    async def _leave(self) -> None:
        # First the tasks: one of them may have given the terminal away, and has to take it back.
        app = self._app
        with app._context():
            waiting = [worker.wait() for worker in app.workers.cancel_group(app, "tasks")]
            with suppress(TimeoutError):
                async with asyncio.timeout(SECONDS_FOR_TASKS):
                    await asyncio.gather(*waiting, return_exceptions=True)
            app.exit(return_code=128 + self.number)

    def _end(self, number: int) -> None:
        """End now. The screen's own threads may hold any lock: nothing is asked of them."""
        with suppress(OSError):
            os.write(2, f"{CALM}{KITTY_KEYS_OFF}{ORDINARY_SCREEN}".encode())
        if self._modes is not None:
            with suppress(termios.error, OSError):
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._modes)
        os._exit(128 + number)


def _modes() -> tuple[int, list[Any] | None]:
    stdin = sys.__stdin__
    try:
        terminal = stdin.fileno() if stdin is not None else -1
        return terminal, termios.tcgetattr(terminal)
    except (OSError, ValueError, termios.error):
        return -1, None
