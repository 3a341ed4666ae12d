"""All that costs money in a region, for a single command; the dashboard has its poller."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from fe2tui.aws import images, snapshots
from fe2tui.aws.addresses import idle_addresses
from fe2tui.aws.market import market_past, shelved_market
from fe2tui.model.fleet import Fleet, Problem
from fe2tui.model.money import market_spans
from fe2tui.store import Store
from fe2tui.tasks.context import Context
from fe2tui.tasks.reading import read_fleet, softly


async def read_account(ctx: Context) -> Fleet:
    """Instances, disks, prices, images, snapshots and idle addresses as they are now, with what was seen of the past.

    What is seen goes into the store's books of runs and disks. A part that may not be read is a problem of the fleet.
    """
    session, problems = ctx.session, list[Problem]()
    fleet, own, copies, idle = await asyncio.gather(
        read_fleet(ctx),
        softly("images", images.every_own_image(session), problems),
        softly("snapshots", snapshots.own_snapshots(session), problems),
        softly("addresses", idle_addresses(session), problems),
    )
    seen = replace(
        fleet,
        images=fleet.images if own is None else {one.id: one for one in own},
        snapshots=fleet.snapshots if copies is None else {one.id: one for one in copies},
        idle_addresses=fleet.idle_addresses if idle is None else idle,
        problems=(*fleet.problems, *problems),
    )
    return await with_market(ctx, await asyncio.to_thread(_with_books, ctx.store, seen))


async def with_market(ctx: Context, fleet: Fleet) -> Fleet:
    """The fleet with what the spot market's prices were while its spot machines ran; no call where there are none.

    Where AWS does not tell, what the store has of them, and a problem says why.
    """
    spans = market_spans(fleet, ctx.clock())
    if not spans:
        return fleet
    problems: list[Problem] = []
    found = await softly("spot history", market_past(ctx.session, ctx.store.spot, spans, ctx.clock), problems)
    if found is None:
        found = await shelved_market(ctx.store.spot, ctx.session.place, spans)
    return replace(fleet, spot_history=found, problems=(*fleet.problems, *problems))


def _with_books(store: Store, fleet: Fleet) -> Fleet:
    return replace(fleet, runs=store.runs.of(fleet.place), disks=store.disks.of(fleet.place))
