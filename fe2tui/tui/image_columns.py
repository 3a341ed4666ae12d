"""The images: what is listed of a fleet, the columns of the table, and what each says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeAlias

from fe2tui.model.fleet import Fleet, PublicImage
from fe2tui.model.image import FAILED_STATES, Image
from fe2tui.model.image_query import IMAGES as LANGUAGE
from fe2tui.model.image_query import SORTS, ImagesAt
from fe2tui.model.money.images import image_per_month
from fe2tui.model.pending import progress_of
from fe2tui.model.terms import natural
from fe2tui.model.words import DASH, dollars, local_time, short_age, visible
from fe2tui.tui.arrangement import ListKind
from fe2tui.tui.listing import Contents, Sheet
from fe2tui.tui.possible import IMAGES
from fe2tui.tui.widgets.grid import Cell, Column

_PARTS = ("images", "public images", "snapshots")  # of a fleet's problems


@dataclass(frozen=True, slots=True)
class ImagesSeen(ImagesAt):
    """What images are seen in: also how many instances each has made, and which are the well-known public ones."""

    made: Mapping[str, int]
    public: Mapping[str, PublicImage]

    def is_own(self, image: Image) -> bool:
        """Whether it is of this account."""
        return image.id in self.fleet.images

    def progress(self, image: Image) -> float | None:
        """How far a pending one has come, 0 to 1."""
        return progress_of(image, self.fleet.snapshots.values())


_Column: TypeAlias = "Column[Image, ImagesSeen]"


def title_of(image: Image, seen: ImagesSeen) -> str:
    """An own one's name; the word that finds a public one, and what it stands for."""
    known = seen.public.get(image.id)
    return visible(image.label) if known is None else f"{visible(known.word)} {visible(known.title)}"


def state_words(image: Image, seen: ImagesSeen) -> str:
    """The state in words, with how far a pending one has come; ``public`` for somebody else's."""
    if not seen.is_own(image) and image.state == "available":
        return "public"
    progress = seen.progress(image)
    return visible(image.state) if progress is None else f"pending {progress * 100:.0f} %"


def kind_of(image: Image, seen: ImagesSeen) -> str:
    """running, moving, stopped, trouble, or dim for somebody else's: the colour of an image."""
    if image.state in FAILED_STATES:
        return "trouble"
    if not seen.is_own(image):
        return "dim"
    return {"available": "running", "pending": "moving"}.get(image.state, "stopped")


SIGNS: Mapping[str, str] = {"running": "●", "moving": "◐", "stopped": "○", "trouble": "▲", "dim": "◇"}


def _sign(image: Image, seen: ImagesSeen) -> Cell:
    kind = kind_of(image, seen)
    return SIGNS[kind], kind


def _name(image: Image, seen: ImagesSeen) -> Cell:
    return title_of(image, seen), "text" if image.name else "dim"


def _state(image: Image, seen: ImagesSeen) -> Cell:
    return state_words(image, seen), kind_of(image, seen)


def _size(image: Image, seen: ImagesSeen) -> Cell:
    size = image.size or image.root_size
    return (f"{size:,}", "text") if size else (DASH, "dim")


def _architecture(image: Image, seen: ImagesSeen) -> Cell:
    return visible(image.architecture) or DASH, "text"


def _age(image: Image, seen: ImagesSeen) -> Cell:
    return short_age(seen.now - image.created_at) if image.created_at else DASH, "dim"


def _cost(image: Image, seen: ImagesSeen) -> Cell:
    if not seen.is_own(image):
        return DASH, "dim"
    amount = image_per_month(image, seen.fleet)
    return dollars(amount), "dim" if amount is None else "text"


def _made(image: Image, seen: ImagesSeen) -> Cell:
    count = seen.made.get(image.id, 0)
    return (f"{count:,}", "text") if count else (DASH, "dim")


def _id(image: Image, seen: ImagesSeen) -> Cell:
    return image.id, "dim"


def _created(image: Image, seen: ImagesSeen) -> Cell:
    return local_time(image.created_at, seen.now) if image.created_at else DASH, "dim"


def _source(image: Image, seen: ImagesSeen) -> Cell:
    instance = seen.fleet.instances.get(image.made_from)
    return visible(instance.label if instance is not None else image.made_from) or DASH, "dim"


COLUMNS: Sequence[_Column] = (
    Column("name", "NAME", 15, _name, sort="name", stretches=True),
    Column("state", "STATE", 12, _state, sort="state"),
    Column("size", "GiB", 6, _size, rank=1, right=True, sort="size"),
    Column("arch", "ARCH", 6, _architecture, rank=1, sort="arch"),
    Column("age", "AGE", 5, _age, rank=1, sort="age"),
    Column("cost", "≤$/MONTH", 9, _cost, rank=1, right=True, sort="cost"),
    Column("made", "USED", 5, _made, rank=2, right=True, sort="made"),
    Column("id", "ID", 21, _id, rank=3),
    Column("created", "CREATED", 12, _created, rank=6, sort="age"),
    Column("source", "FROM", 20, _source, rank=7),
)


def _by_title(image: Image, seen: ImagesAt) -> str:
    title = title_of(image, seen) if isinstance(seen, ImagesSeen) else image.label
    return natural(f"{title} {'' if image.architecture == 'x86_64' else image.architecture}")


def _by_made(image: Image, seen: ImagesAt) -> float:
    return float(seen.made.get(image.id, 0)) if isinstance(seen, ImagesSeen) else 0.0


KIND = ListKind(
    IMAGES,
    "image",
    "ami-",
    LANGUAGE,
    {**SORTS, "name": replace(SORTS["name"], key=_by_title), "made": replace(SORTS["made"], key=_by_made)},
    "words  state:available  arch:arm64  age>30d  size>50  cost>1  own  public  tag:env=prod  -not",
)


def contents(fleet: Fleet) -> Contents[Image, ImagesSeen]:
    """The own images, and the well-known public ones, which stand below them."""
    public = {known.image.id: known for known in fleet.public_images}
    things = {**{key: known.image for key, known in public.items()}, **fleet.images}
    made = Counter(one.image_id for one in fleet.instances.values() if not one.state.is_gone) if things else {}
    problems = [problem for part in _PARTS for problem in fleet.problems if problem.part == part]
    around = partial(_seen, fleet, made, public)
    at = around(fleet.seen_at)
    return Contents(
        fleet,
        things,
        around,
        lambda image: (image, at.progress(image)),
        frozenset(public.keys() - fleet.images.keys()),
        is_read=bool(things),
        problem=problems[0] if problems else None,
        note=""
        if fleet.images or not things or problems
        else "None of your own yet: f, on an instance, makes one of it.",
        widths={"arch": max((len(image.architecture) for image in things.values()), default=0)},
    )


def _seen(fleet: Fleet, made: Mapping[str, int], public: Mapping[str, PublicImage], now: datetime) -> ImagesSeen:
    return ImagesSeen(fleet, now, made, public)


def _count(fleet: Fleet) -> int | None:
    """The account's own; not told before the images were read."""
    return len(fleet.images) if fleet.images or fleet.public_images else None


def _when_empty(listed: Contents[Image, ImagesSeen]) -> Sequence[Cell]:
    return (
        (f"No images in {visible(listed.fleet.place.region)}.", "text"),
        ("An image is a machine kept as it was set up: others are launched from it.", "dim"),
    )


SHEET: Sheet[Image, ImagesSeen] = Sheet(KIND, COLUMNS, _sign, lambda image: image.id, contents, _count, _when_empty)
