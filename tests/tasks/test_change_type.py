"""Changing an instance's type: stop, modify, start, ssh ready; and how it is left when that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from fe2tui.demo import Cloud
from fe2tui.errors import (
    CapacityError,
    DeniedError,
    Fe2Error,
    FieldError,
    NotFoundError,
    ReadOnlyError,
    StartAfterChangeError,
    StateError,
    UnknownResultError,
    UnreachableError,
)
from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_type import TypeCatalogue
from fe2tui.model.progress import Progress
from fe2tui.tasks.change_type import change_type, plan_type_change, resume_type_changes, revert_type
from fe2tui.tasks.connect import prepare_connection
from fe2tui.tasks.launch import launch
from fe2tui.tasks.names import find_instance
from fe2tui.tasks.power import stop
from fe2tui.tasks.type_catalogue import TypeCatalogueCache
from tests.hold import Hold
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import Bench, run_ssh

CHANGES = ("StopInstances", "ModifyInstanceAttribute", "StartInstances")
OLD, NEW = "t3.micro", "t3.large"
_TASK = "change type"


async def machine(bench: Bench, name: str, *, stopped: bool = False, **changes: Any) -> Instance:
    """A new machine that runs, or is stopped."""
    made = await launch(bench.ctx, bench.request(name, type=OLD, **changes), wait=False)
    if stopped:
        await stop(bench.ctx, [made.id])
    bench.steps.clear()
    bench.forget_calls()
    return await bench.one(made.id)


def sent(bench: Bench) -> list[str]:
    """The changing calls, in their order."""
    calls = bench.cloud.control("/demo/calls", method="GET")
    return [call["action"] for call in calls if call["action"] in CHANGES]


async def test_a_running_instance_is_stopped_changed_and_started_until_ssh_answers(bench: Bench, name: str) -> None:
    before = await machine(bench, name)
    after = await change_type(bench.ctx, before.id, NEW, stop=True)
    assert (after.type, after.state) == (NEW, State.RUNNING)
    assert bench.path == ["stop", "stopped", "type", "start", "running", "ssh answers", "ready"]
    assert sent(bench) == list(CHANGES)
    (entry,) = bench.activity(_TASK)
    assert (entry.result, entry.subject, entry.label) == ("done", before.id, name)
    assert f"{NEW} in place of {OLD}" in entry.words and "can log in" in entry.words
    assert run_ssh(await prepare_connection(bench.ctx, name), "echo on").stdout == "on\n"


async def test_a_stopped_instance_is_changed_and_stays_stopped(bench: Bench, name: str) -> None:
    before = await machine(bench, name, stopped=True)
    after = await change_type(bench.ctx, before.id, NEW)
    assert (after.type, after.state) == (NEW, State.STOPPED)
    assert sent(bench) == ["ModifyInstanceAttribute"]
    (entry,) = bench.activity(_TASK)
    assert entry.words == f"{NEW} in place of {OLD}; stopped"


async def test_start_decides_whether_it_is_started(bench: Bench, name: str) -> None:
    running = await machine(bench, name)
    assert (await change_type(bench.ctx, running.id, NEW, stop=True, start=False)).state is State.STOPPED
    after = await change_type(bench.ctx, running.id, OLD, start=True)
    assert (after.type, after.state) == (OLD, State.RUNNING)


async def test_one_that_is_not_waited_for_is_returned_as_soon_as_it_starts(bench: Bench, name: str) -> None:
    before = await machine(bench, name)
    after = await change_type(bench.ctx, before.id, NEW, stop=True, wait=False)
    assert (after.type, after.state in (State.PENDING, State.RUNNING)) == (NEW, True)
    assert bench.path == ["stop", "stopped", "type", "start"]


async def test_one_that_is_stopping_already_is_waited_for(bench: Bench, name: str) -> None:
    before = await machine(bench, name)
    await stop(bench.ctx, [before.id], wait=False)
    assert (await change_type(bench.ctx, before.id, NEW)).type == NEW


async def test_a_running_instance_is_stopped_only_with_stop(bench: Bench, name: str) -> None:
    before = await machine(bench, name)
    with pytest.raises(StateError, match=f"{name} is running") as caught:
        await change_type(bench.ctx, before.id, NEW)
    assert "Stop it first" in caught.value.remedy
    assert sent(bench) == []
    assert [it.result for it in bench.activity(_TASK)] == ["failed"]


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("t4g.micro", "Arm; {} is x86_64"),
        (OLD, "is t3.micro already"),
        ("x9.huge", "no instance type x9.huge"),
    ],
)
async def test_an_incompatible_type_is_refused_before_anything_is_sent(
    bench: Bench, name: str, to: str, said: str
) -> None:
    before = await machine(bench, name)
    with pytest.raises(FieldError, match=said.format(name)) as caught:
        await change_type(bench.ctx, before.id, to, stop=True)
    assert caught.value.field == "type"
    assert sent(bench) == []


async def test_a_type_that_its_zone_does_not_offer_is_refused_with_the_zones_that_do(bench: Bench, name: str) -> None:
    before = await machine(bench, name, zone="us-east-2c")
    with pytest.raises(FieldError, match=r"not on offer in us-east-2c \(in 2a and 2b\)"):
        await change_type(bench.ctx, before.id, "p3.8xlarge", stop=True)
    assert sent(bench) == []


@pytest.mark.parametrize("stopped", [False, True])
async def test_a_spot_instance_keeps_its_type(bench: Bench, catalogue: TypeCatalogue, stopped: bool) -> None:
    bench.forget_calls()
    spot = await find_instance(bench.ctx, "nightly-etl" if stopped else "spot1")
    with pytest.raises(StateError, match="is a spot instance: its type cannot change") as caught:
        await change_type(bench.ctx, spot.id, "r5.xlarge", stop=True)
    assert "Freeze it into an image" in caught.value.remedy
    assert sent(bench) == []
    plan = plan_type_change(spot, "r5.xlarge", catalogue, seen(bench, spot))
    assert plan.error is not None and str(plan.error) == str(caught.value)


async def test_one_with_hibernation_keeps_its_type(bench: Bench, name: str) -> None:
    image = (await machine(bench, name)).image_id
    reply = await bench.ctx.session.call(
        "ec2", "RunInstances", ImageId=image, InstanceType=OLD, MinCount=1, MaxCount=1,
        HibernationOptions={"Configured": True}, ClientToken=name,
    )  # fmt: skip
    with pytest.raises(StateError, match="was launched with hibernation"):
        await change_type(bench.ctx, reply["Instances"][0]["InstanceId"], NEW, stop=True)


async def test_an_unknown_instance_is_not_found(bench: Bench) -> None:
    with pytest.raises(NotFoundError, match="no instance i-0123456789abcdef0"):
        await change_type(bench.ctx, "i-0123456789abcdef0", NEW)


async def test_a_refused_change_starts_again_what_was_stopped_for_it(bench: Bench, name: str) -> None:
    before = await machine(bench, name)
    bench.fault(
        "refuse",
        action="ModifyInstanceAttribute",
        code="InvalidParameterCombination",
        message=f"The Elastic Network Adapter (ENA) is required for the '{NEW}' instance type.",
        status=400,
        times=1,
    )
    with pytest.raises(FieldError, match=f"{NEW} needs ENA networking") as caught:
        await change_type(bench.ctx, before.id, NEW, stop=True)
    assert f"{name} is still {OLD}, and starting again." in caught.value.remedy
    after = await bench.one(before.id)
    assert (after.type, after.state in (State.PENDING, State.RUNNING)) == (OLD, True)
    (entry,) = bench.activity(_TASK)
    assert (entry.result, entry.code) == ("failed", "InvalidParameterCombination")
    assert "starting again" in entry.remedy


async def test_a_refused_change_leaves_a_stopped_one_stopped(bench: Bench, name: str) -> None:
    before = await machine(bench, name, stopped=True)
    bench.fault("deny", action="ModifyInstanceAttribute", times=1)
    with pytest.raises(DeniedError, match="ec2:ModifyInstanceAttribute") as caught:
        await change_type(bench.ctx, before.id, NEW, start=True)
    assert f"{name} is stopped, and still {OLD}." in caught.value.remedy
    assert sent(bench) == ["ModifyInstanceAttribute"]


async def test_a_change_with_a_broken_answer_is_sent_again(bench: Bench, name: str) -> None:
    before = await machine(bench, name, stopped=True)
    bench.fault("broken", action="ModifyInstanceAttribute", times=1)
    assert (await change_type(bench.ctx, before.id, NEW)).type == NEW


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize("kind", ["broken", "malformed"])
async def test_a_step_whose_every_answer_is_lost_is_looked_up(
    cloud: Cloud, begin: Begin, name: str, action: str, kind: str
) -> None:
    bench = await begin(cloud, first_retry_wait=0.01)
    before = await machine(bench, name)
    bench.fault(kind, action=action)
    try:
        after = await change_type(bench.ctx, before.id, NEW, stop=True, wait=False)
    finally:
        cloud.control("/demo/faults", method="DELETE")
    assert (after.type, after.state in (State.PENDING, State.RUNNING)) == (NEW, True)


@pytest.mark.parametrize(
    ("action", "left"),
    [
        ("StopInstances", f"It is {OLD} still."),
        ("ModifyInstanceAttribute", "{} is stopped."),
        ("StartInstances", f"It is {NEW} now."),
    ],
)
async def test_a_step_whose_result_cannot_be_looked_up_is_unknown(
    cloud: Cloud, begin: Begin, name: str, action: str, left: str
) -> None:
    bench = await begin(cloud, first_retry_wait=0.01)
    before = await machine(bench, name)

    def report(step: Progress) -> None:
        if step.step == {"StopInstances": "stop", "ModifyInstanceAttribute": "type", "StartInstances": "start"}[action]:
            bench.fault("broken", action=action)
            bench.fault("deny", action="DescribeInstances")

    bench.ctx.report = report
    try:
        with pytest.raises(UnknownResultError, match=f"We don't know whether {name} is ") as caught:
            await change_type(bench.ctx, before.id, NEW, stop=True)
    finally:
        cloud.control("/demo/faults", method="DELETE")
    assert left.format(name) in caught.value.remedy and "Nothing was changed" not in caught.value.remedy
    assert [it.result for it in bench.activity(_TASK)] == ["unknown"]


@pytest.mark.parametrize("kind", ["throttle", "expired"])
async def test_a_start_that_fails_for_the_moment_is_taken_up_by_the_next_start(
    cloud: Cloud, begin: Begin, name: str, kind: str
) -> None:
    bench = await begin(cloud, first_retry_wait=0.01)
    before = await machine(bench, name)
    bench.fault(kind, action="StartInstances")
    with pytest.raises(Fe2Error) as caught:
        await change_type(bench.ctx, before.id, NEW, stop=True)
    assert f"{name} is stopped, and {NEW} now." in caught.value.remedy
    assert "the next start of this program starts it again" in caught.value.remedy
    (outcome,) = await resume_type_changes(bench.ctx)
    assert f"{name} is not started yet: " in outcome.words
    cloud.control("/demo/faults", method="DELETE")
    (outcome,) = await resume_type_changes(bench.ctx)
    assert outcome.words.endswith(f"{name} is being started again. Its type is {NEW}.")
    assert (await bench.one(before.id)).state in (State.PENDING, State.RUNNING)
    assert await resume_type_changes(bench.ctx) == []
    assert [it.result for it in bench.activity(_TASK)] == ["done"]


async def test_after_a_change_without_an_answer_the_instance_is_read_again(
    cloud: Cloud, begin: Begin, name: str
) -> None:
    impatient = await begin(cloud, read_timeout=0.5)
    before = await machine(impatient, name)
    impatient.fault("silent", action="ModifyInstanceAttribute", times=2)
    try:
        with pytest.raises(UnreachableError) as caught:
            await change_type(impatient.ctx, before.id, NEW, stop=True)
    finally:
        cloud.control("/demo/faults", method="DELETE")
    assert f"{name} is still {OLD}, and starting again." in caught.value.remedy
    assert impatient.words("start") == f"No answer, and nothing was changed; starting it again as {OLD}"


async def test_a_start_without_capacity_leaves_it_stopped_with_the_new_type_and_can_be_undone(
    bench: Bench, name: str
) -> None:
    before = await machine(bench, name)
    bench.fault("no-capacity", action="StartInstances")
    with pytest.raises(StartAfterChangeError, match=f"AWS has no {NEW} in {before.zone} right now") as caught:
        await change_type(bench.ctx, before.id, NEW, stop=True)
    error = caught.value
    assert isinstance(error, CapacityError) and error.code == "InsufficientInstanceCapacity"
    assert (error.instance_id, error.old_type, error.new_type) == (before.id, OLD, NEW)
    assert f"{name} is stopped, and {NEW} now" in error.summary and f"back to {OLD}" in error.remedy
    left = await bench.one(before.id)
    assert (left.type, left.state) == (NEW, State.STOPPED)

    bench.cloud.control("/demo/faults", method="DELETE")
    after = await revert_type(bench.ctx, error.instance_id, error.old_type)
    assert (after.type, after.state) == (OLD, State.RUNNING)
    assert [it.result for it in bench.activity(_TASK)] == ["done", "failed"]


async def test_no_capacity_for_the_old_type_either_offers_no_way_back(bench: Bench, name: str) -> None:
    before = await machine(bench, name)
    bench.fault("no-capacity", action="StartInstances")
    with pytest.raises(StartAfterChangeError):
        await change_type(bench.ctx, before.id, NEW, stop=True)
    with pytest.raises(CapacityError, match=f"AWS has no {OLD} .* {name} is stopped, and {OLD} now") as caught:
        await revert_type(bench.ctx, before.id, OLD)
    assert not isinstance(caught.value, StartAfterChangeError)
    bench.cloud.control("/demo/faults", method="DELETE")
    assert (await revert_type(bench.ctx, before.id, OLD)).state is State.RUNNING
    with pytest.raises(StateError, match="only be changed while it is stopped"):
        await revert_type(bench.ctx, before.id, NEW)


async def test_a_refused_stop_changes_nothing_and_says_so(bench: Bench, name: str) -> None:
    before = await machine(bench, name)
    bench.fault("deny", action="StopInstances", times=1)
    with pytest.raises(DeniedError, match="ec2:StopInstances") as caught:
        await change_type(bench.ctx, before.id, NEW, stop=True)
    assert f"Nothing was changed: it is {OLD}." in caught.value.remedy
    assert sent(bench) == ["StopInstances"]


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        (
            "VcpuLimitExceeded",
            "You have requested more vCPU capacity than your current vCPU limit of 0 allows",
            "no vCPUs",
        ),
        (
            "Unsupported",
            f"Your requested instance type ({NEW}) is not supported in your requested Availability Zone",
            "does not offer",
        ),
        ("InvalidParameterCombination", "The specified instance type is not eligible for Free Tier", "free plan"),
    ],
)
async def test_any_refusal_of_the_new_type_at_the_start_offers_the_old_one(
    bench: Bench, name: str, code: str, message: str, said: str
) -> None:
    before = await machine(bench, name, stopped=True)
    bench.fault("refuse", action="StartInstances", code=code, message=message, status=400, times=1)
    with pytest.raises(StartAfterChangeError, match=said) as caught:
        await change_type(bench.ctx, before.id, NEW, start=True)
    assert caught.value.code == code


async def test_a_zone_that_turns_out_not_to_have_the_type_offers_the_old_one(bench: Bench, name: str) -> None:
    before = await machine(bench, name, stopped=True, zone="us-east-2c")
    bench.fault("deny", action="DescribeInstanceTypeOfferings", times=1)
    with pytest.raises(StartAfterChangeError, match=r"AWS does not offer p3\.8xlarge in us-east-2c"):
        await change_type(bench.ctx, before.id, "p3.8xlarge", start=True)


async def test_a_denied_start_says_how_the_instance_is_left(bench: Bench, name: str) -> None:
    before = await machine(bench, name)
    bench.fault("deny", action="StartInstances", times=1)
    with pytest.raises(DeniedError, match="ec2:StartInstances") as caught:
        await change_type(bench.ctx, before.id, NEW, stop=True)
    assert f"{name} is stopped, and {NEW} now." in caught.value.remedy


async def test_a_read_only_session_changes_nothing(cloud: Cloud, begin: Begin, bench: Bench, name: str) -> None:
    before = await machine(bench, name)
    reader = await begin(cloud, read_only=True)
    with pytest.raises(ReadOnlyError):
        await change_type(reader.ctx, before.id, NEW, stop=True)
    assert sent(bench) == []


async def test_a_cached_catalogue_saves_calls(bench: Bench, name: str) -> None:
    before = await machine(bench, name, stopped=True)
    catalogues = TypeCatalogueCache()
    await catalogues.get(bench.ctx)
    bench.forget_calls()
    await change_type(bench.ctx, before.id, NEW, catalogues=catalogues)
    assert bench.calls("DescribeInstanceTypes") == bench.calls("DescribeInstanceTypeOfferings") == []
    catalogues.close()


async def cancelled(bench: Bench, work: Any, step: str, hold: Hold | None = None) -> str:
    """What the log says of a task that was cancelled at a step, or while a call is held, which then goes on."""
    task = asyncio.create_task(work)
    async with asyncio.timeout(20):
        while step not in bench.path:
            await asyncio.sleep(0.02)
    if hold is not None:
        await hold.until_held()
    task.cancel()
    if hold is not None:
        hold.release()
    with suppress(asyncio.CancelledError, Fe2Error):
        await task
    (entry,) = bench.activity(_TASK)
    assert entry.result == "cancelled"
    return entry.words


async def test_a_cancellation_during_the_stop_says_how_it_is_left(
    fresh_cloud: Callable[..., Cloud], begin: Begin, name: str
) -> None:
    slow = await begin(fresh_cloud(stop_seconds=60))
    before = await machine(slow, name)
    slow.ctx.pace = replace(slow.ctx.pace, poll=0.05)
    words = await cancelled(slow, change_type(slow.ctx, before.id, NEW, stop=True), "stop")
    assert words == f"Cancelled. It was asked to stop, and is still {OLD}."
    assert sent(slow) == ["StopInstances"]


async def test_a_cancellation_during_the_change_waits_for_its_end(bench: Bench, name: str) -> None:
    before = await machine(bench, name)
    hold = Hold(bench.cloud, "ModifyInstanceAttribute", times=1)
    words = await cancelled(bench, change_type(bench.ctx, before.id, NEW, stop=True), "type", hold)
    assert words == f"Cancelled. It is stopped, and {NEW} now."
    left = await bench.one(before.id)
    assert (left.type, left.state) == (NEW, State.STOPPED)


async def test_a_cancellation_during_the_wait_for_ssh_leaves_it_starting(
    fresh_cloud: Callable[..., Cloud], begin: Begin, name: str
) -> None:
    slow = await begin(fresh_cloud(ssh_seconds=60))
    before = await machine(slow, name)
    words = await cancelled(slow, change_type(slow.ctx, before.id, NEW, stop=True), "running")
    assert words == f"Cancelled. It is starting as {NEW}."


@pytest.fixture
async def catalogue(bench: Bench) -> TypeCatalogue:
    catalogues = TypeCatalogueCache()
    found = await catalogues.get(bench.ctx)
    catalogues.close()
    return found


def seen(bench: Bench, instance: Instance, **prices: str) -> Fleet:
    known = {name.replace("_", "."): Decimal(price) for name, price in prices.items()}
    ctx = bench.ctx
    return Fleet(ctx.session.location, ctx.clock(), {instance.id: instance}, prices=Prices(on_demand=known))


async def test_the_plan_has_the_price_difference_for_an_hour_and_a_month(
    bench: Bench, catalogue: TypeCatalogue
) -> None:
    base = await find_instance(bench.ctx, "base")
    plan = plan_type_change(base, "m5.2xlarge", catalogue, seen(bench, base, m5_xlarge="0.192", m5_2xlarge="0.384"))
    assert (plan.error, plan.per_hour_before, plan.per_hour_after) == (None, Decimal("0.192"), Decimal("0.384"))
    assert (plan.difference_per_hour, plan.difference_per_month) == (Decimal("0.192"), Decimal("140.16"))
    assert plan.sentences[0] == (
        "While it runs, it costs $0.192 an hour more ($0.384 in place of $0.192): $140.16 more over a full month."
    )
    assert any("stopped, and started again as m5.2xlarge" in one for one in plan.sentences)


async def test_a_smaller_type_saves(bench: Bench, catalogue: TypeCatalogue) -> None:
    base = await find_instance(bench.ctx, "base")
    plan = plan_type_change(base, "t3.micro", catalogue, seen(bench, base, m5_xlarge="0.192", t3_micro="0.0104"))
    assert plan.difference_per_hour == Decimal("-0.1816")
    assert "$0.1816 an hour less ($0.0104 in place of $0.192): $132.57 less" in plan.sentences[0]


async def test_a_difference_that_is_not_known_is_not_guessed(bench: Bench, catalogue: TypeCatalogue) -> None:
    base = await find_instance(bench.ctx, "base")
    plan = plan_type_change(base, "m5.2xlarge", catalogue, seen(bench, base, m5_xlarge="0.192"))
    assert (plan.difference_per_hour, plan.difference_per_month) == (None, None)
    assert plan.sentences[0].startswith("Price unknown: there is no price of m5.2xlarge")


@pytest.mark.parametrize(
    ("to", "said"),
    [("m6g.large", "Arm; base is x86_64"), ("x9.huge", "no instance type x9.huge"), ("m5.xlarge", "current type")],
)
async def test_a_plan_for_a_type_that_does_not_fit_has_the_error(
    bench: Bench, catalogue: TypeCatalogue, to: str, said: str
) -> None:
    base = await find_instance(bench.ctx, "base")
    error = plan_type_change(base, to, catalogue, seen(bench, base)).error
    assert error is not None and error.field == "type" and said in error.summary


async def test_a_type_that_no_zone_offers_is_refused_before_the_stop_where_types_may_not_be_read(
    bench: Bench, name: str
) -> None:
    before = await machine(bench, name)
    bench.fault("deny", action="DescribeInstanceTypes")
    with pytest.raises(FieldError, match=r"no instance type m5\.lrge"):
        await change_type(bench.ctx, before.id, "m5.lrge", stop=True)
    assert sent(bench) == []


async def test_a_type_may_have_capitals_and_spaces(bench: Bench, name: str) -> None:
    before = await machine(bench, name, stopped=True)
    assert (await change_type(bench.ctx, before.id, " T3.Large ")).type == NEW


async def test_the_log_says_how_far_an_interrupted_change_came(bench: Bench, name: str) -> None:
    before = await machine(bench, name)
    said: dict[str, str] = {}

    def report(step: Any) -> None:
        (entry,) = bench.activity(_TASK)
        said.setdefault(step.step, entry.words)

    await change_type(replace(bench.ctx, report=report), before.id, NEW, stop=True, wait=False)
    assert said["stopped"] == f"It was stopped for that, and was still {OLD}."
    assert said["start"] == f"It was stopped for that, and was {NEW} already."
