"""A field whose value can be typed, or picked from a list that is filtered while one types."""

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

from fe2tui.tui.forms.form import Field, FormList, dim, safe_content

LABEL_WIDTH = 16  # as in forms.tcss
MAX_SHOWN = 200  # an OptionList measures every line: the 900 types of a region would delay the frame


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One value to pick, and a hint about it. ``search_terms`` are further texts that find it."""

    value: str
    hint: str = ""
    search_terms: str = ""


def matching_suggestions(suggestions: Sequence[Suggestion], typed: str) -> list[Suggestion]:
    """The suggestions that match a typed text: first those that start with it, then those that contain it, then those
    that contain its words anywhere.
    """
    typed_text = typed.strip().lower()
    if not typed_text:
        return list(suggestions)
    ranks: tuple[list[Suggestion], ...] = ([], [], [])
    parts = typed_text.split()
    for suggestion in suggestions:
        value = suggestion.value.lower()
        if value.startswith(typed_text):
            ranks[0].append(suggestion)
        elif typed_text in value:
            ranks[1].append(suggestion)
        else:
            text = f"{value} {suggestion.hint} {suggestion.search_terms}".lower()
            if all(part in text for part in parts):
                ranks[2].append(suggestion)
    return [*ranks[0], *ranks[1], *ranks[2]]


def suggestions_around(suggestions: Sequence[Suggestion], value: str) -> list[Suggestion]:
    """All suggestions, or at most MAX_SHOWN of them around a value."""
    at = next((n for n, s in enumerate(suggestions) if s.value == value), 0)
    start = max(0, min(at - 3, len(suggestions) - MAX_SHOWN))
    return list(suggestions[start : start + MAX_SHOWN])


class SuggestInput(Input):
    """The input of a SuggestField: while its list is open, the arrows and enter act on the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "step(1)", "Suggestions", show=False),
        Binding("up", "step(-1)", "Suggestion above", show=False),
        Binding("pagedown", "step(8)", "Suggestions further down", show=False),
        Binding("pageup", "step(-8)", "Suggestions further up", show=False),
        Binding("escape", "close_list", "Close the list", show=False),
    ]

    @dataclass
    class StepRequested(Message):
        by: int

    class CloseRequested(Message):
        """Esc was pressed while the list was open."""

    is_open: bool = False

    def action_step(self, by: int) -> None:
        self.post_message(self.StepRequested(by))

    def action_close_list(self) -> None:
        self.post_message(self.CloseRequested())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc acts on the list only while it is open, else on the form."""
        return self.is_open if action == "close_list" else True


class ListOpener(Static):
    """The sign that there is a list; a click opens it."""

    class Clicked(Message):
        """It was clicked."""

    def on_click(self) -> None:
        self.post_message(self.Clicked())


class SuggestField(Field):
    """A field with suggestions; any other text can be typed too.

    ``suggestion_from`` may create one more suggestion from the typed text.
    """

    @dataclass
    class SuggestionPicked(Message):
        field: SuggestField
        suggestion: Suggestion

    def __init__(
        self,
        label: str,
        *,
        id: str,
        value: str = "",
        suggestions: Sequence[Suggestion] = (),
        suggestion_from: Callable[[str], Suggestion | None] = lambda typed: None,
    ) -> None:
        super().__init__(label, id=id, value=value)
        self.suggestions = tuple(suggestions)
        self._suggestion_from = suggestion_from
        self._matching: list[Suggestion] = []
        self._is_filtering = False
        self._ignored_value = ""

    def make_input(self, value: str, placeholder: str, max_length: int) -> Input:
        return SuggestInput(value, placeholder=placeholder, max_length=max_length, compact=True)

    def compose_opener(self) -> Iterator[Widget]:
        yield ListOpener("▾", classes="opener")

    def compose(self) -> Iterator[Widget]:
        yield from super().compose()
        yield FormList(classes="suggestions", compact=True)

    def set_suggestions(self, suggestions: Sequence[Suggestion]) -> None:
        """Replace the suggestions. An open list follows; one that had nothing to show while a person typed opens."""
        self.suggestions = tuple(suggestions)
        if self.is_open:
            self._fill_list()
        elif self._is_filtering and self.input.has_focus:
            self._open_matching()

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    @property
    def _option_list(self) -> OptionList:
        return self.query_one(".suggestions", OptionList)

    def open(self) -> None:
        """Show the list: all of it, until something is typed."""
        self._is_filtering = False
        self._fill_list()
        self._set_open(bool(self._matching))

    @on(SuggestInput.CloseRequested)
    @on(Input.Blurred)
    def close(self) -> None:
        self._is_filtering = False
        self._set_open(False)

    def _set_open(self, is_open: bool) -> None:
        self.set_class(is_open, "-open")
        if isinstance(self.input, SuggestInput):
            self.input.is_open = is_open

    def _fill_list(self) -> None:
        if self._is_filtering:
            extra = self._suggestion_from(self.value)
            matching = matching_suggestions(self.suggestions, self.input.value)[:MAX_SHOWN]
            self._matching = [*matching, extra] if extra is not None else matching
        else:
            self._matching = suggestions_around(self.suggestions, self.value)
        width = max((len(s.value) for s in self._matching), default=0)
        options = self._option_list
        options.styles.width = max(30, self.size.width - LABEL_WIDTH)
        options.set_options([_SuggestionOption(s, min(width, 34)) for s in self._matching])
        here = next((n for n, s in enumerate(self._matching) if s.value == self.value), None)
        if not self._is_filtering and here is not None:
            options.highlighted = here
            options.scroll_to_highlight()
        if not self._matching:
            self._set_open(False)

    @on(Input.Changed)
    def _filter_list(self, event: Input.Changed) -> None:
        if event.value == self._ignored_value or not self.input.has_focus:
            self._ignored_value = ""
            return
        self._ignored_value = ""
        self._is_filtering = True
        self._open_matching()

    def _open_matching(self) -> None:
        self._fill_list()
        only = self._matching[0] if len(self._matching) == 1 else None
        repeats = only is not None and only.value == self.value and only in self.suggestions
        self._set_open(bool(self._matching) and not repeats)

    @on(SuggestInput.StepRequested)
    def _move_highlight(self, event: SuggestInput.StepRequested) -> None:
        event.stop()
        options = self._option_list
        if not self.is_open:
            self.open()
            return
        last = len(self._matching) - 1
        at = options.highlighted
        options.highlighted = (0 if event.by > 0 else last) if at is None else max(0, min(last, at + event.by))
        options.scroll_to_highlight()

    @on(ListOpener.Clicked)
    def _toggle_list(self, event: ListOpener.Clicked) -> None:
        event.stop()
        was_open = self.is_open
        self.input.focus()
        if was_open:
            self.close()
        else:
            self.open()

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        at = self._option_list.highlighted
        if self.is_open and at is None and self._is_filtering and len(self._matching) == 1:
            at = 0
        if self.is_open and at is not None:
            event.stop()
            self.pick(self._matching[at])
        elif self.is_open:
            self.close()

    @on(OptionList.OptionSelected)
    def _pick_clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.input.focus()
        if isinstance(event.option, _SuggestionOption):
            self.pick(event.option.suggestion)

    def pick(self, picked: Suggestion) -> None:
        """Put a suggestion into the field, as if it had been picked from the list."""
        self.close()
        if picked.value != self.input.value:
            self._ignored_value = picked.value
            self.input.value = picked.value
        self.input.cursor_position = len(picked.value)
        self.post_message(self.SuggestionPicked(self, picked))


class _SuggestionOption(Option):
    def __init__(self, suggestion: Suggestion, width: int) -> None:
        super().__init__(_suggestion_content(suggestion, width))
        self.suggestion = suggestion


def _suggestion_content(suggestion: Suggestion, width: int) -> Content:
    gap = " " * max(2, width + 2 - len(suggestion.value))
    return Content.assemble(safe_content(suggestion.value), gap, dim(suggestion.hint))
