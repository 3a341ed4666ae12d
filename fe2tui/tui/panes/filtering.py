"""The line of a filter below a list: made when it is first wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from fe2tui.model.terms import Query
from fe2tui.tui.arrangement import EVERYTHING, Arranged, ListKind

if TYPE_CHECKING:
    from fe2tui.tui.widgets.filterbar import FilterBar


class Filtering:
    """Has rows arranged as it is typed."""

    def __init__(self, around: Widget, kind: ListKind, rows: Arranged, left: Callable[[], None]) -> None:
        """``around`` is what the line is mounted in, ``left`` is told when the person is done with it."""
        self._around = around
        self._kind = kind
        self._rows = rows
        self._left = left
        self._bar: FilterBar | None = None

    @property
    def is_typed(self) -> bool:
        """Whether it has the focus."""
        return self._bar is not None and self._bar.display and self._bar.has_focus_within

    async def open(self) -> None:
        """Show the line and give it the focus."""
        from fe2tui.tui.widgets.filterbar import FilterBar

        if self._bar is None:
            self._bar = FilterBar(self._kind, self._rows.arrangement.query.text, self._filter, self._leave)
            await self._around.mount(self._bar)
        self._bar.display = True
        self._bar.enter()

    def clear(self) -> None:
        """Take the filter away."""
        if self._bar is not None:
            self._bar.clear()
            self._bar.display = False
        self._filter(EVERYTHING)

    def _filter(self, query: Query[Any, Any]) -> None:
        self._rows.rearrange(self._rows.arrangement._replace(query=query))

    def _leave(self) -> None:
        if self._bar is not None:
            self._bar.display = bool(self._rows.arrangement.query.tests)
        self._left()
