"""The names for Tab, as quickly as they can be had: this file imports nothing but sqlite3."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    "SELECT instances.name, instances.id, instances.state FROM instances JOIN places ON places.id = instances.place"
    " WHERE places.key = ? ORDER BY instances.name, instances.id"
)
_LATEST = "SELECT key FROM places WHERE seen_at > 0 {} ORDER BY seen_at DESC LIMIT 1"


def last_names(
    file: Path, *, profile: str | None = None, region: str | None = None, endpoint: str | None = None
) -> list[tuple[str, str, str]]:
    """(name, id, state) of the instances in the fleet last seen, of that profile, region and endpoint where given.

    Nothing, rather than an error, where there is no store: Tab has nowhere to put one.
    """
    asked = {"profile": profile, "region": region, "endpoint": endpoint}
    given = {column: value for column, value in asked.items() if value is not None}
    condition = "".join(f" AND {column} = ?" for column in given)
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=0.5)) as connection:
            place = connection.execute(_LATEST.format(condition), tuple(given.values())).fetchone()
            return connection.execute(NAMES, place).fetchall() if place else []
    except sqlite3.Error:
        return []
