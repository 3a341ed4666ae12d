"""An image that is to be made of an instance: its name, the ways to make it, and the intent that is kept of it."""

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
    """One image about to be asked for, kept before anything is done.

    ``stage`` is intended (CreateImage may or may not have been sent), pending (its image is known, and being made),
    done, failed or abandoned (no image came of it). ``restart`` says that the instance was running and is stopped for
    the image: it is to be started again. ``stopped_at`` is when it was told to stop; ``asked_at`` is from when on the
    image may have been asked for, None while nothing of it can have reached AWS. ``disks`` is how many go into it.
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


def image_name_of(instance: Instance) -> str:
    """An image's name made of the instance's: 3 to 128 of the characters that EC2 takes."""
    name = _FORBIDDEN_CHARACTERS.sub("-", instance.name).strip(" -")
    if len(name) < MIN_IMAGE_NAME_LENGTH:
        name = f"{name}-image" if name else instance.id
    return name[:MAX_IMAGE_NAME_LENGTH].rstrip()


def unused_image_name(name: str, taken: Collection[str]) -> str:
    """The name, or the first of name-2, name-3 … that no image has."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        ending = f"-{number}"
        candidate = f"{name[: MAX_IMAGE_NAME_LENGTH - len(ending)]}{ending}"
    return candidate


def image_name_error(name: str, unused_name: str) -> FieldError | None:
    """What is wrong with an image's name, whatever others there are; ``free`` is one to offer instead.

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
