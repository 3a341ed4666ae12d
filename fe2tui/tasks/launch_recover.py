"""Launches whose process ended before it knew the result: looked up by their tokens."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from fe2tui.aws import instances as aws
from fe2tui.errors import Fe2Error, StateError
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchIntent
from fe2tui.model.progress import Outcome
from fe2tui.tasks.context import Context, in_region, wait_until_shown

_MAY_STILL_BE_SENT = timedelta(minutes=5)


async def find_launched(ctx: Context, token: str, *, since: datetime) -> Instance | None:
    """The instance of a RunInstances call sent at ``since``; None if EC2 does not show one within ``pace.settle``.

    Raises UnreachableError if AWS could not be asked after that time.
    """
    return await wait_until_shown(ctx, since, lambda: aws.instance_by_client_token(ctx.session, token))


async def recover_launches(ctx: Context) -> list[Outcome]:
    """Look up launches whose process ended before it knew the result. Each is reported once. Launches nothing.

    An outcome's ``subject`` is the instance's id; empty for one that was never launched (its error says so, and it can
    be launched again). What cannot be looked up now is left for the next time. Other activity that a dead process left
    open is closed.
    """
    location = ctx.session.location
    intents = await asyncio.to_thread(ctx.store.launches.claim_open, location.profile, location.endpoint)
    try:
        outcomes = await asyncio.gather(*(_recover_launch(ctx, intent) for intent in intents))
    finally:
        for intent in intents:
            ctx.store.launches.release(intent.token)
    await asyncio.to_thread(ctx.store.activity.close_orphans, ctx.clock())
    return list(outcomes)


def _last_sent(ctx: Context, intent: LaunchIntent) -> datetime:
    """When the call may have been sent last: without an answer it is sent again, with the same token."""
    now = ctx.clock()
    return now if now - intent.created_at < _MAY_STILL_BE_SENT else intent.created_at


async def _recover_launch(ctx: Context, intent: LaunchIntent) -> Outcome:
    name = intent.request.name
    ctx.report_step("launch", "recover", f"Checking whether {name} was launched", label=name)
    try:
        async with in_region(ctx, intent.region) as there:
            instance = await find_launched(there, intent.token, since=_last_sent(ctx, intent))
    except Fe2Error as error:
        error.remedy = f"We don't know yet whether {name} was launched. {error.remedy}".strip()
        return Outcome(intent.instance_id or "", name, "not known yet", error)
    if instance is None and intent.instance_id is None:
        return _report_never_launched(ctx, intent)
    return _report_found(ctx, intent, instance)


def _report_found(ctx: Context, intent: LaunchIntent, instance: Instance | None) -> Outcome:
    instance_id = instance.id if instance is not None else intent.instance_id or ""
    where = f" at {instance.public_ip}" if instance is not None and instance.public_ip else ""
    state = f"it is {instance.state}{where}" if instance is not None else "EC2 does not show it any more"
    words = f"{intent.request.name} ({instance_id}) was launched; {state}."
    ctx.store.launches.update(intent.token, stage="found", instance_id=instance_id)
    _close_entry(ctx, intent, "done", words, subject=instance_id)
    return Outcome(instance_id, intent.request.name, words)


def _report_never_launched(ctx: Context, intent: LaunchIntent) -> Outcome:
    error = StateError(
        f"{intent.request.name} was never launched: the program ended before it could ask AWS.",
        "Nothing is left behind. Launch it again if you still want it.",
    )
    ctx.store.launches.update(intent.token, stage="abandoned", error=error.summary)
    _close_entry(ctx, intent, "failed", error.summary, error.remedy)
    return Outcome("", intent.request.name, "was never launched", error)


def _close_entry(
    ctx: Context, intent: LaunchIntent, result: str, words: str, remedy: str = "", subject: str | None = None
) -> None:
    if intent.activity:
        ctx.store.activity.end(intent.activity, result, words, remedy, None, ctx.clock(), subject=subject)
