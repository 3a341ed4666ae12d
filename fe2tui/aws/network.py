"""Key pairs, security groups, subnets, and this computer's own address."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fe2tui.aws.session import Session
from fe2tui.errors import AwsError, FieldError

_PAGE = 1000
SSH_PORT = 22
SSH_GROUP_DESCRIPTION = "ssh from the addresses of those who launched"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair of the account. ``public_key`` is one line as in authorized_keys, empty where EC2 does not give it."""

    name: str
    fingerprint: str = ""
    type: str = ""
    public_key: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group. ``ssh_from`` are the CIDR blocks that may reach its port 22."""

    id: str
    name: str
    vpc_id: str = ""
    description: str = ""
    ssh_cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. ``public`` says whether instances get a public address there unless told otherwise."""

    id: str
    vpc_id: str
    zone: str
    is_default_for_zone: bool = False
    is_public: bool = False


async def key_pairs(session: Session) -> list[KeyPair]:
    """The region's key pairs with their public keys, by name."""
    reply = await session.call("ec2", "DescribeKeyPairs", IncludePublicKey=True)
    return sorted((_decode_key_pair(part) for part in reply.get("KeyPairs", ())), key=lambda pair: pair.name)


async def import_key_pair(session: Session, name: str, public_key: str) -> KeyPair:
    """Give EC2 a public key. Raises FieldError("key_name") if the name is taken or the key is of a kind EC2 refuses."""
    line = " ".join(public_key.split())
    reply = await session.call("ec2", "ImportKeyPair", KeyName=name, PublicKeyMaterial=line.encode())
    return replace(_decode_key_pair(reply), public_key=line, type=_key_type(line))


async def create_key_pair(session: Session, name: str) -> tuple[KeyPair, str]:
    """Have EC2 make an ed25519 key pair; the pair and its private key in PEM, which is shown this once.

    Raises FieldError("key_name") if the name is taken.
    """
    reply = await session.call("ec2", "CreateKeyPair", KeyName=name, KeyType="ed25519", KeyFormat="pem")
    return replace(_decode_key_pair(reply), type="ed25519"), str(reply["KeyMaterial"])


async def delete_key_pair(session: Session, name: str) -> None:
    """Remove a key pair from the region; machines that have it keep it."""
    await session.call("ec2", "DeleteKeyPair", KeyName=name)


def _decode_key_pair(reply: Mapping[str, Any]) -> KeyPair:
    return KeyPair(
        name=str(reply["KeyName"]),
        fingerprint=str(reply.get("KeyFingerprint", "")),
        type=str(reply.get("KeyType", "")),
        public_key=str(reply.get("PublicKey", "")).strip(),
        id=str(reply.get("KeyPairId", "")),
    )


def _key_type(public_key: str) -> str:
    return public_key.partition(" ")[0].removeprefix("ssh-")


async def security_groups(session: Session, vpc_id: str | None = None) -> list[SecurityGroup]:
    """The security groups of the region, or of a VPC, by name."""
    return await _describe_groups(session, {} if vpc_id is None else {"vpc-id": vpc_id})


async def _describe_groups(session: Session, wanted: Mapping[str, str]) -> list[SecurityGroup]:
    filters = [{"Name": name, "Values": [value]} for name, value in wanted.items()]
    params: dict[str, Any] = {"Filters": filters} if filters else {}
    found: list[SecurityGroup] = []
    async for page in session.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", MaxResults=_PAGE, **params):
        found += map(_decode_group, page)
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


async def ensure_ssh_group(session: Session, name: str, vpc_id: str, cidr: str | None) -> SecurityGroup:
    """The security group of that name in that VPC, made if it is not there; ``cidr`` is let in at port 22 if it is not.

    With ``cidr`` None nothing is let in. Raises FieldError("security_group") or FieldError("address").
    """
    block = None if cidr is None else _cidr_block(cidr)
    found = [
        group for group in await _describe_groups(session, {"vpc-id": vpc_id, "group-name": name}) if group.name == name
    ]
    group = found[0] if found else await _create_group(session, name, vpc_id)
    if block is None or _lets_in(block, group):
        return group
    ranges = {"Ipv6Ranges": [{"CidrIpv6": block}]} if ":" in block else {"IpRanges": [{"CidrIp": block}]}
    rule = {"IpProtocol": "tcp", "FromPort": SSH_PORT, "ToPort": SSH_PORT, **ranges}
    try:
        await session.call("ec2", "AuthorizeSecurityGroupIngress", GroupId=group.id, IpPermissions=[rule])
    except AwsError as error:
        if error.code != "InvalidPermission.Duplicate":
            raise
    return replace(group, ssh_cidrs=(*group.ssh_cidrs, block))


async def _create_group(session: Session, name: str, vpc_id: str) -> SecurityGroup:
    params = {"GroupName": name, "VpcId": vpc_id, "Description": SSH_GROUP_DESCRIPTION}
    reply = await session.call("ec2", "CreateSecurityGroup", **params)
    return SecurityGroup(str(reply["GroupId"]), name, vpc_id, SSH_GROUP_DESCRIPTION)


def _cidr_block(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError as error:
        raise FieldError(
            "address", f"“{text}” is not an address or a block of addresses.", "Type one such as 203.0.113.7/32."
        ) from error


def _lets_in(block: str, group: SecurityGroup) -> bool:
    mine = ipaddress.ip_network(block)
    for text in group.ssh_cidrs:
        theirs = ipaddress.ip_network(text, strict=False)
        if theirs.version == mine.version and int(theirs[0]) <= int(mine[0]) and int(mine[-1]) <= int(theirs[-1]):
            return True
    return False


async def default_vpc(session: Session) -> str | None:
    """The id of the region's default VPC."""
    reply = await session.call("ec2", "DescribeVpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])
    return next((str(vpc["VpcId"]) for vpc in reply.get("Vpcs", ())), None)


async def create_default_vpc(session: Session) -> str:
    """Make the default VPC that the region lacks; its id."""
    reply = await session.call("ec2", "CreateDefaultVpc")
    return str(reply["Vpc"]["VpcId"])


async def subnets(session: Session, vpc_id: str | None = None) -> list[Subnet]:
    """The subnets of the region, or of a VPC, by zone, the zones' default ones first."""
    params: dict[str, Any] = {} if vpc_id is None else {"Filters": [{"Name": "vpc-id", "Values": [vpc_id]}]}
    found: list[Subnet] = []
    async for page in session.pages("ec2", "DescribeSubnets", "Subnets", MaxResults=_PAGE, **params):
        found += map(_decode_subnet, page)
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

    Raises FieldError("address") when the url is empty, nobody answers within ``timeout`` seconds, or no address comes.
    """
    if not url.startswith(("http://", "https://")):
        raise _address_unknown_error("Nobody is to be asked for it" if not url else f"{url} is not a web address")
    try:
        text = await asyncio.to_thread(_fetch_text, url, timeout)
    except OSError as error:  # also urllib's own, and time-outs
        raise _address_unknown_error(f"{url} did not tell it: {error}") from error
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError as error:
        raise _address_unknown_error(f"what {url} answered is not an address") from error


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


_OWN_POOL_PREFIX = "ipv4pool-"  # pools of addresses that the account brought with it, which cost nothing


async def idle_addresses(session: Session) -> tuple[str, ...]:
    """The account's Elastic IPs that are associated with nothing and cost all the same, one for each.

    Source: VPC pricing, public IPv4 addresses; those of the account's own ranges are free.
    """
    reply = await session.call("ec2", "DescribeAddresses")
    return tuple(
        sorted(
            str(address.get("PublicIp", ""))
            for address in reply.get("Addresses", ())
            if not address.get("AssociationId")
            and not address.get("InstanceId")
            and not str(address.get("PublicIpv4Pool", "")).startswith(_OWN_POOL_PREFIX)
        )
    )
