"""The system's own ssh: what to run, and how to show it to a person."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from fe2tui.errors import MachineError
from fe2tui.ssh.hostkeys import HostKeys
from fe2tui.ssh.keyfiles import display_path
from fe2tui.ssh.route import DEFAULT_PORT, Route
from fe2tui.ssh.tunnels import OPEN_WORD, Tunnel

CONNECT_SECONDS = 15
KEEPALIVE_SECONDS = 15
KEEPALIVE_COUNT = 4
_CONFIG_SECONDS = 10.0  # that `ssh -G` may take: the configuration may run programs (Match exec)


def ssh_command(
    route: Route,
    hosts: HostKeys,
    *,
    tunnels: Sequence[Tunnel] = (),
    command: str | None = None,
    only_tunnels: bool = False,
    options: Sequence[str] = (),
    error_log: Path | None = None,
) -> list[str]:
    """The argv of the system's ssh to an instance: a shell, or ``command``, which its shell runs unchanged.

    With ``only_tunnels``, nothing is run there: it prints ``OPEN_WORD`` when the tunnels are open, never asks anything
    of a person, and ends when one of them cannot be opened. ``options`` are further ``-o`` values and take precedence
    over ours; with ``error_log`` ssh's own messages go to that file instead of the terminal. Raises MachineError if
    there is no ssh.

    An unknown host key is accepted unless the person's configuration is strict. No connection is shared: a master
    would check no host key, and would keep the ports of a tunnel after its end.
    """
    ssh = shutil.which("ssh")
    if ssh is None:
        raise MachineError("This computer has no ssh program.", "Install OpenSSH's client, e.g. openssh-client.")
    with suppress(OSError):  # a full or read-only disk: ssh warns that it cannot save the key
        hosts.create_file()
    is_strict = bool(hosts.known_keys(route.instance_id)) or requires_known_host_key(effective_config(route))
    strict = "yes" if is_strict else "accept-new"
    ours = [
        f"HostKeyAlias={route.instance_id}",
        f"UserKnownHostsFile={_quote_path(hosts.file)}",
        "GlobalKnownHostsFile=/dev/null",
        f"StrictHostKeyChecking={strict}",
        "HashKnownHosts=no",
        "CheckHostIP=no",
        "ControlMaster=no",
        "ControlPath=none",
        f"ConnectTimeout={CONNECT_SECONDS}",
        f"ServerAliveInterval={KEEPALIVE_SECONDS}",
        f"ServerAliveCountMax={KEEPALIVE_COUNT}",
    ]
    if tunnels:
        ours.append("ExitOnForwardFailure=yes")
    if route.key_file is not None:
        # Not -i, which cannot be given a name with a percent sign in it.
        ours += ["IdentitiesOnly=yes", f"IdentityFile={_quote_path(route.key_file)}"]
    if only_tunnels:
        # ssh runs the local command after it has opened the ports.
        ours += ["BatchMode=yes", "RequestTTY=no", "PermitLocalCommand=yes", f"LocalCommand=echo {OPEN_WORD}"]
    argv = [ssh, *(["-N"] if only_tunnels else [])]
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


def effective_config(route: Route) -> Mapping[str, str]:
    """The person's ssh configuration for this address, as ``ssh -G`` prints it; empty if ssh cannot read it."""
    ssh = shutil.which("ssh")
    if ssh is None:
        return {}
    try:
        asked = subprocess.run(
            [ssh, "-G", "-p", str(route.port), "-l", route.user, "--", route.address],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_CONFIG_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split(" ", 1) for line in asked.stdout.decode(errors="replace").splitlines() if " " in line)


def requires_known_host_key(config: Mapping[str, str]) -> bool:
    """Whether the person's configuration has ``StrictHostKeyChecking yes``, which ``ssh -G`` prints as true."""
    return config.get("stricthostkeychecking") in ("true", "yes")


def proxy_command(route: Route, config: Mapping[str, str]) -> list[str]:
    """The argv of a program that connects as the configuration's ProxyJump or ProxyCommand says; empty without one."""
    jump, command = (config.get(name, "none") for name in ("proxyjump", "proxycommand"))
    if jump != "none":
        *before, last = jump.split(",")
        destination = last if last.startswith("ssh://") else f"ssh://{last}"
        return ["ssh", *(["-J", ",".join(before)] if before else []), "-W", f"[{route.address}]:{route.port}",
                "--", destination]  # fmt: skip
    if command == "none":
        return []
    values = {"h": route.address, "n": route.address, "p": str(route.port), "r": route.user, "%": "%"}
    return ["sh", "-c", re.sub(r"%([hnpr%])", lambda found: values[found[1]], command)]


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
