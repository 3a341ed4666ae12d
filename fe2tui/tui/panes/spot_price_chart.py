"""The chart of spot prices of one type, and the table of its zones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from textual.containers import Vertical
from textual.widget import Widget

from fe2tui.chart.chart import Chart, ChartLine
from fe2tui.errors import Fe2Error
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.spot import SpotHistory, zone_price_stats
from fe2tui.model.text import plural, visible
from fe2tui.tui.command_context import SpotChoice
from fe2tui.tui.panes.spot import ChartTitle
from fe2tui.tui.panes.spot_columns import NOT_OFFERED, ZoneRow, ZoneScope, short_zone, zone_columns
from fe2tui.tui.panes.spot_history_reader import SpotHistoryReader, has_days
from fe2tui.tui.panes.spot_offers import OfferList
from fe2tui.tui.widgets.chart import ChartView
from fe2tui.tui.widgets.grid import Cell, Column, ColumnLayout, fit_columns
from fe2tui.tui.widgets.table import RowStyle, Table

RECENT = timedelta(minutes=5)
"""How old a chart may be that is shown again while nothing newer is known: less than a column of a day."""

MAX_ROWS = 8
"""Rows in sight at most: regions have up to seven zones."""


class ZoneRows:
    """The zones, the cheapest now first."""

    def __init__(self, zones: Sequence[ZoneRow] = (), moment: datetime | None = None, days: int = 7) -> None:
        self.zones = zones
        self.ids: Sequence[str] = [row.zone for row in zones]
        self.row_numbers: Mapping[str, int] = {zone: number for number, zone in enumerate(self.ids)}
        self.offering_zones = frozenset(row.zone for row in zones if row.is_offered)
        self._by_id = {row.zone: row for row in zones}
        self._moment = moment
        self._days = days

    def with_cursor(self, moment: datetime | None) -> ZoneRows:
        """The same with the chart's cursor at another moment."""
        return ZoneRows(self.zones, moment, self._days)

    def layout(self, width: int) -> ColumnLayout:
        """The columns for a width."""
        now_width = 8 if all(row.is_offered for row in self.zones) else len(NOT_OFFERED)
        return fit_columns(zone_columns(self._moment, self._days, now_width), width)

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        """The marker of its line, and the figures."""
        row, at = self._by_id[row_id], ZoneScope(self._moment)
        sign = (row.line.marker, row.line.style_name) if row.line is not None else (" ", "dim")
        return sign, [column.cell(row, at) for column in columns]


class ZoneTable(Table):
    """With the focus in it, the zone under its cursor is the one that is launched in."""

    OPEN_COMMAND = "launch"

    def __init__(self) -> None:
        self.zones = ZoneRows()
        super().__init__(self.zones, id="spot-zones")

    def _row_style(self, row: int) -> RowStyle:
        look = super()._row_style(row)
        return RowStyle(look.row_id, "", look.is_marked) if look.background == "idle" else look

    @property
    def chosen_zone(self) -> str:
        """The zone under the cursor while the focus is here; else, and where it has no such type, empty."""
        return self.cursor_id if self.has_focus and self.cursor_id in self.zones.offering_zones else ""

    def show_zones(self, zones: ZoneRows, *, is_other: bool = False) -> None:
        """Show these. ``is_other``: of another type, of which the cheapest is the one to begin with."""
        same_height = len(zones.ids) == len(self.zones.ids)
        self.zones = zones
        if is_other:
            self._anchor = self._cursor_id = None
            self._cursor = 0
        self.show(zones)
        if not same_height:
            self.styles.height = 1 + min(MAX_ROWS, len(zones.ids))
        self.display = self.can_focus = bool(zones.ids)


def spot_chart(
    choice: SpotChoice, history: SpotHistory | None, on_demand: Decimal | None, now: datetime
) -> Chart | None:
    """A line a zone, the cheapest first; each zone keeps its colour. None where no zone has a price in the window."""
    if history is None:
        return None
    ink = {zone: number for number, zone in enumerate(sorted(history.zones))}
    lines = tuple(
        ChartLine(short_zone(zone), history.zones[zone], ink[zone], zone) for zone in history.current_prices()
    )
    chart = Chart(
        lines, now - timedelta(days=choice.days), now, on_demand, cursor=choice.moment, type_name=history.type
    )
    return chart if chart.price_range() is not None else None


def zone_rows(
    choice: SpotChoice,
    chart: Chart | None,
    history: SpotHistory | None,
    zones: Mapping[str, bool],
    moment: datetime | None,
) -> ZoneRows:
    """The zones with their figures over the window, and those without a price. ``zones``: whether each has the type."""
    if chart is None or history is None:
        return ZoneRows(days=choice.days)
    lines = {line.zone: line for line in chart.lines}
    figures = zone_price_stats(history, chart.start, chart.end, chart.reference)
    rows = [ZoneRow(one.zone, lines.get(one.zone), one) for one in figures]
    priced = {row.zone for row in rows}
    without = sorted((zone for zone in zones if zone not in priced), key=lambda zone: (not zones[zone], zone))
    return ZoneRows([*rows, *(ZoneRow(zone, is_offered=zones[zone]) for zone in without)], moment, choice.days)


def no_chart_text(
    choice: SpotChoice, kind: InstanceType | None, history: SpotHistory | None, error: Fe2Error | None, region: str
) -> Sequence[Cell]:
    """Why there is no chart."""
    name, where = visible(choice.type), visible(region)
    if not name:
        return (("No type is chosen yet.", "dim"),)
    if error is not None:
        parts = ((visible(error.summary), "trouble"), (visible(error.remedy), "dim"), ("ctrl+r tries again", "accent"))
        return tuple(cell for cell in parts if cell[0])
    if kind is not None and not kind.spot:
        return ((f"{name} is not offered on the spot market.", "text"),)
    if history is None:
        return ((f"reading {name} …", "dim"),)
    return ((f"No zone of {where} had a spot price for {name} in {plural(choice.days, 'day')}.", "text"),)


class SpotPriceChart(Vertical):
    """Draws what is known of the type that is chosen; as long as it is read, the picture that is there stays."""

    def __init__(
        self, reader: SpotHistoryReader, offer_list: OfferList, clock: Callable[[], datetime], region: Callable[[], str]
    ) -> None:
        super().__init__(id="spot-left")
        self._reader = reader
        self._offer_list = offer_list
        self._clock = clock
        self._region = region
        self._choice = SpotChoice()
        self._drawn_key: tuple[object, ...] = ()
        self._no_chart_cells: Sequence[Cell] = ()
        self._recent: dict[tuple[str, int], tuple[SpotHistory | None, Decimal | None, Chart]] = {}
        self.chart = ChartView(id="spot-chart")
        self.zones = ZoneTable()

    def compose(self) -> Iterator[Widget]:
        """The chart above its zones."""
        yield self.chart
        yield self.zones

    def request_history(self) -> None:
        """Have the type read that is chosen, where something of it is not known or not new."""
        name, kind = self._choice.type, self._offer_list.type(self._choice.type)
        if name and (kind is None or kind.spot):
            self._reader.request(name, self._choice.days)

    def choose(self, choice: SpotChoice) -> None:
        """Another type, over so many days: at once where it is known, else as soon as it is."""
        was, self._choice = self._choice, choice
        if (choice.type, choice.days) != (was.type, was.days):
            self.request_history()
            self.draw()

    def draw(self) -> None:
        """Draw it anew if anything of it is another."""
        choice, present = self._choice, self.chart.chart
        history = self._reader.history(choice.type) if choice.type else None
        if self._is_waiting and present is not None and (history is None or present.type_name == choice.type):
            return
        on_demand = self._offer_list.on_demand(choice.type)
        drawn_key = (choice.type, choice.days, on_demand, history)
        if present is not None and self._drawn_key == drawn_key and self._drawn_key[3] is history:
            return
        chart = self._recent_chart(choice, history, on_demand)
        error, kind = self._reader.errors.get(choice.type), self._offer_list.type(choice.type)
        is_other = self._drawn_key[:1] != drawn_key[:1]
        self._drawn_key = drawn_key
        self._no_chart_cells = () if chart else no_chart_text(choice, kind, history, error, self._region())
        self.chart.show(chart, self._no_chart_cells)
        rows = zone_rows(choice, chart, history, self._offer_list.zones_of(choice.type), self.chart.moment)
        self.zones.show_zones(rows, is_other=is_other)

    def _recent_chart(self, choice: SpotChoice, history: SpotHistory | None, on_demand: Decimal | None) -> Chart | None:
        """The chart that was shown of the type a moment ago, whose picture is still there; else a new one."""
        now, key = self._clock(), (choice.type, choice.days)
        recent = self._recent.get(key)
        if recent is not None and recent[:2] == (history, on_demand) and now - recent[2].end < RECENT:
            return replace(recent[2], cursor=choice.moment)
        chart = spot_chart(choice, history, on_demand, now)
        if chart is not None:
            self._recent[key] = (history, on_demand, chart)
        return chart

    def reset(self, choice: SpotChoice) -> None:
        """Another place is shown."""
        self._choice, self._drawn_key = choice, ()
        self._recent.clear()
        self.chart.show(None)
        self.draw()

    @property
    def _is_waiting(self) -> bool:
        """Whether not all of the chart is known, and it may become so."""
        name, kind = self._choice.type, self._offer_list.type(self._choice.type)
        can_come = bool(name) and name not in self._reader.errors and (kind is None or kind.spot)
        return can_come and not has_days(self._reader.history(name), self._choice.days, self._clock())

    @property
    def chart_title(self) -> ChartTitle:
        """What is drawn, by its own name, and what is read instead of it, or went wrong."""
        choice, present = self._choice, self.chart.chart
        name, days = choice.type, choice.days
        if present is not None:
            name, days = present.type_name, (present.end - present.start).days
        if self._is_waiting:
            what = f"{visible(choice.type)} " if name != choice.type else ""
            window = f"{plural(choice.days, 'day')} " if days != choice.days and not what else ""
            return ChartTitle(name, days, f"reading {what or window}…", "accent")
        error = self._reader.errors.get(choice.type)
        return ChartTitle(name, days, *((f"▲ {visible(error.summary)}", "state-trouble") if error is not None else ()))

    @property
    def no_chart_reason(self) -> str:
        """What is said in the chart's place."""
        return " ".join(text for text, _ in self._no_chart_cells)
