"""Prices that were read from the Price List, by region: a day's work for AWS, so kept."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fe2tui.model.fleet import Prices
from fe2tui.store.database import Database
from fe2tui.store.encoding import decode, encode, maybe_micros, maybe_moment


class PriceCache:
    """The latest prices of each region. Whether they are too old is for the reader to judge, by ``read_at``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, region: str, prices: Prices) -> None:
        """Keep them in place of the earlier ones. Spot prices are not kept here: they are of their moment."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO prices (region, read_at, body) VALUES (?, ?, ?)",
                (region, maybe_micros(prices.read_at), encode(written(prices))),
            )

    def get(self, region: str) -> Prices | None:
        """The prices that were kept for a region."""
        for (body,) in self._database.read("SELECT body FROM prices WHERE region = ?", (region,)):
            return read(decode(body))
        return None


def written(prices: Prices) -> dict[str, Any]:
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


def read(kept: Any) -> Prices:
    """What was ``written``; or by the first version of this program, as a list of two.

    That one did not ask for all that there is: without ``read_at``, its prices stand only until they are read anew.
    """
    if not isinstance(kept, dict):
        on_demand, storage = kept
        return Prices(on_demand=dollars(on_demand), storage=dollars(storage))
    snapshot = kept["snapshot"]
    return Prices(
        on_demand=dollars(kept["on_demand"]),
        storage=dollars(kept["storage"]),
        read_at=maybe_moment(kept["read_at"]),
        iops=dollars(kept["iops"]),
        throughput=dollars(kept["throughput"]),
        snapshot=None if snapshot is None else Decimal(snapshot),
        several=frozenset(kept["several"]),
    )


def dollars(kept: Mapping[str, Any]) -> dict[str, Decimal]:
    """Amounts that were written as text."""
    return {key: Decimal(amount) for key, amount in kept.items()}
