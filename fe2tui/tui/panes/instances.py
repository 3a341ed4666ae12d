"""The instances pane: the table, and what it says when it is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice

from rich.cells import cell_len

from fe2tui.model.instance import Instance
from fe2tui.model.money import Limits
from fe2tui.model.place import Place
from fe2tui.model.query import INSTANCES as LANGUAGE
from fe2tui.model.query import SORTS
from fe2tui.model.words import visible
from fe2tui.tui.arrangement import ListKind
from fe2tui.tui.board import Sight
from fe2tui.tui.columns import LAST_USUAL_RANK, SIGNS, STATE_WIDTH, Column, Moment, chosen, kind_of, with_words
from fe2tui.tui.interrupted import interruption
from fe2tui.tui.panes.described import Described
from fe2tui.tui.panes.facts import left, right
from fe2tui.tui.panes.listpane import ListTable, nothing_read
from fe2tui.tui.possible import INSTANCES
from fe2tui.tui.widgets.grid import Cell, Layout, Names, fit

KIND = ListKind(
    INSTANCES,
    "instance",
    "i-",
    LANGUAGE,
    SORTS,
    "words  state:running  type:p3  tag:env=prod  zone:2a  age>7d  spot  -not",
)


def describe(instance: Instance, at: Moment, *, is_known: bool, measured: bool) -> Described:
    """The details of an instance. ``is_known``: its host key is; ``measured``: its CPU is asked for."""
    name = visible(instance.name) or "no name"
    return Described(name, instance.id, left(instance, at, is_known=is_known), right(instance, at, measured=measured))


SHORT_WORDS, SHORT_NAME = 24, 18
"""So few words on what AWS did are worth more than the end of a long name, which stands in the details, too."""

MOST_MEASURED = 200  # interrupted machines: of more than those, the first tell how much room the words need


class InstanceRows:
    """A sight as rows of the table."""

    def __init__(
        self,
        sight: Sight | None,
        columns: Sequence[Column],
        clock: Callable[[], datetime],
        notes: Mapping[str, str],
        limits: Limits,
    ) -> None:
        self.sight = sight
        self.ids: Sequence[str] = sight.ids if sight else ()
        self.rows: Mapping[str, int] = sight.rows if sight else {}
        self._columns = columns
        self._clock = clock
        self._notes = notes
        self._limits = limits

    def layout(self, width: int) -> Layout:
        """The columns for a width. What AWS did to those that it interrupted has room where names do not need it."""
        sight = self.sight
        if sight is None:
            return fit(self._columns, width)
        least = {"type": sight.type_width}
        usual = fit(self._columns, width, least)
        widths = self._interruptions(sight)
        longest = max((len(sight.fleet.instances[one].label) for one in sight.ids), default=0) if widths else 0
        for words in widths:
            roomier = fit(with_words(self._columns, words), width, least)
            if _holds_as_much(roomier, usual, min(longest, SHORT_NAME if words <= SHORT_WORDS else longest)):
                return roomier
        return usual

    def _interruptions(self, sight: Sight) -> list[int]:
        """How wide STATE would have to be for all that there is to say of them, and for less: the widest first."""
        instances, now = sight.fleet.instances, self._clock()
        spot = (instances[one] for one in sight.ids if instances[one].is_spot)
        told = (said for one in spot if (said := interruption(one, sight.fleet, now)))
        widths = {cell_len(form) for said in islice(told, MOST_MEASURED) for form in said}
        return sorted((width for width in widths if width > STATE_WIDTH), reverse=True)

    def cells(self, row_id: str, columns: Sequence[Column]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of an instance."""
        if self.sight is None:
            return (" ", "dim"), [("", "dim") for _ in columns]
        instance = self.sight.fleet.instances[row_id]
        at = Moment(self.sight.fleet, self._clock(), self._notes, self._limits)
        kind = kind_of(instance, at)
        return (SIGNS[kind], kind), [column.cell(instance, at) for column in columns]


def _holds_as_much(layout: Layout, usual: Layout, longest_name: int) -> bool:
    """Whether names keep plenty of room, and no column is given up but those that come with plenty of room only."""
    name = {column.id: column.width for column in usual.columns}.get("name", 0)
    wanted = {column.id for column in usual.columns if column.rank <= LAST_USUAL_RANK}
    return wanted <= {column.id for column in layout.columns} and all(
        column.width >= min(name, longest_name, Names().greedy) for column in layout.columns if column.id == "name"
    )


class Instances(ListTable):
    """The instances of the region."""

    OPENS = "connect"

    def __init__(self, columns: Sequence[str], clock: Callable[[], datetime], limits: Limits | None = None) -> None:
        """``limits``: from when on a run is pointed out."""
        self._columns = chosen(columns)
        self._clock = clock
        self._limits = limits or Limits()
        self.notes: dict[str, str] = {}
        self._instance_rows = self._as_rows(None)
        super().__init__(self._instance_rows, id=INSTANCES)

    @property
    def sight(self) -> Sight | None:
        """What is shown."""
        return self._instance_rows.sight

    @property
    def selected(self) -> Instance | None:
        """The instance under the cursor."""
        sight = self.sight
        return sight.fleet.instances.get(self.cursor_id) if sight is not None and self.cursor_id is not None else None

    def _as_rows(self, sight: Sight | None) -> InstanceRows:
        return InstanceRows(sight, self._columns, self._clock, self.notes, self._limits)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known yet."""
        return self.sight is None

    @property
    def ids_in_view(self) -> Sequence[str]:
        """The instances whose rows are in view."""
        top = round(self.scroll_y)
        return self._instance_rows.ids[top : top + self.size.height]

    def shows(self, column_id: str) -> bool:
        """Whether there is room for a column."""
        return any(column.id == column_id for column in self._brush.layout.columns)

    def show_sight(self, sight: Sight, *, glow: bool) -> None:
        """Show a sight; what changed glows if asked for."""
        self.marks &= sight.fleet.instances.keys()
        self._instance_rows = self._as_rows(sight)
        self.sorted_by = (sight.arrangement.sort, sight.arrangement.descending)
        self.empty = self._when_empty(sight)
        self.show(self._instance_rows, sight.changed if glow else frozenset())

    def forget(self, place: Place) -> None:
        """Another place is shown: nothing of the last one stays."""
        self.marks.clear()
        self._instance_rows = self._as_rows(None)
        self.empty = nothing_read(place)
        self.show(self._instance_rows)

    def _when_empty(self, sight: Sight) -> Sequence[Cell]:
        if sight.arrangement.query.tests:
            return (
                ("No instance fits the filter.", "text"),
                ("esc shows all of them again.", "dim"),
            )
        return (
            (f"No instances in {visible(sight.fleet.place.region)}.", "text"),
            ("Here stands what you rent, what it costs and how long it has been on.", "dim"),
            ("", "dim"),
            ("l launches one · g goes to another region", "accent"),
        )
