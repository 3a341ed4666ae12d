"""``price-hist``."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from fe2tui.cli.completion import TypeName
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import print_json, round_dollars
from fe2tui.cli.read import print_problems, type_catalogues
from fe2tui.cli.run import CommandRun
from fe2tui.errors import UsageError

if TYPE_CHECKING:
    from fe2tui.model.fleet import Problem
    from fe2tui.model.price_hist import PriceHist, PriceRow
    from fe2tui.tasks.context import Context


@click.command("price-hist")
@click.argument("family", type=TypeName(family=True))
@click.option("--days", type=click.IntRange(1, 366), default=3, show_default=True, help="How many days, up to today.")
@click.option("--zone", metavar="ZONE", help="One zone, such as us-east-2a or 2a, or `all`; else each type's cheapest.")
@click.option("--csv", is_flag=True, help="Print comma-separated values.")
@click.option("--chart", is_flag=True, help="Draw each type's prices in these days, too.")
@click.pass_obj
def price_hist(options: GlobalOptions, family: str, days: int, zone: str | None, csv: bool, chart: bool) -> None:
    """Print what each type of a family, or one type, cost on the spot market on each of the last days.

    A day is one of this computer's calendar, its price in dollars an hour the mean by time; today's is the mean up to
    now. The zone is the one of the lowest mean. SAVES is how much less it costs now than on demand. What is not known
    is a dash: AWS itself tells of 90 days, older days are those that were read before.
    """

    show_price_hist(options, family, days, zone, csv=csv, chart=chart)


_DECIMALS = 6  # decimals of dollars for programs
_CHART_WIDTH, _CHART_HEIGHT = 100, 14  # of a chart where there is no terminal, and of each chart


def show_price_hist(
    options: GlobalOptions, family: str, days: int, zone: str | None, *, csv: bool, chart: bool
) -> None:
    """Print it. Raises NotFoundError for a family or a zone that there is not."""
    from fe2tui.aws.spot_prices import SpotHistoryCache
    from fe2tui.model.fleet import Prices
    from fe2tui.tasks.price_hist import price_hist as task

    if sum((options.json, csv, chart)) > 1:
        raise UsageError("--json, --csv and --chart are three ways to show it.", "Choose one.")

    async def work(ctx: Context) -> PriceHist:
        problems: list[Problem] = []
        histories = SpotHistoryCache(ctx.store.spot_history)
        try:
            async with type_catalogues() as known:
                found = await task(ctx, family, days, histories, known, zone=zone, problems=problems)
        finally:
            histories.close()
        print_problems(problems, Prices(on_demand=found.on_demand))
        return found

    found = CommandRun(options).run(work)
    if options.json:
        print_json(price_hist_document(found))
    elif csv:
        click.echo(_csv_text(found), nl=False)
    else:
        click.echo("\n".join(found.lines(_terminal_width())))
        if chart:
            click.echo("\n".join(_chart_texts(found)))


def price_hist_document(found: PriceHist) -> dict[str, Any]:
    """The table for programs: dollars an hour, one price a day, null for what is not known."""
    return {
        "region": found.region,
        "days": [day.date.isoformat() for day in found.days],
        "rows": [_row_document(row) for row in found.rows],
    }


def _row_document(row: PriceRow) -> dict[str, Any]:
    return {
        "name": row.type,
        "zone": row.zone or None,
        "prices": [round_dollars(price, _DECIMALS) for price in row.per_day],
        "mean": round_dollars(row.mean, _DECIMALS),
        "now": row.now,
        "on_demand": row.on_demand,
        "saves": round_dollars(row.saves, 4),
    }


def _csv_text(found: PriceHist) -> str:
    import csv as comma

    written = io.StringIO()
    rows = comma.writer(written, lineterminator="\n")
    rows.writerow(["type", "zone", *(day.date.isoformat() for day in found.days)])
    rows.writerows([row.type, row.zone, *map(_csv_price, row.per_day)] for row in found.rows)
    return written.getvalue()


def _csv_price(price: Decimal | None) -> str:
    return "" if price is None else f"{round_dollars(price, _DECIMALS):f}"


def _terminal_width() -> int | None:
    """How wide a line may be: as the terminal is, and as it likes where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _chart_texts(found: PriceHist) -> Iterator[str]:
    from fe2tui.chart.chart import draw
    from fe2tui.chart.picture import to_ansi
    from fe2tui.tasks.price_hist import price_charts

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    charts = price_charts(found)
    for chart in charts:
        yield f"\n{chart.type_name}"
        yield to_ansi(draw(chart, _terminal_width() or _CHART_WIDTH, _CHART_HEIGHT), colour=colour)
    if not charts:
        yield f"\nNothing to draw: no spot price is known in {found.region}."
