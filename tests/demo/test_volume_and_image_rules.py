"""Volumes, snapshots and images."""

from __future__ import annotations

from typing import Any

import pytest

from fe2tui.demo import Cloud


@pytest.fixture
def machine(own: Any, launch: Any, describe: Any) -> Any:
    """A running instance in us-east-2a."""
    return describe(own, launch(own, Placement={"AvailabilityZone": "us-east-2a"})["InstanceId"])


def free_volume(ec2: Any, zone: str = "us-east-2a", **changes: Any) -> str:
    made = ec2.create_volume(**{"AvailabilityZone": zone, "Size": 20, "VolumeType": "gp3", **changes})
    return str(made["VolumeId"])


def test_a_volume_attaches_only_in_its_own_zone(own: Any, machine: Any, refused: Any) -> None:
    here, there = free_volume(own), free_volume(own, "us-east-2b")
    wish = {"InstanceId": machine["InstanceId"], "Device": "/dev/sdf"}
    assert own.describe_volumes(VolumeIds=[here, there])["Volumes"][0]["State"] == "available"
    assert refused(own.attach_volume, VolumeId=there, **wish).code == "InvalidVolume.ZoneMismatch"
    own.attach_volume(VolumeId=here, **wish)
    assert refused(own.attach_volume, VolumeId=here, **wish).code == "VolumeInUse"
    assert refused(own.delete_volume, VolumeId=here).code == "VolumeInUse"
    other = free_volume(own)
    own.describe_volumes()
    assert "already in use" in refused(own.attach_volume, VolumeId=other, **wish).message


def test_a_volume_is_detached_with_or_without_naming_its_instance(own: Any, machine: Any, refused: Any) -> None:
    volume = free_volume(own)
    own.describe_volumes()
    own.attach_volume(VolumeId=volume, InstanceId=machine["InstanceId"], Device="/dev/sdf")
    own.detach_volume(VolumeId=volume)
    assert own.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available"
    assert refused(own.detach_volume, VolumeId=volume).code == "IncorrectState"
    own.delete_volume(VolumeId=volume)
    assert refused(own.describe_volumes, VolumeIds=[volume]).code == "InvalidVolume.NotFound"


def test_the_root_volume_leaves_only_a_stopped_instance(own: Any, machine: Any, refused: Any, state: Any) -> None:
    root = machine["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert refused(own.detach_volume, VolumeId=root).code == "OperationNotPermitted"
    own.stop_instances(InstanceIds=[machine["InstanceId"]])
    assert state(own, machine["InstanceId"]) == "stopped"
    own.detach_volume(VolumeId=root)


def test_a_volume_never_shrinks_and_grows_once_in_six_hours(bare: Cloud, own: Any, refused: Any) -> None:
    volume = free_volume(own)
    own.describe_volumes()
    answer = refused(own.modify_volume, VolumeId=volume, Size=10)
    assert (answer.code, answer.message) == ("InvalidParameterValue", "New size cannot be smaller than existing size")
    own.modify_volume(VolumeId=volume, Size=40)
    change = own.describe_volumes_modifications(VolumeIds=[volume])["VolumesModifications"][0]
    assert (change["OriginalSize"], change["TargetSize"], change["ModificationState"]) == (20, 40, "completed")
    assert refused(own.modify_volume, VolumeId=volume, Size=50).code == "VolumeModificationRateExceeded"
    bare.control("/demo/clock", {"advance": 6 * 3600 + 1})
    own.modify_volume(VolumeId=volume, Size=50, VolumeType="io2", Iops=500)
    seen = own.describe_volumes(VolumeIds=[volume])["Volumes"][0]
    assert (seen["Size"], seen["VolumeType"], seen["Iops"]) == (50, "io2", 500)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"VolumeType": "gp9"}, "InvalidParameterValue"),
        ({"VolumeType": "st1", "Size": 20}, "InvalidParameterValue"),
        ({"VolumeType": "io1"}, "MissingParameter"),
        ({"VolumeType": "st1", "Size": 500, "Iops": 500}, "InvalidParameterCombination"),
        ({"VolumeType": "io1", "Size": 10, "Iops": 60000}, "InvalidParameterValue"),
        ({"Iops": 100}, "InvalidParameterValue"),
        ({"AvailabilityZone": "us-east-2q"}, "InvalidZone.NotFound"),
        ({"SnapshotId": "snap-00000000000000000"}, "InvalidSnapshot.NotFound"),
    ],
)
def test_volumes_that_ebs_does_not_make_are_refused(ec2: Any, refused: Any, changes: dict[str, Any], code: str) -> None:
    wish = {"AvailabilityZone": "us-east-2a", "Size": 20, "VolumeType": "gp3", **changes}
    assert refused(ec2.create_volume, **wish).code == code


def test_a_volume_of_a_token_is_made_once(own: Any, refused: Any) -> None:
    wish = {"AvailabilityZone": "us-east-2a", "Size": 5, "ClientToken": "v"}
    assert own.create_volume(**wish)["VolumeId"] == own.create_volume(**wish)["VolumeId"]
    assert refused(own.create_volume, **{**wish, "Size": 6}).code == "IdempotentParameterMismatch"


def test_a_disabled_image_is_shown_when_asked_for_and_keeps_its_name(own: Any, machine: Any, refused: Any) -> None:
    made = own.create_image(InstanceId=machine["InstanceId"], Name="disabled one", NoReboot=True)["ImageId"]
    own.disable_image(ImageId=made)
    shown = own.describe_images(Owners=["self"])["Images"]
    every = own.describe_images(Owners=["self"], IncludeDisabled=True)["Images"]
    assert made not in {one["ImageId"] for one in shown}
    assert {one["ImageId"]: one["State"] for one in every}[made] == "disabled"
    again = refused(own.create_image, InstanceId=machine["InstanceId"], Name="disabled one", NoReboot=True)
    assert again.code == "InvalidAMIName.Duplicate"


def test_terminating_keeps_the_disks_that_are_marked_so(own: Any, machine: Any) -> None:
    volume = free_volume(own)
    own.describe_volumes()
    own.attach_volume(VolumeId=volume, InstanceId=machine["InstanceId"], Device="/dev/sdf")
    own.terminate_instances(InstanceIds=[machine["InstanceId"]])
    assert [(v["VolumeId"], v["State"]) for v in own.describe_volumes()["Volumes"]] == [(volume, "available")]


def test_an_images_name_is_unique_and_well_formed(own: Any, machine: Any, refused: Any) -> None:
    wish = {"InstanceId": machine["InstanceId"], "NoReboot": True}
    own.create_image(Name="base", **wish)
    answer = refused(own.create_image, Name="base", **wish)
    assert answer.code == "InvalidAMIName.Duplicate"
    assert "already in use by AMI ami-" in answer.message
    for name in ("so&so", "naïve", "a:b"):
        assert refused(own.create_image, Name=name, **wish).code == "InvalidAMIName.Malformed"


def test_an_image_is_pending_then_available_with_its_snapshots(
    bare: Cloud, own: Any, machine: Any, refused: Any
) -> None:
    bare.control("/demo/delays", {"stop_seconds": 100})
    tags = [{"Key": "fe2:user", "Value": "ubuntu"}]
    image = own.create_image(
        InstanceId=machine["InstanceId"],
        Name="base",
        NoReboot=True,
        TagSpecifications=[{"ResourceType": "image", "Tags": tags}, {"ResourceType": "snapshot", "Tags": tags}],
    )["ImageId"]
    seen = own.describe_images(ImageIds=[image])["Images"][0]
    assert seen["State"] == "pending"
    assert "SnapshotId" not in seen["BlockDeviceMappings"][0]["Ebs"]
    bare.control("/demo/clock", {"advance": 101})
    assert own.describe_snapshots(OwnerIds=["self"])["Snapshots"][0]["Progress"] == "50%"
    bare.control("/demo/clock", {"advance": 101})
    seen = own.describe_images(Owners=["self"])["Images"][0]
    assert (seen["State"], seen["Tags"]) == ("available", tags)
    snapshot = seen["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert own.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["Tags"] == tags
    assert refused(own.delete_snapshot, SnapshotId=snapshot).code == "InvalidSnapshot.InUse"
    own.deregister_image(ImageId=image)
    own.delete_snapshot(SnapshotId=snapshot)
    assert refused(own.describe_images, ImageIds=[image]).code == "InvalidAMIID.NotFound"


def test_a_snapshot_fills_by_tenths_and_tells_its_full_size_at_the_end(bare: Cloud, own: Any, machine: Any) -> None:
    bare.control("/demo/delays", {"stop_seconds": 50})
    own.create_image(InstanceId=machine["InstanceId"], Name="base", NoReboot=True)
    seen = []
    for _ in range(11):
        (snapshot,) = own.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        seen.append(int(snapshot["Progress"].rstrip("%")))
        assert ("FullSnapshotSizeInBytes" in snapshot) is (snapshot["State"] == "completed")
        bare.control("/demo/clock", {"advance": 10})
    assert seen == list(range(0, 101, 10)) and snapshot["State"] == "completed"
    assert 0 < snapshot["FullSnapshotSizeInBytes"] <= snapshot["VolumeSize"] * 2**30


def test_an_image_fails_on_request_with_a_reason_and_leaves_its_snapshots(
    bare: Cloud, own: Any, machine: Any, launch: Any, refused: Any
) -> None:
    wish = {"kind": "fail-image", "name": "b*", "times": 1, "code": "Client.VolumeError", "message": "unreadable"}
    bare.control("/demo/faults", wish)
    made = {
        name: own.create_image(InstanceId=machine["InstanceId"], Name=name, NoReboot=True)["ImageId"]
        for name in ("other", "base", "base-2")
    }
    images = {image["ImageId"]: image for image in own.describe_images(Owners=["self"])["Images"]}
    failed = images[made["base"]]
    assert (failed["State"], failed["StateReason"]) == (
        "failed",
        {"Code": "Client.VolumeError", "Message": "unreadable"},
    )
    assert {images[made[name]]["State"] for name in ("other", "base-2")} == {"available"}
    assert len(own.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 3
    assert refused(launch, ec2=own, ImageId=failed["ImageId"]).code == "InvalidAMIID.Unavailable"
    assert bare.control("/demo/faults", method="GET") == []


def test_a_new_image_is_not_known_everywhere_at_once(bare: Cloud, own: Any, machine: Any, refused: Any) -> None:
    bare.control("/demo/delays", {"unseen_seconds": 5})
    image = own.create_image(InstanceId=machine["InstanceId"], Name="base", NoReboot=True)["ImageId"]
    assert refused(own.describe_images, ImageIds=[image]).code == "InvalidAMIID.NotFound"
    assert own.describe_images(Owners=["self"])["Images"] == []
    bare.control("/demo/clock", {"advance": 6})
    assert own.describe_images(ImageIds=[image])["Images"][0]["SourceInstanceId"] == machine["InstanceId"]


def test_two_images_may_stand_on_one_snapshot_which_goes_with_the_last(own: Any, machine: Any, refused: Any) -> None:
    own.create_image(InstanceId=machine["InstanceId"], Name="base", NoReboot=True)
    (first,) = own.describe_images(Owners=["self"])["Images"]
    snapshot = first["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    disks = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}]
    wish = {"RootDeviceName": "/dev/sda1", "BlockDeviceMappings": disks}
    assert refused(own.register_image, Name="base", **wish).code == "InvalidAMIName.Duplicate"
    second = own.register_image(Name="twin", **wish)["ImageId"]
    own.deregister_image(ImageId=first["ImageId"])
    assert refused(own.delete_snapshot, SnapshotId=snapshot).code == "InvalidSnapshot.InUse"
    own.deregister_image(ImageId=second)
    own.delete_snapshot(SnapshotId=snapshot)
    lost = refused(own.register_image, Name="late", **wish)
    assert lost.code == "InvalidSnapshot.NotFound"


def test_a_launch_from_an_own_image_keeps_its_size_and_user(own: Any, machine: Any, launch: Any, refused: Any) -> None:
    image = own.create_image(InstanceId=machine["InstanceId"], Name="base")["ImageId"]
    own.describe_images(ImageIds=[image])
    made = launch(own, ImageId=image)
    assert made["ImageId"] == image
    small = [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 1}}]
    assert refused(launch, ec2=own, ImageId=image, BlockDeviceMappings=small).code == "InvalidBlockDeviceMapping"


def test_a_pending_image_cannot_be_launched(bare: Cloud, own: Any, machine: Any, launch: Any, refused: Any) -> None:
    bare.control("/demo/delays", {"stop_seconds": 100})
    image = own.create_image(InstanceId=machine["InstanceId"], Name="base")["ImageId"]
    assert refused(launch, ec2=own, ImageId=image).code == "InvalidAMIID.Unavailable"


def test_a_snapshot_makes_volumes_of_at_least_its_size(own: Any, refused: Any) -> None:
    volume = free_volume(own)
    own.describe_volumes()
    snapshot = own.create_snapshot(VolumeId=volume, Description="d")["SnapshotId"]
    assert own.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"] == "completed"
    assert own.create_volume(AvailabilityZone="us-east-2c", SnapshotId=snapshot)["Size"] == 20
    small = refused(own.create_volume, AvailabilityZone="us-east-2c", SnapshotId=snapshot, Size=10)
    assert small.code == "InvalidParameterValue"


def test_images_of_others_are_neither_ours_to_remove_nor_listed_as_ours(ec2: Any, ubuntu: Any, refused: Any) -> None:
    assert refused(ec2.deregister_image, ImageId=ubuntu(ec2)).code == "AuthFailure"
    assert all(image["OwnerId"] == "123456789012" for image in ec2.describe_images(Owners=["self"])["Images"])
    assert all(one["OwnerId"] == "123456789012" for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"])
