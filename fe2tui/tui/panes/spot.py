"""The spot pane: what types have cost in each zone over time, and a list to browse them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, cast

from textual import events

from fe2tui.model.place import Place
from fe2tui.tui.arrangement import PaneKind
from fe2tui.tui.panes.late import LatePane, Work
from fe2tui.tui.panes.spot_frame import Titled, notes
from fe2tui.tui.panes.tabs import tabs
from fe2tui.tui.possible import SPOT
from fe2tui.tui.view import SpotChoice
from fe2tui.tui.widgets.asked import Asked
from fe2tui.tui.widgets.frame import Edge

if TYPE_CHECKING:
    from fe2tui.tui.ahead import Ahead
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.panes.listpane import ListPane
    from fe2tui.tui.panes.spot_body import SpotBody
    from fe2tui.tui.view import Desk

DAYS = (1, 3, 7, 30, 90)
LONGEST = 5.0  # seconds that keys wait for what they are meant for
KIND = PaneKind(SPOT, "type", "")
_SHORT = 100  # columns below which the frame says the other panes' numbers alone


class SpotPane(LatePane):
    """Keeps what is chosen, and says it in its frame."""

    def __init__(self, desk: Desk, clock: Callable[[], datetime], work: Work, is_meant: Callable[[], bool]) -> None:
        """``is_meant``: whether it is the pane that commands act on."""
        super().__init__(KIND, work)
        self._is_meant = is_meant
        self._desk = desk
        self._clock = clock
        self._edge = Edge(self)
        self._tabs: tuple[Mapping[str, str], Collection[str]] = ({}, (SPOT,))
        self._followed = ("", "")
        self.body: SpotBody | None = None
        self.choice = SpotChoice()

    # What is chosen

    def open(self, type_name: str) -> None:
        """Show a type that a person picked, until it is unpinned."""
        self.choose(self.choice._replace(type=type_name, zone="", pinned=True, family=_family(type_name)))

    def follow(self, type_name: str, of: str) -> None:
        """Show the type of the selected instance, unless a person picked another. ``of`` is its name, safe to show."""
        if (type_name, of) != self._followed:
            self._followed = (type_name, of)
            if not self.choice.pinned:
                self.unpin()

    def unpin(self) -> None:
        """Follow the selected instance again."""
        name = self._followed[0] or self.choice.type
        zone = self.choice.zone if name == self.choice.type else ""
        family = _family(name) if self._followed[0] else self.choice.family
        self.choose(self.choice._replace(type=name, zone=zone, pinned=False, family=family))
        self.write()

    def change_days(self, by: int) -> None:
        """Look at more days, or at fewer."""
        place = DAYS.index(self.choice.days) + by
        self.choose(self.choice._replace(days=DAYS[max(0, min(place, len(DAYS) - 1))]))

    def choose(self, choice: SpotChoice) -> None:
        """Another choice, made here or in what is in the pane."""
        if choice != self.choice:
            self.choice = choice
            if self.body is not None:
                self.body.show(choice)
            self.write()

    # What is in it

    @property
    def is_made(self) -> bool:
        """Whether there is anything in it."""
        return self.body is not None

    async def make(self) -> None:
        """Import and mount chart, zones and list."""
        module = await asyncio.to_thread(__import__, "fe2tui.tui.panes.spot_body", fromlist=["SpotBody"])
        body: SpotBody = module.SpotBody(self._desk, self._clock, self._work, self.choose, self.write, self.choice)
        await self.mount(body)
        self.body = body
        body.show(self.choice)
        if self._is_meant():
            self.take_focus()
        self.refresh()
        self.write()
        self.call_after_refresh(self._ahead.release, SPOT)

    def keep_keys(self) -> None:
        """Somebody goes there: keys typed before it is made are meant for it, not commands."""
        if self.body is None:
            self._ahead.hold(SPOT)
            self.set_timer(LONGEST, lambda: self._ahead.give_up(SPOT))

    @property
    def _ahead(self) -> Ahead:
        return cast("Dashboard", self._desk.app).ahead

    @property
    def listed(self) -> ListPane | None:
        """The list of families and types."""
        return self.body.listing if self.body is not None else None

    def take_prices(self) -> None:
        """There may be newer prices."""
        if self.body is not None:
            self.body.take_prices()

    # As every pane

    def take_focus(self) -> None:
        """The list gets it, as soon as there is one."""
        if self.body is not None:
            self.body.table.focus()

    def open_row(self) -> str:
        """Open the family; go on to the zones of a type; launch in a zone."""
        return self.body.open_row() if self.body is not None else ""

    def leave(self) -> None:
        """Back from the zones to the list, then out of the filter, of the family; then follow the selected instance."""
        if self.body is None or not self.body.leave():
            self.unpin()

    def write_edge(self, counts: Mapping[str, str], named: Collection[str]) -> None:
        """Write the tabs into the frame, and what is shown."""
        self._tabs = counts, named
        self.write()

    def write(self) -> None:
        """Write the frame again."""
        body, width = self.body, self.size.width
        query = body.offers.arrangement.query.text if body is not None else ""
        drawn = body.charted.titled if body is not None else Titled(self.choice.type, self.choice.days)
        named = tabs(SPOT, *self._tabs, short=width < _SHORT)
        room = self._edge.room_beside(named)
        self._edge.write(named, notes(drawn, self.choice.pinned, self._followed[1], query, room))

    def on_click(self, event: events.Click) -> None:
        """A click on the frame."""
        if event.widget is self and event.y == 0 and (command := self._edge.command_at(event.x)):
            self.post_message(Asked(command))

    def recolour(self) -> None:
        """The colours are others."""
        if self.body is not None:
            self.body.recolour()
        self.write()

    def forget(self, place: Place) -> None:
        """Another place is shown."""
        self.choice = SpotChoice(days=self.choice.days)
        self._followed = ("", "")
        if self.body is not None:
            self.body.forget(place, self.choice)
        self.write()


def _family(type_name: str) -> str:
    """The family that has to be opened for the type's row to be there."""
    return type_name.partition(".")[0]
