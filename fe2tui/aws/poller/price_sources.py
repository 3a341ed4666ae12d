"""Sources of prices: on demand, spot now, and spot in the past."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from fe2tui.aws.paged_reads import InstancesRead
from fe2tui.aws.poller.fleet_source import RARELY, FleetSource
from fe2tui.aws.session import Session
from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Prices
from fe2tui.model.money.spot_usage import SpotHistoryByType, TimeSpan

if TYPE_CHECKING:
    from fe2tui.aws.prices import PriceCache
    from fe2tui.aws.spot_prices import SpotHistoryCache, SpotHistoryStore, SpotPrices


class OnDemandPriceSource(FleetSource[Prices]):
    """On-demand prices, valid for a day and checked every hour. Older ones are shown until AWS has returned today's."""

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
        """``on_change`` is called when older prices can be shown while today's are being read."""
        super().__init__(session, latest)
        self._cache = cache
        self._clock = clock
        self._on_change = on_change
        self._combined = self._combined_from = latest
        self._local_zones: frozenset[str] = frozenset()

    def on_instances_read(self, instances_read: InstancesRead, now: float) -> None:
        if instances_read.local_zones - self._local_zones:
            self.due = now
        self._local_zones = instances_read.local_zones

    def with_spot(self, spot: SpotPrices) -> Prices:
        """The prices with spot prices: the same object while neither changes."""
        if self._combined.spot is not spot or self._combined_from is not self.latest:
            self._combined, self._combined_from = replace(self.latest, spot=spot), self.latest
        return self._combined

    async def read(self, instances_read: InstancesRead) -> None:
        from fe2tui.aws.prices import are_fresh, cached_prices, current_prices, with_local_zones

        failures: list[Fe2Error] = []
        if not are_fresh(self.latest, self._clock()):
            cached = await cached_prices(self._cache, self._session.region)
            if cached is not None and self._replace_if_newer(cached):
                self._on_change()
            self._replace_if_newer(
                await current_prices(self._session, self._cache, self._clock, on_failure=failures.append)
            )
        if self._local_zones:
            self.latest = await with_local_zones(
                self._session, self._cache, self._clock, self.latest, self._local_zones
            )
        if failures:
            raise failures[0]

    def _replace_if_newer(self, prices: Prices) -> bool:
        had = self.latest
        if had.on_demand and (prices.read_at is None or (had.read_at is not None and had.read_at >= prices.read_at)):
            return False
        self.latest = replace(prices, local_zones=had.local_zones)
        return True


class SpotPriceSource(FleetSource["SpotPrices"]):
    """Spot prices of the types of spot instances: every five minutes, and at once for a new type."""

    name = "spot"

    def __init__(self, session: Session, latest: SpotPrices) -> None:
        super().__init__(session, latest)
        self._types: frozenset[str] = frozenset()

    def on_instances_read(self, instances_read: InstancesRead, now: float) -> None:
        if instances_read.spot_types - self._types:
            self.due = now
        self._types = instances_read.spot_types

    async def read(self, instances_read: InstancesRead) -> None:
        from fe2tui.aws.spot_prices import current_spot_prices

        self.latest = await current_spot_prices(self._session, self._types)


class SpotHistorySource(FleetSource[SpotHistoryByType]):
    """Past spot prices, for the costs of spot instances: read once an hour at most.

    Stored histories are shown until AWS has returned newer ones. Nothing is read where all runs are over and known.
    """

    name = "spot history"
    interval = RARELY

    def __init__(
        self,
        session: Session,
        store: SpotHistoryStore | None,
        clock: Callable[[], datetime],
        on_change: Callable[[], None],
        latest: SpotHistoryByType,
    ) -> None:
        """``on_change`` is called when stored histories can be shown while AWS is being asked."""
        super().__init__(session, latest)
        self._store = store
        self._histories: SpotHistoryCache | None = None
        self._clock = clock
        self._on_change = on_change
        self._spans: Mapping[str, TimeSpan] = {}
        self.due = math.inf

    @property
    def is_urgent(self) -> bool:
        return True

    def set_spans(self, spans: Mapping[str, TimeSpan], now: float) -> None:
        if spans == self._spans:
            return
        from fe2tui.aws.spot_prices import are_missing

        is_new = any(
            name not in self.latest or span.since < self.latest[name].since
            for name, span in spans.items()
            if span != self._spans.get(name)
        )
        self._spans = spans
        if is_new or (self.due == math.inf and are_missing(spans, self.latest, self._clock())):
            self.due = now
        self._pause_if_complete(now)

    async def read(self, instances_read: InstancesRead) -> None:
        from fe2tui.aws.spot_prices import SpotHistoryCache

        spans = self._spans
        if self._histories is None:
            self._histories = SpotHistoryCache(self._store)
        cached = await self._histories.get_cached(self._session.location, spans)
        if new := {name: history for name, history in cached.items() if name not in self.latest}:
            self.latest = {**self.latest, **new}
            self._on_change()
        found = await self._histories.get(self._session, spans, self._clock())
        self._keep_if_changed(found)

    def on_read_end(self, now: float, error: Fe2Error | None) -> None:
        super().on_read_end(now, error)
        self._pause_if_complete(now)

    def request_read(self, *, failed: bool) -> None:
        if self._spans:
            super().request_read(failed=failed)

    def _pause_if_complete(self, now: float) -> None:
        from fe2tui.aws.spot_prices import are_complete

        if are_complete(self._spans, self.latest):
            self.due = math.inf
        elif self.due == math.inf:
            self.due = now + self.interval
