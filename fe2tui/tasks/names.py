"""Which instance a person means. Never a guess: an empty name is an error, a name that two share is one too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from fe2tui.aws import images as aws_images
from fe2tui.aws import instances as aws
from fe2tui.errors import AmbiguousError, NotFoundError, StoreError, UsageError
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.model.instance import Instance
from fe2tui.model.text import join_words, plural
from fe2tui.tasks.context import Context
from fe2tui.tasks.impact import not_own_error

_MAX_SUGGESTED = 8  # names offered to somebody who mistook one


def resolve_instance(among: Fleet | Iterable[Instance], name: str) -> Instance:
    """The one instance with that id or Name; those shutting down or terminated only if there is no other.

    Raises UsageError (empty name), NotFoundError (with the nearest names), AmbiguousError (with the ids).
    """
    instances = list(among.instances.values() if isinstance(among, Fleet) else among)
    if not name.strip():
        raise UsageError("No instance was named.", "Name one, or give its id.")
    by_id = [instance for instance in instances if instance.id == name]
    found = by_id or [instance for instance in instances if instance.name == name]
    found = [instance for instance in found if not instance.state.is_gone] or found
    if not found:
        raise NotFoundError(f"There is no instance {name}.", _nearest_names(name, instances))
    if len(found) > 1:
        raise AmbiguousError(
            f"{plural(len(found), 'instance')} are called {name}: {', '.join(instance.id for instance in found)}.",
            "Say which one by its id.",
            candidates=[(it.id, f"{it.state} {it.type} {it.zone}") for it in found],
        )
    return found[0]


def resolve_instances(among: Fleet | Iterable[Instance], names: Iterable[str]) -> list[Instance]:
    """The instances meant, each once, in the order asked for. No names at all are a UsageError, never "all"."""
    instances = among if isinstance(among, Fleet) else list(among)
    found = {instance.id: instance for instance in (resolve_instance(instances, name) for name in names)}
    if not found:
        raise UsageError("No instance was named.", "Name one or several; nothing is never taken for all.")
    return list(found.values())


async def find_instance(ctx: Context, name: str) -> Instance:
    """The instance with that id or Name, as AWS shows it now. Raises as ``resolve`` does."""
    if not name.strip():
        return resolve_instance([], name)
    filters = {"tag:Name": [literal_filter(name)]}
    found = await aws.describe_instances(ctx.session, [name]) if _is_instance_id(name) else []
    found = found or await aws.describe_instances(ctx.session, filters=filters)
    return resolve_instance(found or await aws.describe_instances(ctx.session), name)


def literal_filter(text: str) -> str:
    """A value for a filter of EC2's that means just this text: ``*`` and ``?`` are wildcards there."""
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def _is_instance_id(name: str) -> bool:
    return name.startswith("i-") and all(character in "0123456789abcdef" for character in name[2:])


def _nearest_names(name: str, instances: list[Instance]) -> str:
    from difflib import get_close_matches

    names = sorted({instance.name for instance in instances if instance.name and not instance.state.is_gone})
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    if not names:
        return "There are none."
    if len(names) == 1:
        return f"There is {names[0]}."
    more = len(names) - _MAX_SUGGESTED
    return f"There are {join_words([*names[:_MAX_SUGGESTED], f'{more} more'] if more > 0 else names)}."


_MAX_IMAGES_SUGGESTED = 8  # names offered to somebody who mistook one
_DEFAULT_IMAGE = "ubuntu"  # what is meant where nothing is said, as fastec2 had it


def resolve_image(among: Iterable[Image], name: str) -> Image:
    """The one of these images with that id or name, whatever its state.

    Raises UsageError (empty name), NotFoundError (with the nearest names), AmbiguousError (with the ids).
    """
    images = list(among)
    if not name.strip():
        raise UsageError("No image was named.", "Name one, or give its id.")
    found = [image for image in images if image.id == name] or [image for image in images if image.name == name]
    if not found:
        raise NotFoundError(f"There is no image of yours called {name}.", _nearest_images(name, images))
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
                await _refuse_not_own(ctx, name)
        raise


async def _refuse_not_own(ctx: Context, name: str) -> None:
    if (word := IMAGE_WORDS.get(name.lower())) is not None:
        raise UsageError(
            f"{name} stands for a public image ({word.title}), which is not yours: nothing was done.",
            "Only the account that owns an image can deregister it. `fe2 amis` lists yours.",
        )
    if aws_images.is_image_id(name) and (image := await aws_images.image_by_id(ctx.session, name)) is not None:
        raise not_own_error(image)


async def _find_requested_image(ctx: Context, wanted: str) -> Image | None:
    """One of that name or id that our journal has, and EC2 comes to show within moments of its being asked for."""
    location = ctx.session.location
    with suppress(StoreError):
        intents = await asyncio.to_thread(
            ctx.store.freezes.pending, location.profile, location.endpoint, location.region
        )
        for intent in intents:
            until = (intent.asked_at or intent.created_at) + timedelta(seconds=ctx.pace.settle)
            while wanted in (intent.name, intent.image_id) and intent.image_id is not None and ctx.clock() < until:
                image = await aws_images.image_by_id(ctx.session, intent.image_id)
                if image is not None:
                    return image
                await asyncio.sleep(ctx.pace.poll)
    return None


def _nearest_images(name: str, images: list[Image]) -> str:
    from difflib import get_close_matches

    own = sorted({image.name for image in images if image.name})
    near = get_close_matches(name, [*own, *IMAGE_WORDS], n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    more = len(own) - _MAX_IMAGES_SUGGESTED
    words = [*IMAGE_WORDS] if not own else [*own[:_MAX_IMAGES_SUGGESTED], *([f"{more} more"] if more > 0 else [])]
    return f"There are {join_words(words)}." if len(words) > 1 else f"There is {words[0]}."
