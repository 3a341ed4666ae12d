"""``terminate``."""

from __future__ import annotations

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.options import Asked


@click.command()
@click.argument("names", nargs=-1, required=True, type=InstanceName())
@click.option("--wait/--no-wait", default=False, help="Whether to return only when they are gone.")
@click.pass_obj
def terminate(asked: Asked, names: tuple[str, ...], wait: bool) -> int:
    """Terminate instances. Shows what is lost and what stays, and asks for the name, or for the count of several."""
    from fe2tui.cli.work.terminate import terminate as work

    return work(asked, names, wait=wait)
