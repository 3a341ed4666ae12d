"""Which running machines a person should be asked about: on for long, or costly by now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import NamedTuple

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.flows import Flow, flows_of

_MICROS = 3_600_000_000  # in an hour
_FAR = Decimal(1_000_000)  # hours: over a hundred years


class Mark(StrEnum):
    """Why a running machine is pointed out."""

    LONG = "long"
    COSTLY = "costly"


class Limits(NamedTuple):
    """From when on a run is pointed out: its length, its dollars; None is never."""

    long_run: timedelta | None = timedelta(hours=24)
    high_cost: Decimal | None = Decimal(50)

    @classmethod
    def of(cls, hours: float, dollars: float) -> Limits:
        """Limits as settings have them: 0 is never."""
        return cls(timedelta(hours=hours) if hours else None, Decimal(str(dollars)) if dollars else None)


class Dues(NamedTuple):
    """When a run is long, and when it is costly, if all goes on as it does; None is never."""

    long_at: datetime | None = None
    costly_at: datetime | None = None

    def mark(self, now: datetime) -> Mark | None:
        """What it is pointed out for at a moment."""
        if self.long_at is not None and self.long_at <= now:
            return Mark.LONG
        return Mark.COSTLY if self.costly_at is not None and self.costly_at <= now else None


def mark_of(
    instance: Instance, fleet: Fleet, now: datetime, limits: Limits, spent: Callable[[Instance], Decimal] | None = None
) -> Mark | None:
    """Why a person should look at it now; never of one that is tagged ``fe2:keep``.

    ``spent`` has the dollars of its last run, as far as they are known, for those who know them already.
    """
    started = instance.launched_at
    if instance.state is not State.RUNNING or instance.is_kept or started is None:
        return None
    if limits.long_run is not None and now - started >= limits.long_run:
        return Mark.LONG
    if limits.high_cost is None:
        return None
    known = spent(instance) if spent is not None else _known(flows_of(instance, fleet), started, now)
    return Mark.COSTLY if known >= limits.high_cost else None


def dues_of(instance: Instance, fleet: Fleet, now: datetime, limits: Limits) -> Dues:
    """When there is something to look at, at the rate at which it costs now."""
    started = instance.launched_at
    if instance.state is not State.RUNNING or instance.is_kept or started is None:
        return Dues()
    long_at = None if limits.long_run is None else started + limits.long_run
    if limits.high_cost is None or (long_at is not None and long_at <= now):
        return Dues(long_at)
    flows = flows_of(instance, fleet)
    left = limits.high_cost - _known(flows, started, now)
    if left <= 0:
        return Dues(long_at, now)
    rate = sum((flow.per_hour(now) or Decimal(0) for flow in flows if flow.is_open(now)), Decimal(0))
    hours = left / rate if rate else _FAR
    if hours >= _FAR:
        return Dues(long_at)
    micros = (hours * _MICROS).to_integral_value(ROUND_CEILING)
    return Dues(long_at, now + timedelta(microseconds=int(micros)))


def _known(flows: list[Flow], since: datetime, until: datetime) -> Decimal:
    """Dollars between two moments, as far as they are known."""
    return sum((flow.between(since, until) or Decimal(0) for flow in flows), Decimal(0))
