"""``amis``, ``ami``, ``freeze``, ``deregister``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fe2tui.cli.completion import ImageName, InstanceName
from fe2tui.cli.filters import FilterCommand
from fe2tui.cli.options import Asked
from fe2tui.errors import UsageError

if TYPE_CHECKING:
    from fe2tui.model.freeze import FreezeWay

architecture = click.option(
    "--arch", type=click.Choice(["x86_64", "arm64"]), default="x86_64", help="Which one, for ubuntu and its like."
)  # fmt: skip


@click.command(cls=FilterCommand)
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@click.option("--long", "-l", is_flag=True, help="A table with sizes, ages, costs and the instances made from each.")
@click.option("--public", is_flag=True, help="The newest well-known public ones, in place of yours.")
@click.pass_obj
def amis(asked: Asked, filters: tuple[str, ...], long: bool, public: bool) -> None:
    """List your images, one a line.

    FILTER is as in the dashboard: words, `state:pending`, `arch:arm64`, `tag:env=prod`, `age>30d`, `size>50`, `cost>1`,
    `made>0`.
    """
    from fe2tui.cli.work.images import show_all

    show_all(asked, filters, long=long, public=public)


@click.command()
@click.argument("name", required=False, type=ImageName(words=True))
@architecture
@click.pass_obj
def ami(asked: Asked, name: str | None, arch: str) -> None:
    """Print one image: by its name, its id, or ubuntu, amazon, debian or dlami. Without NAME: the newest Ubuntu."""
    from fe2tui.cli.work.images import show_one

    show_one(asked, name, arch)


@click.command()
@click.argument("name", type=InstanceName())
@click.argument("image_name", metavar="[AMI-NAME]", required=False)
@click.option("--reboot", is_flag=True, help="It reboots for the image: without a terminal that is what is done.")
@click.option("--stop-first", is_flag=True, help="Stop it, make the image, start it again: the surest.")
@click.option("--no-reboot", is_flag=True, help="Let it run on: the image is as after a power cut.")
@click.option("--wait/--no-wait", default=False, help="Whether to return only when the image can be used.")
@click.pass_obj
def freeze(
    asked: Asked, name: str, image_name: str | None, reboot: bool, stop_first: bool, no_reboot: bool, wait: bool
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
    from fe2tui.cli.work.freeze import freeze as work

    work(asked, name, image_name, chosen[0] if chosen else None, wait=wait)


@click.command()
@click.argument("names", nargs=-1, required=True, type=ImageName())
@click.pass_obj
def deregister(asked: Asked, names: tuple[str, ...]) -> int:
    """Remove images of yours and their snapshots. Shows what goes and what stays, and asks for the name, or the count.

    Snapshots that another image uses stay; instances made from the images go on.
    """
    from fe2tui.cli.work.deregister import deregister as work

    return work(asked, names)
