"""Change an instance's type: stop it, modify it, start it again, wait until ssh answers."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from fe2tui.aws import instances as aws
from fe2tui.aws import types
from fe2tui.aws.ec2_fleets import with_ec2_fleet_types
from fe2tui.aws.session import Session
from fe2tui.errors import (
    AwsError,
    CapacityError,
    CredentialsError,
    DeniedError,
    Fe2Error,
    FieldError,
    ReadOnlyError,
    StartAfterChangeError,
    StateError,
    ThrottledError,
    UnknownResultError,
    UnreachableError,
)
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_group import stop_sentences
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.model.money.rates import HOURS_A_MONTH, instance_per_hour
from fe2tui.model.progress import Outcome, ignore_progress
from fe2tui.model.text import dollars
from fe2tui.model.type_change import TypeChangeIntent
from fe2tui.model.type_compatibility import change_effects, fixed_type_reason, incompatibility_reason
from fe2tui.tasks import usage_history
from fe2tui.tasks.batch import change_states
from fe2tui.tasks.context import (
    ActivityEntry,
    Context,
    activity_entry,
    in_region,
    known_account,
    report_store_errors,
    run_to_completion,
    unknown_result_error,
    update_entry,
    wait_for_states,
    wait_until_shown,
)
from fe2tui.tasks.names import read_instance
from fe2tui.tasks.power import may_pass, start_again
from fe2tui.tasks.read_fleet import with_costs
from fe2tui.tasks.readiness import wait_until_ready
from fe2tui.tasks.type_catalogue import TypeCatalogueCache

COMMAND = "change type"
_STOPPING_TIMEOUT = 3.0  # seconds for an instance of an earlier change to stop
_UNRELATED_TO_TYPE = (CredentialsError, DeniedError, ReadOnlyError, ThrottledError, UnreachableError)


@dataclass(frozen=True, slots=True)
class TypeChange:
    """What changing an instance's type would do. ``error`` says why it is not possible.

    Prices are on demand, dollars an hour of the instance alone while it runs (its volumes cost the same); None if
    unknown. A month has 730 hours. ``sentences`` say what changes, the most important first.
    """

    instance: Instance
    to: str
    old: InstanceType | None
    new: InstanceType | None
    error: FieldError | None = None
    per_hour_before: Decimal | None = None
    per_hour_after: Decimal | None = None
    sentences: tuple[str, ...] = ()

    @property
    def difference_per_hour(self) -> Decimal | None:
        """Dollars an hour more; negative if less."""
        if self.per_hour_before is None or self.per_hour_after is None:
            return None
        return self.per_hour_after - self.per_hour_before

    @property
    def group_sentences(self) -> tuple[str, ...]:
        """What AWS does because the instance is stopped for the change."""
        return stop_sentences([self.instance]) if self.instance.state in (State.RUNNING, State.PENDING) else ()

    def needs_agreement(self, start: bool | None) -> bool:
        """Whether the account pays more afterwards, or may, or AWS may replace the instance: a person agrees to that
        first. ``start`` as in ``change_type``.
        """
        if self.group_sentences:
            return True
        was_running = self.instance.state in (State.RUNNING, State.PENDING)
        if not (was_running if start is None else start):
            return False
        return not was_running or self.difference_per_hour is None or self.difference_per_hour > 0

    @property
    def difference_per_month(self) -> Decimal | None:
        hour = self.difference_per_hour
        return None if hour is None else hour * HOURS_A_MONTH


def plan_type_change(instance: Instance, to: str, catalogue: TypeCatalogue | None, fleet: Fleet) -> TypeChange:
    """What changing the instance to that type would do. Does not ask AWS.

    Without a catalogue, which some logins may not read, nothing is checked: the plan has the prices alone.
    """
    old, new = (catalogue.types.get(instance.type), catalogue.types.get(to)) if catalogue else (None, None)
    plan = TypeChange(
        instance,
        to,
        old,
        new,
        per_hour_before=instance_per_hour(instance, fleet.prices),
        per_hour_after=instance_per_hour(replace(instance, type=to), fleet.prices),
    )
    if catalogue is None:
        return replace(plan, sentences=(_cost_sentence(plan), *plan.group_sentences))
    if new is None:
        return replace(plan, error=types.unknown_type_error(to))
    if never := fixed_type_reason(instance):
        plan = replace(plan, error=FieldError("type", f"{never}.", _alternative(instance)))
    elif reason := incompatibility_reason(instance, old, new, catalogue.zones_of(to)):
        plan = replace(plan, error=_incompatible_error(instance, to, reason))
    return replace(plan, sentences=(_cost_sentence(plan), *plan.group_sentences, *change_effects(instance, old, new)))


async def read_type_change(ctx: Context, instance: Instance, to: str) -> TypeChange:
    """The prices of a change, as a plan without a catalogue. Raises as ``change_type`` if it is not possible."""
    to = to.strip().lower()
    (instance,) = await with_ec2_fleet_types(ctx.session, [instance])
    fleet = Fleet(ctx.session.location, ctx.clock(), {instance.id: instance})
    _, prices = await asyncio.gather(_require_possible(ctx, instance, to, None), with_costs(ctx, fleet, ()))
    return plan_type_change(instance, to, None, prices)


async def change_type(
    ctx: Context,
    instance_id: str,
    to: str,
    *,
    stop: bool = False,
    start: bool | None = None,
    wait: bool = True,
    catalogues: TypeCatalogueCache | None = None,
    known: Instance | None = None,
) -> Instance:
    """Change an instance's type; a running one is stopped for it if ``stop`` allows that, and started again.

    ``start`` None starts it if it ran before; ``wait`` then waits until ssh answers. The steps are stop, stopped, type,
    start, running, ssh answers, ready; it can be cancelled between them, and says how the instance is left. Raises
    StateError for a running instance that must not be stopped, FieldError("type") for a type that it cannot have, both
    before anything is sent; StartAfterChangeError if AWS has no capacity for the new type. If AWS refuses the change,
    an instance that was stopped for it is started again.
    """
    to = to.strip().lower()
    instance = known if known is not None else await read_instance(ctx, instance_id)
    await usage_history.record_instances(ctx, [instance])
    with activity_entry(ctx, COMMAND, instance.label, instance.id) as entry:
        await _require_possible(ctx, instance, to, catalogues)
        is_running = instance.state in (State.RUNNING, State.PENDING)
        if is_running and not stop:
            raise _not_stopped_error(instance, "Stop it first, or allow the change to stop it: stop=True.")
        return await _TypeChanger(ctx, entry, instance, instance.type, to).run(
            is_running if start is None else start, wait
        )


async def revert_type(ctx: Context, instance_id: str, old_type: str) -> Instance:
    """Give a stopped instance its old type back, start it and wait until ssh answers: for after StartAfterChangeError.

    Raises CapacityError, not StartAfterChangeError, if AWS has no capacity for the old type either.
    """
    instance = await read_instance(ctx, instance_id)
    await usage_history.record_instances(ctx, [instance])
    with activity_entry(ctx, COMMAND, instance.label, instance.id) as entry:
        if instance.state not in (State.STOPPED, State.STOPPING):
            raise _not_stopped_error(instance, "Stop it first.")
        return await _TypeChanger(ctx, entry, instance, instance.type, old_type, is_revert=True).run(True, True)


@dataclass(slots=True)
class _TypeChanger:
    ctx: Context
    entry: ActivityEntry
    instance: Instance
    old: str
    new: str
    is_revert: bool = False
    was_stopped: bool = False  # by us
    open_token: str = ""  # in the journal, while the next start of this program would start it again

    async def run(self, starts: bool, wait: bool) -> Instance:
        try:
            changed = await self.perform(starts, wait)
        except BaseException as error:
            is_stopped = self.was_stopped or isinstance(error, UnknownResultError)
            if self.open_token and is_stopped and isinstance(error, Fe2Error) and may_pass(error):
                label = self.instance.label
                _add_remedy(error, f"If {label} is stopped then, the next start of this program starts it again.")
                self.ctx.store.type_changes.release(self.open_token)
            else:
                self.close_intent()
            raise
        await usage_history.record_instances(self.ctx, [changed])
        return changed

    async def perform(self, starts: bool, wait: bool) -> Instance:
        try:
            await self.stop_if_running(starts)
        except UnknownResultError as error:
            _add_remedy(error, f"It is {self.old} still.")
            raise
        except Fe2Error as error:
            _add_remedy(error, self.entry.left_behind)
            raise
        if self.new != self.old:
            await self.modify_type()
        if starts:
            return await self.start(wait)
        self.entry.words = f"{self.change_text}; stopped"
        return await read_instance(self.ctx, self.instance.id)

    async def open_intent(self) -> None:
        """Record that the instance has to be started again, for the next start if this program is killed."""
        ctx, instance, location = self.ctx, self.instance, self.ctx.session.location
        with report_store_errors(ctx, COMMAND, instance.id, instance.label):
            intent = TypeChangeIntent(
                str(uuid.uuid4()), instance.id, instance.label, self.new, location.region, location.profile,
                location.endpoint, ctx.clock(), activity=self.entry.id or 0, account=(await known_account(ctx)).number,
            )  # fmt: skip
            await asyncio.to_thread(ctx.store.type_changes.add, intent)
            self.open_token = intent.token

    def close_intent(self) -> None:
        token, self.open_token = self.open_token, ""
        if token:
            with report_store_errors(self.ctx, COMMAND, self.instance.id, self.instance.label):
                self.ctx.store.type_changes.end(token)
            self.ctx.store.type_changes.release(token)

    async def stop_if_running(self, starts: bool) -> None:
        state = self.instance.state
        if state is State.STOPPED:
            self.entry.left_behind = f"It is stopped, and still {self.old}."
            return
        self.entry.left_behind = f"Nothing was changed: it is {self.old}."
        if state is State.PENDING:
            self.report_step("stop", "is still starting; waiting")
            await self.wait_for_state(State.RUNNING)
        if state is not State.STOPPING:
            if starts:
                await self.open_intent()
            self.report_step("stop", "stopping")
            update_entry(self.ctx, self.entry, f"It was asked to stop for that, and was still {self.old}.")
            await run_to_completion(self.send_stop(), self.ctx.pace.completion)
        await self.wait_for_state(State.STOPPED)
        self.entry.left_behind = f"It is stopped, and still {self.old}."
        update_entry(self.ctx, self.entry, f"It was stopped for that, and was still {self.old}.")
        self.report_step("stopped", "is stopped")

    async def send_stop(self) -> None:
        await self.send_change(aws.stop_instances, "stopping")
        self.was_stopped = True
        self.entry.left_behind = f"It was asked to stop, and is still {self.old}."

    async def send_change(self, send: Callable[[Session, Sequence[str]], Awaitable[object]], change: str) -> None:
        ctx, key = self.ctx, self.instance.id
        act = partial(send, ctx.session)
        if error := (await change_states(ctx, {key: self.instance}, [key], act, change))[key]:
            raise error

    async def modify_type(self) -> None:
        self.report_step("type", f"from {self.old} to {self.new}")
        try:
            await run_to_completion(self.send_modify(), self.ctx.pace.completion)
        except Fe2Error as error:
            if isinstance(error, AwsError) and error.may_be_done:
                await self.check_after_no_answer(error)
                return
            await self.start_with_old_type(error)
            raise

    async def send_modify(self) -> None:
        await types.modify_instance_type(self.ctx.session, self.instance.id, self.new)
        self.entry.left_behind = f"It is stopped, and {self.new} now."
        update_entry(self.ctx, self.entry, f"It was stopped for that, and was {self.new} already.")

    async def check_after_no_answer(self, error: AwsError) -> None:
        """AWS may have changed the type without an answer: look. Raises the error if the type is unchanged."""
        ctx, label = self.ctx, self.instance.label

        async def read() -> bool | None:
            return (await read_instance(ctx, self.instance.id)).type == self.new or None

        try:
            is_changed = await wait_until_shown(ctx, ctx.clock(), read, within=ctx.pace.shown)
        except Fe2Error as unread:
            raise unknown_result_error(
                f"We don't know whether {label} is {self.new} now", error, unread, f"{label} is stopped."
            ) from error
        if not is_changed:
            await self.start_with_old_type(error)
            raise error
        self.entry.left_behind = f"It is stopped, and {self.new} now."

    async def start_with_old_type(self, error: Fe2Error) -> None:
        """Start an instance that was stopped for a change that AWS refused; the error says how it is left."""
        label = self.instance.label
        if not self.was_stopped:
            _add_remedy(error, f"{label} is stopped, and still {self.old}.")
            return
        lost = isinstance(error, AwsError) and error.may_be_done
        why = "No answer, and nothing was changed" if lost else "AWS refused the change"
        self.report_step("start", f"{why}; starting it again as {self.old}")
        try:
            await run_to_completion(self.send_start(self.old), self.ctx.pace.completion)
        except UnknownResultError as other:
            _add_remedy(error, f"{label} is still {self.old}. {other.summary}")
        except Fe2Error as other:
            _add_remedy(error, f"{label} is stopped, and still {self.old}. It could not be started: {other.summary}")
        else:
            _add_remedy(error, f"{label} is still {self.old}, and starting again.")

    async def start(self, wait: bool) -> Instance:
        ctx, label = self.ctx, self.instance.label
        self.report_step("start", f"starting as {self.new}")
        try:
            await run_to_completion(self.send_start(self.new), self.ctx.pace.completion)
        except _UNRELATED_TO_TYPE as error:
            is_looked_up = isinstance(error, AwsError) and error.may_be_done  # then the error says its state
            _add_remedy(error, f"It is {self.new} now." if is_looked_up else f"{label} is stopped, and {self.new} now.")
            raise
        except Fe2Error as error:
            raise self.start_failed_error(error) from error
        if not wait:
            self.entry.words = f"{self.change_text}; starting"
            return await read_instance(ctx, self.instance.id)
        starting = replace(self.instance, type=self.new, state=State.PENDING)
        readiness = (await wait_until_ready(ctx, COMMAND, [starting]))[starting.id]
        if readiness.error is not None:
            if readiness.instance.state in (State.STOPPING, State.STOPPED):
                raise self.start_failed_error(readiness.error) from readiness.error
            _add_remedy(readiness.error, f"{label} was started as {self.new}.")
            raise readiness.error
        self.entry.words = f"{self.change_text}; {readiness.words}"
        return readiness.instance

    async def send_start(self, type_name: str) -> None:
        await self.send_change(aws.start_instances, "starting")
        self.close_intent()
        self.entry.left_behind = f"It is starting as {type_name}."
        update_entry(self.ctx, self.entry, f"It was being started as {type_name}.")

    def start_failed_error(self, error: Fe2Error) -> Fe2Error:
        label, zone = self.instance.label, self.instance.zone
        why = error.summary.rstrip(".")
        if error.code == "InsufficientInstanceCapacity":
            why = f"AWS has no {self.new} in {zone} right now"
        summary = f"{why}: {label} is stopped, and {self.new} now."
        if self.is_revert:
            return CapacityError(summary, "Start it later, or choose another type.", code=error.code)
        return StartAfterChangeError(
            summary,
            f"Change it back to {self.old}, choose another type, or start it later.",
            instance_id=self.instance.id,
            old_type=self.old,
            new_type=self.new,
            code=error.code,
        )

    @property
    def change_text(self) -> str:
        return self.new if self.new == self.old else f"{self.new} in place of {self.old}"

    async def wait_for_state(self, state: State) -> None:
        seen = await wait_for_states(self.ctx, [self.instance.id], state)
        await usage_history.record_instances(self.ctx, seen.values())

    def report_step(self, step: str, words: str) -> None:
        self.ctx.report_step(COMMAND, step, words, subject=self.instance.id, label=self.instance.label)


async def _require_possible(ctx: Context, instance: Instance, to: str, catalogues: TypeCatalogueCache | None) -> None:
    if never := fixed_type_reason(instance):
        raise StateError(f"{never}.", _alternative(instance))
    if instance.type == to:
        raise FieldError("type", f"{instance.label} is {to} already.", "Choose another type.")
    old, new, zones = await _read_types(ctx, instance.type, to, catalogues)
    if new is None and zones == ():
        raise types.unknown_type_error(to)
    if new is not None and (reason := incompatibility_reason(instance, old, new, zones)):
        raise _incompatible_error(instance, to, reason)


async def resume_type_changes(ctx: Context) -> list[Outcome]:
    """Start instances that were stopped for another type by a program that was killed, or that AWS did not answer.

    Waits seconds only: an instance that still stops is left for the next time, and reported each time.
    """
    pace = replace(ctx.pace, states=min(ctx.pace.states, _STOPPING_TIMEOUT))
    quick = replace(ctx, report=ignore_progress, pace=pace)
    outcomes = []
    for intent in await asyncio.to_thread(ctx.store.type_changes.claim_open, await known_account(ctx)):
        try:
            outcomes.append(await _resume_type_change(quick, intent))
        finally:
            ctx.store.type_changes.release(intent.token)
    return outcomes


async def _resume_type_change(ctx: Context, intent: TypeChangeIntent) -> Outcome:
    key, label = intent.instance_id, intent.label
    what = f"The change of {label} to {intent.new_type} was cut short."
    if ctx.session.read_only:
        words = f"{what} If {label} is stopped, the next command that is not read-only starts it again."
        return Outcome(key, label, words)
    try:
        async with in_region(ctx, intent.region) as there:
            result = await start_again(there, key, label, intent.stopped_at, waits_for_stop=True)
    except Fe2Error as error:
        return Outcome(key, label, f"{what} {label} is not started yet: {error.summary}")
    words, instance = f"{what} {result.words}", result.instance
    is_changed = instance is not None and instance.type == intent.new_type
    if instance is not None:
        words += f" Its type is {instance.type}."
    if not is_changed:
        words += f" Change it again if you still want {intent.new_type}."
    # EC2 may show it running for a moment after the call that stops it
    is_recent = ctx.clock() - intent.stopped_at < timedelta(seconds=ctx.pace.settle)
    if result.is_open or (is_recent and instance is not None and instance.state is State.RUNNING):
        return Outcome(key, label, words)
    ctx.store.type_changes.end(intent.token)
    if intent.activity:
        ctx.store.activity.end(intent.activity, "done" if is_changed else "failed", words, at=ctx.clock())
    return Outcome(key, label, words, result.error)


async def _read_types(
    ctx: Context, old: str, to: str, catalogues: TypeCatalogueCache | None
) -> tuple[InstanceType | None, InstanceType | None, tuple[str, ...] | None]:
    """Both types and the zones that offer the new one; None for what the login may not read."""
    catalogue = catalogues.cached(ctx.session.location) if catalogues is not None else None
    if catalogue is not None and to in catalogue.types:
        return catalogue.types.get(old), catalogue.types[to], catalogue.zones_of(to)
    new, zones = await asyncio.gather(
        _none_if_denied(types.instance_type(ctx.session, to)), _none_if_denied(types.zones_offering(ctx.session, to))
    )
    return None, new, None if zones is None else tuple(zones)


async def _none_if_denied(reading: Coroutine[Any, Any, Any]) -> Any:
    with suppress(DeniedError):
        return await reading
    return None


def _not_stopped_error(instance: Instance, remedy: str) -> StateError:
    return StateError(
        f"{instance.label} is {instance.state}, and its type can only be changed while it is stopped.", remedy
    )


def _alternative(instance: Instance) -> str:
    """The remedy for an instance whose type can never change."""
    return "" if instance.state.is_gone else "Freeze it into an image, and launch that with the other type."


def _incompatible_error(instance: Instance, to: str, reason: str) -> FieldError:
    return FieldError("type", f"{instance.label} cannot be changed to {to}: {reason}.", "Choose another type.")


def _add_remedy(error: Fe2Error, words: str) -> None:
    error.remedy = f"{error.remedy} {words}".strip()


def _cost_sentence(plan: TypeChange) -> str:
    before, after = plan.per_hour_before, plan.per_hour_after
    if after is None:
        return f"Price unknown: there is no price of {plan.to}."
    if before is None:
        costs = f"While it runs, it costs ${_exact_dollars(after)} an hour"
        return f"{costs}; the price of {plan.instance.type} is not known."
    if after == before:
        return "It costs the same."
    more, hour = "more" if after > before else "less", abs(after - before)
    return (
        f"While it runs, it costs ${_exact_dollars(hour)} an hour {more} "
        f"(${_exact_dollars(after)} in place of ${_exact_dollars(before)}): "
        f"{dollars(hour * HOURS_A_MONTH, sign='$')} {more} over a full month."
    )


def _exact_dollars(amount: Decimal) -> str:
    """Dollars with as many decimals as the price has: two to five."""
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return dollars(amount, min(places, 5))
