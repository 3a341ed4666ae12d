"""Counts what runs in other regions of the account, and what that costs per hour."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from fe2tui.aws import instances as aws_instances
from fe2tui.aws.prices import cached_prices, with_local_zones
from fe2tui.aws.session import enabled_regions
from fe2tui.aws.spot_prices import current_spot_prices
from fe2tui.errors import DeniedError, Fe2Error, StoreError
from fe2tui.model.fleet import Fleet, Prices, Problem
from fe2tui.model.instance import State
from fe2tui.model.money.account import AccountTracker
from fe2tui.model.other_regions import RegionCount
from fe2tui.tasks import usage_history
from fe2tui.tasks.context import Context, in_region
from fe2tui.tasks.read_fleet import account_number, read_or_problem, read_prices

PRICES_VALID = timedelta(days=7)
"""For how long prices of a region that is not shown count: to read them takes a few dozen calls."""

_BILLED_STATES = (State.PENDING, State.RUNNING)
_MAX_CONCURRENT = 4  # regions, where all are counted at once


async def count_region(ctx: Context, region: str) -> RegionCount:
    """Count one region, and store the count. Two calls; more where something costs: its prices.

    Where the login may not read the region, the count says so. What is seen is recorded for the costs of the region.
    Raises Fe2Error.
    """
    account = await account_number(ctx)
    async with in_region(ctx, region) as there:
        try:
            fleet = await _read_region(there)
        except DeniedError as error:
            count = RegionCount(region, ctx.clock(), denied=error.summary)
        else:
            totals = AccountTracker().update(replace(fleet, account=account), fleet.seen_at)
            count = RegionCount(region, fleet.seen_at, totals.running, totals.per_hour, totals.is_hour_partial)
            if fleet.instances or fleet.volumes:
                await usage_history.record_fleet(there, replace(fleet, account=account), has_volumes=not fleet.problems)
    await save_count(ctx, count)
    return count


async def _read_region(ctx: Context) -> Fleet:
    """The instances and volumes of a region, and their prices. The store does not get this fleet."""
    problems: list[Problem] = []
    found, volumes = await asyncio.gather(
        aws_instances.describe_instances(ctx.session),
        read_or_problem("volumes", aws_instances.describe_volumes(ctx.session), problems),
    )
    fleet = Fleet(
        ctx.session.location,
        ctx.clock(),
        {one.id: one for one in sorted(found, key=lambda one: one.id)},
        {one.id: one for one in volumes or ()},
        problems=tuple(problems),
    )
    if not volumes and all(one.state.is_gone for one in found):
        return fleet
    prices = await cached_prices(ctx.store.prices, ctx.session.region)
    if prices is None or prices.read_at is None or ctx.clock() - prices.read_at > PRICES_VALID:
        prices = await read_or_problem("prices", read_prices(ctx, []), []) or prices
    types = {one.type for one in found if one.is_spot and one.state in _BILLED_STATES}
    spot = await read_or_problem("spot", current_spot_prices(ctx.session, types), []) if types else None
    zones = {one.zone for one in (*found, *(volumes or ()))}
    listed = await with_local_zones(ctx.session, ctx.store.prices, ctx.clock, prices or Prices(), zones)
    return replace(fleet, prices=replace(listed, spot=spot or {}))


async def count_regions(ctx: Context, regions: Iterable[str]) -> list[RegionCount | Fe2Error]:
    """Count several regions, a few at a time. A region that could not be read is an error in the list."""
    gate = asyncio.Semaphore(_MAX_CONCURRENT)

    async def count(region: str) -> RegionCount | Fe2Error:
        async with gate:
            try:
                return await count_region(ctx, region)
            except Fe2Error as error:
                return error

    return await asyncio.gather(*(count(region) for region in regions))


async def countable_regions(ctx: Context) -> list[str]:
    """The regions that are enabled for the account, one call; none where that may not be read."""
    if ctx.session.endpoint and not ctx.session.location.is_local:
        return []  # an endpoint of one region
    try:
        return await enabled_regions(ctx.session, or_all=False)
    except DeniedError:
        return []


async def stored_counts(ctx: Context) -> list[RegionCount]:
    """What was counted last in each region of the account, by region; empty where the store cannot be read."""
    account = await account_number(ctx)
    try:
        return await asyncio.to_thread(ctx.store.region_counts.get, account, ctx.session.endpoint) if account else []
    except StoreError:
        return []


async def save_count(ctx: Context, count: RegionCount) -> None:
    """Store a count. One that cannot be stored is counted again later."""
    account = await account_number(ctx)
    try:
        if account:
            await asyncio.to_thread(ctx.store.region_counts.save, account, ctx.session.endpoint, count)
    except StoreError as error:
        ctx.report_step("regions", "log", f"Not stored: {error.summary}")
