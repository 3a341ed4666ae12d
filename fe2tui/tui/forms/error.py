"""An error that is too long for a toast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.errors import Fe2Error
from fe2tui.tui.forms.form import Form, dim, safe_content


class ErrorForm(Form[str]):
    """Shows an error until a key closes it. With a ``command`` to copy, ``y`` answers ``copy``."""

    TYPED_AHEAD = "nothing"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave", show=False),
        Binding("y", "copy", "Copy", show=False),
    ]
    AUTO_FOCUS: ClassVar[str | None] = None

    def __init__(self, title: str, error: Fe2Error, *, command: str = "") -> None:
        super().__init__(title, leave_label="Close")
        self._error = error
        self._command = command

    def compose(self) -> Iterator[Widget]:
        error = self._error
        yield from self.compose_frame(
            Static(Content.assemble(("▲ ", "$error"), safe_content(error.summary)), classes="question"),
            *([Static(safe_content(error.remedy), classes="remedy")] if error.remedy else []),
            *([Static(dim(f"AWS says {error.code}"), classes="details")] if error.code else []),
            *(self._command_lines() if self._command else ()),
            classes="-narrow-form",
        )

    def _command_lines(self) -> Iterator[Widget]:
        yield Static(safe_content(self._command, "$accent"), classes="command")
        yield Static(
            Content.from_markup("[@click=screen.copy()][bold $accent]y[/] copy this command[/]"), classes="details"
        )

    def action_copy(self) -> None:
        if self._command:
            self.dismiss("copy")

    def action_submit(self) -> None:
        self.action_leave()
