"""Freeze: create an image of an instance, checked first, requested once, and watched to its end."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from functools import partial

from fe2tui.aws import images as aws
from fe2tui.aws import instances
from fe2tui.errors import AwsError, Fe2Error, FieldError, UnknownResultError, UnreachableError
from fe2tui.model.freeze import FreezeIntent, FreezeWay, unused_image_name
from fe2tui.model.image import SOURCE_TAG, Image
from fe2tui.model.instance import USER_TAG, Instance, State
from fe2tui.tasks import usage_history
from fe2tui.tasks.batch import change_states
from fe2tui.tasks.context import (
    ActivityEntry,
    Context,
    activity_entry,
    known_account,
    report_store_errors,
    require_writable,
    run_to_completion,
    unknown_result_error,
    wait_for_states,
)
from fe2tui.tasks.freeze_plan import FreezePlan, plan_freeze, with_way
from fe2tui.tasks.freeze_watch import FreezeWatch, OpenFreeze, find_frozen_image, open_freezes, watch_freeze
from fe2tui.tasks.names import read_instance

__all__ = ["FreezePlan", "OpenFreeze", "freeze", "open_freezes", "plan_freeze", "watch_freeze", "with_way"]

_CHECKED_LATER = "The next start of this program checks that, and never creates it twice."
_TAG_LENGTH = 256  # source: EC2 user guide, tag restrictions


async def freeze(
    ctx: Context,
    instance_id: str,
    name: str | None = None,
    *,
    way: FreezeWay = "reboot",
    wait: bool = True,
    plan: FreezePlan | None = None,
) -> Image:
    """Create an image of an instance; with ``wait``, return when it can be used, else when AWS goes on by itself.

    Without a ``name``, the image gets the instance's name, with a number if another image has that name: the step
    ``name`` says so. ``plan``, made a moment ago, replaces ``name`` and ``way``. Reports the steps name, stopping,
    requested, image (with a fraction), start, ready. The intent is in the store before anything is changed; after a
    lost reply the image is looked for, and never requested twice. With ``stop`` the instance is started again as soon
    as AWS has begun to copy its volumes, also after a cancellation, which waits for that until a second cancellation.
    Raises FieldError (ami_name, way), StateError with AWS's reason if the image failed; errors say what is left behind.
    """
    require_writable(ctx, "nothing can be frozen")
    instance = plan.instance if plan is not None else await read_instance(ctx, instance_id)
    with activity_entry(ctx, "freeze", instance.label, instance.id) as entry:
        if plan is None:
            plan = await plan_freeze(ctx, instance, name, way)
        if plan.errors:
            raise plan.errors[0]
        location = ctx.session.location
        intent = FreezeIntent(
            token=str(uuid.uuid4()),
            name=plan.name,
            instance_id=instance.id,
            label=instance.label,
            way=plan.way,
            region=location.region,
            profile=location.profile,
            endpoint=location.endpoint,
            created_at=ctx.clock(),
            volume_count=max(1, len(instance.attachments)),
            activity=entry.id or 0,
            account=(await known_account(ctx)).number,
        )
        return await _Freezer(ctx, plan, entry, intent).run(wait)


@dataclass(slots=True)
class _Freezer:
    ctx: Context
    plan: FreezePlan
    entry: ActivityEntry
    intent: FreezeIntent
    has_sent: bool = False  # a call that changes something

    async def run(self, wait: bool) -> Image:
        ctx, plan = self.ctx, self.plan
        journal, token = ctx.store.freezes, self.intent.token
        self.report_step("name", plan.name_text or f"The image will be called {plan.name}")
        tags = await self.build_tags()
        try:
            image_id = await self.stop_and_request(tags)
            self.intent = replace(self.intent, stage="pending", image_id=image_id)
            watching = FreezeWatch(ctx, self.intent, self.entry)
            if wait:
                return await watching.wait_until_available()
            image = await watching.watch(to_the_end=False) or _image_not_shown_yet(image_id, plan, tags)
            if image.state == "pending":
                self.entry.words = f"AWS is creating the image {plan.name} ({image_id})."
            return image
        finally:
            journal.release(token)

    async def stop_and_request(self, tags: dict[str, str]) -> str:
        """Write the intent, stop the instance if planned, and request the image. Returns its id."""
        ctx, journal = self.ctx, self.ctx.store.freezes
        try:
            await run_to_completion(asyncio.to_thread(journal.add, self.intent), ctx.pace.completion)
            if self.plan.stops_instance:
                await self.stop_instance()
            return await self.request_image(tags)
        except BaseException as error:
            if not self.has_sent:
                with self.report_store_errors():
                    journal.update(self.intent.token, stage="abandoned", error=str(error))
            elif isinstance(error, asyncio.CancelledError):
                await self.restart_after_cancel()
            raise

    async def restart_after_cancel(self) -> None:
        """After a cancellation, start an instance that was stopped for the image."""
        intent = self.intent
        if intent.image_id is None and intent.asked_at is not None:
            return  # the next start checks whether there is an image: until then AWS may copy its volumes
        watching = FreezeWatch(self.ctx, intent, self.entry)
        if intent.image_id is None:
            later = f"{intent.label} is stopped for it: the next start of this program starts it again."
            self.entry.left_behind = f"No image was created. {later}"
        await watching.restart_on_cancel()
        self.intent = watching.intent
        if intent.image_id is None and not self.intent.restart:
            self.ctx.store.freezes.update(intent.token, stage="abandoned", error="cancelled")
            self.entry.left_behind = f"No image was created. {self.entry.remedy}".strip()
            self.entry.remedy = ""

    async def build_tags(self) -> dict[str, str]:
        """The tags of the image and its snapshots: instances launched from it keep the login user of this one."""
        instance = self.plan.instance
        user = instance.tags.get(USER_TAG, "").strip()
        if not user:
            with suppress(AwsError):
                user = await aws.image_login_user(self.ctx.session, instance.image_id, instance.id) or ""
        source = f"{instance.id} {instance.name}".strip()[:_TAG_LENGTH]
        tags = {"Name": self.plan.name, SOURCE_TAG: source}
        return {**tags, USER_TAG: user} if user else tags

    async def stop_instance(self) -> None:
        ctx, instance = self.ctx, self.plan.instance
        await usage_history.record_instances(ctx, [instance])
        now = ctx.clock()
        await asyncio.to_thread(ctx.store.freezes.record_stop, self.intent.token, now)
        self.intent = replace(self.intent, restart=True, stopped_at=now)
        self.report_step("stopping", f"{instance.label} stops, so that nothing writes to its disks")
        self.has_sent = True
        self.entry.left_behind = (
            f"No image is created, and {instance.label}, which was stopped for it, is started again: by this program "
            "or its next start."
        )
        key, act = instance.id, partial(instances.stop_instances, ctx.session)
        sent = await run_to_completion(change_states(ctx, {key: instance}, [key], act, "stopping"), ctx.pace.completion)
        if (refused := sent[key]) is not None:
            if isinstance(refused, UnknownResultError):
                later = (
                    f"If {instance.label} was stopped for the image, the next start of this program starts it again."
                )
                refused.remedy = f"{refused.remedy} {later}".strip()
            else:
                await self.give_up(refused)
            raise refused
        try:
            seen = await wait_for_states(ctx, [instance.id], State.STOPPED)
            await usage_history.record_instances(ctx, seen.values())
        except UnreachableError as error:
            error.remedy = f"{error.remedy} {self.entry.left_behind}".strip()
            raise
        except Fe2Error as error:
            await self.give_up(error)
            raise

    async def request_image(self, tags: dict[str, str]) -> str:
        """Request the image, once. Returns its id, also if the reply was lost."""
        ctx, journal = self.ctx, self.ctx.store.freezes
        self.report_step("requested", f"Requesting the image {self.plan.name}")
        now = ctx.clock()
        await asyncio.to_thread(journal.record_request, self.intent.token, now)
        self.intent = replace(self.intent, asked_at=now)
        self.has_sent = True
        try:
            image_id = await self.send_create_image(tags)
        except UnknownResultError as error:
            if self.intent.restart:
                error.remedy = (
                    f"{error.remedy} {self.plan.instance.label} is stopped for it: that start starts it again."
                )
            raise
        except Fe2Error as error:
            self.intent = replace(self.intent, asked_at=None)  # there is no image
            await self.give_up(error)
            raise
        with self.report_store_errors():
            journal.update(self.intent.token, stage="pending", image_id=image_id)
        return image_id

    async def send_create_image(self, tags: dict[str, str]) -> str:
        """Send the call. After a cancellation waits for its end, to say what is left behind."""
        ctx, plan = self.ctx, self.plan
        creating = aws.create_image(
            ctx.session,
            plan.instance.id,
            plan.name,
            description=_description(plan.instance),
            tags=tags,
            snapshot_tags=tags,
            no_reboot=plan.way == "no-reboot",
        )
        try:
            return await run_to_completion(creating, ctx.pace.completion, self.record_late_answer)
        except FieldError as error:
            if error.code != "InvalidAMIName.Duplicate":
                raise
            return await self.check_after_duplicate(error)
        except AwsError as error:
            if not error.may_be_done:
                raise
            return await self.check_after_no_answer(error)

    def record_late_answer(self, sent: asyncio.Task[str]) -> None:
        """Record the result of a call that was answered after the cancellation."""
        self.entry.left_behind = "The next start checks whether the image was requested."
        if not sent.done() or sent.cancelled():
            return
        error = sent.exception()
        if error is None:
            image_id = sent.result()
            with self.report_store_errors():
                self.ctx.store.freezes.update(self.intent.token, stage="pending", image_id=image_id)
            self.intent = replace(self.intent, stage="pending", image_id=image_id)
            self.entry.left_behind = f"AWS goes on creating {self.plan.name} ({image_id}): the next start watches it."
        elif isinstance(error, Fe2Error) and not (isinstance(error, AwsError) and error.may_be_done):
            self.intent = replace(self.intent, asked_at=None)  # refused: there is no image
            self.entry.left_behind = "No image was created."
            if not self.intent.restart:
                self.ctx.store.freezes.update(self.intent.token, stage="failed", error=error.summary)

    async def check_after_no_answer(self, error: AwsError) -> str:
        """AWS may be creating the image without an answer: look for it. Raises the error if there is none."""
        self.report_step("requested", f"{error.summary} Checking whether the image is being created.")
        try:
            found = await find_frozen_image(self.ctx, self.intent, since=self.ctx.clock())
        except Fe2Error as unread:
            raise unknown_result_error(
                f"We don't know whether the image {self.plan.name} is being created", error, unread, _CHECKED_LATER
            ) from error
        if found is None:
            error.remedy = f"No image was created. {error.remedy}".strip()
            raise error
        return found.id

    async def check_after_duplicate(self, error: FieldError) -> str:
        """The name was free a moment ago: the image is ours, of a call that was sent again, or another process's."""
        try:
            known = await aws.own_images_with_disabled(self.ctx.session)
        except Fe2Error as unread:
            raise unknown_result_error(
                f"We don't know whether the image {self.plan.name} is ours", error, unread, _CHECKED_LATER
            ) from error
        used_names = {self.plan.name, *(image.name for image in known)}
        same = next((image for image in known if image.name == self.plan.name), None)
        if same is not None and same.made_from == self.plan.instance.id:
            return same.id
        error.remedy = f"{unused_image_name(self.plan.name, used_names)} is free."
        raise error

    async def give_up(self, error: Fe2Error) -> None:
        """There is no image: start an instance that was stopped for it, or leave that to the next start."""
        if self.intent.restart:
            watching = FreezeWatch(self.ctx, self.intent, self.entry)
            await run_to_completion(watching.restart_instance(), self.ctx.pace.completion)
            self.intent = watching.intent
            error.remedy = f"{error.remedy} {self.entry.remedy or self.entry.left_behind}".strip()
        if not self.intent.restart:
            with self.report_store_errors():
                self.ctx.store.freezes.update(self.intent.token, stage="failed", error=error.summary)

    def report_store_errors(self) -> AbstractContextManager[None]:
        return report_store_errors(self.ctx, "freeze", self.plan.instance.id, self.plan.instance.label)

    def report_step(self, step: str, words: str) -> None:
        self.ctx.report_step("freeze", step, words, subject=self.plan.instance.id, label=self.plan.instance.label)


def _description(instance: Instance) -> str:
    named = f"{instance.name}, " if instance.name and instance.name.isascii() else ""
    return f"Frozen from {named}{instance.id}"[:255]


def _image_not_shown_yet(image_id: str, plan: FreezePlan, tags: dict[str, str]) -> Image:
    instance = plan.instance
    return Image(
        image_id,
        plan.name,
        instance.architecture,
        "pending",
        description=_description(instance),
        root_device=instance.root_device or "/dev/sda1",
        source_instance_id=instance.id,
        tags=tags,
    )
