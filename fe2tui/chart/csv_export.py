"""Prices as comma-separated values, one line a change."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from fe2tui.chart.chart import Chart
from fe2tui.model.price_series import Change, PriceSeries
from fe2tui.model.spot import SpotHistory

_HEADER = ("type", "zone", "time", "price")


def prices_csv(source: SpotHistory | Chart) -> str:
    """All changes of a history, or those within a chart's period and the price at its start.

    Columns: type, zone, time (UTC, ISO 8601), price (dollars an hour), sorted by zone and time. The first time of a
    chart's zone is when that price was set, which may be before the period.
    """
    if isinstance(source, SpotHistory):
        parts = [(source.type, zone, _changes(series)) for zone, series in sorted(source.zones.items())]
    else:
        parts = [
            (source.type_name, line.zone or line.label, _changes_in_period(source, line.series))
            for line in source.lines
        ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for type_name, zone, changes in parts:
        writer.writerows((type_name, zone, _iso(moment), f"{price:f}") for moment, price in changes)
    return text.getvalue()


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _changes(series: PriceSeries) -> Iterable[Change]:
    return zip(series.times, series.values, strict=True)


def _changes_in_period(chart: Chart, series: PriceSeries) -> Iterable[Change]:
    return ((moment, price) for moment, price in _changes(series.since(chart.start)) if moment <= chart.end)
