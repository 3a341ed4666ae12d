"""The account's costs as rows and sums."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from fe2tui.model.money.calendar import month_start
from fe2tui.model.money.now import HOURS_A_MONTH
from fe2tui.model.words import DASH, dollars, table, visible

_NOTHING = Decimal(0)
_HEADS = ("NAME", "WHAT", "$/H", "TODAY", "THIS MONTH", "$/MONTH IF LEFT")
_PARTS = ("machine", "disk", "address", "snapshots")

Kind = Literal["instance", "disk", "address", "snapshots"]


class Amounts(NamedTuple):
    """Dollars by what they are for, as far as they are known; ``unknown`` names the parts of which some is not."""

    machine: Decimal = _NOTHING
    disk: Decimal = _NOTHING
    address: Decimal = _NOTHING
    snapshots: Decimal = _NOTHING
    unknown: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """``machine $0.096, disk unknown``."""
        parts = ((part, getattr(self, part), part in self.unknown) for part in _PARTS)
        words = [
            f"{part} {'unknown' if unknown else _money(amount, 3)}"
            for part, amount, unknown in parts
            if amount or unknown
        ]
        return ", ".join(words) or "nothing"

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

    def __repr__(self) -> str:
        """``base (m5.large running): 0.110 an hour, 1.20 today, 8.03 this month``, in dollars."""
        name, what, hour, today, month, _ = self.cells()
        return f"{visible(name)} ({visible(what)}): {hour} an hour, {today} today, {month} this month"

    def cells(self) -> tuple[str, ...]:
        """The row as text, as ``fe2 cost`` prints it."""
        return (
            self.label,
            self.what,
            self._cell(self.hour_parts, 3),
            self._cell(self.today_parts),
            self._cell(self.month_parts),
            self._cell(self.hour_parts, times=HOURS_A_MONTH),
        )

    def _cell(self, amounts: Amounts, places: int = 2, times: int = 1) -> str:
        if amounts.unknown and not amounts.known:
            return DASH
        limit = "≤" if self.at_most else "≥" if amounts.unknown else ""
        return f"{limit}{dollars(amounts.known * times, places)}"

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
    Printed, it is the text of ``fe2 cost``.
    """

    at: datetime
    per_hour: Decimal
    per_month: Decimal
    today: Decimal
    month: Decimal
    rows: tuple[CostRow, ...] = ()
    missing: tuple[str, ...] = ()
    snapshots_per_month: Decimal | None = _NOTHING

    def __repr__(self) -> str:
        """``$0.419 an hour; $1.20 today, $8.03 this month; $306.00 a month if left as it is``."""
        spent = f"{_money(self.today)} today, {_money(self.month)} this month"
        return f"{_money(self.per_hour, 3)} an hour; {spent}; {_money(self.per_month)} a month if left as it is"

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """The sums, the table of the rows, and what is missing."""
        began = month_start(self.at)
        yield f"Now         {_money(self.per_hour, 3)} an hour; {_money(self.per_month)} a month if left as it is"
        yield f"Today       {_money(self.today)} since midnight UTC"
        yield f"This month  {_money(self.month)} since {began.day} {began:%B} UTC"
        if self.snapshots_per_month is None or self.snapshots_per_month:
            yield f"Snapshots   at most {_money(self.snapshots_per_month)} a month, in no other sum"
        if self.rows:
            yield ""
            yield from table(_HEADS, (row.cells() for row in self.rows), right=_HEADS[2:])
        if self.missing:
            yield ""
            yield from map(visible, self.missing)


def _money(amount: Decimal | None, places: int = 2) -> str:
    return dollars(amount, places, sign="$")
