"""Terminate, after showing what will be lost."""

from __future__ import annotations

import asyncio

from fe2tui.errors import ProtectedError
from fe2tui.model.instance import Instance
from fe2tui.model.progress import Outcome
from fe2tui.model.text import plural, visible
from fe2tui.tasks import terminate as task
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.targets import Skipped, Targets, select_targets, tell_nothing_to_do
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.error import ErrorForm
from fe2tui.tui.forms.impact import ImpactForm, SkippedItem, terminate_summary

MAX_PROTECTION_CHECKS = 40  # instances that are asked for one by one, before the sheet is there
PROTECTION_TIMEOUT = 2.0  # seconds for asking which are protected; EC2 refuses those in any case


async def terminate(context: CommandContext) -> None:
    """Show the impact sheet for the instances meant, and terminate them when the right words are typed."""
    fleet = context.services.fleet or context.fleet
    targets = select_targets(
        context, lambda one: f"it is {one.state.value.replace('-', ' ')} already" if one.state.is_gone else None
    )
    if fleet is None or not targets.instances:
        tell_nothing_to_do(context, targets, "terminate")
        return
    targets, protected = await _without_protected(context, targets)
    if not targets.instances:
        await _show_protected(context, targets)
        return
    now = context.task_context().clock()
    impact = await asyncio.to_thread(task.terminate_impact, fleet, targets.instances, now=now, protected=protected)
    sheet = ImpactForm(
        terminate_summary(impact),
        skipped=[SkippedItem(left.instance.label, left.reason) for left in targets.skipped],
    )
    ids = await context.ask(sheet)
    if ids:
        _start_terminate(context, targets, list(ids))


async def _show_protected(context: CommandContext, targets: Targets) -> None:
    """A form, not a toast: the name that a person types next must not become commands."""
    one = len(targets.skipped) == 1
    named = visible(targets.skipped[0].instance.label) if one else plural(len(targets.skipped), "instance")
    why = [f"{named} is {targets.skipped[0].reason}."] if one else targets.skipped_lines
    error = ProtectedError(
        " ".join(["Nothing was done.", *why]),
        "Take the protection off first, in AWS's console or by its command line, if it is really to go.",
    )
    await context.ask(ErrorForm(f"Terminate {named}", error))


async def _without_protected(context: CommandContext, targets: Targets) -> tuple[Targets, frozenset[str] | None]:
    """Those that EC2 would not refuse, as far as it told in time."""
    if len(targets.instances) > MAX_PROTECTION_CHECKS:
        return targets, None
    try:
        async with asyncio.timeout(PROTECTION_TIMEOUT):
            protected = await task.protected_ids(context.task_context(), targets.ids)
    except TimeoutError:
        return targets, None
    if not protected:
        return targets, protected

    def reason(instance: Instance) -> Skipped:
        return Skipped(instance, "protected against termination")

    skipped = tuple(reason(instance) for instance in targets.instances if instance.id in protected)
    rest = tuple(instance for instance in targets.instances if instance.id not in protected)
    return Targets(rest, (*targets.skipped, *skipped)), protected


def _start_terminate(context: CommandContext, targets: Targets, ids: list[str]) -> None:
    async def work(ctx: Context) -> list[Outcome]:
        return [*await task.terminate(ctx, ids), *(left.outcome for left in targets.skipped)]

    context.run_task(f"Terminate {targets.text}", work, instances=targets.instances)
