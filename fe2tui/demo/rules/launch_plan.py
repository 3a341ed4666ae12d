"""What a launch asks for, checked as EC2 checks it before anything is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.records import Image, KeyPair
from fe2tui.demo.refusal import Refusal, invalid_value, missing
from fe2tui.demo.rules.launch_place import Place, choose_place
from fe2tui.demo.rules.spot_launch import Spot, spot_wish
from fe2tui.demo.rules.tags import asked_tags
from fe2tui.demo.volume_shapes import Shape, number, shape
from fe2tui.demo.wire import truth

_AMI_ID = re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})\Z")


@dataclass(slots=True)
class PlannedDisk:
    """A volume to be made with the instance."""

    device: str
    shape: Shape
    snapshot_id: str
    delete_on_termination: bool
    encrypted: bool


@dataclass(slots=True)
class Plan:
    """A launch that nothing stands against any more, but for capacity."""

    image: Image
    type: str
    key: KeyPair | None
    place: Place
    disks: list[PlannedDisk]
    least: int
    most: int
    spot: Spot | None
    params: Mapping[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    volume_tags: dict[str, str] = field(default_factory=dict)
    spot_tags: dict[str, str] = field(default_factory=dict)


def plan_launch(region: Region, params: Mapping[str, Any]) -> Plan:
    """Checks the parameters of RunInstances. Raises Refusal in EC2's words."""
    if "LaunchTemplate" in params:
        raise Refusal("UnsupportedOperation", "This cloud launches without launch templates.")
    least, most = _counts(params)
    image = find_image(region, params)
    kind = _checked_type(region, params, image)
    key = _key(region, params)
    place = choose_place(region, params, kind)
    return Plan(
        image=image,
        type=kind,
        key=key,
        place=place,
        disks=plan_disks(region, params, image),
        least=least,
        most=most,
        spot=spot_wish(region, params, kind),
        params=params,
        tags=asked_tags(params, "instance"),
        volume_tags=asked_tags(params, "volume"),
        spot_tags=asked_tags(params, "spot-instances-request"),
    )


def _counts(params: Mapping[str, Any]) -> tuple[int, int]:
    least, most = number(params, "MinCount"), number(params, "MaxCount")
    if least is None:
        raise missing("MinCount")
    if most is None:
        raise missing("MaxCount")
    if least < 1 or most < least:
        raise invalid_value(f"Value ({least}) for parameter minCount is invalid.")
    return least, most


def find_image(region: Region, params: Mapping[str, Any]) -> Image:
    """The image of a launch. Raises Refusal when it is unknown or not ready."""
    identity = str(params.get("ImageId", ""))
    if not identity:
        raise missing("ImageId")
    if not _AMI_ID.match(identity):
        raise Refusal("InvalidAMIID.Malformed", f'Invalid id: "{identity}" (expecting "ami-...")')
    image = region.images.get(identity)
    if image is None:
        raise Refusal("InvalidAMIID.NotFound", f"The image id '[{identity}]' does not exist")
    if image.state != "available":
        raise Refusal("InvalidAMIID.Unavailable", f"The image ID '{identity}' is not available")
    return image


def _checked_type(region: Region, params: Mapping[str, Any], image: Image) -> str:
    kind = str(params.get("InstanceType") or "m1.small")
    catalogue = region.account.catalogue
    if kind not in catalogue.types:
        raise invalid_value(f"Invalid value '{kind}' for InstanceType.")
    architectures = catalogue.types[kind].architectures
    if image.architecture not in architectures:
        raise invalid_value(
            f"The architecture '{','.join(architectures)}' of the specified instance type does not match the "
            f"architecture '{image.architecture}' of the specified AMI. Specify an instance type and an AMI that have "
            "matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to "
            "discover the architecture of the instance type or AMI."
        )
    return kind


def _key(region: Region, params: Mapping[str, Any]) -> KeyPair | None:
    name = params.get("KeyName")
    if not name:
        return None
    if name not in region.keys:
        raise Refusal("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")
    return region.keys[name]


def plan_disks(region: Region, params: Mapping[str, Any], image: Image) -> list[PlannedDisk]:
    """The image's disks as the launch changes them, and those that it adds."""
    wishes: dict[str, Mapping[str, Any]] = {}
    for entry in params.get("BlockDeviceMapping", ()):
        device = str(entry.get("DeviceName", ""))
        if not device:
            raise missing("DeviceName")
        wishes[device] = entry
    disks: list[PlannedDisk] = []
    for disk in image.disks:
        entry = wishes.pop(disk.device, {})
        if "NoDevice" in entry and disk.device != image.root_device:
            continue
        ebs = dict(entry.get("Ebs") or {})
        ebs.setdefault("SnapshotId", disk.snapshot_id or "")
        ebs.setdefault("VolumeType", disk.kind)
        if ebs["VolumeType"] == disk.kind:
            ebs.setdefault("Iops", disk.iops)
            ebs.setdefault("Throughput", disk.throughput)
        ebs.setdefault("DeleteOnTermination", "true" if disk.delete_on_termination else "false")
        disks.append(_planned(region, disk.device, ebs, disk.size))
    for device, entry in wishes.items():
        if "VirtualName" not in entry and "NoDevice" not in entry:
            disks.append(_planned(region, device, entry.get("Ebs") or {}, None))
    return disks


def _planned(region: Region, device: str, ebs: Mapping[str, Any], given: int | None) -> PlannedDisk:
    snapshot_id = str(ebs.get("SnapshotId") or "")
    least = 0
    if snapshot_id:
        snapshot = region.snapshots.get(snapshot_id)
        if snapshot is None:
            raise Refusal("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
        least = snapshot.size
    size = number(ebs, "VolumeSize") or given or least
    if not size:
        raise missing("size or snapshotId")
    if size < least:
        raise Refusal(
            "InvalidBlockDeviceMapping",
            f"Volume of size {size}GB is smaller than snapshot '{snapshot_id}', expect size >= {least}GB",
        )
    made = shape(size, str(ebs.get("VolumeType") or "gp2"), number(ebs, "Iops"), number(ebs, "Throughput"))
    keep = str(ebs.get("DeleteOnTermination", "true")).lower() == "false"
    return PlannedDisk(device, made, snapshot_id, not keep, truth(ebs.get("Encrypted")))
