"""Key pairs, security groups, subnets, and this computer's own address."""

from __future__ import annotations

from dataclasses import dataclass

from fe2tui.aws.session import Session

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
    ssh_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. ``public`` says whether instances get a public address there unless told otherwise."""

    id: str
    vpc_id: str
    zone: str
    default_for_zone: bool = False
    public: bool = False


async def key_pairs(session: Session) -> list[KeyPair]:
    """The region's key pairs with their public keys, by name."""
    raise NotImplementedError


async def import_key_pair(session: Session, name: str, public_key: str) -> KeyPair:
    """Give EC2 a public key. Raises FieldError("key_name") if the name is taken or the key is of a kind EC2 refuses."""
    raise NotImplementedError


async def create_key_pair(session: Session, name: str) -> tuple[KeyPair, str]:
    """Have EC2 make an ed25519 key pair; the pair and its private key in PEM, which is shown this once.

    Raises FieldError("key_name") if the name is taken.
    """
    raise NotImplementedError


async def delete_key_pair(session: Session, name: str) -> None:
    """Remove a key pair from the region; machines that have it keep it."""
    raise NotImplementedError


async def security_groups(session: Session, vpc_id: str | None = None) -> list[SecurityGroup]:
    """The security groups of the region, or of a VPC, by name."""
    raise NotImplementedError


async def ensure_ssh_group(session: Session, name: str, vpc_id: str, cidr: str | None) -> SecurityGroup:
    """The security group of that name in that VPC, made if it is not there; ``cidr`` is let in at port 22 if it is not.

    With ``cidr`` None nothing is let in. Raises FieldError("security_group") or FieldError("address").
    """
    raise NotImplementedError


async def default_vpc(session: Session) -> str | None:
    """The id of the region's default VPC."""
    raise NotImplementedError


async def create_default_vpc(session: Session) -> str:
    """Make the default VPC that the region lacks; its id."""
    raise NotImplementedError


async def subnets(session: Session, vpc_id: str | None = None) -> list[Subnet]:
    """The subnets of the region, or of a VPC, by zone, the zones' default ones first."""
    raise NotImplementedError


async def my_address(url: str, *, timeout: float = 5.0) -> str:
    """This computer's public IPv4 or IPv6 address, as the server at ``url`` sees it (plain text).

    Raises FieldError("address") when the url is empty, nobody answers within ``timeout`` seconds, or no address comes.
    """
    raise NotImplementedError
