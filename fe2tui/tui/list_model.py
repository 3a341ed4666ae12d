"""The model of a list: its filter and order, and the rows that they give for the newest fleet.

``ListSpec`` says how one kind of item is listed, ``ListSnapshot`` which items there are in one fleet, ``ListRows``
which of them are shown and in which order. ``ListModel`` keeps the newest rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from fe2tui.model.filters import Filter, FilterLanguage, Sort, filter_and_sort
from fe2tui.model.fleet import Fleet, Problem
from fe2tui.tui.widgets.grid import Cell, Column, ColumnLayout, fit_columns

if TYPE_CHECKING:
    from fe2tui.tui.panes.details import RowDetails
    from fe2tui.tui.services import Services

Item = TypeVar("Item")
Scope = TypeVar("Scope")
NO_FILTER: Filter[Any, Any] = Filter()
SMALL_FLEET = 500  # instances; the rows of larger fleets are computed in a thread


class Arrangement(NamedTuple):
    filter: Filter[Any, Any] = NO_FILTER
    sort: str = "name"
    descending: bool = False


NAME_ORDER = Arrangement()


@dataclass(frozen=True, slots=True)
class PaneKind:
    """What a pane lists. ``noun`` is the word for one item; the ids of items begin with ``id_prefix``, if not empty."""

    pane: str
    noun: str
    id_prefix: str


@dataclass(frozen=True, slots=True)
class ListKind(PaneKind):
    """How the items are filtered and sorted. ``filter_example`` is shown in the filter bar while it is empty."""

    filter_language: FilterLanguage[Any, Any]
    sorts: Mapping[str, Sort[Any, Any]]
    filter_example: str


class ArrangeableList(Protocol):
    @property
    def arrangement(self) -> Arrangement: ...

    @property
    def counts(self) -> tuple[int, int] | None:
        """How many items are shown, and of how many; None before the first read."""

    def rearrange(self, arrangement: Arrangement) -> None: ...


@dataclass(frozen=True, slots=True)
class ListSnapshot(Generic[Item, Scope]):
    """The items of one fleet.

    ``scope_at`` gives what the cells of a row are computed from at a moment. A row glows when its ``fingerprint``
    differs from the last snapshot's. The items ``ids_at_bottom`` come last in any order; ``uncounted_ids`` count only
    where a filter shows them. ``note`` is shown under the rows. ``min_widths`` are those of columns, by their ids.
    """

    fleet: Fleet
    items: Mapping[str, Item]
    scope_at: Callable[[datetime], Scope]
    fingerprint: Callable[[Item], object]
    ids_at_bottom: frozenset[str] = frozenset()
    uncounted_ids: frozenset[str] = frozenset()
    is_read: bool = True
    problem: Problem | None = None
    note: str = ""
    min_widths: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListSpec(Generic[Item, Scope]):
    """How one kind of item is listed.

    ``count`` is the number in the tab; None before the first read. ``layout`` chooses the columns for a width where
    ``fit_columns`` alone does not.
    """

    kind: ListKind
    columns: Sequence[Column[Item, Scope]]
    sign: Callable[[Item, Scope], Cell]
    id_of: Callable[[Item], str]
    snapshot_of: Callable[[Fleet], ListSnapshot[Item, Scope]]
    count: Callable[[Fleet], int | None]
    empty_text: Callable[[ListSnapshot[Item, Scope]], Sequence[Cell]]
    details_of: Callable[[Item, Scope], RowDetails]
    layout: Callable[[ListRows[Item, Scope], int], ColumnLayout] | None = None


class ListRows(Generic[Item, Scope]):
    """The rows that a table shows. ``changed_ids`` are new or differ from the rows before."""

    def __init__(
        self,
        spec: ListSpec[Item, Scope],
        clock: Callable[[], datetime],
        snapshot: ListSnapshot[Item, Scope] | None = None,
        arrangement: Arrangement = NAME_ORDER,
        ids: Sequence[str] = (),
        previous: ListRows[Item, Scope] | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.arrangement = arrangement
        self.ids = ids
        self.row_numbers: Mapping[str, int] = {row_id: row for row, row_id in enumerate(ids)}
        self.clock = clock
        self._spec = spec
        is_new = snapshot is not None and (previous is None or previous.snapshot is not snapshot)
        before = previous._fingerprints if previous is not None else {}
        self._fingerprints: Mapping[str, object] = (
            {row_id: snapshot.fingerprint(item) for row_id, item in snapshot.items.items()}
            if is_new and snapshot is not None
            else before
        )
        self.changed_ids = (
            frozenset(
                row_id
                for row_id, now in self._fingerprints.items()
                if (was := before.get(row_id)) is not now and was != now
            )
            if is_new and before
            else frozenset()
        )
        # A column does not get narrower from one read to the next: the others would jump.
        self.min_widths: dict[str, int] = dict(previous.min_widths) if previous is not None else {}
        for column_id, width in (snapshot.min_widths if snapshot is not None else {}).items():
            self.min_widths[column_id] = max(width, self.min_widths.get(column_id, 0))

    def layout(self, width: int) -> ColumnLayout:
        if self._spec.layout is not None:
            return self._spec.layout(self, width)
        return fit_columns(self._spec.columns, width, self.min_widths)

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        if self.snapshot is None:
            return (" ", "dim"), [("", "dim") for _ in columns]
        item, scope = self.snapshot.items[row_id], self.snapshot.scope_at(self.clock())
        return self._spec.sign(item, scope), [column.cell(item, scope) for column in columns]


def compute_rows(
    spec: ListSpec[Item, Scope],
    clock: Callable[[], datetime],
    fleet: Fleet,
    arrangement: Arrangement,
    previous: ListRows[Item, Scope] | None = None,
) -> ListRows[Item, Scope]:
    """The rows of a fleet in an arrangement. May run in a thread."""
    snapshot = previous.snapshot if previous is not None else None
    if snapshot is None or snapshot.fleet is not fleet:
        snapshot = spec.snapshot_of(fleet)
    scope, sort, at_bottom = snapshot.scope_at(clock()), spec.kind.sorts[arrangement.sort], snapshot.ids_at_bottom
    ids = [
        spec.id_of(item)
        for is_bottom in (False, True)
        for item in filter_and_sort(
            (item for row_id, item in snapshot.items.items() if (row_id in at_bottom) is is_bottom),
            scope,
            arrangement.filter,
            sort,
            arrangement.descending,
            spec.id_of,
        )
    ]
    return ListRows(spec, clock, snapshot, arrangement, ids, previous)


class ListModel(Generic[Item, Scope]):
    """The newest fleet of a list, how the list is arranged, and its rows.

    While rows are computed in a thread, only the newest fleet and arrangement are kept for the next time.
    """

    def __init__(
        self, spec: ListSpec[Item, Scope], services: Services, show: Callable[[ListRows[Item, Scope]], None]
    ) -> None:
        """``show`` gets the rows whenever they were computed."""
        self.spec = spec
        self.arrangement = Arrangement()
        self.rows: ListRows[Item, Scope] = ListRows(spec, services.clock)
        self._services = services
        self._show = show
        self._fleet: Fleet | None = None
        self.is_in_view = self._is_computing = False

    @property
    def items(self) -> Mapping[str, Item]:
        """All items of the fleet whose rows are shown, whether the filter shows them or not."""
        return self.rows.snapshot.items if self.rows.snapshot is not None else {}

    @property
    def counts(self) -> tuple[int, int] | None:
        if self._fleet is None:
            return None
        if self.arrangement.filter.tests and self.rows.snapshot is not None:
            uncounted = self.rows.snapshot.uncounted_ids
            return len(self.rows.ids), len(self.items) - len(uncounted.difference(self.rows.ids) if uncounted else ())
        count = self.spec.count(self._fleet)
        return None if count is None else (count, count)

    def set_fleet(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._update()

    def rearrange(self, arrangement: Arrangement) -> None:
        self.arrangement = arrangement
        self._update()

    def set_in_view(self, is_in_view: bool) -> None:
        """Say whether the list is visible: rows are computed only while it is."""
        self.is_in_view = is_in_view
        self._update()

    def reset(self) -> None:
        self._fleet = None
        self.rows = ListRows(self.spec, self._services.clock)

    @property
    def _is_current(self) -> bool:
        rows = self.rows
        is_newest = rows.snapshot is not None and rows.snapshot.fleet is self._fleet
        return not self.is_in_view or (is_newest and rows.arrangement == self.arrangement)

    def _update(self) -> None:
        if self._fleet is None or self._is_computing or self._is_current:
            return
        if len(self._fleet.instances) <= SMALL_FLEET:
            self._publish(compute_rows(self.spec, self._services.clock, self._fleet, self.arrangement, self.rows))
        else:
            self._is_computing = True
            self._services.start_worker(self._compute_in_thread(), f"{self.spec.kind.pane} list")

    async def _compute_in_thread(self) -> None:
        try:
            while self._fleet is not None and not self._is_current:
                fleet, previous = self._fleet, self.rows
                rows = await asyncio.to_thread(
                    compute_rows, self.spec, self._services.clock, fleet, self.arrangement, previous
                )
                if self.rows is previous:  # else the location has changed meanwhile
                    self._publish(rows)
        finally:
            self._is_computing = False

    def _publish(self, rows: ListRows[Item, Scope]) -> None:
        self.rows = rows
        self._show(rows)
