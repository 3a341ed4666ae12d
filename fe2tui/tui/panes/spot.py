"""The spot pane: holds the chosen type, zone and days, and writes them into its frame.

What it contains, ``SpotBody``, is imported and mounted when the pane is first visible. Both set ``SpotPane.choice``;
its watcher has the body show the new choice at once, so that the cursor of the list and the chart change in one frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content
from textual.reactive import reactive

from fe2tui.model.location import Location
from fe2tui.model.text import fit, plural, visible
from fe2tui.tui.command_context import SpotChoice
from fe2tui.tui.list_model import PaneKind
from fe2tui.tui.pane_ids import DAY_CHOICES, SPOT
from fe2tui.tui.panes.base import Pane, tab_spans
from fe2tui.tui.widgets.frame import Framed
from fe2tui.tui.widgets.line import Span, spans_width

if TYPE_CHECKING:
    from fe2tui.tui.panes.list_pane import ListPane
    from fe2tui.tui.panes.spot_body import SpotBody
    from fe2tui.tui.services import Services

MAX_KEY_HOLD_SECONDS = 5.0  # that keys wait for the pane to load
SPOT_KIND = PaneKind(SPOT, "type", "")
_SHORT_TABS_WIDTH = 100  # cells below which the frame shows only the numbers of other panes


class ChartTitle(NamedTuple):
    """The type and the days of the chart that is drawn, and what is being read or has failed, in a style."""

    type: str
    days: int
    status: str = ""
    style: str = ""


def title_spans(title: ChartTitle, is_pinned: bool, instance_name: str, filter_text: str, width: int) -> Sequence[Span]:
    """The title of the chart for a width: less important parts are left out where it is narrow.

    ``instance_name`` is that of the selected instance, whose type is shown unless another type is pinned.
    """
    if not title.type:
        return ()
    return fit(width, _title_forms(title, is_pinned, instance_name, filter_text), spans_width)


def _title_forms(title: ChartTitle, is_pinned: bool, instance_name: str, filter_text: str) -> Iterator[Sequence[Span]]:
    origin = "chosen here" if is_pinned else f"of {instance_name}" if instance_name else ""
    shortest, longest = title.days <= DAY_CHOICES[0], title.days >= DAY_CHOICES[-1]
    spans = {
        "type": Span(visible(title.type), "strong"),
        "origin": Span(f" · {origin}" if origin and not title.status else "", "dim"),
        "status": Span(f" · {title.status}" if title.status else "", title.style or "dim"),
        "days": Span(f" · {plural(title.days, 'day')}", "dim"),
        "shorter": Span(" [ shorter", "faint" if shortest else "accent", "shorter"),
        "longer": Span("  ] longer", "faint" if longest else "accent", "longer"),
        "filter": Span(f" / {visible(filter_text)}" if filter_text else "", "accent", "filter"),
    }
    for shorter_texts in (
        {},
        {"shorter": " [ ", "longer": "]"},
        {"days": f" · {title.days}d"},
        {"origin": ""},
        {"shorter": "", "longer": ""},
        {"filter": ""},
        {"days": ""},
    ):
        spans |= {name: spans[name]._replace(text=text) for name, text in shorter_texts.items()}
        yield [span for span in spans.values() if span.text]


def family_of(type_name: str) -> str:
    """The family whose types the list has to show for the row of a type to be there."""
    return type_name.partition(".")[0]


class SpotPane(Pane, Framed):
    """The spot prices of one type, and a list of all types. They are loaded when the pane is first visible."""

    choice: reactive[SpotChoice] = reactive(SpotChoice(), repaint=False, init=False)

    def __init__(self, services: Services) -> None:
        super().__init__(SPOT_KIND)
        self._services = services
        self._may_load = self._is_being_loaded = False
        self._tabs: tuple[Mapping[str, str], Collection[str]] = ({}, (SPOT,))
        self._followed_type = self._followed_name = ""
        self.body: SpotBody | None = None  # what the pane contains; None before it is loaded

    def watch_choice(self, before: SpotChoice, choice: SpotChoice) -> None:
        if self.body is not None:
            self.body.show(before, choice)
        self.rewrite_frame_title()

    # What is shown

    def show_type(self, type_name: str) -> None:
        """Show a type, and pin it: the pane does not follow the selected instance until ``unpin``."""
        self.choice = self.choice._replace(type=type_name, zone="", is_pinned=True, family=family_of(type_name))

    def follow(self, type_name: str, instance_name: str) -> None:
        """Show the type of the selected instance, unless another is pinned. The name is safe to show."""
        if (type_name, instance_name) != (self._followed_type, self._followed_name):
            self._followed_type, self._followed_name = type_name, instance_name
            if not self.choice.is_pinned:
                self.unpin()

    def unpin(self) -> None:
        name = self._followed_type or self.choice.type
        zone = self.choice.zone if name == self.choice.type else ""
        family = family_of(name) if self._followed_type else self.choice.family
        self.choice = self.choice._replace(type=name, zone=zone, is_pinned=False, family=family)
        self.rewrite_frame_title()

    def change_days(self, by: int) -> None:
        """Show more days, or fewer: ``by`` steps of ``DAY_CHOICES``."""
        number = DAY_CHOICES.index(self.choice.days) + by
        self.choice = self.choice._replace(days=DAY_CHOICES[max(0, min(number, len(DAY_CHOICES) - 1))])

    def update_prices(self) -> None:
        if self.body is not None:
            self.body.update_prices()

    # Loading

    def allow_loading(self) -> None:
        """Load the content from now on: the first read is on the screen."""
        self._may_load = True
        self._load_if_visible()

    def on_show(self) -> None:
        self._load_if_visible()

    def _load_if_visible(self) -> None:
        if self._may_load and self.is_on_screen and self.body is None and not self._is_being_loaded:
            self._is_being_loaded = True
            self._services.start_worker(self._load(), "spot pane")

    async def _load(self) -> None:
        try:
            await asyncio.to_thread(import_module, "fe2tui.tui.panes.spot_body")
            await self._mount_body()
        finally:
            self._is_being_loaded = False

    async def _mount_body(self) -> None:
        from fe2tui.tui.panes.spot_body import SpotBody

        body = SpotBody(self._services, self)
        await self.mount(body)
        self.body = body
        body.show(SpotChoice(), self.choice)
        if self._services.main_screen.pane == SPOT:
            self.take_focus()
        self.refresh()
        self.rewrite_frame_title()
        self.call_after_refresh(self._services.key_queue.release, SPOT)

    def render(self) -> Content:
        return Content.styled("" if self.body is not None else "\n  Reading …", "$ink-dim")

    def hold_keys(self) -> None:
        """Keep the keys that are typed before the pane is loaded: they are meant for it."""
        if self.body is None:
            self._services.key_queue.hold(SPOT)
            self.set_timer(MAX_KEY_HOLD_SECONDS, lambda: self._services.key_queue.drop(SPOT))

    # See ``Pane``

    @property
    def list_pane(self) -> ListPane | None:
        return self.body.offer_pane if self.body is not None else None

    def take_focus(self) -> None:
        if self.body is not None:
            self.body.offer_pane.table.focus()

    def open_row(self) -> str:
        return self.body.open_row() if self.body is not None else ""

    def leave(self) -> None:
        if self.body is None or not self.body.leave():
            self.unpin()

    def write_frame_title(self, counts: Mapping[str, str], tab_panes: Collection[str]) -> None:
        self._tabs = counts, tab_panes
        self.rewrite_frame_title()

    def rewrite_frame_title(self) -> None:
        body = self.body
        query = body.offer_pane.arrangement.filter.text if body is not None else ""
        title = body.price_chart.chart_title if body is not None else ChartTitle(self.choice.type, self.choice.days)
        tabs = tab_spans(SPOT, *self._tabs, is_short=self.size.width < _SHORT_TABS_WIDTH)
        width = self.width_beside(tabs)
        self.set_frame_title(tabs, title_spans(title, self.choice.is_pinned, self._followed_name, query, width))

    def recolour(self) -> None:
        if self.body is not None:
            self.body.recolour()
        self.rewrite_frame_title()

    def reset(self, location: Location) -> None:
        self._followed_type = self._followed_name = ""
        self.set_reactive(SpotPane.choice, SpotChoice(days=self.choice.days))
        if self.body is not None:
            self.body.reset(location)
        self.rewrite_frame_title()
