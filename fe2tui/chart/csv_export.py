"""Prices as CSV: one row a change."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from fe2tui.chart.chart import Chart
from fe2tui.model.price_series import Change, PriceSeries
from fe2tui.model.spot import SpotHistory

HEADER = ("type", "zone", "time", "price")


def prices_csv(what: SpotHistory | Chart) -> str:
    """All changes of a history, or the changes in a chart's window and the price that holds at its beginning.

    Columns: type, zone, time (UTC, ISO 8601), price (dollars an hour); sorted by zone and time. The first price of a
    zone in a chart has the time of its change, which may be before the window.
    """
    if isinstance(what, SpotHistory):
        parts = [(what.type, zone, _changes(series)) for zone, series in sorted(what.zones.items())]
    else:
        parts = [
            (what.type_name, line.zone or line.label, _changes_in_window(what, line.series)) for line in what.lines
        ]
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEADER)
    for kind, zone, changes in parts:
        writer.writerows((kind, zone, _iso(moment), f"{price:f}") for moment, price in changes)
    return written.getvalue()


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _changes(series: PriceSeries) -> Iterable[Change]:
    return zip(series.times, series.values, strict=True)


def _changes_in_window(chart: Chart, series: PriceSeries) -> Iterable[Change]:
    return ((moment, price) for moment, price in _changes(series.since(chart.start)) if moment <= chart.end)
