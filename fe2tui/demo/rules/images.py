"""Images: described, created, registered, disabled, protected, deregistered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import Getter, check_no_ids_with_pages, select
from fe2tui.demo.errors import ApiError, missing_parameter, not_permitted
from fe2tui.demo.protocols import iso, tag_set, truth
from fe2tui.demo.records import Attachment, BlockDevice, Image, Snapshot
from fe2tui.demo.rules.instances import find_instances
from fe2tui.demo.rules.snapshots import complete_snapshots, find_snapshot, new_snapshot, owned_by
from fe2tui.demo.rules.tags import requested_tags

_ID = re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})")
_NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}\Z")

_FILTERS: dict[str, Getter] = {
    "architecture": lambda i: i.architecture,
    "block-device-mapping.delete-on-termination": lambda i: [d.delete_on_termination for d in i.disks],
    "block-device-mapping.device-name": lambda i: [d.device for d in i.disks],
    "block-device-mapping.encrypted": lambda i: [d.encrypted for d in i.disks],
    "block-device-mapping.snapshot-id": lambda i: [d.snapshot_id for d in i.disks],
    "block-device-mapping.volume-size": lambda i: [d.size for d in i.disks],
    "block-device-mapping.volume-type": lambda i: [d.type for d in i.disks],
    "creation-date": lambda i: i.created_at,
    "description": lambda i: i.description,
    "ena-support": lambda i: True,
    "hypervisor": lambda i: "xen",
    "image-id": lambda i: i.id,
    "image-type": lambda i: "machine",
    "is-public": lambda i: i.public,
    "manifest-location": lambda i: _location(i),
    "name": lambda i: i.name,
    "owner-alias": lambda i: i.owner_alias,
    "owner-id": lambda i: i.owner_id,
    "platform": lambda i: None,
    "root-device-name": lambda i: i.root_device,
    "root-device-type": lambda i: "ebs",
    "source-instance-id": lambda i: i.source_instance_id,
    "state": lambda i: i.state,
    "state-reason-code": lambda i: i.state_reason and i.state_reason[0],
    "virtualization-type": lambda i: "hvm",
}


def _location(image: Image) -> str:
    return f"{image.owner_alias or image.owner_id}/{image.name}"


def _disks(image: Image) -> list[dict[str, Any]]:
    pending = image.state == "pending"
    return [
        {
            "deviceName": disk.device,
            "ebs": {
                "snapshotId": None if pending else disk.snapshot_id,
                "volumeSize": disk.size,
                "deleteOnTermination": disk.delete_on_termination,
                "volumeType": disk.type,
                "encrypted": disk.encrypted,
                "iops": disk.iops,
                "throughput": disk.throughput,
            },
        }
        for disk in image.disks
    ]


def _description(image: Image) -> dict[str, Any]:
    reason = image.state_reason
    return {
        "imageId": image.id,
        "imageLocation": _location(image),
        "imageState": image.state,
        "imageOwnerId": image.owner_id,
        "creationDate": iso(image.created_at),
        "isPublic": image.public,
        "architecture": image.architecture,
        "imageType": "machine",
        "sriovNetSupport": "simple",
        "name": image.name,
        "description": image.description or None,
        "imageOwnerAlias": image.owner_alias,
        "rootDeviceType": "ebs",
        "rootDeviceName": image.root_device,
        "blockDeviceMapping": _disks(image),
        "virtualizationType": "hvm",
        "hypervisor": "xen",
        "enaSupport": True,
        "bootMode": image.boot_mode,
        "imdsSupport": "v2.0" if image.owner_alias else None,
        "platformDetails": "Linux/UNIX",
        "usageOperation": "RunInstances",
        "sourceInstanceId": image.source_instance_id,
        "stateReason": {"code": reason[0], "message": reason[1]} if reason else None,
        "deregistrationProtection": "enabled-without-cooldown" if image.protected else "disabled",
        "tagSet": tag_set(image.tags) or None,
    }


def find_image(region: Region, identity: str) -> Image:
    """The image of that id. Raises ApiError if there is none, or it is not yet visible."""
    if not identity:
        raise missing_parameter("ImageId")
    if not _ID.fullmatch(identity):
        raise ApiError("InvalidAMIID.Malformed", f'Invalid id: "{identity}" (expecting "ami-...")')
    image = region.images.get(identity)
    if image is None or not _is_visible(image, region):
        raise ApiError("InvalidAMIID.NotFound", f"The image id '[{identity}]' does not exist")
    return image


def _is_visible(image: Image, region: Region) -> bool:
    return image.unseen_until is None or region.now >= image.unseen_until


@operation("DescribeImages")
def describe_images(call: Call) -> Mapping[str, Any]:
    """Of these owners (`self`, `amazon`, an account id), or of all."""
    check_no_ids_with_pages(call.params, "ImageId", "imagesSet")
    ids, owners = call.texts("ImageId"), call.texts("Owner")
    images = [find_image(call.region, one) for one in ids] if ids else list(call.region.images.values())
    images = [image for image in images if owned_by(owners, image)]
    if not truth(call.params.get("IncludeDisabled")):
        images = [image for image in images if image.state != "disabled"]
    if users := call.texts("ExecutableBy"):
        images = [image for image in images if image.public and "all" in users]
    visible = [image for image in images if _is_visible(image, call.region)]
    shown, token = select(visible, call.params, _FILTERS, low=1)
    return {"imagesSet": [_description(image) for image in shown], "nextToken": token}


@operation("CreateImage")
def create_image(call: Call) -> Mapping[str, Any]:
    """Pending at first, then available with a snapshot of each volume. Reboots a running instance without NoReboot."""
    region, params = call.region, call.params
    instance = find_instances(region, [call.text("InstanceId")])[0]
    name = _free_name(region, call.text("Name"))
    if instance.state not in ("running", "stopped", "stopping"):
        what = f"'{instance.id}' is {instance.state}"
        raise ApiError("IncorrectState", f"Instance is not in state 'running' or 'stopped': {what}")
    image_tags, snapshot_tags = requested_tags(params, "image"), requested_tags(params, "snapshot")
    source = region.images.get(instance.image_id)
    unseen = region.account.options.unseen_seconds
    image = Image(
        *region.identity("ami"),
        name=name,
        owner_id=region.owner_id,
        architecture=instance.architecture,
        created_at=call.now,
        disks=[],
        user=instance.user,
        root_device=instance.root_device,
        description=call.text("Description"),
        state="pending",
        boot_mode=source.boot_mode if source else None,
        source_instance_id=instance.id,
        unseen_until=call.now + timedelta(seconds=unseen) if unseen else None,
        tags=image_tags,
    )
    snapshots = [_create_snapshot(region, one, image, snapshot_tags) for one in instance.attachments]
    region.images[image.id] = image
    if instance.has_machine:
        machines = region.account.machines
        reboots = instance.state == "running" and not truth(params.get("NoReboot"))
        if reboots:
            machines.halt(instance.id)
        machines.save_image(instance.id, image.id)
        if reboots:
            machines.boot(instance.id, *region.account.options.ssh_delays)
    _complete(region, image, snapshots)
    return {"imageId": image.id}


def _complete(region: Region, image: Image, snapshots: list[Snapshot]) -> None:
    """The image becomes available with its snapshots, or fails after half of that time if a fault says so."""
    reason = region.account.faults.image_failure(region.name, image.name)

    def finish() -> None:
        if image.state == "pending":
            image.state = "available"

    def fail() -> None:
        image.state, image.state_reason = "failed", reason

    complete_snapshots(region, snapshots, finish)
    if reason is not None:
        region.after(region.account.options.stop_seconds, fail)


def _free_name(region: Region, name: str) -> str:
    if not name:
        raise missing_parameter("name")
    if not _NAME.match(name):
        raise ApiError(
            "InvalidAMIName.Malformed",
            "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', "
            "'-', '/' and '_'",
        )
    for image in region.images.values():
        if image.name == name and image.owner_id == region.owner_id:
            raise ApiError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {image.id}")
    return name


def _create_snapshot(region: Region, attachment: Attachment, image: Image, tags: Mapping[str, str]) -> Snapshot:
    volume = region.volumes[attachment.volume_id]
    snapshot = new_snapshot(region, volume, f"Created by CreateImage({attachment.instance_id}) for {image.id}", tags)
    image.disks.append(
        BlockDevice(
            attachment.device,
            volume.size,
            snapshot.id,
            volume.type,
            attachment.delete_on_termination,
            volume.encrypted,
            volume.iops if volume.type != "gp2" else None,
            volume.throughput,
        )
    )
    return snapshot


@operation("RegisterImage")
def register_image(call: Call) -> Mapping[str, Any]:
    """An image of existing snapshots, available at once. Images may share snapshots."""
    region, params = call.region, call.params
    name = _free_name(region, call.text("Name"))
    disks = []
    for entry in params.get("BlockDeviceMapping") or ():
        snapshot = find_snapshot(region, str((entry.get("Ebs") or {}).get("SnapshotId", "")))
        disks.append(BlockDevice(str(entry.get("DeviceName", "")), snapshot.size, snapshot.id))
    root = call.text("RootDeviceName") or "/dev/sda1"
    if not any(disk.device == root for disk in disks):
        raise ApiError("InvalidBlockDeviceMapping", f"The root device {root} has no snapshot")
    image = Image(
        *region.identity("ami"),
        name=name,
        owner_id=call.region.owner_id,
        architecture=call.text("Architecture") or "x86_64",
        created_at=call.now,
        disks=disks,
        user="ubuntu",
        root_device=root,
        description=call.text("Description"),
        boot_mode=None,
        tags=requested_tags(params, "image"),
    )
    region.images[image.id] = image
    return {"imageId": image.id}


def _own_image(call: Call) -> Image:
    image = find_image(call.region, call.text("ImageId"))
    if image.owner_id != call.region.owner_id:
        raise ApiError("AuthFailure", f"Not authorized for image:{image.id}", 403)
    return image


@operation("DisableImage")
def disable_image(call: Call) -> Mapping[str, Any]:
    """A disabled image keeps its name and snapshots, and is shown only with IncludeDisabled."""
    image = _own_image(call)
    if image.state not in ("available", "disabled"):
        raise ApiError("InvalidAMIID.Unavailable", f"The image ID '{image.id}' is not available")
    image.state = "disabled"
    return {"return": True}


@operation("EnableImageDeregistrationProtection", "DisableImageDeregistrationProtection")
def protect_image(call: Call) -> Mapping[str, Any]:
    """A protected image cannot be deregistered."""
    image = _own_image(call)
    image.protected = call.action.startswith("Enable")
    return {"return": "enabled-without-cooldown" if image.protected else "disabled"}


@operation("DeregisterImage")
def deregister_image(call: Call) -> Mapping[str, Any]:
    """The snapshots stay, except with DeleteAssociatedSnapshots."""
    image = _own_image(call)
    if image.protected:
        raise not_permitted(
            f"The image {image.id} has deregistration protection. Disable the protection and try again."
        )
    images = call.region.images
    del images[image.id]
    call.region.gone_images[image.id] = image
    call.account.machines.delete_image(image.id)
    rows: list[dict[str, str]] = []
    if truth(call.params.get("DeleteAssociatedSnapshots")):
        for disk in image.disks:
            snapshot_id = disk.snapshot_id or ""
            in_use = any(snapshot_id == one.snapshot_id for other in images.values() for one in other.disks)
            deleted = None if in_use else call.region.snapshots.pop(snapshot_id, None)
            rows.append({"snapshotId": snapshot_id, "returnCode": "success" if deleted else "skipped"})
    return {"return": True, "deleteSnapshotResultSet": rows or None}
