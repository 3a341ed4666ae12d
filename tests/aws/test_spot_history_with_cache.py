"""Spot prices over the runs of instances: read once, stored, and never read again for the past."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fe2tui.aws.session import Session
from fe2tui.aws.spot_prices import HISTORY_FRESH, SpotHistoryCache
from fe2tui.demo import Cloud
from fe2tui.errors import DeniedError
from fe2tui.model.location import Location
from fe2tui.model.money.spot_usage import TimeSpan
from fe2tui.model.spot import SpotHistory, merge_spot_histories
from fe2tui.store import Store
from tests.aws.conftest import Open, calls
from tests.aws.hurry import hurried, patient_session
from tests.aws.watch import listening, watching

HISTORY = "DescribeSpotPriceHistory"
NOW = datetime.now(UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
FACTOR = 4000.0
P3, M5 = "p3.8xlarge", "m5.large"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "market.sqlite")
    yield made
    made.close()


@pytest.fixture
def lifted(cloud: Cloud) -> Iterator[Cloud]:
    """The cloud that the tests share; faults are lifted afterwards."""
    yield cloud
    cloud.control("/demo/faults", method="DELETE")


def asked(cloud: Cloud) -> int:
    """How often the market's past was asked for since the last time."""
    count = len(calls(cloud, HISTORY))
    cloud.control("/demo/calls", method="DELETE")
    return count


async def test_only_what_is_missing_is_asked_for_of_all_types_at_once(
    cloud: Cloud, session: Session, store: Store
) -> None:
    async def read(at: datetime, **spans: TimeSpan) -> set[str]:
        wanted = {name.replace("_", "."): span for name, span in spans.items()}
        found = await SpotHistoryCache(store.spot_history).get(session, wanted, at)
        for name, span in wanted.items():
            assert found[name].since <= span.since and found[name].zones
            assert all(
                series.starts_at is not None and series.starts_at <= span.since for series in found[name].zones.values()
            )
        return set(found)

    asked(cloud)
    week, day = TimeSpan(NOW - 168 * HOUR), TimeSpan(NOW - 24 * HOUR)
    assert await read(NOW, p3_8xlarge=day, m5_large=day) == {P3, M5} and asked(cloud) == 1
    assert await read(NOW + HISTORY_FRESH - SECOND, p3_8xlarge=day, m5_large=day) == {P3, M5} and asked(cloud) == 0
    later = NOW + 2 * HOUR
    assert await read(later, p3_8xlarge=day, m5_large=day) == {P3, M5} and asked(cloud) == 1  # what is newer
    assert await read(later, p3_8xlarge=week) == {P3} and asked(cloud) == 1  # what is older
    assert await read(later, p3_8xlarge=week, m5_large=TimeSpan(NOW - 20 * HOUR)) == {P3, M5} and asked(cloud) == 0
    over = TimeSpan(NOW - 20 * HOUR, NOW - HOUR)
    assert await read(later + 30 * HOUR, p3_8xlarge=over, m5_large=over) == {P3, M5} and asked(cloud) == 0
    assert await SpotHistoryCache(store.spot_history).get(session, {}, NOW) == {} and asked(cloud) == 0


async def test_what_was_read_in_pieces_is_what_is_read_at_once(session: Session, store: Store) -> None:
    begun = NOW - 240 * HOUR
    for hours in (200, 100, 50, 0):
        found = await SpotHistoryCache(store.spot_history).get(session, {P3: TimeSpan(begun)}, NOW - hours * HOUR)
    whole = await SpotHistoryCache().get(session, {P3: TimeSpan(begun)}, NOW)
    assert found == whole == await SpotHistoryCache(store.spot_history).get(session, {P3: TimeSpan(begun)}, NOW)


async def test_who_may_not_read_it_is_told_which_right_is_missing(
    lifted: Cloud, session: Session, store: Store
) -> None:
    lifted.control("/demo/faults", {"kind": "deny", "action": HISTORY})
    with pytest.raises(DeniedError, match="ec2:DescribeSpotPriceHistory"):
        await SpotHistoryCache(store.spot_history).get(session, {P3: TimeSpan(NOW - HOUR)}, NOW)


async def test_the_poller_shows_what_is_kept_and_says_what_keeps_it_from_reading_on(
    lifted: Cloud, demo_env: Path, open_session: Open, store: Store
) -> None:
    span = {P3: TimeSpan(NOW - 24 * HOUR)}
    async with watching(open_session(), spot_history_store=store.spot_history) as watch:
        assert not (await watch.fleet()).spot_history
        watch.poller.want_spot_history(span)
        seen = await watch.fleet(lambda fleet: bool(fleet.spot_history))
    assert store.spot_history.get(seen.location, [P3]) == seen.spot_history
    lifted.control("/demo/faults", {"kind": "deny", "action": HISTORY})
    async with watching(
        open_session(), spot_history_store=store.spot_history, clock=lambda: datetime.now(UTC) + HOUR
    ) as watch:
        watch.poller.want_spot_history(span)
        again = await watch.fleet(lambda fleet: any(problem.part == "spot history" for problem in fleet.problems))
    assert again.spot_history == seen.spot_history
    lifted.control("/demo/faults", method="DELETE")
    async with watching(open_session(), spot_history_store=store.spot_history, last=seen) as watch:
        assert (await watch.fleet()).spot_history == seen.spot_history


class Shelf:
    """A shelf in memory that counts what was read from AWS."""

    def __init__(self) -> None:
        self.kept: dict[str, SpotHistory] = {}
        self.reads = 0

    def get(self, place: Location, types: Iterable[str], now: datetime | None = None) -> dict[str, SpotHistory]:
        return {name: self.kept[name] for name in types if name in self.kept}

    def add(self, place: Location, histories: Iterable[SpotHistory], now: datetime | None = None) -> None:
        self.reads += 1
        self.kept |= {one.type: merge_spot_histories(self.kept.get(one.type), one) for one in histories}


@pytest.mark.parametrize("until", [None, NOW - 8 * HOUR], ids=["it runs", "it is over"])
def test_it_is_read_once_an_hour_while_a_spot_machine_runs_and_no_more_when_it_is_over(
    demo_env: Path, until: datetime | None
) -> None:
    shelf = Shelf()

    async def idle() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        pace = {
            "slow": 7200.0,
            "clock": lambda: NOW + timedelta(seconds=loop.time() - began),
            "spot_history_store": shelf,
        }
        async with patient_session(FACTOR) as session, listening(session, reads_cpu=False, **pace) as (poller, seen):
            await seen(lambda fleet: bool(fleet.instances))
            poller.want_spot_history({M5: TimeSpan(NOW - 9 * HOUR, until)})
            await seen(lambda fleet: bool(fleet.spot_history))
            await asyncio.sleep(1.5 * 3600)
            while until is None and shelf.reads < 2 and loop.time() - began < 30 * FACTOR:
                await asyncio.sleep(600)
        return (loop.time() - began) / 3600

    hours = hurried(FACTOR, idle)  # as many as it took: they pass quicker where reading takes longer
    assert shelf.reads == 1 if until else 2 <= shelf.reads <= 1 + hours
