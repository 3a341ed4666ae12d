"""Freeze: create an image of an instance, after asking for its name and how to create it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from fe2tui.aws.images import own_images_with_disabled
from fe2tui.model.command_text import freeze_text
from fe2tui.model.freeze import FreezeWay
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.progress import Progress
from fe2tui.model.text import visible
from fe2tui.tasks import freeze as task
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.command_texts import instance_references, place_of
from fe2tui.tui.actions.targets import current_instance
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.freeze import DEFAULT_WAY, FreezeForm, FreezeRequest, done_text


async def freeze(context: CommandContext, name: str = "", way: FreezeWay = DEFAULT_WAY) -> None:
    """Ask how to create the image, with ``name`` and ``way`` filled in, and create it."""
    instance = current_instance(context)
    ctx = context.services.task_context()
    known: list[Image] = []
    is_known = False

    async def plan(image_name: str | None, way: FreezeWay) -> task.FreezePlan:
        nonlocal known, is_known
        if not is_known:
            known, is_known = await own_images_with_disabled(ctx.session), True
        fleet = context.services.fleet or context.fleet
        return await task.plan_freeze(ctx, instance, image_name, way, fleet, images=known)

    (reference,) = instance_references(context, [instance])
    form = FreezeForm(
        instance.label, plan, name=name, way=way, command=partial(freeze_text, place_of(context), reference)
    )
    request = await context.services.ask(form)
    if request is not None:
        _start_freeze(context, instance, request)


def _start_freeze(context: CommandContext, instance: Instance, request: FreezeRequest) -> None:
    async def work(ctx: Context) -> Image:
        is_created = False

        def report(step: Progress) -> None:
            nonlocal is_created
            ctx.report(step)
            if step.step == "image" and not is_created:
                is_created = True
                context.services.fleet_watch.read_images_soon()

        try:
            return await task.freeze(replace(ctx, report=report), instance.id, request.name, way=request.way)
        finally:
            context.services.fleet_watch.read_images_soon()

    def done(image: Image) -> str:
        return done_text(image.label, instance.label)

    context.services.run_task(f"Freeze {visible(instance.label)}", work, instances=(instance,), result_text=done)
