"""A freeze that is cancelled after its instance was stopped: the instance runs again before the command ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from fe2tui.aws import instances
from fe2tui.demo import Cloud
from fe2tui.errors import StateError
from fe2tui.model.instance import Instance, State
from fe2tui.model.progress import Progress
from fe2tui.tasks.freeze import freeze, open_freezes, watch_freeze
from fe2tui.tasks.names import find_instance
from tests.hold import Hold
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import QUICK, Bench

PATIENT = replace(QUICK, max_poll=0.2)


async def _cancelled_in_the_call(bench: Bench, machine: Instance, *, refused: bool = False) -> None:
    """A freeze with a stop first, cancelled while CreateImage has no answer yet. ``refused``: the answer is no."""
    hold = None if refused else Hold(bench.cloud, "CreateImage", times=1)
    if refused:
        bench.fault("deny", action="CreateImage", seconds=1.5, times=1)
    working = asyncio.create_task(freeze(bench.ctx, machine.id, way="stop"))
    while not bench.calls("CreateImage"):
        await asyncio.sleep(0.02)
    working.cancel()
    if hold is not None:
        hold.release()
    with pytest.raises(asyncio.CancelledError):
        await working


async def _cancelled_at(bench: Bench, step: str, machine: Instance, times: int = 1) -> None:
    """A freeze with a stop first, cancelled so many times from when it has reported a step."""
    reached = asyncio.Event()

    def report(progress: Progress) -> None:
        bench.steps.append(progress)
        if progress.step == step:
            reached.set()

    working = asyncio.create_task(freeze(replace(bench.ctx, report=report), machine.id, way="stop"))
    async with asyncio.timeout(30):
        for _ in range(times):
            await reached.wait()
            reached.clear()
            step = "start"
            working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


async def _running(bench: Bench, machine: Instance) -> bool:
    return (await bench.one(machine.id)).state in (State.PENDING, State.RUNNING)


async def test_a_cancellation_during_the_stop_starts_the_instance_again(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud(), PATIENT)
    base = await find_instance(bench.ctx, "base")
    bench.cloud.control("/demo/delays", {"stop_seconds": 1.0})
    await _cancelled_at(bench, "stopping", base)
    assert await _running(bench, base)
    assert bench.calls("CreateImage") == []
    assert "base was stopped for the image: starting it again" in bench.words("start")
    (entry,) = bench.activity("freeze")
    assert entry.result == "cancelled"
    assert entry.words == "Cancelled. No image was created. base is being started again."
    assert await open_freezes(bench.ctx) == [], "nothing is left to the next start"


async def test_a_cancellation_while_the_image_is_pending_starts_the_instance_again(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud(), PATIENT)
    base = await find_instance(bench.ctx, "base")
    bench.cloud.control("/demo/delays", {"stop_seconds": 1.0})
    await _cancelled_in_the_call(bench, base)
    assert await _running(bench, base)
    (entry,) = bench.activity("freeze")
    assert "AWS goes on creating base-2" in entry.words and "base is being started again" in entry.words
    assert "is stopped for it" not in entry.words
    (found,) = await open_freezes(bench.ctx)
    assert not found.intent.restart
    assert (await watch_freeze(bench.ctx, found)).name == "base-2"


async def test_a_cancellation_while_aws_refuses_the_image_starts_the_instance_again(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud(), PATIENT)
    base = await find_instance(bench.ctx, "base")
    await _cancelled_in_the_call(bench, base, refused=True)
    assert await _running(bench, base)
    assert await open_freezes(bench.ctx) == []


async def test_after_a_second_cancellation_the_next_start_starts_the_instance(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud(), PATIENT)
    base = await find_instance(bench.ctx, "base")
    bench.cloud.control("/demo/delays", {"stop_seconds": 2.0})
    await _cancelled_at(bench, "stopping", base, times=2)
    (entry,) = bench.activity("freeze")
    assert "base is stopped for it: the next start of this program starts it again" in entry.words
    await instances.wait_for_states(bench.ctx.session, [base.id], [State.STOPPED], interval=0.1, timeout=30)
    bench.forget_calls()
    (found,) = await open_freezes(bench.ctx)
    with pytest.raises(StateError, match="never created: the program ended before it was requested") as caught:
        await watch_freeze(bench.ctx, found)
    assert "base is being started again." in caught.value.remedy
    assert bench.calls("DescribeImages") == []
    assert await _running(bench, base)
