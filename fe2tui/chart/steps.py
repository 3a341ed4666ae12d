"""A chart of prices over time: a step line a zone, drawn in braille dots by plotext."""

from __future__ import annotations

from datetime import datetime

from fe2tui.chart.lines import MARKERS, Chart, Line
from fe2tui.chart.picture import Cell, Picture

__all__ = ["LEAST_HEIGHT", "LEAST_WIDTH", "MARKERS", "Chart", "Line", "draw", "pointed", "still"]

LEAST_WIDTH, LEAST_HEIGHT = 40, 7
"""Columns and rows below which there is no chart."""


def draw(chart: Chart, width: int, height: int) -> Picture:
    """The chart as a picture of exactly this size, with its cursor. Says "too small" where there is no room for one.

    Imports plotext the first time. One thread only: plotext has one figure for the whole process.
    """
    picture = still(chart, width, height)
    return pointed(picture, chart, chart.cursor) if chart.cursor else picture


def still(chart: Chart, width: int, height: int) -> Picture:
    """The picture without a cursor: the same as long as the data and the size are."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return _said("too small for a chart", width, height)
    if chart.prices() is None:
        return _said("no price in this time", width, height)
    from fe2tui.chart.sheet import Sheet

    return Sheet(chart, width, height).picture()


def pointed(picture: Picture, chart: Chart, moment: datetime) -> Picture:
    """The picture with a line at a moment, and each chart line's marker where it crosses it."""
    frame, column = picture.frame, picture.column_of(moment)
    if frame is None or column is None:
        return picture
    cells: dict[int, Cell] = dict.fromkeys(range(frame.top, frame.foot), ("│", "cursor"))
    for line in reversed(chart.lines):
        price = line.series.at(moment)
        if price is not None:
            cells[frame.row_of(price)] = (line.marker, line.ink_name)
    cells[frame.foot] = ("┴", "cursor")
    return picture.marked([(row, column, cell) for row, cell in cells.items()])


def _said(words: str, width: int, height: int) -> Picture:
    blank = ((" " * width, "text"),)
    rows = [blank] * height
    if rows:
        rows[height // 2] = ((words[: max(0, width)].center(width), "text"),)
    return Picture(tuple(rows), width, height)
