"""The key X: terminates instances, deregisters images."""

from __future__ import annotations

import asyncio

from fe2tui.model.image import Image
from fe2tui.model.progress import Outcome
from fe2tui.model.text import plural, visible
from fe2tui.tasks import deregister as task
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.terminate import terminate
from fe2tui.tui.availability import IMAGES
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.impact import ImpactForm, SkippedItem, deregister_summary


async def terminate_or_deregister(context: CommandContext) -> None:
    """Remove what is meant in the pane that the key was pressed in."""
    await (deregister(context) if context.pane == IMAGES else terminate(context))


async def deregister(context: CommandContext) -> None:
    """Show the impact sheet for the images meant, and deregister them when the right words are typed."""
    fleet = context.services.fleet or context.fleet
    if fleet is None:
        return
    images = tuple(fleet.images.get(image.id, image) for image in context.images)
    impact = await asyncio.to_thread(task.deregister_impact, fleet, images, context.task_context().clock())
    if not impact.affected:
        context.tell("Nothing to deregister: only images of your own can be.", "warning")
        return
    skipped = [SkippedItem(row.image.label, row.skip_reason) for row in impact.rows if row.skip_reason]
    ids = await context.ask(ImpactForm(deregister_summary(impact), skipped=skipped))
    if ids:
        _start_deregister(context, [row.image for row in impact.affected], list(ids))


def _start_deregister(context: CommandContext, images: list[Image], ids: list[str]) -> None:
    async def work(ctx: Context) -> list[Outcome]:
        try:
            return await task.deregister(ctx, ids)
        finally:
            context.read_images_soon()

    subject = visible(images[0].label) if len(images) == 1 else plural(len(images), "image")
    context.run_task(f"Deregister {subject}", work, result_text=_result_text)


def _result_text(outcomes: list[Outcome]) -> str:
    if len(outcomes) == 1:
        return f"{visible(outcomes[0].label)}: {outcomes[0].words}"
    return f"{plural(len(outcomes), 'image')} deregistered."
