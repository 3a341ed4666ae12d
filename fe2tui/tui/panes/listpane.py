"""A pane that is a list: its table, and the line of its filter. What commands do in a list they do through here."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from textual import events, on

from fe2tui.model.place import Place
from fe2tui.model.terms import Sort
from fe2tui.model.words import visible
from fe2tui.tui.arrangement import Arranged, Arrangement, ListKind
from fe2tui.tui.panes.described import Described
from fe2tui.tui.panes.filtering import Filtering
from fe2tui.tui.panes.pane import Pane
from fe2tui.tui.panes.tabs import tabs
from fe2tui.tui.widgets.frame import Part
from fe2tui.tui.widgets.grid import Cell
from fe2tui.tui.widgets.marking import MarkingTable
from fe2tui.tui.widgets.table import Table


def nothing_read(place: Place) -> Sequence[Cell]:
    """What a list says before the first read."""
    return ((f"Reading {visible(place.region)} …", "dim"),)


class ListTable(MarkingTable):
    """The table of a list pane. ``trouble`` is said in its frame."""

    trouble: Sequence[Part] = ()

    @property
    @abstractmethod
    def is_blank(self) -> bool:
        """Whether nothing is known yet."""

    @abstractmethod
    def forget(self, place: Place) -> None:
        """Another place is shown: nothing of the last one stays."""

    def unread(self, reason: str) -> None:
        """Nothing could be read, and nothing is known from before."""
        if self.is_blank:
            self.empty = (
                ("Nothing read yet:", "text"),
                (visible(reason), "text"),
                ("", "dim"),
                ("ctrl+r tries again at once", "accent"),
            )
            self.redraw()


class ListPane(Pane):
    """A table, and the line of its filter below it."""

    def __init__(
        self, kind: ListKind, table: ListTable, rows: Arranged, describe: Callable[[str], Described | None]
    ) -> None:
        """``describe`` gives the details of a row, by its id; None where it is not known (any more)."""
        super().__init__(kind, table, id=f"{kind.pane}-list")
        self.table = table
        self._sorts = kind.sorts
        self._rows = rows
        self._describe = describe
        self._filtering = Filtering(self, kind, rows, self.take_focus)

    @on(events.Show)
    @on(events.Hide)
    def _looked_at(self, event: events.Show | events.Hide) -> None:
        """It is in sight, or no more."""
        self._rows.look(isinstance(event, events.Show))

    @property
    def listed(self) -> ListPane:
        """Itself."""
        return self

    def take_focus(self) -> None:
        """The table gets it."""
        self.table.focus()

    def go_to_row(self, row_id: str) -> None:
        """Put the cursor on a row as soon as it is there."""
        self.table.go_to(row_id)

    def open_row(self) -> str:
        """The command of a double click."""
        return self.table.opens

    def leave(self) -> None:
        """Leave the filter, then the marks."""
        if self.arrangement.query.text:
            self._filtering.clear()
        else:
            self.table.unmark_all()

    def recolour(self) -> None:
        """The colours are others."""
        self.table.recolour()

    def forget(self, place: Place) -> None:
        """Another place is shown."""
        self.table.forget(place)

    def unread(self, reason: str) -> None:
        """Nothing could be read."""
        self.table.unread(reason)

    # What is looked at

    @property
    def arrangement(self) -> Arrangement:
        """The filter and the order."""
        return self._rows.arrangement

    @property
    def shown_count(self) -> int:
        """How many rows there are."""
        return self.table.row_count

    @property
    def count_words(self) -> str:
        """How many, for the tab: ``12``, with a filter ``3 of 12``; empty when that is not known."""
        counted = self._rows.counted
        if counted is None:
            return ""
        shown, total = counted
        return f"{shown:,} of {total:,}" if self.arrangement.query.tests else f"{total:,}"

    def described(self) -> Described | None:
        """The details of the row under the cursor."""
        row_id = self.table.cursor_id
        return self._describe(row_id) if row_id is not None else None

    def write_edge(self, counts: Mapping[str, str], named: Collection[str]) -> None:
        """Write the tabs into the frame, and the filter at their right."""
        query = self.arrangement.query
        note = (Part(f"/ {visible(query.text)}", "accent", False, "filter"),) if query.tests else ()
        self.table.say(tabs(self.kind.pane, counts, named), (*self.table.trouble, *note))

    # Filter and order

    @property
    def is_filtering(self) -> bool:
        """Whether a filter is being typed."""
        return self._filtering.is_typed

    async def open_filter(self) -> None:
        """Open the line of the filter and give it the focus."""
        await self._filtering.open()

    @property
    def sorts(self) -> Mapping[str, Sort[Any, Any]]:
        """What the rows can be sorted by."""
        return self._sorts

    def sort_by(self, sort: str) -> None:
        """Sort by a column; the one already sorted by is turned round."""
        present = self.arrangement
        descending = not present.descending if present.sort == sort else self._sorts[sort].largest_first
        self._rows.rearrange(present._replace(sort=sort, descending=descending))

    @on(Table.SortAsked)
    def _sort_asked(self, event: Table.SortAsked) -> None:
        event.stop()
        self.sort_by(event.sort)
