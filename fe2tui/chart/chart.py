"""A chart: lines of prices over a window of time, and drawing it as a picture."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import lru_cache

from fe2tui.chart.picture import Picture, PictureCell
from fe2tui.model.price_series import PriceSeries

MARKERS = ("●", "■", "▲", "◆", "○", "□")
"""The marker of each line style, so that lines differ not only by their colour."""


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One line. ``label`` is shown (``2a``); ``style`` is the number of its colour and marker.

    ``zone`` is the zone's full name, for files; empty: the label.
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
        """Its style in a picture: ``line-0`` to ``line-5``."""
        return f"line-{self.style % len(MARKERS)}"


@dataclass(frozen=True, slots=True)
class Chart:
    """Prices in dollars an hour from ``start`` to ``end``, the most important line first.

    ``reference`` is a price to compare with; the chart shows it as ``reference_label`` and the price. ``tz`` is the
    person's time zone, None this computer's. ``type_name`` is the instance type, for files.
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
        """The lowest and the highest price in the window; None where no line has a price."""
        if self.start >= self.end:
            return None
        held = [value for line in self.lines for value in _values(line.series, self.start, self.end)]
        return (min(held), max(held)) if held else None

    @property
    def reference_text(self) -> str:
        """The label of the reference: ``on demand 12.240``."""
        if self.reference is None:
            return ""
        exponent = self.reference.normalize().as_tuple().exponent
        return f"{self.reference_label} {self.reference:,.{max(3, -int(exponent))}f}".strip()


def _values(series: PriceSeries, start: datetime, end: datetime) -> tuple[Decimal, ...]:
    first = max(bisect_right(series.times, start) - 1, 0)
    return series.values[first : bisect_left(series.times, end)]


MIN_WIDTH, MIN_HEIGHT = 40, 7
"""Columns and rows below which the picture says that there is no space for a chart."""

_PICTURES = 16  # kept: for somebody who goes through the types of a family and back


def draw(chart: Chart, width: int, height: int) -> Picture:
    """``draw_without_cursor``, and the cursor if the chart has one."""
    picture = draw_without_cursor(replace(chart, cursor=None), width, height)
    return with_cursor(picture, chart, chart.cursor) if chart.cursor else picture


@lru_cache(maxsize=_PICTURES)
def draw_without_cursor(chart: Chart, width: int, height: int) -> Picture:
    """The chart as a picture of exactly this size, without its cursor. The last pictures are kept.

    Imports plotext the first time. One thread only: plotext has one figure for the whole process.
    """
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return _message_picture("too small for a chart", width, height)
    if chart.price_range() is None:
        return _message_picture("no price in this time", width, height)
    from fe2tui.chart.render import ChartRenderer

    return ChartRenderer(chart, width, height).render()


def with_cursor(picture: Picture, chart: Chart, moment: datetime) -> Picture:
    """The picture with a vertical line at a moment, and each line's marker where it crosses that."""
    frame, column = picture.canvas, picture.column_of(moment)
    if frame is None or column is None:
        return picture
    cells: dict[int, PictureCell] = dict.fromkeys(range(frame.top, frame.bottom), ("│", "cursor"))
    for line in reversed(chart.lines):
        price = line.series.at(moment)
        if price is not None:
            cells[frame.row_of(price)] = (line.marker, line.style_name)
    cells[frame.bottom] = ("┴", "cursor")
    return picture.with_cells([(row, column, cell) for row, cell in cells.items()])


def _message_picture(words: str, width: int, height: int) -> Picture:
    blank = ((" " * width, "text"),)
    rows = [blank] * height
    if rows:
        rows[height // 2] = ((words[: max(0, width)].center(width), "text"),)
    return Picture(tuple(rows), width, height)
