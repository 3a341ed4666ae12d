"""What a single command reads of a region: only what it needs, all at once, the rest as the store last knew it.

What may not be read stays as it was, and is a ``Problem`` of the fleet. The dashboard has ``aws.poller`` for this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from fe2tui.aws import images as aws_images
from fe2tui.aws import instances as aws_instances
from fe2tui.aws import snapshots as aws_snapshots
from fe2tui.aws.describe import VolumeReader
from fe2tui.aws.instances import FILTER_VALUES
from fe2tui.aws.prices import kept_prices, shelved_prices
from fe2tui.aws.reading import PAGE, read_all
from fe2tui.aws.spot import current_spot
from fe2tui.errors import AwsError, Fe2Error
from fe2tui.model.fleet import Fleet, Prices, Problem
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.snapshot import Snapshot
from fe2tui.model.volume import Volume
from fe2tui.tasks import books
from fe2tui.tasks.context import Context
from fe2tui.tasks.image_names import find_image

_Part = TypeVar("_Part")
_COSTS_WAIT = 5.0  # seconds: prices are read once a day, and are to be seen before they are paid


async def read_instances(ctx: Context) -> Fleet:
    """All instances of the region, and what the store last knew of the rest.

    The store keeps it, for Tab; what is seen goes into the book of runs.
    """
    fleet = await _instances(ctx)
    await asyncio.to_thread(ctx.store.fleets.save, fleet)
    await books.note_all(ctx, fleet)
    return fleet


async def read_images(ctx: Context, *, whole: bool = True, public: bool = False, disabled: bool = False) -> Fleet:
    """The account's own images and what was made from them. The store keeps it, for Tab.

    ``whole``: with all snapshots and prices; else only with the snapshots of images that are pending. ``public``: with
    the well-known public images; ``disabled``: with own ones that were disabled, which the store does not keep.
    """
    problems: list[Problem] = []
    own, fleet, snapshots, prices, well_known = await asyncio.gather(
        (aws_images.every_own_image if disabled else aws_images.own_images)(ctx.session),
        softly("instances", _instances(ctx), problems),
        softly("snapshots", aws_snapshots.own_snapshots(ctx.session), problems) if whole else _nothing(),
        softly("prices", read_prices(ctx, problems), problems) if whole else _nothing(),
        aws_images.public_images(ctx.session) if public else _nothing(),
    )
    if not whole:
        taken = (aws_snapshots.snapshots_of_image(ctx.session, one.id) for one in own if one.state == "pending")
        pending = await softly("snapshots", asyncio.gather(*taken), problems)
        snapshots = [snapshot for some in pending or () for snapshot in some]
    seen = replace(fleet or await _last(ctx), images={one.id: one for one in own})
    if fleet is not None:
        if not disabled:
            await asyncio.to_thread(ctx.store.fleets.save, seen)
        await books.note_all(ctx, fleet)
    return replace(
        seen,
        snapshots=seen.snapshots if snapshots is None else {one.id: one for one in snapshots},
        prices=prices or seen.prices,
        public_images=seen.public_images if well_known is None else well_known,
        problems=tuple(problems),
    )


async def read_image(ctx: Context, name: str | None, architecture: str, *, whole: bool) -> tuple[Image, Fleet]:
    """One image, as ``find_image`` finds it, in a fleet that holds it and its snapshots; if ``whole``, prices too."""
    image = await find_image(ctx, name, architecture)
    return image, await around_image(ctx, image, whole=whole)


async def around_image(ctx: Context, image: Image, *, whole: bool) -> Fleet:
    """A fleet that holds an image and its snapshots; if ``whole``, prices too."""
    problems: list[Problem] = []
    prices = await softly("prices", read_prices(ctx, problems), problems) if whole else None
    snapshots: list[Snapshot] | None = None
    if image.state == "pending":
        reading = aws_snapshots.snapshots_of_image(ctx.session, image.id)
        snapshots = await softly("snapshots", reading, problems)
    elif whole and not image.public:
        reading = aws_snapshots.snapshots_by_id(ctx.session, image.snapshot_ids)
        snapshots = await softly("snapshots", reading, problems)
    last = await _last(ctx)
    is_own = not image.public or image.id in last.images
    return replace(
        last,
        images={image.id: image} if is_own else {},
        snapshots={one.id: one for one in snapshots or ()},
        prices=prices or last.prices,
        problems=tuple(problems),
    )


async def read_disks(ctx: Context, instance: Instance) -> Fleet:
    """One instance with its disks, and the prices that the store has: nothing is waited for but the disks."""
    ids = [attachment.volume_id for attachment in instance.attachments]
    reading = read_all(
        ctx.session,
        "DescribeVolumes",
        VolumeReader(),
        MaxResults=PAGE,
        Filters=[{"Name": "volume-id", "Values": ids}],
    )
    volumes, prices = await asyncio.gather(
        softly("volumes", reading, []), shelved_prices(ctx.store.prices, ctx.session.region)
    )
    return replace(
        Fleet(ctx.session.place, ctx.clock(), {instance.id: instance}),
        volumes={one.id: one for one in volumes or ()},
        prices=prices or Prices(),
    )


async def with_costs(ctx: Context, fleet: Fleet, instances: Iterable[Instance]) -> Fleet:
    """The fleet with what says what these instances cost: their disks, prices, spot prices and recorded runs.

    All are read at once and waited for no longer than ``_COSTS_WAIT``; what is not there by then is not known.
    """
    some = list(instances)
    ids = [attachment.volume_id for instance in some for attachment in instance.attachments]
    wanted: dict[str, Any] = {"Filters": [{"Name": "volume-id", "Values": ids}]} if len(ids) <= FILTER_VALUES else {}

    async def disks() -> list[Volume]:
        if not ids:
            return []
        return await read_all(ctx.session, "DescribeVolumes", VolumeReader(), MaxResults=PAGE, **wanted)

    volumes, prices, spot, runs = await asyncio.gather(
        _in_time(disks()),
        _in_time(kept_prices(ctx.session, ctx.store.prices, ctx.clock)),
        _in_time(_spot(ctx, some)),
        _in_time(asyncio.to_thread(ctx.store.runs.of, fleet.place)),
    )
    if prices is None:
        prices = await shelved_prices(ctx.store.prices, ctx.session.region) or Prices()
    return replace(
        fleet,
        volumes={one.id: one for one in volumes or ()},
        prices=replace(prices, spot=spot or {}),
        runs=runs or {},
    )


async def _in_time(reading: Awaitable[_Part]) -> _Part | None:
    """What was read, or None where it failed or took too long."""
    with suppress(Fe2Error, TimeoutError):
        async with asyncio.timeout(_COSTS_WAIT):
            return await reading
    return None


async def _instances(ctx: Context) -> Fleet:
    last, found = await asyncio.gather(_last(ctx), aws_instances.describe(ctx.session))
    return replace(last, seen_at=ctx.clock(), instances={one.id: one for one in sorted(found, key=lambda i: i.id)})


async def _last(ctx: Context) -> Fleet:
    place = ctx.session.place
    kept = await asyncio.to_thread(ctx.store.fleets.last, place)
    return replace(kept, problems=()) if kept is not None else Fleet(place, ctx.clock())


async def _nothing() -> None:
    return None


async def read_fleet(ctx: Context) -> Fleet:
    """The same with disks and prices, all read at once; the disks go into their book, too."""
    problems: list[Problem] = []
    fleet, volumes, prices = await asyncio.gather(
        _instances(ctx),
        softly("volumes", _volumes(ctx), problems),
        softly("prices", read_prices(ctx, problems), problems),
    )
    await asyncio.to_thread(ctx.store.fleets.save, fleet)
    spot = await softly("spot", _spot(ctx, fleet.instances.values()), problems)
    prices = prices or fleet.prices
    seen = replace(
        fleet,
        volumes=fleet.volumes if volumes is None else {each.id: each for each in volumes},
        prices=replace(prices, spot={} if spot is None else spot),
        problems=tuple(problems),
    )
    await books.note_all(ctx, seen, has_disks=volumes is not None)
    return seen


async def read_prices(ctx: Context, problems: list[Problem]) -> Prices:
    """The region's prices without those of spot; older ones where AWS does not tell, and a problem says why."""

    def missed(error: Fe2Error) -> None:
        problems.append(problem_of("prices", error))

    return await kept_prices(ctx.session, ctx.store.prices, ctx.clock, missed=missed)


async def _volumes(ctx: Context) -> list[Volume]:
    return await read_all(ctx.session, "DescribeVolumes", VolumeReader(), MaxResults=PAGE)


async def _spot(ctx: Context, among: Iterable[Instance]) -> dict[tuple[str, str], Decimal]:
    types = {instance.type for instance in among if instance.is_spot}
    return await current_spot(ctx.session, types) if types else {}


async def softly(part: str, reading: Awaitable[_Part], problems: list[Problem]) -> _Part | None:
    """What was read, or None and a problem more."""
    try:
        return await reading
    except AwsError as error:
        problems.append(problem_of(part, error))
        return None


def problem_of(part: str, error: Fe2Error) -> Problem:
    """Why a part could not be read."""
    return Problem(part, error.summary, error.remedy, error.code)
