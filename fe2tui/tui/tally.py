"""The numbers of the status line, kept up instance by instance: a read that changed little costs little."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fe2tui.model.fleet import Fleet, diff
from fe2tui.model.instance import Instance, State
from fe2tui.model.money import cost_between, hourly_cost, run_cost

_HOUR = Decimal(3600)
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts by state, dollars an hour, and dollars since the first of the month, which go on at ``rate`` a second.

    ``unknown`` counts the instances whose cost is not known and not in the sums; ``looked_at`` those added up anew.
    """

    total: int
    running: int
    moving: int
    stopped: int
    per_hour: Decimal
    spent: Decimal
    at: datetime
    unknown: int = 0
    looked_at: int = 0

    def this_month(self, now: datetime) -> Decimal:
        """Dollars since the first of the month, at a moment soon after ``at``."""
        return self.spent + self.per_hour * _seconds(max(now - self.at, timedelta(0))) / _HOUR


@dataclass(frozen=True, slots=True)
class _Part:
    """What one instance adds. ``before`` is its month so far minus what it costs a second since the month began."""

    running: int
    moving: int
    stopped: int
    hour: Decimal
    before: Decimal
    unknown: int


class Tally:
    """Adds a region up. One thread at a time."""

    def __init__(self) -> None:
        self._fleet: Fleet | None = None
        self._month = datetime(1970, 1, 1, tzinfo=UTC)
        self._parts: dict[str, _Part] = {}
        self._gone = _NOTHING
        self._counts = [0, 0, 0, 0]
        self._hour = self._before = _NOTHING

    def take(self, fleet: Fleet, now: datetime) -> Sums:
        """The sums of a fleet, looking only at what changed since the last. May run in a thread."""
        month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        last = self._fleet
        if last is None or last.place != fleet.place or month != self._month or last.prices != fleet.prices:
            self._parts.clear()
            self._counts, self._hour, self._before = [0, 0, 0, 0], _NOTHING, _NOTHING
            self._month, last = month, None
        touched = fleet.instances.keys() if last is None else _touched(last, fleet)
        elapsed = _seconds(now - month)
        touched = list(touched)
        for instance_id in touched:
            self._drop(instance_id)
            instance = fleet.instances.get(instance_id)
            if instance is not None:
                self._add(instance, fleet, now, elapsed)
        if last is None or last.runs is not fleet.runs or len(fleet.instances) != len(last.instances):
            self._gone = self._cost_of_gone(fleet, now)
        self._fleet = fleet
        running, moving, stopped, unknown = self._counts
        spent = self._before + self._hour * elapsed / _HOUR + self._gone
        return Sums(len(fleet.instances), running, moving, stopped, self._hour, spent, now, unknown, len(touched))

    def _add(self, instance: Instance, fleet: Fleet, now: datetime, elapsed: Decimal) -> None:
        hour, spent = hourly_cost(instance, fleet).total, cost_between(instance, fleet, self._month, now)
        known = hour or _NOTHING
        part = _Part(
            instance.state is State.RUNNING,
            instance.state.is_moving,
            instance.state is State.STOPPED,
            known,
            (spent or _NOTHING) - known * elapsed / _HOUR,
            hour is None or spent is None,
        )
        self._parts[instance.id] = part
        self._count(part, 1)

    def _drop(self, instance_id: str) -> None:
        part = self._parts.pop(instance_id, None)
        if part is not None:
            self._count(part, -1)

    def _count(self, part: _Part, sign: int) -> None:
        for place, number in enumerate((part.running, part.moving, part.stopped, part.unknown)):
            self._counts[place] += sign * number
        self._hour += sign * part.hour
        self._before += sign * part.before

    def _cost_of_gone(self, fleet: Fleet, now: datetime) -> Decimal:
        total = _NOTHING
        for instance_id, runs in list(fleet.runs.items()):
            if instance_id not in fleet.instances:
                for run in runs:
                    total += run_cost(run, self._month, now) or _NOTHING
        return total


def _touched(last: Fleet, fleet: Fleet) -> Iterable[str]:
    difference = diff(last, fleet)
    touched = set(difference.added | difference.removed | difference.changed)
    if last.runs is not fleet.runs:
        before = last.runs
        touched.update(key for key, runs in fleet.runs.items() if before.get(key) != runs)
    if last.volumes is not fleet.volumes:
        old, new = last.volumes, fleet.volumes
        for instance_id, instance in fleet.instances.items():
            for attachment in instance.attachments:
                was, now = old.get(attachment.volume_id), new.get(attachment.volume_id)
                if was is not now and was != now:
                    touched.add(instance_id)
    return touched


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000
