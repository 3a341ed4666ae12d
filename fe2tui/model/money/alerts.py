"""Alerts: instances that have run for long, or whose run has cost much within 30 days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import NamedTuple

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.usage import Charge, attached_volume_charges, charges_of

_MICROSECONDS_PER_HOUR = 3_600_000_000
COST_WINDOW = timedelta(days=30)
"""The dollars of so long count: what costs little in a month is never costly, however long it runs."""

_WINDOW_HOURS = Decimal(720)


class Alert(StrEnum):
    LONG = "long"
    COSTLY = "costly"


class AlertLimits(NamedTuple):
    """From which length, and from which dollars within ``COST_WINDOW`` on a run has an alert; None: never."""

    long_run: timedelta | None = timedelta(hours=24)
    high_cost: Decimal | None = Decimal(50)

    @classmethod
    def from_settings(cls, hours: float, dollars: float) -> AlertLimits:
        """From settings, where 0 means never."""
        return cls(timedelta(hours=hours) if hours else None, Decimal(str(dollars)) if dollars else None)


class AlertTimes(NamedTuple):
    """When a run gets each alert, at its present rate; None: never."""

    long_at: datetime | None = None
    costly_at: datetime | None = None

    def alert_at(self, now: datetime) -> Alert | None:
        if self.costly_at is not None and self.costly_at <= now:
            return Alert.COSTLY
        return Alert.LONG if self.long_at is not None and self.long_at <= now else None


def alert_of(
    instance: Instance,
    fleet: Fleet,
    now: datetime,
    limits: AlertLimits,
    recent: Callable[[Instance], Decimal] | None = None,
) -> Alert | None:
    """The alert of an instance now, the costly one first; None where it is tagged ``fe2:keep``.

    ``recent``, if given, returns the known dollars of its run since ``cost_counts_since``, where they are kept.
    """
    started = instance.launched_at
    if instance.state is not State.RUNNING or instance.is_kept or started is None:
        return None
    if limits.high_cost is not None:
        since = cost_counts_since(started, now)
        known = recent(instance) if recent is not None else _known_cost(charges_of(instance, fleet), since, now)
        if known >= limits.high_cost:
            return Alert.COSTLY
    return Alert.LONG if limits.long_run is not None and now - started >= limits.long_run else None


def cost_counts_since(started: datetime, now: datetime) -> datetime:
    """From when on the dollars of a run that began at ``started`` count for its alert."""
    return max(started, now - COST_WINDOW)


def alert_times_of(
    instance: Instance, fleet: Fleet, now: datetime, limits: AlertLimits, run_charges: Sequence[Charge] | None = None
) -> AlertTimes:
    """``run_charges``, if given, are those of its runs and its address, which its volumes' are added to."""
    started = instance.launched_at
    if instance.state is not State.RUNNING or instance.is_kept or started is None:
        return AlertTimes()
    long_at = None if limits.long_run is None else started + limits.long_run
    if limits.high_cost is None:
        return AlertTimes(long_at)
    if run_charges is None:
        charges = charges_of(instance, fleet)
    else:
        charges = [*run_charges, *attached_volume_charges(instance, fleet)]
    left = limits.high_cost - _known_cost(charges, cost_counts_since(started, now), now)
    if left <= 0:
        return AlertTimes(long_at, now)
    rate = sum((one.rate_per_hour(now) or Decimal(0) for one in charges if one.is_active(now)), Decimal(0))
    if rate * _WINDOW_HOURS < limits.high_cost:
        return AlertTimes(long_at)
    micros = (left / rate * _MICROSECONDS_PER_HOUR).to_integral_value(ROUND_CEILING)
    return AlertTimes(long_at, now + timedelta(microseconds=int(micros)))


def _known_cost(charges: list[Charge], since: datetime, until: datetime) -> Decimal:
    return sum((one.cost_between(since, until) or Decimal(0) for one in charges), Decimal(0))
