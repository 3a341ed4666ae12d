"""The checks of RunInstances: what is launched, where, and how it is paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from fe2tui.demo.account import Region
from fe2tui.demo.catalogue import on_demand
from fe2tui.demo.errors import ApiError, find, invalid_combination, invalid_value, missing_parameter
from fe2tui.demo.protocols import texts, truth
from fe2tui.demo.records import Image, KeyPair, SecurityGroup, Subnet, VolumeShape
from fe2tui.demo.rules.images import find_image
from fe2tui.demo.rules.tags import requested_tags
from fe2tui.demo.rules.volumes import existing_snapshot, integer, requested_shape
from fe2tui.demo.services.service_quotas import spot_quota
from fe2tui.demo.spot_market import PriceSeries


class PlannedVolume(NamedTuple):
    device: str
    shape: VolumeShape
    snapshot_id: str
    delete_on_termination: bool
    encrypted: bool


@dataclass(slots=True)
class LaunchPlan:
    """A launch that has passed all checks except capacity."""

    image: Image
    type: str
    key: KeyPair | None
    placement: Placement
    volumes: list[PlannedVolume]
    count: int
    spot: SpotOptions | None
    params: Mapping[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    volume_tags: dict[str, str] = field(default_factory=dict)
    spot_tags: dict[str, str] = field(default_factory=dict)


def plan_launch(region: Region, params: Mapping[str, Any]) -> LaunchPlan:
    if "LaunchTemplate" in params:
        raise ApiError("UnsupportedOperation", "The demo cloud has no launch templates.")
    count = _count(params)
    image = find_image(region, str(params.get("ImageId", "")))
    if image.state != "available":
        raise ApiError("InvalidAMIID.Unavailable", f"The image ID '{image.id}' is not available")
    type_name = _supported_type(region, params, image)
    name = params.get("KeyName")
    return LaunchPlan(
        image=image,
        type=type_name,
        key=find(region.key_pairs, name, "InvalidKeyPair", "key pair") if name else None,
        placement=choose_placement(region, params, type_name),
        volumes=_plan_volumes(region, params, image),
        count=count,
        spot=spot_options(region, params, type_name),
        params=params,
        tags=requested_tags(params, "instance"),
        volume_tags=requested_tags(params, "volume"),
        spot_tags=requested_tags(params, "spot-instances-request"),
    )


def _count(params: Mapping[str, Any]) -> int:
    """The number of instances: MaxCount, since a zone has capacity for all or for none."""
    least, most = integer(params, "MinCount"), integer(params, "MaxCount")
    if least is None or most is None:
        raise missing_parameter("MinCount" if least is None else "MaxCount")
    if least < 1 or most < least:
        raise invalid_value(f"Value ({least}) for parameter minCount is invalid.")
    return most


def _supported_type(region: Region, params: Mapping[str, Any], image: Image) -> str:
    type_name = str(params.get("InstanceType") or "m1.small")
    catalogue = region.account.catalogue
    if type_name not in catalogue.types:
        raise invalid_value(f"Invalid value '{type_name}' for InstanceType.")
    architectures = catalogue.types[type_name].architectures
    if image.architecture not in architectures:
        raise invalid_value(
            f"The architecture '{','.join(architectures)}' of the specified instance type does not match the "
            f"architecture '{image.architecture}' of the specified AMI. Specify an instance type and an AMI that have "
            "matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to "
            "discover the architecture of the instance type or AMI."
        )
    return type_name


def _plan_volumes(region: Region, params: Mapping[str, Any], image: Image) -> list[PlannedVolume]:
    """The image's volumes with the changes of the launch, and those that the launch adds."""
    mappings: dict[str, Mapping[str, Any]] = {}
    for entry in params.get("BlockDeviceMapping", ()):
        device = str(entry.get("DeviceName", ""))
        if not device:
            raise missing_parameter("DeviceName")
        mappings[device] = entry
    volumes: list[PlannedVolume] = []
    for disk in image.disks:
        entry = mappings.pop(disk.device, {})
        if "NoDevice" in entry and disk.device != image.root_device:
            continue
        own = {
            "SnapshotId": disk.snapshot_id or "",
            "VolumeType": disk.type,
            "DeleteOnTermination": str(disk.delete_on_termination),
        }
        ebs = own | (entry.get("Ebs") or {})
        if ebs["VolumeType"] == disk.type:
            ebs = {"Iops": disk.iops, "Throughput": disk.throughput} | ebs
        volumes.append(_plan_volume(region, disk.device, ebs, disk.size))
    for device, entry in mappings.items():
        if "VirtualName" not in entry and "NoDevice" not in entry:
            volumes.append(_plan_volume(region, device, entry.get("Ebs") or {}, None))
    return volumes


def _plan_volume(region: Region, device: str, ebs: Mapping[str, Any], default: int | None) -> PlannedVolume:
    snapshot_id = str(ebs.get("SnapshotId") or "")
    least = existing_snapshot(region, snapshot_id).size if snapshot_id else 0
    size = integer(ebs, "VolumeSize") or default or least
    if not size:
        raise missing_parameter("size or snapshotId")
    if size < least:
        message = f"Volume of size {size}GB is smaller than snapshot '{snapshot_id}', expect size >= {least}GB"
        raise ApiError("InvalidBlockDeviceMapping", message)
    delete = str(ebs.get("DeleteOnTermination", "true")).lower() != "false"
    return PlannedVolume(device, requested_shape(size, ebs), snapshot_id, delete, truth(ebs.get("Encrypted")))


@dataclass(slots=True)
class Placement:
    """The subnets to try in order; `zone` is the one that the launch names, if any."""

    subnets: list[Subnet]
    groups: list[SecurityGroup]
    zone: str | None
    public_ip: bool | None


def choose_placement(region: Region, params: Mapping[str, Any], type_name: str) -> Placement:
    interface: Mapping[str, Any] = next(iter(params.get("NetworkInterface") or ()), {})
    subnet_id = str(interface.get("SubnetId") or params.get("SubnetId") or "")
    zone = _zone(region, params.get("Placement") or {})
    offered = region.account.catalogue.offerings(region.name).get(type_name, [])
    if not offered:
        message = "The requested configuration is currently not supported."
        raise ApiError("Unsupported", f"{message} Please check the documentation for supported configurations.")
    subnets = [find(region.subnets, subnet_id, "InvalidSubnetID", "subnet ID")] if subnet_id else []
    if subnets and zone not in (None, subnets[0].zone):
        raise invalid_value(f"The subnet '{subnet_id}' is not in the availability zone '{zone}'")
    subnets = subnets or _default_subnets(region, zone)
    named = subnets[0].zone if subnet_id else zone
    if named and named not in offered:
        raise ApiError(
            "Unsupported",
            f"Your requested instance type ({type_name}) is not supported in your requested Availability Zone "
            f"({named}). Please retry your request by not specifying an Availability Zone or choosing "
            f"{', '.join(offered)}.",
        )
    usable = [subnet for subnet in subnets if subnet.zone in offered]
    groups = _groups(region, params, interface, subnets[0].vpc_id)
    public_ip = interface.get("AssociatePublicIpAddress")
    return Placement(usable, groups, named, None if public_ip is None else truth(public_ip))


def _zone(region: Region, placement: Mapping[str, Any]) -> str | None:
    zone_id = placement.get("AvailabilityZoneId")
    by_id = {region.zone_id(zone): zone for zone in region.zones}
    zone = placement.get("AvailabilityZone") or by_id.get(str(zone_id), zone_id)
    if zone and zone not in region.zones:
        raise invalid_value(f"Invalid availability zone: [{zone}]")
    return str(zone) if zone else None


def _default_subnets(region: Region, zone: str | None) -> list[Subnet]:
    vpc = region.default_vpc()
    if vpc is None:
        message = "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC."
        raise ApiError("VPCIdNotSpecified", message)
    subnets = [
        subnet
        for subnet in region.subnets.values()
        if subnet.vpc_id == vpc.id and subnet.is_default and zone in (None, subnet.zone)
    ]
    if not subnets:
        where = f"'{vpc.id}' in availability zone {zone}" if zone else f"'{vpc.id}'"
        raise ApiError("MissingInput", f"No subnets found for the default VPC {where}. Please specify a subnet.")
    return subnets


def _groups(
    region: Region, params: Mapping[str, Any], interface: Mapping[str, Any], vpc_id: str
) -> list[SecurityGroup]:
    groups: list[SecurityGroup] = []
    for identity in texts(interface.get("SecurityGroupId")) + texts(params.get("SecurityGroupId")):
        group = find(region.security_groups, identity, "InvalidGroup", "security group")
        if group.vpc_id != vpc_id:
            message = f"Security group {identity} and the subnet belong to different networks."
            raise ApiError("InvalidParameter", message)
        groups.append(group)
    groups += [group_named(region, name, vpc_id) for name in texts(params.get("SecurityGroup"))]
    return groups or [group_named(region, "default", vpc_id)]


def group_named(region: Region, name: str, vpc_id: str) -> SecurityGroup:
    for group in region.security_groups.values():
        if group.name == name and group.vpc_id == vpc_id:
            return group
    raise ApiError("InvalidGroup.NotFound", f"The security group '{name}' does not exist in VPC '{vpc_id}'")


class SpotOptions(NamedTuple):
    """SpotOptions of a launch; the maximum price is in dollars an hour."""

    type: str
    interruption: str
    max_price: str | None


def spot_options(region: Region, params: Mapping[str, Any], type_name: str) -> SpotOptions | None:
    """The options of a launch on the spot market; None for one on demand. Raises ApiError.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SpotMarketOptions.html
    """
    market = params.get("InstanceMarketOptions") or {}
    if market.get("MarketType") != "spot":
        return None
    if "spot" not in region.account.catalogue.types[type_name].usage_classes:
        what = f"Value ({type_name}) for parameter instanceType is invalid."
        raise invalid_value(f"{what} '{type_name}' is an unsupported instance type")
    options = market.get("SpotOptions") or {}
    request = options.get("SpotInstanceType", "one-time")
    interruption = options.get("InstanceInterruptionBehavior", "terminate")
    if request not in ("one-time", "persistent"):
        raise invalid_value(f"Invalid value '{request}' for SpotInstanceType.")
    if interruption not in ("terminate", "stop", "hibernate"):
        raise invalid_value(f"Invalid value '{interruption}' for InstanceInterruptionBehavior.")
    if (request == "persistent") == (interruption == "terminate"):
        what = f"The request with type '{request}' is not supported"
        raise invalid_combination(f"{what} when instanceInterruptionBehavior is set to '{interruption}'.")
    return SpotOptions(request, interruption, _max_price(options.get("MaxPrice")))


def _max_price(text: str | None) -> str | None:
    try:
        if text is not None and Decimal(text) <= 0:
            raise invalid_value(f'Value ({text}) for parameter price is invalid. "{text}" is an invalid spot price')
    except InvalidOperation:
        raise invalid_value(f"Value ({text}) for parameter price is invalid.") from None
    return text


def check_spot_quota(region: Region, type_name: str, count: int) -> None:
    """Raises ApiError if the launch would exceed the account's quota of spot vCPUs for this class of types."""
    quota = spot_quota(type_name)
    if quota is None:
        return
    types = region.account.catalogue.types
    alive = [one for one in region.instances.values() if one.spot_request_id and one.state in ("pending", "running")]
    used = sum(types[one.type].vcpus for one in alive if spot_quota(one.type) == quota)
    if used + count * types[type_name].vcpus > quota[1]:
        raise ApiError("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")


def max_price_error(region: Region, type_name: str, zone: str, max_price: str | None) -> ApiError | None:
    """The error of a maximum price below the spot price; None if it suffices. It defaults to the on-demand price."""
    most = Decimal(max_price) if max_price else on_demand(type_name)
    vcpus = region.account.catalogue.types[type_name].vcpus
    price = PriceSeries(region.account.options.seed, zone, type_name, vcpus).price_at(region.now)
    if price <= most:
        return None
    needed = f"the minimum required Spot request fulfillment price of {price}"
    return ApiError("SpotMaxPriceTooLow", f"Your Spot request price of {most} is lower than {needed}.")
