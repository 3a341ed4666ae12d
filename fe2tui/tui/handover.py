"""Gives the terminal to another program, and takes it back whole.

The event loop lives on meanwhile: machines are read, tasks go on, nothing is drawn. The program runs in our own process
group, so that it is in the terminal's foreground: what Ctrl-C, Ctrl-\\ and Ctrl-Z send while the terminal is not raw
reaches it as in any shell. Of these, the dashboard takes part in the last alone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.app import SuspendNotSupported

from fe2tui.errors import Fe2Error

if TYPE_CHECKING:
    from textual.app import App

KEPT_STDERR = 16_384  # bytes of the end of the program's messages
SECONDS_TO_GO = 2.0  # between asking a program to end and ending it

# What a program that died in the middle may have left switched on: mouse reports, focus reports, bracketed paste,
# application keys, a scroll region, colours, another character set, a hidden cursor.
CALM = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b>"
    "\x1b7\x1b[r\x1b8\x1b[0m\x1b(B\x0f\x1b[?25h\x1b[?7h"
)
ORDINARY_SCREEN = "\x1b[?1049l"  # where a full-screen program was when it died
SSH_FAILED = 255


class CannotHandOver(Fe2Error):
    """The dashboard runs where there is no terminal to give away: in a browser, inline, or without a screen."""


class Ended(NamedTuple):
    """How the program ended: its exit status (negative: the signal that ended it), its last messages, its seconds."""

    status: int
    stderr: str
    seconds: float


async def hand_over(
    app: App[Any], argv: Sequence[str], *, env: Mapping[str, str] | None = None, announce: str = ""
) -> Ended:
    """Run a program on the terminal and wait for it; ``env`` is added to ours, ``announce`` is written first.

    Call it from a worker. Raises CannotHandOver where the terminal cannot be given away, and OSError when the program
    cannot be started; whatever is raised, the dashboard has its terminal again by then.
    """
    raised: BaseException | None = None
    ended: Ended | None = None
    try:
        # Within batch_update nothing is drawn: drawing would fill the queue of a writer that is gone. An exception
        # must not pass through suspend: it would never give the terminal back.
        with app.batch_update(), app.suspend(), _held_back(app), _own_signals(), _terminal_kept():
            try:
                ended = await _run(argv, {**os.environ, **(env or {})}, announce)
            except BaseException as error:
                raised = error
    except SuspendNotSupported as error:
        raise CannotHandOver(
            "The dashboard runs where it has no terminal to give away.", "Run the command in another one."
        ) from error
    if raised is not None:
        raise raised
    assert ended is not None
    return ended


async def _run(argv: Sequence[str], env: Mapping[str, str], announce: str) -> Ended:
    if announce:
        _show(f"{announce}\n")
    began = time.monotonic()
    program, reading = _start(argv, env)
    messages = _Messages(reading)
    try:
        status = await _ending(program)
    finally:
        said = messages.end()
    if status == SSH_FAILED or status < 0:
        _show(ORDINARY_SCREEN)
    return Ended(status, said, time.monotonic() - began)


def _start(argv: Sequence[str], env: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """The program, and where its standard error can be read."""
    reading, writing = os.pipe()
    try:
        return subprocess.Popen(list(argv), env=dict(env), stderr=writing), reading
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)


def _show(text: str) -> None:
    if sys.__stderr__ is not None:
        sys.__stderr__.write(text)
        sys.__stderr__.flush()


class _Messages:
    """The program's standard error: shown as it comes, its end kept, so that a failure can be explained."""

    def __init__(self, reading: int) -> None:
        self._reading = reading
        self._kept = b""
        os.set_blocking(reading, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(reading, self._pass_on)

    def _pass_on(self) -> bool:
        try:
            data = os.read(self._reading, 4096)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._reading)
            return False
        self._kept = (self._kept + data)[-KEPT_STDERR:]
        if sys.__stderr__ is not None:
            os.write(sys.__stderr__.fileno(), data)
        return True

    def end(self) -> str:
        """All that has been said. What a program left behind in the background still says is not waited for."""
        while self._pass_on():
            pass
        self._loop.remove_reader(self._reading)
        os.close(self._reading)
        return self._kept.decode(errors="replace")


async def _ending(program: subprocess.Popen[bytes]) -> int:
    """Wait for the program. When we are cancelled, it is asked to go, and gone before the cancellation goes on."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def tell(status: int) -> None:
        if not ended.done():
            ended.set_result(status)

    threading.Thread(
        target=_wait, args=(program, lambda status: loop.call_soon_threadsafe(tell, status)), daemon=True
    ).start()
    try:
        return await asyncio.shield(ended)
    except asyncio.CancelledError:
        _send(program, signal.SIGHUP)
        _send(program, signal.SIGCONT)
        done, _ = await asyncio.wait([ended], timeout=SECONDS_TO_GO)
        if not done:
            _send(program, signal.SIGKILL)
            await ended
        raise


def _send(program: subprocess.Popen[bytes], number: int) -> None:
    # Not Popen.send_signal, which would take the exit status away from the thread that waits for it.
    if program.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(program.pid, number)


def _wait(program: subprocess.Popen[bytes], tell: Callable[[int], object]) -> None:
    """Wait in a thread. A program that puts itself aside (ssh's ``~^Z``) puts the dashboard aside with it.

    Otherwise nobody would be left at the terminal. Where no shell could bring us back, the kernel ignores the stop,
    and the program goes on at once.
    """
    while True:
        _, status = os.waitpid(program.pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            # Ctrl-Z at the terminal stopped the two of us, and the shell has brought both back.
            again, status = os.waitpid(program.pid, os.WCONTINUED | os.WNOHANG)
            if again == 0:
                # To this very thread: it must stand still before the program goes on, or that reads the shell's input.
                signal.pthread_kill(threading.get_ident(), signal.SIGTSTP)
                os.kill(program.pid, signal.SIGCONT)
                continue
            if os.WIFCONTINUED(status):
                continue
        program.returncode = os.waitstatus_to_exitcode(status)
        tell(program.returncode)
        return


@contextmanager
def _held_back(app: App[Any]) -> Iterator[None]:
    """Nothing of the app's reaches the terminal; a bell, the last title and clipboard come after."""
    driver = app._driver
    if driver is None:
        yield
        return
    kept: dict[str, str] = {}

    def hold(data: str) -> None:
        if data == "\x07" or data.startswith(("\x1b]0;", "\x1b]2;", "\x1b]52;")):
            kept[data[:4]] = data

    vars(driver)["write"] = hold
    try:
        yield
    finally:
        del vars(driver)["write"]
        # The driver can write again only when suspend has ended, which is before the loop's next turn.
        asyncio.get_running_loop().call_soon(_let_go, app, list(kept.values()))


def _let_go(app: App[Any], kept: Sequence[str]) -> None:
    if app._driver is not None and app.is_running:
        for data in kept:
            app._driver.write(data)


def _let_pass(number: int, frame: FrameType | None) -> None:
    """A signal meant for the program. Not SIG_IGN, which the program would inherit."""


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ctrl-C and Ctrl-\\ are the program's; Ctrl-Z stops both of us, by the kernel's own rules."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted: dict[int, Callable[[int, FrameType | None], None] | signal.Handlers] = {
        signal.SIGINT: _let_pass,
        signal.SIGQUIT: _let_pass,
        signal.SIGTSTP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, action) for number, action in wanted.items()}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action if action is not None else signal.SIG_DFL)


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """The terminal is as it was afterwards, however the program ended, and nothing typed for it is read by us."""
    stdin = sys.__stdin__
    try:
        terminal = stdin.fileno() if stdin is not None else -1
        modes = termios.tcgetattr(terminal)
    except (OSError, ValueError, termios.error):
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error, OSError):  # the terminal itself may be gone
            termios.tcflow(terminal, termios.TCOON)
            termios.tcsetattr(terminal, termios.TCSANOW, modes)
            # Keys typed while a connection broke must not become commands of the dashboard.
            termios.tcflush(terminal, termios.TCIFLUSH)
            _show(CALM)
