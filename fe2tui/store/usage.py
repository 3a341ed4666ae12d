"""What the usage of instances and of volumes have in common: the rows of a location, which several processes write.

AWS does not tell the past, so usage is written when it is seen. All profiles of an account share its usage: once the
account of a location is known, its usage belongs to a place that is named by the account. ``places`` has, for each of
the two tables, when all of a location was last recorded and a serial number that grows with every change: so each
process knows when another one has written.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from fe2tui.errors import StoreError
from fe2tui.model.location import Location
from fe2tui.store.database import Database, location_number
from fe2tui.store.encoding import is_future, maybe_micros, maybe_moment


class _Usage(Protocol):
    @property
    def started_at(self) -> datetime: ...


Usage = TypeVar("Usage", bound=_Usage)
UsageById = Mapping[str, tuple[Usage, ...]]
"""The usage of each instance or volume, earliest first."""


_NEVER = 2**62  # as the end of what has not ended, microseconds


@dataclass(slots=True)
class LocationUsage(Generic[Usage]):
    """The usage in a location as this process knows it. ``usage`` is replaced, never changed."""

    seen_at: datetime | None
    serial: int
    usage: UsageById[Usage]

    def was_seen_after(self, moment: datetime) -> bool:
        """Whether a later look is written already. One in the future was a wrong clock's, and does not count."""
        return self.seen_at is not None and moment < self.seen_at and not is_future(self.seen_at)


Known = TypeVar("Known", bound=LocationUsage[Any])


class UsageTable(Generic[Usage, Known]):
    """One table of usage. Blocking; safe from any thread and with other processes."""

    _TABLE: ClassVar[str]
    _PREFIX: ClassVar[str]  # of the columns in ``places``
    _COLUMNS: ClassVar[str]  # the id first, then started_at
    _KNOWN: ClassVar[Callable[..., Any]]  # makes a ``Known``
    _ON_CONFLICT: ClassVar[str]  # what an INSERT of a row that is there changes in it

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known_by_location: dict[Location, Known] = {}
        self._joined: set[Location] = set()
        self._generation = database.generation

    def get(self, location: Location, account: str = "") -> UsageById[Usage]:
        """The usage in a location, as all profiles of its account saw it: the same mapping while nothing changes.

        ``account`` is the number of its account, if that is known.
        """
        with self._lock:
            return self._known(self._shared_location(location, account)).usage

    def _shared_location(self, location: Location, account: str = "") -> Location:
        """Where the usage of a location is written: in that of its account, or in its own while that is unknown."""
        self._forget_replaced()
        rows = self._database.read("SELECT account FROM places WHERE key = ?", (location.key,))
        stored = rows[0][0] if rows else ""
        account = account or stored
        if not account:
            return location
        shared = Location(f"account\x1f{account}", location.region, location.endpoint)
        if account != stored or location not in self._joined:
            with self._database.transaction() as connection:
                number = location_number(connection, location)
                connection.execute("UPDATE places SET account = ? WHERE id = ?", (account, number))
                self._move(connection, number, location_number(connection, shared))
            self._joined.add(location)
            self._known_by_location.pop(shared, None)
        return shared

    def _move(self, connection: sqlite3.Connection, number: int, to: int) -> None:
        """Move the usage of one place to another. What overlaps usage that is there already is left out."""
        table, id_column, prefix = self._TABLE, self._COLUMNS.partition(",")[0], self._PREFIX
        connection.execute(
            f"DELETE FROM {table} WHERE place = ? AND EXISTS (SELECT 1 FROM {table} AS other WHERE other.place = ?"
            f" AND other.{id_column} = {table}.{id_column} AND (other.started_at = {table}.started_at"
            f" OR (other.started_at < coalesce({table}.ended_at, {_NEVER})"
            f" AND coalesce(other.ended_at, {_NEVER}) > {table}.started_at)))",
            (number, to),
        )
        connection.execute(f"UPDATE {table} SET place = ? WHERE place = ?", (to, number))
        connection.execute(
            f"UPDATE places SET {prefix}_serial = {prefix}_serial + 1, {prefix}_at ="
            f" max({prefix}_at, (SELECT {prefix}_at FROM places WHERE id = ?)) WHERE id = ?",
            (number, to),
        )
        connection.execute(f"UPDATE places SET {prefix}_at = 0 WHERE id = ?", (number,))

    def _forget_replaced(self) -> None:
        if self._generation != self._database.generation:
            self._generation = self._database.generation
            self._known_by_location.clear()
            self._joined.clear()

    def _known(self, location: Location) -> Known:
        self._forget_replaced()
        if location not in self._known_by_location:
            try:
                with self._database.transaction() as connection:
                    version, usage = self._version(connection, location), self._select(connection, location)
            except StoreError:
                if self._generation == self._database.generation:
                    raise
                return self._known(location)  # from the file that has replaced the damaged one
            self._known_by_location[location] = self._KNOWN(*version, usage)
        return self._known_by_location[location]

    def _save(self, location: Location, changes: Callable[[Known], Sequence[Usage]], seen_at: datetime | None) -> None:
        """Write the changes, computed from what is known now, other processes' rows included.

        ``seen_at`` is when all of the location was seen; None if only a part was.
        """
        known = self._known(location)
        with self._database.transaction() as connection:
            number = location_number(connection, location)
            last_seen_at, serial = self._version(connection, location)
            if last_seen_at is not None:
                known.seen_at = max(known.seen_at or last_seen_at, last_seen_at)
            if serial != known.serial:
                known.usage, known.serial = self._select(connection, location), serial
            changed = changes(known)
            marks = ", ".join("?" * (self._COLUMNS.count(",") + 2))
            connection.executemany(
                f"INSERT INTO {self._TABLE} (place, {self._COLUMNS}) VALUES ({marks})"
                f" ON CONFLICT DO UPDATE SET {self._ON_CONFLICT}",
                [(number, *self._row(usage)) for usage in changed],
            )
            serial += bool(changed)
            if seen_at is None or (last_seen_at is not None and seen_at < last_seen_at and not is_future(last_seen_at)):
                seen_at = last_seen_at
            connection.execute(
                f"UPDATE places SET {self._PREFIX}_at = ?, {self._PREFIX}_serial = ? WHERE id = ?",
                (maybe_micros(seen_at) or 0, serial, number),
            )
        known.seen_at = seen_at or known.seen_at
        if changed:
            known.usage, known.serial = self._merge(known.usage, changed), serial

    def _version(self, connection: sqlite3.Connection, location: Location) -> tuple[datetime | None, int]:
        row = connection.execute(
            f"SELECT {self._PREFIX}_at, {self._PREFIX}_serial FROM places WHERE key = ?", (location.key,)
        ).fetchone()
        seen_at, serial = row or (0, 0)
        return maybe_moment(seen_at or None), serial

    def _select(self, connection: sqlite3.Connection, location: Location) -> UsageById[Usage]:
        columns = ", ".join(f"{self._TABLE}.{column.strip()}" for column in self._COLUMNS.split(","))
        id_column = self._COLUMNS.partition(",")[0]
        usage: dict[str, list[Usage]] = {}
        for row in connection.execute(
            f"SELECT {columns} FROM {self._TABLE} JOIN places ON places.id = {self._TABLE}.place"
            f" WHERE places.key = ? ORDER BY {id_column}, started_at",
            (location.key,),
        ):
            usage.setdefault(row[0], []).append(self._usage(row))
        return {key: tuple(found) for key, found in usage.items()}

    def _merge(self, usage: UsageById[Usage], changed: Iterable[Usage]) -> UsageById[Usage]:
        merged = dict(usage)
        for one in changed:
            key = self._row(one)[0]
            others = [other for other in merged.get(key, ()) if other.started_at != one.started_at]
            merged[key] = tuple(sorted([*others, one], key=lambda each: each.started_at))
        return merged

    def _usage(self, row: Sequence[Any]) -> Usage:
        raise NotImplementedError

    def _row(self, usage: Usage) -> Sequence[Any]:
        raise NotImplementedError
