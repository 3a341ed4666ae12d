"""The rows and totals of the instances: computed at once for small fleets, in a thread for large ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import merge

from fe2tui.aws.worker_thread import in_worker_thread
from fe2tui.model.filters import unknown_last
from fe2tui.model.fleet import Fleet, FleetDiff, diff
from fe2tui.model.instance_filter import INSTANCE_SORTS, InstanceScope
from fe2tui.model.money import AccountTotals, AccountTracker, AlertLimits
from fe2tui.tui.list_model import Arrangement

_CHUNK_ROWS = 2_000
_ROWS_PER_STALE_CHECK = 512

SortKey = tuple[bool, bool, str | float, str]


class Superseded(Exception):
    """A newer arrangement is wanted: this one is no longer of use."""


@dataclass(frozen=True, slots=True)
class VisibleRows:
    """The rows to show. ``rows`` is the row number by id; ``changed`` what is new or different since the last one."""

    fleet: Fleet
    arrangement: Arrangement
    ids: list[str]
    row_numbers: Mapping[str, int]
    changed_ids: frozenset[str] = frozenset()
    type_width: int = 0
    sort_keys: dict[str, SortKey] = field(default_factory=dict, repr=False)


def compute_visible_rows(
    previous: VisibleRows | None,
    fleet: Fleet,
    arrangement: Arrangement,
    now: datetime,
    is_stale: Callable[[], bool] = lambda: False,
) -> VisibleRows:
    """The rows of a fleet in an arrangement; only what changed since ``before`` is looked at again if that is enough.

    May run in a thread. Raises Superseded when ``is_stale`` says so.
    """
    if previous is not None and previous.fleet.location != fleet.location:
        previous = None
    difference = diff(previous.fleet, fleet) if previous is not None else FleetDiff()
    if previous is not None and _can_merge(previous, fleet, arrangement, difference):
        return _merge(previous, fleet, difference, now)
    ids: list[str] = []
    keys: dict[str, SortKey] = {}
    query, make, at = arrangement.filter, _sort_key_function(fleet, arrangement, now), InstanceScope(fleet, now)
    for count, (instance_id, instance) in enumerate(list(fleet.instances.items())):
        if count % _ROWS_PER_STALE_CHECK == 0 and is_stale():
            raise Superseded
        if query.matches(instance, at):
            ids.append(instance_id)
            keys[instance_id] = make(instance_id)
    ids = sort_in_chunks(ids, keys, arrangement.descending)
    previous_width = previous.type_width if previous is not None else 0
    width = max((len(kind) for kind in {i.type for i in fleet.instances.values()}), default=0)
    changed = difference.added | difference.changed if previous is not None else frozenset(fleet.instances)
    return VisibleRows(fleet, arrangement, ids, _number_rows(ids), changed, max(previous_width, width), keys)


def _sort_key_function(fleet: Fleet, arrangement: Arrangement, now: datetime) -> Callable[[str], SortKey]:
    sort, descending, instances = INSTANCE_SORTS[arrangement.sort].key, arrangement.descending, fleet.instances
    at = InstanceScope(fleet, now)

    def make(instance_id: str) -> SortKey:
        instance = instances[instance_id]
        return (instance.state.is_gone is not descending, *unknown_last(sort(instance, at), descending), instance_id)

    return make


def _can_merge(previous: VisibleRows, fleet: Fleet, arrangement: Arrangement, difference: FleetDiff) -> bool:
    changed_count = len(difference.added) + len(difference.removed) + len(difference.changed)
    return (
        previous.arrangement == arrangement
        and arrangement.filter.steady
        and INSTANCE_SORTS[arrangement.sort].steady
        and changed_count * 4 <= len(fleet.instances)
        and (not arrangement.filter.tests or previous.fleet.image_names == fleet.image_names)
    )


def _merge(previous: VisibleRows, fleet: Fleet, difference: FleetDiff, now: datetime) -> VisibleRows:
    new = difference.added | difference.changed
    if not new and not difference.removed:
        return replace(previous, fleet=fleet, changed_ids=frozenset())
    arrangement = previous.arrangement
    changed_ids = new | difference.removed
    keys = dict(previous.sort_keys)
    for instance_id in changed_ids:
        keys.pop(instance_id, None)
    make, at = _sort_key_function(fleet, arrangement, now), InstanceScope(fleet, now)
    fresh = [i for i in new if arrangement.filter.matches(fleet.instances[i], at)]
    for instance_id in fresh:
        keys[instance_id] = make(instance_id)
    ids = [instance_id for instance_id in previous.ids if instance_id not in changed_ids]
    fresh.sort(key=keys.__getitem__, reverse=arrangement.descending)
    ids = list(merge(ids, fresh, key=keys.__getitem__, reverse=arrangement.descending)) if fresh else ids
    width = max((len(fleet.instances[i].type) for i in fresh), default=0)
    return VisibleRows(fleet, arrangement, ids, _number_rows(ids), new, max(previous.type_width, width), keys)


def _number_rows(ids: Iterable[str]) -> dict[str, int]:
    return {instance_id: row for row, instance_id in enumerate(ids)}


def sort_in_chunks(ids: list[str], keys: Mapping[str, SortKey], descending: bool) -> list[str]:
    """The ids sorted by their keys, in runs that are merged two by two: no step holds the interpreter for long."""
    chunks = [ids[start : start + _CHUNK_ROWS] for start in range(0, len(ids), _CHUNK_ROWS)] or [[]]
    for run in chunks:
        run.sort(key=keys.__getitem__, reverse=descending)
    while len(chunks) > 1:
        pairs = [chunks[at] + chunks[at + 1] if at + 1 < len(chunks) else chunks[at] for at in range(0, len(chunks), 2)]
        for pair in pairs:
            pair.sort(key=keys.__getitem__, reverse=descending)
        chunks = pairs
    return chunks[0]


SMALL_FLEET = 500


class InstanceList:
    """The fleet, how it is arranged, and what came of it. A later wish takes the place of one not yet fulfilled."""

    def __init__(
        self,
        start_worker: Callable[[Awaitable[None]], object],
        clock: Callable[[], datetime],
        on_rows: Callable[[VisibleRows, bool], None],
        on_totals: Callable[[AccountTotals], None],
        limits: AlertLimits | None = None,
    ) -> None:
        """``limits``: from when on a run is counted as long or costly."""
        self._start_worker = start_worker
        self._clock = clock
        self._on_rows = on_rows
        self._on_totals = on_totals
        self._account_tracker = AccountTracker(limits)
        self._request_number = 0
        self._is_computing = False
        self._highlights_changes = False
        self.fleet: Fleet | None = None
        self.arrangement = Arrangement()
        self.visible_rows: VisibleRows | None = None
        self.totals: AccountTotals | None = None

    @property
    def counts(self) -> tuple[int, int] | None:
        """How many are shown, and of how many."""
        return (
            None if self.visible_rows is None else (len(self.visible_rows.ids), len(self.visible_rows.fleet.instances))
        )

    def set_in_view(self, is_in_view: bool) -> None:
        """Whoever looks: the sums in the status line are needed in any case, and the rows at the next key."""

    def set_fleet(self, fleet: Fleet) -> None:
        """A new fleet."""
        self._highlights_changes = self.fleet is not None and self.fleet.location == fleet.location
        self.fleet = fleet
        self._update()

    def rearrange(self, arrangement: Arrangement) -> None:
        """Another filter or order. What is computed for an older one is given up."""
        if arrangement != self.arrangement:
            self.arrangement = arrangement
            self._request_number += 1
            self._update()

    def reset(self) -> None:
        """Another place: nothing is known of it yet."""
        self.fleet = self.visible_rows = self.totals = None
        self._request_number += 1

    def _update(self) -> None:
        if self.fleet is None:
            return
        if len(self.fleet.instances) <= SMALL_FLEET and not self._is_computing:
            now = self._clock()
            self._publish_rows(compute_visible_rows(self.visible_rows, self.fleet, self.arrangement, now))
            self._publish_totals(self._account_tracker.update(self.fleet, now))
        elif not self._is_computing:
            self._is_computing = True
            self._start_worker(self._update_in_thread())

    async def _update_in_thread(self) -> None:
        try:
            while self.fleet is not None and not self._is_current(self.fleet):
                await self._compute(self.fleet, self._request_number)
        finally:
            self._is_computing = False

    def _is_current(self, fleet: Fleet) -> bool:
        return (
            self.visible_rows is not None
            and self.visible_rows.fleet is fleet
            and self.visible_rows.arrangement == self.arrangement
        )

    async def _compute(self, fleet: Fleet, request_number: int) -> None:
        now, arrangement = self._clock(), self.arrangement
        try:
            visible_rows = await asyncio.to_thread(
                compute_visible_rows,
                self.visible_rows,
                fleet,
                arrangement,
                now,
                lambda: request_number != self._request_number,
            )
        except Superseded:
            return
        if request_number != self._request_number:
            return
        was = self.visible_rows
        self._publish_rows(visible_rows)
        if was is None or was.fleet is not fleet:
            totals = await in_worker_thread(self._account_tracker.update, fleet, now)
            if self.fleet is not None and self.fleet.location == fleet.location:
                self._publish_totals(totals)

    def _publish_rows(self, visible_rows: VisibleRows) -> None:
        is_news = self.visible_rows is None or self.visible_rows.fleet is not visible_rows.fleet
        self.visible_rows = visible_rows
        self._on_rows(visible_rows, self._highlights_changes and is_news)

    def _publish_totals(self, totals: AccountTotals) -> None:
        self.totals = totals
        self._on_totals(totals)
