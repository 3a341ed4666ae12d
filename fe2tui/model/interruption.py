"""Sentences about interruptions of spot instances by AWS, and about the states of spot requests.

Source of the codes: Amazon EC2 User Guide, "Spot request status codes" and "State changes for a Spot request"; EC2 API
reference, StateReason. AWS writes some of them in two ways (canceled, cancelled), and AWS Fault Injection Service has
variants that end in ``-by-experiment``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from fe2tui.model.instance import Instance, State
from fe2tui.model.spot import SpotRequest
from fe2tui.model.text import plural, short_time, time_phrase, visible

NOTICE_TIME = timedelta(minutes=2)
"""From AWS's notice to the interruption. Source: User Guide, "Spot Instance interruption notices"."""

LIVE_REQUEST_STATES = ("open", "active", "disabled")  # a request may still launch or start an instance

# The status codes with which AWS stopped or terminated an instance, and why. {zone} is the instance's.
_INTERRUPTED = {
    "instance-stopped-no-capacity": "no capacity in {zone}",
    "instance-stopped-capacity-oversubscribed": "no capacity in {zone}",
    "instance-stopped-by-price": "the price rose above its maximum",
    "instance-stopped-by-experiment": "an experiment of your account interrupted it",
    "instance-terminated-no-capacity": "no capacity in {zone}",
    "instance-terminated-capacity-oversubscribed": "no capacity in {zone}",
    "instance-terminated-by-price": "the price rose above its maximum",
    "instance-terminated-by-schedule": "the time it was bought for is over",
    "instance-terminated-by-service": "its request ended while it was stopped",
    "instance-terminated-launch-group-constraint": "another instance of its launch group was interrupted",
    "instance-terminated-by-experiment": "an experiment of your account interrupted it",
}

_ENDED_WITH_REQUEST = "instance-terminated-by-service"

# The status codes of a request while AWS waits to start a stopped instance again.
_WAITING = {
    "capacity-not-available": "no capacity in {zone}",
    "capacity-oversubscribed": "no capacity in {zone}",
    "price-too-low": "the price is above its maximum",
    "limit-exceeded": "your account is at its limit of disks",
    "placement-group-constraint": "its placement group has no capacity",
    "az-group-constraint": "no capacity for all of its zone group",
    "launch-group-constraint": "no capacity for all of its launch group",
    "constraint-not-fulfillable": "what it requests is not available",
    "system-error": "AWS had an error of its own",
}
_NOTICE_STATUSES = ("marked-for-stop", "marked-for-stop-by-experiment", "marked-for-termination")

_REQUEST_STATUSES = {
    "pending-evaluation": "AWS is evaluating it",
    "pending-fulfillment": "AWS is launching its machine",
    "not-scheduled-yet": "waits for its start date",
    "schedule-expired": "expired before it had a machine",
    "canceled-before-fulfillment": "cancelled before it had a machine",
    "bad-parameters": "refused: its parameters do not exist or do not go together",
    "system-error": "ended by an error at AWS",
    "limit-exceeded": "waits: your account is at its limit of disks",
    "price-too-low": "waits until the price falls below its maximum",
    "constraint-not-fulfillable": "cannot be fulfilled: AWS does not know what it requests",
    "placement-group-constraint": "waits for capacity in its placement group",
    "az-group-constraint": "waits for capacity for all of its zone group",
    "launch-group-constraint": "waits until all of its launch group can be launched together",
    "request-canceled-and-instance-running": "cancelled; its machine keeps running, and is gone once it is stopped "
    "or terminated",
    "marked-for-stop": "its machine is about to be stopped",
    "marked-for-stop-by-experiment": "its machine is about to be stopped by an experiment",
    "marked-for-termination": "its machine is about to be terminated",
}
_STATUSES_WITH_AWS_TEXT = ("bad-parameters", "constraint-not-fulfillable", "system-error")
_STATE_TEXTS = {
    "open": "waits for AWS",
    "active": "has its machine",
    "disabled": "its machine is stopped",
    "closed": "over: its machine was interrupted or terminated",
    "cancelled": "cancelled or expired",
    "failed": "refused: its parameters do not exist or do not go together",
}


def interruption_text(instance: Instance, request: SpotRequest | None, now: datetime) -> str:
    """An interruption, carried out or announced: ``interrupted by AWS at 14:02: no capacity in us-east-2b; AWS will
    restart it``, ``…; gone, disk deleted``. Empty if there is none.

    The request's status counts where it is about this instance, else the instance's StateReason. Times are local.
    """
    return next(iter(interruption_forms(instance, request, now)), "")


def interruption_forms(instance: Instance, request: SpotRequest | None, now: datetime) -> tuple[str, ...]:
    """``interruption_text`` in fewer and fewer words, the longest form first; none if there is no interruption.

    Each says whether the instance comes back: ``interrupted 14:02 · gone, disk deleted``, ``interrupted · gone``. The
    last form has at most 13 characters.
    """
    if not instance.is_spot:
        return ()
    about = request if request is not None and request.instance_id in (instance.id, None) else None
    code = _current_status_code(instance, about)
    if instance.state in (State.PENDING, State.RUNNING):
        return _notice_forms(instance, about, code, now) if about is not None and about.instance_id else ()
    if not _was_interrupted(instance, code) or _was_cancelled_by_user(about, code):
        return ()
    # empty where AWS gives no reason: a StateReason does not say whether it was capacity or price
    why = _in_zone(_INTERRUPTED.get(code) or _WAITING.get(code, ""), instance.zone)
    done = "ended" if code == _ENDED_WITH_REQUEST else "interrupted"
    since = _interrupted_at(instance, about, code)
    head, then = f"{done} by AWS{time_phrase(since, now)}", _consequence(instance, request)
    found = (
        f"{head}{f': {why}' if why else ''}; {then.whole}",
        f"{head}; {then.whole}",
        f"{done}{short_time(since, now)} · {then.clause}",
        f"{done} · {then.clause}",
        f"{done} · {then.brief}",
        then.word,
    )
    return tuple(dict.fromkeys(found))


class _Consequence(NamedTuple):
    """What happens to an interrupted instance, from the longest form to the one for a narrow column."""

    whole: str
    clause: str
    brief: str
    word: str


def is_waiting_for_aws(instance: Instance, request: SpotRequest | None = None) -> bool:
    """Whether AWS interrupted and stopped it, so that only AWS can start it again."""
    if not instance.is_spot or instance.state not in (State.STOPPING, State.STOPPED):
        return False
    about = request if request is not None and request.instance_id == instance.id else None
    return _was_interrupted(instance, _current_status_code(instance, about))


_RUNNING_STATUSES = ("fulfilled", "request-canceled-and-instance-running")


def request_text(request: SpotRequest, instance: Instance | None = None) -> str:
    """What a request's state and status mean, without its id, type and state.

    ``instance`` is the request's instance as it is now, where known: EC2 does not update the status of a cancelled
    request when its instance ends.
    """
    code, state = _status_code(request), request.state
    is_live = state in LIVE_REQUEST_STATES
    if code in _RUNNING_STATUSES and instance is not None and instance.state.is_gone:
        ended = "is terminated" if instance.state is State.TERMINATED else "is being terminated"
        if not is_live:
            return f"{state}; its machine {ended}"
        return f"its machine {ended}{'; AWS launches another for it' if request.is_persistent else ''}"
    if code in _INTERRUPTED:
        return _interrupted_text(request, code)
    if code == "fulfilled" and state == "active":
        return _running_text(request)
    if code == "instance-stopped-by-user":
        then = "cancelling the request would terminate it" if is_live else "it cannot be started any more"
        return f"its machine was stopped, not by AWS; {then}"
    if code == "instance-terminated-by-user":
        end = "its machine was terminated"
        return f"{end}; AWS launches another for it" if request.is_persistent and is_live else end
    if code in _WAITING and code not in _REQUEST_STATUSES:
        return f"waits: {_in_zone(_WAITING[code], request.zone)}"
    if code in _REQUEST_STATUSES:
        said = visible(request.status_words).rstrip(".") if code in _STATUSES_WITH_AWS_TEXT else ""
        return f"{_REQUEST_STATUSES[code]} ({said})" if said else _REQUEST_STATUSES[code]
    said = visible(request.status_words or code).rstrip(".") if code not in ("", "fulfilled") else ""
    known = _STATE_TEXTS.get(state, visible(state))
    return f"{known} ({said})" if said else known


def _status_code(request: SpotRequest | None) -> str:
    if request is None:
        return ""
    return request.status_code.replace("cancelled", "canceled").removeprefix("spot-")


def _current_status_code(instance: Instance, about: SpotRequest | None) -> str:
    """The status code, unless it is older than the instance's last start."""
    if about is None or (about.status_at and instance.launched_at and about.status_at < instance.launched_at):
        return ""
    return _status_code(about)


def _was_interrupted(instance: Instance, code: str) -> bool:
    if code in _INTERRUPTED:
        stopped = instance.state in (State.STOPPING, State.STOPPED)
        return stopped == code.startswith("instance-stopped")
    return instance.was_interrupted


def _in_zone(words: str, zone: str) -> str:
    return words.replace("{zone}", zone) if zone else words.replace(" in {zone}", "")


def _interrupted_at(instance: Instance, about: SpotRequest | None, code: str) -> datetime | None:
    if about is not None and code in _INTERRUPTED and about.status_at is not None:
        return about.status_at
    return instance.changed_state_at


def _was_cancelled_by_user(about: SpotRequest | None, code: str) -> bool:
    """Cancelling a request terminates its stopped instance: AWS reports it as its own doing, but a person wanted it."""
    return code == _ENDED_WITH_REQUEST and about is not None and about.state == "cancelled"


def _consequence(instance: Instance, request: SpotRequest | None) -> _Consequence:
    if not instance.state.is_gone:
        if request is not None and request.state not in LIVE_REQUEST_STATES:
            stays = "AWS will not restart it"
            return _Consequence(f"{stays}: its request is {request.state}", stays, "stays stopped", "stays stopped")
        return _Consequence("AWS will restart it", "comes back", "comes back", "interrupted")
    gone = f"gone, {_volumes_text(instance)}"
    if request is not None and request.is_persistent and request.state in LIVE_REQUEST_STATES:
        return _Consequence(
            f"{gone}; AWS launches another in its place", "gone, another comes", "another comes", "ended by AWS"
        )
    return _Consequence(gone, gone, "gone", "ended by AWS")


def _volumes_text(instance: Instance) -> str:
    """What happens to its disks. A terminated instance lists none any more: the usual case is assumed."""
    kept = sum(not one.delete_on_termination for one in instance.attachments)
    if not kept:
        return "disk deleted" if len(instance.attachments) < 2 else "disks deleted"
    return "disk kept" if kept == len(instance.attachments) == 1 else f"{plural(kept, 'disk')} kept"


def _notice_forms(instance: Instance, about: SpotRequest, code: str, now: datetime) -> tuple[str, ...]:
    """AWS announced the interruption. A request's status is ``instance-terminated-…`` from the notice on."""
    if code not in _NOTICE_STATUSES and not code.startswith("instance-terminated-"):
        return ()
    due = about.status_at + NOTICE_TIME if about.status_at else None
    stops = "stop" in code
    what = "it will be stopped, its disk kept" if stops else f"it will be terminated, {_volumes_text(instance)}"
    fate = "stops, disk kept" if stops else f"ends, {_volumes_text(instance)}"
    clock = f" {due.astimezone():%H:%M}" if due else ""
    word = "stops" if stops else "ends"
    return (
        f"AWS interrupts it{time_phrase(due, now)}: {what}",
        f"AWS interrupts it{clock} · {fate}",
        f"{word}{clock}" if due else f"being {'stopped' if stops else 'ended'}",
    )


def _interrupted_text(request: SpotRequest, code: str) -> str:
    if code == _ENDED_WITH_REQUEST:
        return "its machine, which was stopped, was terminated when the request ended"
    why = _in_zone(_INTERRUPTED[code], request.zone)
    is_live = request.state in LIVE_REQUEST_STATES
    if code.startswith("instance-stopped"):
        return f"AWS stopped its machine: {why}{'; starts it again when it can' if is_live else ''}"
    then = "; launches another when it can" if request.is_persistent and is_live else ""
    return f"AWS terminated its machine: {why}{then}"


def _running_text(request: SpotRequest) -> str:
    if not request.is_persistent:
        return "AWS terminates its machine, disk and all, when it needs the capacity"
    if request.interruption == "hibernate":
        return "AWS hibernates its machine when it needs the capacity, and wakes it when there is some"
    if request.interruption == "terminate":
        return "AWS terminates its machine when it needs the capacity, and launches another when there is some"
    return "AWS stops its machine when it needs the capacity, and starts it when there is some"
