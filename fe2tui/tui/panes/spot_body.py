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
from fe2tui.model.location import Location
from fe2tui.model.spot_offers import SpotOffer
from fe2tui.paths import stylesheets_folder
from fe2tui.tui.command_context import SpotChoice
from fe2tui.tui.forms.type_list import MergedPrices
from fe2tui.tui.panes.spot_history_reader import SpotHistoryReader
from fe2tui.tui.panes.spot_offers import OfferList, OfferPane, OfferTable, key_hints
from fe2tui.tui.panes.spot_price_chart import SpotPriceChart
from fe2tui.tui.widgets.chart import ChartView
from fe2tui.tui.widgets.table import Table

if TYPE_CHECKING:
    from fe2tui.tui.services import Services

BESIDE_WIDTH, BROAD_WIDTH, LOW_HEIGHT = 100, 150, 26
CHECK_SECONDS = 60.0  # seconds between two looks whether something newer is to be read
DAY = timedelta(days=1)


class SpotBody(Container):
    """Shows what is chosen, and tells of what a person chooses in it."""

    DEFAULT_CSS = (stylesheets_folder() / "spot.tcss").read_text(encoding="utf-8")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "in_time(-1)", "Earlier", show=False),
        Binding("right", "in_time(1)", "Later", show=False),
        Binding("shift+left", "in_time(0, -1)", "A day earlier", show=False),
        Binding("shift+right", "in_time(0, 1)", "A day later", show=False),
    ]

    def __init__(
        self,
        services: Services,
        clock: Callable[[], datetime],
        start_worker: Callable[[Awaitable[None]], object],
        choose: Callable[[SpotChoice], None],
        report_change: Callable[[], None],
        choice: SpotChoice,
    ) -> None:
        """``choice`` is what is chosen already.

        ``choose`` is told of another choice, and has it shown; ``said``, that there is something else to say.
        """
        super().__init__()
        self._services = services
        self._clock = clock
        self._start_worker = start_worker
        self._choose = choose
        self._report_change = report_change
        self._merged_prices = MergedPrices()
        self._is_in_view = True
        self.choice = choice
        self.reader = SpotHistoryReader(services, clock, start_worker, self._show_histories)
        self.offer_list = OfferList(self._show_list, self.reader.history, clock)
        self.offer_list.family = choice.family
        self.price_chart = SpotPriceChart(self.reader, self.offer_list, clock, lambda: services.session.region)
        self.zones = self.price_chart.zones
        self.offer_table = OfferTable(self._choose_offer, self._request_weeks)
        self.offer_pane = OfferPane(
            self.offer_table,
            self.offer_list,
            self._choose_offer,
            lambda: key_hints(self.choice, self.offer_table.offer, self.offer_list.arrangement, self.zones.has_focus),
        )

    def compose(self) -> Iterator[Widget]:
        """The chart above its zones, and the list."""
        yield self.price_chart
        yield self.offer_pane

    def on_mount(self) -> None:
        """Show what is known, and read what is not."""
        self.set_interval(CHECK_SECONDS, self.read_if_in_view)
        self.update_prices()
        self.read_if_in_view()

    def on_resize(self, event: events.Resize) -> None:
        """The list is beside the chart where there is room."""
        width, height = event.size
        self.set_class(width >= BESIDE_WIDTH, "-beside")
        self.set_class(width >= BROAD_WIDTH, "-broad")
        self.set_class(width < BESIDE_WIDTH and height < LOW_HEIGHT, "-low")
        self.call_after_refresh(self._request_weeks)

    @on(events.Show)
    @on(events.Hide)
    def _set_in_view(self, event: events.Show | events.Hide) -> None:
        self._is_in_view = isinstance(event, events.Show)
        self.read_if_in_view()

    # What is read

    def read_if_in_view(self) -> None:
        """Have read what is not known, or not new any more, while somebody looks."""
        if self._is_in_view:
            self._start_worker(self._read_spot_prices())
            self.price_chart.request_history()
            self._request_weeks()

    async def _read_spot_prices(self) -> None:
        """The types of the region, and what all of them cost."""
        ctx, location = self._services.task_context(), self._services.session.location
        try:
            await self._services.catalogues.get(ctx)
            self.update_prices()
            await self._services.spot_prices.get(ctx.session, ctx.clock())
        except Fe2Error as error:
            if location == self._services.session.location:
                self.offer_list.problem = error.summary
                self._show_list()
        else:
            self.offer_list.problem = ""
            self.update_prices()

    def update_prices(self) -> None:
        """Show the newest types and prices that are at hand."""
        location, fleet = self._services.session.location, self._services.fleet
        spot = self._services.spot_prices.cached(location)
        prices = self._merged_prices.merge(
            fleet.prices if fleet is not None else Prices(), spot.prices if spot is not None else {}
        )
        if self.offer_list.update(self._services.catalogues.cached(location), prices):
            self._show_list()
            self.price_chart.draw()
            self._report_change()

    def _request_weeks(self) -> None:
        """The weeks of the rows in view."""
        self.reader.request_weeks([one.type.name for one in self.offer_table.offers_in_view if one.type.spot])

    def _show_histories(self, names: frozenset[str]) -> None:
        """Something else is known of these types, or they are being read."""
        if self.choice.type in names:
            self.price_chart.draw()
        self.offer_table.redraw_rows([one.name for one in self.offer_table.offers_in_view if one.type.name in names])
        self._report_change()

    def reset(self, location: Location, choice: SpotChoice) -> None:
        """Another place is shown."""
        self.choice = choice
        self.reader.reset()
        self.offer_list.problem = self.offer_list.family = ""
        self.offer_list.update(None, Prices())
        self.price_chart.reset(choice)
        self.offer_table.reset(location)
        self.read_if_in_view()

    def recolour(self) -> None:
        """The colours are others."""
        self.offer_table.recolour()
        self.zones.recolour()
        self.offer_pane.key_line.refresh()
        self.price_chart.chart.refresh()

    # The list

    def _show_list(self) -> None:
        """Other rows. The chart is that of the row under the cursor: of the type's, else of the first."""
        rows, row = self.offer_list.rows(), self.offer_list.row_id_of(self.choice.type)
        self.offer_table.empty_lines = self.offer_list.empty_text(self._services.session.region)
        sort, is_filtered = self.offer_list.arrangement, bool(self.offer_list.arrangement.filter.tests)
        here = rows.offer(row if row in rows.row_numbers else rows.ids[0]) if rows.ids else None
        self.offer_table.show_offers(rows, (sort.sort, sort.descending), here.name if here is not None else row)
        name, is_known = self.choice.type, self.offer_list.type(self.choice.type) is not None
        if here is not None and here.type.name != name and (is_known or is_filtered or not name):
            self._choose(self.offer_list.choice_of(self.choice, here.type.name, pinned=is_filtered or bool(name)))
        self.call_after_refresh(self._request_weeks)
        self._report_change()

    # What is chosen

    def show(self, choice: SpotChoice) -> None:
        """Show what is chosen: at once where it is known, else as soon as it is."""
        was, self.choice = self.choice, choice
        self.offer_list.family = choice.family
        self.price_chart.choose(choice)
        if choice.type != was.type and self.offer_list.hides(choice.type):
            self.offer_pane.leave()
        elif choice.family != was.family:
            self._show_list()
        elif choice.type != was.type:
            self.offer_table.place_cursor(self.offer_list.row_id_of(choice.type))
        self.offer_pane.key_line.redraw()

    def _choose_offer(self, offer: SpotOffer | None) -> None:
        """A person moved to a row, or chose the one under the cursor; none may be there before the types are read."""
        current_type = self.choice.type if self.offer_list.catalogue is not None else ""
        self._choose(self.offer_list.choice_of(self.choice, offer.type.name if offer is not None else current_type))
        self._request_weeks()

    def open_row(self) -> str:
        """Open the family; from a type on to its zones; from a zone to launching there, which is a command."""
        if self.zones.has_focus:
            return self.zones.OPEN_COMMAND
        offer = self.offer_table.offer
        if offer is not None and offer.type_count:
            self._choose(self.choice._replace(family=offer.name, type=offer.type.name, is_pinned=True))
        elif offer is not None:
            self._choose_offer(offer)
            if self.zones.zones.ids:
                self.zones.focus()
        return ""

    def leave(self) -> bool:
        """Back from the zones to the list, out of the filter, or of the family; whether there was any of them."""
        if self.zones.has_focus:
            self.offer_table.focus()
        elif self.offer_list.arrangement.filter.text:
            self.offer_pane.leave()
        elif self.choice.family:
            self._choose(self.choice._replace(family="", is_pinned=True))
        else:
            return False
        return True

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    @on(Table.CursorMoved)
    def _choose_zone(self) -> None:
        if self.zones.chosen_zone != self.choice.zone:
            self._choose(self.choice._replace(zone=self.zones.chosen_zone))
        self.offer_pane.key_line.redraw()

    # Time

    def action_in_time(self, columns: int, days: int = 0) -> None:
        """Move the chart's cursor by so many columns, or days."""
        if columns:
            self.price_chart.chart.move_cursor(columns)
        else:
            self.price_chart.chart.shift_cursor(DAY * days)

    @on(ChartView.CursorMoved)
    def _choose_moment(self, event: ChartView.CursorMoved) -> None:
        event.stop()
        self.zones.show_zones(self.zones.zones.with_cursor(event.moment))
        self._choose(self.choice._replace(moment=event.moment))
