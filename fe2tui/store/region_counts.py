"""What was counted last in each region of an account."""

from __future__ import annotations

from decimal import Decimal

from fe2tui.model.other_regions import RegionCount
from fe2tui.store.database import Database
from fe2tui.store.encoding import from_micros, to_micros


class RegionCountTable:
    """One count a region. ``account`` is the account's number, or what stands for it while that is not known."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, account: str, endpoint: str, count: RegionCount) -> None:
        """Replace the count of a region."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO region_counts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    account,
                    endpoint,
                    count.region,
                    to_micros(count.at),
                    count.running,
                    str(count.per_hour),
                    int(count.is_partial),
                    count.denied,
                ),
            )

    def get(self, account: str, endpoint: str) -> list[RegionCount]:
        """The counts of an account, by region."""
        rows = self._database.read(
            "SELECT region, at, running, per_hour, is_partial, denied FROM region_counts"
            " WHERE account = ? AND endpoint = ? ORDER BY region",
            (account, endpoint),
        )
        return [
            RegionCount(region, from_micros(at), running, Decimal(per_hour), bool(is_partial), denied)
            for region, at, running, per_hour, is_partial, denied in rows
        ]
