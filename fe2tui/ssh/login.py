"""A login by asyncssh: which keys to offer, whether to trust the host, and what its errors mean.

Imports asyncssh, so this module is imported only for a connection (``connection.connect`` does it in a thread).
"""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from fe2tui.errors import Fe2Error, HostKeyChangedError, KeyFileError, KeyNeedsPersonError, MachineError
from fe2tui.ssh import errors
from fe2tui.ssh.hostkeys import HostKeys
from fe2tui.ssh.keyfiles import PrivateKeyFile, is_open_to_others, public_blob, read_private_key
from fe2tui.ssh.route import Route
from fe2tui.ssh.terminal import effective_config, proxy_command, requires_known_host_key

# The order in which OpenSSH asks for host keys if it knows none of the host.
_WANTED_HOST_KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)

# Without logging set up, asyncssh would write its messages into the middle of the screen.
logging.getLogger("asyncssh").addHandler(logging.NullHandler())

FAILURES = (OSError, asyncssh.Error)
"""What asyncssh raises when an instance cannot be reached or used; a time-out is an OSError, too."""


@dataclass(frozen=True, slots=True)
class OfferedKeys:
    keys: Sequence[asyncssh.SSHKeyPair] | None
    labels: tuple[str, ...] = ()
    is_from_agent: bool = False


class LoginClient(asyncssh.SSHClient):
    """One login: decides on the host key, and keeps what the server said."""

    def __init__(self, route: Route, hosts: HostKeys, is_strict: bool) -> None:
        self._route = route
        self._hosts = hosts
        self._is_strict = is_strict
        self.host_key_error: MachineError | None = None
        self.banner = ""
        self.is_authenticating = False

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Trust on first use, unless the person's configuration is strict; called only for a key that is not known."""
        if self._is_strict:
            self.host_key_error = errors.unknown_host_key_error(self._route)
            return False
        offered = " ".join(key.export_public_key().decode().split()[:2])
        try:
            self._hosts.learn(self._route.instance_id, [offered], label=self._route.label)
        except HostKeyChangedError as changed:
            self.host_key_error = changed
            return False
        except OSError:  # a full or read-only disk: the key is not saved
            return not self._hosts.known_keys(self._route.instance_id)
        return True

    def auth_banner_received(self, msg: str, lang: str) -> None:
        self.banner = msg

    def begin_auth(self, username: str) -> None:
        self.is_authenticating = True


async def log_in(route: Route, hosts: HostKeys, offered: OfferedKeys, timeout: float) -> asyncssh.SSHClientConnection:
    """An open connection. ``timeout`` is seconds. Raises the MachineError that says why there is none."""
    is_known = bool(await asyncio.to_thread(hosts.known_keys, route.instance_id))
    config = {} if is_known else await asyncio.to_thread(effective_config, route)
    visitor = LoginClient(route, hosts, requires_known_host_key(config))
    options = _connect_options(route, hosts, offered)
    try:
        async with asyncio.timeout(timeout):
            try:
                return await asyncssh.connect(**options, client_factory=lambda: visitor)
            except Exception as error:
                if isinstance(error, FAILURES) and not isinstance(error, FileNotFoundError):
                    raise
                # asyncssh cannot use something in the person's ssh configuration; the way through a jump host stays.
                config = await asyncio.to_thread(effective_config, route)
                proxy = proxy_command(route, config) or None
                return await asyncssh.connect(
                    **options, config=None, proxy_command=proxy, client_factory=lambda: visitor
                )
    except Exception as error:
        if not isinstance(error, FAILURES):
            raise errors.LoginNotTriedError(
                f"ssh to {route.name} could not be tried by this program: {str(error) or type(error).__name__}.",
                f"ssh itself may work: {shlex.join(['ssh', '-l', route.user, '-p', str(route.port), route.address])}",
            ) from error
        if isinstance(error, TimeoutError) and visitor.is_authenticating and offered.is_from_agent:
            raise KeyNeedsPersonError(
                f"The agent did not use its key for {route.name} within {timeout:g} seconds.",
                "It may wait for you to allow it.",
            ) from error
        raise _login_error(error, route, hosts, visitor, offered) from error


def _connect_options(route: Route, hosts: HostKeys, offered: OfferedKeys) -> dict[str, Any]:
    known_keys = hosts.known_keys(route.instance_id)
    known = [asyncssh.import_public_key(key) for key in known_keys]
    known_types = {key.split()[0] for key in known_keys}
    options: dict[str, Any] = {
        "host": route.address,
        "port": route.port,
        "username": route.user,
        "host_key_alias": route.instance_id,
        # Not the list itself: asyncssh reads the person's own known hosts for an empty list.
        "known_hosts": lambda host, addr, port: (known, [], []),
        # Kinds without a known key come last: a machine that has only such a key shows it, and is refused.
        "server_host_key_algs": sorted(_WANTED_HOST_KEYS, key=lambda kind: _key_type(kind) not in known_types),
        "x509_trusted_certs": None,
        "gss_host": None,
        "preferred_auth": "publickey",
        "agent_forwarding": False,
        "pkcs11_provider": None,  # asyncssh needs another library for it, and a person for the PIN
        "keepalive_interval": 15,
        "keepalive_count_max": 4,
        "login_timeout": 0,
        "connect_timeout": None,
    }
    if offered.keys is not None:
        options["client_keys"] = offered.keys
        options["agent_path"] = None
    return options


def _key_type(algorithm: str) -> str:
    """The type of key, as known-hosts files have it, that signs by an algorithm."""
    return "ssh-rsa" if algorithm.startswith("rsa-") else algorithm


def _login_error(
    error: Exception, route: Route, hosts: HostKeys, client: LoginClient, offered: OfferedKeys
) -> Fe2Error:
    if client.host_key_error is not None:
        return client.host_key_error
    if isinstance(error, asyncssh.KeyExchangeFailed) and "host key" in str(error):
        return hosts.changed_error(route.instance_id, None, label=route.label)
    if errors.BOOTING_TEXT in client.banner:
        return errors.booting_error(route)
    if isinstance(error, asyncssh.PermissionDenied):
        return errors.permission_denied_error(route, offered.labels)
    return connection_error(error, route)


def connection_error(error: Exception, route: Route) -> Fe2Error:
    if isinstance(error, TimeoutError):
        return errors.no_answer_error(route)
    if isinstance(error, ConnectionRefusedError):
        return errors.connection_refused_error(route)
    if isinstance(error, asyncssh.Error | ConnectionError):
        return errors.connection_broken_error(route, str(error).rstrip(".") or type(error).__name__)
    if isinstance(error, OSError):
        return errors.unreachable_error(route, error.strerror or str(error))
    raise error


@asynccontextmanager
async def offered_keys(route: Route, agent_socket: str | None) -> AsyncIterator[OfferedKeys]:
    """The keys to offer for a route; an agent stays open inside the block.

    Raises KeyFileError for a key file that is missing or no key, KeyNeedsPersonError for one that needs a passphrase or
    a touch.
    """
    agent_socket = agent_socket or os.environ.get("SSH_AUTH_SOCK")
    file = route.key_file
    if file is None:
        yield OfferedKeys(None, is_from_agent=agent_socket is not None)
        return
    key, line = await asyncio.to_thread(_read_key_file, file)
    if await asyncio.to_thread(is_open_to_others, file):
        raise errors.open_key_file_error(file)
    if key is not None and not key.is_encrypted and not key.public.startswith("sk-"):
        try:
            pairs = await asyncio.to_thread(asyncssh.load_keypairs, [str(file)])
        except (OSError, ValueError) as error:  # KeyImportError and KeyEncryptionError are ValueErrors
            raise KeyFileError(f"The private key {file} cannot be read: {error}.") from error
        yield OfferedKeys(pairs, (str(file),))
        return
    if line.startswith("sk-"):
        raise KeyNeedsPersonError(f"{file} is a key in a device that has to be touched.", "Connect from a terminal.")
    async with _keys_from_agent(file, line, agent_socket) as held:
        yield OfferedKeys(held, (f"{file} by ssh-agent",), is_from_agent=True)


def _read_key_file(file: Path) -> tuple[PrivateKeyFile | None, str]:
    """The private key in a file, or the line of a public key, whose private half the agent has."""
    key = read_private_key(file)
    if key is not None:
        return key, key.public
    try:
        line = file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        raise KeyFileError(
            f"The private key {file} cannot be read: {error.strerror}.",
            "Name another one, with --key-file or in config.toml.",
        ) from error
    if not public_blob(line):
        raise KeyFileError(f"{file} is not a private key.", "Name another one, with --key-file or in config.toml.")
    return None, line


@asynccontextmanager
async def _keys_from_agent(
    file: Path, line: str, agent_socket: str | None
) -> AsyncIterator[Sequence[asyncssh.SSHKeyPair]]:
    missing = KeyNeedsPersonError(
        f"The private key {file} needs its passphrase.", f"Run: ssh-add {shlex.quote(str(file))}"
    )
    if not agent_socket or not line:
        raise missing
    try:
        agent = await asyncssh.connect_agent(agent_socket)
    except OSError as error:
        raise missing from error
    try:
        held = await agent.get_keys([public_blob(line)])
        if not held:
            raise missing
        yield held
    finally:
        agent.close()
        await agent.wait_closed()
