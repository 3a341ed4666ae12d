"""The line in which a filter is typed, with what is wrong with it beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.model.terms import Query
from fe2tui.tui.arrangement import EVERYTHING, ListKind


class FilterBar(Horizontal):
    """Filters while one types. Enter goes back to the table, esc takes the filter away.

    A term that is not understood is left out, and stays where it can be mended: neither enter nor down leaves it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear", show=False),
        Binding("down", "leave", "To the table", show=False),
    ]

    def __init__(
        self, kind: ListKind, text: str, changed: Callable[[Query[Any, Any]], None], left: Callable[[], None]
    ) -> None:
        """``changed`` is told of every other filter, ``left`` when the person is done with the line."""
        super().__init__(classes="filter-bar")
        self._kind = kind
        self._changed = changed
        self._left = left
        self._input = Input(text, placeholder=kind.example, compact=True)
        self._error = Static("", classes="filter-error")
        self._is_wrong = False

    def compose(self) -> Iterator[Widget]:
        """The sign, the field, the error."""
        yield Static(" / ", classes="filter-sign")
        yield self._input
        yield self._error

    def enter(self) -> None:
        """Take the focus."""
        self._input.focus()

    def clear(self) -> None:
        """Take the filter away without leaving the line."""
        self._input.value = ""

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        query, wrong = self._kind.language.understood(event.value)
        if wrong is not None:
            self._error.update(Content(f" {wrong.summary} {wrong.remedy} "))
        self._error.display = self._is_wrong = wrong is not None
        self._changed(query if query.tests else EVERYTHING)

    @on(Input.Submitted)
    def _done(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave()

    def action_leave(self) -> None:
        """Go back to the table; the filter stays."""
        if not self._is_wrong:
            self._left()

    def action_clear(self) -> None:
        """Take the filter away, and go back to the table."""
        self.clear()
        self._changed(EVERYTHING)
        self._left()
