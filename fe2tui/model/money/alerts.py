"""Alerts: instances that have run for long, or have cost much since their last start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import NamedTuple

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.usage import Charge, charges_of

_MICROSECONDS_PER_HOUR = 3_600_000_000
_TOO_FAR = Decimal(1_000_000)  # hours: over a hundred years


class Alert(StrEnum):
    LONG = "long"
    COSTLY = "costly"


class AlertLimits(NamedTuple):
    """From which length, and from which dollars on a run has an alert; None: never."""

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
        if self.long_at is not None and self.long_at <= now:
            return Alert.LONG
        return Alert.COSTLY if self.costly_at is not None and self.costly_at <= now else None


def alert_of(
    instance: Instance,
    fleet: Fleet,
    now: datetime,
    limits: AlertLimits,
    spent: Callable[[Instance], Decimal] | None = None,
) -> Alert | None:
    """The alert of an instance now; None where it is tagged ``fe2:keep``.

    ``spent``, if given, returns the known dollars of its last run, so that they are not computed again.
    """
    started = instance.launched_at
    if instance.state is not State.RUNNING or instance.is_kept or started is None:
        return None
    if limits.long_run is not None and now - started >= limits.long_run:
        return Alert.LONG
    if limits.high_cost is None:
        return None
    known = spent(instance) if spent is not None else _known_cost(charges_of(instance, fleet), started, now)
    return Alert.COSTLY if known >= limits.high_cost else None


def alert_times_of(instance: Instance, fleet: Fleet, now: datetime, limits: AlertLimits) -> AlertTimes:
    started = instance.launched_at
    if instance.state is not State.RUNNING or instance.is_kept or started is None:
        return AlertTimes()
    long_at = None if limits.long_run is None else started + limits.long_run
    if limits.high_cost is None or (long_at is not None and long_at <= now):
        return AlertTimes(long_at)
    flows = charges_of(instance, fleet)
    left = limits.high_cost - _known_cost(flows, started, now)
    if left <= 0:
        return AlertTimes(long_at, now)
    rate = sum((flow.rate_per_hour(now) or Decimal(0) for flow in flows if flow.is_active(now)), Decimal(0))
    hours = left / rate if rate else _TOO_FAR
    if hours >= _TOO_FAR:
        return AlertTimes(long_at)
    micros = (hours * _MICROSECONDS_PER_HOUR).to_integral_value(ROUND_CEILING)
    return AlertTimes(long_at, now + timedelta(microseconds=int(micros)))


def _known_cost(flows: list[Charge], since: datetime, until: datetime) -> Decimal:
    return sum((flow.cost_between(since, until) or Decimal(0) for flow in flows), Decimal(0))
