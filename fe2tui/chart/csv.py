"""Prices as comma-separated values: one line a change."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from fe2tui.chart.lines import Chart
from fe2tui.model.series import Series
from fe2tui.model.spot import SpotHistory

TITLES = ("type", "zone", "time", "price")


def csv_of(what: SpotHistory | Chart) -> str:
    """All changes of a history, or those of a chart's window with the price that its window begins with.

    Columns: type, zone, time (UTC, ISO 8601), price (dollars an hour), by zone and time. A chart's first price of a
    zone has the time at which it was set, which may lie before the window.
    """
    if isinstance(what, SpotHistory):
        rows = [
            (what.type, zone, *change)
            for zone, series in sorted(what.zones.items())
            for change in zip(series.times, series.values, strict=True)
        ]
    else:
        rows = [
            (what.about, line.zone or line.label, *change)
            for line in what.lines
            for change in _within(what, line.series)
        ]
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(TITLES)
    writer.writerows(
        (kind, zone, f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", price) for kind, zone, moment, price in rows
    )
    return written.getvalue()


def _within(chart: Chart, series: Series) -> Iterable[tuple[datetime, Decimal]]:
    kept = series.since(chart.start)
    return ((moment, price) for moment, price in zip(kept.times, kept.values, strict=True) if moment <= chart.end)
