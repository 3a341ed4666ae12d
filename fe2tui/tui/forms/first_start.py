"""The first start without credentials: what to do, and a demo to look at meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fe2tui.errors import Fe2Error
from fe2tui.tui.forms.form import DIM, Form, dim, shown

Way = Literal["demo", "retry", "profile", "quit"]

_WAYS: tuple[tuple[str, str], ...] = (
    ("aws configure", "keeps a user's keys in ~/.aws"),
    ("aws configure sso", "an organisation's sign-in, once"),
    ("aws sso login", "… each time it ran out"),
    ("export AWS_PROFILE=…", "a profile in ~/.aws/config"),
    ("export AWS_ACCESS_KEY_ID=…", "and AWS_SECRET_ACCESS_KEY"),
)
COMMAND_WIDTH = max(len(command) for command, _ in _WAYS) + 2


class FirstStart(Form[Way]):
    """Says how AWS gets to know a person. Answers demo, retry, profile or quit; None leaves the dashboard as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "take('demo')", show=False),
        Binding("r", "take('retry')", show=False),
        Binding("q", "take('quit')", show=False),
        Binding("P", "take('profile')", show=False),
    ]
    AUTO_FOCUS = "#ways"

    def __init__(self, error: Fe2Error, *, has_demo: bool, profiles: int = 0) -> None:
        super().__init__("Welcome to fe2tui", leave_word="Look around")
        self._error = error
        self._offers: list[tuple[Way, str, str, str]] = []
        if has_demo:
            self._offers.append(("demo", "d", "Open the demo", "a small cloud on this computer"))
        self._offers.append(("retry", "r", "Try again", "after one of the commands above"))
        if profiles:
            self._offers.append(("profile", "P", "Choose another profile", f"{profiles} in ~/.aws"))
        self._offers.append(("quit", "q", "Quit", ""))

    def compose(self) -> Iterator[Widget]:
        """What is wrong, what to do about it in another shell, and what can be done here."""
        error = self._error
        options = OptionList(*(Option(self._offer(*offer[1:])) for offer in self._offers), id="ways", compact=True)
        yield from self.framed(
            Static(Content.assemble(("▲ ", "$warning"), shown(error.summary)), classes="question"),
            *([Static(shown(error.remedy), classes="remedy")] if error.remedy else []),
            Static(dim("In a shell, one of these lets AWS know who you are:"), classes="details"),
            Static(self._commands(), classes="commands"),
            options,
            classes="-first-start",
        )

    @staticmethod
    def _commands() -> Content:
        lines = [
            Content.assemble(("$ ", DIM), (f"{command:<{COMMAND_WIDTH}}", "bold"), dim(words))
            for command, words in _WAYS
        ]
        return Content("\n").join(lines)

    @staticmethod
    def _offer(key: str, words: str, hint: str) -> Content:
        return Content.assemble((f"{key}  ", "bold $accent"), f"{words:<24}", dim(hint))

    @on(OptionList.OptionSelected, "#ways")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._offers[event.option_index][0])

    def action_take(self, way: Way) -> None:
        """Answer with one of the ways, if it is offered."""
        if any(offer[0] == way for offer in self._offers):
            self.dismiss(way)

    def action_submit(self) -> None:
        """Take the highlighted way."""
        at = self.query_one("#ways", OptionList).highlighted
        if at is not None:
            self.dismiss(self._offers[at][0])
