"""Counts what runs in the regions that are not shown, in the background: one region at a time, and seldom.

A region that was never counted is counted soon. After that, one where something costs is due every hour, any other
every six hours, and at most one is counted in ten minutes. The counts are in the store, so they are there at the start,
with their age.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.location import REGIONS, Location
from fe2tui.model.money.account import AccountTotals

if TYPE_CHECKING:
    from fe2tui.model.other_regions import Elsewhere, RegionCount
    from fe2tui.tui.services import Services

START_DELAY = 20.0  # seconds after the start, which other reads need
FIRST_GAP = 2.0  # seconds between two regions that were never counted
GAP = 600.0  # seconds between two other regions
CHECK_SECONDS = 30.0  # between two looks whether a region is due
COSTLY_INTERVAL, EMPTY_INTERVAL, DENIED_INTERVAL = timedelta(hours=1), timedelta(hours=6), timedelta(days=1)
REGIONS_INTERVAL = timedelta(days=1)  # between two reads of the list of enabled regions
RETRY_INTERVAL = timedelta(hours=1)  # after a region could not be read
_ORDER = {region: number for number, region in enumerate(REGIONS)}
_AT_ONCE = datetime.min.replace(tzinfo=UTC)


class OtherRegions:
    """``counts`` are those of the account that is shown, by region."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.counts: dict[str, RegionCount] = {}
        self._location: Location | None = None
        self._account = ""  # whose counts have been loaded
        self._regions: tuple[str, ...] = ()
        self._regions_due_at: datetime | None = None
        self._retry_at: dict[str, datetime] = {}
        self._shown: RegionCount | None = None  # the newest count of the region that is shown
        self._shown_saved_at: datetime | None = None
        self._changed = asyncio.Event()

    @property
    def elsewhere(self) -> Elsewhere | None:
        """The sum of the regions that are not shown; None where nothing is known to cost anything there."""
        if not self.counts.keys() - {self._location.region if self._location is not None else ""}:
            return None
        from fe2tui.model.other_regions import sum_elsewhere

        return sum_elsewhere(self.counts.values(), self._location.region) if self._location is not None else None

    def set_location(self, location: Location) -> None:
        """Another location is shown. Counts of another profile or endpoint are dropped."""
        before, self._location = self._location, location
        self._shown = self._shown_saved_at = None
        if before is None or (before.profile, before.endpoint) != (location.profile, location.endpoint):
            self.counts = {}
            self._account, self._regions, self._regions_due_at = "", (), None
            self._retry_at.clear()

    def set_totals(self, totals: AccountTotals) -> None:
        """Take the newest totals of the region that is shown: they count when another one is."""
        if self._location is not None:
            from fe2tui.model.other_regions import RegionCount

            region = self._location.region
            self._shown = self.counts[region] = RegionCount(
                region, totals.at, totals.running, totals.per_hour, totals.is_hour_partial
            )
            if not self._account or self._shown_saved_at is None:
                self._changed.set()

    async def run(self) -> None:
        """Count for ever. A region that AWS does not return is counted later."""
        loop = asyncio.get_running_loop()
        next_at = loop.time() + START_DELAY
        while True:
            self._changed.clear()
            await self._exchange_with_store()
            if loop.time() >= next_at:
                next_at = loop.time() + await self._count_next()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), max(0.0, next_at - loop.time()))

    async def _exchange_with_store(self) -> None:
        """Load the stored counts once the account is known, and store the shown region's now and then."""
        services, location = self._services, self._location
        if location is None or services.fleet is None:
            return
        account = services.session.account or services.fleet.account
        if not account:
            return
        table, now = services.store.region_counts, services.clock()
        try:
            if account != self._account:
                stored = await asyncio.to_thread(table.get, account, location.endpoint)
                if self._location != location:
                    return
                self._account = account
                self.counts = {one.region: one for one in stored} | self.counts
                services.main_screen.repaint_soon()
            shown, saved_at = self._shown, self._shown_saved_at
            if shown is not None and (saved_at is None or (now - saved_at).total_seconds() > GAP):
                self._shown_saved_at = now
                await asyncio.to_thread(table.save, account, location.endpoint, shown)
        except StoreError:
            self._account = account  # which the fleet watch reports

    async def _count_next(self) -> float:
        """Count the region that is due first, if one is. Returns the seconds until the next look."""
        from fe2tui.tasks.other_regions import count_region, countable_regions

        services, now, account = self._services, self._services.clock(), self._account
        state = services.main_screen.read_state
        if not account or state.error is not None or state.from_store or services.fleet_watch.is_paused:
            return CHECK_SECONDS
        if self._regions_due_at is None or self._regions_due_at <= now:
            self._regions_due_at = now + RETRY_INTERVAL
            try:
                found = await countable_regions(services.task_context())
            except Fe2Error:
                return CHECK_SECONDS
            self._regions = tuple(sorted(found, key=lambda one: _ORDER.get(one, len(_ORDER))))
            self._regions_due_at = now + REGIONS_INTERVAL
        region = self._region_due(now)
        if region is None:
            return CHECK_SECONDS
        try:
            count = await count_region(services.task_context(), region)
        except Fe2Error:
            self._retry_at[region] = now + RETRY_INTERVAL
        else:
            self._retry_at.pop(region, None)
            if self._account == account:
                self.counts[region] = count
                services.main_screen.repaint_soon()
        return FIRST_GAP if any(self._due_at(one) == _AT_ONCE for one in self._others) else GAP

    @property
    def _others(self) -> list[str]:
        return [one for one in self._regions if self._location is None or one != self._location.region]

    def _region_due(self, now: datetime) -> str | None:
        region = min(self._others, key=self._due_at, default=None)  # of equal ones the first, as people list them
        return region if region is not None and self._due_at(region) <= now else None

    def _due_at(self, region: str) -> datetime:
        if region in self._retry_at:
            return self._retry_at[region]
        count = self.counts.get(region)
        if count is None or count.at > self._services.clock():
            return _AT_ONCE
        interval = DENIED_INTERVAL if count.denied else EMPTY_INTERVAL if count.is_empty else COSTLY_INTERVAL
        return count.at + interval
