"""The ssh server of a machine: one user, the keys in authorized_keys, no forwarding beyond 127.0.0.1."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import time
from pathlib import Path
from typing import Any

import asyncssh

from fe2tui.demo.machines.disk import Disk
from fe2tui.demo.machines.sandbox import Sandbox
from fe2tui.demo.machines.session import Session

_STILL_BOOTING = (
    '"System is booting up. Unprivileged users are not permitted to log in yet. '
    'Please come back later. For technical details, see pam_nologin(8)."\n'
)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def new_host_key(disk: Disk) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    fresh = disk.host_key_file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(0o600, exist_ok=False)
    fresh.write_bytes(key.export_private_key())
    fresh.replace(disk.host_key_file)


def public_host_key(disk: Disk) -> str:
    """The public host key, `ssh-ed25519 AAAA…`."""
    key = asyncssh.read_private_key(disk.host_key_file)
    return " ".join(key.export_public_key().decode().split()[:2])


class Sshd:
    """Serves one machine, on the loop that `start` runs on. Before `login_at` (monotonic), it refuses logins."""

    def __init__(self, disk: Disk, login_at: float = 0.0) -> None:
        self.disk = disk
        self.login_at = login_at
        self.sandbox = Sandbox(disk)
        self.leaders: set[int] = set()
        self.has_served = False
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._acceptor: asyncssh.SSHAcceptor | None = None

    async def start(self, bound: socket.socket) -> None:
        self._acceptor = await asyncssh.listen(
            sock=bound,
            server_factory=lambda: _Server(self),
            server_host_keys=[str(self.disk.host_key_file)],
            process_factory=self._serve,
            sftp_factory=lambda channel: _Files(channel, self.disk),
            encoding=None,
            line_editor=False,
            agent_forwarding=False,
            x11_forwarding=False,
            gss_host=None,
        )

    def stop(self) -> None:
        """Closes the port and aborts all connections."""
        if self._acceptor is not None:
            self._acceptor.close()
            self._acceptor = None
        for connection in list(self.connections):
            connection.abort()

    async def _serve(self, channel: asyncssh.SSHServerProcess[bytes]) -> None:
        self.has_served = True
        await Session(channel, self.disk, self.sandbox, self.leaders).run()


class _Server(asyncssh.SSHServer):
    def __init__(self, sshd: Sshd) -> None:
        self._sshd = sshd
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._sshd.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._sshd.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        assert self._connection is not None
        disk = self._sshd.disk
        if time.monotonic() < self._sshd.login_at:
            self._connection.send_auth_banner(_STILL_BOOTING)
            asyncio.get_running_loop().call_soon(
                self._connection.disconnect, asyncssh.DISC_BY_APPLICATION, "System is booting up"
            )
        elif username == disk.user and disk.authorized_keys.exists():
            self._connection.set_authorized_keys(str(disk.authorized_keys))
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
        if not is_loopback(dest_host):
            code = asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED
            raise asyncssh.ChannelOpenError(code, "a demo machine can reach only itself")
        return True

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        return is_loopback(listen_host)


class _Files(asyncssh.SFTPServer):
    """SFTP. Relative paths start at the home, as at sshd; what is not in the home does not exist."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], disk: Disk) -> None:
        super().__init__(channel)
        self._folder, self._home = disk.folder, disk.home

    def exit(self) -> None:
        # scp reports a failure unless the status is 0.
        self.channel.exit(0)

    def map_path(self, path: bytes) -> bytes:
        """The place of a path on the disk. Raises SFTPNoSuchFile outside of the home, also behind a link."""
        given = Path(os.fsdecode(path))
        inside = not given.is_absolute() or given.is_relative_to(self._folder)
        place = self._home / given if inside else self._folder / given.relative_to("/")
        if not place.resolve().is_relative_to(self._home):
            raise asyncssh.SFTPNoSuchFile("No such file")
        return os.fsencode(place)

    def reverse_map_path(self, path: bytes) -> bytes:
        return os.fsencode(f"/{Path(os.fsdecode(path)).relative_to(self._folder)}")
