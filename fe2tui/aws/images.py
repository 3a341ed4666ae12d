"""Images: by id, by an own one's name, or by a word for the newest public one."""

from __future__ import annotations

from collections.abc import Iterable

from fe2tui.aws.session import Session
from fe2tui.model.image import Image


async def resolve_image(session: Session, text: str, architecture: str = "x86_64") -> Image:
    """The image that is meant: an id, the name of one of the account's own, or a word (ubuntu, amazon, debian, dlami).

    Raises FieldError("image") when there is none, several, or one of another architecture or not yet available.
    """
    raise NotImplementedError


async def own_images(session: Session) -> list[Image]:
    """The account's own images, newest first, pending ones included."""
    raise NotImplementedError


async def image_by_id(session: Session, image_id: str) -> Image | None:
    """One image by its id, whosever it is; None if there is none (any more) that may be seen."""
    raise NotImplementedError


async def image_names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Names of images by id; those that are gone are left out."""
    raise NotImplementedError


async def login_user_of(session: Session, image_id: str) -> str | None:
    """Whom to log in as on its machines: the tag ``fe2:user``, else by its name and owner; None if it is gone."""
    raise NotImplementedError
