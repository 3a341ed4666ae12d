"""Commands record usage, whether or not the costs are read meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest

from fe2tui.aws import instances as aws
from fe2tui.demo import Cloud
from fe2tui.errors import StoreError
from fe2tui.model.fleet import InstanceUsage
from fe2tui.model.instance import State
from fe2tui.model.money.account import account_cost
from fe2tui.model.money.usage import usage_cost
from fe2tui.tasks import usage_history
from fe2tui.tasks.change_type import change_type
from fe2tui.tasks.freeze import freeze
from fe2tui.tasks.names import find_instance
from fe2tui.tasks.power import reboot, start, stop
from fe2tui.tasks.read_fleet import read_images, read_instances, read_prices, read_whole_fleet
from fe2tui.tasks.terminate import terminate
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import Bench

HOUR = 3600
HOURS = timedelta(hours=1)
CENT = Decimal("0.01")
HISTORY = "DescribeSpotPriceHistory"


@pytest.fixture
async def own(fresh_cloud: Callable[..., Cloud], begin: Begin) -> Bench:
    """A bench on a lived-in cloud of the test's own, whose clock the tasks go by."""
    bench = await begin(fresh_cloud())
    bench.ctx.clock = lambda: now(bench)
    return bench


def now(bench: Bench) -> datetime:
    return datetime.fromisoformat(bench.cloud.control("/demo/clock", {"advance": 0})["now"]).astimezone(UTC)


def advance(bench: Bench, hours: float) -> None:
    bench.cloud.control("/demo/clock", {"advance": hours * HOUR})


def runs_of(bench: Bench, instance_id: str) -> tuple[InstanceUsage, ...]:
    runs = bench.ctx.store.instance_usage.get(bench.ctx.session.location).get(instance_id, ())
    return tuple(run for run in runs if not run.is_address_only)


async def test_a_run_that_a_task_ends_is_kept_with_its_type_and_its_price(own: Bench) -> None:
    scraper = await find_instance(own.ctx, "scraper")
    await read_prices(own.ctx, [])  # as the command does, which says the difference; nothing else was ever read
    await change_type(own.ctx, scraper.id, "t3.small", stop=True, wait=False)
    before, after = runs_of(own, scraper.id)
    assert (before.type, before.price_per_hour, before.ended_before) == ("t3.micro", Decimal("0.0104"), None)
    assert before.ended_at is not None and (after.type, after.price_per_hour) == ("t3.small", Decimal("0.0208"))


@pytest.mark.parametrize("act", [stop, reboot, terminate])
async def test_changed_instances_are_recorded_before_the_change_and_no_others(
    own: Bench, act: Callable[..., Awaitable[object]]
) -> None:
    scraper = await find_instance(own.ctx, "scraper")
    await act(own.ctx, [scraper.id], wait=False)
    assert own.ctx.store.instance_usage.get(own.ctx.session.location).keys() == {scraper.id}
    [run] = runs_of(own, scraper.id)
    assert run.started_at == scraper.launched_at and (run.ended_at is None) == (act is reboot)


async def test_the_middle_run_of_three_is_there_although_it_was_not_seen(own: Bench) -> None:
    key = (await find_instance(own.ctx, "od1")).id
    for _ in range(2):
        assert all(not one.error for one in await start(own.ctx, [key], wait=False))
        await aws.wait_for_states(own.ctx.session, [key], [State.RUNNING], interval=0.1)
        advance(own, 3)
        assert all(not one.error for one in await stop(own.ctx, [key]))
        advance(own, 1)
    spans = [run.ended_at - run.started_at for run in runs_of(own, key)[-2:] if run.ended_at is not None]
    assert [round(span / timedelta(hours=1), 1) for span in spans] == [3.0, 3.0]


@pytest.mark.parametrize("read", [read_instances, read_images])
async def test_lists_of_the_shell_are_recorded_too(own: Bench, read: Callable[..., Awaitable[object]]) -> None:
    await read(own.ctx)
    base = await find_instance(own.ctx, "base")
    assert [run.started_at for run in runs_of(own, base.id)] == [base.launched_at]


async def test_a_spot_run_has_the_price_of_its_zone_though_only_one_machine_was_seen(own: Bench) -> None:
    train = await find_instance(own.ctx, "train-resnet")
    await usage_history.record_instances(own.ctx, [train])
    [run] = runs_of(own, train.id)
    assert run.price_per_hour is not None and run.price_per_hour > 1


async def test_each_hour_of_a_spot_machine_costs_what_the_market_asked_when_it_began(own: Bench) -> None:
    train = await find_instance(own.ctx, "train-resnet")
    advance(own, 100)
    fleet = await read_whole_fleet(own.ctx)
    at, begun = now(own), train.launched_at
    assert begun is not None
    ec2: Any = boto3.Session().client("ec2", region_name="us-east-2", endpoint_url=own.cloud.endpoint)
    told = ec2.get_paginator("describe_spot_price_history").paginate(
        InstanceTypes=[train.type], AvailabilityZone=train.zone, ProductDescriptions=["Linux/UNIX"], StartTime=begun
    )
    changes = sorted((one["Timestamp"], Decimal(one["SpotPrice"])) for page in told for one in page["SpotPriceHistory"])
    total, hour = Decimal(0), begun
    while hour < at:
        price = next(price for moment, price in reversed(changes) if moment <= hour)
        total += price * Decimal(min((at - hour) / timedelta(hours=1), 1))
        hour += timedelta(hours=1)
    assert len({price for _, price in changes}) > 2
    [run] = fleet.instance_usage[train.id]
    spent = usage_cost(replace(run, has_address=False), begun, at, fleet.spot_history)
    assert spent is not None and spent.quantize(CENT) == total.quantize(CENT)
    assert run.price_per_hour is not None and abs(spent - run.price_per_hour * round((at - begun) / HOURS)) > 1
    own.forget_calls()
    assert (await read_whole_fleet(own.ctx)).spot_history == fleet.spot_history
    assert len(own.calls(HISTORY)) == 1  # what it costs now; what it cost is known


async def test_without_the_right_to_spot_prices_past_costs_are_unknown_and_the_right_is_named(
    own: Bench,
) -> None:
    own.fault("deny", action=HISTORY)
    account = account_cost(await read_whole_fleet(own.ctx), now(own))
    # nothing of it was ever known: it is in no sum, and no text says that a part counts at an earlier price
    [said] = [words for words in account.missing if "train-resnet" in words]
    assert said.startswith("The price of") and HISTORY in said
    assert not any(words.startswith("Not all spot prices") for words in account.missing)
    assert any(words.startswith("Spot prices of the past") and HISTORY in words for words in account.missing)


async def test_without_spot_instances_no_spot_price_is_read(fresh_cloud: Callable[..., Cloud], begin: Begin) -> None:
    bench = await begin(fresh_cloud(scene=False))
    assert (await read_whole_fleet(bench.ctx)).spot_history == {}
    assert not bench.calls(HISTORY)


async def test_a_spot_instance_that_aws_stopped_between_reads_is_billed_until_it_stopped(own: Bench) -> None:
    train = await find_instance(own.ctx, "train-resnet")
    await read_whole_fleet(own.ctx)
    advance(own, 1)
    own.cloud.control("/demo/interrupt", {"instance": train.id})
    await aws.wait_for_states(own.ctx.session, [train.id], [State.STOPPED], interval=0.1)
    stopped = now(own)
    advance(own, 10)
    account = account_cost(await read_whole_fleet(own.ctx), now(own))
    [run] = runs_of(own, train.id)
    assert run.ended_at is not None and abs(run.ended_at - stopped) < timedelta(minutes=3) and run.ended_before is None
    assert not any("estimated" in words for words in account.missing if "train-resnet" in words)


async def test_without_an_end_in_the_request_it_is_billed_until_it_was_last_seen(own: Bench) -> None:
    train = await find_instance(own.ctx, "train-resnet")
    await read_whole_fleet(own.ctx)
    looked = now(own)
    advance(own, 1)
    own.cloud.control("/demo/interrupt", {"instance": train.id})
    await aws.wait_for_states(own.ctx.session, [train.id], [State.STOPPED], interval=0.1)
    own.fault("deny", action="DescribeSpotInstanceRequests")
    advance(own, 10)
    account = account_cost(await read_whole_fleet(own.ctx), now(own))
    [run] = runs_of(own, train.id)
    assert run.ended_at is not None and abs(run.ended_at - looked) < timedelta(minutes=1)
    assert any("last seen running" in words and "train-resnet" in words for words in account.missing)


async def test_a_freeze_keeps_the_run_that_it_ended_and_the_one_it_began(own: Bench) -> None:
    scraper = await find_instance(own.ctx, "scraper")
    await freeze(own.ctx, scraper.id, "rested", way="stop", wait=False)
    before, after = runs_of(own, scraper.id)
    assert before.started_at == scraper.launched_at and before.ended_at is not None and before.ended_before is None
    assert after.started_at >= before.ended_at and after.ended_at is None


async def test_the_disk_of_what_was_launched_and_terminated_is_in_the_month(own: Bench) -> None:
    scraper = await find_instance(own.ctx, "scraper")
    await terminate(own.ctx, [scraper.id], wait=True)
    disks = own.ctx.store.volume_usage.get(own.ctx.session.location)
    [[stretch]] = [disks[one.volume_id] for one in scraper.attachments]
    [run] = runs_of(own, scraper.id)
    assert stretch.per_month is not None or own.ctx.store.prices.get("us-east-2") is None
    assert stretch.instance_id == scraper.id and stretch.ended_at == run.ended_at is not None


async def test_a_record_that_cannot_be_written_is_reported_and_fails_no_task(
    own: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise StoreError("The store failed: the disk is full.")

    monkeypatch.setattr(own.ctx.store.instance_usage, "record", broken)
    [outcome] = await stop(own.ctx, [(await find_instance(own.ctx, "scraper")).id])
    assert outcome.error is None and "the disk is full" in own.words("log")
