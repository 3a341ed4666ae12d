"""A freeze whose process is killed is found again by the next start, watched to its end, and never made twice."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fe2tui.aws import images as aws
from fe2tui.aws import instances
from fe2tui.demo import Cloud
from fe2tui.errors import StateError
from fe2tui.model.freeze import FreezeIntent
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, State
from fe2tui.tasks.freeze import freeze, open_freezes, watch_freeze
from fe2tui.tasks.launch import launch, recover_launches
from fe2tui.tasks.names import find_instance
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import QUICK, Bench

FREEZER = """
import asyncio, sys
from fe2tui import settings
from fe2tui.aws.session import Choice, Session
from fe2tui.store import open_store
from fe2tui.tasks.context import Context, Pace
from fe2tui.tasks.freeze import freeze

async def main():
    async with Session(Choice()) as session:
        report = lambda it: print(it.step, flush=True)
        ctx = Context(session, open_store(), settings.load(), report, by="the killed one", pace=Pace(poll=0.1))
        await freeze(ctx, sys.argv[1], way=sys.argv[2])
        print("returned", flush=True)

asyncio.run(main())
"""


def _killed_at(step: str, after: float, instance_id: str, way: str) -> None:
    """A process that freezes, killed ``after`` seconds from when it has reported a step."""
    child = subprocess.Popen(
        [sys.executable, "-c", FREEZER, instance_id, way], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert child.stdout is not None
    said = []
    for line in child.stdout:
        said.append(line.strip())
        if said[-1] == step:
            break
    time.sleep(after)  # a moment inside the step: nothing else tells of it
    child.kill()
    said += [line.strip() for line in child.stdout]
    child.wait()
    child.stdout.close()
    assert step in said


async def _made_of(bench: Bench, instance_id: str) -> list[Image]:
    return [one for one in await aws.own_images(bench.ctx.session) if one.made_from == instance_id]


async def _until(bench: Bench, instance_id: str, *states: State) -> Instance:
    return (await instances.wait_for_states(bench.ctx.session, [instance_id], states, interval=0.05, timeout=20))[
        instance_id
    ]


@pytest.mark.parametrize(
    ("step", "after"),
    [("name", 0.0), ("requested", 0.0), ("requested", 0.3), ("requested", 0.75), ("image", 0.0), ("ready", 0.0)],
)
async def test_a_freeze_killed_at_any_moment_is_found_and_never_requested_twice(
    fresh_cloud: Callable[..., Cloud], begin: Begin, step: str, after: float
) -> None:
    bench = await begin(fresh_cloud(stop_seconds=0.4), replace(QUICK, max_poll=0.2, settle=0.5))
    base = await find_instance(bench.ctx, "base")
    bench.fault("slow", action="CreateImage", seconds=0.5, times=1)
    _killed_at(step, after, base.id, "reboot")
    await recover_launches(bench.ctx)
    for found in await open_freezes(bench.ctx):
        try:
            assert (await watch_freeze(bench.ctx, found)).state == "available"
        except StateError as error:
            assert "never created" in error.summary
    made = await _made_of(bench, base.id)
    assert len(made) <= 1
    assert await open_freezes(bench.ctx) == []
    (entry,) = bench.activity("freeze")
    assert entry.by == "the killed one" and entry.result != "running"
    assert (entry.result == "done") is bool(made)


@pytest.mark.parametrize(("step", "after"), [("stopping", 0.2), ("requested", 0.0), ("image", 0.0)])
async def test_an_instance_stopped_for_its_image_is_started_by_the_next_start(
    fresh_cloud: Callable[..., Cloud], begin: Begin, step: str, after: float
) -> None:
    bench = await begin(fresh_cloud(), replace(QUICK, max_poll=0.2, settle=0.3))
    base = await find_instance(bench.ctx, "base")
    bench.cloud.control("/demo/delays", {"stop_seconds": 1.0})
    if step == "image":
        bench.fault("deny", action="DescribeSnapshots", times=2)  # or it would be started again before we look
        bench.fault("refuse", action="StartInstances", times=5, code="InternalError", status=500)
    _killed_at(step, after, base.id, "stop")
    bench.cloud.control("/demo/faults", method="DELETE")
    (found,) = await open_freezes(bench.ctx)
    outcome = (await asyncio.gather(watch_freeze(bench.ctx, found), return_exceptions=True))[0]
    assert (await _until(bench, base.id, State.RUNNING)).state is State.RUNNING
    assert isinstance(outcome, Image) is bool(await _made_of(bench, base.id))
    assert await open_freezes(bench.ctx) == []


def _left_open(bench: Bench, instance: Instance, **changes: object) -> FreezeIntent:
    """An intent as a killed process leaves it."""
    place = bench.ctx.session.location
    intent = FreezeIntent(
        token=f"left by {instance.id}",
        name=f"{instance.name}-left",
        instance_id=instance.id,
        label=instance.label,
        way="stop",
        region=place.region,
        profile=place.profile,
        endpoint=place.endpoint,
        created_at=bench.ctx.clock() - timedelta(hours=2),
        asked_at=bench.ctx.clock() - timedelta(hours=2),
    )
    intent = replace(intent, **changes)  # type: ignore[arg-type]
    bench.ctx.store.freezes.add(intent)
    bench.ctx.store.freezes.release(intent.token)
    return intent


async def test_an_instance_that_a_person_stopped_since_stays_stopped(bench: Bench, name: str) -> None:
    machine = await launch(bench.ctx, bench.request(name), wait=False)
    await instances.stop_instances(bench.ctx.session, [machine.id])
    await _until(bench, machine.id, State.STOPPED)
    _left_open(bench, machine, restart=True, stopped_at=bench.ctx.clock() - timedelta(hours=2))
    (found,) = await open_freezes(bench.ctx)
    with pytest.raises(StateError, match="never created") as caught:
        await watch_freeze(bench.ctx, found)
    assert "was stopped again since" in caught.value.remedy
    assert (await bench.one(machine.id)).state is State.STOPPED


async def test_an_instance_that_cannot_be_started_now_is_left_to_the_next_start(
    cloud: Cloud, begin: Begin, name: str
) -> None:
    bench = await begin(cloud, first_retry_wait=0.01)
    machine = await launch(bench.ctx, bench.request(name), wait=False)
    await instances.stop_instances(bench.ctx.session, [machine.id])
    await _until(bench, machine.id, State.STOPPED)
    _left_open(bench, machine, restart=True, stopped_at=bench.ctx.clock())
    for times in (5, 0):
        if times:
            bench.fault("throttle", action="StartInstances", times=times)
        (found,) = await open_freezes(bench.ctx)
        with pytest.raises(StateError, match="never created"):
            await watch_freeze(bench.ctx, found)
    assert (await _until(bench, machine.id, State.RUNNING)).state is State.RUNNING
    assert await open_freezes(bench.ctx) == []


async def test_a_freeze_in_another_region_is_watched_there(bench: Bench) -> None:
    west = await bench.ctx.session.with_region("us-west-2")
    (machine, *_) = [it for it in await instances.describe_instances(west) if it.state is State.RUNNING]
    tags = {"Name": "from-ohio"}
    image_id = await aws.create_image(west, machine.id, "from-ohio", tags=tags, snapshot_tags=tags, no_reboot=True)
    await west.close()
    _left_open(bench, machine, name="from-ohio", region="us-west-2", stage="pending", image_id=image_id)
    (found,) = await open_freezes(bench.ctx)
    assert (await watch_freeze(bench.ctx, found)).id == image_id
    async with await bench.ctx.session.with_region("us-west-2") as west:
        await aws.deregister_image(west, image_id)


async def test_an_unknown_result_is_left_to_the_next_start(bench: Bench, name: str) -> None:
    machine = await launch(bench.ctx, bench.request(name), wait=False)
    _left_open(bench, machine)
    (found,) = await open_freezes(bench.ctx)
    bench.fault("deny", action="DescribeImages")
    with pytest.raises(Exception, match="permission"):
        await watch_freeze(bench.ctx, found)
    bench.cloud.control("/demo/faults", method="DELETE")
    (found,) = await open_freezes(bench.ctx)
    with pytest.raises(StateError, match="never created"):
        await watch_freeze(bench.ctx, found)


async def test_two_freezes_of_one_name_create_one_image(bench: Bench, name: str) -> None:
    machine = await launch(bench.ctx, bench.request(name), wait=False)
    results = await asyncio.gather(
        freeze(bench.ctx, machine.id, name, way="no-reboot"),
        freeze(bench.ctx, machine.id, name, way="no-reboot"),
        return_exceptions=True,
    )
    made = [one for one in results if isinstance(one, Image)]
    assert len(await _made_of(bench, machine.id)) == 1 and len(made) >= 1
