"""Where a launch goes: its zone, subnet and security groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.records import Group, Subnet
from fe2tui.demo.refusal import Refusal, invalid_value
from fe2tui.demo.wire import texts, truth


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
