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
    Alert,
    AlertLimits,
    AlertTimes,
    Charge,
    alert_times_of,
    hourly_cost,
    instance_usage_charges,
    instance_usage_of,
    month_start,
    volume_per_month,
    volume_usage_charge,
    volume_usage_of,
)

_HOUR = Decimal(3600)
_ZERO = Decimal(0)
_NO_ALERT_TIMES = AlertTimes()

_Thing = TypeVar("_Thing")


class AccountTotals(NamedTuple):
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
    recomputed: int = 0
    spending: Decimal = _ZERO
    long_running: int = 0
    costly: int = 0
    is_hour_partial: bool = False
    is_month_partial: bool = False

    def this_month(self, now: datetime) -> Decimal:
        """Dollars since the first of the month, at a moment soon after ``at``."""
        return self.spent + self.spending * _seconds(max(now - self.at, timedelta(0))) / _HOUR


class _Contribution(NamedTuple):
    """What one instance or disk adds: dollars an hour as it is shown, and as the month's sum grows.

    ``before`` is its month so far minus ``spending`` since the month began. ``turns``: that will change by itself.
    ``partly`` has the parts of the month of which not all is known; ``hour_partly``: of the present rate.
    """

    hour: Decimal
    spending: Decimal
    before: Decimal
    changes_by_itself: bool
    partial_parts: frozenset[str]
    is_hour_partial: bool = False
    running: int = 0
    moving: int = 0
    stopped: int = 0
    unknown: int = 0
    alert_times: AlertTimes = _NO_ALERT_TIMES


class TotalsTracker:
    """Adds a region up. One thread at a time."""

    def __init__(self, limits: AlertLimits | None = None) -> None:
        self._limits = limits or AlertLimits()
        self._fleet: Fleet | None = None
        self._month = datetime(1970, 1, 1, tzinfo=UTC)
        self._contributions: dict[str, _Contribution] = {}
        self._alert_times: dict[str, AlertTimes] = {}
        self._self_changing_ids: set[str] = set()
        self._clear()

    def _clear(self) -> None:
        self._contributions.clear()
        self._alert_times.clear()
        self._self_changing_ids.clear()
        self._counts = [0, 0, 0, 0, 0, 0]
        self._hour = self._spending = self._before = _ZERO

    def update(self, fleet: Fleet, now: datetime) -> AccountTotals:
        """The sums of a fleet, looking only at what changed since the last. May run in a thread."""
        month, last = month_start(now), self._fleet
        if last is None or month != self._month or not _have_same_prices(last, fleet):
            self._clear()
            self._month, last = month, None
        elapsed = _seconds(now - month)
        changed_ids = _all_ids(fleet) if last is None else _changed_ids(last, fleet) | self._self_changing_ids
        for key in changed_ids:
            self._drop(key)
            part = self._contribution(key, fleet, now, elapsed)
            if part is not None:
                self._add(key, part)
        self._fleet = fleet
        running, moving, stopped, unknown, hours_in_part, months_in_part = self._counts
        spent = self._before + self._spending * elapsed / _HOUR
        marks = [mark for dues in self._alert_times.values() if (mark := dues.alert_at(now)) is not None]
        return AccountTotals(
            total=len(fleet.instances),
            running=running,
            moving=moving,
            stopped=stopped,
            per_hour=self._hour + ADDRESS_PER_HOUR * len(fleet.idle_addresses),
            spent=spent,
            at=now,
            unknown=unknown,
            recomputed=len(changed_ids),
            spending=self._spending,
            long_running=marks.count(Alert.LONG),
            costly=marks.count(Alert.COSTLY),
            is_hour_partial=hours_in_part > 0,
            is_month_partial=months_in_part > 0 or bool(fleet.idle_addresses),  # which cost something before, too
        )

    def _contribution(self, key: str, fleet: Fleet, now: datetime, elapsed: Decimal) -> _Contribution | None:
        instance = fleet.instances.get(key)
        if instance is not None:
            return self._instance_contribution(instance, fleet, now, elapsed)
        instance_usages = fleet.instance_usage.get(key)
        if instance_usages is not None:
            part = self._charges_contribution(
                [flow for run in instance_usages for flow in instance_usage_charges(run, fleet.spot_history)],
                now,
                elapsed,
            )
            return part._replace(
                unknown="machine" in part.partial_parts and not any(run.has_unknown_length for run in instance_usages)
            )
        volume = fleet.volumes.get(key)
        if volume is None:
            volume_usages = fleet.volume_usage.get(key)
            return (
                self._charges_contribution(map(volume_usage_charge, volume_usages), now, elapsed)
                if volume_usages
                else None
            )
        per_month = volume_per_month(volume, fleet.prices)
        hour = _ZERO if per_month is None else per_month / HOURS_A_MONTH
        part = self._charges_contribution(
            map(volume_usage_charge, volume_usage_of(volume, fleet, "")), now, elapsed, hour
        )
        return part._replace(is_hour_partial=per_month is None)

    def _instance_contribution(
        self, instance: Instance, fleet: Fleet, now: datetime, elapsed: Decimal
    ) -> _Contribution:
        cost = hourly_cost(instance, fleet)
        usages = instance_usage_of(instance, fleet)
        charges = [charge for run in usages for charge in instance_usage_charges(run, fleet.spot_history)]
        unseen = any(run.has_unknown_length for run in usages)  # of that not the price is unknown, but how long it was
        hour = (cost.instance or _ZERO) + cost.address
        part = self._charges_contribution(charges, now, elapsed, hour)
        return part._replace(
            running=instance.state is State.RUNNING,
            moving=instance.state.is_moving,
            stopped=instance.state is State.STOPPED,
            is_hour_partial=cost.total is None,
            unknown=cost.instance is None or ("machine" in part.partial_parts and not unseen),
            alert_times=alert_times_of(instance, fleet, now, self._limits),
        )

    def _charges_contribution(
        self, flows: Iterable[Charge], now: datetime, elapsed: Decimal, hour: Decimal = _ZERO
    ) -> _Contribution:
        spending = spent = _ZERO
        turns = False
        partly = set()
        for flow in flows:
            amount = flow.cost_between(self._month, now)
            if amount is None:
                partly.add(flow.part)
            else:
                spent += amount
            turns = turns or flow.changes_after(now)
            if flow.is_active(now):
                spending += flow.rate_per_hour(now) or _ZERO
        return _Contribution(hour, spending, spent - spending * elapsed / _HOUR, turns, frozenset(partly))

    def _add(self, key: str, contribution: _Contribution) -> None:
        self._contributions[key] = contribution
        self._count(contribution, 1)
        if contribution.changes_by_itself:
            self._self_changing_ids.add(key)
        if contribution.alert_times is not _NO_ALERT_TIMES:
            self._alert_times[key] = contribution.alert_times

    def _drop(self, key: str) -> None:
        part = self._contributions.pop(key, None)
        if part is not None:
            self._count(part, -1)
            self._self_changing_ids.discard(key)
            self._alert_times.pop(key, None)

    def _count(self, contribution: _Contribution, sign: int) -> None:
        counts = (
            contribution.running,
            contribution.moving,
            contribution.stopped,
            contribution.unknown,
            contribution.is_hour_partial,
            bool(contribution.partial_parts),
        )
        for place, number in enumerate(counts):
            self._counts[place] += sign * number
        self._hour += sign * contribution.hour
        self._spending += sign * contribution.spending
        self._before += sign * contribution.before


def _have_same_prices(last: Fleet, fleet: Fleet) -> bool:
    """Whether what both have alike costs the same. Histories are replaced when they are read, which is seldom."""
    is_same_past = last.spot_history is fleet.spot_history or last.spot_history == fleet.spot_history
    return last.location == fleet.location and last.prices == fleet.prices and is_same_past


def _all_ids(fleet: Fleet) -> set[str]:
    return {*fleet.instances, *fleet.instance_usage, *fleet.volumes, *fleet.volume_usage}


def _changed_ids(last: Fleet, fleet: Fleet) -> set[str]:
    """The ids of instances and disks of which anything is another."""
    difference = diff(last, fleet)
    changed_ids = set(difference.added | difference.removed | difference.changed)
    disks = _differing_ids(last.volume_usage, fleet.volume_usage)
    changed_ids |= (
        _differing_ids(last.instance_usage, fleet.instance_usage) | disks | _differing_ids(last.volumes, fleet.volumes)
    )
    if last.volumes is not fleet.volumes or disks:  # whose they are, and were: when that is costly may be another time
        changed_ids.update(stretch.instance_id for key in disks for stretch in last.volume_usage.get(key, ()))
        changed_ids.update(
            instance_id
            for instance_id, instance in fleet.instances.items()
            if any(attachment.volume_id in changed_ids for attachment in instance.attachments)
        )
    return changed_ids


def _differing_ids(before: Mapping[str, _Thing], after: Mapping[str, _Thing]) -> set[str]:
    if before is after:
        return set()
    other = {key for key, thing in after.items() if (was := before.get(key)) is not thing and was != thing}
    return other | {key for key in before if key not in after}


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000
