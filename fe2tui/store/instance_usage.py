"""When instances ran and what they cost an hour then: told by nobody afterwards, so written down when it is seen.

A run is told apart by the moment EC2 says it began (LaunchTime, which a start after a stop moves on). Its price is the
one at first sight: an on-demand price may change. A spot price does; what it was while one ran, the market's history
tells of its type and zone, which are written down, too. While one is stopped and keeps its address, which costs, that
is a stretch of its own.

A run ends when EC2 says it did: StateTransitionReason, or of a spot machine that AWS stopped, its request. Where
nothing tells, it ended when it was last seen running: what may have come after that is not billed as if it were sure,
and ``Run.gone_by`` says that the end was not seen, unless that was within five minutes. One that was at rest when it
was first seen, and of which nothing tells since when, ran for an unknown time (``Run.is_unknown``).
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from fe2tui.model.fleet import Fleet, InstanceUsage
from fe2tui.model.instance import Instance, State
from fe2tui.model.location import Location
from fe2tui.model.money import (
    address_only_usage,
    instance_per_hour,
    is_billed_by_spot_history,
    usage_since,
)
from fe2tui.store.database import Database, UsageVersion, is_outdated, location_number, read_version, write_version
from fe2tui.store.encoding import from_micros, maybe_micros, maybe_moment, to_micros

_RUNNING_STATES = (State.PENDING, State.RUNNING)
_NEGLIGIBLE_GAP = timedelta(minutes=5)  # between two looks: nothing to speak of
_NO_ENDS: Mapping[str, datetime] = {}


@dataclass(slots=True)
class _LocationUsage(UsageVersion):
    """The runs of one place as this process knows them. ``seen`` are the instances it looked at last.

    ``again`` are those to be looked at next time though they are the same: without a price yet, or seen by themselves.
    """

    usage: dict[str, tuple[InstanceUsage, ...]]
    seen: Mapping[str, Instance] = field(default_factory=dict)
    recheck: set[str] = field(default_factory=set)


class InstanceUsageTable:
    """The runs of every place. Two processes that see the same fleet write the same runs: that does no harm."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._locations: dict[Location, _LocationUsage] = {}

    def record(self, fleet: Fleet, *, whole: bool = True, ends: Mapping[str, datetime] = _NO_ENDS) -> None:
        """Begin, go on with, or end the runs of a fleet's instances; only instances that changed are looked at.

        ``whole``: the fleet is all there is, and what is not in it is gone; else only these instances are touched.
        ``ends`` are moments at which instances came to rest, by id, that EC2 tells elsewhere than in the instance.
        """
        with self._lock:
            page = self._location_usage(fleet.location)
            if page.seen_at is not None and fleet.seen_at < page.seen_at:
                return
            with self._database.transaction() as connection:
                number = location_number(connection, fleet.location)
                if is_outdated(connection, "runs", number, page):
                    written = _read_usage(connection, fleet.location)
                    page.usage, page.serial = written.usage, written.serial
                changed, again = _changed_usage(page, fleet, whole, ends)
                connection.executemany(_PUT, [(number, *_row(usage)) for usage in changed])
                serial = page.serial + bool(changed)
                write_version(connection, "runs", number, serial, fleet.seen_at if whole else None)
            _merge(page.usage, changed)
            page.serial = serial
            if whole:
                page.seen_at, page.seen = max(page.seen_at or fleet.seen_at, fleet.seen_at), fleet.instances
                page.recheck = again
            else:
                page.recheck.update(fleet.instances)

    def get(self, location: Location) -> dict[str, tuple[InstanceUsage, ...]]:
        """The runs of a place by instance, earliest first. The mapping is the caller's own."""
        with self._lock:
            return dict(self._location_usage(location).usage)

    def _location_usage(self, location: Location) -> _LocationUsage:
        if location not in self._locations:
            with self._database.transaction() as connection:
                self._locations[location] = _read_usage(connection, location)
        return self._locations[location]


def _read_usage(connection: sqlite3.Connection, location: Location) -> _LocationUsage:
    rows = connection.execute(
        "SELECT instance, name, type, started_at, ended_at, price, has_address, runs.seen_at, gone_by, zone, is_spot,"
        " taken_back FROM runs JOIN places ON places.id = runs.place WHERE places.key = ?"
        " ORDER BY instance, started_at",
        (location.key,),
    )
    usages: dict[str, list[InstanceUsage]] = defaultdict(list)
    for instance, name, kind, started, ended, price, has_address, seen, gone, zone, is_spot, taken in rows:
        usages[instance].append(
            InstanceUsage(
                instance,
                name,
                kind,
                from_micros(started),
                maybe_moment(ended),
                None if price is None else Decimal(price),
                bool(has_address),
                maybe_moment(seen or None),
                maybe_moment(gone),
                zone,
                bool(is_spot),
                bool(taken),
            )
        )
    head = read_version(connection, "runs", location)
    return _LocationUsage(head.seen_at, head.serial, {key: tuple(stretch) for key, stretch in usages.items()})


def _changed_usage(
    page: _LocationUsage, fleet: Fleet, whole: bool, ends: Mapping[str, datetime]
) -> tuple[list[InstanceUsage], set[str]]:
    """The runs to be written, and the instances whose price is not known yet."""
    changed: list[InstanceUsage] = []
    unpriced: set[str] = set()
    for key, instance in fleet.instances.items():
        if whole and page.seen.get(key) is instance and key not in page.recheck:
            continue
        changed += _usage_of_instance(instance, fleet, page, whole, ends.get(key) or instance.changed_state_at)
        if instance.state in _RUNNING_STATES and instance_per_hour(instance, fleet.prices) is None:
            unpriced.add(key)
    for key in page.usage.keys() - fleet.instances.keys() if whole else ():
        latest_run = page.usage[key][-1]
        if latest_run.ended_at is None:  # it left the list unseen
            changed.append(_end_when_last_seen(latest_run, page, fleet.seen_at))
    return changed, unpriced


def _usage_of_instance(
    instance: Instance, fleet: Fleet, page: _LocationUsage, whole: bool, stopped_at: datetime | None
) -> list[InstanceUsage]:
    started = instance.launched_at
    if started is None:
        return []
    usages = page.usage.get(instance.id, ())
    earlier = [run for run in usages if run.started_at < started]
    changed = [
        now for run in earlier if (now := _end_at_next_start(_with_purchase(run, instance), page, started)) != run
    ]
    known = next((run for run in usages if run.started_at == started), None)
    price = instance_per_hour(instance, fleet.prices)
    usage = _with_purchase(known, instance) if known else usage_since(instance, started, fleet.prices)
    if usage.price_per_hour is None and price is not None and usage.type == instance.type:
        usage = replace(usage, price_per_hour=price)
    if instance.state in _RUNNING_STATES:
        is_noted = usage.seen_at is None or not whole
        seen_at = max(fleet.seen_at, started) if is_noted else usage.seen_at
        has_address = usage.has_address or bool(instance.public_ip)
        usage = replace(
            usage, has_address=has_address, ended_at=None, ended_before=None, seen_at=seen_at, was_interrupted=False
        )
        return [*changed, usage] if usage != known or is_noted else changed
    usage = replace(usage, was_interrupted=usage.was_interrupted or instance.was_interrupted)
    if stopped_at is not None and (usage.ended_at is None or usage.ended_before is not None):
        usage = replace(_end_at(usage, stopped_at), ended_before=None)
    elif usage.ended_at is None:
        usage = _end_when_last_seen(usage, page, fleet.seen_at)
    changed += _address_only_usage(instance, usage, usages, page, fleet)
    return [*changed, usage] if usage != known else changed


def _address_only_usage(
    instance: Instance, usage: InstanceUsage, usages: Iterable[InstanceUsage], page: _LocationUsage, fleet: Fleet
) -> list[InstanceUsage]:
    """The rest since the last run: begun while it is stopped with an address, ended when that is no longer so."""
    known = next((it for it in usages if it.is_address_only and it.started_at > usage.started_at), None)
    if instance.state is State.STOPPED and instance.public_ip:
        fresh = known is None and usage.ended_at is not None and usage.ended_at > usage.started_at
        return [address_only_usage(instance, usage.ended_at)] if fresh and usage.ended_at is not None else []
    if known is None or known.ended_at is not None:
        return []
    gone_at = instance.changed_state_at if instance.state.is_gone else None
    return [_end_at(known, gone_at or page.seen_at or fleet.seen_at)]


def _with_purchase(usage: InstanceUsage, instance: Instance) -> InstanceUsage:
    """A run with where and how its machine was bought, which an earlier version did not write down."""
    return (
        usage
        if usage.zone or usage.is_address_only
        else replace(usage, zone=instance.zone, is_spot=is_billed_by_spot_history(instance))
    )


def _end_at_next_start(usage: InstanceUsage, page: _LocationUsage, by: datetime) -> InstanceUsage:
    """A run that another one came after."""
    if usage.ended_at is not None:
        return usage
    return _end_at(usage, by) if usage.is_address_only else _end_when_last_seen(usage, page, by)


def _end_at(usage: InstanceUsage, at: datetime) -> InstanceUsage:
    return replace(usage, ended_at=max(at, usage.started_at))


def _end_when_last_seen(usage: InstanceUsage, page: _LocationUsage, by: datetime) -> InstanceUsage:
    """A run of which nothing tells the end, which came before ``by``: it ended when it was last seen running."""
    if usage.is_address_only:
        return _end_at(usage, page.seen_at or by)
    looks = [usage.started_at]
    if usage.seen_at is not None:
        looks += [usage.seen_at, page.seen_at or usage.seen_at]
    ended = max(min(max(looks), by), usage.started_at)
    return replace(
        usage, ended_at=ended, ended_before=by if usage.seen_at is None or by - ended > _NEGLIGIBLE_GAP else None
    )


def _merge(runs: dict[str, tuple[InstanceUsage, ...]], changed: Iterable[InstanceUsage]) -> None:
    for usage in changed:
        others = [it for it in runs.get(usage.instance_id, ()) if it.started_at != usage.started_at]
        runs[usage.instance_id] = tuple(sorted([*others, usage], key=lambda it: it.started_at))


# the price that is known first stays, so that two processes agree
_PUT = """INSERT INTO runs
    (place, instance, started_at, ended_at, name, type, price, has_address, seen_at, gone_by, zone, is_spot, taken_back)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (place, instance, started_at) DO UPDATE SET
    ended_at = excluded.ended_at, gone_by = excluded.gone_by, price = COALESCE(price, excluded.price),
    has_address = max(has_address, excluded.has_address), seen_at = max(seen_at, excluded.seen_at),
    zone = excluded.zone, is_spot = excluded.is_spot, taken_back = excluded.taken_back"""


def _row(usage: InstanceUsage) -> tuple[object, ...]:
    return (
        usage.instance_id,
        to_micros(usage.started_at),
        maybe_micros(usage.ended_at),
        usage.name,
        usage.type,
        None if usage.price_per_hour is None else str(usage.price_per_hour),
        int(usage.has_address),
        maybe_micros(usage.seen_at) or 0,
        maybe_micros(usage.ended_before),
        usage.zone,
        int(usage.is_spot),
        int(usage.was_interrupted),
    )
