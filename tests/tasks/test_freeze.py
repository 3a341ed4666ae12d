"""Freeze: checked first, asked for once, watched to the end, whatever breaks in between."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from fe2tui.aws import images as aws
from fe2tui.aws import instances, snapshots
from fe2tui.aws.clients import READ_ATTEMPTS
from fe2tui.demo import Cloud
from fe2tui.errors import (
    DeniedError,
    FieldError,
    NotFoundError,
    ReadOnlyError,
    StateError,
    UnknownResultError,
    UnreachableError,
)
from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.image import Image
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.location import Location
from fe2tui.model.progress import Progress
from fe2tui.model.volume import Volume
from fe2tui.tasks.freeze import freeze, open_freezes, plan_freeze, watch_freeze
from fe2tui.tasks.launch import launch
from fe2tui.tasks.names import find_instance
from fe2tui.tasks.power import stop
from tests.hold import Hold
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import QUICK, Bench

PATIENT = replace(QUICK, max_poll=0.2)


@pytest.fixture
async def machine(bench: Bench, name: str) -> Instance:
    """A running machine of the test's own."""
    return await bench.one((await launch(bench.ctx, bench.request(name), wait=False)).id)


async def test_an_image_is_named_after_its_instance_and_tagged_with_its_source(bench: Bench, machine: Instance) -> None:
    bench.steps.clear()
    image = await freeze(bench.ctx, machine.id)
    assert (image.name, image.state, image.made_from) == (machine.name, "available", machine.id)
    assert image.tags == {"Name": machine.name, "fe2:user": "ubuntu", "fe2:source": f"{machine.id} {machine.name}"}
    (snapshot,) = await snapshots.snapshots_of_image(bench.ctx.session, image.id)
    assert snapshot.tags == image.tags and image.snapshot_ids == (snapshot.id,)
    assert bench.path == ["name", "requested", "ready"]
    (entry,) = bench.activity("freeze")
    assert (entry.result, entry.label, entry.subject) == ("done", machine.name, machine.id)
    assert image.id in entry.words
    assert await open_freezes(bench.ctx) == []


async def test_a_used_name_gets_a_number_and_a_typed_one_is_refused_with_an_unused_one(
    bench: Bench, machine: Instance
) -> None:
    first = await freeze(bench.ctx, machine.id)
    second = await freeze(bench.ctx, machine.id, way="no-reboot")
    third = await freeze(bench.ctx, machine.id, way="no-reboot")
    assert [first.name, second.name, third.name] == [machine.name, f"{machine.name}-2", f"{machine.name}-3"]
    bench.forget_calls()
    with pytest.raises(FieldError) as caught:
        await freeze(bench.ctx, machine.id, machine.name)
    assert caught.value.field == "ami_name" and f"{machine.name}-4 is free" in caught.value.remedy
    assert bench.calls("CreateImage") == []


@pytest.mark.parametrize(
    ("typed", "free"),
    [("a:b", "a-b"), ("naïve model", "na-ve model"), ("xy", "xy-image"), ("n" * 129, "n" * 128), ("--help", "help")],
)
async def test_a_malformed_name_is_refused_with_a_valid_one(
    bench: Bench, machine: Instance, typed: str, free: str
) -> None:
    plan = await plan_freeze(bench.ctx, machine, typed)
    error = plan.error_for("ami_name")
    assert error is not None and error.remedy.endswith(f"{free} is free.") and plan.unused_name == free
    assert not plan.is_possible


@pytest.mark.parametrize(
    ("called", "image_name"),
    [("été & co", "t- - co"), ("a", "a-image"), ("", "i-0b39947b710d05337"), ("m" * 200, "m" * 128)],
)
async def test_an_instance_name_that_is_invalid_for_an_image_is_made_valid(
    bench: Bench, called: str, image_name: str
) -> None:
    instance = Instance("i-0b39947b710d05337", State.STOPPED, "t3.micro", "z", tags={"Name": called})
    plan = await plan_freeze(bench.ctx, instance, images=[])
    assert plan.is_possible and re.fullmatch(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}", plan.name)
    if called != "été & co":
        assert plan.name == image_name
    taken = await plan_freeze(bench.ctx, instance, images=[Image("ami-1", plan.name)])
    assert taken.name.endswith("-2") and len(taken.name) <= 128


async def test_the_options_are_those_possible_for_the_instance(bench: Bench, machine: Instance) -> None:
    assert [way.way for way in (await plan_freeze(bench.ctx, machine)).options] == ["reboot", "stop", "no-reboot"]
    rests = await plan_freeze(bench.ctx, replace(machine, state=State.STOPPED))
    assert rests.options == () and "stays stopped" in rests.sentences[0]


async def test_a_one_time_spot_instance_is_not_stopped_for_its_image(
    bench: Bench,
) -> None:
    every = await instances.describe_instances(bench.ctx.session, filters={"instance-lifecycle": ["spot"]})
    plans = [await plan_freeze(bench.ctx, one, way="stop") for one in every if one.state is State.RUNNING]
    refused = [plan for plan in plans if plan.error_for("way")]
    assert refused, "the lived-in account has a one-time spot instance"
    assert all([way.way for way in plan.options] == ["reboot", "no-reboot"] for plan in refused)
    bench.forget_calls()
    with pytest.raises(FieldError, match="cannot be stopped"):
        await freeze(bench.ctx, refused[0].instance.id, way="stop")
    assert bench.calls("StopInstances") == bench.calls("CreateImage") == []


@pytest.mark.parametrize(
    ("state", "words"), [(State.PENDING, "Wait until it is running"), (State.STOPPING, "Wait until it is stopped")]
)
async def test_an_instance_in_transition_cannot_be_frozen_yet(
    bench: Bench, machine: Instance, state: State, words: str
) -> None:
    with pytest.raises(StateError) as caught:
        await plan_freeze(bench.ctx, replace(machine, state=state))
    assert words in caught.value.remedy


def _fleet(instance: Instance, *sizes: int) -> tuple[Instance, Fleet]:
    volumes = {f"vol-{n}": Volume(f"vol-{n}", size, "gp3", "z", "in-use") for n, size in enumerate(sizes)}
    held = replace(instance, attachments=tuple(Attachment("/dev/sdf", key, True) for key in volumes))
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return held, Fleet(Location("p", "r"), now, {held.id: held}, volumes, Prices(snapshot=Decimal("0.05")))


async def test_the_plan_says_what_the_image_holds_and_costs_at_most(bench: Bench, machine: Instance) -> None:
    held, fleet = _fleet(machine, 60, 500)
    plan = await plan_freeze(bench.ctx, held, fleet=fleet)
    assert plan.max_per_month == Decimal("28.00")
    assert plan.sentences[0] == f"{machine.label} reboots: what runs on it ends."
    assert plan.sentences[1] == "Both its disks are in the image: 60 GiB and 500 GiB."
    assert plan.sentences[2].startswith("The image costs at most $28.00 a month")
    assert (await plan_freeze(bench.ctx, held)).max_per_month is None


@pytest.mark.parametrize(("way", "no_reboot"), [("reboot", "false"), ("no-reboot", "true")])
async def test_the_way_decides_the_parameters_of_the_call(
    bench: Bench, machine: Instance, way: Any, no_reboot: str
) -> None:
    bench.forget_calls()
    await freeze(bench.ctx, machine.id, way=way)
    (call,) = bench.calls("CreateImage")
    assert call["params"]["NoReboot"] == no_reboot
    assert bench.calls("StopInstances") == []


async def test_an_unknown_way_is_refused_with_the_known_ones(bench: Bench, machine: Instance) -> None:
    for one in (machine, replace(machine, state=State.STOPPED)):
        error = (await plan_freeze(bench.ctx, one, way="x")).error_for("way")  # type: ignore[arg-type]
        assert error is not None
        assert (error.summary, error.remedy) == ("There is no way x.", "There are reboot, stop and no-reboot.")


async def test_a_stop_says_that_the_local_disk_and_the_address_are_lost(bench: Bench) -> None:
    machine = Instance(
        "i-0b39947b710d05337", State.RUNNING, "g4dn.xlarge", "z", tags={"Name": "base"}, public_ip="203.0.113.7"
    )
    plan = await plan_freeze(bench.ctx, machine, way="stop", images=[])
    assert "All that is on its local disk (125 GB, instance store) is lost when it stops." in plan.sentences
    assert "Its public address 203.0.113.7 changes, unless it is an Elastic IP, which stays." in plan.sentences
    offered = next(way for way in (await plan_freeze(bench.ctx, machine, images=[])).options if way.way == "stop")
    assert offered.words.endswith("(125 GB, instance store) is lost.")
    other = await plan_freeze(bench.ctx, replace(machine, type="m5.large", public_ip=None), way="stop", images=[])
    assert not any("lost" in words or "address" in words for words in other.sentences)


async def test_a_name_that_another_program_uses_meanwhile_is_refused_with_an_unused_one(
    bench: Bench, machine: Instance, name: str
) -> None:
    bench.fault("refuse", action="CreateImage", code="InvalidAMIName.Duplicate", message="in use", status=400)
    with pytest.raises(FieldError) as caught:
        await freeze(bench.ctx, machine.id, f"{name}-same")
    assert caught.value.remedy == f"{name}-same-2 is free."


async def test_stop_first_stops_the_instance_and_starts_it_again(bench: Bench, machine: Instance) -> None:
    bench.forget_calls()
    image = await freeze(bench.ctx, machine.id, way="stop")
    actions = [it["action"] for it in bench.cloud.control("/demo/calls", method="GET")]
    assert actions.index("StopInstances") < actions.index("CreateImage") < actions.index("StartInstances")
    assert image.state == "available"
    assert (await bench.one(machine.id)).state in (State.RUNNING, State.PENDING)
    (entry,) = bench.activity("freeze")
    assert "is being started again" in entry.remedy


async def test_an_instance_is_started_again_while_its_image_is_pending(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud(), PATIENT)
    base = await find_instance(bench.ctx, "base")
    bench.cloud.control("/demo/delays", {"stop_seconds": 1.0})
    image = await freeze(bench.ctx, base.id, way="stop", wait=False)
    assert image.state == "pending"
    assert (await bench.one(base.id)).state in (State.RUNNING, State.PENDING)


async def test_a_stopped_instance_is_frozen_and_stays_stopped(bench: Bench, machine: Instance) -> None:
    await stop(bench.ctx, [machine.id])
    bench.forget_calls()
    await freeze(bench.ctx, machine.id, way="stop")
    assert bench.calls("StopInstances") == bench.calls("StartInstances") == []
    assert (await bench.one(machine.id)).state is State.STOPPED


async def test_progress_comes_from_the_snapshots_that_a_pending_image_does_not_list(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud(stop_seconds=1.0, unseen_seconds=0.3), PATIENT)
    base = await find_instance(bench.ctx, "base")
    image = await freeze(bench.ctx, base.id)
    assert image.state == "available" and image.snapshot_ids
    fractions = [it.fraction for it in bench.steps if it.fraction is not None]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert len(set(fractions)) >= 4 and 0 < fractions[1] < 1
    assert "is pending: its " in bench.words("image")


async def test_not_waiting_returns_the_pending_image_and_the_next_start_watches_it(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud(stop_seconds=60, unseen_seconds=60), PATIENT)
    base = await find_instance(bench.ctx, "base")
    image = await freeze(bench.ctx, base.id, wait=False)
    assert (image.state, image.name, image.made_from) == ("pending", "base-2", base.id)
    (entry,) = bench.activity("freeze")
    assert (entry.result, entry.words) == ("done", f"AWS is creating the image base-2 ({image.id}).")
    (found,) = await open_freezes(bench.ctx)
    assert (found.words, found.intent.image_id) == ("image base-2 of base", image.id)
    assert await open_freezes(bench.ctx) == []
    watching = asyncio.create_task(watch_freeze(bench.ctx, found))
    await asyncio.sleep(0)
    bench.cloud.control("/demo/clock", {"advance": 200})
    assert (await watching).state == "available"
    (entry,) = bench.activity("freeze")
    assert entry.result == "done" and "is ready" in entry.words
    assert await open_freezes(bench.ctx) == []


async def test_a_failed_image_is_an_error_with_the_reason_of_aws_and_what_is_left(
    bench: Bench, machine: Instance
) -> None:
    bench.fault("fail-image", name=machine.name, code="Client.VolumeError", message="The disk could not be read")
    with pytest.raises(StateError) as caught:
        await freeze(bench.ctx, machine.id)
    assert caught.value.summary.endswith(": The disk could not be read.") and caught.value.code == "Client.VolumeError"
    assert "1 snapshot of it stays" in caught.value.remedy and "deregister it" in caught.value.remedy
    (entry,) = bench.activity("freeze")
    assert entry.result == "failed" and await open_freezes(bench.ctx) == []
    assert (await bench.one(machine.id)).state is State.RUNNING


async def test_after_a_lost_reply_the_image_is_looked_up_and_not_requested_twice(
    bench: Bench, machine: Instance
) -> None:
    bench.fault("broken", action="CreateImage", times=1)
    bench.forget_calls()
    image = await freeze(bench.ctx, machine.id)
    assert image.name == machine.name and len(bench.calls("CreateImage")) == 1
    assert "Checking whether" in bench.words("requested")
    assert [one.name for one in await _made_of(bench, machine)] == [machine.name]


async def test_a_stop_without_an_answer_is_looked_up(cloud: Cloud, begin: Begin, name: str) -> None:
    bench = await begin(cloud, first_retry_wait=0.01)
    machine = await launch(bench.ctx, bench.request(name), wait=False)
    bench.fault("broken", action="StopInstances")
    try:
        image = await freeze(bench.ctx, machine.id, way="stop")
    finally:
        cloud.control("/demo/faults", method="DELETE")
    assert image.state == "available"
    assert (await bench.one(machine.id)).state in (State.PENDING, State.RUNNING)
    await bench.remove_images()


async def test_a_lost_reply_that_may_not_be_looked_up_is_found_out_by_the_next_start(
    bench: Bench, machine: Instance
) -> None:
    bench.fault("broken", action="CreateImage", times=1)
    steps = bench.steps

    def report(step: Progress) -> None:
        steps.append(step)
        if "Checking whether" in step.words:
            bench.fault("deny", action="DescribeImages")

    bench.ctx.report = report
    with pytest.raises(UnknownResultError, match="We don't know whether the image") as caught:
        await freeze(bench.ctx, machine.id, way="stop")
    assert f"{machine.name} is stopped for it: that start starts it again." in caught.value.remedy
    assert [it.result for it in bench.activity("freeze")][:1] == ["unknown"]
    bench.cloud.control("/demo/faults", method="DELETE")
    (found,) = await open_freezes(bench.ctx)
    image = await watch_freeze(bench.ctx, found)
    assert [one.id for one in await _made_of(bench, machine)] == [image.id]
    assert (await bench.one(machine.id)).state in (State.RUNNING, State.PENDING)


async def _made_of(bench: Bench, machine: Instance) -> list[Image]:
    return [one for one in await aws.own_images(bench.ctx.session) if one.made_from == machine.id]


async def test_an_unreadable_reply_does_not_request_a_second_image(bench: Bench, machine: Instance) -> None:
    bench.fault("malformed", action="CreateImage", times=1)
    image = await freeze(bench.ctx, machine.id)
    assert [one.id for one in await _made_of(bench, machine)] == [image.id]


async def _taken_meanwhile(bench: Bench, frozen: Instance, other: Instance) -> Image:
    """Freeze one while somebody makes an image of that name between our look and our call."""
    hold = Hold(bench.cloud, "CreateImage", times=1)
    working = asyncio.create_task(freeze(bench.ctx, frozen.id, way="no-reboot"))
    await hold.until_held()
    tags = {"Name": frozen.name}
    async with type(bench.ctx.session)(bench.ctx.session.choice) as session:
        await aws.create_image(session, other.id, frozen.name, tags=tags, snapshot_tags=tags, no_reboot=True)
    hold.release()
    return await working


async def test_an_image_of_our_own_earlier_call_is_returned(bench: Bench, machine: Instance) -> None:
    """CreateImage is said again after an error that passes; the first may have been carried out all the same."""
    image = await _taken_meanwhile(bench, machine, machine)
    assert [one.id for one in await _made_of(bench, machine)] == [image.id]


async def test_a_name_that_is_used_at_the_last_moment_is_refused_with_an_unused_one(
    bench: Bench, machine: Instance
) -> None:
    with pytest.raises(FieldError) as caught:
        await _taken_meanwhile(bench, machine, await find_instance(bench.ctx, "base"))
    assert caught.value.field == "ami_name" and caught.value.remedy == f"{machine.name}-2 is free."
    assert await _made_of(bench, machine) == [] and await open_freezes(bench.ctx) == []


async def test_a_call_that_aws_never_received_leaves_nothing(bench: Bench, machine: Instance) -> None:
    bench.fault("silent", action="CreateImage")
    session = bench.ctx.session
    bench.ctx.session = type(session)(replace(session.choice, read_timeout=0.3))
    try:
        with pytest.raises(UnreachableError, match="did not answer") as caught:
            await freeze(bench.ctx, machine.id, way="stop")
    finally:
        await bench.ctx.session.close()
        bench.ctx.session = session
    assert "No image was created" in caught.value.remedy and "started again" in caught.value.remedy
    assert await _made_of(bench, machine) == [] and await open_freezes(bench.ctx) == []
    assert (await bench.one(machine.id)).state in (State.RUNNING, State.PENDING)


async def test_a_refusal_after_the_stop_starts_the_machine_again(bench: Bench, machine: Instance) -> None:
    bench.fault("deny", action="CreateImage")
    with pytest.raises(DeniedError) as caught:
        await freeze(bench.ctx, machine.id, way="stop")
    assert "is being started again" in caught.value.remedy
    assert (await bench.one(machine.id)).state in (State.RUNNING, State.PENDING)
    assert await open_freezes(bench.ctx) == []


async def test_a_start_without_capacity_does_not_lose_the_image(bench: Bench, machine: Instance) -> None:
    bench.fault("no-capacity", action="StartInstances", times=1)
    with pytest.raises(Exception, match="is ready") as caught:
        await freeze(bench.ctx, machine.id, way="stop")
    assert "could not be started again" in str(caught.value)
    assert [one.state for one in await _made_of(bench, machine)] == ["available"]


async def test_aws_out_of_reach_is_waited_out(fresh_cloud: Callable[..., Cloud], begin: Begin) -> None:
    bench = await begin(fresh_cloud(stop_seconds=0.5), PATIENT, first_retry_wait=0.01)
    base = await find_instance(bench.ctx, "base")
    working = asyncio.create_task(freeze(bench.ctx, base.id))
    while "image" not in bench.path:
        await asyncio.sleep(0.02)
    bench.fault("throttle", action="DescribeImages", times=READ_ATTEMPTS)
    bench.fault("broken", action="DescribeSnapshots", times=2)
    assert (await working).state == "available"
    assert "AWS goes on creating it" in bench.words("image")


async def test_an_unanswered_start_is_tried_again_until_the_instance_runs(
    fresh_cloud: Callable[..., Cloud], begin: Begin, name: str
) -> None:
    bench = await begin(fresh_cloud(), PATIENT, first_retry_wait=0.01)
    machine = await launch(bench.ctx, bench.request(name), wait=False)
    bench.fault("throttle", action="StartInstances", times=13)
    assert (await freeze(bench.ctx, machine.id, way="stop")).state == "available"
    assert "is not started yet" in bench.words("start")
    assert (await bench.one(machine.id)).state in (State.RUNNING, State.PENDING)


@pytest.mark.parametrize("kind", ["broken", "throttle", "expired"])
async def test_snapshots_that_cannot_be_read_do_not_keep_the_instance_stopped(
    bench: Bench, machine: Instance, kind: str
) -> None:
    bench.fault(kind, action="DescribeSnapshots")
    assert (await freeze(bench.ctx, machine.id, way="stop")).state == "available"
    assert (await bench.one(machine.id)).state in (State.PENDING, State.RUNNING)


@pytest.mark.parametrize("kind", ["throttle", "expired"])
async def test_a_start_that_fails_for_long_is_left_to_the_next_start(
    cloud: Cloud, begin: Begin, name: str, kind: str
) -> None:
    bench = await begin(cloud, replace(QUICK, restart=0.5, max_poll=0.2), first_retry_wait=0.01)
    machine = await launch(bench.ctx, bench.request(name), wait=False)
    bench.fault(kind, action="StartInstances")
    try:
        with pytest.raises(StateError, match=f"is ready, but {name} is not started yet: ") as caught:
            await freeze(bench.ctx, machine.id, way="stop")
        assert "the next start of this program starts it again" in caught.value.remedy
    finally:
        cloud.control("/demo/faults", method="DELETE")
    (found,) = await open_freezes(bench.ctx)
    assert (await watch_freeze(bench.ctx, found)).state == "available"
    assert (await bench.one(machine.id)).state in (State.PENDING, State.RUNNING)
    await bench.remove_images()


async def test_without_the_right_to_snapshots_only_the_fraction_is_missing(bench: Bench, machine: Instance) -> None:
    bench.fault("deny", action="DescribeSnapshots")
    assert (await freeze(bench.ctx, machine.id)).state == "available"


async def test_an_image_that_is_deregistered_meanwhile_is_an_error(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud(stop_seconds=30), replace(PATIENT, settle=0.3))
    base = await find_instance(bench.ctx, "base")
    image = await freeze(bench.ctx, base.id, wait=False)
    await aws.deregister_image(bench.ctx.session, image.id)
    (found,) = await open_freezes(bench.ctx)
    with pytest.raises(NotFoundError, match="was deregistered while it was being created"):
        await watch_freeze(bench.ctx, found)
    assert await open_freezes(bench.ctx) == []


async def test_after_a_cancellation_aws_goes_on_creating_the_image(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud(stop_seconds=30), PATIENT)
    base = await find_instance(bench.ctx, "base")
    working = asyncio.create_task(freeze(bench.ctx, base.id))
    while "image" not in bench.path:
        await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    (entry,) = bench.activity("freeze")
    assert entry.result == "cancelled" and "AWS goes on creating base-2" in entry.words
    assert [found.name for found in await open_freezes(bench.ctx)] == ["base-2"]


async def test_a_cancellation_before_the_first_call_leaves_nothing(bench: Bench, machine: Instance) -> None:
    hold = Hold(bench.cloud, "DescribeImages")
    working = asyncio.create_task(freeze(bench.ctx, machine.id))
    await hold.until_held()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    hold.release()
    assert await open_freezes(bench.ctx) == [] and await _made_of(bench, machine) == []


async def test_a_cancellation_during_the_write_to_the_journal_abandons_the_freeze(
    bench: Bench, machine: Instance
) -> None:
    path = bench.ctx.store.path
    assert path is not None
    elsewhere = sqlite3.connect(path, isolation_level=None)
    reached = asyncio.Event()

    def report(step: Progress) -> None:
        if step.step == "name":
            elsewhere.execute("BEGIN IMMEDIATE")  # the journal has to wait
            reached.set()

    bench.ctx.report = report
    working = asyncio.create_task(freeze(bench.ctx, machine.id))
    await reached.wait()
    await asyncio.sleep(0.1)
    working.cancel()
    await asyncio.sleep(0)
    elsewhere.execute("ROLLBACK")
    elsewhere.close()
    await asyncio.gather(working, return_exceptions=True)
    assert await open_freezes(bench.ctx) == [] and await _made_of(bench, machine) == []


async def test_an_unknown_instance_and_a_read_only_session_change_nothing(cloud: Cloud, begin: Begin) -> None:
    bench = await begin(cloud)
    with pytest.raises(NotFoundError):
        await freeze(bench.ctx, "i-0123456789abcdef0")
    reading = await begin(cloud, read_only=True)
    with pytest.raises(ReadOnlyError):
        await freeze(reading.ctx, (await find_instance(reading.ctx, "base")).id)
