"""The catalogue of types: when AWS is asked for it, and where it comes from otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from fe2tui.demo import Cloud
from fe2tui.errors import DeniedError
from fe2tui.tasks.launch_lookups import LaunchLookups
from fe2tui.tasks.type_catalogue import CATALOGUE_VALID, TypeCatalogueCache
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import Bench

TYPES, OFFERINGS = "DescribeInstanceTypes", "DescribeInstanceTypeOfferings"
DENY = {"kind": "deny", "action": TYPES}


@pytest.fixture
async def catalogues() -> AsyncIterator[TypeCatalogueCache]:
    made = TypeCatalogueCache()
    yield made
    made.close()


@pytest.fixture
async def own(fresh_cloud: Callable[..., Cloud], begin: Begin) -> Bench:
    """A bench on a cloud of the test's own, whose calls can be counted."""
    return await begin(fresh_cloud(scene=False))


def advance(bench: Bench, by: timedelta) -> None:
    now = bench.ctx.clock
    bench.ctx.clock = lambda: now() + by


async def test_simultaneous_callers_share_one_read(own: Bench, catalogues: TypeCatalogueCache) -> None:
    assert catalogues.cached(own.ctx.session.location) is None
    first, *others = await asyncio.gather(*(catalogues.get(own.ctx) for _ in range(5)))
    assert all(one is first for one in others)
    assert catalogues.cached(own.ctx.session.location) is first
    assert len(own.calls(TYPES)) == -(-len(first.types) // 100)
    own.forget_calls()
    assert await catalogues.get(own.ctx) is first
    assert own.calls(TYPES) == own.calls(OFFERINGS) == []


async def test_a_cancelled_reader_does_not_cancel_the_others(own: Bench, catalogues: TypeCatalogueCache) -> None:
    impatient, patient = (asyncio.create_task(catalogues.get(own.ctx)) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    with suppress(asyncio.CancelledError):
        await impatient
    assert len((await patient).types) > 1_000


async def test_the_next_start_has_it_from_the_store(own: Bench, catalogues: TypeCatalogueCache) -> None:
    first = await catalogues.get(own.ctx)
    own.forget_calls()
    again = TypeCatalogueCache()
    assert await again.get(own.ctx) == first
    assert own.calls(TYPES) == own.calls(OFFERINGS) == []
    again.close()


async def test_an_old_catalogue_is_returned_at_once_and_renewed(own: Bench, catalogues: TypeCatalogueCache) -> None:
    old = await catalogues.get(own.ctx)
    advance(own, CATALOGUE_VALID)
    assert await catalogues.get(own.ctx) is old
    await catalogues.wait_for_reads(30)
    new = await catalogues.get(own.ctx)
    assert new.read_at is not None and old.read_at is not None and new.read_at - old.read_at >= CATALOGUE_VALID
    assert own.ctx.store.type_catalogues.get(own.ctx.session.location) == new


async def test_a_fresh_catalogue_is_not_renewed_unless_requested(own: Bench, catalogues: TypeCatalogueCache) -> None:
    first = await catalogues.get(own.ctx)
    advance(own, CATALOGUE_VALID - timedelta(minutes=1))
    own.forget_calls()
    assert await catalogues.get(own.ctx) is first
    assert own.calls(TYPES) == []
    assert (await catalogues.get(own.ctx, fresh=True)).read_at != first.read_at
    assert own.calls(TYPES)


async def test_if_aws_fails_the_stored_catalogue_is_returned_with_its_age(
    own: Bench, catalogues: TypeCatalogueCache
) -> None:
    first = await catalogues.get(own.ctx)
    advance(own, timedelta(days=3))
    own.cloud.control("/demo/faults", DENY)
    own.forget_calls()
    assert await catalogues.get(own.ctx, fresh=True) == first
    assert await catalogues.get(own.ctx) == first
    await catalogues.wait_for_reads(30)
    assert len(own.calls(TYPES)) == 1  # what failed a moment ago is not tried again at once


async def test_if_aws_fails_and_nothing_is_stored_the_error_is_raised(
    own: Bench, catalogues: TypeCatalogueCache
) -> None:
    own.cloud.control("/demo/faults", DENY)
    for _ in range(2):
        with pytest.raises(DeniedError, match=TYPES):
            await catalogues.get(own.ctx)
    own.cloud.control("/demo/faults", method="DELETE")
    assert (await catalogues.get(own.ctx)).types


async def test_each_region_has_its_own(own: Bench, catalogues: TypeCatalogueCache) -> None:
    here = await catalogues.get(own.ctx)
    async with await own.ctx.session.with_region("us-west-1") as elsewhere:
        own.ctx.session = elsewhere
        there = await catalogues.get(own.ctx)
    assert "p3.8xlarge" in here.types and "p3.8xlarge" not in there.types
    assert {zone[:-1] for zones in there.zones.values() for zone in zones} == {"us-west-1"}


async def test_a_launch_reads_one_type_unless_the_catalogue_is_cached(
    own: Bench, catalogues: TypeCatalogueCache
) -> None:
    lookups = LaunchLookups(own.ctx, catalogues)
    single = await lookups.instance_type("m5.large")
    zones = await lookups.zones("m5.large")
    assert len(own.calls(TYPES)) == len(own.calls(OFFERINGS)) == 1
    await lookups.instance_types()
    own.forget_calls()
    again = LaunchLookups(own.ctx, catalogues)
    assert await again.instance_type("m5.large") == single
    assert await again.zones("m5.large") == zones
    assert own.calls(TYPES) == own.calls(OFFERINGS) == []
    lookups.close()
    again.close()
