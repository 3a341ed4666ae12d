"""What is kept for all actions and panes: types and prices of regions, known host keys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fe2tui import paths

if TYPE_CHECKING:
    from fe2tui.tasks.spot_prices import CurrentSpotPriceCache, SpotHistoryCache
    from fe2tui.tasks.type_catalogue import TypeCatalogueCache


class RegionCaches:
    """One for the whole dashboard; what is in it belongs to its event loop."""

    def __init__(self) -> None:
        self._catalogues: TypeCatalogueCache | None = None
        self._spot_prices: CurrentSpotPriceCache | None = None
        self._spot_histories: SpotHistoryCache | None = None

    @property
    def catalogues(self) -> TypeCatalogueCache:
        """The instance types of each region that was looked at."""
        if self._catalogues is None:
            from fe2tui.tasks.type_catalogue import TypeCatalogueCache

            self._catalogues = TypeCatalogueCache()
        return self._catalogues

    @property
    def spot_prices(self) -> CurrentSpotPriceCache:
        """The spot prices of all types of each region whose types were looked at."""
        if self._spot_prices is None:
            from fe2tui.tasks.spot_prices import CurrentSpotPriceCache

            self._spot_prices = CurrentSpotPriceCache()
        return self._spot_prices

    @property
    def spot_histories(self) -> SpotHistoryCache:
        """What the types that were looked at have cost on the spot market."""
        if self._spot_histories is None:
            from fe2tui.tasks.spot_prices import SpotHistoryCache

            self._spot_histories = SpotHistoryCache()
        return self._spot_histories

    def stop_reading(self) -> None:
        """Let go of what is still being read."""
        for cache in (self._catalogues, self._spot_prices, self._spot_histories):
            if cache is not None:
                cache.close()


class HostKeyCache:
    """Answers at once with what was last found, and looks again where that may be out of date."""

    def __init__(self, start_worker: Callable[[Awaitable[None]], object], on_change: Callable[[], None]) -> None:
        self._start_worker = start_worker
        self._on_change = on_change
        self._cached: dict[str, bool] = {}
        self._checked_ids: set[str] = set()

    def has_host_key(self, instance_id: str) -> bool:
        """Whether a host key of an instance is known, as far as that was found out."""
        if instance_id not in self._checked_ids:
            self._checked_ids.add(instance_id)
            self._start_worker(self._refresh(instance_id))
        return self._cached.get(instance_id, False)

    def expire(self) -> None:
        """Somebody may have connected."""
        self._checked_ids.clear()

    async def _refresh(self, instance_id: str) -> None:
        has_key = await asyncio.to_thread(_has_host_key, instance_id)
        if has_key is not self._cached.get(instance_id, False):
            self._cached[instance_id] = has_key
            self._on_change()


def _has_host_key(instance_id: str) -> bool:
    from fe2tui.ssh.hostkeys import HostKeys

    try:
        return bool(HostKeys(paths.known_hosts_file()).known_keys(instance_id))
    except OSError:
        return False
