"""Start, stop and reboot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal

from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_group import instance_group, stop_sentences
from fe2tui.model.money.rates import HOURS_A_MONTH, hourly_cost
from fe2tui.model.progress import Outcome
from fe2tui.model.text import age, dollars
from fe2tui.tasks import power
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.command_texts import instances_text
from fe2tui.tui.actions.targets import Skipped, Targets, instance_names, select_targets, tell_nothing_to_do
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.confirm import ConfirmChoice, ConfirmForm

SPOT_REQUESTS_TIMEOUT = 4.0  # seconds to read which targets are one-time spot instances
_PowerAction = Callable[[Context, Sequence[str]], Awaitable[list[Outcome]]]
_ONE_TIME_REASON = "a one-time spot instance cannot be stopped, only terminated"


async def stop_or_start(context: CommandContext) -> None:
    """Stop the targets that run; if none runs, start those that are stopped; if all are stopping, offer force.

    Each asks first: a stop says what it saves, a start what it costs.
    """
    states = {instance.state for instance in select_targets(context, lambda instance: None).instances}
    if State.RUNNING in states:
        await stop(context)
    elif State.STOPPED in states:
        await start(context)
    else:
        await force_stop(context)


async def reboot(context: CommandContext) -> None:
    targets = select_targets(context, _skip_unless(State.RUNNING))
    lines = [*_target_lines(targets), "Its programs end; its disks, address and price stay the same."]
    await _ask_and_run(context, "Reboot", targets, lines, power.reboot)


async def start(context: CommandContext) -> None:
    targets = select_targets(
        context,
        _skip_unless(State.STOPPED, lambda one: f"AWS starts it again when there is capacity in {one.zone}"),
    )
    who = _target_lines(targets) if len(targets.instances) == 1 else []  # the price lines name several
    lines = [*who, *start_cost_lines(context, targets.instances)]
    await _ask_and_run(context, "Start", targets, lines, power.start)


async def stop(context: CommandContext) -> None:
    targets = await _without_one_time_spot(context, select_targets(context, _skip_unless(State.RUNNING)))
    now = context.services.task_context().clock()
    fleet = context.services.fleet or context.fleet
    lines = [*_target_lines(targets, now), *_savings_lines(fleet, targets), *stop_sentences(targets.instances)]
    await _ask_and_run(context, "Stop", targets, lines, power.stop)


async def force_stop(context: CommandContext) -> None:
    targets = select_targets(context, _skip_unless(State.STOPPING, lambda one: "AWS is interrupting it"))
    if not targets.instances:
        tell_nothing_to_do(context, targets, "stop or start")
        return
    is_one = len(targets.instances) == 1
    question = ConfirmForm(
        f"{targets.text} {'is' if is_one else 'are'} stopping. Force {'it' if is_one else 'them'}?",
        [
            "Data not yet written to disk is lost.",
            "Most machines stop within a few minutes without force.",
            *stop_sentences(targets.instances),
            *targets.skipped_lines,
        ],
        title="Stopping",
        choices=(ConfirmChoice("f", "Force", "force", is_destructive=True),),
        no_label="Wait",
        command=instances_text(context, "stop", targets.instances, force=True),
    )
    if await context.services.ask(question) == "force":
        _run(context, "Force stop", targets, lambda ctx, ids: power.stop(ctx, ids, force=True))


def _skip_unless(
    state: State, interrupted_reason: Callable[[Instance], str] | None = None
) -> Callable[[Instance], str | None]:
    """Why an instance is left out: it is in another state than ``state``, or AWS has interrupted it."""

    def skip_reason(instance: Instance) -> str | None:
        if interrupted_reason is not None and instance.is_interrupted:
            return interrupted_reason(instance)
        return None if instance.state is state else f"it is {instance.state}"

    return skip_reason


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


async def _ask_and_run(
    context: CommandContext, verb: str, targets: Targets, lines: Sequence[str], act: _PowerAction
) -> None:
    if not targets.instances:
        tell_nothing_to_do(context, targets, verb.lower())
        return
    question = ConfirmForm(
        f"{verb} {targets.text}?",
        [*lines, *targets.skipped_lines],
        title=verb,
        choices=(ConfirmChoice("y", verb, "yes"),),
        command=instances_text(context, verb.lower(), targets.instances),
    )
    if await context.services.ask(question) == "yes":
        _run(context, verb, targets, act)


def _run(context: CommandContext, verb: str, targets: Targets, act: _PowerAction) -> None:
    async def work(ctx: Context) -> list[Outcome]:
        return [*await act(ctx, targets.ids), *(skipped.outcome for skipped in targets.skipped)]

    context.services.run_task(f"{verb} {targets.text}", work, instances=targets.instances)


def start_cost_lines(context: CommandContext, instances: Sequence[Instance]) -> Sequence[str]:
    fleet = context.services.fleet or context.fleet
    return (
        power.start_cost_lines(instances, fleet, context.services.task_context().clock())
        if fleet is not None
        else ("Price unknown.",)
    )


def _target_lines(targets: Targets, now: datetime | None = None) -> list[str]:
    if len(targets.instances) != 1:
        return [f"{instance_names(targets.instances)}."]
    one = targets.instances[0]
    up = f" {age(now - one.launched_at)}" if now is not None and one.launched_at is not None else ""
    spot = ", spot" if one.is_spot else ""
    return [f"{one.id}, {one.type} in {one.zone}{spot}, {one.state}{up}."]


def _savings_lines(fleet: Fleet | None, targets: Targets) -> list[str]:
    staying = [one for one in targets.instances if instance_group(one) is None]  # AWS does not replace these
    if fleet is None or not staying:
        return []
    saved, volumes = Decimal(0), Decimal(0)
    for instance in staying:
        cost = hourly_cost(instance, fleet)
        if cost.instance is None or cost.volumes is None:
            return ["What it saves is unknown; disks still cost money."]
        saved += cost.instance + cost.address
        volumes += cost.volumes * HOURS_A_MONTH
    disks = "its disks" if len(staying) == 1 else "their disks"
    places = 2 if saved >= Decimal("0.1") else 3
    return [f"Saves ${dollars(saved, places)} an hour; {disks} still cost ${dollars(volumes)} a month."]
