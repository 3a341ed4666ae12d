"""One question, answered no unless a person says yes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from fe2tui.tui.forms.form import Form, dim, shown


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to say yes: ``key`` is the letter that gives it, ``answer`` what the form then answers."""

    key: str
    word: str
    answer: str
    is_grave: bool = False


class Confirm(Form[str]):
    """Asks once. Answers with the ``answer`` of a choice, or None for no, which has the focus at first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "leave", "No", show=False),
        Binding("right,down,l,j", "app.focus_next", show=False),
        Binding("left,up,h,k", "app.focus_previous", show=False),
    ]
    AUTO_FOCUS = "#no"

    def __init__(
        self,
        question: str,
        details: Sequence[str] = (),
        *,
        title: str = "",
        choices: Sequence[Choice] = (Choice("y", "Yes", "yes"),),
        no_word: str = "No",
    ) -> None:
        super().__init__(title or "Sure?", leave_word=no_word)
        self._question = question
        self._details = tuple(details)
        self._choices = tuple(choices)
        self._no_word = no_word

    def compose(self) -> Iterator[Widget]:
        """The question, its details, and the buttons with No first."""
        lines = [dim(line) for line in self._details]
        yield from self.framed(
            Static(shown(self._question), classes="question"),
            Static(Content("\n").join(lines), classes="details"),
            Horizontal(
                Button(_lettered("n", self._no_word), id="no", compact=True),
                *(
                    Button(
                        _lettered(choice.key, choice.word),
                        id=f"choice-{number}",
                        compact=True,
                        classes="-grave" if choice.is_grave else "",
                    )
                    for number, choice in enumerate(self._choices)
                ),
                classes="buttons",
            ),
            classes="-narrow-form",
        )

    def on_mount(self) -> None:
        """Give each choice its letter."""
        self.query_one(".details").display = bool(self._details)
        for number, choice in enumerate(self._choices):
            self._bindings.bind(choice.key, f"choose({number})", choice.word, show=False)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "no":
            self.action_leave()
        else:
            self.action_choose(int((event.button.id or "").removeprefix("choice-")))

    def action_choose(self, number: int) -> None:
        """Answer with one of the choices."""
        self.dismiss(self._choices[number].answer)

    def action_submit(self) -> None:
        """Nothing: what a question is answered with has to be said."""


def _lettered(key: str, word: str) -> Content:
    return Content.assemble(" ", (key, "bold $accent"), "  ", word, " ")
