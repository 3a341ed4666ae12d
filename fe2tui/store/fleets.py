"""The last fleet of each location: a row an instance and a volume, and one text for each other part (``PARTS``)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from fe2tui.model.fleet import Fleet, IdleAddress, Prices, Problem, PublicImage
from fe2tui.model.image import Image
from fe2tui.model.instance import InstanceStatus, ScheduledEvent
from fe2tui.model.location import Location
from fe2tui.model.money.spot_usage import spot_history_spans
from fe2tui.model.spot import SpotRequest
from fe2tui.model.volume import Snapshot
from fe2tui.store.database import Database, location_number
from fe2tui.store.encoding import (
    ENCODING,
    decode,
    decode_instances,
    decode_volume,
    decode_volumes,
    encode,
    encode_instance,
    encode_volume,
    field_names,
    from_micros,
    is_future,
    maybe_moment,
    to_micros,
)
from fe2tui.store.instance_usage import InstanceUsageTable
from fe2tui.store.prices import decode_prices, encode_prices
from fe2tui.store.spot_history import SpotHistoryTable
from fe2tui.store.volume_usage import VolumeUsageTable

_Record = TypeVar("_Record")
_Readers = Mapping[str, Callable[[Any], Any]]


class FleetPart(NamedTuple):
    """How one part of a fleet is made from what JSON holds, and made into that where ``encode`` alone cannot."""

    from_plain: Callable[[Any], Any]
    to_plain: Callable[[Any], Any] = lambda part: part

    def encode(self, part: Any) -> str:
        return encode(self.to_plain(part))


def _encode_records(things: Iterable[object], of: type) -> Any:
    """Objects as lists, with the names of their fields before them: another version may have other fields."""
    names = field_names(of)
    values = attrgetter(*names)
    return [names, [values(thing) for thing in things]]


def _decode_records(kept: Any, of: type[_Record], readers: _Readers) -> list[_Record]:
    """The objects. Fields that no longer exist are left out; new ones have their default."""
    names, rows = kept
    known = [(at, name, readers.get(name)) for at, name in enumerate(names) if name in field_names(of)]
    return [of(**{name: read(row[at]) if read else row[at] for at, name, read in known}) for row in rows]


_IMAGE_READERS: _Readers = {
    "created_at": maybe_moment,
    "snapshot_ids": tuple,
    "disks": lambda kept: tuple(decode_volume(values) for values in kept),
}
_SNAPSHOT_READERS: _Readers = {"started_at": maybe_moment}
_REQUEST_READERS: _Readers = {"created_at": maybe_moment, "status_at": maybe_moment}
_STATUS_READERS: _Readers = {
    "failed": tuple,
    "failed_since": maybe_moment,
    "events": lambda kept: tuple(ScheduledEvent(code, maybe_moment(at)) for code, at in kept),
}


def _part_by_id(of: type[Any], readers: _Readers) -> FleetPart:
    return FleetPart(
        lambda kept: {thing.id: thing for thing in _decode_records(kept, of, readers)},
        lambda things: _encode_records(things.values(), of),
    )


def _encode_prices(prices: Prices) -> Any:
    return [encode_prices(prices), [(kind, zone, price) for (kind, zone), price in prices.spot.items()]]


def _decode_prices(kept: Any) -> Prices:
    if len(kept) == 2:
        listed, spot = decode_prices(kept[0]), kept[1]
    else:
        listed, spot = decode_prices(kept[:2]), kept[2]  # as the first version of this program wrote them
    return replace(listed, spot={(kind, zone): Decimal(price) for kind, zone, price in spot})


def _encode_public_images(public: tuple[PublicImage, ...]) -> Any:
    return [[(one.word, one.title) for one in public], _encode_records([one.image for one in public], Image)]


def _decode_public_images(kept: Any) -> tuple[PublicImage, ...]:
    words, images = kept[0], _decode_records(kept[1], Image, _IMAGE_READERS)
    return tuple(PublicImage(word, title, image) for (word, title), image in zip(words, images, strict=True))


def _decode_idle_addresses(kept: Any) -> tuple[IdleAddress, ...]:
    # an earlier version wrote the addresses alone
    return tuple(IdleAddress(one, one) if isinstance(one, str) else IdleAddress(*one) for one in kept)


PARTS: Mapping[str, FleetPart] = {
    "prices": FleetPart(_decode_prices, _encode_prices),
    "cpu": FleetPart(lambda kept: {key: tuple(figures) for key, figures in kept.items()}),
    "image_names": FleetPart(dict),
    "images": _part_by_id(Image, _IMAGE_READERS),
    "snapshots": _part_by_id(Snapshot, _SNAPSHOT_READERS),
    "public_images": FleetPart(_decode_public_images, _encode_public_images),
    "idle_addresses": FleetPart(
        _decode_idle_addresses, lambda addresses: [(one.id, one.address, one.tags) for one in addresses]
    ),
    "requests": _part_by_id(SpotRequest, _REQUEST_READERS),
    "statuses": _part_by_id(InstanceStatus, _STATUS_READERS),
    "problems": FleetPart(lambda kept: tuple(Problem(*values) for values in kept)),
}
"""By the name of the field of ``Fleet``."""


_Thing = TypeVar("_Thing")
_LOCATION_ROW = "SELECT id, seen_at, serial, encoding, account FROM places WHERE key = ?"


@dataclass(slots=True)
class _Changes:
    instances: list[tuple[str, str, str, str]] = field(default_factory=list)
    removed_instances: list[str] = field(default_factory=list)
    volumes: list[tuple[str, str]] = field(default_factory=list)
    removed_volumes: list[str] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.instances or self.removed_instances or self.volumes or self.removed_volumes or self.parts)


class FleetTables:
    """One fleet a location. Blocking; call it in a thread where the fleet is large."""

    def __init__(
        self,
        database: Database,
        instance_usage: InstanceUsageTable,
        volume_usage: VolumeUsageTable,
        spot_history: SpotHistoryTable,
    ) -> None:
        self._database = database
        self._instance_usage = instance_usage
        self._volume_usage = volume_usage
        self._spot_history = spot_history
        self._lock = threading.Lock()
        self._saved: dict[Location, tuple[Fleet, int]] = {}  # with the serial number that it was written with

    def save(self, fleet: Fleet) -> None:
        """Replace the saved fleet, unless that was seen later. Usage and spot history have their own tables.

        A saved fleet that was seen in the future is of a wrong clock, and is replaced.
        """
        with self._lock:
            while not self._try_to_save(fleet):
                pass

    def last_fleet(self, location: Location) -> Fleet | None:
        rows = self._database.read(_LOCATION_ROW, (location.key,))
        if not rows or not rows[0][1] or rows[0][3] != ENCODING:
            return None
        number, seen_at, _, _, account = rows[0]
        parts = dict(self._database.read("SELECT part, body FROM parts WHERE place = ?", (number,)))
        fleet = Fleet(
            location=location,
            seen_at=from_micros(seen_at),
            instances=decode_instances(self._bodies("instances", number)),
            volumes=decode_volumes(self._bodies("volumes", number)),
            instance_usage=self._instance_usage.get(location),
            volume_usage=self._volume_usage.get(location),
            account=account,
            **{name: PARTS[name].from_plain(decode(body)) for name, body in parts.items() if name in PARTS},
        )
        spans = spot_history_spans(fleet, fleet.seen_at)
        return replace(fleet, spot_history=self._spot_history.get(location, spans)) if spans else fleet

    def has_more_instances(self, location: Location, than: int) -> bool:
        """Whether the last fleet of a location has more instances than that."""
        rows = self._database.read(
            "SELECT count(*) FROM (SELECT 1 FROM places JOIN instances ON place = places.id WHERE key = ? LIMIT ?)",
            (location.key, than + 1),
        )
        return bool(rows[0][0] > than)

    def accounts(self) -> dict[str, str]:
        """The account of each profile, as it was last seen."""
        return dict(self._database.read("SELECT profile, account FROM places WHERE account != '' ORDER BY seen_at"))

    def account(self, location: Location) -> str:
        """The number of the account that signs for a location, as AWS returned it last; else empty."""
        rows = self._database.read(
            "SELECT account FROM places WHERE profile = ? AND endpoint = ? AND account != ''"
            " ORDER BY seen_at DESC LIMIT 1",
            (location.profile, location.endpoint),
        )
        return rows[0][0] if rows else ""

    def last_location(self) -> Location | None:
        rows = self._database.read(
            "SELECT profile, region, endpoint FROM places WHERE seen_at > 0 ORDER BY seen_at DESC LIMIT 1"
        )
        return Location(*rows[0]) if rows else None

    def _bodies(self, table: str, number: int) -> list[str]:
        rows = self._database.read(f"SELECT body FROM {table} WHERE place = ? ORDER BY id", (number,))
        return [body for (body,) in rows]

    def _try_to_save(self, fleet: Fleet) -> bool:
        head = self._database.read(_LOCATION_ROW, (fleet.location.key,))
        number, seen_at, serial, encoding, _ = head[0] if head else (None, 0, 0, "", "")
        is_earlier = to_micros(fleet.seen_at) < seen_at and not is_future(from_micros(seen_at))
        if is_earlier and encoding == ENCODING:
            return True
        saved, saved_serial = self._saved.get(fleet.location, (None, 0))
        if saved is not None and saved_serial == serial and encoding == ENCODING:
            changes = _changes_since(saved, fleet)
        else:
            changes = self._changes_by_rows(number, fleet)
        with self._database.transaction() as connection:
            number = location_number(connection, fleet.location)
            now = connection.execute("SELECT serial FROM places WHERE id = ?", (number,)).fetchone()[0]
            if now != serial:
                return False  # another process has written meanwhile: compare with that
            _write(connection, number, changes)
            serial += bool(changes)
            connection.execute(
                "UPDATE places SET seen_at = ?, account = coalesce(nullif(?, ''), account), serial = ?, encoding = ?"
                " WHERE id = ?",
                (to_micros(fleet.seen_at), fleet.account, serial, ENCODING, number),
            )
        self._saved[fleet.location] = fleet, serial
        return True

    def _changes_by_rows(self, number: int | None, fleet: Fleet) -> _Changes:
        def kept(sql: str) -> dict[str, str]:
            return {} if number is None else dict(self._database.read(sql, (number,)))

        changes = _Changes()
        instances = kept("SELECT id, body FROM instances WHERE place = ?")
        for key, instance in fleet.instances.items():
            if instances.pop(key, None) != (body := encode_instance(instance)):
                changes.instances.append((key, _as_utf8(instance.name), instance.state, body))
        changes.removed_instances = list(instances)
        volumes = kept("SELECT id, body FROM volumes WHERE place = ?")
        for key, volume in fleet.volumes.items():
            if volumes.pop(key, None) != (body := encode_volume(volume)):
                changes.volumes.append((key, body))
        changes.removed_volumes = list(volumes)
        parts = kept("SELECT part, body FROM parts WHERE place = ?")
        for name, part in PARTS.items():
            if parts.get(name) != (body := part.encode(getattr(fleet, name))):
                changes.parts.append((name, body))
        return changes


def _changes_since(before: Fleet, after: Fleet) -> _Changes:
    changes = _Changes()
    for key, instance in _changed_items(before.instances, after.instances):
        changes.instances.append((key, _as_utf8(instance.name), instance.state, encode_instance(instance)))
    changes.removed_instances = [key for key in before.instances if key not in after.instances]
    changes.volumes = [(key, encode_volume(volume)) for key, volume in _changed_items(before.volumes, after.volumes)]
    changes.removed_volumes = [key for key in before.volumes if key not in after.volumes]
    for name, part in PARTS.items():
        was, now = getattr(before, name), getattr(after, name)
        if was is not now and was != now:
            changes.parts.append((name, part.encode(now)))
    return changes


def _changed_items(before: Mapping[str, _Thing], after: Mapping[str, _Thing]) -> Iterable[tuple[str, _Thing]]:
    if before is after:
        return ()
    return [(key, thing) for key, thing in after.items() if (was := before.get(key)) is not thing and was != thing]


def _write(connection: sqlite3.Connection, number: int, changes: _Changes) -> None:
    for table, columns, rows in (
        ("instances", "id, name, state, body", changes.instances),
        ("volumes", "id, body", changes.volumes),
        ("parts", "part, body", changes.parts),
    ):
        marks = ", ".join("?" * (columns.count(",") + 1))
        connection.executemany(f"INSERT OR REPLACE INTO {table} (place, {columns}) VALUES ({number:d}, {marks})", rows)
    for table, removed in (("instances", changes.removed_instances), ("volumes", changes.removed_volumes)):
        connection.executemany(f"DELETE FROM {table} WHERE place = ? AND id = ?", [(number, key) for key in removed])


def _as_utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # SQLite's text is UTF-8, a lone surrogate is not
