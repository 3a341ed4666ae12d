"""The spot pane: what types have cost in each zone over time, and a list to browse them.

What it is made of is imported and mounted when it is first looked at, and not before the first read has ended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from fe2tui.model.place import Place
from fe2tui.tui.arrangement import PaneKind
from fe2tui.tui.panes.described import Described
from fe2tui.tui.panes.pane import Pane
from fe2tui.tui.panes.tabs import tabs
from fe2tui.tui.possible import SPOT
from fe2tui.tui.view import SpotChoice
from fe2tui.tui.widgets.frame import Edge

if TYPE_CHECKING:
    from fe2tui.tui.panes.listpane import ListPane
    from fe2tui.tui.view import Desk

DAYS = (1, 3, 7, 30, 90)
KIND = PaneKind(SPOT, "type", "")


class SpotPane(Pane):
    """Keeps what is chosen."""

    def __init__(self, desk: Desk, clock: Callable[[], datetime], work: Callable[[Awaitable[None]], object]) -> None:
        super().__init__(KIND, id=f"{SPOT}-list")
        self._desk = desk
        self._clock = clock
        self._work = work
        self._edge = Edge(self)
        self._tabs: tuple[Mapping[str, str], Collection[str]] = ({}, (SPOT,))
        self._of = ""
        self.choice = SpotChoice()

    # What is chosen

    def open(self, type_name: str) -> None:
        """Show a type that a person picked, until it is unpinned."""
        self._choose(replace(self.choice, type=type_name, zone="", pinned=True))

    def follow(self, type_name: str, of: str) -> None:
        """Show the type of the selected instance, unless a person picked another. ``of`` is its name, safe to show."""
        self._of = of
        if not self.choice.pinned and type_name != self.choice.type:
            self._choose(replace(self.choice, type=type_name, zone=""))

    def unpin(self) -> None:
        """Follow the selected instance again."""
        self._choose(replace(self.choice, pinned=False))

    def change_days(self, by: int) -> None:
        """Look at more days, or at fewer."""
        place = DAYS.index(self.choice.days) + by
        self._choose(replace(self.choice, days=DAYS[max(0, min(place, len(DAYS) - 1))]))

    def _choose(self, choice: SpotChoice) -> None:
        self.choice = choice
        self._write()

    def wake(self) -> None:
        """There is time now: import and mount what it is made of, if it is in sight."""

    # As every pane

    @property
    def listed(self) -> ListPane | None:
        """The list of families and types."""
        return None

    def take_focus(self) -> None:
        """The list gets it."""

    def go_to_row(self, row_id: str) -> None:
        """Its rows are looked for by nobody else."""

    def open_row(self) -> str:
        """Open the family."""
        return ""

    def leave(self) -> None:
        """Back from the zones to the list, then out of the filter, of the family; then follow the selected instance."""
        self.unpin()

    @property
    def count_words(self) -> str:
        """How many types there are is nothing that anybody needs to know."""
        return ""

    def described(self) -> Described | None:
        """The details of the type."""
        return None

    def write_edge(self, counts: Mapping[str, str], named: Collection[str]) -> None:
        """Write the tabs into the frame, the type, and the days."""
        self._tabs = counts, named
        self._write()

    def _write(self) -> None:
        counts, named = self._tabs
        self._edge.write(tabs(SPOT, counts, named))

    def recolour(self) -> None:
        """The colours are others."""
        self._write()

    def forget(self, place: Place) -> None:
        """Another place is shown."""
        self.choice = SpotChoice(days=self.choice.days)

    def unread(self, reason: str) -> None:
        """The instances could not be read; prices may still be."""
