"""Start, stop and reboot: one call for many, an outcome for each."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from fe2tui.demo import Cloud
from fe2tui.errors import (
    CapacityError,
    DeniedError,
    NotFoundError,
    StateError,
    UnknownResultError,
    UnreachableError,
    UsageError,
)
from fe2tui.model.instance import Instance, State
from fe2tui.tasks.connect import prepare_connection
from fe2tui.tasks.context import Pace
from fe2tui.tasks.launch import launch
from fe2tui.tasks.names import find_instance
from fe2tui.tasks.power import find_unstoppable, reboot, start, stop
from fe2tui.tasks.terminate import terminate
from fe2tui.tasks.unfinished import settle_unfinished
from tests.hold import Hold
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import Bench, run_ssh


async def _machines(bench: Bench, name: str, count: int) -> list[str]:
    made = [await launch(bench.ctx, bench.request(f"{name}-{number}"), wait=False) for number in range(count)]
    bench.steps.clear()
    bench.forget_calls()
    return [it.id for it in made]


async def test_stop_and_start_wait_for_the_state(bench: Bench, name: str) -> None:
    ids = await _machines(bench, name, 1)
    (stopped,) = await stop(bench.ctx, ids)
    assert (stopped.is_done, stopped.words, (await bench.one(ids[0])).state) == (True, "stopped", State.STOPPED)
    bench.steps.clear()
    (started,) = await start(bench.ctx, ids)
    assert started.is_done and "can log in" in started.words
    assert bench.path == ["requested", "running", "ssh answers", "ready"]
    assert [(it.command, it.result) for it in bench.ctx.store.activity.recent(2)] == [
        ("start", "done"),
        ("stop", "done"),
    ]


async def test_a_started_machine_has_its_disk_and_host_key_back(bench: Bench, name: str) -> None:
    ids = await _machines(bench, name, 1)
    await stop(bench.ctx, ids)
    await start(bench.ctx, ids)
    assert run_ssh(await prepare_connection(bench.ctx, f"{name}-0"), "echo kept > file").returncode == 0
    await stop(bench.ctx, ids)
    await start(bench.ctx, ids)
    assert run_ssh(await prepare_connection(bench.ctx, f"{name}-0"), "cat file").stdout == "kept\n"


async def test_many_instances_are_one_call_and_one_read_at_a_time(bench: Bench, name: str) -> None:
    ids = await _machines(bench, name, 3)
    outcomes = await stop(bench.ctx, ids)
    assert [it.subject for it in outcomes] == ids and all(it.is_done for it in outcomes)
    assert len(bench.calls("StopInstances")) == 1
    assert len(await start(bench.ctx, ids)) == 3
    assert len(bench.calls("StartInstances")) == 1


async def test_one_refused_instance_does_not_affect_the_others(bench: Bench, name: str) -> None:
    ids = await _machines(bench, name, 2)
    unknown = "i-0123456789abcdef0"
    one_time = (await find_instance(bench.ctx, "spot1")).id
    first, missing, spot, last = await stop(bench.ctx, [ids[0], unknown, one_time, ids[1]])
    assert first.is_done and last.is_done
    assert isinstance(missing.error, NotFoundError) and missing.label == unknown
    assert isinstance(spot.error, StateError) and spot.label == "spot1"


async def test_a_refused_batch_is_sent_one_by_one(bench: Bench, name: str) -> None:
    ids = await _machines(bench, name, 2)
    bench.fault("refuse", action="StopInstances", code="IncorrectInstanceState", message="no", status=400, times=2)
    outcomes = await stop(bench.ctx, ids)
    assert sorted(it.is_done for it in outcomes) == [False, True]
    assert len(bench.calls("StopInstances")) == 3


async def test_a_denied_batch_is_sent_once(bench: Bench, name: str) -> None:
    ids = await _machines(bench, name, 2)
    bench.fault("deny", action="StopInstances")
    outcomes = await stop(bench.ctx, ids)
    assert all(isinstance(it.error, DeniedError) for it in outcomes)
    assert len(bench.calls("StopInstances")) == 1
    assert [it.result for it in bench.activity("stop")] == ["failed", "failed"]


POWER = {"StopInstances": stop, "StartInstances": start, "TerminateInstances": terminate, "RebootInstances": reboot}


async def before_change(bench: Bench, name: str, action: str) -> Instance:
    """A new machine that is in the state in which the call changes it."""
    made = await launch(bench.ctx, bench.request(name), wait=False)
    if action == "StartInstances":
        await stop(bench.ctx, [made.id])
    return await bench.one(made.id)


@pytest.mark.parametrize("kind", ["broken", "malformed"])
@pytest.mark.parametrize("action", ["StopInstances", "StartInstances", "TerminateInstances"])
async def test_a_change_that_was_made_without_an_answer_is_done(
    cloud: Cloud, begin: Begin, name: str, action: str, kind: str
) -> None:
    bench = await begin(cloud, first_retry_wait=0.01)
    machine = await before_change(bench, name, action)
    bench.fault(kind, action=action)
    try:
        (outcome,) = await POWER[action](bench.ctx, [machine.id], wait=False)
    finally:
        cloud.control("/demo/faults", method="DELETE")
    assert outcome.error is None and outcome.words.endswith("ing")
    assert (await bench.one(machine.id)).state is not machine.state


@pytest.mark.parametrize("action", ["StopInstances", "StartInstances", "TerminateInstances"])
async def test_a_change_that_aws_never_received_is_said_not_to_be_made(
    cloud: Cloud, begin: Begin, name: str, action: str
) -> None:
    bench = await begin(cloud, read_timeout=0.3)
    machine = await before_change(bench, name, action)
    bench.fault("silent", action=action)
    try:
        (outcome,) = await POWER[action](bench.ctx, [machine.id], wait=False)
    finally:
        cloud.control("/demo/faults", method="DELETE")
    assert isinstance(outcome.error, UnreachableError) and not isinstance(outcome.error, UnknownResultError)
    assert f"{name} is {machine.state} still." in outcome.error.remedy


@pytest.mark.parametrize("action", POWER)
async def test_a_change_whose_result_cannot_be_looked_up_is_unknown(
    cloud: Cloud, begin: Begin, name: str, action: str
) -> None:
    bench = await begin(cloud, first_retry_wait=0.01)
    machine = await before_change(bench, name, action)
    bench.fault("broken", action=action)
    bench.fault("deny", action="DescribeInstances")
    try:
        (outcome,) = await POWER[action](bench.ctx, [machine.id], wait=False, known={machine.id: machine})
    finally:
        cloud.control("/demo/faults", method="DELETE")
    assert isinstance(outcome.error, UnknownResultError)
    assert outcome.error.summary.startswith(f"We don't know whether {name} is ")
    command = action.removesuffix("Instances").lower()
    assert bench.activity(command)[0].result == "unknown"


async def test_stopping_a_one_time_spot_is_explained_and_not_sent(bench: Bench) -> None:
    bench.forget_calls()
    (outcome,) = await stop(bench.ctx, [(await find_instance(bench.ctx, "spot1")).id])
    assert outcome.error is not None and "cannot be stopped, only terminated" in outcome.error.summary
    assert bench.calls("StopInstances") == []


async def test_nothing_is_sent_for_an_instance_in_the_wanted_state(bench: Bench) -> None:
    bench.forget_calls()
    (running,) = await start(bench.ctx, [(await find_instance(bench.ctx, "base")).id])
    (stopped,) = await stop(bench.ctx, [(await find_instance(bench.ctx, "od1")).id])
    assert (running.words, stopped.words) == ("is running already", "is stopped already")
    assert bench.calls("StartInstances") == bench.calls("StopInstances") == []


async def test_only_aws_restarts_an_interrupted_instance(bench: Bench) -> None:
    (outcome,) = await start(bench.ctx, [(await find_instance(bench.ctx, "nightly-etl")).id])
    assert isinstance(outcome.error, StateError)
    assert "only AWS can start it" in outcome.error.summary and "us-east-2b" in outcome.error.remedy


async def test_no_capacity_on_start_says_what_can_be_done(bench: Bench, name: str) -> None:
    ids = await _machines(bench, name, 1)
    await stop(bench.ctx, ids)
    bench.fault("no-capacity")
    (outcome,) = await start(bench.ctx, ids)
    assert isinstance(outcome.error, CapacityError) and outcome.error.remedy
    words = rf"AWS has no t3\.micro in us-east-2[abc] right now: {name}-0 stays stopped\."
    assert re.fullmatch(words, outcome.error.summary)
    assert (await bench.one(ids[0])).state is State.STOPPED


async def test_a_spot_request_that_is_not_ready_for_a_start_is_tried_again(bench: Bench, name: str) -> None:
    ids = await _machines(bench, name, 1)
    await stop(bench.ctx, ids)
    bench.fault("refuse", action="StartInstances", code="IncorrectSpotRequestState", message="", status=400, times=3)
    bench.forget_calls()
    (outcome,) = await start(bench.ctx, ids)
    assert outcome.is_done and len(bench.calls("StartInstances")) == 4
    assert "trying again" in bench.words("spot")


async def test_a_spot_request_that_is_not_ready_in_time_is_an_error(bench: Bench, name: str) -> None:
    ids = await _machines(bench, name, 1)
    await stop(bench.ctx, ids)
    bench.ctx.pace = Pace(spot=0.3, spot_poll=0.1)
    bench.fault("refuse", action="StartInstances", code="IncorrectSpotRequestState", message="", status=400)
    (outcome,) = await start(bench.ctx, ids)
    assert outcome.error is not None and outcome.error.code == "IncorrectSpotRequestState"


async def test_a_stopping_instance_is_waited_for_and_then_started(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False, stop_seconds=1.0))  # type: ignore[misc]
    ids = await _machines(bench, name, 1)
    await stop(bench.ctx, ids, wait=False)
    (refused,) = await start(bench.ctx, ids, wait=False)
    assert isinstance(refused.error, StateError) and "is stopping, and cannot be started yet" in refused.error.summary
    (started,) = await start(bench.ctx, ids)
    assert started.is_done and "still stopping" in bench.words("stopping")


async def test_without_waiting_a_stop_returns_at_once(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False, stop_seconds=60))  # type: ignore[misc]
    ids = await _machines(bench, name, 1)
    async with asyncio.timeout(5):
        (outcome,) = await stop(bench.ctx, ids, wait=False)
    assert (outcome.words, (await bench.one(ids[0])).state) == ("stopping", State.STOPPING)


async def test_force_is_passed_on(bench: Bench, name: str) -> None:
    ids = await _machines(bench, name, 2)
    await stop(bench.ctx, ids[:1])
    await stop(bench.ctx, ids[1:], force=True)
    plain, forced = (it["params"].get("Force", "false") for it in bench.calls("StopInstances"))
    assert (str(plain).lower(), str(forced).lower()) == ("false", "true")


async def test_a_reboot_ends_when_ssh_answers_again(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False), Pace(poll=0.1))  # type: ignore[misc]
    (one,) = await _machines(bench, name, 1)
    await start(bench.ctx, [one])
    bench.cloud.control("/demo/delays", {"ssh_seconds": 1.5})
    before = asyncio.get_running_loop().time()
    (outcome,) = await reboot(bench.ctx, [one])
    assert outcome.is_done and asyncio.get_running_loop().time() - before >= 1.4
    assert bench.path[-3:] == ["down", "ssh answers", "ready"]


async def test_only_a_running_instance_reboots(bench: Bench) -> None:
    (outcome,) = await reboot(bench.ctx, [(await find_instance(bench.ctx, "od1")).id])
    assert isinstance(outcome.error, StateError)


async def test_a_cancelled_wait_says_that_aws_had_accepted_it(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False, stop_seconds=60))  # type: ignore[misc]
    ids = await _machines(bench, name, 1)
    working = asyncio.create_task(stop(bench.ctx, ids))
    while "requested" not in bench.path:
        await asyncio.sleep(0.01)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    (entry,) = bench.activity("stop")
    assert entry.result == "cancelled" and "it is stopping" in entry.words


@pytest.mark.parametrize("is_answered", [False, True])
async def test_a_change_cancelled_before_its_answer_is_looked_up_by_the_next_command(
    bench: Bench, name: str, is_answered: bool
) -> None:
    (one,) = await _machines(bench, name, 1)
    bench.ctx.pace = replace(bench.ctx.pace, completion=3.0 if is_answered else 0.1)
    hold = Hold(bench.cloud, "StopInstances", times=1)
    working = asyncio.create_task(stop(bench.ctx, [one], wait=False))
    await hold.until_held()
    working.cancel()
    if is_answered:
        await asyncio.sleep(0)  # the cancellation comes first
        hold.release()
    with pytest.raises(asyncio.CancelledError):
        await working
    hold.release()
    (entry,) = bench.activity("stop")
    if is_answered:
        assert (entry.result, entry.words) == ("cancelled", "Cancelled. AWS had accepted it: it is stopping.")
        return
    assert entry.result == "unknown" and "the next command looks up the result" in entry.words
    while (await bench.one(one)).state is not State.STOPPED:
        await asyncio.sleep(0.05)
    label = f"{name}-0"
    found = [outcome.words async for outcome in settle_unfinished(bench.ctx)]
    assert found == [f"The result of an earlier stop of {label} was not known: {label} is stopped now."]
    assert bench.activity("stop")[0].result == "done"
    assert [outcome async for outcome in settle_unfinished(bench.ctx)] == [], "it is said once"


@pytest.mark.parametrize("ids", [[], [""], ["i-0123456789abcdef0", " "]])
async def test_no_name_is_an_error_and_never_all(bench: Bench, ids: list[str]) -> None:
    bench.forget_calls()
    for act in (start, stop, reboot):
        with pytest.raises(UsageError):
            await act(bench.ctx, ids)
    assert bench.cloud.control("/demo/calls", method="GET") == []


async def test_find_unstoppable_returns_the_reasons(bench: Bench) -> None:
    base, stopped, one_time = [await find_instance(bench.ctx, name) for name in ("base", "od1", "spot1")]
    left = await find_unstoppable(bench.ctx, [base, stopped, one_time])
    assert set(left) == {stopped.id, one_time.id}
    assert left[stopped.id] == "is stopped already"
    assert "one-time spot" in str(left[one_time.id])


async def test_starting_a_pending_instance_waits_until_ssh_answers(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False, boot_seconds=0.5))  # type: ignore[misc]
    (machine,) = await _machines(bench, name, 1)
    assert (await bench.one(machine)).state is State.PENDING
    (unwaited,) = await start(bench.ctx, [machine], wait=False)
    assert unwaited.words == "is pending already"
    (started,) = await start(bench.ctx, [machine])
    assert started.is_done and "can log in" in started.words
    assert bench.calls("StartInstances") == []
