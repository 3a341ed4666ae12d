"""The checks of RunInstances: what is launched, where, and how it is paid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.catalogue import on_demand
from fe2tui.demo.errors import Refusal, invalid_value, missing
from fe2tui.demo.protocols import texts, truth
from fe2tui.demo.records import Group, Image, KeyPair, Subnet
from fe2tui.demo.rules.tags import asked_tags
from fe2tui.demo.rules.volumes import Shape, number, shape
from fe2tui.demo.services.service_quotas import spot_quota
from fe2tui.demo.spot_market import Series

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


@dataclass(slots=True)
class Place:
    """The subnets that would do, the first with capacity wins; `zone` is set when the launch named one."""

    subnets: list[Subnet]
    groups: list[Group]
    zone: str | None
    public_ip: bool | None


def choose_place(region: Region, params: Mapping[str, Any], kind: str) -> Place:
    """Where an instance of this type can go. Raises Refusal: no such subnet, group or zone, or no such type there."""
    interface: Mapping[str, Any] = next(iter(params.get("NetworkInterface") or ()), {})
    subnet_id = str(interface.get("SubnetId") or params.get("SubnetId") or "")
    zone = _zone(region, params.get("Placement") or {})
    offered = region.account.catalogue.offerings(region.name).get(kind, [])
    if not offered:
        raise Refusal(
            "Unsupported",
            "The requested configuration is currently not supported. Please check the documentation for supported "
            "configurations.",
        )
    subnets = [_subnet(region, subnet_id, zone)] if subnet_id else _default_subnets(region, zone)
    named = subnets[0].zone if subnet_id else zone
    if named and named not in offered:
        raise Refusal(
            "Unsupported",
            f"Your requested instance type ({kind}) is not supported in your requested Availability Zone ({named}). "
            f"Please retry your request by not specifying an Availability Zone or choosing {', '.join(offered)}.",
        )
    usable = [subnet for subnet in subnets if subnet.zone in offered]
    groups = _groups(region, params, interface, subnets[0].vpc_id)
    wish = interface.get("AssociatePublicIpAddress")
    return Place(usable, groups, named, None if wish is None else truth(wish))


def _zone(region: Region, placement: Mapping[str, Any]) -> str | None:
    zone = placement.get("AvailabilityZone")
    if not zone and placement.get("AvailabilityZoneId"):
        wanted = placement["AvailabilityZoneId"]
        zone = next((one for one in region.zones if region.zone_id(one) == wanted), wanted)
    if zone and zone not in region.zones:
        raise invalid_value(f"Invalid availability zone: [{zone}]")
    return str(zone) if zone else None


def _subnet(region: Region, subnet_id: str, zone: str | None) -> Subnet:
    subnet = region.subnets.get(subnet_id)
    if subnet is None:
        raise Refusal("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
    if zone and zone != subnet.zone:
        raise invalid_value(f"The subnet '{subnet_id}' is not in the availability zone '{zone}'")
    return subnet


def _default_subnets(region: Region, zone: str | None) -> list[Subnet]:
    vpc = region.default_vpc()
    if vpc is None:
        raise Refusal(
            "VPCIdNotSpecified",
            "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
        )
    subnets = [
        subnet
        for subnet in region.subnets.values()
        if subnet.vpc_id == vpc.id and subnet.is_default and zone in (None, subnet.zone)
    ]
    if not subnets:
        where = f" in availability zone {zone}" if zone else ""
        raise Refusal(
            "MissingInput", f"No subnets found for the default VPC '{vpc.id}'{where}. Please specify a subnet."
        )
    return subnets


def _groups(region: Region, params: Mapping[str, Any], interface: Mapping[str, Any], vpc_id: str) -> list[Group]:
    chosen: list[Group] = []
    for identity in texts(interface.get("SecurityGroupId")) + texts(params.get("SecurityGroupId")):
        group = region.groups.get(identity)
        if group is None:
            raise Refusal("InvalidGroup.NotFound", f"The security group '{identity}' does not exist")
        if group.vpc_id != vpc_id:
            raise Refusal("InvalidParameter", f"Security group {identity} and the subnet belong to different networks.")
        chosen.append(group)
    chosen += [group_named(region, name, vpc_id) for name in texts(params.get("SecurityGroup"))]
    return chosen or [group_named(region, "default", vpc_id)]


def group_named(region: Region, name: str, vpc_id: str) -> Group:
    """The group of that name in a network. Raises Refusal when there is none."""
    for group in region.groups.values():
        if group.name == name and group.vpc_id == vpc_id:
            return group
    raise Refusal("InvalidGroup.NotFound", f"The security group '{name}' does not exist in VPC '{vpc_id}'")


_ALIVE = ("pending", "running")


@dataclass(slots=True)
class Spot:
    """How a spot instance is asked for."""

    kind: str
    interruption: str
    max_price: str | None


def spot_wish(region: Region, params: Mapping[str, Any], kind: str) -> Spot | None:
    """How RunInstances asks for a spot instance; None when it does not. Raises Refusal in EC2's words."""
    market = params.get("InstanceMarketOptions") or {}
    if market.get("MarketType") != "spot":
        return None
    if "spot" not in region.account.catalogue.types[kind].usage_classes:
        raise invalid_value(
            f"Value ({kind}) for parameter instanceType is invalid. '{kind}' is an unsupported instance type"
        )
    options = market.get("SpotOptions") or {}
    request = options.get("SpotInstanceType", "one-time")
    interruption = options.get("InstanceInterruptionBehavior", "terminate")
    if request not in ("one-time", "persistent"):
        raise invalid_value(f"Invalid value '{request}' for SpotInstanceType.")
    if interruption not in ("terminate", "stop", "hibernate"):
        raise invalid_value(f"Invalid value '{interruption}' for InstanceInterruptionBehavior.")
    if (request == "persistent") == (interruption == "terminate"):
        raise Refusal(
            "InvalidParameterCombination",
            f"The request with type '{request}' is not supported when instanceInterruptionBehavior is set to "
            f"'{interruption}'.",
        )
    return Spot(request, interruption, _price(options.get("MaxPrice")))


def _price(text: str | None) -> str | None:
    try:
        if text is not None and Decimal(text) <= 0:
            raise invalid_value(f'Value ({text}) for parameter price is invalid. "{text}" is an invalid spot price')
    except InvalidOperation:
        raise invalid_value(f"Value ({text}) for parameter price is invalid.") from None
    return text


def refuse_over_quota(region: Region, kind: str, count: int) -> None:
    """Raises Refusal when the vCPUs of the account's spot instances would be more than its quota for their kind."""
    quota = spot_quota(kind)
    if quota is None:
        return
    code, allowed = quota
    types = region.account.catalogue.types
    used = sum(
        types[one.type].vcpus
        for one in region.instances.values()
        if one.spot_request_id and one.state in _ALIVE and (spot_quota(one.type) or ("", 0))[0] == code
    )
    if used + count * types[kind].vcpus > allowed:
        raise Refusal("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")


def price_too_low(region: Region, kind: str, zone: str, max_price: str | None) -> Refusal | None:
    """EC2's words when a zone asks more than is to be paid, which is the price on demand if nothing is said."""
    most = Decimal(max_price) if max_price else on_demand(kind)
    vcpus = region.account.catalogue.types[kind].vcpus
    asked = Series(region.account.options.seed, zone, kind, vcpus).now(region.now)
    if asked <= most:
        return None
    return Refusal(
        "SpotMaxPriceTooLow",
        f"Your Spot request price of {most} is lower than the minimum required Spot request fulfillment price of "
        f"{asked}.",
    )
