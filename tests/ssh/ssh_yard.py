"""What the tests of the ssh room share: a demo machine, and new keys."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncssh

from fe2tui.demo.machines import Machines
from fe2tui.ssh.hostkeys import HostKeys
from fe2tui.ssh.route import Route

ID = "i-0123456789abcdef0"


@dataclass(frozen=True)
class Yard:
    """One machine, halted, and the key that it lets in."""

    machines: Machines
    folder: Path
    key: Path
    public_key: str
    hosts: HostKeys
    route: Route

    def with_route(self, **changes: Any) -> Route:
        return replace(self.route, **changes)

    def host_key(self) -> str:
        block = self.machines.console_output(ID).rpartition("-----BEGIN SSH HOST KEY KEYS-----")[2]
        return " ".join(block.split()[:2])


def write_key(path: Path, kind: str = "ssh-ed25519", passphrase: str | None = None, pub: bool = False) -> str:
    """A new private key in OpenSSH's format, 0600; returns its public line."""
    key = asyncssh.generate_private_key(kind, comment="me@here", **({"key_size": 2048} if kind == "ssh-rsa" else {}))
    path.touch(0o600)
    path.write_bytes(key.export_private_key())
    if passphrase:
        lock(path, passphrase)
    line = key.export_public_key().decode().strip()
    if pub:
        path.with_name(path.name + ".pub").write_text(line + "\n")
    return line


def lock(path: Path, passphrase: str) -> None:
    """Puts a passphrase on a private key file."""
    subprocess.run(["ssh-keygen", "-q", "-p", "-a", "1", "-P", "", "-N", passphrase, "-f", str(path)], check=True)


async def eventually(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)
