"""Launch: from a request to an instance that answers ssh, never twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fe2tui.aws import network
from fe2tui.errors import (
    AwsError,
    Fe2Error,
    NoCapacityError,
    StateError,
    ThrottledError,
    UnansweredError,
    UnknownResultError,
    UnreachableError,
)
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest, ZonePrice, purchase_text
from fe2tui.model.progress import COUNTDOWN
from fe2tui.model.text import join_words
from fe2tui.tasks.context import (
    ActivityEntry,
    Context,
    activity_entry,
    report_store_errors,
    require_writable,
    run_to_completion,
    update_entry,
)
from fe2tui.tasks.keys import create_key, import_key
from fe2tui.tasks.launch_lookups import LaunchLookups, living_instances_named
from fe2tui.tasks.launch_plan import LaunchCost, LaunchPlan, plan_launch
from fe2tui.tasks.launch_recover import recover_launches
from fe2tui.tasks.launch_resources import GroupPlan, KeyPlan
from fe2tui.tasks.launch_send import LaunchSender, no_capacity_error, zones_text

__all__ = [
    "GroupPlan",
    "KeyPlan",
    "LaunchCost",
    "LaunchLookups",
    "LaunchPlan",
    "Launcher",
    "ZonePrice",
    "launch",
    "launch_when_capacity",
    "plan_launch",
    "purchase_text",
    "recover_launches",
]


async def launch(
    ctx: Context,
    request: LaunchRequest,
    *,
    wait: bool = True,
    shared_lookups: LaunchLookups | None = None,
    plan: LaunchPlan | None = None,
) -> Instance:
    """Launch an instance; with ``wait``, return when ssh answers, else when EC2 has accepted it.

    ``plan`` is the request's plan if it was made a moment ago. Reports the steps image, key, security group, requested,
    running, ssh answers, ready. The intent, its token and the exact call are in the store before the call is sent. If a
    zone has no capacity, the next one is asked, with a new token. Raises NoCapacityError if none has capacity within
    ``pace.capacity``, FieldError for the first wrong field; after EC2 has accepted it, errors name the instance left.
    """
    require_writable(ctx, "nothing can be launched")
    async with _lookups(ctx, shared_lookups) as lookups:
        with activity_entry(ctx, "launch", request.name) as entry:
            return await (await Launcher.from_request(ctx, request, lookups, entry, plan)).run(wait)


@asynccontextmanager
async def _lookups(ctx: Context, shared_lookups: LaunchLookups | None) -> AsyncIterator[LaunchLookups]:
    """The shared look-ups, or own ones; after the launch they forget what it changes."""
    lookups = shared_lookups or LaunchLookups(ctx)
    try:
        yield lookups
    finally:
        lookups.forget("keys", "network", "spot")
        if shared_lookups is None:
            lookups.close()


@dataclass(slots=True)
class Launcher:
    """A launch whose plan has no errors, and its entry in the activity log."""

    ctx: Context
    plan: LaunchPlan
    entry: ActivityEntry
    planned_at: datetime  # before the plan looked whether the name was free

    @classmethod
    async def from_request(
        cls,
        ctx: Context,
        request: LaunchRequest,
        lookups: LaunchLookups,
        entry: ActivityEntry,
        plan: LaunchPlan | None = None,
    ) -> Launcher:
        """The launch of a request, planned now unless ``plan`` is given. Raises FieldError for the first wrong
        field.
        """
        if plan is None:
            plan = await plan_launch(ctx, request, lookups, with_cost=False)
        if plan.errors:
            raise plan.errors[0]
        return cls(ctx, plan, entry, plan.planned_at or ctx.clock())

    @property
    def retry_request(self) -> LaunchRequest:
        """The request for another try after ``run`` failed: with the key pair that it has created."""
        key = self.plan.key
        assert key is not None  # or the plan had an error
        return replace(self.plan.request, key_name=key.name, key_action="use", key_public=None)

    async def run(self, wait: bool) -> Instance:
        image = self.plan.image
        assert image is not None  # or the plan had an error
        self.report_step("image", f"{image.name or image.id} ({image.id}, {image.architecture})")
        key = await self.prepare_key()
        group = await self.prepare_group()
        instance, token = await LaunchSender(self.ctx, self.plan, self.entry, self.planned_at).launch_in_first_zone(
            key, group
        )
        self.entry.subject = instance.id
        self.entry.left_behind = f"{instance.id} was launched: it keeps running, and costs money."
        journal = self.ctx.store.launches
        try:
            await self.record_instance(instance)
            if not wait:
                self.entry.words = f"Launched {instance.id} in {instance.zone}."
                return instance
            instance = await self.wait_until_ready(instance)
            await self.record_instance(instance, with_volumes=True)
            await self.look_for_same_name(instance)
            with self.report_store_errors():
                await asyncio.to_thread(journal.update, token, stage="ready", instance_id=instance.id)
            return instance
        finally:
            with self.report_store_errors():
                intent = journal.get(token)
                if intent is not None and intent.stage in ("intended", "launched"):
                    journal.update(token, stage="found", instance_id=instance.id)
            journal.release(token)

    async def look_for_same_name(self, instance: Instance) -> None:
        """Say if another instance has the name: another computer may have launched it at the same moment."""
        with suppress(Fe2Error):
            named = await living_instances_named(self.ctx, self.plan.request.name)
            if others := [one.id for one in named if one.id != instance.id]:
                verb = "has" if len(others) == 1 else "have"
                words = f"{join_words(others)} {verb} this name too, launched elsewhere: use {instance.id} for yours."
                self.entry.words = f"{self.entry.words} {words}".strip()
                self.report_step("same name", words)

    async def prepare_key(self) -> str:
        key = self.plan.key
        assert key is not None
        name = key.name
        if key.action == "import":
            assert key.importable is not None
            await import_key(self.ctx, name, key.importable.public)
        elif key.action == "create":
            key = replace(key, words=(await create_key(self.ctx, name)).words)
        self.report_step("key", f"{name} {key.words}")
        return name

    async def prepare_group(self) -> str:
        group, vpc_id = self.plan.group, self.plan.vpc_id
        assert group is not None
        group_id = group.id
        if group_id is None:
            assert vpc_id is not None  # or the plan had an error
            creating = network.create_ssh_group(self.ctx.session, group.name, vpc_id, group.cidr)
            group_id = (await run_to_completion(creating, self.ctx.pace.completion)).id
        self.report_step("security group", f"{group.name} ({group_id}), {group.words}")
        return group_id

    async def record_instance(self, instance: Instance, *, with_volumes: bool = False) -> None:
        """Record what it costs an hour from the start: prices change."""
        from fe2tui.tasks.usage_history import record_instances

        await record_instances(self.ctx, [instance], with_volumes=with_volumes)

    async def wait_until_ready(self, instance: Instance) -> Instance:
        # imported only after the call was sent: imports before it would delay the launch
        from fe2tui.tasks.connect import find_address_change
        from fe2tui.tasks.readiness import wait_until_ready

        readiness = (await wait_until_ready(self.ctx, "launch", [instance]))[instance.id]
        if readiness.error is not None:
            if isinstance(readiness.error, UnansweredError) and (
                change := await find_address_change(self.ctx, readiness.instance)
            ):
                readiness.error.remedy = change.words
            if not isinstance(readiness.error, StateError):
                left = f"{readiness.instance.label} ({instance.id}) was launched, and costs money."
                readiness.error.remedy = f"{readiness.error.remedy} {left}".strip()
            raise readiness.error
        self.entry.words = readiness.words
        if readiness.words and not readiness.words.endswith("can log in"):
            self.report_step("ready", readiness.words)
        return readiness.instance

    def report_store_errors(self) -> AbstractContextManager[None]:
        return report_store_errors(self.ctx, "launch", self.entry.subject, self.plan.request.name)

    def report_step(self, step: str, words: str) -> None:
        self.ctx.report_step("launch", step, words, subject=self.entry.subject, label=self.plan.request.name)


async def launch_when_capacity(
    ctx: Context,
    request: LaunchRequest,
    *,
    interval: float = 60.0,
    until: timedelta,
    wait: bool = True,
    shared_lookups: LaunchLookups | None = None,
    plan: LaunchPlan | None = None,
) -> Instance:
    """Launch as ``launch`` does; while no zone has capacity, ask all zones again every ``interval`` seconds.

    All tries share one entry in the activity log; each has a plan of its own, because the prices order the zones.
    Cancelled while it waits, it leaves nothing behind. Raises NoCapacityError after ``until``, and at once whatever
    else ``launch`` raises; only a later try that AWS does not answer or throttles is tried again.
    """
    require_writable(ctx, "nothing can be launched")
    async with _lookups(ctx, shared_lookups) as lookups:
        with activity_entry(ctx, "launch", request.name) as entry:
            return await _CapacityRetry(ctx, request, lookups, entry, interval, ctx.clock() + until, plan).run(wait)


@dataclass(slots=True)
class _CapacityRetry:
    ctx: Context
    request: LaunchRequest
    lookups: LaunchLookups
    entry: ActivityEntry
    interval: float
    deadline: datetime
    plan: LaunchPlan | None = None
    tries: int = 0
    last_error: NoCapacityError | None = None

    async def run(self, wait: bool) -> Instance:
        while True:
            self.tries += 1
            words = await self.try_launch(wait)
            if isinstance(words, Instance):
                return words
            await self.wait_for_next_try(words)
            self.lookups.forget("keys", "network", "spot")

    async def try_launch(self, wait: bool) -> Instance | str:
        """The instance, or why there is none yet."""
        try:
            launching = await Launcher.from_request(self.ctx, self.request, self.lookups, self.entry, self.plan)
            self.plan = None
            try:
                return await launching.run(wait)
            except NoCapacityError as error:
                self.last_error, self.request = error, launching.retry_request
                where = error.zones[0] if len(error.zones) == 1 and error.zones[0] else "any zone"
                return f"no {self.request.type_text} in {where}"
        except (ThrottledError, UnreachableError) as error:
            if not self.is_retryable(error):
                raise
            return error.summary.rstrip(".")

    def is_retryable(self, error: AwsError) -> bool:
        """Whether a try failed only for a moment, and nothing was launched: AWS has answered before."""
        return self.last_error is not None and not self.entry.subject and not isinstance(error, UnknownResultError)

    async def wait_for_next_try(self, words: str) -> None:
        """Wait for the next try. Raises NoCapacityError if there is no time for one."""
        ctx, now = self.ctx, self.ctx.clock()
        assert self.last_error is not None
        if now >= self.deadline:
            times = "once" if self.tries == 1 else f"{self.tries} times"
            zones = zones_text(self.last_error.zones)
            summary = f"AWS had no {self.request.type_text}{zones} until {self.deadline_text}: asked {times}."
            raise no_capacity_error(
                self.request, self.last_error.zones, self.last_error.code, summary
            ) from self.last_error
        update_entry(
            ctx,
            self.entry,
            f"Nothing was launched so far: {words}. It tries again until {self.deadline_text}.",
        )
        following = min(now + timedelta(seconds=self.interval), self.deadline)
        is_first, self.entry.left_behind = True, "Nothing was launched."
        while (left := (following - ctx.clock()).total_seconds()) > 0:
            again = (
                f"trying again in {round(left) or 1} s ({_ordinal(self.tries + 1)} time, until {self.deadline_text})"
            )
            ctx.report_step(
                "launch", "waiting" if is_first else COUNTDOWN, f"{words}; {again}", label=self.request.name
            )
            await asyncio.sleep(min(ctx.pace.poll, left))
            is_first = False
        self.entry.left_behind = ""

    @property
    def deadline_text(self) -> str:
        """When it gives up, in this computer's time zone; with the date if that is not today."""
        here, today = self.deadline.astimezone(), self.ctx.clock().astimezone()
        return f"{here:%H:%M}" if here.date() == today.date() else f"{here.day} {here:%b %H:%M}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
