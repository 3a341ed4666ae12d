"""Interruptions of spot instances: found in each read, announced once, and written to the activity log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from fe2tui.errors import StoreError
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.interruption import interruption_forms
from fe2tui.model.progress import INTERRUPTION, REPLACEMENT, RETURN, Activity
from fe2tui.model.spot import SpotRequest
from fe2tui.model.text import fit, join_words, plural, visible
from fe2tui.tui.toasts import toast_width

if TYPE_CHECKING:
    from fe2tui.store import Store
    from fe2tui.tui.services import Services


def spot_request_of(instance: Instance, fleet: Fleet) -> SpotRequest | None:
    return fleet.requests.get(instance.spot_request_id) if instance.spot_request_id else None


def interruption_texts(instance: Instance, fleet: Fleet, now: datetime) -> tuple[str, ...]:
    """The interruption of an instance, already carried out or announced, longest text first; empty if there is none."""
    if not instance.is_spot:
        return ()
    request = spot_request_of(instance, fleet)
    if instance.state is State.RUNNING and (request is None or request.status_code == "fulfilled"):
        return ()  # the usual case, which has to be quick
    return tuple(visible(form) for form in interruption_forms(instance, request, now))


def interrupted_at(instance: Instance, fleet: Fleet) -> datetime | None:
    """When AWS stopped or terminated a spot instance. EC2 tells that only in the status of the spot request."""
    request = spot_request_of(instance, fleet)
    if request is None or request.instance_id != instance.id:
        return None
    has_ended = request.status_code.removeprefix("spot-").startswith(("instance-stopped", "instance-terminated"))
    return request.status_at if has_ended else None


NOTICE = "notice"
RECENT = timedelta(minutes=10)
"""Events that fe2tui did not see are announced only if they are more recent than this."""

_MAX_NAMED = 2  # instances that get a toast each
_SUMMARIES = {
    NOTICE: "AWS is about to interrupt {}",
    INTERRUPTION: "AWS interrupted {}",
    RETURN: "AWS started {} again",
    REPLACEMENT: "AWS launched {} to replace others",
}


class SpotEvent(NamedTuple):
    """What AWS did to a spot instance: a notice, an interruption, a return or a replacement.

    ``texts`` say it, the longest first. ``was_unseen``: fe2tui was not running when it happened.
    """

    command: str
    instance: Instance
    texts: Sequence[str]
    at: datetime
    was_unseen: bool = False
    label: str = ""

    @property
    def name(self) -> str:
        """The name of the instance, safe to show."""
        return visible(self.label or self.instance.label)

    def as_activity(self, region: str) -> Activity:
        label = self.label or self.instance.label
        return Activity(
            self.at, self.command, self.instance.id, label, region, "done", self.texts[0], by="AWS", ended_at=self.at
        )


class Interruptions(NamedTuple):
    """What a read shows: how many instances AWS has interrupted or is about to, and which events are new."""

    total: int = 0
    new_events: tuple[SpotEvent, ...] = ()


def interruption_count(fleet: Fleet, now: datetime) -> int:
    """How many instances AWS has interrupted or is about to."""
    return sum(bool(interruption_texts(one, fleet, now)) for one in fleet.instances.values())


class InterruptionTracker:
    """Compares each read of one location with the read before."""

    def __init__(self) -> None:
        self._last_fleet: Fleet | None = None
        self._notified_ids: set[str] = set()
        self._interrupted_ids: set[str] = set()

    def update(self, fleet: Fleet, now: datetime) -> Interruptions:
        """The interruptions in a fleet. From the first fleet, only events of the last minutes are new."""
        last, notified_ids, interrupted_ids = self._last_fleet, set(), set()
        events: list[SpotEvent] = []
        count = 0
        for key, one in fleet.instances.items():
            if not one.is_spot:
                continue
            is_running = one.state in (State.PENDING, State.RUNNING)
            texts = interruption_texts(one, fleet, now)
            count += bool(texts)
            if is_running and texts:
                notified_ids.add(key)
                if key not in self._notified_ids:
                    events.append(SpotEvent(NOTICE, one, texts, now))
            elif texts:
                interrupted_ids.add(key)
                if (
                    key not in self._interrupted_ids
                    and (event := _interruption_event(one, fleet, texts, last, now)) is not None
                ):
                    events.append(event)
            elif key in self._interrupted_ids and one.state is State.PENDING:
                interrupted_ids.add(key)
            elif key in self._interrupted_ids and one.state is State.RUNNING:
                events.append(SpotEvent(RETURN, one, ("AWS started it again", "is back"), one.launched_at or now))
        if last is not None:
            events += _replacement_events(last, fleet, now)
        self._last_fleet, self._notified_ids, self._interrupted_ids = fleet, notified_ids, interrupted_ids
        return Interruptions(count, tuple(events))


def _interruption_event(
    one: Instance, fleet: Fleet, texts: Sequence[str], last: Fleet | None, now: datetime
) -> SpotEvent | None:
    """The interruption, if the instance was seen in another state before, or if it is recent."""
    before = last.instances.get(one.id) if last is not None else None
    was_seen = before is not None and before.state is not one.state
    moment = interrupted_at(one, fleet) or one.changed_state_at
    if not was_seen and (moment is None or now - moment > RECENT):
        return None
    at = max(moment or now, one.launched_at or moment or now)
    return SpotEvent(INTERRUPTION, one, texts, at, was_unseen=before is None)


def _replacement_events(last: Fleet, fleet: Fleet, now: datetime) -> list[SpotEvent]:
    """Instances that AWS launched because the spot request of a terminated one is still open."""
    new = [one for key, one in fleet.instances.items() if key not in last.instances and one.is_spot]
    if not new:
        return []
    known = {**last.instances, **fleet.instances}
    terminated_by_request = {
        one.spot_request_id: one for one in known.values() if one.spot_request_id and one.state.is_gone
    }
    events = []
    for one in new:
        before = terminated_by_request.get(one.spot_request_id) if one.spot_request_id else None
        if before is not None and before.id != one.id and not one.state.is_gone:
            was = last.instances.get(before.id, before)
            texts = (f"AWS launched {one.id}: the spot request is still open", f"AWS launched {one.id}")
            events.append(SpotEvent(REPLACEMENT, one, texts, one.launched_at or now, label=was.label))
    return events


async def announce(events: Sequence[SpotEvent], services: Services) -> None:
    """Write the events to the activity log, and show a toast for those that the log did not have."""
    region = services.session.region
    try:
        new_ids = await asyncio.to_thread(_record, services.store, events, region)
    except StoreError:
        new_ids = {event.instance.id for event in events}
    for command in _SUMMARIES:
        news = [one for one in events if one.command == command and (one.instance.id in new_ids or not one.was_unseen)]
        for words in toast_texts(news, services.app.size.width):
            services.tell(words, "information" if command == RETURN else "warning")
    services.main_screen.read_log()


def _record(store: Store, events: Iterable[SpotEvent], region: str) -> set[str]:
    """The ids of the instances whose event was not in the log yet, whichever program would have written it."""
    return {
        event.instance.id
        for event in events
        if event.command != NOTICE
        and store.activity.add_once(event.as_activity(region), event.instance.launched_at or event.at - RECENT)
    }


def toast_texts(events: Sequence[SpotEvent], width: int) -> list[str]:
    """One text for each event, for a screen width; one for all if there are many."""
    if len(events) > _MAX_NAMED:
        total = plural(len(events), "instance")
        return [
            f"{_SUMMARIES[events[0].command].format(total)}: {join_words([one.name for one in events[:_MAX_NAMED]])} …"
        ]
    return [f"{one.name}: {fit(toast_width(width) - cell_len(one.name) - 2, one.texts or ('',))}" for one in events]
