"""``Chart``: lines of prices over a period; and its picture for a terminal."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import lru_cache

from fe2tui.chart.picture import Picture, Segment
from fe2tui.chart.ticks import decimals
from fe2tui.model.price_series import PriceSeries

MARKERS = ("●", "■", "▲", "◆", "○", "□")
"""The marker of each line style, so that lines differ not by colour alone."""

MIN_WIDTH, MIN_HEIGHT = 40, 7
"""Columns and rows below which there is no space for a chart."""


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One line. ``label`` is the short zone (``2a``), ``style`` the number of its colour and marker.

    ``zone`` is the zone's full name, for files; if empty, the label is used.
    """

    label: str
    series: PriceSeries
    style: int = 0
    zone: str = ""

    @property
    def marker(self) -> str:
        return MARKERS[self.style % len(MARKERS)]

    @property
    def style_name(self) -> str:
        """The name of its style in a picture: ``line-0`` to ``line-5``."""
        return f"line-{self.style % len(MARKERS)}"


@dataclass(frozen=True, slots=True)
class Chart:
    """Prices from ``start`` to ``end`` in dollars an hour, the most important line first.

    ``reference`` is a price to compare with; ``reference_label`` names it, and the chart adds the amount. ``tz`` is the
    time zone of the axis, None this computer's. ``cursor`` is a moment to mark, ``type_name`` the instance type for
    files.
    """

    lines: tuple[ChartLine, ...]
    start: datetime
    end: datetime
    reference: Decimal | None = None
    reference_label: str = "on demand"
    tz: tzinfo | None = None
    cursor: datetime | None = None
    type_name: str = ""

    def price_range(self) -> tuple[Decimal, Decimal] | None:
        """The lowest and the highest price in the period; None if no line has one."""
        if self.start >= self.end:
            return None
        prices: list[Decimal] = []
        for times, values in ((line.series.times, line.series.values) for line in self.lines):
            prices += values[max(bisect_right(times, self.start) - 1, 0) : bisect_left(times, self.end)]
        return (min(prices), max(prices)) if prices else None

    @property
    def reference_text(self) -> str:
        """``on demand 12.240``; empty without a reference."""
        if self.reference is None:
            return ""
        return f"{self.reference_label} {self.reference:,.{max(3, decimals(self.reference))}f}".strip()


def draw(chart: Chart, width: int, height: int) -> Picture:
    """The chart as a picture of exactly this size, in columns and rows, with the cursor if the chart has one."""
    picture = draw_without_cursor(replace(chart, cursor=None), width, height)
    return with_cursor(picture, chart, chart.cursor) if chart.cursor else picture


@lru_cache(maxsize=16)  # enough to go through the types of a family and back
def draw_without_cursor(chart: Chart, width: int, height: int) -> Picture:
    """The chart as a picture without its cursor. The latest pictures are cached.

    The first call imports plotext. Call it from one thread only: plotext has one figure for the whole process.
    """
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return _message_picture("too small for a chart", width, height)
    if chart.price_range() is None:
        return _message_picture("no price in this period", width, height)
    from fe2tui.chart.render import ChartRenderer

    return ChartRenderer(chart, width, height).render()


def with_cursor(picture: Picture, chart: Chart, moment: datetime) -> Picture:
    """The picture with a vertical line at a moment, and each chart line's marker where it crosses that line."""
    canvas, column = picture.canvas, picture.column_of(moment)
    if canvas is None or column is None:
        return picture
    cells: dict[int, Segment] = dict.fromkeys(range(canvas.top, canvas.bottom), ("│", "cursor"))
    for line in reversed(chart.lines):
        price = line.series.at(moment)
        if price is not None:
            cells[canvas.row_of(price)] = (line.marker, line.style_name)
    cells[canvas.bottom] = ("┴", "cursor")
    return picture.with_column(column, cells)


def _message_picture(message: str, width: int, height: int) -> Picture:
    lines = [message[: max(0, width)] if row == height // 2 else "" for row in range(height)]
    return Picture(tuple(((line.center(width), "text"),) for line in lines), width, height)
