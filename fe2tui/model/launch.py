"""What a person asks for when launching, and what is kept of it until it is known what became of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, get_args

from fe2tui.errors import FieldError
from fe2tui.model.spot import Market
from fe2tui.model.text import join_words
from fe2tui.model.volume import GP3_IOPS, MAX_GP3_IOPS, MAX_VOLUME_SIZE

_MARKETS: dict[str, Market] = {
    **dict.fromkeys(("spot", "true", "yes", "1"), "spot"),
    **dict.fromkeys(("one-time", "spot-once"), "spot-once"),
    **dict.fromkeys(("on-demand", "false", "no", "0", "-"), "on-demand"),
}
MAX_NAME_LENGTH = 255


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """A launch as asked for. ``disk`` is GiB (None: as large as the image wants); ``image`` an id, a name or a word.

    ``key_name`` None means a key that the person has; ``key_action`` is what to do for it: use one that the account
    has, import the person's own public key (``key_public``, or the first one found), or create one.
    """

    name: str
    image: str
    type: str
    disk: int | None = None
    key_name: str | None = None
    key_action: str = "use"
    key_public: str | None = None
    security_group: str = "ssh"
    iops: int | None = None
    zone: str | None = None
    subnet_id: str | None = None
    address: str | None = None  # who may reach port 22, as a CIDR block; None: looked up; empty: nobody is let in
    tags: Mapping[str, str] = field(default_factory=dict)
    market: Market = "on-demand"

    @property
    def is_spot(self) -> bool:
        """Whether it is bought at the spot price, however."""
        return self.market != "on-demand"

    @property
    def type_text(self) -> str:
        """What is asked of AWS: ``m5.large``, or ``spot m5.large``."""
        return f"spot {self.type}" if self.is_spot else self.type

    def as_json(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> LaunchRequest:
        """The request that ``as_json`` gave."""
        return cls(**kept)


def field_errors(request: LaunchRequest) -> list[FieldError]:
    """What can be seen to be wrong without asking AWS, one error a field at most."""
    return [
        error
        for error in (
            _name_error(request),
            _image_error(request),
            _disk_error(request),
            _type_error(request),
            _iops_error(request),
            _market_error(request),
            _tags_error(request),
        )
        if error
    ]


def dash_error(field_name: str, name: str, remedy: str = "Choose another name.") -> FieldError | None:
    """The error for a new name, of whatever it is, that the shell would read as an option."""
    if not name.startswith("-"):
        return None
    return FieldError(field_name, f"“{name}” begins with a -: the shell would read this name as an option.", remedy)


def _name_error(request: LaunchRequest) -> FieldError | None:
    name = request.name
    if not name.strip():
        return FieldError("name", "The instance needs a name.", "Type one that no other instance has.")
    if error := dash_error("name", name):
        return error
    if len(name) > MAX_NAME_LENGTH:
        return FieldError("name", f"A name has at most {MAX_NAME_LENGTH} characters.", f"This one has {len(name)}.")
    if not name.isprintable() or name != name.strip():
        return FieldError("name", "A name has no control characters and no space around it.", "Type it again.")
    if re.fullmatch(r"i-[0-9a-f]{8,17}", name):
        return FieldError(
            "name", "This name looks like an instance id.", "Choose one that cannot be mistaken for an id."
        )
    if "@" in name:
        return FieldError("name", "A name cannot hold an @: it parts user and name in `connect`.", "Leave it out.")
    return None


def _image_error(request: LaunchRequest) -> FieldError | None:
    if request.image.strip():
        return None
    return FieldError("image", "An image is needed.", "Type ubuntu, amazon, debian or dlami, an AMI's name, or its id.")


def _disk_error(request: LaunchRequest) -> FieldError | None:
    if request.disk is None or 1 <= request.disk <= MAX_VOLUME_SIZE:
        return None
    return FieldError("disk", f"A disk has 1 to {MAX_VOLUME_SIZE:,} GiB.", "Type a whole number.")


def _type_error(request: LaunchRequest) -> FieldError | None:
    if re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", request.type):
        return None
    return FieldError("type", f"“{request.type}” is not an instance type.", "Type one such as t3.micro or m5.large.")


def _iops_error(request: LaunchRequest) -> FieldError | None:
    if request.iops is None or GP3_IOPS <= request.iops <= MAX_GP3_IOPS:
        return None
    return FieldError(
        "iops", f"A gp3 disk has {GP3_IOPS:,} to {MAX_GP3_IOPS:,} IOPS.", f"Leave it out for {GP3_IOPS:,}."
    )


def _market_error(request: LaunchRequest) -> FieldError | None:
    markets = get_args(Market)
    if request.market in markets:
        return None
    return FieldError(
        "market", f"“{request.market}” is not a way to buy a machine.", f"Choose {join_words(markets, 'or')}."
    )


def _tags_error(request: LaunchRequest) -> FieldError | None:
    if "Name" in request.tags:
        return FieldError(
            "tags", "The tag Name is the instance's name, and not given as a tag.", "Give it as the name."
        )
    if any(key.lower().startswith("aws:") for key in request.tags):
        return FieldError("tags", "Tags that begin with aws: are AWS's own.", "Choose another key.")
    return None


@dataclass(frozen=True, slots=True)
class ZonePrice:
    """The spot price of a type in a zone now, dollars an hour; None where there is none, or it is not known.

    ``offered`` is whether the zone has the type at all.
    """

    zone: str
    price: Decimal | None
    is_offered: bool = True


def parse_market(text: object) -> Market:
    """How a machine is to be bought, of the words that stand for it where SPOT is meant, or of True, False and None.

    Raises FieldError(market) for others.
    """
    meant = _MARKETS.get(str(text).strip().lower()) if text is not None else "on-demand"
    if meant is None:
        raise FieldError("market", f"“{text}” stands where SPOT is meant.", "Write spot, one-time or on-demand there.")
    return meant


def purchase_text(market: Market, local_disk: bool = False) -> str:
    """What happens to the data of an instance with this purchase option; ``local_disk``: its type has local disks.

    Source: EC2 user guide, Spot Instance interruptions.
    """
    if market == "on-demand":
        return "AWS does not interrupt it: it runs until you stop or terminate it."
    if market == "spot-once":
        return (
            "If AWS interrupts it (2 minutes' notice), it is terminated and its disk deleted: keep results elsewhere. "
            "It cannot be stopped."
        )
    lost = "memory and local disks are" if local_disk else "memory is"
    return (
        f"If AWS interrupts it (2 minutes' notice), it stops: its disk is kept, {lost} lost. "
        "AWS starts it again when it can."
    )


@dataclass(frozen=True, slots=True)
class LaunchIntent:
    """One intended RunInstances call, kept before it is sent.

    ``stage`` is intended (may or may not have been sent), launched (its instance is known), ready, found (it is there,
    though its process ended before it was ready), failed (refused by AWS) or abandoned (it was never launched).
    ``call`` holds the parameters exactly as sent: the same token must go with the same request.
    """

    token: str
    request: LaunchRequest
    call: Mapping[str, Any]
    region: str
    profile: str
    created_at: datetime
    stage: str = "intended"
    instance_id: str | None = None
    error: str = ""
    endpoint: str = ""
    process: int = 0  # the process that works on it, so that a second one leaves it alone
    activity: int = 0  # its entry in the activity log
