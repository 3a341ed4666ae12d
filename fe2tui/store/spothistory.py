"""Spot prices of the past, by place and type: they never change, so each is asked for once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any

from fe2tui.model.place import Place
from fe2tui.model.series import Series
from fe2tui.model.spot import SpotHistory, combined
from fe2tui.store.database import Database
from fe2tui.store.encoding import decode, encode, from_micros, to_micros

KEPT = timedelta(days=366)
"""How much of the past is kept: EC2 itself tells of 90 days."""

_MANY = 500  # types asked for in one statement; SQLite takes 999 parameters at least
_SECOND = 1_000_000  # microseconds


class SpotShelf:
    """What is known of each type's spot prices. Whether that is too old is for the reader to judge, by ``until``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, place: Place, types: Iterable[str]) -> dict[str, SpotHistory]:
        """What is kept of these types; one of which nothing is kept is not in it."""
        names = list(dict.fromkeys(types))
        found: dict[str, SpotHistory] = {}
        for first in range(0, len(names), _MANY):
            some = names[first : first + _MANY]
            marks = ",".join("?" * len(some))
            rows = self._database.read(
                f"SELECT type, since, until, body FROM spot_history WHERE place = ? AND type IN ({marks})",
                (place.key, *some),
            )
            found.update({str(row[0]): _history(row) for row in rows})
        return found

    def add(self, place: Place, histories: Iterable[SpotHistory]) -> None:
        """Join these with what is kept, which another process may have written meanwhile.

        Where time is missing between the two, the newer one replaces the other.
        """
        new = list(histories)
        if not new:
            return
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO spot_history (place, type, since, until, body) VALUES (?, ?, ?, ?, ?)",
                [(place.key, *_row(_joined(connection, place, one))) for one in new],
            )


def _joined(connection: sqlite3.Connection, place: Place, new: SpotHistory) -> SpotHistory:
    rows = connection.execute(
        "SELECT type, since, until, body FROM spot_history WHERE place = ? AND type = ?", (place.key, new.type)
    )
    for row in rows:
        new = combined(_history(row), new)
    return new.within(new.until - KEPT)


def _row(history: SpotHistory) -> tuple[str, int, int, str]:
    zones = {zone: _written(series) for zone, series in history.zones.items()}
    return history.type, to_micros(history.since), to_micros(history.until), encode(zones)


def _written(series: Series) -> list[Any]:
    """The unit of time in microseconds, the time between each change and the one before it, and the prices."""
    times = [to_micros(moment) for moment in series.times]
    unit = 1 if any(time % _SECOND for time in times) else _SECOND
    return [unit, [(now - before) // unit for before, now in pairwise([0, *times])], series.values]


def _history(row: Sequence[Any]) -> SpotHistory:
    name, since, until, body = row
    kept: Mapping[str, list[Any]] = decode(body)
    return SpotHistory(name, from_micros(since), from_micros(until), {zone: _read(part) for zone, part in kept.items()})


def _read(kept: list[Any]) -> Series:
    unit, spans, prices = kept
    return Series(tuple(_moments(spans, unit)), tuple(map(Decimal, prices)))


def _moments(spans: Iterable[int], unit: int) -> Iterator[datetime]:
    times = accumulate(spans)
    if unit == _SECOND:  # as EC2 has it, and there may be tens of thousands
        return (datetime.fromtimestamp(time, UTC) for time in times)
    return (from_micros(time * unit) for time in times)
