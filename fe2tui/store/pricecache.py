"""Prices that were read from the Price List, by region: a day's work for AWS, so kept."""

from __future__ import annotations

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
                (region, maybe_micros(prices.read_at), encode([prices.on_demand, prices.storage])),
            )

    def get(self, region: str) -> Prices | None:
        """The prices that were kept for a region."""
        for read_at, body in self._database.read("SELECT read_at, body FROM prices WHERE region = ?", (region,)):
            on_demand, storage = decode(body)
            return Prices(on_demand=_dollars(on_demand), storage=_dollars(storage), read_at=maybe_moment(read_at))
        return None


def _dollars(kept: dict[str, Any]) -> dict[str, Decimal]:
    return {key: Decimal(amount) for key, amount in kept.items()}
