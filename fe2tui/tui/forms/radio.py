"""Choose one of a few options, in a list with a sentence each, or on one line."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from fe2tui.tui.forms.form import DIM, dim, safe_content
from fe2tui.tui.widgets.cells import wrap

_SIGN_WIDTH = 4  # the sign and the space after it
_GAPS = (3, 2)  # columns between two choices of a line; the first that fits


def _sign(is_chosen: bool, has_focus: bool) -> tuple[str, str]:
    if not is_chosen:
        return "( ) ", DIM
    return "(•) ", "bold $accent" if has_focus else "$foreground"


class ChoiceWidget(Static, can_focus=True):
    """Choices that are drawn for the width of the widget; the chosen one is bright while it has the focus."""

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        if self.is_mounted:
            self._draw()

    @abstractmethod
    def _draw(self) -> None:
        """Draw all choices."""


@dataclass(frozen=True, slots=True)
class RadioOption:
    id: str
    title: str
    hint: str


class RadioList(ChoiceWidget):
    """Choices below one another; ``chosen_id`` is the id of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,right,j,space", "step(1)", show=False),
        Binding("up,left,k", "step(-1)", show=False),
        Binding("enter", "screen.enter", show=False),
    ]

    @dataclass
    class Changed(Message):
        option_id: str

    def __init__(self, options: Sequence[RadioOption], chosen_id: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.options: tuple[RadioOption, ...] = ()
        self._line_options: list[str] = []  # the option of each line
        self.chosen_id = chosen_id
        self._set_options(options)

    def set_options(self, options: Sequence[RadioOption]) -> None:
        """Replace the choices; the chosen one stays if it is among them."""
        if tuple(options) != self.options:
            self._set_options(options)
            self._draw()

    def _set_options(self, options: Sequence[RadioOption]) -> None:
        self.options = tuple(options)
        if self.options and self.chosen_id not in [option.id for option in self.options]:
            self.chosen_id = self.options[0].id

    def _draw(self) -> None:
        width = max(20, (self.content_size.width or 60) - _SIGN_WIDTH)
        parts: list[Content] = []
        self._line_options = []
        for option in self.options:
            here = option.id == self.chosen_id
            parts.append(
                Content.assemble(_sign(here, self.has_focus), safe_content(option.title, "bold" if here else ""))
            )
            about = wrap(option.hint, width)
            parts += [Content.assemble(" " * _SIGN_WIDTH, dim(line)) for line in about]
            self._line_options += [option.id] * (1 + len(about))
        self.update(Content("\n").join(parts))

    def action_step(self, by: int) -> None:
        ids = [option.id for option in self.options]
        if ids:
            self._choose(ids[max(0, min(len(ids) - 1, ids.index(self.chosen_id) + by))])

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        if inside is not None and inside.y < len(self._line_options):
            self._choose(self._line_options[inside.y])

    def _choose(self, option_id: str) -> None:
        if option_id != self.chosen_id:
            self.chosen_id = option_id
            self._draw()
            self.post_message(self.Changed(option_id))


@dataclass(frozen=True, slots=True)
class RadioLineOption:
    """One choice of a line; its titles get shorter and shorter."""

    id: str
    titles: tuple[str, ...]

    def title(self, level: int) -> str:
        return self.titles[min(level, len(self.titles) - 1)]


class RadioLine(ChoiceWidget):
    """Choices on one line; ``chosen_id`` is the id of the chosen one. Enter does what it does in a field of the form.

    ``report_choice`` is called at once, not by a message: the next key may submit.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "step(1)", show=False),
        Binding("left", "step(-1)", show=False),
        Binding("enter", "screen.enter", show=False),
    ]

    def __init__(
        self,
        options: Sequence[RadioLineOption],
        chosen_id: str = "",
        *,
        id: str | None = None,
        report_choice: Callable[[str], None] = lambda pick: None,
    ) -> None:
        super().__init__(id=id, classes="radio-line")
        self._options = tuple(options)
        self._report_choice = report_choice
        self._click_ends: list[tuple[int, str]] = []  # the column after each option, and its id
        self.chosen_id = chosen_id or self._options[0].id

    def choose(self, option_id: str) -> None:
        """Choose one of them without reporting it."""
        if option_id != self.chosen_id:
            self.chosen_id = option_id
            self._draw()

    def _draw(self) -> None:
        level, gap = self._level_and_gap(self.content_size.width or 1_000)
        parts: list[Content] = []
        self._click_ends, column = [], 0
        for option in self._options:
            here, title = option.id == self.chosen_id, option.title(level)
            parts.append(Content.assemble(_sign(here, self.has_focus), safe_content(title, "bold" if here else "")))
            column += _SIGN_WIDTH + len(title) + gap
            self._click_ends.append((column, option.id))
        self.update(Content(" " * gap).join(parts))

    def _level_and_gap(self, width: int) -> tuple[int, int]:
        """The longest titles and the widest gaps that fit a width."""
        most = max(len(option.titles) for option in self._options)
        for level in range(most):
            words = sum(_SIGN_WIDTH + len(option.title(level)) for option in self._options)
            for gap in _GAPS:
                if words + gap * (len(self._options) - 1) <= width:
                    return level, gap
        return most - 1, 1

    def action_step(self, by: int) -> None:
        ids = [option.id for option in self._options]
        self._choose(ids[max(0, min(len(ids) - 1, ids.index(self.chosen_id) + by))])

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        if inside is not None:
            self._choose(next((pick for end, pick in self._click_ends if inside.x < end), self.chosen_id))

    def _choose(self, option_id: str) -> None:
        if option_id != self.chosen_id:
            self.choose(option_id)
            self._report_choice(option_id)
