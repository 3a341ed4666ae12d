"""Draws the rows of a table, and remembers what it drew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple, Protocol

from rich.segment import Segment
from textual.strip import Strip

from fe2tui.tui.theme import Inks
from fe2tui.tui.widgets.cells import fitted
from fe2tui.tui.widgets.grid import Cell, Column, Layout

GLOW_SECONDS = 2.0
GUTTER = 4
MOST_KEPT = 1_000


class Rows(Protocol):
    """What a table shows. ``rows`` is the row number by id."""

    @property
    def ids(self) -> Sequence[str]:
        """The ids, in order."""

    @property
    def rows(self) -> Mapping[str, int]:
        """The row number of each id."""

    def layout(self, width: int) -> Layout:
        """The columns for a width."""

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of a row."""


class Look(NamedTuple):
    """How a row looks besides what it says. ``ground``: cursor, idle (cursor without focus), glow or empty."""

    row_id: str
    ground: str
    marked: bool


class Glow:
    """What changed glows for a while."""

    def __init__(self) -> None:
        self._until: list[tuple[float, frozenset[str]]] = []

    def add(self, ids: frozenset[str]) -> None:
        """These changed just now."""
        self._until.append((monotonic() + GLOW_SECONDS, ids))

    def end(self) -> None:
        """Forget those that have glowed enough."""
        now = monotonic()
        self._until = [(until, ids) for until, ids in self._until if until > now]

    def __contains__(self, row_id: str) -> bool:
        return any(row_id in ids for _, ids in self._until)


class Brush:
    """Strips for rows of one width. ``layout`` has the columns that fit ``width``."""

    def __init__(self, rows: Rows) -> None:
        self.layout = Layout((), 1)
        self._rows = rows
        self.width = 0
        self._strips: dict[Look, Strip] = {}

    def take(self, rows: Rows, width: int) -> None:
        """Draw these rows, for a width, from now on."""
        self._rows, self.width = rows, width
        self.layout = rows.layout(max(8, width - GUTTER))
        self._strips.clear()

    def forget(self) -> Mapping[Look, Strip]:
        """Draw everything anew from now on; what was drawn before."""
        before, self._strips = self._strips, {}
        return before

    def forget_row(self, look: Look) -> Strip | None:
        """Draw a row anew from now on; what was drawn before."""
        return self._strips.pop(look, None)

    def titles(self, ink: Inks, sorted_by: tuple[str, bool]) -> Strip:
        """The titles of the columns, with the sign of the order at the first one that it is sorted by."""
        parts = [Segment(" " * GUTTER, ink["dim"])]
        sort, descending = sorted_by
        for place, column in enumerate(self.layout.columns):
            if place:
                parts.append(Segment(" " * self.layout.gap, ink["dim"]))
            here, title = bool(column.sort) and column.sort == sort, column.title
            if here:
                sort, arrow = "", "▾" if descending else "▴"
                title = f"{arrow}{title}" if column.right else f"{title} {arrow}"
            parts.append(Segment(fitted(title, column.width, column.right), ink["accent" if here else "dim"]))
        return Strip(parts).adjust_cell_length(self.width, ink["text"])

    def column_at(self, x: int) -> Column[Any, Any] | None:
        """The column at a cell of the line."""
        start = GUTTER
        for column in self.layout.columns:
            end = start + column.width + self.layout.gap
            if start <= x < end:
                return column
            start = end
        return None

    def row(self, ink: Inks, look: Look) -> Strip:
        """A row."""
        strip = self._strips.get(look)
        if strip is None:
            if len(self._strips) > MOST_KEPT:
                self._strips.clear()
            strip = self._strips[look] = self._drawn(ink, look)
        return strip

    def _drawn(self, ink: Inks, look: Look) -> Strip:
        ground = look.ground
        (sign, sign_ink), cells = self._rows.cells(look.row_id, self.layout.columns)
        bar = "▌" if ground in ("cursor", "idle") else " "
        parts = [
            Segment(bar, ink.on("accent" if ground == "cursor" else "faint", ground)),
            Segment("✓" if look.marked else " ", ink.on("mark", ground)),
            Segment(f"{sign} ", ink.on(sign_ink, ground)),
        ]
        space = Segment(" " * self.layout.gap, ink.on("text", ground))
        for place, (column, (text, name)) in enumerate(zip(self.layout.columns, cells, strict=True)):
            if place:
                parts.append(space)
            elif ground == "cursor" and name == "text":
                name = "strong"
            parts.append(Segment(fitted(text, column.width, column.right), ink.on(name, ground)))
        return Strip(parts).adjust_cell_length(self.width, ink.on("text", ground)).simplify()
