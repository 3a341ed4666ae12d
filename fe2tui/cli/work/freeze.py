"""Freeze: says what it means for the machine, prints the image's id, and watches it if that is wanted."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote
from shutil import get_terminal_size
from textwrap import fill

import click

from fe2tui.cli.ending import complain, say_error
from fe2tui.cli.options import Asked
from fe2tui.cli.work.asking import agrees, ask, somebody_there
from fe2tui.cli.work.freezes import tell_of_freezes
from fe2tui.cli.work.images import image_document
from fe2tui.cli.work.output import print_json
from fe2tui.cli.work.reading import told
from fe2tui.cli.work.working import Working
from fe2tui.errors import InterruptedByUser, ReadOnlyError
from fe2tui.model.freeze import FreezeWay
from fe2tui.model.image import Image
from fe2tui.model.words import visible
from fe2tui.tasks import freeze as task
from fe2tui.tasks.context import Context
from fe2tui.tasks.names import find
from fe2tui.tasks.reading import around_image, read_disks

_WIDEST = 100  # columns of text


def freeze(asked: Asked, name: str, image_name: str | None, way: FreezeWay | None, *, wait: bool) -> None:
    """Make an image of an instance and print its id as soon as there is one."""
    working = Working(asked)

    async def work(ctx: Context) -> None:
        plan = await _agreed(ctx, asked, name, image_name, way)
        image = await task.freeze(ctx, plan.instance.id, plan.name, way=plan.way, wait=False)
        working.clear()
        try:
            if not asked.json:
                click.echo(image.id)
            if wait:
                image = await _watched(ctx, image)
                working.clear()
                complain(f"The image {visible(image.label)} is made.")
            if asked.json:
                print_json(image_document(image, told(await around_image(ctx, image, whole=True))))
            await tell_of_freezes(ctx, but=image.id)
        finally:
            if plan.taken_name:
                working.clear()
                new, old = visible(plan.name), visible(plan.taken_name)
                complain(f"The new image is called {new}: {old} is still the old one.")

    working.run(work)


async def _agreed(
    ctx: Context, asked: Asked, name: str, image_name: str | None, way: FreezeWay | None
) -> task.FreezePlan:
    """What will be done, once it was said and, at a terminal, agreed to. Raises what stands in the way."""
    if ctx.session.read_only:
        raise ReadOnlyError("This session may only read: nothing can be frozen.", "Leave --read-only out.")
    instance = await find(ctx, name)
    fleet = await read_disks(ctx, instance)
    plan = await task.plan_freeze(ctx, instance, image_name, way or "reboot", fleet)
    if plan.errors:
        for error in plan.errors[1:]:
            say_error(error.field, error)
        raise plan.errors[0]
    if plan.name_words and not asked.yes:
        await _agree_to_name(plan)
    if plan.ways and way is None and not asked.yes and somebody_there():
        final = await task.plan_freeze(ctx, instance, plan.name, await _chosen(plan), fleet)
        plan = replace(final, taken_name=plan.taken_name)
    for sentence in plan.sentences:
        complain(visible(sentence))
    return plan


async def _agree_to_name(plan: task.FreezePlan) -> None:
    """Raises InterruptedByUser unless a person agrees to another name than the instance's."""
    name = quote(plan.instance.label)
    otherwise = f"Say --yes if it is meant, or name the image: fe2 freeze {name} AMI-NAME"
    if not await agrees(f"{visible(plan.name_words)} Make it?", default=False, otherwise=otherwise):
        raise InterruptedByUser("Left as it was: no image was made.")


async def _chosen(plan: task.FreezePlan) -> FreezeWay:
    """The way that a person chooses; an empty line leaves everything as it is."""
    label, image = visible(plan.instance.label), visible(plan.name)
    complain(f"{label} is running. The image {image} can be made in {len(plan.ways)} ways:")
    width = max(40, min(get_terminal_size().columns, _WIDEST))
    for one in plan.ways:
        head = f"  {one.title:<11} "
        complain(fill(f"{head}{one.words}", width, subsequent_indent=" " * len(head)))
    offered = ", ".join(f"[{one.title[0].lower()}]{one.title[1:].lower()}" for one in plan.ways)
    while True:
        answer = (await ask(f"{offered}, or leave it? ", otherwise="")).lower()
        if not answer or "leave".startswith(answer):
            raise InterruptedByUser("Left as it was: no image was made.")
        fitting = [one.way for one in plan.ways if one.title.lower().startswith(answer) or one.way == answer]
        if len(fitting) == 1:
            return fitting[0]


async def _watched(ctx: Context, image: Image) -> Image:
    """The image when it is done; Ctrl-C leaves it to AWS, which goes on."""
    found = None
    for one in await task.open_freezes(ctx):
        if one.intent.image_id == image.id:
            found = one
        else:
            ctx.store.freezes.release(one.intent.token)
    return await task.watch(ctx, found) if found is not None else image
