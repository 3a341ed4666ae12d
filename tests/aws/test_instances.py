"""Instances started, stopped, terminated and waited for."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from fe2tui.aws import instances, spot
from fe2tui.aws.session import Session
from fe2tui.demo import Cloud
from fe2tui.errors import CapacityError, NotFoundError, ProtectedError, StateError, UnreachableError
from fe2tui.model.instance import Instance, State
from tests.aws.conftest import Open, calls


@pytest.fixture
def own(own_cloud: Cloud, open_session: Open) -> Session:
    return open_session()


async def named(session: Session, name: str) -> Instance:
    [found] = [
        one
        for one in await instances.describe_instances(session, filters={"tag:Name": [name]})
        if not one.state.is_gone
    ]
    return found


async def launched(session: Session, **more: object) -> Instance:
    image = (await named(session, "base")).image_id
    call = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, **more}
    return await instances.run_instances(session, {"ClientToken": str(uuid.uuid4()), **call})


async def test_a_stopped_instance_starts_and_a_running_one_stops(own: Session) -> None:
    base = await named(own, "base")
    assert await instances.stop_instances(own, [base.id]) == {base.id: State.STOPPING}
    stopped = await instances.wait_for_states(own, [base.id], [State.STOPPED], interval=0.01)
    assert stopped[base.id].state is State.STOPPED
    assert (await instances.start_instances(own, [base.id]))[base.id] in (State.PENDING, State.RUNNING)
    running = await instances.wait_for_states(own, [base.id], [State.RUNNING], interval=0.01)
    assert running[base.id].public_ip


async def test_several_are_waited_for_in_one_call_a_look(own_cloud: Cloud, own: Session) -> None:
    ids = [(await named(own, name)).id for name in ("base", "inst1")]
    await instances.stop_instances(own, ids)
    looks = len(calls(own_cloud, "DescribeInstances"))
    seen: list[str] = []
    found = await instances.wait_for_states(
        own, ids, [State.STOPPED], interval=0.01, on_instance=lambda one: seen.append(one.id)
    )
    assert found.keys() == set(ids)
    assert set(seen) == set(ids)
    assert len(calls(own_cloud, "DescribeInstances")) - looks <= len(seen)


async def test_a_forced_stop_is_sent_as_one(own_cloud: Cloud, own: Session) -> None:
    base = await named(own, "base")
    await instances.stop_instances(own, [base.id], force=True)
    assert str(calls(own_cloud, "StopInstances")[-1]["params"]["Force"]).lower() == "true"


async def test_an_instance_that_ec2_does_not_show_yet_is_waited_for(own_cloud: Cloud, own: Session) -> None:
    own_cloud.control("/demo/delays", {"unseen_seconds": 0.5})
    new = await launched(own)
    found = await instances.wait_for_states(own, [new.id], [State.RUNNING], interval=0.05)
    assert found[new.id].state is State.RUNNING


async def test_waiting_for_a_terminated_instance_to_run_ends_with_the_reason(own: Session) -> None:
    inst1 = await named(own, "inst1")
    await instances.terminate_instances(own, [inst1.id])
    with pytest.raises(StateError, match=r"inst1 is (terminated|shutting-down): Client\.UserInitiatedShutdown"):
        await instances.wait_for_states(own, [inst1.id], [State.RUNNING], interval=0.01)


async def test_waiting_has_an_end_that_names_who_is_missing(own: Session) -> None:
    base = await named(own, "base")
    with pytest.raises(UnreachableError, match=f"{base.id} did not come to be stopped"):
        await instances.wait_for_states(own, [base.id], [State.STOPPED], interval=0.01, timeout=0.1)


async def test_waiting_can_be_cancelled(own: Session) -> None:
    base = await named(own, "base")
    waiting = asyncio.create_task(instances.wait_for_states(own, [base.id], [State.STOPPED], interval=60))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_protected_instance_is_not_terminated_and_says_why(own: Session) -> None:
    vault = await named(own, "vault")
    assert await instances.is_termination_protected(own, vault.id)
    assert not await instances.is_termination_protected(own, (await named(own, "base")).id)
    with pytest.raises(ProtectedError, match=f"{vault.id} has termination protection"):
        await instances.terminate_instances(own, [vault.id])


async def test_no_capacity_at_a_start_says_what_can_be_done_with_a_stopped_one(own_cloud: Cloud, own: Session) -> None:
    od1 = await named(own, "od1")
    own_cloud.control("/demo/faults", {"kind": "no-capacity"})
    with pytest.raises(CapacityError, match="change its type"):
        await instances.start_instances(own, [od1.id])
    assert len(calls(own_cloud, "StartInstances")) == 1


async def test_starting_a_terminated_instance_is_refused_by_its_state(own: Session) -> None:
    gone = next(one for one in await instances.describe_instances(own) if one.state is State.TERMINATED)
    with pytest.raises(StateError, match=gone.id):
        await instances.start_instances(own, [gone.id])


async def test_an_unknown_id_is_named(own: Session) -> None:
    with pytest.raises(NotFoundError, match="i-0123456789abcdef0"):
        await instances.start_instances(own, ["i-0123456789abcdef0"])


async def test_an_unknown_id_is_left_out_of_a_description(own: Session) -> None:
    base = await named(own, "base")
    assert await instances.describe_instances(own, ["i-0123456789abcdef0", base.id]) == [base]
    assert await instances.describe_instances(own, []) == []


async def test_a_reboot_is_sent(own_cloud: Cloud, own: Session) -> None:
    await instances.reboot_instances(own, [(await named(own, "base")).id])
    assert calls(own_cloud, "RebootInstances")[-1]["code"] is None


async def test_console_output_has_the_machines_host_keys(session: Session) -> None:
    base = await named(session, "base")
    assert "-----BEGIN SSH HOST KEY KEYS-----" in await instances.console_output(session, base.id)


async def test_console_output_of_a_machine_that_ec2_does_not_show_yet_is_empty(session: Session) -> None:
    assert await instances.console_output(session, "i-0123456789abcdef0") == ""


async def test_a_freed_name_can_be_used_again(own: Session) -> None:
    inst1 = await named(own, "inst1")
    await instances.delete_name_tag(own, inst1.id)
    [after] = await instances.describe_instances(own, [inst1.id])
    assert after.name == ""
    assert {key for key in inst1.tags if key != "Name"} == set(after.tags)


async def test_no_token_of_ours_is_no_instance(session: Session) -> None:
    assert await instances.instance_by_client_token(session, "never-used") is None


async def test_a_spot_instances_request_is_cancelled_so_that_aws_launches_no_other(own: Session) -> None:
    resnet = await named(own, "train-resnet")
    assert resnet.is_spot
    assert resnet.spot_request_id
    request = await spot.spot_request(own, resnet.spot_request_id)
    assert request is not None
    assert (request.type, request.state, request.instance_id) == ("persistent", "active", resnet.id)
    await spot.cancel_spot_requests(own, [resnet.spot_request_id])
    await instances.terminate_instances(own, [resnet.id])
    after = await spot.spot_request(own, resnet.spot_request_id)
    assert after is None or after.state in ("cancelled", "closed")
    assert not [
        one
        for one in await instances.describe_instances(own, filters={"tag:Name": ["train-resnet"]})
        if not one.state.is_gone
    ]


async def test_no_such_spot_request_is_none(session: Session) -> None:
    assert await spot.spot_request(session, "sir-00000000") is None
