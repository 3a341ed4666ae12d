"""What is wrong with an instance besides an interruption: failed status checks, scheduled events, a stop that hangs.

Source: EC2 User Guide, "Status checks for your instances", "Scheduled events for your instances" and "Troubleshoot
Amazon EC2 instance stop issues".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, InstanceStatus, ScheduledEvent, State
from fe2tui.model.instance_group import instance_group
from fe2tui.model.text import age

STOPPING_TOO_LONG = timedelta(minutes=10)


class Trouble(NamedTuple):
    """``forms`` say what is wrong, the longest first; ``remedy`` is a sentence about what to do.

    ``text`` says what is wrong after the state, which a list shows by itself.
    """

    forms: tuple[str, ...]
    remedy: str

    @property
    def text(self) -> str:
        return self.forms[0].removeprefix("running, ")


def trouble_of(instance: Instance, fleet: Fleet, now: datetime) -> Trouble | None:
    """What is wrong with an instance; None if nothing is known to be. Interruptions are in ``interruption``."""
    if instance.state is State.STOPPING:
        return _hanging_stop(instance, now)
    status = fleet.statuses.get(instance.id)
    if status is None or instance.state is not State.RUNNING:
        return None
    return next(_troubles(instance, status, fleet, now), None)


def _hanging_stop(instance: Instance, now: datetime) -> Trouble | None:
    since = instance.changed_state_at
    if since is None or now - since < STOPPING_TOO_LONG:
        return None
    stopping = f"stopping for {age(now - since)}"
    forms = (f"{stopping}: force it with s", stopping, f"stopping {age(now - since)}", "stop hangs")
    remedy = "Press s to force it, or run `fe2 stop --force`: data not yet written to its disks is lost."
    return Trouble(forms, remedy)


def _troubles(instance: Instance, status: InstanceStatus, fleet: Fleet, now: datetime) -> Iterator[Trouble]:
    """The most urgent first."""
    since = f" since {_moment(status.failed_since, now)}" if status.failed_since is not None else ""
    if "system" in status.failed:
        yield Trouble(
            (f"running, its host has failed{since}", f"host failed{since}", "host failed"),
            f"{_sentence(_move_text(instance, fleet))}: that moves it to another host.",
        )
    if "instance" in status.failed:
        yield Trouble(
            (f"running, does not answer{since}", f"no answer{since}", "no answer"),
            "Reboot it. `fe2 console` shows the messages of its system.",
        )
    if "attached-ebs" in status.failed:
        yield Trouble(
            (f"running, its disks do not answer{since}", f"disks fail{since}", "disks fail"),
            f"{_sentence(_move_text(instance, fleet))} if that lasts.",
        )
    for event in sorted(status.events, key=lambda one: one.not_before or now):
        yield _scheduled(event, instance, fleet, now)


def _scheduled(event: ScheduledEvent, instance: Instance, fleet: Fleet, now: datetime) -> Trouble:
    when = "now" if event.not_before is None or event.not_before <= now else f"on {_day(event.not_before, now)}"
    before = "" if when == "now" else " before"
    move = _move_text(instance, fleet)
    if event.code == "instance-retirement":
        what, advice = "retires it", f"{move}{before}"
    elif event.code == "instance-stop":
        what, advice = "stops it", f"{move}{before}"
    elif event.code == "instance-reboot":
        what, advice = "reboots it", f"reboot it{before}, when it suits you"
    elif event.code == "system-reboot":
        what, advice = "reboots its host", f"{move}{before}, or let it reboot"
    else:
        what, advice = "works on its host", f"{move}{before}, or expect it to be without network or power for a while"
    verb = what.split()[0]
    forms = (f"AWS {what} {when}: {advice}", f"AWS {what} {when}", f"AWS {verb} {when}", f"{verb} {when}")
    return Trouble(forms, f"{_sentence(advice)}.")


def _move_text(instance: Instance, fleet: Fleet) -> str:
    """How to get an instance, or another in its place, onto another host."""
    if instance_group(instance) is not None:
        return "terminate it, so that its group launches another"
    request = fleet.requests.get(instance.spot_request_id or "")
    if instance.is_spot and (request is None or not request.is_persistent):
        return "launch another in its place"
    return "stop and start it"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _day(moment: datetime, now: datetime) -> str:
    here = moment.astimezone()
    year = "" if here.year == now.astimezone().year else f" {here.year}"
    return f"{here.day} {here:%b}{year}"


def _moment(moment: datetime, now: datetime) -> str:
    here = moment.astimezone()
    return f"{here:%H:%M}" if here.date() == now.astimezone().date() else _day(moment, now)
