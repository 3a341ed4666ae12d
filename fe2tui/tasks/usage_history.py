"""Records what commands see of instances and volumes, from which costs are computed: AWS does not report the past.

A task that changes instances records them before, with their type and price, and after, when EC2 reports the moment of
the change. Prices are those in the store; a missing spot price is asked for, for a moment only.
``store.instance_usage`` says how a run counts whose end no command saw; of a spot instance that AWS stopped, the spot
request has the time.

A record that cannot be written, or a price or a volume that AWS does not return, never stops a task: the first is
reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from fe2tui.aws import instances as aws
from fe2tui.aws.prices import cached_prices
from fe2tui.aws.session import Session
from fe2tui.aws.spot import spot_requests_by_id
from fe2tui.aws.spot_prices import current_spot_prices
from fe2tui.errors import Fe2Error, StoreError, ThrottledError, UnreachableError
from fe2tui.model.fleet import Fleet, InstanceUsage, Prices
from fe2tui.model.instance import Instance, State
from fe2tui.model.spot import SpotRequest
from fe2tui.model.volume import Volume
from fe2tui.tasks.context import Context, in_time

_RUNNING_STATES = (State.PENDING, State.RUNNING)
_END_CODES = ("instance-stopped", "instance-terminated")  # how the status codes of ended spot instances begin
_READ_TIMEOUT = 2.0  # seconds

InstanceUsageById = Mapping[str, tuple[InstanceUsage, ...]]


async def record_instances(
    ctx: Context,
    instances: Iterable[Instance],
    *,
    with_volumes: bool = False,
    known_volumes: Mapping[str, Volume] | None = None,
) -> None:
    """Record some instances as they are now; ``with_volumes``: with their volumes, read now or ``known``."""
    some = {one.id: one for one in instances}
    if not some:
        return
    fleet = Fleet(ctx.session.location, ctx.clock(), some)
    reads_volumes = with_volumes and known_volumes is None
    ids = [attachment.volume_id for one in some.values() for attachment in one.attachments] if reads_volumes else []
    prices, found = await asyncio.gather(
        cached_prices(ctx.store.prices, ctx.session.region),
        in_time(lambda: aws.describe_volumes(ctx.session, ids), _READ_TIMEOUT),
    )
    volumes = {one.id: one for one in found or ()} if known_volumes is None else known_volumes
    await _record(ctx, replace(fleet, prices=prices or Prices(), volumes=volumes), False, bool(volumes))


async def read_and_record(ctx: Context, ids: Collection[str]) -> dict[str, Instance]:
    """Read instances that were changed a moment ago, and record them. Empty where AWS does not answer."""
    found: list[Instance] = []
    if ids:
        with suppress(Fe2Error):
            found = await aws.describe_instances(ctx.session, ids)
        await record_instances(ctx, found)
    return {one.id: one for one in found}


async def record_fleet(ctx: Context, fleet: Fleet, *, has_volumes: bool = False) -> list[SpotRequest]:
    """Record all instances of a region: a run of an instance that is not in the fleet is over.

    ``has_volumes``: all volumes of the region are in the fleet, too. Returns the spot requests that were read for it.
    """
    stored = await cached_prices(ctx.store.prices, ctx.session.region) or Prices()
    prices = fleet.prices if has_volumes or not stored.on_demand else replace(stored, spot=fleet.prices.spot)
    return await _record(ctx, replace(fleet, prices=prices), True, has_volumes)


async def record_idle_addresses(ctx: Context, fleet: Fleet) -> None:
    """Record the idle addresses of a fleet that ``record_fleet`` has recorded before they were read."""
    try:
        await asyncio.to_thread(ctx.store.instance_usage.record, fleet)
    except StoreError as error:
        _report_not_recorded(ctx, error)


async def record_volumes_deleted(ctx: Context, deleted: Mapping[str, datetime]) -> None:
    try:
        await asyncio.to_thread(ctx.store.volume_usage.end, ctx.session.location, deleted)
    except StoreError as error:
        _report_not_recorded(ctx, error)


async def spot_usage_ends(
    session: Session, instances: Mapping[str, Instance], usages: InstanceUsageById
) -> dict[str, datetime] | None:
    """When spot instances ended whose last run no command saw end, from their spot requests, by id.

    One call for all, none where there are none. None if AWS does not answer within two seconds: ask again.
    """
    requests = await _requests_of_unseen_ends(session, instances, usages)
    return _usage_ends(instances, requests) if requests is not None else None


async def _requests_of_unseen_ends(
    session: Session, instances: Mapping[str, Instance], usages: InstanceUsageById
) -> list[SpotRequest] | None:
    ids = [
        one.spot_request_id
        for one in instances.values()
        if one.is_spot
        and one.spot_request_id
        and one.state not in _RUNNING_STATES
        and any(run.ended_before is not None for run in _last_runs(one, usages))
    ]
    try:
        async with asyncio.timeout(_READ_TIMEOUT):
            return await spot_requests_by_id(session, ids)
    except (TimeoutError, UnreachableError, ThrottledError):
        return None
    except Fe2Error:
        return []


def _usage_ends(instances: Mapping[str, Instance], requests: Iterable[SpotRequest]) -> dict[str, datetime]:
    by_request = {one.spot_request_id: one for one in instances.values()}
    ends: dict[str, datetime] = {}
    for request in requests:
        instance = by_request[request.id]
        began = instance.launched_at
        if began is None or request.status_at is None or request.status_at < began:
            continue
        if request.instance_id in (None, instance.id) and request.status_code.startswith(_END_CODES):
            ends[instance.id] = request.status_at
    return ends


async def _record(ctx: Context, fleet: Fleet, whole: bool, has_volumes: bool) -> list[SpotRequest]:
    store, location = ctx.store, fleet.location
    requests: list[SpotRequest] = []

    def record(seen: Fleet) -> InstanceUsageById:
        store.instance_usage.record(seen, whole=whole, ends={})
        return store.instance_usage.get(location)

    try:
        if has_volumes:
            await asyncio.to_thread(store.volume_usage.record, fleet, whole=whole)
        usages = await asyncio.to_thread(record, fleet)
        types = {
            one.type
            for one in fleet.instances.values()
            if one.is_spot and any(run.price_per_hour is None for run in _last_runs(one, usages))
        }
        spot = await in_time(lambda: current_spot_prices(ctx.session, types), _READ_TIMEOUT) or {}
        requests = await _requests_of_unseen_ends(ctx.session, fleet.instances, usages) or []
        ends = _usage_ends(fleet.instances, requests)
        if spot or ends:
            completed = replace(
                fleet,
                instances={key: one for key, one in fleet.instances.items() if one.is_spot},
                prices=replace(fleet.prices, spot={**fleet.prices.spot, **spot}),
            )
            await asyncio.to_thread(store.instance_usage.record, completed, whole=False, ends=ends)
    except StoreError as error:
        _report_not_recorded(ctx, error)
    return requests


def _last_runs(instance: Instance, usages: InstanceUsageById) -> list[InstanceUsage]:
    return [run for run in usages.get(instance.id, ()) if run.started_at == instance.launched_at]


def _report_not_recorded(ctx: Context, error: StoreError) -> None:
    ctx.report_step("usage", "log", f"Not recorded for the costs: {error.summary}")
