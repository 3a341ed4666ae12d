"""How images are listed: the columns, the items of a fleet, and the details of an image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from fe2tui.model.filters import natural_sort_key
from fe2tui.model.fleet import Fleet, PublicImage
from fe2tui.model.image import FAILED_STATES, IMAGE_WORDS, SOURCE_TAG, Image, image_progress, image_snapshots
from fe2tui.model.image_filter import IMAGE_LANGUAGE as LANGUAGE
from fe2tui.model.image_filter import IMAGE_SORTS, ImageScope, instances_of_image
from fe2tui.model.money.rates import image_per_month, snapshot_per_month
from fe2tui.model.text import DASH, age, dollars, join_words, local_time, plural, short_age, visible
from fe2tui.model.volume import Snapshot
from fe2tui.tui.list_model import ListKind, ListSnapshot, ListSpec
from fe2tui.tui.pane_ids import IMAGES
from fe2tui.tui.panes.details import Fact, RowDetails
from fe2tui.tui.widgets.grid import Cell, Column

_PROBLEM_PARTS = ("images", "public images", "snapshots")  # of a fleet's problems


@dataclass(frozen=True, slots=True)
class ImageRowScope(ImageScope):
    """``instance_counts`` are those of the instances of each image; ``public_images`` are the well-known ones."""

    instance_counts: Mapping[str, int]
    public_images: Mapping[str, PublicImage]

    def is_own(self, image: Image) -> bool:
        return image.id in self.fleet.images

    def progress(self, image: Image) -> float | None:
        """The progress of a pending image, 0 to 1."""
        return image_progress(image, self.fleet.snapshots.values())


_Column: TypeAlias = "Column[Image, ImageRowScope]"


def image_title(image: Image, scope: ImageRowScope) -> str:
    """The name; of a public image the word that finds it, and its title."""
    public_image = scope.public_images.get(image.id)
    return (
        visible(image.label) if public_image is None else f"{visible(public_image.word)} {visible(public_image.title)}"
    )


def state_text(image: Image, scope: ImageRowScope) -> str:
    """The state, with the progress of a pending image; ``public`` for an image of another account."""
    if not scope.is_own(image) and image.state == "available":
        return "public"
    progress = scope.progress(image)
    return visible(image.state) if progress is None else f"pending {progress * 100:.0f} %"


def state_category(image: Image, scope: ImageRowScope) -> str:
    """running, moving, stopped, trouble, or dim for another account's: the key of its sign, and its style."""
    if image.state in FAILED_STATES:
        return "trouble"
    if not scope.is_own(image):
        return "dim"
    return {"available": "running", "pending": "moving"}.get(image.state, "stopped")


SIGNS: Mapping[str, str] = {"running": "●", "moving": "◐", "stopped": "○", "trouble": "▲", "dim": "◇"}


def _sign(image: Image, scope: ImageRowScope) -> Cell:
    kind = state_category(image, scope)
    return SIGNS[kind], kind


def _name(image: Image, scope: ImageRowScope) -> Cell:
    return image_title(image, scope), "text" if image.name else "dim"


def _size(image: Image, scope: ImageRowScope) -> Cell:
    size = image.size or image.root_size
    return (f"{size:,}", "text") if size else (DASH, "dim")


def _age(image: Image, scope: ImageRowScope) -> Cell:
    return short_age(scope.now - image.created_at) if image.created_at else DASH, "dim"


def _cost(image: Image, scope: ImageRowScope) -> Cell:
    if not scope.is_own(image):
        return DASH, "dim"
    amount = image_per_month(image, scope.fleet)
    return dollars(amount), "dim" if amount is None else "text"


def _used(image: Image, scope: ImageRowScope) -> Cell:
    count = scope.instance_counts.get(image.id, 0)
    return (f"{count:,}", "text") if count else (DASH, "dim")


def _created(image: Image, scope: ImageRowScope) -> Cell:
    return local_time(image.created_at, scope.now) if image.created_at else DASH, "dim"


def _source(image: Image, scope: ImageRowScope) -> Cell:
    instance = scope.fleet.instances.get(image.made_from)
    return visible(instance.label if instance is not None else image.made_from) or DASH, "dim"


IMAGE_COLUMNS: Sequence[_Column] = (
    Column("name", "NAME", 15, _name, sort="name", is_flexible=True),
    Column("state", "STATE", 12, lambda one, at: (state_text(one, at), state_category(one, at)), sort="state"),
    Column("size", "GiB", 6, _size, rank=1, is_right_aligned=True, sort="size"),
    Column("arch", "ARCH", 6, lambda one, at: (visible(one.architecture) or DASH, "text"), rank=1, sort="arch"),
    Column("age", "AGE", 5, _age, rank=1, sort="age"),
    Column("cost", "≤$/MONTH", 9, _cost, rank=1, is_right_aligned=True, sort="cost"),
    Column("made", "USED", 5, _used, rank=2, is_right_aligned=True, sort="made"),
    Column("id", "ID", 21, lambda one, at: (one.id, "dim"), rank=3),
    Column("created", "CREATED", 12, _created, rank=6, sort="age"),
    Column("source", "FROM", 20, _source, rank=7),
)


def _title_sort_key(image: Image, scope: ImageScope) -> str:
    title = image_title(image, scope) if isinstance(scope, ImageRowScope) else image.label
    return natural_sort_key(f"{title} {'' if image.architecture == 'x86_64' else image.architecture}")


def _use_sort_key(image: Image, scope: ImageScope) -> float:
    return float(scope.instance_counts.get(image.id, 0)) if isinstance(scope, ImageRowScope) else 0.0


IMAGE_KIND = ListKind(
    IMAGES,
    "image",
    "ami-",
    LANGUAGE,
    {
        **IMAGE_SORTS,
        "name": IMAGE_SORTS["name"]._replace(key=_title_sort_key),
        "made": IMAGE_SORTS["made"]._replace(key=_use_sort_key),
    },
    "words  state:available  arch:arm64  age>30d  size>50  month>1  own  public  tag:env=prod  -not",
)


def image_list_snapshot(fleet: Fleet) -> ListSnapshot[Image, ImageRowScope]:
    """The images of the account, and below them the well-known public ones."""
    public = {public_image.image.id: public_image for public_image in fleet.public_images}
    items = {**{key: known.image for key, known in public.items()}, **fleet.images}
    instance_counts = (
        Counter(one.image_id for one in fleet.instances.values() if not one.state.is_gone) if items else {}
    )
    problems = [problem for part in _PROBLEM_PARTS for problem in fleet.problems if problem.part == part]

    def scope_at(now: datetime) -> ImageRowScope:
        return ImageRowScope(fleet, now, instance_counts, public)

    scope = scope_at(fleet.seen_at)
    return ListSnapshot(
        fleet,
        items,
        scope_at,
        lambda image: (image, scope.progress(image)),
        frozenset(public.keys() - fleet.images.keys()),
        is_read=bool(items),
        problem=problems[0] if problems else None,
        note=""
        if fleet.images or not items or problems
        else "You have no images yet: f on an instance creates one from it.",
        min_widths={"arch": max((len(image.architecture) for image in items.values()), default=0)},
    )


def _empty_text(snapshot: ListSnapshot[Image, ImageRowScope]) -> Sequence[Cell]:
    return (
        (f"No images in {visible(snapshot.fleet.location.region)}.", "text"),
        ("An image keeps the disks of a machine as they are: new instances are launched from it.", "dim"),
    )


_MAX_NAMED = 8  # instances
_HIDDEN_TAGS = ("Name", SOURCE_TAG)


def image_details(image: Image, scope: ImageRowScope) -> RowDetails:
    public_image = scope.public_images.get(image.id)
    name = visible(public_image.title if public_image is not None else image.name) or "no name"
    left = [
        *alert_facts(image),
        *property_facts(image, scope),
        *origin_facts(image, scope),
        *snapshot_facts(image, scope),
    ]
    right = [
        *cost_facts(image, scope),
        *instance_facts(image, scope),
        *_tag_facts(image),
        *owner_facts(image, scope),
    ]
    return RowDetails(name, image.id, left, right)


def alert_facts(image: Image) -> Iterator[Fact]:
    if image.state in FAILED_STATES:
        why = visible(image.state_reason) or "AWS gives no reason"
        yield Fact("Alert", f"▲ {visible(image.state)}: {why}", "state-trouble")
        yield Fact("", "Nothing can be launched from it; X removes it.", "ink-dim")


def property_facts(image: Image, scope: ImageRowScope) -> Iterator[Fact]:
    size = image.size or image.root_size
    parts = [state_text(image, scope), visible(image.architecture), f"{size:,} GiB" if size else ""]
    parts += [visible(image.boot_mode), "" if image.platform == "Linux/UNIX" else visible(image.platform)]
    yield Fact("State", " · ".join(part for part in parts if part))
    public_image = scope.public_images.get(image.id)
    if public_image is not None:
        yield Fact("Alias", f"{visible(public_image.word)}: the newest of these images, wherever fe2tui takes an image")
        yield Fact("Name", visible(image.name) or DASH)
    if image.description:
        yield Fact("About", visible(image.description))
    yield Fact("User", f"{visible(image.login_user)}, for ssh")


def origin_facts(image: Image, scope: ImageRowScope) -> Iterator[Fact]:
    when = ""
    if image.created_at is not None:
        when = f"{age(scope.now - image.created_at)} ago ({local_time(image.created_at, scope.now)})"
    source = image.made_from
    if source:
        instance = scope.fleet.instances.get(source)
        source_name = image.tags.get(SOURCE_TAG, "").partition(" ")[2]
        name = visible(instance.name if instance is not None else source_name)
        when = f"from {name} ({visible(source)}) {when}" if name else f"from {visible(source)} {when}"
    yield Fact("Created", when.strip() or DASH)


def snapshot_facts(image: Image, scope: ImageRowScope) -> Iterator[Fact]:
    if not scope.is_own(image):
        return
    label = "Disks"
    for snapshot in image_snapshots(image, scope.fleet.snapshots.values()):
        yield Fact(label, _snapshot_text(snapshot, image, scope))
        label = ""
    unknown = [visible(one) for one in image.snapshot_ids if one not in scope.fleet.snapshots]
    if unknown:
        yield Fact(label, f"{join_words(unknown)}: not read", "ink-dim")
    elif label:
        yield Fact(label, "no snapshot yet" if image.state == "pending" else "no snapshot", "ink-dim")


def _snapshot_text(snapshot: Snapshot, image: Image, scope: ImageRowScope) -> str:
    text = f"{snapshot.id} {snapshot.volume_size:,} GiB"
    if snapshot.state == "pending":
        text += f", {snapshot.progress * 100:.0f} % done"
    elif snapshot.state != "completed":
        text += f", {visible(snapshot.state)}"
    if snapshot.stored is not None:
        text += f", {snapshot.stored:,.1f} GiB stored"
    month = snapshot_per_month(snapshot, scope.fleet.prices)
    if month is not None:
        text += f", at most {dollars(month, sign='$')} a month"
    others = [
        visible(other.label)
        for other in scope.fleet.images.values()
        if other.id != image.id and snapshot.id in other.snapshot_ids
    ]
    return f"{text}; {join_words(others)} {'uses' if len(others) == 1 else 'use'} it too" if others else text


def cost_facts(image: Image, scope: ImageRowScope) -> Iterator[Fact]:
    if not scope.is_own(image):
        yield Fact("Cost", "nothing; only the instances launched from it cost something")
        return
    month = image_per_month(image, scope.fleet)
    if month is not None:
        yield Fact("Cost", f"at most {dollars(month, sign='$')} a month")
        yield Fact("", "AWS charges for the blocks that no older snapshot of the same disk has.", "ink-dim")
    elif scope.fleet.prices.snapshot is None:
        yield Fact("Cost", f"{DASH} the price of snapshots is unknown", "ink-dim")
    else:
        yield Fact("Cost", f"{DASH} some of its snapshots are unknown", "ink-dim")


def instance_facts(image: Image, scope: ImageRowScope) -> Iterator[Fact]:
    if not scope.instance_counts.get(image.id):
        yield Fact("Used by", "no instance", "ink-dim")
        return
    instances = instances_of_image(image, scope.fleet)
    named = [f"{visible(one.label)} {one.state.value.replace('-', ' ')}" for one in instances[:_MAX_NAMED]]
    more = f", {len(instances) - _MAX_NAMED:,} more" if len(instances) > _MAX_NAMED else ""
    yield Fact("Used by", f"{plural(len(instances), 'instance')}: {', '.join(named)}{more}")


def _tag_facts(image: Image) -> Iterator[Fact]:
    tags = [f"{visible(key)}={visible(value)}" for key, value in sorted(image.tags.items()) if key not in _HIDDEN_TAGS]
    if tags:
        yield Fact("Tags", " · ".join(tags))


def owner_facts(image: Image, scope: ImageRowScope) -> Iterator[Fact]:
    public_image = scope.public_images.get(image.id)
    if public_image is None:
        shared = " · public: every account can use it" if image.public else ""
        yield Fact("Owner", f"{visible(image.owner_id) or 'this account'}{shared}", "ink-dim")
        return
    family = IMAGE_WORDS.get(public_image.word)
    title = f", which publishes the images of {family.title}" if family is not None else ""
    yield Fact("Owner", f"{visible(image.owner_id)}{title}", "ink-dim")


IMAGE_LIST_SPEC: ListSpec[Image, ImageRowScope] = ListSpec(
    IMAGE_KIND,
    IMAGE_COLUMNS,
    _sign,
    lambda image: image.id,
    image_list_snapshot,
    lambda fleet: len(fleet.images) if fleet.images or fleet.public_images else None,
    _empty_text,
    image_details,
)
