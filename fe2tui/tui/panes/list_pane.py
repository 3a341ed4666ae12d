"""A pane with a table and a filter bar, and the pane that lists the items of a fleet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from textual import on

from fe2tui.model.filters import Filter, Sort
from fe2tui.model.fleet import Fleet, Problem
from fe2tui.model.location import Location
from fe2tui.model.text import visible
from fe2tui.tui.list_model import NO_FILTER, ArrangeableList, Arrangement, ListKind, ListModel, ListRows, ListSpec
from fe2tui.tui.panes.base import Pane, tab_spans
from fe2tui.tui.panes.details import RowDetails
from fe2tui.tui.widgets.grid import Cell
from fe2tui.tui.widgets.line import Span
from fe2tui.tui.widgets.table import Table

if TYPE_CHECKING:
    from fe2tui.tui.services import Services
    from fe2tui.tui.widgets.filter_bar import FilterBar

Item = TypeVar("Item")
Scope = TypeVar("Scope")


def reading_text(location: Location) -> Sequence[Cell]:
    return ((f"Reading {visible(location.region)} …", "dim"),)


class ListPane(Pane):
    """A table above its filter bar."""

    def __init__(self, kind: ListKind, table: Table, arrangeable: ArrangeableList) -> None:
        super().__init__(kind, table)
        self.table = table
        self._kind = kind
        self._arrangeable = arrangeable
        self._filter_bar: FilterBar | None = None
        self._problem_spans: Sequence[Span] = ()  # shown in the frame

    @property
    def list_pane(self) -> ListPane:
        return self

    def take_focus(self) -> None:
        self.table.focus()

    def go_to_row(self, row_id: str) -> None:
        self.table.go_to(row_id)

    def open_row(self) -> str:
        return ""

    def leave(self) -> None:
        """Clear the filter; without one, unmark all rows."""
        if not self.arrangement.filter.text:
            self.table.unmark_all()
            return
        if self._filter_bar is not None:
            self._filter_bar.clear()
            self._filter_bar.display = False
        self._set_filter(NO_FILTER)

    def recolour(self) -> None:
        self.table.recolour()

    @property
    def visible_count(self) -> int:
        return self.table.row_count

    @property
    def count_text(self) -> str:
        """``12``, or ``3 of 12`` with a filter."""
        counts = self._arrangeable.counts
        if counts is None:
            return ""
        return f"{counts[0]:,} of {counts[1]:,}" if self.arrangement.filter.tests else f"{counts[1]:,}"

    def write_frame_title(self, counts: Mapping[str, str], tab_panes: Collection[str]) -> None:
        query = self.arrangement.filter
        filter_spans = (Span(f"/ {visible(query.text)}", "accent", "filter"),) if query.tests else ()
        tabs = tab_spans(self.kind.pane, counts, tab_panes)
        self.table.set_frame_title(tabs, (*self._problem_spans, *filter_spans))

    # Filter and order

    @property
    def arrangement(self) -> Arrangement:
        return self._arrangeable.arrangement

    @property
    def is_filtering(self) -> bool:
        return self._filter_bar is not None and self._filter_bar.display and self._filter_bar.has_focus_within

    async def open_filter(self) -> None:
        from fe2tui.tui.widgets.filter_bar import FilterBar

        if self._filter_bar is None:
            language, example = self._kind.filter_language, self._kind.filter_example
            self._filter_bar = FilterBar(language.parse_valid_terms, example=example, text=self.arrangement.filter.text)
            await self.mount(self._filter_bar)
        self._filter_bar.display = True
        self._filter_bar.focus_input()

    def show_only(self, text: str) -> None:
        """Filter by a text, as if it had been typed; an empty one shows all."""
        query, _ = self._kind.filter_language.parse_valid_terms(text)
        if self._filter_bar is not None:
            self._filter_bar.show_text(text)
            self._filter_bar.display = bool(text)
        self._set_filter(query if query.tests else NO_FILTER)

    def on_filter_bar_filter_changed(self, event: FilterBar.FilterChanged) -> None:
        event.stop()
        self._set_filter(event.query)

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        event.stop()
        if self._filter_bar is not None:
            self._filter_bar.display = bool(self.arrangement.filter.tests)
        self.take_focus()

    def _set_filter(self, query: Filter[Any, Any]) -> None:
        self._arrangeable.rearrange(self.arrangement._replace(filter=query))

    @property
    def sorts(self) -> Mapping[str, Sort[Any, Any]]:
        return self._kind.sorts

    def sort_by(self, sort: str) -> None:
        """Sort by a column; reverse the order if it is the present one."""
        present = self.arrangement
        descending = not present.descending if present.sort == sort else self.sorts[sort].largest_first
        self._arrangeable.rearrange(present._replace(sort=sort, descending=descending))

    @on(Table.SortRequested)
    def _sort_by_title(self, event: Table.SortRequested) -> None:
        event.stop()
        self.sort_by(event.sort)


class FleetListPane(ListPane, Generic[Item, Scope]):
    """The items of one kind in a fleet."""

    def __init__(self, spec: ListSpec[Item, Scope], services: Services, *, open_command: str) -> None:
        """``open_command`` is run by enter and by a double click."""
        self.model = ListModel(spec, services, self._show_rows)
        self._services = services
        self._open_command = open_command
        super().__init__(spec.kind, Table(self.model.rows, id=spec.kind.pane), self.model)
        self.table.set_link_of(services.console_url)

    def set_fleet(self, fleet: Fleet) -> None:
        self.model.set_fleet(fleet)

    def set_in_view(self, is_in_view: bool) -> None:
        self.model.set_in_view(is_in_view)

    def open_row(self) -> str:
        return self._open_command

    def row_details(self) -> RowDetails | None:
        snapshot, row_id = self.model.rows.snapshot, self.table.cursor_id
        item = snapshot.items.get(row_id) if snapshot is not None and row_id is not None else None
        if snapshot is None or item is None:
            return None
        return self.model.spec.details_of(item, snapshot.scope_at(self._services.clock()))

    def row_scope(self) -> Scope | None:
        """What the cells of a row are computed from at this moment; None before the first read."""
        snapshot = self.model.rows.snapshot
        return snapshot.scope_at(self._services.clock()) if snapshot is not None else None

    def _show_rows(self, rows: ListRows[Item, Scope]) -> None:
        snapshot, table = rows.snapshot, self.table
        if snapshot is None:
            return
        problem = snapshot.problem
        table.marks &= snapshot.items.keys()
        table.sorted_by = (rows.arrangement.sort, rows.arrangement.descending)
        self._problem_spans = (
            (Span(f"▲ {problem.part.capitalize()} not read ", "trouble", "errors"),) if problem is not None else ()
        )
        note = ((snapshot.note, "dim"),) if snapshot.note else ()
        table.lines_below = _problem_cells(problem) if problem is not None else note
        if rows.arrangement.filter.tests:
            text = f"No {self.kind.noun} matches the filter."
            table.empty_lines = ((text, "text"), (f"esc shows all {self.kind.noun}s.", "dim"))
        elif problem is not None:
            table.empty_lines = table.lines_below
        elif not snapshot.is_read:
            table.empty_lines = reading_text(snapshot.fleet.location)
        else:
            table.empty_lines = self.model.spec.empty_text(snapshot)
        table.show(rows, rows.changed_ids)
        self._services.main_screen.repaint_soon()

    def show_read_error(self, reason: str) -> None:
        if self.model.rows.snapshot is None:
            self.table.empty_lines = (
                ("Not read yet:", "text"),
                (visible(reason), "text"),
                ("", "dim"),
                ("ctrl+r tries again at once", "accent"),
            )
            self.table.refresh()

    def reset(self, location: Location) -> None:
        self.model.reset()
        self.table.marks.clear()
        self._problem_spans = self.table.lines_below = ()
        self.table.empty_lines = reading_text(location)
        self.table.show(self.model.rows)


def _problem_cells(problem: Problem) -> Sequence[Cell]:
    cells = ((problem.summary, "trouble"), (problem.remedy, "dim"))
    return tuple((visible(text), style) for text, style in cells if text)
