"""A connection to one instance by asyncssh: run, send, put, get. Host keys are checked against our own file."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fe2tui.errors import MachineError, UnansweredError
from fe2tui.ssh.hostkeys import HostKeys
from fe2tui.ssh.route import Route

if TYPE_CHECKING:
    import asyncssh

TMUX_SESSION = "fe2"  # on the instance: ``SshConnection.send`` types into it by default


@dataclass(frozen=True, slots=True)
class CompletedCommand:
    """A command that has ended. ``exit_status`` is negative if a signal killed it: minus the signal's number."""

    stdout: str
    stderr: str
    exit_status: int

    @property
    def is_ok(self) -> bool:
        return self.exit_status == 0


class SshConnection:
    def __init__(self, route: Route, connection: asyncssh.SSHClientConnection) -> None:
        self.route = route
        self._connection = connection

    async def run(
        self, command: str, *, input: str | None = None, timeout: float | None = None, check: bool = False
    ) -> CompletedCommand:
        """Run a command in the login user's shell, unchanged, and return its result.

        ``timeout`` is seconds; after that, or when cancelled, the channel is closed and the command may still run.
        Raises UnansweredError (time-out), MachineError (connection lost, or with ``check`` a status other than 0).
        """
        from fe2tui.ssh import login

        expiry = asyncio.timeout(timeout)
        process = None
        try:
            async with expiry:
                process = await self._connection.create_process(command, encoding="utf-8", errors="replace")
                out, err = await process.communicate(input or "")
                await process.wait_closed()
        except login.FAILURES as error:
            if expiry.expired():
                raise UnansweredError(
                    f"“{command}” did not end on {self.route.name} within {timeout:g} seconds."
                ) from error
            raise login.connection_error(error, self.route) from error
        finally:
            if process is not None:
                process.close()
        if process.returncode is None:
            raise MachineError(f"The connection to {self.route.name} ended before “{command}” did.")
        done = CompletedCommand(str(out), str(err), process.returncode)
        if check and not done.is_ok:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            last_text = f": {last[0].strip()}" if last else "."
            raise MachineError(f"“{command}” ended with {done.exit_status} on {self.route.name}{last_text}")
        return done

    async def put(self, local: Path, remote: str | PurePosixPath, *, recurse: bool = False) -> None:
        """Copy a file (``recurse``: a folder) to the instance, with times and permissions; relative to the user's home.

        Raises MachineError.
        """
        from fe2tui.ssh import login

        try:
            async with self._connection.start_sftp_client() as sftp:
                await sftp.put(local, str(remote), preserve=True, recurse=recurse, follow_symlinks=True)
        except login.FAILURES as error:
            raise MachineError(f"{local} could not be copied to {self.route.name}: {_error_text(error)}.") from error

    async def get(self, remote: str | PurePosixPath, local: Path, *, recurse: bool = False) -> None:
        """Copy a file (``recurse``: a folder) from the instance, with times and permissions. Raises MachineError."""
        from fe2tui.ssh import login

        try:
            async with self._connection.start_sftp_client() as sftp:
                await sftp.get(str(remote), local, preserve=True, recurse=recurse, follow_symlinks=True)
        except login.FAILURES as error:
            raise MachineError(f"{remote} could not be copied from {self.route.name}: {_error_text(error)}.") from error

    async def send(self, text: str, *, session: str = TMUX_SESSION) -> None:
        """Type a line into a tmux session on the instance and press Enter; creates the session if it is missing.

        Raises MachineError, also if the instance has no tmux.
        """
        name, exactly, window = (shlex.quote(part) for part in (session, f"={session}", f"={session}:"))
        done = await self.run(
            "command -v tmux >/dev/null || exit 127; "
            f"tmux has-session -t {exactly} 2>/dev/null || tmux new-session -d -s {name} || exit 1; "
            f"tmux send-keys -t {window} -l -- {shlex.quote(text)} && tmux send-keys -t {window} Enter"
        )
        if done.exit_status == 127:
            raise MachineError(
                f"{self.route.name} has no tmux, which send needs.",
                "Install it there: sudo apt install tmux, or sudo dnf install tmux.",
            )
        if not done.is_ok:
            raise MachineError(f"tmux on {self.route.name} refused: {done.stderr.strip()}.")


@asynccontextmanager
async def connect(
    route: Route, hosts: HostKeys, *, timeout: float = 15.0, agent_socket: str | None = None
) -> AsyncIterator[SshConnection]:
    """A connection to an instance, closed at the end of the block.

    An instance whose host key is not known yet is trusted, and its key saved; another key than the known one raises
    HostKeyChangedError. ``timeout`` is seconds for everything up to the login; ``agent_socket`` is by default
    the environment's. ~/.ssh/config applies (ProxyJump, …) where the route says nothing.
    Raises UnansweredError, PermissionDeniedError, KeyFileError, KeyNeedsPersonError, HostKeyChangedError, MachineError.
    """
    await load_asyncssh()
    from fe2tui.ssh import login

    async with login.offered_keys(route, agent_socket) as found:
        connection = await login.log_in(route, hosts, found, timeout)
        try:
            yield SshConnection(route, connection)
        finally:
            # Do not wait for an instance that does not answer the disconnect.
            connection.abort()
            await connection.wait_closed()


async def load_asyncssh() -> None:
    """Import asyncssh in a thread: on the event loop that would block for an eighth of a second."""
    name = "fe2tui.ssh.login"
    if name not in sys.modules:
        await asyncio.to_thread(import_module, name)


def _error_text(error: BaseException) -> str:
    strerror = error.strerror if isinstance(error, OSError) else None
    return (strerror or str(error) or type(error).__name__).rstrip(".")
