"""Waiting until machines can be used: EC2's states and their ssh are watched at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from fe2tui.aws import instances as aws
from fe2tui.errors import Fe2Error, NoAddressError, StateError, ThrottledError, UnansweredError, UnreachableError
from fe2tui.model.instance import Instance, State
from fe2tui.ssh.probe import wait_for_ssh
from fe2tui.tasks.context import Context
from fe2tui.tasks.reach import Login, find_login, host_keys, keep_learning_host_keys

_FAILED = (State.SHUTTING_DOWN, State.TERMINATED, State.STOPPING, State.STOPPED)
_LATE_ADDRESS = 5.0  # seconds in which a running machine may still come to its address
_STALE_STATE = 10.0  # seconds in which EC2 may still tell the state from before the call


@dataclass(frozen=True, slots=True)
class Readiness:
    """What became of one machine: the instance as it was last seen, and why it is not ready, if it is not."""

    instance: Instance
    words: str
    error: Fe2Error | None = None


@dataclass(slots=True)
class _Watched:
    instance: Instance
    login: asyncio.Task[Login]
    began: float
    running_since: float | None = None
    probe: asyncio.Task[str] | None = None
    result: Readiness | None = None


async def until_ready(
    ctx: Context,
    task: str,
    instances: Iterable[Instance],
    *,
    login: Login | None = None,
    seen: Callable[[Instance], None] | None = None,
) -> dict[str, Readiness]:
    """Wait until each instance runs and its ssh lets us in; what became of each, by id.

    All are asked for in one call each ``pace.poll`` seconds; each probe begins as soon as there is an address. Host
    keys are learnt from the console meanwhile. A machine without an address that can be reached is ready when it runs.
    """
    watch = _Watch(ctx, task, seen)
    for instance in instances:
        watch.add(instance, login)
    try:
        return await watch.all_done()
    finally:
        await watch.close()


@dataclass(slots=True)
class _Watch:
    ctx: Context
    task: str
    seen: Callable[[Instance], None] | None
    watched: dict[str, _Watched] = field(default_factory=dict)
    unread: Fe2Error | None = None

    def add(self, instance: Instance, login: Login | None) -> None:
        found = asyncio.create_task(_known(login) if login else find_login(self.ctx, instance))
        self.watched[instance.id] = _Watched(instance, found, _now())

    async def all_done(self) -> dict[str, Readiness]:
        while waiting := {key: one for key, one in self.watched.items() if one.result is None}:
            looked = _now()
            await self.look(waiting)
            await self.until_next(looked)
        return {key: one.result for key, one in self.watched.items() if one.result}

    async def look(self, waiting: Mapping[str, _Watched]) -> None:
        try:
            found = await aws.describe(self.ctx.session, list(waiting))
        except (UnreachableError, ThrottledError) as error:
            self.unread = error
            found = []
        for instance in found:
            self.see(waiting[instance.id], instance)
        for one in waiting.values():
            self.judge(one)

    def see(self, one: _Watched, instance: Instance) -> None:
        if self.seen is not None:
            self.seen(instance)
        one.instance = instance
        if instance.state is State.RUNNING and one.running_since is None:
            one.running_since = _now()
            where = f" at {instance.public_ip}" if instance.public_ip else ""
            self.step(one, "running", f"{instance.label} runs{where}")
        if one.probe is None and instance.public_ip and not instance.state.is_gone:
            one.probe = asyncio.create_task(self.probe(one))

    def judge(self, one: _Watched) -> None:
        instance, age = one.instance, _now() - one.began
        if instance.state in _FAILED and (instance.state.is_gone or age > _STALE_STATE):
            one.result = Readiness(instance, "", failed_to_run(instance))
        elif one.running_since is None:
            if age > self.ctx.pace.states:
                reason = f" Last: {self.unread.summary}" if self.unread else ""
                error = UnansweredError(f"{instance.label} ({instance.id}) is {instance.state} still.{reason}")
                one.result = Readiness(instance, "", error)
        elif one.probe is None and _now() - one.running_since >= _LATE_ADDRESS:
            one.probe = asyncio.create_task(self.probe(one))
        elif one.probe is not None and one.probe.done():
            one.result = _outcome(instance, one.probe)

    async def until_next(self, looked: float) -> None:
        """Until the next look is due, or a probe ends: one that ended on a running machine is judged at once."""
        due = looked + self.ctx.pace.poll
        while (left := due - _now()) > 0:
            pending = {one.probe for one in self.watched.values() if one.result is None and one.probe is not None}
            if not any(one.result is None for one in self.watched.values()):
                return
            if not pending:
                await asyncio.sleep(left)
                return
            done, _ = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for one in self.watched.values():
                if one.probe in done:
                    self.judge(one)
            if done and any(one.probe in done and one.result is None for one in self.watched.values()):
                return  # its ssh answers before EC2 says that it runs: look now

    async def probe(self, one: _Watched) -> str:
        login = await one.login
        try:
            route = login.route(self.ctx, one.instance)
        except NoAddressError as error:
            return f"runs; ssh was not waited for: {error.summary}"
        hosts = host_keys()
        learning = None
        if not await asyncio.to_thread(hosts.known, one.instance.id):
            learning = asyncio.create_task(keep_learning_host_keys(self.ctx, one.instance))
        try:
            ready = await wait_for_ssh(
                route,
                hosts,
                within=self.ctx.pace.ready,
                on_step=lambda step, words: self.step(one, step, words),
                log_in=login.can_log_in,
            )
            if learning is not None and learning.done():
                await learning  # the console may have shown other keys than the machine
            return ready.words
        finally:
            if learning is not None:
                learning.cancel()
                with suppress(asyncio.CancelledError, Fe2Error):
                    await learning

    def step(self, one: _Watched, step: str, words: str) -> None:
        self.ctx.step(self.task, step, words, subject=one.instance.id, label=one.instance.label)

    async def close(self) -> None:
        tasks = [task for one in self.watched.values() for task in (one.login, one.probe) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _known(login: Login) -> Login:
    return login


def _outcome(instance: Instance, probe: asyncio.Task[str]) -> Readiness:
    try:
        return Readiness(instance, probe.result())
    except Fe2Error as error:
        return Readiness(instance, "", error)


def failed_to_run(instance: Instance) -> StateError:
    """Why an instance that was to run does not."""
    reason = instance.state_reason or instance.transition_reason
    code, _, words = reason.partition(":")
    said = f": {words.strip() or code}" if reason else ""
    return StateError(
        f"{instance.label} ({instance.id}) did not come up; it is {instance.state}{said}.",
        "Its disk may have failed to be made, or AWS had no capacity after all: try again, or another zone or type.",
        code=code or None,
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
