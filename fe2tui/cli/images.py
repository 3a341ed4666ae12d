"""``amis``, ``ami``, ``freeze``, ``deregister``: images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import click

from fe2tui.cli.completion import ImageName, InstanceName
from fe2tui.cli.exit_status import print_error, print_message
from fe2tui.cli.main import FilterCommand
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import print_json
from fe2tui.cli.power import print_outcomes
from fe2tui.cli.prompts import ask, confirm, confirm_effects, confirm_impact, is_interactive
from fe2tui.cli.read import print_fleet_problems
from fe2tui.cli.run import CommandRun, report_earlier_freezes
from fe2tui.errors import InterruptedByUser, UsageError
from fe2tui.model.documents import image_document
from fe2tui.model.progress import Outcome
from fe2tui.model.text import DASH, age, dollars, join_words, percent, shell_word, table_lines, visible

if TYPE_CHECKING:
    from fe2tui.model.fleet import Fleet, PublicImage
    from fe2tui.model.freeze import FreezeWay
    from fe2tui.model.image import Image
    from fe2tui.model.image_filter import ImageFilter, ImageScope
    from fe2tui.tasks import freeze as freeze_task
    from fe2tui.tasks.context import Context

_IMAGE_COLUMNS = ("NAME", "ID", "STATE", "GIB", "ARCH", "AGE", "≤$/MONTH", "INSTANCES")
_MAX_TEXT_WIDTH = 100  # columns
_WAY_FLAGS: Mapping[FreezeWay, str] = {"reboot": "--reboot", "stop": "--stop-first", "no-reboot": "--no-reboot"}

architecture = click.option(
    "--arch",
    type=click.Choice(["x86_64", "arm64"]),
    default="x86_64",
    help="Architecture of ubuntu, amazon, debian or dlami.",
)


@click.command(cls=FilterCommand)
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@click.option("--long", "-l", is_flag=True, help="A table with sizes, ages, costs and the instances of each image.")
@click.option("--public", is_flag=True, help="The newest well-known public images instead of yours.")
@click.pass_obj
def amis(options: GlobalOptions, filters: tuple[str, ...], long: bool, public: bool) -> None:
    """List your images, one a line.

    FILTER is as in the dashboard: words, `state:pending`, `arch:arm64`, `tag:env=prod`, `age>30d`, `size>50`,
    `month>1` (dollars at most), `made>0`.
    """
    from fe2tui.model.image_filter import IMAGE_LANGUAGE
    from fe2tui.tasks import read_fleet

    query = IMAGE_LANGUAGE.parse_complete(" ".join(filters))
    whole = bool(options.json or long or filters)

    async def work(ctx: Context) -> None:
        fleet = print_fleet_problems(await read_fleet.read_images(ctx, whole=whole and not public, public=public))
        _print_images(options, fleet, query, long=long, public=public)
        await report_earlier_freezes(ctx)

    CommandRun(options).run(work)


@click.command()
@click.argument("name", required=False, type=ImageName(words=True))
@architecture
@click.pass_obj
def ami(options: GlobalOptions, name: str | None, arch: str) -> None:
    """Print one image, by its name or id, or as ubuntu, amazon, debian or dlami. Without NAME: the newest Ubuntu."""
    from fe2tui.tasks.names import find_image
    from fe2tui.tasks.read_fleet import read_image_fleet

    async def work(ctx: Context) -> None:
        image = await find_image(ctx, name, arch)
        fleet = print_fleet_problems(await read_image_fleet(ctx, image, whole=options.json))
        if options.json:
            print_json(image_document(image, fleet))
        else:
            click.echo(_image_line(image, fleet))
        await report_earlier_freezes(ctx)

    CommandRun(options).run(work)


@click.command()
@click.argument("name", type=InstanceName())
@click.argument("image_name", metavar="[AMI-NAME]", required=False)
@click.option("--reboot", is_flag=True, help="Reboot the instance for the image.")
@click.option("--stop-first", is_flag=True, help="Stop the instance, create the image, start it again. The safest way.")
@click.option("--no-reboot", is_flag=True, help="Keep it running: files being written may be corrupt in the image.")
@click.option("--wait/--no-wait", default=False, help="Whether to wait until the image is ready.")
@click.pass_obj
def freeze(
    options: GlobalOptions,
    name: str,
    image_name: str | None,
    reboot: bool,
    stop_first: bool,
    no_reboot: bool,
    wait: bool,
) -> None:
    """Create an image of an instance, named after it or AMI-NAME, and print the image's id.

    If another image already has the instance's name, the new one gets a number, as in base-2: fe2 asks first, or needs
    --yes.

    The image is pending for minutes, or for hours with large disks: `fe2 get-ami NAME - state` or --wait. A running
    instance is rebooted, or stopped and started again, or keeps running, as the options say. Without one of them fe2
    asks; without a terminal it refuses, and with --yes it reboots the instance.
    """
    if sum((reboot, stop_first, no_reboot)) > 1:
        raise UsageError("--reboot, --stop-first and --no-reboot cannot be combined.", "Choose one.")
    way: FreezeWay | None = "reboot" if reboot else "stop" if stop_first else "no-reboot" if no_reboot else None
    from fe2tui.tasks import freeze as freeze_task
    from fe2tui.tasks.read_fleet import read_image_fleet

    command = CommandRun(options)

    async def work(ctx: Context) -> None:
        plan = await _agree_on_freeze(ctx, options, name, image_name, way)
        image = await freeze_task.freeze(ctx, plan.instance.id, wait=False, plan=plan)
        command.clear_progress()
        try:
            if not options.json:
                click.echo(image.id)
            if wait:
                image = await _watch_image(ctx, image)
                command.clear_progress()
                print_message(f"The image {visible(image.label)} is ready.")
            if options.json:
                print_json(image_document(image, print_fleet_problems(await read_image_fleet(ctx, image, whole=True))))
            await report_earlier_freezes(ctx, except_image_id=image.id)
        finally:
            if plan.existing_name:
                command.clear_progress()
                new, old = visible(plan.name), visible(plan.existing_name)
                print_message(f"The new image is called {new}; {old} is still the old image.")

    command.run(work)


@click.command()
@click.argument("names", nargs=-1, required=True, type=ImageName())
@click.pass_obj
def deregister(options: GlobalOptions, names: tuple[str, ...]) -> int:
    """Deregister images of yours and delete their snapshots. Shows what is lost, and asks for the name, or the count.

    Snapshots that another image uses stay, and so do instances launched from the images.
    """
    from fe2tui.tasks import deregister as deregister_task
    from fe2tui.tasks.context import require_writable
    from fe2tui.tasks.impact import deregister_impact
    from fe2tui.tasks.names import find_own_images
    from fe2tui.tasks.read_fleet import read_images

    command = CommandRun(options)

    async def work(ctx: Context) -> list[Outcome]:
        require_writable(ctx, "nothing can be deregistered")
        fleet = print_fleet_problems(await read_images(ctx, disabled=True))
        among = await find_own_images(ctx, fleet.images.values(), names)
        impact = deregister_impact(fleet, among, ctx.clock())
        await confirm_impact(impact, yes=options.yes)
        outcomes = await deregister_task.deregister(ctx, [each.id for each in among], fleet=fleet)
        command.clear_progress()
        await report_earlier_freezes(ctx)
        return outcomes

    return print_outcomes(options, command.run(work))


def _print_images(options: GlobalOptions, fleet: Fleet, query: ImageFilter, *, long: bool, public: bool) -> None:
    from fe2tui.model.image_filter import ImageScope
    from fe2tui.tasks.context import utc_now

    scope = ImageScope(fleet, utc_now())
    if public:
        _print_public_images([each for each in fleet.public_images if query.matches(each.image, scope)], fleet, options)
        return
    shown = [each for each in fleet.images.values() if query.matches(each, scope)]
    if options.json:
        print_json([image_document(each, fleet) for each in shown])
    elif shown:
        click.echo("\n".join(_image_table(shown, scope) if long else (_image_line(each, fleet) for each in shown)))
    if not shown:
        summary = "No image of yours matches" if fleet.images and query.tests else "No images of yours"
        click.echo(f"{summary} in {fleet.location.region}.", err=True)


def _print_public_images(shown: Sequence[PublicImage], fleet: Fleet, options: GlobalOptions) -> None:
    if options.json:
        print_json([{"word": one.word, "title": one.title, **image_document(one.image, fleet)} for one in shown])
        return
    rows = [(one.word, one.image.architecture, one.image.id, one.title, one.image.name) for one in shown]
    if rows:
        click.echo("\n".join(table_lines(("WORD", "ARCH", "ID", "WHAT", "NAME"), rows)))
    else:
        click.echo(f"No well-known public image matches in {fleet.location.region}.", err=True)


def _image_line(image: Image, fleet: Fleet) -> str:
    from fe2tui.model.image import image_progress

    return image.line(image_progress(image, fleet.snapshots.values()))


def _image_table(shown: Sequence[Image], scope: ImageScope) -> list[str]:
    from fe2tui.model.image import image_progress
    from fe2tui.model.image_filter import instances_of_image
    from fe2tui.model.money.rates import image_per_month

    fleet = scope.fleet
    rows = [
        (
            each.name or DASH,
            each.id,
            each.state if progress is None else f"{each.state} {percent(progress)}",
            str(each.size or each.root_size or DASH),
            each.architecture,
            age(scope.now - each.created_at) if each.created_at else DASH,
            dollars(image_per_month(each, fleet)),
            ", ".join(visible(one.label) for one in instances_of_image(each, fleet)) or DASH,
        )
        for each in shown
        for progress in [image_progress(each, fleet.snapshots.values())]
    ]
    return table_lines(_IMAGE_COLUMNS, rows, right=("GIB", "AGE", "≤$/MONTH"))


async def _agree_on_freeze(
    ctx: Context, options: GlobalOptions, name: str, image_name: str | None, way: FreezeWay | None
) -> freeze_task.FreezePlan:
    """Print the plan and ask at a terminal. Returns the plan. Raises its first error after printing the others."""
    from fe2tui.tasks import freeze as freeze_task
    from fe2tui.tasks.context import require_writable
    from fe2tui.tasks.names import find_instance
    from fe2tui.tasks.read_fleet import read_instance_volumes

    require_writable(ctx, "nothing can be frozen")
    instance = await find_instance(ctx, name)
    fleet = await read_instance_volumes(ctx, instance)
    plan = await freeze_task.plan_freeze(ctx, instance, image_name, way or "reboot", fleet)
    if plan.errors:
        for error in plan.errors[1:]:
            print_error(error.field, error)
        raise plan.errors[0]
    if plan.name_text and not options.yes:
        word = shell_word(instance.name, instance.id)
        remedy = f"Add --yes to do it without this question, or name the image: fe2 freeze {word} AMI-NAME"
        if not await confirm(f"{visible(plan.name_text)} Create it?", default=False, remedy=remedy):
            raise InterruptedByUser("No image was created.")
    if plan.options and way is None and not options.yes:
        plan = freeze_task.with_way(plan, await _ask_freeze_way(plan), fleet)
    group_sentences = plan.group_sentences
    for sentence in plan.sentences:
        if sentence not in group_sentences:
            print_message(visible(sentence))
    if group_sentences:
        question = f"Stop {instance.label} for the image?"
        await confirm_effects(question, group_sentences, yes=options.yes, refused="No image was created.")
    return plan


async def _ask_freeze_way(plan: freeze_task.FreezePlan) -> FreezeWay:
    """Ask how to create the image. Raises InterruptedByUser for an empty line, UsageError without a terminal."""
    from textwrap import fill

    label, image = visible(plan.instance.label), visible(plan.name)
    if not is_interactive():
        flags = join_words([_WAY_FLAGS[one.way] for one in plan.options], "or")
        raise UsageError(
            f"{label} is running, and there is no terminal to ask how to create the image.",
            f"Add {flags}, or --yes to reboot it.",
        )
    print_message(f"{label} is running. The image {image} can be created in {len(plan.options)} ways:")
    width = max(40, min(get_terminal_size().columns, _MAX_TEXT_WIDTH))
    for one in plan.options:
        head = f"  {one.title:<11} "
        print_message(fill(f"{head}{one.words}", width, subsequent_indent=" " * len(head)))
    offered = ", ".join(f"[{one.title[0].lower()}]{one.title[1:].lower()}" for one in plan.options)
    while True:
        answer = (await ask(f"{offered}, or leave it? ", remedy="")).lower()
        if not answer or "leave".startswith(answer):
            raise InterruptedByUser("No image was created.")
        matching = [one.way for one in plan.options if one.title.lower().startswith(answer) or one.way == answer]
        if len(matching) == 1:
            return matching[0]


async def _watch_image(ctx: Context, image: Image) -> Image:
    """Wait until the image is available. After Ctrl-C, AWS goes on creating it."""
    from fe2tui.tasks import freeze as freeze_task

    found = None
    for one in await freeze_task.open_freezes(ctx):
        if one.intent.image_id == image.id:
            found = one
        else:
            ctx.store.freezes.release(one.intent.token)
    return await freeze_task.watch_freeze(ctx, found) if found is not None else image
