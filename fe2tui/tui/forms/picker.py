"""Pick one item from a list that is filtered while one types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from fe2tui.model.filters import Sort
from fe2tui.tui.forms.form import Form, FormList, dim, safe_content

MAX_SHOWN = 500


@dataclass(frozen=True, slots=True)
class PickerItem:
    """One line: the answer it gives, its label, and a dim hint. ``is_current`` marks the present setting."""

    key: str
    label: str
    hint: str = ""
    is_current: bool = False


def matching_items(items: Sequence[PickerItem], typed: str) -> list[PickerItem]:
    """The items that contain every typed word, those whose label starts with the text first."""
    typed_words = typed.lower().split()
    matching = [item for item in items if all(w in f"{item.label} {item.hint} {item.key}".lower() for w in typed_words)]
    start = typed.strip().lower()
    return sorted(matching, key=lambda item: not item.label.lower().startswith(start)) if start else matching


class _ItemOption(Option):
    def __init__(self, item: PickerItem, content: Content) -> None:
        super().__init__(content)
        self.item = item


class Picker(Form[str]):
    """A filter line above a list. The arrows move in the list while the filter keeps the focus.

    Answers with the key of the picked item, or None.
    """

    TYPED_AHEAD = "all"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "step(1)", show=False, priority=True),
        Binding("up,ctrl+p", "step(-1)", show=False, priority=True),
        Binding("pagedown", "step(10)", show=False, priority=True),
        Binding("pageup", "step(-10)", show=False, priority=True),
    ]

    def __init__(
        self, title: str, items: Sequence[PickerItem], *, submit_word: str = "Choose", empty: str = "No match."
    ) -> None:
        """``empty`` is shown when no item fits the filter."""
        super().__init__(title, submit_label=submit_word)
        self._items = tuple(items)
        self._matching_items: list[PickerItem] = list(items)
        self._empty = empty

    def compose(self) -> Iterator[Widget]:
        yield from self.compose_frame(
            Input(placeholder="type to find", id="filter", compact=True),
            FormList(id="items", compact=True),
            Static(dim(self._empty), id="empty"),
            classes="-list-form",
        )

    def on_mount(self) -> None:
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
        options.set_options([_ItemOption(item, self._item_content(item, width)) for item in self._matching_items])
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
        at = self._options.highlighted
        self._highlight(0 if at is None else at + by)

    @property
    def highlighted(self) -> PickerItem | None:
        at = self._options.highlighted
        return self._matching_items[at] if at is not None and at < len(self._matching_items) else None

    @on(OptionList.OptionSelected, "#items")
    def _pick_clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if isinstance(event.option, _ItemOption):
            self.dismiss(event.option.item.key)

    def action_submit(self) -> None:
        if self.highlighted is not None:
            self.dismiss(self.highlighted.key)


def sort_picker(sorts: Iterable[Sort[Any, Any]], present: str) -> Picker:
    """Asks for the order of a list, by its id. The present one is offered as its reverse."""
    items = [
        PickerItem(s.id, s.title, "reverse the order" if s.id == present else s.direction_text, s.id == present)
        for s in sorts
    ]
    return Picker("Sort by", items, submit_word="Sort")
