"""The types of each region, and the zones that offer them: a day's worth of AWS's answers."""

from __future__ import annotations

import sys
from dataclasses import fields
from operator import attrgetter
from typing import Any

from fe2tui.model.catalogue import Catalogue
from fe2tui.model.machine_type import MachineType
from fe2tui.model.place import Place
from fe2tui.store.database import Database
from fe2tui.store.encoding import decode, encode, from_micros, to_micros

_FIELDS = tuple(field.name for field in fields(MachineType))
_values = attrgetter(*_FIELDS)


class CatalogueShelf:
    """The latest catalogue of each place. Whether it is too old is for the reader to judge, by ``read_at``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, place: Place, catalogue: Catalogue) -> None:
        """Keep it in place of the earlier one. One that was never read from AWS is not kept."""
        if catalogue.read_at is None:
            return
        body = encode([_FIELDS, [_values(one) for one in catalogue.types.values()], _numbered(catalogue)])
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO catalogues (place, read_at, body) VALUES (?, ?, ?)",
                (place.key, to_micros(catalogue.read_at), body),
            )

    def get(self, place: Place) -> Catalogue | None:
        """The catalogue that was kept for a place; None also for one of another version of this program."""
        rows = self._database.read("SELECT read_at, body FROM catalogues WHERE place = ?", (place.key,))
        for read_at, body in rows:
            names, types, zones = decode(body)
            if tuple(names) == _FIELDS:
                found = [_type(values) for values in types]
                return Catalogue({one.name: one for one in found}, _named(zones), from_micros(read_at))
        return None


def _numbered(catalogue: Catalogue) -> list[Any]:
    """The zones once, and for each set of them the types that they offer."""
    sets: dict[tuple[str, ...], list[str]] = {}
    for name, zones in catalogue.zones.items():
        sets.setdefault(zones, []).append(name)
    return list(sets.items())


def _named(kept: list[Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for zones, names in kept:
        shared = tuple(zones)
        found.update(dict.fromkeys(names, shared))
    return found


_SETS = tuple(index for index, field in enumerate(fields(MachineType)) if field.type.startswith("tuple"))
_WORDS = tuple(_FIELDS.index(name) for name in ("network", "gpu_name", "ena", "hypervisor"))


def _type(values: list[Any]) -> MachineType:
    for index in _SETS:
        values[index] = tuple(values[index])
    for index in _WORDS:
        values[index] = sys.intern(values[index])
    return MachineType(*values)
