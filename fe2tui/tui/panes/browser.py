"""The table of instances with its filter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from textual import on
from textual.containers import Vertical
from textual.widget import Widget

from fe2tui.model.query import SORTS, Query
from fe2tui.tui.panes.instances import Instances
from fe2tui.tui.showing import Showing
from fe2tui.tui.widgets.table import Table


class Browser(Vertical):
    """The line of the filter is made when it is first wanted."""

    def __init__(self, table: Instances, showing: Showing) -> None:
        super().__init__(id="left")
        self._table = table
        self._showing = showing
        self._bar: Widget | None = None

    def compose(self) -> Iterator[Widget]:
        """The table; the filter comes below it."""
        yield self._table

    @property
    def is_filtering(self) -> bool:
        """Whether a filter is being typed."""
        return self._bar is not None and self._bar.display and self._bar.has_focus_within

    async def open_filter(self) -> None:
        """Open the line of the filter and give it the focus."""
        from fe2tui.tui.widgets.filterbar import FilterBar

        if not isinstance(self._bar, FilterBar):
            bar = self._bar = FilterBar(self._showing.arrangement.query.text, self._filtered, self._left)
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
        present = self._showing.arrangement
        descending = not present.descending if present.sort == sort else SORTS[sort].largest_first
        self._showing.rearrange(replace(present, sort=sort, descending=descending))

    @on(Table.SortAsked)
    def _sort_asked(self, event: Table.SortAsked) -> None:
        event.stop()
        self.sort_by(event.sort)

    def _filtered(self, query: Query) -> None:
        self._showing.rearrange(replace(self._showing.arrangement, query=query))

    def _left(self) -> None:
        if self._bar is not None:
            self._bar.display = bool(self._showing.arrangement.query.tests)
        self._table.focus()
