"""Spot requests in the fleet: read with spot machines, soon after one changes, and not otherwise."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

import pytest

from fe2tui.aws import instances
from fe2tui.aws.poller.resource_sources import SpotRequestSource
from fe2tui.aws.spot import all_spot_requests, spot_request, spot_requests_by_id
from fe2tui.demo import Cloud
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.interruption import interruption_text
from fe2tui.model.spot import SpotRequest
from tests.aws.conftest import Open, calls
from tests.aws.hurry import hurried, patient_session
from tests.aws.watch import is_whole, listening, watching

DESCRIBE = "DescribeSpotInstanceRequests"


def named(fleet: Fleet, name: str) -> Instance:
    [found] = fleet.instances_named(name)
    return found


def request_of(fleet: Fleet, name: str) -> SpotRequest | None:
    return fleet.requests.get(named(fleet, name).spot_request_id or "")


async def test_every_spot_machine_has_its_request_in_the_fleet(demo_env: object, open_session: Open) -> None:
    session = open_session()
    async with watching(session) as watch:
        fleet = await watch.fleet(lambda fleet: bool(fleet.requests))
    resnet = request_of(fleet, "train-resnet")
    assert resnet is not None
    assert (resnet.type, resnet.state, resnet.status_code) == ("persistent", "active", "fulfilled")
    assert (resnet.instance_type, resnet.zone, resnet.interruption) == ("p3.8xlarge", "us-east-2b", "stop")
    assert resnet.instance_id == named(fleet, "train-resnet").id
    assert resnet.created_at is not None and resnet.created_at.tzinfo is UTC
    assert await spot_request(session, resnet.id) == resnet
    assert await spot_requests_by_id(session, [resnet.id, "sir-00000000"]) == [resnet]
    assert {one.id for one in await all_spot_requests(session)} >= fleet.requests.keys()


async def test_one_that_aws_took_back_says_so_from_what_the_fleet_has(demo_env: object, open_session: Open) -> None:
    async with watching(open_session()) as watch:
        fleet = await watch.fleet(lambda fleet: bool(fleet.requests))
    said = interruption_text(named(fleet, "nightly-etl"), request_of(fleet, "nightly-etl"), datetime.now(UTC))
    assert re.fullmatch(r"interrupted by AWS .*\d\d:\d\d: no capacity in us-east-2b; AWS will restart it", said)


def test_a_request_is_read_when_its_machine_changes_and_until_both_agree(
    own_cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its usual time never comes here."""
    monkeypatch.setattr(SpotRequestSource, "interval", 1e9)

    async def life() -> None:
        async with patient_session(20.0) as session, listening(session, quick=2, slow=60) as (poller, seen):
            fleet = await seen(lambda fleet: request_of(fleet, "train-resnet") is not None)
            machine = named(fleet, "train-resnet")
            own_cloud.control("/demo/delays", {"stop_seconds": 3600})
            await instances.stop_instances(session, [machine.id])
            own_cloud.control("/demo/clock", {"advance": 3601})
            poller.nudge()
            stopped = await seen(lambda fleet: named(fleet, "train-resnet").state is State.STOPPED)
            assert stopped.requests[machine.spot_request_id or ""].state == "active"
            own_cloud.control("/demo/clock", {"advance": 3601})
            async with asyncio.timeout(600):
                await seen(lambda fleet: fleet.requests[machine.spot_request_id or ""].state == "disabled")

    hurried(20.0, life)


def test_where_nothing_is_spot_no_request_is_asked_for(own_cloud: Cloud) -> None:
    async def plain() -> None:
        async with patient_session(200.0) as session:
            spot = [one.id for one in await instances.describe_instances(session) if one.is_spot]
            for request in await all_spot_requests(session):
                await session.call("ec2", "CancelSpotInstanceRequests", SpotInstanceRequestIds=[request.id])
            await instances.terminate_instances(session, spot)
            own_cloud.control("/demo/clock", {"advance": 3600})
            own_cloud.control("/demo/calls", method="DELETE")
            async with listening(session, quick=2, slow=60) as (_, seen):
                await seen(lambda fleet: bool(fleet.volumes and fleet.account))
                await asyncio.sleep(360)
                while len(calls(own_cloud, "DescribeInstances")) < 4:
                    await asyncio.sleep(60)

    hurried(200.0, plain)
    assert calls(own_cloud, DESCRIBE) == []


async def test_what_was_known_of_requests_stands_until_they_are_read(own_cloud: Cloud, open_session: Open) -> None:
    session = open_session()
    async with watching(session) as watch:
        known = await watch.fleet(lambda fleet: is_whole(fleet) and bool(fleet.requests))
    own_cloud.control("/demo/faults", {"kind": "deny", "action": DESCRIBE})
    async with watching(session, last=known) as watch:
        fleet = await watch.fleet(lambda fleet: bool(fleet.problems))
    assert [problem.part for problem in fleet.problems] == ["requests"]
    assert fleet.requests == known.requests
