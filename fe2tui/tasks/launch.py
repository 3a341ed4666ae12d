"""Launch: from a request to a machine that answers ssh, never twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from fe2tui.errors import FieldError
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.machine_type import MachineType
from fe2tui.model.progress import Outcome
from fe2tui.tasks.context import Context
from fe2tui.tasks.keys import KeyOffer, OwnKey


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """What will be done for the key. ``words`` as in ``in ~/.ssh/id_ed25519`` or ``imported from ~/.ssh/id_rsa.pub``."""

    name: str
    action: Literal["use", "import", "create"]
    words: str
    private_key: Path | None = None
    own: OwnKey | None = None


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What will be done for the security group. ``id`` is None if it will be made; ``cidr`` who will reach port 22."""

    name: str
    id: str | None
    cidr: str | None
    words: str  # "port 22 from 203.0.113.7 only"


@dataclass(frozen=True, slots=True)
class LaunchCost:
    """Dollars, None where not known. Running an hour (machine, disk, address), stopped a month (disk)."""

    machine: Decimal | None
    disk_per_month: Decimal | None
    address: Decimal

    @property
    def per_hour(self) -> Decimal | None:
        """While it runs, everything in."""
        raise NotImplementedError

    @property
    def per_month(self) -> Decimal | None:
        """If left on for a month of 730 hours."""
        raise NotImplementedError

    @property
    def stopped_per_hour(self) -> Decimal | None:
        """While it is stopped."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """What a request comes to. It can be launched when ``errors`` is empty; ``warnings`` are to be read first.

    ``zones`` are in the order in which they will be tried. Parts that could not be found out are None.
    """

    request: LaunchRequest
    errors: tuple[FieldError, ...] = ()
    warnings: tuple[str, ...] = ()
    image: Image | None = None
    type: MachineType | None = None
    architecture: str = ""
    disk: int | None = None  # GiB
    key: KeyPlan | None = None
    group: GroupPlan | None = None
    vpc_id: str | None = None
    zones: tuple[str, ...] = ()
    subnets: dict[str, str] = field(default_factory=dict)  # zone → subnet id, where a subnet has to be named
    cost: LaunchCost | None = None
    keys: KeyOffer | None = None

    @property
    def is_possible(self) -> bool:
        """Whether nothing stands in its way."""
        return not self.errors

    def error(self, field_name: str) -> FieldError | None:
        """What is wrong with one field of the request."""
        return next((error for error in self.errors if error.field == field_name), None)


class Lookups:
    """What AWS was asked for one launch form: each answer is asked for once, and shared by every ``plan`` and ``launch``.

    Make one when the form opens and hand it to each call; types, keys, groups and the address do not change meanwhile.
    """

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def types(self) -> dict[str, MachineType]:
        """Every type of the region, for suggestions."""
        raise NotImplementedError

    async def own_images(self) -> list[Image]:
        """The account's own AMIs, newest first, for suggestions."""
        raise NotImplementedError

    async def keys(self) -> KeyOffer:
        """What can be chosen for "Key pair"."""
        raise NotImplementedError

    async def group_names(self) -> list[str]:
        """The security groups of the network it would be launched into."""
        raise NotImplementedError

    async def address(self) -> str | None:
        """The person's own public address as a CIDR block; None when it was not looked up or not found."""
        raise NotImplementedError


async def plan(ctx: Context, request: LaunchRequest, known: Lookups | None = None) -> LaunchPlan:
    """What the request comes to: everything looked up, at the same time, and checked; nothing changed.

    What is wrong with a field is in ``errors``; AWS's own refusals (no credentials, unreachable) are raised.
    """
    raise NotImplementedError


async def launch(ctx: Context, request: LaunchRequest, *, wait: bool = True, known: Lookups | None = None) -> Instance:
    """Launch it; with ``wait``, return when ssh answers, else as soon as EC2 has accepted it.

    Reports the steps image, key, security group, requested, running, ssh answers, ready. The intent, its token and the
    exact call are in the store before the call is sent. When a zone has no capacity the next is tried, with a new token.
    Raises FieldError for the first field at fault; after EC2 accepted it, errors name the instance that is left.
    """
    raise NotImplementedError


async def recover(ctx: Context) -> list[Outcome]:
    """What became of launches whose process ended before it was known: found out by their tokens, reported once.

    An outcome's ``subject`` is the instance's id, or empty for one that was never launched (its error says so). Nothing
    is launched by this.
    """
    raise NotImplementedError
