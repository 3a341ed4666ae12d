"""Which image a person means: an id, the name of an own one, or a word for the newest of a well-known family."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from fe2tui.aws import images as aws
from fe2tui.errors import AmbiguousError, NotFoundError, StoreError, UsageError
from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.model.words import listed, plural
from fe2tui.tasks.context import Context
from fe2tui.tasks.image_impact import not_own

_NAMED = 8  # names offered to somebody who mistook one
_NEWEST = "ubuntu"  # what is meant where nothing is said, as fastec2 had it


def resolve_image(among: Iterable[Image], name: str) -> Image:
    """The one of these images with that id or name, whatever its state.

    Raises UsageError (empty name), NotFoundError (with the nearest names), AmbiguousError (with the ids).
    """
    images = list(among)
    if not name.strip():
        raise UsageError("No image was named.", "Name one, or give its id.")
    found = [image for image in images if image.id == name] or [image for image in images if image.name == name]
    if not found:
        raise NotFoundError(f"There is no image of yours called {name}.", _nearest(name, images))
    if len(found) > 1:
        raise AmbiguousError(
            f"{plural(len(found), 'image')} are called {name}: {', '.join(image.id for image in found)}.",
            "Say which one by its id.",
            candidates=[(one.id, f"{one.state} {one.architecture}") for one in found],
        )
    return found[0]


def resolve_images(among: Iterable[Image], names: Iterable[str]) -> list[Image]:
    """The images meant, each once, in the order asked for. No names at all are a UsageError, never "all"."""
    images = list(among)
    found = {image.id: image for image in (resolve_image(images, name) for name in names)}
    if not found:
        raise UsageError("No image was named.", "Name one or several; nothing is never taken for all.")
    return list(found.values())


async def find_image(ctx: Context, name: str | None = None, architecture: str = "x86_64") -> Image:
    """The image meant, as AWS shows it now, whatever its state; without a name, the newest stable Ubuntu.

    ``architecture`` counts for words only. One that this program has asked for a moment ago and EC2 does not show yet
    is waited for.

    Raises as ``resolve_image`` does, and FieldError(image) for a word that has nothing for an architecture.
    """
    wanted = _NEWEST if name is None else name.strip()
    if aws.is_id(wanted):
        image = await aws.image_by_id(ctx.session, wanted) or await _asked_for_just_now(ctx, wanted)
        if image is None:
            raise NotFoundError(f"There is no image {wanted} in {ctx.session.region}.", "`fe2 amis` lists yours.")
        return image
    own = await aws.every_own_image(ctx.session)
    if not any(image.name == wanted for image in own):
        if (image := await _asked_for_just_now(ctx, wanted)) is not None:
            return image
        if wanted.lower() in IMAGE_WORDS:
            return await aws.resolve_image(ctx.session, wanted, architecture)
    return resolve_image(own, wanted)


async def find_own_images(ctx: Context, among: Iterable[Image], names: Iterable[str]) -> list[Image]:
    """Own images by name or id, among those known; raises as ``resolve_images`` does.

    Raises UsageError for one that there is, but of somebody else, as those are that the well-known words stand for.
    """
    images, wanted = list(among), list(names)
    try:
        return resolve_images(images, wanted)
    except AmbiguousError:
        raise
    except NotFoundError:
        known = {image.id for image in images} | {image.name for image in images}
        for name in wanted:
            if name not in known:
                await _refuse_foreign(ctx, name)
        raise


async def _refuse_foreign(ctx: Context, name: str) -> None:
    if (word := IMAGE_WORDS.get(name.lower())) is not None:
        raise UsageError(
            f"{name} stands for a public image ({word.title}), which is not yours: nothing is done.",
            "Only the account that owns an image removes it. `fe2 amis` lists yours.",
        )
    if aws.is_id(name) and (image := await aws.image_by_id(ctx.session, name)) is not None:
        raise not_own(image)


async def _asked_for_just_now(ctx: Context, wanted: str) -> Image | None:
    """One of that name or id that our journal has, and EC2 comes to show within moments of its being asked for."""
    place = ctx.session.place
    with suppress(StoreError):
        made = await asyncio.to_thread(ctx.store.freezes.being_made, place.profile, place.endpoint, place.region)
        for intent in made:
            until = (intent.asked_at or intent.made_at) + timedelta(seconds=ctx.pace.settle)
            while wanted in (intent.name, intent.image_id) and intent.image_id is not None and ctx.clock() < until:
                image = await aws.image_by_id(ctx.session, intent.image_id)
                if image is not None:
                    return image
                await asyncio.sleep(ctx.pace.poll)
    return None


def _nearest(name: str, images: list[Image]) -> str:
    from difflib import get_close_matches

    own = sorted({image.name for image in images if image.name})
    near = get_close_matches(name, [*own, *IMAGE_WORDS], n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    more = len(own) - _NAMED
    words = [*IMAGE_WORDS] if not own else [*own[:_NAMED], *([f"{more} more"] if more > 0 else [])]
    return f"There are {listed(words)}." if len(words) > 1 else f"There is {words[0]}."
