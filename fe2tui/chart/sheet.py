"""The sheet that a chart is drawn on: canvas, axes, reference and labels, cell by cell."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from fe2tui.chart.canvas import traced
from fe2tui.chart.columns import path, reduced
from fe2tui.chart.days import time_ticks
from fe2tui.chart.dollars import Axis, axis_for
from fe2tui.chart.lines import Chart, Line
from fe2tui.chart.picture import Cell, Frame, Picture, runs
from fe2tui.chart.spread import spread
from fe2tui.model.words import visible

_ROOMY = 100
"""Columns from which on a line's label says its last price as well."""

_LONGEST = 10
"""Columns that the name of a line may take."""

_BREAK_ROWS = 11
"""Rows from which on the break of the axis has a row of its own."""

_DASH = ("⣀", "⠤", "⠒", "⠉")
"""A dash at each of the four heights within a row, from below."""

_BLANK: Cell = (" ", "text")


class Sheet:
    """One chart at one size. There has to be a price within its window."""

    def __init__(self, chart: Chart, width: int, height: int) -> None:
        self._chart = chart
        self._width, self._height = width, height
        self._lines = [line for line in chart.lines if line.series.at(chart.end) is not None]
        self._labels = [self._label(line) for line in self._lines]
        self._prices = chart.prices() or (Decimal(0), Decimal(0))
        self._frame = self._framed()
        self._dot = self._frame.dots
        self._rows: list[list[Cell]] = [[_BLANK] * width for _ in range(height)]

    def picture(self) -> Picture:
        """The whole."""
        self._draw_price_axis()
        self._draw_time_axis()
        self._draw_lines()
        self._draw_reference()
        self._draw_labels()
        return Picture(tuple(runs(row) for row in self._rows), self._width, self._height, self._frame)

    # How the room is shared

    def _label(self, line: Line) -> str:
        price = line.series.at(self._chart.end)
        label = visible(line.label)[:_LONGEST]
        return f"{label} {price:,.4f}" if self._width >= _ROOMY else label

    def _axis(self, rows: int) -> Axis:
        return axis_for(*self._prices, self._chart.reference, rows)

    def _framed(self) -> Frame:
        rows = self._height - 2
        axis = self._axis(rows)
        above = below = 0
        if axis.reference in ("above", "below"):
            beyond = 2 if self._height >= _BREAK_ROWS else 1
            axis = self._axis(rows - beyond)
            above, below = (beyond, 0) if axis.reference == "above" else (0, beyond)
        prices = [*axis.ticks, *([self._chart.reference] if self._chart.reference is not None else [])]
        left = max(len(axis.words(price)) for price in prices) + 2
        right = max((len(label) + 3 for label in self._labels), default=0)
        columns = self._width - left - right
        return Frame(left, above, columns, rows - above - below, self._chart.start, self._chart.end, axis)

    # The axes

    def _write(self, row: int, column: int, text: str, ink: str) -> None:
        for place, character in enumerate(text, column):
            if 0 <= place < self._width:
                self._rows[row][place] = (character, ink)

    def _draw_price_axis(self) -> None:
        frame = self._frame
        for row in range(frame.top, frame.foot):
            self._write(row, frame.left - 1, "│", "axis")
        for price in frame.axis.ticks:
            row = frame.row_of(price)
            self._write(row, 0, frame.axis.words(price).rjust(frame.left - 2), "tick")
            self._write(row, frame.left - 1, "┤", "axis")
            if self._reference_row() != row:
                self._write(row, frame.left, "┈" * frame.columns, "grid")

    def _reference_row(self) -> int | None:
        """The row of the canvas in which the reference stands; None where that is none of them."""
        price, frame = self._chart.reference, self._frame
        return frame.row_of(price) if price is not None and frame.axis.reference == "inside" else None

    def _draw_time_axis(self) -> None:
        frame, foot = self._frame, self._height - 2
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
        frame, chart = self._frame, self._chart
        lines = [line for line in reversed(chart.lines) if line.series]  # the most important one is seen where two meet
        across = 2 * frame.columns
        paths = [path(reduced(line.series, chart.start, chart.end, across, self._dot)) for line in lines]
        drawn = [(line, way) for line, way in zip(lines, paths, strict=True) if way]
        for row, cells in enumerate(traced([way for _, way in drawn], frame.columns, frame.rows), frame.top):
            for column, (character, number) in enumerate(cells, frame.left):
                if number >= 0:
                    self._rows[row][column] = (character, drawn[number][0].ink_name)
        for place, (line, _) in enumerate(drawn):
            self._mark(line, place, len(drawn))

    def _mark(self, line: Line, place: int, count: int) -> None:
        """Put the line's marker on it now and then, where it is the one that is seen."""
        frame = self._frame
        every = max(12, frame.columns // 5)
        for begin in range((place + 1) * every // (count + 1), frame.columns, every):
            for column in range(begin, min(frame.columns, begin + every // 2)):
                moment = frame.moment_at(frame.left + column)
                price = line.series.at(moment) if moment else None
                if moment is None or price is None:
                    continue
                row = frame.foot - 1 - self._dot(float(price)) // 4
                if self._rows[row][frame.left + column][1] in self._together(price, moment):
                    self._rows[row][frame.left + column] = (line.marker, line.ink_name)
                    break

    def _together(self, price: Decimal, moment: datetime) -> set[str]:
        """The inks of the lines that stand at one height at a moment: any of them may hide the others."""
        dot = self._dot(float(price))
        prices = ((line.ink_name, line.series.at(moment)) for line in self._lines)
        return {ink for ink, other in prices if other is not None and self._dot(float(other)) == dot}

    # The price to compare with

    def _draw_reference(self) -> None:
        price, frame = self._chart.reference, self._frame
        place = frame.axis.reference
        if price is None or place == "none":
            return
        if place == "inside":
            dash, row = _DASH[frame.dot(price) % 4], frame.row_of(price)
        else:
            dash, row = _DASH[2], 0 if place == "above" else self._height - 3
            if frame.rows < self._height - 3:
                self._write(frame.top - 1 if place == "above" else frame.foot, frame.left - 1, "≈", "axis")
            self._write(row, frame.left - 1, "┤", "axis")
            self._write(row, 0, frame.axis.words(price).rjust(frame.left - 2), "tick")
        for column in range(frame.columns):
            if column % 3 != 2 and self._free(row, frame.left + column, 1):
                self._write(row, frame.left + column, dash, "reference")
        self._draw_reference_label(row, place == "inside")

    def _free(self, row: int, column: int, width: int) -> bool:
        return all(ink in ("text", "grid", "reference") for _, ink in self._rows[row][column : column + width])

    def _draw_reference_label(self, row: int, inside: bool) -> None:
        words, frame = f" {self._chart.reference_words} ", self._frame
        last = frame.left + frame.columns - len(words) if inside else self._width - len(words) + 1
        for line in (row, row - 1, row + 1) if inside else (row,):
            for column in range(last, frame.left, -4):
                if (frame.top <= line < frame.foot or not inside) and self._free(line, column, len(words)):
                    self._write(line, column, words, "label")
                    return

    # The names of the lines

    def _draw_labels(self) -> None:
        frame = self._frame
        labelled = list(zip(self._lines, self._labels, strict=True))[: frame.rows]
        ends = [(line.series.at(self._chart.end) or Decimal(0), line, label) for line, label in labelled]
        ends.sort(key=lambda one: one[0], reverse=True)
        rows = spread([frame.row_of(price) for price, _, _ in ends], frame.top, frame.foot - 1)
        for (_, line, label), row in zip(ends, rows, strict=True):
            self._write(row, frame.left + frame.columns + 1, f"{line.marker} {label}", line.ink_name)
