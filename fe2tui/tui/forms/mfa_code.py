"""The one-time code of an MFA device."""

from __future__ import annotations

import re
from collections.abc import Iterator

from textual.widget import Widget
from textual.widgets import Static

from fe2tui.errors import FieldError
from fe2tui.tui.forms.form import Field, Form, dim, safe_content

DIGITS = 6  # of AWS's virtual and hardware devices


class MfaCodeForm(Form[str]):
    """Asks for the six digits that the device ``serial`` shows now. Answers with them, or None."""

    TYPED_AHEAD = "nothing"

    def __init__(self, serial: str, *, profile: str = "") -> None:
        super().__init__("One-time code", submit_label="Send")
        self._serial = serial
        self._profile = profile

    def compose(self) -> Iterator[Widget]:
        who = f"The profile {self._profile} needs" if self._profile else "AWS needs"
        yield from self.compose_frame(
            Static(safe_content(f"{who} the code that your MFA device shows now."), classes="question"),
            Static(dim(self._serial), classes="details"),
            Field("Code", id="code", placeholder="123456", hint="six digits", max_length=DIGITS),
            classes="-narrow-form",
        )

    def action_submit(self) -> None:
        field = self.query_one("#code", Field)
        code = field.value
        if re.fullmatch(rf"[0-9]{{{DIGITS}}}", code):
            self.dismiss(code)
        else:
            field.show_error(FieldError("code", "A code has six digits.", "Type the ones your device shows now."))
