"""The system's own ssh: what to run, and how to show it to a person."""

from __future__ import annotations

import asyncio
import shlex
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fe2tui.errors import MachineError
from fe2tui.ssh.hostkeys import HostKeys
from fe2tui.ssh.keyfiles import display_path
from fe2tui.ssh.route import DEFAULT_PORT, Route
from fe2tui.ssh.tunnels import Tunnel

CONNECT_SECONDS = 15
KEEPALIVE_SECONDS = 15
KEEPALIVE_COUNT = 4


def ssh_command(
    route: Route,
    hosts: HostKeys,
    *,
    tunnels: Sequence[Tunnel] = (),
    command: str | None = None,
    options: Sequence[str] = (),
    error_log: Path | None = None,
) -> list[str]:
    """The argv of the system's ssh to an instance: a shell, or ``command``, which its shell runs unchanged.

    ``options`` are further ``-o`` values and take precedence over ours; with ``error_log`` ssh's own messages go to
    that file instead of the terminal. Raises MachineError if there is no ssh.
    """
    ssh = shutil.which("ssh")
    if ssh is None:
        raise MachineError("This computer has no ssh program.", "Install OpenSSH's client, e.g. openssh-client.")
    with suppress(OSError):  # a full or read-only disk: ssh warns that it cannot save the key
        hosts.create_file()
    strict = "yes" if hosts.known_keys(route.instance_id) else "accept-new"
    ours = [
        f"HostKeyAlias={route.instance_id}",
        f"UserKnownHostsFile={_quote_path(hosts.file)}",
        "GlobalKnownHostsFile=/dev/null",
        f"StrictHostKeyChecking={strict}",
        "HashKnownHosts=no",
        "CheckHostIP=no",
        f"ConnectTimeout={CONNECT_SECONDS}",
        f"ServerAliveInterval={KEEPALIVE_SECONDS}",
        f"ServerAliveCountMax={KEEPALIVE_COUNT}",
    ]
    if tunnels:
        ours.append("ExitOnForwardFailure=yes")
    if route.key_file is not None:
        # Not -i, which cannot be given a name with a percent sign in it.
        ours += ["IdentitiesOnly=yes", f"IdentityFile={_quote_path(route.key_file)}"]
    argv = [ssh]
    if error_log is not None:
        argv += ["-E", str(error_log)]
    # ssh keeps the first value of each option.
    for option in (*options, *ours):
        argv += ["-o", option]
    for tunnel in tunnels:
        argv += ["-L", f"127.0.0.1:{tunnel.local}:localhost:{tunnel.remote}"]
    argv += ["-p", str(route.port), "-l", route.user, "--", route.address]
    return [*argv, command] if command is not None else argv


def _quote_path(path: Path) -> str:
    text = str(path).replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


async def uses_jump_host(route: Route) -> bool:
    """Whether the person's ssh configuration has a ProxyJump or ProxyCommand for this address."""
    ssh = shutil.which("ssh")
    if ssh is None:
        return False
    asking = await asyncio.create_subprocess_exec(
        ssh, "-G", "-p", str(route.port), "-l", route.user, "--", route.address,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    output, _ = await asking.communicate()
    settings = dict(line.split(" ", 1) for line in output.decode(errors="replace").splitlines() if " " in line)
    return any(settings.get(name, "none") != "none" for name in ("proxyjump", "proxycommand"))


def display_command(route: Route, tunnels: Sequence[Tunnel] = ()) -> str:
    words = ["ssh"]
    if route.key_file is not None:
        words += ["-i", display_path(route.key_file)]
    if route.port != DEFAULT_PORT:
        words += ["-p", str(route.port)]
    for tunnel in tunnels:
        words += ["-L", f"{tunnel.local}:localhost:{tunnel.remote}"]
    words.append(f"{route.user}@{route.address}")
    return " ".join(f"~/{shlex.quote(word[2:])}" if word.startswith("~/") else shlex.quote(word) for word in words)
