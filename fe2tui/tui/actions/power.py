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
from fe2tui.model.text import age, dollars
from fe2tui.tasks import power
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.targets import Skipped, Targets, instance_names, select_targets, tell_nothing_to_do
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.confirm import ConfirmChoice, ConfirmForm

SPOT_REQUESTS_TIMEOUT = 4.0  # seconds to read which targets are one-time spot instances
_ONE_TIME_REASON = "a one-time spot instance cannot be stopped, only terminated"


async def stop_or_start(context: CommandContext) -> None:
    """Stop the targets that run; if none runs, start those that are stopped; if all are stopping, offer force.

    Each asks first: a stop says what it saves, a start what it costs.
    """
    states = {instance.state for instance in select_targets(context, lambda instance: None).instances}
    if State.RUNNING in states:
        await _stop(context, select_targets(context, _why_not_stop))
    elif State.STOPPED in states:
        await _start(context, select_targets(context, _why_not_start))
    else:
        await _force_stop(context, select_targets(context, _why_not_force))


async def reboot(context: CommandContext) -> None:
    targets = select_targets(context, lambda one: None if one.state is State.RUNNING else f"it is {one.state}")
    if not targets.instances:
        tell_nothing_to_do(context, targets, "reboot")
        return
    question = ConfirmForm(
        f"Reboot {targets.text}?",
        [
            *_target_lines(targets),
            "Its programs end; its disks, address and price stay the same.",
            *targets.skipped_lines,
        ],
        title="Reboot",
        choices=(ConfirmChoice("y", "Reboot", "yes"),),
    )
    if await context.services.ask(question) == "yes":
        _start_task(context, "Reboot", targets, lambda ctx: power.reboot(ctx, targets.ids))


def _why_not_stop(instance: Instance) -> str | None:
    return None if instance.state is State.RUNNING else f"it is {instance.state}"


def _why_not_start(instance: Instance) -> str | None:
    if instance.is_interrupted:
        return f"AWS starts it again when there is capacity in {instance.zone}"
    return None if instance.state is State.STOPPED else f"it is {instance.state}"


def _why_not_force(instance: Instance) -> str | None:
    if instance.is_interrupted:
        return "AWS is interrupting it"
    return None if instance.state is State.STOPPING else f"it is {instance.state}"


async def _start(context: CommandContext, targets: Targets) -> None:
    if not targets.instances:
        tell_nothing_to_do(context, targets, "start")
        return
    who = _target_lines(targets) if len(targets.instances) == 1 else []  # the price lines name several
    question = ConfirmForm(
        f"Start {targets.text}?",
        [*who, *start_cost_lines(context, targets.instances), *targets.skipped_lines],
        title="Start",
        choices=(ConfirmChoice("y", "Start", "yes"),),
    )
    if await context.services.ask(question) == "yes":
        _start_task(context, "Start", targets, lambda ctx: power.start(ctx, targets.ids))


async def _stop(context: CommandContext, targets: Targets) -> None:
    targets = await _without_one_time_spot(context, targets)
    if not targets.instances:
        tell_nothing_to_do(context, targets, "stop")
        return
    now = context.services.task_context().clock()
    question = ConfirmForm(
        f"Stop {targets.text}?",
        [
            *_target_lines(targets, now),
            *_savings_lines(context.services.fleet or context.fleet, targets),
            *targets.skipped_lines,
        ],
        title="Stop",
        choices=(ConfirmChoice("y", "Stop", "yes"),),
    )
    if await context.services.ask(question) == "yes":
        _start_task(context, "Stop", targets, lambda ctx: power.stop(ctx, targets.ids))


async def _without_one_time_spot(context: CommandContext, targets: Targets) -> Targets:
    """Skip one-time spot instances, as far as AWS answers in time; it refuses to stop those in any case."""
    spot = [one for one in targets.instances if one.is_spot]
    if not spot:
        return targets
    try:
        async with asyncio.timeout(SPOT_REQUESTS_TIMEOUT):
            never = await power.find_unstoppable(context.services.task_context(), spot)
    except (TimeoutError, Fe2Error):
        return targets
    skipped = tuple(Skipped(one, _ONE_TIME_REASON) for one in spot if isinstance(never.get(one.id), Fe2Error))
    skipped_ids = {each.instance.id for each in skipped}
    return Targets(tuple(one for one in targets.instances if one.id not in skipped_ids), (*targets.skipped, *skipped))


async def _force_stop(context: CommandContext, targets: Targets) -> None:
    if not targets.instances:
        tell_nothing_to_do(context, targets, "stop or start")
        return
    pronoun = "it" if len(targets.instances) == 1 else "them"
    question = ConfirmForm(
        f"{targets.text} {'is' if pronoun == 'it' else 'are'} stopping. Force {pronoun}?",
        [
            "What its programs have not written to disk is lost.",
            "Most machines stop within a few minutes without force.",
            *targets.skipped_lines,
        ],
        title="Stopping",
        choices=(ConfirmChoice("f", "Force", "force", is_destructive=True),),
        no_label="Wait",
    )
    if await context.services.ask(question) == "force":
        _start_task(context, "Force stop", targets, lambda ctx: power.stop(ctx, targets.ids, force=True))


def start_cost_lines(context: CommandContext, instances: Sequence[Instance]) -> Sequence[str]:
    """The cost of these while they run, at the prices of the newest fleet."""
    fleet = context.services.fleet or context.fleet
    return (
        power.start_cost_lines(instances, fleet, context.services.task_context().clock())
        if fleet is not None
        else ("Price unknown.",)
    )


def _start_task(
    context: CommandContext, verb: str, targets: Targets, act: Callable[[Context], Awaitable[list[Outcome]]]
) -> None:
    async def work(ctx: Context) -> list[Outcome]:
        return [*await act(ctx), *(left.outcome for left in targets.skipped)]

    context.services.run_task(f"{verb} {targets.text}", work, instances=targets.instances)


def _target_lines(targets: Targets, now: datetime | None = None) -> list[str]:
    if len(targets.instances) > 1:
        return [f"{instance_names(targets.instances)}."]
    one = targets.instances[0]
    up = f" {age(now - one.launched_at)}" if now is not None and one.launched_at is not None else ""
    spot = ", spot" if one.is_spot else ""
    return [f"{one.id}, {one.type} in {one.zone}{spot}, {one.state}{up}."]


def _savings_lines(fleet: Fleet | None, targets: Targets) -> list[str]:
    """What stopping saves, and what the disks still cost."""
    if fleet is None:
        return []
    saved, volumes = Decimal(0), Decimal(0)
    for instance in targets.instances:
        cost = hourly_cost(instance, fleet)
        if cost.instance is None or cost.volumes is None:
            return ["What it saves is unknown; disks still cost money."]
        saved += cost.instance + cost.address
        volumes += cost.volumes * HOURS_A_MONTH
    disks = "its disks" if len(targets.instances) == 1 else "their disks"
    places = 2 if saved >= Decimal("0.1") else 3
    return [f"Saves ${dollars(saved, places)} an hour; {disks} still cost ${dollars(volumes)} a month."]
