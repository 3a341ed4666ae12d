"""A drawn chart: rows of styled text, and which moment and price each cell stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from fe2tui.chart.ticks import PriceAxis

Segment = tuple[str, str]
"""A text, or the character of one cell, and its style: ``line-0`` to ``line-5``, ``axis``, ``grid``, ``tick``,
``reference``, ``label``, ``cursor`` or ``text``."""

_ROUNDING = 1e-6  # dots: keeps a price in the middle of a row in that row


@dataclass(frozen=True, slots=True)
class CanvasArea:
    """The part of a picture that the lines are drawn on, in cells; its period and its prices. A cell has 2 × 4 dots."""

    left: int
    top: int
    columns: int
    rows: int
    start: datetime
    end: datetime
    axis: PriceAxis

    @property
    def bottom(self) -> int:
        return self.top + self.rows

    @property
    def price_to_dot(self) -> Callable[[float], int]:
        """A function from a price to its row of dots, counted from the bottom of the canvas."""
        last, low = 4 * self.rows - 1, float(self.axis.low)
        scale = 4 * self.rows / (float(self.axis.high) - low)
        return lambda price: min(last, max(0, int((price - low) * scale + _ROUNDING)))

    def dot_of(self, price: Decimal) -> int:
        return self.price_to_dot(float(price))

    def row_of(self, price: Decimal) -> int:
        return self.bottom - 1 - self.dot_of(price) // 4

    def moment_at(self, column: int) -> datetime | None:
        """The moment at the middle of a column of the picture; None outside the canvas."""
        cell = column - self.left
        if not 0 <= cell < self.columns:
            return None
        return self.start + (self.end - self.start) * ((cell + 0.5) / self.columns)

    def column_of(self, moment: datetime) -> int | None:
        """The column of the picture that a moment is in; None outside the period."""
        if not self.start <= moment <= self.end:
            return None
        share = (moment - self.start) / (self.end - self.start)
        return self.left + min(self.columns - 1, int(share * self.columns))


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows of text segments, each exactly ``width`` wide. ``canvas`` is None if there was no space or no price."""

    rows: tuple[tuple[Segment, ...], ...]
    width: int
    height: int
    canvas: CanvasArea | None = None

    @property
    def text(self) -> str:
        return "\n".join("".join(text for text, _ in row) for row in self.rows)

    def moment_at(self, column: int) -> datetime | None:
        return self.canvas.moment_at(column) if self.canvas else None

    def column_of(self, moment: datetime) -> int | None:
        return self.canvas.column_of(moment) if self.canvas else None

    def with_column(self, column: int, cells: Mapping[int, Segment]) -> Picture:
        """The picture with a cell of a column replaced in each of these rows."""
        rows = list(self.rows)
        for row, cell in cells.items():
            characters = [(character, style) for text, style in rows[row] for character in text]
            characters[column] = cell
            rows[row] = to_segments(characters)
        return replace(self, rows=tuple(rows))


def to_segments(cells: Sequence[Segment]) -> tuple[Segment, ...]:
    """Joins neighbouring cells of one style."""
    return tuple(("".join(text for text, _ in same), style) for style, same in groupby(cells, key=lambda cell: cell[1]))


_ANSI_COLOURS = {
    "line-0": 33,
    "line-1": 208,
    "line-2": 35,
    "line-3": 170,
    "line-4": 178,
    "line-5": 99,
    "axis": 244,
    "grid": 240,
    "tick": 246,
    "reference": 246,
    "cursor": 246,
}
"""Of the 256 colours those that are legible on a dark and on a light background."""


def to_ansi(picture: Picture, *, colour: bool) -> str:
    """The picture as lines without trailing spaces, in 256 colours or without."""
    lines: list[str] = []
    for row in picture.rows:
        plain = "".join(text for text, _ in row).rstrip()
        if not colour:
            lines.append(plain)
            continue
        left, parts = len(plain), []
        for text, style in row:
            piece, left = text[:left], left - min(left, len(text))
            code = _ANSI_COLOURS.get(style)
            parts.append(piece if code is None or not piece.strip() else f"\x1b[38;5;{code}m{piece}\x1b[0m")
        lines.append("".join(parts))
    return "\n".join(lines)
