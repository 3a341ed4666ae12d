"""EC2's rules for spot machines, as our tasks keep them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fe2tui.aws.session import Session
from fe2tui.aws.spot import spot_request
from fe2tui.demo import Cloud, Options
from fe2tui.errors import AwsError, CapacityError, NotFoundError, StateError, UsageError
from fe2tui.model.instance import Instance, State
from fe2tui.model.interruption import interruption_text
from fe2tui.model.spot import Market, SpotRequest
from fe2tui.tasks import spot_requests
from fe2tui.tasks.connect import prepare_connection
from fe2tui.tasks.launch import launch
from fe2tui.tasks.power import find_unstoppable, reboot, start, stop
from fe2tui.tasks.spot_requests import (
    cancel_spot_request,
    find_spot_instance,
    find_spot_request,
    read_spot_requests,
    wait_until_fulfilled,
)
from fe2tui.tasks.terminate import terminate
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import Bench


@pytest.fixture(scope="module")
def market(_guarded_children: Path) -> Iterator[Cloud]:
    """An empty cloud for all of these."""
    with Cloud(Options.instant(scene=False)) as made:
        yield made


@pytest.fixture
async def spot(market: Cloud, begin: Begin) -> Bench:
    bench = await begin(market)
    market.control("/demo/faults", method="DELETE")
    return bench


async def bought(bench: Bench, name: str, market: Market = "spot") -> Instance:
    """A running machine."""
    made = await launch(bench.ctx, bench.request(name, market=market), wait=False)
    bench.steps.clear()
    bench.forget_calls()
    return await bench.one(made.id)


async def state_of(bench: Bench, machine: Instance) -> tuple[str, str]:
    request = await spot_request(bench.ctx.session, machine.spot_request_id or "")
    return (request.state, request.status_code) if request else ("", "")


def interrupt(bench: Bench, machine: Instance, action: str | None = None) -> None:
    bench.cloud.control("/demo/interrupt", {"instance": machine.id, **({"action": action} if action else {})})


async def others(bench: Bench, machine: Instance) -> list[Instance]:
    """What AWS has launched in the place of a machine."""
    return [it for it in await bench.named("") if it.spot_request_id == machine.spot_request_id and it.id != machine.id]


async def test_a_persistent_spot_instance_can_be_stopped_and_started(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    assert await state_of(spot, machine) == ("active", "fulfilled")
    (stopped,) = await stop(spot.ctx, [machine.id])
    assert stopped.words == "stopped"
    assert await state_of(spot, machine) == ("disabled", "instance-stopped-by-user")
    (started,) = await start(spot.ctx, [machine.id])
    assert started.is_done
    assert await state_of(spot, machine) == ("active", "fulfilled")


async def test_a_start_soon_after_a_stop_is_tried_again_until_its_request_has_settled(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    spot.cloud.control("/demo/delays", {"stop_seconds": 3600})
    try:
        await stop(spot.ctx, [machine.id], wait=False)
        spot.cloud.control("/demo/clock", {"advance": 3601})
    finally:
        spot.cloud.control("/demo/delays", {"stop_seconds": 0})
    assert (await spot.one(machine.id)).state is State.STOPPED
    starting = asyncio.create_task(start(spot.ctx, [machine.id]))
    while not spot.words("spot"):
        await asyncio.sleep(0.01)
    assert await state_of(spot, machine) == ("active", "marked-for-stop")
    spot.cloud.control("/demo/clock", {"advance": 3601})
    (outcome,) = await starting
    assert outcome.is_done and "trying again" in spot.words("spot")
    assert {step.label for step in spot.steps if step.step == "spot"} == {name}
    codes = [call["code"] for call in spot.calls("StartInstances")]
    assert codes[0] == "IncorrectSpotRequestState" and codes[-1] is None


async def test_a_one_time_spot_instance_is_not_stopped(spot: Bench, name: str) -> None:
    machine = await bought(spot, name, "spot-once")
    assert "one-time" in str((await find_unstoppable(spot.ctx, [machine]))[machine.id])
    (outcome,) = await stop(spot.ctx, [machine.id])
    assert isinstance(outcome.error, StateError) and "only terminated" in outcome.error.summary
    assert spot.calls("StopInstances") == []


async def test_an_instance_of_a_cancelled_request_is_not_stopped(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    said = await cancel_spot_request(spot.ctx, machine.spot_request_id or "")
    assert "runs on, and cannot be stopped any more" in said
    (outcome,) = await stop(spot.ctx, [machine.id])
    assert isinstance(outcome.error, StateError) and "is cancelled" in outcome.error.summary
    assert (spot.calls("StopInstances"), (await spot.one(machine.id)).state) == ([], State.RUNNING)


async def test_find_unstoppable_reads_the_requests_in_one_call(spot: Bench, name: str) -> None:
    machines = [await bought(spot, f"{name}-{number}", "spot-once") for number in range(3)]
    assert len(await find_unstoppable(spot.ctx, machines)) == 3
    assert len(spot.calls("DescribeSpotInstanceRequests")) == 1
    spot.fault("deny", action="DescribeSpotInstanceRequests")
    assert await find_unstoppable(spot.ctx, machines) == {}  # EC2 itself refuses it then


async def test_an_interrupted_instance_is_not_started_and_the_error_says_why(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    interrupt(spot, machine)
    seen = await spot.one(machine.id)
    (outcome,) = await start(spot.ctx, [machine.id])
    assert isinstance(outcome.error, StateError) and f"capacity in {seen.zone}" in outcome.error.remedy
    (rebooted,) = await reboot(spot.ctx, [machine.id])
    with pytest.raises(StateError) as unreached:
        await prepare_connection(spot.ctx, name)
    assert [str(rebooted.error), str(unreached.value)] == [str(outcome.error)] * 2
    assert spot.calls("StartInstances") == []
    request = await find_spot_request(spot.ctx, machine.spot_request_id or "")
    words = interruption_text(seen, request, datetime.now(UTC))
    when = r"(on \d+ \w+ )?at \d\d:\d\d"  # the cloud's clock is put forward here, past midnight at times
    assert re.fullmatch(rf"interrupted by AWS {when}: no capacity in {seen.zone}; AWS will restart it", words)
    spot.cloud.control("/demo/restore", {"instance": machine.id})
    assert (await spot.one(machine.id)).state is State.RUNNING
    assert interruption_text(await spot.one(machine.id), request, datetime.now(UTC)) == ""


async def test_an_interrupted_one_time_instance_is_terminated_and_the_error_says_so(spot: Bench, name: str) -> None:
    machine = await bought(spot, name, "spot-once")
    interrupt(spot, machine)
    (outcome,) = await start(spot.ctx, [machine.id])
    assert f"AWS interrupted {name} ({machine.id}) and terminated it" in str(outcome.error)


async def test_without_capacity_the_error_for_a_spot_instance_offers_no_change_of_type(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    await stop(spot.ctx, [machine.id])
    spot.fault("no-capacity")
    (outcome,) = await start(spot.ctx, [machine.id])
    assert isinstance(outcome.error, CapacityError) and "keeps its type" in outcome.error.remedy


async def test_an_instance_of_an_expired_request_is_not_waited_for(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    await stop(spot.ctx, [machine.id])
    spot.cloud.control("/demo/expire", {"instance": machine.id})
    (outcome,) = await start(spot.ctx, [machine.id])
    assert isinstance(outcome.error, StateError) and "is cancelled" in outcome.error.summary
    assert outcome.error.code == "IncorrectSpotRequestState"
    assert len(spot.calls("StartInstances")) == 1


async def test_terminating_cancels_the_request_first(spot: Bench, name: str) -> None:
    for market in ("spot", "spot-once"):
        machine = await bought(spot, f"{name}-{market}", market)
        (outcome,) = await terminate(spot.ctx, [machine.id], wait=True)
        assert (outcome.words, (await state_of(spot, machine))[0]) == ("terminated", "cancelled")
        calls = [it["action"] for it in spot.cloud.control("/demo/calls", method="GET")]
        assert calls.index("CancelSpotInstanceRequests") < calls.index("TerminateInstances")
        assert await others(spot, machine) == []
        (asked,) = [one for one in await read_spot_requests(spot.ctx) if one.request.id == machine.spot_request_id]
        assert "runs on" not in asked.words and "terminated" in asked.words


async def test_a_stopped_instance_is_terminated_with_its_request(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    await stop(spot.ctx, [machine.id])
    (outcome,) = await terminate(spot.ctx, [machine.id], wait=True)
    assert outcome.is_done and (await spot.one(machine.id)).state is State.TERMINATED
    assert (await state_of(spot, machine))[0] == "cancelled"


async def test_a_refused_termination_says_that_the_request_is_cancelled(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    spot.fault("deny", action="TerminateInstances")
    (outcome,) = await terminate(spot.ctx, [machine.id])
    assert outcome.error is not None and "spot request is cancelled already" in outcome.error.remedy
    assert spot.activity("terminate")[0].remedy == outcome.error.remedy


async def test_a_request_that_outlived_its_instance_is_reported(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    interrupt(spot, machine, "terminate")
    (outcome,) = await terminate(spot.ctx, [machine.id])
    assert f"fe2 get-request {machine.spot_request_id} - cancel" in outcome.words
    assert "AWS launches nothing" in await cancel_spot_request(spot.ctx, machine.spot_request_id or "")
    (again,) = await terminate(spot.ctx, [machine.id])
    assert again.words == "is terminated already"


async def test_cancelling_never_terminates_a_stopped_machine_by_surprise(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    request = machine.spot_request_id or ""
    await stop(spot.ctx, [machine.id])
    with pytest.raises(StateError, match=f"{name} is stopped: cancelling its request {request} would terminate it"):
        await cancel_spot_request(spot.ctx, request)
    assert await state_of(spot, machine) == ("disabled", "instance-stopped-by-user")
    assert "AWS terminates" in await cancel_spot_request(spot.ctx, request, terminate=True)
    assert (await spot.one(machine.id)).state is State.TERMINATED
    assert await state_of(spot, machine) == ("cancelled", "instance-terminated-by-service")
    assert await cancel_spot_request(spot.ctx, request) == f"{request} is cancelled already"
    (entry,) = spot.activity("cancel request")[:1]
    assert (entry.result, entry.subject, entry.label) == ("done", machine.id, name)


async def test_requests_are_listed_with_their_instances_live_ones_first(spot: Bench, name: str) -> None:
    ended, alive = await bought(spot, f"{name}-ended"), await bought(spot, f"{name}-alive")
    await terminate(spot.ctx, [ended.id], wait=True)
    found = await read_spot_requests(spot.ctx)
    by_id = {one.request.id: one for one in found}
    assert repr(by_id[alive.spot_request_id or ""]) == (
        f"{alive.spot_request_id} (persistent active): {name}-alive ({alive.id} running)"
    )
    states = [one.request.state in ("open", "active", "disabled") for one in found]
    assert states == sorted(states, reverse=True) and {True, False} <= set(states)
    instance, request_id = await find_spot_instance(spot.ctx, f"{name}-alive")
    assert (instance.id, request_id) == (alive.id, alive.spot_request_id)


async def test_an_instance_without_a_request_is_an_error(spot: Bench, name: str) -> None:
    await launch(spot.ctx, spot.request(name), wait=False)
    with pytest.raises(NotFoundError, match="is on-demand, and has no spot request"):
        await find_spot_instance(spot.ctx, name)
    for wrong in ("sir-00000000", "i-0123456789abcdef0", "base"):
        with pytest.raises(NotFoundError, match=wrong):
            await find_spot_request(spot.ctx, wrong)
    with pytest.raises(UsageError):
        await cancel_spot_request(spot.ctx, " ")


async def test_a_request_is_waited_for_until_it_has_its_instance(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    request = machine.spot_request_id or ""
    assert (await wait_until_fulfilled(spot.ctx, request)).instance_id == machine.id
    interrupt(spot, machine, "terminate")
    with pytest.raises(CapacityError, match="no capacity in us-east-2") as late:
        await wait_until_fulfilled(spot.ctx, request, timeout=0)
    assert late.value.code == "instance-terminated-no-capacity"
    spot.cloud.control("/demo/restore", {"instance": machine.id})
    other = await wait_until_fulfilled(spot.ctx, request)
    assert other.instance_id != machine.id
    await cancel_spot_request(spot.ctx, request)
    with pytest.raises(StateError, match="gets no instance any more"):
        await wait_until_fulfilled(spot.ctx, request, timeout=0)


@pytest.mark.parametrize("code", ["bad-parameters", "constraint-not-fulfillable"])
async def test_a_request_that_no_waiting_can_fulfil_is_not_waited_for(
    spot: Bench, name: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await find_spot_request(spot.ctx, (await bought(spot, name)).spot_request_id or "")
    held = replace(request, state="open", status_code=code, instance_id=None)

    async def read(session: Session, request_id: str) -> SpotRequest:
        return held

    monkeypatch.setattr(spot_requests, "spot_request", read)  # the demo's requests do not get into this state
    with pytest.raises(StateError, match="gets no instance any more") as caught:
        await wait_until_fulfilled(spot.ctx, request.id)
    assert caught.value.code == code


async def test_a_denied_cancellation_is_an_error(spot: Bench, name: str) -> None:
    machine = await bought(spot, name)
    spot.fault("deny", action="CancelSpotInstanceRequests")
    with pytest.raises(AwsError, match="ec2:CancelSpotInstanceRequests"):
        await cancel_spot_request(spot.ctx, machine.spot_request_id or "")
    assert spot.activity("cancel request")[0].result == "failed"
