"""What things cost: prices on demand, those of spot, and what those were while spot machines ran."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from fe2tui.aws.market import MarketShelf, is_over, market_past, missing_spans, shelved_market
from fe2tui.aws.parts.part import OFTEN, RARELY, Part
from fe2tui.aws.prices import PriceShelf, are_fresh, kept_prices, shelved_prices
from fe2tui.aws.reading import Sight
from fe2tui.aws.session import Session
from fe2tui.aws.spot import current_spot
from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Prices
from fe2tui.model.money import Histories, Span


class OnDemand(Part):
    """Prices that hold for a day: looked at every hour. Older ones stand until AWS has told today's."""

    name = "prices"
    every = RARELY

    def __init__(
        self,
        session: Session,
        shelf: PriceShelf | None,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        found: Prices,
    ) -> None:
        """``changed`` is called when older prices can be shown while today's are being read."""
        super().__init__()
        self.found = found
        self._session = session
        self._shelf = shelf
        self._clock = clock
        self._changed = changed
        self._whole = self._whole_of = found

    def with_spot(self, spot: Mapping[tuple[str, str], Decimal]) -> Prices:
        """These, and those of spot: the same object as long as both are."""
        if self._whole.spot is not spot or self._whole_of is not self.found:
            self._whole, self._whole_of = replace(self.found, spot=spot), self.found
        return self._whole

    async def read(self, sight: Sight) -> None:
        """Raises what kept AWS from telling, also where older prices stand in."""
        if are_fresh(self.found, self._clock()):
            return
        shelved = await shelved_prices(self._shelf, self._session.region)
        if shelved is not None and self._take(shelved):
            self._changed()
        failures: list[Fe2Error] = []
        self._take(await kept_prices(self._session, self._shelf, self._clock, missed=failures.append))
        if failures:
            raise failures[0]

    def _take(self, prices: Prices) -> bool:
        """Whether they are newer than what there was."""
        had = self.found
        if had.on_demand and (prices.read_at is None or (had.read_at is not None and had.read_at >= prices.read_at)):
            return False
        self.found = prices
        return True


class Spot(Part):
    """Spot prices of the types of spot instances, every five minutes; of a new type at once."""

    name = "spot"
    every = OFTEN

    def __init__(self, session: Session, found: Mapping[tuple[str, str], Decimal]) -> None:
        super().__init__()
        self.found = found
        self._session = session
        self._types: frozenset[str] = frozenset()

    def see(self, sight: Sight, now: float) -> None:
        """A new type is due."""
        if sight.spot_types - self._types:
            self.due = now
        self._types = sight.spot_types

    async def read(self, sight: Sight) -> None:
        """No call where there is no spot instance."""
        self.found = await current_spot(self._session, self._types)


class Market(Part):
    """What spot prices were while the machines ran that somebody is to be told the costs of: every hour at most.

    What the shelf has stands until AWS has told what is newer. Nothing is asked where all runs are over and known.
    """

    name = "spot history"
    every = RARELY

    def __init__(
        self,
        session: Session,
        shelf: MarketShelf | None,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        found: Histories,
    ) -> None:
        """``changed`` is called when what the shelf has can be shown while AWS is being asked."""
        super().__init__()
        self.found = found
        self._session = session
        self._shelf = shelf
        self._clock = clock
        self._changed = changed
        self._spans: Mapping[str, Span] = {}
        self.due = math.inf

    @property
    def hurries(self) -> bool:
        """It is not the instances' list that tells what is wanted."""
        return True

    def want(self, spans: Mapping[str, Span], now: float) -> None:
        """These are the times of which prices are wanted, by type: what is not known of them is due."""
        if spans == self._spans:
            return
        is_new = any(
            name not in self.found or span.since < self.found[name].since
            for name, span in spans.items()
            if span != self._spans.get(name)
        )
        self._spans = spans
        if is_new or (self.due == math.inf and missing_spans(spans, self.found, self._clock())):
            self.due = now
        self._rest(now)

    async def read(self, sight: Sight) -> None:
        """The shelf first; of AWS only what is missing there."""
        spans = self._spans
        new = [name for name in spans if name not in self.found]
        if shelved := await shelved_market(self._shelf, self._session.place, new):
            self.found = {**self.found, **shelved}
            self._changed()
        found = await market_past(self._session, self._shelf, spans, self._clock, self.found)
        if found != self.found:
            self.found = found

    def ended(self, now: float, error: Fe2Error | None) -> None:
        """No more reads where nothing can be missing."""
        super().ended(now, error)
        self._rest(now)

    def renew(self, *, failed: bool) -> None:
        """Nothing where nothing is wanted."""
        if self._spans:
            super().renew(failed=failed)

    def _rest(self, now: float) -> None:
        if is_over(self._spans, self.found):
            self.due = math.inf
        elif self.due == math.inf:
            self.due = now + self.every
