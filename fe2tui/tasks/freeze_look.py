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

_SHOWN_BY = timedelta(minutes=1)  # after its call, whose program is dead, EC2 shows an image
_LONGEST = 10.0  # seconds for one of them
_STILL_STOPPING = 3.0  # seconds that a machine gets to come to rest


async def look_at_freezes(ctx: Context, *, but: str | None = None, stopped_only: bool = False) -> list[Outcome]:
    """What has become of freezes whose program ended, or did not wait: each end is reported once.

    Nothing is waited for: an image that is still being made is left for the next look. An instance that was stopped
    for one is started again once its disks are copied from, and at once where nothing was asked of AWS; until then it
    is told at each look. ``but`` is an image that is not looked at; ``stopped_only`` looks at those whose instance is
    stopped.
    """
    if ctx.session.read_only:
        return []
    found = []
    pace = replace(ctx.pace, settle=0.0, states=min(ctx.pace.states, _STILL_STOPPING))
    once = replace(ctx, report=unreported, pace=pace)
    for one in await open_freezes(ctx):
        intent = one.intent
        is_meant = (but is None or intent.image_id != but) and (intent.restart or not stopped_only)
        try:
            async with asyncio.timeout(_LONGEST):
                outcome = await _look(once, one) if is_meant else None
        except TimeoutError:
            outcome = None
        finally:
            ctx.store.freezes.release(intent.token)
        if outcome is not None:
            found.append(outcome)
    return found


async def _look(ctx: Context, one: OpenFreeze) -> Outcome | None:
    intent = one.intent
    if intent.asked_at is None and intent.restart:
        return await _settled(ctx, one)
    if intent.region != ctx.session.region:
        return None
    try:
        image = await _image(ctx, one)
        if image is None and ctx.clock() - (intent.asked_at or intent.made_at) < _SHOWN_BY:
            return _not_yet(one) if intent.restart else None
        if image is not None and image.state == "pending":
            return await _start_again(ctx, one, image)
    except Fe2Error:
        return _not_yet(one) if intent.restart else None  # it is looked at again the next time
    return await _settled(ctx, one)


async def _settled(ctx: Context, one: OpenFreeze) -> Outcome:
    intent = one.intent
    try:
        made = await watch(ctx, one)
    except Fe2Error as error:
        return Outcome(intent.instance_id, intent.label, error.summary, error)
    return Outcome(intent.instance_id, intent.label, f"The image {made.label} ({made.id}) is made.")


def _not_yet(one: OpenFreeze) -> Outcome:
    label = one.label
    words = f"{label} is stopped for the image {one.name}, and not started yet: whether AWS makes it is not known yet."
    return Outcome(one.intent.instance_id, label, words)


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
    if not intent.restart:
        return None
    if len(await snapshots.snapshots_of_image(ctx.session, image.id)) < intent.disks:
        words = f"{one.label} is stopped for the image {one.name} until AWS has begun to copy its disks."
        return Outcome(intent.instance_id, intent.label, words)
    watching = Watching(ctx, intent, Entry(None, subject=intent.instance_id))
    await watching.started_again()
    words = watching.entry.remedy or f"{one.label} was stopped for the image {one.name}, and is not started yet."
    return Outcome(intent.instance_id, intent.label, words, watching.not_started)
