"""A freeze from the moment it is asked for to its end: watched here, or by the next start after a program's end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fe2tui.aws import images as aws
from fe2tui.aws import instances, snapshots
from fe2tui.errors import DeniedError, Fe2Error, NotFoundError, StateError, ThrottledError, UnreachableError
from fe2tui.model.freeze import FreezeIntent
from fe2tui.model.image import FAILED_STATES, Image
from fe2tui.model.instance import State
from fe2tui.model.money.images import snapshots_per_month
from fe2tui.model.snapshot import Snapshot
from fe2tui.model.words import dollars, percent, plural
from fe2tui.tasks.context import Context
from fe2tui.tasks.power import start
from fe2tui.tasks.record import Entry, begin, ended

_AT_REST = frozenset({State.STOPPING, State.STOPPED})
_READY = frozenset({"available", "disabled"})
_OURS = timedelta(minutes=10)  # between our telling it to stop and the moment that EC2 notes
_SHOWN_BY = timedelta(hours=1)  # after that EC2 shows an image at the first look, or has none


@dataclass(frozen=True, slots=True)
class OpenFreeze:
    """A freeze whose end is not known: its program ended, or did not wait for it."""

    intent: FreezeIntent

    @property
    def name(self) -> str:
        """The image's name."""
        return self.intent.name

    @property
    def label(self) -> str:
        """What the instance is called."""
        return self.intent.label

    @property
    def words(self) -> str:
        """``image base of base``."""
        return f"image {self.intent.name} of {self.intent.label}"


async def open_freezes(ctx: Context) -> list[OpenFreeze]:
    """The freezes that nobody watches to their end, oldest first: they are for this program to ``watch`` now."""
    place = ctx.session.place
    intents = await asyncio.to_thread(ctx.store.freezes.open, place.profile, place.endpoint)
    return [OpenFreeze(intent) for intent in intents]


async def watch(ctx: Context, open_freeze: OpenFreeze) -> Image:
    """Watch one to its end: as ``freeze`` does, and in its entry of the activity log. Nothing is made by this.

    An image whose id was not known is looked for by its name and instance. An instance that was stopped for it is
    started again, also when no image came of it. Raises StateError when none did, or AWS could not make it.
    """
    intent = open_freeze.intent
    entry = (
        Entry(intent.activity, subject=intent.instance_id)
        if intent.activity
        else begin(ctx, "freeze", intent.label, intent.instance_id)
    )
    entry.left = "The next start of this program goes on watching it."
    try:
        with ended(ctx, entry, "freeze", intent.label):
            async with _at(ctx, intent.region) as there:
                if intent.image_id is None:
                    intent = await _found_out(there, intent, entry)
                return await Watching(there, intent, entry).until_available()
    finally:
        ctx.store.freezes.release(intent.token)


@asynccontextmanager
async def _at(ctx: Context, region: str) -> AsyncIterator[Context]:
    if region == ctx.session.region:
        yield ctx
        return
    session = await ctx.session.with_region(region)
    try:
        yield replace(ctx, session=session)
    finally:
        await session.close()


async def _found_out(ctx: Context, intent: FreezeIntent, entry: Entry) -> FreezeIntent:
    """The intent with its image's id. Raises StateError if it came to none; its instance is started again then."""
    image = await _looked_for(ctx, intent, entry)
    if image is not None:
        ctx.store.freezes.update(intent.token, stage="pending", image_id=image.id)
        return replace(intent, stage="pending", image_id=image.id)
    why = "AWS does not have it" if intent.asked_at else "the freeze was cut short before AWS was asked for it"
    error = StateError(
        f"The image {intent.name} of {intent.label} was never made: {why}.", "Freeze it again if it is still wanted."
    )
    watching = Watching(ctx, intent, entry)
    if intent.restart:
        await watching.started_again(patiently=True)
        error.remedy = f"{entry.remedy or f'{intent.label} is not started yet.'} {error.remedy}"
    if not watching.intent.restart:
        ctx.store.freezes.update(intent.token, stage="abandoned", error=error.summary)
    raise error


async def _looked_for(ctx: Context, intent: FreezeIntent, entry: Entry) -> Image | None:
    """The image that came of an intent; None at once where nothing was asked of AWS."""
    if intent.asked_at is None:
        return None
    now = ctx.clock()
    ctx.step("freeze", "recover", f"Looking for the image {intent.name}", subject=entry.subject, label=intent.label)
    return await made_of(ctx, intent, since=now if now - intent.asked_at < _SHOWN_BY else intent.asked_at)


async def made_of(ctx: Context, intent: FreezeIntent, *, since: datetime) -> Image | None:
    """The image that came of a CreateImage call last sent at ``since``; None once EC2 has had time to show it.

    Found by its name, which no other image of the account can have, and the instance that it is of. Raises
    UnreachableError if AWS could not be asked after that time.
    """
    until = since + timedelta(seconds=ctx.pace.settle)
    while True:
        is_last = ctx.clock() >= until
        found = None
        try:
            named = [image for image in await aws.every_own_image(ctx.session) if image.name == intent.name]
            found = next((image for image in named if image.made_from == intent.instance_id), None)
        except (UnreachableError, ThrottledError):
            if is_last:
                raise
        if found is not None or is_last:
            return found
        await asyncio.sleep(min(ctx.pace.poll, max(0.05, (until - ctx.clock()).total_seconds())))


@dataclass(slots=True)
class Watching:
    """One image being made, whose id is known."""

    ctx: Context
    intent: FreezeIntent
    entry: Entry
    said: str = ""
    may_read_snapshots: bool = True
    unseen_until: datetime | None = None
    not_started: Fe2Error | None = None

    async def until_available(self) -> Image:
        """Until AWS has made it, for hours if need be. Raises StateError with AWS's reason if it could not."""
        image = await self._watched(to_the_end=True)
        assert image is not None  # its end was seen
        return image

    async def until_taken(self) -> Image | None:
        """Until AWS goes on by itself: at once, or when an instance that was stopped for it is being started again.

        None while EC2 does not show the image yet.
        """
        return await self._watched(to_the_end=False)

    async def _watched(self, *, to_the_end: bool) -> Image | None:
        self.entry.cut = "Not watched any longer."
        try:
            return await self._looked(to_the_end=to_the_end)
        except asyncio.CancelledError:
            await self.started_on_leaving()
            raise

    async def started_on_leaving(self) -> None:
        """Cancelled: start what was stopped for the image as soon as that can be, and wait for it, within bounds.

        A second cancellation, or the end of that time, leaves it to the next start.
        """
        ctx, intent = self.ctx, self.intent
        if not intent.restart:
            return
        self._step("start", f"{intent.label} was stopped for the image: starting it again")
        with suppress(TimeoutError, Fe2Error):
            async with asyncio.timeout(ctx.pace.restart):
                if intent.image_id is not None:
                    await self._looked(to_the_end=False)
                else:
                    await self._started_from_rest()
        if intent.image_id is not None:
            self.entry.left = f"{self._left} {self.entry.remedy}".strip()
            self.entry.remedy = ""

    async def _started_from_rest(self) -> None:
        ctx, key = self.ctx, self.intent.instance_id
        with suppress(Fe2Error):  # a moment after it was told to stop it may still be seen running
            await instances.wait_states(ctx.session, [key], _AT_REST, every=ctx.pace.poll, timeout=ctx.pace.settle)
        await self.started_again(patiently=True)

    async def _looked(self, *, to_the_end: bool) -> Image | None:
        pause = self.ctx.pace.poll
        self.unseen_until = self.ctx.clock() + timedelta(seconds=self.ctx.pace.settle)
        while True:
            self.entry.left = self._left
            image, parts = await self._look()
            await self._start_when_taken(image, parts)
            is_over = image is not None and (image.state in _READY or image.state in FAILED_STATES)
            if image is not None and is_over and not self.intent.restart:
                return await self._end(image)
            if not to_the_end and not self.intent.restart:
                return image
            self._report(parts)
            await asyncio.sleep(pause)
            pause = min(pause * 1.25, self.ctx.pace.longest)

    async def started_again(self, *, patiently: bool = False) -> None:
        """Start the instance that was stopped for the image; what became of it is in the entry's ``remedy``.

        ``patiently`` waits for one that is still stopping. One that somebody has started, terminated or stopped anew
        meanwhile is left as it is. AWS out of reach leaves it for the next look.
        """
        ctx, intent = self.ctx, self.intent
        try:
            found = await instances.describe(ctx.session, [intent.instance_id])
            if patiently and found and found[0].state is State.STOPPING:
                await instances.wait_states(
                    ctx.session, [intent.instance_id], [State.STOPPED], every=ctx.pace.poll, timeout=ctx.pace.states
                )
                found = await instances.describe(ctx.session, [intent.instance_id])
        except (UnreachableError, ThrottledError) as error:
            self._step("start", f"{intent.label} is not started yet: {error.summary}")
            return
        state = found[0].state if found else State.TERMINATED
        if state is State.STOPPING:
            self._step("start", f"{intent.label} is not started yet: it is still stopping")
            return
        if state is State.STOPPED and _was_ours(intent, found[0].changed_state_at):
            (outcome,) = await start(ctx, [intent.instance_id], wait=False)
            if isinstance(outcome.error, UnreachableError | ThrottledError):
                self._step("start", f"{intent.label} is not started yet: {outcome.error.summary}")
                return
            self.not_started = outcome.error
            words = f"{intent.label} is being started again."
        elif state is State.STOPPED:
            words = f"{intent.label} was stopped by somebody else since, and stays so."
        elif state in (State.RUNNING, State.PENDING):
            words = f"{intent.label} is {state} again."
        else:
            words = f"{intent.label} is {state}."
        if self.not_started is not None:
            words = f"{intent.label} could not be started again: {self.not_started.summary} {self.not_started.remedy}"
        ctx.store.freezes.needs_no_start(intent.token)
        self.intent = replace(intent, restart=False)
        self.entry.remedy = words.strip()
        self._step("start", words.strip())

    async def _look(self) -> tuple[Image | None, Sequence[Snapshot]]:
        """The image and its snapshots; one that EC2 does not show yet is None. AWS out of reach is waited out.

        Raises NotFoundError when it is gone.
        """
        ctx, image_id = self.ctx, self.intent.image_id
        assert image_id is not None
        try:
            image = await aws.image_by_id(ctx.session, image_id)
            parts = await self._parts(image_id)
        except (UnreachableError, ThrottledError) as error:
            self._say(f"{error.summary.rstrip('.')}; AWS goes on making it, and is asked again", None)
            return None, ()
        except Fe2Error as error:
            error.remedy = f"{error.remedy} {self._left}".strip()
            raise
        if image is None and self.unseen_until is not None and ctx.clock() >= self.unseen_until:
            raise await self._gone()
        if image is not None:
            self.unseen_until = ctx.clock() + timedelta(seconds=ctx.pace.settle)
        return image, parts

    async def _parts(self, image_id: str) -> Sequence[Snapshot]:
        if not self.may_read_snapshots:
            return ()
        try:
            return await snapshots.snapshots_of_image(self.ctx.session, image_id)
        except DeniedError:
            self.may_read_snapshots = False
            return ()

    async def _start_when_taken(self, image: Image | None, parts: Sequence[Snapshot]) -> None:
        """A snapshot holds what its disk held when it began: from then on the instance may run again."""
        if not self.intent.restart:
            return
        is_settled = image is not None and image.state != "pending"
        if is_settled or (parts and len(parts) >= self.intent.disks):
            await self.started_again()

    async def _end(self, image: Image) -> Image:
        intent, journal = self.intent, self.ctx.store.freezes
        if image.state in FAILED_STATES:
            error = await self._failure(image)
            journal.update(intent.token, stage="failed", image_id=image.id, error=error.summary)
            raise error
        journal.update(intent.token, stage="done", image_id=image.id)
        words = f"The image {image.label} ({image.id}) is made."
        if self.not_started is not None:
            self.not_started.summary = f"{words} {intent.label} could not be started again: {self.not_started.summary}"
            raise self.not_started
        self.entry.words = words
        self._step("ready", words, fraction=1.0)
        return image

    async def _failure(self, image: Image) -> StateError:
        code, _, reason = image.state_reason.partition(": ")
        if not reason or " " in code:
            code, reason = "", image.state_reason
        reason = reason.rstrip(".") or "it gives no reason"
        left = f"It stays in the list as {image.state}"
        try:
            parts = await snapshots.snapshots_of_image(self.ctx.session, image.id) if self.may_read_snapshots else []
        except Fe2Error:
            parts = []
        if parts:
            prices = await asyncio.to_thread(self.ctx.store.prices.get, self.ctx.session.region)
            cost = None if prices is None else snapshots_per_month(parts, prices)
            verb = "stays" if len(parts) == 1 else "stay"
            left += f", and {plural(len(parts), 'snapshot')} of it {verb}"
            left += f", at most {dollars(cost, sign='$')} a month" if cost is not None else ", which costs"
        remedy = f"{left}: deregister it to remove all of that, then freeze again. {self.entry.remedy}".strip()
        self.entry.remedy = ""
        return StateError(
            f"AWS could not make the image {image.label} ({image.id}): {reason}.",
            remedy,
            code=code or None,
        )

    async def _gone(self) -> NotFoundError:
        if self.intent.restart:
            await self.started_again(patiently=True)
        intent = self.intent
        if not intent.restart:  # else the next start tries that again
            self.ctx.store.freezes.update(intent.token, stage="failed", error="gone")
        return NotFoundError(
            f"The image {intent.name} ({intent.image_id}) was deregistered while it was being made.",
            f"{self.entry.remedy} Freeze {intent.label} again if it is still wanted.".strip(),
        )

    @property
    def _left(self) -> str:
        """What goes on if nobody watches any more."""
        intent = self.intent
        words = f"AWS goes on making {intent.name} ({intent.image_id}); the next start of this program watches it."
        return f"{words} {intent.label} is stopped for it: that start starts it again." if intent.restart else words

    def _report(self, parts: Sequence[Snapshot]) -> None:
        if not parts:
            self._say(f"{self.intent.image_id} is pending", None)
            return
        done = sum(one.progress for one in parts) / len(parts)
        of = "its snapshot" if len(parts) == 1 else f"its {len(parts)} snapshots"
        words = f"{self.intent.image_id} is pending: {of} {percent(done)}"
        self._say(words, done)

    def _say(self, words: str, fraction: float | None) -> None:
        if words != self.said:
            self.said = words
            self._step("image", words, fraction=fraction)

    def _step(self, step: str, words: str, *, fraction: float | None = None) -> None:
        self.ctx.step(
            "freeze", step, words, subject=self.intent.instance_id, label=self.intent.label, fraction=fraction
        )


def _was_ours(intent: FreezeIntent, stopped_at: datetime | None) -> bool:
    """Whether the stop that EC2 notes is the one that we asked for."""
    return stopped_at is None or intent.stopped_at is None or abs(stopped_at - intent.stopped_at) < _OURS
