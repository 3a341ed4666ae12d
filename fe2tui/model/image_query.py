"""The filter of images, and what they can be sorted by. The syntax is that of ``terms``::

base               a word: in the name, id, state, architecture, description, family or a tag's value
state:available    by field; several with commas: state:pending,failed
arch:arm64         architecture; owner: the account that it is of
tag:env=prod       a tag with that value; tag:env: a tag of that name
age>7d size>50     older than; GiB of all its disks
cost>1 made>0      dollars a month at most; instances made from it
own public         the account's own, those of others that anybody may use
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from fe2tui.model import terms
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.money.images import image_per_month
from fe2tui.model.terms import AGE_EXAMPLE, Language, Number, QueryError, age_bound, by, dollars_key, natural

STATES = ("available", "pending", "failed", "error", "disabled", "transient", "invalid", "deregistered")


@dataclass(frozen=True, slots=True)
class ImagesAt:
    """What images are seen in: the fleet, and the moment."""

    fleet: Fleet
    now: datetime


Query: TypeAlias = terms.Query[Image, ImagesAt]
Sort: TypeAlias = terms.Sort[Image, ImagesAt]
_Test: TypeAlias = terms.Test[Image, ImagesAt]


def instances_of(image: Image, fleet: Fleet) -> tuple[Instance, ...]:
    """The instances made from an image that are not gone."""
    return tuple(one for one in fleet.instances.values() if one.image_id == image.id and not one.state.is_gone)


def family(image: Image, fleet: Fleet) -> str:
    """The title of the well-known family whose newest image this is; empty for any other."""
    return next((known.title for known in fleet.public_images if known.image.id == image.id), "")


def _word(word: str) -> _Test:
    def test(image: Image, at: ImagesAt) -> bool:
        return (
            word in image.name.lower()
            or word in image.id
            or word in image.state
            or word in image.architecture
            or word in image.description.lower()
            or word in family(image, at.fleet).lower()
            or any(word in value.lower() for value in image.tags.values())
        )

    return test


def _state(token: str, value: str) -> _Test:
    wanted: set[str] = set()
    for part in filter(None, value.split(",")):
        states = {state for state in STATES if state.startswith(part)}
        if not states:
            raise QueryError(token, f"There is no state “{part}”.", f"There are {', '.join(STATES)}.")
        wanted |= states
    return lambda image, at: image.state in wanted


def _age(image: Image, at: ImagesAt) -> Decimal | None:
    return None if image.created_at is None else Decimal((at.now - image.created_at) // timedelta(seconds=1))


def _made(image: Image, at: ImagesAt) -> Decimal:
    return Decimal(len(instances_of(image, at.fleet)))


def _is_own(image: Image, at: ImagesAt) -> bool:
    return image.id in at.fleet.images


IMAGES: Language[Image, ImagesAt] = Language(
    word=_word,
    fields={
        "name": by(lambda image, at, part: part in image.name.lower()),
        "id": by(lambda image, at, part: part in image.id),
        "state": _state,
        "arch": by(lambda image, at, part: image.architecture.startswith(part)),
        "owner": by(lambda image, at, part: image.owner_id.startswith(part)),
        "tag": terms.by_tag(lambda image: image.tags),
    },
    numbers={
        "age": Number(_age, AGE_EXAMPLE, age_bound, steady=False),
        "size": Number(lambda image, at: Decimal(image.size or image.root_size), "GiB such as 50"),
        "cost": Number(lambda image, at: image_per_month(image, at.fleet), "dollars a month such as 1", steady=False),
        "made": Number(_made, "a number of instances such as 1", steady=False),
    },
    words={
        "own": _is_own,
        "public": lambda image, at: image.public or not _is_own(image, at),
    },
)


def _created(image: Image, at: ImagesAt) -> float:
    return -1e12 if image.created_at is None else -image.created_at.timestamp()


SORTS: Mapping[str, Sort] = terms.by_id(
    (
        terms.Sort("name", "name", lambda image, at: natural(image.label), is_text=True),
        terms.Sort("state", "state", lambda image, at: image.state, is_text=True),
        terms.Sort("size", "size", lambda image, at: float(image.size or image.root_size), largest_first=True),
        terms.Sort("arch", "architecture", lambda image, at: image.architecture, is_text=True),
        terms.Sort("age", "age", _created),
        terms.Sort(
            "cost", "dollars a month", lambda image, at: dollars_key(image_per_month(image, at.fleet)), False, True
        ),
        terms.Sort("made", "instances made from it", lambda image, at: float(_made(image, at)), False, True),
    )
)
"""By id."""
