"""The poller: quick while anything moves, slow otherwise, never an empty fleet from a failed read."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fe2tui.aws import instances
from fe2tui.aws.poller import Poller, ReadFailed
from fe2tui.aws.session import Session
from fe2tui.demo import Cloud
from fe2tui.errors import NoCredentialsError, StoreError, ThrottledError, UnreachableError
from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.instance import State
from fe2tui.model.place import Place
from tests.aws.conftest import Open, calls

Seen = Fleet | ReadFailed
PATIENCE = 15.0


class Watch:
    """What a listener hears."""

    def __init__(self, poller: Poller) -> None:
        self.poller = poller
        self.heard: list[Seen] = []
        self._stream = poller.seen()

    async def until(self, wanted: Callable[[Seen], bool]) -> Seen:
        """Listens until something wanted comes."""

        async def listen() -> Seen:
            async for seen in self._stream:
                self.heard.append(seen)
                if wanted(seen):
                    return seen
            raise AssertionError("the poller came to an end")

        return await asyncio.wait_for(listen(), PATIENCE)

    async def fleet(self, wanted: Callable[[Fleet], bool] = lambda _: True) -> Fleet:
        found = await self.until(lambda seen: isinstance(seen, Fleet) and wanted(seen))
        assert isinstance(found, Fleet)
        return found

    async def failure(self) -> ReadFailed:
        found = await self.until(lambda seen: isinstance(seen, ReadFailed))
        assert isinstance(found, ReadFailed)
        return found

    async def close(self) -> None:
        await self._stream.aclose()  # type: ignore[attr-defined]


@asynccontextmanager
async def watching(session: Session, shelf: Any = None, **pace: Any) -> AsyncIterator[Watch]:
    watch = Watch(Poller(session, shelf, **{"quick": 0.05, "slow": 0.2, **pace}))
    try:
        yield watch
    finally:
        await watch.close()


def is_whole(fleet: Fleet) -> bool:
    return bool(fleet.volumes and fleet.prices.on_demand and fleet.prices.spot and fleet.account and fleet.image_names)


def reads(cloud: Cloud) -> int:
    return len(calls(cloud, "DescribeInstances"))


async def test_instances_come_first_and_the_other_parts_when_they_are_read(
    own_cloud: Cloud, open_session: Open
) -> None:
    own_cloud.control("/demo/faults", {"kind": "slow", "action": "DescribeVolumes", "seconds": 0.5})
    async with watching(open_session(), slow=60) as watch:
        first = await watch.fleet()
        assert first.instances
        assert not first.volumes
        whole = await watch.fleet(is_whole)
    assert whole.instances.keys() == first.instances.keys()
    assert list(whole.instances) == sorted(whole.instances)
    assert whole.place == Place("default", "us-east-2", own_cloud.endpoint)
    assert whole.problems == ()
    assert whole.prices.on_demand["m5.large"] == Decimal("0.096")
    assert whole.prices.storage["gp3"] == Decimal("0.08")
    assert reads(own_cloud) == 1


async def test_volumes_of_instances_and_unattached_ones_are_in_the_fleet(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session()) as watch:
        fleet = await watch.fleet(is_whole)
    assert all(len(fleet.volumes_of(i)) == len(i.attachments) for i in fleet.instances.values())
    assert any(volume.instance_id is None for volume in fleet.volumes.values())


async def test_a_failed_read_is_never_an_empty_fleet_and_reading_goes_on(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session()) as watch:
        before = await watch.fleet()
        own_cloud.control("/demo/faults", {"kind": "malformed", "action": "DescribeInstances", "times": 2})
        failed = await watch.failure()
        assert isinstance(failed.error, UnreachableError)
        after = await watch.fleet(lambda fleet: fleet.seen_at > failed.at)
    assert after.instances.keys() == before.instances.keys()
    assert all(seen.instances for seen in watch.heard if isinstance(seen, Fleet))


async def test_failures_in_a_row_wait_longer_each_time_but_no_longer_than_the_slow_pace(
    own_cloud: Cloud, open_session: Open
) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeInstances"})
    async with watching(open_session(), quick=0.01, slow=0.05) as watch:
        waits = [(await watch.failure()).retry_in for _ in range(5)]
    assert waits == [0.01, 0.02, 0.04, 0.05, 0.05]


async def test_throttling_keeps_the_last_fleet_and_says_so(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session()) as watch:
        await watch.fleet()
        own_cloud.control("/demo/faults", {"kind": "throttle", "action": "DescribeInstances", "times": 4})
        assert isinstance((await watch.failure()).error, ThrottledError)
        assert (await watch.fleet()).instances


@pytest.mark.parametrize(
    ("part", "action"),
    [
        ("volumes", "DescribeVolumes"),
        ("prices", "GetProducts"),
        ("spot", "DescribeSpotPriceHistory"),
        ("metrics", "GetMetricData"),
    ],
)
async def test_a_part_that_may_not_be_read_is_a_problem_of_that_part_only(
    own_cloud: Cloud, open_session: Open, part: str, action: str
) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "action": action})
    async with watching(open_session()) as watch:
        fleet = await watch.fleet(lambda fleet: bool(fleet.problems))
    [problem] = fleet.problems
    assert problem.part == part
    assert action in problem.summary
    assert problem.remedy
    assert fleet.instances


async def test_a_part_that_fails_later_keeps_what_it_had_and_is_no_problem_once_it_is_read(
    own_cloud: Cloud, open_session: Open
) -> None:
    async with watching(open_session()) as watch:
        before = await watch.fleet(is_whole)
        fault = own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeVolumes"})
        watch.poller.refresh()
        failed = await watch.fleet(lambda fleet: bool(fleet.problems))
        assert failed.volumes == before.volumes
        own_cloud.control(f"/demo/faults/{fault['id']}", method="DELETE")
        watch.poller.refresh()
        await watch.fleet(lambda fleet: not fleet.problems)


async def test_not_being_told_the_account_is_no_problem(own_cloud: Cloud, open_session: Open) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "service": "sts"})
    async with watching(open_session()) as watch:
        fleet = await watch.fleet(lambda fleet: bool(fleet.volumes and fleet.prices.on_demand))
    assert (fleet.account, fleet.problems) == ("", ())


async def test_it_is_quick_while_anything_moves(own_cloud: Cloud, open_session: Open) -> None:
    own_cloud.control("/demo/delays", {"stop_seconds": 0.7})
    async with watching(open_session(), quick=0.05, slow=60) as watch:
        fleet = await watch.fleet()
        running = next(i for i in fleet.instances.values() if i.state is State.RUNNING and not i.is_spot)
        await instances.stop(open_session(), [running.id])
        watch.poller.nudge(for_seconds=0)
        await watch.fleet(lambda fleet: fleet.instances[running.id].state is State.STOPPING)
        await watch.fleet(lambda fleet: fleet.instances[running.id].state is State.STOPPED)
    assert reads(own_cloud) > 4


async def test_it_is_quick_for_a_while_after_a_nudge(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session(), quick=0.05, slow=60) as watch:
        seen = await watch.fleet()
        watch.poller.nudge()
        for _ in range(3):
            seen = await watch.fleet(lambda fleet, last=seen: fleet.seen_at > last.seen_at)  # type: ignore[misc]
    assert reads(own_cloud) >= 4


async def test_nothing_is_read_while_nobody_looks(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session(), slow=0.05) as watch:
        await watch.fleet(is_whole)
        watch.poller.pause()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watch._stream.__anext__(), 0.5)  # the silence itself is what is looked for
        paused_at = reads(own_cloud)
    assert paused_at == reads(own_cloud)


async def test_resuming_reads_at_once_when_the_last_read_is_old(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session(), slow=0.3) as watch:
        await watch.fleet(is_whole)
        watch.poller.pause()
        before = reads(own_cloud)
        watch.poller.refresh()
        await until(lambda: reads(own_cloud) == before + 1)
        watch.poller.resume()
        await until(lambda: reads(own_cloud) == before + 2)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not happened():
            await asyncio.sleep(0.01)


async def test_many_nudges_are_one_read(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session(), slow=60) as watch:
        await watch.fleet()
        before = reads(own_cloud)
        for _ in range(50):
            watch.poller.nudge(for_seconds=0)
        await until(lambda: reads(own_cloud) > before)
        await watch.fleet(is_whole)
    assert reads(own_cloud) == before + 1


async def test_a_slow_listener_gets_the_newest_and_no_queue(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session(), slow=0.02) as watch:
        await watch.fleet(is_whole)
        before = reads(own_cloud)
        await until(lambda: reads(own_cloud) > before + 5)
        now = datetime.now(UTC)
        newest = await watch.fleet()
        assert newest.seen_at > now - timedelta(seconds=1)
        assert (await watch.fleet()).seen_at > now


async def test_idle_costs_at_most_two_calls_a_minute(own_cloud: Cloud, open_session: Open) -> None:
    """The first read of everything, then reads of the instances alone: five minutes have two further calls each."""
    async with watching(open_session(), slow=0.05) as watch:
        await watch.fleet(is_whole)
        await watch.fleet(lambda fleet: bool(fleet.cpu))
        own_cloud.control("/demo/calls", method="DELETE")
        await until(lambda: reads(own_cloud) >= 5)
    assert {call["action"] for call in calls(own_cloud)} == {"DescribeInstances"}


async def test_a_new_instances_volumes_are_read_at_once(own_cloud: Cloud, open_session: Open) -> None:
    session = open_session()
    async with watching(session) as watch:
        fleet = await watch.fleet(is_whole)
        image = next(iter(fleet.instances.values())).image_id
        call = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "ClientToken": "v"}
        launched = await instances.run_instances(session, call)
        watch.poller.nudge()

        def has_its_disk(fleet: Fleet) -> bool:
            found = fleet.instances.get(launched.id)
            return bool(found and found.attachments and fleet.volumes_of(found))

        after = await watch.fleet(has_its_disk)
    assert after.volumes.keys() > fleet.volumes.keys()


async def test_a_terminated_instances_volume_leaves_the_fleet(own_cloud: Cloud, open_session: Open) -> None:
    session = open_session()
    async with watching(session) as watch:
        fleet = await watch.fleet(is_whole)
        victim = next(
            i
            for i in fleet.instances.values()
            if i.state is State.RUNNING
            and not i.is_spot
            and i.name != "vault"
            and i.attachments[0].delete_on_termination
        )
        await instances.terminate(session, [victim.id])
        watch.poller.nudge()
        await watch.fleet(lambda fleet: victim.attachments[0].volume_id not in fleet.volumes)


async def test_unchanged_instances_are_the_same_objects_in_the_next_fleet(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session()) as watch:
        first = await watch.fleet()
        later = await watch.fleet(lambda fleet: fleet.seen_at > first.seen_at)
    assert all(later.instances[key] is one for key, one in first.instances.items())


async def test_missing_credentials_are_tried_seldom_but_at_once_on_refresh(
    own_cloud: Cloud, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = own_cloud.environment["AWS_ACCESS_KEY_ID"]
    credentials = own_cloud.environment["AWS_SHARED_CREDENTIALS_FILE"]
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.delenv("AWS_PROFILE")
    async with watching(open_session(), slow=60) as watch:
        failed = await watch.failure()
        assert isinstance(failed.error, NoCredentialsError)
        assert failed.retry_in > 60
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", credentials)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        watch.poller.refresh()
        assert (await watch.fleet()).instances


async def test_a_code_that_nobody_types_is_not_asked_for_again_and_again(own_cloud: Cloud, open_session: Open) -> None:
    asked = []

    async def ask(serial: str) -> str:
        asked.append(serial)
        return "" if len(asked) == 1 else "123456"

    async with watching(open_session(profile="mfa", ask_code=ask)) as watch:
        assert math.isinf((await watch.failure()).retry_in)
        watch.poller.refresh()
        assert (await watch.fleet()).instances
    assert len(asked) == 2


class Shelf:
    """A place for prices."""

    def __init__(self, kept: Prices | None = None, *, broken: bool = False) -> None:
        self.kept = kept
        self.saved: list[str] = []
        self.broken = broken

    def get(self, region: str) -> Prices | None:
        if self.broken:
            raise StoreError("no")
        return self.kept

    def save(self, region: str, prices: Prices) -> None:
        if self.broken:
            raise StoreError("no")
        self.saved.append(region)
        self.kept = prices


async def test_prices_of_today_are_not_read_again(own_cloud: Cloud, open_session: Open) -> None:
    shelf = Shelf(Prices({"m5.large": Decimal(7)}, {}, {"gp3": Decimal(1)}, datetime.now(UTC) - timedelta(hours=23)))
    async with watching(open_session(), shelf) as watch:
        fleet = await watch.fleet(is_whole)
    assert fleet.prices.on_demand == {"m5.large": Decimal(7)}
    assert calls(own_cloud, "GetProducts") == []


async def test_prices_of_yesterday_are_shown_until_todays_are_read_and_kept(
    own_cloud: Cloud, open_session: Open
) -> None:
    old = Prices({"m5.large": Decimal(7)}, {}, {"gp3": Decimal(1)}, datetime.now(UTC) - timedelta(hours=25))
    shelf = Shelf(old)
    own_cloud.control("/demo/faults", {"kind": "slow", "action": "GetProducts", "seconds": 0.3, "times": 1})
    async with watching(open_session(), shelf) as watch:
        await watch.fleet(lambda fleet: fleet.prices.on_demand.get("m5.large") == Decimal(7))
        await watch.fleet(lambda fleet: fleet.prices.on_demand.get("m5.large") == Decimal("0.096"))
    assert shelf.saved == ["us-east-2"]


async def test_a_broken_store_does_not_cost_the_prices(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session(), Shelf(broken=True)) as watch:
        fleet = await watch.fleet(is_whole)
    assert fleet.problems == ()


async def test_what_was_known_before_stands_until_it_is_read(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session()) as watch:
        last = await watch.fleet(is_whole)
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeVolumes"})
    async with watching(open_session(), last=last) as watch:
        fleet = await watch.fleet()
        assert fleet.volumes == last.volumes
        assert fleet.prices.on_demand == last.prices.on_demand
        assert all(fleet.instances[key] is one for key, one in last.instances.items())


async def test_a_fleet_of_another_place_is_not_taken_for_this_ones(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session()) as watch:
        last = await watch.fleet(is_whole)
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeVolumes"})
    async with watching(open_session(region="Oregon"), last=last) as watch:
        assert not (await watch.fleet()).volumes


async def test_two_listeners_one_after_the_other_both_hear(own_cloud: Cloud, open_session: Open) -> None:
    poller = Poller(open_session(), quick=0.05, slow=0.05)
    for _ in range(2):
        watch = Watch(poller)
        assert (await watch.fleet()).instances
        await watch.close()


async def test_a_fleet_of_many_pages_is_whole(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Any], open_session: Open
) -> None:
    cloud = fresh_cloud(extra=2_500)
    enter_cloud(cloud)
    async with watching(open_session(read_timeout=60), slow=60) as watch:
        fleet = await watch.fleet()
    assert len(fleet.instances) > 2_500
    assert list(fleet.instances) == sorted(fleet.instances)
    assert reads(cloud) == 3
