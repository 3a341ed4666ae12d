"""A pane with a table and a filter bar, and the table of a list model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from textual import on
from textual.widget import Widget

from fe2tui.model.filters import Filter, Sort
from fe2tui.model.fleet import Fleet
from fe2tui.model.location import Location
from fe2tui.model.text import visible
from fe2tui.tui.list_model import (
    NO_FILTER,
    ArrangeableList,
    Arrangement,
    ListKind,
    ListModel,
    ListRows,
    ListSnapshot,
    ListSpec,
)
from fe2tui.tui.panes.base import Pane, tab_parts
from fe2tui.tui.panes.details import RowDetails
from fe2tui.tui.widgets.frame import TitlePart
from fe2tui.tui.widgets.grid import Cell
from fe2tui.tui.widgets.table import MarkableTable, Table

if TYPE_CHECKING:
    from fe2tui.tui.services import Services
    from fe2tui.tui.widgets.filter_bar import FilterBar


class LazyFilterBar:
    """Has rows arranged as it is typed."""

    def __init__(
        self, container: Widget, kind: ListKind, arrangeable: ArrangeableList, on_leave: Callable[[], None]
    ) -> None:
        """``around`` is what the line is mounted in, ``left`` is told when the person is done with it."""
        self._container = container
        self._kind = kind
        self._arrangeable = arrangeable
        self._on_leave = on_leave
        self._bar: FilterBar | None = None

    @property
    def has_focus(self) -> bool:
        """Whether it has the focus."""
        return self._bar is not None and self._bar.display and self._bar.has_focus_within

    async def open(self) -> None:
        """Show the line and give it the focus."""
        from fe2tui.tui.widgets.filter_bar import FilterBar

        if self._bar is None:
            self._bar = FilterBar(self._kind, self._arrangeable.arrangement.filter.text, self._apply, self._close)
            await self._container.mount(self._bar)
        self._bar.display = True
        self._bar.focus_input()

    def clear(self) -> None:
        """Take the filter away."""
        if self._bar is not None:
            self._bar.clear()
            self._bar.display = False
        self._apply(NO_FILTER)

    def _apply(self, query: Filter[Any, Any]) -> None:
        self._arrangeable.rearrange(self._arrangeable.arrangement._replace(filter=query))

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.display = bool(self._arrangeable.arrangement.filter.tests)
        self._on_leave()


def reading_text(location: Location) -> Sequence[Cell]:
    """What a list says before the first read."""
    return ((f"Reading {visible(location.region)} …", "dim"),)


class ListTable(MarkableTable):
    """The table of a list pane. ``trouble`` is said in its frame."""

    problem_parts: Sequence[TitlePart] = ()

    @property
    @abstractmethod
    def is_blank(self) -> bool:
        """Whether nothing is known yet."""

    def show_read_error(self, reason: str) -> None:
        """Nothing could be read, and nothing is known from before."""
        if self.is_blank:
            self.empty_lines = (
                ("Nothing read yet:", "text"),
                (visible(reason), "text"),
                ("", "dim"),
                ("ctrl+r tries again at once", "accent"),
            )
            self.redraw()


class ListPane(Pane):
    """A table, and the line of its filter below it."""

    def __init__(self, kind: ListKind, table: ListTable, arrangeable: ArrangeableList) -> None:
        super().__init__(kind, table, id=f"{kind.pane}-list")
        self.table = table
        self._sorts = kind.sorts
        self._arrangeable = arrangeable
        self._filter_bar = LazyFilterBar(self, kind, arrangeable, self.take_focus)

    @property
    def list_pane(self) -> ListPane:
        """Itself."""
        return self

    def take_focus(self) -> None:
        """The table gets it."""
        self.table.focus()

    def go_to_row(self, row_id: str) -> None:
        """Put the cursor on a row as soon as it is there."""
        self.table.go_to(row_id)

    def open_row(self) -> str:
        """The command of a double click."""
        return self.table.open_command

    def leave(self) -> None:
        """Leave the filter, then the marks."""
        if self.arrangement.filter.text:
            self._filter_bar.clear()
        else:
            self.table.unmark_all()

    def recolour(self) -> None:
        """The colours are others."""
        self.table.recolour()

    def reset(self, location: Location) -> None:
        """Another location is shown."""

    def show_read_error(self, reason: str) -> None:
        """Nothing could be read."""
        self.table.show_read_error(reason)

    # What is looked at

    @property
    def arrangement(self) -> Arrangement:
        """The filter and the order."""
        return self._arrangeable.arrangement

    @property
    def visible_count(self) -> int:
        """How many rows there are."""
        return self.table.row_count

    @property
    def count_text(self) -> str:
        """How many, for the tab: ``12``, with a filter ``3 of 12``; empty when that is not known."""
        counted = self._arrangeable.counts
        if counted is None:
            return ""
        visible, total = counted
        return f"{visible:,} of {total:,}" if self.arrangement.filter.tests else f"{total:,}"

    def write_frame_title(self, counts: Mapping[str, str], tab_panes: Collection[str]) -> None:
        """Write the tabs into the frame, and the filter at their right."""
        query = self.arrangement.filter
        note = (TitlePart(f"/ {visible(query.text)}", "accent", False, "filter"),) if query.tests else ()
        self.table.set_frame_title(tab_parts(self.kind.pane, counts, tab_panes), (*self.table.problem_parts, *note))

    # Filter and order

    @property
    def is_filtering(self) -> bool:
        """Whether a filter is being typed."""
        return self._filter_bar.has_focus

    async def open_filter(self) -> None:
        """Open the line of the filter and give it the focus."""
        await self._filter_bar.open()

    @property
    def sorts(self) -> Mapping[str, Sort[Any, Any]]:
        """What the rows can be sorted by."""
        return self._sorts

    def sort_by(self, sort: str) -> None:
        """Sort by a column; the one already sorted by is turned round."""
        present = self.arrangement
        descending = not present.descending if present.sort == sort else self._sorts[sort].largest_first
        self._arrangeable.rearrange(present._replace(sort=sort, descending=descending))

    @on(Table.SortRequested)
    def _sort_by_title(self, event: Table.SortRequested) -> None:
        event.stop()
        self.sort_by(event.sort)


Item = TypeVar("Item")
Scope = TypeVar("Scope")


def _problem_text(snapshot: ListSnapshot[Any, Any]) -> Sequence[Cell]:
    """What could not be read, and what to do about it."""
    if snapshot.problem is None:
        return ()
    parts = ((snapshot.problem.summary, "trouble"), (snapshot.problem.remedy, "dim"))
    return tuple((visible(text), ink) for text, ink in parts if text)


class ListModelTable(ListTable, Generic[Item, Scope]):
    """The rows of a list model."""

    def __init__(self, spec: ListSpec[Item, Scope], rows: ListRows[Item, Scope], *, open_command: str) -> None:
        """``open_command`` is run by a double click."""
        self._spec = spec
        self._list_rows = rows
        super().__init__(rows, id=spec.kind.pane)
        self.open_command = open_command

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known yet."""
        return self._list_rows.snapshot is None

    @property
    def ids_in_view(self) -> Sequence[str]:
        """The ids of the rows that are visible."""
        top = round(self.scroll_y)
        return self._list_rows.ids[top : top + self.size.height]

    def shows_column(self, column_id: str) -> bool:
        """Whether there is space for a column."""
        return any(column.id == column_id for column in self._renderer.layout.columns)

    def show_rows(self, rows: ListRows[Item, Scope]) -> None:
        """Show rows; the changed ones glow."""
        snapshot = rows.snapshot
        if snapshot is None:
            return
        self.marks &= snapshot.items.keys()
        self._list_rows = rows
        self.sorted_by = (rows.arrangement.sort, rows.arrangement.descending)
        problem = snapshot.problem
        problem_text = f"▲ {problem.part.capitalize()} not read " if problem is not None else ""
        self.problem_parts = (TitlePart(problem_text, "state-trouble", False, "errors"),) if problem_text else ()
        self.lines_below = _problem_text(snapshot) or (((snapshot.note, "dim"),) if snapshot.note else ())
        if rows.arrangement.filter.tests:
            words = f"No {self._spec.kind.noun} fits the filter."
            self.empty_lines = ((words, "text"), ("esc shows all of them again.", "dim"))
        elif problem is not None:
            self.empty_lines = self.lines_below
        elif not snapshot.is_read:
            self.empty_lines = reading_text(snapshot.fleet.location)
        else:
            self.empty_lines = self._spec.empty_text(snapshot)
        self.show(rows, rows.changed_ids)

    def clear(self, rows: ListRows[Item, Scope], location: Location) -> None:
        """Show that another location is being read. ``rows`` are those of a list without a fleet."""
        self.marks.clear()
        self._list_rows = rows
        self.problem_parts = self.lines_below = ()
        self.empty_lines = reading_text(location)
        self.show(rows)


class FleetListPane(ListPane, Generic[Item, Scope]):
    """A list of what a fleet has: its model and its table."""

    def __init__(self, spec: ListSpec[Item, Scope], services: Services, *, open_command: str) -> None:
        """``open_command`` is run by enter and by a double click."""
        self.model = ListModel(spec, services, self._show_rows)
        self.table: ListModelTable[Item, Scope] = ListModelTable(spec, self.model.rows, open_command=open_command)
        self._services = services
        super().__init__(spec.kind, self.table, self.model)

    def set_fleet(self, fleet: Fleet) -> None:
        """Show a fleet that was read."""
        self.model.set_fleet(fleet)

    def set_in_view(self, is_in_view: bool) -> None:
        """Say whether the pane is visible."""
        self.model.set_in_view(is_in_view)

    def reset(self, location: Location) -> None:
        """Another location is shown."""
        self.model.reset()
        self.table.clear(self.model.rows, location)

    def row_details(self) -> RowDetails | None:
        """The details of the row under the cursor."""
        snapshot, row_id = self.model.rows.snapshot, self.table.cursor_id
        item = snapshot.items.get(row_id) if snapshot is not None and row_id is not None else None
        if snapshot is None or item is None:
            return None
        return self.model.spec.details_of(item, snapshot.scope_at(self._services.clock()))

    def _show_rows(self, rows: ListRows[Item, Scope]) -> None:
        self.table.show_rows(rows)
        self._services.main_screen.repaint_soon()
