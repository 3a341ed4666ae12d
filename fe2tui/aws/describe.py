"""AWS's replies as our model: the large ones from their XML, the others from the library's dictionaries.

Source of the fields: EC2 API reference, data types Instance, Volume, Image.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from fe2tui.aws.replies import Reader
from fe2tui.model.image import Image
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.snapshot import Snapshot
from fe2tui.model.spot import SpotRequest
from fe2tui.model.volume import Volume

_shared = sys.intern
_LINUX = "Linux/UNIX"
_GIB = 2**30


class InstanceReader(Reader[Instance]):
    """DescribeInstances (and RunInstances) XML as instances; one that did not change since is the same object."""

    def __init__(self) -> None:
        super().__init__("instancesSet", instance_of)


class VolumeReader(Reader[Volume]):
    """DescribeVolumes XML as volumes; one that did not change since is the same object."""

    def __init__(self) -> None:
        super().__init__("volumeSet", volume_of)


class RequestReader(Reader[SpotRequest]):
    """DescribeSpotInstanceRequests XML as requests; one that did not change since is the same object."""

    def __init__(self) -> None:
        super().__init__("spotInstanceRequestSet", request_of)


def moment(text: str | None) -> datetime | None:
    """A time as AWS writes it, in UTC."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def instance_of(item: Any) -> Instance:
    """An ``<item>`` of an ``<instancesSet>``."""
    fields: dict[str, Any] = {}
    for child in item:
        reads = _INSTANCE.get(child.tag)
        if reads is not None:
            name, read = reads
            value = read(child)
            if value is not None:
                fields[name] = value
    placement = fields.pop("placement", ("", "default"))
    kind = fields.pop("kind", None)
    if kind and "platform" not in fields:
        fields["platform"] = kind
    fields.setdefault("state", State.PENDING)
    return Instance(zone=placement[0], tenancy=placement[1], **fields)


def _own(element: Any) -> str | None:
    return element.text or None


def _common(element: Any) -> str | None:
    """Text that many instances share is kept once."""
    text = element.text
    return _shared(text) if text else None


def _flag(element: Any) -> bool:
    return bool(element.text == "true")


def _when(element: Any) -> datetime | None:
    return moment(element.text)


_STATES = {state.value: state for state in State}


def _state(element: Any) -> State | None:
    return _STATES.get(element.findtext("name") or "")


def _tags(element: Any) -> dict[str, str]:
    tags = {}
    for item in element:
        key = value = ""
        for part in item:
            if part.tag == "key":
                key = part.text or ""
            elif part.tag == "value":
                value = part.text or ""
        tags[_shared(key)] = _shared(value)
    return tags


def _placement(element: Any) -> tuple[str, str]:
    zone = element.findtext("availabilityZone") or ""
    return _shared(zone), _shared(element.findtext("tenancy") or "default")


def _groups(element: Any) -> tuple[tuple[str, str], ...]:
    return tuple((_shared(i.findtext("groupId") or ""), _shared(i.findtext("groupName") or "")) for i in element)


def _attachments(element: Any) -> tuple[Attachment, ...]:
    found = []
    for item in element:
        device, volume, deleted, when = _shared(item.findtext("deviceName") or ""), "", False, None
        disk = item.find("ebs")
        for part in () if disk is None else disk:
            if part.tag == "volumeId":
                volume = part.text or ""
            elif part.tag == "deleteOnTermination":
                deleted = part.text == "true"
            elif part.tag == "attachTime":
                when = moment(part.text)
        if volume:
            found.append(Attachment(device, volume, deleted, when))
    return tuple(found)


def _reason(element: Any) -> str | None:
    code, words = element.findtext("code") or "", element.findtext("message") or ""
    return _shared(words if words.startswith(code) or not code else f"{code}: {words}") or None


def _ipv6(element: Any) -> str | None:
    return element.findtext("item/ipv6AddressesSet/item/ipv6Address") or None


def _profile(element: Any) -> str | None:
    return (element.findtext("arn") or "").rpartition("/")[2] or None


def _hibernation(element: Any) -> bool:
    return bool(element.findtext("configured") == "true")


_INSTANCE: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "instanceId": ("id", _own),
    "instanceState": ("state", _state),
    "instanceType": ("type", _common),
    "placement": ("placement", _placement),
    "imageId": ("image_id", _common),
    "architecture": ("architecture", _common),
    "keyName": ("key_name", _common),
    "launchTime": ("launched_at", _when),
    "instanceLifecycle": ("lifecycle", _common),
    "ipAddress": ("public_ip", _own),
    "privateIpAddress": ("private_ip", _own),
    "dnsName": ("public_dns", _own),
    "ipv6Address": ("ipv6", _own),
    "networkInterfaceSet": ("ipv6", _ipv6),
    "vpcId": ("vpc_id", _common),
    "subnetId": ("subnet_id", _common),
    "groupSet": ("security_groups", _groups),
    "tagSet": ("tags", _tags),
    "blockDeviceMapping": ("attachments", _attachments),
    "rootDeviceName": ("root_device", _common),
    "stateReason": ("state_reason", _reason),
    "reason": ("transition_reason", _own),
    "spotInstanceRequestId": ("spot_request_id", _own),
    "clientToken": ("client_token", _common),
    "platformDetails": ("platform", _common),
    "platform": ("kind", _common),
    "virtualizationType": ("virtualization", _common),
    "currentInstanceBootMode": ("boot_mode", _common),
    "bootMode": ("image_boot_mode", _common),
    "enaSupport": ("ena", _flag),
    "hibernationOptions": ("hibernation", _hibernation),
    "iamInstanceProfile": ("instance_profile", _profile),
}


def volume_of(item: Any) -> Volume:
    """An ``<item>`` of a ``<volumeSet>``."""
    text = item.findtext
    held = item.find("attachmentSet/item")
    tags = item.find("tagSet")
    return Volume(
        id=text("volumeId") or "",
        size=int(text("size") or 0),
        type=_shared(text("volumeType") or ""),
        zone=_shared(text("availabilityZone") or ""),
        state=_shared(text("status") or ""),
        created_at=moment(text("createTime")),
        iops=_number(text("iops")),
        throughput=_number(text("throughput")),
        encrypted=text("encrypted") == "true",
        snapshot_id=_shared(text("snapshotId") or "") or None,
        instance_id=None if held is None else held.findtext("instanceId"),
        device=None if held is None else _shared(held.findtext("device") or ""),
        delete_on_termination=held is not None and held.findtext("deleteOnTermination") == "true",
        tags={} if tags is None else _tags(tags),
    )


def request_of(item: Any) -> SpotRequest:
    """An ``<item>`` of a ``<spotInstanceRequestSet>``. Source: EC2 API reference, data type SpotInstanceRequest."""
    text, tags = item.findtext, item.find("tagSet")
    zone = text("launchedAvailabilityZone") or text("launchSpecification/placement/availabilityZone")
    return SpotRequest(
        id=text("spotInstanceRequestId") or "",
        state=_shared(text("state") or ""),
        type=_shared(text("type") or "one-time"),
        status_code=_shared(text("status/code") or ""),
        status_words=text("status/message") or "",
        instance_id=text("instanceId") or None,
        interruption=_shared(text("instanceInterruptionBehavior") or ""),
        created_at=moment(text("createTime")),
        status_at=moment(text("status/updateTime")),
        machine_type=_shared(text("launchSpecification/instanceType") or ""),
        zone=_shared(zone or ""),
        tags={} if tags is None else _tags(tags),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def tags_of(part: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a part of a reply."""
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in part.get("Tags", ())}


def image_of(reply: Mapping[str, Any]) -> Image:
    """One of the Images of DescribeImages."""
    root = str(reply.get("RootDeviceName") or "/dev/sda1")
    disks = [(str(m.get("DeviceName", "")), m["Ebs"]) for m in reply.get("BlockDeviceMappings", ()) if "Ebs" in m]
    sizes = {device: int(disk.get("VolumeSize") or 0) for device, disk in disks}
    return Image(
        id=str(reply["ImageId"]),
        name=str(reply.get("Name", "")),
        architecture=str(reply.get("Architecture", "x86_64")),
        state=str(reply.get("State", "available")),
        owner_id=str(reply.get("OwnerId", "")),
        description=str(reply.get("Description", "")),
        created_at=moment(reply.get("CreationDate")),
        root_device=root,
        root_size=sizes.get(root, 0),
        snapshot_ids=tuple(str(disk["SnapshotId"]) for _, disk in disks if disk.get("SnapshotId")),
        virtualization=str(reply.get("VirtualizationType", "hvm")),
        boot_mode=str(reply.get("BootMode", "")),
        ena=bool(reply.get("EnaSupport", True)),
        platform=str(reply.get("PlatformDetails", _LINUX)),
        public=bool(reply.get("Public", False)),
        tags=tags_of(reply),
        state_reason=_reason_of(reply.get("StateReason", {})),
        source_instance_id=str(reply.get("SourceInstanceId", "")),
        size=sum(sizes.values()),
        disks=tuple(_planned_volume(device, disk) for device, disk in disks),
    )


def _planned_volume(device: str, disk: Mapping[str, Any]) -> Volume:
    """The volume that a launch makes of an entry of an image's BlockDeviceMappings."""
    return Volume(
        "",
        int(disk.get("VolumeSize") or 0),
        str(disk.get("VolumeType", "")),
        "",
        "",
        iops=disk.get("Iops"),
        throughput=disk.get("Throughput"),
        encrypted=bool(disk.get("Encrypted", False)),
        snapshot_id=disk.get("SnapshotId"),
        device=device,
        delete_on_termination=bool(disk.get("DeleteOnTermination", False)),
    )


def _reason_of(part: Mapping[str, Any]) -> str:
    code, words = str(part.get("Code", "")), str(part.get("Message", ""))
    return words if not code or words.startswith(code) else f"{code}: {words}".removesuffix(": ")


def snapshot_of(reply: Mapping[str, Any]) -> Snapshot:
    """One of the Snapshots of DescribeSnapshots."""
    stored = reply.get("FullSnapshotSizeInBytes")
    return Snapshot(
        id=str(reply["SnapshotId"]),
        volume_size=int(reply.get("VolumeSize") or 0),
        state=str(reply.get("State", "completed")),
        progress=_fraction(str(reply.get("Progress") or "")),
        volume_id=str(reply.get("VolumeId", "")),
        started_at=_utc(reply.get("StartTime")),
        description=str(reply.get("Description", "")),
        state_reason=str(reply.get("StateMessage", "")),
        stored=stored / _GIB if stored else None,
        archived=reply.get("StorageTier") == "archive",
        tags=tags_of(reply),
    )


def _fraction(percent: str) -> float:
    """EC2's ``42%``; a snapshot has none in the moment of its beginning."""
    digits = percent.rstrip("%")
    return min(int(digits), 100) / 100 if digits.isdigit() else 0.0


def _utc(found: datetime | None) -> datetime | None:
    return None if found is None else found.astimezone(UTC)
