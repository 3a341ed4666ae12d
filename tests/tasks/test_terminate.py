"""Terminate: the text before, what is done in which order, and what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fe2tui.demo import Cloud
from fe2tui.errors import ProtectedError, UsageError
from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.location import Location
from fe2tui.model.volume import Volume
from fe2tui.tasks.impact import Impact, terminate_impact
from fe2tui.tasks.launch import launch
from fe2tui.tasks.names import find_instance
from fe2tui.tasks.terminate import protected_ids, terminate
from tests.tasks.tasks_bench import Bench

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_an_on_demand_instance_is_terminated_with_nothing_to_cancel(bench: Bench, name: str) -> None:
    instance = await launch(bench.ctx, bench.request(name), wait=False)
    bench.forget_calls()
    (outcome,) = await terminate(bench.ctx, [instance.id], wait=True)
    assert (outcome.is_done, outcome.words) == (True, "terminated")
    assert bench.calls("CancelSpotInstanceRequests") == []
    assert await bench.named(name, gone=True) == []  # its name is free
    (entry,) = bench.activity("terminate")
    assert (entry.result, entry.label, entry.subject) == ("done", name, instance.id)


async def test_the_request_of_a_spot_instance_is_cancelled_first(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object]
) -> None:
    bench: Bench = await begin(fresh_cloud())  # type: ignore[misc]
    spot = await find_instance(bench.ctx, "train-resnet")
    before = len(bench.cloud.control("/demo/calls", method="GET"))
    (outcome,) = await terminate(bench.ctx, [spot.id], wait=True)
    assert outcome.is_done and spot.spot_request_id
    actions = [it["action"] for it in bench.cloud.control("/demo/calls", method="GET")[before:]]
    assert actions.index("CancelSpotInstanceRequests") < actions.index("TerminateInstances")
    assert actions.index("TerminateInstances") < actions.index("DeleteTags")
    bench.cloud.control("/demo/clock", {"advance": 600})
    left = [it for it in await _all(bench) if it.spot_request_id == spot.spot_request_id and not it.state.is_gone]
    assert left == []


async def _all(bench: Bench) -> list[Instance]:
    from fe2tui.aws.instances import describe_instances

    return await describe_instances(bench.ctx.session)


async def test_a_protected_instance_is_refused_and_the_others_are_terminated(bench: Bench, name: str) -> None:
    mine = await launch(bench.ctx, bench.request(name), wait=False)
    vault = await find_instance(bench.ctx, "vault")
    refused, gone = await terminate(bench.ctx, [vault.id, mine.id])
    assert isinstance(refused.error, ProtectedError) and "vault" in refused.error.summary
    assert gone.is_done
    assert (await bench.one(vault.id)).name == "vault"


async def test_a_request_that_may_not_be_cancelled_keeps_its_instance(bench: Bench) -> None:
    spot = await find_instance(bench.ctx, "train-resnet")
    bench.fault("deny", action="CancelSpotInstanceRequests")
    bench.forget_calls()
    (outcome,) = await terminate(bench.ctx, [spot.id])
    assert outcome.error is not None and bench.calls("TerminateInstances") == []
    assert (await bench.one(spot.id)).state is State.RUNNING


async def test_a_name_is_freed_only_once_termination_is_accepted(bench: Bench, name: str) -> None:
    instance = await launch(bench.ctx, bench.request(name), wait=False)
    bench.fault("refuse", action="TerminateInstances", code="InternalError", message="", status=500)
    (outcome,) = await terminate(bench.ctx, [instance.id])
    assert not outcome.is_done
    assert [it.id for it in await bench.named(name)] == [instance.id]


async def test_a_name_that_cannot_be_freed_is_reported(bench: Bench, name: str) -> None:
    instance = await launch(bench.ctx, bench.request(name), wait=False)
    bench.fault("deny", action="DeleteTags")
    bench.fault("deny", action="CreateTags")
    (outcome,) = await terminate(bench.ctx, [instance.id])
    assert outcome.is_done and "name could not be freed" in outcome.words


async def test_an_already_terminated_instance_is_reported(bench: Bench, name: str) -> None:
    instance = await launch(bench.ctx, bench.request(name), wait=False)
    await terminate(bench.ctx, [instance.id], wait=True)
    bench.forget_calls()
    (outcome,) = await terminate(bench.ctx, [instance.id])
    assert (outcome.is_done, outcome.words) == (True, "is terminated already")
    assert bench.calls("TerminateInstances") == []


async def test_a_cancelled_wait_says_that_it_was_accepted(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False, stop_seconds=60))  # type: ignore[misc]
    instance = await launch(bench.ctx, bench.request(name), wait=False)
    working = asyncio.create_task(terminate(bench.ctx, [instance.id], wait=True))
    while (await bench.one(instance.id)).state is not State.SHUTTING_DOWN:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    (entry,) = bench.activity("terminate")
    assert entry.result == "cancelled" and "being terminated" in entry.words


@pytest.mark.parametrize("ids", [[], [""], ["\t"]])
async def test_an_empty_name_terminates_nothing(bench: Bench, ids: list[str]) -> None:
    bench.forget_calls()
    with pytest.raises(UsageError):
        await terminate(bench.ctx, ids)
    assert bench.cloud.control("/demo/calls", method="GET") == []


async def test_protection_is_read_before_the_confirmation(bench: Bench) -> None:
    ids = [(await find_instance(bench.ctx, name)).id for name in ("vault", "base")]
    assert await protected_ids(bench.ctx, ids) == {ids[0]}


def _fleet(*instances: Instance, prices: Prices | None = None) -> Fleet:
    volumes = {
        "vol-1": Volume("vol-1", 100, "gp3", "us-east-2a", "in-use"),
        "vol-2": Volume("vol-2", 500, "gp3", "us-east-2a", "in-use", tags={"Name": "data"}),
    }
    spot = {("m5.large", "us-east-2a"): Decimal("0.04")}
    known = Prices({"m5.large": Decimal("0.096")}, spot, {"gp3": Decimal("0.08")})
    found = {it.id: it for it in instances}
    return Fleet(Location("p", "r"), NOW, found, volumes, known if prices is None else prices)


SPOT = Instance(
    "i-1",
    State.RUNNING,
    "m5.large",
    "us-east-2a",
    lifecycle="spot",
    spot_request_id="sir-1",
    public_ip="203.0.113.1",
    launched_at=NOW - timedelta(hours=5, minutes=12),
    tags={"Name": "train-resnet"},
    attachments=(Attachment("/dev/sda1", "vol-1", True), Attachment("/dev/sdf", "vol-2", False)),
)
RESTING = Instance(
    "i-2",
    State.STOPPED,
    "m5.large",
    "us-east-2a",
    launched_at=NOW - timedelta(days=9),
    transition_reason="User initiated (2026-11-21 12:00:00 GMT)",
)


def _impact(*instances: Instance, protected: Collection[str] = (), prices: Prices | None = None) -> Impact:
    return terminate_impact(_fleet(*instances, prices=prices), instances, now=NOW, protected=protected)


def test_an_impact_says_what_is_deleted_what_is_kept_and_what_that_costs() -> None:
    impact = _impact(SPOT)
    (row,) = impact.rows
    assert (row.state_text, row.skip_reason, row.skip_error) == ("running 5h 12m", "", None)
    assert [part.text for part in row.parts] == [
        "disk 100 GiB: deleted",
        "disk data 500 GiB: kept, $40.00 a month",
    ]
    assert impact.saves_per_month == (Decimal("0.04") + Decimal("0.005")) * 730 + Decimal("8")
    assert (impact.kept_per_month, impact.confirmation) == (Decimal("40.00"), "train-resnet")
    assert impact.sentences == (
        "Its spot request is cancelled first.",
        "Saves $0.056 an hour.",
        "1 disk is kept and still costs $40.00 a month.",
        "This cannot be undone.",
    )


def test_several_are_confirmed_by_their_count_and_protected_ones_are_left_out() -> None:
    impact = _impact(SPOT, RESTING, protected={"i-2"})
    assert impact.confirmation == "train-resnet"
    both = _impact(SPOT, RESTING)
    assert (both.confirmation, both.question) == ("2", "Type 2 to terminate both:")
    assert impact.rows[1].state_text == "stopped 2d" and isinstance(impact.rows[1].skip_error, ProtectedError)
    assert "1 instance is left out: protected against termination." in impact.sentences


@pytest.mark.parametrize("name", ["", "日本", "x" * 41])
def test_an_instance_without_a_name_that_can_be_typed_is_confirmed_by_its_id(name: str) -> None:
    impact = _impact(replace(RESTING, tags={"Name": name} if name else {}))
    assert impact.confirmation == "i-2" and impact.is_confirmed_by("i-2")
    assert impact.is_confirmed_by(name or "i-2") and not impact.is_confirmed_by("")


def test_unknown_prices_are_called_unknown() -> None:
    impact = _impact(SPOT, prices=Prices())
    assert impact.saves_per_month is None and impact.kept_per_month is None
    assert "What it saves is unknown." in impact.sentences
    assert impact.rows[0].parts[1].text == "disk data 500 GiB: kept, price unknown"
    unseen = replace(SPOT, attachments=(Attachment("/dev/sdg", "vol-9", False),))
    assert _impact(unseen).rows[0].parts[0].text == "disk vol-9: kept, price unknown"


def test_instances_left_out_are_not_counted() -> None:
    gone = replace(SPOT, id="i-9", state=State.TERMINATED)
    impact = _impact(SPOT, RESTING, gone, protected={"i-2"})
    alone = _impact(SPOT)
    assert (impact.saves_per_month, impact.kept_per_month) == (alone.saves_per_month, alone.kept_per_month)
    assert [row.skip_reason for row in impact.rows] == ["", "protected against termination", "already terminated"]
    for nothing in (_impact(RESTING, protected={"i-2"}), _impact(gone)):
        assert nothing.affected == () and nothing.sentences[-1] == "Nothing will be done."
        assert [it for it in nothing.sentences if "Saves" in it or "undone" in it or "spot" in it] == []


@pytest.mark.parametrize(("kept", "disk", "saves"), [(True, "kept, $337.50 a month", 0), (False, "deleted", "337.50")])
def test_provisioned_iops_are_in_what_is_kept_and_in_what_is_saved(kept: bool, disk: str, saves: str) -> None:
    fast = Volume("vol-1", 100, "io1", "us-east-2a", "in-use", iops=5000)
    one = Instance(
        "i-1", State.STOPPED, "m5.large", "us-east-2a", attachments=(Attachment("/dev/sda1", "vol-1", not kept),)
    )
    prices = Prices(storage={"io1": Decimal("0.125")}, iops={"io1": Decimal("0.065")})
    impact = terminate_impact(
        Fleet(Location("p", "us-east-2"), NOW, {"i-1": one}, {"vol-1": fast}, prices), [one], now=NOW
    )
    assert impact.rows[0].parts[0].text == f"disk 100 GiB: {disk}"
    assert impact.saves_per_month == Decimal(saves)
