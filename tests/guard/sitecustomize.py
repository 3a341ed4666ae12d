"""Keeps a Python process on this computer: whoever connects elsewhere gets an error, and the test that ran it fails.

Children get it because this folder is first on their PYTHONPATH; what they tried is noted in the file that
TESTS_GUARD_LOG names.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from typing import Any

ATTEMPTS: list[str] = []
LOG = "TESTS_GUARD_LOG"
_LOCAL_NAMES = {"localhost", "localhost.localdomain", "ip6-localhost", ""}


class Stranger(OSError):
    """An attempt to reach something outside this computer."""


def _is_local(host: object) -> bool:
    if host is None:
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name.lower().rstrip(".") in _LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def _refuse(what: str) -> Stranger:
    note = f"{what} (pid {os.getpid()})"
    ATTEMPTS.append(note)
    log = os.environ.get(LOG)
    if log:
        with contextlib.suppress(OSError), open(log, "a") as file:  # noqa: PTH123
            file.write(note + "\n")
    return Stranger(f"tests stay on this computer: {note}")


def _check(sock: socket.socket, address: object) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0] if isinstance(address, tuple) and address else address
        if not _is_local(host):
            raise _refuse(f"connect to {address!r}")


def install() -> None:
    """Puts the guard around every way a socket leaves, once."""
    if getattr(socket.socket, "guarded", False):
        return
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    look_up = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _check(self, address)
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _check(self, address)
        return connect_ex(self, address)

    def guarded_sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        _check(self, rest[-1])
        return sendto(self, data, *rest)

    def guarded_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        if not _is_local(host):
            raise _refuse(f"look up {host!r}")
        return look_up(host, *rest, **named)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign, assignment]
    socket.socket.sendto = guarded_sendto  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = guarded_look_up
    socket.socket.guarded = True  # type: ignore[attr-defined]


install()
