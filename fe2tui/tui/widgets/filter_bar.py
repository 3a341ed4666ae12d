"""The line in which a filter is typed, with what is wrong with it beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.model.filters import Filter, FilterError
from fe2tui.tui.list_model import NO_FILTER

ParseFilter: TypeAlias = Callable[[str], tuple[Filter[Any, Any], FilterError | None]]


class FilterBar(Horizontal):
    """Filters with every key. Enter and down go back to the table, esc clears the filter as well.

    A term with an error is left out of the filter. Enter and down do not leave the bar before it is corrected.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear", show=False),
        Binding("down", "leave", "To the table", show=False),
    ]

    @dataclass
    class FilterChanged(Message):
        query: Filter[Any, Any]

    class Left(Message):
        """The focus goes back to the table."""

    def __init__(self, parse: ParseFilter, *, example: str = "", text: str = "") -> None:
        """``parse`` returns the filter of a text without its wrong terms, and the error of the first of those."""
        super().__init__(classes="filter-bar")
        self._parse = parse
        self._input = Input(text, placeholder=example, compact=True)
        self._error = Static("", classes="filter-error")
        self._has_error = False

    def compose(self) -> Iterator[Widget]:
        yield Static(" / ", classes="filter-sign")
        yield self._input
        yield self._error

    def focus_input(self) -> None:
        self._input.focus()

    def clear(self) -> None:
        """Clear the filter and keep the focus."""
        self._input.value = ""

    def show_text(self, text: str) -> None:
        """Show the text of a filter that was set without this bar."""
        with self.prevent(Input.Changed):
            self._input.value = text
        self._error.display = self._has_error = False

    @on(Input.Changed)
    def _parse_filter(self, event: Input.Changed) -> None:
        event.stop()
        query, error = self._parse(event.value)
        if error is not None:
            self._error.update(Content(f" {error.summary} {error.remedy} "))
        self._error.display = self._has_error = error is not None
        self.post_message(self.FilterChanged(query if query.tests else NO_FILTER))

    @on(Input.Submitted)
    def _leave_on_enter(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave()

    def action_leave(self) -> None:
        """Go back to the table; the filter stays."""
        if not self._has_error:
            self.post_message(self.Left())

    def action_clear(self) -> None:
        self.clear()
        self.post_message(self.FilterChanged(NO_FILTER))
        self.post_message(self.Left())
