"""The types of fleets: each is read once, and which of them replace their instances."""

from __future__ import annotations

from dataclasses import replace

from fe2tui.aws.ec2_fleets import with_ec2_fleet_types
from fe2tui.aws.instances import describe_instances
from fe2tui.demo import Cloud
from fe2tui.model.instance_group import stop_sentences
from tests.aws.conftest import Open


async def test_only_a_fleet_of_type_maintain_is_said_to_launch_another(
    cloud: Cloud, open_session: Open, demo_env: object
) -> None:
    session = open_session(region="us-east-1")
    found = {one.name: one for one in await describe_instances(session)}
    maintained, once = found["fleet-1"], found["fleet-once"]
    gone = replace(once, id="i-0", tags={"Name": "gone", "aws:ec2:fleet-id": "fleet-0123456789abcdef0"})
    typed = {one.name: one for one in await with_ec2_fleet_types(session, [maintained, once, gone, found["stuck"]])}
    assert [typed[name].ec2_fleet_type for name in ("fleet-1", "fleet-once", "gone", "stuck")] == [
        "maintain", "instant", "", "",
    ]  # fmt: skip
    assert "launches a new instance for each that is stopped." in stop_sentences([typed["fleet-1"]])[0]
    assert stop_sentences([typed["fleet-once"]]) == ()
    assert "if it is of type maintain" in stop_sentences([typed["gone"]])[0]
    cloud.control("/demo/calls", method="DELETE")
    assert list(await with_ec2_fleet_types(session, typed.values())) == list(typed.values())
    assert cloud.control("/demo/calls", method="GET") == [], "each fleet is read once"


async def test_where_fleets_may_not_be_read_their_type_stays_open(
    cloud: Cloud, open_session: Open, demo_env: object
) -> None:
    session = open_session(region="us-east-1")
    (one,) = await describe_instances(session, filters={"tag:Name": ["fleet-1"]})
    fault = cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeFleets"})["id"]
    try:
        assert await with_ec2_fleet_types(session, [one]) == [one]
    finally:
        cloud.control(f"/demo/faults/{fault}", method="DELETE")
    assert "if it is of type maintain" in stop_sentences([one])[0]
