"""The costs of the region: now, today, this month, and a month ahead, row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from textual.containers import VerticalScroll
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.model.fleet import Fleet
from fe2tui.model.money.account import AccountCost, Amounts, account_cost
from fe2tui.model.money.rates import HOURS_A_MONTH
from fe2tui.model.text import DASH, dollars, visible
from fe2tui.paths import stylesheets_folder
from fe2tui.tui.forms.form import DIM, Form, safe_content
from fe2tui.tui.widgets.grid import Cell, Column, ColumnLayout, NameWidths, fit_columns
from fe2tui.tui.widgets.table import Table

TOTAL_ROW_ID = "all"
_HALF_A_CENT = Decimal("0.005")
_SIGNS: Mapping[str, Cell] = {
    "instance": ("▪", "accent"),
    "disk": ("▫", "moving"),
    "address": ("▫", "moving"),
    "snapshots": ("▫", "dim"),
}


@dataclass(frozen=True, slots=True)
class _CostLine:
    """One row. ``at_most``: its amounts are upper bounds."""

    label: str
    what: str
    hour: Amounts
    today: Amounts
    month: Amounts
    style: str
    at_most: bool = False


def _cost_lines(account: AccountCost) -> Mapping[str, _CostLine]:
    counted = [row for row in account.rows if not row.at_most]
    lines = {}
    lines[TOTAL_ROW_ID] = _CostLine(
        "total",
        "of what is known",
        _sum_amounts(row.hour_parts for row in counted),
        _sum_amounts(row.today_parts for row in counted),
        _sum_amounts(row.month_parts for row in counted),
        "strong",
    )
    for row in account.rows:
        hour, month = row.hour_parts, row.month_parts
        if hour.known or hour.unknown or month.unknown or month.known >= _HALF_A_CENT:
            style = "text" if hour.known and not row.at_most else "dim"
            lines[f"{row.kind} {row.id}"] = _CostLine(
                row.label, row.what, hour, row.today_parts, month, style, row.at_most
            )
    return lines


def _sum_amounts(amounts: Iterable[Amounts]) -> Amounts:
    some = list(amounts)
    return Amounts(
        sum((it.machine for it in some), Decimal(0)),
        sum((it.disk for it in some), Decimal(0)),
        sum((it.address for it in some), Decimal(0)),
        unknown=frozenset().union(*(it.unknown for it in some)),
    )


def _amount_cell(known: Decimal, is_unknown: bool, line: _CostLine, places: int = 2) -> Cell:
    """An amount, with ``≤`` for an upper bound and ``≥`` if a part of it is unknown."""
    if is_unknown and not known:
        return DASH, "dim"
    limit = "≤" if line.at_most else "≥" if is_unknown else ""
    return f"{limit}{dollars(known, places)}", line.style


def _total_cell(amounts: Amounts, line: _CostLine, places: int = 2, times: int = 1) -> Cell:
    return _amount_cell(amounts.known * times, bool(amounts.unknown), line, places)


def cost_columns(month: str) -> tuple[Column[_CostLine, None], ...]:
    def part_column(part: str, title: str, width: int) -> Column[_CostLine, None]:
        def cell(line: _CostLine, _: None) -> Cell:
            amount, is_unknown = getattr(line.month, part), part in line.month.unknown
            return _amount_cell(amount, is_unknown, line) if amount or is_unknown else ("", "dim")

        return Column(part, f"{month} {title}".upper(), width, cell, rank=3, is_right_aligned=True)

    return (
        Column("name", "NAME", 14, lambda it, _: (visible(it.label), it.style), is_flexible=True),
        Column("what", "WHAT", 26, lambda it, _: (visible(it.what), "dim"), rank=2),
        Column("hour", "$/H", 8, lambda it, _: _total_cell(it.hour, it, 3), is_right_aligned=True),
        Column("today", "TODAY", 8, lambda it, _: _total_cell(it.today, it), rank=1, is_right_aligned=True),
        Column("month", f"IN {month.upper()}", 10, lambda it, _: _total_cell(it.month, it), is_right_aligned=True),
        Column(
            "left", "$/MONTH", 10, lambda it, _: _total_cell(it.hour, it, times=HOURS_A_MONTH), 1, is_right_aligned=True
        ),
        part_column("machine", "instance", 12),
        part_column("disk", "disks", 9),
        part_column("address", "IPv4", 8),
    )


class CostRows:
    def __init__(self, account: AccountCost) -> None:
        self._lines = _cost_lines(account)
        self._columns = cost_columns(f"{account.at:%b}")
        # No amount is longer than the total, except amounts that are not part of it.
        longest = [line for key, line in self._lines.items() if key == TOTAL_ROW_ID or line.at_most]
        self._widths = {
            column.id: max(len(column.cell(line, None)[0]) for line in longest)
            for column in self._columns
            if column.is_right_aligned
        }
        self.ids: Sequence[str] = list(self._lines)
        self.row_numbers: Mapping[str, int] = {row_id: number for number, row_id in enumerate(self.ids)}

    def layout(self, width: int) -> ColumnLayout:
        return fit_columns(self._columns, width, self._widths, name_widths=NameWidths(10, 12, 20))

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        line = self._lines[row_id]
        sign = _SIGNS.get(row_id.partition(" ")[0], ("Σ", "strong"))
        return sign, [column.cell(line, None) for column in columns]


UPDATE_SECONDS = 5.0  # seconds between two updates
SMALL_FLEET = 500  # instances up to which the costs are computed without a thread


class CostForm(Form[None]):
    """Shows the costs of the region, and updates them while it is open."""

    TYPED_AHEAD = "all"
    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheets_folder() / "forms.tcss", stylesheets_folder() / "cost.tcss"]
    AUTO_FOCUS: ClassVar[str | None] = "#costs"

    def __init__(
        self,
        fleet: Callable[[], Fleet | None],
        clock: Callable[[], datetime],
        *,
        where: str,
        cost: Callable[[Fleet, datetime], AccountCost] = account_cost,
    ) -> None:
        """``fleet`` returns the newest fleet, ``cost`` its costs; ``where`` names the region."""
        super().__init__(f"Costs in {where}")
        self._fleet = fleet
        self._clock = clock
        self._cost = cost
        self._is_computing = False
        self.table: Table | None = None

    def compose(self) -> Iterator[Widget]:
        yield from self.compose_frame(
            Static(id="sums"),
            VerticalScroll(Static(id="missing"), id="footnotes"),
            classes="-cost",
        )

    async def on_mount(self) -> None:
        await self._update_costs()
        self.set_interval(UPDATE_SECONDS, self._update_costs)

    async def _update_costs(self) -> None:
        fleet = self._fleet()
        if fleet is None or self._is_computing:
            return
        self._is_computing = True
        try:
            if len(fleet.instances) > SMALL_FLEET:
                account = await asyncio.to_thread(self._cost, fleet, self._clock())
            else:
                account = self._cost(fleet, self._clock())
            if self.is_active:  # else it was left meanwhile
                await self._show_costs(account)
        finally:
            self._is_computing = False

    async def _show_costs(self, account: AccountCost) -> None:
        rows = CostRows(account)
        if self.table is None:
            self.table = Table(rows, id="costs")
            await self.query_one("#frame").mount(self.table, after="#sums")
            self.table.focus()
        self.table.show(rows)
        self.query_one("#sums", Static).update(_totals_content(account))
        self.query_one("#missing", Static).update(Content("\n").join(_footnotes(account)))


def _totals_content(account: AccountCost) -> Content:
    now = account.at.astimezone(UTC)
    words = ("an hour", "today", f"in {now:%b}", "a month at this rate")
    parts_of_line = [
        Content.assemble((amount, "bold"), " ", (what, DIM))
        for amount, what in zip(account.texts(), words, strict=True)
    ]
    if account.snapshots_per_month:
        most = dollars(account.snapshots_per_month, sign="$")
        parts_of_line.append(Content.assemble(("snapshots ≤ ", DIM), (most, "bold"), (" a month", DIM)))
    return Content(" · ").join(parts_of_line)


def _footnotes(account: AccountCost) -> Iterator[Content]:
    for sentence in account.missing:
        yield safe_content(sentence, DIM)
    yield safe_content("Days and months are in UTC, as on AWS's bill; $/MONTH is for 730 hours.", DIM)
