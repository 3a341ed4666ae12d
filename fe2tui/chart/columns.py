"""A step function reduced to the columns there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from fe2tui.model.series import Series

_SPIKE = 4
"""Dots by which a short price has to leave its neighbours to be drawn: a row of the picture."""

Dot = tuple[int, int]


class Column(NamedTuple):
    """What a series does in one column, in dots: what held longest, the lowest and the highest."""

    number: int
    value: int
    low: int
    high: int


def reduced(series: Series, start: datetime, end: datetime, columns: int, dot: Callable[[float], int]) -> list[Column]:
    """Each column of a window in which something is known. Cost: one step a change and one a column."""
    zero, whole = start.timestamp(), (end - start).total_seconds()
    first = max(bisect_right(series.times, start) - 1, 0)
    last = bisect_left(series.times, end)
    dots = [dot(float(value)) for value in series.values[first:last]]
    begins = [max(0.0, (moment.timestamp() - zero) / whole * columns) for moment in series.times[first:last]]
    if not dots:
        return []
    begins.append(float(columns))
    found: list[Column] = []
    place = 0
    for number in range(int(begins[0]), columns):
        until = place
        while begins[until + 1] < number + 1:
            until += 1
        if until == place:
            found.append(Column(number, dots[place], dots[place], dots[place]))
        else:
            found.append(_column(number, dots[place : until + 1], begins[place : until + 2]))
        place = until
    return found


def _column(number: int, dots: Sequence[int], begins: Sequence[float]) -> Column:
    """What several values are together that begin at these places, the last of which is an end."""
    longest, value, begin = -1.0, dots[0], max(begins[0], number)
    for dot, end in zip(dots, begins[1:], strict=True):
        lasts = min(end, number + 1) - begin
        if lasts > longest:
            longest, value = lasts, dot
        begin = end
    return Column(number, value, min(dots), max(dots))


def path(columns: Sequence[Column]) -> list[Dot]:
    """The columns as a line of horizontal and vertical stretches, from dot to dot, a spike within a column included."""
    way: list[Dot] = []
    for place, (x, y, low, high) in enumerate(columns):
        if not place:
            way.append((x, y))
        elif (before := columns[place - 1].value) != y:
            way += [(x, before), (x, y)]
        if high - y >= _SPIKE or y - low >= _SPIKE:
            around = [column.value for column in columns[max(0, place - 1) : place + 2]]
            if high - max(around) >= _SPIKE:
                way += [(x, y), (x, high), (x, y)]
            if min(around) - low >= _SPIKE:
                way += [(x, y), (x, low), (x, y)]
    if columns:
        way.append((columns[-1].number, columns[-1].value))
    return way
