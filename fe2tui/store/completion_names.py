"""The names for Tab. To be quick, this file imports nothing but sqlite3 and json.

Every function returns an empty list, rather than an error, where there is no store, or one of another version.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_INSTANCE_NAMES_SQL = (
    "SELECT instances.name, instances.id, instances.state FROM instances JOIN places ON places.id = instances.place"
    " WHERE places.key = ? ORDER BY instances.name, instances.id"
)
_FLEET_PART_SQL = (
    "SELECT parts.body FROM parts JOIN places ON places.id = parts.place WHERE places.key = ? AND parts.part = ?"
)
_TYPES_SQL = "SELECT body FROM catalogues WHERE place = ?"
_LAST_LOCATION_SQL = "SELECT key FROM places WHERE seen_at > 0 {} ORDER BY seen_at DESC LIMIT 1"


def last_instances(
    file: Path, *, profile: str | None = None, region: str | None = None, endpoint: str | None = None
) -> list[tuple[str, str, str]]:
    """(name, id, state) of the instances in the last fleet, with that profile, region and endpoint where given."""
    asked = {"profile": profile, "region": region, "endpoint": endpoint}
    given = {column: value for column, value in asked.items() if value is not None}
    condition = "".join(f" AND {column} = ?" for column in given)
    location_row = _rows(file, _LAST_LOCATION_SQL.format(condition), *given.values())
    return _rows(file, _INSTANCE_NAMES_SQL, *location_row[0]) if location_row else []


def last_images(file: Path, location_key: str) -> list[tuple[str, str, str]]:
    """(name, id, state) of the account's own images in the last fleet of a location."""
    return _sorted_records(file, ("name", "id", "state"), location_key, "images")


def last_requests(file: Path, location_key: str) -> list[tuple[str, str]]:
    """(id, state) of the spot requests in the last fleet of a location."""
    return _sorted_records(file, ("id", "state"), location_key, "requests")


def last_addresses(file: Path, location_key: str) -> list[tuple[str, str, str]]:
    """(name or address, allocation id, "unused") of the unused Elastic IPs in the last fleet of a location."""
    try:
        kept = [json.loads(body) for (body,) in _rows(file, _FLEET_PART_SQL, location_key, "idle_addresses")]
        return sorted(
            (tags.get("Name") or address, key, "unused") for addresses in kept for key, address, tags in addresses
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return []


def _sorted_records(file: Path, names: tuple[str, ...], location_key: str, part: str) -> list[Any]:
    try:
        kept = [json.loads(body) for (body,) in _rows(file, _FLEET_PART_SQL, location_key, part)]
        return sorted(
            tuple(record[fields.index(name)] for name in names) for fields, records in kept for record in records
        )
    except (ValueError, LookupError, TypeError):
        return []


def last_types(file: Path, location_key: str) -> list[str]:
    """The names of a location's instance types, smallest of each family first."""
    try:
        kept = [json.loads(body) for (body,) in _rows(file, _TYPES_SQL, location_key)]
        return [values[fields.index("name")] for fields, types, _ in kept for values in types]
    except (ValueError, LookupError, TypeError):
        return []


def _rows(file: Path, sql: str, *values: str) -> list[Any]:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=0.5)) as connection:
            return connection.execute(sql, values).fetchall()
    except sqlite3.Error:
        return []
