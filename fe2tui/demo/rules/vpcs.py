"""VPCs, subnets, internet gateways, network interfaces and elastic IP addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from fe2tui.demo import default_network, instance_states
from fe2tui.demo.account import ACCOUNT_ID, Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import Getter, matcher, select
from fe2tui.demo.errors import ApiError, find, invalid_value, missing_parameter
from fe2tui.demo.protocols import tag_set, truth
from fe2tui.demo.records import Address, Instance, Subnet, Vpc
from fe2tui.demo.rules.instances import find_instances, private_dns
from fe2tui.demo.rules.tags import requested_tags

_VPC_FILTERS: dict[str, Getter] = {
    "cidr": lambda v: v.cidr,
    "cidr-block-association.cidr-block": lambda v: v.cidr,
    "dhcp-options-id": lambda v: "dopt-0fe2tui",
    "is-default": lambda v: v.is_default,
    "isDefault": lambda v: v.is_default,
    "owner-id": lambda v: ACCOUNT_ID,
    "state": lambda v: "available",
    "vpc-id": lambda v: v.id,
}


def vpc_description(vpc: Vpc) -> dict[str, Any]:
    block = {
        "cidrBlock": vpc.cidr,
        "associationId": "vpc-cidr-assoc-" + vpc.id[4:],
        "cidrBlockState": {"state": "associated"},
    }
    return {
        "vpcId": vpc.id,
        "ownerId": ACCOUNT_ID,
        "state": "available",
        "cidrBlock": vpc.cidr,
        "cidrBlockAssociationSet": [block],
        "dhcpOptionsId": "dopt-0fe2tui",
        "instanceTenancy": "default",
        "isDefault": vpc.is_default,
        "tagSet": tag_set(vpc.tags) or None,
    }


def find_vpc(region: Region, identity: str) -> Vpc:
    return find(region.vpcs, identity, "InvalidVpcID", "vpc ID")


def find_subnet(region: Region, identity: str) -> Subnet:
    return find(region.subnets, identity, "InvalidSubnetID", "subnet ID")


@operation("DescribeVpcs")
def describe_vpcs(call: Call) -> Mapping[str, Any]:
    ids = call.texts("VpcId")
    vpcs = [find_vpc(call.region, one) for one in ids] if ids else list(call.region.vpcs.values())
    shown, token = select(vpcs, call.params, _VPC_FILTERS)
    return {"vpcSet": [vpc_description(vpc) for vpc in shown], "nextToken": token}


@operation("CreateDefaultVpc")
def create_default_vpc(call: Call) -> Mapping[str, Any]:
    existing = call.region.default_vpc()
    if existing is not None:
        message = f"A Default VPC already exists for this account in this region: {existing.id}"
        raise ApiError("DefaultVpcAlreadyExists", message)
    return {"vpc": vpc_description(default_network.create_default_vpc(call.region))}


@operation("DeleteVpc")
def delete_vpc(call: Call) -> Mapping[str, Any]:
    """Fails while it has subnets or security groups besides `default`."""
    region = call.region
    vpc = find_vpc(region, call.text("VpcId"))
    groups = [one for one in region.security_groups.values() if one.vpc_id == vpc.id]
    has_subnets = any(subnet.vpc_id == vpc.id for subnet in region.subnets.values())
    if has_subnets or any(group.name != "default" for group in groups):
        raise ApiError("DependencyViolation", f"The vpc '{vpc.id}' has dependencies and cannot be deleted.")
    for group in groups:
        del region.security_groups[group.id]
    del region.vpcs[vpc.id]
    return {"return": True}


@operation("DescribeInternetGateways")
def describe_internet_gateways(call: Call) -> Mapping[str, Any]:
    """The default VPC has one, other VPCs have none."""
    ids = call.texts("InternetGatewayId")
    vpcs = [vpc for vpc in call.region.vpcs.values() if vpc.is_default and (not ids or _gateway_id(vpc) in ids)]
    matches = matcher(call.params.get("Filter"), _GATEWAY_FILTERS)
    return {"internetGatewaySet": [_gateway(vpc) for vpc in vpcs if matches(vpc)]}


def _gateway_id(vpc: Vpc) -> str:
    return "igw-" + vpc.id[4:]


def _gateway(vpc: Vpc) -> dict[str, Any]:
    attachments = [{"state": "available", "vpcId": vpc.id}]
    return {"internetGatewayId": _gateway_id(vpc), "ownerId": ACCOUNT_ID, "attachmentSet": attachments}


_GATEWAY_FILTERS: dict[str, Getter] = {
    "attachment.state": lambda v: "available",
    "attachment.vpc-id": lambda v: v.id,
    "internet-gateway-id": _gateway_id,
    "owner-id": lambda v: ACCOUNT_ID,
}


_SUBNET_FILTERS: dict[str, Getter] = {
    "availability-zone": lambda s: s.zone,
    "availabilityZone": lambda s: s.zone,
    "available-ip-address-count": lambda s: _free(s),
    "cidr": lambda s: s.cidr,
    "cidr-block": lambda s: s.cidr,
    "cidrBlock": lambda s: s.cidr,
    "default-for-az": lambda s: s.is_default,
    "defaultForAz": lambda s: s.is_default,
    "map-public-ip-on-launch": lambda s: s.public_ips,
    "owner-id": lambda s: ACCOUNT_ID,
    "state": lambda s: "available",
    "subnet-id": lambda s: s.id,
    "vpc-id": lambda s: s.vpc_id,
}


def _free(subnet: Subnet) -> int:
    return max(0, ipaddress.IPv4Network(subnet.cidr).num_addresses - 5 - subnet.used_addresses)


def subnet_description(region: Region, subnet: Subnet) -> dict[str, Any]:
    return {
        "subnetId": subnet.id,
        "subnetArn": f"arn:aws:ec2:{region.name}:{region.owner_id}:subnet/{subnet.id}",
        "state": "available",
        "ownerId": region.owner_id,
        "vpcId": subnet.vpc_id,
        "cidrBlock": subnet.cidr,
        "ipv6CidrBlockAssociationSet": [],
        "availableIpAddressCount": _free(subnet),
        "availabilityZone": subnet.zone,
        "availabilityZoneId": region.zone_id(subnet.zone),
        "defaultForAz": subnet.is_default,
        "mapPublicIpOnLaunch": subnet.public_ips,
        "assignIpv6AddressOnCreation": False,
        "tagSet": tag_set(subnet.tags) or None,
    }


@operation("DescribeSubnets")
def describe_subnets(call: Call) -> Mapping[str, Any]:
    region = call.region
    ids = call.texts("SubnetId")
    subnets = [find_subnet(region, one) for one in ids] if ids else list(region.subnets.values())
    shown, token = select(subnets, call.params, _SUBNET_FILTERS)
    return {"subnetSet": [subnet_description(region, subnet) for subnet in shown], "nextToken": token}


@operation("DeleteSubnet")
def delete_subnet(call: Call) -> Mapping[str, Any]:
    region = call.region
    subnet = find_subnet(region, call.text("SubnetId"))
    if any(one.subnet_id == subnet.id and one.state != "terminated" for one in region.instances.values()):
        raise ApiError("DependencyViolation", f"The subnet '{subnet.id}' has dependencies and cannot be deleted.")
    del region.subnets[subnet.id]
    return {"return": True}


def _address(address: Address, region: Region) -> dict[str, Any]:
    instance = region.instances.get(address.instance_id or "")
    return {
        "publicIp": address.public_ip,
        "allocationId": address.id,
        "domain": "vpc",
        "instanceId": address.instance_id,
        "associationId": address.association_id,
        "networkInterfaceId": instance.interface_id if instance else None,
        "privateIpAddress": instance.private_ip if instance else None,
        "networkBorderGroup": region.name,
        "tagSet": tag_set(address.tags) or None,
    }


@operation("DescribeAddresses")
def describe_addresses(call: Call) -> Mapping[str, Any]:
    """All elastic addresses, each of them 127.0.0.1 like every public address of the demo."""
    ids = call.texts("AllocationId")
    matches = matcher(call.params.get("Filter"), _ADDRESS_FILTERS)
    chosen = [one for one in call.region.addresses.values() if (not ids or one.id in ids) and matches(one)]
    return {"addressesSet": [_address(one, call.region) for one in chosen]}


_ADDRESS_FILTERS: dict[str, Getter] = {
    "allocation-id": lambda a: a.id,
    "association-id": lambda a: a.association_id,
    "domain": lambda a: "vpc",
    "instance-id": lambda a: a.instance_id,
    "public-ip": lambda a: a.public_ip,
}


@operation("AllocateAddress")
def allocate_address(call: Call) -> Mapping[str, Any]:
    region = call.region
    tags = requested_tags(call.params, "elastic-ip")
    address = Address(*region.identity("eipalloc"), instance_states.LOOPBACK, tags=tags)
    region.addresses[address.id] = address
    reply = _address(address, region)
    return {name: reply[name] for name in ("publicIp", "allocationId", "domain", "networkBorderGroup")}


def _find_address(call: Call) -> Address:
    identity = call.text("AllocationId")
    if not identity:
        raise missing_parameter("AllocationId")
    return find(call.region.addresses, identity, "InvalidAllocationID", "allocation ID")


@operation("AssociateAddress")
def associate_address(call: Call) -> Mapping[str, Any]:
    region = call.region
    address = _find_address(call)
    instance = find_instances(region, [call.text("InstanceId")])[0]
    address.instance_id, address.association_id = instance.id, region.new_id("eipassoc")
    instance_states.give_address(region, instance)
    return {"return": True, "associationId": address.association_id}


@operation("ReleaseAddress")
def release_address(call: Call) -> Mapping[str, Any]:
    address = _find_address(call)
    if address.instance_id:
        raise ApiError("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")
    del call.region.addresses[address.id]
    return {"return": True}


_INTERFACE_FILTERS: dict[str, Getter] = {
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


@operation("DescribeNetworkInterfaces")
def describe_network_interfaces(call: Call) -> Mapping[str, Any]:
    """Each instance has one."""
    ids = call.texts("NetworkInterfaceId")
    alive = [one for one in call.region.instances.values() if one.state != "terminated"]
    known = {one.interface_id: one for one in alive}
    for identity in ids:
        find(known, identity, "InvalidNetworkInterfaceID", "networkInterface ID")
    chosen = [one for one in alive if not ids or one.interface_id in ids]
    shown, token = select(chosen, call.params, _INTERFACE_FILTERS)
    return {"networkInterfaceSet": [_interface(one) for one in shown], "nextToken": token}


def _network(text: str) -> ipaddress.IPv4Network:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        what = f"Value ({text}) for parameter cidrBlock is invalid."
        raise invalid_value(f"{what} This is not a valid CIDR block.") from None
    if not 16 <= network.prefixlen <= 28:
        raise ApiError("InvalidVpc.Range", f"The CIDR '{text}' is invalid.")
    return network


@operation("CreateVpc")
def create_vpc(call: Call) -> Mapping[str, Any]:
    region = call.region
    network = _network(call.text("CidrBlock"))
    vpc = Vpc(*region.identity("vpc"), str(network), tags=requested_tags(call.params, "vpc"))
    region.vpcs[vpc.id] = vpc
    default_network.create_security_group(region, vpc.id, "default", "default VPC security group")
    return {"vpc": vpc_description(vpc)}


@operation("CreateSubnet")
def create_subnet(call: Call) -> Mapping[str, Any]:
    """A subnet in a free part of the VPC's range; its instances get no public addresses at first."""
    region = call.region
    vpc = find_vpc(region, call.text("VpcId"))
    network = _network(call.text("CidrBlock"))
    if not network.subnet_of(ipaddress.IPv4Network(vpc.cidr)):
        raise ApiError("InvalidSubnet.Range", f"The CIDR '{network}' is invalid.")
    for other in region.subnets.values():
        if other.vpc_id == vpc.id and network.overlaps(ipaddress.IPv4Network(other.cidr)):
            raise ApiError("InvalidSubnet.Conflict", f"The CIDR '{network}' conflicts with another subnet")
    zone = call.text("AvailabilityZone") or region.zones[0]
    if zone not in region.zones:
        raise invalid_value(f"Value ({zone}) for parameter availabilityZone is invalid.")
    tags = requested_tags(call.params, "subnet")
    subnet = Subnet(*region.identity("subnet"), vpc.id, zone, str(network), public_ips=False, tags=tags)
    region.subnets[subnet.id] = subnet
    return {"subnet": subnet_description(region, subnet)}


@operation("ModifySubnetAttribute")
def modify_subnet_attribute(call: Call) -> Mapping[str, Any]:
    subnet = find_subnet(call.region, call.text("SubnetId"))
    attribute = call.params.get("MapPublicIpOnLaunch")
    if isinstance(attribute, Mapping):
        subnet.public_ips = truth(attribute.get("Value"))
    return {"return": True}
