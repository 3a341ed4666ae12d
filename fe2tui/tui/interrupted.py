"""What AWS did to a spot machine, in as many words as there is room for."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.interruption import interruption_words
from fe2tui.model.spot import SpotRequest
from fe2tui.model.words import visible


def request_of(instance: Instance, fleet: Fleet) -> SpotRequest | None:
    """The request behind a machine, if it was read."""
    return fleet.requests.get(instance.spot_request_id) if instance.spot_request_id else None


def interruption(instance: Instance, fleet: Fleet, now: datetime) -> str:
    """All that there is to say; empty when it was not interrupted."""
    if not instance.is_spot:
        return ""
    request = request_of(instance, fleet)
    if instance.state is State.RUNNING and (request is None or request.status_code == "fulfilled"):
        return ""  # nearly all of them, at every read
    return visible(interruption_words(instance, request, now))


def taken_at(instance: Instance, fleet: Fleet) -> datetime | None:
    """When AWS stopped or ended it: of one that AWS took, EC2 tells no time but in the status of its request."""
    request = request_of(instance, fleet)
    if request is None or request.instance_id != instance.id:
        return None
    ended = request.status_code.removeprefix("spot-").startswith(("instance-stopped", "instance-terminated"))
    return request.status_at if ended else None


def forms(words: str) -> tuple[str, ...]:
    """The words, and what can be left of them in whole clauses: the longest first."""
    found = [words]
    for end in ("; ", ": "):
        shorter = found[-1].partition(end)[0]
        if shorter != found[-1]:
            found.append(shorter)
    return tuple(found)


def told_in(width: int, words: str, instance: Instance) -> str:
    """The longest form that a width has room for; else one word for it."""
    return next((form for form in forms(words) if cell_len(form) <= width), _short(instance))


def _short(instance: Instance) -> str:
    if instance.state in (State.PENDING, State.RUNNING):
        return "being taken"
    return "terminated" if instance.state.is_gone else "interrupted"
