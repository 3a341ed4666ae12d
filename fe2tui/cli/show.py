"""``instances``, ``instance``, ``ip``."""

from __future__ import annotations

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.options import Asked


@click.command()
@click.option("--all", "everything", is_flag=True, help="Terminated ones too, as long as EC2 shows them.")
@click.option("--long", "-l", is_flag=True, help="A table with types, zones, ages and costs.")
@click.pass_obj
def instances(asked: Asked, everything: bool, long: bool) -> None:
    """List the instances, one a line."""
    from fe2tui.cli.work.show import show_all

    show_all(asked, everything=everything, long=long)


@click.command()
@click.argument("name", type=InstanceName())
@click.pass_obj
def instance(asked: Asked, name: str) -> None:
    """Print one instance, by its name or id."""
    from fe2tui.cli.work.show import show_one

    show_one(asked, name)


@click.command()
@click.argument("name", type=InstanceName())
@click.pass_obj
def ip(asked: Asked, name: str) -> None:
    """Print an instance's address.

    The public one, or the private one if the settings say use_private_address.
    """
    from fe2tui.cli.work.show import show_address

    show_address(asked, name)
