"""Which image a person means: an id, the name of an own one, or a word for the newest of a well-known family."""

from __future__ import annotations

from collections.abc import Iterable

from fe2tui.aws import images as aws
from fe2tui.errors import AmbiguousError, NotFoundError, UsageError
from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.model.words import listed, plural
from fe2tui.tasks.context import Context

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

    ``architecture`` counts for words only.

    Raises as ``resolve_image`` does, and FieldError(image) for a word that has nothing for an architecture.
    """
    wanted = _NEWEST if name is None else name.strip()
    if wanted.startswith("ami-"):
        image = await aws.image_by_id(ctx.session, wanted)
        if image is None:
            raise NotFoundError(f"There is no image {wanted} in {ctx.session.region}.", "`fe2 amis` lists yours.")
        return image
    own = await aws.own_images(ctx.session)
    if wanted.lower() in IMAGE_WORDS and not any(image.name == wanted for image in own):
        return await aws.resolve_image(ctx.session, wanted, architecture)
    return resolve_image(own, wanted)


def _nearest(name: str, images: list[Image]) -> str:
    from difflib import get_close_matches

    own = sorted({image.name for image in images if image.name})
    near = get_close_matches(name, [*own, *IMAGE_WORDS], n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    more = len(own) - _NAMED
    words = [*IMAGE_WORDS] if not own else [*own[:_NAMED], *([f"{more} more"] if more > 0 else [])]
    return f"There are {listed(words)}." if len(words) > 1 else f"There is {words[0]}."
