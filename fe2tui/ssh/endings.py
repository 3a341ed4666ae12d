"""What the end of the system's ssh means, in words."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from fe2tui.errors import (
    Fe2Error,
    HostKeyChangedError,
    KeyFileError,
    MachineError,
    PermissionDeniedError,
    UnansweredError,
)
from fe2tui.ssh.hostkeys import HostKeys
from fe2tui.ssh.route import Route


def explain_exit(route: Route, hosts: HostKeys, code: int, stderr: str = "") -> Fe2Error | None:
    """Why ssh failed, from its exit status and the end of its messages; None if what ended is the remote program.

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
