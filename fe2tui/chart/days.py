"""The axis of time: ticks at whole days or hours of a person's time zone, whatever its clocks do in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

Tick = tuple[datetime, str]

_HOURS = (1, 2, 3, 4, 6, 12)
_DAYS = (1, 2, 3, 7, 14)
_ROOM = 2
"""Columns between two labels."""


def time_ticks(start: datetime, end: datetime, tz: tzinfo | None, columns: int) -> tuple[Tick, ...]:
    """Ticks within a window, in their order, with labels that fit side by side into so many columns.

    A day that begins reads ``17`` or, where it is the first or the month is another, ``17 Nov``; an hour ``06:00``.
    """
    span = (end - start).total_seconds()
    days = span / 86400
    if days <= 3.01:
        for hours in _HOURS:
            if span / 3600 / hours * (6 + _ROOM) <= columns:
                return tuple(_labelled(_hours(start, end, tz, hours)))
    for step in _DAYS:
        if days / step * (6 + _ROOM if step > 1 or days < 4 else 4 + _ROOM) <= columns:
            return tuple(_labelled(_days(start, end, tz, step)))
    return tuple(_labelled(_months(start, end, tz)))


def _labelled(moments: Iterator[datetime]) -> Iterator[Tick]:
    """Moments with their words; a midnight that the clocks leap over is still the beginning of its day."""
    month: tuple[int, int] | None = None
    for here in moments:
        if here.hour or here.minute:
            yield here, f"{here:%H:%M}"
        else:
            yield here, f"{here.day}" if month == (here.year, here.month) else f"{here.day} {here:%b}"
            month = (here.year, here.month)


def _midnights(start: datetime, end: datetime, tz: tzinfo | None) -> Iterator[datetime]:
    """The beginnings of the days in a time zone, from the day of ``start`` on."""
    here = start.astimezone(tz)
    day = datetime(here.year, here.month, here.day)  # noqa: DTZ001 - the wall's time; its zone comes next
    while (moment := _on_the_wall(day, tz)) <= end:
        yield moment
        day += timedelta(days=1)


def _on_the_wall(wall: datetime, tz: tzinfo | None) -> datetime:
    """When a time stands on the clocks of a zone: aware, in that zone."""
    return wall.astimezone() if tz is None else wall.replace(tzinfo=tz)


def _days(start: datetime, end: datetime, tz: tzinfo | None, step: int) -> Iterator[datetime]:
    for midnight in _midnights(start, end, tz):
        if midnight >= start and midnight.toordinal() % step == 1 % step:  # Mondays, where it is weeks
            yield midnight


def _months(start: datetime, end: datetime, tz: tzinfo | None) -> Iterator[datetime]:
    return (midnight for midnight in _midnights(start, end, tz) if midnight >= start and midnight.day == 1)


def _hours(start: datetime, end: datetime, tz: tzinfo | None, step: int) -> Iterator[datetime]:
    for midnight in _midnights(start, end, tz):
        wall = midnight.replace(tzinfo=None)
        for hour in range(0, 24, step):
            moment = _on_the_wall(wall + timedelta(hours=hour), tz)
            is_there = moment.astimezone(UTC).astimezone(tz).hour == hour or hour == 0  # clocks leap over some
            if start <= moment <= end and is_there:
                yield moment
