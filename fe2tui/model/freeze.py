"""Making an image of an instance: its name, the ways to make it, and the intent that the store keeps."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from fe2tui.errors import FieldError
from fe2tui.model.instance import Instance
from fe2tui.model.launch import dash_error

FreezeWay = Literal["reboot", "stop", "no-reboot"]
MIN_IMAGE_NAME_LENGTH, MAX_IMAGE_NAME_LENGTH = 3, 128
_FORBIDDEN_CHARACTERS = re.compile(r"[^A-Za-z0-9()\[\] ./\-'@_]+")


@dataclass(frozen=True, slots=True)
class FreezeIntent:
    """One intended CreateImage call, kept before anything is done.

    ``stage`` is intended (CreateImage may or may not have been sent), pending (its image is known, and being made),
    done, failed or abandoned (there is no image). ``restart``: the instance was running, is stopped for the image, and
    has to be started again. ``stopped_at`` is when StopInstances was sent; ``asked_at`` is from when on CreateImage may
    have been sent, None before. ``volume_count`` is how many volumes the image has.
    """

    token: str
    name: str
    instance_id: str
    label: str
    way: FreezeWay
    region: str
    profile: str
    endpoint: str
    created_at: datetime
    stage: str = "intended"
    image_id: str | None = None
    restart: bool = False
    stopped_at: datetime | None = None
    asked_at: datetime | None = None
    volume_count: int = 1
    error: str = ""
    activity: int = 0  # its entry in the activity log
    tags: Mapping[str, str] = field(default_factory=dict)
    account: str = ""  # its number; empty if it was not known then


def image_name_of(instance: Instance) -> str:
    """An image's name made from the instance's: 3 to 128 of the characters that EC2 accepts."""
    name = _FORBIDDEN_CHARACTERS.sub("-", instance.name).strip(" -")
    if len(name) < MIN_IMAGE_NAME_LENGTH:
        name = f"{name}-image" if name else instance.id
    return name[:MAX_IMAGE_NAME_LENGTH].rstrip()


def unused_image_name(name: str, taken: Collection[str]) -> str:
    """The name, or the first of name-2, name-3 … that is not taken."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        ending = f"-{number}"
        candidate = f"{name[: MAX_IMAGE_NAME_LENGTH - len(ending)]}{ending}"
    return candidate


def image_name_error(name: str, unused_name: str) -> FieldError | None:
    """What is wrong with an image's name by itself; the remedy offers ``unused_name``.

    Source: EC2 API reference, CreateImage.
    """
    remedy = f"{unused_name} is free."
    if error := dash_error("ami_name", name, remedy):
        return error
    if not MIN_IMAGE_NAME_LENGTH <= len(name) <= MAX_IMAGE_NAME_LENGTH:
        return FieldError(
            "ami_name", f"An image's name has {MIN_IMAGE_NAME_LENGTH} to {MAX_IMAGE_NAME_LENGTH} characters.", remedy
        )
    if found := _FORBIDDEN_CHARACTERS.search(name):
        return FieldError(
            "ami_name",
            f"An image's name cannot have “{found[0]}” in it.",
            f"Letters, digits, spaces and ()[]./-'@_ are possible. {remedy}",
        )
    return None
