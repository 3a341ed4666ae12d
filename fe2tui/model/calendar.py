"""Days and months: UTC's, by which AWS bills, and the days of a person's own time zone."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache


def day_start(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def month_start(now: datetime) -> datetime:
    return day_start(now).replace(day=1)


def month_of(moment: datetime) -> tuple[datetime, datetime]:
    """The first of the month of a moment and of the next, UTC."""
    return _month(moment.year, moment.month) if moment.tzinfo is UTC else month_of(moment.astimezone(UTC))


@lru_cache(maxsize=512)
def _month(year: int, month: int) -> tuple[datetime, datetime]:
    later = (year + 1, 1) if month == 12 else (year, month + 1)
    return datetime(year, month, 1, tzinfo=UTC), datetime(*later, 1, tzinfo=UTC)


def wall_clock_moment(wall: datetime, tz: tzinfo | None) -> datetime:
    """The moment at which the clocks of a time zone show ``wall``; aware, in that zone. None: this computer's zone."""
    return wall.astimezone() if tz is None else wall.replace(tzinfo=tz)
