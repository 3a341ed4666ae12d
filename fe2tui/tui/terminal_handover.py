"""Gives the terminal to another program and restores it; exits cleanly on signals."""

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
from fe2tui.tui.terminal import RESTORE_TITLE

if TYPE_CHECKING:
    from textual.app import App


STDERR_TAIL_BYTES = 16_384  # of the program's standard error, kept to explain a failure
HANGUP_TIMEOUT = 2.0  # seconds between SIGHUP and SIGKILL

# What a program that was killed may have left switched on: mouse reports, focus reports, bracketed paste,
# application keys, a scroll region, colours, another character set, a hidden cursor.
RESET_TERMINAL = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b>"
    "\x1b7\x1b[r\x1b8\x1b[0m\x1b(B\x0f\x1b[?25h\x1b[?7h"
)
LEAVE_ALTERNATE_SCREEN = "\x1b[?1049l"  # a full-screen program that was killed has not left it
SSH_ERROR_STATUS = 255
_Handler = Callable[[int, FrameType | None], None] | signal.Handlers


class NoTerminalError(Fe2Error):
    """The dashboard has no terminal of its own: it runs in a browser, inline, or without a screen."""


class TerminalInUseError(Fe2Error):
    """Another program has the terminal: each of two would get every other key."""


class ProgramResult(NamedTuple):
    """How the program ended. ``status`` is its exit status, or minus the signal that killed it."""

    status: int
    stderr: str
    seconds: float


def is_handed_over(app: App[Any]) -> bool:
    """Whether another program has the terminal."""
    return app._driver is not None and "write" in vars(app._driver)


async def hand_over(
    app: App[Any], argv: Sequence[str], *, env: Mapping[str, str] | None = None, announce: str = ""
) -> ProgramResult:
    """Run a program on the terminal and wait for it; ``env`` is added to ours, ``announce`` is written first.

    Call it from a worker. Raises NoTerminalError without a terminal, TerminalInUseError while another program has it,
    and OSError when the program cannot be started. Whatever is raised, the dashboard has its terminal again.
    """
    if is_handed_over(app):
        raise TerminalInUseError("Another program has the terminal.", "Leave that first.")
    raised: BaseException | None = None
    result: ProgramResult | None = None
    try:
        # Within batch_update nothing is drawn: suspend ends the writer thread, and drawing would fill its queue. An
        # exception must not pass through suspend, which would not restore the terminal.
        with app.batch_update(), app.suspend(), _defer_output(app), _program_signals(), _restore_terminal():
            try:
                result = await _run_program(argv, {**os.environ, **(env or {})}, announce)
            except BaseException as error:
                raised = error
    except SuspendNotSupported as error:
        raise NoTerminalError(
            "The dashboard has no terminal that another program could use.", "Run the command in another terminal."
        ) from error
    if raised is not None:
        raise raised
    assert result is not None
    return result


async def _run_program(argv: Sequence[str], env: Mapping[str, str], announce: str) -> ProgramResult:
    if announce:
        _write_to_terminal(f"{announce}\n")
    began = time.monotonic()
    program, reading = _start_program(argv, env)
    messages = _StderrCopy(reading)
    try:
        status = await _wait_for_exit(program)
    finally:
        messages_text = messages.finish()
    if status == SSH_ERROR_STATUS or status < 0:
        _write_to_terminal(LEAVE_ALTERNATE_SCREEN)
    return ProgramResult(status, messages_text, time.monotonic() - began)


def _start_program(argv: Sequence[str], env: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """Start the program. Returns it, and the file descriptor to read its standard error from."""
    reading, writing = os.pipe()
    try:
        return subprocess.Popen(list(argv), env=dict(env), stderr=writing), reading
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)


def _write_to_terminal(text: str) -> None:
    if sys.__stderr__ is not None:
        sys.__stderr__.write(text)
        sys.__stderr__.flush()


class _StderrCopy:
    """Copies the program's standard error to ours, and keeps its end to explain a failure."""

    def __init__(self, reading: int) -> None:
        self._reading = reading
        self._tail = b""
        os.set_blocking(reading, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(reading, self._copy_available)

    def _copy_available(self) -> bool:
        try:
            data = os.read(self._reading, 4096)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._reading)
            return False
        self._tail = (self._tail + data)[-STDERR_TAIL_BYTES:]
        if sys.__stderr__ is not None:
            os.write(sys.__stderr__.fileno(), data)
        return True

    def finish(self) -> str:
        """The end of the output. Does not wait for background programs that still hold the pipe."""
        while self._copy_available():
            pass
        self._loop.remove_reader(self._reading)
        os.close(self._reading)
        return self._tail.decode(errors="replace")


async def _wait_for_exit(program: subprocess.Popen[bytes]) -> int:
    """Wait for the program to end; its exit status. On cancellation, end it first: SIGHUP, then SIGKILL."""
    loop = asyncio.get_running_loop()
    exit_status: asyncio.Future[int] = loop.create_future()

    def set_status(status: int) -> None:
        if not exit_status.done():
            exit_status.set_result(status)

    threading.Thread(
        target=_wait_in_thread,
        args=(program, lambda status: loop.call_soon_threadsafe(set_status, status)),
        daemon=True,
    ).start()
    try:
        return await asyncio.shield(exit_status)
    except asyncio.CancelledError:
        _send_signal(program, signal.SIGHUP)
        _send_signal(program, signal.SIGCONT)
        done, _ = await asyncio.wait([exit_status], timeout=HANGUP_TIMEOUT)
        if not done:
            _send_signal(program, signal.SIGKILL)
            await exit_status
        raise


def _send_signal(program: subprocess.Popen[bytes], number: int) -> None:
    # Popen.send_signal would take the exit status away from the thread that waits for it.
    if program.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(program.pid, number)


def _wait_in_thread(program: subprocess.Popen[bytes], report_status: Callable[[int], object]) -> None:
    """Wait for the program, in a thread. When it stops itself (ssh's ``~^Z``), stop the dashboard with it.

    Otherwise the terminal would hang. Without a shell that could continue us, the kernel ignores the stop, and the
    program continues at once.
    """
    while True:
        _, status = os.waitpid(program.pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            # Ctrl-Z at the terminal stopped both of us, and the shell has continued both.
            again, status = os.waitpid(program.pid, os.WCONTINUED | os.WNOHANG)
            if again == 0:
                # To this thread: it must stop before the program continues and reads the shell's input.
                signal.pthread_kill(threading.get_ident(), signal.SIGTSTP)
                os.kill(program.pid, signal.SIGCONT)
                continue
            if os.WIFCONTINUED(status):
                continue
        program.returncode = os.waitstatus_to_exitcode(status)
        report_status(program.returncode)
        return


@contextmanager
def _defer_output(app: App[Any]) -> Iterator[None]:
    """Write nothing of the app to the terminal. The last bell, title and clipboard are written afterwards."""
    driver = app._driver
    if driver is None:
        yield
        return
    deferred: dict[str, str] = {}

    def hold(data: str) -> None:
        if data == "\x07" or data.startswith(("\x1b]0;", "\x1b]2;", "\x1b]52;")):
            deferred[data[:4]] = data

    vars(driver)["write"] = hold
    try:
        yield
    finally:
        del vars(driver)["write"]
        # The driver can write again after suspend, which ends before the next turn of the event loop.
        asyncio.get_running_loop().call_soon(_write_deferred, app, list(deferred.values()))


def _write_deferred(app: App[Any], deferred: Sequence[str]) -> None:
    if app._driver is not None and app.is_running:
        for data in deferred:
            app._driver.write(data)


def _leave_to_program(number: int, frame: FrameType | None) -> None:
    """Ignore a signal that the program gets, too. The program would inherit SIG_IGN."""


@contextmanager
def _program_signals() -> Iterator[None]:
    """Leave Ctrl-C and Ctrl-\\ to the program; Ctrl-Z stops both of us, by the kernel's rules."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers: dict[int, _Handler] = {
        signal.SIGINT: _leave_to_program,
        signal.SIGQUIT: _leave_to_program,
        signal.SIGTSTP: signal.SIG_DFL,
    }
    restore = _set_handlers(handlers)
    try:
        yield
    finally:
        restore()


def _set_handlers(handlers: Mapping[int, _Handler]) -> Callable[[], None]:
    """Set signal handlers. Returns a function that restores those before."""
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    return restore


@contextmanager
def _restore_terminal() -> Iterator[None]:
    """Restore the terminal's modes however the program ended, and drop keys that were typed for it."""
    terminal, modes = _terminal_modes()
    if modes is None:
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error, OSError):  # the terminal may be closed
            termios.tcflow(terminal, termios.TCOON)
            termios.tcsetattr(terminal, termios.TCSANOW, modes)
            # Keys typed while a connection broke must not run commands of the dashboard.
            termios.tcflush(terminal, termios.TCIFLUSH)
            _write_to_terminal(RESET_TERMINAL)


EXIT_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
EXIT_TIMEOUT = 5.0  # seconds; longer than HANGUP_TIMEOUT
TASKS_TIMEOUT = 3.0  # seconds for tasks to end after their cancellation
KITTY_KEYS_OFF = "\x1b[<u"


@contextmanager
def exit_on_signals(app: App[Any]) -> Iterator[None]:
    """While the app runs, SIGTERM, SIGHUP and SIGQUIT make it exit with status 128 plus the signal's number.

    A second signal, or an exit that takes too long, ends the process at once, with the terminal restored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    leaving = _SignalExit(app)
    handlers: dict[int, _Handler] = dict.fromkeys(EXIT_SIGNALS, leaving.request_exit)
    restore = _set_handlers(handlers | {signal.SIGALRM: leaving.force_exit})
    try:
        yield
    finally:
        if not leaving.number:
            restore()


class _SignalExit:
    """Signal handlers. They schedule the exit on the event loop, and take no lock."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._terminal, self._modes = _terminal_modes()
        self._exit_task: asyncio.Task[None] | None = None
        self.number = 0

    def request_exit(self, number: int, frame: FrameType | None) -> None:
        loop = self._app._loop
        if self.number or loop is None or not loop.is_running():
            self._kill(number)
        self.number = number
        signal.setitimer(signal.ITIMER_REAL, EXIT_TIMEOUT)
        assert loop is not None
        loop.call_soon_threadsafe(self._start_exit)

    def force_exit(self, number: int, frame: FrameType | None) -> None:
        self._kill(self.number or number)

    def _start_exit(self) -> None:
        self._exit_task = asyncio.get_running_loop().create_task(self._exit_app())

    async def _exit_app(self) -> None:
        # Tasks first: one of them may have handed over the terminal, and has to restore it.
        app = self._app
        with app._context():
            waiting = [worker.wait() for worker in app.workers.cancel_group(app, "tasks")]
            with suppress(TimeoutError):
                async with asyncio.timeout(TASKS_TIMEOUT):
                    await asyncio.gather(*waiting, return_exceptions=True)
            app.exit(return_code=128 + self.number)

    def _kill(self, number: int) -> None:
        """End the process now, without the threads of the screen, which may hold any lock."""
        with suppress(OSError):
            os.write(2, f"{RESET_TERMINAL}{KITTY_KEYS_OFF}{RESTORE_TITLE}{LEAVE_ALTERNATE_SCREEN}".encode())
        if self._modes is not None:
            with suppress(termios.error, OSError):
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._modes)
        os._exit(128 + number)


def _terminal_modes() -> tuple[int, list[Any] | None]:
    stdin = sys.__stdin__
    try:
        terminal = stdin.fileno() if stdin is not None else -1
        return terminal, termios.tcgetattr(terminal)
    except (OSError, ValueError, termios.error):
        return -1, None
