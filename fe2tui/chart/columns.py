"""A step function reduced to the columns there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fe2tui.model.series import Series

_SPIKE = 4
"""Dots by which a short price has to leave its neighbours to be drawn: a row of the picture."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a series does in one column: the value that held longest, the lowest and the highest."""

    number: int
    value: float
    low: float
    high: float


def reduced(series: Series, start: datetime, end: datetime, columns: int) -> list[Column]:
    """Each column of a window in which something is known. Cost: one step a change and one a column."""
    zero, whole = start.timestamp(), (end - start).total_seconds()
    first = max(bisect_right(series.times, start) - 1, 0)
    last = bisect_left(series.times, end)
    values = [float(value) for value in series.values[first:last]]
    begins = [max(0.0, (moment.timestamp() - zero) / whole * columns) for moment in series.times[first:last]]
    if not values:
        return []
    begins.append(float(columns))
    return [_column(number, values, begins) for number in range(int(begins[0]), columns)]


def _column(number: int, values: Sequence[float], begins: Sequence[float]) -> Column:
    """What holds between ``number`` and the next; the last of ``begins`` is an end."""
    place = max(bisect_right(begins, number) - 1, 0)
    until = bisect_left(begins, number + 1)
    here = values[place:until]
    if len(here) == 1:
        return Column(number, here[0], here[0], here[0])
    edges = [number, *begins[place + 1 : until], number + 1]
    edges[0] = max(begins[place], number)
    longest = max(range(len(here)), key=lambda turn: edges[turn + 1] - edges[turn])
    return Column(number, here[longest], min(here), max(here))


def path(columns: Sequence[Column], dot: Callable[[float], int]) -> list[tuple[int, int]]:
    """The columns as a line of horizontal and vertical stretches, from dot to dot, a spike within a column included."""
    dots = [dot(column.value) for column in columns]
    way: list[tuple[int, int]] = []
    for place, column in enumerate(columns):
        x, y = column.number, dots[place]
        before = dots[place - 1] if place else y
        if not place:
            way.append((x, y))
        elif before != y:
            way += [(x, before), (x, y)]
        if column.low != column.high:
            around = dots[max(0, place - 1) : place + 2]
            top, bottom = dot(column.high), dot(column.low)
            for tip, far in ((top, top - max(around)), (bottom, min(around) - bottom)):
                if far >= _SPIKE:
                    way += [(x, y), (x, tip), (x, y)]
    if columns:
        way.append((columns[-1].number, dots[-1]))
    return way
