"""What EC2 says about one instance or image beyond the fleet, for its details."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fe2tui.aws import images as aws_images
from fe2tui.aws import instances as aws
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.instance import InstanceAttributes
from fe2tui.model.progress import Activity
from fe2tui.tasks.context import Context

MAX_ACTIVITIES = 30
_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Description:
    """What was read of one instance or image. A part that could not be read is its error.

    ``document`` is EC2's own description, ``checks`` the result of each status check by its name, ``activities`` the
    newest entries of the activity log. ``attributes`` and ``checks`` are None for an image.
    """

    document: Mapping[str, Any] | Fe2Error
    activities: Sequence[Activity] = ()
    attributes: InstanceAttributes | Fe2Error | None = None
    checks: Mapping[str, str] | Fe2Error | None = None


async def describe_instance(ctx: Context, instance_id: str) -> Description:
    """Five calls at the same time."""
    document, attributes, checks, activities = await asyncio.gather(
        _part(aws.instance_document(ctx.session, instance_id)),
        _part(aws.instance_attributes(ctx.session, instance_id)),
        _part(aws.status_checks(ctx.session, instance_id)),
        _activities(ctx, instance_id),
    )
    return Description(document, activities, attributes, checks)


async def describe_image(ctx: Context, image_id: str) -> Description:
    document, activities = await asyncio.gather(
        _part(aws_images.image_document(ctx.session, image_id)), _activities(ctx, image_id)
    )
    return Description(document, activities)


async def _part(read: Awaitable[_Part]) -> _Part | Fe2Error:
    try:
        return await read
    except Fe2Error as error:
        return error


async def _activities(ctx: Context, subject: str) -> Sequence[Activity]:
    try:
        return await asyncio.to_thread(ctx.store.activity.recent, MAX_ACTIVITIES, subject=subject)
    except StoreError:
        return ()
