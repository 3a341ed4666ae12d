"""The books of runs and disks, written by whatever sees or changes instances: nobody tells of the past afterwards.

A task that changes instances writes down what it saw of them before, so that a run in being is kept with its type and
its price, and what it sees of them afterwards, when EC2 tells the moment of the change. What it sees of a few says
nothing of the others. Prices are those the store has; a spot price is asked for, for a moment only. How a run ends that
nobody saw end is told in ``store.runs``; of a spot machine that AWS stopped, its request tells when.

A book that cannot be written, or a price or a disk that AWS does not tell, stops no task: the former is reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from fe2tui.aws import instances as aws
from fe2tui.aws.decode import VolumeReader
from fe2tui.aws.paged_reads import PAGE_SIZE, read_all
from fe2tui.aws.prices import cached_prices
from fe2tui.aws.session import Session
from fe2tui.aws.spot import current_spot_prices, spot_requests_by_id
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.fleet import Fleet, InstanceUsage, Prices
from fe2tui.model.instance import Instance, State
from fe2tui.model.volume import Volume
from fe2tui.tasks.context import Context

_RUNNING_STATES = (State.PENDING, State.RUNNING)
_END_CODES = ("instance-stopped", "instance-terminated")  # how the status codes of ended spot instances begin
_READ_TIMEOUT = 2.0  # seconds, for what AWS tells of the past

InstanceUsageById = Mapping[str, tuple[InstanceUsage, ...]]


async def record_instances(ctx: Context, instances: Iterable[Instance], *, with_volumes: bool = False) -> None:
    """Write down what was seen of some instances now; with ``disks``, of their disks too, which are asked for."""
    some = {one.id: one for one in instances}
    if not some:
        return
    fleet = Fleet(ctx.session.location, ctx.clock(), some)
    prices, volumes = await asyncio.gather(
        _cached_prices(ctx), _volumes(ctx, some.values()) if with_volumes else _no_volumes()
    )
    await _record(ctx, replace(fleet, prices=prices, volumes=volumes), whole=False, has_volumes=bool(volumes))


async def read_and_record(ctx: Context, ids: Collection[str]) -> dict[str, Instance]:
    """Look at instances that were changed a moment ago, and write down what is seen; none where AWS does not tell."""
    found: list[Instance] = []
    if ids:
        with suppress(Fe2Error):
            found = await aws.describe_instances(ctx.session, ids)
        await record_instances(ctx, found)
    return {one.id: one for one in found}


async def record_fleet(ctx: Context, fleet: Fleet, *, has_volumes: bool = False) -> None:
    """Write down all that there is: a run of what is not in the fleet is over. ``has_disks``: all disks are in, too."""
    on_shelf = await _cached_prices(ctx)
    prices = fleet.prices if has_volumes or not on_shelf.on_demand else replace(on_shelf, spot=fleet.prices.spot)
    await _record(ctx, replace(fleet, prices=prices), whole=True, has_volumes=has_volumes)


async def record_volumes_deleted(ctx: Context, deleted: Mapping[str, datetime]) -> None:
    """Write down when disks were deleted, by id."""
    try:
        await asyncio.to_thread(ctx.store.volume_usage.end, ctx.session.location, deleted)
    except StoreError as error:
        _report_not_recorded(ctx, error)


async def spot_usage_ends(
    session: Session, instances: Mapping[str, Instance], usages: InstanceUsageById
) -> dict[str, datetime]:
    """When spot instances came to rest whose last run nobody saw end, as their requests tell, by id.

    One call for all, and none when there are none. What AWS does not tell within a moment is left out.
    """
    requests = {
        one.spot_request_id: one
        for one in instances.values()
        if one.is_spot
        and one.spot_request_id
        and one.state not in _RUNNING_STATES
        and _lacks_end(one, usages.get(one.id, ()))
    }
    if not requests:
        return {}
    ends: dict[str, datetime] = {}
    with suppress(Fe2Error, TimeoutError):
        async with asyncio.timeout(_READ_TIMEOUT):
            for request in await spot_requests_by_id(session, list(requests)):
                instance = requests[request.id]
                began = instance.launched_at
                if began is None or request.status_at is None or request.status_at < began:
                    continue
                if request.instance_id in (None, instance.id) and request.status_code.startswith(_END_CODES):
                    ends[instance.id] = request.status_at
    return ends


def _lacks_end(instance: Instance, usages: Iterable[InstanceUsage]) -> bool:
    return any(run.ended_before is not None and run.started_at == instance.launched_at for run in usages)


async def _record(ctx: Context, fleet: Fleet, *, whole: bool, has_volumes: bool) -> None:
    store, location = ctx.store, fleet.location

    def see(seen: Fleet, ends: Mapping[str, datetime]) -> InstanceUsageById:
        store.instance_usage.record(seen, whole=whole, ends=ends)
        return store.instance_usage.get(location)

    try:
        if has_volumes:
            await asyncio.to_thread(store.volume_usage.record, fleet, whole=whole)
        usages = await asyncio.to_thread(see, fleet, {})
        types = {one.type for one in fleet.instances.values() if one.is_spot and _lacks_price(one, usages)}
        spot = await _spot_prices(ctx, types)
        ends = await spot_usage_ends(ctx.session, fleet.instances, usages)
        if spot or ends:
            completed = replace(fleet, prices=replace(fleet.prices, spot={**fleet.prices.spot, **spot}))
            again = {key: one for key, one in completed.instances.items() if one.is_spot}
            await asyncio.to_thread(_record_some, ctx, replace(completed, instances=again), ends)
    except StoreError as error:
        _report_not_recorded(ctx, error)


def _record_some(ctx: Context, fleet: Fleet, ends: Mapping[str, datetime]) -> None:
    ctx.store.instance_usage.record(fleet, whole=False, ends=ends)


def _lacks_price(instance: Instance, usages: InstanceUsageById) -> bool:
    return any(
        run.started_at == instance.launched_at and run.price_per_hour is None for run in usages.get(instance.id, ())
    )


def _report_not_recorded(ctx: Context, error: StoreError) -> None:
    ctx.report_step("books", "log", f"Not written down for the costs: {error.summary}")


async def _cached_prices(ctx: Context) -> Prices:
    return await cached_prices(ctx.store.prices, ctx.session.region) or Prices()


async def _spot_prices(ctx: Context, types: Collection[str]) -> dict[tuple[str, str], Decimal]:
    if not types:
        return {}
    with suppress(Fe2Error, TimeoutError):
        async with asyncio.timeout(_READ_TIMEOUT):
            return await current_spot_prices(ctx.session, types)
    return {}


async def _volumes(ctx: Context, instances: Iterable[Instance]) -> dict[str, Volume]:
    ids = [attachment.volume_id for instance in instances for attachment in instance.attachments]
    found: list[Volume] = []
    with suppress(Fe2Error, TimeoutError):
        async with asyncio.timeout(_READ_TIMEOUT):
            for start in range(0, len(ids), aws.MAX_FILTER_VALUES):
                some = [{"Name": "volume-id", "Values": ids[start : start + aws.MAX_FILTER_VALUES]}]
                found += await read_all(
                    ctx.session, "DescribeVolumes", VolumeReader(), MaxResults=PAGE_SIZE, Filters=some
                )
    return {one.id: one for one in found}


async def _no_volumes() -> dict[str, Volume]:
    return {}
