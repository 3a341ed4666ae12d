"""Another type for an instance: stopped, changed, started again, until ssh answers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from fe2tui.aws import instances as aws
from fe2tui.aws import types
from fe2tui.errors import (
    CapacityError,
    CredentialsError,
    DeniedError,
    Fe2Error,
    FieldError,
    NotFoundError,
    ReadOnlyError,
    StartAfterChangeError,
    StateError,
    ThrottledError,
    UnreachableError,
)
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.model.money.rates import HOURS_A_MONTH, instance_per_hour
from fe2tui.model.text import dollars
from fe2tui.model.type_compatibility import change_effects, fixed_type_reason, incompatibility_reason
from fe2tui.tasks import usage_history
from fe2tui.tasks.context import ActivityEntry, Context, activity_entry, run_to_completion, update_entry
from fe2tui.tasks.readiness import wait_until_ready
from fe2tui.tasks.type_catalogue import TypeCatalogueCache

COMMAND = "change type"
_UNRELATED_TO_TYPE = (CredentialsError, DeniedError, ReadOnlyError, ThrottledError, UnreachableError)


@dataclass(frozen=True, slots=True)
class TypeChange:
    """What changing an instance's type would mean. ``error`` says why it cannot be.

    Dollars are of the machine alone, on demand, while it runs; its disks cost what they did. A month is 730 hours. None
    where a price is not known. ``sentences`` say what changes with it, in the order of their weight.
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
        """Dollars an hour more, or less when negative."""
        if self.per_hour_before is None or self.per_hour_after is None:
            return None
        return self.per_hour_after - self.per_hour_before

    @property
    def difference_per_month(self) -> Decimal | None:
        """Dollars more in a month of running all the time, or less when negative."""
        hour = self.difference_per_hour
        return None if hour is None else hour * HOURS_A_MONTH


def plan_type_change(instance: Instance, to: str, catalogue: TypeCatalogue, fleet: Fleet) -> TypeChange:
    """What it would mean to give the instance that type. Nothing is asked of AWS."""
    old, new = catalogue.types.get(instance.type), catalogue.types.get(to)
    plan = TypeChange(
        instance,
        to,
        old,
        new,
        per_hour_before=instance_per_hour(instance, fleet.prices),
        per_hour_after=instance_per_hour(replace(instance, type=to), fleet.prices),
    )
    if new is None:
        return replace(plan, error=types.unknown_type_error(to))
    if never := fixed_type_reason(instance):
        plan = replace(plan, error=FieldError("type", f"{never}.", _alternative(instance)))
    elif reason := incompatibility_reason(instance, old, new, catalogue.zones_of(to)):
        plan = replace(plan, error=_incompatible_error(instance, to, reason))
    return replace(plan, sentences=(_cost_sentence(plan), *change_effects(instance, old, new)))


async def change_type(
    ctx: Context,
    instance_id: str,
    to: str,
    *,
    stop: bool = False,
    start: bool | None = None,
    wait: bool = True,
    catalogues: TypeCatalogueCache | None = None,
) -> Instance:
    """Give an instance another type; one that runs is stopped for it if ``stop`` says so, and started again.

    ``start`` None starts it if it ran before; ``wait`` waits until ssh answers then. The steps are stop, stopped, type,
    start, running, ssh answers, ready; between them it can be cancelled, and says how the instance is left. Raises
    StateError for one that runs and is not to be stopped, FieldError("type") for a type that it cannot become, both
    before anything is sent; StartAfterChangeError when AWS has no machine of the new type for it. Where AWS refuses the
    change, an instance that was stopped for it is started again.
    """
    to = to.strip().lower()
    instance = await _read_instance(ctx, instance_id)
    await usage_history.record_instances(ctx, [instance])
    with activity_entry(ctx, COMMAND, instance.label, instance.id) as entry:
        await _check_possible(ctx, instance, to, catalogues)
        is_running = instance.state in (State.RUNNING, State.PENDING)
        if is_running and not stop:
            raise StateError(
                f"{instance.label} is {instance.state}, and a type can only be changed while it is stopped.",
                "Stop it first, or have it stopped for the change: stop=True.",
            )
        return await _TypeChanger(ctx, entry, instance, instance.type, to).run(
            is_running if start is None else start, wait
        )


async def revert_type(ctx: Context, instance_id: str, old_type: str) -> Instance:
    """Give a stopped instance its old type again, and start it, until ssh answers: for after StartAfterChangeError.

    Raises CapacityError, and no StartAfterChangeError, when AWS has no machine of the old type any more.
    """
    instance = await _read_instance(ctx, instance_id)
    await usage_history.record_instances(ctx, [instance])
    with activity_entry(ctx, COMMAND, instance.label, instance.id) as entry:
        if instance.state not in (State.STOPPED, State.STOPPING):
            raise StateError(f"{instance.label} is {instance.state}: its type is left as it is.")
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

    async def run(self, starts: bool, wait: bool) -> Instance:
        changed = await self.perform(starts, wait)
        await usage_history.record_instances(self.ctx, [changed])
        return changed

    async def perform(self, starts: bool, wait: bool) -> Instance:
        try:
            await self.stop_if_running()
        except Fe2Error as error:
            _add_remedy(error, self.entry.left_behind)
            raise
        if self.new != self.old:
            await self.modify_type()
        if starts:
            return await self.start(wait)
        self.entry.words = f"{self.change_text}; stopped"
        return await _read_instance(self.ctx, self.instance.id)

    async def stop_if_running(self) -> None:
        state = self.instance.state
        if state is State.STOPPED:
            self.entry.left_behind = f"It is stopped, and still {self.old}."
            return
        self.entry.left_behind = f"Nothing was changed: it is {self.old}."
        if state is State.PENDING:
            self.report_step("stop", "is still starting; waiting")
            await self.wait_for_state(State.RUNNING)
        if state is not State.STOPPING:
            self.report_step("stop", "stopping")
            update_entry(self.ctx, self.entry, f"It was told to stop for that, and was {self.old} still.")
            await self.run_to_completion(self.send_stop())
        await self.wait_for_state(State.STOPPED)
        self.entry.left_behind = f"It is stopped, and still {self.old}."
        update_entry(self.ctx, self.entry, f"It was stopped for that, and {self.old} still.")
        self.report_step("stopped", "is stopped")

    async def send_stop(self) -> None:
        await aws.stop_instances(self.ctx.session, [self.instance.id])
        self.was_stopped = True
        self.entry.left_behind = f"It was told to stop, and is still {self.old}."

    async def modify_type(self) -> None:
        self.report_step("type", f"from {self.old} to {self.new}")
        try:
            await self.run_to_completion(self.send_modify())
        except UnreachableError as error:
            await self.check_after_no_answer(error)
        except Fe2Error as error:
            await self.start_with_old_type(error)
            raise

    async def send_modify(self) -> None:
        await types.modify_instance_type(self.ctx.session, self.instance.id, self.new)
        self.entry.left_behind = f"It is stopped, and {self.new} now."
        update_entry(self.ctx, self.entry, f"It was stopped for that, and {self.new} already.")

    async def check_after_no_answer(self, error: UnreachableError) -> None:
        """No answer says nothing of what AWS did: look. Raises the error when the type is as it was."""
        try:
            found = await _read_instance(self.ctx, self.instance.id)
        except Fe2Error:
            _add_remedy(
                error, f"{self.instance.label} is stopped; whether it is {self.old} or {self.new} is not known."
            )
            raise error from None
        if found.type != self.new:
            await self.start_with_old_type(error)
            raise error
        self.entry.left_behind = f"It is stopped, and {self.new} now."

    async def start_with_old_type(self, error: Fe2Error) -> None:
        """Start again what was stopped for a change that AWS refused; the error says how it is left."""
        label = self.instance.label
        if not self.was_stopped:
            _add_remedy(error, f"{label} is {self.old} still, and stopped.")
            return
        why = "No answer, and nothing was changed" if isinstance(error, UnreachableError) else "AWS refused the change"
        self.report_step("start", f"{why}; starting it again as {self.old}")
        try:
            await self.run_to_completion(self.send_start(self.old))
        except Fe2Error as other:
            _add_remedy(error, f"{label} is stopped, and {self.old} still; it was not started again: {other.summary}")
        else:
            _add_remedy(error, f"{label} is {self.old} still, and starting again.")

    async def start(self, wait: bool) -> Instance:
        ctx, label = self.ctx, self.instance.label
        self.report_step("start", f"starting as {self.new}")
        try:
            await self.run_to_completion(self.send_start(self.new))
        except _UNRELATED_TO_TYPE as error:
            _add_remedy(error, f"{label} is stopped, and {self.new} now.")
            raise
        except Fe2Error as error:
            raise self.start_failed_error(error) from error
        if not wait:
            self.entry.words = f"{self.change_text}; starting"
            return await _read_instance(ctx, self.instance.id)
        readiness = (
            await wait_until_ready(ctx, COMMAND, [replace(self.instance, type=self.new, state=State.PENDING)])
        )[self.instance.id]
        if readiness.error is not None:
            if readiness.instance.state in (State.STOPPING, State.STOPPED):
                raise self.start_failed_error(readiness.error) from readiness.error
            _add_remedy(readiness.error, f"{label} was started as {self.new}.")
            raise readiness.error
        self.entry.words = f"{self.change_text}; {readiness.words}"
        return readiness.instance

    async def send_start(self, type_name: str) -> None:
        await aws.start_instances(self.ctx.session, [self.instance.id])
        self.entry.left_behind = f"It is starting as {type_name}."
        update_entry(self.ctx, self.entry, f"It was being started as {type_name}.")

    def start_failed_error(self, error: Fe2Error) -> Fe2Error:
        label, zone = self.instance.label, self.instance.zone
        why = error.summary.rstrip(".")
        if error.code == "InsufficientInstanceCapacity":
            why = f"AWS has no {self.new} in {zone} right now"
        summary = f"{why}: {label} is stopped, and {self.new} now."
        if self.is_revert:
            return CapacityError(summary, "Try to start it later, or choose another type.", code=error.code)
        return StartAfterChangeError(
            summary,
            f"Change it back to {self.old}, which it was, choose another type, or try to start it later.",
            instance_id=self.instance.id,
            old_type=self.old,
            new_type=self.new,
            code=error.code,
        )

    @property
    def change_text(self) -> str:
        return self.new if self.new == self.old else f"{self.new} in place of {self.old}"

    async def wait_for_state(self, state: State) -> None:
        pace, key = self.ctx.pace, self.instance.id
        seen = await aws.wait_for_states(self.ctx.session, [key], [state], interval=pace.poll, timeout=pace.states)
        await usage_history.record_instances(self.ctx, [seen[key]])

    async def run_to_completion(self, step: Coroutine[Any, Any, None]) -> None:
        await run_to_completion(step, self.ctx.pace.completion)

    def report_step(self, step: str, words: str) -> None:
        self.ctx.report_step(COMMAND, step, words, subject=self.instance.id, label=self.instance.label)


async def _check_possible(ctx: Context, instance: Instance, to: str, catalogues: TypeCatalogueCache | None) -> None:
    """Raises StateError or FieldError("type") where the change cannot be."""
    if never := fixed_type_reason(instance):
        raise StateError(f"{never}.", _alternative(instance))
    if instance.type == to:
        raise FieldError("type", f"{instance.label} is {to} already.", "Choose another type.")
    old, new, zones = await _read_types(ctx, instance.type, to, catalogues)
    if new is None and zones == ():
        raise types.unknown_type_error(to)
    if new is not None and (reason := incompatibility_reason(instance, old, new, zones)):
        raise _incompatible_error(instance, to, reason)


async def _read_types(
    ctx: Context, old: str, to: str, catalogues: TypeCatalogueCache | None
) -> tuple[InstanceType | None, InstanceType | None, tuple[str, ...] | None]:
    """Both types and the zones that offer the new one; None for what this login may not read."""
    catalogue = catalogues.cached(ctx.session.location) if catalogues is not None else None
    if catalogue is not None and to in catalogue.types:
        return catalogue.types.get(old), catalogue.types[to], catalogue.zones_of(to)
    new, zones = await asyncio.gather(
        _none_if_denied(types.instance_type(ctx.session, to)), _none_if_denied(types.zones_offering(ctx.session, to))
    )
    return None, new, None if zones is None else tuple(zones)


async def _none_if_denied(reading: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await reading
    except DeniedError:
        return None


async def _read_instance(ctx: Context, instance_id: str) -> Instance:
    found = await aws.describe_instances(ctx.session, [instance_id])
    if not found:
        raise NotFoundError(f"There is no instance {instance_id} in {ctx.session.region}.", "Look at the region.")
    return found[0]


def _alternative(instance: Instance) -> str:
    """What to do with one whose type can never change."""
    return "" if instance.state.is_gone else "Freeze it into an image, and launch that with the type that is wanted."


def _incompatible_error(instance: Instance, to: str, reason: str) -> FieldError:
    return FieldError("type", f"{instance.label} cannot become {to}: {reason}.", "Choose another type.")


def _add_remedy(error: Fe2Error, words: str) -> None:
    error.remedy = f"{error.remedy} {words}".strip()


def _cost_sentence(plan: TypeChange) -> str:
    hour, month = plan.difference_per_hour, plan.difference_per_month
    if hour is None or month is None:
        if plan.per_hour_after is None:
            return f"Price unknown: what {plan.to} costs an hour is not known."
        return (
            f"While it runs, it costs ${_exact_dollars(plan.per_hour_after)} an hour; "
            f"what {plan.instance.type} costs is not known, and so neither is the difference."
        )
    if not hour:
        return "It costs the same."
    more = "more" if hour > 0 else "less"
    return (
        f"While it runs, it costs ${_exact_dollars(abs(hour))} an hour {more} "
        f"(${_exact_dollars(plan.per_hour_after)} in place of ${_exact_dollars(plan.per_hour_before)}): "
        f"{dollars(abs(month), sign='$')} {more} in a month of running."
    )


def _exact_dollars(amount: Decimal | None) -> str:
    """Dollars with as many decimals as the price has, two at least."""
    assert amount is not None
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return dollars(amount, min(places, 5))
