"""The spot pane: holds the chosen type and zone; its content is loaded when first visible."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from textual import events

from fe2tui.model.location import Location
from fe2tui.model.text import plural, visible
from fe2tui.tui.command_context import SpotChoice
from fe2tui.tui.list_model import PaneKind
from fe2tui.tui.pane_ids import SPOT
from fe2tui.tui.panes.base import LazyPane, tab_parts
from fe2tui.tui.widgets.frame import FrameTitle, TitlePart
from fe2tui.tui.widgets.line import CommandRequested

if TYPE_CHECKING:
    from fe2tui.tui.panes.list_pane import ListPane
    from fe2tui.tui.panes.spot_body import SpotBody
    from fe2tui.tui.services import Services


class ChartTitle(NamedTuple):
    """What is drawn, a type over so many days, and the words for what is going on with their colour."""

    type: str
    days: int
    status: str = ""
    colour: str = ""


def title_parts(
    title: ChartTitle, is_pinned: bool, instance_name: str, filter_text: str, width: int
) -> Sequence[TitlePart]:
    """What is drawn, what is going on or else whose type it is, the keys of the days, and the filter.

    ``of`` is the name of the instance that is followed. What has no room is left out, the least important first.
    """
    if not title.type:
        return ()
    whose = "picked" if is_pinned else f"of {instance_name}" if instance_name else ""
    parts = {
        "type": TitlePart(visible(title.type), "foreground", True),
        "whose": TitlePart(f" · {whose}" if whose and not title.status else "", "ink-dim"),
        "words": TitlePart(f" · {title.status}" if title.status else "", title.colour or "ink-dim"),
        "days": TitlePart(f" · {plural(title.days, 'day')}", "ink-dim"),
        "shorter": TitlePart(" [ shorter", "accent", False, "shorter"),
        "longer": TitlePart("  ] longer", "accent", False, "longer"),
        "filter": TitlePart(f" / {visible(filter_text)}" if filter_text else "", "accent", False, "filter"),
    }
    for step in _SHORTENINGS:
        if sum(cell_len(part.text) for part in parts.values()) <= width:
            break
        for name, text in step.items():
            parts[name] = TitlePart(text.format(days=title.days), parts[name].colour, False, parts[name].command)
    return [part for part in parts.values() if part.text]


_SHORTENINGS = (
    {"shorter": " [ ", "longer": "]"},
    {"days": " · {days}d"},
    {"whose": ""},
    {"shorter": "", "longer": ""},
    {"filter": ""},
    {"days": ""},
)


DAY_CHOICES = (1, 3, 7, 30, 90)
MAX_KEY_HOLD_SECONDS = 5.0  # seconds that keys wait for what they are meant for
SPOT_KIND = PaneKind(SPOT, "type", "")
_SHORT_TABS_WIDTH = 100  # columns below which the frame says the other panes' numbers alone


class SpotPane(LazyPane):
    """Keeps what is chosen, and says it in its frame."""

    def __init__(self, services: Services) -> None:
        super().__init__(SPOT_KIND, services)
        self._frame_title = FrameTitle(self)
        self._tabs: tuple[Mapping[str, str], Collection[str]] = ({}, (SPOT,))
        self._followed_instance = ("", "")
        self.body: SpotBody | None = None
        self.choice = SpotChoice()

    # What is chosen

    def show_type(self, type_name: str) -> None:
        """Show a type that a person picked, until it is unpinned."""
        self.choose(self.choice._replace(type=type_name, zone="", is_pinned=True, family=_family_of(type_name)))

    def follow(self, type_name: str, instance_name: str) -> None:
        """Show the type of the selected instance, unless a person picked another. ``of`` is its name, safe to show."""
        if (type_name, instance_name) != self._followed_instance:
            self._followed_instance = (type_name, instance_name)
            if not self.choice.is_pinned:
                self.unpin()

    def unpin(self) -> None:
        """Follow the selected instance again."""
        name = self._followed_instance[0] or self.choice.type
        zone = self.choice.zone if name == self.choice.type else ""
        family = _family_of(name) if self._followed_instance[0] else self.choice.family
        self.choose(self.choice._replace(type=name, zone=zone, is_pinned=False, family=family))
        self.rewrite_frame_title()

    def change_days(self, by: int) -> None:
        """Look at more days, or at fewer."""
        place = DAY_CHOICES.index(self.choice.days) + by
        self.choose(self.choice._replace(days=DAY_CHOICES[max(0, min(place, len(DAY_CHOICES) - 1))]))

    def choose(self, choice: SpotChoice) -> None:
        """Another choice, made here or in what is in the pane."""
        if choice != self.choice:
            self.choice = choice
            if self.body is not None:
                self.body.show(choice)
            self.rewrite_frame_title()

    # What is in it

    @property
    def is_loaded(self) -> bool:
        """Whether there is anything in it."""
        return self.body is not None

    async def load(self) -> None:
        """Import and mount chart, zones and list."""
        module = await asyncio.to_thread(__import__, "fe2tui.tui.panes.spot_body", fromlist=["SpotBody"])
        body: SpotBody = module.SpotBody(
            self._services, self._services.clock, self._start_worker, self.choose, self.rewrite_frame_title, self.choice
        )
        await self.mount(body)
        self.body = body
        body.show(self.choice)
        if self._services.main_screen.pane == SPOT:
            self.take_focus()
        self.refresh()
        self.rewrite_frame_title()
        self.call_after_refresh(self._services.key_queue.release, SPOT)

    def hold_keys(self) -> None:
        """Somebody goes there: keys typed before it is made are meant for it, not commands."""
        if self.body is None:
            self._services.key_queue.hold(SPOT)
            self.set_timer(MAX_KEY_HOLD_SECONDS, lambda: self._services.key_queue.drop(SPOT))

    def _start_worker(self, work: Awaitable[None]) -> None:
        self._services.start_worker(work, "spot")

    @property
    def list_pane(self) -> ListPane | None:
        """The list of families and types."""
        return self.body.offer_pane if self.body is not None else None

    def update_prices(self) -> None:
        """There may be newer prices."""
        if self.body is not None:
            self.body.update_prices()

    # As every pane

    def take_focus(self) -> None:
        """The list gets it, as soon as there is one."""
        if self.body is not None:
            self.body.offer_table.focus()

    def open_row(self) -> str:
        """Open the family; go on to the zones of a type; launch in a zone."""
        return self.body.open_row() if self.body is not None else ""

    def leave(self) -> None:
        """Back from the zones to the list, then out of the filter, of the family; then follow the selected instance."""
        if self.body is None or not self.body.leave():
            self.unpin()

    def write_frame_title(self, counts: Mapping[str, str], tab_panes: Collection[str]) -> None:
        """Write the tabs into the frame, and what is shown."""
        self._tabs = counts, tab_panes
        self.rewrite_frame_title()

    def rewrite_frame_title(self) -> None:
        """Write the frame again."""
        body, width = self.body, self.size.width
        query = body.offer_list.arrangement.filter.text if body is not None else ""
        title = body.price_chart.chart_title if body is not None else ChartTitle(self.choice.type, self.choice.days)
        named = tab_parts(SPOT, *self._tabs, is_short=width < _SHORT_TABS_WIDTH)
        room = self._frame_title.width_beside(named)
        self._frame_title.write(
            named, title_parts(title, self.choice.is_pinned, self._followed_instance[1], query, room)
        )

    def on_click(self, event: events.Click) -> None:
        """A click on the frame."""
        if event.widget is self and event.y == 0 and (command := self._frame_title.command_at(event.x)):
            self.post_message(CommandRequested(command))

    def recolour(self) -> None:
        """The colours are others."""
        if self.body is not None:
            self.body.recolour()
        self.rewrite_frame_title()

    def reset(self, location: Location) -> None:
        """Another place is shown."""
        self.choice = SpotChoice(days=self.choice.days)
        self._followed_instance = ("", "")
        if self.body is not None:
            self.body.reset(location, self.choice)
        self.rewrite_frame_title()


def _family_of(type_name: str) -> str:
    """The family that has to be opened for the type's row to be there."""
    return type_name.partition(".")[0]
