"""Histories of spot prices, the figures of zones, and tables of days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fe2tui.errors import NotFoundError
from fe2tui.model.location import zone_letter
from fe2tui.model.price_hist import PriceHist, build_price_hist, find_zone, last_days
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory, merge_spot_histories, saving, zone_price_stats

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DEMAND = Decimal("12.24")
A, B, C = (f"us-east-2{letter}" for letter in "abc")


def series(*changes: tuple[float, str]) -> PriceSeries:
    """Changes so many days ago."""
    return PriceSeries.from_changes([(NOW - ago * DAY, Decimal(price)) for ago, price in changes])


def history(since: float, until: float = 0, name: str = "p3.8xlarge", **zones: PriceSeries) -> SpotHistory:
    named = {f"us-east-2{letter}": found for letter, found in zones.items()}
    return SpotHistory(name, NOW - since * DAY, NOW - until * DAY, named)


# ------------------------------------------------------------------------------------------------ joining


def test_older_and_newer_parts_make_one_history() -> None:
    older = history(30, 7, a=series((31, "4.0"), (9, "4.4")), b=series((30, "3.9")))
    newer = history(8, 0, a=series((9, "4.4"), (1, "3.87")), c=series((2, "5.0")))
    for joined in (older.merge(newer), newer.merge(older)):
        assert (joined.since, joined.until) == (older.since, newer.until)
        assert joined.zones[A] == series((31, "4.0"), (9, "4.4"), (1, "3.87"))
        assert list(joined.zones) == [A, B, C]


def test_where_both_tell_of_a_moment_the_later_read_counts() -> None:
    first, later = history(9, 3, a=series((5, "4.0"))), history(9, 0, a=series((5, "4.1")))
    assert first.merge(later).zones[A] == later.merge(first).zones[A] == series((5, "4.1"))


def test_parts_with_time_missing_between_them_do_not_join_and_the_newer_one_stays() -> None:
    old, new = history(30, 20, a=series((30, "4.0"))), history(7, 0, a=series((8, "3.9")))
    with pytest.raises(ValueError, match="do not join"):
        old.merge(new)
    assert merge_spot_histories(old, new) is merge_spot_histories(new, old) is merge_spot_histories(None, new) is new
    with pytest.raises(ValueError, match="do not join"):
        new.merge(history(7, name="m5.large"))


@given(some.permutations([(90.0, 40.0), (41.0, 10.0), (10.0, 1.0), (1.5, 0.0)]))
def test_joining_is_free_of_order_as_long_as_nothing_is_missing_between(parts: list[tuple[float, float]]) -> None:
    whole = series(*((ago, f"{1 + ago % 7}") for ago in range(100, 0, -3)))
    waiting = [history(since, until, a=PriceSeries(*cut(whole, since, until))) for since, until in parts]
    joined = waiting.pop(0)
    while waiting:  # whichever borders on what there is
        near = next(one for one in waiting if one.since <= joined.until and joined.since <= one.until)
        waiting.remove(near)
        joined = joined.merge(near)
    assert joined == history(90, 0, a=whole.since(NOW - 90 * DAY))


def cut(whole: PriceSeries, since: float, until: float) -> tuple[tuple[datetime, ...], tuple[Decimal, ...]]:
    """What EC2 tells of a window: the changes within it and the one before."""
    kept = whole.since(NOW - since * DAY)
    found = [pair for pair in zip(kept.times, kept.values, strict=True) if pair[0] <= NOW - until * DAY]
    return tuple(moment for moment, _ in found), tuple(price for _, price in found)


def test_what_is_kept_from_a_moment_on_begins_with_the_price_that_held_then() -> None:
    whole = history(30, 0, a=series((30, "4.0"), (20, "4.4"), (2, "3.9")))
    kept = whole.drop_before(NOW - 10 * DAY)
    assert (kept.since, kept.zones[A]) == (NOW - 10 * DAY, series((20, "4.4"), (2, "3.9")))
    assert whole.drop_before(NOW - 40 * DAY) is whole


# ------------------------------------------------------------------------------------------------ figures


def test_the_figures_of_zones_are_of_the_window_and_the_cheapest_now_comes_first() -> None:
    seen = history(
        7, 0, a=series((9, "4.00"), (3.5, "3.00")), b=series((7, "2.00"), (1, "3.50")), c=series((0.5, "9.0"))
    )
    first, second, third = zone_price_stats(seen, NOW - 7 * DAY, NOW, DEMAND)
    assert [(one.zone, zone_letter(one.zone), one.now) for one in (first, second, third)] == [
        (A, "2a", Decimal(3)),
        (B, "2b", Decimal("3.50")),
        (C, "2c", Decimal(9)),
    ]
    assert (first.lowest, first.mean, first.highest) == (Decimal(3), Decimal("3.50"), Decimal(4))
    assert second.mean == (Decimal(2) * 6 + Decimal("3.5")) / 7
    assert first.saves == 1 - Decimal(3) / DEMAND
    assert third.mean == 9  # of the time that is known
    assert list(seen.current_prices()) == [A, B, C]


def test_a_zone_without_a_price_in_the_window_has_no_figures_and_an_unknown_price_saves_nothing() -> None:
    seen = history(7, 0, a=series((1, "4.0")))
    assert zone_price_stats(seen, NOW - 7 * DAY, NOW - 2 * DAY, DEMAND) == ()
    assert zone_price_stats(seen, NOW - 7 * DAY, NOW, None)[0].saves is None
    assert saving(Decimal("24.48"), DEMAND) == -1


# ------------------------------------------------------------------------------------------------ days


def test_days_are_those_of_the_persons_calendar_up_to_now() -> None:
    days = last_days(NOW, 3, ZoneInfo("Asia/Tokyo"))
    assert [day.label for day in days] == ["21 Nov", "22 Nov", "23 Nov"]
    assert [day.start for day in days] == [datetime(2026, 11, each, 15, tzinfo=UTC) for each in (20, 21, 22)]
    assert days[0].end == days[1].start and days[-1].end == NOW


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", datetime(2026, 11, 2, 12, tzinfo=UTC), [24, 25]),  # the clocks went back on the first
        ("America/New_York", datetime(2026, 3, 9, 12, tzinfo=UTC), [24, 23]),
        ("America/Santiago", datetime(2026, 9, 7, 12, tzinfo=UTC), [24, 23]),  # at midnight, which there is not
        ("UTC", datetime(2026, 3, 9, 12, tzinfo=UTC), [24, 24]),
    ],
)
def test_a_day_on_which_clocks_are_changed_is_as_long_as_it_is(zone: str, day: datetime, hours: list[int]) -> None:
    days = last_days(day, 3, ZoneInfo(zone))
    assert [(one.end - one.start) / timedelta(hours=1) for one in days[:2]] == hours


def table(zone: str = "") -> PriceHist:
    found = {
        "p3.8xlarge": history(9, a=series((9, "4.00"), (1, "5.00")), b=series((9, "4.20"))),
        "p3.16xlarge": history(9, name="p3.16xlarge", a=series((1, "8.00"))),
        "p3dn.24xlarge": history(9, name="p3dn.24xlarge"),
    }
    days = last_days(NOW, 3, ZoneInfo("UTC"))
    return build_price_hist(found, days, {"p3.8xlarge": DEMAND, "p3.16xlarge": Decimal(16)}, zone=zone)


def test_each_type_has_its_cheapest_zone_by_the_mean_of_its_days_and_what_is_missing_is_a_dash() -> None:
    # of the 60 hours, 2a costs 4 for 36 and 5 for 24: 4.40 in the mean, and 2b 4.20 throughout
    assert repr(table()).splitlines() == [
        "TYPE           ZONE  21 Nov  22 Nov  23 Nov  SAVES",
        "p3.8xlarge     2b    4.2000  4.2000  4.2000   66 %",
        "p3.16xlarge    2a         –  8.0000  8.0000   50 %",
        "p3dn.24xlarge  –          –       –       –      –",
    ]


def test_a_zone_may_be_named_and_all_of_them_be_shown() -> None:
    named = {row.type: row for row in table(A).rows}
    assert named["p3.8xlarge"].per_day == (Decimal(4), Decimal("4.5"), Decimal(5))
    assert named["p3.8xlarge"].mean == Decimal("4.4")
    assert [(row.type, row.zone) for row in table("all").rows] == [
        ("p3.8xlarge", A),
        ("p3.8xlarge", B),
        ("p3.16xlarge", A),
        ("p3dn.24xlarge", ""),
    ]
    other = {row.type: row for row in table(B).rows}
    assert (other["p3.16xlarge"].zone, set(other["p3.16xlarge"].per_day)) == (B, {None})
    assert other["p3.16xlarge"].on_demand == 16  # which is known all the same


def test_a_table_wider_than_the_screen_goes_on_below() -> None:
    lines = table().lines(width=36)
    assert max(map(len, lines)) <= 36
    assert [line for line in lines if line.startswith("TYPE")] == [
        "TYPE           ZONE  21 Nov  22 Nov",
        "TYPE           ZONE  23 Nov  SAVES",
    ]
    assert len(table().lines(width=1)) == 4 * 4 + 3  # a column each where there is no room at all


@pytest.mark.parametrize(
    ("text", "zone"), [("us-east-2b", B), ("2b", B), ("B", B), (" 2B ", B), ("all", "all"), ("ALL", "all")]
)
def test_a_zone_goes_by_its_name_its_end_or_its_letter(text: str, zone: str) -> None:
    assert find_zone(text, [B, A]) == zone


@pytest.mark.parametrize(
    ("text", "zone"),
    [("1a", "us-east-1a"), ("a", "us-east-1a"), ("bos-1a", "us-east-1-bos-1a"), ("c", "us-gov-west-1c")],
)
def test_a_local_zone_is_not_taken_for_one_of_the_region(text: str, zone: str) -> None:
    assert find_zone(text, ["us-east-1-bos-1a", "us-gov-west-1c", "us-east-1a"]) == zone
    assert zone_letter("us-gov-west-1c") == "1c"


def test_a_zone_that_there_is_not_is_told_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match="There are us-east-2a and us-east-2b"):
        find_zone("2z", [B, A])
