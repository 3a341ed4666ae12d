"""A pane that is a list: its table, and the line of its filter. What commands do in a list they do through here."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from textual import events, on
from textual.containers import Vertical
from textual.widget import Widget

from fe2tui.model.place import Place
from fe2tui.model.terms import Query
from fe2tui.model.words import visible
from fe2tui.tui.arrangement import Arranged, Arrangement, ListKind
from fe2tui.tui.panes.described import Described
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


class ListPane(Vertical):
    """The line of the filter is made when it is first wanted."""

    def __init__(
        self, kind: ListKind, table: ListTable, rows: Arranged, describe: Callable[[str], Described | None]
    ) -> None:
        """``describe`` gives the details of a row, by its id; None where it is not known (any more)."""
        super().__init__(id=f"{kind.pane}-list", classes="list")
        self.kind = kind
        self.table = table
        self._rows = rows
        self._describe = describe
        self._bar: Widget | None = None

    def compose(self) -> Iterator[Widget]:
        """The table; the filter comes below it."""
        yield self.table

    def on_show(self, event: events.Show) -> None:
        """It is in sight."""
        self._rows.look(True)

    def on_hide(self, event: events.Hide) -> None:
        """It is not, any more."""
        self._rows.look(False)

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

    def write_edge(self, counts: Mapping[str, str], *, alone: bool) -> None:
        """Write the tabs into the frame, and the filter at their right."""
        query = self.arrangement.query
        note = (Part(f"/ {visible(query.text)}", "accent", False, "filter"),) if query.tests else ()
        self.table.say(tabs(self.kind.pane, counts, alone=alone), (*self.table.trouble, *note))

    # The filter

    @property
    def is_filtering(self) -> bool:
        """Whether a filter is being typed."""
        return self._bar is not None and self._bar.display and self._bar.has_focus_within

    async def open_filter(self) -> None:
        """Open the line of the filter and give it the focus."""
        from fe2tui.tui.widgets.filterbar import FilterBar

        if not isinstance(self._bar, FilterBar):
            bar = self._bar = FilterBar(self.kind, self.arrangement.query.text, self._filtered, self._left)
            await self.mount(bar)
        self._bar.display = True
        self._bar.enter()

    def clear_filter(self) -> None:
        """Take the filter away."""
        from fe2tui.tui.widgets.filterbar import FilterBar

        if isinstance(self._bar, FilterBar):
            self._bar.clear()
            self._bar.display = False

    def sort_by(self, sort: str) -> None:
        """Sort by a column; the one already sorted by is turned round."""
        present = self.arrangement
        descending = not present.descending if present.sort == sort else self.kind.sorts[sort].largest_first
        self._rows.rearrange(replace(present, sort=sort, descending=descending))

    @on(Table.SortAsked)
    def _sort_asked(self, event: Table.SortAsked) -> None:
        event.stop()
        self.sort_by(event.sort)

    def _filtered(self, query: Query[Any, Any]) -> None:
        self._rows.rearrange(replace(self.arrangement, query=query))

    def _left(self) -> None:
        if self._bar is not None:
            self._bar.display = bool(self.arrangement.query.tests)
        self.table.focus()
