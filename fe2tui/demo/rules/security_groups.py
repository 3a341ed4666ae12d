"""Security groups and their rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from fe2tui.demo.account import ACCOUNT_ID, Region
from fe2tui.demo.api import Call, answers
from fe2tui.demo.default_network import add_group
from fe2tui.demo.errors import Refusal, invalid_value, missing
from fe2tui.demo.lists import Getter, matcher, page, refuse_ids_with_pages
from fe2tui.demo.protocols import tag_set
from fe2tui.demo.records import Group, Rule
from fe2tui.demo.rules.launch_plan import group_named
from fe2tui.demo.rules.tags import asked_tags
from fe2tui.demo.rules.volumes import number
from fe2tui.demo.rules.vpcs import find_vpc

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


def find_group(call: Call) -> Group:
    """The group that a call names by id, or by name in the default network. Raises Refusal when there is none."""
    region = call.region
    identity, name = call.text("GroupId"), call.text("GroupName")
    if identity:
        if identity not in region.groups:
            raise Refusal("InvalidGroup.NotFound", f"The security group '{identity}' does not exist")
        return region.groups[identity]
    vpc = region.default_vpc()
    if not name or vpc is None:
        raise missing("GroupName or GroupId")
    return group_named(region, name, vpc.id)


def _permissions(group: Group, egress: bool) -> list[dict[str, Any]]:
    """The rules as DescribeSecurityGroups shows them: those of one protocol and ports together."""
    together: dict[tuple[str, int | None, int | None], dict[str, Any]] = {}
    for rule in group.rules:
        if rule.egress != egress:
            continue
        entry = together.setdefault(
            (rule.protocol, rule.from_port, rule.to_port),
            {
                "ipProtocol": rule.protocol,
                "fromPort": rule.from_port,
                "toPort": rule.to_port,
                "groups": [],
                "ipRanges": [],
                "ipv6Ranges": [],
                "prefixListIds": [],
            },
        )
        kind, value = rule.source
        place, name = {
            "cidr": ("ipRanges", "cidrIp"),
            "cidr6": ("ipv6Ranges", "cidrIpv6"),
            "group": ("groups", "groupId"),
            "prefix": ("prefixListIds", "prefixListId"),
        }[kind]
        shown: dict[str, Any] = {name: value, "description": rule.description}
        if kind == "group":
            shown["userId"] = ACCOUNT_ID
        entry[place].append(shown)
    return list(together.values())


def _shown(region: Region, group: Group) -> dict[str, Any]:
    return {
        "ownerId": ACCOUNT_ID,
        "groupId": group.id,
        "groupName": group.name,
        "groupDescription": group.description,
        "vpcId": group.vpc_id,
        "ipPermissions": _permissions(group, False),
        "ipPermissionsEgress": _permissions(group, True),
        "tagSet": tag_set(group.tags) or None,
        "securityGroupArn": f"arn:aws:ec2:{region.name}:{ACCOUNT_ID}:security-group/{group.id}",
    }


@answers("DescribeSecurityGroups")
def describe_security_groups(call: Call) -> Mapping[str, Any]:
    """All, or those of the ids or names; an unknown one is refused."""
    refuse_ids_with_pages(call.params, "GroupId", "groupIds")
    region = call.region
    ids, names = call.texts("GroupId"), call.texts("GroupName")
    groups = list(region.groups.values())
    for identity in ids:
        if identity not in region.groups:
            raise Refusal("InvalidGroup.NotFound", f"The security group '{identity}' does not exist")
    for name in names:
        if all(group.name != name for group in groups):
            raise Refusal("InvalidGroup.NotFound", f"The security group '{name}' does not exist")
    if ids or names:
        groups = [group for group in groups if group.id in ids or group.name in names]
    matches = matcher(call.params.get("Filter"), _FILTERS)
    shown, token = page([group for group in groups if matches(group)], call.params)
    return {"securityGroupInfo": [_shown(region, group) for group in shown], "nextToken": token}


@answers("CreateSecurityGroup")
def create_security_group(call: Call) -> Mapping[str, Any]:
    """Its name is unique in its network."""
    region = call.region
    name, description = call.text("GroupName"), call.text("GroupDescription")
    if not name:
        raise missing("GroupName")
    if not description:
        raise missing("GroupDescription")
    if name.startswith("sg-") or len(name) > 255:
        raise invalid_value(f"Value ({name}) for parameter GroupName is invalid.")
    vpc = find_vpc(region, call.text("VpcId")) if call.text("VpcId") else region.default_vpc()
    if vpc is None:
        raise Refusal("VPCIdNotSpecified", "No default VPC for this user")
    if any(group.name == name and group.vpc_id == vpc.id for group in region.groups.values()):
        raise Refusal("InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc.id}'")
    group = add_group(region, vpc.id, name, description)
    group.tags = asked_tags(call.params, "security-group")
    return {
        "return": True,
        "groupId": group.id,
        "tagSet": tag_set(group.tags) or None,
        "securityGroupArn": f"arn:aws:ec2:{region.name}:{ACCOUNT_ID}:security-group/{group.id}",
    }


@answers("DeleteSecurityGroup")
def delete_security_group(call: Call) -> Mapping[str, Any]:
    """Not while an instance is in it, nor the default one."""
    group = find_group(call)
    if group.name == "default":
        raise Refusal("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
    for instance in call.region.instances.values():
        if instance.state != "terminated" and any(group.id == one for one, _ in instance.groups):
            raise Refusal("DependencyViolation", f"resource {group.id} has a dependent object")
    del call.region.groups[group.id]
    return {"return": True, "groupId": group.id}


def _asked_rules(call: Call, egress: bool) -> Iterator[Rule]:
    """The rules in a request, in either of its forms."""
    permissions = call.params.get("IpPermissions")
    if not permissions:
        flat = {key: call.params.get(key) for key in ("IpProtocol", "FromPort", "ToPort")}
        if call.text("CidrIp"):
            flat["IpRanges"] = [{"CidrIp": call.text("CidrIp")}]
        permissions = [flat] if flat.get("IpProtocol") else []
    tags = asked_tags(call.params, "security-group-rule")
    for permission in permissions:
        protocol = str(permission.get("IpProtocol", "-1")).lower()
        protocol = _PROTOCOLS.get(protocol, protocol)
        ports = (None, None) if protocol == "-1" else (number(permission, "FromPort"), number(permission, "ToPort"))
        if protocol in ("tcp", "udp") and (ports[0] is None or ports[1] is None):
            raise invalid_value(
                f"Invalid value 'Must specify both from and to ports with {protocol.upper()}/UDP.' for portRange."
            )
        for source, description in _sources(permission):
            yield Rule(call.region.new_id("sgr"), egress, protocol, *ports, source, description, dict(tags))


def _sources(permission: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str | None]]:
    for place, name, kind in (
        ("IpRanges", "CidrIp", "cidr"),
        ("Ipv6Ranges", "CidrIpv6", "cidr6"),
        ("Groups", "GroupId", "group"),
        ("PrefixListIds", "PrefixListId", "prefix"),
    ):
        for entry in permission.get(place) or ():
            value = str(entry.get(name, ""))
            if kind in ("cidr", "cidr6"):
                value = _network(value)
            yield (kind, value), entry.get("Description")


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise invalid_value(f"CIDR block {text} is malformed") from None


def _rule(group: Group, rule: Rule) -> dict[str, Any]:
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


@answers("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def authorize(call: Call) -> Mapping[str, Any]:
    """Adds rules; one that is there already refuses them all."""
    group = find_group(call)
    new = list(_asked_rules(call, call.action.endswith("Egress")))
    if not new:
        raise missing("ipPermissions")
    known = {rule.key for rule in group.rules}
    for rule in new:
        if rule.key in known:
            ports = "ALL" if rule.protocol == "-1" else f"from port: {rule.from_port}, to port: {rule.to_port}"
            raise Refusal(
                "InvalidPermission.Duplicate",
                f'the specified rule "peer: {rule.source[1]}, {rule.protocol.upper()}, {ports}, ALLOW" already exists',
            )
        known.add(rule.key)
    group.rules += new
    return {"return": True, "securityGroupRuleSet": [_rule(group, rule) for rule in new]}


@answers("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress")
def revoke(call: Call) -> Mapping[str, Any]:
    """Removes rules, named by what they say or by id; one that is not there refuses them all."""
    group = find_group(call)
    egress = call.action.endswith("Egress")
    ids = call.texts("SecurityGroupRuleId")
    gone = [rule for rule in group.rules if rule.id in ids and rule.egress == egress]
    if len(gone) < len(ids):
        raise Refusal("InvalidSecurityGroupRuleId.NotFound", "The security group rule does not exist")
    wanted = {rule.key for rule in _asked_rules(call, egress)}
    gone += [rule for rule in group.rules if rule.key in wanted]
    if wanted - {rule.key for rule in gone}:
        raise Refusal("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
    group.rules = [rule for rule in group.rules if rule not in gone]
    return {"return": True}


@answers("DescribeSecurityGroupRules")
def describe_security_group_rules(call: Call) -> Mapping[str, Any]:
    """One item a rule."""
    ids = call.texts("SecurityGroupRuleId")
    pairs = [(group, rule) for group in call.region.groups.values() for rule in group.rules]
    matches = matcher(
        call.params.get("Filter"),
        {
            "group-id": lambda pair: pair[0].id,
            "security-group-rule-id": lambda pair: pair[1].id,
        },
    )
    chosen = [pair for pair in pairs if (not ids or pair[1].id in ids) and matches(pair)]
    shown, token = page(chosen, call.params, key="")
    return {"securityGroupRuleSet": [_rule(*pair) for pair in shown], "nextToken": token}
