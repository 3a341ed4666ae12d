"""Prices as functions of time: steps, never samples; means by time; nothing made up before the first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fe2tui.model.price_series import Change, PriceSeries

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTES = 30 * 24 * 60
DIME, HALF = Decimal("0.10"), Decimal("0.50")


def at(minute: int) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def day(number: float) -> datetime:
    return BEGIN + number * DAY


minutes = some.integers(0, MINUTES)
prices = some.decimals("0.0001", "40", places=4)
changes = some.dictionaries(minutes.map(at), prices, max_size=30).map(lambda found: list(found.items()))
series = changes.map(PriceSeries.from_changes)
windows = some.lists(minutes, min_size=3, max_size=3, unique=True).map(sorted).map(lambda found: [*map(at, found)])


# ------------------------------------------------------------------------------------------------ by hand


def test_a_dime_held_then_half_a_dollar_from_day_one_of_thirty_is_0_487_and_not_a_dime() -> None:
    one = PriceSeries.from_changes([(BEGIN - 20 * DAY, DIME), (day(1), HALF)])
    mean = one.mean(BEGIN, day(30))
    assert mean is not None
    assert mean == (DIME * 1 + HALF * 29) / 30
    assert round(mean, 3) == Decimal("0.487")


@pytest.mark.parametrize(
    ("found", "start", "end", "mean", "lowest", "highest"),
    [
        ([], 0, 1, None, None, None),
        ([(day(2), DIME)], 0, 1, None, None, None),  # not known yet
        ([(day(2), DIME)], 0, 4, "0.10", "0.10", "0.10"),  # known for half of it
        ([(day(-9), DIME)], 0, 4, "0.10", "0.10", "0.10"),  # held since before
        ([(day(0), DIME), (day(1), HALF)], 0, 2, "0.30", "0.10", "0.50"),
        ([(day(0), DIME), (day(1), HALF)], 0, 1, "0.10", "0.10", "0.10"),  # the change at the end is of the next
        ([(day(0), DIME), (day(1), HALF)], 1, 2, "0.50", "0.50", "0.50"),
        ([(day(0), DIME), (day(0.5), HALF), (day(0.75), DIME)], 0, 1, "0.20", "0.10", "0.50"),
        ([(day(0), DIME), (day(1), HALF)], 1, 1, None, None, None),  # no time at all
    ],
)
def test_a_window_has_a_mean_by_time_a_lowest_and_a_highest(
    found: list[Change], start: int, end: int, mean: str | None, lowest: str | None, highest: str | None
) -> None:
    one = PriceSeries.from_changes(found)
    assert one.mean(day(start), day(end)) == (None if mean is None else Decimal(mean))
    assert one.lowest(day(start), day(end)) == (None if lowest is None else Decimal(lowest))
    assert one.highest(day(start), day(end)) == (None if highest is None else Decimal(highest))


def test_a_value_holds_from_its_change_until_the_next_and_the_last_one_until_now() -> None:
    one = PriceSeries.from_changes([(day(2), HALF), (day(1), DIME)])
    assert [one.at(day(place)) for place in (0.9, 1, 1.9, 2, 900)] == [None, DIME, DIME, HALF, HALF]
    assert (one.starts_at, one.last_price, bool(one)) == (day(1), HALF, True)
    assert (PriceSeries().starts_at, PriceSeries().last_price, bool(PriceSeries())) == (None, None, False)


def test_a_repeated_price_is_no_change() -> None:
    assert PriceSeries.from_changes([(day(1), DIME), (day(2), Decimal("0.1")), (day(3), HALF)]).times == (
        day(1),
        day(3),
    )


def test_a_cut_keeps_the_price_that_held_there() -> None:
    one = PriceSeries.from_changes([(day(1), DIME), (day(3), HALF)])
    assert one.since(day(2)) == one
    assert one.since(day(4)) == PriceSeries.from_changes([(day(3), HALF)])
    assert one.changes(day(0), day(2)) == ((day(1), DIME),)


# ------------------------------------------------------------------------------------------------ properties


@given(series, windows)
def test_splitting_a_window_never_changes_its_mean(one: PriceSeries, window: list[datetime]) -> None:
    start, middle, end = window
    parts = [one.integral(start, middle), one.integral(middle, end)]
    assert one.integral(start, end) == (
        sum(total for total, _ in parts),
        sum((known for _, known in parts), timedelta(0)),
    )


@given(prices, windows)
def test_a_constant_stays_itself(price: Decimal, window: list[datetime]) -> None:
    start, _, end = window
    one = PriceSeries.from_changes([(BEGIN - DAY, price)])
    assert one.mean(start, end) == one.lowest(start, end) == one.highest(start, end) == one.at(end) == price


@given(series, windows)
def test_a_mean_lies_between_the_lowest_and_the_highest(one: PriceSeries, window: list[datetime]) -> None:
    start, _, end = window
    mean, lowest, highest = one.mean(start, end), one.lowest(start, end), one.highest(start, end)
    if lowest is None or highest is None:
        assert mean is None
    else:
        assert mean is not None and lowest <= round(mean, 20) <= highest


@given(changes, some.randoms(use_true_random=False))
def test_the_order_in_which_changes_are_told_does_not_count(found: list[Change], random: object) -> None:
    mixed = list(found)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert PriceSeries.from_changes(mixed) == PriceSeries.from_changes(found)


@given(changes, some.sets(some.integers(0, 30)), some.sets(some.integers(0, 30)))
def test_parts_of_one_history_join_to_the_whole_in_any_order(
    found: list[Change], left: set[int], right: set[int]
) -> None:
    whole = dict(found)
    one, other = (
        PriceSeries.from_changes([change for place, change in enumerate(found) if place in chosen])
        for chosen in (left, right)
    )
    both = {moment: whole[moment] for part in (one, other) for moment in part.times}
    assert one.merge(other) == other.merge(one) == PriceSeries.from_changes(both.items())


@given(series, series)
def test_where_two_tell_of_one_moment_the_other_counts(one: PriceSeries, other: PriceSeries) -> None:
    joined = one.merge(other)
    assert all(joined.at(moment) == price for moment, price in zip(other.times, other.values, strict=True))
    assert joined == PriceSeries.from_changes(
        [*zip(one.times, one.values, strict=True), *zip(other.times, other.values, strict=True)]
    )
    assert one.merge(one) == one


@given(series, windows)
def test_a_window_is_told_by_what_holds_at_its_start_and_what_changes_in_it(
    one: PriceSeries, window: list[datetime]
) -> None:
    start, _, end = window
    seen = one.since(start)
    assert seen.integral(start, end) == one.integral(start, end)
    assert seen.at(start) == one.at(start)
