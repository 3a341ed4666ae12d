"""Freeze: an image of an instance, after a name and a way were chosen."""

from __future__ import annotations

from dataclasses import replace

from fe2tui.aws.images import every_own_image
from fe2tui.model.freeze import FreezeWay
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.progress import Progress
from fe2tui.model.words import visible
from fe2tui.tasks import freeze as task
from fe2tui.tasks.context import Context
from fe2tui.tui.forms.freeze import Freeze, FreezeForm, done_words
from fe2tui.tui.verbs.meant import newest_of
from fe2tui.tui.view import View


async def freeze(view: View) -> None:
    """Ask for the image's name and how to make it; the activity shows how far it is."""
    instance = newest_of(view)
    ctx = view.context()
    known: list[Image] = []
    is_known = False

    async def plan(name: str | None, way: FreezeWay) -> task.FreezePlan:
        nonlocal known, is_known
        if not is_known:
            known, is_known = await every_own_image(ctx.session), True
        return await task.plan_freeze(ctx, instance, name, way, view.desk.fleet or view.fleet, images=known)

    wanted = await view.ask(FreezeForm(instance.label, plan))
    if wanted is not None:
        _run(view, instance, wanted)


def _run(view: View, instance: Instance, wanted: Freeze) -> None:
    async def work(ctx: Context) -> Image:
        asked = False

        def report(step: Progress) -> None:
            nonlocal asked
            ctx.report(step)
            if step.step == "image" and not asked:
                asked = True
                view.images_changed()

        try:
            return await task.freeze(replace(ctx, report=report), instance.id, wanted.name, way=wanted.way)
        finally:
            view.images_changed()

    def done(image: Image) -> str:
        return done_words(image.label, instance.label)

    view.run_task(f"Freeze {visible(instance.label)}", work, subjects=(instance,), done=done)
