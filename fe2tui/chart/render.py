"""Draws a chart as text: canvas, axes, reference and labels, cell by cell. Imports plotext."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import plotext

from fe2tui.chart.chart import Chart, ChartLine
from fe2tui.chart.picture import CanvasArea, Picture, Segment, to_segments
from fe2tui.chart.reduce import Dot, column_path, reduce_to_columns
from fe2tui.chart.ticks import price_axis, spread_labels, time_ticks
from fe2tui.model.text import visible

CanvasCell = tuple[str, int]
"""A character, and the number of the path that is visible in it; -1 without one."""

_EMPTY: CanvasCell = (" ", -1)
_COLOUR_CODE_OR_CHARACTER = re.compile(r"\x1b\[([0-9;]*)m|(.)")
_COLOUR_PREFIX = "38;5;"
_COLOURS = 64
_MIN_WIDTH_FOR_PRICES = 100  # columns: from here on a line's label contains its last price
_MAX_LABEL_WIDTH = 10  # columns for the name of a line
_MIN_HEIGHT_FOR_BREAK = 11  # rows: from here on a break of the axis has a row of its own
_DASHES = ("⣀", "⠤", "⠒", "⠉")  # a dash at each of the four heights within a row, from below


def trace_paths(paths: Sequence[Sequence[Dot]], width: int, height: int) -> list[list[CanvasCell]]:
    """Rows of cells with lines along the paths, each from dot to dot. Where two meet, the later one is visible.

    From one thread only: plotext has one figure for the whole process.
    """
    figure = plotext.figure
    plotext.terminal.limit(False, False)  # otherwise plotext cuts the width to its terminal's
    figure.clear()
    figure.plot_size(width, height)
    figure.axes(False)
    figure.legend(False)
    figure.canvas("default")
    rulers = figure.ruler("both", "both")
    rulers.frequency(0)
    rulers.alignment(lim="edge")
    figure.ruler("x", "lower").lim(0, 2 * width)
    figure.ruler("y", "left").lim(0, 4 * height)
    figure.draw(_signal(paths))
    text = figure.build().string()
    figure.clear()
    rows = [_row(line, width) for line in text.split("\n")[:height]]
    return rows + [[_EMPTY] * width for _ in range(height - len(rows))]


def _signal(paths: Sequence[Sequence[Dot]]) -> Any:
    """All paths as one signal, which takes plotext a quarter of the time of one signal a path.

    plotext searches the colours of a signal at every point until it has 64 of them. So 64 points of different colours
    come first, outside the canvas.
    """
    markers = []
    for colour in range(_COLOURS):
        marker = plotext.marker("braille")
        marker.fill(plotext.pixel(foreground=colour))
        markers.append(marker)
    x, y, starts = [-1.0] * _COLOURS, [-1.0] * _COLOURS, list(range(_COLOURS))
    for number, path in enumerate(paths, 1):
        starts.append(len(x))
        x += [column + 0.5 for column, _ in path]
        y += [row + 0.5 for _, row in path]
        markers += [markers[number]] * len(path)
    markers += markers[:2]  # plotext would copy each marker of a list that is not longer than the points
    signal = plotext.figure.signal(x, y, marker=markers)
    signal.lines()
    for start in starts:
        signal.line(start, False)
    return signal


def _row(line: str, width: int) -> list[CanvasCell]:
    cells: list[CanvasCell] = []
    path = -1
    for code, character in _COLOUR_CODE_OR_CHARACTER.findall(line):
        if character:
            cells.append((character, path) if character != " " else _EMPTY)
        else:
            path = int(code.removeprefix(_COLOUR_PREFIX)) - 1 if code.startswith(_COLOUR_PREFIX) else -1
    return (cells + [_EMPTY] * width)[:width]


class ChartRenderer:
    """Draws one chart at one size. Its period must contain a price."""

    def __init__(self, chart: Chart, width: int, height: int) -> None:
        self._chart = chart
        self._width, self._height = width, height
        self._lines = [line for line in chart.lines if line.series.at(chart.end) is not None]
        self._labels = [self._label(line) for line in self._lines]
        self._canvas = self._canvas_area(chart.price_range() or (Decimal(0), Decimal(0)))
        self._price_to_dot = self._canvas.price_to_dot
        self._rows: list[list[Segment]] = [[(" ", "text")] * width for _ in range(height)]

    def render(self) -> Picture:
        self._draw_price_axis()
        self._draw_time_axis()
        self._draw_lines()
        self._draw_reference()
        self._draw_labels()
        return Picture(tuple(to_segments(row) for row in self._rows), self._width, self._height, self._canvas)

    def _label(self, line: ChartLine) -> str:
        price = line.series.at(self._chart.end)
        label = visible(line.label)[:_MAX_LABEL_WIDTH]
        return f"{label} {price:,.4f}" if self._width >= _MIN_WIDTH_FOR_PRICES else label

    def _canvas_area(self, prices: tuple[Decimal, Decimal]) -> CanvasArea:
        chart, rows, above = self._chart, self._height - 2, 0
        axis = price_axis(*prices, chart.reference, rows)
        if axis.reference_position in ("above", "below"):
            beyond = 2 if self._height >= _MIN_HEIGHT_FOR_BREAK else 1
            rows -= beyond
            axis = price_axis(*prices, chart.reference, rows)
            above = beyond if axis.reference_position == "above" else 0
        left = axis.label_width(chart.reference) + 2
        right = max((len(label) + 3 for label in self._labels), default=0)
        return CanvasArea(left, above, self._width - left - right, rows, chart.start, chart.end, axis)

    def _write(self, row: int, column: int, text: str, style: str) -> None:
        for cell, character in enumerate(text, column):
            if 0 <= cell < self._width:
                self._rows[row][cell] = (character, style)

    def _draw_price_axis(self) -> None:
        canvas = self._canvas
        for row in range(canvas.top, canvas.bottom):
            self._write(row, canvas.left - 1, "│", "axis")
        for price in canvas.axis.ticks:
            row = canvas.row_of(price)
            self._write(row, 0, canvas.axis.label(price).rjust(canvas.left - 2), "tick")
            self._write(row, canvas.left - 1, "┤", "axis")
            if self._reference_row() != row:
                self._write(row, canvas.left, "┈" * canvas.columns, "grid")

    def _reference_row(self) -> int | None:
        price, canvas = self._chart.reference, self._canvas
        return canvas.row_of(price) if price is not None and canvas.axis.reference_position == "inside" else None

    def _draw_time_axis(self) -> None:
        canvas, foot = self._canvas, self._height - 2
        self._write(foot, canvas.left - 1, "└" + "─" * canvas.columns, "axis")
        self._write(foot + 1, 0, "$/h".rjust(canvas.left - 2), "axis")
        free = canvas.left
        for moment, words in time_ticks(canvas.start, canvas.end, self._chart.tz, canvas.columns):
            column = canvas.column_of(moment)
            if column is None:
                continue
            self._write(foot, column, "┬", "axis")
            begin = max(canvas.left, column - len(words) // 2)
            if begin >= free and begin + len(words) <= self._width:
                self._write(foot + 1, begin, words, "tick")
                free = begin + len(words) + 1

    def _draw_lines(self) -> None:
        canvas, chart = self._canvas, self._chart
        drawn: list[ChartLine] = []
        paths: list[list[Dot]] = []
        for line in reversed(chart.lines):  # so that the most important one is on top
            columns = reduce_to_columns(line.series, chart.start, chart.end, 2 * canvas.columns, self._price_to_dot)
            if columns:
                drawn.append(line)
                paths.append(column_path(columns))
        for row, cells in enumerate(trace_paths(paths, canvas.columns, canvas.rows), canvas.top):
            for column, (character, number) in enumerate(cells, canvas.left):
                if number >= 0:
                    self._rows[row][column] = (character, drawn[number].style_name)
        for index, line in enumerate(drawn):
            self._draw_markers(line, index, len(drawn))

    def _draw_markers(self, line: ChartLine, index: int, count: int) -> None:
        """Draw the line's marker on it at intervals, where the line is visible."""
        canvas = self._canvas
        every = max(12, canvas.columns // 5)
        for begin in range((index + 1) * every // (count + 1), canvas.columns, every):
            for column in range(begin, min(canvas.columns, begin + every // 2)):
                moment = canvas.moment_at(canvas.left + column)
                price = line.series.at(moment) if moment else None
                if moment is None or price is None:
                    continue
                row = canvas.bottom - 1 - self._price_to_dot(float(price)) // 4
                if self._rows[row][canvas.left + column][1] in self._styles_at(price, moment):
                    self._rows[row][canvas.left + column] = (line.marker, line.style_name)
                    break

    def _styles_at(self, price: Decimal, moment: datetime) -> set[str]:
        """The styles of the lines at this price at a moment: any of them may hide the others."""
        dot = self._price_to_dot(float(price))
        prices = ((line.style_name, line.series.at(moment)) for line in self._lines)
        return {style for style, other in prices if other is not None and self._price_to_dot(float(other)) == dot}

    def _draw_reference(self) -> None:
        price, canvas = self._chart.reference, self._canvas
        position = canvas.axis.reference_position
        if price is None or position == "none":
            return
        if position == "inside":
            dash, row = _DASHES[canvas.dot_of(price) % 4], canvas.row_of(price)
        else:
            dash, row = _DASHES[2], 0 if position == "above" else self._height - 3
            if canvas.rows < self._height - 3:
                self._write(canvas.top - 1 if position == "above" else canvas.bottom, canvas.left - 1, "≈", "axis")
            self._write(row, canvas.left - 1, "┤", "axis")
            self._write(row, 0, canvas.axis.label(price).rjust(canvas.left - 2), "tick")
        for column in range(canvas.columns):
            if column % 3 != 2 and self._is_free(row, canvas.left + column, 1):
                self._write(row, canvas.left + column, dash, "reference")
        self._draw_reference_label(row, position == "inside")

    def _is_free(self, row: int, column: int, width: int) -> bool:
        return all(style in ("text", "grid", "reference") for _, style in self._rows[row][column : column + width])

    def _draw_reference_label(self, row: int, inside: bool) -> None:
        label, canvas = f" {self._chart.reference_text} ", self._canvas
        last = canvas.left + canvas.columns - len(label) if inside else self._width - len(label) + 1
        for line in (row, row - 1, row + 1) if inside else (row,):
            for column in range(last, canvas.left, -4):
                if (canvas.top <= line < canvas.bottom or not inside) and self._is_free(line, column, len(label)):
                    self._write(line, column, label, "label")
                    return

    def _draw_labels(self) -> None:
        canvas = self._canvas
        labelled = list(zip(self._lines, self._labels, strict=True))[: canvas.rows]
        ends = [(line.series.at(self._chart.end) or Decimal(0), line, label) for line, label in labelled]
        ends.sort(key=lambda one: one[0], reverse=True)
        rows = spread_labels([canvas.row_of(price) for price, _, _ in ends], canvas.top, canvas.bottom - 1)
        for (_, line, label), row in zip(ends, rows, strict=True):
            self._write(row, canvas.left + canvas.columns + 1, f"{line.marker} {label}", line.style_name)
