"""RunInstances: its errors and its results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fe2tui.demo import Cloud

NO_IMAGE = "ami-0123456789abcdef0"


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"ImageId": NO_IMAGE}, "InvalidAMIID.NotFound", f"The image id '[{NO_IMAGE}]' does not exist"),
        ({"ImageId": "ubuntu"}, "InvalidAMIID.Malformed", 'Invalid id: "ubuntu"'),
        ({"InstanceType": "m5.huge"}, "InvalidParameterValue", "Invalid value 'm5.huge' for InstanceType."),
        ({"KeyName": "unknown"}, "InvalidKeyPair.NotFound", "The key pair 'unknown' does not exist"),
        ({"SubnetId": "subnet-0123"}, "InvalidSubnetID.NotFound", "The subnet ID 'subnet-0123' does not exist"),
        ({"SecurityGroupIds": ["sg-0123"]}, "InvalidGroup.NotFound", "The security group 'sg-0123' does not exist"),
        ({"SecurityGroups": ["nope"]}, "InvalidGroup.NotFound", "The security group 'nope' does not exist in VPC"),
        ({"Placement": {"AvailabilityZone": "us-east-2x"}}, "InvalidParameterValue", "us-east-2x"),
        ({"InstanceType": "t4g.micro"}, "InvalidParameterValue", "does not match the architecture 'x86_64'"),
        ({"InstanceType": "p3dn.24xlarge"}, "Unsupported", "not supported"),
        ({"MinCount": 2, "MaxCount": 1}, "InvalidParameterValue", "minCount"),
        ({"InstanceType": "p3.2xlarge", "Placement": {"AvailabilityZone": "us-east-2c"}}, "Unsupported", "us-east-2a"),
    ],
)
def test_a_wrong_launch_has_the_error_of_ec2(
    ec2: Any, launch: Any, error_of: Any, changes: dict[str, Any], code: str, words: str
) -> None:
    answer = error_of(launch, ec2=ec2, **changes)
    assert answer.code == code
    assert words in answer.message


def test_a_root_volume_cannot_be_smaller_than_its_snapshot(ec2: Any, launch: Any, error_of: Any) -> None:
    disk = [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 4}}]
    answer = error_of(launch, ec2=ec2, BlockDeviceMappings=disk)
    assert answer.code == "InvalidBlockDeviceMapping"
    assert "expect size >= 8GB" in answer.message


def test_a_launch_without_a_default_vpc_has_the_error_of_ec2(own: Any, launch: Any, error_of: Any) -> None:
    for subnet in own.describe_subnets()["Subnets"]:
        own.delete_subnet(SubnetId=subnet["SubnetId"])
    own.delete_vpc(VpcId=own.describe_vpcs()["Vpcs"][0]["VpcId"])
    assert error_of(launch, ec2=own).code == "VPCIdNotSpecified"
    own.create_default_vpc()
    assert launch(own)["InstanceId"]
    assert error_of(own.create_default_vpc).code == "DefaultVpcAlreadyExists"


def test_the_same_client_token_launches_nothing_again(own: Any, launch: Any) -> None:
    first = launch(own, ClientToken="once")
    again = launch(own, ClientToken="once")
    assert again["InstanceId"] == first["InstanceId"]
    assert len(own.describe_instances()["Reservations"]) == 1
    assert launch(own, ClientToken="twice")["InstanceId"] != first["InstanceId"]


def test_the_same_client_token_with_another_request_is_refused(own: Any, launch: Any, error_of: Any) -> None:
    launch(own, ClientToken="once")
    answer = error_of(launch, ec2=own, ClientToken="once", InstanceType="m5.xlarge")
    assert answer.code == "IdempotentParameterMismatch"


def test_a_lost_reply_can_be_had_with_the_same_client_token(bare: Cloud, own: Any, launch: Any) -> None:
    bare.control("/demo/faults", {"kind": "broken", "action": "RunInstances", "times": 1})
    with pytest.raises(Exception, match=r"(?i)connection"):
        launch(own, ClientToken="lost")
    made = own.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    assert launch(own, ClientToken="lost")["InstanceId"] == made


def test_a_failed_launch_leaves_its_client_token_unused(own: Any, launch: Any, error_of: Any) -> None:
    assert error_of(launch, ec2=own, ClientToken="t", KeyName="unknown").code == "InvalidKeyPair.NotFound"
    assert launch(own, ClientToken="t")["InstanceId"]


def test_a_launch_gets_what_it_asks_for(own: Any, launch: Any, describe: Any) -> None:
    made = launch(
        own,
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 50, "VolumeType": "gp3", "Iops": 4000}},
            {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 500, "VolumeType": "st1", "DeleteOnTermination": False}},
        ],
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "a & <b>"}]},
            {"ResourceType": "volume", "Tags": [{"Key": "of", "Value": "a"}]},
        ],
        MetadataOptions={"HttpTokens": "required"},
        DisableApiTermination=True,
        Placement={"AvailabilityZone": "us-east-2b"},
        UserData="#!/bin/sh\ntrue\n",
    )
    assert "PublicIpAddress" not in made
    seen = describe(own, made["InstanceId"])
    assert seen["Placement"]["AvailabilityZone"] == "us-east-2b"
    assert seen["MetadataOptions"]["HttpTokens"] == "required"
    assert {"Key": "Name", "Value": "a & <b>"} in seen["Tags"]
    volumes = {v["Attachments"][0]["Device"]: v for v in own.describe_volumes()["Volumes"]}
    assert (volumes["/dev/sda1"]["Size"], volumes["/dev/sda1"]["Iops"]) == (50, 4000)
    assert volumes["/dev/sda1"]["Tags"] == [{"Key": "of", "Value": "a"}]
    assert volumes["/dev/sdf"]["Attachments"][0]["DeleteOnTermination"] is False
    protection = own.describe_instance_attribute(InstanceId=made["InstanceId"], Attribute="disableApiTermination")
    assert protection["DisableApiTermination"]["Value"] is True


def test_every_public_address_is_this_computers(ec2: Any) -> None:
    for reservation in ec2.describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            assert instance.get("PublicIpAddress", "127.0.0.1") == "127.0.0.1"
            assert instance["PublicDnsName"] in ("", "localhost")
            assert instance.get("PrivateIpAddress", "172.31.").startswith("172.31.")


def test_each_instance_has_its_ssh_port_in_a_tag_unless_the_launch_set_it(own: Any, launch: Any, describe: Any) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in describe(own, launch(own)["InstanceId"])["Tags"]}
    assert 1024 < int(tags["fe2:port"]) < 65536
    tag_specifications = [{"ResourceType": "instance", "Tags": [{"Key": "fe2:port", "Value": "2222"}]}]
    assert launch(own, TagSpecifications=tag_specifications)["Tags"] == [{"Key": "fe2:port", "Value": "2222"}]


def test_a_new_instance_is_not_visible_at_once(
    fresh_cloud: Callable[..., Cloud], client: Any, launch: Any, error_of: Any
) -> None:
    cloud = fresh_cloud(scene=False, unseen_seconds=60)
    ec2 = client(cloud, "ec2")
    made = launch(ec2)["InstanceId"]
    assert error_of(ec2.describe_instances, InstanceIds=[made]).code == "InvalidInstanceID.NotFound"
    assert ec2.describe_instances()["Reservations"] == []
    cloud.control("/demo/clock", {"advance": 61})
    assert ec2.describe_instances(InstanceIds=[made])["Reservations"]


def test_a_launch_goes_to_another_zone_if_one_has_no_capacity(
    bare: Cloud, own: Any, launch: Any, error_of: Any
) -> None:
    bare.control("/demo/faults", {"kind": "no-capacity", "zone": "us-east-2a"})
    answer = error_of(launch, ec2=own, Placement={"AvailabilityZone": "us-east-2a"})
    assert (answer.code, answer.status) == ("InsufficientInstanceCapacity", 500)
    assert "choosing us-east-2b, us-east-2c." in answer.message
    assert launch(own)["Placement"]["AvailabilityZone"] == "us-east-2b"
    bare.control("/demo/faults", {"kind": "no-capacity"})
    assert error_of(launch, ec2=own).code == "InsufficientInstanceCapacity"


def test_a_dry_run_changes_nothing(own: Any, launch: Any, error_of: Any) -> None:
    answer = error_of(launch, ec2=own, DryRun=True)
    assert (answer.code, answer.status) == ("DryRunOperation", 412)
    assert own.describe_instances()["Reservations"] == []


def test_several_instances_share_a_reservation_and_count_up(own: Any, launch: Any) -> None:
    made = launch(own, MinCount=2, MaxCount=3)
    assert [one["AmiLaunchIndex"] for one in made] == [0, 1, 2]
    reservations = own.describe_instances()["Reservations"]
    assert [len(one["Instances"]) for one in reservations] == [3]


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([{"Key": "aws:x", "Value": ""}], "InvalidParameterValue"),
        ([{"Key": "k", "Value": "v" * 257}], "InvalidParameterValue"),
        ([{"Key": "k" * 129, "Value": ""}], "InvalidParameterValue"),
        ([{"Key": str(n), "Value": ""} for n in range(51)], "TagLimitExceeded"),
    ],
)
def test_tags_that_ec2_does_not_allow_fail_the_launch(
    ec2: Any, launch: Any, error_of: Any, tags: list[dict[str, str]], code: str
) -> None:
    tag_specifications = [{"ResourceType": "instance", "Tags": tags}]
    assert error_of(launch, ec2=ec2, TagSpecifications=tag_specifications).code == code
