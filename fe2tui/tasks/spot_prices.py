"""The spot prices of all types of a region: read when somebody looks at types, and kept for ten minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from fe2tui.aws.spot import read_spot_history, region_spot_prices
from fe2tui.errors import StoreError
from fe2tui.model.location import Location
from fe2tui.model.spot import SpotHistory, merge_spot_histories
from fe2tui.tasks.context import Context

SPOT_PRICES_VALID = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SpotPriceSnapshot:
    """Dollars an hour by type and zone, at a moment."""

    prices: Mapping[tuple[str, str], Decimal]
    read_at: datetime


class CurrentSpotPriceCache:
    """The spot prices of the places that were asked for. One belongs to one event loop; ``close`` it at the end.

    Several who ask at once share one read, and one that stops waiting takes the answer from nobody.
    """

    def __init__(self) -> None:
        self._cached: dict[Location, SpotPriceSnapshot] = {}
        self._reads: dict[Location, asyncio.Task[SpotPriceSnapshot]] = {}

    def cached(self, location: Location) -> SpotPriceSnapshot | None:
        """What is at hand, however old: never waited for."""
        return self._cached.get(location)

    def fresh(self, ctx: Context) -> SpotPriceSnapshot | None:
        """What is at hand, if it was read at most ten minutes ago: never waited for."""
        known = self._cached.get(ctx.session.location)
        return known if known is not None and ctx.clock() - known.read_at < SPOT_PRICES_VALID else None

    async def get(self, ctx: Context) -> SpotPriceSnapshot:
        """Those of now, read at most ten minutes ago. Takes seconds; raises the Fe2Error that kept AWS from telling."""
        location = ctx.session.location
        if (known := self.fresh(ctx)) is not None:
            return known
        task = self._reads.get(location)
        if task is None:
            task = self._reads[location] = asyncio.create_task(self._read_from_aws(ctx, location))
            task.add_done_callback(lambda done: self._on_read_end(location, done))
        return await asyncio.shield(task)

    def close(self) -> None:
        """Let go of what is still being read."""
        for task in self._reads.values():
            task.cancel()
        self._reads.clear()

    async def _read_from_aws(self, ctx: Context, location: Location) -> SpotPriceSnapshot:
        found = SpotPriceSnapshot(await region_spot_prices(ctx.session), ctx.clock())
        self._cached[location] = found
        return found

    def _on_read_end(self, location: Location, task: asyncio.Task[SpotPriceSnapshot]) -> None:
        if self._reads.get(location) is task:
            del self._reads[location]
        if not task.cancelled():
            task.exception()  # whoever asked was told, if anybody still waits


HISTORY_FRESH = timedelta(minutes=5)
"""What was read so lately is not read again."""

MAX_HISTORY = timedelta(days=90)
"""How far back EC2 tells."""

_WINDOW_TOLERANCE = timedelta(minutes=1)  # two who ask for the same days mean moments that are not quite the same
_OVERLAP = timedelta(hours=1)  # EC2 may tell of a change a while after it, and clocks differ
_SPANS = tuple(timedelta(days=days) for days in (1, 3, 7, 30))  # types that lack about as much are asked for together


@dataclass(frozen=True, slots=True)
class _MissingWindow:
    """What is not known of a type: the prices within a window."""

    type: str
    since: datetime
    until: datetime
    is_newer: bool  # from what is known up to this moment

    @property
    def span(self) -> timedelta:
        """How much about is missing, in steps."""
        length = self.until - self.since
        return next((span for span in _SPANS if length <= span), MAX_HISTORY)


@dataclass(frozen=True, slots=True)
class _SharedRead:
    """One read under way: what it will tell, of which types."""

    types: frozenset[str]
    since: datetime
    until: datetime
    task: asyncio.Task[None]

    def covers(self, window: _MissingWindow) -> bool:
        """Whether what is missing will be known when it has ended."""
        slack = HISTORY_FRESH if window.is_newer else timedelta(0)
        return window.type in self.types and self.since <= window.since and self.until >= window.until - slack


class SpotHistoryCache:
    """The histories of the types that were asked for. One belongs to one event loop; ``close`` it at the end.

    What is known is never asked for again: only what is newer, or older, and for many types in one call. Several who
    ask at once share a read, and one that stops waiting takes the answer from nobody: it goes on into the store.
    """

    def __init__(self) -> None:
        self._cached: dict[tuple[Location, str], SpotHistory] = {}
        self._reads: dict[Location, list[_SharedRead]] = {}

    def cached(self, location: Location, type: str) -> SpotHistory | None:
        """What is at hand, however old and short: never waited for."""
        return self._cached.get((location, type))

    def read_at(self, location: Location, type: str) -> datetime | None:
        """Up to when what is at hand is what AWS told."""
        known = self.cached(location, type)
        return None if known is None else known.until

    def is_reading(self, location: Location, type: str | None = None) -> bool:
        """Whether AWS is being asked for a type, or for any."""
        return any(type is None or type in read.types for read in self._reads.get(location, ()))

    async def get_cached(self, ctx: Context, types: Iterable[str]) -> dict[str, SpotHistory]:
        """What is at hand, and else in the store: AWS is not asked. A type of which nothing is known is not in it."""
        location, names = ctx.session.location, list(dict.fromkeys(types))
        await self._load_from_store(ctx, location, [name for name in names if self.cached(location, name) is None])
        return {name: known for name in names if (known := self.cached(location, name)) is not None}

    async def get(self, ctx: Context, types: Iterable[str], days: float) -> dict[str, SpotHistory]:
        """The histories of these types over the last days, 90 at most, and more where more is known.

        One that is not on offer has no zones. Takes seconds where AWS has to be asked; raises the Fe2Error that kept
        it from telling, with what it told before kept.
        """
        location, names, now = ctx.session.location, list(dict.fromkeys(types)), ctx.clock()
        since = now - min(timedelta(days=days), MAX_HISTORY)
        lacking = [name for name in names if self._missing_windows(location, name, since, now)]
        if lacking:
            await self._load_from_store(ctx, location, lacking)  # another process may have read it meanwhile
            needs = [need for name in lacking for need in self._missing_windows(location, name, since, now)]
            await self._wait(self._start_reads(ctx, location, needs))
        return {name: self._cached[location, name] for name in names}

    def close(self) -> None:
        """Let go of what is still being read."""
        for reads in self._reads.values():
            for read in reads:
                read.task.cancel()
        self._reads.clear()

    def _missing_windows(self, location: Location, name: str, since: datetime, now: datetime) -> list[_MissingWindow]:
        known = self.cached(location, name)
        # what was known long ago is let go where more would have to be read to reach back to it than that is
        if known is None or since - known.until > known.until - known.since:
            return [_MissingWindow(name, since, now, True)]
        needs = []
        if since < known.since - _WINDOW_TOLERANCE:
            needs.append(_MissingWindow(name, since, known.since, False))
        if known.until <= now - HISTORY_FRESH:
            needs.append(_MissingWindow(name, max(known.until - _OVERLAP, now - MAX_HISTORY), now, True))
        return needs

    def _start_reads(
        self, ctx: Context, location: Location, windows: Sequence[_MissingWindow]
    ) -> set[asyncio.Task[None]]:
        """The reads under way that bring what is needed, and new ones for the rest."""
        reads = self._reads.setdefault(location, [])
        tasks: set[asyncio.Task[None]] = set()
        rest: list[_MissingWindow] = []
        for need in windows:
            serving = next((read for read in reads if read.covers(need)), None)
            if serving is None:
                rest.append(need)
            else:
                tasks.add(serving.task)
        rest.sort(key=_batch_key)
        for _, some in groupby(rest, key=_batch_key):
            tasks.add(self._start_read(ctx, location, list(some)).task)
        return tasks

    def _start_read(self, ctx: Context, location: Location, windows: Sequence[_MissingWindow]) -> _SharedRead:
        """Read what several types lack, which is about the same, in one go."""
        types = frozenset(need.type for need in windows)
        since, until = min(need.since for need in windows), max(need.until for need in windows)
        task = asyncio.create_task(self._read_from_aws(ctx, location, types, since, until))
        read = _SharedRead(types, since, until, task)
        self._reads.setdefault(location, []).append(read)
        task.add_done_callback(lambda done: self._on_read_end(location, read, done))
        return read

    async def _read_from_aws(
        self, ctx: Context, location: Location, types: frozenset[str], since: datetime, until: datetime
    ) -> None:
        found = await read_spot_history(ctx.session, types, since, until=until)
        self._merge(location, found.values())
        try:
            await asyncio.to_thread(ctx.store.spot_history.add, location, found.values())
        except StoreError:
            return  # it is read again the next time

    async def _load_from_store(self, ctx: Context, location: Location, names: Sequence[str]) -> None:
        if not names:
            return
        try:
            found = await asyncio.to_thread(ctx.store.spot_history.get, location, names)
        except StoreError:
            return  # AWS knows it too
        self._merge(location, found.values())

    def _merge(self, location: Location, histories: Iterable[SpotHistory]) -> None:
        for history in histories:
            self._cached[location, history.type] = merge_spot_histories(self.cached(location, history.type), history)

    async def _wait(self, tasks: set[asyncio.Task[None]]) -> None:
        """Until all have ended. Raises the error of one that failed; one who no longer waits stops none of them."""
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            task.result()

    def _on_read_end(self, location: Location, read: _SharedRead, task: asyncio.Task[None]) -> None:
        reads = self._reads.get(location, [])
        if read in reads:
            reads.remove(read)
        if not task.cancelled():
            task.exception()  # whoever asked was told, if anybody still waits


def _batch_key(window: _MissingWindow) -> tuple[bool, timedelta]:
    return window.is_newer, window.span
