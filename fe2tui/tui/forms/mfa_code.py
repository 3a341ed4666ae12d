"""The one-time code of a second factor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from textual import on
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import FieldError
from fe2tui.tui.forms.form import Field, Form, dim, safe_content

DIGITS = 6  # of AWS's virtual and hardware devices


class MfaCodeForm(Form[str]):
    """Asks for the six digits that the device ``serial`` shows now. Answers with them, or None."""

    def __init__(self, serial: str, *, profile: str = "") -> None:
        super().__init__("One-time code", submit_label="Send", leave_label="Leave")
        self._serial = serial
        self._profile = profile

    def compose(self) -> Iterator[Widget]:
        """Which device, and the field."""
        who = f"The profile {self._profile} wants" if self._profile else "AWS wants"
        yield from self.compose_frame(
            Static(safe_content(f"{who} the code that your MFA device shows now."), classes="question"),
            Static(dim(self._serial), classes="details"),
            Field("Code", id="code", placeholder="123456", hint="six digits", max_length=DIGITS),
            classes="-narrow-form",
        )

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Answer with the code if it can be one."""
        field = self.query_one("#code", Field)
        code = field.value
        if re.fullmatch(rf"[0-9]{{{DIGITS}}}", code):
            self.dismiss(code)
        else:
            field.show_error(FieldError("code", "A code has six digits.", "Type the ones your device shows now."))
