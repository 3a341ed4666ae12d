"""Tunnels: ports of this computer that lead to ports of an instance, and the ssh program that keeps them open."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import signal
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from fe2tui.errors import FieldError, MachineError, PortTakenError

OPEN_WORD = "fe2tui-tunnels-open"
"""The line that the ssh of ``run_tunnels`` prints when its ports are open."""
_MESSAGES_BYTES = 16_384  # of ssh's messages, kept to explain a failure
_END_SECONDS = 2.0  # that ssh may take to end
# ssh ends with its standard input, which ends with this program, however that ends. Only this shell waits for ssh, so
# that its process id stands for nothing else until then.
_KEEPER = (
    'exec 3<&0; "$@" 3<&- & ssh=$!; (read -r line <&3; kill $ssh) 2>/dev/null & guard=$!; '
    "wait $ssh; status=$?; kill $guard 2>/dev/null; exit $status"
)
_ONE_PORT = re.compile(r"(?:(\d{1,5}):)?(\d{1,5})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tunnel:
    local: int
    remote: int

    @property
    def words(self) -> str:
        """``8888``, or ``9000 → 8888`` if the two differ."""
        return str(self.local) if self.local == self.remote else f"{self.local} → {self.remote}"

    @property
    def text(self) -> str:
        """The same as it is typed: ``8888``, or ``9000:8888``."""
        return str(self.local) if self.local == self.remote else f"{self.local}:{self.remote}"


def parse_ports(ports: str | int | Iterable[int | str]) -> tuple[Tunnel, ...]:
    """The tunnels for ``8888``, ``[8888,8008]``, ``8888,9000:8888`` (local:remote), or a list of such.

    Raises FieldError (ports) for a text that is not a port, and for a local port that is given twice.
    """
    if isinstance(ports, str):
        texts: list[str] = re.split(r"[,\s]+", ports.strip().removeprefix("[").removesuffix("]").strip())
        texts = [one for one in texts if one]
    else:
        texts = [str(ports)] if isinstance(ports, int) else [str(one).strip() for one in ports]
    tunnels = tuple(_parse_tunnel(one) for one in texts)
    seen: set[int] = set()
    for tunnel in tunnels:
        if tunnel.local in seen:
            other = tunnel.local + 1 if tunnel.local < 65535 else tunnel.local - 1
            raise FieldError(
                "ports",
                f"Port {tunnel.local} of this computer is given twice.",
                f"Give the second a port of its own, as in {tunnel.local},{other}:{tunnel.remote}.",
            )
        seen.add(tunnel.local)
    return tunnels


def _parse_tunnel(text: str) -> Tunnel:
    match = _ONE_PORT.match(text)
    if match:
        remote = int(match[2])
        local = int(match[1]) if match[1] else remote
        if 1 <= remote <= 65535 and 1 <= local <= 65535:
            return Tunnel(local, remote)
    raise FieldError(
        "ports", f"{text!r} is not a port.", "Write 8888, or 9000:8888 for port 9000 here and 8888 there; 1 to 65535."
    )


def used_ports(tunnels: Iterable[Tunnel]) -> tuple[Tunnel, ...]:
    return tuple(tunnel for tunnel in tunnels if _bind_error(tunnel.local))


def next_free_port(port: int, *, avoiding: Iterable[int] = ()) -> int:
    """The first port above ``port`` that is free on this computer and not among ``avoiding``."""
    avoided = set(avoiding)
    for candidate in chain(range(port + 1, 65536), range(max(1024, port - 1), 1023, -1)):
        if candidate not in avoided and not _bind_error(candidate):
            return candidate
    raise MachineError("No port of this computer is free.")


def require_free_ports(tunnels: Sequence[Tunnel]) -> None:
    """Raises PortTakenError, with the next free port, for the first tunnel whose local port is in use."""
    used = used_ports(tunnels)
    if not used:
        return
    first = used[0]
    free = next_free_port(max(first.local, 1023), avoiding=[tunnel.local for tunnel in tunnels])
    is_used = _bind_error(first.local) == errno.EADDRINUSE
    why = "is in use" if first.local >= 1024 or is_used else "may only be opened by root"
    raise PortTakenError(
        f"Port {first.local} of this computer {why}.",
        f"Port {free} is free: {free}:{first.remote}.",
        port=first.local,
        free=free,
    )


def _bind_error(port: int) -> int:
    """The errno with which the system refuses a port of this computer; 0 if it is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        # As ssh does: without it, a tunnel that has just ended would make the port look used.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
            trial.listen(1)
        except OSError as error:
            return error.errno or -1
    return 0


async def run_tunnels(argv: Sequence[str], env: Mapping[str, str], on_open: Callable[[], None]) -> tuple[int, str]:
    """Run the ssh of ``ssh_command(…, only_tunnels=True)`` until it ends. Returns its exit status and its messages.

    ``on_open`` is called when the ports are open. ssh ends when this is cancelled, and with this process.
    """
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", _KEEPER, "fe2tui-tunnels", *argv,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **env}, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    messages = b""
    reading = asyncio.create_task(_report_open(process.stdout, on_open))
    try:
        while data := await process.stderr.read(4096):
            messages = (messages + data)[-_MESSAGES_BYTES:]
        return await process.wait(), messages.decode(errors="replace")
    finally:
        reading.cancel()
        process.stdin.close()
        with suppress(ProcessLookupError):
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await process.wait()
            except TimeoutError:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


async def _report_open(output: asyncio.StreamReader, on_open: Callable[[], None]) -> None:
    while line := await output.readline():
        if line.strip() == OPEN_WORD.encode():
            on_open()
