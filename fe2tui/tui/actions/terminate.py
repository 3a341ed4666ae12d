"""Terminate, after showing what it destroys."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from fe2tui.errors import ProtectedError
from fe2tui.model.instance import KEEP_TAG
from fe2tui.model.progress import Outcome
from fe2tui.model.text import plural, visible
from fe2tui.tasks import terminate as task
from fe2tui.tasks.context import Context
from fe2tui.tasks.impact import PROTECTED_REASON, protection_error, terminate_impact
from fe2tui.tui.actions.command_texts import instances_text
from fe2tui.tui.actions.targets import Skipped, Targets, select_targets, tell_nothing_to_do
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.commands import key_label
from fe2tui.tui.forms.error import ErrorForm
from fe2tui.tui.forms.impact import ImpactForm

MAX_PROTECTION_CHECKS = 40  # instances: EC2 wants one call for each, before the form opens
PROTECTION_TIMEOUT = 2.0  # seconds for these calls; EC2 refuses protected instances in any case


async def terminate(context: CommandContext) -> None:
    fleet = context.services.fleet or context.fleet
    targets = select_targets(
        context, lambda one: f"already {one.state.value.replace('-', ' ')}" if one.state.is_gone else None
    )
    if fleet is None or not targets.instances:
        tell_nothing_to_do(context, targets, "terminate")
        return
    targets = await _without_protected(context, targets)
    if not targets.instances:
        await _show_protected(context, targets)
        return
    impact = await asyncio.to_thread(
        terminate_impact,
        fleet,
        [*targets.instances, *(skipped.instance for skipped in targets.skipped)],
        now=context.services.task_context().clock(),
        skip_reasons={skipped.instance.id: skipped.reason for skipped in targets.skipped},
    )
    key = context.services.keymap.keys.get("keep", "")
    if key and KEEP_TAG in " ".join(impact.sentences):
        impact = replace(impact, sentences=(*impact.sentences, f"{key_label(key)} in the list removes that tag."))
    command = instances_text(context, "terminate", targets.instances)
    ids = await context.services.ask(ImpactForm(impact, command=command, link_of=context.services.console_url))
    if not ids:
        return

    async def work(ctx: Context) -> list[Outcome]:
        return [*await task.terminate(ctx, ids), *(skipped.outcome for skipped in targets.skipped)]

    context.services.run_task(f"Terminate {targets.text}", work, instances=targets.instances)


async def _without_protected(context: CommandContext, targets: Targets) -> Targets:
    """Skip the instances with termination protection, as far as EC2 answers in time."""
    if len(targets.instances) > MAX_PROTECTION_CHECKS:
        return targets
    try:
        async with asyncio.timeout(PROTECTION_TIMEOUT):
            protected = await task.protected_ids(context.services.task_context(), targets.ids)
    except TimeoutError:
        return targets
    skipped = tuple(Skipped(one, PROTECTED_REASON) for one in targets.instances if one.id in protected)
    rest = tuple(one for one in targets.instances if one.id not in protected)
    return Targets(rest, (*targets.skipped, *skipped))


async def _show_protected(context: CommandContext, targets: Targets) -> None:
    """A form, not a toast: a person may type the name next, and its letters must not become commands."""
    if len(targets.skipped) == 1:
        instance = targets.skipped[0].instance
        subject, error = visible(instance.label), protection_error(instance)
    else:
        subject = plural(len(targets.skipped), "instance")
        error = ProtectedError(
            " ".join(["Nothing was done.", *targets.skipped_lines]),
            "`fe2 protect NAME off` turns the protection off.",
        )
    key = context.services.keymap.keys.get("protection", "")
    if key:
        error.remedy += f" Here {key_label(key)} does, on the instance."
    await context.services.ask(ErrorForm(f"Terminate {subject}", error))
