"""What the spot pane is made of: the chart, its zones, and the list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Prices
from fe2tui.model.place import Place
from fe2tui.model.spot_query import Offer
from fe2tui.paths import sheets_folder
from fe2tui.tui.panes.spot_charted import Charted
from fe2tui.tui.panes.spot_list import SpotList, SpotTable
from fe2tui.tui.panes.spot_offers import OfferPane, keys_of
from fe2tui.tui.panes.spot_reader import SpotReader
from fe2tui.tui.verbs.sources import Joined
from fe2tui.tui.view import SpotChoice
from fe2tui.tui.widgets.chart import ChartView
from fe2tui.tui.widgets.table import Table

if TYPE_CHECKING:
    from fe2tui.tui.view import Desk

BESIDE, BROAD, LOW = 100, 150, 26
EVERY = 60.0  # seconds between two looks whether something newer is to be read
DAY = timedelta(days=1)


class SpotBody(Container):
    """Shows what is chosen, and tells of what a person chooses in it."""

    DEFAULT_CSS = (sheets_folder() / "spot.tcss").read_text(encoding="utf-8")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "in_time(-1)", "Earlier", show=False),
        Binding("right", "in_time(1)", "Later", show=False),
        Binding("shift+left", "in_time(0, -1)", "A day earlier", show=False),
        Binding("shift+right", "in_time(0, 1)", "A day later", show=False),
    ]

    def __init__(
        self,
        desk: Desk,
        clock: Callable[[], datetime],
        work: Callable[[Awaitable[None]], object],
        choose: Callable[[SpotChoice], None],
        said: Callable[[], None],
        choice: SpotChoice,
    ) -> None:
        """``choice`` is what is chosen already.

        ``choose`` is told of another choice, and has it shown; ``said``, that there is something else to say.
        """
        super().__init__()
        self._desk = desk
        self._clock = clock
        self._work = work
        self._choose = choose
        self._said = said
        self._joined = Joined()
        self._is_looked_at = True
        self.choice = choice
        self.reader = SpotReader(desk, clock, work, self._news)
        self.offers = SpotList(self._list_changed, self.reader.history, clock)
        self.offers.family = choice.family
        self.charted = Charted(self.reader, self.offers, clock, lambda: desk.session.region)
        self.zones = self.charted.zones
        self.table = SpotTable(self._picked, self._want_weeks)
        self.listing = OfferPane(
            self.table,
            self.offers,
            self._picked,
            lambda: keys_of(self.choice, self.table.offer, self.offers.arrangement, self.zones.has_focus),
        )

    def compose(self) -> Iterator[Widget]:
        """The chart above its zones, and the list."""
        yield self.charted
        yield self.listing

    def on_mount(self) -> None:
        """Show what is known, and read what is not."""
        self.set_interval(EVERY, self.look_again)
        self.take_prices()
        self.look_again()

    def on_resize(self, event: events.Resize) -> None:
        """The list is beside the chart where there is room."""
        width, height = event.size
        self.set_class(width >= BESIDE, "-beside")
        self.set_class(width >= BROAD, "-broad")
        self.set_class(width < BESIDE and height < LOW, "-low")
        self.call_after_refresh(self._want_weeks)

    @on(events.Show)
    @on(events.Hide)
    def _seen(self, event: events.Show | events.Hide) -> None:
        self._is_looked_at = isinstance(event, events.Show)
        self.look_again()

    # What is read

    def look_again(self) -> None:
        """Have read what is not known, or not new any more, while somebody looks."""
        if self._is_looked_at:
            self._work(self._read_market())
            self.charted.want()
            self._want_weeks()

    async def _read_market(self) -> None:
        """The types of the region, and what all of them cost."""
        ctx, place = self._desk.context(), self._desk.session.place
        try:
            await self._desk.catalogues.get(ctx)
            self.take_prices()
            await self._desk.spot_prices.get(ctx)
        except Fe2Error as error:
            if place == self._desk.session.place:
                self.offers.problem = error.summary
                self._list_changed()
        else:
            self.offers.problem = ""
            self.take_prices()

    def take_prices(self) -> None:
        """Show the newest types and prices that are at hand."""
        place, fleet = self._desk.session.place, self._desk.fleet
        spot = self._desk.spot_prices.kept(place)
        prices = self._joined.of(
            fleet.prices if fleet is not None else Prices(), spot.prices if spot is not None else {}
        )
        if self.offers.take(self._desk.catalogues.kept(place), prices):
            self._list_changed()
            self.charted.draw()
            self._said()

    def _want_weeks(self) -> None:
        """The weeks of the rows in view."""
        self.reader.want_weeks([one.type.name for one in self.table.in_view if one.type.spot])

    def _news(self, names: frozenset[str]) -> None:
        """Something else is known of these types, or they are being read."""
        if self.choice.type in names:
            self.charted.draw()
        self.table.redraw_rows([one.name for one in self.table.in_view if one.type.name in names])
        self._said()

    def forget(self, place: Place, choice: SpotChoice) -> None:
        """Another place is shown."""
        self.choice = choice
        self.reader.forget()
        self.offers.problem = self.offers.family = ""
        self.offers.take(None, Prices())
        self.charted.forget(choice)
        self.table.forget(place)
        self.look_again()

    def recolour(self) -> None:
        """The colours are others."""
        self.table.recolour()
        self.zones.recolour()
        self.listing.line.refresh()
        self.charted.chart.refresh()

    # The list

    def _list_changed(self) -> None:
        """Other rows. The chart is that of the row under the cursor: of the type's, else of the first."""
        rows, row = self.offers.rows(), self.offers.row_of(self.choice.type)
        self.table.empty = self.offers.when_empty(self._desk.session.region)
        sort, is_filtered = self.offers.arrangement, bool(self.offers.arrangement.query.tests)
        here = rows.offer(row if row in rows.rows else rows.ids[0]) if rows.ids else None
        self.table.show_offers(rows, (sort.sort, sort.descending), here.name if here is not None else row)
        name, is_known = self.choice.type, self.offers.type(self.choice.type) is not None
        if here is not None and here.type.name != name and (is_known or is_filtered or not name):
            self._choose(self.offers.chosen(self.choice, here.type.name, pinned=is_filtered or bool(name)))
        self.call_after_refresh(self._want_weeks)
        self._said()

    # What is chosen

    def show(self, choice: SpotChoice) -> None:
        """Show what is chosen: at once where it is known, else as soon as it is."""
        was, self.choice = self.choice, choice
        self.offers.family = choice.family
        self.charted.choose(choice)
        if choice.type != was.type and self.offers.hides(choice.type):
            self.listing.leave()
        elif choice.family != was.family:
            self._list_changed()
        elif choice.type != was.type:
            self.table.put_on(self.offers.row_of(choice.type))
        self.listing.line.redraw()

    def _picked(self, offer: Offer | None) -> None:
        """A person moved to a row, or chose the one under the cursor; none may be there before the types are read."""
        kept = self.choice.type if self.offers.catalogue is not None else ""
        self._choose(self.offers.chosen(self.choice, offer.type.name if offer is not None else kept))
        self._want_weeks()

    def open_row(self) -> str:
        """Open the family; from a type on to its zones; from a zone to launching there, which is a command."""
        if self.zones.has_focus:
            return self.zones.OPENS
        offer = self.table.offer
        if offer is not None and offer.count:
            self._choose(self.choice._replace(family=offer.name, type=offer.type.name, pinned=True))
        elif offer is not None:
            self._picked(offer)
            if self.zones.zones.ids:
                self.zones.focus()
        return ""

    def leave(self) -> bool:
        """Back from the zones to the list, out of the filter, or of the family; whether there was any of them."""
        if self.zones.has_focus:
            self.table.focus()
        elif self.offers.arrangement.query.text:
            self.listing.leave()
        elif self.choice.family:
            self._choose(self.choice._replace(family="", pinned=True))
        else:
            return False
        return True

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    @on(Table.Moved)
    def _zone_chosen(self) -> None:
        if self.zones.chosen != self.choice.zone:
            self._choose(self.choice._replace(zone=self.zones.chosen))
        self.listing.line.redraw()

    # Time

    def action_in_time(self, columns: int, days: int = 0) -> None:
        """Move the chart's cursor by so many columns, or days."""
        if columns:
            self.charted.chart.move(columns)
        else:
            self.charted.chart.shift(DAY * days)

    @on(ChartView.Pointed)
    def _pointed(self, event: ChartView.Pointed) -> None:
        event.stop()
        self.zones.show_zones(self.zones.zones.pointed(event.moment))
        self._choose(self.choice._replace(moment=event.moment))
