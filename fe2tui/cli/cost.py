"""``cost``."""

from __future__ import annotations

import click

from fe2tui.cli.options import Asked


@click.command()
@click.pass_obj
def cost(asked: Asked) -> None:
    """Print what the region costs: an hour now, today, this month so far, and a month if left as it is.

    Machine by machine, with its disks and address; days and months are UTC's, as AWS bills. What is not in it, and what
    is not known, is said below.
    """
    from fe2tui.cli.work.cost import show_cost

    show_cost(asked)
