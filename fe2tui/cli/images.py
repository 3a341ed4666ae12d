"""``amis``, ``ami``, ``freeze``, ``deregister``."""

from __future__ import annotations

import click

from fe2tui.cli.completion import ImageName
from fe2tui.cli.options import Asked

architecture = click.option(
    "--arch", type=click.Choice(["x86_64", "arm64"]), default="x86_64", help="Which one, for ubuntu and its like."
)  # fmt: skip


@click.command()
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
