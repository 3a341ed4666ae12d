"""What a dashboard that is left open asks of AWS, by a clock that runs faster."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from fe2tui.demo import Cloud
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import State
from fe2tui.model.money.spot_usage import TimeSpan
from tests.aws.conftest import calls
from tests.aws.hurry import hurried, patient_session
from tests.aws.watch import is_whole, listening

FACTOR = 150.0
MINUTES = 32
IN_TURN = {
    "DescribeInstances",
    "DescribeVolumes",
    "DescribeSpotPriceHistory",
    "DescribeSpotInstanceRequests",
    "GetMetricData",
    "DescribeImages",
    "DescribeSnapshots",
    "DescribeAddresses",
    "DescribeInstanceStatus",
}


def has_everything(fleet: Fleet) -> bool:
    return is_whole(fleet) and bool(fleet.images and fleet.snapshots and fleet.public_images and fleet.idle_addresses)


def test_idle_costs_at_most_two_calls_a_minute_all_told(own_cloud: Cloud) -> None:
    """With CPU on, spot instances whose past is wanted, own images; everything but public images comes due."""

    async def idle() -> float:
        loop, now = asyncio.get_running_loop(), datetime.now(UTC)
        began = loop.time()
        pace = {"quick": 2, "slow": 60, "clock": lambda: now + timedelta(seconds=loop.time() - began)}
        async with patient_session(FACTOR) as session, listening(session, **pace) as (poller, seen):
            poller.want_spot_history(
                {"p3.8xlarge": TimeSpan(now - timedelta(days=9)), "m5.large": TimeSpan(now - timedelta(days=3))}
            )
            fleet = await seen(lambda fleet: has_everything(fleet) and not fleet.is_moving)
            poller.set_cpu_ids(key for key, one in fleet.instances.items() if one.state is State.RUNNING)
            await seen(lambda fleet: bool(fleet.cpu))
            await seen(lambda fleet: len(fleet.spot_history) == 2)
            await asyncio.sleep(60)
            own_cloud.control("/demo/calls", method="DELETE")
            since = loop.time()
            await asyncio.sleep(MINUTES * 60)
            while IN_TURN - {call["action"] for call in calls(own_cloud)} and loop.time() - since < 60 * FACTOR:
                await asyncio.sleep(60)
        return (loop.time() - since) / 60

    minutes = hurried(FACTOR, idle)  # as many as it took: they pass quicker where reading takes longer
    asked = Counter(call["action"] for call in calls(own_cloud))
    assert asked.keys() == IN_TURN
    assert asked["DescribeInstances"] <= minutes + 1
    assert asked["DescribeVolumes"] <= minutes / 10 + 1
    assert asked["DescribeSpotPriceHistory"] <= minutes / 5 + 1 + minutes / 60 + 1  # and once an hour what it was
    assert asked["DescribeSpotInstanceRequests"] <= minutes / 5 + 1
    assert max(asked["DescribeSnapshots"], asked["DescribeAddresses"]) <= minutes / 30 + 1
    assert asked["DescribeInstanceStatus"] <= minutes / 15 + 1
    assert asked.total() <= 2 * minutes
