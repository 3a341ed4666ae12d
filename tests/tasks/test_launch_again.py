"""A launch that waits for capacity: when it tries again, what it reports meanwhile, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from fe2tui.aws import network
from fe2tui.demo import Cloud
from fe2tui.errors import FieldError, NoCapacityError, QuotaError, ReadOnlyError, ThrottledError
from fe2tui.model.instance import Instance
from fe2tui.model.progress import Progress
from fe2tui.tasks.context import Pace, known_account
from fe2tui.tasks.launch import launch, launch_when_capacity
from tests.tasks.tasks_bench import Bench

SOON = Pace(poll=0.01, settle=1.0, completion=3.0)
MINUTES = timedelta(minutes=10)


class Hours:
    """A clock whose time goes by at each look."""

    def __init__(self, start: datetime, each: timedelta) -> None:
        self.now = start
        self.each = each

    def __call__(self) -> datetime:
        self.now += self.each
        return self.now


@pytest.fixture
def soon(bench: Bench) -> Bench:
    """Waits no longer than it must."""
    bench.ctx.pace = SOON
    bench.forget_calls()
    return bench


def when_it_waits(bench: Bench, act: Callable[[], object]) -> None:
    """Do that when the first try was in vain."""
    steps = bench.steps

    def report(step: Progress) -> None:
        if step.step == "waiting" and "waiting" not in bench.path:
            act()
        steps.append(step)

    bench.ctx.report = report


async def again(bench: Bench, name: str, until: timedelta = MINUTES, **changes: object) -> Instance:
    request = bench.request(name, **{"type": "m5.large", "market": "spot", **changes})
    return await launch_when_capacity(bench.ctx, request, interval=0.05, until=until, wait=False)


async def test_it_tries_again_until_there_is_capacity_under_one_entry_of_the_log(soon: Bench, name: str) -> None:
    soon.fault("no-capacity", market="spot", times=2)
    instance = await again(soon, name, zone="us-east-2a")
    assert [it.id for it in await soon.named(name)] == [instance.id]
    assert len(soon.calls("RunInstances")) == 3
    (entry,) = soon.activity("launch")
    assert (entry.result, entry.subject) == ("done", instance.id)
    waits = [it.words for it in soon.steps if it.step == "waiting"]
    assert "no spot m5.large in us-east-2a; trying again in" in waits[0]
    assert "(2nd time, until " in waits[0] and "(3rd time, until " in waits[1]


async def test_each_try_asks_every_zone(soon: Bench, name: str) -> None:
    soon.fault("no-capacity", market="spot", times=4)
    await again(soon, name)
    asked = [it.words for it in soon.steps if it.words.startswith("Asking for")]
    assert len(asked) == 5 and len(set(asked[:3])) == 3 and asked[3:] == asked[:2]
    assert "in any zone" in soon.words("waiting")


async def test_seconds_are_counted_down_while_it_waits(soon: Bench, name: str) -> None:
    soon.ctx.clock = Hours(soon.ctx.clock(), timedelta(seconds=7))
    soon.fault("no-capacity", market="spot", times=1)
    request = soon.request(name, type="m5.large", market="spot", zone="us-east-2a")
    await launch_when_capacity(soon.ctx, request, until=MINUTES, wait=False)
    told = [it.words for it in soon.steps if it.step in ("waiting", "countdown")]
    left = [int(words.partition("again in ")[2].split(" ")[0]) for words in told]
    assert len(left) > 2 and left == sorted(left, reverse=True) and 45 <= left[0] < 60


async def test_it_gives_up_in_time_and_says_how_often_it_asked(soon: Bench, name: str) -> None:
    soon.ctx.clock = Hours(soon.ctx.clock(), timedelta(seconds=7))
    soon.fault("no-capacity", market="spot")
    request = soon.request(name, type="m5.large", market="spot", zone="us-east-2a")
    with pytest.raises(
        NoCapacityError, match=r"had no spot m5\.large in us-east-2a until \d\d:\d\d.*: asked \d times"
    ) as end:
        await launch_when_capacity(soon.ctx, request, until=timedelta(minutes=3), wait=False)
    assert 2 <= len(soon.calls("RunInstances")) <= 4 and "launch it on demand" in end.value.remedy
    assert [it.result for it in soon.activity("launch")] == ["failed"]
    assert await soon.named(name) == []


async def test_a_cancelled_wait_leaves_nothing_and_says_so(soon: Bench, name: str) -> None:
    soon.fault("no-capacity", market="spot")
    waits = asyncio.Event()
    when_it_waits(soon, waits.set)
    launching = asyncio.create_task(again(soon, name))
    await waits.wait()
    launching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await launching
    (entry,) = soon.activity("launch")
    assert (entry.result, entry.words) == ("cancelled", "Cancelled. Nothing was launched.")
    assert await soon.named(name) == []
    assert soon.ctx.store.launches.claim_open(await known_account(soon.ctx)) == []


async def test_a_key_pair_is_created_once_for_all_tries(soon: Bench, name: str) -> None:
    soon.fault("no-capacity", market="spot", times=2)
    instance = await again(soon, name, zone="us-east-2a", key_action="create", key_name=f"key-{name}")
    assert instance.key_name == f"key-{name}"
    assert [key.name for key in await network.key_pairs(soon.ctx.session)].count(f"key-{name}") == 1


async def test_other_errors_end_it_at_once(soon: Bench, name: str) -> None:
    with pytest.raises(QuotaError):
        await again(soon, name, type="inf1.xlarge")
    with pytest.raises(FieldError):
        await again(soon, name, type="hpc6a.48xlarge")
    assert "waiting" not in soon.path


async def test_a_name_that_is_used_meanwhile_ends_it(soon: Bench, name: str) -> None:
    other = await launch(soon.ctx, soon.request(f"{name}-other"), wait=False)
    soon.fault("no-capacity", market="spot")
    waits = asyncio.Event()
    when_it_waits(soon, waits.set)
    waiting = asyncio.create_task(again(soon, name))
    await waits.wait()
    await soon.ctx.session.call("ec2", "CreateTags", Resources=[other.id], Tags=[{"Key": "Name", "Value": name}])
    with pytest.raises(FieldError, match="is in use"):
        await waiting


async def test_a_throttled_try_is_repeated_except_the_first(
    cloud: Cloud, begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(cloud, SOON, first_retry_wait=0.01)  # type: ignore[misc]
    bench.fault("throttle", action="RunInstances")
    try:
        with pytest.raises(ThrottledError):
            await again(bench, name)
        cloud.control("/demo/faults", method="DELETE")
        bench.fault("no-capacity", market="spot", times=1)
        when_it_waits(bench, lambda: bench.fault("throttle", action="RunInstances", times=5))
        instance = await again(bench, name, zone="us-east-2a")
    finally:
        cloud.control("/demo/faults", method="DELETE")
    assert "throttling this account" in bench.words("waiting")
    assert [it.id for it in await bench.named(name)] == [instance.id]


async def test_read_only_refuses_it_before_anything_is_planned(cloud: Cloud, begin: Callable[..., object]) -> None:
    bench: Bench = await begin(cloud, read_only=True)  # type: ignore[misc]
    with pytest.raises(ReadOnlyError):
        await again(bench, "new")
    assert bench.activity("launch") == []
