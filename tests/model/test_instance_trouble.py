"""What is wrong with an instance: a stop that hangs, failed status checks, what AWS has scheduled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, InstanceStatus, ScheduledEvent, State
from fe2tui.model.instance_trouble import trouble_of
from fe2tui.model.location import Location
from fe2tui.model.spot import SpotRequest

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BASE = Instance("i-1", State.RUNNING, "t3.micro", "us-east-2a", tags={"Name": "base"})
DAY = timedelta(days=1)


def text(one: Instance, status: InstanceStatus | None = None, *requests: SpotRequest) -> str:
    statuses = {status.id: status} if status is not None else {}
    by_id = {request.id: request for request in requests}
    fleet = Fleet(Location("default", "us-east-2"), NOW, {one.id: one}, statuses=statuses, requests=by_id)
    found = trouble_of(one, fleet, NOW)
    if found is None:
        return ""
    assert list(found.forms) == sorted(found.forms, key=len, reverse=True)
    return f"{found.forms[0]}. {found.remedy}"


def stopping_since(minutes: int) -> Instance:
    asked_at = NOW - timedelta(minutes=minutes)
    reason = f"User initiated ({asked_at:%Y-%m-%d %H:%M:%S} GMT)"
    return replace(BASE, state=State.STOPPING, transition_reason=reason)


def test_a_stop_that_takes_more_than_ten_minutes_is_called_so_with_what_to_do() -> None:
    assert text(stopping_since(9)) == ""
    assert text(stopping_since(24)).startswith("stopping for 24m: force it with s. Press s to force it")


@pytest.mark.parametrize(
    ("failed", "words"),
    [
        (("instance",), "running, does not answer since {}. Reboot it."),
        (("system", "instance"), "running, its host has failed since {}. Stop and start it: that moves it"),
        (("attached-ebs",), "running, its disks do not answer since {}. Stop and start it if"),
    ],
)
def test_failed_status_checks_say_what_does_not_answer_since_when_and_what_to_do(
    failed: tuple[str, ...], words: str
) -> None:
    since = NOW - timedelta(hours=2)
    status = InstanceStatus("i-1", failed, since)
    assert text(BASE, status).startswith(words.format(f"{since.astimezone():%H:%M}"))
    assert text(replace(BASE, state=State.STOPPED), status) == ""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("instance-retirement", "AWS retires it on {}: stop and start it before. "),
        ("instance-stop", "AWS stops it on {}: stop and start it before. "),
        ("instance-reboot", "AWS reboots it on {}: reboot it before, when it suits you. "),
        ("system-reboot", "AWS reboots its host on {}: stop and start it before, or let it reboot. "),
        ("system-maintenance", "AWS works on its host on {}: stop and start it before, or expect it "),
    ],
)
def test_a_scheduled_event_says_what_aws_does_when_and_what_to_do_before(code: str, words: str) -> None:
    due = NOW + 11 * DAY
    here = due.astimezone()
    later = ScheduledEvent("system-maintenance", due + DAY)
    status = InstanceStatus("i-1", events=(later, ScheduledEvent(code, due)))
    assert text(BASE, status).startswith(words.format(f"{here.day} {here:%b}"))


def test_what_is_due_is_due_now_and_what_cannot_be_stopped_is_not_to_be_stopped() -> None:
    status = InstanceStatus("i-1", events=(ScheduledEvent("instance-retirement", NOW - DAY),))
    assert text(BASE, status).startswith("AWS retires it now: stop and start it. ")
    member = replace(BASE, tags={"aws:autoscaling:groupName": "web"})
    assert "terminate it, so that its group launches another" in text(member, status)
    spot = replace(BASE, lifecycle="spot", spot_request_id="sir-1")
    assert "launch another in its place" in text(spot, status, SpotRequest("sir-1", "active", "one-time"))
    assert "stop and start it" in text(spot, status, SpotRequest("sir-1", "active", "persistent"))
