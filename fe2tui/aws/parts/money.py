"""What things cost: prices on demand, and those of spot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from fe2tui.aws.parts.part import OFTEN, RARELY, Part
from fe2tui.aws.prices import PriceShelf, are_fresh, kept_prices, shelved_prices
from fe2tui.aws.reading import Sight
from fe2tui.aws.session import Session
from fe2tui.aws.spot import current_spot
from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Prices


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
