"""The axis of time is the person's: their days and hours, also when their clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fe2tui.chart.ticks import time_ticks

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago")


def test_a_week_has_a_tick_at_each_midnight_and_names_the_month_once() -> None:
    end = datetime(2026, 11, 23, 14, tzinfo=UTC)
    found = time_ticks(end - timedelta(days=7), end, BERLIN, 80)
    assert [words for _, words in found] == ["17 Nov", "18", "19", "20", "21", "22", "23"]
    assert found[0][0] == datetime(2026, 11, 16, 23, tzinfo=UTC)


def test_the_day_on_which_clocks_go_back_has_twenty_five_hours() -> None:
    end = datetime(2026, 10, 27, 9, tzinfo=UTC)
    found = {words: moment for moment, words in time_ticks(end - timedelta(days=3.5), end, BERLIN, 30)}
    assert found["26"].timestamp() - found["25"].timestamp() == 25 * 3600
    assert found["25"].timestamp() - found["24 Oct"].timestamp() == 24 * 3600


def test_a_day_has_hours_that_read_as_the_clocks_on_the_wall_when_they_go_forward() -> None:
    start = datetime(2026, 3, 28, 22, tzinfo=UTC)
    found = time_ticks(start, start + timedelta(days=1), BERLIN, 100)
    assert [words for _, words in found][:5] == ["29 Mar", "04:00", "06:00", "08:00", "10:00"]
    assert found[1][0] == datetime(2026, 3, 29, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "columns", "first"),
    [(1, 50, "24 Aug"), (30, 60, "27 Jul"), (90, 110, "1 Jun"), (90, 60, "8 Jun"), (90, 50, "1 Jul")],
)
def test_the_ticks_are_as_close_as_there_is_room(days: int, columns: int, first: str) -> None:
    end = datetime(2026, 8, 24, 12, tzinfo=UTC)
    found = time_ticks(end - timedelta(days=days), end, UTC, columns)
    assert first in [words for _, words in found]


@given(
    start=st.integers(0, 26_000).map(lambda hours: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hours)),
    days=st.sampled_from([1, 3, 7, 30, 90]),
    columns=st.integers(40, 290),
    zone=st.sampled_from(ZONES),
)
def test_ticks_go_forward_begin_hours_of_the_zone_and_fit_beside_each_other(
    start: datetime, days: int, columns: int, zone: str
) -> None:
    end, tz = start + timedelta(days=days), ZoneInfo(zone)
    found = time_ticks(start, end, tz, columns)
    assert found
    places = [(moment.timestamp() - start.timestamp()) / (days * 86400) * columns for moment, _ in found]
    assert places == sorted(places)
    assert places[0] >= 0
    assert places[-1] <= columns
    for here, there, (_, words) in zip(places, places[1:], found, strict=False):
        assert there - here >= len(words) - 2 if ":" not in words else there > here
    for moment, words in found:
        wall = moment.astimezone(UTC).astimezone(tz)
        assert words in (f"{wall:%H:%M}", f"{wall.day}", f"{wall.day} {wall:%b}") or zone == "America/Santiago"
