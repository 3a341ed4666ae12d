"""The first start without credentials: how to log in, and the demo."""

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
from fe2tui.tui.forms.form import DIM, Form, dim, safe_content

FirstStartAnswer = Literal["demo", "retry", "profile", "quit"]

_LOGIN_COMMANDS: tuple[tuple[str, str], ...] = (
    ("aws configure", "stores access keys in ~/.aws"),
    ("aws configure sso", "sets up an organisation's login, once"),
    ("aws sso login", "logs in, each time the login has expired"),
    ("export AWS_PROFILE=…", "uses a profile in ~/.aws/config"),
    ("export AWS_ACCESS_KEY_ID=…", "and AWS_SECRET_ACCESS_KEY"),
)
COMMAND_WIDTH = max(len(command) for command, _ in _LOGIN_COMMANDS) + 2


class FirstStartForm(Form[FirstStartAnswer]):
    """Shows how to log in to AWS. Answers demo, retry, profile or quit; None closes the form only."""

    TYPED_AHEAD = "nothing"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "take('demo')", show=False),
        Binding("r", "take('retry')", show=False),
        Binding("q", "take('quit')", show=False),
        Binding("P", "take('profile')", show=False),
    ]
    AUTO_FOCUS = "#ways"

    def __init__(self, error: Fe2Error, *, has_demo: bool, profiles: int = 0) -> None:
        super().__init__("Welcome to fe2tui", leave_label="Look around")
        self._error = error
        self._options: list[tuple[FirstStartAnswer, str, str, str]] = []
        if has_demo:
            self._options.append(("demo", "d", "Open the demo", "a small AWS cloud on this computer"))
        self._options.append(("retry", "r", "Try again", "after one of the commands above"))
        if profiles:
            self._options.append(("profile", "P", "Choose another profile", f"{profiles} in ~/.aws"))
        self._options.append(("quit", "q", "Quit", ""))

    def compose(self) -> Iterator[Widget]:
        error = self._error
        options = OptionList(
            *(Option(self._option_content(*offer[1:])) for offer in self._options), id="ways", compact=True
        )
        commands = [
            Content.assemble(("$ ", DIM), (f"{command:<{COMMAND_WIDTH}}", "bold"), dim(words))
            for command, words in _LOGIN_COMMANDS
        ]
        yield from self.compose_frame(
            Static(Content.assemble(("▲ ", "$warning"), safe_content(error.summary)), classes="question"),
            *([Static(safe_content(error.remedy), classes="remedy")] if error.remedy else []),
            Static(dim("To log in, run one of these in a shell:"), classes="details"),
            Static(Content("\n").join(commands), classes="commands"),
            options,
            classes="-first-start",
        )

    @staticmethod
    def _option_content(key: str, words: str, hint: str) -> Content:
        return Content.assemble((f"{key}  ", "bold $accent"), f"{words:<24}", dim(hint))

    @on(OptionList.OptionSelected, "#ways")
    def _answer_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._options[event.option_index][0])  # the list is never filtered

    def action_take(self, way: FirstStartAnswer) -> None:
        if any(offer[0] == way for offer in self._options):
            self.dismiss(way)

    def action_submit(self) -> None:
        at = self.query_one("#ways", OptionList).highlighted
        if at is not None:
            self.dismiss(self._options[at][0])
