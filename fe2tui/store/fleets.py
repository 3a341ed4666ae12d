"""The last fleet seen of each place: what the first frame shows, and what Tab completes from.

A row an instance. Of a fleet that is saved again only what changed is written, in one transaction, told apart by the
identity of objects that the reader of DescribeInstances kept. When another process wrote in between (the place's
``serial`` moved on), the rows themselves are compared.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from fe2tui.model.fleet import Fleet
from fe2tui.model.money import market_spans
from fe2tui.model.place import Place
from fe2tui.store.database import Database
from fe2tui.store.diskruns import DiskBook
from fe2tui.store.encoding import (
    ENCODING,
    decode_instances,
    decode_volumes,
    encode_instance,
    encode_volume,
    from_micros,
    to_micros,
)
from fe2tui.store.fleetparts import PARTS
from fe2tui.store.names import NAMES
from fe2tui.store.places import place_number
from fe2tui.store.runs import RunBook
from fe2tui.store.spothistory import SpotShelf

_Thing = TypeVar("_Thing")
_HEAD = "SELECT id, seen_at, serial, encoding, account FROM places WHERE key = ?"


@dataclass(slots=True)
class _Saved:
    """What this process last saw to be in the tables."""

    fleet: Fleet
    serial: int


@dataclass(slots=True)
class _Changes:
    """What has to be written: rows to put (as the table's columns have it) and ids to drop."""

    instances: list[tuple[str, str, str, str]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    volumes: list[tuple[str, str]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.instances or self.gone or self.volumes or self.lost or self.parts)


class FleetShelf:
    """One fleet a place. Blocking; meant to be called from a thread where the fleet is large."""

    def __init__(self, database: Database, runs: RunBook, disks: DiskBook, spot: SpotShelf) -> None:
        self._database = database
        self._runs = runs
        self._disks = disks
        self._spot = spot
        self._lock = threading.Lock()
        self._saved: dict[Place, _Saved] = {}

    def save(self, fleet: Fleet) -> None:
        """Keep it in place of the earlier one, unless that was seen later.

        Runs and disks are their books' to keep, what spot prices were is their shelf's.
        """
        with self._lock:
            while not self._try_to_save(fleet):
                pass

    def last(self, place: Place) -> Fleet | None:
        """The fleet last seen there, with the moment in ``seen_at``; None if there was none that can be read."""
        rows = self._database.read(_HEAD, (place.key,))
        if not rows or not rows[0][1] or rows[0][3] != ENCODING:
            return None
        number, seen_at, _, _, account = rows[0]
        parts = dict(self._database.read("SELECT part, body FROM parts WHERE place = ?", (number,)))
        fleet = Fleet(
            place=place,
            seen_at=from_micros(seen_at),
            instances=decode_instances(self._bodies("instances", number)),
            volumes=decode_volumes(self._bodies("volumes", number)),
            runs=self._runs.of(place),
            disks=self._disks.of(place),
            account=account,
            **{name: PARTS[name].read(body) for name, body in parts.items() if name in PARTS},
        )
        spans = market_spans(fleet, fleet.seen_at)
        return replace(fleet, spot_history=self._spot.get(place, spans)) if spans else fleet

    def names(self, place: Place) -> list[tuple[str, str, str]]:
        """(name, id, state) of the instances last seen there. ``store.names`` has it without importing the model."""
        return [(str(name), str(key), str(state)) for name, key, state in self._database.read(NAMES, (place.key,))]

    def last_place(self) -> Place | None:
        """The place that was seen last of all."""
        rows = self._database.read(
            "SELECT profile, region, endpoint FROM places WHERE seen_at > 0 ORDER BY seen_at DESC LIMIT 1"
        )
        return Place(*rows[0]) if rows else None

    def _bodies(self, table: str, number: int) -> list[str]:
        return [
            row[0] for row in self._database.read(f"SELECT body FROM {table} WHERE place = ? ORDER BY id", (number,))
        ]

    def _try_to_save(self, fleet: Fleet) -> bool:
        head = self._database.read(_HEAD, (fleet.place.key,))
        number, seen_at, serial, encoding, _ = head[0] if head else (None, 0, 0, "", "")
        if to_micros(fleet.seen_at) < seen_at and encoding == ENCODING:
            return True
        known = self._saved.get(fleet.place)
        if known is not None and known.serial == serial and encoding == ENCODING:
            changes = _changes_since(known.fleet, fleet)
        else:
            changes = self._compared(number, fleet)
        with self._database.transaction() as connection:
            number = place_number(connection, fleet.place)
            now = connection.execute("SELECT serial FROM places WHERE id = ?", (number,)).fetchone()[0]
            if now != serial:
                return False  # another process was quicker: compare with what it wrote
            _write(connection, number, changes)
            serial += bool(changes)
            connection.execute(
                "UPDATE places SET seen_at = ?, account = ?, serial = ?, encoding = ? WHERE id = ?",
                (to_micros(fleet.seen_at), fleet.account, serial, ENCODING, number),
            )
        self._saved[fleet.place] = _Saved(fleet, serial)
        return True

    def _compared(self, number: int | None, fleet: Fleet) -> _Changes:
        def kept(sql: str) -> dict[str, str]:
            return {} if number is None else dict(self._database.read(sql, (number,)))

        changes = _Changes()
        instances = kept("SELECT id, body FROM instances WHERE place = ?")
        for key, instance in fleet.instances.items():
            if instances.pop(key, None) != (body := encode_instance(instance)):
                changes.instances.append((key, _storable(instance.name), instance.state, body))
        changes.gone = list(instances)
        volumes = kept("SELECT id, body FROM volumes WHERE place = ?")
        for key, volume in fleet.volumes.items():
            if volumes.pop(key, None) != (body := encode_volume(volume)):
                changes.volumes.append((key, body))
        changes.lost = list(volumes)
        parts = kept("SELECT part, body FROM parts WHERE place = ?")
        for name, part in PARTS.items():
            if parts.get(name) != (body := part.written(fleet)):
                changes.parts.append((name, body))
        return changes


def _changes_since(before: Fleet, after: Fleet) -> _Changes:
    changes = _Changes()
    for key, instance in _changed(before.instances, after.instances):
        changes.instances.append((key, _storable(instance.name), instance.state, encode_instance(instance)))
    changes.gone = [key for key in before.instances if key not in after.instances]
    changes.volumes = [(key, encode_volume(volume)) for key, volume in _changed(before.volumes, after.volumes)]
    changes.lost = [key for key in before.volumes if key not in after.volumes]
    for name, part in PARTS.items():
        if part.differs(before, after):
            changes.parts.append((name, part.written(after)))
    return changes


def _changed(before: Mapping[str, _Thing], after: Mapping[str, _Thing]) -> Iterable[tuple[str, _Thing]]:
    if before is after:
        return ()
    return [(key, thing) for key, thing in after.items() if (was := before.get(key)) is not thing and was != thing]


def _write(connection: sqlite3.Connection, number: int, changes: _Changes) -> None:
    connection.executemany(
        f"INSERT OR REPLACE INTO instances (place, id, name, state, body) VALUES ({number:d}, ?, ?, ?, ?)",
        changes.instances,
    )
    connection.executemany("DELETE FROM instances WHERE place = ? AND id = ?", [(number, key) for key in changes.gone])
    connection.executemany(
        f"INSERT OR REPLACE INTO volumes (place, id, body) VALUES ({number:d}, ?, ?)", changes.volumes
    )
    connection.executemany("DELETE FROM volumes WHERE place = ? AND id = ?", [(number, key) for key in changes.lost])
    connection.executemany(f"INSERT OR REPLACE INTO parts (place, part, body) VALUES ({number:d}, ?, ?)", changes.parts)


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # SQLite's text is UTF-8, a lone surrogate is not
