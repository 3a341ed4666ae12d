"""Prices of the Price List, by region, and the instance types, by location: read from AWS once a day."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from operator import attrgetter
from typing import Any

from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.model.location import Location
from fe2tui.store.database import Database
from fe2tui.store.encoding import decode, encode, field_names, from_micros, maybe_micros, maybe_moment, to_micros


class PriceTable:
    """The last prices of each region. The caller decides by ``read_at`` whether they are too old."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, region: str, prices: Prices) -> None:
        """Replace the prices of a region, or of a Local Zone. Spot prices are not written here."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO prices (region, read_at, body) VALUES (?, ?, ?)",
                (region, maybe_micros(prices.read_at), encode(encode_prices(prices))),
            )

    def get(self, region: str) -> Prices | None:
        for (body,) in self._database.read("SELECT body FROM prices WHERE region = ?", (region,)):
            return decode_prices(decode(body))
        return None


def encode_prices(prices: Prices) -> dict[str, Any]:
    """Prices, without spot prices, for ``encode``."""
    return {
        "on_demand": prices.on_demand,
        "storage": prices.storage,
        "iops": prices.iops,
        "throughput": prices.throughput,
        "snapshot": prices.snapshot,
        "several": sorted(prices.several),
        "read_at": maybe_micros(prices.read_at),
        "local_zones": {group: encode_prices(one) for group, one in prices.local_zones.items()},
    }


def decode_prices(kept: Any) -> Prices:
    """From ``encode_prices``, or from the first version of this program, a list of two.

    That version did not read all prices: without ``read_at``, they count only until the next read.
    """
    if not isinstance(kept, dict):
        on_demand, storage = kept
        return Prices(on_demand=decode_dollars(on_demand), storage=decode_dollars(storage))
    snapshot = kept["snapshot"]
    return Prices(
        on_demand=decode_dollars(kept["on_demand"]),
        storage=decode_dollars(kept["storage"]),
        read_at=maybe_moment(kept["read_at"]),
        iops=decode_dollars(kept["iops"]),
        throughput=decode_dollars(kept["throughput"]),
        snapshot=None if snapshot is None else Decimal(snapshot),
        several=frozenset(kept["several"]),
        local_zones={group: decode_prices(one) for group, one in kept.get("local_zones", {}).items()},
    )


def decode_dollars(kept: Mapping[str, Any]) -> dict[str, Decimal]:
    return {key: Decimal(amount) for key, amount in kept.items()}


_TYPE_FIELDS = field_names(InstanceType)
_type_values = attrgetter(*_TYPE_FIELDS)


class TypeCatalogueTable:
    """The last catalogue of each location. The caller decides by ``read_at`` whether it is too old."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, location: Location, catalogue: TypeCatalogue) -> None:
        """Replace the catalogue of a location. One without ``read_at``, not from AWS, is not written."""
        if catalogue.read_at is None:
            return
        body = encode([_TYPE_FIELDS, [_type_values(one) for one in catalogue.types.values()], _zone_sets(catalogue)])
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO catalogues (place, read_at, body) VALUES (?, ?, ?)",
                (location.key, to_micros(catalogue.read_at), body),
            )

    def get(self, location: Location) -> TypeCatalogue | None:
        """The catalogue of a location; None also if another version of this program wrote it."""
        rows = self._database.read("SELECT read_at, body FROM catalogues WHERE place = ?", (location.key,))
        for read_at, body in rows:
            names, types, zones = decode(body)
            if tuple(names) == _TYPE_FIELDS:
                found = [_decode_type(values) for values in types]
                return TypeCatalogue({one.name: one for one in found}, _zones_by_type(zones), from_micros(read_at))
        return None


def _zone_sets(catalogue: TypeCatalogue) -> list[Any]:
    """Each set of zones once, with the types that are offered in exactly these."""
    sets: dict[tuple[str, ...], list[str]] = {}
    for name, zones in catalogue.zones.items():
        sets.setdefault(zones, []).append(name)
    return list(sets.items())


def _zones_by_type(kept: list[Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for zones, names in kept:
        shared = tuple(zones)
        found.update(dict.fromkeys(names, shared))
    return found


_TUPLE_FIELDS = tuple(index for index, field in enumerate(fields(InstanceType)) if field.type.startswith("tuple"))
_INTERNED_FIELDS = tuple(
    _TYPE_FIELDS.index(name) for name in ("network", "gpu_name", "accelerator_name", "ena", "hypervisor")
)


def _decode_type(values: list[Any]) -> InstanceType:
    for index in _TUPLE_FIELDS:
        values[index] = tuple(values[index])
    for index in _INTERNED_FIELDS:
        values[index] = sys.intern(values[index])
    return InstanceType(*values)
