"""What types cost on the spot market, day by day."""

from __future__ import annotations

import csv as comma
import io
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import click

from fe2tui.cli.options import Asked
from fe2tui.cli.work.output import cents, print_json
from fe2tui.cli.work.reading import catalogues, tell
from fe2tui.cli.work.working import Working
from fe2tui.errors import UsageError
from fe2tui.model.fleet import Prices, Problem
from fe2tui.model.price_hist import PriceHist, PriceRow
from fe2tui.tasks.context import Context
from fe2tui.tasks.price_hist import charts_of
from fe2tui.tasks.price_hist import price_hist as task
from fe2tui.tasks.spot_history import SpotHistories

_PLACES = 6  # decimals of dollars for programs
_WIDTH, _HEIGHT = 100, 14  # of a chart where there is no terminal, and of each chart


def show_history(asked: Asked, family: str, days: int, zone: str | None, *, csv: bool, chart: bool) -> None:
    """Print it. Raises NotFoundError for a family or a zone that there is not."""
    if sum((asked.json, csv, chart)) > 1:
        raise UsageError("--json, --csv and --chart are three ways to show it.", "Choose one.")

    async def work(ctx: Context) -> PriceHist:
        problems: list[Problem] = []
        async with catalogues() as known, _histories() as histories:
            found = await task(ctx, family, days, histories, known, zone=zone, problems=problems)
        tell(problems, Prices(on_demand=found.on_demand))
        return found

    found = Working(asked).run(work)
    if asked.json:
        print_json(history_document(found))
    elif csv:
        click.echo(_csv(found), nl=False)
    else:
        click.echo("\n".join(found.lines(_width())))
        if chart:
            click.echo("\n".join(_charts(found)))


@asynccontextmanager
async def _histories() -> AsyncIterator[SpotHistories]:
    made = SpotHistories()
    try:
        yield made
    finally:
        made.close()


def history_document(found: PriceHist) -> dict[str, Any]:
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
        "prices": [cents(price, _PLACES) for price in row.per_day],
        "mean": cents(row.mean, _PLACES),
        "now": row.now,
        "on_demand": row.on_demand,
        "saves": cents(row.saves, 4),
    }


def _csv(found: PriceHist) -> str:
    written = io.StringIO()
    rows = comma.writer(written, lineterminator="\n")
    rows.writerow(["type", "zone", *(day.date.isoformat() for day in found.days)])
    rows.writerows([row.type, row.zone, *map(_plain, row.per_day)] for row in found.rows)
    return written.getvalue()


def _plain(price: Decimal | None) -> str:
    return "" if price is None else f"{cents(price, _PLACES):f}"


def _width() -> int | None:
    """How wide a line may be: as the terminal is, and as it likes where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _charts(found: PriceHist) -> Iterator[str]:
    from fe2tui.chart.steps import draw
    from fe2tui.chart.text import ansi

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    charts = charts_of(found)
    for chart in charts:
        yield f"\n{chart.about}"
        yield ansi(draw(chart, _width() or _WIDTH, _HEIGHT), colour=colour)
    if not charts:
        yield f"\nNothing to draw: no spot price is known in {found.region}."
