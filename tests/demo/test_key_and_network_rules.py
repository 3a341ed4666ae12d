"""Key pairs, security groups, VPCs and tags."""

from __future__ import annotations

from typing import Any

import pytest

from fe2tui.demo import Cloud


def test_the_name_of_a_key_pair_is_unique(own: Any, error_of: Any) -> None:
    made = own.create_key_pair(KeyName="k", KeyType="ed25519")
    assert made["KeyMaterial"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    answer = error_of(own.create_key_pair, KeyName="k", KeyType="ed25519")
    assert (answer.code, answer.message) == ("InvalidKeyPair.Duplicate", "The keypair 'k' already exists.")
    assert error_of(own.import_key_pair, KeyName="new", PublicKeyMaterial=b"x").code == "InvalidKey.Format"
    public = own.describe_key_pairs(KeyNames=["k"], IncludePublicKey=True)["KeyPairs"][0]["PublicKey"]
    assert (
        error_of(own.import_key_pair, KeyName="k", PublicKeyMaterial=public.encode()).code == "InvalidKeyPair.Duplicate"
    )
    imported = own.import_key_pair(KeyName="j", PublicKeyMaterial=public.encode())
    assert imported["KeyFingerprint"] == made["KeyFingerprint"]
    own.delete_key_pair(KeyName="k")
    own.delete_key_pair(KeyName="k")
    assert error_of(own.describe_key_pairs, KeyNames=["k"]).code == "InvalidKeyPair.NotFound"


@pytest.mark.parametrize("material", [b"ssh-dss AAAA", b"ssh-ed25519 nonsense", b"hello", b"", b"ssh-rsa AAAA"])
def test_an_invalid_public_key_is_not_imported(ec2: Any, error_of: Any, material: bytes) -> None:
    assert error_of(ec2.import_key_pair, KeyName="no", PublicKeyMaterial=material).code == "InvalidKey.Format"


def test_rsa_keys_can_be_created(own: Any) -> None:
    made = own.create_key_pair(KeyName="r")
    assert made["KeyMaterial"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert own.describe_key_pairs(KeyNames=["r"])["KeyPairs"][0]["KeyType"] == "rsa"


def opening(port: int, network: str) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": network}]}]


def test_the_name_of_a_security_group_and_its_rules_are_unique(own: Any, error_of: Any) -> None:
    group = own.create_security_group(GroupName="ssh", Description="d")["GroupId"]
    assert error_of(own.create_security_group, GroupName="ssh", Description="d").code == "InvalidGroup.Duplicate"
    own.authorize_security_group_ingress(GroupId=group, IpPermissions=opening(22, "203.0.113.7/32"))
    again = error_of(own.authorize_security_group_ingress, GroupId=group, IpPermissions=opening(22, "203.0.113.7/32"))
    assert again.code == "InvalidPermission.Duplicate"
    own.authorize_security_group_ingress(GroupName="ssh", IpPermissions=opening(22, "198.51.100.0/24"))
    seen = own.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    (permission,) = seen["IpPermissions"]
    assert [one["CidrIp"] for one in permission["IpRanges"]] == ["203.0.113.7/32", "198.51.100.0/24"]
    own.revoke_security_group_ingress(GroupId=group, IpPermissions=opening(22, "203.0.113.7/32"))
    gone = error_of(own.revoke_security_group_ingress, GroupId=group, IpPermissions=opening(22, "203.0.113.7/32"))
    assert gone.code == "InvalidPermission.NotFound"
    bad = error_of(own.authorize_security_group_ingress, GroupId=group, IpPermissions=opening(22, "203.0.113.7.1/32"))
    assert "malformed" in bad.message


def test_a_security_group_in_use_cannot_be_deleted(own: Any, launch: Any, error_of: Any) -> None:
    group = own.create_security_group(GroupName="web", Description="d")["GroupId"]
    made = launch(own, SecurityGroupIds=[group])["InstanceId"]
    assert error_of(own.delete_security_group, GroupId=group).code == "DependencyViolation"
    own.terminate_instances(InstanceIds=[made])
    own.describe_instances()
    own.delete_security_group(GroupId=group)
    assert error_of(own.describe_security_groups, GroupIds=[group]).code == "InvalidGroup.NotFound"
    default = own.describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]["GroupId"]
    assert error_of(own.delete_security_group, GroupId=default).code == "CannotDelete"


def test_rules_can_be_found_and_revoked_by_id(own: Any) -> None:
    group = own.create_security_group(GroupName="g", Description="d")["GroupId"]
    made = own.authorize_security_group_ingress(GroupId=group, IpPermissions=opening(80, "0.0.0.0/0"))
    rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    filters = [{"Name": "group-id", "Values": [group]}]
    found = own.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    assert rule in [one["SecurityGroupRuleId"] for one in found]
    own.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule])
    assert own.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"] == []


def test_every_zone_has_a_default_subnet(ec2: Any) -> None:
    zones = {zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]}
    subnets = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    assert {subnet["AvailabilityZone"] for subnet in subnets} == zones == {"us-east-2a", "us-east-2b", "us-east-2c"}


def test_every_resource_can_be_tagged_and_untagged(own: Any, launch: Any, error_of: Any) -> None:
    made = launch(own)["InstanceId"]
    volume = own.describe_volumes()["Volumes"][0]["VolumeId"]
    own.create_tags(Resources=[made, volume], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    filters = [{"Name": "tag:a", "Values": ["1"]}]
    assert own.describe_instances(Filters=filters)["Reservations"]
    assert own.describe_volumes(Filters=filters)["Volumes"]
    own.delete_tags(Resources=[made], Tags=[{"Key": "a", "Value": "2"}])
    assert own.describe_instances(Filters=filters)["Reservations"]
    own.delete_tags(Resources=[made], Tags=[{"Key": "a"}])
    assert not own.describe_instances(Filters=filters)["Reservations"]
    tags = own.describe_tags(Filters=[{"Name": "resource-id", "Values": [volume]}])["Tags"]
    assert {tag["Key"] for tag in tags} == {"a", "b"}
    missing = error_of(own.create_tags, Resources=["i-00000000000000000"], Tags=[{"Key": "a", "Value": "1"}])
    assert missing.code == "InvalidInstanceID.NotFound"


def test_a_tag_that_is_not_allowed_fails_only_its_launch(bare: Cloud, own: Any, launch: Any, error_of: Any) -> None:
    bare.control("/demo/faults", {"kind": "deny", "action": "CreateTags"})
    assert launch(own)["InstanceId"]
    made = own.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    answer = error_of(own.create_tags, Resources=[made], Tags=[{"Key": "a", "Value": "1"}])
    assert (answer.code, answer.status) == ("UnauthorizedOperation", 403)
    assert "ec2:CreateTags" in answer.message


def test_the_default_vpc_has_an_internet_gateway(own: Any) -> None:
    (default,) = own.describe_vpcs()["Vpcs"]
    own.create_vpc(CidrBlock="10.1.0.0/16")
    (gateway,) = own.describe_internet_gateways()["InternetGateways"]
    assert gateway["Attachments"] == [{"State": "available", "VpcId": default["VpcId"]}]


def test_a_launch_into_a_subnet_of_another_vpc(own: Any, launch: Any, describe: Any, error_of: Any) -> None:
    vpc = own.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = own.create_subnet(VpcId=vpc, CidrBlock="10.1.2.0/24", AvailabilityZone="us-east-2b")["Subnet"]["SubnetId"]
    conflict = error_of(own.create_subnet, VpcId=vpc, CidrBlock="10.1.2.128/25")
    assert conflict.code == "InvalidSubnet.Conflict"
    made = describe(own, launch(own, SubnetId=subnet)["InstanceId"])
    assert made["Placement"]["AvailabilityZone"] == "us-east-2b"
    assert made["PrivateIpAddress"].startswith("10.1.2.")
    assert "PublicIpAddress" not in made
    group = own.create_security_group(GroupName="g", Description="d")["GroupId"]
    assert error_of(launch, ec2=own, SubnetId=subnet, SecurityGroupIds=[group]).code == "InvalidParameter"
    own.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert describe(own, launch(own, SubnetId=subnet)["InstanceId"])["PublicIpAddress"] == "127.0.0.1"
    interfaces = own.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [subnet]}])
    assert len(interfaces["NetworkInterfaces"]) == 2


def test_operations_that_would_bypass_the_rules_are_refused(ec2: Any, error_of: Any) -> None:
    answer = error_of(ec2.request_spot_instances, LaunchSpecification={"InstanceType": "m5.large"})
    assert answer.code == "UnsupportedOperation"
    assert "RequestSpotInstances" in answer.message
