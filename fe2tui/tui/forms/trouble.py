"""An error too long for a toast: what happened, what to do, and AWS's own code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.errors import Fe2Error
from fe2tui.tui.forms.form import Form, dim, shown


class Trouble(Form[str]):
    """Shows an error until it is left. With ``copyable``, ``y`` answers ``copy``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave", show=False),
        Binding("y", "copy", "Copy", show=False),
    ]
    AUTO_FOCUS: ClassVar[str | None] = None

    def __init__(self, title: str, error: Fe2Error, *, copyable: str = "") -> None:
        super().__init__(title, leave_word="Close")
        self._error = error
        self._copyable = copyable

    def compose(self) -> Iterator[Widget]:
        """Summary, remedy, code, and what can be copied."""
        error = self._error
        yield from self.framed(
            Static(Content.assemble(("▲ ", "$error"), shown(error.summary)), classes="question"),
            *([Static(shown(error.remedy), classes="remedy")] if error.remedy else []),
            *([Static(dim(f"AWS says {error.code}"), classes="details")] if error.code else []),
            *(self._copy_lines() if self._copyable else ()),
            classes="-narrow-form",
        )

    def _copy_lines(self) -> Iterator[Widget]:
        yield Static(shown(self._copyable, "$accent"), classes="command")
        yield Static(
            Content.from_markup("[@click=screen.copy()][bold $accent]y[/] copy this command[/]"), classes="details"
        )

    def action_copy(self) -> None:
        """Answer that the text is wanted."""
        if self._copyable:
            self.dismiss("copy")

    def action_submit(self) -> None:
        """There is nothing to submit: leave."""
        self.action_leave()
