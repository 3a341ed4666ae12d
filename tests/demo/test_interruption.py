"""Spot interruptions: the notice in the metadata, the interruption, and capacity again."""

from __future__ import annotations

import asyncio
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fe2tui.demo import Cloud, Options
from fe2tui.demo.machines.metadata_service import ENDPOINT, MetadataService
from tests.demo.conftest import look, make_client
from tests.demo.test_spot_rules import ONE_TIME, PERSISTENT, request_of, status

TTL = "X-aws-ec2-metadata-token-ttl-seconds"
HELD = "X-aws-ec2-metadata-token"


@pytest.fixture(scope="module")
def market(_guarded_children: Path) -> Iterator[Cloud]:
    """An empty cloud that these tests share."""
    with Cloud(Options.instant(scene=False)) as made:
        made.wait_ready()
        yield made


@pytest.fixture(scope="module")
def buyer(market: Cloud) -> Any:
    return make_client(market, "ec2")


@pytest.fixture
def machine(buyer: Any, launch: Any, request: pytest.FixtureRequest) -> str:
    """A running spot instance; the fixture's parameter has its options."""
    made = launch(buyer, InstanceMarketOptions=request.param)["InstanceId"]
    assert look(buyer, made)["State"]["Name"] == "running"
    return str(made)


stopping = pytest.mark.parametrize("machine", [PERSISTENT], indirect=True)
ending = pytest.mark.parametrize("machine", [ONE_TIME], indirect=True)


def sir(buyer: Any, instance_id: str) -> str:
    return str(look(buyer, instance_id)["SpotInstanceRequestId"])


class Inside:
    """Reads the metadata as a program on the machine does."""

    def __init__(self, cloud: Cloud, buyer: Any, instance_id: str) -> None:
        tags = {tag["Key"]: tag["Value"] for tag in look(buyer, instance_id)["Tags"]}
        key = cloud.home / "data" / "keys" / "default.pem"
        argv = ["ssh", "-F", "/dev/null", "-i", str(key), "-p", tags["fe2:port"], "-o", "IdentitiesOnly=yes"]
        argv += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        done = subprocess.run(
            [*argv, "ubuntu@127.0.0.1", f"echo ${ENDPOINT}"], capture_output=True, text=True, timeout=30, check=True
        )
        self.endpoint = done.stdout.strip()
        self._token = ask(self.endpoint, "/latest/api/token", "PUT", {TTL: "60"})[1]

    def tell(self, path: str) -> tuple[int, str]:
        return ask(self.endpoint, f"/latest/meta-data/{path}", "GET", {HELD: self._token})


def ask(endpoint: str, path: str, method: str, headers: dict[str, str]) -> tuple[int, str]:
    request = urllib.request.Request(endpoint + path, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


@stopping
def test_the_notice_is_in_the_metadata_before_the_stop(market: Cloud, buyer: Any, machine: str) -> None:
    inside = Inside(market, buyer, machine)
    assert inside.tell("spot/instance-action") == (404, "")
    before = datetime.now(UTC)
    market.control("/demo/interrupt", {"instance": machine, "notice": 3600})
    code, text = inside.tell("spot/instance-action")
    notice = json.loads(text)
    assert (code, notice["action"]) == (200, "stop")
    at = datetime.strptime(notice["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(minutes=59) < at - before < timedelta(minutes=61)
    assert inside.tell("spot/termination-time") == (404, "")
    assert "noticeTime" in json.loads(inside.tell("events/recommendations/rebalance")[1])
    assert look(buyer, machine)["State"]["Name"] == "running"
    assert status(buyer, sir(buyer, machine)) == ("active", "marked-for-stop")
    market.control("/demo/clock", {"advance": 3601})
    seen = look(buyer, machine)
    assert (seen["State"]["Name"], seen["StateReason"]["Code"]) == ("stopped", "Server.SpotInstanceShutdown")
    assert status(buyer, sir(buyer, machine)) == ("disabled", "instance-stopped-no-capacity")
    with pytest.raises(urllib.error.URLError):
        inside.tell("spot/instance-action")


@ending
def test_a_request_has_its_final_status_from_the_termination_notice_on(market: Cloud, buyer: Any, machine: str) -> None:
    inside = Inside(market, buyer, machine)
    market.control("/demo/interrupt", {"instance": machine, "notice": 3600})
    assert json.loads(inside.tell("spot/instance-action")[1])["action"] == "terminate"
    assert inside.tell("spot/termination-time")[1].endswith("Z")
    assert look(buyer, machine)["State"]["Name"] == "running"
    assert status(buyer, sir(buyer, machine)) == ("closed", "instance-terminated-no-capacity")
    market.control("/demo/clock", {"advance": 3601})
    seen = look(buyer, machine)
    assert (seen["State"]["Name"], seen["StateReason"]["Code"]) == ("terminated", "Server.SpotInstanceTermination")
    assert seen["StateTransitionReason"].startswith("Service initiated (")


@stopping
def test_a_rebalance_recommendation_can_come_before_the_notice(market: Cloud, buyer: Any, machine: str) -> None:
    inside = Inside(market, buyer, machine)
    assert inside.tell("events/recommendations/rebalance")[0] == 404
    market.control("/demo/rebalance", {"instance": machine})
    assert inside.tell("events/recommendations/rebalance")[0] == 200
    assert inside.tell("spot/instance-action")[0] == 404
    assert status(buyer, sir(buyer, machine)) == ("active", "fulfilled")


@stopping
def test_aws_programs_find_the_metadata_of_the_machine(market: Cloud, buyer: Any, machine: str) -> None:
    from botocore.utils import InstanceMetadataRegionFetcher

    inside = Inside(market, buyer, machine)
    assert InstanceMetadataRegionFetcher(base_url=f"{inside.endpoint}/").retrieve_region() == "us-east-2"
    assert inside.tell("instance-id") == (200, machine)
    assert inside.tell("instance-life-cycle") == (200, "spot")
    assert inside.tell("placement/")[1].splitlines() == ["availability-zone", "region"]
    assert {"instance-id", "placement/"} <= set(inside.tell("")[1].splitlines())
    assert inside.tell("no-such")[0] == 404


@stopping
def test_an_instance_that_is_stopped_during_the_notice_is_not_interrupted(
    market: Cloud, buyer: Any, machine: str
) -> None:
    market.control("/demo/interrupt", {"instance": machine, "notice": 3600})
    buyer.stop_instances(InstanceIds=[machine])
    market.control("/demo/clock", {"advance": 3601})
    assert look(buyer, machine)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert status(buyer, sir(buyer, machine)) == ("disabled", "instance-stopped-by-user")
    buyer.start_instances(InstanceIds=[machine])
    assert look(buyer, machine)["State"]["Name"] == "running"


@stopping
def test_an_instance_with_a_cancelled_request_can_only_be_terminated(
    market: Cloud, buyer: Any, machine: str, error_of: Any
) -> None:
    request = sir(buyer, machine)
    buyer.cancel_spot_instance_requests(SpotInstanceRequestIds=[request])
    answer = error_of(buyer.stop_instances, InstanceIds=[machine])
    assert answer.code == "UnsupportedOperation" and "cancelled" in answer.message
    with pytest.raises(ValueError, match="by terminate, not by stop"):
        market.control("/demo/interrupt", {"instance": machine, "action": "stop"})
    market.control("/demo/interrupt", {"instance": machine})
    assert look(buyer, machine)["State"]["Name"] == "terminated"
    assert status(buyer, request)[0] == "cancelled"


@stopping
def test_a_persistent_request_launches_another_instance_when_there_is_capacity(
    market: Cloud, buyer: Any, machine: str
) -> None:
    request = sir(buyer, machine)
    market.control("/demo/interrupt", {"instance": machine, "action": "terminate"})
    assert status(buyer, request) == ("open", "instance-terminated-no-capacity")
    market.control("/demo/restore", {"instance": machine})
    assert status(buyer, request) == ("active", "fulfilled")
    found = buyer.describe_spot_instance_requests(SpotInstanceRequestIds=[request])["SpotInstanceRequests"][0]
    assert found["InstanceId"] != machine
    with pytest.raises(ValueError, match="not an interrupted"):
        market.control("/demo/restore", {"instance": machine})


@stopping
def test_a_request_is_open_until_the_started_instance_runs(market: Cloud, buyer: Any, machine: str) -> None:
    buyer.stop_instances(InstanceIds=[machine])
    request = sir(buyer, machine)
    assert status(buyer, request) == ("disabled", "instance-stopped-by-user")
    market.control("/demo/delays", {"boot_seconds": 3600})
    try:
        buyer.start_instances(InstanceIds=[machine])
        assert status(buyer, request) == ("open", "pending-evaluation")
        market.control("/demo/clock", {"advance": 3601})
    finally:
        market.control("/demo/delays", {"boot_seconds": 0})
    assert status(buyer, request) == ("active", "fulfilled")


@stopping
def test_a_stopped_instance_with_an_expired_request_cannot_be_started(
    market: Cloud, buyer: Any, machine: str, error_of: Any
) -> None:
    buyer.stop_instances(InstanceIds=[machine])
    look(buyer, machine)
    market.control("/demo/expire", {"instance": machine})
    assert status(buyer, sir(buyer, machine)) == ("cancelled", "instance-stopped-by-user")
    assert error_of(buyer.start_instances, InstanceIds=[machine]).code == "IncorrectSpotRequestState"
    assert look(buyer, machine)["State"]["Name"] == "stopped"


@stopping
def test_only_a_running_spot_instance_can_be_interrupted_and_only_once(
    market: Cloud, buyer: Any, launch: Any, machine: str
) -> None:
    plain = launch(buyer)["InstanceId"]
    for subject in ("interrupt", "rebalance"):
        with pytest.raises(ValueError, match="not a running spot instance"):
            market.control(f"/demo/{subject}", {"instance": plain})
    market.control("/demo/interrupt", {"instance": machine, "notice": 3600})
    with pytest.raises(ValueError, match="already has an interruption notice"):
        market.control("/demo/interrupt", {"instance": machine})
    with pytest.raises(ValueError, match="by stop, not by juggling"):
        market.control("/demo/interrupt", {"instance": stopped_and_started(buyer, machine), "action": "juggling"})


def stopped_and_started(buyer: Any, machine: str) -> str:
    buyer.stop_instances(InstanceIds=[machine])
    look(buyer, machine)
    buyer.start_instances(InstanceIds=[machine])
    look(buyer, machine)
    return machine


@ending
def test_the_notice_is_twice_the_stop_delay_by_default(market: Cloud, buyer: Any, machine: str) -> None:
    market.control("/demo/delays", {"stop_seconds": 1800})
    try:
        market.control("/demo/interrupt", {"instance": machine})
        market.control("/demo/clock", {"advance": 3000})
        assert look(buyer, machine)["State"]["Name"] == "running"
        market.control("/demo/clock", {"advance": 601})
        assert look(buyer, machine)["State"]["Name"] == "shutting-down"
    finally:
        market.control("/demo/delays", {"stop_seconds": 0})
    assert request_of(buyer, machine)["Status"]["Code"] == "instance-terminated-no-capacity"


@pytest.mark.parametrize(
    ("method", "path", "headers", "code"),
    [
        ("PUT", "/latest/api/token", {}, 400),
        ("PUT", "/latest/api/token", {TTL: "0"}, 400),
        ("PUT", "/latest/api/token", {TTL: "21601"}, 400),
        ("PUT", "/latest/api/token", {TTL: "60", "X-Forwarded-For": "203.0.113.9"}, 403),
        ("GET", "/latest/api/token", {TTL: "60"}, 405),
        ("GET", "/latest/meta-data/instance-id", {}, 401),
        ("GET", "/latest/meta-data/instance-id", {HELD: "made-up"}, 401),
        ("POST", "/latest/meta-data/instance-id", {HELD: "{token}"}, 405),
        ("GET", "/latest/meta-data/instance-id", {HELD: "{token}"}, 200),
        ("GET", "/latest/meta-data/else", {HELD: "{token}"}, 404),
    ],
)
def test_metadata_needs_a_token_of_version_2(method: str, path: str, headers: dict[str, str], code: int) -> None:
    async def served() -> int:
        service = MetadataService(lambda path: "i-1" if path.endswith("/instance-id") else None)
        endpoint = await service.start()
        try:
            _, token = await asyncio.to_thread(ask, endpoint, "/latest/api/token", "PUT", {TTL: "60"})
            sent = {name: value.replace("{token}", token) for name, value in headers.items()}
            return (await asyncio.to_thread(ask, endpoint, path, method, sent))[0]
        finally:
            service.stop()

    assert asyncio.run(served()) == code
