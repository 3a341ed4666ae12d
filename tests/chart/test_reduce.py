"""A series reduced to columns says nothing that was not so, and loses no spike."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fe2tui.chart.reduce import column_path, reduce_to_columns
from fe2tui.chart.ticks import spread_labels
from fe2tui.model.price_series import PriceSeries
from tests.chart.charts import NOW, WEEK

changes = st.lists(st.tuples(st.integers(-20_000, 12_000), st.integers(1, 99)), min_size=1, max_size=60)


def series(made: list[tuple[int, int]]) -> PriceSeries:
    """Changes at minutes before (or after) now."""
    return PriceSeries.from_changes((NOW + timedelta(minutes=at), Decimal(price)) for at, price in made)


@given(made=changes, columns=st.integers(1, 300))
def test_each_column_has_the_extremes_of_its_time_and_a_value_that_held_then(
    made: list[tuple[int, int]], columns: int
) -> None:
    known, start = series(made), NOW - WEEK
    found = {column.number: column for column in reduce_to_columns(known, start, NOW, columns, int)}
    for number in range(columns):
        begin, end = start + WEEK * number / columns, start + WEEK * (number + 1) / columns
        stretches = [(b, e, v) for b, e, v in known.steps(begin, end) if e - b > timedelta(milliseconds=1)]
        if not stretches:
            assert number not in found or found[number].low == found[number].high
            continue
        column = found[number]
        lasted = {v: sum((e - b for b, e, w in stretches if w == v), timedelta()) for _, _, v in stretches}
        assert Decimal(column.value) in lasted
        assert column.low <= min(lasted)
        assert column.high >= max(lasted)


@given(made=changes, columns=st.integers(1, 300))
def test_a_path_goes_level_or_upright_only_and_never_back_in_time(made: list[tuple[int, int]], columns: int) -> None:
    way = column_path(reduce_to_columns(series(made), NOW - WEEK, NOW, columns, int))
    for (x, y), (to_x, to_y) in itertools.pairwise(way):
        assert to_x >= x
        assert to_x == x or to_y == y


@given(made=changes, columns=st.integers(1, 300))
def test_what_leaves_its_neighbours_by_a_row_is_on_the_path(made: list[tuple[int, int]], columns: int) -> None:
    found = reduce_to_columns(series(made), NOW - WEEK, NOW, columns, int)
    reached = {y for _, y in column_path(found)}
    if found:
        assert max(column.high for column in found) - max(reached) < 4
        assert min(reached) - min(column.low for column in found) < 4


@given(wanted=st.lists(st.integers(-5, 40), max_size=12), first=st.integers(0, 3), more=st.integers(0, 20))
def test_labels_have_rows_of_their_own_in_their_order(wanted: list[int], first: int, more: int) -> None:
    last = first + len(wanted) + more - 1
    rows = spread_labels(sorted(wanted), first, last)
    assert rows == sorted(set(rows))
    assert all(first <= row <= last for row in rows)
    if len(wanted) == 1 and first <= wanted[0] <= last:
        assert rows == wanted
