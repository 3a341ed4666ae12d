"""What a single command reads of a region: only what it needs, all at once, the rest as the store last knew it.

What may not be read stays as it was, and is a ``Problem`` of the fleet. The dashboard has ``aws.poller`` for this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from fe2tui.aws import instances as aws_instances
from fe2tui.aws.describe import VolumeReader
from fe2tui.aws.prices import kept_prices
from fe2tui.aws.reading import PAGE, read_all
from fe2tui.aws.spot import current_spot
from fe2tui.errors import AwsError, Fe2Error
from fe2tui.model.fleet import Fleet, Prices, Problem
from fe2tui.model.instance import Instance
from fe2tui.model.volume import Volume
from fe2tui.tasks.context import Context

_Part = TypeVar("_Part")


async def read_instances(ctx: Context) -> Fleet:
    """All instances of the region, and what the store last knew of the rest. The store keeps it, for Tab."""
    found = await aws_instances.describe(ctx.session)
    place = ctx.session.place
    last = await asyncio.to_thread(ctx.store.fleets.last, place) or Fleet(place, ctx.clock())
    fleet = replace(
        last,
        seen_at=ctx.clock(),
        instances={each.id: each for each in sorted(found, key=lambda i: i.id)},
        problems=(),
    )
    await asyncio.to_thread(ctx.store.fleets.save, fleet)
    return fleet


async def read_fleet(ctx: Context) -> Fleet:
    """The same with disks and prices, all read at once."""
    problems: list[Problem] = []
    fleet, volumes, prices = await asyncio.gather(
        read_instances(ctx),
        _softly("volumes", _volumes(ctx), problems),
        _softly("prices", _prices(ctx, problems), problems),
    )
    spot = await _softly("spot", _spot(ctx, fleet.instances.values()), problems)
    prices = prices or fleet.prices
    return replace(
        fleet,
        volumes=fleet.volumes if volumes is None else {each.id: each for each in volumes},
        prices=replace(prices, spot={} if spot is None else spot),
        problems=tuple(problems),
    )


async def _prices(ctx: Context, problems: list[Problem]) -> Prices:
    def missed(error: Fe2Error) -> None:
        problems.append(Problem("prices", error.summary, error.remedy, error.code))

    return await kept_prices(ctx.session, ctx.store.prices, ctx.clock, missed=missed)


async def _volumes(ctx: Context) -> list[Volume]:
    return await read_all(ctx.session, "DescribeVolumes", VolumeReader(), MaxResults=PAGE)


async def _spot(ctx: Context, among: Iterable[Instance]) -> dict[tuple[str, str], Decimal]:
    types = {instance.type for instance in among if instance.is_spot}
    return await current_spot(ctx.session, types) if types else {}


async def _softly(part: str, reading: Awaitable[_Part], problems: list[Problem]) -> _Part | None:
    """What was read, or None and a problem more."""
    try:
        return await reading
    except AwsError as error:
        problems.append(Problem(part, error.summary, error.remedy, error.code))
        return None
