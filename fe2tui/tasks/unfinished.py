"""What programs that were killed, and calls that AWS did not answer, have left open: looked up, finished and reported.

Every command of every face does this first. The tasks are imported only where there is something to do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from fe2tui.errors import StoreError
from fe2tui.model.progress import UNKNOWN_FOR, Outcome
from fe2tui.model.text import shell_word
from fe2tui.tasks.context import Context, known_account

if TYPE_CHECKING:
    from fe2tui.store import Store

_CHANGE_TYPE = "change type"  # as the activity log has it


def is_unfinished(store: Store, now: datetime) -> bool:
    """Whether anything is open, of whatever account. Raises StoreError."""
    return bool(
        store.freezes.unsettled()
        or store.launches.has_open()
        or store.type_changes.has_open()
        or store.activity.cut_short_entries(_CHANGE_TYPE)
        or store.activity.unknown_entries(now - UNKNOWN_FOR)
    )


async def settle_unfinished(ctx: Context) -> AsyncIterator[Outcome]:
    """Look up and finish what is open. Yields an outcome for each: ``words`` are whole sentences, or there is an error.

    Starts instances that were stopped for an image or for another type, and not started again. Waits for seconds only;
    what cannot be known yet is left for the next time.
    """
    with suppress(StoreError):
        if ctx.store.type_changes.has_open():
            from fe2tui.tasks.change_type import resume_type_changes

            for outcome in await resume_type_changes(ctx):
                yield Outcome(outcome.subject, outcome.label, outcome.words)
        if ctx.store.launches.has_open():
            from fe2tui.tasks.launch import recover_launches

            for outcome in await recover_launches(ctx, waits=False):
                words = f"An earlier launch: {outcome.label}: {outcome.words}"
                yield Outcome(outcome.subject, outcome.label, words, outcome.error)
        if ctx.store.activity.unknown_entries(ctx.clock() - UNKNOWN_FOR):
            from fe2tui.tasks.power import settle_unknown

            for outcome in await settle_unknown(ctx):
                yield outcome
        if entries := ctx.store.activity.cut_short_entries(_CHANGE_TYPE):
            for entry in entries:
                word = shell_word(entry.label, entry.subject)
                words = f"An earlier change of the type of {entry.label} was cut short. {entry.words}"
                yield Outcome(
                    entry.subject,
                    entry.label,
                    f"{words} `fe2 instance {word}` shows its state; `fe2 start {word}` starts it.",
                )
            ctx.store.activity.close_orphans(ctx.clock())
        async for outcome in _settle_freezes(ctx):
            yield outcome


async def _settle_freezes(ctx: Context) -> AsyncIterator[Outcome]:
    if not ctx.store.freezes.unsettled():
        return
    unsettled = ctx.store.freezes.unsettled(await known_account(ctx))
    if ctx.session.read_only:
        for one in (each for each in unsettled if each.restart):
            stopped = f"{one.label} is stopped for the image {one.name}."
            words = f"{stopped} The next command that is not read-only starts it again."
            yield Outcome(one.instance_id, one.label, words)
    elif unsettled:
        async for outcome in settle_freezes(ctx, unsettled_only=True):
            yield outcome


async def settle_freezes(
    ctx: Context, *, except_image_id: str | None = None, unsettled_only: bool = False
) -> AsyncIterator[Outcome]:
    """The results of freezes that an earlier command started, if they have any since the last report.

    ``except_image_id`` is not reported. ``unsettled_only`` leaves out those that only wait for their image.
    """
    from fe2tui.tasks.freeze_watch import check_open_freezes

    with suppress(StoreError):  # the command itself has succeeded
        checked = await check_open_freezes(ctx, except_image_id=except_image_id, unsettled_only=unsettled_only)
        for outcome in checked:
            words = "" if outcome.error else f"An earlier freeze of {outcome.label}: {outcome.words}"
            label = f"an earlier freeze of {outcome.label}" if outcome.error else outcome.label
            yield Outcome(outcome.subject, label, words, outcome.error)
