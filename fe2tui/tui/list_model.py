"""The filter and order of a list, and the rows of lists of up to some thousands of items."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from fe2tui.model.filters import Filter, FilterLanguage, Sort, filter_and_sort
from fe2tui.model.fleet import Fleet, Problem
from fe2tui.tui.widgets.grid import Cell, Column, ColumnLayout, fit_columns

NO_FILTER: Filter[Any, Any] = Filter()


class Arrangement(NamedTuple):
    """What a person asked to see, and in which order."""

    filter: Filter[Any, Any] = NO_FILTER
    sort: str = "name"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class PaneKind:
    """A kind of thing that has a pane of its own.

    ``noun`` is one of them in words, ``prefix`` what their ids begin with; empty where it tells nothing.
    """

    pane: str
    noun: str
    id_prefix: str


@dataclass(frozen=True, slots=True)
class ListKind(PaneKind):
    """A kind that is listed. ``language`` is that of the filter, ``example`` stands in its line while that is empty."""

    filter_language: FilterLanguage[Any, Any]
    sorts: Mapping[str, Sort[Any, Any]]
    filter_example: str


class ArrangeableList(Protocol):
    """What keeps the rows of a list: the one way to have others shown, or in another order."""

    @property
    def arrangement(self) -> Arrangement:
        """How they are arranged, or will be as soon as that is computed."""

    @property
    def counts(self) -> tuple[int, int] | None:
        """How many are shown, and of how many; None as long as nothing was read."""

    def rearrange(self, arrangement: Arrangement) -> None:
        """Another filter or order."""

    def set_in_view(self, is_in_view: bool) -> None:
        """Say whether the list is in sight: what nobody sees need not be computed."""


Thing = TypeVar("Thing")
Around = TypeVar("Around")

LARGE_FLEET = 2_000  # instances in the fleet


@dataclass(frozen=True, slots=True)
class ListSnapshot(Generic[Thing, Around]):
    """What a list has to show of one fleet.

    ``around`` makes what things are seen in at a moment; ``look`` is all of a thing that its row shows and that time
    alone does not change: a row glows when it differs. Those in ``apart`` stand below the others in any order. ``note``
    is said under the rows; ``widths`` are least ones of columns, by their ids.
    """

    fleet: Fleet
    items: Mapping[str, Thing]
    scope_at: Callable[[datetime], Around]
    fingerprint: Callable[[Thing], object]
    ids_at_bottom: frozenset[str] = frozenset()
    is_read: bool = True
    problem: Problem | None = None
    note: str = ""
    min_widths: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListSpec(Generic[Thing, Around]):
    """How one kind of thing is listed. ``count`` is what the tab says; None as long as nothing was read."""

    kind: ListKind
    columns: Sequence[Column[Thing, Around]]
    sign: Callable[[Thing, Around], Cell]
    id_of: Callable[[Thing], str]
    snapshot_of: Callable[[Fleet], ListSnapshot[Thing, Around]]
    count: Callable[[Fleet], int | None]
    empty_text: Callable[[ListSnapshot[Thing, Around]], Sequence[Cell]]


class ListRows(Generic[Thing, Around]):
    """The rows of a small list, for the table."""

    def __init__(
        self,
        spec: ListSpec[Thing, Around],
        snapshot: ListSnapshot[Thing, Around] | None,
        ids: Sequence[str],
        clock: Callable[[], datetime],
    ) -> None:
        self.snapshot = snapshot
        self.ids = ids
        self.row_numbers: Mapping[str, int] = {row_id: row for row, row_id in enumerate(ids)}
        self._spec = spec
        self._clock = clock

    def layout(self, width: int) -> ColumnLayout:
        """The columns for a width."""
        return fit_columns(self._spec.columns, width, self.snapshot.min_widths if self.snapshot is not None else None)

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of a row."""
        if self.snapshot is None:
            return (" ", "dim"), [("", "dim") for _ in columns]
        item, scope = self.snapshot.items[row_id], self.snapshot.scope_at(self._clock())
        return self._spec.sign(item, scope), [column.cell(item, scope) for column in columns]


class ListModel(Generic[Thing, Around]):
    """The fleet, how the list is arranged, and the rows that came of it."""

    def __init__(
        self,
        spec: ListSpec[Thing, Around],
        start_worker: Callable[[Awaitable[None]], object],
        clock: Callable[[], datetime],
        on_rows: Callable[[ListRows[Thing, Around], frozenset[str]], None],
    ) -> None:
        """``on_rows`` gets the rows, and the ids of those that are new or look otherwise than before."""
        self.spec = spec
        self.arrangement = Arrangement()
        self.snapshot: ListSnapshot[Thing, Around] | None = None
        self._start_worker = start_worker
        self._clock = clock
        self._on_rows = on_rows
        self._fleet: Fleet | None = None
        self._visible_count = 0
        self._fingerprints: dict[str, object] = {}
        self.is_in_view = self._is_computing = False

    @property
    def items(self) -> Mapping[str, Thing]:
        """All there is, filtered or not, as it was when the list was last in sight."""
        return self.snapshot.items if self.snapshot is not None else {}

    @property
    def counts(self) -> tuple[int, int] | None:
        """How many are shown, and of how many."""
        if self._fleet is None:
            return None
        if self.arrangement.filter.tests and self.snapshot is not None:
            return self._visible_count, len(self.snapshot.items)
        count = self.spec.count(self._fleet)
        return None if count is None else (count, count)

    def set_fleet(self, fleet: Fleet) -> None:
        """A new fleet."""
        self._fleet = fleet
        self._update()

    def rearrange(self, arrangement: Arrangement) -> None:
        """Another filter or order."""
        if arrangement != self.arrangement:
            self.arrangement = arrangement
            if self.snapshot is not None:
                self._publish(self.snapshot)

    def reset(self) -> None:
        """Another place: nothing is known of it yet."""
        self._fleet = self.snapshot = None
        self._fingerprints.clear()

    def set_in_view(self, is_in_view: bool) -> None:
        """Whether the list is in sight; what was read meanwhile is shown when it comes there."""
        self.is_in_view = is_in_view
        self._update()

    def _update(self) -> None:
        if self._is_current or self._fleet is None or self._is_computing:
            return
        if len(self._fleet.instances) <= LARGE_FLEET:
            self._publish(self.spec.snapshot_of(self._fleet))
        else:
            self._is_computing = True
            self._start_worker(self._update_in_thread())

    @property
    def _is_current(self) -> bool:
        return not self.is_in_view or (self.snapshot is not None and self.snapshot.fleet is self._fleet)

    async def _update_in_thread(self) -> None:
        try:
            while not self._is_current and self._fleet is not None:
                fleet = self._fleet
                contents = await asyncio.to_thread(self.spec.snapshot_of, fleet)
                if self._fleet is not None and self._fleet.location == fleet.location:
                    self._publish(contents)
        finally:
            self._is_computing = False

    def _publish(self, snapshot: ListSnapshot[Thing, Around]) -> None:
        kind, arrangement = self.spec.kind, self.arrangement
        scope, sort = snapshot.scope_at(self._clock()), kind.sorts[arrangement.sort]
        rows = [
            self.spec.id_of(item)
            for part in (False, True)
            for item in filter_and_sort(
                (thing for row_id, thing in snapshot.items.items() if (row_id in snapshot.ids_at_bottom) is part),
                scope,
                arrangement.filter,
                sort,
                arrangement.descending,
                self.spec.id_of,
            )
        ]
        fingerprints = {row_id: snapshot.fingerprint(thing) for row_id, thing in snapshot.items.items()}
        previous, self._fingerprints = self._fingerprints, fingerprints
        changed = (
            frozenset(row_id for row_id, fingerprint in fingerprints.items() if previous.get(row_id) != fingerprint)
            if previous
            else ()
        )
        self.snapshot, self._visible_count = snapshot, len(rows)
        self._on_rows(ListRows(self.spec, snapshot, rows, self._clock), frozenset(changed))
