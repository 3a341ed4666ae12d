"""What things cost: prices on demand, those of spot, and what those were while spot machines ran."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from fe2tui.aws.paged_reads import InstancesRead
from fe2tui.aws.poller.fleet_source import OFTEN, RARELY, FleetSource
from fe2tui.aws.session import Session
from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Prices
from fe2tui.model.money import SpotHistoryByType, TimeSpan

if TYPE_CHECKING:
    from fe2tui.aws.prices import PriceCache
    from fe2tui.aws.spot import SpotPriceCache


class OnDemandPriceSource(FleetSource):
    """Prices that hold for a day: looked at every hour. Older ones stand until AWS has told today's."""

    name = "prices"
    interval = RARELY

    def __init__(
        self,
        session: Session,
        cache: PriceCache | None,
        clock: Callable[[], datetime],
        on_change: Callable[[], None],
        latest: Prices,
    ) -> None:
        """``changed`` is called when older prices can be shown while today's are being read."""
        super().__init__()
        self.latest = latest
        self._session = session
        self._cache = cache
        self._clock = clock
        self._on_change = on_change
        self._combined = self._combined_from = latest

    def with_spot(self, spot: Mapping[tuple[str, str], Decimal]) -> Prices:
        """These, and those of spot: the same object as long as both are."""
        if self._combined.spot is not spot or self._combined_from is not self.latest:
            self._combined, self._combined_from = replace(self.latest, spot=spot), self.latest
        return self._combined

    async def read(self, instances_read: InstancesRead) -> None:
        """Raises what kept AWS from telling, also where older prices stand in."""
        from fe2tui.aws.prices import are_fresh, cached_prices, current_prices

        if are_fresh(self.latest, self._clock()):
            return
        cached = await cached_prices(self._cache, self._session.region)
        if cached is not None and self._replace_if_newer(cached):
            self._on_change()
        failures: list[Fe2Error] = []
        self._replace_if_newer(
            await current_prices(self._session, self._cache, self._clock, on_failure=failures.append)
        )
        if failures:
            raise failures[0]

    def _replace_if_newer(self, prices: Prices) -> bool:
        """Whether they are newer than what there was."""
        had = self.latest
        if had.on_demand and (prices.read_at is None or (had.read_at is not None and had.read_at >= prices.read_at)):
            return False
        self.latest = prices
        return True


class SpotPriceSource(FleetSource):
    """Spot prices of the types of spot instances, every five minutes; of a new type at once."""

    name = "spot"
    interval = OFTEN

    def __init__(self, session: Session, latest: Mapping[tuple[str, str], Decimal]) -> None:
        super().__init__()
        self.latest = latest
        self._session = session
        self._types: frozenset[str] = frozenset()

    def on_instances_read(self, instances_read: InstancesRead, now: float) -> None:
        """A new type is due."""
        if instances_read.spot_types - self._types:
            self.due = now
        self._types = instances_read.spot_types

    async def read(self, instances_read: InstancesRead) -> None:
        """No call where there is no spot instance."""
        from fe2tui.aws.spot import current_spot_prices

        self.latest = await current_spot_prices(self._session, self._types)


class SpotHistorySource(FleetSource):
    """What spot prices were while the machines ran that somebody is to be told the costs of: every hour at most.

    What the shelf has stands until AWS has told what is newer. Nothing is asked where all runs are over and known.
    """

    name = "spot history"
    interval = RARELY

    def __init__(
        self,
        session: Session,
        cache: SpotPriceCache | None,
        clock: Callable[[], datetime],
        on_change: Callable[[], None],
        latest: SpotHistoryByType,
    ) -> None:
        """``changed`` is called when what the shelf has can be shown while AWS is being asked."""
        super().__init__()
        self.latest = latest
        self._session = session
        self._cache = cache
        self._clock = clock
        self._on_change = on_change
        self._spans: Mapping[str, TimeSpan] = {}
        self.due = math.inf

    @property
    def is_urgent(self) -> bool:
        """It is not the instances' list that tells what is wanted."""
        return True

    def set_spans(self, spans: Mapping[str, TimeSpan], now: float) -> None:
        """These are the times of which prices are wanted, by type: what is not known of them is due."""
        if spans == self._spans:
            return
        from fe2tui.aws.spot import missing_spans

        is_new = any(
            name not in self.latest or span.since < self.latest[name].since
            for name, span in spans.items()
            if span != self._spans.get(name)
        )
        self._spans = spans
        if is_new or (self.due == math.inf and missing_spans(spans, self.latest, self._clock())):
            self.due = now
        self._pause_if_complete(now)

    async def read(self, instances_read: InstancesRead) -> None:
        """The shelf first; of AWS only what is missing there."""
        from fe2tui.aws.spot import cached_spot_history, spot_history_with_cache

        spans = self._spans
        new = [name for name in spans if name not in self.latest]
        if cached := await cached_spot_history(self._cache, self._session.location, new):
            self.latest = {**self.latest, **cached}
            self._on_change()
        found = await spot_history_with_cache(self._session, self._cache, spans, self._clock, self.latest)
        if found != self.latest:
            self.latest = found

    def on_read_end(self, now: float, error: Fe2Error | None) -> None:
        """No more reads where nothing can be missing."""
        super().on_read_end(now, error)
        self._pause_if_complete(now)

    def request_read(self, *, failed: bool) -> None:
        """Nothing where nothing is wanted."""
        if self._spans:
            super().request_read(failed=failed)

    def _pause_if_complete(self, now: float) -> None:
        from fe2tui.aws.spot import is_complete

        if is_complete(self._spans, self.latest):
            self.due = math.inf
        elif self.due == math.inf:
            self.due = now + self.interval
