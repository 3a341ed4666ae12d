"""Prices as comma-separated values, one line a change."""

from __future__ import annotations

import csv
import io
from datetime import UTC

from fe2tui.chart.chart import Chart
from fe2tui.model.spot import SpotHistory


def prices_csv(source: SpotHistory | Chart) -> str:
    """All changes of a history, or those within a chart's period and the price at its start.

    Columns: type, zone, time (UTC, ISO 8601), price (dollars an hour), sorted by zone and time. The first time of a
    chart's zone is when that price was set, which may be before the period.
    """
    if isinstance(source, SpotHistory):
        type_name, end = source.type, None
        zones = sorted(source.zones.items())
    else:
        type_name, end = source.type_name, source.end
        zones = [(line.zone or line.label, line.series.since(source.start)) for line in source.lines]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("type", "zone", "time", "price"))
    for zone, series in zones:
        for moment, price in zip(series.times, series.values, strict=True):
            if end is None or moment <= end:
                writer.writerow((type_name, zone, f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", f"{price:f}"))
    return text.getvalue()
