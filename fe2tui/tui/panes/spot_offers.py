"""The list of the spot pane: families, the types of one family, or the types that match a filter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from textual.widget import Widget

from fe2tui.model.filters import filter_and_sort
from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.model.location import Location
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory
from fe2tui.model.spot_offers import SPOT_OFFER_SORTS, SpotOffer, family_offers, period_means, prefix_first, spot_offer
from fe2tui.model.text import visible
from fe2tui.model.type_filter import TypeScope
from fe2tui.tui.command_context import SpotChoice
from fe2tui.tui.list_model import NO_FILTER, Arrangement
from fe2tui.tui.panes.list_pane import ListPane, ListTable, reading_text
from fe2tui.tui.panes.spot_columns import OFFER_COLUMNS, OFFER_KIND, WEEK_BARS, OfferScope, best_size, offer_title
from fe2tui.tui.widgets.grid import Cell, Column, ColumnLayout, NameWidths, fit_columns
from fe2tui.tui.widgets.line import Span, TextLine, spans_width

_NAME_WIDTHS = NameWidths(minimum=10, generous=22)
_WEEK = timedelta(days=7)


class OfferRows:
    """Families or types, for the table."""

    def __init__(self, offers: Sequence[SpotOffer], scope: OfferScope, sort: str = "type") -> None:
        """``sort`` is what they are sorted by: its column is always shown."""
        self.ids: Sequence[str] = [one.name for one in offers]
        self.row_numbers: Mapping[str, int] = {name: row for row, name in enumerate(self.ids)}
        self._offers = {one.name: one for one in offers}
        self._scope = scope
        self._sort = sort
        self._are_families = any(one.type_count for one in offers)
        self._longest = max((len(offer_title(one)) for one in offers), default=0)
        self._widths = {"best": max((len(best_size(one)) for one in offers), default=0)}

    def offer(self, name: str) -> SpotOffer:
        """What a row is about."""
        return self._offers[name]

    def layout(self, width: int) -> ColumnLayout:
        """The columns for a width."""
        longest = max(_NAME_WIDTHS.minimum, self._longest)
        columns = [
            column._replace(rank=0) if column.sort == self._sort else column
            for column in OFFER_COLUMNS
            if self._are_families or column.id != "best"
        ]
        return fit_columns(
            columns, width, self._widths, NameWidths(longest, longest, max(longest, _NAME_WIDTHS.generous))
        )

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of an offer."""
        one = self._offers[row_id]
        return ("▸" if one.type_count else " ", "dim"), [column.cell(one, self._scope) for column in columns]


class OfferTable(ListTable):
    """Tells whether a person moved its cursor, or what is shown did."""

    OPEN_COMMAND = "open"

    def __init__(self, report_pick: Callable[[SpotOffer], None], report_scroll: Callable[[], None]) -> None:
        """``picked`` is told of the row that a person moved to, ``scrolled`` when others are in view."""
        self._report_pick = report_pick
        self._report_scroll = report_scroll
        self.offers = OfferRows((), OfferScope(lambda name: None))
        super().__init__(self.offers, id="spot-types")
        self._placed_id: str | None = None

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known yet."""
        return not self.offers.ids

    @property
    def offer(self) -> SpotOffer | None:
        """What is under the cursor."""
        return self.offers.offer(self.cursor_id) if self.cursor_id is not None else None

    @property
    def offers_in_view(self) -> Sequence[SpotOffer]:
        """What the rows in view are about."""
        top = round(self.scroll_y)
        return [self.offers.offer(name) for name in self.offers.ids[top : top + self.size.height]]

    def show_offers(self, rows: OfferRows, sorted_by: tuple[str, bool], cursor: str) -> None:
        """Show these, with the cursor on one: nobody has moved it there."""
        self.offers, self.sorted_by = rows, sorted_by
        self._anchor = cursor
        self.show(rows)
        self._placed_id = self.cursor_id
        self.place_cursor(cursor)

    def place_cursor(self, row_id: str) -> None:
        """Put the cursor on a row, and in sight, without a person having moved it."""
        if row_id in self.offers.row_numbers:
            self._placed_id = row_id
            if self.cursor_id != row_id or not self._is_row_in_view(self._cursor):
                self.go_to(row_id)

    def _is_row_in_view(self, row: int) -> bool:
        return 0 <= row - round(self.scroll_y) < self._page_rows

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows are in view."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._report_scroll()

    def reset(self, location: Location) -> None:
        """Another place is shown."""
        self.empty_lines = reading_text(location)
        self.show_offers(OfferRows((), OfferScope(lambda name: None)), self.sorted_by, "")

    def _move_to(self, row: int) -> None:
        """The chart follows a person at once, not by a message: so it is drawn in the same frame as the cursor."""
        super()._move_to(row)
        if self.cursor_id != self._placed_id:
            self._placed_id = None
            if self.offer is not None:
                self._report_pick(self.offer)


class OfferList:
    """What the region offers, how it is arranged, and the rows that came of it."""

    def __init__(
        self,
        on_change: Callable[[], None],
        history: Callable[[str], SpotHistory | None],
        clock: Callable[[], datetime],
    ) -> None:
        """``changed`` is told of other rows; ``history`` is what is known of a type."""
        self.arrangement = Arrangement(sort="type")
        self.catalogue: TypeCatalogue | None = None
        self.family = ""
        self.problem = ""
        """Why types or prices could not be read."""
        self._on_change = on_change
        self._history = history
        self._clock = clock
        self._prices = Prices()
        self._at = TypeScope(self._prices, {})
        self._offers: Sequence[SpotOffer] = ()
        self._zones: Collection[str] = ()
        self._weeks: dict[str, tuple[PriceSeries, Sequence[Decimal | None]]] = {}

    def update(self, catalogue: TypeCatalogue | None, prices: Prices) -> bool:
        """Show these from now on; whether they are others than before."""
        if catalogue is self.catalogue and (prices is self._prices or prices == self._prices):
            return False
        if catalogue is not self.catalogue:
            self._zones = frozenset(zone for zones in catalogue.zones.values() for zone in zones) if catalogue else ()
        self.catalogue, self._prices = catalogue, prices
        self._at = TypeScope(prices, catalogue.zones if catalogue is not None else {})
        self._offers = [spot_offer(one, self._at) for one in catalogue.types.values()] if catalogue is not None else []
        return True

    def type(self, name: str) -> InstanceType | None:
        """A type of the region."""
        return self.catalogue.types.get(name) if self.catalogue is not None else None

    def on_demand(self, name: str) -> Decimal | None:
        """Dollars an hour on demand."""
        return self._prices.on_demand.get(name)

    def zones_of(self, name: str) -> Mapping[str, bool]:
        """The zones of the region, as far as they are known, and whether they offer a type."""
        offering = self.catalogue.zones_of(name) if self.catalogue is not None else None
        return {} if offering is None else {zone: zone in offering for zone in self._zones}

    @property
    def shows_families(self) -> bool:
        """Whether families are listed: without a filter, as long as none is opened."""
        return not self.family and not self.arrangement.filter.tests

    @property
    def counts(self) -> tuple[int, int] | None:
        """How many types there are; None as long as they were not read."""
        return None if self.catalogue is None else (len(self.catalogue.types), len(self.catalogue.types))

    def rearrange(self, arrangement: Arrangement) -> None:
        """Another filter or order. A filter is one of all types."""
        if arrangement != self.arrangement:
            self.arrangement = arrangement
            self._on_change()

    def hides(self, type_name: str) -> bool:
        """Whether the filter leaves out a type that there is."""
        one, query = self.type(type_name), self.arrangement.filter
        return one is not None and bool(query.tests) and not query.matches(spot_offer(one, self._at), self._at)

    def choice_of(self, choice: SpotChoice, name: str, *, pinned: bool = True) -> SpotChoice:
        """The choice of a row's type. Out of a filter one comes back to all families."""
        family = "" if self.arrangement.filter.tests else choice.family
        return choice._replace(type=name, zone="", is_pinned=pinned, family=family)

    def row_id_of(self, type_name: str) -> str:
        """The row of a type: itself, or that of its family."""
        return type_name.partition(".")[0] if self.shows_families else type_name

    def rows(self) -> OfferRows:
        """The rows now."""
        arrangement, offers = self.arrangement, self._offers
        if self.shows_families:
            offers = family_offers(offers, arrangement.sort)
        elif not self.arrangement.filter.tests:
            offers = [one for one in offers if one.type.family == self.family]
        query = arrangement.filter if arrangement.filter.tests else NO_FILTER
        matching = filter_and_sort(
            offers,
            self._at,
            query,
            SPOT_OFFER_SORTS[arrangement.sort],
            arrangement.descending,
            lambda one: one.sort_key,
        )
        if arrangement.sort == "type" and query.tests and not arrangement.descending:
            matching = prefix_first(matching, query.text)
        return OfferRows(matching, OfferScope(self._week_of), arrangement.sort)

    def _week_of(self, name: str) -> Sequence[Decimal | None] | None:
        """The week of the cheapest zone, worked out once for what is known."""
        history = self._history(name)
        if history is None:
            return None
        cheapest = next(iter(history.current_prices()), None)
        if cheapest is None:
            return ()
        series = history.zones[cheapest]
        cached = self._weeks.get(name)
        if cached is None or cached[0] is not series:
            now = self._clock()
            cached = self._weeks[name] = (series, period_means(series, now - _WEEK, now, WEEK_BARS))
        return cached[1]

    def empty_text(self, region: str) -> Sequence[Cell]:
        """What an empty list says."""
        if self.problem and self.catalogue is None:
            return ((visible(self.problem), "trouble"), ("ctrl+r tries again", "accent"))
        if self.catalogue is None:
            return ((f"Reading the types of {visible(region)} …", "dim"),)
        if not self.arrangement.filter.tests:
            words = f"{visible(region)} offers no types of the family {visible(self.family)}."
            return ((words, "text"), ("esc shows all families.", "dim"))
        return (("No type fits the filter.", "text"), ("esc shows all of them again.", "dim"))


KeyHint: TypeAlias = tuple[str, str, str]
"""A key, what it does in words, and its command."""


def key_hints(
    choice: SpotChoice, offer: SpotOffer | None, arrangement: Arrangement, is_in_zones: bool
) -> Sequence[KeyHint]:
    """What can be done in the list, or in the zones, beside the commands of the footer. ``offer``: under the cursor."""
    if is_in_zones:
        return (("esc", "back to the list", "leave"), ("← →", "in time", ""))
    hints, is_filtered = [("/", "to find: p3", "filter")], bool(arrangement.filter.text)
    if offer is not None:
        hints.append(("enter", f"open {visible(offer.name)}" if offer.type_count else "zones", "open"))
    if is_filtered or choice.family or choice.is_pinned:
        out = "all" if is_filtered else "families" if choice.family else "follow again"
        hints.append(("esc", out, "leave"))
    return (*hints, ("← →", "in time", ""))


class OfferPane(ListPane):
    """Enter in the filter chooses: the row that is under the cursor then, or comes there when the types are read."""

    def __init__(
        self,
        table: OfferTable,
        offer_list: OfferList,
        report_pick: Callable[[SpotOffer | None], None],
        get_key_hints: Callable[[], Sequence[KeyHint]],
    ) -> None:
        """``picked`` is told when a person is done with a filter, ``keys`` are those that the line tells of."""
        super().__init__(OFFER_KIND, table, offer_list)
        self.remove_class("list")
        self._report_pick = report_pick
        self._table = table
        self._get_key_hints = get_key_hints
        self.key_line = TextLine(self._key_spans, id="spot-keys")

    def compose(self) -> Iterator[Widget]:
        """The line below the table and the filter."""
        yield self.key_line

    def take_focus(self) -> None:
        """The table gets it, from the filter."""
        super().take_focus()
        if self.arrangement.filter.tests:
            self._report_pick(self._table.offer)

    def _key_spans(self, width: int) -> Sequence[Span]:
        spans = [Span("   ")]
        for key, word, command in self._get_key_hints():
            two = [Span(f" {key} ", "key", command), Span(f"{word} ", "dim", command)]
            if spans_width([*spans, *two]) > width:
                break
            spans += two
        return spans
