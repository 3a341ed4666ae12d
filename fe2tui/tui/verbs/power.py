"""Start, stop and reboot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal

from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.money import HOURS_A_MONTH, hourly_cost
from fe2tui.model.progress import Outcome
from fe2tui.model.words import age, dollars
from fe2tui.tasks import power
from fe2tui.tasks.context import Context
from fe2tui.tui.forms.confirm import Choice, Confirm
from fe2tui.tui.verbs.meant import Left, Meant, meant, names_of, tell_nothing_to_do
from fe2tui.tui.view import View

PATIENCE = 4.0  # seconds for asking which are one-time spot instances
_ONE_TIME = "a one-time spot instance cannot be stopped, only terminated"


async def stop_or_start(view: View) -> None:
    """Stop what runs of the instances meant; if none does, start what is stopped; if all are stopping, offer force.

    Each asks first: a stop says what it saves, a start what it costs.
    """
    states = {instance.state for instance in meant(view, lambda instance: None).instances}
    if State.RUNNING in states:
        await _stop(view, meant(view, _no_stop))
    elif State.STOPPED in states:
        await _start(view, meant(view, _no_start))
    else:
        await _force(view, meant(view, _no_force))


async def reboot(view: View) -> None:
    """Reboot what runs of the instances meant, when the person says yes."""
    those = meant(view, lambda one: None if one.state is State.RUNNING else f"it is {one.state}")
    if not those.instances:
        tell_nothing_to_do(view, those, "reboot")
        return
    question = Confirm(
        f"Reboot {those.words}?",
        [*_who(those), "What runs on it ends; its disks, address and price stay.", *those.left_words],
        title="Reboot",
        choices=(Choice("y", "Reboot", "yes"),),
    )
    if await view.ask(question) == "yes":
        _run(view, "Reboot", those, lambda ctx: power.reboot(ctx, those.ids))


def _no_stop(instance: Instance) -> str | None:
    return None if instance.state is State.RUNNING else f"it is {instance.state}"


def _no_start(instance: Instance) -> str | None:
    if instance.is_interrupted:
        return f"AWS starts it again when there is capacity in {instance.zone}"
    return None if instance.state is State.STOPPED else f"it is {instance.state}"


def _no_force(instance: Instance) -> str | None:
    if instance.is_interrupted:
        return "AWS is taking it back"
    return None if instance.state is State.STOPPING else f"it is {instance.state}"


async def _start(view: View, those: Meant) -> None:
    if not those.instances:
        tell_nothing_to_do(view, those, "start")
        return
    who = _who(those) if len(those.instances) == 1 else []  # of several, the prices name each
    question = Confirm(
        f"Start {those.words}?",
        [*who, *start_costs(view, those.instances), *those.left_words],
        title="Start",
        choices=(Choice("y", "Start", "yes"),),
    )
    if await view.ask(question) == "yes":
        _run(view, "Start", those, lambda ctx: power.start(ctx, those.ids))


async def _stop(view: View, those: Meant) -> None:
    those = await _without_one_time_spot(view, those)
    if not those.instances:
        tell_nothing_to_do(view, those, "stop")
        return
    now = view.context().clock()
    question = Confirm(
        f"Stop {those.words}?",
        [*_who(those, now), *_money(view.desk.fleet or view.fleet, those), *those.left_words],
        title="Stop",
        choices=(Choice("y", "Stop", "yes"),),
    )
    if await view.ask(question) == "yes":
        _run(view, "Stop", those, lambda ctx: power.stop(ctx, those.ids))


async def _without_one_time_spot(view: View, those: Meant) -> Meant:
    """Those that can be stopped, as far as AWS told in time; it refuses the others in any case."""
    spot = [one for one in those.instances if one.is_spot]
    if not spot:
        return those
    try:
        async with asyncio.timeout(PATIENCE):
            never = await power.not_to_stop(view.context(), spot)
    except (TimeoutError, Fe2Error):
        return those
    left = tuple(Left(one, _ONE_TIME) for one in spot if isinstance(never.get(one.id), Fe2Error))
    gone = {each.instance.id for each in left}
    return Meant(tuple(one for one in those.instances if one.id not in gone), (*those.left, *left))


async def _force(view: View, those: Meant) -> None:
    if not those.instances:
        tell_nothing_to_do(view, those, "stop or start")
        return
    pronoun = "it" if len(those.instances) == 1 else "them"
    question = Confirm(
        f"{those.words} {'is' if pronoun == 'it' else 'are'} stopping. Force {pronoun}?",
        [
            "Its system then cannot write what it holds in memory to its disk.",
            "Most machines stop by themselves within a few minutes.",
            *those.left_words,
        ],
        title="Stopping",
        choices=(Choice("f", "Force", "force", is_grave=True),),
        no_word="Wait",
    )
    if await view.ask(question) == "force":
        _run(view, "Force stop", those, lambda ctx: power.stop(ctx, those.ids, force=True))


def start_costs(view: View, instances: Sequence[Instance]) -> Sequence[str]:
    """What these cost an hour while they run, by the newest fleet."""
    fleet = view.desk.fleet or view.fleet
    return power.start_costs(instances, fleet, view.context().clock()) if fleet is not None else ("Price unknown.",)


def _run(view: View, verb: str, those: Meant, act: Callable[[Context], Awaitable[list[Outcome]]]) -> None:
    async def work(ctx: Context) -> list[Outcome]:
        return [*await act(ctx), *(left.outcome for left in those.left)]

    view.run_task(f"{verb} {those.words}", work, subjects=those.instances)


def _who(those: Meant, now: datetime | None = None) -> list[str]:
    if len(those.instances) > 1:
        return [f"{names_of(those.instances)}."]
    one = those.instances[0]
    up = f" {age(now - one.launched_at)}" if now is not None and one.launched_at is not None else ""
    spot = ", spot" if one.is_spot else ""
    return [f"{one.id}, {one.type} in {one.zone}{spot}, {one.state}{up}."]


def _money(fleet: Fleet | None, those: Meant) -> list[str]:
    """What stopping saves, and what goes on costing."""
    if fleet is None:
        return []
    saved, goes_on = Decimal(0), Decimal(0)
    for instance in those.instances:
        cost = hourly_cost(instance, fleet)
        if cost.machine is None or cost.disk is None:
            return ["What it saves is not known; disks go on costing."]
        saved += cost.machine + cost.address
        goes_on += cost.disk * HOURS_A_MONTH
    disks = "its disks go" if len(those.instances) == 1 else "their disks go"
    places = 2 if saved >= Decimal("0.1") else 3
    return [f"Saves ${dollars(saved, places)} an hour; {disks} on costing ${dollars(goes_on)} a month."]
