"""Security groups and their rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from fe2tui.demo import default_network
from fe2tui.demo.account import ACCOUNT_ID, Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import Getter, check_no_ids_with_pages, select
from fe2tui.demo.errors import ApiError, find, invalid_value, missing_parameter
from fe2tui.demo.protocols import tag_set
from fe2tui.demo.records import SecurityGroup, SecurityGroupRule
from fe2tui.demo.rules.launch_plan import group_named
from fe2tui.demo.rules.tags import requested_tags
from fe2tui.demo.rules.volumes import integer
from fe2tui.demo.rules.vpcs import find_vpc

_SOURCES = {
    "cidr": ("IpRanges", "CidrIp"),
    "cidr6": ("Ipv6Ranges", "CidrIpv6"),
    "group": ("Groups", "GroupId"),
    "prefix": ("PrefixListIds", "PrefixListId"),
}
"""Each kind of source, with the parameters that hold it."""

_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}


def _permission_getters(prefix: str, egress: bool) -> dict[str, Getter]:
    def of(look: Getter) -> Getter:
        return lambda group: [look(rule) for rule in group.rules if rule.egress == egress]

    def source(kind: str) -> Getter:
        return of(lambda rule: rule.source[1] if rule.source[0] == kind else None)

    return {
        f"{prefix}cidr": source("cidr"),
        f"{prefix}ipv6-cidr": source("cidr6"),
        f"{prefix}group-id": source("group"),
        f"{prefix}prefix-list-id": source("prefix"),
        f"{prefix}from-port": of(lambda rule: rule.from_port),
        f"{prefix}to-port": of(lambda rule: rule.to_port),
        f"{prefix}protocol": of(lambda rule: rule.protocol),
    }


_FILTERS: dict[str, Getter] = {
    "description": lambda g: g.description,
    "group-id": lambda g: g.id,
    "group-name": lambda g: g.name,
    "owner-id": lambda g: ACCOUNT_ID,
    "vpc-id": lambda g: g.vpc_id,
    **_permission_getters("ip-permission.", False),
    **_permission_getters("egress.ip-permission.", True),
}


def find_group(call: Call) -> SecurityGroup:
    """The group that a call names by id, or by name in the default VPC. Raises ApiError if there is none."""
    region = call.region
    identity, name = call.text("GroupId"), call.text("GroupName")
    if identity:
        return find(region.security_groups, identity, "InvalidGroup", "security group")
    vpc = region.default_vpc()
    if not name or vpc is None:
        raise missing_parameter("GroupName or GroupId")
    return group_named(region, name, vpc.id)


def _permissions(group: SecurityGroup, egress: bool) -> list[dict[str, Any]]:
    """The rules in one direction, those with the same protocol and ports together."""
    together: dict[tuple[str, int | None, int | None], dict[str, Any]] = {}
    for rule in group.rules:
        if rule.egress != egress:
            continue
        ports = {"ipProtocol": rule.protocol, "fromPort": rule.from_port, "toPort": rule.to_port}
        sources: dict[str, list[Any]] = {_lower(place): [] for place, _ in _SOURCES.values()}
        entry = together.setdefault((rule.protocol, rule.from_port, rule.to_port), ports | sources)
        kind, value = rule.source
        place, name = _SOURCES[kind]
        user = {"userId": ACCOUNT_ID} if kind == "group" else {}
        entry[_lower(place)].append({_lower(name): value, "description": rule.description, **user})
    return list(together.values())


def _lower(name: str) -> str:
    """A parameter's name as replies have it: `ipRanges` for IpRanges."""
    return name[0].lower() + name[1:]


def _description(region: Region, group: SecurityGroup) -> dict[str, Any]:
    return {
        "ownerId": region.owner_id,
        "groupId": group.id,
        "groupName": group.name,
        "groupDescription": group.description,
        "vpcId": group.vpc_id,
        "ipPermissions": _permissions(group, False),
        "ipPermissionsEgress": _permissions(group, True),
        "tagSet": tag_set(group.tags) or None,
        "securityGroupArn": f"arn:aws:ec2:{region.name}:{region.owner_id}:security-group/{group.id}",
    }


@operation("DescribeSecurityGroups")
def describe_security_groups(call: Call) -> Mapping[str, Any]:
    check_no_ids_with_pages(call.params, "GroupId", "groupIds")
    region = call.region
    ids, names = call.texts("GroupId"), call.texts("GroupName")
    groups = list(region.security_groups.values())
    for identity in ids:
        find(region.security_groups, identity, "InvalidGroup", "security group")
    for name in names:
        find({group.name: group for group in groups}, name, "InvalidGroup", "security group")
    if ids or names:
        groups = [group for group in groups if group.id in ids or group.name in names]
    shown, token = select(groups, call.params, _FILTERS)
    return {"securityGroupInfo": [_description(region, group) for group in shown], "nextToken": token}


@operation("CreateSecurityGroup")
def create_security_group(call: Call) -> Mapping[str, Any]:
    """The name must be unique in the VPC."""
    region = call.region
    name, description = call.text("GroupName"), call.text("GroupDescription")
    if not (name and description):
        raise missing_parameter("GroupDescription" if name else "GroupName")
    if name.startswith("sg-") or len(name) > 255:
        raise invalid_value(f"Value ({name}) for parameter GroupName is invalid.")
    vpc = find_vpc(region, call.text("VpcId")) if call.text("VpcId") else region.default_vpc()
    if vpc is None:
        raise ApiError("VPCIdNotSpecified", "No default VPC for this user")
    if any(group.name == name and group.vpc_id == vpc.id for group in region.security_groups.values()):
        raise ApiError("InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc.id}'")
    group = default_network.create_security_group(region, vpc.id, name, description)
    group.tags = requested_tags(call.params, "security-group")
    return {
        "return": True,
        "groupId": group.id,
        "tagSet": tag_set(group.tags) or None,
        "securityGroupArn": f"arn:aws:ec2:{region.name}:{region.owner_id}:security-group/{group.id}",
    }


@operation("DeleteSecurityGroup")
def delete_security_group(call: Call) -> Mapping[str, Any]:
    """Fails for `default`, and while an instance is in the group."""
    group = find_group(call)
    if group.name == "default":
        raise ApiError("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
    for instance in call.region.instances.values():
        if instance.state != "terminated" and any(group.id == one for one, _ in instance.groups):
            raise ApiError("DependencyViolation", f"resource {group.id} has a dependent object")
    del call.region.security_groups[group.id]
    return {"return": True, "groupId": group.id}


def _requested_rules(call: Call) -> Iterator[SecurityGroupRule]:
    """The inbound rules in a request, which has IpPermissions or single parameters."""
    permissions = call.params.get("IpPermissions")
    if not permissions:
        flat = {key: call.params.get(key) for key in ("IpProtocol", "FromPort", "ToPort")}
        if call.text("CidrIp"):
            flat["IpRanges"] = [{"CidrIp": call.text("CidrIp")}]
        permissions = [flat] if flat.get("IpProtocol") else []
    tags = requested_tags(call.params, "security-group-rule")
    for permission in permissions:
        protocol = str(permission.get("IpProtocol", "-1")).lower()
        protocol = _PROTOCOLS.get(protocol, protocol)
        ports = (None, None) if protocol == "-1" else (integer(permission, "FromPort"), integer(permission, "ToPort"))
        if protocol in ("tcp", "udp") and (ports[0] is None or ports[1] is None):
            what = f"Must specify both from and to ports with {protocol.upper()}/UDP."
            raise invalid_value(f"Invalid value '{what}' for portRange.")
        for source, description in _sources(permission):
            yield SecurityGroupRule(call.region.new_id("sgr"), False, protocol, *ports, source, description, dict(tags))


def _sources(permission: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str | None]]:
    for kind, (place, name) in _SOURCES.items():
        for entry in permission.get(place) or ():
            value = str(entry.get(name, ""))
            try:
                network = str(ipaddress.ip_network(value, strict=False)) if name.startswith("Cidr") else value
            except ValueError:
                raise invalid_value(f"CIDR block {value} is malformed") from None
            yield (kind, network), entry.get("Description")


def _rule(group: SecurityGroup, rule: SecurityGroupRule) -> dict[str, Any]:
    kind, value = rule.source
    return {
        "securityGroupRuleId": rule.id,
        "groupId": group.id,
        "groupOwnerId": ACCOUNT_ID,
        "isEgress": rule.egress,
        "ipProtocol": rule.protocol,
        "fromPort": -1 if rule.from_port is None else rule.from_port,
        "toPort": -1 if rule.to_port is None else rule.to_port,
        "cidrIpv4": value if kind == "cidr" else None,
        "cidrIpv6": value if kind == "cidr6" else None,
        "prefixListId": value if kind == "prefix" else None,
        "referencedGroupInfo": {"groupId": value, "userId": ACCOUNT_ID} if kind == "group" else None,
        "description": rule.description,
        "tagSet": tag_set(rule.tags) or None,
    }


@operation("AuthorizeSecurityGroupIngress")
def authorize(call: Call) -> Mapping[str, Any]:
    """Adds all rules, or none if one already exists."""
    group = find_group(call)
    new = list(_requested_rules(call))
    if not new:
        raise missing_parameter("ipPermissions")
    known = {rule.key for rule in group.rules}
    for rule in new:
        if rule.key in known:
            ports = "ALL" if rule.protocol == "-1" else f"from port: {rule.from_port}, to port: {rule.to_port}"
            values = f"peer: {rule.source[1]}, {rule.protocol.upper()}, {ports}, ALLOW"
            raise ApiError("InvalidPermission.Duplicate", f'the specified rule "{values}" already exists')
        known.add(rule.key)
    group.rules += new
    return {"return": True, "securityGroupRuleSet": [_rule(group, rule) for rule in new]}


@operation("RevokeSecurityGroupIngress")
def revoke(call: Call) -> Mapping[str, Any]:
    """Removes rules by their values or ids: all of them, or none if one does not exist."""
    group = find_group(call)
    ids = call.texts("SecurityGroupRuleId")
    removed = [rule for rule in group.rules if rule.id in ids and not rule.egress]
    if len(removed) < len(ids):
        raise ApiError("InvalidSecurityGroupRuleId.NotFound", "The security group rule does not exist")
    wanted = {rule.key for rule in _requested_rules(call)}
    removed += [rule for rule in group.rules if rule.key in wanted]
    if wanted - {rule.key for rule in removed}:
        raise ApiError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
    group.rules = [rule for rule in group.rules if rule not in removed]
    return {"return": True}


@operation("DescribeSecurityGroupRules")
def describe_security_group_rules(call: Call) -> Mapping[str, Any]:
    ids = call.texts("SecurityGroupRuleId")
    groups = call.region.security_groups.values()
    pairs = [(group, rule) for group in groups for rule in group.rules if not ids or rule.id in ids]
    filters: dict[str, Getter] = {
        "group-id": lambda pair: pair[0].id,
        "security-group-rule-id": lambda pair: pair[1].id,
    }
    shown, token = select(pairs, call.params, filters, key="")
    return {"securityGroupRuleSet": [_rule(*pair) for pair in shown], "nextToken": token}
