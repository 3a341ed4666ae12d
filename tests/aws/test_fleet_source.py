"""A fleet's parts beside its instances: each read on its own, each keeping what it had."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fe2tui.aws import instances
from fe2tui.demo import Cloud
from fe2tui.errors import StoreError
from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.instance import State
from tests.aws.conftest import Open, calls
from tests.aws.hurry import hurried, patient_session
from tests.aws.watch import is_whole, listening, watching
from tests.hold import Hold


async def test_volumes_of_instances_and_unattached_ones_are_in_the_fleet(own_cloud: Cloud, open_session: Open) -> None:
    async with watching(open_session()) as watch:
        fleet = await watch.fleet(is_whole)
    assert all(len(fleet.volumes_of(i)) == len(i.attachments) for i in fleet.instances.values())
    assert any(volume.instance_id is None for volume in fleet.volumes.values())


@pytest.mark.parametrize(
    ("part", "action"),
    [
        ("volumes", "DescribeVolumes"),
        ("prices", "GetProducts"),
        ("spot", "DescribeSpotPriceHistory"),
        ("requests", "DescribeSpotInstanceRequests"),
        ("metrics", "GetMetricData"),
        ("snapshots", "DescribeSnapshots"),
        ("addresses", "DescribeAddresses"),
    ],
)
async def test_a_part_that_may_not_be_read_is_a_problem_of_that_part_only(
    own_cloud: Cloud, open_session: Open, part: str, action: str
) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "action": action})
    async with watching(open_session()) as watch:
        watch.poller.set_cpu_ids((await watch.fleet()).instances)
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


async def test_the_failed_read_of_all_volumes_is_a_problem_until_all_are_read(
    own_cloud: Cloud, open_session: Open
) -> None:
    async with watching(open_session()) as watch:
        whole = await watch.fleet(is_whole)
        own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeVolumes"})
        watch.poller.refresh()
        await watch.fleet(lambda fleet: bool(fleet.problems))
        own_cloud.control("/demo/faults", method="DELETE")
        doomed = whole.instances_named("scraper")[0]
        await instances.terminate_instances(open_session(), [doomed.id])  # its volumes alone would be read
        await watch.fleet(lambda fleet: not fleet.problems)
    assert "Filter" not in " ".join(calls(own_cloud, "DescribeVolumes")[-1]["params"])


async def test_not_being_told_the_account_is_no_problem(own_cloud: Cloud, open_session: Open) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "service": "sts"})
    async with watching(open_session()) as watch:
        fleet = await watch.fleet(lambda fleet: bool(fleet.volumes and fleet.prices.on_demand))
    assert (fleet.account, fleet.problems) == ("", ())


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
        await instances.terminate_instances(session, [victim.id])
        watch.poller.nudge()
        await watch.fleet(lambda fleet: victim.attachments[0].volume_id not in fleet.volumes)


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
    hold = Hold(own_cloud, "GetProducts")
    async with watching(open_session(), shelf) as watch:
        await watch.fleet(lambda fleet: fleet.prices.on_demand.get("m5.large") == Decimal(7))
        hold.release()
        await watch.fleet(lambda fleet: fleet.prices.on_demand.get("m5.large") == Decimal("0.096"))
    assert shelf.saved == ["us-east-2"]


async def test_older_prices_stand_with_their_day_and_what_keeps_new_ones_away_is_a_problem(
    own_cloud: Cloud, open_session: Open
) -> None:
    old = Prices({"m5.large": Decimal(7)}, {}, {"gp3": Decimal(1)}, datetime.now(UTC) - timedelta(days=3))
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "GetProducts"})
    async with watching(open_session(), Shelf(old), slow=60) as watch:
        fleet = await watch.fleet(lambda fleet: bool(fleet.problems and fleet.prices.spot))
    assert replace(fleet.prices, spot={}) == old
    [problem] = fleet.problems
    assert (problem.part, problem.code) == ("prices", "AccessDeniedException")
    assert "pricing:GetProducts" in problem.summary
    assert "AWSPriceListServiceFullAccess" in problem.remedy


def test_what_failed_in_passing_is_read_again_within_minutes_and_what_is_denied_when_it_is_due(
    own_cloud: Cloud,
) -> None:
    failing = {"kind": "refuse", "code": "InternalError", "status": 500, "action": "DescribeAddresses", "times": 4}
    own_cloud.control("/demo/faults", failing)
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeSnapshots"})

    async def watch() -> None:
        async with patient_session(100) as session, listening(session, slow=60) as (_, seen):
            await seen(lambda fleet: any(problem.part == "addresses" for problem in fleet.problems))
            await asyncio.sleep(600)
            assert (await seen(lambda _: True)).idle_addresses

    hurried(100, watch)
    assert len(calls(own_cloud, "DescribeSnapshots")) == 1


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
