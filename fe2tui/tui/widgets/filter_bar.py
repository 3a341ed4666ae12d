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

from fe2tui.model.filters import Filter
from fe2tui.tui.list_model import NO_FILTER, ListKind


class FilterBar(Horizontal):
    """Filters while one types. Enter goes back to the table, esc takes the filter away.

    A term that is not understood is left out, and stays where it can be mended: neither enter nor down leaves it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear", show=False),
        Binding("down", "leave", "To the table", show=False),
    ]

    def __init__(
        self,
        kind: ListKind,
        text: str,
        report_filter: Callable[[Filter[Any, Any]], None],
        report_leave: Callable[[], None],
    ) -> None:
        """``changed`` is told of every other filter, ``left`` when the person is done with the line."""
        super().__init__(classes="filter-bar")
        self._kind = kind
        self._report_filter = report_filter
        self._report_leave = report_leave
        self._input = Input(text, placeholder=kind.filter_example, compact=True)
        self._error = Static("", classes="filter-error")
        self._has_error = False

    def compose(self) -> Iterator[Widget]:
        """The sign, the field, the error."""
        yield Static(" / ", classes="filter-sign")
        yield self._input
        yield self._error

    def focus_input(self) -> None:
        """Take the focus."""
        self._input.focus()

    def clear(self) -> None:
        """Take the filter away without leaving the line."""
        self._input.value = ""

    @on(Input.Changed)
    def _parse_filter(self, event: Input.Changed) -> None:
        event.stop()
        query, wrong = self._kind.filter_language.parse_valid_terms(event.value)
        if wrong is not None:
            self._error.update(Content(f" {wrong.summary} {wrong.remedy} "))
        self._error.display = self._has_error = wrong is not None
        self._report_filter(query if query.tests else NO_FILTER)

    @on(Input.Submitted)
    def _leave_on_enter(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave()

    def action_leave(self) -> None:
        """Go back to the table; the filter stays."""
        if not self._has_error:
            self._report_leave()

    def action_clear(self) -> None:
        """Take the filter away, and go back to the table."""
        self.clear()
        self._report_filter(NO_FILTER)
        self._report_leave()
