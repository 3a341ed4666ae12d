"""Launch: from a request to an instance that answers ssh, never twice."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fe2tui.aws import instances as aws
from fe2tui.aws import network
from fe2tui.aws.spot import spot_vcpu_quota
from fe2tui.errors import (
    AwsError,
    CapacityError,
    Fe2Error,
    NoCapacityError,
    QuotaError,
    StateError,
    ThrottledError,
    UnansweredError,
    UnknownResultError,
    UnreachableError,
)
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchIntent, LaunchRequest
from fe2tui.model.progress import COUNTDOWN, Outcome
from fe2tui.model.text import join_words
from fe2tui.tasks.context import (
    ActivityEntry,
    Context,
    activity_entry,
    in_region,
    in_time,
    known_account,
    report_store_errors,
    require_writable,
    run_to_completion,
    unknown_result_error,
    update_entry,
    wait_until_shown,
)
from fe2tui.tasks.keys import create_key, import_key
from fe2tui.tasks.launch_lookups import LaunchLookups, living_instances_named
from fe2tui.tasks.launch_plan import LaunchPlan, plan_launch, run_instances_params

__all__ = ["LaunchLookups", "LaunchPlan", "launch", "launch_when_capacity", "plan_launch", "recover_launches"]

_CHECKED_LATER = "The next start of this program checks that, and never launches it twice."
_MAY_STILL_BE_SENT = timedelta(minutes=5)  # after its intent was written
_UNSUPPORTED = "Unsupported"  # EC2's code for a zone that does not have the type
_SPOT_QUOTA_CODE = "MaxSpotInstanceCountExceeded"
_NO_ADDRESSES_CODE = "InsufficientFreeAddressesInSubnet"
_CAPACITY_CODES = ("InsufficientInstanceCapacity", "UnfulfillableCapacity")


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
    async with _begin(ctx, request, shared_lookups) as (lookups, entry):
        return await (await Launcher.from_request(ctx, request, lookups, entry, plan)).run(wait)


@asynccontextmanager
async def _begin(
    ctx: Context, request: LaunchRequest, shared_lookups: LaunchLookups | None
) -> AsyncIterator[tuple[LaunchLookups, ActivityEntry]]:
    """The shared look-ups, or own ones, which forget what the launch changes, and its entry in the activity log."""
    require_writable(ctx, "nothing can be launched")
    lookups = shared_lookups or LaunchLookups(ctx)
    try:
        with activity_entry(ctx, "launch", request.name) as entry:
            yield lookups, entry
    finally:
        lookups.forget("keys", "network", "spot")
        if shared_lookups is None:
            lookups.close()


@dataclass(slots=True)
class Launcher:
    """A launch whose plan has no errors, and its entry in the activity log.

    Each RunInstances call is in the journal before it is sent, so that its result can always be looked up.
    """

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
        """The launch of a request, planned now unless ``plan`` is given. Raises the plan's first FieldError."""
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
        instance, token = await self.launch_in_first_zone(key, group)
        self.entry.left_behind = f"{instance.id} was launched: it keeps running, and costs money."
        journal = self.ctx.store.launches
        try:
            # imported only after the call was sent: imports before it would delay the launch
            from fe2tui.tasks.usage_history import record_instances

            await record_instances(self.ctx, [instance])
            if not wait:
                self.entry.words = f"Launched {instance.id} in {instance.zone}."
                return instance
            instance = await self.wait_until_ready(instance)
            await record_instances(self.ctx, [instance], with_volumes=True)
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
        words = key.words
        if key.action == "import":
            assert key.importable is not None
            await import_key(self.ctx, key.name, key.importable.public)
        elif key.action == "create":
            words = (await create_key(self.ctx, key.name)).words
        self.report_step("key", f"{key.name} {words}")
        return key.name

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

    async def launch_in_first_zone(self, key: str, group_id: str) -> tuple[Instance, str]:
        """Ask zone after zone until one has capacity. Returns the instance and the token of its call."""
        now, request, zones = asyncio.get_running_loop().time, self.plan.request, list(self.plan.zones)
        until = now() + self.ctx.pace.capacity
        last: AwsError | None = None
        asked_zones: list[str] = []
        codes: set[str | None] = set()
        for zone in zones:
            if last is not None:
                if now() > until:
                    break
                self.report_step("no capacity", f"{last.summary.rstrip('.')}; trying {zone}")
            asked_zones.append(zone)
            try:
                return await self.send_call(run_instances_params(self.plan, key, group_id, zone), zone)
            except QuotaError as error:
                raise await self.with_quota(error) from None
            except AwsError as error:
                if not isinstance(error, CapacityError):  # no other zone can mend it
                    raise
                if error.code in _CAPACITY_CODES:  # EC2's own message lacks type and zone for spot instances
                    error.summary = f"AWS has no {request.type_text}{f' in {zone}' if zone else ''} right now."
                last = error
                codes.add(error.code)
        assert last is not None
        if last.code == _UNSUPPORTED and len(asked_zones) == len(zones):
            raise last
        left = zones[len(asked_zones) :]
        late = f" There was no time left to ask {join_words(left, 'or')}." if left else ""
        if codes == {_NO_ADDRESSES_CODE}:
            last.summary = f"The subnet{_zones_text(asked_zones)} has no free addresses.{late}"
            raise last
        summary = f"AWS has no {request.type_text} right now{_zones_text(asked_zones)}.{late}"
        raise _no_capacity_error(request, asked_zones, last.code, summary)

    async def send_call(self, call: Mapping[str, Any], zone: str) -> tuple[Instance, str]:
        """Write the intent of one call to the journal, then send it."""
        ctx, journal = self.ctx, self.ctx.store.launches
        token, location = str(uuid.uuid4()), ctx.session.location
        sent = {**call, "ClientToken": token}
        intent = LaunchIntent(
            token, self.plan.request, sent, location.region, location.profile, ctx.clock(), endpoint=location.endpoint,
            process=os.getpid(), activity=self.entry.id or 0, account=(await known_account(ctx)).number,
        )  # fmt: skip
        is_sent = False
        try:
            await run_to_completion(asyncio.to_thread(journal.add, intent, self.planned_at), ctx.pace.completion)
            self.report_step("requested", f"Asking for {self.plan.request.type}" + (f" in {zone}" if zone else ""))
            is_sent = True
            instance = await self.await_answer(sent, token)
        except BaseException as error:
            if (stage := _stage_after(error, is_sent)) is not None:
                with self.report_store_errors():
                    journal.update(token, stage=stage, error=str(error))
            journal.release(token)
            raise
        self.entry.subject = instance.id
        with self.report_store_errors():
            journal.update(token, stage="launched", instance_id=instance.id)
        self.report_step("requested", f"{instance.id} in {instance.zone}")
        return instance, token

    async def await_answer(self, call: Mapping[str, Any], token: str) -> Instance:
        """Send the call. After a cancellation waits for its end, to say what is left behind."""
        ctx = self.ctx

        def on_cancel(sent: asyncio.Task[Instance]) -> None:
            self.entry.left_behind = "The next start checks whether it was launched."
            if sent.done() and not sent.cancelled() and sent.exception() is None:
                instance = sent.result()
                self.entry.subject = instance.id
                with self.report_store_errors():
                    ctx.store.launches.update(token, stage="found", instance_id=instance.id)
                self.entry.left_behind = f"{instance.id} was launched: it keeps running, and costs money."

        try:
            return await run_to_completion(aws.run_instances(ctx.session, call), ctx.pace.completion, on_cancel)
        except AwsError as error:
            if error.may_be_done:
                return await self.check_after_no_answer(error, token)
            if isinstance(error, UnreachableError):
                error.remedy = f"Nothing was launched. {error.remedy}".strip()
            raise

    async def check_after_no_answer(self, error: AwsError, token: str) -> Instance:
        """AWS may have launched it without an answer: look for it. Raises the error if there is none."""
        ctx = self.ctx
        self.report_step("requested", f"{error.summary} Checking whether it was launched.")
        try:
            found = await _find_launched(ctx, token, since=ctx.clock())
        except Fe2Error as unread:
            raise unknown_result_error(
                f"We don't know whether {self.plan.request.name} was launched", error, unread, _CHECKED_LATER
            ) from error
        if found is None:
            error.remedy = f"Nothing was launched. {error.remedy}".strip()
            raise error
        return found

    async def with_quota(self, error: QuotaError) -> QuotaError:
        """The error with the number of the quota, which EC2's own message lacks for spot instances."""
        if error.code != _SPOT_QUOTA_CODE:
            return error
        most = await in_time(lambda: spot_vcpu_quota(self.ctx.session, self.plan.request.type), self.ctx.pace.quota)
        if most is not None:
            allowed = f"at most {most} vCPUs of" if most else "no"
            error.summary = f"Your account may run {allowed} spot instances of this family{'' if most else ' yet'}."
        return error

    async def wait_until_ready(self, instance: Instance) -> Instance:
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


def _no_capacity_error(request: LaunchRequest, zones: Sequence[str], code: str | None, summary: str) -> NoCapacityError:
    ways = ["Wait and try again", *(["leave the zone open"] if request.zone else [])]
    ways += ["choose another type", "launch it on demand"] if request.is_spot else ["choose another type or region"]
    return NoCapacityError(
        summary, f"{', '.join(ways[:-1])}, or {ways[-1]}.", zones=zones, type_name=request.type, code=code
    )


def _zones_text(zones: Sequence[str]) -> str:
    """`` in us-east-2a or us-east-2b``; empty if AWS chose the zone."""
    return f" in {join_words(list(zones), 'or')}" if any(zones) else ""


def _stage_after(error: BaseException, is_sent: bool) -> str | None:
    """The stage of an intent after an error; None if the result is unknown: ``recover_launches`` checks it."""
    if isinstance(error, UnknownResultError):
        return None
    if not is_sent or (isinstance(error, AwsError) and error.may_be_done):  # looked for, and not found
        return "abandoned"
    return "failed" if isinstance(error, Fe2Error) else None


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
    async with _begin(ctx, request, shared_lookups) as (lookups, entry):
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
            # tried again only if AWS has answered before, and nothing was launched
            if self.last_error is None or self.entry.subject or isinstance(error, UnknownResultError):
                raise
            return error.summary.rstrip(".")

    async def wait_for_next_try(self, words: str) -> None:
        """Wait for the next try. Raises NoCapacityError if there is no time for one."""
        ctx, error, now = self.ctx, self.last_error, self.ctx.clock()
        assert error is not None
        if now >= self.deadline:
            times = "once" if self.tries == 1 else f"{self.tries} times"
            what = f"{self.request.type_text}{_zones_text(error.zones)}"
            summary = f"AWS had no {what} until {self.deadline_text}: asked {times}."
            raise _no_capacity_error(self.request, error.zones, error.code, summary) from error
        waiting = f"Nothing was launched so far: {words}. It tries again until {self.deadline_text}."
        update_entry(ctx, self.entry, waiting)
        following = min(now + timedelta(seconds=self.interval), self.deadline)
        step, self.entry.left_behind = "waiting", "Nothing was launched."
        while (left := (following - ctx.clock()).total_seconds()) > 0:
            when = f"{_ordinal(self.tries + 1)} time, until {self.deadline_text}"
            again = f"trying again in {round(left) or 1} s ({when})"
            ctx.report_step("launch", step, f"{words}; {again}", label=self.request.name)
            await asyncio.sleep(min(ctx.pace.poll, left))
            step = COUNTDOWN
        self.entry.left_behind = ""

    @property
    def deadline_text(self) -> str:
        """When it gives up, in this computer's time zone; with the date if that is not today."""
        here, today = self.deadline.astimezone(), self.ctx.clock().astimezone()
        return f"{here:%H:%M}" if here.date() == today.date() else f"{here.day} {here:%b %H:%M}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


async def _find_launched(ctx: Context, token: str, *, since: datetime) -> Instance | None:
    """The instance of a RunInstances call sent at ``since``; None if EC2 does not show one within ``pace.settle``.

    Raises UnreachableError if AWS could not be asked after that time.
    """
    return await wait_until_shown(ctx, since, lambda: aws.instance_by_client_token(ctx.session, token))


async def recover_launches(ctx: Context, *, waits: bool = True) -> list[Outcome]:
    """Look up launches whose process ended before it knew the result. Each is reported once. Launches nothing.

    ``waits`` until EC2 would show an instance that was launched a moment ago; else each is looked for once, and one
    that may still appear is left for the next time.

    An outcome's ``subject`` is the instance's id; empty for one that was never launched (its error says so, and it can
    be launched again). What cannot be looked up now is left for the next time. Other activity that a dead process left
    open is closed.
    """
    if not waits:
        if not await asyncio.to_thread(ctx.store.launches.has_open):
            return []
        ctx = replace(ctx, pace=replace(ctx.pace, settle=0.0))
    intents = await asyncio.to_thread(ctx.store.launches.claim_open, await known_account(ctx))
    try:
        outcomes = await asyncio.gather(*(_recover_launch(ctx, intent) for intent in intents))
    finally:
        for intent in intents:
            ctx.store.launches.release(intent.token)
    await asyncio.to_thread(ctx.store.activity.close_orphans, ctx.clock())
    return list(outcomes)


async def _recover_launch(ctx: Context, intent: LaunchIntent) -> Outcome:
    name, journal, now = intent.request.name, ctx.store.launches, ctx.clock()
    ctx.report_step("launch", "recover", f"Checking whether {name} was launched", label=name)
    # without an answer the call is sent again, with the same token
    last_sent = now if now - intent.created_at < _MAY_STILL_BE_SENT else intent.created_at
    try:
        async with in_region(ctx, intent.region) as there:
            instance = await _find_launched(there, intent.token, since=last_sent)
    except Fe2Error as error:
        error.remedy = f"We don't know yet whether {name} was launched. {error.remedy}".strip()
        return Outcome(intent.instance_id or "", name, "not known yet", error)
    if instance is None and intent.instance_id is None:
        if ctx.pace.settle == 0 and last_sent == now:
            return Outcome("", name, "EC2 does not show it yet. The next command looks again.")
        never = StateError(
            f"{name} was never launched: the program ended before it could ask AWS.",
            "Nothing is left behind. Launch it again if you still want it.",
        )
        journal.update(intent.token, stage="abandoned", error=never.summary)
        _close_entry(ctx, intent, "failed", never.summary, never.remedy)
        return Outcome("", name, "was never launched", never)
    instance_id = instance.id if instance is not None else intent.instance_id or ""
    where = f" at {instance.public_address}" if instance is not None and instance.public_address else ""
    state = f"it is {instance.state}{where}" if instance is not None else "EC2 does not show it any more"
    words = f"{name} ({instance_id}) was launched; {state}."
    journal.update(intent.token, stage="found", instance_id=instance_id)
    _close_entry(ctx, intent, "done", words, subject=instance_id)
    return Outcome(instance_id, name, words)


def _close_entry(
    ctx: Context, intent: LaunchIntent, result: str, words: str, remedy: str = "", subject: str | None = None
) -> None:
    if intent.activity:
        ctx.store.activity.end(intent.activity, result, words, remedy, None, ctx.clock(), subject=subject)
