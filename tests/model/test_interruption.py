"""What happened to a spot instance, and what its request means, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.interruption import interruption_forms, interruption_text, is_waiting_for_aws, request_text
from fe2tui.model.spot import SpotRequest

NOW = datetime.now(UTC).astimezone().replace(hour=15, minute=0, second=0, microsecond=0).astimezone(UTC)
AT = NOW - timedelta(minutes=58)
AT_TWO = "14:02"
TAKEN = "interrupted by AWS at 14:02: no capacity in us-east-2b"
SHUTDOWN = "Server.SpotInstanceShutdown: Instance was stopped by Amazon EC2"
TERMINATION = "Server.SpotInstanceTermination: Spot instance termination"
ROOT = Attachment("/dev/sda1", "vol-1", True)
DATA = Attachment("/dev/sdf", "vol-2", False)


def machine(state: State = State.STOPPED, reason: str = "", **changes: Any) -> Instance:
    facts = {"lifecycle": "spot", "spot_request_id": "sir-1", "launched_at": NOW - timedelta(days=1)}
    return Instance("i-1", state, "p3.8xlarge", "us-east-2b", **{**facts, "state_reason": reason, **changes})


def request(state: str, code: str, kind: str = "persistent", **changes: Any) -> SpotRequest:
    facts = {"instance_id": "i-1", "status_at": AT, "zone": "us-east-2b", "interruption": "stop"}
    return SpotRequest("sir-1", state, kind, code, **{**facts, **changes})


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("instance-stopped-no-capacity", "no capacity in us-east-2b"),
        ("instance-stopped-capacity-oversubscribed", "no capacity in us-east-2b"),
        ("instance-stopped-by-price", "the price rose above its maximum"),
        ("instance-stopped-by-experiment", "an experiment of your account interrupted it"),
    ],
)
@pytest.mark.parametrize("state", ["open", "active", "disabled"])
def test_a_machine_that_aws_stopped_says_why_and_comes_back_by_itself(state: str, code: str, why: str) -> None:
    said = interruption_text(machine(reason=SHUTDOWN), request(state, code), NOW)
    assert said == f"interrupted by AWS at {AT_TWO}: {why}; AWS will restart it"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("instance-terminated-no-capacity", "no capacity in us-east-2b"),
        ("instance-terminated-capacity-oversubscribed", "no capacity in us-east-2b"),
        ("instance-terminated-by-price", "the price rose above its maximum"),
        ("instance-terminated-by-schedule", "the time it was bought for is over"),
        ("instance-terminated-launch-group-constraint", "another instance of its launch group was interrupted"),
        ("instance-terminated-by-experiment", "an experiment of your account interrupted it"),
    ],
)
def test_a_machine_that_aws_terminated_is_gone_with_its_disk(code: str, why: str) -> None:
    said = interruption_text(machine(State.TERMINATED, TERMINATION), request("closed", code, "one-time"), NOW)
    assert said == f"interrupted by AWS at {AT_TWO}: {why}; gone, disk deleted"


def test_one_that_ended_with_its_request_was_not_interrupted() -> None:
    asked = request("closed", "instance-terminated-by-service")
    said = interruption_text(machine(State.TERMINATED, "Client.x"), asked, NOW)
    assert said == f"ended by AWS at {AT_TWO}: its request ended while it was stopped; gone, disk deleted"


def test_one_whose_request_was_cancelled_while_aws_had_stopped_it_was_ended_by_a_person() -> None:
    asked = request("cancelled", "instance-terminated-by-service")
    assert interruption_text(machine(State.TERMINATED, "Client.UserInitiatedShutdown: x"), asked, NOW) == ""
    assert "AWS" not in request_text(asked)


WHILE_STOPPED = machine(reason=SHUTDOWN)
ENDED = machine(State.TERMINATED, TERMINATION)


@pytest.mark.parametrize(
    ("instance", "asked", "shorter"),
    [
        (
            WHILE_STOPPED,
            request("disabled", "instance-stopped-no-capacity"),
            ("interrupted 14:02 · comes back", "interrupted · comes back", "interrupted"),
        ),
        (
            ENDED,
            request("closed", "instance-terminated-no-capacity", "one-time"),
            (
                "interrupted 14:02 · gone, disk deleted",
                "interrupted · gone, disk deleted",
                "interrupted · gone",
                "ended by AWS",
            ),
        ),
        (
            ENDED,
            request("open", "instance-terminated-no-capacity"),
            (
                "interrupted 14:02 · gone, another comes",
                "interrupted · gone, another comes",
                "interrupted · another comes",
                "ended by AWS",
            ),
        ),
        (
            WHILE_STOPPED,
            request("cancelled", "instance-stopped-no-capacity"),
            (
                "interrupted 14:02 · AWS will not restart it",
                "interrupted · AWS will not restart it",
                "interrupted · stays stopped",
                "stays stopped",
            ),
        ),
        (
            machine(State.RUNNING),
            request("active", "marked-for-stop"),
            ("AWS interrupts it 14:04 · stops, disk kept", "stops 14:04"),
        ),
        (
            machine(State.RUNNING),
            request("active", "marked-for-termination", status_at=None),
            ("AWS interrupts it · ends, disk deleted", "being ended"),
        ),
        (machine(State.RUNNING), request("active", "fulfilled"), ()),
    ],
)
def test_in_fewer_words_it_still_says_what_happens_to_the_instance(
    instance: Instance, asked: SpotRequest, shorter: tuple[str, ...]
) -> None:
    forms = interruption_forms(instance, asked, NOW)
    assert forms[len(forms) - len(shorter) :] == shorter
    assert list(forms) == sorted(set(forms), key=len, reverse=True)
    assert forms == () or len(forms[-1]) <= 13


def test_the_day_stands_in_the_short_form_of_what_was_another_day() -> None:
    asked = request("open", "instance-stopped-no-capacity", status_at=NOW - timedelta(days=400))
    here = (NOW - timedelta(days=400)).astimezone()
    forms = interruption_forms(machine(reason=SHUTDOWN, launched_at=None), asked, NOW)
    assert f"interrupted {here.day} {here:%b} · comes back" in forms


def test_of_a_persistent_request_aws_launches_another_in_its_place() -> None:
    asked = request("open", "instance-terminated-no-capacity", instance_id=None)
    said = interruption_text(machine(State.TERMINATED, TERMINATION), asked, NOW)
    assert said == f"{TAKEN}; gone, disk deleted; AWS launches another in its place"


@pytest.mark.parametrize(
    ("disks", "words"),
    [
        ((ROOT,), "disk deleted"),
        ((ROOT, ROOT), "disks deleted"),
        ((ROOT, DATA), "1 disk kept"),
        ((DATA,), "disk kept"),
    ],
)
def test_disks_that_are_kept_are_said_to_be_while_ec2_tells_of_them(disks: tuple[Attachment, ...], words: str) -> None:
    ending = machine(State.SHUTTING_DOWN, TERMINATION, attachments=disks)
    said = interruption_text(ending, request("closed", "instance-terminated-no-capacity", "one-time"), NOW)
    assert said == f"{TAKEN}; gone, {words}"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("marked-for-stop", "AWS interrupts it at 14:04: it will be stopped, its disk kept"),
        ("marked-for-stop-by-experiment", "AWS interrupts it at 14:04: it will be stopped, its disk kept"),
        ("marked-for-termination", "AWS interrupts it at 14:04: it will be terminated, disk deleted"),
        ("instance-terminated-no-capacity", "AWS interrupts it at 14:04: it will be terminated, disk deleted"),
        ("fulfilled", ""),
        ("instance-stopped-no-capacity", ""),  # read before AWS started it again
    ],
)
def test_a_running_one_says_when_aws_takes_it_two_minutes_after_the_notice(code: str, words: str) -> None:
    assert interruption_text(machine(State.RUNNING), request("active", code), NOW) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW - timedelta(days=400), "on"),
        (None, ""),
    ],
)
def test_the_day_stands_with_the_time_when_it_was_another_day(moment: datetime | None, words: str) -> None:
    asked = request("open", "instance-stopped-no-capacity", status_at=moment)
    old = machine(reason=SHUTDOWN, launched_at=None)
    here = moment.astimezone() if moment else None
    when = f" {words} {here.day} {here:%b %Y}" if here else ""
    assert interruption_text(old, asked, NOW) == (
        f"interrupted by AWS{when}: no capacity in us-east-2b; AWS will restart it"
    )


def test_without_its_request_the_machines_own_reason_tells_what_it_can() -> None:
    stopped = machine(reason=SHUTDOWN, transition_reason=f"Service initiated ({AT:%Y-%m-%d %H:%M:%S} GMT)")
    assert interruption_text(stopped, None, NOW) == f"interrupted by AWS at {AT_TWO}; AWS will restart it"
    gone = machine(State.TERMINATED, TERMINATION)
    assert interruption_text(gone, None, NOW) == "interrupted by AWS; gone, disk deleted"


def test_a_request_that_has_ended_brings_nothing_back() -> None:
    asked = request("cancelled", "instance-stopped-no-capacity")
    assert interruption_text(machine(reason=SHUTDOWN), asked, NOW) == (
        f"{TAKEN}; AWS will not restart it: its request is cancelled"
    )


@pytest.mark.parametrize(
    ("instance", "asked"),
    [
        (machine(reason="Client.UserInitiatedShutdown: x"), request("disabled", "instance-stopped-by-user")),
        (machine(State.STOPPING, "Client.UserInitiatedShutdown: x"), request("active", "marked-for-stop")),
        (
            machine(State.TERMINATED, "Client.UserInitiatedShutdown: x"),
            request("closed", "instance-terminated-by-user"),
        ),
        (machine(State.TERMINATED, "Client.x"), request("closed", "spot-instance-terminated-by-user")),
        (machine(State.RUNNING), request("cancelled", "request-canceled-and-instance-running")),
        (machine(State.RUNNING), None),
        # of the machine that came after it
        (machine(State.TERMINATED, "Client.x"), request("active", "marked-for-stop", instance_id="i-2")),
        # read before a person started it, and stopped it again
        (
            machine(reason="Client.UserInitiatedShutdown: x", launched_at=NOW),
            request("open", "instance-stopped-no-capacity"),
        ),
        (machine(reason=SHUTDOWN, lifecycle="on-demand"), None),
    ],
)
def test_what_a_person_did_is_no_interruption(instance: Instance, asked: SpotRequest | None) -> None:
    assert interruption_text(instance, asked, NOW) == ""
    assert not is_waiting_for_aws(instance, asked)


def test_only_aws_starts_one_that_aws_stopped() -> None:
    assert is_waiting_for_aws(machine(reason=SHUTDOWN))
    assert is_waiting_for_aws(machine(), request("disabled", "instance-stopped-no-capacity"))
    assert not is_waiting_for_aws(machine(State.TERMINATED, TERMINATION))


DOCUMENTED = {
    "az-group-constraint": "open",
    "bad-parameters": "closed",
    "canceled-before-fulfillment": "cancelled",
    "capacity-not-available": "open",
    "constraint-not-fulfillable": "open",
    "fulfilled": "active",
    "instance-stopped-by-price": "disabled",
    "instance-stopped-by-user": "disabled",
    "instance-stopped-no-capacity": "disabled",
    "instance-terminated-by-price": "open",
    "instance-terminated-by-schedule": "closed",
    "instance-terminated-by-service": "cancelled",
    "instance-terminated-by-user": "closed",
    "spot-instance-terminated-by-user": "closed",
    "instance-terminated-launch-group-constraint": "closed",
    "instance-terminated-no-capacity": "closed",
    "launch-group-constraint": "open",
    "limit-exceeded": "open",
    "marked-for-stop": "active",
    "marked-for-termination": "active",
    "not-scheduled-yet": "open",
    "pending-evaluation": "open",
    "pending-fulfillment": "open",
    "placement-group-constraint": "open",
    "price-too-low": "open",
    "request-canceled-and-instance-running": "cancelled",
    "schedule-expired": "cancelled",
    "system-error": "closed",
}


@pytest.mark.parametrize(("code", "state"), DOCUMENTED.items())
def test_each_status_code_of_ec2_has_words_of_ours(code: str, state: str) -> None:
    said = request_text(request(state, code, status_words="AWS's own words."))
    assert said and code not in said and "{" not in said
    assert ("AWS's own words" in said) == (code in ("bad-parameters", "constraint-not-fulfillable", "system-error"))
    variant = code.replace("canceled", "cancelled")
    assert request_text(request(state, variant, status_words="AWS's own words.")) == said


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (request("active", "fulfilled"), "AWS stops its machine when it needs the capacity, and starts it when there"),
        (request("active", "fulfilled", interruption="terminate"), "AWS terminates its machine when it needs the"),
        (request("active", "fulfilled", interruption="hibernate"), "AWS hibernates its machine"),
        (request("active", "fulfilled", "one-time"), "AWS terminates its machine, disk and all"),
        (request("disabled", "instance-stopped-by-user"), "cancelling the request would terminate it"),
        (request("cancelled", "instance-stopped-by-user"), "it cannot be started any more"),
        (request("open", "instance-terminated-by-user"), "AWS launches another for it"),
        (request("open", "instance-terminated-no-capacity"), "launches another when it can"),
        (request("open", "instance-stopped-no-capacity"), "no capacity in us-east-2b; starts it again when it can"),
        (request("open", "capacity-not-available", zone=""), "waits: no capacity"),
        (request("open", ""), "waits for AWS"),
        (request("active", ""), "has its machine"),
        (request("disabled", ""), "its machine is stopped"),
        (request("closed", ""), "over: its machine was interrupted or terminated"),
        (request("cancelled", ""), "cancelled or expired"),
        (request("failed", ""), "refused"),
        (request("open", "brand-new", status_words="No \x1b[31mluck."), r"waits for AWS (No \x1b[31mluck)"),
        (request("strange", "brand-new"), "strange (brand-new)"),
    ],
)
def test_a_request_says_what_its_state_means(asked: SpotRequest, words: str) -> None:
    assert words in request_text(asked)


def test_terminating_its_machine_is_the_end_of_a_one_time_request() -> None:
    for code in ("instance-terminated-by-user", "instance-terminated-no-capacity"):
        assert "launches another" not in request_text(request("closed", code, "one-time"))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (request("cancelled", "request-canceled-and-instance-running"), "cancelled; its machine is terminated"),
        (request("active", "fulfilled"), "its machine is terminated; AWS launches another for it"),
        (request("active", "fulfilled", "one-time"), "its machine is terminated"),
    ],
)
def test_a_request_whose_machine_is_gone_does_not_say_that_it_runs(asked: SpotRequest, words: str) -> None:
    assert request_text(asked, machine(State.TERMINATED)) == words
    assert "is being terminated" in request_text(asked, machine(State.SHUTTING_DOWN))
    assert request_text(asked, machine(State.RUNNING)) == request_text(asked)
