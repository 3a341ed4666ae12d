"""The activity log around a task: an entry before the call, ended with what came of it, whatever that is."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.progress import UNDER_WAY, Activity
from fe2tui.tasks.context import Context

_Result = TypeVar("_Result")


@dataclass(slots=True)
class Entry:
    """An entry in the log. ``words`` say what came of it; ``left`` what would be left behind if it ended now.

    ``cut`` is what a cancellation means for it. ``is_over``: what came of it has been written.
    """

    id: int | None
    words: str = ""
    subject: str = ""
    left: str = ""
    remedy: str = ""
    cut: str = "Cancelled."
    is_over: bool = False


def begin(ctx: Context, command: str, label: str, subject: str = "") -> Entry:
    """Write a new entry. A log that cannot be written stops nobody: it is reported, once an entry."""
    activity = Activity(ctx.clock(), command, subject, label, ctx.session.region, "running", UNDER_WAY, by=ctx.by)
    entry = Entry(None, subject=subject)
    try:
        entry.id = ctx.store.activity.begin(activity)
    except StoreError as error:
        ctx.step(command, "log", f"Not in the activity log: {error.summary}", subject=subject, label=label)
    ctx.noted(entry)
    return entry


def note(ctx: Context, entry: Entry, words: str) -> None:
    """Write down how far it has come: for those who find the entry after this program was killed."""
    if entry.id is None:
        return
    with suppress(StoreError):  # the log that cannot be written was reported when the entry was begun
        ctx.store.activity.note(entry.id, words)


def end(ctx: Context, entry: Entry, result: str, words: str, remedy: str = "", code: str | None = None) -> None:
    """Write what came of it: done, failed or cancelled."""
    entry.is_over = True
    if entry.id is None:
        return
    try:
        ctx.store.activity.end(entry.id, result, words, remedy, code, ctx.clock(), subject=entry.subject or None)
    except StoreError as error:
        ctx.step("log", "log", f"Not in the activity log: {error.summary}", subject=entry.subject)


@contextmanager
def recorded(ctx: Context, command: str, label: str, subject: str = "") -> Iterator[Entry]:
    """An entry for as long as the block runs: done, failed with the error's words, or cancelled with what is left."""
    entry = begin(ctx, command, label, subject)
    with ended(ctx, entry, command, label):
        yield entry


@contextmanager
def ended(ctx: Context, entry: Entry, command: str, label: str) -> Iterator[None]:
    """End an entry with the block, as ``recorded`` does: for one that an earlier process began."""
    ctx.noted(entry)
    try:
        yield
    except asyncio.CancelledError:
        words = " ".join(part for part in (entry.cut, entry.left) if part)
        ctx.step(command, "cancelled", words, subject=entry.subject, label=label)
        end(ctx, entry, "cancelled", words, entry.remedy)
        raise
    except Fe2Error as error:
        end(ctx, entry, "failed", error.summary, error.remedy, error.code)
        raise
    except BaseException as error:
        end(ctx, entry, "failed", f"{type(error).__name__}: {error}")
        raise
    end(ctx, entry, "done", entry.words or "done", entry.remedy)


async def unbroken(work: Coroutine[Any, Any, _Result], patience: float) -> _Result:
    """Do a step that has to be known the end of: when cancelled meanwhile, its end is waited for, so many seconds.

    Raises CancelledError only after that; the step itself goes on until then.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.cancelled():
            await asyncio.wait({task}, timeout=patience)
        if not task.done():
            task.cancel()
        elif not task.cancelled():
            task.exception()  # looked at, so that nobody complains of one that was not
        raise
