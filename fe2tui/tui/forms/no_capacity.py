"""What to do when no zone has capacity for a launch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Button, Static

from fe2tui.errors import NoCapacityError
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.text import visible
from fe2tui.paths import stylesheets_folder
from fe2tui.tui.forms.form import Form, dim, safe_content
from fe2tui.tui.forms.radio import RadioLine, RadioLineOption

WAIT, TYPE, ON_DEMAND, ANY_ZONE = "wait", "type", "on-demand", "any-zone"
_HOURS = {"1": "1 hour", "4": "4 hours", "12": "12 hours", "24": "a day"}
_DEFAULT_HOURS = "4"


@dataclass(frozen=True, slots=True)
class NoCapacityAnswer:
    """What to do about it: ``wait`` for as long as ``patience`` says, another ``type``, ``on-demand``, ``any-zone``."""

    way: str
    retry_for: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class _Option:
    key: str
    way: str
    title: str
    hint: str


def _options_for(request: LaunchRequest) -> list[_Option]:
    """The ways out of a launch that failed so."""
    offers = [
        _Option("w", WAIT, "Wait, and try again every minute", "Counts down in the activity, where del ends it."),
        _Option("t", TYPE, "Another type", "The form again, at those that have as much, cheapest first."),
    ]
    if request.zone:
        words = f"The form again, as filled, for more than {request.zone}."
        offers.insert(1, _Option("z", ANY_ZONE, "Any zone", words))
    if request.is_spot:
        words = "Room for these is found more often. The form again, as filled."
        offers.append(_Option("o", ON_DEMAND, "On demand", words))
    return offers


class NoCapacityForm(Form[NoCapacityAnswer]):
    """Offers the ways out of a launch that no zone had room for; None to leave it, which has the focus at first."""

    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheets_folder() / "forms.tcss", stylesheets_folder() / "launch.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "leave", "Leave it", show=False),
        Binding("down,j", "app.focus_next", show=False),
        Binding("up,k", "app.focus_previous", show=False),
    ]
    AUTO_FOCUS = "#no"

    def __init__(self, request: LaunchRequest, error: NoCapacityError, costs: Content | None = None) -> None:
        """``costs`` says what the instance costs that waiting launches."""
        super().__init__(f"No room for {visible(request.name)}", leave_label="Leave it")
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
        self._error = error
        self._costs = costs
        self._options: Sequence[_Option] = _options_for(request)

    def compose(self) -> Iterator[Widget]:
        """What happened, and the ways out below one another."""
        ways: list[Widget] = []
        for offer in self._options:
            ways.append(_button(offer.key, offer.title, f"way-{offer.way}"))
            ways.append(Static(dim(offer.hint), classes="about -waits" if offer.way == WAIT else "about"))
            if offer.way == WAIT:
                if self._costs is not None:
                    ways.append(Static(self._costs, classes="about -waits", id="costs"))
                ways.append(
                    RadioLine(
                        [RadioLineOption(hours, (words,)) for hours, words in _HOURS.items()],
                        _DEFAULT_HOURS,
                        id="hours",
                    )
                )
        yield from self.compose_frame(
            Static(Content.assemble(("▲ ", "$error"), safe_content(self._error.summary)), classes="question"),
            Static(dim(self._consequence_text()), classes="details"),
            Vertical(*ways, _button("n", "Leave it", "no"), id="ways-out"),
            classes="-narrow-form",
        )

    def _consequence_text(self) -> str:
        code = f" AWS says {self._error.code}." if self._error.code else ""
        return f"Nothing was launched, and nothing is paid for.{code}"

    def on_mount(self) -> None:
        """Give each way its letter."""
        for offer in self._options:
            self._bindings.bind(offer.key, f"take('{offer.way}')", offer.title, show=False)

    @on(Button.Pressed)
    def _answer_by_button(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "no":
            self.action_leave()
        else:
            self.action_take((event.button.id or "").removeprefix("way-"))

    def action_take(self, way: str) -> None:
        """Answer with one of the ways."""
        hours = int(self.query_one("#hours", RadioLine).chosen_id)
        self.dismiss(NoCapacityAnswer(way, timedelta(hours=hours) if way == WAIT else timedelta(0)))

    def action_submit(self) -> None:
        """Nothing: which way has to be said."""


def _button(key: str, word: str, id: str) -> Button:
    return Button(Content.assemble(" ", (key, "bold $accent"), "  ", word, " "), id=id, compact=True)
