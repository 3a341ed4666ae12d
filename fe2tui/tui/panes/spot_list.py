"""The list of the spot pane: families, the types of one, or all types that fit a filter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from fe2tui.model.catalogue import Catalogue
from fe2tui.model.fleet import Prices
from fe2tui.model.machine_type import MachineType
from fe2tui.model.place import Place
from fe2tui.model.series import Series
from fe2tui.model.spot import SpotHistory
from fe2tui.model.spot_query import SORTS, Offer, families, means, offer, prefix_first
from fe2tui.model.terms import arranged
from fe2tui.model.type_query import TypesAt
from fe2tui.model.words import visible
from fe2tui.tui.arrangement import EVERYTHING, Arrangement
from fe2tui.tui.panes.listpane import ListTable, nothing_read
from fe2tui.tui.spot_columns import OFFER_COLUMNS, WEEK, Browsed, name_of, size_of
from fe2tui.tui.view import SpotChoice
from fe2tui.tui.widgets.grid import Cell, Column, Layout, Names, fit

_NAMES = Names(least=10, greedy=22)
_WEEK = timedelta(days=7)


class OfferRows:
    """Families or types, for the table."""

    def __init__(self, offers: Sequence[Offer], browsed: Browsed, sort: str = "type") -> None:
        """``sort`` is what they are sorted by: its column is always shown."""
        self.ids: Sequence[str] = [one.name for one in offers]
        self.rows: Mapping[str, int] = {name: row for row, name in enumerate(self.ids)}
        self._offers = {one.name: one for one in offers}
        self._browsed = browsed
        self._sort = sort
        self._are_families = any(one.count for one in offers)
        self._longest = max((len(name_of(one)) for one in offers), default=0)
        self._widths = {"best": max((len(size_of(one)) for one in offers), default=0)}

    def offer(self, name: str) -> Offer:
        """What a row is about."""
        return self._offers[name]

    def layout(self, width: int) -> Layout:
        """The columns for a width."""
        longest = max(_NAMES.least, self._longest)
        columns = [
            replace(column, rank=0) if column.sort == self._sort else column
            for column in OFFER_COLUMNS
            if self._are_families or column.id != "best"
        ]
        return fit(columns, width, self._widths, Names(longest, longest, max(longest, _NAMES.greedy)))

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of an offer."""
        one = self._offers[row_id]
        return ("▸" if one.count else " ", "dim"), [column.cell(one, self._browsed) for column in columns]


class SpotTable(ListTable):
    """Tells whether a person moved its cursor, or what is shown did."""

    OPENS = "open"

    def __init__(self, picked: Callable[[Offer], None], scrolled: Callable[[], None]) -> None:
        """``picked`` is told of the row that a person moved to, ``scrolled`` when others are in view."""
        self._picked = picked
        self._scrolled = scrolled
        self.offers = OfferRows((), Browsed(lambda name: None))
        super().__init__(self.offers, id="spot-types")
        self._was_put_on: str | None = None

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known yet."""
        return not self.offers.ids

    @property
    def offer(self) -> Offer | None:
        """What is under the cursor."""
        return self.offers.offer(self.cursor_id) if self.cursor_id is not None else None

    @property
    def in_view(self) -> Sequence[Offer]:
        """What the rows in view are about."""
        top = round(self.scroll_y)
        return [self.offers.offer(name) for name in self.offers.ids[top : top + self.size.height]]

    def show_offers(self, rows: OfferRows, sorted_by: tuple[str, bool], cursor: str) -> None:
        """Show these, with the cursor on one: nobody has moved it there."""
        self.offers, self.sorted_by = rows, sorted_by
        self._anchor = cursor
        self.show(rows)
        self._was_put_on = self.cursor_id
        self.put_on(cursor)

    def put_on(self, row_id: str) -> None:
        """Put the cursor on a row, and in sight, without a person having moved it."""
        if row_id in self.offers.rows:
            self._was_put_on = row_id
            if self.cursor_id != row_id or not self._is_in_sight(self._cursor):
                self.go_to(row_id)

    def _is_in_sight(self, row: int) -> bool:
        return 0 <= row - round(self.scroll_y) < self._page_rows

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows are in view."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._scrolled()

    def forget(self, place: Place) -> None:
        """Another place is shown."""
        self.empty = nothing_read(place)
        self.show_offers(OfferRows((), Browsed(lambda name: None)), self.sorted_by, "")

    def _move_to(self, row: int) -> None:
        """The chart follows a person at once, not by a message: so it is drawn in the same frame as the cursor."""
        super()._move_to(row)
        if self.cursor_id != self._was_put_on:
            self._was_put_on = None
            if self.offer is not None:
                self._picked(self.offer)


class SpotList:
    """What the region offers, how it is arranged, and the rows that came of it."""

    def __init__(
        self,
        changed: Callable[[], None],
        history: Callable[[str], SpotHistory | None],
        clock: Callable[[], datetime],
    ) -> None:
        """``changed`` is told of other rows; ``history`` is what is known of a type."""
        self.arrangement = Arrangement(sort="type")
        self.catalogue: Catalogue | None = None
        self.family = ""
        self.problem = ""
        """Why types or prices could not be read."""
        self._changed = changed
        self._history = history
        self._clock = clock
        self._prices = Prices()
        self._at = TypesAt(self._prices, {})
        self._offers: Sequence[Offer] = ()
        self._zones: Collection[str] = ()
        self._weeks: dict[str, tuple[Series, Sequence[Decimal | None]]] = {}

    def take(self, catalogue: Catalogue | None, prices: Prices) -> bool:
        """Show these from now on; whether they are others than before."""
        if catalogue is self.catalogue and (prices is self._prices or prices == self._prices):
            return False
        if catalogue is not self.catalogue:
            self._zones = frozenset(zone for zones in catalogue.zones.values() for zone in zones) if catalogue else ()
        self.catalogue, self._prices = catalogue, prices
        self._at = TypesAt(prices, catalogue.zones if catalogue is not None else {})
        self._offers = [offer(one, self._at) for one in catalogue.types.values()] if catalogue is not None else []
        return True

    def type(self, name: str) -> MachineType | None:
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
        return not self.family and not self.arrangement.query.tests

    @property
    def counted(self) -> tuple[int, int] | None:
        """How many types there are; None as long as they were not read."""
        return None if self.catalogue is None else (len(self.catalogue.types), len(self.catalogue.types))

    def rearrange(self, arrangement: Arrangement) -> None:
        """Another filter or order. A filter is one of all types."""
        if arrangement != self.arrangement:
            self.arrangement = arrangement
            self._changed()

    def look(self, anyone: bool) -> None:
        """What has to be read is read while the pane is in sight, which knows that itself."""

    def hides(self, type_name: str) -> bool:
        """Whether the filter leaves out a type that there is."""
        one, query = self.type(type_name), self.arrangement.query
        return one is not None and bool(query.tests) and not query.matches(offer(one, self._at), self._at)

    def chosen(self, choice: SpotChoice, name: str, *, pinned: bool = True) -> SpotChoice:
        """The choice of a row's type. Out of a filter one comes back to all families."""
        family = "" if self.arrangement.query.tests else choice.family
        return choice._replace(type=name, zone="", pinned=pinned, family=family)

    def row_of(self, type_name: str) -> str:
        """The row of a type: itself, or that of its family."""
        return type_name.partition(".")[0] if self.shows_families else type_name

    def rows(self) -> OfferRows:
        """The rows now."""
        wanted, offers = self.arrangement, self._offers
        if self.shows_families:
            offers = families(offers, wanted.sort)
        elif not self.arrangement.query.tests:
            offers = [one for one in offers if one.type.family == self.family]
        query = wanted.query if wanted.query.tests else EVERYTHING
        found = arranged(offers, self._at, query, SORTS[wanted.sort], wanted.descending, lambda one: one.order)
        if wanted.sort == "type" and query.tests and not wanted.descending:
            found = prefix_first(found, query.text)
        return OfferRows(found, Browsed(self._week), wanted.sort)

    def _week(self, name: str) -> Sequence[Decimal | None] | None:
        """The week of the cheapest zone, worked out once for what is known."""
        history = self._history(name)
        if history is None:
            return None
        cheapest = next(iter(history.now()), None)
        if cheapest is None:
            return ()
        series = history.zones[cheapest]
        known = self._weeks.get(name)
        if known is None or known[0] is not series:
            now = self._clock()
            known = self._weeks[name] = (series, means(series, now - _WEEK, now, WEEK))
        return known[1]

    def when_empty(self, region: str) -> Sequence[Cell]:
        """What an empty list says."""
        if self.problem and self.catalogue is None:
            return ((visible(self.problem), "trouble"), ("ctrl+r tries again", "accent"))
        if self.catalogue is None:
            return ((f"Reading the types of {visible(region)} …", "dim"),)
        if not self.arrangement.query.tests:
            words = f"{visible(region)} offers no types of the family {visible(self.family)}."
            return ((words, "text"), ("esc shows all families.", "dim"))
        return (("No type fits the filter.", "text"), ("esc shows all of them again.", "dim"))
