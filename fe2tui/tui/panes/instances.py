"""The instances pane: the table, and what it says when it is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice

from rich.cells import cell_len

from fe2tui.model.instance import Instance
from fe2tui.model.instance_filter import INSTANCE_LANGUAGE as LANGUAGE
from fe2tui.model.instance_filter import INSTANCE_SORTS
from fe2tui.model.location import Location
from fe2tui.model.money import AlertLimits
from fe2tui.model.text import visible
from fe2tui.tui.instance_list import VisibleRows
from fe2tui.tui.interruption_news import interruption_texts
from fe2tui.tui.list_model import ListKind
from fe2tui.tui.pane_ids import INSTANCES
from fe2tui.tui.panes.details import RowDetails
from fe2tui.tui.panes.instance_columns import (
    MAX_STANDARD_RANK,
    SIGNS,
    STATE_WIDTH,
    Column,
    InstanceRowScope,
    columns_by_id,
    state_category,
    widen_state_column,
)
from fe2tui.tui.panes.instance_details import left_facts, right_facts
from fe2tui.tui.panes.list_pane import ListTable, reading_text
from fe2tui.tui.widgets.grid import Cell, ColumnLayout, NameWidths, fit_columns

INSTANCE_KIND = ListKind(
    INSTANCES,
    "instance",
    "i-",
    LANGUAGE,
    INSTANCE_SORTS,
    "words  state:running  type:p3  tag:env=prod  zone:2a  age>7d  spot  -not",
)


def instance_details(instance: Instance, scope: InstanceRowScope, *, has_host_key: bool, reads_cpu: bool) -> RowDetails:
    """The details of an instance. ``is_known``: its host key is; ``measured``: its CPU is asked for."""
    name = visible(instance.name) or "no name"
    return RowDetails(
        name,
        instance.id,
        left_facts(instance, scope, has_host_key=has_host_key),
        right_facts(instance, scope, reads_cpu=reads_cpu),
    )


SHORT_STATE_WIDTH, SHORT_NAME_WIDTH = 24, 18
"""So few words on what AWS did are worth more than the end of a long name, which stands in the details, too."""

MAX_MEASURED = 200  # interrupted machines: of more than those, the first tell how much room the words need


class InstanceRows:
    """A sight as rows of the table."""

    def __init__(
        self,
        visible_rows: VisibleRows | None,
        columns: Sequence[Column],
        clock: Callable[[], datetime],
        notes: Mapping[str, str],
        limits: AlertLimits,
    ) -> None:
        self.visible_rows = visible_rows
        self.ids: Sequence[str] = visible_rows.ids if visible_rows else ()
        self.row_numbers: Mapping[str, int] = visible_rows.row_numbers if visible_rows else {}
        self._columns = columns
        self._clock = clock
        self._notes = notes
        self._limits = limits

    def layout(self, width: int) -> ColumnLayout:
        """The columns for a width. What AWS did to those that it interrupted has room where names do not need it."""
        visible_rows = self.visible_rows
        if visible_rows is None:
            return fit_columns(self._columns, width)
        least = {"type": visible_rows.type_width}
        usual = fit_columns(self._columns, width, least)
        widths = self._wanted_state_widths(visible_rows)
        longest = (
            max((len(visible_rows.fleet.instances[one].label) for one in visible_rows.ids), default=0) if widths else 0
        )
        for words in widths:
            roomier = fit_columns(widen_state_column(self._columns, words), width, least)
            if _keeps_columns(
                roomier, usual, min(longest, SHORT_NAME_WIDTH if words <= SHORT_STATE_WIDTH else longest)
            ):
                return roomier
        return usual

    def _wanted_state_widths(self, visible_rows: VisibleRows) -> list[int]:
        """How wide STATE would have to be for all that there is to say of them, and for less: the widest first."""
        instances, now = visible_rows.fleet.instances, self._clock()
        spot = (instances[one] for one in visible_rows.ids if instances[one].is_spot)
        text_forms = (said for one in spot if (said := interruption_texts(one, visible_rows.fleet, now)))
        widths = {cell_len(form) for forms in islice(text_forms, MAX_MEASURED) for form in forms}
        return sorted((width for width in widths if width > STATE_WIDTH), reverse=True)

    def cells(self, row_id: str, columns: Sequence[Column]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of an instance."""
        if self.visible_rows is None:
            return (" ", "dim"), [("", "dim") for _ in columns]
        instance = self.visible_rows.fleet.instances[row_id]
        at = InstanceRowScope(self.visible_rows.fleet, self._clock(), self._notes, self._limits)
        kind = state_category(instance, at)
        return (SIGNS[kind], kind), [column.cell(instance, at) for column in columns]


def _keeps_columns(layout: ColumnLayout, usual: ColumnLayout, longest_name: int) -> bool:
    """Whether names keep plenty of room, and no column is given up but those that come with plenty of room only."""
    name = {column.id: column.width for column in usual.columns}.get("name", 0)
    wanted = {column.id for column in usual.columns if column.rank <= MAX_STANDARD_RANK}
    return wanted <= {column.id for column in layout.columns} and all(
        column.width >= min(name, longest_name, NameWidths().generous)
        for column in layout.columns
        if column.id == "name"
    )


class InstanceTable(ListTable):
    """The instances of the region."""

    OPEN_COMMAND = "connect"

    def __init__(
        self, columns: Sequence[str], clock: Callable[[], datetime], limits: AlertLimits | None = None
    ) -> None:
        """``limits``: from when on a run is pointed out."""
        self._columns = columns_by_id(columns)
        self._clock = clock
        self._limits = limits or AlertLimits()
        self.notes: dict[str, str] = {}
        self._instance_rows = self._rows_for(None)
        super().__init__(self._instance_rows, id=INSTANCES)

    @property
    def visible_rows(self) -> VisibleRows | None:
        """What is shown."""
        return self._instance_rows.visible_rows

    @property
    def selected_instance(self) -> Instance | None:
        """The instance under the cursor."""
        visible_rows = self.visible_rows
        return (
            visible_rows.fleet.instances.get(self.cursor_id)
            if visible_rows is not None and self.cursor_id is not None
            else None
        )

    def _rows_for(self, visible_rows: VisibleRows | None) -> InstanceRows:
        return InstanceRows(visible_rows, self._columns, self._clock, self.notes, self._limits)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known yet."""
        return self.visible_rows is None

    @property
    def ids_in_view(self) -> Sequence[str]:
        """The instances whose rows are in view."""
        top = round(self.scroll_y)
        return self._instance_rows.ids[top : top + self.size.height]

    def shows_column(self, column_id: str) -> bool:
        """Whether there is room for a column."""
        return any(column.id == column_id for column in self._renderer.layout.columns)

    def show_visible_rows(self, visible_rows: VisibleRows, *, highlights_changes: bool) -> None:
        """Show a sight; what changed glows if asked for."""
        self.marks &= visible_rows.fleet.instances.keys()
        self._instance_rows = self._rows_for(visible_rows)
        self.sorted_by = (visible_rows.arrangement.sort, visible_rows.arrangement.descending)
        self.empty_lines = self._empty_text(visible_rows)
        self.show(self._instance_rows, visible_rows.changed_ids if highlights_changes else frozenset())

    def reset(self, location: Location) -> None:
        """Another place is shown: nothing of the last one stays."""
        self.marks.clear()
        self._instance_rows = self._rows_for(None)
        self.empty_lines = reading_text(location)
        self.show(self._instance_rows)

    def _empty_text(self, visible_rows: VisibleRows) -> Sequence[Cell]:
        if visible_rows.arrangement.filter.tests:
            return (
                ("No instance fits the filter.", "text"),
                ("esc shows all of them again.", "dim"),
            )
        return (
            (f"No instances in {visible(visible_rows.fleet.location.region)}.", "text"),
            ("Here stands what you rent, what it costs and how long it has been on.", "dim"),
            ("", "dim"),
            ("l launches one · g goes to another region", "accent"),
        )
