"""One look at the freezes that nobody watched to their end: for programs that cannot stay to watch."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from fe2tui.aws import images as aws
from fe2tui.aws import snapshots
from fe2tui.errors import Fe2Error
from fe2tui.model.image import Image
from fe2tui.model.progress import Outcome, unreported
from fe2tui.tasks.context import Context
from fe2tui.tasks.freeze_watch import OpenFreeze, Watching, open_freezes, watch
from fe2tui.tasks.record import Entry

_MAY_BE_UNDER_WAY = timedelta(minutes=5)
_LONGEST = 10.0  # seconds for one of them


async def look_at_freezes(ctx: Context, *, but: str | None = None) -> list[Outcome]:
    """What has become of freezes whose program ended, or did not wait: each end is reported once.

    Nothing is waited for: an image that is still being made is left for the next look. An instance that was stopped
    for one is started again once its disks are copied from. ``but`` is an image that is not looked at.
    """
    if ctx.session.read_only:
        return []
    found = []
    once = replace(ctx, report=unreported, pace=replace(ctx.pace, settle=0.0))
    for one in await open_freezes(ctx):
        try:
            async with asyncio.timeout(_LONGEST):
                outcome = await _look(once, one) if one.intent.image_id != but or but is None else None
        except TimeoutError:
            outcome = None
        finally:
            ctx.store.freezes.release(one.intent.token)
        if outcome is not None:
            found.append(outcome)
    return found


async def _look(ctx: Context, one: OpenFreeze) -> Outcome | None:
    intent = one.intent
    if intent.region != ctx.session.region:
        return None
    try:
        image = await _image(ctx, one)
        if image is None and ctx.clock() - intent.made_at < _MAY_BE_UNDER_WAY:
            return None
        if image is not None and image.state == "pending":
            return await _start_again(ctx, one, image)
    except Fe2Error:
        return None  # it is looked at again the next time
    try:
        made = await watch(ctx, one)
    except Fe2Error as error:
        return Outcome(intent.instance_id, intent.label, error.summary, error)
    return Outcome(intent.instance_id, intent.label, f"The image {made.label} ({made.id}) is made.")


async def _image(ctx: Context, one: OpenFreeze) -> Image | None:
    if one.intent.image_id is not None:
        return await aws.image_by_id(ctx.session, one.intent.image_id)
    own = await aws.every_own_image(ctx.session)
    return next((it for it in own if it.name == one.name and it.made_from == one.intent.instance_id), None)


async def _start_again(ctx: Context, one: OpenFreeze, image: Image) -> Outcome | None:
    """Start the instance that was stopped for an image, if its disks are not needed any more."""
    intent = replace(one.intent, stage="pending", image_id=image.id)
    if one.intent.image_id is None:
        ctx.store.freezes.update(intent.token, stage="pending", image_id=image.id)
    if not intent.restart or len(await snapshots.snapshots_of_image(ctx.session, image.id)) < intent.disks:
        return None
    watching = Watching(ctx, intent, Entry(None, subject=intent.instance_id))
    await watching.started_again()
    return Outcome(intent.instance_id, intent.label, watching.entry.remedy, watching.not_started)
