"""The spot pane: what types have cost in each zone over time, and a list to browse them.

What it is made of is imported and mounted when it is first in sight, and not before the first read has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from textual import events
from textual.content import Content

from fe2tui.model.place import Place
from fe2tui.model.words import plural, visible
from fe2tui.tui.arrangement import PaneKind
from fe2tui.tui.panes.described import Described
from fe2tui.tui.panes.pane import Pane
from fe2tui.tui.panes.tabs import tabs
from fe2tui.tui.possible import SPOT
from fe2tui.tui.view import SpotChoice
from fe2tui.tui.widgets.asked import Asked
from fe2tui.tui.widgets.frame import Edge, Part

if TYPE_CHECKING:
    from fe2tui.tui.panes.listpane import ListPane
    from fe2tui.tui.panes.spot_body import SpotBody
    from fe2tui.tui.view import Desk

DAYS = (1, 3, 7, 30, 90)
KIND = PaneKind(SPOT, "type", "")
_SHORT = 100  # columns below which the frame says the other panes' numbers alone


class SpotPane(Pane):
    """Keeps what is chosen, and says it in its frame."""

    def __init__(self, desk: Desk, clock: Callable[[], datetime], work: Callable[[Awaitable[None]], object]) -> None:
        super().__init__(KIND, id=f"{SPOT}-list")
        self._desk = desk
        self._clock = clock
        self._work = work
        self._edge = Edge(self)
        self._tabs: tuple[Mapping[str, str], Collection[str]] = ({}, (SPOT,))
        self._of = ""
        self._followed = ""
        self._has_time = self._is_building = self._wants_focus = False
        self.body: SpotBody | None = None
        self.choice = SpotChoice()

    # What is chosen

    def open(self, type_name: str) -> None:
        """Show a type that a person picked, until it is unpinned."""
        self.choose(replace(self.choice, type=type_name, zone="", pinned=True, family=self._family_with(type_name)))

    def follow(self, type_name: str, of: str) -> None:
        """Show the type of the selected instance, unless a person picked another. ``of`` is its name, safe to show."""
        known = (self._followed, self._of) == (type_name, of)
        self._followed, self._of = type_name, of
        if not known and not self.choice.pinned:
            self.unpin()

    def unpin(self) -> None:
        """Follow the selected instance again."""
        name = self._followed or self.choice.type
        self.choose(replace(self.choice, type=name, pinned=False, family=self._family_with(name)))

    def change_days(self, by: int) -> None:
        """Look at more days, or at fewer."""
        place = DAYS.index(self.choice.days) + by
        self.choose(replace(self.choice, days=DAYS[max(0, min(place, len(DAYS) - 1))]))

    def choose(self, choice: SpotChoice) -> None:
        """Another choice, made here or in what the pane is made of."""
        if choice != self.choice:
            self.choice = choice
            if self.body is not None:
                self.body.show(choice)
            self.write()

    def _family_with(self, type_name: str) -> str:
        """The family that is opened, as long as the type is of it."""
        return self.choice.family if type_name.startswith(f"{self.choice.family}.") else ""

    # What it is made of

    def wake(self) -> None:
        """The first read has ended: there is time now to import and mount what it is made of."""
        self._has_time = True
        self._build_in_sight()

    def on_show(self, event: events.Show) -> None:
        """It is in sight."""
        self._build_in_sight()

    def _build_in_sight(self) -> None:
        if self._has_time and self.is_on_screen and self.body is None and not self._is_building:
            self._is_building = True
            self._work(self._build())

    async def _build(self) -> None:
        module = await asyncio.to_thread(__import__, "fe2tui.tui.panes.spot_body", fromlist=["SpotBody"])
        body: SpotBody = module.SpotBody(self._desk, self._clock, self._work, self.choose, self.write)
        await self.mount(body)
        self.body = body
        body.show(self.choice)
        if self._wants_focus:
            self.take_focus()
        self.write()

    def render(self) -> Content:
        """What it says before it is made."""
        return Content.styled("\n  Reading …" if self.body is None else "", "$ink-dim")

    def take_prices(self) -> None:
        """There may be newer prices."""
        if self.body is not None:
            self.body.take_prices()

    # As every pane

    @property
    def listed(self) -> ListPane | None:
        """The list of families and types."""
        return self.body.listing if self.body is not None else None

    def take_focus(self) -> None:
        """The list gets it, as soon as there is one."""
        self._wants_focus = self.body is None
        if self.body is not None:
            self.body.table.focus()

    def go_to_row(self, row_id: str) -> None:
        """Show the type of that name."""
        self.open(row_id)

    def open_row(self) -> str:
        """Open the family; go on to the zones of a type; launch in a zone."""
        return self.body.open_row() if self.body is not None else ""

    def leave(self) -> None:
        """Back from the zones to the list, then out of the filter, of the family; then follow the selected instance."""
        if self.body is None or not self.body.leave():
            self.unpin()

    @property
    def count_words(self) -> str:
        """How many types there are is nothing that anybody needs to know."""
        return ""

    def described(self) -> Described | None:
        """Nothing: its figures are all in sight."""
        return None

    def write_edge(self, counts: Mapping[str, str], named: Collection[str]) -> None:
        """Write the tabs into the frame, the type, the days, and whose type it is."""
        self._tabs = counts, named
        self.write()

    def write(self) -> None:
        """Write the frame again."""
        counts, named = self._tabs
        self._edge.write(tabs(SPOT, counts, named, short=self.size.width < _SHORT), self._notes())

    def _notes(self) -> list[Part]:
        choice = self.choice
        if not choice.type:
            return []
        said, colour = self.body.state_words if self.body is not None else ("", "")
        query = self.body.offers.arrangement.query if self.body is not None else None
        whose = "picked" if choice.pinned else f"of {self._of}" if self._followed and self._of else ""
        parts = [
            Part(visible(choice.type), "foreground", True),
            Part(f" · {plural(choice.days, 'day')}"),
            Part(" [", "accent", True, "shorter"),
            Part("]", "accent", True, "longer"),
            Part(f" {said}" if said else "", colour or "ink-dim"),
            Part(f" · {whose}" if whose and not said else "", "ink-dim"),
            Part(f" / {visible(query.text)}" if query is not None and query.tests else "", "accent", False, "filter"),
        ]
        return [part for part in parts if part.text]

    def on_click(self, event: events.Click) -> None:
        """A click on the frame."""
        if event.widget is self and event.y == 0:
            self.post_message(Asked(self._edge.command_at(event.x)))

    def recolour(self) -> None:
        """The colours are others."""
        if self.body is not None:
            for part in (self.body.table, self.body.zones):
                part.recolour()
            self.body.chart.refresh()
        self.write()

    def forget(self, place: Place) -> None:
        """Another place is shown."""
        self.choice = SpotChoice(days=self.choice.days)
        self._followed = self._of = ""
        if self.body is not None:
            self.body.forget(place, self.choice)

    def unread(self, reason: str) -> None:
        """The instances could not be read; the prices may be."""
