"""Wait until instances can be used: watches EC2's states and ssh at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from fe2tui.aws import instances as aws
from fe2tui.errors import (
    Fe2Error,
    HostKeyChangedError,
    NoAddressError,
    StateError,
    ThrottledError,
    UnansweredError,
    UnreachableError,
)
from fe2tui.model.instance import Instance, State
from fe2tui.ssh.probe import wait_for_ssh
from fe2tui.tasks.context import Context, no_read
from fe2tui.tasks.ssh_login import (
    SshLogin,
    compare_with_console,
    find_ssh_login,
    keep_learning_host_keys,
    known_host_keys,
    login_user_tag,
)

_FAILED_STATES = (State.SHUTTING_DOWN, State.TERMINATED, State.STOPPING, State.STOPPED)
_ADDRESS_SECONDS = 5.0  # seconds in which a running instance may still get its address
_STALE_STATE_SECONDS = 10.0  # seconds in which EC2 may still show the state from before the call


@dataclass(frozen=True, slots=True)
class Readiness:
    """The instance as it was last seen, and the error if it is not ready."""

    instance: Instance
    words: str
    error: Fe2Error | None = None


@dataclass(slots=True)
class _InstanceWait:
    instance: Instance
    login: asyncio.Task[SshLogin]
    started_at: float
    running_since: float | None = None
    probe: asyncio.Task[str] | None = None
    result: Readiness | None = None


async def wait_until_ready(
    ctx: Context,
    task: str,
    instances: Iterable[Instance],
    *,
    login: SshLogin | None = None,
    on_instance: Callable[[Instance], None] | None = None,
) -> dict[str, Readiness]:
    """Wait until each instance runs and its ssh lets us in. Returns a result for each, by id.

    One call for all every ``pace.poll`` seconds; each probe begins as soon as there is an address. Meanwhile reads host
    keys from the console output. An instance without a reachable address is ready when it runs.
    """
    watch = _ReadinessWatch(ctx, task, on_instance)
    for instance in instances:
        watch.add(instance, login)
    try:
        return await watch.wait_for_all()
    finally:
        await watch.close()


@dataclass(slots=True)
class _ReadinessWatch:
    ctx: Context
    task: str
    on_instance: Callable[[Instance], None] | None
    waits: dict[str, _InstanceWait] = field(default_factory=dict)
    read_error: Fe2Error | None = None

    def add(self, instance: Instance, login: SshLogin | None) -> None:
        found = asyncio.create_task(no_read(login) if login else find_ssh_login(self.ctx, instance))
        self.waits[instance.id] = _InstanceWait(instance, found, _now())

    async def wait_for_all(self) -> dict[str, Readiness]:
        while waiting := {key: one for key, one in self.waits.items() if one.result is None}:
            looked = _now()
            await self.read_states(waiting)
            await self.wait_for_next_read(looked)
        return {key: one.result for key, one in self.waits.items() if one.result}

    async def read_states(self, waiting: Mapping[str, _InstanceWait]) -> None:
        try:
            found = await aws.describe_instances(self.ctx.session, list(waiting))
        except (UnreachableError, ThrottledError) as error:
            self.read_error = error
            found = []
        for instance in found:
            self.update(waiting[instance.id], instance)
        for one in waiting.values():
            self.decide(one)

    def update(self, one: _InstanceWait, instance: Instance) -> None:
        if self.on_instance is not None:
            self.on_instance(instance)
        one.instance = instance
        if instance.state is State.RUNNING and one.running_since is None:
            one.running_since = _now()
            where = f" at {instance.public_address}" if instance.public_address else ""
            self.report_step(one, "running", f"{instance.label} runs{where}")
        if one.probe is None and instance.public_address and not instance.state.is_gone:
            one.probe = asyncio.create_task(self.probe_ssh(one))

    def decide(self, one: _InstanceWait) -> None:
        instance, age = one.instance, _now() - one.started_at
        if instance.state in _FAILED_STATES and (instance.state.is_gone or age > _STALE_STATE_SECONDS):
            one.result = Readiness(instance, "", _not_running_error(instance))
        elif one.running_since is None:
            if age > self.ctx.pace.states:
                reason = f" Last: {self.read_error.summary}" if self.read_error else ""
                summary = f"{instance.label} ({instance.id}) is still {instance.state}.{reason}"
                late = UnansweredError(summary, "It may still start: look again in a minute.")
                one.result = Readiness(instance, "", late)
        elif one.probe is None and _now() - one.running_since >= _ADDRESS_SECONDS:
            one.probe = asyncio.create_task(self.probe_ssh(one))
        elif one.probe is not None and one.probe.done():
            try:
                one.result = Readiness(instance, one.probe.result())
            except Fe2Error as error:
                one.result = Readiness(instance, "", error)
            except Exception as error:  # whatever it is: the instance runs, and costs money
                reason = f"{type(error).__name__}: {error}".rstrip(": ").rstrip(".")
                one.result = Readiness(instance, f"{instance.label} runs; ssh could not be tried: {reason}.")

    async def wait_for_next_read(self, read_at: float) -> None:
        """Wait until the next read is due or a probe ends; a probe that ended on a running instance decides at once."""
        due = read_at + self.ctx.pace.poll
        while (left := due - _now()) > 0:
            waiting = [one for one in self.waits.values() if one.result is None]
            if not waiting:
                return
            probes = {one.probe for one in waiting if one.probe is not None}
            if not probes:
                await asyncio.sleep(left)
                return
            done, _ = await asyncio.wait(probes, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for one in waiting:
                if one.probe in done:
                    self.decide(one)
            if any(one.probe in done and one.result is None for one in waiting):
                return  # ssh answers before EC2 says that it runs: read now

    async def probe_ssh(self, one: _InstanceWait) -> str:
        login = await one.login
        if one.instance.is_windows and not login_user_tag(one.instance):
            return f"{one.instance.label} runs; it runs Windows: ssh was not waited for"
        try:
            route = login.route(self.ctx, one.instance)
        except NoAddressError as error:
            return f"runs; ssh was not waited for: {error.summary}"
        hosts = known_host_keys()
        learning = None
        if not await asyncio.to_thread(hosts.known_keys, one.instance.id):
            learning = asyncio.create_task(keep_learning_host_keys(self.ctx, one.instance))
        try:
            ready = await wait_for_ssh(
                route,
                hosts,
                within=self.ctx.pace.ready,
                on_step=lambda step, words: self.report_step(one, step, words),
                log_in=login.can_log_in,
            )
            if learning is not None and learning.done():
                await learning  # the console output may have other keys than the instance
            return ready.words
        except HostKeyChangedError as error:
            await compare_with_console(self.ctx, one.instance, error)
            raise
        finally:
            if learning is not None:
                learning.cancel()
                with suppress(asyncio.CancelledError, Fe2Error):
                    await learning

    def report_step(self, one: _InstanceWait, step: str, words: str) -> None:
        self.ctx.report_step(self.task, step, words, subject=one.instance.id, label=one.instance.label)

    async def close(self) -> None:
        tasks = [task for one in self.waits.values() for task in (one.login, one.probe) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _not_running_error(instance: Instance) -> StateError:
    reason = instance.state_reason or instance.transition_reason
    code, _, words = reason.partition(":")
    reason_text = f": {words.strip() or code}" if reason else ""
    return StateError(
        f"{instance.label} ({instance.id}) did not start: it is {instance.state}{reason_text}.",
        "AWS could not create its disk, or had no capacity after all: try again, or in another zone, or another type.",
        code=code or None,
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
