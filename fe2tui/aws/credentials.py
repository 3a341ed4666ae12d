"""The credentials of a profile, resolved once and shared by its sessions. Imports AWS's library: import it late."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import shlex
import signal
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from aiobotocore.session import AioSession
from botocore.configprovider import ConstantProvider
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import mask_proxy_url
from botocore.utils import JSONFileCache, get_environ_proxies

from fe2tui import paths
from fe2tui.aws import service_models
from fe2tui.errors import CredentialsError, MfaNeededError, UnreachableError, UsageError

for _library in ("botocore", "aiobotocore", "urllib3"):
    # Without a handler of its own a logger's warnings, tracebacks included, go to the terminal.
    logging.getLogger(_library).addHandler(logging.NullHandler())


PROCESS_SECONDS = 20.0  # until a credential_process has to end
_MFA_CODE_LENGTH = 6


class _MfaCodeNeededError(Exception):
    """Leaves the library's blocking prompt: the code is asked for elsewhere, then everything starts again."""

    def __init__(self, serial: str) -> None:
        super().__init__(serial)
        self.serial = serial


class _CredentialsCache(JSONFileCache):
    """Caches credentials of assumed roles between runs, as the AWS CLI does, but in our own folder."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.used_keys: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.used_keys.add(key)
        return super().__getitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self.used_keys.add(key)
        try:
            super().__setitem__(key, value)
        except OSError:
            return  # not cached: read again next time


class _CredentialProcess:
    """A credential_process, which cannot reach the terminal: its input is empty and it has a session of its own.

    Raises CredentialsError if it cannot be started, fails, prints something other than JSON, or takes too long.
    """

    def __init__(self, process: asyncio.subprocess.Process, command: Sequence[str], profile: str) -> None:
        self._process = process
        self._command = command
        self._name = f"credential_process of profile {profile}"
        self._errors = bytearray()

    @classmethod
    async def start(cls, *command: str, profile: str, **pipes: Any) -> _CredentialProcess:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, start_new_session=True, **pipes
            )
        except OSError as error:
            raise CredentialsError(
                f"credential_process of profile {profile} cannot be started: {command[0]}: {error.strerror}.",
                "Correct it in ~/.aws/config.",
            ) from error
        return cls(process, command, profile)

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    async def communicate(self) -> tuple[bytes, bytes]:
        try:
            async with asyncio.timeout(PROCESS_SECONDS):
                output, _ = await asyncio.gather(self._read_output(), self._read_errors())
                await self._process.wait()
        except TimeoutError:
            raise CredentialsError(
                f"{self._name} did not end within {PROCESS_SECONDS:g} seconds: it may be waiting for input"
                f"{self._printed(self._errors)}.",
                f"Run it once by hand, then try again: {shlex.join(self._command)}",
            ) from None
        finally:
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                await self._process.wait()
        if self._process.returncode:
            raise CredentialsError(
                f"{self._name} failed with status {self._process.returncode}{self._printed(self._errors)}.",
                f"Run it by hand to see what it needs: {shlex.join(self._command)}",
            )
        try:
            if not isinstance(json.loads(output), dict):
                raise ValueError
        except ValueError:
            before = output.partition(b"{")[0]  # what follows may be a secret
            raise CredentialsError(
                f"{self._name} printed something other than JSON{self._printed(before)}.",
                f"It may print nothing but JSON; see what it prints: {shlex.join(self._command)}",
            ) from None
        return output, bytes(self._errors)

    async def _read_output(self) -> bytes:
        assert self._process.stdout is not None
        return await self._process.stdout.read()

    async def _read_errors(self) -> None:
        assert self._process.stderr is not None
        while some := await self._process.stderr.read(4096):
            self._errors += some

    @staticmethod
    def _printed(text: bytes | bytearray) -> str:
        """The last line of a text, to be added to a sentence."""
        lines = [line.strip() for line in text.decode(errors="replace").splitlines() if line.strip()]
        return f". It printed: {lines[-1].rstrip('.:')}" if lines else ""


class ProfileCredentials:
    """The credentials of one profile. ``ask_code`` is called when a role needs a one-time code."""

    def __init__(self, profile: str | None, region: str, ask_code: Callable[[str], Awaitable[str]] | None) -> None:
        self._profile = profile
        self._region = region
        self._ask_code = ask_code
        self._whole: AioSession | None = None
        self._session: AioSession | None = None
        self._caches: list[_CredentialsCache] = []
        self._lock = asyncio.Lock()

    async def aio_session(self) -> AioSession:
        """The library's session with valid credentials. Raises the library's errors, and MfaNeededError."""
        async with self._lock:
            if self._session is None:
                self._session = await self._find_session()
            return self._session

    async def full_model_session(self) -> AioSession:
        session = await self.aio_session()
        if not service_models.can_use_subset():
            return session
        whole = self._new_session(service_models.full_loader())
        whole.register_component("credential_provider", _FoundCredentials(await session.get_credentials()))
        return whole

    def forget(self, session: AioSession | None) -> None:
        """Resolve credentials again at the next call, unless that happened since ``session`` was returned."""
        if self._session is not session:
            return
        self._session = None
        for cache in self._caches:
            for key in cache.used_keys:
                with suppress(KeyError, OSError):
                    del cache[key]  # AWS refused the credentials, perhaps these

    async def _find_session(self) -> AioSession:
        code: str | None = None
        while True:
            session = self._new_session(service_models.subset_loader() if service_models.can_use_subset() else None)
            self._set_up_providers(session, code)
            try:
                credentials = await session.get_credentials()
                if credentials is None:
                    raise NoCredentialsError
                await credentials.get_frozen_credentials()
            except _MfaCodeNeededError as wanted:
                code = await self._ask_mfa_code(wanted.serial)
            else:
                return session

    def _new_session(self, loader: Any) -> AioSession:
        session = AioSession(profile=self._profile)
        if not self._profile:  # the library takes an empty variable for the name of a profile
            named = os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE")
            session.get_component("config_store").set_config_provider("profile", ConstantProvider(named or None))
        if self._region:
            session.set_config_variable("region", self._region)
        if loader is not None:
            session.register_component("data_loader", loader)
        use_ca_bundle(session)
        session.register("before-send", _require_http_proxy)
        return session

    def _set_up_providers(self, session: AioSession, code: str | None) -> None:
        left = [code] if code else []

        def prompt(words: str) -> str:
            if left:
                return left.pop()
            raise _MfaCodeNeededError(words.removeprefix("Enter MFA code for ").rstrip(": "))

        resolver = session.get_component("credential_provider")
        builder = resolver.get_provider("assume-role")._profile_provider_builder
        create_process_provider = builder._create_process_provider
        builder._create_process_provider = lambda name: _without_terminal(create_process_provider(name))
        folder = _cache_folder()
        self._caches.clear()
        for provider in resolver.providers:
            if provider.METHOD == "assume-role":
                provider._prompter = prompt
            _without_terminal(provider)
            if folder and provider.METHOD in ("assume-role", "sso"):
                provider.cache = _CredentialsCache(str(folder))
                self._caches.append(provider.cache)

    async def _ask_mfa_code(self, serial: str) -> str:
        code = (await self._ask_code(serial)).strip() if self._ask_code else ""
        if not code:
            raise MfaNeededError(
                f"This profile needs the one-time code of {serial}.",
                "Enter the six digits that the device shows.",
                serial=serial,
            )
        if len(code) < _MFA_CODE_LENGTH or not code.isdigit():
            raise MfaNeededError(
                "This is not a one-time code.",
                f"It has {_MFA_CODE_LENGTH} digits; enter the one shown now.",
                serial=serial,
            )
        return code


def _without_terminal(provider: Any) -> Any:
    """The credential provider; if it starts a credential_process, one that cannot reach the terminal."""
    if provider.METHOD == "custom-process":
        provider._popen = partial(_CredentialProcess.start, profile=provider._profile_name)
    return provider


def use_ca_bundle(session: AioSession) -> None:
    """Let the session trust the configured certificates. Raises UsageError if they cannot be read."""
    configured = session.get_config_variable("ca_bundle")
    if not configured:
        return
    bundle = Path(configured).expanduser()
    try:
        if not bundle.read_bytes().strip():
            raise OSError(0, "The file is empty")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(bundle)
    except OSError as error:
        is_pem_wrong = isinstance(error, ssl.SSLError)
        why = "It is not a list of certificates in the PEM format" if is_pem_wrong else error.strerror
        in_environment = os.environ.get("AWS_CA_BUNDLE") == configured
        where = "AWS_CA_BUNDLE" if in_environment else f"ca_bundle of profile {session.profile or 'default'}"
        raise UsageError(
            f"The certificates in {bundle} cannot be read: {why}.", f"{where} names this file: correct or remove it."
        ) from error
    session.set_config_variable("ca_bundle", str(bundle))


def _require_http_proxy(request: Any, **_: Any) -> None:
    """Raises UnreachableError if the environment names a proxy of another kind, which the library cannot use."""
    scheme = request.url.partition(":")[0]
    proxy = get_environ_proxies(request.url).get(scheme, "")
    kind = proxy.partition("://")[0].lower()
    if "://" in proxy and kind not in ("http", "https"):
        name = "SOCKS" if kind.startswith("socks") else kind
        raise UnreachableError(
            f"The proxy {mask_proxy_url(proxy)} cannot be used: {name} is not supported.",
            f"Set {scheme.upper()}_PROXY to an HTTP proxy, or unset it.",
        )


class _FoundCredentials:
    """A credential provider that returns credentials which were resolved before."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    async def load_credentials(self) -> Any:
        return self._credentials


def _cache_folder() -> Path | None:
    """The cache folder for this set of AWS files and this STS endpoint; None if the disk is not writable."""
    names = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS")
    world = json.dumps([os.environ.get(name, "") for name in names])
    try:
        folder = paths.cache_folder() / "logins" / hashlib.sha256(world.encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None
    return folder
