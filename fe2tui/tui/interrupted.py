"""What AWS did to a spot machine, in as many words as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.interruption import interruption_forms
from fe2tui.model.spot import SpotRequest
from fe2tui.model.words import visible


def request_of(instance: Instance, fleet: Fleet) -> SpotRequest | None:
    """The request behind a machine, if it was read."""
    return fleet.requests.get(instance.spot_request_id) if instance.spot_request_id else None


def interruption(instance: Instance, fleet: Fleet, now: datetime) -> tuple[str, ...]:
    """What AWS did to it, or is about to do, in fewer and fewer words; nothing when it was not interrupted."""
    if not instance.is_spot:
        return ()
    request = request_of(instance, fleet)
    if instance.state is State.RUNNING and (request is None or request.status_code == "fulfilled"):
        return ()  # nearly all of them, at every read
    return tuple(visible(form) for form in interruption_forms(instance, request, now))


def taken_at(instance: Instance, fleet: Fleet) -> datetime | None:
    """When AWS stopped or ended it: of one that AWS took, EC2 tells no time but in the status of its request."""
    request = request_of(instance, fleet)
    if request is None or request.instance_id != instance.id:
        return None
    ended = request.status_code.removeprefix("spot-").startswith(("instance-stopped", "instance-terminated"))
    return request.status_at if ended else None


def told_in(width: int, forms: Sequence[str]) -> str:
    """The longest form that a width has room for, else the shortest."""
    return next((form for form in forms if cell_len(form) <= width), forms[-1] if forms else "")
