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

Thing = TypeVar("Thing")
Around = TypeVar("Around")


def _note(contents: Contents[Any, Any]) -> Sequence[Part]:
    """What is said in the frame: what could not be read, else what is to be known of the list."""
    if contents.problem is not None:
        return (Part(f"▲ {visible(contents.problem.summary)} ", "state-trouble", False, "errors"),)
    return (Part(f"{contents.note} "),) if contents.note else ()


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
        self.trouble = _note(contents)
        noun = self._sheet.kind.noun
        if arrangement.query.tests:
            self.empty = ((f"No {noun} fits the filter.", "text"), ("esc shows all of them again.", "dim"))
        elif contents.problem is not None:
            said = ((contents.problem.summary, "text"), (contents.problem.remedy, "dim"))
            self.empty = tuple((visible(text), ink) for text, ink in said if text)
        elif not contents.is_read:
            self.empty = nothing_read(contents.fleet.place)
        else:
            self.empty = self._sheet.when_empty(contents)
        self.show(rows, changed)

    def forget(self, place: Place) -> None:
        """Another place is shown: nothing of the last one stays."""
        self.marks.clear()
        self._list_rows = ListRows(self._sheet, None, (), self._clock)
        self.trouble = ()
        self.empty = nothing_read(place)
        self.show(self._list_rows)
