"""The numbers of the status line, kept up thing by thing: a read that changed little costs little.

They are those of ``model.money.account_cost``, to the cent, without its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeVar

from fe2tui.model.fleet import Fleet, diff
from fe2tui.model.instance import Instance, State
from fe2tui.model.money import (
    ADDRESS_PER_HOUR,
    HOURS_A_MONTH,
    Dues,
    Flow,
    Limits,
    Mark,
    disk_rate,
    dues_of,
    flow_of_disk,
    flows_of_run,
    hourly_cost,
    month_start,
    runs_of,
    stretches_of,
)

_HOUR = Decimal(3600)
_NOTHING = Decimal(0)
_NEVER = Dues()

_Thing = TypeVar("_Thing")


class Sums(NamedTuple):
    """Counts by state, dollars an hour, and dollars since the first of the month, which grow by ``spending`` an hour.

    ``unknown`` counts the machines without a price, those that cost something this month; ``hour_in_part`` and
    ``month_in_part`` tell that something, whatever it is, is missing in ``per_hour`` and in ``spent``. ``long`` and
    ``costly`` count the marked ones; ``looked_at`` the things added up anew.
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
    spending: Decimal = _NOTHING
    long: int = 0
    costly: int = 0
    hour_in_part: bool = False
    month_in_part: bool = False

    def this_month(self, now: datetime) -> Decimal:
        """Dollars since the first of the month, at a moment soon after ``at``."""
        return self.spent + self.spending * _seconds(max(now - self.at, timedelta(0))) / _HOUR


class _Part(NamedTuple):
    """What one instance or disk adds: dollars an hour as it is shown, and as the month's sum grows.

    ``before`` is its month so far minus ``spending`` since the month began. ``turns``: that will change by itself.
    ``partly`` has the parts of the month of which not all is known; ``hour_partly``: of the present rate.
    """

    hour: Decimal
    spending: Decimal
    before: Decimal
    turns: bool
    partly: frozenset[str]
    hour_partly: bool = False
    running: int = 0
    moving: int = 0
    stopped: int = 0
    unknown: int = 0
    dues: Dues = _NEVER


class Tally:
    """Adds a region up. One thread at a time."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._fleet: Fleet | None = None
        self._month = datetime(1970, 1, 1, tzinfo=UTC)
        self._parts: dict[str, _Part] = {}
        self._due: dict[str, Dues] = {}
        self._turning: set[str] = set()
        self._forget()

    def _forget(self) -> None:
        self._parts.clear()
        self._due.clear()
        self._turning.clear()
        self._counts = [0, 0, 0, 0, 0, 0]
        self._hour = self._spending = self._before = _NOTHING

    def take(self, fleet: Fleet, now: datetime) -> Sums:
        """The sums of a fleet, looking only at what changed since the last. May run in a thread."""
        month, last = month_start(now), self._fleet
        if last is None or month != self._month or not _have_same_prices(last, fleet):
            self._forget()
            self._month, last = month, None
        elapsed = _seconds(now - month)
        touched = _everything(fleet) if last is None else _touched(last, fleet) | self._turning
        for key in touched:
            self._drop(key)
            part = self._made(key, fleet, now, elapsed)
            if part is not None:
                self._add(key, part)
        self._fleet = fleet
        running, moving, stopped, unknown, hours_in_part, months_in_part = self._counts
        spent = self._before + self._spending * elapsed / _HOUR
        marks = [mark for dues in self._due.values() if (mark := dues.mark(now)) is not None]
        return Sums(
            total=len(fleet.instances),
            running=running,
            moving=moving,
            stopped=stopped,
            per_hour=self._hour + ADDRESS_PER_HOUR * len(fleet.idle_addresses),
            spent=spent,
            at=now,
            unknown=unknown,
            looked_at=len(touched),
            spending=self._spending,
            long=marks.count(Mark.LONG),
            costly=marks.count(Mark.COSTLY),
            hour_in_part=hours_in_part > 0,
            month_in_part=months_in_part > 0 or bool(fleet.idle_addresses),  # which cost something before, too
        )

    def _made(self, key: str, fleet: Fleet, now: datetime, elapsed: Decimal) -> _Part | None:
        instance = fleet.instances.get(key)
        if instance is not None:
            return self._of_instance(instance, fleet, now, elapsed)
        runs = fleet.runs.get(key)
        if runs is not None:
            part = self._flowing([flow for run in runs for flow in flows_of_run(run, fleet.spot_history)], now, elapsed)
            return part._replace(unknown="machine" in part.partly and not any(run.is_unknown for run in runs))
        volume = fleet.volumes.get(key)
        if volume is None:
            stretches = fleet.disks.get(key)
            return self._flowing(map(flow_of_disk, stretches), now, elapsed) if stretches else None
        per_month = disk_rate(volume, fleet.prices)
        hour = _NOTHING if per_month is None else per_month / HOURS_A_MONTH
        part = self._flowing(map(flow_of_disk, stretches_of(volume, fleet, "")), now, elapsed, hour)
        return part._replace(hour_partly=per_month is None)

    def _of_instance(self, instance: Instance, fleet: Fleet, now: datetime, elapsed: Decimal) -> _Part:
        cost = hourly_cost(instance, fleet)
        runs = runs_of(instance, fleet)
        flows = [flow for run in runs for flow in flows_of_run(run, fleet.spot_history)]
        unseen = any(run.is_unknown for run in runs)  # of that not the price is unknown, but how long it was
        hour = (cost.machine or _NOTHING) + cost.address
        part = self._flowing(flows, now, elapsed, hour)
        return part._replace(
            running=instance.state is State.RUNNING,
            moving=instance.state.is_moving,
            stopped=instance.state is State.STOPPED,
            hour_partly=cost.total is None,
            unknown=cost.machine is None or ("machine" in part.partly and not unseen),
            dues=dues_of(instance, fleet, now, self._limits),
        )

    def _flowing(self, flows: Iterable[Flow], now: datetime, elapsed: Decimal, hour: Decimal = _NOTHING) -> _Part:
        spending = spent = _NOTHING
        turns = False
        partly = set()
        for flow in flows:
            amount = flow.between(self._month, now)
            if amount is None:
                partly.add(flow.part)
            else:
                spent += amount
            turns = turns or flow.turns_after(now)
            if flow.is_open(now):
                spending += flow.per_hour(now) or _NOTHING
        return _Part(hour, spending, spent - spending * elapsed / _HOUR, turns, frozenset(partly))

    def _add(self, key: str, part: _Part) -> None:
        self._parts[key] = part
        self._count(part, 1)
        if part.turns:
            self._turning.add(key)
        if part.dues is not _NEVER:
            self._due[key] = part.dues

    def _drop(self, key: str) -> None:
        part = self._parts.pop(key, None)
        if part is not None:
            self._count(part, -1)
            self._turning.discard(key)
            self._due.pop(key, None)

    def _count(self, part: _Part, sign: int) -> None:
        counts = (part.running, part.moving, part.stopped, part.unknown, part.hour_partly, bool(part.partly))
        for place, number in enumerate(counts):
            self._counts[place] += sign * number
        self._hour += sign * part.hour
        self._spending += sign * part.spending
        self._before += sign * part.before


def _have_same_prices(last: Fleet, fleet: Fleet) -> bool:
    """Whether what both have alike costs the same. Histories are replaced when they are read, which is seldom."""
    is_same_past = last.spot_history is fleet.spot_history or last.spot_history == fleet.spot_history
    return last.place == fleet.place and last.prices == fleet.prices and is_same_past


def _everything(fleet: Fleet) -> set[str]:
    return {*fleet.instances, *fleet.runs, *fleet.volumes, *fleet.disks}


def _touched(last: Fleet, fleet: Fleet) -> set[str]:
    """The ids of instances and disks of which anything is another."""
    difference = diff(last, fleet)
    touched = set(difference.added | difference.removed | difference.changed)
    disks = _other(last.disks, fleet.disks)
    touched |= _other(last.runs, fleet.runs) | disks | _other(last.volumes, fleet.volumes)
    if last.volumes is not fleet.volumes or disks:  # whose they are, and were: when that is costly may be another time
        touched.update(stretch.instance_id for key in disks for stretch in last.disks.get(key, ()))
        touched.update(
            instance_id
            for instance_id, instance in fleet.instances.items()
            if any(attachment.volume_id in touched for attachment in instance.attachments)
        )
    return touched


def _other(before: Mapping[str, _Thing], after: Mapping[str, _Thing]) -> set[str]:
    if before is after:
        return set()
    other = {key for key, thing in after.items() if (was := before.get(key)) is not thing and was != thing}
    return other | {key for key in before if key not in after}


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000
