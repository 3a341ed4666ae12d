"""One thing to pick from a list that filters while one types, and several of them to switch on and off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from fe2tui.tui.forms.form import DIM, Form, dim, safe_content

Answer = TypeVar("Answer")
MAX_SHOWN = 500


@dataclass(frozen=True, slots=True)
class PickerItem:
    """One line: what picking it answers, its words, and dim words after them. ``is_current`` marks what holds now."""

    key: str
    label: str
    hint: str = ""
    is_current: bool = False


def matching_items(items: Sequence[PickerItem], typed: str) -> list[PickerItem]:
    """The items that hold every typed word, those whose label begins with the text first."""
    typed_words = typed.lower().split()
    matching = [item for item in items if all(w in f"{item.label} {item.hint} {item.key}".lower() for w in typed_words)]
    start = typed.strip().lower()
    return sorted(matching, key=lambda item: not item.label.lower().startswith(start)) if start else matching


class FilterInput(Input):
    """The filter line. ``released`` are keys that write a character elsewhere, and mean something to the form here."""

    ignored_keys: frozenset[str] = frozenset()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether the key is for typing."""
        return key not in self.ignored_keys and super().check_consume_key(key, character)


class FilterListForm(Form[Answer]):
    """A filter line above a list; the arrows move in the list while the filter keeps the focus."""

    PROMPT: ClassVar[str] = "type to find"
    IGNORED_KEYS: ClassVar[frozenset[str]] = frozenset()
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "step(1)", show=False, priority=True),
        Binding("up,ctrl+p", "step(-1)", show=False, priority=True),
        Binding("pagedown", "step(10)", show=False, priority=True),
        Binding("pageup", "step(-10)", show=False, priority=True),
    ]

    def __init__(self, title: str, items: Sequence[PickerItem], *, submit_word: str, empty: str) -> None:
        super().__init__(title, submit_label=submit_word)
        self._items = tuple(items)
        self._matching_items: list[PickerItem] = list(items)
        self._empty = empty

    def compose(self) -> Iterator[Widget]:
        """The filter, the list, and what is said when nothing fits."""
        options = OptionList(id="items", compact=True)
        options.can_focus = False
        filter_line = FilterInput(placeholder=self.PROMPT, id="filter", compact=True)
        filter_line.ignored_keys = self.IGNORED_KEYS
        yield from self.compose_frame(
            filter_line,
            options,
            Static(dim(self._empty), id="empty"),
            classes="-list-form",
        )

    def on_mount(self) -> None:
        """Fill the list, with the present choice highlighted."""
        self._fill_list("")
        current = next((n for n, item in enumerate(self._matching_items) if item.is_current), 0)
        self._highlight(current)

    @property
    def _options(self) -> OptionList:
        return self.query_one("#items", OptionList)

    def _fill_list(self, typed: str) -> None:
        self._matching_items = matching_items(self._items, typed)[:MAX_SHOWN]
        width = min(40, max((len(item.label) for item in self._items), default=0))
        options = self._options
        options.clear_options()
        options.add_options([Option(self._item_content(item, width)) for item in self._matching_items])
        self.query_one("#empty").display = not self._matching_items
        options.display = bool(self._matching_items)

    def _item_content(self, item: PickerItem, width: int) -> Content:
        gap = " " * max(2, width + 2 - len(item.label))
        return Content.assemble(
            ("● " if item.is_current else "  ", "$accent"), safe_content(item.label), gap, dim(item.hint)
        )

    def _highlight(self, at: int) -> None:
        if self._matching_items:
            self._options.highlighted = max(0, min(len(self._matching_items) - 1, at))
            self._options.scroll_to_highlight()

    @on(Input.Changed, "#filter")
    def _filter_list(self, event: Input.Changed) -> None:
        event.stop()
        self._fill_list(event.value)
        self._highlight(0)

    def action_step(self, by: int) -> None:
        """Move in the list."""
        at = self._options.highlighted
        self._highlight(0 if at is None else at + by)

    @on(Input.Submitted, "#filter")
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit()

    @property
    def highlighted(self) -> PickerItem | None:
        """The line that enter would take."""
        at = self._options.highlighted
        return self._matching_items[at] if at is not None and at < len(self._matching_items) else None


class Picker(FilterListForm[str]):
    """Answers with the key of the one item picked, or None."""

    def __init__(
        self, title: str, items: Sequence[PickerItem], *, submit_word: str = "Choose", empty: str = "Nothing fits."
    ) -> None:
        super().__init__(title, items, submit_word=submit_word, empty=empty)

    @on(OptionList.OptionSelected, "#items")
    def _pick_clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._matching_items[event.option_index].key)

    def action_submit(self) -> None:
        """Take the highlighted one."""
        if self.highlighted is not None:
            self.dismiss(self.highlighted.key)


class Checklist(FilterListForm[tuple[str, ...]]):
    """Answers with the keys of all items that are on, in the order given, or None. At least one stays on."""

    PROMPT: ClassVar[str] = "type to find; space switches"
    IGNORED_KEYS: ClassVar[frozenset[str]] = frozenset({"space"})
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "switch", "Switch", show=False, priority=True)]

    def __init__(self, title: str, items: Sequence[PickerItem], *, submit_word: str = "Apply") -> None:
        self._checked_keys = {item.key for item in items if item.is_current}
        super().__init__(title, items, submit_word=submit_word, empty="Nothing fits.")

    def _item_content(self, item: PickerItem, width: int) -> Content:
        sign = ("[x] ", "$accent") if item.key in self._checked_keys else ("[ ] ", DIM)
        gap = " " * max(2, width + 2 - len(item.label))
        return Content.assemble(sign, safe_content(item.label), gap, dim(item.hint))

    def action_switch(self) -> None:
        """Switch the highlighted one on or off."""
        item, at = self.highlighted, self._options.highlighted
        if item is None or at is None:
            return
        if item.key not in self._checked_keys:
            self._checked_keys.add(item.key)
        elif len(self._checked_keys) > 1:
            self._checked_keys.discard(item.key)
        self._fill_list(self.query_one("#filter", Input).value)
        self._highlight(at)

    @on(OptionList.OptionSelected, "#items")
    def _switch_clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._highlight(event.option_index)
        self.action_switch()

    def action_submit(self) -> None:
        """Take all that are on."""
        self.dismiss(tuple(item.key for item in self._items if item.key in self._checked_keys))
