"""The number that stands for a place in the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from fe2tui.model.place import Place

_FIND = "SELECT id FROM places WHERE key = ?"


def found(rows: Iterable[tuple[Any, ...]]) -> int | None:
    """The number in the rows of a query, if there is one."""
    return next((int(row[0]) for row in rows), None)


def place_number(connection: sqlite3.Connection, place: Place) -> int:
    """The number of a place; a new one gets the next. For use inside a transaction."""
    number = found(connection.execute(_FIND, (place.key,)))
    if number is not None:
        return number
    made = connection.execute(
        "INSERT INTO places (key, profile, region, endpoint) VALUES (?, ?, ?, ?) RETURNING id",
        (place.key, place.profile, place.region, place.endpoint),
    )
    return int(made.fetchone()[0])
