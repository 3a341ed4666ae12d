"""Watch a freeze to its end: in the process that requested the image, or in a later one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fe2tui.aws import images as aws
from fe2tui.aws import instances, snapshots
from fe2tui.errors import (
    DeniedError,
    Fe2Error,
    NotFoundError,
    StateError,
    ThrottledError,
    UnreachableError,
)
from fe2tui.model.freeze import FreezeIntent
from fe2tui.model.image import FAILED_STATES, Image
from fe2tui.model.instance import State
from fe2tui.model.money.rates import snapshots_per_month
from fe2tui.model.progress import Outcome, ignore_progress
from fe2tui.model.text import dollars, percent, plural
from fe2tui.model.volume import Snapshot
from fe2tui.tasks.context import (
    ActivityEntry,
    Context,
    begin_entry,
    end_with_block,
    in_region,
    known_account,
    report_store_errors,
    wait_until_shown,
)
from fe2tui.tasks.power import start_again

_STOPPED_STATES = frozenset({State.STOPPING, State.STOPPED})
_READY_STATES = frozenset({"available", "disabled"})
_SHOWN_WITHIN = timedelta(hours=1)  # after that EC2 shows an image at once, or has none


@dataclass(frozen=True, slots=True)
class OpenFreeze:
    """A freeze whose end is not known: its process ended, or did not wait for it."""

    intent: FreezeIntent

    @property
    def name(self) -> str:
        return self.intent.name

    @property
    def label(self) -> str:
        return self.intent.label

    @property
    def words(self) -> str:
        return f"image {self.intent.name} of {self.intent.label}"


async def open_freezes(ctx: Context) -> list[OpenFreeze]:
    """The freezes that no other process watches, oldest first, claimed by this one."""
    intents = await asyncio.to_thread(ctx.store.freezes.claim_open, await known_account(ctx))
    return [OpenFreeze(intent) for intent in intents]


async def watch_freeze(ctx: Context, open_freeze: OpenFreeze) -> Image:
    """Watch a freeze to its end, as ``freeze`` does, under its entry in the activity log. Requests nothing.

    An image whose id is not known is looked for by its name and instance. An instance that was stopped for it is
    started again, also if there is no image. Raises StateError if there is none, or AWS could not create it.
    """
    intent = open_freeze.intent
    entry = ActivityEntry(intent.activity, subject=intent.instance_id)
    if not intent.activity:
        entry = begin_entry(ctx, "freeze", intent.label, intent.instance_id)
    entry.left_behind = "The next start of this program watches it."
    try:
        with end_with_block(ctx, entry, "freeze", intent.label):
            async with in_region(ctx, intent.region) as there:
                if intent.image_id is None:
                    intent = await _resolve_image_id(there, intent, entry)
                return await FreezeWatch(there, intent, entry).wait_until_available()
    finally:
        ctx.store.freezes.release(intent.token)


async def _resolve_image_id(ctx: Context, intent: FreezeIntent, entry: ActivityEntry) -> FreezeIntent:
    """The intent with its image's id. If there is no image, starts the instance again and raises StateError."""
    image = None
    if intent.asked_at is not None:
        step = f"Looking for the image {intent.name}"
        ctx.report_step("freeze", "recover", step, subject=entry.subject, label=intent.label)
        now = ctx.clock()
        since = now if now - intent.asked_at < _SHOWN_WITHIN else intent.asked_at
        image = await find_frozen_image(ctx, intent, since=since)
    if image is not None:
        ctx.store.freezes.update(intent.token, stage="pending", image_id=image.id)
        return replace(intent, stage="pending", image_id=image.id)
    why = "AWS does not have it" if intent.asked_at else "the program ended before it was requested"
    error = StateError(
        f"The image {intent.name} of {intent.label} was never created: {why}.", "Freeze it again if you still want it."
    )
    watching = FreezeWatch(ctx, intent, entry)
    if intent.restart:
        await watching.restart_instance(waits_for_stop=True)
        error.remedy = f"{entry.remedy or f'{intent.label} is not started yet.'} {error.remedy}"
    if not watching.intent.restart:
        ctx.store.freezes.update(intent.token, stage="abandoned", error=error.summary)
    raise error


async def find_frozen_image(ctx: Context, intent: FreezeIntent, *, since: datetime) -> Image | None:
    """The image of a CreateImage call sent last at ``since``; None if EC2 does not show it within ``pace.settle``.

    Found by its name, which is unique in the account, and its instance. Raises UnreachableError if AWS could not be
    asked after that time.
    """

    async def read() -> Image | None:
        own = await aws.own_images_with_disabled(ctx.session)
        return next((one for one in own if one.name == intent.name and one.made_from == intent.instance_id), None)

    return await wait_until_shown(ctx, since, read)


@dataclass(slots=True)
class FreezeWatch:
    """The watch over one image whose id is known."""

    ctx: Context
    intent: FreezeIntent
    entry: ActivityEntry
    last_text: str = ""
    may_read_snapshots: bool = True
    hidden_until: datetime | None = None
    restart_error: Fe2Error | None = None
    restart_words: str = ""  # what the last try to start the instance has done

    async def wait_until_available(self) -> Image:
        """Wait until the image can be used, for hours if necessary. Raises StateError with AWS's reason."""
        image = await self.watch(to_the_end=True)
        assert image is not None
        return image

    async def watch(self, *, to_the_end: bool) -> Image | None:
        """Watch until the image can be used, or only until the instance that was stopped for it is started again.

        None while EC2 does not show the image yet.
        """
        self.entry.cancel_text = "Not watched any longer."
        try:
            return await self._poll(to_the_end=to_the_end)
        except asyncio.CancelledError:
            await self.restart_on_cancel()
            raise

    async def restart_on_cancel(self) -> None:
        """After a cancellation, start an instance that was stopped for the image, within ``pace.restart`` seconds.

        A second cancellation, or the end of that time, leaves it to the next start.
        """
        ctx, intent = self.ctx, self.intent
        if not intent.restart:
            return
        self._report_step("start", f"{intent.label} was stopped for the image: starting it again")
        with suppress(TimeoutError, Fe2Error):
            async with asyncio.timeout(ctx.pace.restart):
                if intent.image_id is not None:
                    await self._poll(to_the_end=False)
                else:
                    with suppress(Fe2Error):  # EC2 may still show it running for a moment after the stop call
                        await instances.wait_for_states(
                            ctx.session,
                            [intent.instance_id],
                            _STOPPED_STATES,
                            interval=ctx.pace.poll,
                            timeout=ctx.pace.settle,
                        )
                    await self.restart_instance(waits_for_stop=True)
        if intent.image_id is not None:
            self.entry.left_behind = f"{self._left_behind} {self.entry.remedy}".strip()
            self.entry.remedy = ""

    async def _poll(self, *, to_the_end: bool) -> Image | None:
        pause, now = self.ctx.pace.poll, asyncio.get_running_loop().time
        give_up_at: float | None = None
        self.hidden_until = self.ctx.clock() + timedelta(seconds=self.ctx.pace.settle)
        while True:
            self.entry.left_behind = self._left_behind
            image, parts = await self._read_image()
            # a snapshot holds what its volume held when it began
            is_settled = image is not None and image.state != "pending"
            if self.intent.restart and (is_settled or (parts and len(parts) >= self.intent.volume_count)):
                await self.restart_instance()
            is_over = image is not None and (image.state in _READY_STATES or image.state in FAILED_STATES)
            if image is not None and is_over:
                if not self.intent.restart:
                    return await self._finish(image)
                give_up_at = give_up_at or now() + self.ctx.pace.restart
                if now() >= give_up_at:
                    raise await self._not_restarted_error(image)
            if not to_the_end and not self.intent.restart:
                return image
            self._report_progress(parts)
            await asyncio.sleep(pause)
            pause = min(pause * 1.25, self.ctx.pace.max_poll)

    async def restart_instance(self, *, waits_for_stop: bool = False) -> None:
        """Start the instance that was stopped for the image; the entry's ``remedy`` says what happened.

        After an error that may pass, the next read, or the next start of this program, tries again.
        """
        intent = self.intent
        result = await start_again(
            self.ctx, intent.instance_id, intent.label, intent.stopped_at, waits_for_stop=waits_for_stop
        )
        self.restart_words = result.words
        self._report_step("start", result.words)
        if result.is_open:
            return
        self.restart_error = result.error
        with self._report_store_errors():
            self.ctx.store.freezes.clear_restart(intent.token)
        self.intent = replace(intent, restart=False)
        self.entry.remedy = result.words

    async def _read_image(self) -> tuple[Image | None, Sequence[Snapshot]]:
        """The image, None while EC2 does not show it or cannot be reached, and its snapshots.

        Raises NotFoundError if it was deregistered.
        """
        ctx, image_id = self.ctx, self.intent.image_id
        assert image_id is not None
        try:
            image = await aws.image_by_id(ctx.session, image_id)
        except (UnreachableError, ThrottledError) as error:
            self._report_once(f"{error.summary.rstrip('.')}; AWS goes on creating it, and is asked again", None)
            return None, ()
        except Fe2Error as error:
            error.remedy = f"{error.remedy} {self._left_behind}".strip()
            raise
        if image is None and self.hidden_until is not None and ctx.clock() >= self.hidden_until:
            raise await self._deregistered_error()
        if image is not None:
            self.hidden_until = ctx.clock() + timedelta(seconds=ctx.pace.settle)
        return image, await self._read_snapshots(image_id)

    async def _read_snapshots(self, image_id: str) -> Sequence[Snapshot]:
        """The snapshots of the image so far; none where they cannot be read, which the image itself does not need."""
        if not self.may_read_snapshots:
            return ()
        try:
            return await snapshots.snapshots_of_image(self.ctx.session, image_id)
        except DeniedError:
            self.may_read_snapshots = False
            return ()
        except Fe2Error:
            return ()

    async def _finish(self, image: Image) -> Image:
        intent, journal = self.intent, self.ctx.store.freezes
        if image.state in FAILED_STATES:
            failure = await self._image_failed_error(image)
            with self._report_store_errors():
                journal.update(intent.token, stage="failed", image_id=image.id, error=failure.summary)
            raise failure
        with self._report_store_errors():
            journal.update(intent.token, stage="done", image_id=image.id)
        words = f"The image {image.label} ({image.id}) is ready."
        if (error := self.restart_error) is not None:
            error.summary = f"{words} {intent.label} could not be started again: {error.summary}"
            raise error
        self.entry.words = words
        self._report_step("ready", words, fraction=1.0)
        return image

    async def _image_failed_error(self, image: Image) -> StateError:
        code, _, reason = image.state_reason.partition(": ")
        if not reason or " " in code:
            code, reason = "", image.state_reason
        reason = reason.rstrip(".") or "it gives no reason"
        left = f"It stays in the list as {image.state}"
        parts: Sequence[Snapshot] = ()
        with suppress(Fe2Error):
            parts = await snapshots.snapshots_of_image(self.ctx.session, image.id) if self.may_read_snapshots else ()
        if parts:
            prices = await asyncio.to_thread(self.ctx.store.prices.get, self.ctx.session.region)
            cost = None if prices is None else snapshots_per_month(parts, prices)
            verb = "stays" if len(parts) == 1 else "stay"
            left += f", and {plural(len(parts), 'snapshot')} of it {verb}"
            left += f", at most {dollars(cost, sign='$')} a month" if cost is not None else ", which costs"
        remedy = f"{left}: deregister it to remove all of that, then freeze again. {self.entry.remedy}".strip()
        self.entry.remedy = ""
        summary = f"AWS could not create the image {image.label} ({image.id}): {reason}."
        return StateError(summary, remedy, code=code or None)

    async def _not_restarted_error(self, image: Image) -> Fe2Error:
        """The image is there, but its instance could not be started so far: the freeze stays open."""
        label = self.intent.label
        later = f"{label} is stopped for it: the next start of this program starts it again."
        if image.state in FAILED_STATES:
            error = await self._image_failed_error(image)
            error.remedy = f"{error.remedy} {later}"
            return error
        return StateError(f"The image {image.label} ({image.id}) is ready, but {self.restart_words}", later)

    async def _deregistered_error(self) -> NotFoundError:
        if self.intent.restart:
            await self.restart_instance(waits_for_stop=True)
        intent = self.intent
        if not intent.restart:  # else the next start tries again
            with self._report_store_errors():
                self.ctx.store.freezes.update(intent.token, stage="failed", error="gone")
        return NotFoundError(
            f"The image {intent.name} ({intent.image_id}) was deregistered while it was being created.",
            f"{self.entry.remedy} Freeze {intent.label} again if you still want it.".strip(),
        )

    @property
    def _left_behind(self) -> str:
        intent = self.intent
        words = f"AWS goes on creating {intent.name} ({intent.image_id}): the next start of this program watches it."
        return f"{words} {intent.label} is stopped for it: that start starts it again." if intent.restart else words

    def _report_progress(self, image_snapshots: Sequence[Snapshot]) -> None:
        words, done = f"{self.intent.image_id} is pending", None
        if image_snapshots:
            done = sum(one.progress for one in image_snapshots) / len(image_snapshots)
            of = "its snapshot" if len(image_snapshots) == 1 else f"its {len(image_snapshots)} snapshots"
            words = f"{words}: {of} {percent(done)}"
        self._report_once(words, done)

    def _report_once(self, words: str, fraction: float | None) -> None:
        if words != self.last_text:
            self.last_text = words
            self._report_step("image", words, fraction=fraction)

    def _report_store_errors(self) -> AbstractContextManager[None]:
        return report_store_errors(self.ctx, "freeze", self.intent.instance_id, self.intent.label)

    def _report_step(self, step: str, words: str, *, fraction: float | None = None) -> None:
        self.ctx.report_step(
            "freeze", step, words, subject=self.intent.instance_id, label=self.intent.label, fraction=fraction
        )


_IMAGE_SHOWN_WITHIN = timedelta(minutes=1)  # after its call EC2 shows an image
_CHECK_TIMEOUT = 10.0  # seconds for one freeze
_STOPPING_TIMEOUT = 3.0  # seconds for an instance to stop


async def check_open_freezes(
    ctx: Context, *, except_image_id: str | None = None, unsettled_only: bool = False
) -> list[Outcome]:
    """The results of freezes whose process ended, or did not wait. Each is reported once.

    Waits for nothing: a pending image is left for the next check. An instance that was stopped for one is started again
    once AWS has begun to copy its volumes, and at once if the image was never requested; until then each check reports
    it. ``except_image_id`` is left out; ``unsettled_only`` leaves out freezes that only wait for their image.
    """
    if ctx.session.read_only:
        return []
    found = []
    pace = replace(ctx.pace, settle=0.0, states=min(ctx.pace.states, _STOPPING_TIMEOUT))
    once = replace(ctx, report=ignore_progress, pace=pace)
    for one in await open_freezes(ctx):
        intent = one.intent
        is_excluded = except_image_id is not None and intent.image_id == except_image_id
        try:
            if not is_excluded and (intent.restart or intent.image_id is None or not unsettled_only):
                async with asyncio.timeout(_CHECK_TIMEOUT):
                    found.append(await _check_freeze(once, one))
        except TimeoutError:
            continue
        finally:
            ctx.store.freezes.release(intent.token)
    return [outcome for outcome in found if outcome is not None]


async def _check_freeze(ctx: Context, one: OpenFreeze) -> Outcome | None:
    intent = one.intent
    if intent.asked_at is None and intent.restart:
        return await _finish_freeze(ctx, one)
    if intent.region != ctx.session.region:
        return None
    try:
        if intent.image_id is not None:
            image = await aws.image_by_id(ctx.session, intent.image_id)
        else:
            image = await find_frozen_image(ctx, intent, since=ctx.clock())
        if image is not None and image.state == "pending":
            return await _restart_instance(ctx, one, image)
        is_unknown = image is None and ctx.clock() - (intent.asked_at or intent.created_at) < _IMAGE_SHOWN_WITHIN
    except Fe2Error:
        is_unknown = True  # the next check tries again
    if not is_unknown:
        return await _finish_freeze(ctx, one)
    words = f"{one.label} is stopped for the image {one.name}: we don't know yet whether AWS creates it."
    return Outcome(intent.instance_id, one.label, words) if intent.restart else None


async def _finish_freeze(ctx: Context, one: OpenFreeze) -> Outcome:
    intent = one.intent
    try:
        image = await watch_freeze(ctx, one)
    except Fe2Error as error:
        return Outcome(intent.instance_id, intent.label, error.summary, error)
    return Outcome(intent.instance_id, intent.label, f"The image {image.label} ({image.id}) is ready.")


async def _restart_instance(ctx: Context, one: OpenFreeze, image: Image) -> Outcome | None:
    """Start the instance that was stopped for an image, if AWS has begun to copy its volumes."""
    intent = replace(one.intent, stage="pending", image_id=image.id)
    if one.intent.image_id is None:
        ctx.store.freezes.update(intent.token, stage="pending", image_id=image.id)
    if not intent.restart:
        words = f"AWS is creating the image {one.name} ({image.id})."
        return Outcome(intent.instance_id, intent.label, words) if one.intent.image_id is None else None
    if len(await snapshots.snapshots_of_image(ctx.session, image.id)) < intent.volume_count:
        words = f"{one.label} is stopped for the image {one.name} until AWS has begun to copy its disks."
        return Outcome(intent.instance_id, intent.label, words)
    watching = FreezeWatch(ctx, intent, ActivityEntry(None, subject=intent.instance_id))
    await watching.restart_instance()
    words = watching.entry.remedy or f"{one.label} was stopped for the image {one.name}, and is not started yet."
    return Outcome(intent.instance_id, intent.label, words, watching.restart_error)
