"""Everything useful about one image, as labelled lines."""

from __future__ import annotations

from collections.abc import Iterator

from fe2tui.model.image import FAILED_STATES, IMAGE_WORDS, SOURCE_TAG, Image
from fe2tui.model.image_query import instances_of
from fe2tui.model.money.images import image_per_month, snapshot_per_month
from fe2tui.model.pending import snapshots_behind
from fe2tui.model.snapshot import Snapshot
from fe2tui.model.words import DASH, age, dollars, listed, local_time, plural, visible
from fe2tui.tui.image_columns import ImagesSeen, state_words
from fe2tui.tui.panes.described import Described
from fe2tui.tui.panes.facts import Fact

_MOST_NAMED = 8  # instances
_SHOWN_ABOVE = ("Name", SOURCE_TAG)


def describe(image: Image, seen: ImagesSeen) -> Described:
    """The details of an image."""
    known = seen.public.get(image.id)
    name = visible(known.title if known is not None else image.name) or "no name"
    left = [*_attention(image), *_is(image, seen), *_made(image, seen), *_snapshots(image, seen)]
    right = [*_money(image, seen), *_instances(image, seen), *_tags(image), *_whose(image, seen)]
    return Described(name, image.id, left, right)


def _attention(image: Image) -> Iterator[Fact]:
    if image.state in FAILED_STATES:
        why = visible(image.state_reason) or "AWS gives no reason"
        yield Fact("Look", f"▲ {visible(image.state)}: {why}", "state-trouble")
        yield Fact("", "Nothing can be launched from it; X removes it.", "ink-dim")


def _is(image: Image, seen: ImagesSeen) -> Iterator[Fact]:
    size = image.size or image.root_size
    parts = [state_words(image, seen), visible(image.architecture), f"{size:,} GiB" if size else ""]
    parts += [visible(image.boot_mode), "" if image.platform == "Linux/UNIX" else visible(image.platform)]
    yield Fact("Is", " · ".join(part for part in parts if part))
    known = seen.public.get(image.id)
    if known is not None:
        yield Fact("Word", f"{visible(known.word)}: stands for the newest of these wherever an image is asked for")
        yield Fact("Name", visible(image.name) or DASH)
    if image.description:
        yield Fact("About", visible(image.description))
    yield Fact("User", f"{visible(image.login_user)} logs in")


def _made(image: Image, seen: ImagesSeen) -> Iterator[Fact]:
    when = ""
    if image.created_at is not None:
        when = f"{age(seen.now - image.created_at)} ago ({local_time(image.created_at, seen.now)})"
    source = image.made_from
    if source:
        instance = seen.fleet.instances.get(source)
        told = image.tags.get(SOURCE_TAG, "").partition(" ")[2]
        name = visible(instance.name if instance is not None else told)
        when = f"from {name} ({visible(source)}) {when}" if name else f"from {visible(source)} {when}"
    yield Fact("Made", when.strip() or DASH)


def _snapshots(image: Image, seen: ImagesSeen) -> Iterator[Fact]:
    if not seen.is_own(image):
        return
    label = "Disks"
    for snapshot in snapshots_behind(image, seen.fleet.snapshots.values()):
        yield Fact(label, _of_snapshot(snapshot, image, seen))
        label = ""
    unknown = [visible(one) for one in image.snapshot_ids if one not in seen.fleet.snapshots]
    if unknown:
        yield Fact(label, f"{listed(unknown)}: not read", "ink-dim")
    elif label:
        yield Fact(label, "no snapshot yet" if image.state == "pending" else "no snapshot", "ink-dim")


def _of_snapshot(snapshot: Snapshot, image: Image, seen: ImagesSeen) -> str:
    words = f"{snapshot.id} {snapshot.volume_size:,} GiB"
    if snapshot.state == "pending":
        words += f", {snapshot.progress * 100:.0f} % taken"
    elif snapshot.state != "completed":
        words += f", {visible(snapshot.state)}"
    if snapshot.stored is not None:
        words += f", {snapshot.stored:,.1f} GiB stored"
    month = snapshot_per_month(snapshot, seen.fleet.prices)
    if month is not None:
        words += f", at most {dollars(month, sign='$')} a month"
    others = [
        visible(other.label)
        for other in seen.fleet.images.values()
        if other.id != image.id and snapshot.id in other.snapshot_ids
    ]
    return f"{words}; {listed(others)} {'uses' if len(others) == 1 else 'use'} it too" if others else words


def _money(image: Image, seen: ImagesSeen) -> Iterator[Fact]:
    if not seen.is_own(image):
        yield Fact("Cost", "nothing to have; instances made from it cost what they cost")
        return
    month = image_per_month(image, seen.fleet)
    if month is not None:
        yield Fact("Cost", f"at most {dollars(month, sign='$')} a month")
        yield Fact("", "AWS bills the blocks that no older snapshot of the same disk has.", "ink-dim")
    elif seen.fleet.prices.snapshot is None:
        yield Fact("Cost", f"{DASH} the price of snapshots is not known", "ink-dim")
    else:
        yield Fact("Cost", f"{DASH} its snapshots are not all known", "ink-dim")


def _instances(image: Image, seen: ImagesSeen) -> Iterator[Fact]:
    if not seen.made.get(image.id):
        yield Fact("Runs", "no instance was made from it that is still there", "ink-dim")
        return
    made = instances_of(image, seen.fleet)
    named = [f"{visible(one.label)} {one.state.value.replace('-', ' ')}" for one in made[:_MOST_NAMED]]
    more = f", {len(made) - _MOST_NAMED:,} more" if len(made) > _MOST_NAMED else ""
    yield Fact("Runs", f"{plural(len(made), 'instance')}: {', '.join(named)}{more}")


def _tags(image: Image) -> Iterator[Fact]:
    tags = [f"{visible(key)}={visible(value)}" for key, value in sorted(image.tags.items()) if key not in _SHOWN_ABOVE]
    if tags:
        yield Fact("Tags", " · ".join(tags))


def _whose(image: Image, seen: ImagesSeen) -> Iterator[Fact]:
    known = seen.public.get(image.id)
    if known is None:
        shared = " · anybody may use it" if image.public else ""
        yield Fact("Owner", f"{visible(image.owner_id) or 'this account'}{shared}", "ink-dim")
        return
    family = IMAGE_WORDS.get(known.word)
    maker = f", whose images of {family.title} these are" if family is not None else ""
    yield Fact("Owner", f"{visible(image.owner_id)}{maker}", "ink-dim")
