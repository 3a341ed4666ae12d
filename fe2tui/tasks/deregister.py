"""Deregister: images, and the snapshots that nothing else stands on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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
    UnreachableError,
    UsageError,
)
from fe2tui.model.fleet import Prices
from fe2tui.model.image import Image
from fe2tui.model.money.rates import snapshots_per_month
from fe2tui.model.progress import Outcome
from fe2tui.model.snapshot import Snapshot
from fe2tui.model.text import dollars, join_words
from fe2tui.tasks.batch import Results
from fe2tui.tasks.context import ActivityEntry, Context, begin_entry, end_entry, run_to_completion
from fe2tui.tasks.impact import not_own_error

_SNAPSHOT_IN_USE = "InvalidSnapshot.InUse"
_MAX_CONCURRENT = 5  # calls; EC2's bucket for changes refills with five a second


async def deregister(ctx: Context, ids: Sequence[str]) -> list[Outcome]:
    """Deregister own images, and delete the snapshots that no other own image stands on. One outcome each.

    An empty list is a UsageError, never "all". Which images stand on a snapshot is asked of AWS after they are
    deregistered, the disabled ones too. A snapshot that could not be deleted is an error that says what stays.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted or not all(one.strip() for one in wanted):
        raise UsageError("No image was named to deregister.", "Name one or several; nothing is never taken for all.")
    own = {image.id: image for image in await aws.own_images_with_disabled(ctx.session)}
    labels = {key: own[key].label if key in own else key for key in wanted}
    results: Results = {key: await _not_own_reason(ctx, key) for key in wanted if key not in own}
    going = {key: own[key] for key in wanted if key in own}
    with _activity_entries(ctx, going) as entries:
        results |= await run_to_completion(Deregistration(ctx, going, entries).run(), ctx.pace.completion)
        for key in going:
            _end_one(ctx, entries.pop(key), results[key])
    return [_to_outcome(key, labels[key], results[key]) for key in wanted]


def _to_outcome(key: str, label: str, fate: Fe2Error | str) -> Outcome:
    return Outcome(key, label, fate.summary, fate) if isinstance(fate, Fe2Error) else Outcome(key, label, fate)


def _end_one(ctx: Context, entry: ActivityEntry, fate: Fe2Error | str) -> None:
    if isinstance(fate, Fe2Error):
        end_entry(ctx, entry, "failed", fate.summary, fate.remedy, fate.code)
    else:
        end_entry(ctx, entry, "done", fate)


async def _not_own_reason(ctx: Context, image_id: str) -> Fe2Error:
    image = await aws.image_by_id(ctx.session, image_id)
    if image is None:
        return NotFoundError(
            f"There is no image {image_id} in {ctx.session.region}.", "It may be deregistered already."
        )
    return not_own_error(image)


@contextmanager
def _activity_entries(ctx: Context, going: Mapping[str, Image]) -> Iterator[dict[str, ActivityEntry]]:
    """An activity entry for each; those not ended in the block are, with what happened to the task."""
    entries = {key: begin_entry(ctx, "deregister", image.label, key) for key, image in going.items()}
    try:
        yield entries
    except Fe2Error as error:
        for entry in entries.values():
            end_entry(ctx, entry, "failed", error.summary, error.remedy, error.code)
        entries.clear()
        raise
    finally:
        for key, entry in entries.items():
            words = f"Cancelled. {entry.left_behind or 'Nothing was done.'}"
            ctx.report_step("deregister", "cancelled", words, subject=key, label=going[key].label)
            end_entry(ctx, entry, "cancelled", words)


@dataclass(slots=True)
class Deregistration:
    """Own images on their way out, with the snapshots behind them."""

    ctx: Context
    images: Mapping[str, Image]
    entries: Mapping[str, ActivityEntry]
    snapshot_ids: dict[str, tuple[str, ...]] = field(default_factory=dict)  # snapshots by image
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    snapshot_users: dict[str, list[str]] = field(default_factory=dict)  # other images by snapshot
    prices: Prices = field(default_factory=Prices)

    async def run(self) -> Results:
        """What became of each, by id."""
        await self.read_snapshots()
        gone: list[str] = []
        results: Results = {}
        for key, error in zip(self.images, await _call_each(self.deregister, self.images), strict=True):
            if error is None:
                gone.append(key)
            else:
                results[key] = error
        try:
            await self.read_snapshot_users(gone)
        except Fe2Error as error:
            return results | {key: self.snapshots_left(key, self.snapshot_ids[key], error) for key in gone}
        unused_snapshots = dict.fromkeys(
            one for key in gone for one in self.snapshot_ids[key] if not self.snapshot_users.get(one)
        )
        deleted = dict(zip(unused_snapshots, await _call_each(self.delete_snapshot, unused_snapshots), strict=True))
        return results | {key: self.result(key, deleted) for key in gone}

    async def read_snapshots(self) -> None:
        """Which snapshots there are, and what they cost, before the images that name them are gone."""
        session, ctx = self.ctx.session, self.ctx
        for key, image in self.images.items():
            self.snapshot_ids[key] = tuple(dict.fromkeys(image.snapshot_ids))
            if image.state != "available":  # EC2 does not name them yet
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
            if not await self.is_deregistered(key, error):
                return _protected_error(self.images[key], error) if isinstance(error, ProtectedError) else error
        location = self.ctx.session.location
        with suppress(StoreError):  # then the next look at the freeze finds it out
            await asyncio.to_thread(
                self.ctx.store.freezes.settle_deregistered, location.profile, location.endpoint, key
            )
        self.entries[key].left_behind = f"{label} is deregistered; of its snapshots those that are left cost on."
        self.ctx.report_step("deregister", "requested", "deregistered", subject=key, label=label)
        return None

    async def is_deregistered(self, key: str, error: Fe2Error) -> bool:
        """Whether a call without an answer did it all the same."""
        if not isinstance(error, UnreachableError):
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
        ctx = self.ctx
        until = asyncio.get_running_loop().time() + ctx.pace.settle
        while True:
            try:
                await aws_snapshots.delete_snapshot(ctx.session, snapshot_id)
            except NotFoundError:
                return None
            except Fe2Error as error:
                if error.code != _SNAPSHOT_IN_USE or asyncio.get_running_loop().time() >= until:
                    return error
            else:
                return None
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
        """The error of an image that is gone, and snapshots of it that are not."""
        ids = list(snapshot_ids)
        if not ids:
            return "deregistered"
        known = [self.snapshots[one] for one in ids if one in self.snapshots]
        cost = snapshots_per_month(known, self.prices) if len(known) == len(ids) else None
        costs = f"at most {dollars(cost, sign='$')} a month" if cost is not None else "at a price not known"
        stay = "stays and costs on" if len(ids) == 1 else "stay and cost on"
        summary = f"{self.images[key].label} is deregistered, but {join_words(ids)} {stay}, {costs}: {error.summary}"
        kind = AwsError if isinstance(error, FieldError) else type(error)
        return kind(summary, error.remedy, code=error.code)


def _protected_error(image: Image, error: Fe2Error) -> ProtectedError:
    return ProtectedError(
        f"{image.label} is protected against deregistration.",
        f"Turn the protection off first: aws ec2 disable-image-deregistration-protection --image-id {image.id}",
        code=error.code,
    )


async def _call_each(act: Callable[[str], Awaitable[Fe2Error | None]], ids: Iterable[str]) -> list[Fe2Error | None]:
    gate = asyncio.Semaphore(_MAX_CONCURRENT)

    async def one(key: str) -> Fe2Error | None:
        async with gate:
            return await act(key)

    return await asyncio.gather(*(one(key) for key in ids))
