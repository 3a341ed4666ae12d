"""Prices that were read from the Price List, by region: a day's work for AWS, so kept."""

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
from fe2tui.store.encoding import decode, encode, from_micros, maybe_micros, maybe_moment, to_micros


class PriceTable:
    """The latest prices of each region. Whether they are too old is for the reader to judge, by ``read_at``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, region: str, prices: Prices) -> None:
        """Keep them in place of the earlier ones. Spot prices are not kept here: they are of their moment."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO prices (region, read_at, body) VALUES (?, ?, ?)",
                (region, maybe_micros(prices.read_at), encode(encode_prices(prices))),
            )

    def get(self, region: str) -> Prices | None:
        """The prices that were kept for a region."""
        for (body,) in self._database.read("SELECT body FROM prices WHERE region = ?", (region,)):
            return decode_prices(decode(body))
        return None


def encode_prices(prices: Prices) -> dict[str, Any]:
    """Prices without those of spot, to be written down."""
    return {
        "on_demand": prices.on_demand,
        "storage": prices.storage,
        "iops": prices.iops,
        "throughput": prices.throughput,
        "snapshot": prices.snapshot,
        "several": sorted(prices.several),
        "read_at": maybe_micros(prices.read_at),
    }


def decode_prices(kept: Any) -> Prices:
    """What was ``written``; or by the first version of this program, as a list of two.

    That one did not ask for all that there is: without ``read_at``, its prices stand only until they are read anew.
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
    )


def decode_dollars(kept: Mapping[str, Any]) -> dict[str, Decimal]:
    """Amounts that were written as text."""
    return {key: Decimal(amount) for key, amount in kept.items()}


_TYPE_FIELDS = tuple(field.name for field in fields(InstanceType))
_type_values = attrgetter(*_TYPE_FIELDS)


class TypeCatalogueTable:
    """The latest catalogue of each place. Whether it is too old is for the reader to judge, by ``read_at``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, location: Location, catalogue: TypeCatalogue) -> None:
        """Keep it in place of the earlier one. One that was never read from AWS is not kept."""
        if catalogue.read_at is None:
            return
        body = encode([_TYPE_FIELDS, [_type_values(one) for one in catalogue.types.values()], _zone_sets(catalogue)])
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO catalogues (place, read_at, body) VALUES (?, ?, ?)",
                (location.key, to_micros(catalogue.read_at), body),
            )

    def get(self, location: Location) -> TypeCatalogue | None:
        """The catalogue that was kept for a place; None also for one of another version of this program."""
        rows = self._database.read("SELECT read_at, body FROM catalogues WHERE place = ?", (location.key,))
        for read_at, body in rows:
            names, types, zones = decode(body)
            if tuple(names) == _TYPE_FIELDS:
                found = [_decode_type(values) for values in types]
                return TypeCatalogue({one.name: one for one in found}, _zones_by_type(zones), from_micros(read_at))
        return None


def _zone_sets(catalogue: TypeCatalogue) -> list[Any]:
    """The zones once, and for each set of them the types that they offer."""
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
_INTERNED_FIELDS = tuple(_TYPE_FIELDS.index(name) for name in ("network", "gpu_name", "ena", "hypervisor"))


def _decode_type(values: list[Any]) -> InstanceType:
    for index in _TUPLE_FIELDS:
        values[index] = tuple(values[index])
    for index in _INTERNED_FIELDS:
        values[index] = sys.intern(values[index])
    return InstanceType(*values)
