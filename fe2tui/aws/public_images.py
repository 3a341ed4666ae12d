"""The newest images of well-known families: by AWS's public parameters, else by their owners and names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fe2tui.aws.describe import image_of
from fe2tui.aws.session import Session
from fe2tui.errors import DeniedError
from fe2tui.model.fleet import PublicImage
from fe2tui.model.image import Edition, Image, ImageWord

_NAMES = 10  # what SSM takes in one GetParameters
_PAGE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    """One family for one architecture."""

    word: ImageWord
    architecture: str


async def newest_public(
    session: Session, words: Iterable[ImageWord], architectures: Sequence[str]
) -> list[PublicImage]:
    """The newest image of each family and architecture: of the first of its editions that there is one of.

    Two calls where AWS has all the first editions and SSM may be read. What no parameter tells is looked for among
    the images of the families' owners, in one listing. What is not there at all is left out.
    """
    wanted = [_Wanted(word, architecture) for word in words for architecture in architectures]
    found = await _by_parameters(session, wanted)
    missing = [one for one in wanted if one not in found]
    if missing:
        found |= await _by_owners(session, missing)
    return [found[one] for one in wanted if one in found]


async def _by_parameters(session: Session, wanted: Sequence[_Wanted]) -> dict[_Wanted, PublicImage]:
    values = await _parameters(session, wanted)
    chosen: dict[_Wanted, tuple[Edition, str]] = {}
    for one in wanted:
        for edition in one.word.editions:
            image_id = values.get(edition.parameters.get(one.architecture, ""))
            if image_id:
                chosen[one] = edition, image_id
                break
    ids = sorted({image_id for _, image_id in chosen.values()})
    if not ids:
        return {}
    images = {image.id: image for image in await _images(session, [{"Name": "image-id", "Values": ids}])}
    return {
        one: PublicImage(one.word.word, edition.title, images[image_id])
        for one, (edition, image_id) in chosen.items()
        if image_id in images
    }


async def _parameters(session: Session, wanted: Sequence[_Wanted]) -> dict[str, str]:
    """AMI ids by parameter; the first editions are asked for first, others only while one is missing."""
    longest = max((len(one.word.editions) for one in wanted), default=0)
    ranked = [
        (one, one.word.editions[rank].parameters[one.architecture])
        for rank in range(longest)
        for one in wanted
        if rank < len(one.word.editions) and one.architecture in one.word.editions[rank].parameters
    ]
    values: dict[str, str] = {}
    there: set[_Wanted] = set()
    while ranked := [(one, name) for one, name in ranked if one not in there and name not in values]:
        some, ranked = ranked[:_NAMES], ranked[_NAMES:]
        try:
            reply = await session.call("ssm", "GetParameters", Names=[name for _, name in some])
        except DeniedError:
            return values
        values |= {str(found["Name"]): str(found["Value"]) for found in reply.get("Parameters", ())}
        there |= {one for one, name in some if name in values}
    return values


async def _by_owners(session: Session, wanted: Sequence[_Wanted]) -> dict[_Wanted, PublicImage]:
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
    listed = await _images(session, filters, Owners=sorted({one.word.owner for one in wanted}))
    found: dict[_Wanted, PublicImage] = {}
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


async def _images(session: Session, filters: list[dict[str, Any]], **params: Any) -> list[Image]:
    found: list[Image] = []
    async for page in session.pages("ec2", "DescribeImages", "Images", MaxResults=_PAGE, Filters=filters, **params):
        found += map(image_of, page)
    return found
