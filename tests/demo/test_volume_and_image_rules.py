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


def test_a_volume_can_be_attached_only_in_its_zone(own: Any, machine: Any, error_of: Any) -> None:
    here, there = free_volume(own), free_volume(own, "us-east-2b")
    params = {"InstanceId": machine["InstanceId"], "Device": "/dev/sdf"}
    assert own.describe_volumes(VolumeIds=[here, there])["Volumes"][0]["State"] == "available"
    assert error_of(own.attach_volume, VolumeId=there, **params).code == "InvalidVolume.ZoneMismatch"
    own.attach_volume(VolumeId=here, **params)
    assert error_of(own.attach_volume, VolumeId=here, **params).code == "VolumeInUse"
    assert error_of(own.delete_volume, VolumeId=here).code == "VolumeInUse"
    other = free_volume(own)
    own.describe_volumes()
    assert "already in use" in error_of(own.attach_volume, VolumeId=other, **params).message


def test_a_volume_is_detached_with_or_without_naming_its_instance(own: Any, machine: Any, error_of: Any) -> None:
    volume = free_volume(own)
    own.describe_volumes()
    own.attach_volume(VolumeId=volume, InstanceId=machine["InstanceId"], Device="/dev/sdf")
    own.detach_volume(VolumeId=volume)
    assert own.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available"
    assert error_of(own.detach_volume, VolumeId=volume).code == "IncorrectState"
    own.delete_volume(VolumeId=volume)
    assert error_of(own.describe_volumes, VolumeIds=[volume]).code == "InvalidVolume.NotFound"


def test_a_root_volume_can_be_detached_only_from_a_stopped_instance(
    own: Any, machine: Any, error_of: Any, state: Any
) -> None:
    root = machine["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert error_of(own.detach_volume, VolumeId=root).code == "OperationNotPermitted"
    own.stop_instances(InstanceIds=[machine["InstanceId"]])
    assert state(own, machine["InstanceId"]) == "stopped"
    own.detach_volume(VolumeId=root)


def test_a_volume_can_grow_once_in_six_hours_and_not_shrink(bare: Cloud, own: Any, error_of: Any) -> None:
    volume = free_volume(own)
    own.describe_volumes()
    answer = error_of(own.modify_volume, VolumeId=volume, Size=10)
    assert (answer.code, answer.message) == ("InvalidParameterValue", "New size cannot be smaller than existing size")
    own.modify_volume(VolumeId=volume, Size=40)
    change = own.describe_volumes_modifications(VolumeIds=[volume])["VolumesModifications"][0]
    assert (change["OriginalSize"], change["TargetSize"], change["ModificationState"]) == (20, 40, "completed")
    assert error_of(own.modify_volume, VolumeId=volume, Size=50).code == "VolumeModificationRateExceeded"
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
def test_volumes_that_ebs_does_not_allow_are_refused(
    ec2: Any, error_of: Any, changes: dict[str, Any], code: str
) -> None:
    params = {"AvailabilityZone": "us-east-2a", "Size": 20, "VolumeType": "gp3", **changes}
    assert error_of(ec2.create_volume, **params).code == code


def test_a_client_token_creates_one_volume(own: Any, error_of: Any) -> None:
    params = {"AvailabilityZone": "us-east-2a", "Size": 5, "ClientToken": "v"}
    assert own.create_volume(**params)["VolumeId"] == own.create_volume(**params)["VolumeId"]
    assert error_of(own.create_volume, **{**params, "Size": 6}).code == "IdempotentParameterMismatch"


def test_a_disabled_image_is_shown_on_request_and_keeps_its_name(own: Any, machine: Any, error_of: Any) -> None:
    made = own.create_image(InstanceId=machine["InstanceId"], Name="disabled one", NoReboot=True)["ImageId"]
    own.disable_image(ImageId=made)
    shown = own.describe_images(Owners=["self"])["Images"]
    every = own.describe_images(Owners=["self"], IncludeDisabled=True)["Images"]
    assert made not in {one["ImageId"] for one in shown}
    assert {one["ImageId"]: one["State"] for one in every}[made] == "disabled"
    again = error_of(own.create_image, InstanceId=machine["InstanceId"], Name="disabled one", NoReboot=True)
    assert again.code == "InvalidAMIName.Duplicate"


def test_termination_keeps_volumes_without_delete_on_termination(own: Any, machine: Any) -> None:
    volume = free_volume(own)
    own.describe_volumes()
    own.attach_volume(VolumeId=volume, InstanceId=machine["InstanceId"], Device="/dev/sdf")
    own.terminate_instances(InstanceIds=[machine["InstanceId"]])
    assert [(v["VolumeId"], v["State"]) for v in own.describe_volumes()["Volumes"]] == [(volume, "available")]


def test_the_name_of_an_image_is_unique_and_well_formed(own: Any, machine: Any, error_of: Any) -> None:
    params = {"InstanceId": machine["InstanceId"], "NoReboot": True}
    own.create_image(Name="base", **params)
    answer = error_of(own.create_image, Name="base", **params)
    assert answer.code == "InvalidAMIName.Duplicate"
    assert "already in use by AMI ami-" in answer.message
    for name in ("so&so", "naïve", "a:b"):
        assert error_of(own.create_image, Name=name, **params).code == "InvalidAMIName.Malformed"


def test_an_image_is_pending_then_available_with_its_snapshots(
    bare: Cloud, own: Any, machine: Any, error_of: Any
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
    assert error_of(own.delete_snapshot, SnapshotId=snapshot).code == "InvalidSnapshot.InUse"
    own.deregister_image(ImageId=image)
    own.delete_snapshot(SnapshotId=snapshot)
    assert error_of(own.describe_images, ImageIds=[image]).code == "InvalidAMIID.NotFound"


def test_a_snapshot_progresses_by_tenths_and_has_its_full_size_at_the_end(bare: Cloud, own: Any, machine: Any) -> None:
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


def test_a_fault_makes_an_image_fail_with_a_reason_and_leave_its_snapshots(
    bare: Cloud, own: Any, machine: Any, launch: Any, error_of: Any
) -> None:
    params = {"kind": "fail-image", "name": "b*", "times": 1, "code": "Client.VolumeError", "message": "unreadable"}
    bare.control("/demo/faults", params)
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
    assert error_of(launch, ec2=own, ImageId=failed["ImageId"]).code == "InvalidAMIID.Unavailable"
    assert bare.control("/demo/faults", method="GET") == []


def test_a_new_image_is_not_visible_at_once(bare: Cloud, own: Any, machine: Any, error_of: Any) -> None:
    bare.control("/demo/delays", {"unseen_seconds": 5})
    image = own.create_image(InstanceId=machine["InstanceId"], Name="base", NoReboot=True)["ImageId"]
    assert error_of(own.describe_images, ImageIds=[image]).code == "InvalidAMIID.NotFound"
    assert own.describe_images(Owners=["self"])["Images"] == []
    bare.control("/demo/clock", {"advance": 6})
    assert own.describe_images(ImageIds=[image])["Images"][0]["SourceInstanceId"] == machine["InstanceId"]


def test_a_snapshot_that_two_images_use_is_deleted_with_the_last(own: Any, machine: Any, error_of: Any) -> None:
    own.create_image(InstanceId=machine["InstanceId"], Name="base", NoReboot=True)
    (first,) = own.describe_images(Owners=["self"])["Images"]
    snapshot = first["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    disks = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}]
    params = {"RootDeviceName": "/dev/sda1", "BlockDeviceMappings": disks}
    assert error_of(own.register_image, Name="base", **params).code == "InvalidAMIName.Duplicate"
    second = own.register_image(Name="twin", **params)["ImageId"]
    own.deregister_image(ImageId=first["ImageId"])
    assert error_of(own.delete_snapshot, SnapshotId=snapshot).code == "InvalidSnapshot.InUse"
    own.deregister_image(ImageId=second)
    own.delete_snapshot(SnapshotId=snapshot)
    lost = error_of(own.register_image, Name="late", **params)
    assert lost.code == "InvalidSnapshot.NotFound"


def test_a_launch_from_an_own_image_keeps_its_size_and_user(own: Any, machine: Any, launch: Any, error_of: Any) -> None:
    image = own.create_image(InstanceId=machine["InstanceId"], Name="base")["ImageId"]
    own.describe_images(ImageIds=[image])
    made = launch(own, ImageId=image)
    assert made["ImageId"] == image
    small = [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 1}}]
    assert error_of(launch, ec2=own, ImageId=image, BlockDeviceMappings=small).code == "InvalidBlockDeviceMapping"


def test_a_pending_image_cannot_be_launched(bare: Cloud, own: Any, machine: Any, launch: Any, error_of: Any) -> None:
    bare.control("/demo/delays", {"stop_seconds": 100})
    image = own.create_image(InstanceId=machine["InstanceId"], Name="base")["ImageId"]
    assert error_of(launch, ec2=own, ImageId=image).code == "InvalidAMIID.Unavailable"


def test_a_volume_cannot_be_smaller_than_its_snapshot(own: Any, error_of: Any) -> None:
    volume = free_volume(own)
    own.describe_volumes()
    snapshot = own.create_snapshot(VolumeId=volume, Description="d")["SnapshotId"]
    assert own.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"] == "completed"
    assert own.create_volume(AvailabilityZone="us-east-2c", SnapshotId=snapshot)["Size"] == 20
    small = error_of(own.create_volume, AvailabilityZone="us-east-2c", SnapshotId=snapshot, Size=10)
    assert small.code == "InvalidParameterValue"


def test_images_of_others_cannot_be_deregistered_and_are_not_listed_as_own(
    ec2: Any, ubuntu: Any, error_of: Any
) -> None:
    assert error_of(ec2.deregister_image, ImageId=ubuntu(ec2)).code == "AuthFailure"
    assert all(image["OwnerId"] == "123456789012" for image in ec2.describe_images(Owners=["self"])["Images"])
    assert all(one["OwnerId"] == "123456789012" for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"])


def test_a_protected_image_cannot_be_deregistered(own: Any, machine: Any, error_of: Any) -> None:
    image = own.create_image(InstanceId=machine["InstanceId"], Name="base", NoReboot=True)["ImageId"]
    own.enable_image_deregistration_protection(ImageId=image)
    assert error_of(own.deregister_image, ImageId=image).code == "OperationNotPermitted"
    assert own.disable_image_deregistration_protection(ImageId=image)["Return"] == "disabled"
    own.deregister_image(ImageId=image)
    assert own.describe_images(Owners=["self"])["Images"] == []
