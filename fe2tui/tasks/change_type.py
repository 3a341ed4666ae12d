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
from fe2tui.model.becoming import what_changes, why_never, why_not
from fe2tui.model.catalogue import Catalogue
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.machine_type import MachineType
from fe2tui.model.money.now import HOURS_A_MONTH, machine_price
from fe2tui.model.words import dollars
from fe2tui.tasks import books
from fe2tui.tasks.catalogue import Catalogues
from fe2tui.tasks.context import Context
from fe2tui.tasks.readiness import until_ready
from fe2tui.tasks.record import Entry, note, recorded, unbroken

COMMAND = "change type"
_NOT_FOR_ITS_TYPE = (CredentialsError, DeniedError, ReadOnlyError, ThrottledError, UnreachableError)


@dataclass(frozen=True, slots=True)
class TypeChange:
    """What changing an instance's type would mean. ``error`` says why it cannot be.

    Dollars are of the machine alone, on demand, while it runs; its disks cost what they did. A month is 730 hours. None
    where a price is not known. ``sentences`` say what changes with it, in the order of their weight.
    """

    instance: Instance
    to: str
    old: MachineType | None
    new: MachineType | None
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


def plan_change(instance: Instance, to: str, catalogue: Catalogue, fleet: Fleet) -> TypeChange:
    """What it would mean to give the instance that type. Nothing is asked of AWS."""
    old, new = catalogue.types.get(instance.type), catalogue.types.get(to)
    plan = TypeChange(
        instance,
        to,
        old,
        new,
        per_hour_before=machine_price(instance, fleet.prices),
        per_hour_after=machine_price(replace(instance, type=to), fleet.prices),
    )
    if new is None:
        return replace(plan, error=types.unknown_type(to))
    if never := why_never(instance):
        plan = replace(plan, error=FieldError("type", f"{never}.", _instead(instance)))
    elif reason := why_not(instance, old, new, catalogue.zones_of(to)):
        plan = replace(plan, error=_misfit(instance, to, reason))
    return replace(plan, sentences=(_cost_words(plan), *what_changes(instance, old, new)))


async def change_type(
    ctx: Context,
    instance_id: str,
    to: str,
    *,
    stop: bool = False,
    start: bool | None = None,
    wait: bool = True,
    known: Catalogues | None = None,
) -> Instance:
    """Give an instance another type; one that runs is stopped for it if ``stop`` says so, and started again.

    ``start`` None starts it if it ran before; ``wait`` waits until ssh answers then. The steps are stop, stopped, type,
    start, running, ssh answers, ready; between them it can be cancelled, and says how the instance is left. Raises
    StateError for one that runs and is not to be stopped, FieldError("type") for a type that it cannot become, both
    before anything is sent; StartAfterChangeError when AWS has no machine of the new type for it. Where AWS refuses the
    change, an instance that was stopped for it is started again.
    """
    to = to.strip().lower()
    instance = await _one(ctx, instance_id)
    await books.note(ctx, [instance])
    with recorded(ctx, COMMAND, instance.label, instance.id) as entry:
        await _check(ctx, instance, to, known)
        runs = instance.state in (State.RUNNING, State.PENDING)
        if runs and not stop:
            raise StateError(
                f"{instance.label} is {instance.state}, and a type can only be changed while it is stopped.",
                "Stop it first, or have it stopped for the change: stop=True.",
            )
        return await _Changing(ctx, entry, instance, instance.type, to).run(runs if start is None else start, wait)


async def change_back(ctx: Context, instance_id: str, old_type: str) -> Instance:
    """Give a stopped instance its old type again, and start it, until ssh answers: for after StartAfterChangeError.

    Raises CapacityError, and no StartAfterChangeError, when AWS has no machine of the old type any more.
    """
    instance = await _one(ctx, instance_id)
    await books.note(ctx, [instance])
    with recorded(ctx, COMMAND, instance.label, instance.id) as entry:
        if instance.state not in (State.STOPPED, State.STOPPING):
            raise StateError(f"{instance.label} is {instance.state}: its type is left as it is.")
        return await _Changing(ctx, entry, instance, instance.type, old_type, goes_back=True).run(True, True)


@dataclass(slots=True)
class _Changing:
    ctx: Context
    entry: Entry
    instance: Instance
    old: str
    new: str
    goes_back: bool = False
    was_stopped: bool = False  # by us

    async def run(self, begins: bool, wait: bool) -> Instance:
        became = await self.made(begins, wait)
        await books.note(self.ctx, [became])
        return became

    async def made(self, begins: bool, wait: bool) -> Instance:
        try:
            await self.stopped()
        except Fe2Error as error:
            _add(error, self.entry.left)
            raise
        if self.new != self.old:
            await self.changed()
        if begins:
            return await self.started(wait)
        self.entry.words = f"{self.became}; stopped"
        return await _one(self.ctx, self.instance.id)

    async def stopped(self) -> None:
        state = self.instance.state
        if state is State.STOPPED:
            self.entry.left = f"It is stopped, and still {self.old}."
            return
        self.entry.left = f"Nothing was changed: it is {self.old}."
        if state is State.PENDING:
            self.step("stop", "is still starting; waiting")
            await self.until(State.RUNNING)
        if state is not State.STOPPING:
            self.step("stop", "stopping")
            note(self.ctx, self.entry, f"It was told to stop for that, and was {self.old} still.")
            await self.sure(self.send_stop())
        await self.until(State.STOPPED)
        self.entry.left = f"It is stopped, and still {self.old}."
        note(self.ctx, self.entry, f"It was stopped for that, and {self.old} still.")
        self.step("stopped", "is stopped")

    async def send_stop(self) -> None:
        await aws.stop(self.ctx.session, [self.instance.id])
        self.was_stopped = True
        self.entry.left = f"It was told to stop, and is still {self.old}."

    async def changed(self) -> None:
        self.step("type", f"from {self.old} to {self.new}")
        try:
            await self.sure(self.send_change())
        except UnreachableError as error:
            await self.after_silence(error)
        except Fe2Error as error:
            await self.as_before(error)
            raise

    async def send_change(self) -> None:
        await types.change_type(self.ctx.session, self.instance.id, self.new)
        self.entry.left = f"It is stopped, and {self.new} now."
        note(self.ctx, self.entry, f"It was stopped for that, and {self.new} already.")

    async def after_silence(self, error: UnreachableError) -> None:
        """No answer says nothing of what AWS did: look. Raises the error when the type is as it was."""
        try:
            found = await _one(self.ctx, self.instance.id)
        except Fe2Error:
            _add(error, f"{self.instance.label} is stopped; whether it is {self.old} or {self.new} is not known.")
            raise error from None
        if found.type != self.new:
            await self.as_before(error)
            raise error
        self.entry.left = f"It is stopped, and {self.new} now."

    async def as_before(self, error: Fe2Error) -> None:
        """Start again what was stopped for a change that AWS refused; the error says how it is left."""
        label = self.instance.label
        if not self.was_stopped:
            _add(error, f"{label} is {self.old} still, and stopped.")
            return
        why = "No answer, and nothing was changed" if isinstance(error, UnreachableError) else "AWS refused the change"
        self.step("start", f"{why}; starting it again as {self.old}")
        try:
            await self.sure(self.send_start(self.old))
        except Fe2Error as other:
            _add(error, f"{label} is stopped, and {self.old} still; it was not started again: {other.summary}")
        else:
            _add(error, f"{label} is {self.old} still, and starting again.")

    async def started(self, wait: bool) -> Instance:
        ctx, label = self.ctx, self.instance.label
        self.step("start", f"starting as {self.new}")
        try:
            await self.sure(self.send_start(self.new))
        except _NOT_FOR_ITS_TYPE as error:
            _add(error, f"{label} is stopped, and {self.new} now.")
            raise
        except Fe2Error as error:
            raise self.not_started(error) from error
        if not wait:
            self.entry.words = f"{self.became}; starting"
            return await _one(ctx, self.instance.id)
        became = (await until_ready(ctx, COMMAND, [replace(self.instance, type=self.new, state=State.PENDING)]))[
            self.instance.id
        ]
        if became.error is not None:
            if became.instance.state in (State.STOPPING, State.STOPPED):
                raise self.not_started(became.error) from became.error
            _add(became.error, f"{label} was started as {self.new}.")
            raise became.error
        self.entry.words = f"{self.became}; {became.words}"
        return became.instance

    async def send_start(self, type_name: str) -> None:
        await aws.start(self.ctx.session, [self.instance.id])
        self.entry.left = f"It is starting as {type_name}."
        note(self.ctx, self.entry, f"It was being started as {type_name}.")

    def not_started(self, error: Fe2Error) -> Fe2Error:
        label, zone = self.instance.label, self.instance.zone
        why = error.summary.rstrip(".")
        if error.code == "InsufficientInstanceCapacity":
            why = f"AWS has no {self.new} in {zone} right now"
        summary = f"{why}: {label} is stopped, and {self.new} now."
        if self.goes_back:
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
    def became(self) -> str:
        return self.new if self.new == self.old else f"{self.new} in place of {self.old}"

    async def until(self, state: State) -> None:
        pace, key = self.ctx.pace, self.instance.id
        seen = await aws.wait_states(self.ctx.session, [key], [state], every=pace.poll, timeout=pace.states)
        await books.note(self.ctx, [seen[key]])

    async def sure(self, step: Coroutine[Any, Any, None]) -> None:
        await unbroken(step, self.ctx.pace.unbroken)

    def step(self, step: str, words: str) -> None:
        self.ctx.step(COMMAND, step, words, subject=self.instance.id, label=self.instance.label)


async def _check(ctx: Context, instance: Instance, to: str, known: Catalogues | None) -> None:
    """Raises StateError or FieldError("type") where the change cannot be."""
    if never := why_never(instance):
        raise StateError(f"{never}.", _instead(instance))
    if instance.type == to:
        raise FieldError("type", f"{instance.label} is {to} already.", "Choose another type.")
    old, new, zones = await _types(ctx, instance.type, to, known)
    if new is None and zones == ():
        raise types.unknown_type(to)
    if new is not None and (reason := why_not(instance, old, new, zones)):
        raise _misfit(instance, to, reason)


async def _types(
    ctx: Context, old: str, to: str, known: Catalogues | None
) -> tuple[MachineType | None, MachineType | None, tuple[str, ...] | None]:
    """Both types and the zones that offer the new one; None for what this login may not read."""
    kept = known.kept(ctx.session.place) if known is not None else None
    if kept is not None and to in kept.types:
        return kept.types.get(old), kept.types[to], kept.zones_of(to)
    new, zones = await asyncio.gather(
        _or_nothing(types.machine_type(ctx.session, to)), _or_nothing(types.zones_offering(ctx.session, to))
    )
    return None, new, None if zones is None else tuple(zones)


async def _or_nothing(asked: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await asked
    except DeniedError:
        return None


async def _one(ctx: Context, instance_id: str) -> Instance:
    found = await aws.describe(ctx.session, [instance_id])
    if not found:
        raise NotFoundError(f"There is no instance {instance_id} in {ctx.session.region}.", "Look at the region.")
    return found[0]


def _instead(instance: Instance) -> str:
    """What to do with one whose type can never change."""
    return "" if instance.state.is_gone else "Freeze it into an image, and launch that with the type that is wanted."


def _misfit(instance: Instance, to: str, reason: str) -> FieldError:
    return FieldError("type", f"{instance.label} cannot become {to}: {reason}.", "Choose another type.")


def _add(error: Fe2Error, words: str) -> None:
    error.remedy = f"{error.remedy} {words}".strip()


def _cost_words(plan: TypeChange) -> str:
    hour, month = plan.difference_per_hour, plan.difference_per_month
    if hour is None or month is None:
        if plan.per_hour_after is None:
            return f"Price unknown: what {plan.to} costs an hour is not known."
        return (
            f"While it runs, it costs ${_exact(plan.per_hour_after)} an hour; what {plan.instance.type} costs is not "
            "known, and so neither is the difference."
        )
    if not hour:
        return "It costs the same."
    more = "more" if hour > 0 else "less"
    return (
        f"While it runs, it costs ${_exact(abs(hour))} an hour {more} (${_exact(plan.per_hour_after)} in place of "
        f"${_exact(plan.per_hour_before)}): {dollars(abs(month), sign='$')} {more} in a month of running."
    )


def _exact(amount: Decimal | None) -> str:
    """Dollars with as many decimals as the price has, two at least."""
    assert amount is not None
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return dollars(amount, min(places, 5))
