"""Small lists, up to some thousands of rows: from a fleet to what is shown of it, computed while the list is in sight.

Large fleets are gone through in a thread. (Instances have an engine of their own, made for any number: ``showing``.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from fe2tui.model.fleet import Fleet, Problem
from fe2tui.model.terms import arranged
from fe2tui.tui.arrangement import Arrangement, ListKind
from fe2tui.tui.widgets.grid import Cell, Column, Layout, fit

Thing = TypeVar("Thing")
Around = TypeVar("Around")

LARGE = 2_000  # instances in the fleet


@dataclass(frozen=True, slots=True)
class Contents(Generic[Thing, Around]):
    """What a list has to show of one fleet.

    ``around`` makes what things are seen in at a moment; ``look`` is all of a thing that its row shows and that time
    alone does not change: a row glows when it differs. Those in ``apart`` stand below the others in any order. ``note``
    is said under the rows; ``widths`` are least ones of columns, by their ids.
    """

    fleet: Fleet
    things: Mapping[str, Thing]
    around: Callable[[datetime], Around]
    look: Callable[[Thing], object]
    apart: frozenset[str] = frozenset()
    is_read: bool = True
    problem: Problem | None = None
    note: str = ""
    widths: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet(Generic[Thing, Around]):
    """How one kind of thing is listed. ``count`` is what the tab says; None as long as nothing was read."""

    kind: ListKind
    columns: Sequence[Column[Thing, Around]]
    sign: Callable[[Thing, Around], Cell]
    identity: Callable[[Thing], str]
    contents: Callable[[Fleet], Contents[Thing, Around]]
    count: Callable[[Fleet], int | None]
    when_empty: Callable[[Contents[Thing, Around]], Sequence[Cell]]


class ListRows(Generic[Thing, Around]):
    """The rows of a small list, for the table."""

    def __init__(
        self,
        sheet: Sheet[Thing, Around],
        contents: Contents[Thing, Around] | None,
        ids: Sequence[str],
        clock: Callable[[], datetime],
    ) -> None:
        self.contents = contents
        self.ids = ids
        self.rows: Mapping[str, int] = {row_id: row for row, row_id in enumerate(ids)}
        self._sheet = sheet
        self._clock = clock

    def layout(self, width: int) -> Layout:
        """The columns for a width."""
        return fit(self._sheet.columns, width, self.contents.widths if self.contents is not None else None)

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of a row."""
        if self.contents is None:
            return (" ", "dim"), [("", "dim") for _ in columns]
        thing, around = self.contents.things[row_id], self.contents.around(self._clock())
        return self._sheet.sign(thing, around), [column.cell(thing, around) for column in columns]


class Listing(Generic[Thing, Around]):
    """The fleet, how the list is arranged, and the rows that came of it."""

    def __init__(
        self,
        sheet: Sheet[Thing, Around],
        start: Callable[[Awaitable[None]], object],
        clock: Callable[[], datetime],
        on_rows: Callable[[ListRows[Thing, Around], frozenset[str]], None],
    ) -> None:
        """``on_rows`` gets the rows, and the ids of those that are new or look otherwise than before."""
        self.sheet = sheet
        self.arrangement = Arrangement()
        self.contents: Contents[Thing, Around] | None = None
        self._start = start
        self._clock = clock
        self._on_rows = on_rows
        self._fleet: Fleet | None = None
        self._shown = 0
        self._looks: dict[str, object] = {}
        self.is_looked_at = self._works = False

    @property
    def things(self) -> Mapping[str, Thing]:
        """All there is, filtered or not, as it was when the list was last in sight."""
        return self.contents.things if self.contents is not None else {}

    @property
    def counted(self) -> tuple[int, int] | None:
        """How many are shown, and of how many."""
        if self._fleet is None:
            return None
        if self.arrangement.query.tests and self.contents is not None:
            return self._shown, len(self.contents.things)
        count = self.sheet.count(self._fleet)
        return None if count is None else (count, count)

    def take(self, fleet: Fleet) -> None:
        """A new fleet."""
        self._fleet = fleet
        self._go()

    def rearrange(self, arrangement: Arrangement) -> None:
        """Another filter or order."""
        if arrangement != self.arrangement:
            self.arrangement = arrangement
            if self.contents is not None:
                self._show(self.contents)

    def forget(self) -> None:
        """Another place: nothing is known of it yet."""
        self._fleet = self.contents = None
        self._looks.clear()

    def look(self, anyone: bool) -> None:
        """Whether the list is in sight; what was read meanwhile is shown when it comes there."""
        self.is_looked_at = anyone
        self._go()

    def _go(self) -> None:
        if self._is_done or self._fleet is None or self._works:
            return
        if len(self._fleet.instances) <= LARGE:
            self._show(self.sheet.contents(self._fleet))
        else:
            self._works = True
            self._start(self._work())

    @property
    def _is_done(self) -> bool:
        return not self.is_looked_at or (self.contents is not None and self.contents.fleet is self._fleet)

    async def _work(self) -> None:
        try:
            while not self._is_done and self._fleet is not None:
                fleet = self._fleet
                contents = await asyncio.to_thread(self.sheet.contents, fleet)
                if self._fleet is not None and self._fleet.place == fleet.place:
                    self._show(contents)
        finally:
            self._works = False

    def _show(self, contents: Contents[Thing, Around]) -> None:
        kind, wanted = self.sheet.kind, self.arrangement
        around, sort = contents.around(self._clock()), kind.sorts[wanted.sort]
        rows = [
            self.sheet.identity(thing)
            for part in (False, True)
            for thing in arranged(
                (thing for row_id, thing in contents.things.items() if (row_id in contents.apart) is part),
                around,
                wanted.query,
                sort,
                wanted.descending,
                self.sheet.identity,
            )
        ]
        looks = {row_id: contents.look(thing) for row_id, thing in contents.things.items()}
        known, self._looks = self._looks, looks
        changed = frozenset(row_id for row_id, look in looks.items() if known.get(row_id) != look) if known else ()
        self.contents, self._shown = contents, len(rows)
        self._on_rows(ListRows(self.sheet, contents, rows, self._clock), frozenset(changed))
