"""The instances pane: the table, and what it says when it is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance
from fe2tui.model.place import Place
from fe2tui.model.query import SORTS, parse
from fe2tui.model.words import visible
from fe2tui.tui.arrangement import ListKind
from fe2tui.tui.board import Sight
from fe2tui.tui.columns import SIGNS, Column, Moment, chosen, kind_of
from fe2tui.tui.panes.described import Described
from fe2tui.tui.panes.facts import left, right
from fe2tui.tui.panes.listpane import ListTable, nothing_read
from fe2tui.tui.possible import INSTANCES
from fe2tui.tui.widgets.grid import Cell, Layout, fit

KIND = ListKind(
    INSTANCES,
    "instance",
    "i-",
    parse,
    SORTS,
    "words  state:running  type:p3  tag:env=prod  zone:2a  age>7d  spot  -not",
)


def describe(instance: Instance, fleet: Fleet, now: datetime, *, is_known: bool) -> Described:
    """The details of an instance. ``is_known``: its host key is."""
    name = visible(instance.name) or "no name"
    return Described(name, instance.id, left(instance, fleet, now, is_known=is_known), right(instance, fleet, now))


class InstanceRows:
    """A sight as rows of the table."""

    def __init__(
        self, sight: Sight | None, columns: Sequence[Column], clock: Callable[[], datetime], notes: Mapping[str, str]
    ) -> None:
        self.sight = sight
        self.ids: Sequence[str] = sight.ids if sight else ()
        self.rows: Mapping[str, int] = sight.rows if sight else {}
        self._columns = columns
        self._clock = clock
        self._notes = notes

    def layout(self, width: int) -> Layout:
        """The columns for a width."""
        return fit(self._columns, width, {"type": self.sight.type_width if self.sight else 0})

    def cells(self, row_id: str, columns: Sequence[Column]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of an instance."""
        if self.sight is None:
            return (" ", "dim"), [("", "dim") for _ in columns]
        instance = self.sight.fleet.instances[row_id]
        at = Moment(self.sight.fleet, self._clock(), self._notes)
        kind = kind_of(instance, at.now)
        return (SIGNS[kind], kind), [column.cell(instance, at) for column in columns]


class Instances(ListTable):
    """The instances of the region."""

    OPENS = "connect"

    def __init__(self, columns: Sequence[str], clock: Callable[[], datetime]) -> None:
        self._columns = chosen(columns)
        self._clock = clock
        self.notes: dict[str, str] = {}
        self._instance_rows = InstanceRows(None, self._columns, clock, self.notes)
        super().__init__(self._instance_rows, id=INSTANCES)

    @property
    def sight(self) -> Sight | None:
        """What is shown."""
        return self._instance_rows.sight

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known yet."""
        return self.sight is None

    def show_sight(self, sight: Sight, *, glow: bool) -> None:
        """Show a sight; what changed glows if asked for."""
        self.marks &= sight.fleet.instances.keys()
        self._instance_rows = InstanceRows(sight, self._columns, self._clock, self.notes)
        self.sorted_by = (sight.arrangement.sort, sight.arrangement.descending)
        self.empty = self._when_empty(sight)
        self.show(self._instance_rows, sight.changed if glow else frozenset())

    def forget(self, place: Place) -> None:
        """Another place is shown: nothing of the last one stays."""
        self.marks.clear()
        self._instance_rows = InstanceRows(None, self._columns, self._clock, self.notes)
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
