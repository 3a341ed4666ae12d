"""What disks were, and what they cost a month then: told by nobody afterwards, so written down when it is seen.

A stretch begins when a disk is made, grows or changes its type, is attached elsewhere, or its price changes; and ends
when the next one begins or the disk is no more. What nobody saw happen counts from the moment it was first seen.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from fe2tui.model.fleet import Fleet, Prices, VolumeUsage
from fe2tui.model.instance import Attachment, State
from fe2tui.model.location import Location
from fe2tui.model.money import volume_per_month
from fe2tui.model.volume import Volume
from fe2tui.store.database import Database, UsageVersion, is_outdated, location_number, read_version, write_version
from fe2tui.store.encoding import from_micros, maybe_micros, maybe_moment, to_micros

# A machine's first disks are made and attached within moments: such a disk was never attached to nothing.
_ATTACHED_AT_LAUNCH = timedelta(minutes=5)

VolumeUsages = Mapping[str, tuple[VolumeUsage, ...]]
_Owners = Mapping[str, tuple[str, Attachment]]


class _SeenVolume(NamedTuple):
    """A disk as it was looked at last: nothing new can come of the same. ``rate`` is dollars a month."""

    volume: Volume
    owner: str
    attached_at: datetime | None
    per_month: Decimal | None


@dataclass(slots=True)
class _LocationUsage(UsageVersion):
    """The disks of one place as this process knows them. ``disks`` is replaced, never changed."""

    usage: VolumeUsages
    seen: Mapping[str, _SeenVolume] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)


class VolumeUsageTable:
    """The disks of every place. Several processes may see the same fleet: one of them writes what is new."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._locations: dict[Location, _LocationUsage] = {}

    def record(self, fleet: Fleet, *, whole: bool = True) -> None:
        """Begin, go on with, or end the stretches of a fleet's disks; only what changed is looked at.

        ``whole``: the fleet has all disks there are, and what is not in it is no more; else only these are touched.
        """
        owners = _owners(fleet)
        with self._lock:
            page = self._location_usage(fleet.location)
            is_older = page.seen_at is not None and fleet.seen_at < page.seen_at
            if is_older or (owners and not fleet.volumes):  # no disks yet, though some are attached: not read
                return
            looks = _seen_volumes(page, fleet, owners)
            with self._database.transaction() as connection:
                number = location_number(connection, fleet.location)
                _read_others_usage(connection, number, fleet.location, page)
                changed = _changed_usage(page, looks, fleet, owners, whole)
                _write(connection, number, page, changed, fleet.seen_at if whole else None)
            if whole:
                page.seen_at = max(page.seen_at or fleet.seen_at, fleet.seen_at)
                page.seen, page.prices = looks, fleet.prices
            else:
                page.seen = {**page.seen, **looks}

    def end(self, location: Location, ends: Mapping[str, datetime]) -> None:
        """These disks were deleted, each at its moment. What is not known, or is over, stays as it is."""
        with self._lock:
            page = self._location_usage(location)
            with self._database.transaction() as connection:
                number = location_number(connection, location)
                _read_others_usage(connection, number, location, page)
                latest = {key: page.usage[key][-1] for key in ends if key in page.usage}
                changed = [
                    replace(last, ended_at=max(ends[key], last.started_at))
                    for key, last in latest.items()
                    if last.ended_at is None
                ]
                _write(connection, number, page, changed, None)
            page.seen = {key: look for key, look in page.seen.items() if key not in ends}

    def get(self, location: Location) -> VolumeUsages:
        """The stretches of a place by volume, earliest first: the same mapping as long as nothing changes."""
        with self._lock:
            return self._location_usage(location).usage

    def _location_usage(self, location: Location) -> _LocationUsage:
        if location not in self._locations:
            with self._database.transaction() as connection:
                self._locations[location] = _read_usage(connection, location)
        return self._locations[location]


def _read_usage(connection: sqlite3.Connection, location: Location) -> _LocationUsage:
    rows = connection.execute(
        "SELECT volume, instance, size, type, started_at, ended_at, per_month FROM disk_runs JOIN places"
        " ON places.id = disk_runs.place WHERE places.key = ? ORDER BY volume, started_at",
        (location.key,),
    )
    disks: dict[str, list[VolumeUsage]] = {}
    for volume, instance, size, kind, started, ended, cost in rows:
        usage = VolumeUsage(
            volume,
            instance,
            size,
            kind,
            from_micros(started),
            maybe_moment(ended),
            None if cost is None else Decimal(cost),
        )
        disks.setdefault(volume, []).append(usage)
    head = read_version(connection, "disks", location)
    return _LocationUsage(head.seen_at, head.serial, {key: tuple(usages) for key, usages in disks.items()})


def _read_others_usage(connection: sqlite3.Connection, number: int, location: Location, page: _LocationUsage) -> None:
    """What another process has written meanwhile."""
    if is_outdated(connection, "disks", number, page):
        written = _read_usage(connection, location)
        page.usage, page.serial = written.usage, written.serial


def _write(
    connection: sqlite3.Connection,
    number: int,
    page: _LocationUsage,
    changed: list[VolumeUsage],
    seen_at: datetime | None,
) -> None:
    """``seen_at``: when all disks were looked at; None if only some were."""
    connection.executemany(_PUT, [(number, *_row(usage)) for usage in changed])
    serial = page.serial + bool(changed)
    write_version(connection, "disks", number, serial, seen_at)
    if changed:
        page.usage, page.serial = _merge(page.usage, changed), serial


def _owners(fleet: Fleet) -> _Owners:
    return {
        attachment.volume_id: (instance.id, attachment)
        for instance in fleet.instances.values()
        if instance.state is not State.TERMINATED
        for attachment in instance.attachments
    }


def _seen_volumes(page: _LocationUsage, fleet: Fleet, owners: _Owners) -> Mapping[str, _SeenVolume]:
    prices, before, looks = fleet.prices, page.seen, {}
    same_prices = page.prices is prices or all(
        was is now or was == now for was, now in zip(_volume_prices(page.prices), _volume_prices(prices), strict=True)
    )
    for key, volume in fleet.volumes.items():
        owner, attachment = owners.get(key, ("", None))
        look = before.get(key)
        if look is None or look.volume is not volume or look.owner != owner or not same_prices:
            look = _SeenVolume(
                volume, owner, attachment.attached_at if attachment else None, volume_per_month(volume, prices)
            )
        looks[key] = look
    return looks


def _volume_prices(prices: Prices) -> tuple[Mapping[str, Decimal], ...]:
    return prices.storage, prices.iops, prices.throughput


def _changed_usage(
    page: _LocationUsage, looks: Mapping[str, _SeenVolume], fleet: Fleet, owners: _Owners, whole: bool
) -> list[VolumeUsage]:
    changed: list[VolumeUsage] = []
    for key, look in looks.items():
        if page.seen.get(key) is look:
            continue
        usages = page.usage.get(key, ())
        changed += _next_usage(usages[-1], look, page, fleet) if usages else _first_usage(look, fleet)
    if not whole:
        return changed
    # Only what this process itself has seen before: of what another wrote down its list may not know yet.
    for key in (page.seen or page.usage).keys() - fleet.volumes.keys() - owners.keys():
        last = page.usage[key][-1] if key in page.usage else None
        if last is not None and last.ended_at is None:
            changed.append(replace(last, ended_at=_detached_at(last, page.seen_at or fleet.seen_at, fleet)))
    return changed


def _first_usage(look: _SeenVolume, fleet: Fleet) -> list[VolumeUsage]:
    """A disk seen for the first time: since it was made, and for its instance since it was attached."""
    volume, attached = look.volume, look.attached_at
    made = min(volume.created_at or attached or fleet.seen_at, fleet.seen_at)
    first = VolumeUsage(volume.id, look.owner, volume.size, volume.type, made, None, look.per_month)
    if not look.owner or attached is None or attached - made < _ATTACHED_AT_LAUNCH:
        return [first]
    return [replace(first, instance_id="", ended_at=attached), replace(first, started_at=attached)]


def _next_usage(last: VolumeUsage, look: _SeenVolume, page: _LocationUsage, fleet: Fleet) -> list[VolumeUsage]:
    """A disk seen again: the same as before, or with another stretch from now on."""
    volume = look.volume
    is_same = (last.size, last.type, last.instance_id) == (volume.size, volume.type, look.owner)
    if is_same and _is_same_rate(last, look, fleet):
        gone_on = replace(last, ended_at=None, per_month=look.per_month if last.per_month is None else last.per_month)
        return [gone_on] if gone_on != last else []
    at = fleet.seen_at
    if look.owner and look.owner != last.instance_id and look.attached_at is not None:
        at = min(at, max(look.attached_at, page.seen_at or look.attached_at))
    elif last.instance_id and not look.owner:
        at = _detached_at(last, at, fleet)
    fresh = VolumeUsage(volume.id, look.owner, volume.size, volume.type, max(at, last.started_at), None, look.per_month)
    return [fresh] if fresh.started_at == last.started_at else [replace(last, ended_at=fresh.started_at), fresh]


def _is_same_rate(last: VolumeUsage, look: _SeenVolume, fleet: Fleet) -> bool:
    if look.per_month is None:
        # prices that were not read tell nothing; so many IOPS that they have no price do
        return last.per_month is None or look.volume.type not in fleet.prices.iops
    return last.per_month is None or last.per_month == look.per_month


def _detached_at(last: VolumeUsage, otherwise: datetime, fleet: Fleet) -> datetime:
    """When a disk left its instance: at the instance's end where EC2 tells it."""
    instance = fleet.instances.get(last.instance_id)
    ended = instance.changed_state_at if instance is not None and instance.state is State.TERMINATED else None
    return max(min(ended or otherwise, fleet.seen_at), last.started_at)


def _merge(disks: VolumeUsages, changed: Iterable[VolumeUsage]) -> VolumeUsages:
    entered = dict(disks)
    for usage in changed:
        others = [it for it in entered.get(usage.volume_id, ()) if it.started_at != usage.started_at]
        entered[usage.volume_id] = tuple(sorted([*others, usage], key=lambda it: it.started_at))
    return entered


_PUT = """INSERT INTO disk_runs (place, volume, started_at, ended_at, instance, size, type, per_month)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (place, volume, started_at) DO UPDATE SET
    ended_at = excluded.ended_at, instance = excluded.instance, size = excluded.size, type = excluded.type,
    per_month = excluded.per_month"""


def _row(usage: VolumeUsage) -> tuple[Any, ...]:
    return (
        usage.volume_id,
        to_micros(usage.started_at),
        maybe_micros(usage.ended_at),
        usage.instance_id,
        usage.size,
        usage.type,
        None if usage.per_month is None else str(usage.per_month),
    )
