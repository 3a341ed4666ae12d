"""What a single command reads of a region: only what it needs, all at once, and the rest as the store has it.

A part that may not be read stays as it was, and is a ``Problem`` of the fleet. Each fleet is saved for Tab and recorded
for costs (``usage_history``). The dashboard reads through ``aws.poller`` instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Iterable
from contextlib import closing
from dataclasses import replace
from typing import TypeVar

from fe2tui.aws import images as aws_images
from fe2tui.aws import instances as aws_instances
from fe2tui.aws import snapshots as aws_snapshots
from fe2tui.aws.paged_reads import PAGE_SIZE
from fe2tui.aws.prices import cached_prices, current_prices, with_local_zones
from fe2tui.aws.spot_prices import SpotHistoryCache, SpotPrices, current_spot_prices
from fe2tui.errors import AwsError, Fe2Error
from fe2tui.model.fleet import Fleet, Prices, Problem
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, InstanceStatus, State
from fe2tui.model.money.spot_usage import spot_history_spans
from fe2tui.tasks import usage_history
from fe2tui.tasks.context import Context, in_time, no_read
from fe2tui.tasks.names import describe_named

_Value = TypeVar("_Value")
_ACCOUNT_WAIT = 8.0  # seconds: asked once, beside all that the costs need
_COSTS_WAIT = 5.0  # seconds: prices are read once a day


async def read_instances(ctx: Context) -> Fleet:
    """All instances of the region; with the spot requests that had to be read for the costs, and no others."""
    fleet = await _describe_instances(ctx)
    await asyncio.to_thread(ctx.store.fleets.save, fleet)
    requests = await usage_history.record_fleet(ctx, fleet)
    return replace(fleet, requests={one.id: one for one in requests})


async def read_named_instances(ctx: Context, names: Collection[str]) -> Fleet:
    """``read_instances`` for a command about instances with these names or ids.

    In a region with more instances than a page has, as the last read showed, only these are read, if all are found.
    """
    if (fleet := await _read_named(ctx, names)) is None:
        return await read_instances(ctx)
    await usage_history.record_instances(ctx, fleet.instances.values())
    return fleet


async def read_named_fleet(ctx: Context, names: Collection[str]) -> Fleet:
    """``read_fleet`` for a command about instances with these names or ids, as ``read_named_instances`` reads them."""
    if (named := await _read_named(ctx, names)) is None:
        return await read_fleet(ctx)
    instances = named.instances.values()
    fleet = await with_costs(ctx, named, instances)
    await usage_history.record_instances(ctx, instances, with_volumes=True, known_volumes=fleet.volumes)
    return fleet


async def _read_named(ctx: Context, names: Collection[str]) -> Fleet | None:
    """Only these instances; None where all are to be read."""
    location = ctx.session.location
    if not await asyncio.to_thread(ctx.store.fleets.has_more_instances, location, PAGE_SIZE):
        return None
    found = await describe_named(ctx, names)
    if not {one.id for one in found}.union(one.name for one in found).issuperset(names):
        return None
    return Fleet(location, ctx.clock(), {one.id: one for one in found}, account=ctx.session.account)


async def read_fleet(ctx: Context) -> Fleet:
    """All instances of the region, with volumes and prices; spot requests as in ``read_instances``."""
    problems: list[Problem] = []
    fleet, volumes, prices = await asyncio.gather(
        _describe_instances(ctx),
        read_or_problem("volumes", aws_instances.describe_volumes(ctx.session), problems),
        read_or_problem("prices", read_prices(ctx, problems), problems),
    )
    await asyncio.to_thread(ctx.store.fleets.save, fleet)
    zones = {one.zone for one in (*fleet.instances.values(), *(volumes or ()))}
    spot, listed = await asyncio.gather(
        read_or_problem("spot", _read_spot_prices(ctx, fleet.instances.values()), problems),
        with_local_zones(ctx.session, ctx.store.prices, ctx.clock, prices or fleet.prices, zones),
    )
    seen = replace(
        fleet,
        volumes=fleet.volumes if volumes is None else {each.id: each for each in volumes},
        prices=replace(listed, spot={} if spot is None else spot),
        problems=tuple(problems),
    )
    requests = await usage_history.record_fleet(ctx, seen, has_volumes=volumes is not None)
    return replace(seen, requests={one.id: one for one in requests})


async def with_statuses(ctx: Context, reading: Awaitable[Fleet]) -> Fleet:
    """A fleet that is read, with the failed status checks and scheduled events of its instances, read at once."""
    problems: list[Problem] = []
    fleet, statuses = await asyncio.gather(
        reading, read_or_problem("status checks", aws_instances.troubled_statuses(ctx.session), problems)
    )
    return _add_statuses(fleet, statuses, problems)


async def with_status_of(ctx: Context, fleet: Fleet, instance: Instance) -> Fleet:
    """The fleet with the status of one instance. AWS is asked only if that runs."""
    problems: list[Problem] = []
    statuses: list[InstanceStatus] | None = []
    if instance.state is State.RUNNING:
        reading = aws_instances.troubled_statuses(ctx.session, [instance.id])
        statuses = await read_or_problem("status checks", reading, problems)
    return _add_statuses(fleet, statuses, problems)


def _add_statuses(fleet: Fleet, statuses: list[InstanceStatus] | None, problems: list[Problem]) -> Fleet:
    known = {one.id: one for one in statuses or ()}
    return replace(fleet, statuses=known, problems=(*fleet.problems, *problems))


async def read_whole_fleet(ctx: Context) -> Fleet:
    """What ``read_fleet`` reads, images, snapshots and idle addresses, with the recorded usage and past spot prices."""
    from fe2tui.aws.network import idle_addresses

    session, problems = ctx.session, list[Problem]()
    account, fleet, own, snapshots, idle = await asyncio.gather(
        account_number(ctx),
        read_fleet(ctx),
        read_or_problem("images", aws_images.own_images_with_disabled(session), problems),
        read_or_problem("snapshots", aws_snapshots.own_snapshots(session), problems),
        read_or_problem("addresses", idle_addresses(session), problems),
    )
    seen = replace(
        fleet,
        images=fleet.images if own is None else {one.id: one for one in own},
        snapshots=fleet.snapshots if snapshots is None else {one.id: one for one in snapshots},
        idle_addresses=fleet.idle_addresses if idle is None else idle,
        addresses_read_at=None if idle is None else ctx.clock(),
        account=account,
        problems=(*fleet.problems, *problems),
    )
    if idle is not None:
        await usage_history.record_idle_addresses(ctx, seen)
    seen = replace(
        seen,
        instance_usage=await asyncio.to_thread(ctx.store.instance_usage.get, fleet.location, account),
        volume_usage=await asyncio.to_thread(ctx.store.volume_usage.get, fleet.location, account),
    )
    return await _with_spot_history(ctx, seen)


async def _with_spot_history(ctx: Context, fleet: Fleet) -> Fleet:
    """The fleet with past spot prices for its recorded spot usage: the stored ones and a problem where AWS refuses."""
    now = ctx.clock()
    spans = spot_history_spans(fleet, now)
    if not spans:
        return fleet
    problems: list[Problem] = []
    with closing(SpotHistoryCache(ctx.store.spot_history)) as histories:
        found = await read_or_problem("spot history", histories.get(ctx.session, spans, now), problems)
        if found is None:
            found = await histories.get_cached(ctx.session.location, spans)
    return replace(fleet, spot_history=found, problems=(*fleet.problems, *problems))


async def with_costs(ctx: Context, fleet: Fleet, instances: Iterable[Instance]) -> Fleet:
    """The fleet with what these instances cost: their volumes, prices, spot prices and recorded usage.

    All are read at once, for five seconds at most; what is not there by then stays unknown.
    """
    some = list(instances)
    ids = [attachment.volume_id for instance in some for attachment in instance.attachments]
    volumes, prices, spot, usages = await asyncio.gather(
        in_time(lambda: aws_instances.describe_volumes(ctx.session, ids), _COSTS_WAIT),
        in_time(lambda: current_prices(ctx.session, ctx.store.prices, ctx.clock), _COSTS_WAIT),
        in_time(lambda: _read_spot_prices(ctx, some), _COSTS_WAIT),
        in_time(lambda: asyncio.to_thread(ctx.store.instance_usage.get, fleet.location), _COSTS_WAIT),
    )
    if prices is None:
        prices = await cached_prices(ctx.store.prices, ctx.session.region) or Prices()
    zones = {one.zone for one in some}
    local = await in_time(
        lambda: with_local_zones(ctx.session, ctx.store.prices, ctx.clock, prices, zones), _COSTS_WAIT
    )
    return replace(
        fleet,
        volumes={one.id: one for one in volumes or ()},
        prices=replace(local or prices, spot=spot or {}),
        instance_usage=usages or {},
    )


async def read_instance_volumes(ctx: Context, instance: Instance) -> Fleet:
    """One instance with its volumes, and the prices in the store."""
    reading = aws_instances.describe_volumes(ctx.session, [one.volume_id for one in instance.attachments])
    volumes, prices = await asyncio.gather(
        read_or_problem("volumes", reading, []), cached_prices(ctx.store.prices, ctx.session.region)
    )
    return replace(
        Fleet(ctx.session.location, ctx.clock(), {instance.id: instance}),
        volumes={one.id: one for one in volumes or ()},
        prices=prices or Prices(),
    )


async def read_images(ctx: Context, *, whole: bool = True, public: bool = False, disabled: bool = False) -> Fleet:
    """The account's own images and the instances launched from them.

    ``whole``: with all snapshots and prices; else only with the snapshots of pending images. ``public``: with the
    well-known public images; ``disabled``: with disabled own images, which the store does not keep.
    """
    problems: list[Problem] = []
    own, fleet, snapshots, prices, well_known = await asyncio.gather(
        (aws_images.own_images_with_disabled if disabled else aws_images.own_images)(ctx.session),
        read_or_problem("instances", _describe_instances(ctx), problems),
        read_or_problem("snapshots", aws_snapshots.own_snapshots(ctx.session), problems) if whole else no_read(None),
        read_or_problem("prices", read_prices(ctx, problems), problems) if whole else no_read(None),
        aws_images.public_images(ctx.session) if public else no_read(None),
    )
    if not whole:
        snapshot_reads = (
            aws_snapshots.snapshots_of_image(ctx.session, one.id) for one in own if one.state == "pending"
        )
        pending = await read_or_problem("snapshots", asyncio.gather(*snapshot_reads), problems)
        snapshots = [snapshot for some in pending or () for snapshot in some]
    seen = replace(fleet or await _last_fleet(ctx), images={one.id: one for one in own})
    if fleet is not None:
        if not disabled:
            await asyncio.to_thread(ctx.store.fleets.save, seen)
        await usage_history.record_fleet(ctx, fleet)
    return replace(
        seen,
        snapshots=seen.snapshots if snapshots is None else {one.id: one for one in snapshots},
        prices=prices or seen.prices,
        public_images=seen.public_images if well_known is None else well_known,
        problems=tuple(problems),
    )


async def read_image_fleet(ctx: Context, image: Image, *, whole: bool) -> Fleet:
    """A fleet with one image and its snapshots; if ``whole``, with prices too."""
    problems: list[Problem] = []
    prices = await read_or_problem("prices", read_prices(ctx, problems), problems) if whole else None
    if image.state == "pending":
        reading = aws_snapshots.snapshots_of_image(ctx.session, image.id)
    elif whole and not image.public:
        reading = aws_snapshots.snapshots_by_id(ctx.session, image.snapshot_ids)
    else:
        reading = no_read([])
    snapshots = await read_or_problem("snapshots", reading, problems)
    last = await _last_fleet(ctx)
    is_own = not image.public or image.id in last.images
    return replace(
        last,
        images={image.id: image} if is_own else {},
        snapshots={one.id: one for one in snapshots or ()},
        prices=prices or last.prices,
        problems=tuple(problems),
    )


async def read_prices(ctx: Context, problems: list[Problem]) -> Prices:
    """The region's prices without spot prices; where AWS refuses, older ones and a problem."""
    return await current_prices(
        ctx.session,
        ctx.store.prices,
        ctx.clock,
        on_failure=lambda error: problems.append(problem_from_error("prices", error)),
    )


async def read_or_problem(part: str, reading: Awaitable[_Value], problems: list[Problem]) -> _Value | None:
    try:
        return await reading
    except AwsError as error:
        problems.append(problem_from_error(part, error))
        return None


def problem_from_error(part: str, error: Fe2Error) -> Problem:
    return Problem(part, error.summary, error.remedy, error.code)


async def _describe_instances(ctx: Context) -> Fleet:
    last, found = await asyncio.gather(_last_fleet(ctx), aws_instances.describe_instances(ctx.session))
    instances = {one.id: one for one in sorted(found, key=lambda i: i.id)}
    return replace(last, seen_at=ctx.clock(), instances=instances, account=ctx.session.account or last.account)


async def account_number(ctx: Context) -> str:
    """The account's number, by which usage is kept. AWS is asked only for what was never known; else empty."""
    if known := ctx.session.account or (await _last_fleet(ctx)).account:
        return known
    identity = await in_time(lambda: ctx.session.identity(), _ACCOUNT_WAIT)
    return identity.account if identity else ""


async def _last_fleet(ctx: Context) -> Fleet:
    location = ctx.session.location
    saved = await asyncio.to_thread(ctx.store.fleets.last_fleet, location)
    return replace(saved, problems=()) if saved is not None else Fleet(location, ctx.clock())


async def _read_spot_prices(ctx: Context, among: Iterable[Instance]) -> SpotPrices:
    return await current_spot_prices(ctx.session, {instance.type for instance in among if instance.is_spot})
