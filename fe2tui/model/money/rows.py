"""The account's costs as rows and sums."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from fe2tui.model.money.now import HOURS_A_MONTH

_NOTHING = Decimal(0)

Kind = Literal["instance", "disk", "address", "snapshots"]


class Amounts(NamedTuple):
    """Dollars by what they are for, as far as they are known; ``unknown`` names the parts of which some is not."""

    machine: Decimal = _NOTHING
    disk: Decimal = _NOTHING
    address: Decimal = _NOTHING
    snapshots: Decimal = _NOTHING
    unknown: frozenset[str] = frozenset()

    @property
    def known(self) -> Decimal:
        """The sum of what is known."""
        return self.machine + self.disk + self.address + self.snapshots

    @property
    def total(self) -> Decimal | None:
        """The sum, or None when something in it is not known."""
        return None if self.unknown else self.known


class CostRow(NamedTuple):
    """One thing that costs money, or did this month: an instance with its disks and address, an unattached disk, …

    ``at_most``: the amounts are the most it can cost, and are in no sum of the account. ``label`` and ``what`` have
    foreign text in them.
    """

    kind: Kind
    id: str
    label: str
    what: str
    hour_parts: Amounts
    today_parts: Amounts
    month_parts: Amounts
    at_most: bool = False

    @property
    def per_hour(self) -> Decimal | None:
        """Dollars an hour now; None when a part is not known."""
        return self.hour_parts.total

    @property
    def per_month(self) -> Decimal | None:
        """Dollars in a month of 730 hours, if left as it is; None when a part is not known."""
        return None if self.per_hour is None else self.per_hour * HOURS_A_MONTH

    @property
    def today(self) -> Decimal | None:
        """Dollars since midnight UTC; None when a part is not known."""
        return self.today_parts.total

    @property
    def month(self) -> Decimal | None:
        """Dollars since the first of the month, UTC; None when a part is not known."""
        return self.month_parts.total


class AccountCost(NamedTuple):
    """What a region of an account costs, in dollars, at a moment; days and months are UTC's, as AWS bills.

    ``per_hour`` is the present rate, ``per_month`` a month of 730 hours if all is left as it is, ``today`` and
    ``month`` what was spent so far, as far as it was seen. They are the sums of what is known in the rows, those
    ``at_most`` left out: ``snapshots_per_month`` is theirs. ``missing`` says in sentences what is not in, or not known.
    """

    at: datetime
    per_hour: Decimal
    per_month: Decimal
    today: Decimal
    month: Decimal
    rows: tuple[CostRow, ...] = ()
    missing: tuple[str, ...] = ()
    snapshots_per_month: Decimal | None = _NOTHING
