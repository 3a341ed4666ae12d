"""What commands read of a region: its instances, and only when it is asked for their disks and prices as well."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from fe2tui.aws import instances as aws_instances
from fe2tui.aws.describe import VolumeReader
from fe2tui.aws.prices import region_prices
from fe2tui.aws.reading import PAGE, read_all
from fe2tui.aws.spot import current_spot
from fe2tui.cli.ending import complain
from fe2tui.errors import AwsError
from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.instance import Instance
from fe2tui.model.volume import Volume
from fe2tui.model.words import visible
from fe2tui.tasks.context import Context
from fe2tui.tasks.names import resolve

PRICES_KEEP = timedelta(days=1)


async def read_instances(ctx: Context) -> Fleet:
    """All instances of the region, and what the store last knew of the rest. The store keeps it, for Tab."""
    found = await aws_instances.describe(ctx.session)
    place = ctx.session.place
    last = ctx.store.fleets.last(place) or Fleet(place, ctx.clock())
    fleet = replace(last, seen_at=ctx.clock(), instances={each.id: each for each in sorted(found, key=lambda i: i.id)})
    ctx.store.fleets.save(fleet)
    return fleet


async def read_fleet(ctx: Context) -> Fleet:
    """The same with disks and prices, all read at once. What may not be read is missing, and said so on stderr."""
    fleet, volumes, prices = await asyncio.gather(read_instances(ctx), _volumes(ctx), _prices(ctx))
    spot = await _spot(ctx, fleet.instances.values())
    return replace(fleet, volumes={each.id: each for each in volumes}, prices=replace(prices, spot=spot))


async def read_one(ctx: Context, name: str) -> Instance:
    """The instance with that Name or id."""
    return resolve(await read_instances(ctx), name)


async def _volumes(ctx: Context) -> list[Volume]:
    try:
        return await read_all(ctx.session, "DescribeVolumes", VolumeReader(), MaxResults=PAGE)
    except AwsError as error:
        _missing("the disks", error)
        return []


async def _prices(ctx: Context) -> Prices:
    kept = ctx.store.prices.get(ctx.session.region)
    if kept and kept.read_at and ctx.clock() - kept.read_at < PRICES_KEEP:
        return kept
    try:
        prices = await region_prices(ctx.session)
    except AwsError as error:
        _missing("prices", error)
        return kept or Prices()
    ctx.store.prices.save(ctx.session.region, prices)
    return prices


async def _spot(ctx: Context, among: Iterable[Instance]) -> dict[tuple[str, str], Decimal]:
    types = {instance.type for instance in among if instance.is_spot}
    if not types:
        return {}
    try:
        return await current_spot(ctx.session, types)
    except AwsError as error:
        _missing("spot prices", error)
        return {}


def _missing(part: str, error: AwsError) -> None:
    complain(f"Without {part}: {visible(str(error))}")
