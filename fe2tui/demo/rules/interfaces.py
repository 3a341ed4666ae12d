"""Network interfaces of instances, and networks and subnets made by hand."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from fe2tui.demo.account import ACCOUNT_ID, Region
from fe2tui.demo.dispatch import Call, answers
from fe2tui.demo.filters import Getter, matcher
from fe2tui.demo.founding import add_group
from fe2tui.demo.paging import page
from fe2tui.demo.records import Instance, Subnet, Vpc
from fe2tui.demo.refusal import Refusal, invalid_value
from fe2tui.demo.rules.instance_view import private_dns
from fe2tui.demo.rules.network import find_vpc, subnet_shown, vpc_shown
from fe2tui.demo.rules.tags import asked_tags
from fe2tui.demo.wire import truth

_FILTERS: dict[str, Getter] = {
    "addresses.private-ip-address": lambda i: i.private_ip,
    "association.public-ip": lambda i: i.public_ip,
    "attachment.instance-id": lambda i: i.id,
    "availability-zone": lambda i: i.zone,
    "group-id": lambda i: [group for group, _ in i.groups],
    "network-interface-id": lambda i: i.interface_id,
    "private-ip-address": lambda i: i.private_ip,
    "status": lambda i: "in-use",
    "subnet-id": lambda i: i.subnet_id,
    "vpc-id": lambda i: i.vpc_id,
}


def _interface(instance: Instance) -> dict[str, Any]:
    association = {"publicIp": instance.public_ip, "publicDnsName": "localhost", "ipOwnerId": "amazon"}
    return {
        "networkInterfaceId": instance.interface_id,
        "subnetId": instance.subnet_id,
        "vpcId": instance.vpc_id,
        "availabilityZone": instance.zone,
        "description": "",
        "ownerId": ACCOUNT_ID,
        "status": "in-use",
        "privateIpAddress": instance.private_ip,
        "privateDnsName": private_dns(instance),
        "sourceDestCheck": instance.source_dest_check,
        "groupSet": [{"groupId": group, "groupName": name} for group, name in instance.groups],
        "attachment": {
            "attachmentId": "eni-attach-" + instance.id[2:],
            "instanceId": instance.id,
            "deviceIndex": 0,
            "status": "attached",
            "attachTime": instance.launched_at,
            "deleteOnTermination": True,
        },
        "association": association if instance.public_ip else None,
        "interfaceType": "interface",
    }


@answers("DescribeNetworkInterfaces")
def describe_network_interfaces(call: Call) -> Mapping[str, Any]:
    """One an instance."""
    ids = call.texts("NetworkInterfaceId")
    alive = [one for one in call.region.instances.values() if one.state != "terminated"]
    known = {one.interface_id for one in alive}
    for identity in ids:
        if identity not in known:
            raise Refusal("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{identity}' does not exist")
    matches = matcher(call.params.get("Filter"), _FILTERS)
    chosen = [one for one in alive if (not ids or one.interface_id in ids) and matches(one)]
    shown, token = page(chosen, call.params)
    return {"networkInterfaceSet": [_interface(one) for one in shown], "nextToken": token}


def _network(text: str) -> ipaddress.IPv4Network:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        raise invalid_value(
            f"Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        ) from None
    if not 16 <= network.prefixlen <= 28:
        raise Refusal("InvalidVpc.Range", f"The CIDR '{text}' is invalid.")
    return network


@answers("CreateVpc")
def create_vpc(call: Call) -> Mapping[str, Any]:
    """A network without subnets."""
    region = call.region
    network = _network(call.text("CidrBlock"))
    vpc = Vpc(region.serial(), region.new_id("vpc"), str(network), tags=asked_tags(call.params, "vpc"))
    region.vpcs[vpc.id] = vpc
    add_group(region, vpc.id, "default", "default VPC security group")
    return {"vpc": vpc_shown(vpc)}


@answers("CreateSubnet")
def create_subnet(call: Call) -> Mapping[str, Any]:
    """Within its network's range, beside the other subnets; gives no public addresses unless told to."""
    region = call.region
    vpc = find_vpc(region, call.text("VpcId"))
    network = _network(call.text("CidrBlock"))
    if not network.subnet_of(ipaddress.IPv4Network(vpc.cidr)):
        raise Refusal("InvalidSubnet.Range", f"The CIDR '{network}' is invalid.")
    for other in region.subnets.values():
        if other.vpc_id == vpc.id and network.overlaps(ipaddress.IPv4Network(other.cidr)):
            raise Refusal("InvalidSubnet.Conflict", f"The CIDR '{network}' conflicts with another subnet")
    zone = call.text("AvailabilityZone") or region.zones[0]
    if zone not in region.zones:
        raise invalid_value(f"Value ({zone}) for parameter availabilityZone is invalid.")
    subnet = Subnet(
        region.serial(),
        region.new_id("subnet"),
        vpc.id,
        zone,
        str(network),
        public_ips=False,
        tags=asked_tags(call.params, "subnet"),
    )
    region.subnets[subnet.id] = subnet
    return {"subnet": subnet_shown(region, subnet)}


def _find_subnet(region: Region, identity: str) -> Subnet:
    if identity not in region.subnets:
        raise Refusal("InvalidSubnetID.NotFound", f"The subnet ID '{identity}' does not exist")
    return region.subnets[identity]


@answers("ModifySubnetAttribute")
def modify_subnet_attribute(call: Call) -> Mapping[str, Any]:
    """Whether its instances get public addresses."""
    subnet = _find_subnet(call.region, call.text("SubnetId"))
    wish = call.params.get("MapPublicIpOnLaunch")
    if isinstance(wish, Mapping):
        subnet.public_ips = truth(wish.get("Value"))
    return {"return": True}
