"""``requests``."""

from __future__ import annotations

import click

from fe2tui.cli.options import Asked


@click.command()
@click.option("--long", "-l", is_flag=True, help="A table with types, zones, ages and what each state means.")
@click.pass_obj
def requests(asked: Asked, long: bool) -> None:
    """List the spot requests with their machines, one a line: those that may still launch one first."""
    from fe2tui.cli.work.requests import show_all

    show_all(asked, long=long)
