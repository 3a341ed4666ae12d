"""Which instances are shown, in which order: computed off the screen's thread, and only for what changed.

Made for any number of rows. Nothing here holds the interpreter for long in one piece: sorting goes in runs that are
merged, so that a thread doing this leaves the screen free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import merge

from fe2tui.model.fleet import Fleet, FleetDiff, diff
from fe2tui.model.query import SORTS, At
from fe2tui.model.terms import placed
from fe2tui.tui.arrangement import Arrangement

_RUN = 2_000
_LOOK_UP_EVERY = 512

Key = tuple[bool, bool, str | float, str]


class Superseded(Exception):
    """A newer arrangement is wanted: this one is no longer of use."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The rows to show. ``rows`` is the row number by id; ``changed`` what is new or different since the last one."""

    fleet: Fleet
    arrangement: Arrangement
    ids: list[str]
    rows: Mapping[str, int]
    changed: frozenset[str] = frozenset()
    type_width: int = 0
    keys: dict[str, Key] = field(default_factory=dict, repr=False)


def arrange(
    before: Sight | None,
    fleet: Fleet,
    arrangement: Arrangement,
    now: datetime,
    is_stale: Callable[[], bool] = lambda: False,
) -> Sight:
    """The rows of a fleet in an arrangement; only what changed since ``before`` is looked at again if that is enough.

    May run in a thread. Raises Superseded when ``is_stale`` says so.
    """
    if before is not None and before.fleet.place != fleet.place:
        before = None
    difference = diff(before.fleet, fleet) if before is not None else FleetDiff()
    if before is not None and _can_be_merged(before, fleet, arrangement, difference):
        return _merged(before, fleet, difference, now)
    ids: list[str] = []
    keys: dict[str, Key] = {}
    query, make, at = arrangement.query, _key_maker(fleet, arrangement, now), At(fleet, now)
    for count, (instance_id, instance) in enumerate(list(fleet.instances.items())):
        if count % _LOOK_UP_EVERY == 0 and is_stale():
            raise Superseded
        if query.matches(instance, at):
            ids.append(instance_id)
            keys[instance_id] = make(instance_id)
    ids = in_order(ids, keys, arrangement.descending)
    kept = before.type_width if before is not None else 0
    width = max((len(kind) for kind in {i.type for i in fleet.instances.values()}), default=0)
    changed = difference.added | difference.changed if before is not None else frozenset(fleet.instances)
    return Sight(fleet, arrangement, ids, _numbered(ids), changed, max(kept, width), keys)


def _key_maker(fleet: Fleet, arrangement: Arrangement, now: datetime) -> Callable[[str], Key]:
    sort, descending, instances = SORTS[arrangement.sort].key, arrangement.descending, fleet.instances
    at = At(fleet, now)

    def make(instance_id: str) -> Key:
        instance = instances[instance_id]
        return (instance.state.is_gone is not descending, *placed(sort(instance, at), descending), instance_id)

    return make


def _can_be_merged(before: Sight, fleet: Fleet, arrangement: Arrangement, difference: FleetDiff) -> bool:
    touched = len(difference.added) + len(difference.removed) + len(difference.changed)
    return (
        before.arrangement == arrangement
        and arrangement.query.steady
        and SORTS[arrangement.sort].steady
        and touched * 4 <= len(fleet.instances)
        and (not arrangement.query.tests or before.fleet.image_names == fleet.image_names)
    )


def _merged(before: Sight, fleet: Fleet, difference: FleetDiff, now: datetime) -> Sight:
    new = difference.added | difference.changed
    if not new and not difference.removed:
        return replace(before, fleet=fleet, changed=frozenset())
    arrangement = before.arrangement
    touched = new | difference.removed
    keys = dict(before.keys)
    for instance_id in touched:
        keys.pop(instance_id, None)
    make, at = _key_maker(fleet, arrangement, now), At(fleet, now)
    fresh = [i for i in new if arrangement.query.matches(fleet.instances[i], at)]
    for instance_id in fresh:
        keys[instance_id] = make(instance_id)
    ids = [instance_id for instance_id in before.ids if instance_id not in touched]
    fresh.sort(key=keys.__getitem__, reverse=arrangement.descending)
    ids = list(merge(ids, fresh, key=keys.__getitem__, reverse=arrangement.descending)) if fresh else ids
    width = max((len(fleet.instances[i].type) for i in fresh), default=0)
    return Sight(fleet, arrangement, ids, _numbered(ids), new, max(before.type_width, width), keys)


def _numbered(ids: Iterable[str]) -> dict[str, int]:
    return {instance_id: row for row, instance_id in enumerate(ids)}


def in_order(ids: list[str], keys: Mapping[str, Key], descending: bool) -> list[str]:
    """The ids sorted by their keys, in runs that are merged two by two: no step holds the interpreter for long."""
    runs = [ids[start : start + _RUN] for start in range(0, len(ids), _RUN)] or [[]]
    for run in runs:
        run.sort(key=keys.__getitem__, reverse=descending)
    while len(runs) > 1:
        pairs = [runs[at] + runs[at + 1] if at + 1 < len(runs) else runs[at] for at in range(0, len(runs), 2)]
        for pair in pairs:
            pair.sort(key=keys.__getitem__, reverse=descending)
        runs = pairs
    return runs[0]
