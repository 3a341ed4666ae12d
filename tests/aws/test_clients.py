"""Calls: what is sent, what is sent again, what never is."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from fe2tui.aws import instances, service_models
from fe2tui.demo import Cloud
from fe2tui.errors import AwsError, CapacityError, DeniedError, ReadOnlyError, ThrottledError, UnreachableError
from fe2tui.model.instance import Instance
from tests.aws.conftest import Answers, Open, calls

READING = ("Describe", "Get")
CHANGES = [
    (s, o)
    for s, all_of in service_models.OPERATIONS.items()
    for o in all_of
    if not o.startswith(READING) and s == "ec2"
]


async def launch_call(open_session: Open, token: str | None = None) -> dict[str, Any]:
    images = await open_session().call("ec2", "DescribeImages", Owners=["self"])
    return {
        "ImageId": images["Images"][0]["ImageId"],
        "InstanceType": "t3.micro",
        "MinCount": 1,
        "MaxCount": 1,
        "ClientToken": token or str(uuid.uuid4()),
    }


@pytest.mark.parametrize(("service", "operation"), CHANGES, ids=[operation for _, operation in CHANGES])
async def test_a_reading_session_sends_no_change(
    cloud: Cloud, demo_env: Path, open_session: Open, service: str, operation: str
) -> None:
    with pytest.raises(ReadOnlyError, match=f"{operation} was not sent"):
        await open_session(read_only=True).call(service, operation)
    assert calls(cloud, operation) == []


async def test_a_reading_session_sends_no_change_that_this_program_does_not_know(
    demo_env: Path, open_session: Open
) -> None:
    with pytest.raises(ReadOnlyError):
        await open_session(read_only=True).call("ec2", "PurchaseReservedInstancesOffering")


async def test_a_reading_session_reads(demo_env: Path, open_session: Open) -> None:
    session = open_session(read_only=True)
    assert session.read_only
    assert await instances.describe_instances(session)
    assert await session.identity()


async def test_an_operation_outside_our_own_list_works(demo_env: Path, open_session: Open) -> None:
    assert "DescribeAvailabilityZones" not in service_models.OPERATIONS["ec2"]
    reply = await open_session().call("ec2", "DescribeAvailabilityZones")
    assert {zone["RegionName"] for zone in reply["AvailabilityZones"]} == {"us-east-2"}


async def test_our_part_of_the_descriptions_gives_the_same_answers_as_the_whole(
    demo_env: Path, open_session: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    operations = ("DescribeInstances", "DescribeVolumes", "DescribeKeyPairs", "DescribeSecurityGroups", "DescribeVpcs")
    slim_replies = [await open_session().call("ec2", operation) for operation in operations]
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    assert not service_models.can_use_subset()
    whole_replies = [await open_session().call("ec2", operation) for operation in operations]
    for mine, whole in zip(slim_replies, whole_replies, strict=True):
        mine.pop("ResponseMetadata"), whole.pop("ResponseMetadata")
        assert mine == whole


@pytest.mark.parametrize("content", ["", "{", "[]", '{"stamp": "old", "parts": {}}'])
def test_a_damaged_or_old_file_of_service_models_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("FE2TUI_HOME", str(tmp_path))
    first = service_models.SubsetLoader(service_models.full_loader())
    whole = first.load_service_model("ec2", "service-2")
    [file] = (tmp_path / "cache").iterdir()
    file.write_text(content)
    assert service_models.SubsetLoader(service_models.full_loader()).load_service_model("ec2", "service-2") == whole
    assert len(file.read_text()) > 10_000


def test_a_disk_that_cannot_be_written_does_not_stop_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FE2TUI_HOME", str(tmp_path / "file"))
    assert service_models.SubsetLoader(service_models.full_loader()).load_service_model("sts", "service-2")[
        "operations"
    ]


async def test_a_read_is_sent_again_while_aws_wants_fewer_calls(own_cloud: Cloud, open_session: Open) -> None:
    own_cloud.control("/demo/faults", {"kind": "throttle", "action": "DescribeVpcs", "times": 2})
    assert (await open_session().call("ec2", "DescribeVpcs"))["Vpcs"]
    assert [call["code"] for call in calls(own_cloud, "DescribeVpcs")] == ["RequestLimitExceeded"] * 2 + [None]


async def test_a_launch_is_not_sent_again_for_want_of_capacity(own_cloud: Cloud, open_session: Open) -> None:
    call = await launch_call(open_session)
    own_cloud.control("/demo/faults", {"kind": "no-capacity"})
    with pytest.raises(CapacityError, match=r"AWS has no t3\.micro right now"):
        await instances.run_instances(open_session(), call)
    assert len(calls(own_cloud, "RunInstances")) == 1


PASSING = ["RequestLimitExceeded", "ServerInternal", "ServiceUnavailable", "InternalError", "Unavailable"]


@pytest.mark.parametrize("code", PASSING)
async def test_a_launch_is_sent_again_with_the_same_token_after_an_error_that_passes(
    own_cloud: Cloud, open_session: Open, code: str
) -> None:
    call = await launch_call(open_session)
    fault = {"kind": "refuse", "action": "RunInstances", "code": code, "status": 503, "times": 2}
    own_cloud.control("/demo/faults", fault)
    launched = await instances.run_instances(open_session(), call)
    sent = calls(own_cloud, "RunInstances")
    assert [one["code"] for one in sent] == [code, code, None]
    assert {one["params"]["ClientToken"] for one in sent} == {call["ClientToken"]}
    assert launched.client_token == call["ClientToken"]


async def test_a_launch_is_not_sent_again_after_any_other_error(own_cloud: Cloud, open_session: Open) -> None:
    call = await launch_call(open_session)
    fault = {"kind": "refuse", "action": "RunInstances", "code": "VcpuLimitExceeded", "status": 500}
    own_cloud.control("/demo/faults", fault)
    with pytest.raises(AwsError):
        await instances.run_instances(open_session(), call)
    assert len(calls(own_cloud, "RunInstances")) == 1


@pytest.mark.parametrize("kind", ["broken", "silent"])
async def test_a_launch_whose_answer_was_lost_launches_once(own_cloud: Cloud, open_session: Open, kind: str) -> None:
    session = open_session(read_timeout=1.0)
    call = await launch_call(open_session)
    before = {one.id for one in await instances.describe_instances(session)}
    own_cloud.control("/demo/faults", {"kind": kind, "action": "RunInstances", "times": 1})
    launched = await instances.run_instances(session, call)
    assert {one.id for one in await instances.describe_instances(session)} - before == {launched.id}
    found = await instances.instance_by_client_token(session, call["ClientToken"])
    assert found is not None
    assert found.id == launched.id


async def test_a_launch_without_a_token_is_not_sent(own_cloud: Cloud, open_session: Open) -> None:
    call = await launch_call(open_session)
    del call["ClientToken"]
    with pytest.raises(AwsError, match="ClientToken"):
        await instances.run_instances(open_session(), call)
    assert calls(own_cloud, "RunInstances") == []


async def test_a_change_that_would_do_harm_twice_is_not_sent_again_after_a_broken_connection(
    own_cloud: Cloud, open_session: Open
) -> None:
    own_cloud.control("/demo/faults", {"kind": "broken", "action": "CreateKeyPair"})
    with pytest.raises(UnreachableError, match="closed the connection"):
        await open_session().call("ec2", "CreateKeyPair", KeyName="once")
    assert len(calls(own_cloud, "CreateKeyPair")) == 1


async def test_a_silent_endpoint_is_named_when_the_time_is_up_and_not_asked_again(
    own_cloud: Cloud, open_session: Open
) -> None:
    session = open_session(read_timeout=0.5)
    await session.identity()
    own_cloud.control("/demo/faults", {"kind": "silent", "service": "ec2"})
    begun = time.monotonic()
    with pytest.raises(UnreachableError, match=f"{own_cloud.endpoint} did not answer in time"):
        await session.call("ec2", "DescribeRegions")
    assert time.monotonic() - begun < 3
    assert len(calls(own_cloud, "DescribeRegions")) == 1


async def test_an_address_where_nothing_answers_is_named_at_once(demo_env: Path, open_session: Open) -> None:
    begun = time.monotonic()
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        await open_session(endpoint_url="http://127.0.0.1:9").call("ec2", "DescribeRegions")
    assert time.monotonic() - begun < 2


async def test_what_is_no_address_is_said_to_be_none(demo_env: Path, open_session: Open) -> None:
    with pytest.raises(Exception, match="not an address"):
        await open_session(endpoint_url="nonsense").call("ec2", "DescribeRegions")


@pytest.mark.parametrize("kind", ["malformed", "broken"])
async def test_half_an_answer_is_never_a_short_list(own_cloud: Cloud, open_session: Open, kind: str) -> None:
    own_cloud.control("/demo/faults", {"kind": kind, "action": "DescribeInstances"})
    with pytest.raises(UnreachableError):
        await instances.describe_instances(open_session())


async def test_a_sign_in_page_instead_of_aws_is_said_to_be_no_answer_of_aws(
    demo_env: Path, open_session: Open, answers: Answers
) -> None:
    answers.body = b"<html><body>Welcome to the hotel<br></body></html>"
    session = open_session(endpoint_url=answers.url)
    for reading in (session.call("ec2", "DescribeVpcs"), instances.describe_instances(session)):
        with pytest.raises(UnreachableError, match=r"incomplete or invalid response|not from AWS"):
            await reading


async def test_an_unknown_certificate_is_named_as_the_cause(
    demo_env: Path, open_session: Open, answers: Answers
) -> None:
    with pytest.raises(UnreachableError):
        await open_session(endpoint_url=answers.url.replace("http:", "https:")).call("ec2", "DescribeVpcs")


async def test_a_proxy_that_is_not_there_is_named(
    demo_env: Path, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"proxy http://127\.0\.0\.1:9.*HTTP_PROXY"):
        await open_session(endpoint_url="http://localhost:1").call("ec2", "DescribeVpcs")


async def test_throttling_that_does_not_end_is_told(own_cloud: Cloud, open_session: Open) -> None:
    own_cloud.control("/demo/faults", {"kind": "throttle", "action": "StartInstances"})
    some = (await instances.describe_instances(open_session()))[0]
    with pytest.raises(ThrottledError, match="Wait a minute"):
        await instances.start_instances(open_session(), [some.id])


async def test_every_page_is_read(own_cloud: Cloud, open_session: Open) -> None:
    session = open_session()
    pages = [page async for page in session.pages("ec2", "DescribeVolumes", "Volumes", MaxResults=5)]
    assert len(pages) > 2
    whole = await session.call("ec2", "DescribeVolumes")
    assert sorted(v["VolumeId"] for page in pages for v in page) == sorted(v["VolumeId"] for v in whole["Volumes"])


async def test_many_first_calls_at_once_find_the_credentials_once(own_cloud: Cloud, open_session: Open) -> None:
    session = open_session(profile="role")
    await asyncio.gather(*(session.call("ec2", "DescribeVpcs") for _ in range(5)))
    assert len(calls(own_cloud, "AssumeRole")) == 1


async def test_a_closed_session_opens_again_when_it_is_used(session: Any) -> None:
    before = await instances.describe_instances(session)
    await session.close()
    assert [one.id for one in await instances.describe_instances(session)] == [one.id for one in before]


async def test_warming_up_makes_no_call(own_cloud: Cloud, open_session: Open) -> None:
    await open_session().warm_up()
    assert calls(own_cloud) == []


async def test_warming_up_for_a_profile_that_is_not_there_leaves_the_error_to_the_first_call(
    own_cloud: Cloud, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "stranger")
    await open_session().warm_up()


async def test_nothing_of_the_librarys_reaches_the_terminal(
    own_cloud: Cloud, open_session: Open, capfd: pytest.CaptureFixture[str]
) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "AssumeRole"})
    with pytest.raises(Exception):  # noqa: B017 – whatever it is
        await open_session(profile="role").identity()
    assert capfd.readouterr() == ("", "")


async def test_each_regions_instances_are_its_own(own_cloud: Cloud, open_session: Open) -> None:
    session = open_session()
    other = await session.with_region("us-west-2")
    here, there = await instances.describe_instances(session), await instances.describe_instances(other)
    await other.close()
    assert here
    assert there
    assert {zone_of(one) for one in here} == {"us-east-2"}
    assert {zone_of(one) for one in there} == {"us-west-2"}


def zone_of(instance: Instance) -> str:
    return instance.zone[:-1]


async def test_the_endpoint_chosen_counts_for_all_services(
    own_cloud: Cloud, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    session = open_session(endpoint_url=own_cloud.environment["AWS_ENDPOINT_URL"])
    await session.identity()
    with pytest.raises(DeniedError):
        own_cloud.control("/demo/faults", {"kind": "deny", "service": "pricing"})
        [page async for page in session.pages("pricing", "GetProducts", "PriceList", ServiceCode="AmazonEC2")]
    assert os.environ.get("AWS_ENDPOINT_URL") is None
