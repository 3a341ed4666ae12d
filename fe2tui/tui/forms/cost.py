"""The costs of the region: now, today, this month, and a month ahead, row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partialmethod
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from textual import on
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.model.cost_filter import COST_LANGUAGE, COST_SORTS, CostFilter
from fe2tui.model.filters import filter_and_sort
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import State
from fe2tui.model.money.account import AccountCost, Amounts, CostRow, account_cost
from fe2tui.model.money.rates import HOURS_A_MONTH
from fe2tui.model.other_regions import Elsewhere
from fe2tui.model.text import DASH, dollars, plural, visible
from fe2tui.paths import stylesheets_folder
from fe2tui.tui.commands import COMMANDS_BY_ID, key_label
from fe2tui.tui.forms.form import DIM, Form, dim, safe_content
from fe2tui.tui.forms.picker import sort_picker
from fe2tui.tui.list_model import NO_FILTER
from fe2tui.tui.widgets.filter_bar import FilterBar
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
_FILTER_EXAMPLE = "words  tag:env=prod  kind:disk  cost>0.1  month>50  spent>20  -not"


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


def row_id_of(row: CostRow) -> str:
    return f"{row.kind} {row.id}"


def _is_worth_a_row(row: CostRow) -> bool:
    hour, month = row.hour_parts, row.month_parts
    return bool(hour.known or hour.unknown or month.unknown or month.known >= _HALF_A_CENT)


def _total_line(rows: Sequence[CostRow], of_how_many: int) -> _CostLine:
    counted = [row for row in rows if not row.at_most]
    is_all = len(rows) == of_how_many
    return _CostLine(
        "total",
        "of what is known" if is_all else f"of {len(rows):,} of {plural(of_how_many, 'row')}",
        _sum_amounts(row.hour_parts for row in counted),
        _sum_amounts(row.today_parts for row in counted),
        _sum_amounts(row.month_parts for row in counted),
        "strong",
    )


def _cost_line(row: CostRow) -> _CostLine:
    style = "text" if row.hour_parts.known and not row.at_most else "dim"
    return _CostLine(row.label, row.what, row.hour_parts, row.today_parts, row.month_parts, style, at_most=row.at_most)


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
    if is_unknown and not known.quantize(Decimal(1).scaleb(-places)):
        return DASH, "dim"
    limit = "≤" if line.at_most else "≥" if is_unknown else ""
    return f"{limit}{dollars(known, places)}", line.style


def _total_cell(amounts: Amounts, line: _CostLine, places: int = 2, times: int = 1) -> Cell:
    return _amount_cell(amounts.known * times, bool(amounts.unknown), line, places)


def cost_columns(month: str) -> tuple[Column[_CostLine, None], ...]:
    """The columns; each is wide enough for the sign of the order beside its title."""

    def dollars_column(
        id: str, title: str, width: int, cell: Callable[[_CostLine, None], Cell], sort: str, rank: int = 0
    ) -> Column[_CostLine, None]:
        return Column(id, title, width, cell, rank, is_right_aligned=True, sort=sort)

    def part_column(part: str, title: str, width: int) -> Column[_CostLine, None]:
        def cell(line: _CostLine, _: None) -> Cell:
            amount, is_unknown = getattr(line.month, part), part in line.month.unknown
            return _amount_cell(amount, is_unknown, line) if amount or is_unknown else ("", "dim")

        return dollars_column(part, f"{month} {title}".upper(), width, cell, part, rank=3)

    return (
        Column("name", "NAME", 14, lambda it, _: (visible(it.label), it.style), is_flexible=True, sort="name"),
        Column("what", "WHAT", 26, lambda it, _: (visible(it.what), "dim"), rank=2, sort="kind"),
        dollars_column("hour", "$/H", 8, lambda it, _: _total_cell(it.hour, it, 3), "hour"),
        dollars_column("today", "TODAY", 8, lambda it, _: _total_cell(it.today, it), "today", rank=1),
        dollars_column("month", f"IN {month.upper()}", 10, lambda it, _: _total_cell(it.month, it), "month"),
        dollars_column(
            "left", "$/MONTH", 10, lambda it, _: _total_cell(it.hour, it, times=HOURS_A_MONTH), "hour", rank=1
        ),
        part_column("machine", "instance", 13),
        part_column("disk", "disks", 10),
        part_column("address", "IPv4", 9),
    )


class CostRows:
    """The rows that a table shows, filtered and sorted; the total of these rows is the first. ``shown`` has them."""

    def __init__(
        self, account: AccountCost, query: CostFilter = NO_FILTER, sort: str = "kind", descending: bool = False
    ) -> None:
        worthy = [row for row in account.rows if _is_worth_a_row(row)]
        shown = filter_and_sort(worthy, None, query, COST_SORTS[sort], descending, row_id_of)
        self.shown: Mapping[str, CostRow] = {row_id_of(row): row for row in shown}
        counted = [row for row in account.rows if query.matches(row, None)]
        self._lines = {
            TOTAL_ROW_ID: _total_line(counted, len(account.rows)),
            **{row_id: _cost_line(row) for row_id, row in self.shown.items()},
        }
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
        names = NameWidths(10, 12, 20)
        return fit_columns(self._columns, width - 1, self._widths, names, min_gap=2)  # a space before the scrollbar

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        line = self._lines[row_id]
        sign = _SIGNS.get(row_id.partition(" ")[0], ("Σ", "strong"))
        return sign, [column.cell(line, None) for column in columns]


class CostView(NamedTuple):
    """What the form shows when a key is pressed: the selected row, the costs of the rows shown, and their cells.

    ``row`` is None for the total.
    """

    row: CostRow | None
    account: AccountCost
    fleet: Fleet
    titles: Sequence[str]
    cells: Sequence[Sequence[str]]


UPDATE_SECONDS = 5.0  # seconds between two updates
SMALL_FLEET = 500  # instances up to which the costs are computed without a thread
_INSTANCE_COMMANDS = ("connect", "stop_or_start", "reboot", "freeze", "change_type", "keep", "copy", "terminate")
_IMAGE_COMMANDS = ("launch", "copy", "terminate")
_ROW_COMMANDS: Mapping[str, Sequence[str]] = {
    "instance": _INSTANCE_COMMANDS,
    "snapshots": _IMAGE_COMMANDS,
    "disk": ("copy",),
    "address": ("copy", "terminate"),
}
"""The commands whose keys act on a row, by its kind."""

_OWN_COMMANDS = ("open", "filter", "sort", "export", "cost", "region")


class CostForm(Form[str]):
    """Shows the costs of the region, and updates them while it is open.

    Answers with the id of the instance or image to go to, or None. The keys of the dashboard's commands do here what
    they do there; those that act on a row are handed to ``perform``.
    """

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
        keys: Mapping[str, str] = MappingProxyType({}),
        perform: Callable[[str, CostView], bool] = lambda command_id, view: False,
        tell: Callable[[str], None] = lambda text: None,
        filter_text: str = "",
        elsewhere: Callable[[], Elsewhere | None] = lambda: None,
    ) -> None:
        """``fleet`` returns the newest fleet, ``cost`` its costs; ``where`` names the region.

        ``keys`` are those of the commands that have others than their own. ``perform`` gets a command's id, and returns
        whether the form has to close for it. ``tell`` shows a toast; ``filter_text`` is the filter at first.
        ``elsewhere`` returns what was counted in other regions.
        """
        super().__init__(f"Costs in {where}")
        self._fleet = fleet
        self._clock = clock
        self._cost = cost
        self._keys = keys
        self._perform = perform
        self._tell = tell
        self._elsewhere = elsewhere
        self._is_computing = False
        self._account: AccountCost | None = None
        self._shown_fleet: Fleet | None = None
        self._query: CostFilter = COST_LANGUAGE.parse(filter_text) if filter_text else NO_FILTER
        self._order = ("kind", False)
        self.rows: CostRows | None = None
        self.table: Table | None = None

    def compose(self) -> Iterator[Widget]:
        yield from self.compose_frame(
            Static(id="sums"),
            Static(id="about"),
            VerticalScroll(Static(id="missing"), id="footnotes"),
            classes="-cost",
        )

    async def on_mount(self) -> None:
        bindings = (
            Binding(key, f"command({command_id!r})", show=False)
            for command_id in dict.fromkeys((*_OWN_COMMANDS, *_INSTANCE_COMMANDS, *_IMAGE_COMMANDS))
            if (key := self._key(command_id))
        )
        for binding in Binding.make_bindings(bindings):  # which knows / as slash
            self._bindings.bind(binding.key, binding.action, show=False)
        await self._update_costs()
        if self._query.tests:
            await self._show_filter_bar()
        self.set_interval(UPDATE_SECONDS, self._update_costs)

    def _key(self, command_id: str) -> str:
        return self._keys.get(command_id, COMMANDS_BY_ID[command_id].key)

    def extra_keys(self) -> Sequence[tuple[str, str, str]]:
        row = self.selected
        words = [("open", "Go to", "go_to")] if row is not None and self._place_of(row)[0] else []
        if row is not None and (verb := self._removal_of(row)):
            words.append(("terminate", verb, "remove"))
        words += [("sort", "Sort", "sort"), ("filter", "Filter", "filter"), ("export", "Export", "export")]
        return [
            (key_label(key).replace("[", r"\["), word, action)
            for command_id, word, action in words
            if (key := self._key(command_id))
        ]

    def _removal_of(self, row: CostRow) -> str:
        """What X does to a row; empty for nothing."""
        place, reason = self._place_of(row)
        if row.kind == "address":
            return "Release" if reason else ""
        return {"instance": "Terminate", "snapshots": "Deregister"}.get(row.kind, "") if place else ""

    # What is shown

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
            if self.is_attached:  # else it was left meanwhile
                self._account, self._shown_fleet = account, fleet
                if self.table is None:
                    self.table = Table(CostRows(account), id="costs")
                    await self.query_one("#frame").mount(self.table, before="#about")
                    self.table.focus()
                self._show_costs()
        finally:
            self._is_computing = False

    def _show_costs(self) -> None:
        account, table = self._account, self.table
        if account is None or table is None:
            return
        self.rows = CostRows(account, self._query, *self._order)
        table.sorted_by = self._order
        table.show(self.rows)
        self.query_one("#sums", Static).update(_totals_content(account))
        self.query_one("#missing", Static).update(Content("\n").join(self._footnotes(account)))
        self._show_selected()

    def _footnotes(self, account: AccountCost) -> Iterator[Content]:
        elsewhere = self._elsewhere()
        if elsewhere is not None:
            key = key_label(self._key("region"))
            yield safe_content(
                f"Elsewhere: {elsewhere.sentence(account.at)}{f'; {key} goes there' if key else ''}.", DIM
            )
        for sentence in account.missing:
            yield safe_content(sentence, DIM)
        yield safe_content("Days and months are in UTC, as on AWS's bill; $/MONTH is for 730 hours.", DIM)

    @property
    def selected(self) -> CostRow | None:
        """The row under the cursor; None for the total."""
        if self.table is None or self.rows is None or self.table.cursor_id is None:
            return None
        return self.rows.shown.get(self.table.cursor_id)

    @on(Table.CursorMoved)
    def _show_selected(self) -> None:
        row = self.selected
        self.query_one("#about", Static).update(dim(self._description(row)) if row is not None else Content(""))
        self.write_key_hints()

    def _description(self, row: CostRow) -> str:
        tags = ", ".join(f"{key}={value}" for key, value in sorted(row.tags.items()) if key != "Name")
        parts = [row.id, row.what, *([tags] if tags else [])]
        if reason := self._place_of(row)[1]:
            parts.append(reason)
        return visible(" · ".join(part for part in parts if part))

    def _place_of(self, row: CostRow) -> tuple[str, str]:
        """The id of the instance or image to go to; where there is none, the reason, and what can be done."""
        fleet = self._shown_fleet
        if fleet is None:
            return "", ""
        if row.kind == "instance":
            found = fleet.instances.get(row.id)
            return (row.id, "") if found is not None else ("", "AWS no longer shows it.")
        if row.kind == "snapshots":
            if row.id in fleet.images:
                return row.id, ""
            return "", "fe2tui does not list snapshots of no image: the AWS console does."
        if row.kind == "address":
            if any(one.id == row.id for one in fleet.idle_addresses):
                key = key_label(self._key("terminate"))
                return "", f"It is associated with nothing: {key} releases it." if key else ""
            return "", ""
        volume = fleet.volumes.get(row.id)
        if volume is None:
            return "", "It is deleted."
        for instance in fleet.instances.values():
            if instance.state is not State.TERMINATED and any(one.volume_id == row.id for one in instance.attachments):
                return instance.id, ""
        region = fleet.location.region
        command = f"aws ec2 delete-volume --region {region} --volume-id {row.id}"
        return "", f"It is attached to nothing. This deletes it with its data: {command}"

    # Keys

    async def action_command(self, command_id: str) -> None:
        row = self.selected
        if command_id == "cost":
            self.dismiss(None)
        elif command_id == "filter":
            (await self._show_filter_bar()).focus_input()
        elif command_id == "sort":
            self.app.push_screen(sort_picker(COST_SORTS.values(), self._order[0]), self._sort_by)
        elif command_id in ("export", "region"):
            self._hand_over(command_id)
        elif row is None:
            self._tell("This is the total: select a row first.")
        elif command_id == "open":
            place, reason = self._place_of(row)
            if place:
                self.dismiss(place)
            elif reason:
                self._tell(f"{visible(row.label)}: {reason}")
        elif row.kind in ("instance", "snapshots") and not self._place_of(row)[0]:
            self._tell(f"{visible(row.label)}: {self._place_of(row)[1]}")
        elif command_id not in _ROW_COMMANDS[row.kind]:
            self._tell(f"{COMMANDS_BY_ID[command_id].title} does not apply to {visible(row.label)}.")
        else:
            self._hand_over(command_id)

    action_go_to = partialmethod(action_command, "open")
    action_remove = partialmethod(action_command, "terminate")
    action_sort = partialmethod(action_command, "sort")
    action_filter = partialmethod(action_command, "filter")
    action_export = partialmethod(action_command, "export")

    def _hand_over(self, command_id: str) -> None:
        if self._account is None or self._shown_fleet is None or self.table is None or self.rows is None:
            return
        account = self._account.matching(self._query)
        order = {row_id: number for number, row_id in enumerate(self.rows.shown)}
        rows = tuple(
            sorted((one for one in account.rows if row_id_of(one) in order), key=lambda one: order[row_id_of(one)])
        )
        titles, cells = self.table.visible_cells()
        view = CostView(self.selected, account._replace(rows=rows), self._shown_fleet, titles, cells)
        if self._perform(command_id, view):
            self.dismiss(view.row.id if view.row is not None and command_id != "region" else None)

    @on(Table.RowOpened)
    async def _open_row(self, event: Table.RowOpened) -> None:
        event.stop()
        await self.action_command("open")

    @on(Table.SortRequested)
    def _sort_by(self, wanted: Table.SortRequested | str | None) -> None:
        sort = wanted.sort if isinstance(wanted, Table.SortRequested) else wanted
        if sort is None:
            return
        present, descending = self._order
        self._order = (sort, not descending if sort == present else COST_SORTS[sort].largest_first)
        self._show_costs()

    @property
    def _filter_bar(self) -> FilterBar | None:
        return next(iter(self.query(FilterBar)), None)

    async def _show_filter_bar(self) -> FilterBar:
        bar = self._filter_bar
        if bar is None:
            bar = FilterBar(COST_LANGUAGE.parse_valid_terms, example=_FILTER_EXAMPLE, text=self._query.text)
            await self.query_one("#frame").mount(bar, before="#about")
        bar.display = True
        return bar

    @on(FilterBar.FilterChanged)
    def _set_filter(self, event: FilterBar.FilterChanged) -> None:
        event.stop()
        self._query = event.query
        self._show_costs()

    @on(FilterBar.Left)
    def _leave_filter(self, event: FilterBar.Left) -> None:
        event.stop()
        if self._filter_bar is not None:
            self._filter_bar.display = bool(self._query.tests)
        if self.table is not None:
            self.table.focus()

    def action_leave(self) -> None:
        """Leave the filter first, as in the lists."""
        if not self._query.tests:
            self.dismiss(None)
            return
        if self._filter_bar is not None:
            self._filter_bar.clear()
            self._filter_bar.display = False
        self._query = NO_FILTER
        self._show_costs()


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
