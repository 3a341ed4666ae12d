"""Volumes: described, created, attached, detached, modified, deleted; and the sizes that EBS allows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import Getter, check_no_ids_with_pages, select
from fe2tui.demo.errors import ApiError, invalid_combination, invalid_value, missing_parameter, not_permitted
from fe2tui.demo.protocols import tag_set, truth
from fe2tui.demo.records import Attachment, Instance, Modification, Snapshot, Volume, VolumeShape
from fe2tui.demo.rules.instances import find_instances
from fe2tui.demo.rules.tags import requested_tags

_DEVICE = re.compile(r"/dev/(sd[a-z][1-6]?|sda1|xvd[a-z]{1,2}|hd[a-z][1-6]?)\Z")
_BETWEEN_MODIFICATIONS = timedelta(hours=6)

_FILTERS: dict[str, Getter] = {
    "attachment.attach-time": lambda v: v.attachment and v.attachment.attached_at,
    "attachment.delete-on-termination": lambda v: v.attachment and v.attachment.delete_on_termination,
    "attachment.device": lambda v: v.attachment and v.attachment.device,
    "attachment.instance-id": lambda v: v.attachment and v.attachment.instance_id,
    "attachment.status": lambda v: v.attachment and v.attachment.status,
    "availability-zone": lambda v: v.zone,
    "create-time": lambda v: v.created_at,
    "encrypted": lambda v: v.encrypted,
    "fast-restored": lambda v: False,
    "multi-attach-enabled": lambda v: False,
    "size": lambda v: v.size,
    "snapshot-id": lambda v: v.snapshot_id,
    "status": lambda v: v.state,
    "volume-id": lambda v: v.id,
    "volume-type": lambda v: v.type,
}
_MODIFICATION_FILTERS: dict[str, Getter] = {
    "modification-state": lambda v: v.modification.state,
    "volume-id": lambda v: v.id,
    "original-size": lambda v: v.modification.before.size,
    "target-size": lambda v: v.modification.after.size,
    "target-volume-type": lambda v: v.modification.after.type,
    "original-volume-type": lambda v: v.modification.before.type,
}


def find_volume(region: Region, identity: str) -> Volume:
    if not identity:
        raise missing_parameter("volumeId")
    if not identity.startswith("vol-"):
        raise ApiError("InvalidVolumeID.Malformed", f'Invalid id: "{identity}" (expecting "vol-...")')
    if identity not in region.volumes:
        raise ApiError("InvalidVolume.NotFound", f"The volume '{identity}' does not exist.")
    return region.volumes[identity]


def _attachment(attachment: Attachment, status: str | None = None) -> dict[str, Any]:
    return {
        "volumeId": attachment.volume_id,
        "instanceId": attachment.instance_id,
        "device": attachment.device,
        "status": status or attachment.status,
        "attachTime": attachment.attached_at,
        "deleteOnTermination": attachment.delete_on_termination,
    }


def _description(region: Region, volume: Volume) -> dict[str, Any]:
    return {
        "volumeId": volume.id,
        "size": volume.size,
        "snapshotId": volume.snapshot_id,
        "availabilityZone": volume.zone,
        "availabilityZoneId": region.zone_id(volume.zone),
        "status": volume.state,
        "createTime": volume.created_at,
        "attachmentSet": [_attachment(volume.attachment)] if volume.attachment else [],
        "tagSet": tag_set(volume.tags) or None,
        "volumeType": volume.type,
        "iops": volume.iops,
        "throughput": volume.throughput,
        "encrypted": volume.encrypted,
        "multiAttachEnabled": False,
    }


@operation("DescribeVolumes")
def describe_volumes(call: Call) -> Mapping[str, Any]:
    check_no_ids_with_pages(call.params, "VolumeId", "volumesSet")
    shown, token = select(_named_volumes(call), call.params, _FILTERS)
    return {"volumeSet": [_description(call.region, volume) for volume in shown], "nextToken": token}


def _named_volumes(call: Call) -> list[Volume]:
    """The volumes whose ids a Describe call has, or all. Raises ApiError."""
    ids = call.texts("VolumeId")
    return [find_volume(call.region, one) for one in ids] if ids else list(call.region.volumes.values())


@operation("CreateVolume")
def create_volume(call: Call) -> Mapping[str, Any]:
    """An empty volume or one of a snapshot. An equal request with the same ClientToken gets the same volume."""
    region, params = call.region, call.params
    known = call.earlier_result()
    if known is not None:
        return _description(region, find_volume(region, known))
    zone = call.text("AvailabilityZone")
    if zone not in region.zones:
        raise ApiError("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
    volume = new_volume(
        region,
        zone,
        requested_shape(_size(call), params),
        call.now,
        snapshot_id=call.text("SnapshotId"),
        encrypted=truth(params.get("Encrypted")),
        state="creating",
        tags=requested_tags(params, "volume"),
    )
    call.remember_result(volume.id)

    def finish() -> None:
        if volume.state == "creating":
            volume.state = "available"

    region.after(region.account.options.stop_seconds / 2, finish)
    return _description(region, volume)


def new_volume(region: Region, zone: str, shape: VolumeShape, created_at: datetime, **more: Any) -> Volume:
    """Creates the record of a volume; `more` are its further fields."""
    size, volume_type, iops, throughput = shape
    volume = Volume(*region.identity("vol"), zone, size, created_at, volume_type, iops, throughput, **more)
    region.volumes[volume.id] = volume
    return volume


def new_attached_volume(
    region: Region, instance: Instance, device: str, shape: VolumeShape, delete_on_termination: bool, **more: Any
) -> None:
    """Creates the record of a volume that an instance is launched with; `more` are its further fields."""
    volume = new_volume(region, instance.zone, shape, instance.launched_at, state="in-use", **more)
    volume.attachment = Attachment(device, volume.id, instance.id, instance.launched_at, delete_on_termination)
    instance.attachments.append(volume.attachment)


def existing_snapshot(region: Region, identity: str) -> Snapshot:
    if identity not in region.snapshots:
        raise ApiError("InvalidSnapshot.NotFound", f"The snapshot '{identity}' does not exist.")
    return region.snapshots[identity]


def _size(call: Call) -> int:
    """The requested size in GiB, or the snapshot's. Raises ApiError if it is smaller, or there is neither."""
    size, snapshot_id = integer(call.params, "Size"), call.text("SnapshotId")
    if snapshot_id:
        snapshot = existing_snapshot(call.region, snapshot_id)
        if snapshot.state != "completed":
            raise ApiError("IncorrectState", f"Snapshot is in invalid state - {snapshot.state}")
        size = size or snapshot.size
        if size < snapshot.size:
            sizes = f"{size} GiB < {snapshot.size} GiB"
            raise invalid_value(f"The size of a volume must be at least that of its snapshot: {sizes}")
    if size is None:
        raise missing_parameter("size/snapshot")
    return size


@operation("DeleteVolume")
def delete_volume(call: Call) -> Mapping[str, Any]:
    volume = find_volume(call.region, call.text("VolumeId"))
    if volume.attachment is not None:
        raise ApiError("VolumeInUse", f"Volume {volume.id} is currently attached to {volume.attachment.instance_id}")
    del call.region.volumes[volume.id]
    return {"return": True}


@operation("AttachVolume")
def attach_volume(call: Call) -> Mapping[str, Any]:
    """Attaches an available volume to an instance in its zone, at a free device name."""
    region = call.region
    volume = find_volume(region, call.text("VolumeId"))
    instance = find_instances(region, [call.text("InstanceId")])[0]
    device = call.text("Device")
    if not _DEVICE.match(device):
        what = f"Value ({device}) for parameter device is invalid."
        raise invalid_value(f"{what} {device} is not a valid EBS device name.")
    if volume.attachment is not None:
        raise ApiError("VolumeInUse", f"{volume.id} is already attached to an instance")
    if volume.state != "available":
        raise ApiError("IncorrectState", f"Volume '{volume.id}' is in the '{volume.state}' state.")
    if volume.zone != instance.zone:
        message = f"The volume '{volume.id}' is not in the same availability zone as instance '{instance.id}'"
        raise ApiError("InvalidVolume.ZoneMismatch", message)
    if instance.state not in ("running", "stopped", "stopping", "pending"):
        raise ApiError("IncorrectState", f"Instance '{instance.id}' is not 'running'.")
    if any(one.device == device for one in instance.attachments):
        raise invalid_value(f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use")
    attachment = Attachment(device, volume.id, instance.id, call.now, False, "attaching")
    volume.attachment = attachment
    volume.state = "in-use"
    instance.attachments.append(attachment)
    instance.touch()

    def finish() -> None:
        attachment.status = "attached"
        instance.touch()

    region.after(region.account.options.stop_seconds / 2, finish)
    return _attachment(attachment)


@operation("DetachVolume")
def detach_volume(call: Call) -> Mapping[str, Any]:
    """A root volume can be detached only from a stopped instance."""
    region = call.region
    volume = find_volume(region, call.text("VolumeId"))
    attachment = volume.attachment
    if attachment is None:
        raise ApiError("IncorrectState", f"Volume '{volume.id}' is in the 'available' state.")
    named = call.text("InstanceId")
    if named and named != attachment.instance_id:
        raise ApiError("InvalidAttachment.NotFound", f"Volume '{volume.id}' is not attached to instance '{named}'.")
    instance = region.instances[attachment.instance_id]
    if attachment.device == instance.root_device and instance.state != "stopped":
        raise not_permitted(f"Unable to detach root volume '{volume.id}' from instance '{instance.id}'")
    attachment.status = "detaching"
    instance.touch()

    def finish() -> None:
        if volume.attachment is attachment:
            volume.attachment = None
            volume.state = "available"
            instance.attachments.remove(attachment)
            instance.touch()

    region.after(region.account.options.stop_seconds / 2, finish)
    return _attachment(attachment)


@operation("ModifyVolume")
def modify_volume(call: Call) -> Mapping[str, Any]:
    """Changes type, IOPS and throughput, and grows the volume, once in six hours. A volume cannot shrink."""
    region, params = call.region, call.params
    volume = find_volume(region, call.text("VolumeId"))
    size = integer(params, "Size") or volume.size
    if size < volume.size:
        raise invalid_value("New size cannot be smaller than existing size")
    volume_type = call.text("VolumeType") or volume.type
    same = volume_type == volume.type
    iops = integer(params, "Iops") or (volume.iops if same and volume_type != "gp2" else None)
    throughput = integer(params, "Throughput") or (volume.throughput if same else None)
    shape = volume_shape(size, volume_type, iops, throughput)
    _check_last_modification(call, volume)
    before = VolumeShape(volume.size, volume.type, volume.iops, volume.throughput)
    volume.modification = change = Modification(call.now, before, shape)
    volume.size, volume.type, volume.iops, volume.throughput = shape
    seconds = region.account.options.stop_seconds

    def optimizing() -> None:
        change.state, change.progress = "optimizing", 40

    def completed() -> None:
        change.state, change.progress, change.ended_at = "completed", 100, region.now

    region.after(seconds, optimizing)
    region.after(seconds * 3, completed)
    return {"volumeModification": _modification(volume.id, change)}


def _check_last_modification(call: Call, volume: Volume) -> None:
    last = volume.modification
    if last is None:
        return
    if last.state in ("modifying", "optimizing"):
        message = f"Volume '{volume.id}' is in the modification state '{last.state}'."
        raise ApiError("IncorrectModificationState", message)
    if call.now - last.started_at < _BETWEEN_MODIFICATIONS:
        raise ApiError(
            "VolumeModificationRateExceeded",
            "You've reached the maximum modification rate per volume limit. Wait at least 6 hours between "
            "modifications per EBS volume.",
        )


def _modification(identity: str, change: Modification) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "volumeId": identity,
        "modificationState": change.state,
        "progress": change.progress,
        "startTime": change.started_at,
        "endTime": change.ended_at,
    }
    for side, values in (("original", change.before), ("target", change.after)):
        for name, value in zip(("Size", "VolumeType", "Iops", "Throughput"), values, strict=True):
            shown[side + name] = value
    return shown


@operation("DescribeVolumesModifications")
def describe_volumes_modifications(call: Call) -> Mapping[str, Any]:
    """The last modification of each volume that has one."""
    volumes = _named_volumes(call)
    for volume in volumes:
        if call.texts("VolumeId") and volume.modification is None:
            message = f"Modification for volume '{volume.id}' does not exist."
            raise ApiError("InvalidVolumeModification.NotFound", message)
    changed = [volume for volume in volumes if volume.modification is not None]
    shown, token = select(changed, call.params, _MODIFICATION_FILTERS)
    rows = [_modification(volume.id, volume.modification) for volume in shown if volume.modification]
    return {"volumeModificationSet": rows, "nextToken": token}


# Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
_SIZES = {
    "gp3": (1, 65536),
    "gp2": (1, 16384),
    "io1": (4, 16384),
    "io2": (4, 65536),
    "st1": (125, 16384),
    "sc1": (125, 16384),
    "standard": (1, 1024),
}
_IOPS = {"gp3": (3000, 80000, 500), "io1": (100, 64000, 50), "io2": (100, 256000, 1000)}


def integer(params: Mapping[str, Any], name: str) -> int | None:
    """An integer parameter; None if it is absent. Raises ApiError if it is not an integer."""
    value = params.get(name)
    if value in (None, ""):
        return None
    try:
        return int(str(value))
    except ValueError:
        name = name[0].lower() + name[1:]
        raise invalid_value(f"Invalid value '{value}' for {name}. It must be an integer.") from None


def volume_shape(size: int, volume_type: str, iops: int | None = None, throughput: int | None = None) -> VolumeShape:
    """The requested shape with EBS's defaults. Raises ApiError if EBS does not allow it."""
    if volume_type not in _SIZES:
        raise invalid_value(f"Invalid value '{volume_type}' for volumeType.")
    low, high = _SIZES[volume_type]
    if not low <= size <= high:
        side = f"too small for volume type {volume_type}" if size < low else f"too large for volume type {volume_type}"
        raise invalid_value(f"Volume of {size}GiB is {side}; {low} to {high} GiB are allowed.")
    if throughput is not None and volume_type != "gp3":
        raise _unsupported("throughput", volume_type)
    throughput = (throughput or 125) if volume_type == "gp3" else None
    return VolumeShape(size, volume_type, _iops(size, volume_type, iops), throughput)


def requested_shape(size: int, params: Mapping[str, Any]) -> VolumeShape:
    """The shape of a volume that a request creates. Raises ApiError."""
    volume_type = str(params.get("VolumeType") or "gp2")
    return volume_shape(size, volume_type, integer(params, "Iops"), integer(params, "Throughput"))


def _unsupported(parameter: str, volume_type: str) -> ApiError:
    return invalid_combination(f"The parameter {parameter} is not supported for {volume_type} volumes.")


def _iops(size: int, volume_type: str, iops: int | None) -> int | None:
    if volume_type not in _IOPS:
        if iops is not None:
            raise _unsupported("iops", volume_type)
        return min(max(100, 3 * size), 16000) if volume_type == "gp2" else None
    low, high, ratio = _IOPS[volume_type]
    if iops is None and volume_type != "gp3":
        raise missing_parameter("iops")
    if iops is None:
        return low
    if not low <= iops <= high:
        side = "low; minimum is" if iops < low else "high; maximum is"
        raise invalid_value(f"Volume iops of {iops} is too {side} {low if iops < low else high}.")
    if iops > max(low, ratio * size):
        raise invalid_value(f"Iops to volume size ratio of {iops / size:.6f} is too high; maximum is {ratio}")
    return iops
