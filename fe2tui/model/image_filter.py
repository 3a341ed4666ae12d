"""The filter of images, and what they can be sorted by. The syntax is that of ``filters``::

base               a word: in the name, id, state, architecture, description, family or a tag's value
state:available    by field; several with commas: state:pending,failed
arch:arm64         architecture, also amd64 for x86_64; owner: the account that owns it
tag:env=prod       a tag with that value; tag:env: a tag of that name
age>7d size>50     created longer ago than; GiB of all its disks
month>1 made>0     dollars a month at most; how many instances were made from it
own public         the account's own; those of others that everybody may use
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from fe2tui.model import filters
from fe2tui.model.filters import FilterLanguage, NumberField, dollars_sort_key, natural_sort_key, value_field
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.money.rates import image_per_month

IMAGE_STATES = ("available", "pending", "failed", "error", "disabled", "transient", "invalid", "deregistered")


@dataclass(frozen=True, slots=True)
class ImageScope:
    fleet: Fleet
    now: datetime


ImageFilter: TypeAlias = filters.Filter[Image, ImageScope]
ImageSort: TypeAlias = filters.Sort[Image, ImageScope]
_Test: TypeAlias = filters.Test[Image, ImageScope]


def instances_of_image(image: Image, fleet: Fleet) -> tuple[Instance, ...]:
    return tuple(one for one in fleet.instances.values() if one.image_id == image.id and not one.state.is_gone)


def public_image_title(image: Image, fleet: Fleet) -> str:
    """The title of the well-known family whose newest image this is; empty for any other."""
    return next((known.title for known in fleet.public_images if known.image.id == image.id), "")


def _word(word: str) -> _Test:
    def test(image: Image, at: ImageScope) -> bool:
        return (
            word in image.name.lower()
            or word in image.id
            or word in image.state
            or word in image.architecture
            or word in image.description.lower()
            or word in public_image_title(image, at.fleet).lower()
            or any(word in value.lower() for value in image.tags.values())
        )

    return test


def _instance_count(image: Image, scope: ImageScope) -> Decimal:
    return Decimal(len(instances_of_image(image, scope.fleet)))


def _cost(image: Image, scope: ImageScope) -> Decimal | None:
    return image_per_month(image, scope.fleet)


def _is_own(image: Image, scope: ImageScope) -> bool:
    return image.id in scope.fleet.images


IMAGE_LANGUAGE: FilterLanguage[Image, ImageScope] = FilterLanguage(
    word_test=_word,
    fields={
        "name": value_field(lambda image, at, part: part in image.name.lower()),
        "id": value_field(lambda image, at, part: part in image.id),
        "state": filters.state_field(lambda image: image.state, IMAGE_STATES),
        "arch": filters.architecture_field(lambda image: (image.architecture,)),
        "owner": value_field(lambda image, at, part: image.owner_id.startswith(part)),
        "tag": filters.tag_field(lambda image: image.tags),
    },
    numbers={
        "age": filters.age_field(lambda image: image.created_at),
        "size": NumberField(lambda image, at: Decimal(image.size or image.root_size), "GiB such as 50"),
        "month": NumberField(_cost, "dollars a month such as 1"),
        "made": NumberField(_instance_count, "a number of instances such as 1"),
    },
    keywords={
        "own": _is_own,
        "public": lambda image, at: image.public or not _is_own(image, at),
    },
)


IMAGE_SORTS: Mapping[str, ImageSort] = filters.sorts_by_id(
    (
        filters.Sort("name", "name", lambda image, at: natural_sort_key(image.label), is_text=True),
        filters.Sort("state", "state", lambda image, at: image.state, is_text=True),
        filters.Sort("size", "size", lambda image, at: float(image.size or image.root_size), largest_first=True),
        filters.Sort("arch", "architecture", lambda image, at: image.architecture, is_text=True),
        filters.Sort("age", "age", lambda image, at: -image.created_at.timestamp() if image.created_at else -1e12),
        filters.Sort("cost", "dollars a month", lambda i, at: dollars_sort_key(_cost(i, at)), largest_first=True),
        filters.Sort("made", "instances made from it", lambda i, at: float(_instance_count(i, at)), largest_first=True),
    )
)
"""By id."""
