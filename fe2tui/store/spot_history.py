"""Spot prices of the past, by location and type. They never change, so each is read from AWS once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any

from fe2tui.model.location import Location
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory, merge_spot_histories
from fe2tui.store.database import Database
from fe2tui.store.encoding import decode, encode, from_micros, is_future, to_micros

RETENTION = timedelta(days=366)  # prices are stored so long; EC2 itself has 90 days
_MAX_TYPES = 500  # in one statement; SQLite allows at least 999 parameters
_SECOND = 1_000_000  # microseconds


class SpotHistoryTable:
    """The spot price history of each type. The caller decides by ``until`` whether it is too old.

    One that was read until a moment after ``now`` (this computer's time if None) is of a wrong clock, and counts as not
    read.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, location: Location, types: Iterable[str], now: datetime | None = None) -> dict[str, SpotHistory]:
        names = list(dict.fromkeys(types))
        found: dict[str, SpotHistory] = {}
        for first in range(0, len(names), _MAX_TYPES):
            some = names[first : first + _MAX_TYPES]
            marks = ",".join("?" * len(some))
            rows = self._database.read(
                f"SELECT type, since, until, body FROM spot_history WHERE place = ? AND type IN ({marks})",
                (location.key, *some),
            )
            histories = [_decode_history(row) for row in rows]
            found.update({one.type: one for one in histories if not is_future(one.until, now)})
        return found

    def add(self, location: Location, histories: Iterable[SpotHistory], now: datetime | None = None) -> None:
        """Merge these with the stored histories. If there is a gap between them, the newer one replaces the other."""
        new = list(histories)
        if not new:
            return
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO spot_history (place, type, since, until, body) VALUES (?, ?, ?, ?, ?)",
                [(location.key, *_row(_merge_with_saved(connection, location, one, now))) for one in new],
            )


def _merge_with_saved(
    connection: sqlite3.Connection, location: Location, new: SpotHistory, now: datetime | None
) -> SpotHistory:
    rows = connection.execute(
        "SELECT type, since, until, body FROM spot_history WHERE place = ? AND type = ?", (location.key, new.type)
    )
    for row in rows:
        saved = _decode_history(row)
        if not is_future(saved.until, now):
            new = merge_spot_histories(saved, new)
    return new.drop_before(new.until - RETENTION)


def _row(history: SpotHistory) -> tuple[str, int, int, str]:
    zones = {zone: _encode_series(series) for zone, series in history.zones.items()}
    return history.type, to_micros(history.since), to_micros(history.until), encode(zones)


def _encode_series(series: PriceSeries) -> list[Any]:
    """The unit of time in microseconds, the time between each change and the one before it, and the prices."""
    times = [to_micros(moment) for moment in series.times]
    unit = 1 if any(time % _SECOND for time in times) else _SECOND
    return [unit, [(now - before) // unit for before, now in pairwise([0, *times])], series.values]


def _decode_history(row: Sequence[Any]) -> SpotHistory:
    name, since, until, body = row
    kept: Mapping[str, list[Any]] = decode(body)
    return SpotHistory(
        name, from_micros(since), from_micros(until), {zone: _decode_series(part) for zone, part in kept.items()}
    )


def _decode_series(kept: list[Any]) -> PriceSeries:
    unit, spans, prices = kept
    return PriceSeries(tuple(_moments(spans, unit)), tuple(map(Decimal, prices)))


def _moments(spans: Iterable[int], unit: int) -> Iterator[datetime]:
    times = accumulate(spans)
    if unit == _SECOND:  # as in EC2's histories, which have tens of thousands
        return (datetime.fromtimestamp(time, UTC) for time in times)
    return (from_micros(time * unit) for time in times)
