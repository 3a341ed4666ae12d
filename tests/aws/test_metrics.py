"""CPU figures, which AWS bills: read for the rows in view only, seldom, and for one window."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from fe2tui.aws.metrics import cpu_utilization
from fe2tui.demo import Cloud
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import State
from tests.aws.conftest import Answers, Open, calls
from tests.aws.hurry import hurried, patient_session
from tests.aws.watch import is_whole, listening, until, watching

FACTOR = 100.0


def running(fleet: Fleet) -> list[str]:
    return [key for key, one in fleet.instances.items() if one.state is State.RUNNING]


def asked(cloud: Cloud) -> list[set[str]]:
    """The machines that each call was about."""
    return [
        {query["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for query in call["params"]["MetricDataQueries"]}
        for call in calls(cloud, "GetMetricData")
    ]


async def test_only_running_machines_in_view_are_measured(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session(), slow=60) as watch:
        fleet = await watch.fleet(is_whole)
        assert calls(own_cloud, "GetMetricData") == []
        some = running(fleet)[:3]
        stopped = next(key for key, one in fleet.instances.items() if one.state is State.STOPPED)
        watch.poller.set_cpu_ids([*some, stopped])
        measured = await watch.fleet(lambda fleet: bool(fleet.cpu))
    assert asked(own_cloud) == [set(some)]
    assert measured.cpu.keys() <= set(some)


def rests(machines: list[set[str]]) -> bool:
    """Whether the newest call was about all that were ever asked about, as the one before it."""
    return len(machines) > 2 and machines[-1] == machines[-2] == set().union(*machines)


def test_cpu_costs_a_call_a_minute_at_most_and_a_machine_is_asked_about_every_five(own_cloud: Cloud) -> None:
    """The view moves thrice in a minute; then it rests, and everything in it is asked about together."""

    async def scroll() -> float:
        loop = asyncio.get_running_loop()
        async with patient_session(FACTOR) as session, listening(session, slow=60) as (poller, seen):
            machines = running(await seen(is_whole))
            await cpu_utilization(
                session, machines[:1]
            )  # the first call takes longer than the others, by the fast clock
            own_cloud.control("/demo/calls", method="DELETE")
            since = loop.time()
            for upto in (2, 4, len(machines)):
                poller.set_cpu_ids(machines[:upto])
                await asyncio.sleep(15)
            while not rests(asked(own_cloud)) and loop.time() - since < 60 * FACTOR:
                await asyncio.sleep(30)
        return (loop.time() - since) / 60

    minutes = hurried(FACTOR, scroll)
    sent = calls(own_cloud, "GetMetricData")
    at = [call["at"] * FACTOR for call in sent]  # when they arrived: each may have taken a while
    assert all(after - before > 30 for before, after in pairwise(at))
    machines = asked(own_cloud)
    for machine in set().union(*machines):
        times = [moment for moment, some in zip(at, machines, strict=True) if machine in some]
        assert all(after - before > 240 for before, after in pairwise(times))
    assert rests(machines)
    assert len(sent) <= minutes / 5 + 2


def told(*minutes_ago: int, now: datetime) -> bytes:
    """CloudWatch's answer: a figure for each of these moments, which is how many minutes ago it was."""
    times = [int((now - timedelta(minutes=ago)).timestamp()) for ago in minutes_ago]
    result = {"Id": "m0", "Timestamps": times, "Values": [float(ago) for ago in minutes_ago], "StatusCode": "Complete"}
    return json.dumps({"MetricDataResults": [result]}).encode()


@pytest.mark.parametrize(
    ("minutes_ago", "figures"),
    [
        ((20, 15, 10, 5), (20.0, 15.0, 10.0, 5.0)),
        ((5, 20, 10, 15), (20.0, 15.0, 10.0, 5.0)),
        ((300, 295, 290, 15, 10, 5), (15.0, 10.0, 5.0)),
        ((35, 30, 20, 15, 10), (35.0, 30.0, 20.0, 15.0, 10.0)),
        ((300, 295, 290), None),
        ((), None),
    ],
    ids=["whole", "out of order", "started again", "one is missing", "ended hours ago", "none"],
)
async def test_figures_are_of_one_stretch_up_to_now(
    demo_env: object,
    open_session: Open,
    answers: Answers,
    minutes_ago: tuple[int, ...],
    figures: tuple[float, ...] | None,
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    answers.body = told(*minutes_ago, now=now)
    found = await cpu_utilization(open_session(endpoint_url=answers.url), ["i-1"], now=now)
    assert found == ({} if figures is None else {"i-1": figures})


async def test_cpu_is_not_read_again_when_everything_else_is(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session(), slow=60) as watch:
        watch.poller.set_cpu_ids(running(await watch.fleet()))
        await watch.fleet(lambda fleet: is_whole(fleet) and bool(fleet.cpu))
        own_cloud.control("/demo/calls", method="DELETE")
        watch.poller.refresh()
        await until(lambda: bool(calls(own_cloud, "DescribeVolumes") and calls(own_cloud, "DescribeSpotPriceHistory")))
    assert calls(own_cloud, "GetMetricData") == []


async def test_cpu_is_not_read_while_reading_is_paused(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session(), slow=60) as watch:
        watch.poller.pause()
        watch.poller.refresh()
        fleet = await watch.fleet(is_whole)
        watch.poller.set_cpu_ids(running(fleet))
        watch.poller.refresh()
        await watch.fleet(lambda after: after.seen_at > fleet.seen_at)
        assert calls(own_cloud, "GetMetricData") == []
        watch.poller.resume()
        await watch.fleet(lambda fleet: bool(fleet.cpu))


async def test_cpu_is_read_when_it_is_switched_on_and_forgotten_when_it_is_switched_off(
    own_cloud: Cloud, open_session: Open
) -> None:
    async with watching(open_session(), slow=60, reads_cpu=False) as watch:
        fleet = await watch.fleet(is_whole)
        watch.poller.set_cpu_ids(running(fleet))
        assert (fleet.cpu, calls(own_cloud, "GetMetricData")) == ({}, [])
        watch.poller.reads_cpu = True
        await watch.fleet(lambda fleet: bool(fleet.cpu))
        watch.poller.reads_cpu = False
        await watch.fleet(lambda fleet: not fleet.cpu)
    assert len(calls(own_cloud, "GetMetricData")) == 1


async def test_figures_of_the_last_hour_stand_for_new_ones_and_older_ones_do_not(
    own_cloud: Cloud, open_session: Open
) -> None:
    async with watching(open_session(), slow=60, reads_cpu=False) as watch:
        last = replace(await watch.fleet(is_whole), cpu={"i-1": (1.0, 2.0)})
    for age, shown in ((5, {"i-1": (1.0, 2.0)}), (90, {})):
        then = replace(last, seen_at=datetime.now(UTC) - timedelta(minutes=age))
        async with watching(open_session(), slow=60, last=then) as watch:
            assert (await watch.fleet()).cpu == shown
