"""The spot prices of all types of a region: when AWS is asked for them, and when not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from fe2tui.aws.spot_prices import SPOT_PRICES_VALID, SpotPriceCache
from fe2tui.demo import Cloud
from fe2tui.errors import DeniedError
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import Bench

HISTORY = "DescribeSpotPriceHistory"
FEW = 6  # pages that a region has at most


@pytest.fixture
async def spot() -> AsyncIterator[SpotPriceCache]:
    made = SpotPriceCache()
    yield made
    made.close()


@pytest.fixture
async def own(fresh_cloud: Callable[..., Cloud], begin: Begin) -> Bench:
    """A bench on a cloud of the test's own, whose calls can be counted."""
    return await begin(fresh_cloud(scene=False))


async def test_simultaneous_callers_share_a_read_and_prices_are_kept_for_ten_minutes(
    own: Bench, spot: SpotPriceCache
) -> None:
    place, now = own.ctx.session.location, own.ctx.clock()
    own.ctx.clock = lambda: now
    assert spot.cached(place) is None
    impatient, first, second = (asyncio.create_task(spot.get(own.ctx.session, own.ctx.clock())) for _ in range(3))
    await asyncio.sleep(0)
    impatient.cancel()
    with suppress(asyncio.CancelledError):
        await impatient
    assert await first is await second is spot.cached(place)
    assert 0 < len(own.calls(HISTORY)) <= FEW
    own.forget_calls()
    own.ctx.clock = lambda: now + SPOT_PRICES_VALID - timedelta(seconds=1)
    assert await spot.get(own.ctx.session, own.ctx.clock()) is await first
    assert not own.calls(HISTORY)
    own.ctx.clock = lambda: now + SPOT_PRICES_VALID
    assert (await spot.get(own.ctx.session, own.ctx.clock())).read_at == now + SPOT_PRICES_VALID
    assert 0 < len(own.calls(HISTORY)) <= FEW


async def test_each_region_has_its_own(own: Bench, spot: SpotPriceCache) -> None:
    await spot.get(own.ctx.session, own.ctx.clock())
    async with await own.ctx.session.with_region("us-west-1") as elsewhere:
        own.ctx.session = elsewhere
        there = await spot.get(own.ctx.session, own.ctx.clock())
    assert {zone[:-1] for _, zone in there.prices} == {"us-west-1"}


async def test_a_refusal_of_aws_is_raised_and_the_next_caller_asks_again(own: Bench, spot: SpotPriceCache) -> None:
    own.cloud.control("/demo/faults", {"kind": "deny", "action": HISTORY})
    with pytest.raises(DeniedError, match=HISTORY):
        await spot.get(own.ctx.session, own.ctx.clock())
    own.cloud.control("/demo/faults", method="DELETE")
    assert (await spot.get(own.ctx.session, own.ctx.clock())).prices
