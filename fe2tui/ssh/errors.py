"""Why a connection failed: the errors of the system's ssh and of asyncssh."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from fe2tui.errors import (
    Fe2Error,
    KeyFileError,
    MachineError,
    PermissionDeniedError,
    UnansweredError,
)
from fe2tui.ssh.hostkeys import HostKeys
from fe2tui.ssh.keyfiles import display_path
from fe2tui.ssh.route import Route


class LoginNotTriedError(MachineError):
    """This program cannot log in, whatever the instance does; the system's ssh may be able to."""


BOOTING_TEXT = "System is booting up"  # sshd prints it to every client while the system boots (pam_nologin)


def exit_error(route: Route, hosts: HostKeys, code: int, stderr: str = "") -> Fe2Error | None:
    """Why ssh failed, from its exit status and the end of its messages; None if the remote program ended.

    ssh's own exit status is 255. A remote program may end with 255, too: without a message of ssh the error says that
    both are possible.
    """
    if code != 255:
        return None
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in stderr or "Host key verification failed" in stderr:
        if not hosts.known_keys(route.instance_id):
            return unknown_host_key_error(route)
        return hosts.changed_error(route.instance_id, None, label=route.label)
    known = _login_error(route, stderr) or _network_error(route, stderr)
    if known is not None:
        return known
    words = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("Warning:")]
    last_text = f": {words[-1]}" if words else ", or the program there ended with 255."
    return MachineError(f"ssh to {route.name} failed{last_text}", "Its messages, if any, are above.")


def unknown_host_key_error(route: Route) -> MachineError:
    return MachineError(
        f"The host key of {route.name} is not known, and your ssh configuration accepts no unknown one "
        "(StrictHostKeyChecking yes). No connection was made.",
        "The console output shows the key some minutes after the first boot: try again then. To trust the key that "
        "the instance shows: set StrictHostKeyChecking to accept-new for this host in ~/.ssh/config.",
    )


def open_key_file_error(file: Path) -> KeyFileError:
    return KeyFileError(
        f"Others may read the private key {display_path(file)}, so ssh does not use it.",
        f"Run: chmod 600 {shlex.quote(str(file))}",
    )


def permission_denied_error(route: Route, offered: Sequence[str] = ()) -> PermissionDeniedError:
    if not offered and route.key_file is not None:
        offered = [str(route.key_file)]
    keys = f" Offered: {', '.join(offered)}." if offered else " None of the keys on this computer fits."
    pair = f"the key pair {route.key_name}" if route.key_name else "no key pair"
    return PermissionDeniedError(
        f"{route.name} does not let {route.user} in (Permission denied, publickey).{keys}",
        f"It was launched with {pair}: its private key has to be in the agent, in ~/.ssh, or named (--key-file, "
        f"key_file in config.toml). For another user: USER@{route.name}, or “Connect with …” in the dashboard.",
    )


def connection_refused_error(route: Route) -> UnansweredError:
    return UnansweredError(
        f"{_address_text(route)} refused the connection.", "Its system may still be starting: try again in a minute."
    )


def no_answer_error(route: Route) -> UnansweredError:
    return UnansweredError(
        f"{_address_text(route)} does not answer.",
        "Its security group may not let your address in (it may have changed), or the system hangs.",
    )


def unreachable_error(route: Route, words: str) -> UnansweredError:
    return UnansweredError(f"{_address_text(route)} cannot be reached: {words}.", "Is this computer online?")


def booting_error(route: Route) -> UnansweredError:
    return UnansweredError(f"{route.name} is still booting and accepts no login yet.", "Try again in a moment.")


def connection_broken_error(route: Route, words: str) -> MachineError:
    return MachineError(
        f"The connection to {route.name} broke ({words}).",
        "The instance may have been stopped or rebooted, or the network failed.",
    )


def _address_text(route: Route) -> str:
    return f"{route.name} ({route.address}, port {route.port})"


def _login_error(route: Route, stderr: str) -> Fe2Error | None:
    if "UNPROTECTED PRIVATE KEY FILE" in stderr or "bad permissions" in stderr:
        if route.key_file is not None:
            return open_key_file_error(route.key_file)
        return KeyFileError("Others may read the private key, so ssh does not use it.", "Run: chmod 600 KEYFILE")
    if "Too many authentication failures" in stderr:
        return PermissionDeniedError(
            f"{route.name} gave up after too many keys were offered.",
            "ssh-agent holds many keys: name the right one, with --key-file or as key_file in config.toml.",
        )
    if "Permission denied (" in stderr:
        return permission_denied_error(route)
    return None


def _network_error(route: Route, stderr: str) -> MachineError | None:
    if BOOTING_TEXT in stderr:
        return booting_error(route)
    if "Connection refused" in stderr:
        return connection_refused_error(route)
    if "timed out" in stderr and "onnect" in stderr:
        return no_answer_error(route)
    for words in ("No route to host", "Network is unreachable", "Could not resolve hostname"):
        if words in stderr:
            return unreachable_error(route, words)
    if "forwarding" in stderr and ("Could not request local" in stderr or "Address already in use" in stderr):
        return MachineError("The port of a tunnel could not be opened.", "Another program may use it: try again.")
    for words in ("not responding", "Broken pipe", "closed by remote host", "Connection reset", "Connection closed"):
        if words in stderr:
            return connection_broken_error(route, words)
    return None
