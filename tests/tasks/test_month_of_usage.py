"""A machine that was launched, stopped, retyped and restarted, its disk grown: what it cost by the demo cloud's clock.

The steps are hours or days apart; the cloud's clock is moved. At us-east-2's public list prices (m5.large $0.096 an
hour, m5.xlarge $0.192, gp3 $0.08 a GiB and calendar month, a public address $0.005 an hour while it runs):

    m5.large    72 h  × (0.096 + 0.005)   =  7.272000
    stopped     30 h  (the disk alone)
    m5.xlarge   50 h  × (0.192 + 0.005)   =  9.850000
                                          together  17.122000
    20 GiB for 72 + 30 + 26 = 128 h × 1.60, and 60 GiB for the last 24 h × 4.80, by the hours of the calendar month
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest

from fe2tui.demo import Cloud
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import State
from fe2tui.model.money.account import account_cost
from fe2tui.model.money.usage import cost_between, cost_to_date
from fe2tui.tasks.read_fleet import read_whole_fleet
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import Bench

HOUR = 3600
CENT = Decimal("0.01")


MACHINE = Decimal("17.122")


def by_hand(begun: datetime) -> Decimal:
    """What the disk cost: hour by hour, each its share of the month that it lies in."""
    hours = [begun + timedelta(hours=number) for number in range(152)]
    shares = [1 / Decimal(24 * monthrange(hour.year, hour.month)[1]) for hour in hours]
    return sum(shares[:128], Decimal(0)) * Decimal("1.60") + sum(shares[128:], Decimal(0)) * Decimal("4.80")


class Clock:
    """The cloud's clock, as far as this test has moved it."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def now(self) -> datetime:
        return datetime.fromisoformat(self._cloud.control("/demo/clock", {"advance": 0})["now"]).astimezone(UTC)

    def advance(self, hours: float) -> None:
        self._cloud.control("/demo/clock", {"advance": hours * HOUR})


async def look(bench: Bench) -> Fleet:
    """What is there, and what was written down of it until now."""
    return await read_whole_fleet(bench.ctx)


async def test_what_it_cost_is_what_a_person_computes(
    fresh_cloud: Callable[..., Cloud], begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = fresh_cloud(scene=False)
    bench = await begin(cloud)
    clock = Clock(cloud)
    bench.ctx.clock = clock.now
    ec2: Any = boto3.Session().client("ec2", region_name="us-east-2", endpoint_url=cloud.endpoint)

    image = ec2.describe_images(Owners=["099720109477"])["Images"][0]
    disk = {"DeviceName": image["RootDeviceName"], "Ebs": {"VolumeSize": 20, "VolumeType": "gp3"}}
    made = ec2.run_instances(
        ImageId=image["ImageId"], InstanceType="m5.large", MinCount=1, MaxCount=1, BlockDeviceMappings=[disk]
    )
    key = made["Instances"][0]["InstanceId"]
    await look(bench)
    clock.advance(72)
    await look(bench)
    ec2.stop_instances(InstanceIds=[key])
    stopped = await look(bench)
    assert stopped.instances[key].state in (State.STOPPING, State.STOPPED)
    clock.advance(30)
    await look(bench)
    ec2.modify_instance_attribute(InstanceId=key, InstanceType={"Value": "m5.xlarge"})
    ec2.start_instances(InstanceIds=[key])
    await look(bench)
    clock.advance(26)
    volume = stopped.instances[key].attachments[0].volume_id
    ec2.modify_volume(VolumeId=volume, Size=60)
    await look(bench)
    clock.advance(24)
    last = await look(bench)

    instance, now = last.instances[key], clock.now()
    assert [run.type for run in last.instance_usage[key]] == ["m5.large", "m5.xlarge"]
    assert [stretch.size for stretch in last.volume_usage[volume]] == [20, 60]
    total = cost_to_date(instance, last, now)
    begun = last.volume_usage[volume][0].started_at
    assert total is not None and total.quantize(CENT) == (MACHINE + by_hand(begun)).quantize(CENT)

    account = account_cost(last, now)
    month = cost_between(instance, last, now.replace(day=1, hour=0, minute=0, second=0, microsecond=0), now)
    assert month is not None and account.month == pytest.approx(month, abs=Decimal("1e-15"))
    assert account.per_hour.quantize(Decimal("0.0001")) == Decimal("0.2036")  # 0.192 + 0.005 + 4.80 ÷ 730

    dearer = replace(last.prices, on_demand={kind: 9 * price for kind, price in last.prices.on_demand.items()})
    assert cost_to_date(instance, replace(last, prices=dearer), now) == total  # the past keeps its prices
