"""``amis``, ``ami``, ``freeze``, ``deregister``."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

from fe2tui.cli.completion import ImageName, InstanceName
from fe2tui.cli.exit_status import print_error, print_message
from fe2tui.cli.main import FilterCommand
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import iso_time, print_json, round_dollars
from fe2tui.cli.power import print_outcomes
from fe2tui.cli.prompts import ask, confirm, confirm_impact, is_interactive
from fe2tui.cli.read import print_fleet_problems
from fe2tui.cli.run import CommandRun, report_earlier_freezes
from fe2tui.errors import InterruptedByUser, UsageError
from fe2tui.model.progress import Outcome
from fe2tui.model.text import DASH, age, dollars, percent, table_lines, visible

if TYPE_CHECKING:
    from fe2tui.model.fleet import Fleet, PublicImage
    from fe2tui.model.freeze import FreezeWay
    from fe2tui.model.image import Image
    from fe2tui.model.image_filter import ImageFilter, ImageScope
    from fe2tui.model.snapshot import Snapshot
    from fe2tui.tasks import freeze as freeze_task
    from fe2tui.tasks.context import Context

architecture = click.option(
    "--arch", type=click.Choice(["x86_64", "arm64"]), default="x86_64", help="Which one, for ubuntu and its like."
)  # fmt: skip


@click.command(cls=FilterCommand)
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@click.option("--long", "-l", is_flag=True, help="A table with sizes, ages, costs and the instances made from each.")
@click.option("--public", is_flag=True, help="The newest well-known public ones, in place of yours.")
@click.pass_obj
def amis(options: GlobalOptions, filters: tuple[str, ...], long: bool, public: bool) -> None:
    """List your images, one a line.

    FILTER is as in the dashboard: words, `state:pending`, `arch:arm64`, `tag:env=prod`, `age>30d`, `size>50`, `cost>1`,
    `made>0`.
    """

    show_images(options, filters, long=long, public=public)


@click.command()
@click.argument("name", required=False, type=ImageName(words=True))
@architecture
@click.pass_obj
def ami(options: GlobalOptions, name: str | None, arch: str) -> None:
    """Print one image: by its name, its id, or ubuntu, amazon, debian or dlami. Without NAME: the newest Ubuntu."""

    show_image(options, name, arch)


@click.command()
@click.argument("name", type=InstanceName())
@click.argument("image_name", metavar="[AMI-NAME]", required=False)
@click.option("--reboot", is_flag=True, help="It reboots for the image: without a terminal that is what is done.")
@click.option("--stop-first", is_flag=True, help="Stop it, make the image, start it again: the surest.")
@click.option("--no-reboot", is_flag=True, help="Let it run on: the image is as after a power cut.")
@click.option("--wait/--no-wait", default=False, help="Whether to return only when the image can be used.")
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
    """Make an image of an instance, named after it or AMI-NAME, and print the image's id.

    If another image has the instance's name, the new one gets a number, as in base-2: it asks before, or needs --yes.

    The image is pending for minutes, or hours with large disks: `fe2 get-ami NAME - state`, or --wait. A running
    instance reboots, or is stopped and started again, or runs on, as the options say; at a terminal it is asked.
    """
    ways: dict[FreezeWay, bool] = {"reboot": reboot, "stop": stop_first, "no-reboot": no_reboot}
    chosen = [way for way, given in ways.items() if given]
    if len(chosen) > 1:
        raise UsageError("Either --reboot, or --stop-first, or --no-reboot.", "Choose one.")
    run_freeze(options, name, image_name, chosen[0] if chosen else None, wait=wait)


@click.command()
@click.argument("names", nargs=-1, required=True, type=ImageName())
@click.pass_obj
def deregister(options: GlobalOptions, names: tuple[str, ...]) -> int:
    """Remove images of yours and their snapshots. Shows what goes and what stays, and asks for the name, or the count.

    Snapshots that another image uses stay; instances made from the images go on.
    """
    return run_deregister(options, names)


def show_images(options: GlobalOptions, filters: Sequence[str], *, long: bool, public: bool) -> None:
    """Print the account's own images that fit, or the well-known public ones; raises FilterError."""
    from fe2tui.model.image_filter import IMAGE_LANGUAGE
    from fe2tui.tasks import read_fleet

    query = IMAGE_LANGUAGE.parse_complete(" ".join(filters))
    whole = bool(options.json or long or filters)

    async def work(ctx: Context) -> None:
        fleet = print_fleet_problems(await read_fleet.read_images(ctx, whole=whole and not public, public=public))
        _print_images(options, fleet, query, long=long, public=public)
        await report_earlier_freezes(ctx)

    CommandRun(options).run(work)


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
        click.echo("\n".join(_image_table(shown, scope) if long else (image_line(each, fleet) for each in shown)))
    if not shown:
        what = "No image of yours fits" if fleet.images and query.tests else "No images of yours"
        click.echo(f"{what} in {fleet.location.region}.", err=True)


def show_image(options: GlobalOptions, name: str | None, architecture: str) -> None:
    """Print one image."""
    from fe2tui.tasks import read_fleet

    async def work(ctx: Context) -> None:
        image, fleet = await read_fleet.read_image(ctx, name, architecture, whole=options.json)
        print_fleet_problems(fleet)
        if options.json:
            print_json(image_document(image, fleet))
        else:
            click.echo(image_line(image, fleet))
        await report_earlier_freezes(ctx)

    CommandRun(options).run(work)


def _print_public_images(shown: Sequence[PublicImage], fleet: Fleet, options: GlobalOptions) -> None:
    if options.json:
        print_json([{"word": one.word, "title": one.title, **image_document(one.image, fleet)} for one in shown])
        return
    rows = [(one.word, one.image.architecture, one.image.id, one.title, one.image.name) for one in shown]
    if rows:
        click.echo("\n".join(table_lines(("WORD", "ARCH", "ID", "WHAT", "NAME"), rows)))
    else:
        click.echo(f"None of the well-known images fits in {fleet.location.region}.", err=True)


def image_line(image: Image, fleet: Fleet) -> str:
    """``base (ami-0b39947b710d05337 pending 40 %): x86_64, 50 GiB``."""
    from fe2tui.model.image import image_progress

    return image.line(image_progress(image, fleet.snapshots.values()))


def image_document(image: Image, fleet: Fleet) -> dict[str, Any]:
    """An image for programs. ``progress`` is 0 to 1, ``size`` GiB of all its disks, the cost dollars."""
    from fe2tui.model.image import image_progress, image_snapshot_ids
    from fe2tui.model.money.rates import image_per_month

    available = 1.0 if image.state == "available" else None
    progress = image_progress(image, fleet.snapshots.values())
    return {
        "id": image.id,
        "name": image.name,
        "state": image.state,
        "progress": available if progress is None else round(progress, 4),
        "size": image.size or image.root_size or None,
        "architecture": image.architecture,
        "created_at": iso_time(image.created_at),
        "cost_per_month_at_most": round_dollars(image_per_month(image, fleet)),
        "snapshots": [_snapshot_document(each, fleet) for each in image_snapshot_ids(image, fleet.snapshots)],
        "source_instance_id": image.made_from or None,
        "login_user": image.login_user,
        "tags": dict(image.tags),
        "public": image.public,
        "owner_id": image.owner_id,
        "state_reason": image.state_reason,
    }


def _snapshot_document(snapshot_id: str, fleet: Fleet) -> dict[str, Any]:
    found: Snapshot | None = fleet.snapshots.get(snapshot_id)
    return {
        "id": snapshot_id,
        "state": found.state if found else None,
        "progress": found.progress if found else None,
        "size": found.volume_size if found else None,
        "stored": found.stored if found else None,
    }


_IMAGE_COLUMNS = ("NAME", "ID", "STATE", "GIB", "ARCH", "AGE", "≤$/MONTH", "INSTANCES")


def _image_table(shown: Sequence[Image], scope: ImageScope) -> list[str]:
    from fe2tui.model.image import image_progress
    from fe2tui.model.money.rates import image_per_month

    fleet = scope.fleet
    rows = []
    for each in shown:
        progress = image_progress(each, fleet.snapshots.values())
        rows.append(
            (
                each.name or DASH,
                each.id,
                each.state if progress is None else f"{each.state} {percent(progress)}",
                str(each.size or each.root_size or DASH),
                each.architecture,
                age(scope.now - each.created_at) if each.created_at else DASH,
                dollars(image_per_month(each, fleet)),
                _instances_text(each, fleet),
            )
        )
    return table_lines(_IMAGE_COLUMNS, rows, right=("GIB", "AGE", "≤$/MONTH"))


def _instances_text(image: Image, fleet: Fleet) -> str:
    from fe2tui.model.image_filter import instances_of_image

    made = instances_of_image(image, fleet)
    return ", ".join(visible(one.label) for one in made) or DASH


_MAX_TEXT_WIDTH = 100  # columns of text


def run_freeze(options: GlobalOptions, name: str, image_name: str | None, way: FreezeWay | None, *, wait: bool) -> None:
    """Make an image of an instance and print its id as soon as there is one."""
    from fe2tui.tasks import freeze as freeze_task
    from fe2tui.tasks.read_fleet import read_image_fleet

    working = CommandRun(options)

    async def work(ctx: Context) -> None:
        plan = await _agree_on_freeze(ctx, options, name, image_name, way)
        image = await freeze_task.freeze(ctx, plan.instance.id, wait=False, plan=plan)
        working.clear_progress()
        try:
            if not options.json:
                click.echo(image.id)
            if wait:
                image = await _watch_image(ctx, image)
                working.clear_progress()
                print_message(f"The image {visible(image.label)} is ready.")
            if options.json:
                print_json(image_document(image, print_fleet_problems(await read_image_fleet(ctx, image, whole=True))))
            await report_earlier_freezes(ctx, except_image_id=image.id)
        finally:
            if plan.existing_name:
                working.clear_progress()
                new, old = visible(plan.name), visible(plan.existing_name)
                print_message(f"The new image is called {new}: {old} is still the old one.")

    working.run(work)


async def _agree_on_freeze(
    ctx: Context, options: GlobalOptions, name: str, image_name: str | None, way: FreezeWay | None
) -> freeze_task.FreezePlan:
    """The plan, after printing it and, at a terminal, a confirmation. Raises the first error, and prints the others."""
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
        await _agree_to_name(plan)
    if plan.options and way is None and not options.yes and is_interactive():
        plan = freeze_task.with_way(plan, await _ask_freeze_way(plan), fleet)
    for sentence in plan.sentences:
        print_message(visible(sentence))
    return plan


async def _agree_to_name(plan: freeze_task.FreezePlan) -> None:
    """Raises InterruptedByUser unless a person agrees to another name than the instance's."""
    name = quote(plan.instance.label)
    otherwise = f"Say --yes if it is meant, or name the image: fe2 freeze {name} AMI-NAME"
    if not await confirm(f"{visible(plan.name_text)} Make it?", default=False, otherwise=otherwise):
        raise InterruptedByUser("Left as it was: no image was made.")


async def _ask_freeze_way(plan: freeze_task.FreezePlan) -> FreezeWay:
    """The way that a person chooses; an empty line leaves everything as it is."""
    from textwrap import fill

    label, image = visible(plan.instance.label), visible(plan.name)
    print_message(f"{label} is running. The image {image} can be made in {len(plan.options)} ways:")
    width = max(40, min(get_terminal_size().columns, _MAX_TEXT_WIDTH))
    for one in plan.options:
        head = f"  {one.title:<11} "
        print_message(fill(f"{head}{one.words}", width, subsequent_indent=" " * len(head)))
    offered = ", ".join(f"[{one.title[0].lower()}]{one.title[1:].lower()}" for one in plan.options)
    while True:
        answer = (await ask(f"{offered}, or leave it? ", otherwise="")).lower()
        if not answer or "leave".startswith(answer):
            raise InterruptedByUser("Left as it was: no image was made.")
        fitting = [one.way for one in plan.options if one.title.lower().startswith(answer) or one.way == answer]
        if len(fitting) == 1:
            return fitting[0]


async def _watch_image(ctx: Context, image: Image) -> Image:
    """The image when it is done; Ctrl-C leaves it to AWS, which goes on."""
    from fe2tui.tasks import freeze as freeze_task

    found = None
    for one in await freeze_task.open_freezes(ctx):
        if one.intent.image_id == image.id:
            found = one
        else:
            ctx.store.freezes.release(one.intent.token)
    return await freeze_task.watch_freeze(ctx, found) if found is not None else image


def run_deregister(options: GlobalOptions, names: Sequence[str]) -> int:
    """Deregister images, once it was agreed to; the exit status."""

    working = CommandRun(options)

    async def work(ctx: Context) -> list[Outcome]:
        outcomes = await _confirm_and_deregister(ctx, options, names)
        working.clear_progress()
        await report_earlier_freezes(ctx)
        return outcomes

    return print_outcomes(options, working.run(work))


async def _confirm_and_deregister(ctx: Context, options: GlobalOptions, names: Sequence[str]) -> list[Outcome]:
    from fe2tui.tasks import deregister as deregister_task
    from fe2tui.tasks.context import require_writable
    from fe2tui.tasks.impact import deregister_impact
    from fe2tui.tasks.names import find_own_images
    from fe2tui.tasks.read_fleet import read_images

    require_writable(ctx, "nothing can be deregistered")
    fleet = print_fleet_problems(await read_images(ctx, disabled=True))
    among = await find_own_images(ctx, fleet.images.values(), names)
    impact = deregister_impact(fleet, among, ctx.clock())
    await confirm_impact(impact, yes=options.yes)
    return await deregister_task.deregister(ctx, [each.id for each in among], fleet=fleet)
