"""Spot instances and their requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fe2tui.demo import Cloud

ONE_TIME = {"MarketType": "spot"}
PERSISTENT = {
    "MarketType": "spot",
    "SpotOptions": {"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "stop"},
}


def request_of(ec2: Any, instance_id: str) -> Any:
    filters = [{"Name": "instance-id", "Values": [instance_id]}]
    return ec2.describe_spot_instance_requests(Filters=filters)["SpotInstanceRequests"][0]


def status(ec2: Any, request_id: str) -> tuple[str, str]:
    found = ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[request_id])["SpotInstanceRequests"][0]
    return found["State"], found["Status"]["Code"]


def live(ec2: Any) -> list[str]:
    filters = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    reservations = ec2.describe_instances(Filters=filters)["Reservations"]
    return [instance["InstanceId"] for one in reservations for instance in one["Instances"]]


def test_a_spot_launch_creates_a_request_with_its_own_tags(own: Any, launch: Any, describe: Any) -> None:
    tags = [{"ResourceType": "spot-instances-request", "Tags": [{"Key": "of", "Value": "me"}]}]
    made = launch(own, InstanceMarketOptions=PERSISTENT, TagSpecifications=tags)["InstanceId"]
    seen = describe(own, made)
    request = request_of(own, made)
    assert seen["InstanceLifecycle"] == "spot"
    assert seen["SpotInstanceRequestId"] == request["SpotInstanceRequestId"]
    assert (request["Type"], request["InstanceInterruptionBehavior"]) == ("persistent", "stop")
    assert (request["State"], request["Status"]["Code"]) == ("active", "fulfilled")
    assert request["Tags"] == [{"Key": "of", "Value": "me"}]


@pytest.mark.parametrize("kind, behaviour", [("persistent", "terminate"), ("one-time", "stop")])
def test_invalid_combinations_of_type_and_interruption_behavior_are_refused(
    ec2: Any, launch: Any, error_of: Any, kind: str, behaviour: str
) -> None:
    options = {"SpotInstanceType": kind, "InstanceInterruptionBehavior": behaviour}
    market = {"MarketType": "spot", "SpotOptions": options}
    assert error_of(launch, ec2=ec2, InstanceMarketOptions=market).code == "InvalidParameterCombination"


def test_a_one_time_spot_instance_cannot_be_stopped(own: Any, launch: Any, error_of: Any, describe: Any) -> None:
    made = launch(own, InstanceMarketOptions=ONE_TIME)["InstanceId"]
    describe(own, made)
    answer = error_of(own.stop_instances, InstanceIds=[made])
    assert answer.code == "UnsupportedOperation"
    assert "one-time Spot Instance request" in answer.message


def test_terminating_a_one_time_instance_closes_its_request(own: Any, launch: Any) -> None:
    made = launch(own, InstanceMarketOptions=ONE_TIME)["InstanceId"]
    request = request_of(own, made)["SpotInstanceRequestId"]
    own.terminate_instances(InstanceIds=[made])
    assert status(own, request) == ("closed", "instance-terminated-by-user")
    assert live(own) == []


def test_after_a_termination_a_persistent_request_launches_an_instance_without_a_name(own: Any, launch: Any) -> None:
    named = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "x"}]}]
    made = launch(own, InstanceMarketOptions=PERSISTENT, TagSpecifications=named)["InstanceId"]
    request = request_of(own, made)["SpotInstanceRequestId"]
    own.terminate_instances(InstanceIds=[made])
    (other,) = live(own)
    assert other != made
    seen = own.describe_instances(InstanceIds=[other])["Reservations"][0]["Instances"][0]
    assert [tag["Key"] for tag in seen["Tags"]] == ["fe2:port"]
    assert seen["SpotInstanceRequestId"] == request
    assert status(own, request) == ("active", "fulfilled")


def test_cancelling_before_terminating_launches_no_other_instance(
    bare: Cloud, own: Any, launch: Any, error_of: Any
) -> None:
    made = launch(own, InstanceMarketOptions=PERSISTENT)["InstanceId"]
    request = request_of(own, made)["SpotInstanceRequestId"]
    own.cancel_spot_instance_requests(SpotInstanceRequestIds=[request])
    assert status(own, request) == ("cancelled", "request-canceled-and-instance-running")
    assert live(own) == [made]
    own.terminate_instances(InstanceIds=[made])
    assert live(own) == []
    assert status(own, request)[0] == "cancelled"
    bare.control("/demo/clock", {"advance": 601})
    gone = error_of(own.describe_spot_instance_requests, SpotInstanceRequestIds=[request])
    assert gone.code == "InvalidSpotInstanceRequestID.NotFound"


def test_cancelling_the_request_of_a_stopped_instance_terminates_it(own: Any, launch: Any, state: Any) -> None:
    made = launch(own, InstanceMarketOptions=PERSISTENT)["InstanceId"]
    request = request_of(own, made)["SpotInstanceRequestId"]
    own.stop_instances(InstanceIds=[made])
    assert state(own, made) == "stopped"
    assert status(own, request) == ("disabled", "instance-stopped-by-user")
    own.cancel_spot_instance_requests(SpotInstanceRequestIds=[request])
    assert state(own, made) == "terminated"


def test_a_start_soon_after_a_stop_is_refused_until_the_request_is_disabled(
    fresh_cloud: Callable[..., Cloud], client: Any, launch: Any, state: Any, error_of: Any
) -> None:
    cloud = fresh_cloud(scene=False, stop_seconds=100)
    ec2 = client(cloud, "ec2")
    made = launch(ec2, InstanceMarketOptions=PERSISTENT)["InstanceId"]
    assert state(ec2, made) == "running"
    ec2.stop_instances(InstanceIds=[made])
    cloud.control("/demo/clock", {"advance": 101})
    assert state(ec2, made) == "stopped"
    assert error_of(ec2.start_instances, InstanceIds=[made]).code == "IncorrectSpotRequestState"
    cloud.control("/demo/clock", {"advance": 101})
    ec2.start_instances(InstanceIds=[made])
    assert state(ec2, made) == "running"
    assert status(ec2, request_of(ec2, made)["SpotInstanceRequestId"]) == ("active", "fulfilled")


def test_only_ec2_starts_an_interrupted_persistent_instance(
    bare: Cloud, own: Any, launch: Any, describe: Any, error_of: Any
) -> None:
    made = launch(own, InstanceMarketOptions=PERSISTENT)["InstanceId"]
    describe(own, made)
    bare.control("/demo/interrupt", {"instance": made})
    seen = describe(own, made)
    assert seen["State"]["Name"] == "stopped"
    assert seen["StateReason"]["Code"] == "Server.SpotInstanceShutdown"
    request = request_of(own, made)
    assert (request["State"], request["Status"]["Code"]) == ("disabled", "instance-stopped-no-capacity")
    assert error_of(own.start_instances, InstanceIds=[made]).code == "IncorrectSpotRequestState"
    bare.control("/demo/restore", {"instance": made})
    assert describe(own, made)["State"]["Name"] == "running"


def test_an_interrupted_one_time_instance_is_terminated(bare: Cloud, own: Any, launch: Any, describe: Any) -> None:
    made = launch(own, InstanceMarketOptions=ONE_TIME)["InstanceId"]
    request = request_of(own, made)["SpotInstanceRequestId"]
    bare.control("/demo/interrupt", {"instance": made})
    seen = describe(own, made)
    assert seen["State"]["Name"] == "terminated"
    assert seen["StateReason"]["Code"] == "Server.SpotInstanceTermination"
    assert status(own, request) == ("closed", "instance-terminated-no-capacity")
    with pytest.raises(ValueError, match="not a running spot instance"):
        bare.control("/demo/interrupt", {"instance": made})


def test_the_type_of_a_spot_instance_cannot_change(own: Any, launch: Any, describe: Any, error_of: Any) -> None:
    made = launch(own, InstanceMarketOptions=PERSISTENT)["InstanceId"]
    own.stop_instances(InstanceIds=[made])
    describe(own, made)
    answer = error_of(own.modify_instance_attribute, InstanceId=made, InstanceType={"Value": "m5.xlarge"})
    assert answer.code == "UnsupportedOperation"


def test_placement_scores_are_low_for_a_single_type(ec2: Any) -> None:
    one = ec2.get_spot_placement_scores(InstanceTypes=["m5.large"], TargetCapacity=1)["SpotPlacementScores"]
    three = ec2.get_spot_placement_scores(InstanceTypes=["m5.large", "c5.large", "r5.large"], TargetCapacity=1)
    assert max(row["Score"] for row in one) <= 3
    assert max(row["Score"] for row in three["SpotPlacementScores"]) > 5
