"""Prices as functions of time: each price holds until the next change, the last one until now.

Before the first change the price is not known. A mean is weighted by time: Σ price × duration ÷ the known time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from operator import mul

Change = tuple[datetime, Decimal]
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Changes in the order of time, no two at one moment. Make one with ``PriceSeries.from_changes``."""

    times: tuple[datetime, ...] = ()
    values: tuple[Decimal, ...] = ()

    @classmethod
    def from_changes(cls, changes: Iterable[Change]) -> PriceSeries:
        """From changes in any order. Of two at one moment the later one counts; a repeated value is left out."""
        times: list[datetime] = []
        values: list[Decimal] = []
        for moment, value in sorted(dict(changes).items()):
            if not values or values[-1] != value:
                times.append(moment)
                values.append(value)
        return cls(tuple(times), tuple(values))

    def __bool__(self) -> bool:
        return bool(self.times)

    @property
    def starts_at(self) -> datetime | None:
        return self.times[0] if self.times else None

    @property
    def last_price(self) -> Decimal | None:
        return self.values[-1] if self.values else None

    def at(self, moment: datetime) -> Decimal | None:
        """The value that holds at a moment; None before the first change."""
        index = bisect_right(self.times, moment)
        return self.values[index - 1] if index else None

    def steps(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, Decimal]]:
        """(begin, end, price) for each price within a window, in order; unknown times are left out."""
        first = max(bisect_right(self.times, start) - 1, 0)
        for index in range(first, len(self.times)):
            begin = max(self.times[index], start)
            until = min(self.times[index + 1], end) if index + 1 < len(self.times) else end
            if begin >= end:
                return
            if begin < until:
                yield begin, until, self.values[index]

    def _window(self, start: datetime, end: datetime) -> slice:
        """The changes whose values hold at some time within a window."""
        return slice(max(bisect_right(self.times, start) - 1, 0), bisect_left(self.times, end))

    def integral(self, start: datetime, end: datetime) -> tuple[Decimal, timedelta]:
        """Σ price × microseconds over the known part of a window, and how long that part is."""
        within = self._window(start, end)
        values = self.values[within]
        if not values or end <= start:
            return Decimal(0), timedelta(0)
        begin = max(self.times[within.start], start)
        times = (begin, *self.times[within.start + 1 : within.stop], end)
        spans = [(until - since) // _MICROSECOND for since, until in pairwise(times)]
        return sum(map(mul, values, spans), Decimal(0)), end - begin

    def mean(self, start: datetime, end: datetime) -> Decimal | None:
        """The mean by time over the known part of a window; None where nothing is known."""
        total, known = self.integral(start, end)
        return total / (known // _MICROSECOND) if known else None

    def lowest(self, start: datetime, end: datetime) -> Decimal | None:
        """The lowest value within a window, None where nothing is known."""
        return min(self.values[self._window(start, end)], default=None) if start < end else None

    def highest(self, start: datetime, end: datetime) -> Decimal | None:
        """The highest value within a window, None where nothing is known."""
        return max(self.values[self._window(start, end)], default=None) if start < end else None

    def merge(self, other: PriceSeries) -> PriceSeries:
        """The changes of both; where both have one at the same moment, the other's counts."""
        if not self or not other:
            return self or other
        # most often one is the short continuation of the other: the part before it is copied as it is
        mine, its = bisect_left(self.times, other.times[0]), bisect_left(other.times, self.times[0])
        rest = PriceSeries.from_changes([*self._from(mine), *other._from(its)])
        times, values = self.times[:mine] + other.times[:its], self.values[:mine] + other.values[:its]
        drop = 1 if values and rest.values[0] == values[-1] else 0
        return PriceSeries(times + rest.times[drop:], values + rest.values[drop:])

    def since(self, moment: datetime) -> PriceSeries:
        """The series from the price that holds at a moment on; all of it if it begins later."""
        index = max(bisect_right(self.times, moment) - 1, 0)
        return PriceSeries(self.times[index:], self.values[index:]) if index else self

    def changes(self, start: datetime, end: datetime) -> tuple[Change, ...]:
        first, last = bisect_left(self.times, start), bisect_right(self.times, end)
        return tuple(zip(self.times[first:last], self.values[first:last], strict=True))

    def _from(self, place: int) -> Iterator[Change]:
        return zip(self.times[place:], self.values[place:], strict=True)
