"""A drawn chart: rows of text in inks, and which column is which moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from fe2tui.chart.dollars import Axis

Run = tuple[str, str]
"""A text and the name of its ink: ``line-0`` to ``line-5``, ``axis``, ``grid``, ``tick``, ``reference``, ``label``,
``cursor`` or ``text``."""

Cell = tuple[str, str]
_ROUNDING = 1e-6  # dots: a price in the middle of a row stays there
Rows = tuple[tuple[Run, ...], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where on a picture the canvas is, in cells, and which time and prices it spans."""

    left: int
    top: int
    columns: int
    rows: int
    start: datetime
    end: datetime
    axis: Axis

    @property
    def foot(self) -> int:
        """The row under the canvas."""
        return self.top + self.rows

    @property
    def dots(self) -> Callable[[float], int]:
        """From a price to its row of dots, counted from the lower end of the canvas."""
        last, low = 4 * self.rows - 1, float(self.axis.low)
        scale = 4 * self.rows / (float(self.axis.high) - low)
        return lambda price: min(last, max(0, int((price - low) * scale + _ROUNDING)))

    def dot(self, price: Decimal) -> int:
        """The row of dots of a price, counted from the lower end of the canvas."""
        return self.dots(float(price))

    def row_of(self, price: Decimal) -> int:
        """The row of the picture in which a price stands."""
        return self.foot - 1 - self.dot(price) // 4

    def moment_at(self, column: int) -> datetime | None:
        """The moment in the middle of a column of the picture; None beside the canvas."""
        place = column - self.left
        if not 0 <= place < self.columns:
            return None
        return self.start + (self.end - self.start) * ((place + 0.5) / self.columns)

    def column_of(self, moment: datetime) -> int | None:
        """The column of the picture in which a moment is; None outside of the window."""
        if not self.start <= moment <= self.end:
            return None
        share = (moment - self.start) / (self.end - self.start)
        return self.left + min(self.columns - 1, int(share * self.columns))


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows of runs, each row exactly so wide. ``frame`` is None where there was no room for a chart."""

    rows: Rows
    width: int
    height: int
    frame: Frame | None = None

    @property
    def text(self) -> str:
        """All of it without inks."""
        return "\n".join("".join(text for text, _ in row) for row in self.rows)

    def moment_at(self, column: int) -> datetime | None:
        """The moment in the middle of a column; None beside the canvas."""
        return self.frame.moment_at(column) if self.frame else None

    def column_of(self, moment: datetime) -> int | None:
        """The column in which a moment is; None outside of the window."""
        return self.frame.column_of(moment) if self.frame else None

    def marked(self, cells: Sequence[tuple[int, int, Cell]]) -> Picture:
        """The same with other cells at these rows and columns."""
        rows = list(self.rows)
        for number in {row for row, _, _ in cells}:
            spread = [(character, ink) for text, ink in rows[number] for character in text]
            for row, column, cell in cells:
                if row == number:
                    spread[column] = cell
            rows[number] = runs(spread)
        return replace(self, rows=tuple(rows))


def runs(cells: Sequence[Cell]) -> tuple[Run, ...]:
    """Cells of one ink as one run."""
    return tuple(("".join(text for text, _ in same), ink) for ink, same in groupby(cells, key=lambda cell: cell[1]))
