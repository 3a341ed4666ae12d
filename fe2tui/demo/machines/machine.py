"""One machine: created, booted, halted, booted again, on the loop of all machines."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fe2tui.demo.machines.disk import Disk
from fe2tui.demo.machines.metadata_service import MetadataService, MetadataSource
from fe2tui.demo.machines.processes import kill_all

if TYPE_CHECKING:
    from fe2tui.demo.machines.sshd import Sshd

_CONSOLE_LIMIT = 64 * 1024


def bound_socket(port: int) -> socket.socket:
    """A socket that reserves a port of 127.0.0.1 (0: any free one). It does not listen: clients cannot connect."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound


class Machine:
    """A machine. Its coroutines run on the loop, one at a time. Without `metadata`, it has no metadata service."""

    def __init__(
        self,
        disk: Disk,
        public_key: str | None,
        on_power: Callable[[str], None],
        metadata: MetadataSource | None = None,
    ) -> None:
        self.disk = disk
        self.console = ""
        self._public_key = public_key
        self._on_power = on_power
        self._reserved: socket.socket | None = bound_socket(0)
        self.port: int = self._reserved.getsockname()[1]
        self._sshd: Sshd | None = None
        self._metadata = MetadataService(metadata) if metadata is not None else None
        self._boot: asyncio.Task[None] | None = None
        self._is_waiting = False
        self._power = -1
        self._changing = asyncio.Lock()

    @property
    def is_new(self) -> bool:
        """Whether it was never booted: it has a port, but no disk."""
        return self._boot is None

    async def boot(self, after: float, login_after: float) -> None:
        """Halts it if it runs, and boots it `after` seconds from now; with 0, it has booted on return."""
        async with self._changing:
            await self._halt()
            self._is_waiting = True
            self._boot = asyncio.create_task(self._boot_after(after, login_after))
            if after <= 0:
                await self._boot

    async def halt(self) -> None:
        async with self._changing:
            await self._halt()

    async def change_host_key(self) -> None:
        """Gives it a new host key, at once if it runs."""
        from fe2tui.demo.machines.sshd import new_host_key

        async with self._changing:
            self.disk.create(self._public_key)
            new_host_key(self.disk)
            if self._sshd is not None:
                self._sshd.stop()
                self._reserve()
                await self._listen(self._sshd)

    async def stop_answering(self) -> None:
        """Closes its port, sessions and sandbox, but leaves processes outside of one to the caller."""
        async with self._changing:
            await self._stop_answering()

    def remove(self) -> None:
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
        self.disk.remove()

    async def _halt(self) -> None:
        sshd = await self._stop_answering()
        if sshd is not None:
            if sshd.has_served:
                await asyncio.to_thread(kill_all, self.disk.folder, sshd.leaders)
            self._reserve()

    async def _stop_answering(self) -> Sshd | None:
        if self._boot is not None:
            if self._is_waiting:
                self._boot.cancel()
            await asyncio.wait({self._boot})
        if self._power >= 0:
            asyncio.get_running_loop().remove_reader(self._power)
            os.close(self._power)
            self._power = -1
        if self._metadata is not None:
            self._metadata.stop()
        sshd, self._sshd = self._sshd, None
        if sshd is not None:
            sshd.stop()
            await sshd.sandbox.stop()
        return sshd

    def _reserve(self) -> None:
        with suppress(OSError):
            self._reserved = bound_socket(self.port)

    async def _boot_after(self, after: float, login_after: float) -> None:
        boot_at = time.monotonic() + after
        from fe2tui.demo.machines.sshd import Sshd, new_host_key, public_host_key

        self.disk.create(self._public_key)
        if not self.disk.host_key_file.exists():
            new_host_key(self.disk)
        await asyncio.sleep(boot_at - time.monotonic())
        self._is_waiting = False
        if self._metadata is not None:
            self.disk.metadata_url = await self._metadata.start()
        sshd = Sshd(self.disk, time.monotonic() + login_after)
        await self._listen(sshd)
        self._sshd = sshd
        self._watch_power()
        log = boot_log(self.disk.hostname, self.disk.user, public_host_key(self.disk), datetime.now(UTC))
        self.console = (self.console + log)[-_CONSOLE_LIMIT:]

    async def _listen(self, sshd: Sshd) -> None:
        bound = self._reserved or bound_socket(self.port)
        self._reserved = None
        await sshd.start(bound)

    def _watch_power(self) -> None:
        # Open for writing too: otherwise the FIFO ends when the first writer closes it.
        self._power = os.open(self.disk.power, os.O_RDWR | os.O_NONBLOCK)
        asyncio.get_running_loop().add_reader(self._power, self._read_power)

    def _read_power(self) -> None:
        words = os.read(self._power, 4096).decode(errors="replace").split()
        if words and words[-1] in ("poweroff", "reboot"):
            self._on_power(words[-1])


_RULE = "#" * 61


def fingerprint(public_key: str) -> str:
    """The SHA256 fingerprint of an OpenSSH public key, as ssh-keygen prints it."""
    digest = hashlib.sha256(base64.b64decode(public_key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def boot_log(hostname: str, user: str, host_key: str, at: datetime) -> str:
    """The end of a boot log, with the host key as cloud-init's keys-to-console prints it. Lines end in CRLF."""
    algorithm, blob = host_key.split()[:2]
    stamp = at.strftime("<14>%b %d %H:%M:%S cloud-init: ")
    lines = [
        "[    0.000000] Linux version 6.8.0-1018-aws (demo)",
        "[    0.412077] Booting on a demo hypervisor",
        "[    1.873411] EXT4-fs (nvme0n1p1): mounted filesystem with ordered data mode",
        f"[    4.018820] cloud-init[611]: Cloud-init v. 24.4 running 'init' at {at:%a, %d %b %Y %H:%M:%S} +0000.",
        f"ci-info: +++++++Authorized keys from /home/{user}/.ssh/authorized_keys for user {user}+++++++",
        stamp + _RULE,
        stamp + "-----BEGIN SSH HOST KEY FINGERPRINTS-----",
        stamp + f"256 {fingerprint(host_key)} root@{hostname} (ED25519)",
        stamp + "-----END SSH HOST KEY FINGERPRINTS-----",
        stamp + _RULE,
        "-----BEGIN SSH HOST KEY KEYS-----",
        f"{algorithm} {blob} root@{hostname}",
        "-----END SSH HOST KEY KEYS-----",
        "[    5.120944] cloud-init[702]: Cloud-init v. 24.4 finished. Datasource DataSourceEc2Local.",
        "",
        f"{hostname} login: ",
    ]
    return "\r\n".join(lines)
