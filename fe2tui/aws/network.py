"""Key pairs, security groups, subnets, Elastic IPs, and this computer's own address."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fe2tui.aws.session import Session
from fe2tui.errors import AwsError, Fe2Error, FieldError
from fe2tui.model.fleet import IdleAddress

_PAGE = 1000
SSH_PORT = 22
SSH_GROUP_DESCRIPTION = "ssh from the addresses that launched instances"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair of the account. ``public_key`` is a line as in authorized_keys, empty where EC2 does not return it."""

    name: str
    fingerprint: str = ""
    type: str = ""
    public_key: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group. ``ssh_cidrs`` are the CIDR blocks that may reach its port 22."""

    id: str
    name: str
    vpc_id: str = ""
    description: str = ""
    ssh_cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. ``is_public``: instances launched there get a public address by default."""

    id: str
    vpc_id: str
    zone: str
    is_default_for_zone: bool = False
    is_public: bool = False


async def key_pairs(session: Session) -> list[KeyPair]:
    reply = await session.call("ec2", "DescribeKeyPairs", IncludePublicKey=True)
    return sorted((_decode_key_pair(part) for part in reply.get("KeyPairs", ())), key=lambda pair: pair.name)


async def import_key_pair(session: Session, name: str, public_key: str) -> KeyPair:
    """Import a public key. Raises FieldError("key_name") if the name is in use or EC2 refuses this kind of key."""
    line = " ".join(public_key.split())
    reply = await session.call("ec2", "ImportKeyPair", KeyName=name, PublicKeyMaterial=line.encode())
    return replace(_decode_key_pair(reply), public_key=line, type=line.partition(" ")[0].removeprefix("ssh-"))


def _decode_key_pair(reply: Mapping[str, Any]) -> KeyPair:
    return KeyPair(
        name=str(reply["KeyName"]),
        fingerprint=str(reply.get("KeyFingerprint", "")),
        type=str(reply.get("KeyType", "")),
        public_key=str(reply.get("PublicKey", "")).strip(),
        id=str(reply.get("KeyPairId", "")),
    )


async def security_groups(
    session: Session, vpc_id: str | None = None, *, name: str | None = None
) -> list[SecurityGroup]:
    """The security groups of the region, of a VPC, or with one name, sorted by name."""
    wanted = {"vpc-id": vpc_id, "group-name": name}
    filters = [{"Name": key, "Values": [value]} for key, value in wanted.items() if value is not None]
    params: dict[str, Any] = {"Filters": filters} if filters else {}
    pages = session.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", MaxResults=_PAGE, **params)
    found = [_decode_group(part) async for page in pages for part in page]
    return sorted(found, key=lambda group: (group.name, group.id))


def _decode_group(reply: Mapping[str, Any]) -> SecurityGroup:
    blocks: list[str] = []
    for rule in reply.get("IpPermissions", ()):
        if rule.get("IpProtocol") != "-1" and not rule.get("FromPort", 0) <= SSH_PORT <= rule.get("ToPort", -1):
            continue
        if rule.get("IpProtocol") in ("tcp", "6", "-1"):
            blocks += [str(part["CidrIp"]) for part in rule.get("IpRanges", ())]
            blocks += [str(part["CidrIpv6"]) for part in rule.get("Ipv6Ranges", ())]
    return SecurityGroup(
        id=str(reply["GroupId"]),
        name=str(reply.get("GroupName", "")),
        vpc_id=str(reply.get("VpcId", "")),
        description=str(reply.get("Description", "")),
        ssh_cidrs=tuple(dict.fromkeys(blocks)),
    )


async def create_ssh_group(session: Session, name: str, vpc_id: str, cidr: str | None) -> SecurityGroup:
    """Create a security group that allows port 22 from a CIDR block; with None, from nowhere.

    If another process has created a group with this name meanwhile, the rule is added to that one. Raises
    FieldError("security_group") for a name that EC2 refuses.
    """
    try:
        reply = await session.call(
            "ec2", "CreateSecurityGroup", GroupName=name, VpcId=vpc_id, Description=SSH_GROUP_DESCRIPTION
        )
        group = SecurityGroup(str(reply["GroupId"]), name, vpc_id, SSH_GROUP_DESCRIPTION)
    except Fe2Error as error:
        existing = await security_groups(session, vpc_id, name=name) if error.code == "InvalidGroup.Duplicate" else []
        if not existing:
            raise
        group = existing[0]
    if cidr is None:
        return group
    await allow_ssh(session, group.id, cidr)
    return replace(group, ssh_cidrs=tuple(dict.fromkeys([*group.ssh_cidrs, cidr])))


async def allow_ssh(session: Session, group_id: str, cidr: str) -> None:
    """Allow port 22 from a CIDR block in a security group; does nothing if it is allowed already."""
    ranges = {"Ipv6Ranges": [{"CidrIpv6": cidr}]} if ":" in cidr else {"IpRanges": [{"CidrIp": cidr}]}
    rule = {"IpProtocol": "tcp", "FromPort": SSH_PORT, "ToPort": SSH_PORT, **ranges}
    try:
        await session.call("ec2", "AuthorizeSecurityGroupIngress", GroupId=group_id, IpPermissions=[rule])
    except AwsError as error:
        if error.code != "InvalidPermission.Duplicate":
            raise


async def default_vpc(session: Session) -> str | None:
    reply = await session.call("ec2", "DescribeVpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])
    return next((str(vpc["VpcId"]) for vpc in reply.get("Vpcs", ())), None)


async def subnets(session: Session, vpc_id: str | None = None) -> list[Subnet]:
    """The subnets of the region or of a VPC, by zone; in each zone the default one first."""
    params: dict[str, Any] = {} if vpc_id is None else {"Filters": [{"Name": "vpc-id", "Values": [vpc_id]}]}
    pages = session.pages("ec2", "DescribeSubnets", "Subnets", MaxResults=_PAGE, **params)
    found = [_decode_subnet(part) async for page in pages for part in page]
    return sorted(found, key=lambda subnet: (subnet.zone, not subnet.is_default_for_zone, subnet.id))


def _decode_subnet(reply: Mapping[str, Any]) -> Subnet:
    return Subnet(
        id=str(reply["SubnetId"]),
        vpc_id=str(reply.get("VpcId", "")),
        zone=str(reply.get("AvailabilityZone", "")),
        is_default_for_zone=bool(reply.get("DefaultForAz", False)),
        is_public=bool(reply.get("MapPublicIpOnLaunch", False)),
    )


async def public_address(url: str, *, timeout: float = 5.0) -> str:
    """This computer's public IPv4 or IPv6 address, as the server at ``url`` sees it (plain text).

    Raises FieldError("address") if the url is empty, or the server does not answer with an address within ``timeout``
    seconds.
    """
    if not url.startswith(("http://", "https://")):
        raise _address_unknown_error("address_url is empty" if not url else f"{url} is not a web address")
    try:
        text = await asyncio.to_thread(_fetch_text, url, timeout)
    except OSError as error:  # includes urllib's own errors and time-outs
        raise _address_unknown_error(f"{url} did not answer: {error}") from error
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError as error:
        raise _address_unknown_error(f"the answer of {url} is not an address") from error


def _fetch_text(url: str, timeout: float) -> str:
    import http.client
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            body: bytes = answer.read(100)
    except http.client.HTTPException as error:
        raise OSError(f"its answer is not HTTP ({type(error).__name__})") from error
    return body.decode("ascii", "replace")


def _address_unknown_error(why: str) -> FieldError:
    return FieldError(
        "address",
        f"Your public address is not known: {why}.",
        "Type it, as in 203.0.113.7/32, or set address_url in config.toml.",
    )


_OWN_POOL_PREFIX = "ipv4pool-"  # the account's own address ranges are free


@dataclass(frozen=True, slots=True)
class ElasticIp:
    """An Elastic IP. ``used_by`` is the instance or network interface that it is associated with; empty for none."""

    id: str
    address: str
    used_by: str = ""
    is_free: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.tags.get("Name", "")

    @property
    def label(self) -> str:
        return self.name or self.address


async def elastic_ips(session: Session) -> list[ElasticIp]:
    """The account's Elastic IPs in the region, sorted by address."""
    reply = await session.call("ec2", "DescribeAddresses")
    found = [_decode_address(part) for part in reply.get("Addresses", ())]
    return sorted(found, key=lambda one: (one.address, one.id))


async def idle_addresses(session: Session) -> tuple[IdleAddress, ...]:
    """The account's Elastic IPs that are not associated with anything and still cost money.

    Source: VPC pricing, public IPv4 addresses; those of the account's own ranges are free.
    """
    found = await elastic_ips(session)
    return tuple(IdleAddress(one.id, one.address, one.tags) for one in found if not (one.used_by or one.is_free))


async def release_address(session: Session, allocation_id: str) -> None:
    """Give an Elastic IP back to AWS. EC2 refuses one that is associated with something."""
    await session.call("ec2", "ReleaseAddress", AllocationId=allocation_id)


def _decode_address(reply: Mapping[str, Any]) -> ElasticIp:
    address = str(reply.get("PublicIp", ""))
    return ElasticIp(
        id=str(reply.get("AllocationId") or address),
        address=address,
        used_by=str(reply.get("InstanceId") or reply.get("NetworkInterfaceId") or reply.get("AssociationId") or ""),
        is_free=str(reply.get("PublicIpv4Pool", "")).startswith(_OWN_POOL_PREFIX),
        tags={str(tag["Key"]): str(tag.get("Value", "")) for tag in reply.get("Tags", ())},
    )
