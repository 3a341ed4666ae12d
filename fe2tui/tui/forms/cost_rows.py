"""The rows of the cost sheet: the whole first, then what it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fe2tui.model.money import HOURS_A_MONTH, AccountCost, Amounts, CostRow
from fe2tui.model.words import DASH, dollars, visible
from fe2tui.tui.widgets.grid import Cell, Column, Layout, Names, fit

ALL = "all"
_HALF_A_CENT = Decimal("0.005")
_SIGNS: Mapping[str, Cell] = {
    "instance": ("▪", "accent"),
    "disk": ("▫", "moving"),
    "address": ("▫", "moving"),
    "snapshots": ("▫", "dim"),
}


@dataclass(frozen=True, slots=True)
class _Line:
    """What stands in a row; ``limit`` is before its amounts: at most, or at least."""

    label: str
    what: str
    hour: Amounts
    today: Amounts
    month: Amounts
    ink: str
    at_most: bool = False


def _lines(account: AccountCost) -> Mapping[str, _Line]:
    counted = [row for row in account.rows if not row.at_most]
    whole = _Line(
        "altogether",
        "as far as it is known",
        _sum(row.hour_parts for row in counted),
        _sum(row.today_parts for row in counted),
        _sum(row.month_parts for row in counted),
        "strong",
    )
    return {ALL: whole, **{f"{row.kind} {row.id}": _line(row) for row in account.rows if not _is_nothing(row)}}


def _is_nothing(row: CostRow) -> bool:
    """Whether it costs nothing any more, and was less than half a cent."""
    parts = (row.hour_parts, row.month_parts)
    return not row.hour_parts.known and row.month_parts.known < _HALF_A_CENT and not any(it.unknown for it in parts)


def _line(row: CostRow) -> _Line:
    ink = "text" if row.hour_parts.known and not row.at_most else "dim"
    return _Line(row.label, row.what, row.hour_parts, row.today_parts, row.month_parts, ink, row.at_most)


def _sum(many: Any) -> Amounts:
    some: Sequence[Amounts] = list(many)
    return Amounts(
        sum((it.machine for it in some), Decimal(0)),
        sum((it.disk for it in some), Decimal(0)),
        sum((it.address for it in some), Decimal(0)),
        unknown=frozenset().union(*(it.unknown for it in some)),
    )


def _amount(known: Decimal, is_unknown: bool, line: _Line, places: int = 2) -> Cell:
    """An amount; with what is only known in part, or at most, said before it."""
    if is_unknown and not known:
        return DASH, "dim"
    limit = "≤" if line.at_most else "≥" if is_unknown else ""
    return f"{limit}{dollars(known, places)}", line.ink


def _whole(amounts: Amounts, line: _Line, places: int = 2, times: int = 1) -> Cell:
    return _amount(amounts.known * times, bool(amounts.unknown), line, places)


def _part(name: str, amount: Decimal, line: _Line) -> Cell:
    cell = _amount(amount, name in line.month.unknown, line)
    return cell if amount or name in line.month.unknown else ("", "dim")


def columns(month: str) -> tuple[Column[_Line, None], ...]:
    """The columns; ``month`` is the present one's name."""
    return (
        Column("name", "NAME", 14, lambda it, _: (visible(it.label), it.ink), stretches=True),
        Column("what", "WHAT", 26, lambda it, _: (visible(it.what), "dim"), rank=2),
        Column("hour", "$/H", 8, lambda it, _: _whole(it.hour, it, 3), right=True),
        Column("today", "TODAY", 8, lambda it, _: _whole(it.today, it), rank=1, right=True),
        Column("month", f"IN {month.upper()}", 10, lambda it, _: _whole(it.month, it), right=True),
        Column("left", "$/MONTH", 10, lambda it, _: _whole(it.hour, it, times=HOURS_A_MONTH), rank=1, right=True),
        Column(
            "machine",
            f"{month} MACHINE".upper(),
            11,
            lambda it, _: _part("machine", it.month.machine, it),
            rank=3,
            right=True,
        ),
        Column("disk", f"{month} DISKS".upper(), 9, lambda it, _: _part("disk", it.month.disk, it), rank=3, right=True),
        Column(
            "address",
            f"{month} IPV4".upper(),
            8,
            lambda it, _: _part("address", it.month.address, it),
            rank=3,
            right=True,
        ),
    )


class CostRows:
    """An account's costs as rows of a table."""

    def __init__(self, account: AccountCost) -> None:
        self._lines = _lines(account)
        self._columns = columns(f"{account.at:%b}")
        # no amount is longer than that of the whole, but for those that are not in it
        longest = [line for key, line in self._lines.items() if key == ALL or line.at_most]
        self._widths = {
            column.id: max(len(column.cell(line, None)[0]) for line in longest)
            for column in self._columns
            if column.right
        }
        self.ids: Sequence[str] = list(self._lines)
        self.rows: Mapping[str, int] = {row_id: place for place, row_id in enumerate(self.ids)}

    def layout(self, width: int) -> Layout:
        """The columns for a width."""
        return fit(self._columns, width, self._widths, names=Names(10, 12, 20))

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of a row."""
        line = self._lines[row_id]
        sign = _SIGNS.get(row_id.partition(" ")[0], ("Σ", "strong"))
        return sign, [column.cell(line, None) for column in columns]
