"""How instances change state, and what each state allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fe2tui.demo import Cloud


@pytest.fixture
def slow(fresh_cloud: Callable[..., Cloud]) -> Iterator[Cloud]:
    """A cloud with long delays; the tests advance its clock."""
    yield fresh_cloud(scene=False, boot_seconds=100, ssh_seconds=0, stop_seconds=100, linger_seconds=500)


def test_states_change_after_the_delays_of_the_options(slow: Cloud, client: Any, launch: Any, state: Any) -> None:
    ec2 = client(slow, "ec2")
    made = launch(ec2)["InstanceId"]
    assert state(ec2, made) == "pending"
    slow.control("/demo/clock", {"advance": 99})
    assert state(ec2, made) == "pending"
    slow.control("/demo/clock", {"advance": 2})
    assert state(ec2, made) == "running"
    ec2.stop_instances(InstanceIds=[made])
    assert state(ec2, made) == "stopping"
    slow.control("/demo/clock", {"advance": 101})
    assert state(ec2, made) == "stopped"
    ec2.terminate_instances(InstanceIds=[made])
    assert state(ec2, made) == "shutting-down"
    slow.control("/demo/clock", {"advance": 101})
    assert state(ec2, made) == "terminated"


def test_without_delays_the_reply_says_pending_and_the_next_read_running(own: Any, launch: Any, state: Any) -> None:
    made = launch(own)
    assert made["State"] == {"Code": 0, "Name": "pending"}
    assert state(own, made["InstanceId"]) == "running"
    stopping = own.stop_instances(InstanceIds=[made["InstanceId"]])["StoppingInstances"][0]
    assert (stopping["PreviousState"]["Name"], stopping["CurrentState"]["Name"]) == ("running", "stopping")
    assert state(own, made["InstanceId"]) == "stopped"


def test_delays_can_be_changed_while_it_runs(slow: Cloud, client: Any, launch: Any, state: Any) -> None:
    ec2 = client(slow, "ec2")
    slow.control("/demo/delays", {"boot_seconds": 0})
    assert state(ec2, launch(ec2)["InstanceId"]) == "running"
    with pytest.raises(ValueError, match="unknown delay"):
        slow.control("/demo/delays", {"nap_seconds": 1})


def test_a_terminated_instance_stays_visible_without_volumes_and_addresses_for_a_while(
    slow: Cloud, client: Any, launch: Any, describe: Any, error_of: Any
) -> None:
    ec2 = client(slow, "ec2")
    made = launch(ec2, TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "x"}]}])
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    slow.control("/demo/clock", {"advance": 101})
    seen = describe(ec2, made["InstanceId"])
    assert seen["State"]["Name"] == "terminated"
    assert seen["BlockDeviceMappings"] == [] and seen["NetworkInterfaces"] == []
    assert "PrivateIpAddress" not in seen and "SubnetId" not in seen
    assert {"Key": "Name", "Value": "x"} in seen["Tags"]
    assert ec2.describe_volumes()["Volumes"] == []
    slow.control("/demo/clock", {"advance": 501})
    assert error_of(ec2.describe_instances, InstanceIds=[made["InstanceId"]]).code == "InvalidInstanceID.NotFound"


def test_the_reason_of_a_stop_is_that_of_ec2(own: Any, launch: Any, describe: Any) -> None:
    made = launch(own)["InstanceId"]
    own.stop_instances(InstanceIds=[made])
    seen = describe(own, made)
    assert seen["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert seen["StateTransitionReason"].startswith("User initiated (20")
    assert seen["StateTransitionReason"].endswith(" GMT)")
    assert "PublicIpAddress" not in seen
    own.start_instances(InstanceIds=[made])
    seen = describe(own, made)
    assert "StateReason" not in seen and seen["StateTransitionReason"] == ""
    assert seen["PublicIpAddress"] == "127.0.0.1"


def test_the_launch_time_is_the_last_start(slow: Cloud, client: Any, launch: Any, describe: Any) -> None:
    ec2 = client(slow, "ec2")
    slow.control("/demo/delays", {"boot_seconds": 0, "stop_seconds": 0})
    made = launch(ec2)["InstanceId"]
    first = describe(ec2, made)["LaunchTime"]
    ec2.stop_instances(InstanceIds=[made])
    slow.control("/demo/clock", {"advance": 3600})
    ec2.start_instances(InstanceIds=[made])
    assert (describe(ec2, made)["LaunchTime"] - first).total_seconds() >= 3600


def test_wrong_states_are_refused_and_repeated_calls_are_not(
    slow: Cloud, client: Any, launch: Any, error_of: Any
) -> None:
    ec2 = client(slow, "ec2")
    made = launch(ec2)["InstanceId"]
    ids = {"InstanceIds": [made]}
    assert error_of(ec2.stop_instances, **ids).code == "IncorrectInstanceState"
    assert error_of(ec2.reboot_instances, **ids).code == "IncorrectInstanceState"
    slow.control("/demo/clock", {"advance": 101})
    assert ec2.start_instances(**ids)["StartingInstances"][0]["CurrentState"]["Name"] == "running"
    ec2.stop_instances(**ids)
    answer = error_of(ec2.start_instances, **ids)
    assert answer.code == "IncorrectInstanceState"
    assert answer.message == f"The instance '{made}' is not in a state from which it can be started."
    slow.control("/demo/clock", {"advance": 101})
    ec2.stop_instances(**ids)
    ec2.terminate_instances(**ids)
    ec2.terminate_instances(**ids)
    slow.control("/demo/clock", {"advance": 101})
    assert error_of(ec2.start_instances, **ids).code == "IncorrectInstanceState"


def test_one_wrong_instance_fails_the_call_for_all(own: Any, launch: Any, state: Any, error_of: Any) -> None:
    plain = launch(own)["InstanceId"]
    kept = launch(own, DisableApiTermination=True)["InstanceId"]
    answer = error_of(own.terminate_instances, InstanceIds=[plain, kept])
    assert answer.code == "OperationNotPermitted"
    assert "disableApiTermination" in answer.message
    assert state(own, plain) == "running"
    missing = "i-00000000000000000"
    assert error_of(own.stop_instances, InstanceIds=[plain, missing]).code == "InvalidInstanceID.NotFound"
    assert error_of(own.stop_instances, InstanceIds=["web"]).code == "InvalidInstanceID.Malformed"
    own.modify_instance_attribute(InstanceId=kept, DisableApiTermination={"Value": False})
    own.terminate_instances(InstanceIds=[plain, kept])
    assert state(own, kept) == "terminated"


def test_the_type_can_change_only_while_stopped(own: Any, launch: Any, describe: Any, error_of: Any) -> None:
    made = launch(own)["InstanceId"]
    params = {"InstanceId": made, "InstanceType": {"Value": "r5.large"}}
    answer = error_of(own.modify_instance_attribute, **params)
    assert answer.code == "IncorrectInstanceState"
    assert answer.message == f"The instance '{made}' is not in the 'stopped' state."
    own.stop_instances(InstanceIds=[made])
    describe(own, made)
    own.modify_instance_attribute(**params)
    assert describe(own, made)["InstanceType"] == "r5.large"
    wrong = error_of(own.modify_instance_attribute, InstanceId=made, InstanceType={"Value": "t4g.micro"})
    assert wrong.code == "InvalidParameterCombination"
    unknown = error_of(own.modify_instance_attribute, InstanceId=made, InstanceType={"Value": "m5.huge"})
    assert unknown.code == "InvalidParameterValue"


def test_a_start_without_capacity_is_refused(bare: Cloud, own: Any, launch: Any, state: Any, error_of: Any) -> None:
    made = launch(own)["InstanceId"]
    own.stop_instances(InstanceIds=[made])
    assert state(own, made) == "stopped"
    bare.control("/demo/faults", {"kind": "no-capacity", "times": 1})
    assert error_of(own.start_instances, InstanceIds=[made]).code == "InsufficientInstanceCapacity"
    own.start_instances(InstanceIds=[made])
    assert state(own, made) == "running"


def test_status_checks_follow_the_state(own: Any, launch: Any) -> None:
    made = launch(own)["InstanceId"]
    status = own.describe_instance_status(InstanceIds=[made])["InstanceStatuses"][0]
    assert status["InstanceStatus"]["Status"] == "ok"
    own.stop_instances(InstanceIds=[made])
    assert own.describe_instance_status()["InstanceStatuses"] == []
    every = own.describe_instance_status(IncludeAllInstances=True)["InstanceStatuses"]
    assert every[0]["InstanceState"]["Name"] == "stopped"


def test_an_elastic_address_stays_after_a_stop(own: Any, launch: Any, describe: Any, error_of: Any) -> None:
    made = launch(own)["InstanceId"]
    address = own.allocate_address(Domain="vpc")
    own.associate_address(InstanceId=made, AllocationId=address["AllocationId"])
    own.stop_instances(InstanceIds=[made])
    describe(own, made)
    assert describe(own, made)["PublicIpAddress"] == "127.0.0.1"
    answer = error_of(own.release_address, AllocationId=address["AllocationId"])
    assert answer.code == "InvalidIPAddress.InUse"
    own.terminate_instances(InstanceIds=[made])
    own.describe_instances()
    assert "InstanceId" not in own.describe_addresses()["Addresses"][0]
    own.release_address(AllocationId=address["AllocationId"])


def test_detailed_monitoring_can_be_enabled_and_disabled(own: Any, launch: Any, describe: Any) -> None:
    instance = launch(own)["InstanceId"]
    own.monitor_instances(InstanceIds=[instance])
    assert describe(own, instance)["Monitoring"]["State"] == "enabled"
    own.unmonitor_instances(InstanceIds=[instance])
    assert describe(own, instance)["Monitoring"]["State"] == "disabled"
