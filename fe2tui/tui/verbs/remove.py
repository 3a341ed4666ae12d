"""The key that removes: instances are terminated, images deregistered, each after showing what will be lost."""

from __future__ import annotations

import asyncio

from fe2tui.model.image import Image
from fe2tui.model.progress import Outcome
from fe2tui.model.words import plural, visible
from fe2tui.tasks import deregister as task
from fe2tui.tasks.context import Context
from fe2tui.tui.forms.impact import ImpactSheet
from fe2tui.tui.forms.impact_rows import LeftOut
from fe2tui.tui.forms.loss import of_images
from fe2tui.tui.possible import IMAGES
from fe2tui.tui.verbs.terminate import terminate
from fe2tui.tui.view import View


async def remove(view: View) -> None:
    """Remove what is meant in the pane that the key was pressed in."""
    await (deregister(view) if view.pane == IMAGES else terminate(view))


async def deregister(view: View) -> None:
    """Show the impact sheet for the images meant, and deregister them when the right words are typed."""
    fleet = view.desk.fleet or view.fleet
    if fleet is None:
        return
    images = tuple(fleet.images.get(image.id, image) for image in view.images)
    impact = await asyncio.to_thread(task.image_impact, fleet, images, view.context().clock())
    if not impact.going:
        view.tell("Nothing to deregister: only images of your own can be.", "warning")
        return
    left = [LeftOut(row.image.label, row.left_because) for row in impact.rows if row.left_because]
    ids = await view.ask(ImpactSheet(of_images(impact), left_out=left))
    if ids:
        _run(view, [row.image for row in impact.going], list(ids))


def _run(view: View, images: list[Image], ids: list[str]) -> None:
    async def work(ctx: Context) -> list[Outcome]:
        try:
            return await task.deregister(ctx, ids)
        finally:
            view.images_changed()

    subject = visible(images[0].label) if len(images) == 1 else plural(len(images), "image")
    view.run_task(f"Deregister {subject}", work, done=_done)


def _done(outcomes: list[Outcome]) -> str:
    if len(outcomes) == 1:
        return f"{visible(outcomes[0].label)}: {outcomes[0].words}"
    return f"{plural(len(outcomes), 'image')} deregistered."
