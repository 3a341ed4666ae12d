"""A drawn chart: rows of text in inks, and which column is which moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from fe2tui.chart.ticks import PriceAxis

Segment = tuple[str, str]
"""A text and the name of its ink: ``line-0`` to ``line-5``, ``axis``, ``grid``, ``tick``, ``reference``, ``label``,
``cursor`` or ``text``."""

PictureCell = tuple[str, str]
_ROUNDING = 1e-6  # dots: a price in the middle of a row stays there
PictureRows = tuple[tuple[Segment, ...], ...]


@dataclass(frozen=True, slots=True)
class CanvasArea:
    """Where on a picture the canvas is, in cells, and which time and prices it spans."""

    left: int
    top: int
    columns: int
    rows: int
    start: datetime
    end: datetime
    axis: PriceAxis

    @property
    def bottom(self) -> int:
        """The row under the canvas."""
        return self.top + self.rows

    @property
    def price_to_dot(self) -> Callable[[float], int]:
        """From a price to its row of dots, counted from the lower end of the canvas."""
        last, low = 4 * self.rows - 1, float(self.axis.low)
        scale = 4 * self.rows / (float(self.axis.high) - low)
        return lambda price: min(last, max(0, int((price - low) * scale + _ROUNDING)))

    def dot_of(self, price: Decimal) -> int:
        """The row of dots of a price, counted from the lower end of the canvas."""
        return self.price_to_dot(float(price))

    def row_of(self, price: Decimal) -> int:
        """The row of the picture in which a price stands."""
        return self.bottom - 1 - self.dot_of(price) // 4

    def moment_at(self, column: int) -> datetime | None:
        """The moment in the middle of a column of the picture; None beside the canvas."""
        cell = column - self.left
        if not 0 <= cell < self.columns:
            return None
        return self.start + (self.end - self.start) * ((cell + 0.5) / self.columns)

    def column_of(self, moment: datetime) -> int | None:
        """The column of the picture in which a moment is; None outside of the window."""
        if not self.start <= moment <= self.end:
            return None
        share = (moment - self.start) / (self.end - self.start)
        return self.left + min(self.columns - 1, int(share * self.columns))


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows of runs, each row exactly so wide. ``frame`` is None where there was no room for a chart."""

    rows: PictureRows
    width: int
    height: int
    canvas: CanvasArea | None = None

    @property
    def text(self) -> str:
        """All of it without inks."""
        return "\n".join("".join(text for text, _ in row) for row in self.rows)

    def moment_at(self, column: int) -> datetime | None:
        """The moment in the middle of a column; None beside the canvas."""
        return self.canvas.moment_at(column) if self.canvas else None

    def column_of(self, moment: datetime) -> int | None:
        """The column in which a moment is; None outside of the window."""
        return self.canvas.column_of(moment) if self.canvas else None

    def with_cells(self, cells: Sequence[tuple[int, int, PictureCell]]) -> Picture:
        """The same with other cells at these rows and columns."""
        rows = list(self.rows)
        for number in {row for row, _, _ in cells}:
            spread = [(character, ink) for text, ink in rows[number] for character in text]
            for row, column, cell in cells:
                if row == number:
                    spread[column] = cell
            rows[number] = to_segments(spread)
        return replace(self, rows=tuple(rows))


def to_segments(cells: Sequence[PictureCell]) -> tuple[Segment, ...]:
    """Cells of one ink as one run."""
    return tuple(("".join(text for text, _ in same), ink) for ink, same in groupby(cells, key=lambda cell: cell[1]))


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
"""Of the 256 colours those that are read on a dark ground and on a light one."""


def to_ansi(picture: Picture, *, colour: bool) -> str:
    """The rows of a picture, without spaces at their ends; in 256 colours or in none."""
    lines: list[str] = []
    for row in picture.rows:
        plain = "".join(text for text, _ in row).rstrip()
        if not colour:
            lines.append(plain)
            continue
        left, parts = len(plain), []
        for text, ink in row:
            piece, left = text[:left], left - min(left, len(text))
            code = _ANSI_COLOURS.get(ink)
            parts.append(piece if code is None or not piece.strip() else f"\x1b[38;5;{code}m{piece}\x1b[0m")
        lines.append("".join(parts))
    return "\n".join(lines)
