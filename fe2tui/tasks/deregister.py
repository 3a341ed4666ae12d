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
from fe2tui.model.money.images import snapshots_per_month
from fe2tui.model.progress import Outcome
from fe2tui.model.snapshot import Snapshot
from fe2tui.model.words import dollars, listed
from fe2tui.tasks.batch import Fates
from fe2tui.tasks.context import Context
from fe2tui.tasks.image_impact import ImageImpact, ImageRow, SnapshotFate, image_impact, not_own
from fe2tui.tasks.record import Entry, begin, end, unbroken

__all__ = ["ImageImpact", "ImageRow", "SnapshotFate", "deregister", "image_impact"]

_IN_USE = "InvalidSnapshot.InUse"
_AT_ONCE = 5  # calls; EC2's bucket for changes refills with five a second


async def deregister(ctx: Context, ids: Sequence[str]) -> list[Outcome]:
    """Deregister own images, and delete the snapshots that no other own image stands on. One outcome each.

    An empty list is a UsageError, never "all". Which images stand on a snapshot is asked of AWS after they are
    deregistered, the disabled ones too. A snapshot that could not be deleted is an error that says what stays.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted or not all(one.strip() for one in wanted):
        raise UsageError("No image was named to deregister.", "Name one or several; nothing is never taken for all.")
    own = {image.id: image for image in await aws.every_own_image(ctx.session)}
    labels = {key: own[key].label if key in own else key for key in wanted}
    fates: Fates = {key: await _why_not(ctx, key) for key in wanted if key not in own}
    going = {key: own[key] for key in wanted if key in own}
    with _logged(ctx, going) as entries:
        fates |= await unbroken(Removing(ctx, going, entries).run(), ctx.pace.unbroken)
        for key in going:
            _settle(ctx, entries.pop(key), fates[key])
    return [_outcome(key, labels[key], fates[key]) for key in wanted]


def _outcome(key: str, label: str, fate: Fe2Error | str) -> Outcome:
    return Outcome(key, label, fate.summary, fate) if isinstance(fate, Fe2Error) else Outcome(key, label, fate)


def _settle(ctx: Context, entry: Entry, fate: Fe2Error | str) -> None:
    if isinstance(fate, Fe2Error):
        end(ctx, entry, "failed", fate.summary, fate.remedy, fate.code)
    else:
        end(ctx, entry, "done", fate)


async def _why_not(ctx: Context, image_id: str) -> Fe2Error:
    image = await aws.image_by_id(ctx.session, image_id)
    if image is None:
        return NotFoundError(
            f"There is no image {image_id} in {ctx.session.region}.", "It may be deregistered already."
        )
    return not_own(image)


@contextmanager
def _logged(ctx: Context, going: Mapping[str, Image]) -> Iterator[dict[str, Entry]]:
    """An activity entry for each; those not ended in the block are, with what happened to the task."""
    entries = {key: begin(ctx, "deregister", image.label, key) for key, image in going.items()}
    try:
        yield entries
    except Fe2Error as error:
        for entry in entries.values():
            end(ctx, entry, "failed", error.summary, error.remedy, error.code)
        entries.clear()
        raise
    finally:
        for key, entry in entries.items():
            words = f"Cancelled. {entry.left or 'Nothing was done.'}"
            ctx.step("deregister", "cancelled", words, subject=key, label=going[key].label)
            end(ctx, entry, "cancelled", words)


@dataclass(slots=True)
class Removing:
    """Own images on their way out, with the snapshots behind them."""

    ctx: Context
    going: Mapping[str, Image]
    entries: Mapping[str, Entry]
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)  # snapshots by image
    known: dict[str, Snapshot] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)  # other images by snapshot
    prices: Prices = field(default_factory=Prices)

    async def run(self) -> Fates:
        """What became of each, by id."""
        await self.look()
        gone: list[str] = []
        fates: Fates = {}
        for key, error in zip(self.going, await _several(self.deregistered, self.going), strict=True):
            if error is None:
                gone.append(key)
            else:
                fates[key] = error
        try:
            await self.ask_who_uses(gone)
        except Fe2Error as error:
            return fates | {key: self.left(key, self.parts[key], error) for key in gone}
        doomed = dict.fromkeys(one for key in gone for one in self.parts[key] if not self.users.get(one))
        deleted = dict(zip(doomed, await _several(self.deleted, doomed), strict=True))
        return fates | {key: self.fate(key, deleted) for key in gone}

    async def look(self) -> None:
        """Which snapshots there are, and what they cost, before the images that name them are gone."""
        session, ctx = self.ctx.session, self.ctx
        for key, image in self.going.items():
            self.parts[key] = tuple(dict.fromkeys(image.snapshot_ids))
            if image.state != "available":  # EC2 does not name them yet
                with suppress(DeniedError):
                    found = await aws_snapshots.snapshots_of_image(session, key)
                    self.parts[key] = tuple(dict.fromkeys([*self.parts[key], *(one.id for one in found)]))
        with suppress(DeniedError):
            ids = [one for ids in self.parts.values() for one in ids]
            self.known = {one.id: one for one in await aws_snapshots.snapshots_by_id(session, ids)} if ids else {}
        kept = await asyncio.to_thread(ctx.store.prices.get, session.region)
        self.prices = Prices() if kept is None else kept

    async def deregistered(self, key: str) -> Fe2Error | None:
        label = self.going[key].label
        try:
            await aws.deregister_image(self.ctx.session, key)
        except Fe2Error as error:
            if not await self.is_gone(key, error):
                return _protected(self.going[key], error) if isinstance(error, ProtectedError) else error
        place = self.ctx.session.place
        with suppress(StoreError):  # then the next look at the freeze finds it out
            await asyncio.to_thread(self.ctx.store.freezes.deregistered, place.profile, place.endpoint, key)
        self.entries[key].left = f"{label} is deregistered; of its snapshots those that are left cost on."
        self.ctx.step("deregister", "requested", "deregistered", subject=key, label=label)
        return None

    async def is_gone(self, key: str, error: Fe2Error) -> bool:
        """Whether a call without an answer did it all the same."""
        if not isinstance(error, UnreachableError):
            return False
        with suppress(Fe2Error):
            return await aws.image_by_id(self.ctx.session, key) is None
        return False

    async def ask_who_uses(self, gone: Sequence[str]) -> None:
        if not any(self.parts[key] for key in gone):
            return
        for image in await aws.every_own_image(self.ctx.session):
            if image.id not in gone:  # EC2 may show one a moment longer
                for one in image.snapshot_ids:
                    self.users.setdefault(one, []).append(image.label)

    async def deleted(self, snapshot_id: str) -> Fe2Error | None:
        ctx = self.ctx
        until = asyncio.get_running_loop().time() + ctx.pace.settle
        while True:
            try:
                await aws_snapshots.delete_snapshot(ctx.session, snapshot_id)
            except NotFoundError:
                return None
            except Fe2Error as error:
                if error.code != _IN_USE or asyncio.get_running_loop().time() >= until:
                    return error
            else:
                return None
            await asyncio.sleep(ctx.pace.poll)

    def fate(self, key: str, deleted: Mapping[str, Fe2Error | None]) -> Fe2Error | str:
        parts = self.parts[key]
        failed = {one: error for one in parts if (error := deleted.get(one)) is not None}
        if failed:
            return self.left(key, failed, next(iter(failed.values())))
        gone = [one for one in parts if one in deleted]
        words = "deregistered"
        if gone:
            words += f", its {'snapshot' if len(gone) == 1 else f'{len(gone)} snapshots'} deleted"
        for one in parts:
            if users := self.users.get(one):
                words += f"; {one} stays: {listed(users)} {'uses' if len(users) == 1 else 'use'} it"
        return words

    def left(self, key: str, snapshot_ids: Iterable[str], error: Fe2Error) -> Fe2Error | str:
        """The error of an image that is gone, and snapshots of it that are not."""
        ids = list(snapshot_ids)
        if not ids:
            return "deregistered"
        known = [self.known[one] for one in ids if one in self.known]
        cost = snapshots_per_month(known, self.prices) if len(known) == len(ids) else None
        costs = f"at most {dollars(cost, sign='$')} a month" if cost is not None else "at a price not known"
        stay = "stays and costs on" if len(ids) == 1 else "stay and cost on"
        summary = f"{self.going[key].label} is deregistered, but {listed(ids)} {stay}, {costs}: {error.summary}"
        kind = AwsError if isinstance(error, FieldError) else type(error)
        return kind(summary, error.remedy, code=error.code)


def _protected(image: Image, error: Fe2Error) -> ProtectedError:
    return ProtectedError(
        f"{image.label} is protected against deregistration.",
        f"Take the protection off first: aws ec2 disable-image-deregistration-protection --image-id {image.id}",
        code=error.code,
    )


async def _several(act: Callable[[str], Awaitable[Fe2Error | None]], ids: Iterable[str]) -> list[Fe2Error | None]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(key: str) -> Fe2Error | None:
        async with gate:
            return await act(key)

    return await asyncio.gather(*(one(key) for key in ids))
