"""The list of the spot pane: families, the types of one family, or the types that match a filter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from textual.widget import Widget

from fe2tui.model.filters import filter_and_sort
from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.model.location import Location, zone_letter
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot_offers import (
    SPOT_OFFER_LANGUAGE,
    SPOT_OFFER_SORTS,
    SpotOffer,
    family_offers,
    period_means,
    prefix_first,
    spot_offer,
)
from fe2tui.model.text import DASH, dollars, percent, visible
from fe2tui.model.type_filter import TypeScope
from fe2tui.tui.command_context import SpotChoice
from fe2tui.tui.list_model import NO_FILTER, Arrangement, ListKind
from fe2tui.tui.panes.list_pane import ListPane, reading_text
from fe2tui.tui.panes.spot import family_of
from fe2tui.tui.widgets.grid import Cell, Column, ColumnLayout, NameWidths, fit_columns, sparkline
from fe2tui.tui.widgets.line import Span, TextLine, spans_width
from fe2tui.tui.widgets.table import Table

if TYPE_CHECKING:
    from fe2tui.tui.panes.spot import SpotPane
    from fe2tui.tui.panes.spot_history_reader import SpotHistoryReader
    from fe2tui.tui.services import Services
    from fe2tui.tui.widgets.filter_bar import FilterBar

OFFER_KIND = ListKind(
    "types", "type", "", SPOT_OFFER_LANGUAGE, SPOT_OFFER_SORTS, "p3  gpu:a10g  vcpu>=8  saves>60  arch:arm64  -metal"
)
WEEK_BARS = 8  # of the sparkline of a week
_WEEK = timedelta(days=7)
_MIN_RELATIVE_SPAN = Decimal("0.05")  # of the price: the bars of smaller changes differ less than by full height
_HIGH_PRICE = 999  # dollars from which a price has two decimals, so that it fits its column
_NAME_WIDTHS = NameWidths(minimum=10, generous=22)

# Columns


@dataclass(frozen=True, slots=True)
class OfferScope:
    """``week_of`` gives the mean prices of a type in ``WEEK_BARS`` parts of the last week; None before it was read."""

    week_of: Callable[[str], Sequence[Decimal | None] | None]


def price_cell(amount: Decimal | None) -> Cell:
    """Dollars an hour."""
    return (DASH, "dim") if amount is None else (dollars(amount, 4 if amount < _HIGH_PRICE else 2), "text")


def savings_cell(share: Decimal | None) -> Cell:
    """The saved share of the on-demand price; amber where spot costs more."""
    return (DASH, "dim") if share is None else (percent(float(share)), "moving" if share < 0 else "running")


def short_zone(zone: str) -> str:
    """``2a`` of ``us-east-2a``."""
    return visible(zone_letter(zone))


def _price_sparkline(means: Sequence[Decimal | None]) -> str:
    """Bars from the lowest to the highest mean; a space where there is none."""
    known = [mean for mean in means if mean is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    span = max(high - low, high * _MIN_RELATIVE_SPAN) or Decimal(1)
    return "".join(" " if mean is None else sparkline([float((mean - low) / span)], 1, 1.0) for mean in means)


def _title(one: SpotOffer) -> str:
    return f"{visible(one.name)} {one.type_count}" if one.type_count else visible(one.name)


def _best_size(one: SpotOffer) -> str:
    """``nano`` of the type that the family's figures are of."""
    return visible(one.type.name.partition(".")[2])


def _price(one: SpotOffer, scope: OfferScope) -> Cell:
    return price_cell(one.price) if one.type.spot else ("no spot", "dim")


def _zone(one: SpotOffer, scope: OfferScope) -> Cell:
    return short_zone(one.zone) if one.zone else DASH, "dim"


def _week(one: SpotOffer, scope: OfferScope) -> Cell:
    means = scope.week_of(one.type.name) if one.type.spot else None
    return (_price_sparkline(means), "spark") if means else ("", "dim")


_Column: TypeAlias = Column[SpotOffer, OfferScope]

OFFER_COLUMNS: tuple[_Column, ...] = (
    Column("type", "TYPE", 12, lambda one, at: (_title(one), "text"), sort="type", is_flexible=True),
    Column("best", "BEST", 8, lambda one, at: (_best_size(one), "dim"), rank=1),
    Column("now", "NOW", 8, _price, is_right_aligned=True, sort="price"),
    Column("zone", "ZONE", 4, _zone, rank=2),
    Column("on_demand", "ON DEMAND", 9, lambda one, at: price_cell(one.on_demand), rank=3, is_right_aligned=True),
    Column("saves", "SAVES", 6, lambda one, at: savings_cell(one.saves), is_right_aligned=True, sort="saves"),
    Column("week", "WEEK", WEEK_BARS, _week, rank=1),
    Column("vcpu", "$/vCPU", 7, lambda one, at: price_cell(one.per_vcpu), rank=4, is_right_aligned=True, sort="vcpu"),
    Column("gib", "$/GiB", 7, lambda one, at: price_cell(one.per_gib), rank=4, is_right_aligned=True, sort="gib"),
    Column("gpu", "$/GPU", 7, lambda one, at: price_cell(one.per_gpu), rank=5, is_right_aligned=True, sort="gpu"),
)

# Rows


class OfferRows:
    """Families or types, for the table. The column that they are sorted by always has space."""

    def __init__(self, offers: Sequence[SpotOffer], scope: OfferScope, sort: str = "type") -> None:
        self.ids: Sequence[str] = [one.name for one in offers]
        self.row_numbers: Mapping[str, int] = {name: row for row, name in enumerate(self.ids)}
        self.offers = {one.name: one for one in offers}
        self._scope = scope
        self._sort = sort
        self._are_families = any(one.type_count for one in offers)
        self._longest_title = max((len(_title(one)) for one in offers), default=0)
        self._min_widths = {"best": max((len(_best_size(one)) for one in offers), default=0)}

    def layout(self, width: int) -> ColumnLayout:
        longest = max(_NAME_WIDTHS.minimum, self._longest_title)
        columns = [
            column._replace(rank=0) if column.sort == self._sort else column
            for column in OFFER_COLUMNS
            if self._are_families or column.id != "best"
        ]
        name_widths = NameWidths(longest, longest, max(longest, _NAME_WIDTHS.generous))
        layout = fit_columns(columns, width - 1, self._min_widths, name_widths)  # a cell before the scrollbar
        widest = max(longest, _NAME_WIDTHS.generous)  # wider, the prices would be far from their types
        return layout._replace(
            columns=tuple(c._replace(width=min(c.width, widest)) if c.is_flexible else c for c in layout.columns)
        )

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        one = self.offers[row_id]
        return ("▸" if one.type_count else " ", "dim"), [column.cell(one, self._scope) for column in columns]


NO_OFFERS = OfferRows((), OfferScope(lambda name: None))


class OfferList:
    """What the region offers, and how it is listed. ``rows`` are computed by ``compute_rows``."""

    def __init__(self, services: Services, reader: SpotHistoryReader, show: Callable[[], None]) -> None:
        """``show`` is called when the arrangement has changed."""
        self.arrangement = Arrangement(sort="type")
        self.catalogue: TypeCatalogue | None = None  # the types of the region; None before they were read
        self.family = ""  # whose types are listed; empty for all families
        self.problem = ""  # why types or prices could not be read
        self.rows = NO_OFFERS
        self._services = services
        self._reader = reader
        self._show = show
        self._prices = Prices()
        self._scope = TypeScope(self._prices, {})
        self._offers: Sequence[SpotOffer] = ()
        self._zones: Collection[str] = ()
        self._weeks: dict[str, tuple[PriceSeries, Sequence[Decimal | None]]] = {}

    def update(self, catalogue: TypeCatalogue | None, prices: Prices) -> bool:
        """Replace types and prices. Returns whether any of them differ."""
        if catalogue is self.catalogue and (prices is self._prices or prices == self._prices):
            return False
        if catalogue is not self.catalogue:
            self._zones = frozenset(zone for zones in catalogue.zones.values() for zone in zones) if catalogue else ()
        self.catalogue, self._prices = catalogue, prices
        self._scope = TypeScope(prices, catalogue.zones if catalogue is not None else {})
        types = catalogue.types.values() if catalogue is not None else ()
        self._offers = [spot_offer(one, self._scope) for one in types]
        return True

    def compute_rows(self) -> OfferRows:
        arrangement, offers = self.arrangement, self._offers
        query = arrangement.filter if arrangement.filter.tests else NO_FILTER
        if self.shows_families:
            offers = family_offers(offers, arrangement.sort)
        elif not query.tests:
            offers = [one for one in offers if one.type.family == self.family]
        sort = SPOT_OFFER_SORTS[arrangement.sort]
        matching = filter_and_sort(offers, self._scope, query, sort, arrangement.descending, lambda one: one.sort_key)
        if arrangement.sort == "type" and query.tests and not arrangement.descending:
            matching = prefix_first(matching, query.text)
        self.rows = OfferRows(matching, OfferScope(self._week_of), arrangement.sort)
        return self.rows

    @property
    def counts(self) -> tuple[int, int] | None:
        return None if self.catalogue is None else (len(self.catalogue.types), len(self.catalogue.types))

    def rearrange(self, arrangement: Arrangement) -> None:
        if arrangement != self.arrangement:
            self.arrangement = arrangement
            self._show()

    @property
    def shows_families(self) -> bool:
        """Whether families are listed: a filter is one of all types."""
        return not self.family and not self.arrangement.filter.tests

    def row_id_of(self, type_name: str) -> str:
        """The id of the row that a type is in: its own, or that of its family."""
        return family_of(type_name) if self.shows_families else type_name

    def hides(self, type_name: str) -> bool:
        """Whether the filter leaves out a type of the region."""
        one, query = self.type(type_name), self.arrangement.filter
        return one is not None and bool(query.tests) and not query.matches(spot_offer(one, self._scope), self._scope)

    def type(self, name: str) -> InstanceType | None:
        return self.catalogue.types.get(name) if self.catalogue is not None else None

    def on_demand(self, name: str) -> Decimal | None:
        """Dollars an hour on demand."""
        return self._prices.on_demand.get(name)

    def zones_of(self, name: str) -> Mapping[str, bool]:
        """The zones of the region, and whether each offers a type. Empty while that is unknown."""
        offering = self.catalogue.zones_of(name) if self.catalogue is not None else None
        return {} if offering is None else {zone: zone in offering for zone in self._zones}

    def _week_of(self, name: str) -> Sequence[Decimal | None] | None:
        """The week of a type in its cheapest zone. Kept until its prices change."""
        history = self._reader.history(name)
        if history is None:
            return None
        cheapest = next(iter(history.current_prices()), None)
        if cheapest is None:
            return ()
        series = history.zones[cheapest]
        cached = self._weeks.get(name)
        if cached is None or cached[0] is not series:
            now = self._services.clock()
            cached = self._weeks[name] = (series, period_means(series, now - _WEEK, now, WEEK_BARS))
        return cached[1]

    def empty_text(self) -> Sequence[Cell]:
        region = visible(self._services.session.region)
        if self.problem and self.catalogue is None:
            return ((visible(self.problem), "trouble"), ("ctrl+r tries again", "accent"))
        if self.catalogue is None:
            return ((f"Reading the types of {region} …", "dim"),)
        if not self.arrangement.filter.tests:
            text = f"{region} offers no types of the family {visible(self.family)}."
            return ((text, "text"), ("esc shows all families.", "dim"))
        return (("No type matches the filter.", "text"), ("esc shows all types.", "dim"))


# The pane

KeyHint: TypeAlias = tuple[str, str, str]
"""A key, what it does, and its command; empty where it has none."""


class OfferPane(ListPane):
    """The table of offers, the filter, and a line of keys. The type under the cursor is the one that is charted."""

    def __init__(self, services: Services, pane: SpotPane, reader: SpotHistoryReader) -> None:
        self.offer_list = OfferList(services, reader, self.show_rows)
        self.key_line = TextLine(self._key_spans, id="spot-keys")
        self._spot_pane = pane
        self._reader = reader
        self._placed_id: str | None = None  # the row that the cursor was put on without a key of the person
        super().__init__(OFFER_KIND, Table(NO_OFFERS, id="spot-types"), self.offer_list)
        self.remove_class("list")
        self.offer_list.family = pane.choice.family

    def compose(self) -> Iterator[Widget]:
        yield self.key_line

    def on_mount(self) -> None:
        # Watchers, not messages: the chart is drawn in the same frame as the cursor.
        self.watch(self.table, "cursor_id", self._follow_cursor, init=False)
        self.watch(self.table, "scroll_y", self.request_weeks, init=False)

    # Rows

    @property
    def offer(self) -> SpotOffer | None:
        return self.offer_list.rows.offers.get(self.table.cursor_id or "")

    @property
    def offers_in_view(self) -> Sequence[SpotOffer]:
        return [self.offer_list.rows.offers[name] for name in self.table.ids_in_view]

    def request_weeks(self) -> None:
        self._reader.request_weeks([one.type.name for one in self.offers_in_view if one.type.spot])

    def redraw_types(self, names: Collection[str]) -> None:
        offers = self.offer_list.rows.offers.values()
        self.table.redraw_rows({one.name for one in offers if one.type.name in names})

    def show_rows(self) -> None:
        """Compute and show the rows. If the charted type has none, the first row's type is charted."""
        offers, choice = self.offer_list, self._spot_pane.choice
        rows, row_id, arrangement = offers.compute_rows(), offers.row_id_of(choice.type), offers.arrangement
        is_filtered = bool(arrangement.filter.tests)
        offer = rows.offers.get(row_id) or next(iter(rows.offers.values()), None)
        self.table.empty_lines = offers.empty_text()
        self.table.sorted_by = (arrangement.sort, arrangement.descending)
        self._placed_id = offer.name if offer is not None else row_id
        self.table.show(rows, cursor=self._placed_id)
        self._place_cursor(self._placed_id)
        is_known = offers.type(choice.type) is not None
        if offer is not None and offer.type.name != choice.type and (is_known or is_filtered or not choice.type):
            self._choose_type(offer.type.name, is_pinned=is_filtered or bool(choice.type))
        self.call_after_refresh(self.request_weeks)
        self._spot_pane.rewrite_frame_title()

    def reset(self, location: Location) -> None:
        offers = self.offer_list
        offers.problem = offers.family = ""
        offers.update(None, Prices())
        offers.rows, self._placed_id = NO_OFFERS, None
        self.table.empty_lines = reading_text(location)
        self.table.show(NO_OFFERS)

    def recolour(self) -> None:
        super().recolour()
        self.key_line.refresh()

    # The choice

    def open_row(self) -> str:
        offer = self.offer
        if offer is not None and offer.type_count:
            choice = self._spot_pane.choice
            self._spot_pane.choice = choice._replace(family=offer.name, type=offer.type.name, is_pinned=True)
        elif offer is not None:
            self.pick()
        return ""

    def choose(self, before: SpotChoice, choice: SpotChoice) -> None:
        self.offer_list.family = choice.family
        if choice.type != before.type and self.offer_list.hides(choice.type):
            self.leave()  # the filter
        elif choice.family != before.family:
            self.show_rows()
        elif choice.type != before.type:
            self._place_cursor(self.offer_list.row_id_of(choice.type))
        self.key_line.redraw()

    def _place_cursor(self, row_id: str) -> None:
        if row_id in self.offer_list.rows.row_numbers:
            self._placed_id = row_id
            if self.table.cursor_id != row_id or row_id not in self.table.ids_in_view:
                self.table.go_to(row_id)

    def _follow_cursor(self, row_id: str | None) -> None:
        if row_id is not None and row_id != self._placed_id:
            self._placed_id = None
            self.pick()

    def pick(self) -> None:
        """Chart the type under the cursor, and pin it. The types may not have been read yet."""
        offer = self.offer
        current_type = self._spot_pane.choice.type if self.offer_list.catalogue is not None else ""
        self._choose_type(offer.type.name if offer is not None else current_type, is_pinned=True)
        self.request_weeks()

    def _choose_type(self, name: str, *, is_pinned: bool) -> None:
        choice = self._spot_pane.choice
        family = "" if self.arrangement.filter.tests else choice.family  # leaving a filter shows all families
        self._spot_pane.choice = choice._replace(type=name, zone="", is_pinned=is_pinned, family=family)

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        if self.arrangement.filter.tests:
            self.pick()

    # The line of keys

    def _key_hints(self) -> Sequence[KeyHint]:
        choice, offer, body = self._spot_pane.choice, self.offer, self._spot_pane.body
        if choice.moment is not None:
            return (("esc", "remove the cursor", "leave"), ("← →", "in time; past the right edge: removes it", ""))
        if body is not None and body.zones.has_focus:
            return (("esc", "back to the list", "leave"), ("← →", "in time", ""))
        hints, is_filtered = [("/", "to find: p3", "filter")], bool(self.arrangement.filter.text)
        if offer is not None:
            hints.append(("enter", f"open {visible(offer.name)}" if offer.type_count else "zones", "open"))
        if is_filtered or choice.family or choice.is_pinned:
            target = "all" if is_filtered else "families" if choice.family else "follow again"
            hints.append(("esc", target, "leave"))
        return (*hints, ("← →", "in time", ""))

    def _key_spans(self, width: int) -> Sequence[Span]:
        spans = [Span("   ")]
        for key, word, command in self._key_hints():
            hint = [Span(f" {key} ", "key", command), Span(f"{word} ", "dim", command)]
            if spans_width([*spans, *hint]) > width:
                break
            spans += hint
        return spans
