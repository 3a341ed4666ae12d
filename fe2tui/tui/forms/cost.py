"""What the region costs: now, today, this month, and a month if all is left as it is; row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import ClassVar

from textual.containers import VerticalScroll
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.model.fleet import Fleet
from fe2tui.model.money import AccountCost, account_cost
from fe2tui.model.words import dollars
from fe2tui.paths import sheets_folder
from fe2tui.tui.forms.cost_rows import CostRows
from fe2tui.tui.forms.form import DIM, Form, shown
from fe2tui.tui.widgets.table import Table

AGAIN = 5.0  # seconds until it is added up anew
SMALL = 500  # instances that are added up at once


class CostSheet(Form[None]):
    """Shows the account's costs, and goes on doing so while it is open."""

    CSS_PATH: ClassVar[CSSPathType | None] = [sheets_folder() / "forms.tcss", sheets_folder() / "cost.tcss"]
    AUTO_FOCUS: ClassVar[str | None] = "#costs"

    def __init__(self, fleet: Callable[[], Fleet | None], clock: Callable[[], datetime], *, where: str) -> None:
        """``fleet`` gives the newest; ``where`` names the region."""
        super().__init__(f"Costs in {where}")
        self._fleet = fleet
        self._clock = clock
        self._is_adding = False
        self.table: Table | None = None

    def compose(self) -> Iterator[Widget]:
        """The sums; the table comes when it has been added up; then what is missing."""
        yield from self.framed(
            Static(id="sums"),
            VerticalScroll(Static(id="missing"), id="footnotes"),
            classes="-cost",
        )

    async def on_mount(self) -> None:
        """Add up now, and again and again."""
        await self._add_up()
        self.set_interval(AGAIN, self._add_up)

    async def _add_up(self) -> None:
        fleet = self._fleet()
        if fleet is None or self._is_adding:
            return
        self._is_adding = True
        try:
            if len(fleet.instances) > SMALL:
                account = await asyncio.to_thread(account_cost, fleet, self._clock())
            else:
                account = account_cost(fleet, self._clock())
            await self._show(account)
        finally:
            self._is_adding = False

    async def _show(self, account: AccountCost) -> None:
        rows = CostRows(account)
        if self.table is None:
            self.table = Table(rows, id="costs")
            await self.query_one("#frame").mount(self.table, after="#sums")
            self.table.focus()
        self.table.show(rows)
        self.query_one("#sums", Static).update(_sums(account))
        self.query_one("#missing", Static).update(Content("\n").join(_footnotes(account)))

    def action_submit(self) -> None:
        """There is nothing to answer."""


def _sums(account: AccountCost) -> Content:
    now = account.at.astimezone(UTC)
    counted = [row for row in account.rows if not row.at_most]
    hour, today, month = (
        any(row.hour_parts.unknown for row in counted),
        any(row.today_parts.unknown for row in counted),
        any(row.month_parts.unknown for row in counted),
    )
    parts = [
        (account.per_hour, hour, 3, "an hour"),
        (account.today, today, 2, "today"),
        (account.month, month, 2, f"in {now:%b}"),
        (account.per_month, hour, 2, "a month if left as it is"),
    ]
    said = [
        Content.assemble((f"{'≥' if in_part else ''}{dollars(amount, places, sign='$')}", "bold"), " ", (words, DIM))
        for amount, in_part, places, words in parts
    ]
    if account.snapshots_per_month:
        most = dollars(account.snapshots_per_month, sign="$")
        said.append(Content.assemble(("snapshots ≤ ", DIM), (most, "bold"), (" a month", DIM)))
    return Content(" · ").join(said)


def _footnotes(account: AccountCost) -> Iterator[Content]:
    for sentence in account.missing:
        yield shown(sentence, DIM)
    yield shown("Days and months are UTC's, as on AWS's bill; a month ahead has 730 hours.", DIM)
