"""What the spot pane contains: the chart of one type above its zones, and the list of types."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from textual import events, on
from textual.containers import Container
from textual.widget import Widget

from fe2tui.errors import Fe2Error
from fe2tui.model.location import Location
from fe2tui.paths import stylesheets_folder
from fe2tui.tui.command_context import SpotChoice
from fe2tui.tui.forms.type_list import MergedPrices
from fe2tui.tui.panes.spot_history_reader import SpotHistoryReader
from fe2tui.tui.panes.spot_offers import OfferPane
from fe2tui.tui.panes.spot_price_chart import SpotPriceChart
from fe2tui.tui.widgets.chart import ChartView
from fe2tui.tui.widgets.table import Table

if TYPE_CHECKING:
    from fe2tui.tui.panes.spot import SpotPane
    from fe2tui.tui.services import Services

BESIDE_WIDTH = 132  # cells: beside the chart, the list has all the columns that it has alone in 80
LOW_HEIGHT, LOWEST_HEIGHT = 26, 19  # lines below which the list is lower
CHECK_SECONDS = 60.0  # between two checks whether newer prices have to be read
DAY = timedelta(days=1)


class SpotBody(Container):
    """Shows ``SpotPane.choice``, and changes it."""

    DEFAULT_CSS = (stylesheets_folder() / "spot.tcss").read_text(encoding="utf-8")

    def __init__(self, services: Services, pane: SpotPane) -> None:
        super().__init__()
        self._services = services
        self._pane = pane
        self._merged_prices = MergedPrices()
        self._is_in_view = True
        self.reader = SpotHistoryReader(services, self._show_histories)
        self.offer_pane = OfferPane(services, pane, self.reader)
        self.price_chart = SpotPriceChart(services, self.reader, self.offer_pane.offer_list)
        self.zones = self.price_chart.zones

    def compose(self) -> Iterator[Widget]:
        yield self.price_chart
        yield self.offer_pane

    def on_mount(self) -> None:
        self.set_interval(CHECK_SECONDS, self.read_if_in_view)
        self.update_prices()
        self.read_if_in_view()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.set_class(width >= BESIDE_WIDTH, "-beside")
        self.set_class(width < BESIDE_WIDTH and height < LOW_HEIGHT, "-low")
        self.set_class(width < BESIDE_WIDTH and height < LOWEST_HEIGHT, "-lowest")
        self.call_after_refresh(self.offer_pane.request_weeks)

    @on(events.Show)
    @on(events.Hide)
    def _set_in_view(self, event: events.Show | events.Hide) -> None:
        self._is_in_view = isinstance(event, events.Show)
        self.read_if_in_view()

    # Reading

    def read_if_in_view(self) -> None:
        """Read what is not known, or is old, while the pane is visible."""
        if self._is_in_view:
            self._services.start_worker(self._read_prices(), "spot prices")
            self.price_chart.request_history()
            self.offer_pane.request_weeks()

    async def _read_prices(self) -> None:
        ctx, location = self._services.task_context(), self._services.session.location
        offer_list = self.offer_pane.offer_list
        try:
            await self._services.catalogues.get(ctx)
            self.update_prices()
            await self._services.spot_prices.get(ctx.session, ctx.clock())
        except Fe2Error as error:
            if location == self._services.session.location:
                offer_list.problem = error.summary
                self.offer_pane.show_rows()
        else:
            offer_list.problem = ""
            self.update_prices()

    def update_prices(self) -> None:
        location, fleet = self._services.session.location, self._services.fleet
        spot = self._services.spot_prices.cached(location)
        prices = self._merged_prices.merge(fleet, spot)
        if self.offer_pane.offer_list.update(self._services.catalogues.cached(location), prices):
            self.offer_pane.show_rows()
            self.price_chart.draw()
            self._pane.rewrite_frame_title()

    def _show_histories(self, names: frozenset[str]) -> None:
        if self._pane.choice.type in names:
            self.price_chart.draw()
        self.offer_pane.redraw_types(names)
        self._pane.rewrite_frame_title()

    def reset(self, location: Location) -> None:
        self.reader.reset()
        self.offer_pane.reset(location)
        self.price_chart.reset(self._pane.choice)
        self.read_if_in_view()

    def recolour(self) -> None:
        self.offer_pane.recolour()
        self.zones.recolour()
        self.price_chart.chart.refresh()

    # The choice

    def show(self, before: SpotChoice, choice: SpotChoice) -> None:
        """Show another choice: at once where its prices are known, else when they are read."""
        self.price_chart.choose(choice)
        self.offer_pane.choose(before, choice)

    def open_row(self) -> str:
        """Open the family, or go to the zones of the type. Returns the command that launches in the zone."""
        if self.zones.has_focus:
            return "launch"
        offer = self.offer_pane.offer
        self.offer_pane.open_row()
        if offer is not None and not offer.type_count and self.zones.row_count:
            self.zones.focus()
        return ""

    def leave(self) -> bool:
        """Remove the cursor in time, go back from the zones to the list, or leave the filter, or the family.

        Returns False if there was none.
        """
        if self.price_chart.chart.kept_moment is not None:
            self.price_chart.chart.set_cursor(None)
        elif self.zones.has_focus:
            self.offer_pane.table.focus()
        elif self.offer_pane.arrangement.filter.text:
            self.offer_pane.leave()
        elif self._pane.choice.family:
            self._pane.choice = self._pane.choice._replace(family="", is_pinned=True)
        else:
            return False
        return True

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    @on(Table.CursorMoved)
    def _choose_zone(self) -> None:
        self._pane.choice = self._pane.choice._replace(zone=self.zones.chosen_zone)
        self.offer_pane.key_line.redraw()

    def move_in_time(self, columns: int, days: int = 0) -> None:
        if columns:
            self.price_chart.chart.move_cursor(columns)
        else:
            self.price_chart.chart.shift_cursor(DAY * days)

    @on(ChartView.CursorMoved)
    def _choose_moment(self, event: ChartView.CursorMoved) -> None:
        event.stop()
        self.price_chart.show_moment(event.moment)
        if event.kept_moment != self._pane.choice.moment:
            self._pane.choice = self._pane.choice._replace(moment=event.kept_moment)
            self.offer_pane.key_line.redraw()
            self._services.main_screen.footer.redraw()
