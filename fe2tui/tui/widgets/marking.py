"""A table whose rows can be marked, in a frame."""

from __future__ import annotations

from collections.abc import Sequence

from fe2tui.tui.widgets.brush import Rows
from fe2tui.tui.widgets.frame import Edge, Part
from fe2tui.tui.widgets.table import Table


class MarkingTable(Table):
    """Marks belong to ids; those of rows that are not shown stay, and do not count."""

    def __init__(self, rows: Rows, *, id: str | None = None) -> None:
        super().__init__(rows, id=id)
        self._edge = Edge(self)
        self._edge_parts: tuple[Sequence[Part], Sequence[Part]] = ((), ())

    @property
    def row_count(self) -> int:
        """How many rows are shown."""
        return len(self._shown.ids)

    def marked_and_shown(self) -> tuple[str, ...]:
        """The ids that are marked and shown, in the order shown."""
        rows = self._shown.rows
        return tuple(sorted((i for i in self.marks if i in rows), key=rows.__getitem__))

    def mark(self) -> None:
        """Mark the row under the cursor, or unmark it, and go on to the next."""
        if self.cursor_id is not None:
            self.marks ^= {self.cursor_id}
            self.recolour()
            self.action_move(1)

    def mark_all(self) -> None:
        """Mark all that are shown; unmark them if all of them are."""
        shown = set(self._shown.ids)
        self.marks = self.marks - shown if shown <= self.marks else self.marks | shown
        self.recolour()

    def unmark_all(self) -> None:
        """Unmark all, shown or not."""
        self.marks.clear()
        self.recolour()

    def cells_shown(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Titles and texts of the columns that are shown, for every row."""
        columns = self._brush.layout.columns
        texts = [tuple(text for text, _ in self._shown.cells(row_id, columns)[1]) for row_id in self._shown.ids]
        return tuple(column.title for column in columns), texts

    def say(self, left: Sequence[Part], right: Sequence[Part]) -> None:
        """Write into the frame, at its left and at its right."""
        self._edge_parts = (left, right)
        self.write_edge()

    def write_edge(self) -> None:
        """Write the frame again."""
        self._edge.write(*self._edge_parts)

    def command_at(self, x: int) -> str:
        """The command of what stands in the frame at a column."""
        return self._edge.command_at(x)

    def on_resize(self) -> None:
        """The frame is written for a width."""
        super().on_resize()
        self.write_edge()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The frame is bright with the focus, dim without it."""
        super().watch_has_focus(has_focus)
        self.write_edge()
