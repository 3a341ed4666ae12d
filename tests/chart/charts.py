"""Charts to draw: as few changes as make the case, or as many as the demo cloud has at its densest."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fe2tui.chart.chart import Chart, ChartLine
from fe2tui.model.price_series import PriceSeries

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def steps(*prices: tuple[float, str]) -> PriceSeries:
    """Prices by how many days before now they were set."""
    return PriceSeries.from_changes((NOW - timedelta(days=days), Decimal(price)) for days, price in prices)


def chart(*series: PriceSeries, days: float = 7, reference: str | None = None, end: datetime = NOW) -> Chart:
    """A chart of these, named 2a, 2b and so on, in UTC."""
    lines = tuple(
        ChartLine(f"2{letter}", one, ink) for ink, (letter, one) in enumerate(zip("abcdef", series, strict=False))
    )
    price = Decimal(reference) if reference else None
    return Chart(lines, end - timedelta(days=days), end, price, tz=UTC, type_name="p3.8xlarge")


def dense(zones: int = 6, days: int = 90, a_day: int = 5, around: float = 3.87, seed: int = 1) -> Chart:
    """Prices that wander, each changing so many times a day; on demand is three times as dear."""
    chance = random.Random(seed)
    found: list[PriceSeries] = []
    for _ in range(zones):
        price, changes = around * (1 + chance.random() / 4), []
        for turn in range(days * a_day):
            price = max(around / 2, min(around * 2, price * (1 + chance.uniform(-0.02, 0.02))))
            moment = NOW - timedelta(days=days) + timedelta(days=1 / a_day) * (turn + chance.random() * 0.9)
            changes.append((moment, Decimal(f"{price:.4f}")))
        found.append(PriceSeries.from_changes(changes))
    return chart(*found, days=days, reference=f"{around * 3:.3f}")
