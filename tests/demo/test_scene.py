"""The account that a demo opens with."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fe2tui.demo import Cloud, Options


def test_the_plain_account_has_six_instances_and_a_forgotten_one_elsewhere(client: Any, tmp_path: Path) -> None:
    with Cloud(Options.instant()) as cloud:
        ec2, west = client(cloud, "ec2"), client(cloud, "ec2", "us-west-2")
        here, elsewhere = (
            {
                next(tag["Value"] for tag in one["Tags"] if tag["Key"] == "Name"): one
                for page in each.describe_instances()["Reservations"]
                for one in page["Instances"]
            }
            for each in (ec2, west)
        )
        assert sorted(here) == ["analysis", "gpu-test", "nightly-etl", "notebook", "scraper", "train-resnet"]
        states = {name: one["State"]["Name"] for name, one in here.items()}
        assert [name for name, state in states.items() if state != "running"] == ["notebook", "nightly-etl"]
        assert [one["State"]["Name"] for one in elsewhere.values()] == ["running"]
        texts = [tag[part] for one in here.values() for tag in one["Tags"] for part in ("Key", "Value")]
        assert all(text.isascii() and text.isprintable() and len(text) < 20 for text in texts)
        port = next(tag["Value"] for tag in here["analysis"]["Tags"] if tag["Key"] == "fe2:port")
        options = ["-i", str(cloud.key_file), "-p", port, "-o", f"UserKnownHostsFile={tmp_path / 'known'}"]
        options += ["-o", "StrictHostKeyChecking=no", "-o", "IdentitiesOnly=yes"]
        command = ["ssh", "-F", "none", *options, "ubuntu@127.0.0.1", "hostname"]
        until = time.monotonic() + 30
        while (ran := subprocess.run(command, capture_output=True, text=True, check=False)).returncode == 255:
            assert time.monotonic() < until, ran.stderr  # the machines of a scene boot one after another
            time.sleep(0.1)
        assert (ran.stdout, ran.returncode) == ("analysis\n", 0), ran.stderr


@pytest.fixture(scope="session")
def people(ec2: Any) -> list[Any]:
    """Every instance of us-east-2."""
    return [instance for one in ec2.describe_instances()["Reservations"] for instance in one["Instances"]]


def named(people: list[Any], name: str) -> list[Any]:
    return [one for one in people if {"Key": "Name", "Value": name} in one.get("Tags", [])]


def test_the_scene_has_every_state(fresh_cloud: Callable[..., Cloud], client: Any) -> None:
    cloud = fresh_cloud(boot_seconds=60, stop_seconds=60)
    states = [
        instance["State"]["Name"]
        for one in client(cloud, "ec2").describe_instances()["Reservations"]
        for instance in one["Instances"]
    ]
    assert set(states) == {"pending", "running", "stopping", "stopped", "shutting-down", "terminated"}
    assert 12 <= len(states) <= 18
    west = client(cloud, "ec2", "us-west-2").describe_instances()["Reservations"]
    assert 3 <= len(west) <= 5


def test_two_instances_share_a_name_and_one_has_none(people: list[Any]) -> None:
    assert len(named(people, "worker")) == 2
    assert any(all(tag["Key"] != "Name" for tag in one["Tags"]) for one in people if one["State"]["Name"] == "running")


def test_some_names_and_tags_are_awkward(people: list[Any]) -> None:
    tags = {tag["Key"]: tag["Value"] for one in named(people, "[prod] web") for tag in one["Tags"]}
    assert "[/x] y" in tags
    assert "\x9b" in tags["colour"] and "\u202e" in tags["direction"] and "🚀" in tags["mood"]
    assert len(tags["note"]) >= 200
    assert tags["lines"] == "one\ntwo\tthree"
    assert any(len(tag["Value"]) == 60 for one in people for tag in one.get("Tags", []) if tag["Key"] == "Name")


def test_launch_times_and_attach_times_agree(ec2: Any, people: list[Any]) -> None:
    now = datetime.now(UTC)
    (scraper,) = named(people, "scraper")
    assert timedelta(days=41) < now - scraper["LaunchTime"] < timedelta(days=42)
    for one in people:
        assert one["LaunchTime"] <= now
        for disk in one["BlockDeviceMappings"]:
            assert disk["Ebs"]["AttachTime"] == one["LaunchTime"]
    for volume in ec2.describe_volumes()["Volumes"]:
        assert volume["CreateTime"] <= now
        for attachment in volume["Attachments"]:
            assert attachment["AttachTime"] >= volume["CreateTime"]


def test_one_instance_is_protected_and_one_was_interrupted(ec2: Any, people: list[Any]) -> None:
    (vault,) = named(people, "vault")
    params = {"InstanceId": vault["InstanceId"], "Attribute": "disableApiTermination"}
    assert ec2.describe_instance_attribute(**params)["DisableApiTermination"]["Value"] is True
    (etl,) = named(people, "nightly-etl")
    request = ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[etl["SpotInstanceRequestId"]])
    assert request["SpotInstanceRequests"][0]["Status"]["Code"] == "instance-stopped-no-capacity"


def test_the_volumes_and_the_image_of_every_instance_exist(ec2: Any, people: list[Any]) -> None:
    volumes = {volume["VolumeId"] for volume in ec2.describe_volumes()["Volumes"]}
    images = {image["ImageId"] for image in ec2.describe_images()["Images"]}
    snapshots = {one["SnapshotId"] for one in ec2.describe_snapshots()["Snapshots"]}
    for one in people:
        assert one["ImageId"] in images
        assert {disk["Ebs"]["VolumeId"] for disk in one["BlockDeviceMappings"]} <= volumes
    for image in ec2.describe_images()["Images"]:
        assert {disk["Ebs"]["SnapshotId"] for disk in image["BlockDeviceMappings"]} <= snapshots


def test_own_images_have_their_login_user_in_a_tag(ec2: Any) -> None:
    users = {
        image["Name"]: {tag["Key"]: tag["Value"] for tag in image["Tags"]}["fe2:user"]
        for image in ec2.describe_images(Owners=["self"])["Images"]
    }
    assert users["base"] == "ubuntu"
    assert users["scraper-2026-08"] == "ec2-user"


def test_unused_volumes_snapshots_and_addresses_exist(ec2: Any) -> None:
    free = ec2.describe_volumes(Filters=[{"Name": "status", "Values": ["available"]}])["Volumes"]
    assert sorted(volume["Size"] for volume in free) == [8, 200]
    used = {
        disk["Ebs"]["SnapshotId"]
        for image in ec2.describe_images(Owners=["self"])["Images"]
        for disk in image["BlockDeviceMappings"]
    }
    orphans = [one for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] if one["SnapshotId"] not in used]
    assert orphans
    assert all("InstanceId" not in one for one in ec2.describe_addresses()["Addresses"])


def test_security_groups_are_open_to_one_address_and_to_all(ec2: Any) -> None:
    groups = {group["GroupName"]: group for group in ec2.describe_security_groups()["SecurityGroups"]}
    assert groups["ssh"]["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "203.0.113.7/32", "Description": "home"}]
    world = [one for one in groups["web"]["IpPermissions"] if one["IpRanges"][0]["CidrIp"] == "0.0.0.0/0"]
    assert {one["FromPort"] for one in world} == {22, 80, 443}


def test_the_key_file_is_private_and_belongs_to_the_key_pair(cloud: Cloud, ec2: Any) -> None:
    from cryptography.hazmat.primitives import serialization

    assert cloud.key_file.stat().st_mode & 0o777 == 0o600
    private = serialization.load_ssh_private_key(cloud.key_file.read_bytes(), None)
    form = serialization
    public = private.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH).decode()
    pair = ec2.describe_key_pairs(KeyNames=["default"], IncludePublicKey=True)["KeyPairs"][0]
    assert pair["PublicKey"].startswith(public)
    assert len(ec2.describe_key_pairs()["KeyPairs"]) == 2


def test_an_empty_account_has_a_default_vpc_and_a_key_pair(own: Any) -> None:
    assert own.describe_instances()["Reservations"] == []
    assert own.describe_volumes()["Volumes"] == []
    assert own.describe_images(Owners=["self"])["Images"] == []
    assert [key["KeyName"] for key in own.describe_key_pairs()["KeyPairs"]] == ["default"]
    assert [group["GroupName"] for group in own.describe_security_groups()["SecurityGroups"]] == ["default"]


def test_the_clients_files_are_private_and_name_the_address_service(cloud: Cloud) -> None:
    assert cloud.folder.stat().st_mode & 0o777 == 0o700
    config = cloud.home / "config" / "config.toml"
    assert f'address_url = "{cloud.endpoint}/demo/address"' in config.read_text()
    for path in (Path(cloud.environment[name]) for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")):
        assert path.stat().st_mode & 0o777 == 0o600
        assert cloud.folder in path.parents


def test_clouds_with_a_still_clock_are_equal(fresh_cloud: Any, client: Any) -> None:
    def content() -> list[Any]:
        cloud = fresh_cloud(still_at="2026-11-23T15:40:00+00:00")
        ec2 = client(cloud, "ec2")
        instances = [one for page in ec2.describe_instances()["Reservations"] for one in page["Instances"]]
        for one in instances:
            one["Tags"] = [
                tag for tag in one.get("Tags", ()) if tag["Key"] != "fe2:port"
            ]  # of the computer, not the cloud
        volumes, prices = ec2.describe_volumes(), ec2.describe_spot_price_history(InstanceTypes=["m5.large"])
        return [instances, volumes["Volumes"], prices["SpotPriceHistory"]]

    assert content() == content()
