"""How to reach an instance: address, port, user and key, from flags, tags, image and settings."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fe2tui.errors import NoAddressError, UsageError
from fe2tui.model.instance import PORT_TAG, USER_TAG, Instance, State

if TYPE_CHECKING:
    from fe2tui.settings import Settings

DEFAULT_USER = "ubuntu"
DEFAULT_PORT = 22

_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\Z")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
_INSTANCE_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?\Z")


@dataclass(frozen=True, slots=True)
class Route:
    """The way to one instance; every part has been checked, so that ssh cannot read it as an option.

    ``key_file`` is the only private key to use; None leaves the choice to ssh and its agent. It may also be a public
    key file, for a private half in the agent. ``key_name`` is EC2's name of the key pair, for messages.
    """

    instance_id: str
    address: str
    port: int = DEFAULT_PORT
    user: str = DEFAULT_USER
    key_file: Path | None = None
    key_name: str | None = None
    label: str = ""

    def __post_init__(self) -> None:
        if not _INSTANCE_ID.match(self.instance_id):
            raise UsageError(f"“{self.instance_id}” is not an instance id.")
        _check_address(self.address)
        check_user(self.user, "The login user")
        check_port(self.port, "The ssh port")

    @property
    def name(self) -> str:
        return self.label or self.instance_id

    @property
    def words(self) -> str:
        """``ubuntu@203.0.113.7``, with the port if it is not 22."""
        host = f"[{self.address}]" if ":" in self.address and self.port != DEFAULT_PORT else self.address
        return f"{self.user}@{host}" + (f":{self.port}" if self.port != DEFAULT_PORT else "")


def check_user(user: str, what: str, remedy: str = "") -> str:
    """The user, if ssh accepts it. Raises UsageError; ``what`` says where the user is from."""
    if _USER.match(user):
        return user
    raise UsageError(
        f"{what} is {user!r}, which is not a login name.",
        remedy or "A login name has letters, digits, dots, hyphens and underscores, and does not begin with a hyphen.",
    )


def check_port(port: int | str, what: str, remedy: str = "") -> int:
    """The port as a number. Raises UsageError; ``what`` says where the port is from."""
    text = str(port).strip()
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    raise UsageError(f"{what} is {str(port)!r}, which is not a port.", remedy or "A port is a number from 1 to 65535.")


def route_to(
    instance: Instance,
    settings: Settings | None = None,
    *,
    user: str | None = None,
    port: int | str | None = None,
    key_file: Path | None = None,
    image_user: str | None = None,
) -> Route:
    """The route to an instance: keyword arguments come before tags, and those before image and settings.

    ``image_user`` is the login user of the instance's image, None if not known. ``key_file`` is the private key of the
    instance's key pair, by default that of the settings. Raises NoAddressError, and UsageError for a tag or argument
    that ssh would not accept.
    """
    return Route(
        instance.id,
        _address(instance, use_private=settings is not None and settings.use_private_address),
        _port(instance, port, settings),
        _user(instance, user, image_user, settings),
        key_file or (settings.key_file if settings is not None else None),
        instance.key_name,
        instance.label,
    )


def _user(instance: Instance, flag: str | None, image_user: str | None, settings: Settings | None) -> str:
    if flag:
        return check_user(flag, "The login user")
    if tag := instance.tags.get(USER_TAG, "").strip():
        return check_user(
            tag, f"The tag {USER_TAG} of {instance.label}", "Correct the tag, or name the user: connect USER@NAME."
        )
    if image_user:
        return check_user(image_user, f"The login user of image {instance.image_id}", "Set the tag fe2:user.")
    return (settings.user if settings is not None else None) or DEFAULT_USER


def _port(instance: Instance, flag: int | str | None, settings: Settings | None) -> int:
    if flag is not None:
        return check_port(flag, "The ssh port")
    if tag := instance.tags.get(PORT_TAG, "").strip():
        return check_port(
            tag, f"The tag {PORT_TAG} of {instance.label}", "Correct the tag; a port is a number from 1 to 65535."
        )
    return settings.port if settings is not None else DEFAULT_PORT


def _address(instance: Instance, *, use_private: bool) -> str:
    found = (use_private and instance.private_ip) or instance.public_address
    if found:
        return _check_address(found)
    if instance.state in (State.STOPPED, State.STOPPING):
        raise NoAddressError(f"{instance.label} is {instance.state}, and has no address.", "Start it first.")
    if instance.state is State.PENDING:
        raise NoAddressError(f"{instance.label} has no address yet.", "It is still starting: try again in a moment.")
    if instance.state.is_gone:
        raise NoAddressError(f"{instance.label} is {instance.state}: it cannot be reached any more.")
    if instance.private_ip:
        raise NoAddressError(
            f"{instance.label} has no public address, only {instance.private_ip} inside its network.",
            "From a VPN or another machine of that network, set use_private_address = true in config.toml; "
            "else give it an Elastic IP.",
        )
    raise NoAddressError(f"{instance.label} has no address.", "Give it an Elastic IP, or launch it in a public subnet.")


def _check_address(address: str) -> str:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        if not _HOST.match(address):
            raise UsageError(f"{address!r} is not an address.") from None
    return address
