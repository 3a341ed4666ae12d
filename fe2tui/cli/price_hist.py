"""``price-hist``: spot prices of the last days."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from fe2tui.cli.completion import TypeName
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import print_json
from fe2tui.cli.read import print_problems, type_catalogues
from fe2tui.cli.run import CommandRun
from fe2tui.errors import UsageError
from fe2tui.model.documents import round_dollars

if TYPE_CHECKING:
    from fe2tui.model.fleet import Problem
    from fe2tui.model.price_hist import PriceHist, PriceRow
    from fe2tui.tasks.context import Context

_JSON_DECIMALS = 6  # of dollars
_CHART_WIDTH = 100  # columns, without a terminal
_CHART_HEIGHT = 14  # rows


@click.command("price-hist")
@click.argument("family", type=TypeName(family=True))
@click.option("--days", type=click.IntRange(1, 366), default=3, show_default=True, help="Number of days up to today.")
@click.option("--zone", metavar="ZONE", help="One zone (us-east-2a or 2a), or `all`; default: each type's cheapest.")
@click.option("--csv", is_flag=True, help="Print comma-separated values.")
@click.option("--chart", is_flag=True, help="Also draw a chart of each type's prices.")
@click.pass_obj
def price_hist(options: GlobalOptions, family: str, days: int, zone: str | None, csv: bool, chart: bool) -> None:
    """Print the daily spot prices of each type of a family, or of one type.

    Prices are dollars an hour, averaged over each calendar day of this computer; today's up to now. The zone is the one
    with the lowest average. SAVES compares the price now with the on-demand price. A dash is an unknown price: AWS
    keeps 90 days, and older days are known only if they were read before.
    """
    from fe2tui.aws.spot_prices import SpotHistoryCache
    from fe2tui.model.fleet import Prices
    from fe2tui.tasks.price_hist import price_hist as read_price_hist

    if sum((options.json, csv, chart)) > 1:
        raise UsageError("--json, --csv and --chart cannot be combined.", "Choose one.")

    async def work(ctx: Context) -> PriceHist:
        problems: list[Problem] = []
        with closing(SpotHistoryCache(ctx.store.spot_history)) as histories:
            async with type_catalogues() as catalogues:
                found = await read_price_hist(ctx, family, days, histories, catalogues, zone=zone, problems=problems)
        print_problems(problems, Prices(on_demand=found.on_demand))
        return found

    found = CommandRun(options).run(work)
    if options.json:
        print_json(_price_hist_document(found))
    elif csv:
        click.echo(_csv_text(found), nl=False)
    else:
        click.echo("\n".join(found.lines(_terminal_width())))
        if chart:
            click.echo("\n".join(_chart_texts(found)))


def _price_hist_document(found: PriceHist) -> dict[str, Any]:
    """The table as JSON: dollars an hour, one price a day; None is unknown."""
    return {
        "region": found.region,
        "days": [day.date.isoformat() for day in found.days],
        "rows": [_row_document(row) for row in found.rows],
    }


def _row_document(row: PriceRow) -> dict[str, Any]:
    return {
        "name": row.type,
        "zone": row.zone or None,
        "prices": [round_dollars(price, _JSON_DECIMALS) for price in row.per_day],
        "mean": round_dollars(row.mean, _JSON_DECIMALS),
        "now": row.now,
        "on_demand": row.on_demand,
        "saves": round_dollars(row.saves, 4),
    }


def _csv_text(found: PriceHist) -> str:
    import csv

    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["type", "zone", *(day.date.isoformat() for day in found.days)])
    for row in found.rows:
        prices = ("" if price is None else f"{round_dollars(price, _JSON_DECIMALS):f}" for price in row.per_day)
        rows.writerow([row.type, row.zone, *prices])
    return text.getvalue()


def _terminal_width() -> int | None:
    """Columns of the terminal; None without one, where lines may have any width."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _chart_texts(found: PriceHist) -> Iterator[str]:
    from fe2tui.chart.chart import draw
    from fe2tui.chart.picture import to_ansi
    from fe2tui.tasks.price_hist import price_charts

    in_colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    charts = price_charts(found)
    for chart in charts:
        yield f"\n{chart.type_name}"
        yield to_ansi(draw(chart, _terminal_width() or _CHART_WIDTH, _CHART_HEIGHT), colour=in_colour)
    if not charts:
        yield f"\nThere is no chart: no spot price is known in {found.region}."
