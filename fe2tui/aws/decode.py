"""Decodes AWS's replies into the model: an item of a large one's XML, or a part of the library's dictionary.

Source of the fields: EC2 API reference, data types Instance, Volume, SpotInstanceRequest, Image, Snapshot.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from fe2tui.aws.xml_reader import XmlReader
from fe2tui.model.image import Image
from fe2tui.model.instance import Attachment, Instance, InstanceStatus, ScheduledEvent, State
from fe2tui.model.spot import SpotRequest
from fe2tui.model.volume import Snapshot, Volume

_intern = sys.intern
_DEFAULT_PLATFORM = "Linux/UNIX"
_GIB = 2**30


class InstanceReader(XmlReader[Instance]):
    """Reads DescribeInstances and RunInstances XML. An instance that did not change is the same object as before."""

    def __init__(self) -> None:
        super().__init__("instancesSet", decode_instance)


class VolumeReader(XmlReader[Volume]):
    """Reads DescribeVolumes XML. A volume that did not change is the same object as before."""

    def __init__(self) -> None:
        super().__init__("volumeSet", decode_volume)


class SpotRequestReader(XmlReader[SpotRequest]):
    """Reads DescribeSpotInstanceRequests XML. A request that did not change is the same object as before."""

    def __init__(self) -> None:
        super().__init__("spotInstanceRequestSet", decode_spot_request)


class InstanceStatusReader(XmlReader[InstanceStatus]):
    """Reads DescribeInstanceStatus XML. A status that did not change is the same object as before."""

    def __init__(self) -> None:
        super().__init__("instanceStatusSet", decode_instance_status)


def parse_time(text: str | None) -> datetime | None:
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def decode_instance(item: Any) -> Instance:
    fields: dict[str, Any] = {}
    for child in item:
        reads = _INSTANCE_FIELDS.get(child.tag)
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


def _text(element: Any) -> str | None:
    return element.text or None


def _interned_text(element: Any) -> str | None:
    """Text that many instances have in common is kept once."""
    text = element.text
    return _intern(text) if text else None


_STATES = {state.value: state for state in State}


def _decode_tag_set(element: Any) -> dict[str, str]:
    tags = {}
    for item in element:
        key = value = ""
        for part in item:
            if part.tag == "key":
                key = part.text or ""
            elif part.tag == "value":
                value = part.text or ""
        tags[_intern(key)] = _intern(value)
    return tags


def _placement(element: Any) -> tuple[str, str]:
    zone = element.findtext("availabilityZone") or ""
    return _intern(zone), _intern(element.findtext("tenancy") or "default")


def _security_groups(element: Any) -> tuple[tuple[str, str], ...]:
    return tuple((_intern(i.findtext("groupId") or ""), _intern(i.findtext("groupName") or "")) for i in element)


def _attachments(element: Any) -> tuple[Attachment, ...]:
    found = []
    for item in element:
        device, volume, deleted, when = _intern(item.findtext("deviceName") or ""), "", False, None
        disk = item.find("ebs")
        for part in () if disk is None else disk:
            if part.tag == "volumeId":
                volume = part.text or ""
            elif part.tag == "deleteOnTermination":
                deleted = part.text == "true"
            elif part.tag == "attachTime":
                when = parse_time(part.text)
        if volume:
            found.append(Attachment(device, volume, deleted, when))
    return tuple(found)


def _reason(element: Any) -> str | None:
    code, words = element.findtext("code") or "", element.findtext("message") or ""
    return _intern(words if words.startswith(code) or not code else f"{code}: {words}") or None


_INSTANCE_FIELDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "instanceId": ("id", _text),
    "instanceState": ("state", lambda element: _STATES.get(element.findtext("name") or "")),
    "instanceType": ("type", _interned_text),
    "placement": ("placement", _placement),
    "imageId": ("image_id", _interned_text),
    "architecture": ("architecture", _interned_text),
    "keyName": ("key_name", _interned_text),
    "launchTime": ("launched_at", lambda element: parse_time(element.text)),
    "instanceLifecycle": ("lifecycle", _interned_text),
    "ipAddress": ("public_ip", _text),
    "privateIpAddress": ("private_ip", _text),
    "dnsName": ("public_dns", _text),
    "ipv6Address": ("ipv6", _text),
    "networkInterfaceSet": (
        "ipv6",
        lambda element: element.findtext("item/ipv6AddressesSet/item/ipv6Address") or None,
    ),
    "vpcId": ("vpc_id", _interned_text),
    "subnetId": ("subnet_id", _interned_text),
    "groupSet": ("security_groups", _security_groups),
    "tagSet": ("tags", _decode_tag_set),
    "blockDeviceMapping": ("attachments", _attachments),
    "rootDeviceName": ("root_device", _interned_text),
    "stateReason": ("state_reason", _reason),
    "reason": ("transition_reason", _text),
    "spotInstanceRequestId": ("spot_request_id", _text),
    "clientToken": ("client_token", _interned_text),
    "platformDetails": ("platform", _interned_text),
    "platform": ("kind", _interned_text),
    "virtualizationType": ("virtualization", _interned_text),
    "currentInstanceBootMode": ("boot_mode", _interned_text),
    "bootMode": ("image_boot_mode", _interned_text),
    "enaSupport": ("ena", lambda element: element.text == "true"),
    "hibernationOptions": ("hibernation", lambda element: element.findtext("configured") == "true"),
    "iamInstanceProfile": (
        "instance_profile",
        lambda element: (element.findtext("arn") or "").rpartition("/")[2] or None,
    ),
}


def decode_volume(item: Any) -> Volume:
    text = item.findtext
    held = item.find("attachmentSet/item")
    tags = item.find("tagSet")
    return Volume(
        id=text("volumeId") or "",
        size=int(text("size") or 0),
        type=_intern(text("volumeType") or ""),
        zone=_intern(text("availabilityZone") or ""),
        state=_intern(text("status") or ""),
        created_at=parse_time(text("createTime")),
        iops=_int(text("iops")),
        throughput=_int(text("throughput")),
        encrypted=text("encrypted") == "true",
        snapshot_id=_intern(text("snapshotId") or "") or None,
        instance_id=None if held is None else held.findtext("instanceId"),
        device=None if held is None else _intern(held.findtext("device") or ""),
        delete_on_termination=held is not None and held.findtext("deleteOnTermination") == "true",
        tags={} if tags is None else _decode_tag_set(tags),
    )


def decode_spot_request(item: Any) -> SpotRequest:
    text, tags = item.findtext, item.find("tagSet")
    zone = text("launchedAvailabilityZone") or text("launchSpecification/placement/availabilityZone")
    return SpotRequest(
        id=text("spotInstanceRequestId") or "",
        state=_intern(text("state") or ""),
        type=_intern(text("type") or "one-time"),
        status_code=_intern(text("status/code") or ""),
        status_words=text("status/message") or "",
        instance_id=text("instanceId") or None,
        interruption=_intern(text("instanceInterruptionBehavior") or ""),
        created_at=parse_time(text("createTime")),
        status_at=parse_time(text("status/updateTime")),
        instance_type=_intern(text("launchSpecification/instanceType") or ""),
        zone=_intern(zone or ""),
        tags={} if tags is None else _decode_tag_set(tags),
    )


_CHECKS = {"instanceStatus": "instance", "systemStatus": "system", "attachedEbsStatus": "attached-ebs"}
_EVENT_OVER = ("[Completed]", "[Canceled]")  # how the description of an event begins that will not come any more


def decode_instance_status(item: Any) -> InstanceStatus:
    failed = [name for tag, name in _CHECKS.items() if item.findtext(f"{tag}/status") == "impaired"]
    moments = (
        parse_time(one.text)
        for tag, name in _CHECKS.items()
        if name in failed
        for one in item.findall(f"{tag}/details/item/impairedSince")
    )
    events = [
        ScheduledEvent(_intern(one.findtext("code") or ""), parse_time(one.findtext("notBefore")))
        for one in item.findall("eventsSet/item")
        if not (one.findtext("description") or "").startswith(_EVENT_OVER)
    ]
    return InstanceStatus(
        id=item.findtext("instanceId") or "",
        failed=tuple(failed),
        failed_since=min((moment for moment in moments if moment is not None), default=None),
        events=tuple(events),
    )


def _int(text: str | None) -> int | None:
    return int(text) if text else None


def decode_tags(part: Mapping[str, Any]) -> dict[str, str]:
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in part.get("Tags", ())}


def decode_image(reply: Mapping[str, Any]) -> Image:
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
        created_at=parse_time(reply.get("CreationDate")),
        root_device=root,
        root_size=sizes.get(root, 0),
        snapshot_ids=tuple(str(disk["SnapshotId"]) for _, disk in disks if disk.get("SnapshotId")),
        virtualization=str(reply.get("VirtualizationType", "hvm")),
        boot_mode=str(reply.get("BootMode", "")),
        ena=bool(reply.get("EnaSupport", True)),
        platform=str(reply.get("PlatformDetails", _DEFAULT_PLATFORM)),
        public=bool(reply.get("Public", False)),
        tags=decode_tags(reply),
        state_reason=_image_state_reason(reply.get("StateReason", {})),
        source_instance_id=str(reply.get("SourceInstanceId", "")),
        size=sum(sizes.values()),
        disks=tuple(_decode_image_volume(device, disk) for device, disk in disks),
    )


def _decode_image_volume(device: str, disk: Mapping[str, Any]) -> Volume:
    """The volume that a launch creates for an entry of an image's BlockDeviceMappings."""
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


def _image_state_reason(part: Mapping[str, Any]) -> str:
    code, words = str(part.get("Code", "")), str(part.get("Message", ""))
    return words if not code or words.startswith(code) else f"{code}: {words}".removesuffix(": ")


def decode_snapshot(reply: Mapping[str, Any]) -> Snapshot:
    stored, started_at = reply.get("FullSnapshotSizeInBytes"), reply.get("StartTime")
    return Snapshot(
        id=str(reply["SnapshotId"]),
        volume_size=int(reply.get("VolumeSize") or 0),
        state=str(reply.get("State", "completed")),
        progress=_fraction(str(reply.get("Progress") or "")),
        volume_id=str(reply.get("VolumeId", "")),
        started_at=None if started_at is None else started_at.astimezone(UTC),
        description=str(reply.get("Description", "")),
        state_reason=str(reply.get("StateMessage", "")),
        stored=stored / _GIB if stored else None,
        archived=reply.get("StorageTier") == "archive",
        tags=decode_tags(reply),
    )


def _fraction(percent: str) -> float:
    """0.42 for EC2's ``42%``. A snapshot has no progress in its first moment."""
    digits = percent.rstrip("%")
    return min(int(digits), 100) / 100 if digits.isdigit() else 0.0
