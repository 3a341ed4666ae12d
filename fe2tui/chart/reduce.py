"""Reduces a price series to what each column of a chart can show."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from fe2tui.model.price_series import PriceSeries

_SPIKE_DOTS = 4
"""Dots by which a short price must differ from its neighbours to be drawn: a row of the picture."""

Dot = tuple[int, int]
"""A dot of the canvas: column and row, counted from its left and lower end."""


class PriceColumn(NamedTuple):
    """The prices of a series in one column, as rows of dots: the one that lasted longest, the lowest, the highest."""

    number: int
    value: int
    low: int
    high: int


def reduce_to_columns(
    series: PriceSeries, start: datetime, end: datetime, columns: int, dot: Callable[[float], int]
) -> list[PriceColumn]:
    """The columns of a period in which a price is known. Takes time in proportion to changes and columns."""
    zero, whole = start.timestamp(), (end - start).total_seconds()
    first = max(bisect_right(series.times, start) - 1, 0)
    last = bisect_left(series.times, end)
    dots = list(map(dot, map(float, series.values[first:last])))
    begins = [max(0.0, (moment.timestamp() - zero) / whole * columns) for moment in series.times[first:last]]
    if not dots:
        return []
    begins.append(float(columns))
    reduced: list[PriceColumn] = []
    index = 0
    for number in range(int(begins[0]), columns):
        until = index
        while begins[until + 1] < number + 1:
            until += 1
        if until == index:
            reduced.append(PriceColumn(number, dots[index], dots[index], dots[index]))
        else:
            reduced.append(_column(number, dots[index : until + 1], begins[index : until + 2]))
        index = until
    return reduced


def _column(number: int, dots: Sequence[int], begins: Sequence[float]) -> PriceColumn:
    """A column with several values. ``begins``: where each begins, in columns, and where the last one ends."""
    low, high = min(dots), max(dots)
    if low == high:
        return PriceColumn(number, low, low, low)
    longest, value, begin = -1.0, dots[0], max(begins[0], number)
    for dot, end in zip(dots, begins[1:], strict=True):
        duration = min(end, number + 1) - begin
        if duration > longest:
            longest, value = duration, dot
        begin = end
    return PriceColumn(number, value, low, high)


def column_path(columns: Sequence[PriceColumn]) -> list[Dot]:
    """The columns as a line from dot to dot, horizontal or vertical, including spikes within a column."""
    dots: list[Dot] = []
    for index, (x, y, low, high) in enumerate(columns):
        if not index:
            dots.append((x, y))
        elif (before := columns[index - 1].value) != y:
            dots += [(x, before), (x, y)]
        if high - y >= _SPIKE_DOTS or y - low >= _SPIKE_DOTS:
            around = [column.value for column in columns[max(0, index - 1) : index + 2]]
            if high - max(around) >= _SPIKE_DOTS:
                dots += [(x, y), (x, high), (x, y)]
            if min(around) - low >= _SPIKE_DOTS:
                dots += [(x, y), (x, low), (x, y)]
    if columns:
        dots.append((columns[-1].number, columns[-1].value))
    return dots
