"""The table of a small list, whatever is listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from fe2tui.model.place import Place
from fe2tui.model.words import visible
from fe2tui.tui.arrangement import Arrangement
from fe2tui.tui.listing import Contents, ListRows, Sheet
from fe2tui.tui.panes.listpane import ListTable, nothing_read
from fe2tui.tui.widgets.frame import Part
from fe2tui.tui.widgets.grid import Cell

Thing = TypeVar("Thing")
Around = TypeVar("Around")


def _unread(contents: Contents[Any, Any]) -> Sequence[Cell]:
    """What could not be read, and what to do about it."""
    if contents.problem is None:
        return ()
    said = ((contents.problem.summary, "trouble"), (contents.problem.remedy, "dim"))
    return tuple((visible(text), ink) for text, ink in said if text)


class Listed(ListTable, Generic[Thing, Around]):
    """What a ``Sheet`` says of each thing."""

    def __init__(self, sheet: Sheet[Thing, Around], clock: Callable[[], datetime], *, opens: str) -> None:
        """``opens`` is the command of a double click."""
        self._sheet = sheet
        self._clock = clock
        self._list_rows: ListRows[Thing, Around] = ListRows(sheet, None, (), clock)
        super().__init__(self._list_rows, id=sheet.kind.pane)
        self.opens = opens

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known yet."""
        return self._list_rows.contents is None

    def show_rows(self, rows: ListRows[Thing, Around], arrangement: Arrangement, changed: frozenset[str]) -> None:
        """Show rows; those changed glow."""
        contents = rows.contents
        if contents is None:
            return
        self.marks &= contents.things.keys()
        self._list_rows = rows
        self.sorted_by = (arrangement.sort, arrangement.descending)
        problem = contents.problem
        said = f"▲ {problem.part.capitalize()} not read " if problem is not None else ""
        self.trouble = (Part(said, "state-trouble", False, "errors"),) if said else ()
        self.below = _unread(contents) or (((contents.note, "dim"),) if contents.note else ())
        noun = self._sheet.kind.noun
        if arrangement.query.tests:
            self.empty = ((f"No {noun} fits the filter.", "text"), ("esc shows all of them again.", "dim"))
        elif problem is not None:
            self.empty = self.below
        elif not contents.is_read:
            self.empty = nothing_read(contents.fleet.place)
        else:
            self.empty = self._sheet.when_empty(contents)
        self.show(rows, changed)

    def forget(self, place: Place) -> None:
        """Another place is shown: nothing of the last one stays."""
        self.marks.clear()
        self._list_rows = ListRows(self._sheet, None, (), self._clock)
        self.trouble = self.below = ()
        self.empty = nothing_read(place)
        self.show(self._list_rows)
