"""One check of open freezes: what a single command can settle without waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fe2tui.aws import images as aws
from fe2tui.aws import instances
from fe2tui.demo import Cloud
from fe2tui.errors import NotFoundError, StateError
from fe2tui.model.freeze import FreezeIntent
from fe2tui.model.instance import Instance, State
from fe2tui.tasks.context import Context
from fe2tui.tasks.freeze import freeze, open_freezes
from fe2tui.tasks.freeze_watch import check_open_freezes
from fe2tui.tasks.names import find_instance
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import QUICK, Bench


@pytest.fixture
async def slow(fresh_cloud: Callable[..., Cloud], begin: Begin) -> Bench:
    """On a cloud where images stay pending until its clock is moved on."""
    return await begin(fresh_cloud(stop_seconds=600), QUICK)


def later(bench: Bench) -> None:
    bench.cloud.control("/demo/clock", {"advance": 3600})


def minutes_later(bench: Bench) -> Context:
    clock = bench.ctx.clock
    return replace(bench.ctx, clock=lambda: clock() + timedelta(minutes=6))


async def still_open(bench: Bench) -> list[str]:
    found = await open_freezes(bench.ctx)
    for one in found:
        bench.ctx.store.freezes.release(one.intent.token)
    return [one.name for one in found]


def intent_of(bench: Bench, machine: Instance, name: str) -> FreezeIntent:
    place = bench.ctx.session.location
    return FreezeIntent(
        token=f"token-{name}",
        name=name,
        instance_id=machine.id,
        label=machine.label,
        way="stop",
        region=place.region,
        profile=place.profile,
        endpoint=place.endpoint,
        created_at=bench.ctx.clock(),
        asked_at=bench.ctx.clock(),
        volume_count=len(machine.attachments),
    )


async def test_a_pending_image_is_not_waited_for_and_its_end_is_reported_once(slow: Bench) -> None:
    image = await freeze(slow.ctx, (await find_instance(slow.ctx, "base")).id, wait=False)
    assert await check_open_freezes(slow.ctx) == []
    assert await still_open(slow) == [image.name]
    later(slow)
    (outcome,) = await check_open_freezes(slow.ctx)
    assert outcome.is_done and outcome.words == f"The image {image.name} ({image.id}) is ready."
    assert await check_open_freezes(slow.ctx) == []
    assert await still_open(slow) == []


async def test_an_excluded_image_is_not_checked(slow: Bench) -> None:
    image = await freeze(slow.ctx, (await find_instance(slow.ctx, "base")).id, wait=False)
    later(slow)
    assert await check_open_freezes(slow.ctx, except_image_id=image.id) == []
    assert await still_open(slow) == [image.name]


async def test_the_reason_of_a_failure_is_reported_once(slow: Bench) -> None:
    slow.fault("fail-image", name="base-2", code="Client.VolumeError", message="The disk could not be read")
    await freeze(slow.ctx, (await find_instance(slow.ctx, "base")).id, wait=False)
    later(slow)
    (outcome,) = await check_open_freezes(slow.ctx)
    assert isinstance(outcome.error, StateError) and "The disk could not be read" in outcome.words
    assert await check_open_freezes(slow.ctx) == []


async def test_a_deregistered_image_is_reported_without_a_wait(slow: Bench) -> None:
    image = await freeze(slow.ctx, (await find_instance(slow.ctx, "base")).id, wait=False)
    await aws.deregister_image(slow.ctx.session, image.id)
    assert await check_open_freezes(slow.ctx) == [], "EC2 may not show it yet"
    (outcome,) = await check_open_freezes(minutes_later(slow))
    assert isinstance(outcome.error, NotFoundError)
    assert await still_open(slow) == []


async def test_an_instance_stopped_for_its_image_is_started_again_while_the_image_is_pending(slow: Bench) -> None:
    slow.cloud.control("/demo/delays", {"stop_seconds": 0})
    machine = await find_instance(slow.ctx, "base")
    await instances.stop_instances(slow.ctx.session, [machine.id])
    await instances.wait_for_states(slow.ctx.session, [machine.id], [State.STOPPED], interval=0.1, timeout=30)
    slow.cloud.control("/demo/delays", {"stop_seconds": 600})
    intent = intent_of(slow, machine, "mine")
    slow.ctx.store.freezes.add(intent)
    slow.ctx.store.freezes.record_stop(intent.token, slow.ctx.clock())
    tags = {"Name": "mine"}
    image_id = await aws.create_image(
        slow.ctx.session, machine.id, "mine", tags=tags, snapshot_tags=tags, no_reboot=False
    )
    slow.ctx.store.freezes.release(intent.token)  # its program was killed before it knew

    (outcome,) = await check_open_freezes(slow.ctx)
    assert outcome.is_done and outcome.words == "base is being started again."
    assert (await slow.one(machine.id)).state in (State.PENDING, State.RUNNING)
    assert await check_open_freezes(slow.ctx) == []
    assert await still_open(slow) == ["mine"]
    later(slow)
    (ended,) = await check_open_freezes(slow.ctx)
    assert ended.words == f"The image mine ({image_id}) is ready."


async def test_a_request_that_aws_never_received_is_given_up_after_some_minutes(slow: Bench) -> None:
    machine = await find_instance(slow.ctx, "base")
    intent = intent_of(slow, machine, "mine")
    slow.ctx.store.freezes.add(intent)
    slow.ctx.store.freezes.release(intent.token)
    assert await check_open_freezes(slow.ctx) == []
    assert await still_open(slow) == ["mine"]
    (outcome,) = await check_open_freezes(minutes_later(slow))
    assert isinstance(outcome.error, StateError) and "was never created" in outcome.words
    assert await still_open(slow) == []


async def test_a_read_only_session_checks_nothing(slow: Bench) -> None:
    await freeze(slow.ctx, (await find_instance(slow.ctx, "base")).id, wait=False)
    later(slow)
    session = slow.ctx.session
    reading = type(session)(replace(session.choice, read_only=True))
    assert await check_open_freezes(replace(slow.ctx, session=reading)) == []
    assert await still_open(slow) == ["base-2"]


async def test_an_instance_whose_image_was_never_requested_is_started_by_the_first_check(slow: Bench) -> None:
    slow.cloud.control("/demo/delays", {"stop_seconds": 0})
    machine = await find_instance(slow.ctx, "base")
    intent = replace(intent_of(slow, machine, "mine"), asked_at=None)
    slow.ctx.store.freezes.add(intent)
    slow.ctx.store.freezes.record_stop(intent.token, slow.ctx.clock())
    await instances.stop_instances(slow.ctx.session, [machine.id])
    await instances.wait_for_states(slow.ctx.session, [machine.id], [State.STOPPED], interval=0.1, timeout=30)
    slow.ctx.store.freezes.release(intent.token)
    slow.forget_calls()
    (outcome,) = await check_open_freezes(slow.ctx, unsettled_only=True)
    assert isinstance(outcome.error, StateError) and "ended before it was requested" in outcome.words
    assert outcome.error.remedy.startswith("base is being started again.")
    assert slow.calls("DescribeImages") == []
    assert (await slow.one(machine.id)).state in (State.PENDING, State.RUNNING)
    assert await still_open(slow) == []


async def test_an_instance_that_is_still_stopping_is_reported_at_each_check(slow: Bench) -> None:
    slow.cloud.control("/demo/delays", {"stop_seconds": 60})
    machine = await find_instance(slow.ctx, "base")
    intent = replace(intent_of(slow, machine, "mine"), asked_at=None)
    slow.ctx.store.freezes.add(intent)
    slow.ctx.store.freezes.record_stop(intent.token, slow.ctx.clock())
    await instances.stop_instances(slow.ctx.session, [machine.id])
    slow.ctx.store.freezes.release(intent.token)
    hasty = replace(slow.ctx, pace=replace(slow.ctx.pace, states=0.1))
    for _ in range(2):
        (outcome,) = await check_open_freezes(hasty)
        assert outcome.error is not None and "base is not started yet." in outcome.error.remedy
    assert await still_open(slow) == ["mine"]
    later(slow)
    (outcome,) = await check_open_freezes(hasty)
    assert outcome.error is not None and "base is being started again." in outcome.error.remedy
    assert await still_open(slow) == []


async def test_a_check_of_stopped_instances_ignores_other_pending_images(slow: Bench) -> None:
    await freeze(slow.ctx, (await find_instance(slow.ctx, "base")).id, wait=False)
    later(slow)
    assert await check_open_freezes(slow.ctx, unsettled_only=True) == []
    assert await still_open(slow) == ["base-2"]
