"""Wait until an instance can be used: an ``SSH-`` banner first, then a real command that exits with 0.

The banner alone is too early: for some seconds sshd answers while the system is still booting, or before the key has
been written. After the first banner no more are requested: newer OpenSSH servers lock out, for a while, clients that
connect again and again without logging in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from fe2tui.errors import (
    Fe2Error,
    HostKeyChangedError,
    KeyFileError,
    MachineError,
    PermissionDeniedError,
    UnansweredError,
)
from fe2tui.ssh import errors
from fe2tui.ssh.connection import connect, load_asyncssh
from fe2tui.ssh.hostkeys import HostKeys
from fe2tui.ssh.route import Route
from fe2tui.ssh.terminal import effective_config, proxy_command, requires_known_host_key

OnStep = Callable[[str, str], None]
"""Gets each step that is reached: its name (``ssh answers``, ``ready``) and a sentence."""

_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.05, 1.0, 0.05
_FIRST_LOGIN_PAUSE, _LOGIN_GROWTH = 0.05, 0.25  # from the first answer on: it is soon ready then
_LONGEST_BANNER = 8192
_NO_KEY_TEXT = "the login was not tried: its private key is not on this computer"


@dataclass(frozen=True, slots=True)
class SshReady:
    """An instance that can be used. ``proof`` is how we know: a command that ran, or only the banner.

    ``words`` is a sentence for a person; ``seconds`` is how long it took.
    """

    proof: Literal["command", "banner"]
    words: str
    seconds: float


async def wait_for_ssh(
    route: Route,
    hosts: HostKeys,
    *,
    within: float = 600.0,
    on_step: OnStep = lambda step, words: None,
    log_in: bool = True,
    try_seconds: float = 10.0,
    denied_seconds: float = 30.0,
    agent_socket: str | None = None,
) -> SshReady:
    """Wait until an instance can be used, at most ``within`` seconds. Can be cancelled at any time.

    With ``log_in`` False, or if the private key needs a person at each use, the banner is enough, and
    ``SshReady.words`` says so. An instance that answers but accepts no key gets ``denied_seconds`` to install it.
    ``try_seconds`` is the limit of each login. Raises HostKeyChangedError at once; PermissionDeniedError with the keys
    that were offered; else UnansweredError with the last reason.
    """
    wait = _SshWait(route, hosts, within, on_step, try_seconds, denied_seconds, agent_socket)
    loading = asyncio.create_task(load_asyncssh())
    try:
        # Behind a jump host only a login shows whether the instance itself answers.
        config = await asyncio.to_thread(effective_config, route)
        detour = bool(proxy_command(route, config))
        wait.is_strict = requires_known_host_key(config)
        if not detour and not await wait.wait_for_banner():
            raise wait.expired_error()
        if not log_in and not detour:
            return wait.report_ready("banner", _NO_KEY_TEXT)
        return await wait.wait_for_login(log_in)
    finally:
        loading.cancel()


@dataclass(slots=True)
class _SshWait:
    route: Route
    hosts: HostKeys
    within: float
    on_step: OnStep
    try_seconds: float
    denied_seconds: float
    agent_socket: str | None
    last: Fe2Error | None = None
    is_strict: bool = False  # the person's ssh configuration accepts no unknown host key
    answered_after: float | None = None
    started_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    @property
    def elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self.started_at

    @property
    def left(self) -> float:
        return self.within - self.elapsed

    async def pause(self) -> None:
        if self.answered_after is None:
            pause = max(_FIRST_PAUSE, self.elapsed * _GROWTH)
        else:
            pause = max(_FIRST_LOGIN_PAUSE, (self.elapsed - self.answered_after) * _LOGIN_GROWTH)
        await asyncio.sleep(max(0.0, min(pause, _LONGEST_PAUSE, self.left)))

    async def wait_for_banner(self) -> bool:
        while self.left > 0:
            try:
                async with asyncio.timeout(min(self.try_seconds / 2, self.left)):
                    await _read_banner(self.route)
            except TimeoutError:
                self.last = errors.no_answer_error(self.route)
            except ConnectionRefusedError:
                self.last = errors.connection_refused_error(self.route)
            except OSError as error:
                self.last = errors.unreachable_error(self.route, error.strerror or str(error))
            else:
                self.answered_after = self.elapsed
                self.on_step("ssh answers", f"{self.route.name} answers ssh")
                return True
            await self.pause()
        return False

    async def wait_for_login(self, log_in: bool) -> SshReady:
        denied_since: float | None = None
        while self.left > 0:
            if self.is_strict and not await asyncio.to_thread(self.hosts.known_keys, self.route.instance_id):
                self.last = errors.unknown_host_key_error(self.route)
                await self.pause()
                continue
            try:
                async with connect(
                    self.route, self.hosts, timeout=min(self.try_seconds, self.left), agent_socket=self.agent_socket
                ) as connection:
                    done = await connection.run("true", timeout=self.try_seconds)
            except HostKeyChangedError:
                raise
            except (KeyFileError, errors.LoginNotTriedError) as error:
                return self.report_ready("banner", f"the login was not tried: {error.summary} {error.remedy}".rstrip())
            except PermissionDeniedError as error:
                if not log_in:
                    return self.report_ready("banner", _NO_KEY_TEXT)
                self.last = error
                denied_since = self.elapsed if denied_since is None else denied_since
                if self.elapsed - denied_since >= self.denied_seconds:
                    raise
                # Each refusal counts against this computer's address at newer servers.
                await asyncio.sleep(max(0.0, min(0.5 + self.elapsed - denied_since, self.left, 8.0)))
                continue
            except MachineError as error:
                # A try that ended with the wait says less than the one before it.
                if self.left > 0 or self.last is None:
                    self.last = error
            else:
                if done.is_ok:
                    return self.report_ready("command", f"{self.route.user} can log in")
                last_line = (done.stdout + done.stderr).strip().splitlines()[-1:] or [f"status {done.exit_status}"]
                self.last = MachineError(
                    f"{self.route.name} lets {self.route.user} in, but runs no command: {last_line[0]}"
                )
            await self.pause()
        raise self.expired_error()

    def report_ready(self, proof: Literal["command", "banner"], why: str) -> SshReady:
        words = f"{self.route.name} is ready: {why}" if proof == "command" else f"{self.route.name} answers ssh; {why}"
        self.on_step("ready", words)
        return SshReady(proof, words, self.elapsed)

    def expired_error(self) -> Fe2Error:
        last = self.last or errors.no_answer_error(self.route)
        if isinstance(last, PermissionDeniedError):
            return last
        return UnansweredError(
            f"{self.route.name} was not ready for ssh within {self.within:g} seconds. Last: {last.summary}",
            last.remedy,
        )


async def _read_banner(route: Route) -> str:
    reader, writer = await asyncio.open_connection(route.address, route.port, limit=_LONGEST_BANNER)
    try:
        # A server may say other things before its banner. Source: RFC 4253, 4.2.
        while line := await reader.readline():
            if line.startswith(b"SSH-"):
                return line.decode("ascii", errors="replace").strip()
        raise ConnectionResetError("the connection closed before an ssh banner")
    except ValueError as error:
        raise OSError("the server at that port is not ssh") from error
    finally:
        writer.transport.abort()
