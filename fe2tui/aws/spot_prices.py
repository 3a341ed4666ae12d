"""Spot prices: what each type costs now, and what it cost in the last 90 days.

Both come from DescribeSpotPriceHistory, for the product Linux/UNIX; prices are dollars an hour.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from fe2tui.aws.decode import parse_time
from fe2tui.aws.paged_reads import read_all
from fe2tui.aws.session import Session
from fe2tui.aws.shared_reads import SharedReads
from fe2tui.aws.types import unknown_type_error
from fe2tui.aws.worker_thread import in_worker_thread
from fe2tui.aws.xml_reader import XmlReader
from fe2tui.errors import AwsError, FieldError, StoreError
from fe2tui.model.location import Location
from fe2tui.model.money.spot_usage import SpotHistoryByType, TimeSpan
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory, merge_spot_histories
from fe2tui.model.text import join_words

PRODUCT_DESCRIPTION = "Linux/UNIX"
SPOT_PRICES_VALID = timedelta(minutes=10)  # ``SpotPriceCache`` returns prices so long without a new read
HISTORY_FRESH = timedelta(minutes=5)  # ``SpotHistoryCache`` returns a history so long without a new read
MAX_HISTORY = timedelta(days=90)  # EC2 returns spot prices so far back
_PAGE = 1000
_TYPES_PER_CALL = 100  # EC2 documents no limit, but takes 200 values in one filter
_WINDOW_TOLERANCE = timedelta(minutes=1)  # two callers who ask for the same days do so at slightly different times
_REPORTING_DELAY = timedelta(hours=1)  # EC2 may show a change some time after it
_SPANS = tuple(timedelta(days=days) for days in (1, 3, 7, 30))  # types that lack about as much share a call

SpotPrices = Mapping[tuple[str, str], Decimal]
"""Dollars an hour by type and zone."""


async def current_spot_prices(session: Session, types: Iterable[str] | None = None) -> dict[tuple[str, str], Decimal]:
    """The spot price now of these types, or of all types of the region, by type and zone.

    A type that is not offered as spot is not in it. All types of a region take about five pages, read one
    after the other: seconds. The history from now on holds, for each type and zone, the last change before now.
    """
    names = None if types is None else sorted(set(types))
    if names == []:
        return {}
    changes = await _read_changes(session, names, StartTime=datetime.now(UTC))
    return await in_worker_thread(
        lambda: {(name, zone): price for name, zone, _, price in sorted(changes, key=itemgetter(2))}
    )


async def read_spot_history(
    session: Session, types: Iterable[str], since: datetime, *, until: datetime | None = None
) -> dict[str, SpotHistory]:
    """How the spot prices of these types changed from ``since`` to ``until``, or to now: a history for each type.

    EC2 returns the last 90 days. The price at ``since`` is included, because EC2 also returns the last change before
    the window. A type without spot prices in the region has a history without zones. A page has a thousand changes, and
    up to a hundred types share their pages. Raises FieldError("type") for a type that EC2 does not know, DeniedError
    without ``ec2:DescribeSpotPriceHistory``. Source: EC2 API reference, DescribeSpotPriceHistory.
    """
    names = sorted(set(types))
    last = until or datetime.now(UTC)
    changes: list[_PriceChange] = []
    for start in range(0, len(names), _TYPES_PER_CALL):
        some = names[start : start + _TYPES_PER_CALL]
        try:
            changes += await _read_changes(session, some, StartTime=since, EndTime=last)
        except (AwsError, FieldError) as error:
            if error.code != "InvalidParameterValue":
                raise
            named = [name for name in some if name in str(error)] or some
            raise unknown_type_error(join_words(named, "or"), error.code) from error
    return await in_worker_thread(_build_histories, names, since, last, changes)


# Type, zone, EC2's timestamp (which sorts as text) and the price. A plain tuple, because tens of thousands of objects
# of a class would start Python's garbage collector, which stops everything else.
_PriceChange = tuple[str, str, str, Decimal]


async def _read_changes(session: Session, types: Sequence[str] | None, **window: datetime) -> list[_PriceChange]:
    params: dict[str, Any] = {**window} if types is None else {"InstanceTypes": types, **window}
    return await read_all(
        session,
        "DescribeSpotPriceHistory",
        XmlReader("spotPriceHistorySet", _decode_change),
        ProductDescriptions=[PRODUCT_DESCRIPTION],
        MaxResults=_PAGE,
        **params,
    )


def _decode_change(item: Any) -> _PriceChange:
    name, zone = item.findtext("instanceType") or "", item.findtext("availabilityZone") or ""
    price = Decimal(item.findtext("spotPrice") or 0)
    return sys.intern(name), sys.intern(zone), item.findtext("timestamp") or "", price


def _build_histories(
    names: Iterable[str], since: datetime, until: datetime, changes: Iterable[_PriceChange]
) -> dict[str, SpotHistory]:
    zones: dict[str, dict[str, list[tuple[datetime, Decimal]]]] = {name: {} for name in names}
    for name, zone, at, price in changes:
        if name in zones and (moment := parse_time(at)) is not None:
            zones[name].setdefault(zone, []).append((moment, price))
    return {
        name: SpotHistory(
            name, since, until, {zone: PriceSeries.from_changes(reversed(found[zone])) for zone in sorted(found)}
        )
        for name, found in zones.items()
    }


@dataclass(frozen=True, slots=True)
class SpotPriceSnapshot:
    prices: SpotPrices
    read_at: datetime


class SpotPriceCache:
    """The current spot prices of regions. Belongs to one event loop; ``close`` it at the end."""

    def __init__(self) -> None:
        self._cached: dict[Location, SpotPriceSnapshot] = {}
        self._reads: SharedReads[Location, SpotPriceSnapshot] = SharedReads()

    def cached(self, location: Location) -> SpotPriceSnapshot | None:
        """What was read last of a region, however old. Does not wait."""
        return self._cached.get(location)

    async def get(self, session: Session, now: datetime) -> SpotPriceSnapshot:
        """The prices of all types of the session's region, at most ten minutes old. Takes seconds where AWS is asked.

        Raises the Fe2Error with which AWS refused.
        """
        location = session.location
        if (known := self._fresh(location, now)) is not None:
            return known

        async def read() -> SpotPriceSnapshot:
            found = self._cached[location] = SpotPriceSnapshot(await current_spot_prices(session), now)
            return found

        return await self._reads.get(location, read)

    async def get_types(self, session: Session, types: Iterable[str], now: datetime) -> SpotPrices:
        """The prices of some types: from the region's where these are fresh, else from one call for these types."""
        wanted = frozenset(types)
        if (known := self._fresh(session.location, now)) is not None:
            return {key: price for key, price in known.prices.items() if key[0] in wanted}
        return await current_spot_prices(session, wanted)

    def close(self) -> None:
        self._reads.close()

    def _fresh(self, location: Location, now: datetime) -> SpotPriceSnapshot | None:
        known = self._cached.get(location)
        return known if known is not None and now - known.read_at < SPOT_PRICES_VALID else None


class SpotHistoryStore(Protocol):
    """Keeps histories between runs (``store.spot_history``). Called in a thread. ``now`` is the caller's time."""

    def get(self, location: Location, types: Iterable[str], now: datetime | None = None) -> dict[str, SpotHistory]:
        """The histories of these types; a type without one is not in it."""

    def add(self, location: Location, histories: Iterable[SpotHistory], now: datetime | None = None) -> None: ...


class _MissingWindow(NamedTuple):
    type: str
    since: datetime
    until: datetime
    is_newer: bool  # than what is known

    @property
    def batch(self) -> tuple[bool, timedelta]:
        """Equal for windows that share a call: on the same side of what is known, and about as long."""
        length = self.until - self.since
        return self.is_newer, next((span for span in _SPANS if length <= span), MAX_HISTORY)


class _WindowRead(NamedTuple):
    location: Location
    types: frozenset[str]
    since: datetime
    until: datetime

    def covers(self, location: Location, window: _MissingWindow) -> bool:
        slack = HISTORY_FRESH if window.is_newer else timedelta(0)
        return (
            location == self.location
            and window.type in self.types
            and self.since <= window.since
            and self.until >= window.until - slack
        )


def spans_of_days(types: Iterable[str], days: float, now: datetime) -> dict[str, TimeSpan]:
    return dict.fromkeys(types, TimeSpan(now - timedelta(days=days)))


def are_missing(spans: Mapping[str, TimeSpan], known: SpotHistoryByType, now: datetime) -> bool:
    """Whether prices within these spans are not known, or not known up to five minutes ago."""
    return any(_missing_windows(name, span, known.get(name), now) for name, span in spans.items())


def are_complete(spans: Mapping[str, TimeSpan], known: SpotHistoryByType) -> bool:
    """Whether no read can add anything to these spans: all of them are over, and known to the end."""
    return all(
        span.until is not None
        and (history := known.get(name)) is not None
        and history.until >= span.until + _REPORTING_DELAY
        for name, span in spans.items()
    )


def _missing_windows(name: str, span: TimeSpan, known: SpotHistory | None, now: datetime) -> list[_MissingWindow]:
    since = max(span.since, now - MAX_HISTORY)
    until = now if span.until is None else min(now, span.until + _REPORTING_DELAY)
    # an old history is dropped where more would have to be read to reach back to it than it holds
    if known is None or since - known.until > known.until - known.since:
        return [_MissingWindow(name, since, until, True)]
    windows = []
    if since < known.since - _WINDOW_TOLERANCE:
        windows.append(_MissingWindow(name, since, known.since, False))
    if known.until < until and known.until <= now - HISTORY_FRESH:
        windows.append(_MissingWindow(name, max(known.until - _REPORTING_DELAY, now - MAX_HISTORY), until, True))
    return windows


class SpotHistoryCache:
    """Histories of spot prices, in memory and in the store. Belongs to one event loop; ``close`` it at the end.

    Prices that are known are never read again: only newer and older ones, of many types in one call. Callers share
    reads; a read goes on into the store also when its callers are cancelled.
    """

    def __init__(self, store: SpotHistoryStore | None = None) -> None:
        self._store = store
        self._cached: dict[tuple[Location, str], SpotHistory] = {}
        self._reads: SharedReads[_WindowRead, None] = SharedReads()

    def cached(self, location: Location, type: str) -> SpotHistory | None:
        """The history in memory, however old and short. Does not wait."""
        return self._cached.get((location, type))

    def is_reading(self, location: Location) -> bool:
        return any(read.location == location for read in self._reads)

    async def get_cached(self, location: Location, types: Iterable[str]) -> dict[str, SpotHistory]:
        """The histories in memory, else in the store. Does not ask AWS. A type without one is not in it."""
        names = list(dict.fromkeys(types))
        await self._load_from_store(location, [name for name in names if self.cached(location, name) is None])
        return {name: known for name in names if (known := self.cached(location, name)) is not None}

    async def get(self, session: Session, spans: Mapping[str, TimeSpan], now: datetime) -> dict[str, SpotHistory]:
        """The histories of these types, each over its span at least, up to five minutes ago and 90 days back.

        A type that is not offered has no zones. Takes seconds where AWS is asked. Raises the Fe2Error with which AWS
        refused, after keeping what it returned before.
        """
        location = session.location
        lacking = [name for name in spans if _missing_windows(name, spans[name], self.cached(location, name), now)]
        if lacking:
            await self._load_from_store(location, lacking, now)  # another process may have read it meanwhile
            windows = [
                window
                for name in lacking
                for window in _missing_windows(name, spans[name], self.cached(location, name), now)
            ]
            tasks = self._start_reads(session, windows, now)
            if tasks:
                await asyncio.wait(tasks)  # does not cancel them
            for task in tasks:
                task.result()
        return {name: self._cached[location, name] for name in spans}

    def close(self) -> None:
        self._reads.close()

    def _start_reads(
        self, session: Session, windows: Iterable[_MissingWindow], now: datetime
    ) -> set[asyncio.Task[None]]:
        location = session.location
        tasks: set[asyncio.Task[None]] = set()
        rest: list[_MissingWindow] = []
        for window in windows:
            covering = next((read for read in self._reads if read.covers(location, window)), None)
            if covering is None:
                rest.append(window)
            else:
                tasks.add(self._start_read(session, covering, now))
        rest.sort(key=lambda window: window.batch)
        for _, batch in groupby(rest, key=lambda window: window.batch):
            some = list(batch)
            types = frozenset(window.type for window in some)
            since, until = min(window.since for window in some), max(window.until for window in some)
            tasks.add(self._start_read(session, _WindowRead(location, types, since, until), now))
        return tasks

    def _start_read(self, session: Session, read: _WindowRead, now: datetime) -> asyncio.Task[None]:
        return self._reads.start(read, lambda: self._read_from_aws(session, read, now))

    async def _read_from_aws(self, session: Session, read: _WindowRead, now: datetime) -> None:
        found = await read_spot_history(session, read.types, read.since, until=read.until)
        self._merge(read.location, found.values())
        if self._store is not None:
            try:
                await asyncio.to_thread(self._store.add, read.location, found.values(), now)
            except StoreError:
                return  # the next process reads it again

    async def _load_from_store(self, location: Location, names: Sequence[str], now: datetime | None = None) -> None:
        if not names or self._store is None:
            return
        try:
            found = await asyncio.to_thread(self._store.get, location, names, now)
        except StoreError:
            return  # AWS has it too
        self._merge(location, found.values())

    def _merge(self, location: Location, histories: Iterable[SpotHistory]) -> None:
        for history in histories:
            self._cached[location, history.type] = merge_spot_histories(self.cached(location, history.type), history)
