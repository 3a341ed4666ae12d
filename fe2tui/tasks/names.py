"""Finds instances and images by name or id. Never guesses: an empty name is an error, and so is one that two share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TypeVar

from fe2tui.aws import images as aws_images
from fe2tui.aws import instances as aws
from fe2tui.aws.paged_reads import filter_chunks
from fe2tui.errors import AmbiguousError, NotFoundError, StoreError, UsageError
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.model.instance import Instance
from fe2tui.model.text import join_words, plural
from fe2tui.tasks.context import Context, known_account, wait_until_shown

_MAX_SUGGESTED = 8  # names in an error
_INSTANCE_ID = re.compile("i-[0-9a-f]+")
_DEFAULT_IMAGE = "ubuntu"  # the image for no name, as in fastec2
_Named = TypeVar("_Named", Instance, Image)


def resolve_instance(among: Fleet | Iterable[Instance], name: str) -> Instance:
    """The one instance with that id or Name; a terminated one only if there is no other.

    Raises UsageError (empty name), NotFoundError (with the nearest names), AmbiguousError (with the ids).
    """
    instances = list(among.instances.values() if isinstance(among, Fleet) else among)
    found = _matching("instance", instances, name)
    found = [instance for instance in found if not instance.state.is_gone] or found
    if not found:
        names = sorted({one.name for one in instances if one.name and not one.state.is_gone})
        raise NotFoundError(f"There is no instance {name}.", _suggestion(name, names, names))
    if len(found) > 1:
        raise _ambiguous_error("instance", name, {one.id: f"{one.state} {one.type} {one.zone}" for one in found})
    return found[0]


def _matching(noun: str, things: Iterable[_Named], name: str) -> list[_Named]:
    """Those with that id, else those with that name. Raises UsageError (empty name)."""
    if not name.strip():
        raise UsageError(f"No {noun} was named.", "Name one, or give its id.")
    things = list(things)
    return [one for one in things if one.id == name] or [one for one in things if one.name == name]


def _ambiguous_error(noun: str, name: str, candidates: dict[str, str]) -> AmbiguousError:
    summary = f"{plural(len(candidates), noun)} are called {name}: {', '.join(candidates)}."
    return AmbiguousError(summary, "Name one by its id.", candidates=list(candidates.items()))


def resolve_instances(among: Fleet | Iterable[Instance], names: Iterable[str]) -> list[Instance]:
    """The instances of these names, each once, in their order. No names raise UsageError: that never means all."""
    instances = among if isinstance(among, Fleet) else list(among)
    found = {instance.id: instance for instance in (resolve_instance(instances, name) for name in names)}
    if not found:
        raise UsageError("No instance was named.", "Name one or several: no name never means all.")
    return list(found.values())


async def find_instance(ctx: Context, name: str) -> Instance:
    """The instance with that id or Name, as AWS shows it now. Raises as ``resolve_instance`` does."""
    if not name.strip():
        return resolve_instance([], name)
    found = await describe_named(ctx, [name])
    return resolve_instance(found or await aws.describe_instances(ctx.session), name)


async def describe_named(ctx: Context, names: Iterable[str]) -> list[Instance]:
    """The instances with these ids or Names, asked for by EC2's filters. A Name that reads like an id is not found."""
    wanted = dict.fromkeys(names)
    ids = [name for name in wanted if _INSTANCE_ID.fullmatch(name)]
    texts = [literal_filter(name) for name in wanted if name.strip() and name not in ids]
    reads = [aws.describe_instances(ctx.session, ids)] if ids else []
    reads += [aws.describe_instances(ctx.session, filters={"tag:Name": some}) for some in filter_chunks(texts)]
    found = {one.id: one for some in await asyncio.gather(*reads) for one in some}
    return list(found.values())


async def find_instance_with_user(ctx: Context, name: str) -> tuple[Instance, str | None]:
    """The same for ``NAME`` or ``USER@NAME``, with the user. Raises as ``resolve_instance`` does."""
    user, at, rest = name.partition("@")
    if not at:
        return await find_instance(ctx, name), None
    found = await describe_named(ctx, [name, rest])  # both could be a Name
    among = found or await aws.describe_instances(ctx.session)
    try:
        return resolve_instance(among, name), None
    except AmbiguousError:
        raise
    except NotFoundError:
        return resolve_instance(among, rest), user


async def read_instance(ctx: Context, instance_id: str) -> Instance:
    """The instance with that id, as AWS shows it now. Raises NotFoundError."""
    found = await aws.describe_instances(ctx.session, [instance_id])
    if not found:
        raise instance_not_found_error(ctx, instance_id)
    return found[0]


def instance_not_found_error(ctx: Context, instance_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no instance {instance_id} in {ctx.session.region}.",
        "It may have been terminated: `fe2 instances` lists those there are.",
    )


def literal_filter(text: str) -> str:
    """A filter value that matches just this text: ``*`` and ``?`` are wildcards in EC2's filters."""
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def resolve_image(among: Iterable[Image], name: str) -> Image:
    """The one of these images with that id or name, whatever its state. Raises as ``resolve_instance`` does."""
    images = list(among)
    found = _matching("image", images, name)
    if not found:
        own = sorted({image.name for image in images if image.name})
        suggestion = _suggestion(name, [*own, *IMAGE_WORDS], own or list(IMAGE_WORDS))
        raise NotFoundError(f"There is no image {name} of yours.", suggestion)
    if len(found) > 1:
        raise _ambiguous_error("image", name, {one.id: f"{one.state} {one.architecture}" for one in found})
    return found[0]


def resolve_images(among: Iterable[Image], names: Iterable[str]) -> list[Image]:
    """The images of these names, each once, in their order. No names raise UsageError: that never means all."""
    images = list(among)
    found = {image.id: image for image in (resolve_image(images, name) for name in names)}
    if not found:
        raise UsageError("No image was named.", "Name one or several: no name never means all.")
    return list(found.values())


async def find_image(ctx: Context, name: str | None = None, architecture: str = "x86_64") -> Image:
    """The image of that name, id or word, as AWS shows it now; without a name, the newest stable Ubuntu.

    ``architecture`` counts for words only. Waits for an image that this program requested a moment ago and EC2 does not
    show yet. Raises as ``resolve_image`` does, and FieldError(image) for a word without an image of the architecture.
    """
    wanted = _DEFAULT_IMAGE if name is None else name.strip()
    if aws_images.is_image_id(wanted):
        image = await aws_images.image_by_id(ctx.session, wanted) or await _find_requested_image(ctx, wanted)
        if image is None:
            raise NotFoundError(f"There is no image {wanted} in {ctx.session.region}.", "`fe2 amis` lists yours.")
        return image
    own = await aws_images.own_images_with_disabled(ctx.session)
    if not any(image.name == wanted for image in own):
        if (image := await _find_requested_image(ctx, wanted)) is not None:
            return image
        if wanted.lower() in IMAGE_WORDS:
            return await aws_images.resolve_launch_image(ctx.session, wanted, architecture)
    return resolve_image(own, wanted)


async def find_own_images(ctx: Context, among: Iterable[Image], names: Iterable[str]) -> list[Image]:
    """Own images by name or id; raises as ``resolve_images`` does, and UsageError for an image of another account."""
    images, wanted = list(among), list(names)
    try:
        return resolve_images(images, wanted)
    except AmbiguousError:
        raise
    except NotFoundError:
        from fe2tui.tasks.impact import not_own_error

        known = {image.id for image in images} | {image.name for image in images}
        for name in wanted:
            if name in known:
                continue
            if (word := IMAGE_WORDS.get(name.lower())) is not None:
                raise UsageError(
                    f"{name} stands for a public image ({word.title}), which is not yours: nothing was done.",
                    "Only the account that owns an image can deregister it. `fe2 amis` lists yours.",
                ) from None
            if aws_images.is_image_id(name) and (image := await aws_images.image_by_id(ctx.session, name)) is not None:
                raise not_own_error(image) from None
        raise


async def _find_requested_image(ctx: Context, wanted: str) -> Image | None:
    """An image of that name or id that the journal has: waits until EC2 shows it, for ``pace.settle`` seconds."""
    with suppress(StoreError):
        account = await known_account(ctx)
        intents = await asyncio.to_thread(ctx.store.freezes.pending, account, ctx.session.region)
        for intent in intents:
            since, image_id = intent.asked_at or intent.created_at, intent.image_id
            if image_id is None or wanted not in (intent.name, image_id):
                continue
            if ctx.clock() < since + timedelta(seconds=ctx.pace.settle):
                image = await wait_until_shown(ctx, since, partial(aws_images.image_by_id, ctx.session, image_id))
                if image is not None:
                    return image
    return None


def _suggestion(name: str, similar: list[str], names: list[str]) -> str:
    """The nearest of ``similar``, else the first of ``names``, as a sentence."""
    from difflib import get_close_matches

    if near := get_close_matches(name, similar, n=3, cutoff=0.6):
        return f"Did you mean {' or '.join(near)}?"
    if len(names) < 2:
        return f"There is {names[0]}." if names else "There are none."
    more = len(names) - _MAX_SUGGESTED
    return f"There are {join_words([*names[:_MAX_SUGGESTED], f'{more} more'] if more > 0 else names)}."
