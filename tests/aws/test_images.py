"""Images and snapshots: the newest public ones, own ones as EC2 has them, and what is asked of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fe2tui.aws import images, snapshots
from fe2tui.aws.decode import decode_image, decode_snapshot
from fe2tui.aws.instances import describe_instances
from fe2tui.aws.session import Session
from fe2tui.demo import Cloud
from fe2tui.errors import AwsError, FieldError
from fe2tui.model.image import IMAGE_WORDS
from tests.aws.conftest import Open, calls

NEWEST = {"ubuntu": "Ubuntu 26.04 LTS", "amazon": "Amazon Linux 2023", "debian": "Debian 13"}


@pytest.fixture
def own(own_cloud: Cloud, open_session: Open) -> Session:
    return open_session()


async def test_the_well_known_images_are_the_newest_of_each_family_and_architecture(own: Session) -> None:
    found = await images.public_images(own)
    assert [(it.word, it.image.architecture) for it in found] == [
        (word, architecture) for word in IMAGE_WORDS for architecture in ("x86_64", "arm64")
    ]
    titles = {it.word: it.title for it in found}
    assert titles | NEWEST == titles and "Ubuntu 24.04" in titles["dlami"]
    assert all(it.image.public and it.image.state == "available" for it in found)


async def test_they_take_two_calls_in_all(own_cloud: Cloud, own: Session) -> None:
    await images.public_images(own)
    assert [call["action"] for call in calls(own_cloud)] == ["GetParameters", "DescribeImages"]


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
async def test_a_word_means_the_image_in_the_list(own_cloud: Cloud, own: Session, architecture: str) -> None:
    for denied in (False, True):
        if denied:
            own_cloud.control("/demo/faults", {"kind": "deny", "service": "ssm"})
        for it in await images.public_images(own):
            if it.image.architecture == architecture:
                assert await images.resolve_launch_image(own, it.word, architecture) == it.image


async def test_without_parameters_the_same_are_found_in_one_listing_of_their_owners(
    own_cloud: Cloud, own: Session
) -> None:
    told = await images.public_images(own)
    own_cloud.control("/demo/faults", {"kind": "deny", "service": "ssm"})
    own_cloud.control("/demo/calls", method="DELETE")
    assert await images.public_images(own) == told
    (listing,) = calls(own_cloud, "DescribeImages")
    assert sorted(listing["params"]["Owner"]) == sorted(word.owner for word in IMAGE_WORDS.values())


class _Region:
    """The parameters of a region that is behind: what AWS has there is told, the rest is invalid."""

    def __init__(self, session: Session, lacking: tuple[str, ...]) -> None:
        self.session, self.lacking, self.asked = session, lacking, 0

    async def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        if operation == "GetParameters":
            self.asked += 1
            assert len(params["Names"]) <= 10
        reply = await self.session.call(service, operation, **params)
        told = [it for it in reply.get("Parameters", ()) if not any(part in it["Name"] for part in self.lacking)]
        return {**reply, "Parameters": told}

    def pages(self, *names: Any, **params: Any) -> Any:
        return self.session.pages(*names, **params)


async def test_where_the_newest_edition_is_not_there_the_one_before_is_meant(own: Session) -> None:
    region: Any = _Region(own, ("26.04", "debian/release/13"))
    titles = {it.word: it.title for it in await images.public_images(region)}
    assert (titles["ubuntu"], titles["debian"]) == ("Ubuntu 24.04 LTS", "Debian 12")
    assert region.asked == 2
    image = await images.resolve_launch_image(region, "ubuntu", "arm64")
    assert "noble-24.04-arm64" in image.name


async def test_a_family_that_no_parameter_tells_is_found_by_its_owner(own: Session) -> None:
    told = await images.public_images(own)
    assert await images.public_images(_Region(own, ("debian",))) == told  # type: ignore[arg-type]


async def test_a_new_image_says_what_it_was_made_of_and_how_large_it_is(own: Session) -> None:
    (base,) = await describe_instances(own, filters={"tag:Name": ["base"]})
    tags = {"Name": "made", "fe2:user": "ubuntu"}
    made = await images.create_image(own, base.id, "made", tags=tags, snapshot_tags=tags, no_reboot=True)
    image = await images.image_by_id(own, made)
    assert image is not None
    assert (image.made_from, image.tags, image.root_size, image.size) == (base.id, tags, 60, 60)
    (snapshot,) = await snapshots.snapshots_by_id(own, image.snapshot_ids)
    assert snapshot in await snapshots.own_snapshots(own)
    assert await snapshots.snapshots_of_image(own, made) == [snapshot]
    assert snapshot.tags == tags and snapshot.stored is not None and 0 < snapshot.stored < snapshot.volume_size == 60
    assert (snapshot.progress, snapshot.state) == (1.0, "completed")


async def test_a_taken_name_is_the_fault_of_that_field(own: Session) -> None:
    (base,) = await describe_instances(own, filters={"tag:Name": ["base"]})
    with pytest.raises(FieldError) as caught:
        await images.create_image(own, base.id, "base", tags={"Name": "x"}, snapshot_tags={"Name": "x"}, no_reboot=True)
    assert (caught.value.field, caught.value.code) == ("ami_name", "InvalidAMIName.Duplicate")


async def test_a_broken_reply_to_create_image_is_not_said_again(own_cloud: Cloud, own: Session) -> None:
    (base,) = await describe_instances(own, filters={"tag:Name": ["base"]})
    own_cloud.control("/demo/faults", {"kind": "broken", "action": "CreateImage"})
    with pytest.raises(AwsError):
        await images.create_image(own, base.id, "once", tags={"a": "b"}, snapshot_tags={"a": "b"}, no_reboot=True)
    assert len(calls(own_cloud, "CreateImage")) == 1


async def test_deregistering_leaves_the_snapshots_which_are_deleted_one_by_one(own: Session) -> None:
    image = await images.resolve_launch_image(own, "base")
    with pytest.raises(AwsError) as caught:
        await snapshots.delete_snapshot(own, image.snapshot_ids[0])
    assert caught.value.code == "InvalidSnapshot.InUse"
    await images.deregister_image(own, image.id)
    assert [one.id for one in await snapshots.snapshots_by_id(own, image.snapshot_ids)] == list(image.snapshot_ids)
    await snapshots.delete_snapshot(own, image.snapshot_ids[0])
    assert await snapshots.snapshots_by_id(own, image.snapshot_ids) == []


def test_an_image_reads_as_ec2_writes_it() -> None:
    image = decode_image(
        {
            "ImageId": "ami-1",
            "Name": "base",
            "State": "failed",
            "StateReason": {"Code": "Client.VolumeError", "Message": "The disk could not be read"},
            "SourceInstanceId": "i-1",
            "RootDeviceName": "/dev/sda1",
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 60}},
                {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 500, "SnapshotId": "snap-2"}},
                {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"},
            ],
        }
    )
    assert image.state_reason == "Client.VolumeError: The disk could not be read"
    assert (image.root_size, image.size, image.snapshot_ids, image.made_from) == (60, 560, ("snap-2",), "i-1")
    assert decode_image({"ImageId": "ami-2", "StateReason": {"Code": "x"}}).state_reason == "x"


@pytest.mark.parametrize(
    ("written", "progress"), [("", 0.0), ("0%", 0.0), ("42%", 0.42), ("100%", 1.0), ("999%", 1.0), ("soon", 0.0)]
)
def test_a_snapshot_reads_as_ec2_writes_it(written: str, progress: float) -> None:
    began = datetime(2026, 11, 23, tzinfo=UTC)
    reply = {
        "SnapshotId": "snap-1",
        "VolumeSize": 60,
        "State": "pending",
        "Progress": written,
        "StartTime": began,
        "StorageTier": "archive",
        "FullSnapshotSizeInBytes": 3 * 2**29,
    }
    snapshot = decode_snapshot(reply)
    assert (snapshot.progress, snapshot.started_at, snapshot.archived, snapshot.stored) == (progress, began, True, 1.5)
    assert decode_snapshot({"SnapshotId": "snap-2"}).stored is None
