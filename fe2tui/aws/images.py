"""Images: by id, by the name of an own image, or by a word for the newest public one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fe2tui.aws.decode import decode_image
from fe2tui.aws.paged_reads import filter_chunks
from fe2tui.aws.session import Session
from fe2tui.errors import AwsError, DeniedError, FieldError, NotFoundError
from fe2tui.model.fleet import PublicImage
from fe2tui.model.image import IMAGE_WORDS, Image, ImageEdition, ImageWord
from fe2tui.model.text import join_words

_PARAMETERS_A_CALL = 10  # the most that one GetParameters takes


@dataclass(frozen=True, slots=True, eq=False)
class _FamilyArchitecture:
    word: ImageWord
    architecture: str


async def newest_public_images(
    session: Session, words: Iterable[ImageWord], architectures: Sequence[str]
) -> list[PublicImage]:
    """The newest image of each family and architecture, from the first of its editions that exists.

    Two calls if SSM may be read and AWS has all first editions. What no parameter names is looked up in one listing of
    the images of the families' owners. Images that do not exist are left out.
    """
    wanted = [_FamilyArchitecture(word, architecture) for word in words for architecture in architectures]
    found = await _find_by_parameters(session, wanted)
    missing = [one for one in wanted if one not in found]
    if missing:
        found |= await _find_by_owners(session, missing)
    return [found[one] for one in wanted if one in found]


async def _find_by_parameters(
    session: Session, wanted: Sequence[_FamilyArchitecture]
) -> dict[_FamilyArchitecture, PublicImage]:
    values = await _read_parameters(session, wanted)
    image_ids: dict[_FamilyArchitecture, tuple[ImageEdition, str]] = {}
    for one in wanted:
        for edition in one.word.editions:
            image_id = values.get(edition.parameters.get(one.architecture, ""))
            if image_id:
                image_ids[one] = edition, image_id
                break
    ids = sorted({image_id for _, image_id in image_ids.values()})
    if not ids:
        return {}
    found = await _describe_images(session, Filters=[{"Name": "image-id", "Values": ids}])
    images = {image.id: image for image in found}
    return {
        one: PublicImage(one.word.word, edition.title, images[image_id])
        for one, (edition, image_id) in image_ids.items()
        if image_id in images
    }


async def _read_parameters(session: Session, wanted: Sequence[_FamilyArchitecture]) -> dict[str, str]:
    """AMI ids by SSM parameter: the first editions first, others only while one is missing."""
    longest = max((len(one.word.editions) for one in wanted), default=0)
    ranked = [
        (one, one.word.editions[rank].parameters[one.architecture])
        for rank in range(longest)
        for one in wanted
        if rank < len(one.word.editions) and one.architecture in one.word.editions[rank].parameters
    ]
    values: dict[str, str] = {}
    there: set[_FamilyArchitecture] = set()
    while ranked := [(one, name) for one, name in ranked if one not in there and name not in values]:
        some, ranked = ranked[:_PARAMETERS_A_CALL], ranked[_PARAMETERS_A_CALL:]
        try:
            reply = await session.call("ssm", "GetParameters", Names=[name for _, name in some])
        except DeniedError:
            return values
        values |= {str(found["Name"]): str(found["Value"]) for found in reply.get("Parameters", ())}
        there |= {one for one, name in some if name in values}
    return values


async def _find_by_owners(
    session: Session, wanted: Sequence[_FamilyArchitecture]
) -> dict[_FamilyArchitecture, PublicImage]:
    patterns = [
        edition.patterns[one.architecture]
        for one in wanted
        for edition in one.word.editions
        if one.architecture in edition.patterns
    ]
    if not patterns:
        return {}
    filters = [
        {"Name": "name", "Values": list(dict.fromkeys(patterns))},
        {"Name": "architecture", "Values": sorted({one.architecture for one in wanted})},
        {"Name": "state", "Values": ["available"]},
    ]
    listed = await _describe_images(session, Filters=filters, Owners=sorted({one.word.owner for one in wanted}))
    found: dict[_FamilyArchitecture, PublicImage] = {}
    for one in wanted:
        of_it = [
            (one.word.editions.index(edition), image, edition)
            for image in listed
            if image.architecture == one.architecture and (edition := one.word.edition_of(image)) is not None
        ]
        if of_it:
            first = min(rank for rank, _, _ in of_it)
            newest = max((it for it in of_it if it[0] == first), key=lambda it: str(it[1].created_at))
            found[one] = PublicImage(one.word.word, newest[2].title, newest[1])
    return found


_PAGE = 1000
ARCHITECTURES = ("x86_64", "arm64")
_IMAGE_ID = re.compile(r"ami-[0-9a-f]{8,17}")
_IMAGE_HINT = "Type ubuntu, amazon, debian or dlami, the name of one of your images, or an AMI's id."


def is_image_id(text: str) -> bool:
    return _IMAGE_ID.fullmatch(text) is not None


async def resolve_launch_image(session: Session, text: str, architecture: str = "x86_64") -> Image:
    """The image for an id, for the name of an own image, or for a word (ubuntu, amazon, debian, dlami).

    Raises FieldError("image") if there is none, if several have the name, or if it has another architecture or is not
    available.
    """
    wanted = text.strip()
    if is_image_id(wanted):
        image = await image_by_id(session, wanted)
        if image is None:
            raise FieldError("image", f"There is no image {wanted} in {session.region}.", _IMAGE_HINT)
    else:
        image = await _own_image_named(session, wanted)
        word = IMAGE_WORDS.get(wanted.lower())
        if image is None and word is not None:
            image = await _newest_public_image(session, word, architecture)
            if image is None:
                raise FieldError(
                    "image",
                    f"{session.region} shows no {word.title}: neither the public parameters that name the newest one "
                    f"nor an image of their owner ({word.owner}) is there.",
                    "An emulator may have neither. Name an image by its id (ami-…), or one of your own by its name.",
                )
        if image is None:
            raise FieldError("image", f"No image of yours in {session.region} is called “{wanted}”.", _IMAGE_HINT)
    _check_launchable(image, architecture)
    return image


def _check_launchable(image: Image, architecture: str) -> None:
    label = image.name or image.id
    if image.state != "available":
        remedy = "Wait until it is done." if image.state == "pending" else "Choose another."
        raise FieldError("image", f"{label} is {image.state}, not available.", remedy)
    if architecture and image.architecture != architecture:
        raise FieldError(
            "image",
            f"{label} is for {_architecture_name(image.architecture)}, "
            f"and the type is {_architecture_name(architecture)}.",
            f"Choose a type with {_architecture_name(image.architecture)}, or the {architecture} image.",
        )


def _architecture_name(architecture: str) -> str:
    return {"arm64": "Arm (arm64)", "x86_64": "Intel and AMD (x86_64)"}.get(architecture, architecture)


async def _own_image_named(session: Session, name: str) -> Image | None:
    found = await _describe_images(session, Owners=["self"], Filters=[{"Name": "name", "Values": [name]}])
    exact = [image for image in found if image.name == name]  # EC2 treats * and ? as wildcards
    if len(exact) > 1:
        ids = join_words(tuple(sorted(image.id for image in exact)))
        raise FieldError("image", f"{len(exact)} of your images are called “{name}”: {ids}.", "Type the id of one.")
    return exact[0] if exact else None


async def _newest_public_image(session: Session, word: ImageWord, architecture: str) -> Image | None:
    if architecture not in word.editions[0].parameters:
        raise FieldError("image", f"There is no {word.title} for {architecture}.", "Choose another image or type.")
    return next((found.image for found in await newest_public_images(session, [word], [architecture])), None)


async def public_images(session: Session) -> tuple[PublicImage, ...]:
    """The newest image of each well-known family and architecture in the region, in the order of the words."""
    return tuple(await newest_public_images(session, IMAGE_WORDS.values(), ARCHITECTURES))


async def own_images(session: Session) -> list[Image]:
    """The account's own images, newest first, pending ones included."""
    return _newest_first(await _describe_images(session, Owners=["self"]))


async def own_images_with_disabled(session: Session) -> list[Image]:
    """``own_images`` and the disabled ones, which keep their names and snapshots."""
    return _newest_first(await _describe_images(session, Owners=["self"], IncludeDisabled=True))


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
    """Create an image of an instance. Returns the image's id; AWS works on it for minutes or hours.

    Not retried after a broken connection, because CreateImage takes no token. A name in use is a FieldError(ami_name)
    with the code InvalidAMIName.Duplicate.
    """
    params: dict[str, Any] = {"InstanceId": instance_id, "Name": name, "NoReboot": no_reboot}
    if description:
        params["Description"] = description
    params["TagSpecifications"] = [_tag_specification("image", tags), _tag_specification("snapshot", snapshot_tags)]
    try:
        reply = await session.call("ec2", "CreateImage", **params)
    except AwsError as error:
        if error.code == "InvalidAMIName.Duplicate":
            raise name_taken_error(name, code=error.code) from error
        raise
    return str(reply["ImageId"])


def name_taken_error(name: str, free: str = "", *, code: str | None = None) -> FieldError:
    remedy = f"{free} is free." if free else "Choose another name."
    return FieldError("ami_name", f"Another image of yours is called “{name}”.", remedy, code=code)


def _tag_specification(kind: str, tags: Mapping[str, str]) -> dict[str, Any]:
    return {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


async def deregister_image(session: Session, image_id: str) -> None:
    """Deregister an own image. Its snapshots stay and cost money; instances launched from it go on."""
    await session.call("ec2", "DeregisterImage", ImageId=image_id)


async def image_by_id(session: Session, image_id: str) -> Image | None:
    """An image of any owner, disabled or not; None if it does not exist (any more) or may not be seen."""
    found = await _describe_images(session, Filters=[{"Name": "image-id", "Values": [image_id]}], IncludeDisabled=True)
    return found[0] if found else None


async def image_document(session: Session, image_id: str) -> Mapping[str, Any]:
    """EC2's own description of an image, with its keys. Raises NotFoundError."""
    reply = await session.call("ec2", "DescribeImages", ImageIds=[image_id], IncludeDisabled=True)
    if not reply.get("Images"):
        raise NotFoundError(f"EC2 no longer shows {image_id}.")
    document: Mapping[str, Any] = reply["Images"][0]
    return document


async def image_names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Names of images by id. Images that no longer exist are left out."""
    names: dict[str, str] = {}
    for some in filter_chunks(sorted(ids)):
        names |= {i.id: i.name for i in await _describe_images(session, Filters=[{"Name": "image-id", "Values": some}])}
    return names


async def image_login_user(session: Session, image_id: str, instance_id: str = "") -> str | None:
    """The login user of its instances; None if it no longer exists, or does not tell.

    With an instance that was launched from it, EC2 still tells the name and the owner of an image that was deregistered
    or is private now. Source: EC2 API reference, DescribeInstanceImageMetadata.
    """
    image = await image_by_id(session, image_id)
    if image is None and instance_id:
        with suppress(AwsError):
            image = await _image_of_instance(session, instance_id)
    return None if image is None else image.known_login_user


async def _image_of_instance(session: Session, instance_id: str) -> Image | None:
    reply = await session.call("ec2", "DescribeInstanceImageMetadata", InstanceIds=[instance_id])
    for one in reply.get("InstanceImageMetadata", ()):
        kept = one.get("ImageMetadata", {})
        return Image(
            str(kept.get("ImageId", "")),
            str(kept.get("Name", "")),
            "",
            str(kept.get("State", "")),
            owner_id=str(kept.get("OwnerId", "")),
        )
    return None


async def _describe_images(session: Session, **params: Any) -> list[Image]:
    pages = session.pages("ec2", "DescribeImages", "Images", MaxResults=_PAGE, **params)
    return [decode_image(part) async for page in pages for part in page]
