"""What every task gets (``Context``), and its entry in the activity log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from fe2tui.errors import Fe2Error, StoreError, ThrottledError, UnknownResultError, UnreachableError
from fe2tui.model.location import KnownAccount
from fe2tui.model.progress import ASKED, UNDER_WAY, Activity, Progress, Report, ignore_progress

if TYPE_CHECKING:
    from fe2tui.aws.session import Session
    from fe2tui.model.instance import Instance, State
    from fe2tui.settings import Settings
    from fe2tui.store import Store


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long tasks wait, in seconds: between two reads (``poll``), or at most for one thing."""

    poll: float = 1.0
    spot_poll: float = 5.0  # between two reads of a spot request
    max_poll: float = 20.0  # between two reads of what may take hours
    ready: float = 600.0  # for ssh
    states: float = 900.0  # for an instance's state
    down: float = 20.0  # for an instance to go down in a reboot
    spot: float = 120.0  # for a spot request to be ready for a start
    settle: float = 30.0  # for EC2 to show what was created
    shown: float = 5.0  # for EC2 to show a state that a call without an answer has changed
    completion: float = 5.0  # for the end of a call after a cancellation
    restart: float = 180.0  # for the start of an instance that was stopped for an image, after a cancellation
    prices: float = 1.0  # for prices that the store does not have
    capacity: float = 120.0  # for a launch to find a zone with capacity
    quota: float = 5.0  # for the number of a quota that was exceeded


@dataclass(slots=True)
class Context:
    """What a task works with. ``by`` is the command line, or ``dashboard``, for the activity log.

    ``on_entry`` gets each entry that the task writes to the log: its ``left_behind`` says what would be left behind if
    the task were cancelled now.
    """

    session: Session
    store: Store
    settings: Settings
    report: Report = ignore_progress
    by: str = ""
    clock: Callable[[], datetime] = utc_now
    pace: Pace = field(default_factory=Pace)
    on_entry: Callable[[ActivityEntry], None] = lambda entry: None

    def report_step(
        self, task: str, step: str, words: str, *, subject: str = "", label: str = "", fraction: float | None = None
    ) -> None:
        self.report(Progress(task, step, words, subject, label, fraction, self.clock()))


def require_writable(ctx: Context, refused: str) -> None:
    """Raises ReadOnlyError in a read-only session. ``refused`` is like ``nothing can be launched``."""
    if ctx.session.read_only:
        raise ctx.session.read_only_error(refused)


@asynccontextmanager
async def in_region(ctx: Context, region: str) -> AsyncIterator[Context]:
    """The context, or one for another region, with a session that is closed at the end of the block."""
    if region == ctx.session.region:
        yield ctx
        return
    session = await ctx.session.with_region(region)
    try:
        yield replace(ctx, session=session)
    finally:
        await session.close()


async def known_account(ctx: Context) -> KnownAccount:
    """The account of the session, whose journals these are. AWS is not asked for its number."""
    session = ctx.session
    number = session.account or await asyncio.to_thread(ctx.store.fleets.account, session.location)
    return KnownAccount(number, session.account_profiles, session.endpoint)


_Result = TypeVar("_Result")


@dataclass(slots=True)
class ActivityEntry:
    """An entry in the activity log. ``words`` is the result; ``left_behind`` what a cancellation would leave behind.

    ``cancel_text`` begins the words of a cancelled entry. ``is_asked``: AWS is being asked for the change, so that a
    cancellation leaves the result unknown. ``is_ended``: the result has been written.
    """

    id: int | None
    words: str = ""
    subject: str = ""
    left_behind: str = ""
    remedy: str = ""
    cancel_text: str = "Cancelled."
    is_asked: bool = False
    is_ended: bool = False


def begin_entry(ctx: Context, command: str, label: str, subject: str = "") -> ActivityEntry:
    """Write a new entry. A log that cannot be written does not stop the task: that is reported, once an entry."""
    activity = Activity(ctx.clock(), command, subject, label, ctx.session.region, "running", UNDER_WAY, by=ctx.by)
    entry = ActivityEntry(None, subject=subject)
    try:
        entry.id = ctx.store.activity.begin(activity)
    except StoreError as error:
        ctx.report_step(command, "log", f"Not in the activity log: {error.summary}", subject=subject, label=label)
    ctx.on_entry(entry)
    return entry


def update_entry(ctx: Context, entry: ActivityEntry, words: str) -> None:
    """Write how far the task has come, for the next start if this program is killed."""
    if entry.id is not None:
        with suppress(StoreError):  # reported when the entry was begun
            ctx.store.activity.update_words(entry.id, words)


def mark_asked(ctx: Context, entry: ActivityEntry) -> None:
    """Write, before a call is sent, that its result has to be looked up if this program does not get to know it."""
    entry.is_asked = True
    update_entry(ctx, entry, ASKED)


def end_entry(
    ctx: Context, entry: ActivityEntry, result: str, words: str, remedy: str = "", code: str | None = None
) -> None:
    entry.is_ended = True
    if entry.id is None:
        return
    try:
        ctx.store.activity.end(entry.id, result, words, remedy, code, ctx.clock(), subject=entry.subject or None)
    except StoreError as error:
        ctx.report_step("log", "log", f"Not in the activity log: {error.summary}", subject=entry.subject)


def result_of(error: Fe2Error) -> str:
    """The result in the activity log of what ended with an error."""
    return "unknown" if isinstance(error, UnknownResultError) else "failed"


@contextmanager
def activity_entry(ctx: Context, command: str, label: str, subject: str = "") -> Iterator[ActivityEntry]:
    """An entry that ends with the block: as done, failed with the error, or cancelled with what is left behind."""
    entry = begin_entry(ctx, command, label, subject)
    with end_with_block(ctx, entry, command, label):
        yield entry


@contextmanager
def end_with_block(ctx: Context, entry: ActivityEntry, command: str, label: str) -> Iterator[None]:
    """End an entry with the block, as ``activity_entry`` does: for an entry of an earlier process."""
    ctx.on_entry(entry)
    try:
        yield
    except asyncio.CancelledError:
        words = " ".join(part for part in (entry.cancel_text, entry.left_behind) if part)
        ctx.report_step(command, "cancelled", words, subject=entry.subject, label=label)
        end_entry(ctx, entry, "cancelled", words, entry.remedy)
        raise
    except Fe2Error as error:
        end_entry(ctx, entry, result_of(error), error.summary, error.remedy, error.code)
        raise
    except BaseException as error:
        end_entry(ctx, entry, "failed", f"{type(error).__name__}: {error}")
        raise
    end_entry(ctx, entry, "done", entry.words or "done", entry.remedy)


@contextmanager
def report_store_errors(ctx: Context, task: str, subject: str, label: str) -> Iterator[None]:
    """For a write after AWS has accepted a call: one that fails is reported, and does not hide what AWS has done."""
    try:
        yield
    except StoreError as error:
        ctx.report_step(task, "log", f"Not recorded: {error.summary}", subject=subject, label=label)


async def in_time(read: Callable[[], Awaitable[_Result]], seconds: float) -> _Result | None:
    """The result; None if the read fails, or takes longer."""
    with suppress(Fe2Error, TimeoutError):
        async with asyncio.timeout(seconds):
            return await read()
    return None


async def no_read(value: _Result) -> _Result:
    """A value that is known, in the place of a read among others."""
    return value


async def run_to_completion(
    work: Coroutine[Any, Any, _Result],
    grace: float,
    on_cancel: Callable[[asyncio.Task[_Result]], None] | None = None,
) -> _Result:
    """Do a step whose result has to be known: if the caller is cancelled, waits ``grace`` seconds for its end.

    Raises CancelledError only then, after ``on_cancel`` got the step. A step that still runs is cancelled, too.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.cancelled():
            await asyncio.wait({task}, timeout=grace)
        if on_cancel is not None:
            on_cancel(task)
        if not task.done():
            task.cancel()
        elif not task.cancelled():
            task.exception()  # asked for, so that asyncio does not log it
        raise


async def wait_for_states(
    ctx: Context, ids: Sequence[str], *states: State, on_instance: Callable[[Instance], None] | None = None
) -> dict[str, Instance]:
    """Wait until each instance is in one of the states, for ``pace.states`` seconds. Raises as in ``aws.instances``."""
    from fe2tui.aws import instances

    return await instances.wait_for_states(
        ctx.session, ids, states, interval=ctx.pace.poll, timeout=ctx.pace.states, on_instance=on_instance
    )


def unknown_result_error(what: str, error: Fe2Error, unread: Fe2Error, remedy: str) -> UnknownResultError:
    """The error for a change without an answer, whose result could not be looked up either: ``unread`` says why."""
    found_out = "" if unread.summary == error.summary else f" It could not be looked up: {unread.summary}"
    return UnknownResultError(
        f"{what}: {error.summary}{found_out}", f"{unread.remedy} {remedy}".strip(), code=error.code
    )


async def wait_until_shown(
    ctx: Context, since: datetime, read: Callable[[], Awaitable[_Result | None]], *, within: float | None = None
) -> _Result | None:
    """Read what was changed at ``since`` until EC2 shows it; None if it does not ``within`` so many seconds.

    By default those of ``pace.settle``. Raises UnreachableError or ThrottledError if AWS could not be asked after that
    time.
    """
    until = since + timedelta(seconds=ctx.pace.settle if within is None else within)
    while True:
        is_last = ctx.clock() >= until
        found = None
        try:
            found = await read()
        except (UnreachableError, ThrottledError):
            if is_last:
                raise
        if found is not None or is_last:
            return found
        await asyncio.sleep(min(ctx.pace.poll, max(0.05, (until - ctx.clock()).total_seconds())))
