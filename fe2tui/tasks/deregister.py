"""Deregister images, and delete the snapshots that no other image uses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from fe2tui.aws import images as aws
from fe2tui.aws import snapshots as aws_snapshots
from fe2tui.errors import (
    AwsError,
    DeniedError,
    Fe2Error,
    FieldError,
    NotFoundError,
    ProtectedError,
    StoreError,
)
from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.image import Image, image_snapshot_ids
from fe2tui.model.money.rates import snapshots_per_month
from fe2tui.model.progress import Outcome
from fe2tui.model.text import dollars, join_words
from fe2tui.model.volume import Snapshot
from fe2tui.tasks.batch import Results, activity_entries, call_each, end_entries, outcomes, unique_ids
from fe2tui.tasks.context import ActivityEntry, Context, known_account, run_to_completion
from fe2tui.tasks.impact import not_own_error

_SNAPSHOT_IN_USE = "InvalidSnapshot.InUse"


async def deregister(ctx: Context, ids: Sequence[str], *, fleet: Fleet | None = None) -> list[Outcome]:
    """Deregister own images, and delete the snapshots that no other own image uses. One outcome each.

    No ids raise UsageError: that never means all. ``fleet`` has the account's own images (the disabled ones, too),
    snapshots and prices. Which images use a snapshot is read after they are deregistered. A snapshot that could not be
    deleted is an error that says what is left.
    """
    wanted = unique_ids(ids, "deregister", "image")
    if fleet is not None:
        own = fleet.images
    else:
        own = {image.id: image for image in await aws.own_images_with_disabled(ctx.session)}
    labels = {key: own[key].label for key in wanted if key in own}
    results: Results = {key: await _not_own_reason(ctx, key) for key in wanted if key not in own}
    with activity_entries(ctx, "deregister", labels) as entries:
        work = _Deregistration(ctx, {key: own[key] for key in labels}, entries, fleet)
        results |= await run_to_completion(work.run(), ctx.pace.completion)
        end_entries(ctx, entries, results)
    return outcomes(wanted, results, labels)


async def _not_own_reason(ctx: Context, image_id: str) -> Fe2Error:
    image = await aws.image_by_id(ctx.session, image_id)
    if image is None:
        return NotFoundError(
            f"There is no image {image_id} in {ctx.session.region}.",
            "It may have been deregistered: `fe2 amis` lists yours.",
        )
    return not_own_error(image)


@dataclass(slots=True)
class _Deregistration:
    ctx: Context
    images: Mapping[str, Image]
    entries: Mapping[str, ActivityEntry]
    fleet: Fleet | None = None  # with all own snapshots and the prices
    snapshot_ids: dict[str, tuple[str, ...]] = field(default_factory=dict)  # snapshots by image
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    snapshot_users: dict[str, list[str]] = field(default_factory=dict)  # other images by snapshot
    prices: Prices = field(default_factory=Prices)

    async def run(self) -> Results:
        await self.read_snapshots()
        errors = await call_each(self.images, self.deregister)
        gone = [key for key, error in errors.items() if error is None]
        results: Results = {key: error for key, error in errors.items() if error is not None}
        try:
            await self.read_snapshot_users(gone)
        except Fe2Error as error:
            return results | {key: self.snapshots_left(key, self.snapshot_ids[key], error) for key in gone}
        unused_snapshots = dict.fromkeys(
            one for key in gone for one in self.snapshot_ids[key] if not self.snapshot_users.get(one)
        )
        deleted = await call_each(unused_snapshots, self.delete_snapshot)
        return results | {key: self.result(key, deleted) for key in gone}

    async def read_snapshots(self) -> None:
        """Read which snapshots there are, and what they cost, before the images that name them are gone."""
        session, ctx = self.ctx.session, self.ctx
        if self.fleet is not None:
            self.snapshots, self.prices = dict(self.fleet.snapshots), self.fleet.prices
            self.snapshot_ids = {key: image_snapshot_ids(one, self.snapshots) for key, one in self.images.items()}
            return
        for key, image in self.images.items():
            self.snapshot_ids[key] = tuple(dict.fromkeys(image.snapshot_ids))
            if image.state != "available":  # EC2 does not list them yet
                with suppress(DeniedError):
                    found = await aws_snapshots.snapshots_of_image(session, key)
                    self.snapshot_ids[key] = tuple(dict.fromkeys([*self.snapshot_ids[key], *(one.id for one in found)]))
        with suppress(DeniedError):
            ids = [one for ids in self.snapshot_ids.values() for one in ids]
            self.snapshots = {one.id: one for one in await aws_snapshots.snapshots_by_id(session, ids)} if ids else {}
        cached = await asyncio.to_thread(ctx.store.prices.get, session.region)
        self.prices = Prices() if cached is None else cached

    async def deregister(self, key: str) -> Fe2Error | None:
        label = self.images[key].label
        try:
            await aws.deregister_image(self.ctx.session, key)
        except Fe2Error as error:
            if isinstance(error, ProtectedError):
                return ProtectedError(
                    f"{label} is protected against deregistration.",
                    f"Turn the protection off first: aws ec2 disable-image-deregistration-protection --image-id {key}",
                    code=error.code,
                )
            if not await self.is_deregistered(key, error):
                return error
        with suppress(StoreError):  # the next check of the freeze notices
            account = await known_account(self.ctx)
            await asyncio.to_thread(self.ctx.store.freezes.settle_deregistered, account, key)
        self.entries[key].left_behind = f"{label} is deregistered; its snapshots that are left still cost money."
        self.ctx.report_step("deregister", "requested", "deregistered", subject=key, label=label)
        return None

    async def is_deregistered(self, key: str, error: Fe2Error) -> bool:
        """Whether AWS deregistered the image without an answer."""
        if not (isinstance(error, AwsError) and error.may_be_done):
            return False
        with suppress(Fe2Error):
            return await aws.image_by_id(self.ctx.session, key) is None
        return False

    async def read_snapshot_users(self, gone: Sequence[str]) -> None:
        if not any(self.snapshot_ids[key] for key in gone):
            return
        for image in await aws.own_images_with_disabled(self.ctx.session):
            if image.id not in gone:  # EC2 may show one a moment longer
                for one in image.snapshot_ids:
                    self.snapshot_users.setdefault(one, []).append(image.label)

    async def delete_snapshot(self, snapshot_id: str) -> Fe2Error | None:
        ctx, now = self.ctx, asyncio.get_running_loop().time
        until = now() + ctx.pace.settle
        while True:
            try:
                with suppress(NotFoundError):
                    await aws_snapshots.delete_snapshot(ctx.session, snapshot_id)
                return None
            except Fe2Error as error:
                if error.code != _SNAPSHOT_IN_USE or now() >= until:
                    return error
            await asyncio.sleep(ctx.pace.poll)

    def result(self, key: str, deleted: Mapping[str, Fe2Error | None]) -> Fe2Error | str:
        parts = self.snapshot_ids[key]
        failed = {one: error for one in parts if (error := deleted.get(one)) is not None}
        if failed:
            return self.snapshots_left(key, failed, next(iter(failed.values())))
        gone = [one for one in parts if one in deleted]
        words = "deregistered"
        if gone:
            words += f", its {'snapshot' if len(gone) == 1 else f'{len(gone)} snapshots'} deleted"
        for one in parts:
            if users := self.snapshot_users.get(one):
                words += f"; {one} stays: {join_words(users)} {'uses' if len(users) == 1 else 'use'} it"
        return words

    def snapshots_left(self, key: str, snapshot_ids: Iterable[str], error: Fe2Error) -> Fe2Error | str:
        """The error of an image that is deregistered, but has snapshots left."""
        ids = list(snapshot_ids)
        if not ids:
            return "deregistered"
        known = [self.snapshots[one] for one in ids if one in self.snapshots]
        cost = snapshots_per_month(known, self.prices) if len(known) == len(ids) else None
        costs = f"at most {dollars(cost, sign='$')} a month" if cost is not None else "an unknown amount"
        stay = "is left and costs" if len(ids) == 1 else "are left and cost"
        summary = f"{self.images[key].label} is deregistered, but {join_words(ids)} {stay} {costs}: {error.summary}"
        kind = AwsError if isinstance(error, FieldError) else type(error)
        return kind(summary, error.remedy, code=error.code)
