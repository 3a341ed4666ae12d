"""The poller: quick while anything moves, slow otherwise, never an empty fleet from a failed read."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fe2tui.aws import instances
from fe2tui.aws.poller.poller import Poller
from fe2tui.demo import Cloud
from fe2tui.errors import NoCredentialsError, ThrottledError, UnreachableError
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import State
from fe2tui.model.location import Location
from tests.aws.conftest import Open
from tests.aws.watch import Watch, is_whole, reads, until, watching
from tests.hold import Hold


async def test_instances_come_first_and_the_other_parts_when_they_are_read(
    own_cloud: Cloud, open_session: Open
) -> None:
    hold = Hold(own_cloud, "DescribeVolumes")
    async with watching(open_session(), slow=60) as watch:
        first = await watch.fleet()
        assert first.instances
        assert not first.volumes
        hold.release()
        whole = await watch.fleet(is_whole)
    assert whole.instances.keys() == first.instances.keys()
    assert list(whole.instances) == sorted(whole.instances)
    assert whole.location == Location("default", "us-east-2", own_cloud.endpoint)
    assert whole.problems == ()
    assert whole.prices.on_demand["m5.large"] == Decimal("0.096")
    assert whole.prices.storage["gp3"] == Decimal("0.08")
    assert reads(own_cloud) == 1


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


async def test_it_is_quick_while_anything_moves(own_cloud: Cloud, open_session: Open) -> None:
    own_cloud.control("/demo/delays", {"stop_seconds": 2.0})
    async with watching(open_session(), quick=0.05, slow=60) as watch:
        fleet = await watch.fleet()
        running = next(i for i in fleet.instances.values() if i.state is State.RUNNING and not i.is_spot)
        await instances.stop_instances(open_session(), [running.id])
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


async def test_nothing_is_read_while_reading_is_paused(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session(), slow=0.05) as watch:
        await watch.fleet(lambda fleet: is_whole(fleet) and bool(fleet.images and fleet.snapshots))
        await watch.fleet(lambda fleet: bool(fleet.public_images and fleet.idle_addresses))
        watch.poller.pause()
        with pytest.raises(TimeoutError):
            for _ in range(12):  # parts that were being read come in yet; the silence after them is what is looked for
                await asyncio.wait_for(watch._stream.__anext__(), 0.5)
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


async def test_a_code_that_is_not_typed_is_asked_for_once(own_cloud: Cloud, open_session: Open) -> None:
    asked = []

    async def ask(serial: str) -> str:
        asked.append(serial)
        return "" if len(asked) == 1 else "123456"

    async with watching(open_session(profile="mfa", ask_code=ask)) as watch:
        assert math.isinf((await watch.failure()).retry_in)
        watch.poller.refresh()
        assert (await watch.fleet()).instances
    assert len(asked) == 2


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
