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

from fe2tui.model.fleet import DiskRun, Fleet, Prices
from fe2tui.model.instance import Attachment, State
from fe2tui.model.money import disk_rate
from fe2tui.model.place import Place
from fe2tui.model.volume import Volume
from fe2tui.store.books import Head, head_of, is_behind, turn
from fe2tui.store.database import Database
from fe2tui.store.encoding import from_micros, maybe_micros, maybe_moment, to_micros
from fe2tui.store.places import place_number

# A machine's first disks are made and attached within moments: such a disk was never attached to nothing.
_TOGETHER = timedelta(minutes=5)

Stretches = Mapping[str, tuple[DiskRun, ...]]
_Owners = Mapping[str, tuple[str, Attachment]]


class _Look(NamedTuple):
    """A disk as it was looked at last: nothing new can come of the same. ``rate`` is dollars a month."""

    volume: Volume
    owner: str
    attached_at: datetime | None
    rate: Decimal | None


@dataclass(slots=True)
class _Page(Head):
    """The disks of one place as this process knows them. ``disks`` is replaced, never changed."""

    disks: Stretches
    looks: Mapping[str, _Look] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)


class DiskBook:
    """The disks of every place. Several processes may see the same fleet: one of them writes what is new."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._pages: dict[Place, _Page] = {}

    def see(self, fleet: Fleet, *, whole: bool = True) -> None:
        """Begin, go on with, or end the stretches of a fleet's disks; only what changed is looked at.

        ``whole``: the fleet has all disks there are, and what is not in it is no more; else only these are touched.
        """
        owners = _owners(fleet)
        with self._lock:
            page = self._page(fleet.place)
            is_older = page.seen_at is not None and fleet.seen_at < page.seen_at
            if is_older or (owners and not fleet.volumes):  # no disks yet, though some are attached: not read
                return
            looks = _looks(page, fleet, owners)
            with self._database.transaction() as connection:
                number = place_number(connection, fleet.place)
                _take_over(connection, number, fleet.place, page)
                changed = _changed(page, looks, fleet, owners, whole)
                _write(connection, number, page, changed, fleet.seen_at if whole else None)
            if whole:
                page.seen_at = max(page.seen_at or fleet.seen_at, fleet.seen_at)
                page.looks, page.prices = looks, fleet.prices
            else:
                page.looks = {**page.looks, **looks}

    def end(self, place: Place, ends: Mapping[str, datetime]) -> None:
        """These disks were deleted, each at its moment. What is not known, or is over, stays as it is."""
        with self._lock:
            page = self._page(place)
            with self._database.transaction() as connection:
                number = place_number(connection, place)
                _take_over(connection, number, place, page)
                latest = {key: page.disks[key][-1] for key in ends if key in page.disks}
                changed = [
                    replace(last, ended_at=max(ends[key], last.started_at))
                    for key, last in latest.items()
                    if last.ended_at is None
                ]
                _write(connection, number, page, changed, None)
            page.looks = {key: look for key, look in page.looks.items() if key not in ends}

    def of(self, place: Place) -> Stretches:
        """The stretches of a place by volume, earliest first: the same mapping as long as nothing changes."""
        with self._lock:
            return self._page(place).disks

    def _page(self, place: Place) -> _Page:
        if place not in self._pages:
            with self._database.transaction() as connection:
                self._pages[place] = _read(connection, place)
        return self._pages[place]


def _read(connection: sqlite3.Connection, place: Place) -> _Page:
    rows = connection.execute(
        "SELECT volume, instance, size, type, started_at, ended_at, per_month FROM disk_runs JOIN places"
        " ON places.id = disk_runs.place WHERE places.key = ? ORDER BY volume, started_at",
        (place.key,),
    )
    disks: dict[str, list[DiskRun]] = {}
    for volume, instance, size, kind, started, ended, cost in rows:
        stretch = DiskRun(
            volume,
            instance,
            size,
            kind,
            from_micros(started),
            maybe_moment(ended),
            None if cost is None else Decimal(cost),
        )
        disks.setdefault(volume, []).append(stretch)
    head = head_of(connection, "disks", place)
    return _Page(head.seen_at, head.serial, {key: tuple(stretches) for key, stretches in disks.items()})


def _take_over(connection: sqlite3.Connection, number: int, place: Place, page: _Page) -> None:
    """What another process has written meanwhile."""
    if is_behind(connection, "disks", number, page):
        written = _read(connection, place)
        page.disks, page.serial = written.disks, written.serial


def _write(
    connection: sqlite3.Connection, number: int, page: _Page, changed: list[DiskRun], seen_at: datetime | None
) -> None:
    """``seen_at``: when all disks were looked at; None if only some were."""
    connection.executemany(_PUT, [(number, *_row(stretch)) for stretch in changed])
    serial = page.serial + bool(changed)
    turn(connection, "disks", number, serial, seen_at)
    if changed:
        page.disks, page.serial = _entered(page.disks, changed), serial


def _owners(fleet: Fleet) -> _Owners:
    return {
        attachment.volume_id: (instance.id, attachment)
        for instance in fleet.instances.values()
        if instance.state is not State.TERMINATED
        for attachment in instance.attachments
    }


def _looks(page: _Page, fleet: Fleet, owners: _Owners) -> Mapping[str, _Look]:
    prices, before, looks = fleet.prices, page.looks, {}
    same_prices = page.prices is prices or all(
        was is now or was == now for was, now in zip(_disk_prices(page.prices), _disk_prices(prices), strict=True)
    )
    for key, volume in fleet.volumes.items():
        owner, attachment = owners.get(key, ("", None))
        look = before.get(key)
        if look is None or look.volume is not volume or look.owner != owner or not same_prices:
            look = _Look(volume, owner, attachment.attached_at if attachment else None, disk_rate(volume, prices))
        looks[key] = look
    return looks


def _disk_prices(prices: Prices) -> tuple[Mapping[str, Decimal], ...]:
    return prices.storage, prices.iops, prices.throughput


def _changed(page: _Page, looks: Mapping[str, _Look], fleet: Fleet, owners: _Owners, whole: bool) -> list[DiskRun]:
    changed: list[DiskRun] = []
    for key, look in looks.items():
        if page.looks.get(key) is look:
            continue
        stretches = page.disks.get(key, ())
        changed += _gone_on(stretches[-1], look, page, fleet) if stretches else _begun(look, fleet)
    if not whole:
        return changed
    # Only what this process itself has seen before: of what another wrote down its list may not know yet.
    for key in (page.looks or page.disks).keys() - fleet.volumes.keys() - owners.keys():
        last = page.disks[key][-1] if key in page.disks else None
        if last is not None and last.ended_at is None:
            changed.append(replace(last, ended_at=_end(last, page.seen_at or fleet.seen_at, fleet)))
    return changed


def _begun(look: _Look, fleet: Fleet) -> list[DiskRun]:
    """A disk seen for the first time: since it was made, and for its instance since it was attached."""
    volume, attached = look.volume, look.attached_at
    made = min(volume.created_at or attached or fleet.seen_at, fleet.seen_at)
    first = DiskRun(volume.id, look.owner, volume.size, volume.type, made, None, look.rate)
    if not look.owner or attached is None or attached - made < _TOGETHER:
        return [first]
    return [replace(first, instance_id="", ended_at=attached), replace(first, started_at=attached)]


def _gone_on(last: DiskRun, look: _Look, page: _Page, fleet: Fleet) -> list[DiskRun]:
    """A disk seen again: the same as before, or with another stretch from now on."""
    volume = look.volume
    is_same = (last.size, last.type, last.instance_id) == (volume.size, volume.type, look.owner)
    if is_same and _is_same_rate(last, look, fleet):
        gone_on = replace(last, ended_at=None, per_month=look.rate if last.per_month is None else last.per_month)
        return [gone_on] if gone_on != last else []
    at = fleet.seen_at
    if look.owner and look.owner != last.instance_id and look.attached_at is not None:
        at = min(at, max(look.attached_at, page.seen_at or look.attached_at))
    elif last.instance_id and not look.owner:
        at = _end(last, at, fleet)
    fresh = DiskRun(volume.id, look.owner, volume.size, volume.type, max(at, last.started_at), None, look.rate)
    return [fresh] if fresh.started_at == last.started_at else [replace(last, ended_at=fresh.started_at), fresh]


def _is_same_rate(last: DiskRun, look: _Look, fleet: Fleet) -> bool:
    if look.rate is None:
        # prices that were not read tell nothing; so many IOPS that they have no price do
        return last.per_month is None or look.volume.type not in fleet.prices.iops
    return last.per_month is None or last.per_month == look.rate


def _end(last: DiskRun, otherwise: datetime, fleet: Fleet) -> datetime:
    """When a disk left its instance: at the instance's end where EC2 tells it."""
    instance = fleet.instances.get(last.instance_id)
    ended = instance.changed_state_at if instance is not None and instance.state is State.TERMINATED else None
    return max(min(ended or otherwise, fleet.seen_at), last.started_at)


def _entered(disks: Stretches, changed: Iterable[DiskRun]) -> Stretches:
    entered = dict(disks)
    for stretch in changed:
        others = [it for it in entered.get(stretch.volume_id, ()) if it.started_at != stretch.started_at]
        entered[stretch.volume_id] = tuple(sorted([*others, stretch], key=lambda it: it.started_at))
    return entered


_PUT = """INSERT INTO disk_runs (place, volume, started_at, ended_at, instance, size, type, per_month)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (place, volume, started_at) DO UPDATE SET
    ended_at = excluded.ended_at, instance = excluded.instance, size = excluded.size, type = excluded.type,
    per_month = excluded.per_month"""


def _row(stretch: DiskRun) -> tuple[Any, ...]:
    return (
        stretch.volume_id,
        to_micros(stretch.started_at),
        maybe_micros(stretch.ended_at),
        stretch.instance_id,
        stretch.size,
        stretch.type,
        None if stretch.per_month is None else str(stretch.per_month),
    )
