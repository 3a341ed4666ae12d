"""Volumes: made, attached in their own zone, detached, grown but never shrunk, deleted only when free."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, answers, earlier, remember
from fe2tui.demo.errors import Refusal, invalid_value, missing
from fe2tui.demo.lists import Getter, matcher, page, refuse_ids_with_pages
from fe2tui.demo.protocols import tag_set, truth
from fe2tui.demo.records import Attachment, Modification, Volume
from fe2tui.demo.rules.instances import find_instances
from fe2tui.demo.rules.tags import asked_tags

_DEVICE = re.compile(r"/dev/(sd[a-z][1-6]?|sda1|xvd[a-z]{1,2}|hd[a-z][1-6]?)\Z")
_REST = timedelta(hours=6)

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
    "volume-type": lambda v: v.kind,
}


def find_volume(region: Region, identity: str) -> Volume:
    """The volume of that id. Raises Refusal when there is none."""
    if not identity:
        raise missing("volumeId")
    if not identity.startswith("vol-"):
        raise Refusal("InvalidVolumeID.Malformed", f'Invalid id: "{identity}" (expecting "vol-...")')
    if identity not in region.volumes:
        raise Refusal("InvalidVolume.NotFound", f"The volume '{identity}' does not exist.")
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


def _shown(region: Region, volume: Volume) -> dict[str, Any]:
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
        "volumeType": volume.kind,
        "iops": volume.iops,
        "throughput": volume.throughput,
        "encrypted": volume.encrypted,
        "multiAttachEnabled": False,
    }


@answers("DescribeVolumes")
def describe_volumes(call: Call) -> Mapping[str, Any]:
    """All, or those of the ids."""
    refuse_ids_with_pages(call.params, "VolumeId", "volumesSet")
    ids = call.texts("VolumeId")
    region = call.region
    volumes = [find_volume(region, identity) for identity in ids] if ids else list(region.volumes.values())
    matches = matcher(call.params.get("Filter"), _FILTERS)
    shown, token = page([volume for volume in volumes if matches(volume)], call.params)
    return {"volumeSet": [_shown(region, volume) for volume in shown], "nextToken": token}


@answers("DescribeVolumeStatus")
def describe_volume_status(call: Call) -> Mapping[str, Any]:
    """All are well."""
    ids = call.texts("VolumeId")
    region = call.region
    volumes = [find_volume(region, identity) for identity in ids] if ids else list(region.volumes.values())
    shown, token = page(volumes, call.params)
    rows = [
        {"volumeId": one.id, "availabilityZone": one.zone, "volumeStatus": {"status": "ok", "details": []}}
        for one in shown
    ]
    return {"volumeStatusSet": rows, "nextToken": token}


@answers("CreateVolume")
def create_volume(call: Call) -> Mapping[str, Any]:
    """From nothing or from a snapshot; the same ClientToken gets the same volume."""
    region, params = call.region, call.params
    known = earlier(call)
    if known is not None:
        return _shown(region, find_volume(region, known))
    zone = call.text("AvailabilityZone")
    if zone not in region.zones:
        raise Refusal("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
    size = _size(call)
    made = shape(size, call.text("VolumeType") or "gp2", number(params, "Iops"), number(params, "Throughput"))
    volume = Volume(
        region.serial(),
        region.new_id("vol"),
        zone,
        made.size,
        call.now,
        made.kind,
        made.iops,
        made.throughput,
        call.text("SnapshotId"),
        truth(params.get("Encrypted")),
        "creating",
        tags=asked_tags(params, "volume"),
    )
    region.volumes[volume.id] = volume
    remember(call, volume.id)
    region.after(region.account.options.stop_seconds / 2, lambda: _ready(volume))
    return _shown(region, volume)


def _size(call: Call) -> int:
    """The size asked for, or the snapshot's. Raises Refusal when it is smaller than that, or there is neither."""
    size, snapshot_id = number(call.params, "Size"), call.text("SnapshotId")
    if snapshot_id:
        snapshot = call.region.snapshots.get(snapshot_id)
        if snapshot is None:
            raise Refusal("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
        if snapshot.state != "completed":
            raise Refusal("IncorrectState", f"Snapshot is in invalid state - {snapshot.state}")
        size = size or snapshot.size
        if size < snapshot.size:
            raise invalid_value(
                f"The size of a volume must be at least that of its snapshot: {size} GiB < {snapshot.size} GiB"
            )
    if size is None:
        raise missing("size/snapshot")
    return size


def _ready(volume: Volume) -> None:
    if volume.state == "creating":
        volume.state = "available"


@answers("DeleteVolume")
def delete_volume(call: Call) -> Mapping[str, Any]:
    """Only a free one."""
    volume = find_volume(call.region, call.text("VolumeId"))
    if volume.attachment is not None:
        raise Refusal("VolumeInUse", f"Volume {volume.id} is currently attached to {volume.attachment.instance_id}")
    del call.region.volumes[volume.id]
    return {"return": True}


@answers("AttachVolume")
def attach_volume(call: Call) -> Mapping[str, Any]:
    """A free volume, to an instance of the same zone, at a free device name."""
    region = call.region
    volume = find_volume(region, call.text("VolumeId"))
    instance = find_instances(region, [call.text("InstanceId")])[0]
    device = call.text("Device")
    if not _DEVICE.match(device):
        raise invalid_value(
            f"Value ({device}) for parameter device is invalid. {device} is not a valid EBS device name."
        )
    if volume.attachment is not None:
        raise Refusal("VolumeInUse", f"{volume.id} is already attached to an instance")
    if volume.state != "available":
        raise Refusal("IncorrectState", f"Volume '{volume.id}' is in the '{volume.state}' state.")
    if volume.zone != instance.zone:
        raise Refusal(
            "InvalidVolume.ZoneMismatch",
            f"The volume '{volume.id}' is not in the same availability zone as instance '{instance.id}'",
        )
    if instance.state not in ("running", "stopped", "stopping", "pending"):
        raise Refusal("IncorrectState", f"Instance '{instance.id}' is not 'running'.")
    if any(one.device == device for one in instance.attachments):
        raise invalid_value(f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use")
    attachment = Attachment(device, volume.id, instance.id, call.now, False, "attaching")
    volume.attachment = attachment
    volume.state = "in-use"
    instance.attachments.append(attachment)
    instance.touch()

    def attached() -> None:
        attachment.status = "attached"
        instance.touch()

    region.after(region.account.options.stop_seconds / 2, attached)
    return _attachment(attachment)


@answers("DetachVolume")
def detach_volume(call: Call) -> Mapping[str, Any]:
    """The root volume only from a stopped instance."""
    region = call.region
    volume = find_volume(region, call.text("VolumeId"))
    attachment = volume.attachment
    if attachment is None:
        raise Refusal("IncorrectState", f"Volume '{volume.id}' is in the 'available' state.")
    named = call.text("InstanceId")
    if named and named != attachment.instance_id:
        raise Refusal("InvalidAttachment.NotFound", f"Volume '{volume.id}' is not attached to instance '{named}'.")
    instance = region.instances[attachment.instance_id]
    if attachment.device == instance.root_device and instance.state != "stopped":
        raise Refusal(
            "OperationNotPermitted", f"Unable to detach root volume '{volume.id}' from instance '{instance.id}'"
        )
    attachment.status = "detaching"
    instance.touch()

    def detached() -> None:
        if volume.attachment is attachment:
            volume.attachment = None
            volume.state = "available"
            instance.attachments.remove(attachment)
            instance.touch()

    region.after(region.account.options.stop_seconds / 2, detached)
    return _attachment(attachment)


@answers("ModifyVolume")
def modify_volume(call: Call) -> Mapping[str, Any]:
    """Grows and changes kind, once in six hours; never shrinks."""
    region, params = call.region, call.params
    volume = find_volume(region, call.text("VolumeId"))
    size = number(params, "Size") or volume.size
    if size < volume.size:
        raise invalid_value("New size cannot be smaller than existing size")
    kind = call.text("VolumeType") or volume.kind
    same = kind == volume.kind
    iops = number(params, "Iops") or (volume.iops if same and kind != "gp2" else None)
    throughput = number(params, "Throughput") or (volume.throughput if same else None)
    made = shape(size, kind, iops, throughput)
    _check_rest(call, volume)
    change = Modification(
        call.now,
        (volume.size, volume.kind, volume.iops, volume.throughput),
        (made.size, made.kind, made.iops, made.throughput),
    )
    volume.modification = change
    volume.size, volume.kind, volume.iops, volume.throughput = change.after
    seconds = region.account.options.stop_seconds

    def optimizing() -> None:
        change.state, change.progress = "optimizing", 40

    def completed() -> None:
        change.state, change.progress, change.ended_at = "completed", 100, region.now

    region.after(seconds, optimizing)
    region.after(seconds * 3, completed)
    return {"volumeModification": _modification(volume.id, change)}


def _check_rest(call: Call, volume: Volume) -> None:
    last = volume.modification
    if last is None:
        return
    if last.state in ("modifying", "optimizing"):
        raise Refusal(
            "IncorrectModificationState", f"Volume '{volume.id}' is in the modification state '{last.state}'."
        )
    if call.now - last.started_at < _REST:
        raise Refusal(
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


@answers("DescribeVolumesModifications")
def describe_volumes_modifications(call: Call) -> Mapping[str, Any]:
    """The last change of each volume that has changed."""
    ids = call.texts("VolumeId")
    region = call.region
    volumes = [find_volume(region, identity) for identity in ids] if ids else list(region.volumes.values())
    for volume in volumes:
        if ids and volume.modification is None:
            raise Refusal(
                "InvalidVolumeModification.NotFound", f"Modification for volume '{volume.id}' does not exist."
            )
    changed = [volume for volume in volumes if volume.modification is not None]
    matches = matcher(
        call.params.get("Filter"),
        {
            "modification-state": lambda v: v.modification.state,
            "volume-id": lambda v: v.id,
            "original-size": lambda v: v.modification.before[0],
            "target-size": lambda v: v.modification.after[0],
            "target-volume-type": lambda v: v.modification.after[1],
            "original-volume-type": lambda v: v.modification.before[1],
        },
    )
    shown, token = page([volume for volume in changed if matches(volume)], call.params)
    rows = [_modification(volume.id, volume.modification) for volume in shown if volume.modification]
    return {"volumeModificationSet": rows, "nextToken": token}


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


@dataclass(frozen=True, slots=True)
class Shape:
    """Size in GiB, kind, IOPS, and throughput in MiB/s."""

    size: int
    kind: str
    iops: int | None
    throughput: int | None


def number(params: Mapping[str, Any], name: str) -> int | None:
    """An integer parameter, or None. Raises Refusal when it is not one."""
    value = params.get(name)
    if value in (None, ""):
        return None
    try:
        return int(str(value))
    except ValueError:
        raise invalid_value(
            f"Invalid value '{value}' for {name[0].lower()}{name[1:]}. It must be an integer."
        ) from None


def shape(size: int, kind: str, iops: int | None, throughput: int | None) -> Shape:
    """The volume that EBS makes of these wishes. Raises Refusal in EC2's words."""
    if kind not in _SIZES:
        raise invalid_value(f"Invalid value '{kind}' for volumeType.")
    low, high = _SIZES[kind]
    if not low <= size <= high:
        side = "small" if size < low else "large"
        raise invalid_value(
            f"Volume of {size}GiB is too {side} for volume type {kind}; {low} to {high} GiB are allowed."
        )
    if throughput is not None and kind != "gp3":
        raise Refusal("InvalidParameterCombination", f"The parameter throughput is not supported for {kind} volumes.")
    return Shape(size, kind, _iops(size, kind, iops), (throughput or 125) if kind == "gp3" else None)


def _iops(size: int, kind: str, iops: int | None) -> int | None:
    if kind not in _IOPS:
        if iops is not None:
            raise Refusal("InvalidParameterCombination", f"The parameter iops is not supported for {kind} volumes.")
        return min(max(100, 3 * size), 16000) if kind == "gp2" else None
    low, high, ratio = _IOPS[kind]
    if iops is None:
        if kind != "gp3":
            raise missing("iops")
        return 3000
    if not low <= iops <= high:
        side = "low; minimum is" if iops < low else "high; maximum is"
        raise invalid_value(f"Volume iops of {iops} is too {side} {low if iops < low else high}.")
    if iops > max(low, ratio * size):
        raise invalid_value(f"Iops to volume size ratio of {iops / size:.6f} is too high; maximum is {ratio}")
    return iops
