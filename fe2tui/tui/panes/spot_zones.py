"""The zones of the type that is charted: the chart's legend, with what each cost in the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fe2tui.tui.spot_columns import NOT_OFFERED, Pointed, ZoneRow, zone_columns
from fe2tui.tui.widgets.brush import Look
from fe2tui.tui.widgets.grid import Cell, Column, Layout, fit
from fe2tui.tui.widgets.table import Table

MOST = 8
"""Rows in sight at most: regions have up to seven zones."""


class ZoneRows:
    """The zones, the cheapest now first."""

    def __init__(self, zones: Sequence[ZoneRow] = (), moment: datetime | None = None, days: int = 7) -> None:
        self.zones = zones
        self.ids: Sequence[str] = [row.zone for row in zones]
        self.rows: Mapping[str, int] = {zone: number for number, zone in enumerate(self.ids)}
        self.offered = frozenset(row.zone for row in zones if row.is_offered)
        self._by_id = {row.zone: row for row in zones}
        self._moment = moment
        self._days = days

    def pointed(self, moment: datetime | None) -> ZoneRows:
        """The same with the chart's cursor at another moment."""
        return ZoneRows(self.zones, moment, self._days)

    def layout(self, width: int) -> Layout:
        """The columns for a width."""
        now_width = 8 if all(row.is_offered for row in self.zones) else len(NOT_OFFERED)
        return fit(zone_columns(self._moment, self._days, now_width), width)

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        """The marker of its line, and the figures."""
        row, at = self._by_id[row_id], Pointed(self._moment)
        sign = (row.line.marker, row.line.ink_name) if row.line is not None else (" ", "dim")
        return sign, [column.cell(row, at) for column in columns]


class ZoneTable(Table):
    """With the focus in it, the zone under its cursor is the one that is launched in."""

    OPENS = "launch"

    def __init__(self) -> None:
        self.zones = ZoneRows()
        super().__init__(self.zones, id="spot-zones")

    def _look(self, row: int) -> Look:
        look = super()._look(row)
        return Look(look.row_id, "", look.marked) if look.ground == "idle" else look

    @property
    def chosen(self) -> str:
        """The zone under the cursor while the focus is here; else, and where it has no such type, empty."""
        return self.cursor_id if self.has_focus and self.cursor_id in self.zones.offered else ""

    def show_zones(self, zones: ZoneRows, *, is_other: bool = False) -> None:
        """Show these. ``is_other``: of another type, of which the cheapest is the one to begin with."""
        same_height = len(zones.ids) == len(self.zones.ids)
        self.zones = zones
        if is_other:
            self._anchor = self._cursor_id = None
            self._cursor = 0
        self.show(zones)
        if not same_height:
            self.styles.height = 1 + min(MOST, len(zones.ids))
        self.display = self.can_focus = bool(zones.ids)
