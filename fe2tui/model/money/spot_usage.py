"""What spot instances cost while they run: the spot price, as its history has it.

Each hour of a run, counted from its start, is billed by the second at the price in effect when that hour began: a
change within an hour counts from the next hour on. Sources: EC2's questions and answers, "What price will I pay for a
Spot Instance?"; Overview of Amazon EC2 Spot Instances, "How Spot Instances work" (to the nearest second).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from typing import Generic, NamedTuple, TypeVar

from fe2tui.model.calendar import month_start
from fe2tui.model.fleet import Fleet, InstanceUsage
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory

SPOT_HISTORY_KEPT_BY_EC2 = timedelta(days=90)
"""How far back EC2 has spot prices. Source: EC2 API reference, DescribeSpotPriceHistory."""

SpotHistoryByType = Mapping[str, SpotHistory]
NO_SPOT_HISTORY: SpotHistoryByType = {}

_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)
_CARRY_FORWARD = timedelta(days=1)  # for so long after the last read, its price is taken as the spot price
_NO_PRICES = PriceSeries()
_Value = TypeVar("_Value")


class TimeSpan(NamedTuple):
    """The time for which spot prices are needed; ``until`` None: until now."""

    since: datetime
    until: datetime | None = None

    def merge(self, other: TimeSpan) -> TimeSpan:
        until = None if self.until is None or other.until is None else max(self.until, other.until)
        return TimeSpan(min(self.since, other.since), until)


def spot_history_spans(fleet: Fleet, now: datetime) -> dict[str, TimeSpan]:
    """The times for which spot prices are needed, by type: those of the runs of the fleet's spot instances.

    Runs of instances that no longer exist count only this month; no run counts before EC2's oldest price.
    """
    month, oldest = month_start(now), now - SPOT_HISTORY_KEPT_BY_EC2
    spans: dict[str, TimeSpan] = {}
    for key, usages in fleet.instance_usage.items():
        latest = usages[-1].ended_at if usages else oldest
        if key not in fleet.instances and latest is not None and latest <= month:
            continue
        for usage in usages:
            if usage.is_spot and not usage.has_unknown_length and (usage.ended_at is None or usage.ended_at > oldest):
                span = TimeSpan(max(usage.started_at, oldest), usage.ended_at)
                spans[usage.type] = span.merge(spans.get(usage.type, span))
    return spans


class ChangingRate(NamedTuple):
    """Dollars an hour that change: each of ``rates`` holds from its moment in ``times`` on.

    ``accrued`` is the cost until each of these moments, in dollars an hour times microseconds.
    """

    times: tuple[datetime, ...]
    rates: tuple[Decimal, ...]
    accrued: tuple[Decimal, ...]

    def at(self, moment: datetime) -> Decimal:
        """Dollars an hour at a moment, which is not before the first."""
        return self.rates[bisect_right(self.times, moment) - 1]

    def amount_between(self, begins: datetime, ends: datetime) -> Decimal:
        """Dollars an hour times microseconds, between two moments that are not before the first."""
        return self._accrued_until(ends) - self._accrued_until(begins)

    def _accrued_until(self, moment: datetime) -> Decimal:
        index = bisect_right(self.times, moment) - 1
        return self.accrued[index] + self.rates[index] * ((moment - self.times[index]) // _MICROSECOND)


RatePeriod = tuple[datetime, datetime | None, Decimal | ChangingRate | None]


def rate_periods(usage: InstanceUsage, ends: datetime | None, spot_history: SpotHistoryByType) -> Iterator[RatePeriod]:
    """The rates of a run: from when, until when (None: until now), dollars an hour (None: not known).

    Where the history has no price, the run's own prices count. ``ends`` is until when the run is billed.
    """
    series = _price_series_of(usage, spot_history)
    if not series:
        begins, rate = usage.started_at, usage.price_per_hour
        for changed_at, price in usage.price_changes:
            if ends is not None and changed_at >= ends:
                break
            yield begins, changed_at, rate
            begins, rate = changed_at, price
        yield begins, ends, rate
        return
    meter = _changing_rate(IdentityKey(series), usage.started_at, usage.price_per_hour)
    known_from = meter.times[0] if meter is not None else ends
    if known_from is None or known_from > usage.started_at:
        yield usage.started_at, known_from if ends is None or known_from is None else min(known_from, ends), None
    if meter is not None and (ends is None or meter.times[0] < ends):
        yield meter.times[0], ends, meter


class IdentityKey(Generic[_Value]):
    """A value that equals only itself, as the key of a cache."""

    __slots__ = ("value",)

    def __init__(self, value: _Value) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdentityKey) and self.value is other.value


@lru_cache(maxsize=2048)
def _changing_rate(same: IdentityKey[PriceSeries], started_at: datetime, own: Decimal | None) -> ChangingRate | None:
    """The prices of the hours of a run without an end, from when one is known; ``own`` is the run's own price."""
    series = same.value
    index = bisect_right(series.times, started_at)
    first = series.values[index - 1] if index else own
    hours = {} if first is None else {started_at: first}
    for moment, price in zip(series.times[index:], series.values[index:], strict=True):
        hours[_next_hour(started_at, moment)] = price  # of several within an hour, the last
    if not hours:
        return None
    times, rates = tuple(hours), tuple(hours.values())
    costs = (rate * ((end - begin) // _MICROSECOND) for begin, end, rate in zip(times, times[1:], rates, strict=False))
    return ChangingRate(times, rates, tuple(accumulate(costs, initial=Decimal(0))))


def is_spot_cost_known(usage: InstanceUsage, spot_history: SpotHistoryByType, since: datetime, until: datetime) -> bool:
    """Whether the history has every price of a run between two moments. Always true for a run that is not spot."""
    begins, ends = max(usage.started_at, since), until if usage.ended_at is None else min(usage.ended_at, until)
    if not usage.is_spot or ends <= begins:
        return True
    series = _price_series_of(usage, spot_history)
    if series.starts_at is None or spot_history[usage.type].until + _CARRY_FORWARD < ends:
        return False
    return series.starts_at <= usage.started_at or _next_hour(usage.started_at, series.starts_at) <= begins


def _price_series_of(usage: InstanceUsage, spot_history: SpotHistoryByType) -> PriceSeries:
    history = spot_history.get(usage.type) if usage.is_spot else None
    return _NO_PRICES if history is None else history.zones.get(usage.zone, _NO_PRICES)


def _next_hour(started_at: datetime, moment: datetime) -> datetime:
    return started_at - (started_at - moment) // _HOUR * _HOUR
