"""What the picker of types shows: a catalogue and prices, filtered and in an order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fe2tui.model import terms
from fe2tui.model.catalogue import Catalogue
from fe2tui.model.fleet import Prices
from fe2tui.model.machine_type import MachineType
from fe2tui.model.terms import QueryError, arranged
from fe2tui.model.type_query import SORTS, TYPES, TypesAt
from fe2tui.model.words import plural, short_age
from fe2tui.tui.forms.type_columns import TypeRows, Unfit

OLD = timedelta(hours=25)  # both are read again when a day old; an hour may pass until that is through


@dataclass(frozen=True, slots=True)
class TypeSource:
    """Where types and prices come from.

    ``kept`` is what is known without asking, ``get`` asks and may raise Fe2Error, ``prices`` are the newest.
    ``read_spot`` has the spot prices of all types read, if that was not just done, for ``prices``; it may raise too.
    """

    kept: Callable[[], Catalogue | None]
    get: Callable[[], Awaitable[Catalogue]]
    prices: Callable[[], Prices]
    read_spot: Callable[[], Awaitable[None]]


class TypeList:
    """The types that fit the filter, in order. ``shows_unfit``: also those that cannot be chosen, with the reason.

    ``catalogue`` is None until it was read. ``reasons`` say why types cannot be chosen, ``hidden`` those of them that
    are not shown: the present one always is.
    """

    def __init__(self, fits: Unfit | None, present: str) -> None:
        self.catalogue: Catalogue | None = None
        self.prices = Prices()
        self.sort, self.descending = "type", False
        self.shows_unfit = False
        self.present = present
        self.reasons: dict[str, str] = {}
        self.hidden: dict[str, str] = {}
        self.spot_words = ""  # of spot prices that are still to come, or do not come
        self._fits = fits
        self._longest = 12
        self._ordered: tuple[object, Sequence[MachineType]] | None = None
        self._query: terms.Query[MachineType, TypesAt] = terms.Query()
        self._at = TypesAt(self.prices, {})
        self._shown = 0

    @property
    def at(self) -> TypesAt:
        """What the types are seen in."""
        return self._at

    def take(self, catalogue: Catalogue | None, prices: Prices) -> bool:
        """Show these from now on; whether they are others than before."""
        if catalogue is self.catalogue and (prices is self.prices or prices == self.prices):
            return False  # each read of a fleet may bring the same prices again
        if catalogue is not None and catalogue is not self.catalogue and self._fits is not None:
            fits = self._fits
            self.reasons = {kind.name: why for kind in catalogue.types.values() if (why := fits(kind))}
            self.hidden = {name: why for name, why in self.reasons.items() if name != self.present}
        self.catalogue, self.prices = catalogue, prices
        self._ordered = None
        self._longest = max(map(len, catalogue.types), default=12) if catalogue is not None else 12
        self._at = TypesAt(prices, catalogue.zones if catalogue is not None else {})
        return True

    def filter(self, text: str) -> QueryError | None:
        """Show only what fits. What is wrong with a term that makes no sense: it is left out."""
        self._query, wrong = TYPES.understood(text)
        return wrong

    def sort_by(self, sort: str) -> None:
        """Sort by something else; by the same again turns the order round."""
        self.descending = not self.descending if sort == self.sort else SORTS[sort].largest_first
        self.sort = sort

    def rows(self) -> TypeRows:
        """The rows now."""
        query, at = self._query, self._at
        found = [kind for kind in self._in_order() if query.matches(kind, at)]
        self._shown = len(found)
        return TypeRows(
            found,
            self._at,
            self.reasons,
            present=self.present,
            longest=self._longest,
            shows_reasons=self.shows_unfit and bool(self.hidden),
        )

    def _in_order(self) -> Sequence[MachineType]:
        """All that may be shown, whatever the filter: they are put in order once, not with every key."""
        order = (self.sort, self.descending, self.shows_unfit)
        if self._ordered is None or self._ordered[0] != order:
            self._ordered = (order, self._arranged())
        return self._ordered[1]

    def _arranged(self) -> Sequence[MachineType]:
        types = self.catalogue.types if self.catalogue is not None else {}
        hidden = {} if self.shows_unfit else self.hidden
        offered = [kind for kind in types.values() if kind.name not in hidden]
        at = self._at
        everything: terms.Query[MachineType, TypesAt] = terms.Query()
        return arranged(
            offered, at, everything, SORTS[self.sort], self.descending, lambda kind: at.facts(kind).in_order
        )

    def type(self, name: str | None) -> MachineType | None:
        """A type of the catalogue."""
        return self.catalogue.types.get(name) if self.catalogue is not None and name is not None else None

    def words(self, now: datetime) -> list[str]:
        """How many are shown, and how old it all is where it is old."""
        if self.catalogue is None:
            return []
        among = len(self.catalogue.types) - (0 if self.shows_unfit else len(self.hidden))
        said = [f"{self._shown:,} of {plural(among, 'type')}" if self._shown != among else plural(among, "type")]
        if self.hidden and not self.shows_unfit:
            said.append(f"{len(self.hidden):,} {'other' if len(self.hidden) == 1 else 'others'} cannot be chosen")
        if (read := self.catalogue.read_at) is not None and now - read > OLD:
            said.append(f"types read {short_age(now - read)} ago")
        if not self.prices.on_demand:
            said.append("prices unknown")
        elif (read := self.prices.read_at) is not None and now - read > OLD:
            said.append(f"prices {short_age(now - read)} old")
        return [*said, self.spot_words] if self.spot_words else said
