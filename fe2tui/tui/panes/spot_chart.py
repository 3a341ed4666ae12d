"""What the spot pane charts of a history, the rows of its zones, and what stands in a chart's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from fe2tui.chart.lines import Chart, Line
from fe2tui.errors import Fe2Error
from fe2tui.model.machine_type import MachineType
from fe2tui.model.spot import SpotHistory, zone_figures
from fe2tui.model.words import plural, visible
from fe2tui.tui.panes.spot_zones import ZoneRows
from fe2tui.tui.spot_columns import ZoneRow, zone_letter
from fe2tui.tui.view import SpotChoice
from fe2tui.tui.widgets.grid import Cell


def charted(choice: SpotChoice, history: SpotHistory | None, on_demand: Decimal | None, now: datetime) -> Chart | None:
    """A line a zone, the cheapest first; each zone keeps its colour. None where no zone has a price in the window."""
    if history is None:
        return None
    ink = {zone: number for number, zone in enumerate(sorted(history.zones))}
    lines = tuple(Line(zone_letter(zone), history.zones[zone], ink[zone], zone) for zone in history.now())
    chart = Chart(lines, now - timedelta(days=choice.days), now, on_demand, cursor=choice.moment, about=history.type)
    return chart if chart.prices() is not None else None


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
    figures = zone_figures(history, chart.start, chart.end, chart.reference)
    rows = [ZoneRow(one.zone, lines.get(one.zone), one) for one in figures]
    priced = {row.zone for row in rows}
    without = sorted((zone for zone in zones if zone not in priced), key=lambda zone: (not zones[zone], zone))
    return ZoneRows([*rows, *(ZoneRow(zone, is_offered=zones[zone]) for zone in without)], moment, choice.days)


def in_its_place(
    choice: SpotChoice, kind: MachineType | None, history: SpotHistory | None, error: Fe2Error | None, region: str
) -> Sequence[Cell]:
    """Why there is no chart."""
    name, where = visible(choice.type), visible(region)
    if not name:
        return (("No type is chosen yet.", "dim"),)
    if error is not None:
        said = ((visible(error.summary), "trouble"), (visible(error.remedy), "dim"), ("ctrl+r tries again", "accent"))
        return tuple(cell for cell in said if cell[0])
    if kind is not None and not kind.spot:
        return ((f"{name} is not offered on the spot market.", "text"),)
    if history is None:
        return ((f"reading {name} …", "dim"),)
    return ((f"No zone of {where} had a spot price for {name} in {plural(choice.days, 'day')}.", "text"),)
