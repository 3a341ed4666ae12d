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
from fe2tui.aws.describe import VolumeReader
from fe2tui.aws.prices import shelved_prices
from fe2tui.aws.reading import PAGE, read_all
from fe2tui.aws.session import Session
from fe2tui.aws.spot import current_spot
from fe2tui.aws.spot_requests import spot_requests
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.fleet import Fleet, Prices, Run
from fe2tui.model.instance import Instance, State
from fe2tui.model.volume import Volume
from fe2tui.tasks.context import Context

_ON = (State.PENDING, State.RUNNING)
_TELLS_ITS_END = ("instance-stopped", "instance-terminated")  # how the status codes of ended spot instances begin
_PATIENCE = 2.0  # seconds, for what AWS tells of the past

Runs = Mapping[str, tuple[Run, ...]]


async def note(ctx: Context, instances: Iterable[Instance], *, disks: bool = False) -> None:
    """Write down what was seen of some instances now; with ``disks``, of their disks too, which are asked for."""
    some = {one.id: one for one in instances}
    if not some:
        return
    fleet = Fleet(ctx.session.place, ctx.clock(), some)
    prices, volumes = await asyncio.gather(_prices(ctx), _volumes(ctx, some.values()) if disks else _nothing())
    await _write(ctx, replace(fleet, prices=prices, volumes=volumes), whole=False, has_disks=bool(volumes))


async def look(ctx: Context, ids: Collection[str]) -> dict[str, Instance]:
    """Look at instances that were changed a moment ago, and write down what is seen; none where AWS does not tell."""
    found: list[Instance] = []
    if ids:
        with suppress(Fe2Error):
            found = await aws.describe(ctx.session, ids)
        await note(ctx, found)
    return {one.id: one for one in found}


async def note_all(ctx: Context, fleet: Fleet, *, has_disks: bool = False) -> None:
    """Write down all that there is: a run of what is not in the fleet is over. ``has_disks``: all disks are in, too."""
    on_shelf = await _prices(ctx)
    prices = fleet.prices if has_disks or not on_shelf.on_demand else replace(on_shelf, spot=fleet.prices.spot)
    await _write(ctx, replace(fleet, prices=prices), whole=True, has_disks=has_disks)


async def note_deleted(ctx: Context, deleted: Mapping[str, datetime]) -> None:
    """Write down when disks were deleted, by id."""
    try:
        await asyncio.to_thread(ctx.store.disks.end, ctx.session.place, deleted)
    except StoreError as error:
        _report(ctx, error)


async def ends_elsewhere(session: Session, instances: Mapping[str, Instance], runs: Runs) -> dict[str, datetime]:
    """When spot instances came to rest whose last run nobody saw end, as their requests tell, by id.

    One call for all, and none when there are none. What AWS does not tell within a moment is left out.
    """
    requests = {
        one.spot_request_id: one
        for one in instances.values()
        if one.is_spot and one.spot_request_id and one.state not in _ON and _has_no_end(one, runs.get(one.id, ()))
    }
    if not requests:
        return {}
    ends: dict[str, datetime] = {}
    with suppress(Fe2Error, TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            for request in await spot_requests(session, list(requests)):
                instance = requests[request.id]
                began = instance.launched_at
                if began is None or request.status_at is None or request.status_at < began:
                    continue
                if request.instance_id in (None, instance.id) and request.status_code.startswith(_TELLS_ITS_END):
                    ends[instance.id] = request.status_at
    return ends


def _has_no_end(instance: Instance, runs: Iterable[Run]) -> bool:
    return any(run.gone_by is not None and run.started_at == instance.launched_at for run in runs)


async def _write(ctx: Context, fleet: Fleet, *, whole: bool, has_disks: bool) -> None:
    store, place = ctx.store, fleet.place

    def see(seen: Fleet, ends: Mapping[str, datetime]) -> Runs:
        store.runs.see(seen, whole=whole, ends=ends)
        return store.runs.of(place)

    try:
        if has_disks:
            await asyncio.to_thread(store.disks.see, fleet, whole=whole)
        runs = await asyncio.to_thread(see, fleet, {})
        types = {one.type for one in fleet.instances.values() if one.is_spot and _has_no_price(one, runs)}
        spot = await _spot(ctx, types)
        ends = await ends_elsewhere(ctx.session, fleet.instances, runs)
        if spot or ends:
            asked = replace(fleet, prices=replace(fleet.prices, spot={**fleet.prices.spot, **spot}))
            again = {key: one for key, one in asked.instances.items() if one.is_spot}
            await asyncio.to_thread(_see_some, ctx, replace(asked, instances=again), ends)
    except StoreError as error:
        _report(ctx, error)


def _see_some(ctx: Context, fleet: Fleet, ends: Mapping[str, datetime]) -> None:
    ctx.store.runs.see(fleet, whole=False, ends=ends)


def _has_no_price(instance: Instance, runs: Runs) -> bool:
    return any(
        run.started_at == instance.launched_at and run.price_per_hour is None for run in runs.get(instance.id, ())
    )


def _report(ctx: Context, error: StoreError) -> None:
    ctx.step("books", "log", f"Not written down for the costs: {error.summary}")


async def _prices(ctx: Context) -> Prices:
    return await shelved_prices(ctx.store.prices, ctx.session.region) or Prices()


async def _spot(ctx: Context, types: Collection[str]) -> dict[tuple[str, str], Decimal]:
    if not types:
        return {}
    with suppress(Fe2Error, TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            return await current_spot(ctx.session, types)
    return {}


async def _volumes(ctx: Context, instances: Iterable[Instance]) -> dict[str, Volume]:
    ids = [attachment.volume_id for instance in instances for attachment in instance.attachments]
    found: list[Volume] = []
    with suppress(Fe2Error, TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            for start in range(0, len(ids), aws.FILTER_VALUES):
                some = [{"Name": "volume-id", "Values": ids[start : start + aws.FILTER_VALUES]}]
                found += await read_all(ctx.session, "DescribeVolumes", VolumeReader(), MaxResults=PAGE, Filters=some)
    return {one.id: one for one in found}


async def _nothing() -> dict[str, Volume]:
    return {}
