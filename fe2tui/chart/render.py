"""Drawing a chart into cells: lines by plotext, and around them axes, reference and labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import plotext

from fe2tui.chart.chart import Chart, ChartLine
from fe2tui.chart.picture import CanvasArea, Picture, PictureCell, to_segments
from fe2tui.chart.reduce import column_path, reduce_to_columns
from fe2tui.chart.ticks import PriceAxis, price_axis, spread_labels, time_ticks
from fe2tui.model.text import visible

Dot = tuple[int, int]
"""A braille dot of the canvas: its column from the left end, its row from the lower end."""

CanvasCell = tuple[str, int]
"""A character, and the number of the path that it shows; -1 for none."""

_EMPTY: CanvasCell = (" ", -1)
_COLOUR_CODE_OR_CHARACTER = re.compile(r"\x1b\[([0-9;]*)m|(.)")
_COLOUR_PREFIX = "38;5;"
_COLOURS = 64


def trace_paths(paths: Sequence[Sequence[Dot]], width: int, height: int) -> list[list[CanvasCell]]:
    """Rows of cells with the paths in them. Where two paths meet, the later one is shown. One thread only."""
    figure = plotext.figure
    plotext.terminal.limit(False, False)  # else the width is cut to that of a terminal which is not ours
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
    """All paths as one signal: plotext makes it in a quarter of the time that one signal a path takes.

    plotext keeps the colours of a signal for it alone, and looks for them at every point until it has 64. So 64 points
    of different colours stand first, beside the canvas.
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
    markers += markers[:2]  # of a list no longer than the points, plotext would copy each marker
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


_WIDE = 100
"""From so many columns on, a line's label has its last price, too."""

_MAX_LABEL_WIDTH = 10
"""Columns for the name of a line."""

_BREAK_ROWS = 11
"""From so many rows on, the break of the axis has a row of its own."""

_DASHES = ("⣀", "⠤", "⠒", "⠉")
"""A dash at each of the four heights of a row, from below."""

_BLANK: PictureCell = (" ", "text")


class ChartRenderer:
    """One chart at one size. There has to be a price in its window."""

    def __init__(self, chart: Chart, width: int, height: int) -> None:
        self._chart = chart
        self._width, self._height = width, height
        self._lines = [line for line in chart.lines if line.series.at(chart.end) is not None]
        self._labels = [self._label(line) for line in self._lines]
        self._prices = chart.price_range() or (Decimal(0), Decimal(0))
        self._canvas = self._canvas_area()
        self._price_to_dot = self._canvas.price_to_dot
        self._rows: list[list[PictureCell]] = [[_BLANK] * width for _ in range(height)]

    def render(self) -> Picture:
        self._draw_price_axis()
        self._draw_time_axis()
        self._draw_lines()
        self._draw_reference()
        self._draw_labels()
        return Picture(tuple(to_segments(row) for row in self._rows), self._width, self._height, self._canvas)

    # How the space is divided

    def _label(self, line: ChartLine) -> str:
        price = line.series.at(self._chart.end)
        label = visible(line.label)[:_MAX_LABEL_WIDTH]
        return f"{label} {price:,.4f}" if self._width >= _WIDE else label

    def _axis(self, rows: int) -> PriceAxis:
        return price_axis(*self._prices, self._chart.reference, rows)

    def _canvas_area(self) -> CanvasArea:
        rows = self._height - 2
        axis = self._axis(rows)
        above = below = 0
        if axis.reference_position in ("above", "below"):
            beyond = 2 if self._height >= _BREAK_ROWS else 1
            axis = self._axis(rows - beyond)
            above, below = (beyond, 0) if axis.reference_position == "above" else (0, beyond)
        prices = [*axis.ticks, *([self._chart.reference] if self._chart.reference is not None else [])]
        left = max(len(axis.label(price)) for price in prices) + 2
        right = max((len(label) + 3 for label in self._labels), default=0)
        columns = self._width - left - right
        return CanvasArea(left, above, columns, rows - above - below, self._chart.start, self._chart.end, axis)

    # The axes

    def _write(self, row: int, column: int, text: str, style: str) -> None:
        for cell, character in enumerate(text, column):
            if 0 <= cell < self._width:
                self._rows[row][cell] = (character, style)

    def _draw_price_axis(self) -> None:
        frame = self._canvas
        for row in range(frame.top, frame.bottom):
            self._write(row, frame.left - 1, "│", "axis")
        for price in frame.axis.ticks:
            row = frame.row_of(price)
            self._write(row, 0, frame.axis.label(price).rjust(frame.left - 2), "tick")
            self._write(row, frame.left - 1, "┤", "axis")
            if self._reference_row() != row:
                self._write(row, frame.left, "┈" * frame.columns, "grid")

    def _reference_row(self) -> int | None:
        """The row of the canvas with the reference; None where it is not on the axis."""
        price, frame = self._chart.reference, self._canvas
        return frame.row_of(price) if price is not None and frame.axis.reference_position == "inside" else None

    def _draw_time_axis(self) -> None:
        frame, foot = self._canvas, self._height - 2
        self._write(foot, frame.left - 1, "└" + "─" * frame.columns, "axis")
        self._write(foot + 1, 0, "$/h".rjust(frame.left - 2), "axis")
        free = frame.left
        for moment, words in time_ticks(frame.start, frame.end, self._chart.tz, frame.columns):
            column = frame.column_of(moment)
            if column is None:
                continue
            self._write(foot, column, "┬", "axis")
            begin = max(frame.left, column - len(words) // 2)
            if begin >= free and begin + len(words) <= self._width:
                self._write(foot + 1, begin, words, "tick")
                free = begin + len(words) + 1

    # The lines

    def _draw_lines(self) -> None:
        frame, chart = self._canvas, self._chart
        # reversed: where two lines meet, the more important one is shown
        lines = [line for line in reversed(chart.lines) if line.series]
        across = 2 * frame.columns
        paths = [
            column_path(reduce_to_columns(line.series, chart.start, chart.end, across, self._price_to_dot))
            for line in lines
        ]
        drawn = [(line, way) for line, way in zip(lines, paths, strict=True) if way]
        for row, cells in enumerate(trace_paths([way for _, way in drawn], frame.columns, frame.rows), frame.top):
            for column, (character, number) in enumerate(cells, frame.left):
                if number >= 0:
                    self._rows[row][column] = (character, drawn[number][0].style_name)
        for index, (line, _) in enumerate(drawn):
            self._draw_markers(line, index, len(drawn))

    def _draw_markers(self, line: ChartLine, place: int, count: int) -> None:
        """Put the line's marker on it at intervals, where the line is shown."""
        frame = self._canvas
        every = max(12, frame.columns // 5)
        for begin in range((place + 1) * every // (count + 1), frame.columns, every):
            for column in range(begin, min(frame.columns, begin + every // 2)):
                moment = frame.moment_at(frame.left + column)
                price = line.series.at(moment) if moment else None
                if moment is None or price is None:
                    continue
                row = frame.bottom - 1 - self._price_to_dot(float(price)) // 4
                if self._rows[row][frame.left + column][1] in self._styles_at(price, moment):
                    self._rows[row][frame.left + column] = (line.marker, line.style_name)
                    break

    def _styles_at(self, price: Decimal, moment: datetime) -> set[str]:
        """The styles of the lines at one height at a moment: any of them may hide the others."""
        dot = self._price_to_dot(float(price))
        prices = ((line.style_name, line.series.at(moment)) for line in self._lines)
        return {style for style, other in prices if other is not None and self._price_to_dot(float(other)) == dot}

    # The reference

    def _draw_reference(self) -> None:
        price, frame = self._chart.reference, self._canvas
        position = frame.axis.reference_position
        if price is None or position == "none":
            return
        if position == "inside":
            dash, row = _DASHES[frame.dot_of(price) % 4], frame.row_of(price)
        else:
            dash, row = _DASHES[2], 0 if position == "above" else self._height - 3
            if frame.rows < self._height - 3:
                self._write(frame.top - 1 if position == "above" else frame.bottom, frame.left - 1, "≈", "axis")
            self._write(row, frame.left - 1, "┤", "axis")
            self._write(row, 0, frame.axis.label(price).rjust(frame.left - 2), "tick")
        for column in range(frame.columns):
            if column % 3 != 2 and self._is_free(row, frame.left + column, 1):
                self._write(row, frame.left + column, dash, "reference")
        self._draw_reference_label(row, position == "inside")

    def _is_free(self, row: int, column: int, width: int) -> bool:
        return all(style in ("text", "grid", "reference") for _, style in self._rows[row][column : column + width])

    def _draw_reference_label(self, row: int, inside: bool) -> None:
        words, frame = f" {self._chart.reference_text} ", self._canvas
        last = frame.left + frame.columns - len(words) if inside else self._width - len(words) + 1
        for line in (row, row - 1, row + 1) if inside else (row,):
            for column in range(last, frame.left, -4):
                if (frame.top <= line < frame.bottom or not inside) and self._is_free(line, column, len(words)):
                    self._write(line, column, words, "label")
                    return

    # The labels

    def _draw_labels(self) -> None:
        frame = self._canvas
        labelled = list(zip(self._lines, self._labels, strict=True))[: frame.rows]
        ends = [(line.series.at(self._chart.end) or Decimal(0), line, label) for line, label in labelled]
        ends.sort(key=lambda one: one[0], reverse=True)
        rows = spread_labels([frame.row_of(price) for price, _, _ in ends], frame.top, frame.bottom - 1)
        for (_, line, label), row in zip(ends, rows, strict=True):
            self._write(row, frame.left + frame.columns + 1, f"{line.marker} {label}", line.style_name)
