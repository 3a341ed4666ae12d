"""A field whose value can be typed or picked from a list that filters while one types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from fe2tui.tui.forms.field import Field
from fe2tui.tui.forms.form import dim, shown

LABEL_WIDTH = 16  # as in forms.tcss
MOST_SHOWN = 200  # an option list measures every line: a region's 900 types would hold the screen up


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One value to pick, with a few words about it. ``words`` are further texts that find it."""

    value: str
    hint: str = ""
    words: str = ""


def matching(suggestions: Sequence[Suggestion], typed: str) -> list[Suggestion]:
    """Those that fit what is typed, best first: beginning with it, holding it, then holding its words anywhere."""
    wanted = typed.strip().lower()
    if not wanted:
        return list(suggestions)
    ranks: tuple[list[Suggestion], ...] = ([], [], [])
    parts = wanted.split()
    for suggestion in suggestions:
        value = suggestion.value.lower()
        if value.startswith(wanted):
            ranks[0].append(suggestion)
        elif wanted in value:
            ranks[1].append(suggestion)
        else:
            text = f"{value} {suggestion.hint} {suggestion.words}".lower()
            if all(part in text for part in parts):
                ranks[2].append(suggestion)
    return [*ranks[0], *ranks[1], *ranks[2]]


def around(suggestions: Sequence[Suggestion], value: str) -> list[Suggestion]:
    """All, or as many as are shown at most, with a value in sight."""
    at = next((n for n, s in enumerate(suggestions) if s.value == value), 0)
    start = max(0, min(at - 3, len(suggestions) - MOST_SHOWN))
    return list(suggestions[start : start + MOST_SHOWN])


class SuggestInput(Input):
    """The input of such a field: while its list is open, the arrows and enter belong to the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "step(1)", "Suggestions", show=False),
        Binding("up", "step(-1)", "Suggestion above", show=False),
        Binding("pagedown", "step(8)", "Suggestions further down", show=False),
        Binding("pageup", "step(-8)", "Suggestions further up", show=False),
        Binding("escape", "close_list", "Close the list", show=False),
    ]

    class Stepped(Message):
        """The arrows were pressed."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    class Left(Message):
        """Esc was pressed while the list was open."""

    is_open: bool = False

    def action_step(self, by: int) -> None:
        """Open the list, or move in it."""
        self.post_message(self.Stepped(by))

    def action_close_list(self) -> None:
        """Close the list; what is typed stays."""
        self.post_message(self.Left())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc belongs to the list only while it is open, else to the form."""
        return self.is_open if action == "close_list" else True


class Opener(Static):
    """The sign that there is a list, to click."""

    class Clicked(Message):
        """It was clicked."""

    def on_click(self) -> None:
        """Tell the field."""
        self.post_message(self.Clicked())


class Suggest(Field):
    """A field with suggestions. What is typed counts as it stands, also when no suggestion has it.

    ``made_from`` may make one more suggestion out of what is typed.
    """

    class Picked(Message):
        """A suggestion was picked from the list."""

        def __init__(self, field: Suggest, suggestion: Suggestion) -> None:
            super().__init__()
            self.field = field
            self.suggestion = suggestion

    def __init__(
        self,
        label: str,
        *,
        id: str,
        value: str = "",
        placeholder: str = "",
        hint: str = "",
        suggestions: Sequence[Suggestion] = (),
        made_from: Callable[[str], Suggestion | None] = lambda typed: None,
    ) -> None:
        super().__init__(label, id=id, value=value, placeholder=placeholder, hint=hint)
        self._suggestions = tuple(suggestions)
        self._made_from = made_from
        self._listed: list[Suggestion] = []
        self._typed = False
        self._quiet = ""

    def make_input(self, value: str, placeholder: str, max_length: int) -> Input:
        """An input that knows of the list."""
        return SuggestInput(value, placeholder=placeholder, max_length=max_length, compact=True)

    def compose_after(self) -> Iterator[Widget]:
        """The sign for the list."""
        yield Opener("▾", classes="opener")

    def compose(self) -> Iterator[Widget]:
        """The line, and the list that opens over what is below it."""
        yield from super().compose()
        options = OptionList(classes="suggestions", compact=True)
        options.can_focus = False
        yield options

    def suggest(self, suggestions: Sequence[Suggestion]) -> None:
        """Change what can be picked; an open list follows, and one that was waited for opens."""
        self._suggestions = tuple(suggestions)
        if self.is_open:
            self._fill()
        elif self._typed and self.input.has_focus:
            self._open_for_what_is_typed()

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """What can be picked."""
        return self._suggestions

    @property
    def is_open(self) -> bool:
        """Whether the list is to be seen."""
        return self.has_class("-open")

    @property
    def _list(self) -> OptionList:
        return self.query_one(".suggestions", OptionList)

    def open(self) -> None:
        """Show the list: all of it, until something is typed."""
        self._typed = False
        self._fill()
        self._show(bool(self._listed))

    @on(SuggestInput.Left)
    @on(Input.Blurred)
    def close(self) -> None:
        """Hide the list."""
        self._typed = False
        self._show(False)

    def _show(self, is_open: bool) -> None:
        self.set_class(is_open, "-open")
        if isinstance(self.input, SuggestInput):
            self.input.is_open = is_open

    def _fill(self) -> None:
        if self._typed:
            made = self._made_from(self.value)
            found = matching(self._suggestions, self.input.value)[:MOST_SHOWN]
            self._listed = [*found, made] if made is not None else found
        else:
            self._listed = around(self._suggestions, self.value)
        width = max((len(s.value) for s in self._listed), default=0)
        options = self._list
        options.styles.width = max(30, self.size.width - LABEL_WIDTH)
        options.clear_options()
        options.add_options([Option(_line(s, min(width, 34))) for s in self._listed])
        here = next((n for n, s in enumerate(self._listed) if s.value == self.value), None)
        if not self._typed and here is not None:
            options.highlighted = here
            options.scroll_to_highlight()
        if not self._listed:
            self._show(False)

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        if event.value == self._quiet or not self.input.has_focus:
            self._quiet = ""
            return
        self._quiet = ""
        self._typed = True
        self._open_for_what_is_typed()

    def _open_for_what_is_typed(self) -> None:
        self._fill()
        only = self._listed[0] if len(self._listed) == 1 else None
        repeats = only is not None and only.value == self.value and only in self._suggestions
        self._show(bool(self._listed) and not repeats)

    @on(SuggestInput.Stepped)
    def _step(self, event: SuggestInput.Stepped) -> None:
        event.stop()
        options = self._list
        if not self.is_open:
            self.open()
            return
        last = len(self._listed) - 1
        at = options.highlighted
        options.highlighted = (0 if event.by > 0 else last) if at is None else max(0, min(last, at + event.by))
        options.scroll_to_highlight()

    @on(Opener.Clicked)
    def _toggle(self, event: Opener.Clicked) -> None:
        event.stop()
        was_open = self.is_open
        self.input.focus()
        if was_open:
            self.close()
        else:
            self.open()

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        at = self._list.highlighted
        if self.is_open and at is None and self._typed and len(self._listed) == 1:
            at = 0
        if self.is_open and at is not None:
            event.stop()
            self._pick(at)
        elif self.is_open:
            self.close()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.input.focus()
        self._pick(event.option_index)

    def _pick(self, at: int) -> None:
        self.fill(self._listed[at])

    def fill(self, picked: Suggestion) -> None:
        """Put a suggestion into the field, as if it had been picked from the list."""
        self.close()
        if picked.value != self.input.value:
            self._quiet = picked.value
            self.input.value = picked.value
        self.input.cursor_position = len(picked.value)
        self.post_message(self.Picked(self, picked))


def _line(suggestion: Suggestion, width: int) -> Content:
    gap = " " * max(2, width + 2 - len(suggestion.value))
    return Content.assemble(shown(suggestion.value), gap, dim(suggestion.hint))
