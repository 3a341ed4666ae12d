"""What a launch requests, its checks, and the intent that the store keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
ZERO_WIDTH_JOINER = "\u200d"  # joins several emoji into one


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """A launch as a person requests it. ``disk`` is GiB (None: the image's size); ``image`` is an id, a name or a word.

    ``key_name`` None: any key pair that the user has the private key for. ``key_action``: ``use`` a key pair of the
    account, ``import`` the user's public key (``key_public``, or the first one found), or ``create`` one.
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
    address: str | None = None  # who may reach port 22, as a CIDR block; None: looked up; empty: port 22 stays closed
    tags: Mapping[str, str] = field(default_factory=dict)
    market: Market = "on-demand"

    @property
    def is_spot(self) -> bool:
        return self.market != "on-demand"

    @property
    def type_text(self) -> str:
        """``m5.large``, or ``spot m5.large``."""
        return f"spot {self.type}" if self.is_spot else self.type

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> LaunchRequest:
        return cls(**kept)


def field_errors(request: LaunchRequest) -> list[FieldError]:
    """What is wrong with a request, as far as it shows without AWS: at most one error a field."""
    return list(_field_errors(request))


def _field_errors(request: LaunchRequest) -> Iterator[FieldError]:
    if error := _name_error(request.name):
        yield error
    if not request.image.strip():
        yield FieldError(
            "image", "An image is needed.", "Type ubuntu, amazon, debian or dlami, an AMI's name, or its id."
        )
    if request.disk is not None and not 1 <= request.disk <= MAX_VOLUME_SIZE:
        yield FieldError("disk", f"A disk has 1 to {MAX_VOLUME_SIZE:,} GiB.", "Type a whole number.")
    if not re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", request.type):
        yield FieldError("type", f"“{request.type}” is not an instance type.", "Type one such as t3.micro or m5.large.")
    if request.iops is not None and not GP3_IOPS <= request.iops <= MAX_GP3_IOPS:
        summary = f"A gp3 disk has {GP3_IOPS:,} to {MAX_GP3_IOPS:,} IOPS."
        yield FieldError("iops", summary, f"Leave it out for {GP3_IOPS:,}.")
    if request.market not in (markets := get_args(Market)):
        summary = f"“{request.market}” is not a purchase option."
        yield FieldError("market", summary, f"Choose {join_words(markets, 'or')}.")
    if "Name" in request.tags:
        summary = "The tag Name is the instance's name and cannot be given as a tag."
        yield FieldError("tags", summary, "Give it as the name.")
    elif any(key.lower().startswith("aws:") for key in request.tags):
        yield FieldError("tags", "Tags that begin with aws: are AWS's own.", "Choose another key.")


def dash_error(field_name: str, name: str, remedy: str = "Choose another name.") -> FieldError | None:
    """The error for a new name that a shell command would read as an option."""
    if not name.startswith("-"):
        return None
    return FieldError(field_name, f"“{name}” begins with a -: the shell would read this name as an option.", remedy)


def _name_error(name: str) -> FieldError | None:
    if not name.strip():
        return FieldError("name", "The instance needs a name.", "Type one that no other instance has.")
    if error := dash_error("name", name):
        return error
    if len(name) > MAX_NAME_LENGTH:
        return FieldError("name", f"A name has at most {MAX_NAME_LENGTH} characters.", f"This one has {len(name)}.")
    characters = name.replace(ZERO_WIDTH_JOINER, "")
    if not characters.isprintable() or name != name.strip() or not characters.strip():
        return FieldError("name", "A name has no control characters and no space around it.", "Type it again.")
    if re.fullmatch(r"i-[0-9a-f]{8,17}", name):
        return FieldError(
            "name", "This name looks like an instance id.", "Choose one that cannot be mistaken for an id."
        )
    if "@" in name:
        return FieldError("name", "A name cannot have an @: it separates user and name in `connect`.", "Leave it out.")
    return None


@dataclass(frozen=True, slots=True)
class ZonePrice:
    """The spot price of a type in a zone now, dollars an hour; None where there is none, or it is not known.

    ``is_offered``: whether the zone has the type at all.
    """

    zone: str
    price: Decimal | None
    is_offered: bool = True


def parse_market(text: object) -> Market:
    """How an instance is to be bought, from a word (spot, one-time, on-demand …), True, False or None.

    Raises FieldError(market) for any other word.
    """
    market = _MARKETS.get(str(text).strip().lower()) if text is not None else "on-demand"
    if market is None:
        raise FieldError("market", f"“{text}” stands where SPOT is expected.", "Write spot, one-time or on-demand.")
    return market


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

    ``stage`` is intended (may or may not have been sent), launched (its instance is known), ready, found (the instance
    exists, but the process ended before it was ready), failed (AWS refused) or abandoned (it was never launched).
    ``call`` has the parameters exactly as sent: EC2 wants the same parameters with the same token.
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
    process: int = 0  # the id of the process that works on it
    activity: int = 0  # its entry in the activity log
    account: str = ""  # its number; empty if it was not known then
