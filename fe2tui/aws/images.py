"""Images: by id, by an own one's name, or by a word for the newest public one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fe2tui.aws.describe import image_of
from fe2tui.aws.public_images import newest_public
from fe2tui.aws.session import Session
from fe2tui.errors import AwsError, FieldError
from fe2tui.model.fleet import PublicImage
from fe2tui.model.image import IMAGE_WORDS, Image, ImageWord
from fe2tui.model.words import listed

_PAGE = 1000
_FILTER_VALUES = 200
ARCHITECTURES = ("x86_64", "arm64")
_ID = re.compile(r"ami-[0-9a-f]{8,17}")
_TRY = "Type ubuntu, amazon, debian or dlami, the name of one of your images, or an AMI's id."


def is_id(text: str) -> bool:
    """Whether that is how an image's id looks."""
    return _ID.fullmatch(text) is not None


async def resolve_image(session: Session, text: str, architecture: str = "x86_64") -> Image:
    """The image that is meant: an id, the name of one of the account's own, or a word (ubuntu, amazon, debian, dlami).

    Raises FieldError("image") when there is none, several, or one of another architecture or not yet available.
    """
    wanted = text.strip()
    if is_id(wanted):
        image = await image_by_id(session, wanted)
        if image is None:
            raise FieldError("image", f"There is no image {wanted} in {session.region}.", _TRY)
    else:
        image = await _own_by_name(session, wanted)
        word = IMAGE_WORDS.get(wanted.lower())
        if image is None and word is not None:
            image = await _newest(session, word, architecture)
        if image is None:
            raise FieldError("image", f"No image of yours in {session.region} is called “{wanted}”.", _TRY)
    _check(image, architecture)
    return image


def _check(image: Image, architecture: str) -> None:
    label = image.name or image.id
    if image.state != "available":
        remedy = "Wait until it is done." if image.state == "pending" else "Choose another."
        raise FieldError("image", f"{label} is {image.state}, not available.", remedy)
    if architecture and image.architecture != architecture:
        raise FieldError(
            "image",
            f"{label} is for {_spoken(image.architecture)}, and the type is {_spoken(architecture)}.",
            f"Choose a type with {_spoken(image.architecture)}, or the {architecture} image.",
        )


def _spoken(architecture: str) -> str:
    return {"arm64": "Arm (arm64)", "x86_64": "Intel and AMD (x86_64)"}.get(architecture, architecture)


async def _own_by_name(session: Session, name: str) -> Image | None:
    found = await _images(session, Owners=["self"], Filters=[{"Name": "name", "Values": [name]}])
    exact = [image for image in found if image.name == name]  # EC2 takes * and ? for any text
    if len(exact) > 1:
        ids = listed(tuple(sorted(image.id for image in exact)))
        raise FieldError("image", f"{len(exact)} of your images are called “{name}”: {ids}.", "Type the id of one.")
    return exact[0] if exact else None


async def _newest(session: Session, word: ImageWord, architecture: str) -> Image | None:
    if architecture not in word.editions[0].parameters:
        raise FieldError("image", f"There is no {word.title} for {architecture}.", "Choose another image or type.")
    return next((found.image for found in await newest_public(session, [word], [architecture])), None)


async def public_images(session: Session) -> tuple[PublicImage, ...]:
    """The newest image of each well-known family and architecture that the region has, in the order of the words."""
    return tuple(await newest_public(session, IMAGE_WORDS.values(), ARCHITECTURES))


async def own_images(session: Session) -> list[Image]:
    """The account's own images, newest first, pending ones included."""
    return _newest_first(await _images(session, Owners=["self"]))


async def every_own_image(session: Session) -> list[Image]:
    """The same with those that were disabled: they hold their names and their snapshots."""
    return _newest_first(await _images(session, Owners=["self"], IncludeDisabled=True))


def _newest_first(found: Iterable[Image]) -> list[Image]:
    return sorted(found, key=lambda image: (str(image.created_at or ""), image.id), reverse=True)


async def create_image(
    session: Session,
    instance_id: str,
    name: str,
    *,
    description: str = "",
    tags: Mapping[str, str],
    snapshot_tags: Mapping[str, str],
    no_reboot: bool,
) -> str:
    """Ask for an image of an instance; returns the image's id while AWS goes on making it.

    Never said again after a broken connection: CreateImage takes no token. A name that is taken is a
    FieldError(ami_name), with the code InvalidAMIName.Duplicate.
    """
    params: dict[str, Any] = {"InstanceId": instance_id, "Name": name, "NoReboot": no_reboot}
    if description:
        params["Description"] = description
    params["TagSpecifications"] = [_tagged("image", tags), _tagged("snapshot", snapshot_tags)]
    try:
        reply = await session.call("ec2", "CreateImage", **params)
    except AwsError as error:
        if error.code == "InvalidAMIName.Duplicate":
            raise name_taken(name, code=error.code) from error
        raise
    return str(reply["ImageId"])


def name_taken(name: str, free: str = "", *, code: str | None = None) -> FieldError:
    """The error for an image's name that another has."""
    remedy = f"{free} is free." if free else "Choose another name."
    return FieldError("ami_name", f"Another image of yours is called “{name}”.", remedy, code=code)


def _tagged(kind: str, tags: Mapping[str, str]) -> dict[str, Any]:
    return {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


async def deregister_image(session: Session, image_id: str) -> None:
    """Take an own image away. Its snapshots stay, and cost; what was launched from it goes on."""
    await session.call("ec2", "DeregisterImage", ImageId=image_id)


async def image_by_id(session: Session, image_id: str) -> Image | None:
    """One image by its id, whosever it is, disabled or not; None if there is none (any more) that may be seen."""
    found = await _images(session, Filters=[{"Name": "image-id", "Values": [image_id]}], IncludeDisabled=True)
    return found[0] if found else None


async def image_names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Names of images by id; those that are gone are left out."""
    wanted = sorted(set(ids))
    names: dict[str, str] = {}
    for start in range(0, len(wanted), _FILTER_VALUES):
        some = wanted[start : start + _FILTER_VALUES]
        names |= {i.id: i.name for i in await _images(session, Filters=[{"Name": "image-id", "Values": some}])}
    return names


async def login_user_of(session: Session, image_id: str) -> str | None:
    """Whom to log in as on its machines: the tag ``fe2:user``, else by its name and owner; None if it is gone."""
    image = await image_by_id(session, image_id)
    return None if image is None else image.login_user


async def _images(session: Session, **params: Any) -> list[Image]:
    found: list[Image] = []
    async for page in session.pages("ec2", "DescribeImages", "Images", MaxResults=_PAGE, **params):
        found += map(image_of, page)
    return found
