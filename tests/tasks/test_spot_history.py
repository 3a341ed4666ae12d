"""Spot price histories: when AWS is asked for which part, and when not."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from fe2tui.aws.spot_prices import HISTORY_FRESH, SpotHistoryCache, spans_of_days
from fe2tui.demo import Cloud, Options
from fe2tui.errors import DeniedError, FieldError, StoreError
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory
from fe2tui.store import Store
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import Bench

HISTORY = "DescribeSpotPriceHistory"
M5 = tuple(f"m5.{size}" for size in ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"))
P3 = ("p3.2xlarge", "p3.8xlarge", "p3.16xlarge")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
EVER = datetime(2006, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def quiet() -> Iterator[Cloud]:
    """An empty cloud for this module: its calls are counted."""
    with Cloud(Options.instant(scene=False)) as cloud:
        cloud.wait_ready()
        yield cloud


@pytest.fixture
async def own(quiet: Cloud, begin: Begin) -> AsyncIterator[Bench]:
    """A bench whose clock stands a month ago, so that it can be moved on."""
    bench = await begin(quiet)
    await bench.ctx.session.identity()
    at(bench, datetime.now(UTC) - 30 * DAY)
    bench.forget_calls()
    yield bench
    quiet.control("/demo/faults", method="DELETE")


@pytest.fixture
def histories(own: Bench) -> Iterator[SpotHistoryCache]:
    made = new_cache(own)
    yield made
    made.close()


def new_cache(bench: Bench) -> SpotHistoryCache:
    """The cache of a program that starts now."""
    return SpotHistoryCache(bench.ctx.store.spot_history)


async def get(bench: Bench, histories: SpotHistoryCache, types: Iterable[str], days: float) -> dict[str, SpotHistory]:
    now = bench.ctx.clock()
    return await histories.get(bench.ctx.session, spans_of_days(types, days, now), now)


def at(bench: Bench, moment: datetime) -> datetime:
    bench.ctx.clock = lambda: moment
    return moment


def asked(bench: Bench) -> int:
    """How many calls there were since the last time."""
    count = len(bench.calls(HISTORY))
    bench.forget_calls()
    return count


def changes(found: dict[str, SpotHistory]) -> int:
    return sum(len(one.times) for history in found.values() for one in history.zones.values())


async def test_ninety_days_of_a_family_cost_their_pages_and_nothing_a_minute_later(
    own: Bench, histories: SpotHistoryCache
) -> None:
    now = at(own, datetime.now(UTC))
    found = await get(own, histories, M5, 90)
    assert list(found) == list(M5) and all(len(history.zones) == 3 for history in found.values())
    assert asked(own) == -(-changes(found) // 1000)
    at(own, now + MINUTE)
    assert await get(own, histories, M5, 90) == found
    assert asked(own) == 0
    another = new_cache(own)  # of a program that starts now
    assert await get(own, another, M5, 90) == found
    assert asked(own) == 0
    at(own, now + HISTORY_FRESH)
    await get(own, another, M5, 90)
    assert asked(own) == 1, "all types in one call"


async def test_later_only_newer_prices_are_read_and_merge_without_a_difference(
    own: Bench, histories: SpotHistoryCache
) -> None:
    begin = own.ctx.clock()
    await get(own, histories, P3, 20)
    asked(own)
    now = at(own, begin + 12 * DAY)
    found = await get(own, histories, P3, 3)
    assert asked(own) == 1
    own.ctx.store = Store(None)
    fresh = new_cache(own)
    at_once = await get(own, fresh, P3, 32)
    assert asked(own) > 1
    for name in P3:
        assert (found[name].since, found[name].until) == (begin - 20 * DAY, now)
        assert at_once[name].since == found[name].since
        assert found[name].zones == at_once[name].zones


async def test_a_longer_window_reads_only_what_is_older(own: Bench, histories: SpotHistoryCache) -> None:
    now = own.ctx.clock()
    short = (await get(own, histories, ["g5.xlarge"], 7))["g5.xlarge"]
    assert asked(own) == 1
    long = (await get(own, histories, ["g5.xlarge"], 14))["g5.xlarge"]
    assert asked(own) == 1
    assert (long.since, long.until, short.since) == (now - 14 * DAY, now, now - 7 * DAY)
    assert {zone: one.since(short.since) for zone, one in long.zones.items()} == dict(short.zones)
    assert await get(own, histories, ["g5.xlarge"], 3) == {"g5.xlarge": long}
    assert asked(own) == 0


async def test_concurrent_readers_share_a_read_and_one_that_is_cancelled_leaves_it_to_the_others(
    own: Bench, histories: SpotHistoryCache
) -> None:
    impatient = asyncio.create_task(get(own, histories, M5, 7))
    await settled(own, histories)
    first, second = (asyncio.create_task(get(own, histories, types, 3)) for types in (M5[:2], M5[2:4]))
    impatient.cancel()
    with suppress(asyncio.CancelledError):
        await impatient
    assert set(await first) | set(await second) == set(M5[:4])
    assert asked(own) == 1, "of seven types for seven days"
    assert set(await get(own, histories, M5, 7)) == set(M5)
    assert asked(own) == 0


async def test_a_read_without_waiting_callers_goes_on_into_the_store(own: Bench, histories: SpotHistoryCache) -> None:
    leaving = asyncio.create_task(get(own, histories, ["c5.large"], 7))
    await settled(own, histories)
    leaving.cancel()
    place = own.ctx.session.location
    async with asyncio.timeout(30):
        while not own.ctx.store.spot_history.get(place, ["c5.large"]):
            await asyncio.sleep(0.01)
    assert histories.cached(place, "c5.large") is not None
    assert (known := histories.cached(place, "c5.large")) is not None and known.until == own.ctx.clock()


async def settled(bench: Bench, histories: SpotHistoryCache) -> None:
    """Until what was asked for is on its way."""
    async with asyncio.timeout(30):
        while not histories.is_reading(bench.ctx.session.location):
            await asyncio.sleep(0)


async def test_cached_histories_need_no_wait_and_stored_ones_no_call(own: Bench, histories: SpotHistoryCache) -> None:
    place = own.ctx.session.location
    assert histories.cached(place, "m5.large") is None
    assert await histories.get_cached(own.ctx.session.location, ["m5.large"]) == {}
    found = await get(own, new_cache(own), ["m5.large"], 7)
    asked(own)
    assert histories.cached(place, "m5.large") is None
    assert await histories.get_cached(own.ctx.session.location, ["m5.large", "m5.xlarge"]) == found
    assert histories.cached(place, "m5.large") == found["m5.large"]
    assert asked(own) == 0


async def test_prices_that_another_process_stored_are_not_read_again(own: Bench, histories: SpotHistoryCache) -> None:
    now = own.ctx.clock()
    await get(own, histories, ["m5.large"], 7)
    at(own, now + DAY)
    await get(own, new_cache(own), ["m5.large"], 7)
    assert asked(own) == 2
    found = await get(own, histories, ["m5.large"], 7)
    assert found["m5.large"].until == now + DAY
    assert asked(own) == 0


async def test_changes_that_ec2_reports_late_are_found_by_the_next_read(
    own: Bench, histories: SpotHistoryCache
) -> None:
    name, place = "g5.xlarge", own.ctx.session.location
    whole = (await get(own, new_cache(own), [name], 7))[name]
    zone, first, second = next(
        (zone, first, second)
        for zone, series in whole.zones.items()
        for first, second in pairwise(series.changes(whole.since + DAY, whole.until))
        if second[0] - first[0] < 40 * MINUTE
    )
    seen_at = second[0] + 10 * MINUTE
    told = PriceSeries.from_changes(
        [change for change in whole.zones[zone].changes(EVER, seen_at) if change[0] < first[0]]
    )
    own.ctx.store = Store(None)
    histories = new_cache(own)
    own.ctx.store.spot_history.add(place, [SpotHistory(name, whole.since, seen_at, {zone: told})])
    at(own, seen_at + DAY)
    found = (await get(own, histories, [name], 2))[name]
    assert {first, second} <= set(found.zones[zone].changes(whole.since, seen_at))
    assert found.since == whole.since, "and the rest was not read again"


async def test_an_old_history_shorter_than_the_gap_is_dropped(own: Bench, histories: SpotHistoryCache) -> None:
    now = own.ctx.clock()
    await get(own, histories, ["m5.large"], 1)
    at(own, now + 20 * DAY)
    found = (await get(own, histories, ["m5.large"], 7))["m5.large"]
    assert (found.since, found.until) == (now + 13 * DAY, now + 20 * DAY)
    assert own.ctx.store.spot_history.get(own.ctx.session.location, ["m5.large"]) == {"m5.large": found}


async def test_a_type_that_is_not_offered_is_read_once(own: Bench, histories: SpotHistoryCache) -> None:
    found = await get(own, histories, ["p3dn.24xlarge"], 7)
    assert found["p3dn.24xlarge"].zones == {}
    assert (await get(own, histories, ["p3dn.24xlarge"], 7)) == found
    assert asked(own) == 1
    assert await get(own, histories, [], 7) == {}


async def test_types_that_lack_different_spans_are_read_apart(own: Bench, histories: SpotHistoryCache) -> None:
    now = own.ctx.clock()
    await get(own, histories, M5[:2], 20)
    at(own, now + 2 * DAY)
    asked(own)
    found = await get(own, histories, [*M5[:2], "g5.xlarge"], 20)
    assert asked(own) == 2, "two days of the one, twenty of the other"
    assert {history.until for history in found.values()} == {now + 2 * DAY}


async def test_each_region_has_its_own(own: Bench, histories: SpotHistoryCache) -> None:
    await get(own, histories, ["m5.large"], 3)
    async with await own.ctx.session.with_region("us-west-2") as elsewhere:
        own.ctx.session = elsewhere
        there = await get(own, histories, ["m5.large"], 3)
    assert {zone[:-1] for zone in there["m5.large"].zones} == {"us-west-2"}


async def test_a_refusal_of_aws_is_raised_and_known_prices_stay(own: Bench, histories: SpotHistoryCache) -> None:
    now, place = own.ctx.clock(), own.ctx.session.location
    found = await get(own, histories, ["m5.large"], 7)
    own.fault("deny", action=HISTORY)
    at(own, now + DAY)
    with pytest.raises(DeniedError, match=f"ec2:{HISTORY}"):
        await get(own, histories, ["m5.large"], 7)
    assert histories.cached(place, "m5.large") == found["m5.large"]
    own.cloud.control("/demo/faults", method="DELETE")
    with pytest.raises(FieldError, match=r"no instance type m5\.huge"):
        await get(own, histories, ["m5.huge"], 7)
    assert (await get(own, histories, ["m5.large"], 7))["m5.large"].until == now + DAY


async def test_without_a_store_everything_works_for_as_long_as_the_program_runs(
    own: Bench, histories: SpotHistoryCache
) -> None:
    path = own.ctx.store.path
    assert path is not None and not await histories.get_cached(own.ctx.session.location, ["c5.large"])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE spot_history")
    with pytest.raises(StoreError):
        own.ctx.store.spot_history.get(own.ctx.session.location, ["m5.large"])
    found = await get(own, histories, ["m5.large"], 7)
    assert found["m5.large"].zones
    assert await get(own, histories, ["m5.large"], 7) == found
    assert await histories.get_cached(own.ctx.session.location, ["c5.large"]) == {}
