"""The system's own ssh: what to run, how to show it to a person, and what its end means."""

from __future__ import annotations

import errno
import re
import shlex
import shutil
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fe2tui.errors import (
    Fe2Error,
    FieldError,
    HostKeyChangedError,
    KeyFileError,
    MachineError,
    PermissionDeniedError,
    PortTakenError,
    UnansweredError,
)
from fe2tui.ssh.hostkeys import HostKeys
from fe2tui.ssh.route import DEFAULT_PORT, Route

CONNECT_SECONDS = 15
ALIVE_SECONDS = 15
ALIVE_COUNT = 4

_ONE_PORT = re.compile(r"(?:(\d{1,5}):)?(\d{1,5})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A port of this computer that leads to a port of the machine."""

    local: int
    remote: int

    @property
    def words(self) -> str:
        """``8888``, or ``9000 → 8888`` where the two differ."""
        return str(self.local) if self.local == self.remote else f"{self.local} → {self.remote}"


def parse_ports(ports: str | int | Iterable[int | str]) -> tuple[Tunnel, ...]:
    """The tunnels asked for: ``8888``, ``[8888,8008]``, ``8888,9000:8888`` (local:remote), or a list of such.

    Raises FieldError (ports) for what is not a port, and for a local port asked for twice.
    """
    if isinstance(ports, str):
        asked: list[str] = re.split(r"[,\s]+", ports.strip().removeprefix("[").removesuffix("]").strip())
        asked = [one for one in asked if one]
    else:
        asked = [str(ports)] if isinstance(ports, int) else [str(one).strip() for one in ports]
    tunnels = tuple(_tunnel(one) for one in asked)
    seen: set[int] = set()
    for tunnel in tunnels:
        if tunnel.local in seen:
            raise FieldError(
                "ports",
                f"Port {tunnel.local} of this computer is asked for twice.",
                f"Give the second a port of its own, as in {tunnel.local},{_above(tunnel.local)}:{tunnel.remote}.",
            )
        seen.add(tunnel.local)
    return tunnels


def _above(port: int) -> int:
    return port + 1 if port < 65535 else port - 1


def _tunnel(text: str) -> Tunnel:
    match = _ONE_PORT.match(text)
    if match:
        remote = int(match[2])
        local = int(match[1]) if match[1] else remote
        if 1 <= remote <= 65535 and 1 <= local <= 65535:
            return Tunnel(local, remote)
    raise FieldError(
        "ports", f"{text!r} is not a port.", "Write 8888, or 9000:8888 for port 9000 here and 8888 there; 1 to 65535."
    )


def taken_ports(tunnels: Iterable[Tunnel]) -> tuple[Tunnel, ...]:
    """Those whose local port cannot be had now."""
    return tuple(tunnel for tunnel in tunnels if not _is_free(tunnel.local))


def next_free_port(port: int, *, avoiding: Iterable[int] = ()) -> int:
    """The first port above ``port`` that is free on this computer and not among ``avoiding``."""
    avoided = set(avoiding)
    for candidate in (*range(port + 1, 65536), *range(max(1024, port - 1), 1023, -1)):
        if candidate not in avoided and _is_free(candidate):
            return candidate
    raise MachineError("No port of this computer is free.")


def require_free(tunnels: Sequence[Tunnel]) -> None:
    """Raises PortTakenError, with the next free port, for the first tunnel whose local port is in use."""
    taken = taken_ports(tunnels)
    if not taken:
        return
    first = taken[0]
    free = next_free_port(max(first.local, 1023), avoiding=[tunnel.local for tunnel in tunnels])
    why = "may only be opened by root" if first.local < 1024 and not _is_used(first.local) else "is in use"
    raise PortTakenError(
        f"Port {first.local} of this computer {why}.",
        f"Port {free} is free: ask for {free}:{first.remote}.",
        port=first.local,
        free=free,
    )


def _is_free(port: int) -> bool:
    return _bind_error(port) == 0


def _is_used(port: int) -> bool:
    return _bind_error(port) == errno.EADDRINUSE


def _bind_error(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        # As ssh does, or the remains of a tunnel that has just ended would look like a program.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
            trial.listen(1)
        except OSError as error:
            return error.errno or -1
    return 0


def ssh_command(
    route: Route,
    hosts: HostKeys,
    *,
    tunnels: Sequence[Tunnel] = (),
    command: str | None = None,
    options: Sequence[str] = (),
    error_log: Path | None = None,
) -> list[str]:
    """The argv of the system's ssh to a machine: a shell, or ``command``, which its shell runs as it stands.

    ``options`` are further ``-o`` values and win over ours; with ``error_log`` ssh's own messages go to that file
    instead of the terminal. Raises MachineError if there is no ssh.
    """
    ssh = shutil.which("ssh")
    if ssh is None:
        raise MachineError("This computer has no ssh program.", "Install OpenSSH's client, e.g. openssh-client.")
    strict = "yes" if hosts.known(route.instance_id) else "accept-new"
    ours = [
        f"HostKeyAlias={route.instance_id}",
        f"UserKnownHostsFile={_quoted(hosts.file)}",
        "GlobalKnownHostsFile=/dev/null",
        f"StrictHostKeyChecking={strict}",
        "HashKnownHosts=no",
        "CheckHostIP=no",
        f"ConnectTimeout={CONNECT_SECONDS}",
        f"ServerAliveInterval={ALIVE_SECONDS}",
        f"ServerAliveCountMax={ALIVE_COUNT}",
    ]
    if tunnels:
        ours.append("ExitOnForwardFailure=yes")
    if route.key_file is not None:
        ours.append("IdentitiesOnly=yes")
    argv = [ssh]
    if error_log is not None:
        argv += ["-E", str(error_log)]
    # ssh keeps the first value that it meets.
    for option in (*options, *ours):
        argv += ["-o", option]
    if route.key_file is not None:
        argv += ["-i", str(route.key_file).replace("%", "%%")]
    for tunnel in tunnels:
        argv += ["-L", f"127.0.0.1:{tunnel.local}:localhost:{tunnel.remote}"]
    argv += ["-p", str(route.port), "-l", route.user, "--", route.address]
    return [*argv, command] if command is not None else argv


def _quoted(path: Path) -> str:
    text = str(path).replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def display_command(route: Route, tunnels: Sequence[Tunnel] = ()) -> str:
    """The command in its short form, for a person to read, copy and run in a shell."""
    words = ["ssh"]
    if route.key_file is not None:
        words += ["-i", _from_home(route.key_file)]
    if route.port != DEFAULT_PORT:
        words += ["-p", str(route.port)]
    for tunnel in tunnels:
        words += ["-L", f"{tunnel.local}:localhost:{tunnel.remote}"]
    words.append(f"{route.user}@{route.address}")
    return " ".join(word if word.startswith("~/") else shlex.quote(word) for word in words)


def _from_home(path: Path) -> str:
    try:
        inside = str(path.relative_to(Path.home()))
    except ValueError:
        return str(path)
    return f"~/{shlex.quote(inside)}"


def explain_exit(route: Route, hosts: HostKeys, code: int, stderr: str = "") -> Fe2Error | None:
    """Why ssh itself failed, from its exit status and the end of its messages; None if it was the remote program that ended.

    ssh's own failures are 255 (a remote program may end with 255 too: without a message of ssh's that is only said to
    be likely).
    """
    if code != 255:
        return None
    known = (
        _refused_host_key(route, hosts, stderr)
        or _refused_login(route, stderr)
        or _unanswered(route, stderr)
        or _broken(route, stderr)
    )
    if known is not None:
        return known
    last = stderr.strip().splitlines()[-1].strip() if stderr.strip() else ""
    said = f": {last}" if last else ", or the program there ended with 255."
    return MachineError(f"ssh to {route.name} failed{said}", "Its messages, if any, are above.")


def _refused_host_key(route: Route, hosts: HostKeys, stderr: str) -> HostKeyChangedError | None:
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in stderr or "Host key verification failed" in stderr:
        return hosts.changed(route.instance_id, None, label=route.label)
    return None


def _refused_login(route: Route, stderr: str) -> Fe2Error | None:
    if "UNPROTECTED PRIVATE KEY FILE" in stderr or "bad permissions" in stderr:
        file = shlex.quote(str(route.key_file)) if route.key_file else "KEYFILE"
        return KeyFileError("Others may read the private key, so ssh does not use it.", f"Run: chmod 600 {file}")
    if "Too many authentication failures" in stderr:
        return PermissionDeniedError(
            f"{route.name} gave up after too many keys were offered.",
            "ssh-agent holds many keys: name the right one with --key-file, or in config.toml.",
        )
    if "Permission denied (" in stderr:
        return permission_denied(route)
    return None


def permission_denied(route: Route, tried: Sequence[str] = ()) -> PermissionDeniedError:
    """The error for a machine that accepts no key; ``tried`` says which were offered."""
    if not tried and route.key_file is not None:
        tried = [str(route.key_file)]
    keys = f" Offered: {', '.join(tried)}." if tried else " No key that fits was found on this computer."
    pair = f"the key pair {route.key_name}" if route.key_name else "no key pair"
    return PermissionDeniedError(
        f"{route.name} does not let {route.user} in (Permission denied, publickey).{keys}",
        f"It was launched with {pair}. Name its private key with --key-file, or another user as USER@{route.name}.",
    )


def _unanswered(route: Route, stderr: str) -> UnansweredError | None:
    where = f"{route.name} ({route.address}, port {route.port})"
    if "Connection refused" in stderr:
        return UnansweredError(
            f"{where} refused the connection.", "Its system may still be starting: try again in a minute."
        )
    if "timed out" in stderr and "onnect" in stderr:
        return UnansweredError(
            f"{where} does not answer.",
            "Its security group may not let your address in (it may have changed), or the system hangs.",
        )
    for words in ("No route to host", "Network is unreachable", "Could not resolve hostname"):
        if words in stderr:
            return UnansweredError(f"{where} cannot be reached: {words}.", "Is this computer online?")
    return None


def _broken(route: Route, stderr: str) -> MachineError | None:
    if "System is booting up" in stderr:
        return UnansweredError(f"{route.name} is still booting and lets nobody in yet.", "Try again in a moment.")
    if "forwarding" in stderr and ("Could not request local" in stderr or "Address already in use" in stderr):
        return MachineError("A tunnel's port could not be opened.", "Another program took it meanwhile: try again.")
    for words in ("not responding", "Broken pipe", "closed by remote host", "Connection reset", "Connection closed"):
        if words in stderr:
            return MachineError(
                f"The connection to {route.name} broke ({words}).",
                "The machine may have been stopped or rebooted, or the network failed.",
            )
    return None
