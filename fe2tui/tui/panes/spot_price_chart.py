"""The chart of the spot prices of one type, and the table of its zones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from textual.containers import Vertical
from textual.widget import Widget

from fe2tui.chart.chart import Chart, ChartLine
from fe2tui.errors import Fe2Error
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.spot import SpotHistory, ZonePriceStats, zone_price_stats
from fe2tui.model.text import plural, visible
from fe2tui.tui.command_context import SpotChoice
from fe2tui.tui.panes.spot import ChartTitle
from fe2tui.tui.panes.spot_history_reader import SpotHistoryReader, has_days
from fe2tui.tui.panes.spot_offers import OfferList, price_cell, savings_cell, short_zone
from fe2tui.tui.widgets.chart import ChartView
from fe2tui.tui.widgets.grid import Cell, Column, ColumnLayout, fit_columns
from fe2tui.tui.widgets.table import RowStyle, Table

if TYPE_CHECKING:
    from fe2tui.tui.services import Services

RECENT = timedelta(minutes=5)
"""A chart that is no older is shown again if its prices have not changed: even of a day it is less than a column."""

MAX_ZONE_ROWS = 8  # regions have up to seven zones
NOT_OFFERED = "not offered"

# The zones


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """A zone of the region: its line in the chart and its prices, None where the charted type has no price there."""

    zone: str
    line: ChartLine | None = None
    stats: ZonePriceStats | None = None
    is_offered: bool = True


ZoneColumn: TypeAlias = "Column[ZoneRow, datetime | None]"
"""Its scope is the moment of the chart's cursor."""


def _stats_cell(price_of: Callable[[ZonePriceStats], Decimal]) -> Callable[[ZoneRow, datetime | None], Cell]:
    return lambda row, moment: price_cell(price_of(row.stats) if row.stats is not None else None)


def _price_at(row: ZoneRow, moment: datetime | None) -> Cell:
    price = row.line.series.at(moment) if row.line is not None and moment is not None else None
    return price_cell(price)[0], "accent" if price is not None else "dim"


def _savings(row: ZoneRow, moment: datetime | None) -> Cell:
    return savings_cell(row.stats.saves if row.stats is not None else None)


def _now(row: ZoneRow, moment: datetime | None) -> Cell:
    if not row.is_offered:
        return NOT_OFFERED, "dim"
    return price_cell(row.stats.now if row.stats is not None else None)


def zone_columns(price_width: int, now_width: int, moment_title: str = "") -> tuple[ZoneColumn, ...]:
    """The columns of the zones. The last shows the prices at the chart's cursor, under a title, if it has one."""

    def price_column(id: str, title: str, price_of: Callable[[ZonePriceStats], Decimal], rank: int) -> ZoneColumn:
        return Column(id, title, price_width, _stats_cell(price_of), rank=rank, is_right_aligned=True)

    columns: list[ZoneColumn] = [
        Column("zone", "ZONE", 4, lambda row, at: (short_zone(row.zone), "text")),
        Column("now", "NOW", now_width, _now, is_right_aligned=True),
        price_column("lowest", "LOWEST", lambda one: one.lowest, rank=2),
        price_column("mean", "MEAN", lambda one: one.mean, rank=1),
        price_column("highest", "HIGHEST", lambda one: one.highest, rank=3),
        Column("saves", "SAVES", 6, _savings, is_right_aligned=True),
    ]
    if moment_title:
        width = max(price_width, len(moment_title))
        columns.append(Column("then", moment_title, width, _price_at, is_right_aligned=True))
    return tuple(columns)


def moment_titles(moment: datetime, days: int) -> Sequence[str]:
    """The title of the prices at a moment, the longest first."""
    here = moment.astimezone()
    if days == 1:
        return (f"{here:%a %H:%M}", f"{here:%H:%M}")
    return (f"{here:%a} {here.day} {here:%b %H:%M}", f"{here.day} {here:%b %H:%M}", f"{here.day} {here:%H:%M}")


class ZoneRows:
    """The zones, the cheapest now first. ``moment`` is that of the chart's cursor, ``days`` those of the chart."""

    def __init__(self, zones: Sequence[ZoneRow] = (), moment: datetime | None = None, days: int = 7) -> None:
        self.zones = zones
        self.ids: Sequence[str] = [row.zone for row in zones]
        self.row_numbers: Mapping[str, int] = {zone: number for number, zone in enumerate(self.ids)}
        self._by_id = {row.zone: row for row in zones}
        self._moment = moment
        self._days = days

    def with_moment(self, moment: datetime | None) -> ZoneRows:
        return ZoneRows(self.zones, moment, self._days)

    def layout(self, width: int) -> ColumnLayout:
        highest = [price_cell(row.stats.highest)[0] for row in self.zones if row.stats is not None]
        price_width = max(len("HIGHEST"), *map(len, highest)) if highest else 8
        now_width = price_width if all(row.is_offered for row in self.zones) else len(NOT_OFFERED)
        layout = fit_columns(zone_columns(price_width, now_width), width)
        if self._moment is None:
            return layout
        for title in moment_titles(self._moment, self._days):  # a shorter title, before it costs another column
            shown = fit_columns(zone_columns(price_width, now_width, title), width)
            if len(shown.columns) > len(layout.columns):
                break
        return shown

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        row = self._by_id[row_id]
        sign = (row.line.marker, row.line.style_name) if row.line is not None else (" ", "dim")
        return sign, [column.cell(row, self._moment) for column in columns]


class ZoneTable(Table):
    """The zones. Without the focus it has no visible cursor."""

    def __init__(self) -> None:
        self.zone_rows = ZoneRows()
        super().__init__(self.zone_rows, id="spot-zones")

    def _row_style(self, row: int) -> RowStyle:
        style = super()._row_style(row)
        return style._replace(background="") if style.background == "idle" else style

    @property
    def chosen_zone(self) -> str:
        """The zone under the cursor, which is launched in. Empty without the focus, or if it has no such type."""
        chosen = self.zone_rows.row_numbers.get(self.cursor_id or "")
        if not self.has_focus or chosen is None:
            return ""
        row = self.zone_rows.zones[chosen]
        return row.zone if row.is_offered else ""

    def show_zones(self, rows: ZoneRows, *, is_other_type: bool = False) -> None:
        """Replace the zones. Those of another type begin with the cursor on the cheapest."""
        has_same_height = len(rows.ids) == len(self.zone_rows.ids)
        self.zone_rows = rows
        self.show(rows, cursor=rows.ids[0] if is_other_type and rows.ids else None)
        if not has_same_height:
            self.styles.height = 1 + min(MAX_ZONE_ROWS, len(rows.ids))
        self.display = self.can_focus = bool(rows.ids)


# The chart


def spot_chart(
    choice: SpotChoice, history: SpotHistory | None, on_demand: Decimal | None, now: datetime
) -> Chart | None:
    """A line a zone, the cheapest first. A zone keeps its colour. None where no zone has a price in these days."""
    if history is None:
        return None
    styles = {zone: number for number, zone in enumerate(sorted(history.zones))}
    lines = tuple(
        ChartLine(short_zone(zone), history.zones[zone], styles[zone], zone) for zone in history.current_prices()
    )
    start = now - timedelta(days=choice.days)
    chart = Chart(lines, start, now, on_demand, cursor=choice.moment, type_name=history.type)
    return chart if chart.price_range() is not None else None


def zone_rows(
    choice: SpotChoice,
    chart: Chart | None,
    history: SpotHistory | None,
    zones: Mapping[str, bool],
    moment: datetime | None,
) -> ZoneRows:
    """The zones with their prices in the chart, then those without. ``zones``: whether each offers the type."""
    if chart is None or history is None:
        return ZoneRows(days=choice.days)
    lines = {line.zone: line for line in chart.lines}
    stats = zone_price_stats(history, chart.start, chart.end, chart.reference)
    rows = [ZoneRow(one.zone, lines.get(one.zone), one) for one in stats]
    priced = {row.zone for row in rows}
    others = sorted((zone for zone in zones if zone not in priced), key=lambda zone: (not zones[zone], zone))
    return ZoneRows([*rows, *(ZoneRow(zone, is_offered=zones[zone]) for zone in others)], moment, choice.days)


def no_chart_text(
    choice: SpotChoice, kind: InstanceType | None, history: SpotHistory | None, error: Fe2Error | None, region: str
) -> Sequence[Cell]:
    name = visible(choice.type)
    if not name:
        return (("No type is chosen yet.", "dim"),)
    if error is not None:
        cells = ((visible(error.summary), "trouble"), (visible(error.remedy), "dim"), ("ctrl+r tries again", "accent"))
        return tuple(cell for cell in cells if cell[0])
    if kind is not None and not kind.spot:
        return ((f"{name} is not offered as a spot instance.", "text"),)
    if history is None:
        return ((f"reading {name} …", "dim"),)
    days = plural(choice.days, "day")
    return ((f"{name} had no spot price in {visible(region)} in the last {days}.", "text"),)


class SpotPriceChart(Vertical):
    """Draws the prices of the chosen type. While they are being read, the last chart stays."""

    def __init__(self, services: Services, reader: SpotHistoryReader, offer_list: OfferList) -> None:
        super().__init__(id="spot-left")
        self._services = services
        self._reader = reader
        self._offer_list = offer_list
        self._choice = SpotChoice()
        self._drawn_key: tuple[object, ...] = ()
        self._drawn_history: SpotHistory | None = None
        self._no_chart_cells: Sequence[Cell] = ()
        self._recent: dict[tuple[str, int], tuple[SpotHistory | None, Decimal | None, Chart]] = {}
        self.chart = ChartView(id="spot-chart")
        self.zones = ZoneTable()

    def compose(self) -> Iterator[Widget]:
        yield self.chart
        yield self.zones

    def request_history(self) -> None:
        """Read the prices of the chosen type, where they are not known or not new."""
        name, kind = self._choice.type, self._offer_list.type(self._choice.type)
        if name and (kind is None or kind.spot):
            self._reader.request(name, self._choice.days)

    def choose(self, choice: SpotChoice) -> None:
        """Show another choice: at once where its prices are known, else when they are read."""
        before, self._choice = self._choice, choice
        if (choice.type, choice.days) != (before.type, before.days):
            self.request_history()
            self.draw()

    def draw(self) -> None:
        choice, present = self._choice, self.chart.chart
        history = self._reader.history(choice.type) if choice.type else None
        if self._is_waiting and present is not None and (history is None or present.type_name == choice.type):
            return
        on_demand = self._offer_list.on_demand(choice.type)
        offered = self._offer_list.zones_of(choice.type)
        drawn_key = (choice.type, choice.days, on_demand, offered)
        if present is not None and self._drawn_key == drawn_key and self._drawn_history is history:
            return
        chart = self._recent_chart(choice, history, on_demand)
        error, kind = self._reader.errors.get(choice.type), self._offer_list.type(choice.type)
        is_other_type = self._drawn_key[:1] != drawn_key[:1]
        self._drawn_key, self._drawn_history = drawn_key, history
        region = self._services.session.region
        self._no_chart_cells = () if chart else no_chart_text(choice, kind, history, error, region)
        self.chart.show(chart, self._no_chart_cells)
        rows = zone_rows(choice, chart, history, offered, self.chart.moment)
        self.zones.show_zones(rows, is_other_type=is_other_type)

    def _recent_chart(self, choice: SpotChoice, history: SpotHistory | None, on_demand: Decimal | None) -> Chart | None:
        """The same chart as a moment ago, whose picture is kept, or a new one."""
        now, key = self._services.clock(), (choice.type, choice.days)
        recent = self._recent.get(key)
        if recent is not None and recent[0] is history and recent[1] == on_demand and now - recent[2].end < RECENT:
            return replace(recent[2], cursor=choice.moment)
        chart = spot_chart(choice, history, on_demand, now)
        if chart is not None:
            self._recent[key] = (history, on_demand, chart)
        return chart

    def show_moment(self, moment: datetime | None) -> None:
        self.zones.show_zones(self.zones.zone_rows.with_moment(moment))

    def reset(self, choice: SpotChoice) -> None:
        self._choice, self._drawn_key = choice, ()
        self._recent.clear()
        self.chart.show(None)
        self.draw()

    @property
    def _is_waiting(self) -> bool:
        """Whether prices of the chart are missing that can still be read."""
        name, kind = self._choice.type, self._offer_list.type(self._choice.type)
        can_be_read = bool(name) and name not in self._reader.errors and (kind is None or kind.spot)
        return can_be_read and not has_days(self._reader.history(name), self._choice.days, self._services.clock())

    @property
    def chart_title(self) -> ChartTitle:
        """The type that is drawn, which may be another than the one that is chosen and being read."""
        choice, present = self._choice, self.chart.chart
        name, days = choice.type, choice.days
        if present is not None:
            name, days = present.type_name, (present.end - present.start).days
        if self._is_waiting:
            what = f"{visible(choice.type)} " if name != choice.type else ""
            window = f"{plural(choice.days, 'day')} " if days != choice.days and not what else ""
            return ChartTitle(name, days, f"reading {what or window}…", "accent")
        error = self._reader.errors.get(choice.type)
        return ChartTitle(name, days, *((f"▲ {visible(error.summary)}", "trouble") if error is not None else ()))

    @property
    def no_chart_reason(self) -> str:
        """The message in the chart's place; empty while there is a chart."""
        return " ".join(text for text, _ in self._no_chart_cells)
