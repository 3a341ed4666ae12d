"""The picker of instance types: a filter over all the types of a region, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import Fe2Error
from fe2tui.model.terms import QueryError
from fe2tui.model.type_query import SORTS
from fe2tui.paths import sheets_folder
from fe2tui.tui.forms import type_words
from fe2tui.tui.forms.form import Form, dim, shown
from fe2tui.tui.forms.picker import Item, Picker
from fe2tui.tui.forms.type_columns import Unfit
from fe2tui.tui.forms.type_list import TypeList, TypeSource
from fe2tui.tui.forms.type_table import TypeTable
from fe2tui.tui.widgets.asked import Asked
from fe2tui.tui.widgets.table import Table

EXAMPLES = "words  vcpu>=8  mem>=32  gpu:a10g  arch:arm64  price<1.5  zone:2a  current  -burstable"
LOOK_AGAIN = 1.0  # seconds between two looks whether newer types or prices are there


@dataclass(frozen=True, slots=True)
class Look:
    """What the picker begins with: a filter, and the id of what to sort by."""

    filter: str
    sort: str


class FilterLine(Input):
    """The line in which the filter is typed.

    It tells of another text at once, and not by a message: so what fits stands in the same frame as what was typed.
    """

    def __init__(self, changed: Callable[[str], None]) -> None:
        super().__init__(placeholder=EXAMPLES, id="filter", compact=True)
        self._changed = changed

    def watch_value(self, value: str) -> None:
        """Tell of the text."""
        if self.is_mounted:
            self._changed(value)


class FixedLines(Static):
    """Words with a fixed height: to lay the screen out anew with each key would take most of its time."""

    def say(self, words: Content) -> None:
        """Say something else."""
        self.update(words, layout=False)


class PickTypes(Form[str]):
    """Answers with the name of the type picked, or None. Types that do not fit are shown when asked for, with why.

    ``fits`` says why a type cannot be chosen, ``present`` is the type there is now, ``look`` what it begins with.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = [sheets_folder() / "forms.tcss", sheets_folder() / "types.tcss"]
    SUBMIT_KEY: ClassVar[str] = "enter"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(1, True)", show=False, priority=True),
        Binding("pageup", "move(-1, True)", show=False, priority=True),
        Binding("ctrl+o", "sort", show=False, priority=True),
        Binding("ctrl+r", "others", show=False, priority=True),
        Binding("ctrl+t", "prices", show=False, priority=True),
    ]

    def __init__(
        self,
        source: TypeSource,
        *,
        region: str,
        clock: Callable[[], datetime],
        fits: Unfit | None = None,
        present: str = "",
        title: str = "Instance types",
        submit_word: str = "Choose",
        look: Look | None = None,
        prices: Callable[[str], None] | None = None,
    ) -> None:
        """``prices`` is told of a type whose spot prices are wanted; the form is left then."""
        super().__init__(title, submit_word=submit_word)
        self._look = look
        self._source = source
        self._prices = prices
        self._region = region
        self._clock = clock
        self._list = TypeList(fits, present)
        self._error: Fe2Error | None = None
        self._wrong: QueryError | None = None
        self._about = Content("")
        self._table = TypeTable()

    def compose(self) -> Iterator[Widget]:
        """The filter, how many fit it, the types, and what there is to say of the one under the cursor."""
        yield from self.framed(
            FilterLine(self._filter),
            FixedLines(id="said"),
            self._table,
            FixedLines(id="about"),
            classes="-types",
        )

    def on_mount(self) -> None:
        """Show what is known, and read what is not."""
        self._list.take(self._source.kept(), self._source.prices())
        if self._look is not None:
            self._list.sort_by(self._look.sort)
            self.query_one("#filter", Input).value = self._look.filter
        self._show()
        self._settle()
        self.run_worker(self._read(), exit_on_error=False)
        self.run_worker(self._read_spot(), exit_on_error=False)
        self.set_interval(LOOK_AGAIN, self._look_again)

    def further_keys(self) -> Sequence[tuple[str, str, str]]:
        """The order, and those left out."""
        others = [("^r", "Those that fit" if self._list.shows_unfit else "Others", "others")]
        prices = [("^t", "Spot prices", "prices")] if self._prices is not None else []
        return [("^o", "Sort", "sort"), *(others if self._list.hidden else []), *prices]

    # Types and prices that come while it is open

    async def _read(self) -> None:
        try:
            catalogue = await self._source.get()
        except Fe2Error as error:
            self._error = error
            self._show()
        else:
            first = self._list.catalogue is None
            if self._list.take(catalogue, self._source.prices()):
                self._show()
            if first:
                self._settle()

    async def _read_spot(self) -> None:
        """Quietly: the types are there to be picked without."""
        self._list.spot_words = "reading spot prices …"
        self._say()
        try:
            await self._source.read_spot()
        except Fe2Error as error:
            self._list.spot_words = f"spot prices could not be read: {error.summary}"
        else:
            self._list.spot_words = ""
        self._look_again()
        self._say()

    def _look_again(self) -> None:
        if self._list.take(self._source.kept() or self._list.catalogue, self._source.prices()):
            was_moved = self._table.is_moved
            self._show()
            if not was_moved:  # other prices are another order: what was first may not be any more
                self._settle()

    # What is shown

    def _show(self) -> None:
        """Show the list anew; the cursor stays on its type if that is still there."""
        rows = self._list.rows()
        self._table.empty = type_words.when_empty(self._list, self._region, self._error)
        self._table.show_types(rows, (self._list.sort, self._list.descending))
        self.write_edge()
        self._say()
        self._describe()

    def _say(self) -> None:
        error = self._wrong or (self._error if self._list.catalogue is None else None)
        if error is not None:
            words = Content.assemble(("▲ ", "$error"), shown(error.summary), " ", dim(error.remedy))
        else:
            words = dim(" · ".join(self._list.words(self._clock())))
        self.query_one("#said", FixedLines).say(words)

    @on(Table.Moved)
    def _describe(self) -> None:
        about = type_words.about(self._list, self._table.cursor_id, self._region)
        if about != self._about:  # said by the list, and once more by its cursor
            self._about = about
            self.query_one("#about", FixedLines).say(about)

    def _settle(self) -> None:
        """What is typed puts the cursor on the type of that name, else on the first; nothing on the present one."""
        typed = self.query_one("#filter", Input).value.strip().lower()
        self._table.put_on(typed or self._list.present)

    # What a person does

    def _filter(self, text: str) -> None:
        self._wrong = self._list.filter(text)
        self._show()
        self._settle()

    def action_move(self, by: int, pages: bool = False) -> None:
        """Move in the table, by rows or by pages."""
        if pages:
            self._table.action_page(by)
        else:
            self._table.action_move(by)

    def action_sort(self) -> None:
        """Ask for the column to sort by; the same again turns the order round."""
        present = self._list.sort
        items = [
            Item(
                sort.id,
                sort.title,
                "turn it round" if sort.id == present else sort.first_words,
                sort.id == present,
            )
            for sort in SORTS.values()
        ]
        self.app.push_screen(Picker("Sort by", items, submit_word="Sort"), self._sort_by)

    @on(Table.SortAsked)
    def _sort_by(self, asked: Table.SortAsked | str | None) -> None:
        """By the column that was chosen, or whose title was clicked."""
        sort = asked.sort if isinstance(asked, Table.SortAsked) else asked
        if sort is None:
            return
        was_moved = self._table.is_moved
        self._list.sort_by(sort)
        self._show()
        if not was_moved:
            self._settle()

    def action_prices(self) -> None:
        """Leave for the spot prices of the type under the cursor."""
        kind = self._list.type(self._table.cursor_id)
        if self._prices is not None and kind is not None:
            self._prices(kind.name)
            self.dismiss(None)

    def action_others(self) -> None:
        """Show those that cannot be chosen as well, or hide them again."""
        if self._list.hidden:
            self._list.shows_unfit = not self._list.shows_unfit
            self._show()

    @on(Asked)
    @on(Input.Submitted, "#filter")
    def _chosen(self, event: Asked | Input.Submitted) -> None:
        """Enter, or a double click."""
        event.stop()
        if not isinstance(event, Asked):
            self.action_submit()
        elif event.command == TypeTable.OPENS:
            self._pick()

    def action_submit(self) -> None:
        """Pick the type under the cursor: by itself only where the whole filter made sense."""
        if not self._wrong or self._table.is_moved:
            self._pick()

    def _pick(self) -> None:
        kind = self._list.type(self._table.cursor_id)
        if kind is None:
            return
        why = self._list.reasons.get(kind.name)
        if why is None:
            self.dismiss(kind.name)
        else:
            self.query_one("#said", FixedLines).say(
                Content.assemble(("▲ ", "$error"), shown(f"{kind.name} cannot be chosen: {why}"))
            )
