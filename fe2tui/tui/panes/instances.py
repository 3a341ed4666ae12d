"""The instances pane: the table, its frame with the tabs, and what it says when it is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from fe2tui.model.place import Place
from fe2tui.model.words import visible
from fe2tui.tui.board import Sight
from fe2tui.tui.columns import SIGNS, Column, Moment, chosen, kind_of
from fe2tui.tui.commands import PANES
from fe2tui.tui.possible import INSTANCES
from fe2tui.tui.widgets.frame import Edge, Part
from fe2tui.tui.widgets.grid import Cell, Layout, fit
from fe2tui.tui.widgets.table import Table


class InstanceRows:
    """A sight as rows of the table."""

    def __init__(
        self, sight: Sight | None, columns: Sequence[Column], clock: Callable[[], datetime], notes: Mapping[str, str]
    ) -> None:
        self.sight = sight
        self.ids: Sequence[str] = sight.ids if sight else ()
        self.rows: Mapping[str, int] = sight.rows if sight else {}
        self._columns = columns
        self._clock = clock
        self._notes = notes

    def layout(self, width: int) -> Layout:
        """The columns for a width."""
        return fit(self._columns, width, {"type": self.sight.type_width if self.sight else 0})

    def cells(self, row_id: str, columns: Sequence[Column]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of an instance."""
        if self.sight is None:
            return (" ", "dim"), [("", "dim") for _ in columns]
        instance = self.sight.fleet.instances[row_id]
        at = Moment(self.sight.fleet, self._clock(), self._notes)
        kind = kind_of(instance, at.now)
        return (SIGNS[kind], kind), [column.cell(instance, at) for column in columns]

    def texts(self, columns: Sequence[Column]) -> list[tuple[str, ...]]:
        """The cells of every row, as text."""
        return [tuple(text for text, _ in self.cells(row_id, columns)[1]) for row_id in self.ids]


def tabs(active: str, counts: Mapping[str, str]) -> list[Part]:
    """The panes there are, for the edge of the frame: the active one bright, the others dim."""
    parts: list[Part] = []
    for pane, (number, title) in PANES.items():
        if parts:
            parts.append(Part(" ─ ", "ink-faint"))
        here = pane == active
        parts.append(Part(f"{number} ", "accent" if here else "ink-dim", here, pane))
        parts.append(Part(title, "foreground" if here else "ink-dim", here, pane))
        if counts.get(pane):
            parts.append(Part(f" {counts[pane]}", "ink-dim", False, pane))
    return parts


class Instances(Table):
    """The instances of the region."""

    OPENS = "connect"

    def __init__(self, columns: Sequence[str], clock: Callable[[], datetime]) -> None:
        self._columns = chosen(columns)
        self._clock = clock
        self._edge = Edge(self)
        self.notes: dict[str, str] = {}
        self.note_at_right: Sequence[Part] = ()
        self.tab_counts: Mapping[str, str] = {}
        self._instance_rows = InstanceRows(None, self._columns, clock, self.notes)
        super().__init__(self._instance_rows, id=INSTANCES)

    @property
    def sight(self) -> Sight | None:
        """What is shown."""
        return self._instance_rows.sight

    def show_sight(self, sight: Sight, *, glow: bool) -> None:
        """Show a sight; what changed glows if asked for."""
        self.marks &= sight.fleet.instances.keys()
        self._instance_rows = InstanceRows(sight, self._columns, self._clock, self.notes)
        self.sorted_by = (sight.arrangement.sort, sight.arrangement.descending)
        self.empty = self._when_empty(sight)
        self.show(self._instance_rows, sight.changed if glow else frozenset())

    def forget(self, place: Place) -> None:
        """Another place is shown: nothing of the last one stays."""
        self.marks.clear()
        self._instance_rows = InstanceRows(None, self._columns, self._clock, self.notes)
        self.empty = ((f"Reading {visible(place.region)} …", "dim"),)
        self.show(self._instance_rows)

    def unread(self, reason: str) -> None:
        """Nothing could be read, and nothing is known from before."""
        if self.sight is None:
            self.empty = (
                ("Nothing read yet:", "text"),
                (visible(reason), "text"),
                ("", "dim"),
                ("ctrl+r tries again at once", "accent"),
            )
            self.redraw()

    def _when_empty(self, sight: Sight) -> Sequence[Cell]:
        if sight.arrangement.query.tests:
            return (
                ("No instance fits the filter.", "text"),
                ("esc shows all of them again.", "dim"),
            )
        return (
            (f"No instances in {visible(sight.fleet.place.region)}.", "text"),
            ("Here stands what you rent, what it costs and how long it has been on.", "dim"),
            ("", "dim"),
            ("l launches one · g goes to another region", "accent"),
        )

    def marked_and_shown(self) -> tuple[str, ...]:
        """The ids that are marked and shown, in the order shown."""
        rows = self._instance_rows.rows
        return tuple(sorted((i for i in self.marks if i in rows), key=rows.__getitem__))

    def mark(self) -> None:
        """Mark the row under the cursor, or unmark it, and go on to the next."""
        if self.cursor_id is not None:
            self.marks ^= {self.cursor_id}
            self.recolour()
            self.action_move(1)

    def mark_all(self) -> None:
        """Mark all that are shown; unmark them if all of them are."""
        shown = set(self._instance_rows.ids)
        self.marks = self.marks - shown if shown <= self.marks else self.marks | shown
        self.recolour()

    def unmark_all(self) -> None:
        """Unmark all, shown or not."""
        self.marks.clear()
        self.recolour()

    def cells_shown(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Titles and texts of the columns that are shown, for every row."""
        columns = self._brush.layout.columns
        return tuple(column.title for column in columns), self._instance_rows.texts(columns)

    def write_edge(self) -> None:
        """Write the tabs and what is said at their right."""
        self._edge.write(tabs(INSTANCES, self.tab_counts), self.note_at_right)

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
