"""What every task gets: the session, the store, the settings, and somebody to report to."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from fe2tui.aws.session import Choice, default_region
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.progress import UNDER_WAY, Activity, Progress, Report, ignore_progress

if TYPE_CHECKING:
    from fe2tui.aws.session import Session
    from fe2tui.settings import Settings
    from fe2tui.store import Store


def utc_now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long tasks wait, in seconds.

    ``poll`` between two looks; ``ready`` for a machine's ssh; ``states`` for a state; ``down`` for a rebooting machine
    to be gone; ``spot`` for a spot request to settle, asked each ``spot_poll``; ``settle`` is how long after a launch
    was sent EC2 may still come to show its instance; ``unbroken`` for the end of a call that was cancelled meanwhile;
    ``restart`` for the start, after a cancellation, of an instance that was stopped for an image; ``prices`` for prices
    that the store does not have; ``longest`` between two looks at what may take hours; ``capacity`` for a launch to
    find a zone with room; ``limit`` for the number of a limit that was met.
    """

    poll: float = 1.0
    ready: float = 600.0
    states: float = 900.0
    down: float = 20.0
    spot: float = 120.0
    spot_poll: float = 5.0
    settle: float = 30.0
    completion: float = 5.0
    restart: float = 180.0
    prices: float = 1.0
    max_poll: float = 20.0
    capacity: float = 120.0
    quota: float = 5.0


def ignore_entry(entry: ActivityEntry) -> None:
    """For those who do not ask what a task would leave behind."""


@dataclass(slots=True)
class Context:
    """What a task works with. ``by`` is the command line, or ``dashboard``: it goes into the activity log.

    ``noted`` is given each entry that the task has in the log: its ``left`` says what would be left behind now.
    """

    session: Session
    store: Store
    settings: Settings
    report: Report = ignore_progress
    by: str = ""
    clock: Callable[[], datetime] = utc_now
    pace: Pace = field(default_factory=Pace)
    on_entry: Callable[[ActivityEntry], None] = ignore_entry

    def report_step(
        self, task: str, step: str, words: str, *, subject: str = "", label: str = "", fraction: float | None = None
    ) -> None:
        """Report one step of a task."""
        self.report(Progress(task, step, words, subject, label, fraction, self.clock()))


_Result = TypeVar("_Result")


@dataclass(slots=True)
class ActivityEntry:
    """An entry in the log. ``words`` say what came of it; ``left`` what would be left behind if it ended now.

    ``cut`` is what a cancellation means for it. ``is_over``: what came of it has been written.
    """

    id: int | None
    words: str = ""
    subject: str = ""
    left_behind: str = ""
    remedy: str = ""
    cancel_text: str = "Cancelled."
    is_ended: bool = False


def begin_entry(ctx: Context, command: str, label: str, subject: str = "") -> ActivityEntry:
    """Write a new entry. A log that cannot be written stops nobody: it is reported, once an entry."""
    activity = Activity(ctx.clock(), command, subject, label, ctx.session.region, "running", UNDER_WAY, by=ctx.by)
    entry = ActivityEntry(None, subject=subject)
    try:
        entry.id = ctx.store.activity.begin(activity)
    except StoreError as error:
        ctx.report_step(command, "log", f"Not in the activity log: {error.summary}", subject=subject, label=label)
    ctx.on_entry(entry)
    return entry


def update_entry(ctx: Context, entry: ActivityEntry, words: str) -> None:
    """Write down how far it has come: for those who find the entry after this program was killed."""
    if entry.id is None:
        return
    with suppress(StoreError):  # the log that cannot be written was reported when the entry was begun
        ctx.store.activity.update_words(entry.id, words)


def end_entry(
    ctx: Context, entry: ActivityEntry, result: str, words: str, remedy: str = "", code: str | None = None
) -> None:
    """Write what came of it: done, failed or cancelled."""
    entry.is_ended = True
    if entry.id is None:
        return
    try:
        ctx.store.activity.end(entry.id, result, words, remedy, code, ctx.clock(), subject=entry.subject or None)
    except StoreError as error:
        ctx.report_step("log", "log", f"Not in the activity log: {error.summary}", subject=entry.subject)


@contextmanager
def activity_entry(ctx: Context, command: str, label: str, subject: str = "") -> Iterator[ActivityEntry]:
    """An entry for as long as the block runs: done, failed with the error's words, or cancelled with what is left."""
    entry = begin_entry(ctx, command, label, subject)
    with end_with_block(ctx, entry, command, label):
        yield entry


@contextmanager
def end_with_block(ctx: Context, entry: ActivityEntry, command: str, label: str) -> Iterator[None]:
    """End an entry with the block, as ``recorded`` does: for one that an earlier process began."""
    ctx.on_entry(entry)
    try:
        yield
    except asyncio.CancelledError:
        words = " ".join(part for part in (entry.cancel_text, entry.left_behind) if part)
        ctx.report_step(command, "cancelled", words, subject=entry.subject, label=label)
        end_entry(ctx, entry, "cancelled", words, entry.remedy)
        raise
    except Fe2Error as error:
        end_entry(ctx, entry, "failed", error.summary, error.remedy, error.code)
        raise
    except BaseException as error:
        end_entry(ctx, entry, "failed", f"{type(error).__name__}: {error}")
        raise
    end_entry(ctx, entry, "done", entry.words or "done", entry.remedy)


async def run_to_completion(work: Coroutine[Any, Any, _Result], grace: float) -> _Result:
    """Do a step that has to be known the end of: when cancelled meanwhile, its end is waited for, so many seconds.

    Raises CancelledError only after that; the step itself goes on until then.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.cancelled():
            await asyncio.wait({task}, timeout=grace)
        if not task.done():
            task.cancel()
        elif not task.cancelled():
            task.exception()  # looked at, so that nobody complains of one that was not
        raise


def effective_choice(
    settings: Settings,
    *,
    region: str | None = None,
    profile: str | None = None,
    endpoint_url: str | None = None,
    read_only: bool = False,
) -> Choice:
    """The choice for a session; None is what nobody said here. The settings may make a profile read-only.

    What the environment names is left for AWS's own library to find: a profile handed over as chosen would have it pass
    over the environment's credentials. Source: SDK guide, credential precedence.
    """
    named_profile = os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE")
    named_region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    of_profile = profile is not None and default_region(profile) is not None  # a region chosen with its profile
    in_use = profile or named_profile or settings.profile or "default"
    return Choice(
        profile=profile or (None if named_profile else settings.profile),
        region=region or (None if named_region or of_profile else settings.region),
        endpoint_url=endpoint_url,
        read_only=read_only or settings.read_only or settings.for_profile(in_use).read_only,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
    )
