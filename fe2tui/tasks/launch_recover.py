"""What became of launches whose process ended before it knew: found out by their tokens."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from fe2tui.aws import instances as aws
from fe2tui.aws.session import Session
from fe2tui.errors import Fe2Error, StateError, ThrottledError, UnreachableError
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchIntent
from fe2tui.model.progress import Outcome
from fe2tui.tasks.context import Context

_MAY_STILL_BE_SENT = timedelta(minutes=5)


async def find_launched(ctx: Context, session: Session, token: str, *, since: datetime) -> Instance | None:
    """The instance that came of a RunInstances call sent at ``since``; None once EC2 has had time to show it.

    Raises UnreachableError if AWS could not be asked after that time.
    """
    until = since + timedelta(seconds=ctx.pace.settle)
    while True:
        is_last = ctx.clock() >= until
        try:
            found = await aws.instance_by_client_token(session, token)
        except (UnreachableError, ThrottledError):
            if is_last:
                raise
            found = None
        if found is not None or is_last:
            return found
        await asyncio.sleep(min(ctx.pace.poll, max(0.05, (until - ctx.clock()).total_seconds())))


async def recover_launches(ctx: Context) -> list[Outcome]:
    """What became of launches whose process ended before it was known: found out by their tokens, reported once.

    An outcome's ``subject`` is the instance's id, or empty for one that was never launched (its error says so; it can
    be launched again). Nothing is launched by this. What cannot be found out now is left for the next time. Other
    activity that a dead process left unfinished is closed.
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
    """When the call may last have been sent: it is said again, with its token, while nobody answers."""
    now = ctx.clock()
    return now if now - intent.created_at < _MAY_STILL_BE_SENT else intent.created_at


async def _recover_launch(ctx: Context, intent: LaunchIntent) -> Outcome:
    name = intent.request.name
    ctx.report_step("launch", "recover", f"Finding out what became of launching {name}", label=name)
    try:
        session = ctx.session
        if intent.region != session.region:
            session = await session.with_region(intent.region)
        try:
            instance = await find_launched(ctx, session, intent.token, since=_last_sent(ctx, intent))
        finally:
            if session is not ctx.session:
                await session.close()
    except Fe2Error as error:
        error.remedy = f"What became of launching {name} is not known yet. {error.remedy}".strip()
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
        f"{intent.request.name} was never launched: the program ended before AWS heard of it.",
        "Nothing was left behind; launch it again if it is still wanted.",
    )
    ctx.store.launches.update(intent.token, stage="abandoned", error=error.summary)
    _close_entry(ctx, intent, "failed", error.summary, error.remedy)
    return Outcome("", intent.request.name, "was never launched", error)


def _close_entry(
    ctx: Context, intent: LaunchIntent, result: str, words: str, remedy: str = "", subject: str | None = None
) -> None:
    if intent.activity:
        ctx.store.activity.end(intent.activity, result, words, remedy, None, ctx.clock(), subject=subject)
