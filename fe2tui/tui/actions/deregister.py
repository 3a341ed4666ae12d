"""The key X: terminates instances, deregisters images."""

from __future__ import annotations

import asyncio

from fe2tui.model.progress import Outcome
from fe2tui.model.text import plural, visible
from fe2tui.tasks import deregister as task
from fe2tui.tasks.context import Context
from fe2tui.tasks.impact import deregister_impact
from fe2tui.tui.actions.command_texts import deregister_text
from fe2tui.tui.actions.terminate import terminate
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.impact import ImpactForm
from fe2tui.tui.pane_ids import IMAGES


async def terminate_or_deregister(context: CommandContext) -> None:
    await (deregister(context) if context.pane == IMAGES else terminate(context))


async def deregister(context: CommandContext) -> None:
    fleet = context.services.fleet or context.fleet
    if fleet is None:
        return
    images = tuple(fleet.images.get(image.id, image) for image in context.images)
    impact = await asyncio.to_thread(deregister_impact, fleet, images, context.services.task_context().clock())
    if not impact.affected:
        context.services.tell("Nothing to deregister: these images are not yours.", "warning")
        return
    going = [image for image in images if image.id in fleet.images]
    ids = await context.services.ask(
        ImpactForm(impact, command=deregister_text(context, going), link_of=context.services.console_url)
    )
    if not ids:
        return

    async def work(ctx: Context) -> list[Outcome]:
        try:
            return await task.deregister(ctx, ids)
        finally:
            context.services.fleet_watch.read_images_soon()

    context.services.run_task(f"Deregister {impact.subject}", work, result_text=_result_text)


def _result_text(outcomes: list[Outcome]) -> str:
    if len(outcomes) == 1:
        return f"{visible(outcomes[0].label)}: {outcomes[0].words}"
    return f"{plural(len(outcomes), 'image')} deregistered."
