"""What spot machines cost while they run: the market's price, as its history has it.

Each hour of a run, counted from its start, is billed by the second at the price in effect when that hour began: what
changes within an hour counts from the next one on. Sources: EC2's questions and answers, "What price will I pay for a
Spot Instance?"; Overview of Amazon EC2 Spot Instances, "How Spot Instances work" (to the nearest second).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from fe2tui.model.fleet import Fleet, Run
from fe2tui.model.money.calendar import month_start
from fe2tui.model.series import Series
from fe2tui.model.spot import SpotHistory

MARKET_KEPT = timedelta(days=90)
"""How far back EC2 tells of the market's prices. Source: EC2 API reference, DescribeSpotPriceHistory."""

Histories = Mapping[str, SpotHistory]
NO_HISTORIES: Histories = {}

_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)
_CARRIED = timedelta(days=1)  # for how long after the last read its price is taken for the market's
_UNKNOWN = Series()


class Span(NamedTuple):
    """Over what time the market's prices are wanted; ``until`` is None while it goes on."""

    since: datetime
    until: datetime | None = None

    def joined(self, other: Span) -> Span:
        """The span that has both in it."""
        until = None if self.until is None or other.until is None else max(self.until, other.until)
        return Span(min(self.since, other.since), until)


def market_spans(fleet: Fleet, now: datetime) -> dict[str, Span]:
    """The times of which the market's prices are wanted, by type: those of the runs of the fleet's spot machines.

    Of machines that are no more, only where they ran this month; of no run longer ago than EC2 can tell.
    """
    month, oldest = month_start(now), now - MARKET_KEPT
    spans: dict[str, Span] = {}
    for key, runs in fleet.runs.items():
        latest = runs[-1].ended_at if runs else oldest
        if key not in fleet.instances and latest is not None and latest <= month:
            continue
        for run in runs:
            if run.is_spot and not run.is_unknown and (run.ended_at is None or run.ended_at > oldest):
                span = Span(max(run.started_at, oldest), run.ended_at)
                spans[run.type] = span.joined(spans.get(run.type, span))
    return spans


class Meter(NamedTuple):
    """Dollars an hour that change: each of ``rates`` from its moment on, the last one for good.

    ``spent`` is what they came to until each moment, in dollars an hour times microseconds.
    """

    times: tuple[datetime, ...]
    rates: tuple[Decimal, ...]
    spent: tuple[Decimal, ...]

    def at(self, moment: datetime) -> Decimal:
        """Dollars an hour at a moment, which is not before the first."""
        return self.rates[bisect_right(self.times, moment) - 1]

    def between(self, begins: datetime, ends: datetime) -> Decimal:
        """Dollars an hour times microseconds, between two moments that are not before the first."""
        return self._until(ends) - self._until(begins)

    def _until(self, moment: datetime) -> Decimal:
        place = bisect_right(self.times, moment) - 1
        return self.spent[place] + self.rates[place] * ((moment - self.times[place]) // _MICROSECOND)


Stretch = tuple[datetime, datetime | None, Decimal | Meter | None]


def billed(run: Run, ends: datetime | None, histories: Histories) -> Iterator[Stretch]:
    """A run by what is known of its price: from when, until when (None: it goes on), dollars an hour (None: not known).

    What the history does not tell counts at the run's own price, that of its first sight. ``ends`` is until when the
    run is billed.
    """
    series = _series_of(run, histories)
    if not series:
        yield run.started_at, ends, run.price_per_hour
        return
    meter = _meter(_Same(series), run.started_at, run.price_per_hour)
    known_from = meter.times[0] if meter is not None else ends
    if known_from is None or known_from > run.started_at:
        yield run.started_at, known_from if ends is None or known_from is None else min(known_from, ends), None
    if meter is not None and (ends is None or meter.times[0] < ends):
        yield meter.times[0], ends, meter


class _Same:
    """A series that equals only itself, so that what was made of it can be kept as long as it is in use."""

    __slots__ = ("series",)

    def __init__(self, series: Series) -> None:
        self.series = series

    def __hash__(self) -> int:
        return id(self.series)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.series is other.series


@lru_cache(maxsize=2048)
def _meter(same: _Same, started_at: datetime, own: Decimal | None) -> Meter | None:
    """The prices of the hours of a run that goes on, from when one is known; ``own`` is that of its first sight."""
    series = same.series
    place = bisect_right(series.times, started_at)
    first = series.values[place - 1] if place else own
    hours = {} if first is None else {started_at: first}
    for moment, price in zip(series.times[place:], series.values[place:], strict=True):
        hours[_next_hour(started_at, moment)] = price  # of several within an hour, the last
    if not hours:
        return None
    times, rates = tuple(hours), tuple(hours.values())
    costs = (rate * ((end - begin) // _MICROSECOND) for begin, end, rate in zip(times, times[1:], rates, strict=False))
    return Meter(times, rates, tuple(accumulate(costs, initial=Decimal(0))))


def is_market_known(run: Run, histories: Histories, since: datetime, until: datetime) -> bool:
    """Whether all that a run cost between two moments is the market's price then; always true of what is not spot."""
    begins, ends = max(run.started_at, since), until if run.ended_at is None else min(run.ended_at, until)
    if not run.is_spot or ends <= begins:
        return True
    series = _series_of(run, histories)
    if series.begins is None or histories[run.type].until + _CARRIED < ends:
        return False
    return series.begins <= run.started_at or _next_hour(run.started_at, series.begins) <= begins


def _series_of(run: Run, histories: Histories) -> Series:
    history = histories.get(run.type) if run.is_spot else None
    return _UNKNOWN if history is None else history.zones.get(run.zone, _UNKNOWN)


def _next_hour(started_at: datetime, moment: datetime) -> datetime:
    """When the first hour of a run begins that is not before a moment."""
    return started_at - (started_at - moment) // _HOUR * _HOUR
