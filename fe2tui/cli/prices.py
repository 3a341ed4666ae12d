"""``price-hist``."""

from __future__ import annotations

import click

from fe2tui.cli.completion import TypeName
from fe2tui.cli.options import Asked


@click.command("price-hist")
@click.argument("family", type=TypeName(family=True))
@click.option("--days", type=click.IntRange(1, 366), default=3, show_default=True, help="How many days, up to today.")
@click.option("--zone", metavar="ZONE", help="One zone, such as us-east-2a or 2a, or `all`; else each type's cheapest.")
@click.option("--csv", is_flag=True, help="Print comma-separated values.")
@click.option("--chart", is_flag=True, help="Draw each type's prices in these days, too.")
@click.pass_obj
def price_hist(asked: Asked, family: str, days: int, zone: str | None, csv: bool, chart: bool) -> None:
    """Print what each type of a family, or one type, cost on the spot market on each of the last days.

    A day is one of this computer's calendar, its price in dollars an hour the mean by time; today's is the mean up to
    now. The zone is the one of the lowest mean. SAVES is how much less it costs now than on demand. What is not known
    is a dash: AWS itself tells of 90 days, older days are those that were read before.
    """
    from fe2tui.cli.work.price_hist import show_history

    show_history(asked, family, days, zone, csv=csv, chart=chart)
