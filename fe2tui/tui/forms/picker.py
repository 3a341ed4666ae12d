"""Pick one item from a list that is filtered while one types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from fe2tui.model.command_text import CommandText
from fe2tui.model.filters import Sort
from fe2tui.model.text import visible
from fe2tui.tui.forms.form import DIM, Form, FormList, dim
from fe2tui.tui.widgets.cells import wrap
from fe2tui.tui.widgets.table import FIELD_MOVEMENT_BINDINGS, page_step

MAX_SHOWN = 500
MAX_WIDTH = 76  # cells of the frame, as in forms.tcss
PAGE_ROWS = 10
PREVIEW_DELAY = 0.06  # seconds that the cursor has to rest on an item before it is shown


@dataclass(frozen=True, slots=True)
class PickerItem:
    """One line: the answer it gives, its label, and a dim hint. ``is_current`` marks the present setting.

    ``shortcut`` is a key of the dashboard that does the same. ``detail`` is a column of its own before the hint.
    """

    key: str
    label: str
    hint: str = ""
    is_current: bool = False
    shortcut: str = ""
    detail: str = ""


def matching_items(items: Sequence[PickerItem], typed: str) -> list[PickerItem]:
    """The items that match a typed text, the best first.

    The best begin with it; then come those where a word of the label begins with it, those that contain its words in
    label or key, those that contain them anywhere, and those whose label or key has its letters in this order.
    """
    text = " ".join(typed.lower().split())
    ranks = [(rank, item) for item in items if (rank := _match_rank(item, text)) is not None]
    return [item for _, item in sorted(ranks, key=itemgetter(0))]


def _match_rank(item: PickerItem, text: str) -> int | None:
    label, words = item.label.lower(), text.split()
    name = f"{label} {item.key.lower()}"
    if label.startswith(text):
        return 0
    if f" {text}" in f" {label}":
        return 1
    if all(word in name for word in words):
        return 2
    if all(word in f"{name} {item.hint.lower()}" for word in words):
        return 3
    letters = iter(name)
    return 4 if all(letter in letters for letter in text.replace(" ", "")) else None


class _ItemOption(Option):
    def __init__(self, item: PickerItem, content: Content) -> None:
        super().__init__(content)
        self.item = item


class Picker(Form[str]):
    """A filter line above a list. The arrows move in the list while the filter keeps the focus.

    Answers with the key of the picked item, or None. Hints that are too long for a line go on in the next.
    """

    TYPED_AHEAD = "all"
    BINDINGS: ClassVar[list[BindingType]] = FIELD_MOVEMENT_BINDINGS

    def __init__(
        self,
        title: str,
        items: Sequence[PickerItem],
        *,
        submit_word: str = "Choose",
        empty: str = "No match.",
        is_wide: bool = False,
        preview: Callable[[str], None] | None = None,
    ) -> None:
        """``empty`` is shown when no item fits the filter. ``is_wide``: as wide as the screen. ``preview`` gets the key
        of the item under the cursor.
        """
        super().__init__(title, submit_label=submit_word)
        self._is_wide = is_wide
        self._items = tuple(items)
        self._matching_items: list[PickerItem] = list(items)
        self._empty = empty
        self._filled_width = 0
        self._preview = preview
        self._preview_timer: Timer | None = None

    def compose(self) -> Iterator[Widget]:
        yield from self.compose_frame(
            Input(placeholder="type to find", id="filter", compact=True),
            FormList(id="items", compact=True),
            Static(dim(self._empty), id="empty"),
            classes="-list-form -wide-list" if self._is_wide else "-list-form",
        )

    def on_mount(self) -> None:
        self._fill_list("")
        current = next((n for n, item in enumerate(self._matching_items) if item.is_current), 0)
        self._highlight(current)

    def on_resize(self) -> None:
        if self._text_width != self._filled_width:
            at = self._options.highlighted
            self._fill_list(self.query_one("#filter", Input).value)
            self._highlight(at or 0)

    @property
    def _text_width(self) -> int:
        """The cells of a line of the list: those of the frame in forms.tcss without edges, padding and scrollbar."""
        width = self.app.size.width
        return max(40, (width if self._is_wide else min(MAX_WIDTH, width * 94 // 100)) - 6)

    @property
    def _options(self) -> OptionList:
        return self.query_one("#items", OptionList)

    def _fill_list(self, typed: str) -> None:
        self._matching_items = matching_items(self._items, typed)[:MAX_SHOWN]
        self._filled_width = self._text_width
        width = min(40, max((cell_len(visible(item.label)) for item in self._items), default=0))
        options = self._options
        options.set_options([_ItemOption(item, self._item_content(item, width)) for item in self._matching_items])
        self.query_one("#empty").display = not self._matching_items
        options.display = bool(self._matching_items)

    def _item_content(self, item: PickerItem, width: int) -> Content:
        label = visible(item.label)
        gap = " " * max(2, width + 2 - cell_len(label))
        shortcut_width = max((len(each.shortcut) + 2 for each in self._items if each.shortcut), default=0)
        detail_width = max((len(each.detail) + 2 for each in self._items if each.detail), default=0)
        indent = 2 + cell_len(label) + len(gap) + shortcut_width + detail_width
        hint = f"\n{'':{indent}}".join(wrap(visible(item.hint), max(16, self._filled_width - indent)))
        return Content.assemble(
            ("● " if item.is_current else "  ", "$accent"),
            Content(label),
            gap,
            (f"{item.shortcut:<{shortcut_width}}", "bold $accent"),
            f"{item.detail:<{detail_width}}",
            Content.styled(hint, DIM),
        )

    def _highlight(self, at: int) -> None:
        if self._matching_items:
            self._options.highlighted = max(0, min(len(self._matching_items) - 1, at))
            self._options.scroll_to_highlight()
        if self._preview is not None:
            if self._preview_timer is not None:
                self._preview_timer.stop()
            self._preview_timer = self.set_timer(PREVIEW_DELAY, self._show_preview)

    def _show_preview(self) -> None:
        item = self.highlighted
        if self._preview is not None and item is not None and self.is_active:
            self._preview(item.key)

    @on(Input.Changed, "#filter")
    def _filter_list(self, event: Input.Changed) -> None:
        event.stop()
        self._fill_list(event.value)
        self._highlight(0)

    def action_move(self, by: int) -> None:
        at = self._options.highlighted
        self._highlight(0 if at is None else at + by)

    def action_page(self, by: float) -> None:
        self.action_move(page_step(by, PAGE_ROWS))

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


def command_picker(texts: Mapping[str, CommandText]) -> Picker:
    """Asks which line to copy, and answers with it. ``texts`` are by the title of the command; one alone has none."""
    items = []
    for title, text in texts.items():
        before = f"{title} · " if title else ""
        items += [
            PickerItem(text.shell, f"{before}Shell", text.shell),
            PickerItem(text.python, f"{before}Python", text.python),
        ]
    return Picker("As a command", items, submit_word="Copy")
