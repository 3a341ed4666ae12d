"""A session on a machine: a program in a pty, or with pipes, connected to an ssh channel."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import struct
import termios
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncssh

from fe2tui.demo.machines.disk import Disk
from fe2tui.demo.machines.processes import children_of
from fe2tui.demo.machines.sandbox import Sandbox

_CHUNK = 65536
_REST_SECONDS = 0.5

# Outside of a sandbox, this shell is the parent of the program, so that the program does not find the cloud in PPID. It
# outlives the signals that it gets with the program. The first terminal that it opens becomes its controlling terminal.
_RUN = 'trap : HUP INT QUIT TERM USR1 USR2; "$@"; exit $?'
_TAKE_TERMINAL = f'tty=$1; shift; exec 0<>"$tty" 1>&0 2>&0; {_RUN}'

_NOTICE = (
    "This demo instance is a shell on your own computer, with your rights. What you delete here is really deleted.\r\n"
    "(No sandbox: this system does not let users create one, nor has it a bubblewrap that can.)\r\n\r\n"
)


async def _ready(fd: int, watch: Callable[..., None], unwatch: Callable[[int], bool]) -> None:
    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not waiting.done():
            waiting.set_result(None)

    watch(fd, wake)
    try:
        await waiting
    finally:
        unwatch(fd)


async def read_some(fd: int) -> bytes:
    """The next bytes from a non-blocking descriptor; empty at its end. A pty ends with EIO."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            return os.read(fd, _CHUNK)
        except BlockingIOError:
            await _ready(fd, loop.add_reader, loop.remove_reader)
        except OSError:
            return b""


async def write_all(fd: int, data: bytes) -> bool:
    """Writes all data to a non-blocking descriptor. False if the reader has gone."""
    loop = asyncio.get_running_loop()
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            await _ready(fd, loop.add_writer, loop.remove_writer)
        except OSError:
            return False
    return True


@dataclass(slots=True)
class Session:
    """A channel and its program, whose pid is in `leaders` while it lives."""

    channel: asyncssh.SSHServerProcess[bytes]
    disk: Disk
    sandbox: Sandbox
    leaders: set[int]
    _in_sandbox: bool = False
    _input: int = -1
    _outputs: list[tuple[int, asyncssh.SSHWriter[bytes]]] = field(default_factory=list)
    _is_pty: bool = False

    async def run(self) -> None:
        """Runs until the program has ended and its output is sent, or the client has gone."""
        self._is_pty = self.channel.term_type is not None
        try:
            self._in_sandbox = await self.sandbox.start()
        except ConnectionAbortedError:
            return
        if self._is_pty and self.channel.command is None and not self._in_sandbox:
            self.channel.stdout.write(_NOTICE.encode())
        child = await (self._start_in_pty() if self._is_pty else self._start_with_pipes())
        self.leaders.add(child.pid)
        input_task = asyncio.create_task(self._feed(child.pid))
        output_task = asyncio.gather(*(self._show(fd, writer) for fd, writer in self._outputs))
        closed = asyncio.create_task(self.channel.wait_closed())
        ended = asyncio.create_task(child.wait())
        try:
            await asyncio.wait({closed, ended}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                # As sshd does: with pipes, wait for every process that holds them; a pty ends with the session leader.
                timeout = _REST_SECONDS if self._is_pty else None
                waiting: set[asyncio.Future[Any]] = {output_task, closed}
                await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                self._send_status(child.returncode or 0)
            elif not self._is_pty:
                # Closing a pty hangs up its programs; pipes need a signal.
                self._signal_program(child.pid, signal.SIGHUP)
        finally:
            for task in (input_task, output_task, closed):
                task.cancel()
            await asyncio.gather(input_task, output_task, closed, return_exceptions=True)
            for fd in {self._input, *(fd for fd, _ in self._outputs)} - {-1}:
                os.close(fd)
            self._input, self._outputs = -1, []
            try:
                await ended
            finally:
                self.leaders.discard(child.pid)

    def _send_status(self, status: int) -> None:
        if self.channel.is_closing():
            return
        if status >= 0:
            self.channel.exit(status)
        else:
            self.channel.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))

    async def _start_in_pty(self) -> Process:
        if self._in_sandbox:
            controller, terminal, name = self.sandbox.open_terminal()
        else:
            controller, terminal = os.openpty()
            name = os.ttyname(terminal)
        self._input = controller
        self._outputs = [(controller, self.channel.stdout)]
        try:
            self._resize(*self.channel.term_size)
            child = await self._start(terminal, terminal, terminal, name)
        finally:
            os.close(terminal)
        os.set_blocking(controller, False)
        return child

    async def _start_with_pipes(self) -> Process:
        their_input, self._input = os.pipe()
        output, their_output = os.pipe()
        error, their_error = os.pipe()
        self._outputs = [(output, self.channel.stdout), (error, self.channel.stderr)]
        try:
            child = await self._start(their_input, their_output, their_error)
        finally:
            for fd in (their_input, their_output, their_error):
                os.close(fd)
        for fd in (self._input, output, error):
            os.set_blocking(fd, False)
        return child

    async def _start(self, stdin: int, stdout: int, stderr: int, terminal: str = "") -> Process:
        """Starts the program, in a session of its own. `terminal` is its terminal's name; empty with pipes."""
        command = self.channel.command if self._is_pty else self.channel.command or ""
        program = self.disk.shell(command, in_sandbox=self._in_sandbox)
        environment = self._environment() | ({"SSH_TTY": terminal} if terminal else {})
        if self._in_sandbox:
            argv = self.sandbox.command(program, has_terminal=self._is_pty)
        elif self._is_pty:
            argv = ["/bin/sh", "-c", _TAKE_TERMINAL, "sh", terminal, *program]
        else:
            argv = ["/bin/sh", "-c", _RUN, "sh", *program]
        folder = "/" if self._in_sandbox else self.disk.home
        return await asyncio.create_subprocess_exec(
            *argv, stdin=stdin, stdout=stdout, stderr=stderr, cwd=folder, env=environment, start_new_session=True
        )

    def _environment(self) -> dict[str, str]:
        client = self.channel.get_extra_info("peername", ("127.0.0.1", 0))
        server = self.channel.get_extra_info("sockname", ("127.0.0.1", 0))
        terminal = self.channel.term_type
        return self.disk.environment(self.channel.env, terminal, in_sandbox=self._in_sandbox) | {
            "SSH_CONNECTION": f"{client[0]} {client[1]} {server[0]} {server[1]}"
        }

    async def _show(self, fd: int, writer: asyncssh.SSHWriter[bytes]) -> None:
        with suppress(OSError, asyncssh.Error):
            while data := await read_some(fd):
                writer.write(data)
                await writer.drain()

    async def _feed(self, pid: int) -> None:
        listening = True
        while True:
            try:
                data = await self.channel.stdin.read(_CHUNK)
            except asyncssh.TerminalSizeChanged as size:
                self._resize(size.width, size.height, size.pixwidth, size.pixheight)
            except asyncssh.SignalReceived as received:
                self._pass_signal(pid, received.signal)
            except asyncssh.BreakReceived:
                self._pass_signal(pid, "INT")
            except (OSError, asyncssh.Error):
                return
            else:
                if data and listening:
                    listening = await write_all(self._input, data)
                elif not data:
                    if not self._is_pty and self._input >= 0:
                        os.close(self._input)
                        self._input = -1
                    return

    def _resize(self, width: int, height: int, pixel_width: int, pixel_height: int) -> None:
        if self._is_pty:
            size = struct.pack("HHHH", *(min(n, 65535) for n in (height, width, pixel_width, pixel_height)))
            fcntl.ioctl(self._input, termios.TIOCSWINSZ, size)

    def _pass_signal(self, pid: int, name: str) -> None:
        wanted = getattr(signal, f"SIG{name}", None)
        if isinstance(wanted, signal.Signals):
            if self._is_pty:
                _signal_group(os.tcgetpgrp(self._input), wanted)
            else:
                self._signal_program(pid, wanted)

    def _signal_program(self, pid: int, which: signal.Signals) -> None:
        """Sends a signal to the program that the process `pid` has started, and to the program's group."""
        # In a sandbox, the program leads a group of its own; the process that entered it only waits for the program.
        for group in (self._in_sandbox and children_of(pid)) or (pid,):
            _signal_group(group, which)


def _signal_group(group: int, which: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, which)
