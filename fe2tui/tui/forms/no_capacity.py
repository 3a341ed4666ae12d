"""What to do when no zone has capacity for a launch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.errors import NoCapacityError
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.text import visible
from fe2tui.paths import stylesheets_folder
from fe2tui.tui.forms.form import Form, dim, key_button, safe_content
from fe2tui.tui.forms.radio import RadioLine, RadioLineOption

WAIT, TYPE, ON_DEMAND, ANY_ZONE = "wait", "type", "on-demand", "any-zone"
_HOURS = {"1": "1 hour", "4": "4 hours", "12": "12 hours", "24": "1 day"}
_DEFAULT_HOURS = "4"


@dataclass(frozen=True, slots=True)
class NoCapacityAnswer:
    """One of ``wait``, ``type``, ``on-demand`` and ``any-zone``; ``wait`` retries for ``retry_for``."""

    way: str
    retry_for: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class _Option:
    key: str
    way: str
    title: str
    hint: str


def _options_for(request: LaunchRequest) -> list[_Option]:
    options = [
        _Option("w", WAIT, "Wait, and try again every minute", "Activity shows the time left, and can cancel it."),
        _Option("t", TYPE, "Another type", "Opens the form with types of at least this size, cheapest first."),
    ]
    if request.zone:
        hint = f"Opens the form, filled in, for other zones than {request.zone} too."
        options.insert(1, _Option("z", ANY_ZONE, "Any zone", hint))
    if request.is_spot:
        hint = "On-demand capacity is available more often. Opens the form, filled in."
        options.append(_Option("o", ON_DEMAND, "On demand", hint))
    return options


class NoCapacityForm(Form[NoCapacityAnswer]):
    """What to do about a launch that no zone had capacity for. None gives it up; that button has the focus at first."""

    TYPED_AHEAD = "nothing"
    ENTER_GOES_ON = True
    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheets_folder() / "forms.tcss", stylesheets_folder() / "launch.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "leave", "Give up", show=False),
        Binding("down,j", "app.focus_next", show=False),
        Binding("up,k", "app.focus_previous", show=False),
    ]
    AUTO_FOCUS = "#no"

    def __init__(self, request: LaunchRequest, error: NoCapacityError, costs: Content | None = None) -> None:
        """``costs`` is the cost of the instance that waiting launches."""
        super().__init__(f"No capacity for {visible(request.name)}", leave_label="Give up")
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
        self._error = error
        self._costs = costs
        self._options: Sequence[_Option] = _options_for(request)

    def compose(self) -> Iterator[Widget]:
        ways: list[Widget] = []
        for option in self._options:
            ways.append(key_button(option.key, option.title, f"take({option.way!r})", id=f"way-{option.way}"))
            ways.append(Static(dim(option.hint), classes="about -waits" if option.way == WAIT else "about"))
            if option.way == WAIT:
                if self._costs is not None:
                    ways.append(Static(self._costs, classes="about -waits", id="costs"))
                choices = [RadioLineOption(hours, (words,)) for hours, words in _HOURS.items()]
                ways.append(RadioLine(choices, _DEFAULT_HOURS, id="hours"))
        yield from self.compose_frame(
            Static(Content.assemble(("▲ ", "$error"), safe_content(self._error.summary)), classes="question"),
            Static(dim(self._consequence_text()), classes="details"),
            Vertical(*ways, key_button("n", "Give up", "leave", id="no"), id="ways-out"),
            classes="-narrow-form",
        )

    def _consequence_text(self) -> str:
        code = f" AWS says {self._error.code}." if self._error.code else ""
        return f"Nothing was launched; nothing costs money.{code}"

    def on_mount(self) -> None:
        for option in self._options:
            self._bindings.bind(option.key, f"take('{option.way}')", option.title, show=False)

    def action_take(self, way: str) -> None:
        hours = int(self.query_one("#hours", RadioLine).chosen_id)
        self.dismiss(NoCapacityAnswer(way, timedelta(hours=hours) if way == WAIT else timedelta(0)))
