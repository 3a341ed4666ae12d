"""What a drawn chart shows: steps, ticks, the price to compare with, and whose line is whose."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fe2tui.chart.chart import MARKERS, Chart, draw
from fe2tui.chart.picture import Picture
from tests.chart.charts import NOW, chart, dense, steps

BRAILLE = re.compile("[\u2801-\u28ff]")


def cells(picture: Picture, ink: str) -> set[tuple[int, int]]:
    """The rows and columns that are in an ink."""
    found: set[tuple[int, int]] = set()
    for row, runs in enumerate(picture.rows):
        column = 0
        for text, name in runs:
            if name == ink:
                found |= {(row, column + place) for place in range(len(text))}
            column += len(text)
    return found


def on_canvas(picture: Picture, ink: str) -> set[tuple[int, int]]:
    frame = picture.canvas
    assert frame is not None
    return {(row, column) for row, column in cells(picture, ink) if 0 <= column - frame.left < frame.columns}


def labels(picture: Picture) -> list[str]:
    frame = picture.canvas
    assert frame is not None
    found = (row[frame.left + frame.columns :].strip() for row in picture.text.split("\n")[frame.top : frame.bottom])
    return [label for label in found if label]


def ticks(picture: Picture) -> list[tuple[int, str]]:
    """The row and the text of each tick of the axis of prices, from above, the reference's not."""
    frame = picture.canvas
    assert frame is not None
    rows = picture.text.split("\n")
    return [
        (row, rows[row][: frame.left - 1]) for row in range(frame.top, frame.bottom) if rows[row][frame.left - 1] == "┤"
    ]


CASES = {
    "one": chart(steps((9, "3.87"), (3, "3.95")), reference="12.24"),
    "six": dense(),
    "constant": chart(steps((9, "0.0312")), reference="0.096"),
    "spike": chart(steps((9, "1.2"), (3, "3.5"), (2.998, "1.2")), reference="4.2"),
    "above": chart(steps((9, "1.05"), (2, "1.15")), steps((9, "0.98")), reference="1.00"),
    "below": chart(steps((9, "5.05"), (2, "5.15")), reference="1.00"),
    "middle": chart(steps((3, "0.5")), reference="1.2"),
    "tiny": chart(steps((9, "0.0021"), (2, "0.0022")), reference="0.0058"),
    "dear": chart(steps((9, "97.5"), (2, "98.0123")), reference="312.4"),
    "alone": chart(steps((9, "0.2"), (2, "0.21"))),
    "free": chart(steps((9, "0.0001"))),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [(60, 8), (80, 12), (120, 20), (300, 60)])
def test_a_picture_has_exactly_its_size_and_a_line_a_zone(name: str, size: tuple[int, int]) -> None:
    picture = draw(CASES[name], *size)
    assert [len(row) for row in picture.text.split("\n")] == [size[0]] * size[1]
    assert all(on_canvas(picture, line.style_name) for line in CASES[name].lines)


@pytest.mark.parametrize("size", [(39, 20), (120, 6), (0, 0), (5, 1)])
def test_what_is_too_small_says_so(size: tuple[int, int]) -> None:
    picture = draw(CASES["one"], *size)
    assert picture.canvas is None
    assert (picture.width, picture.height) == size
    assert "too small"[: size[0]] in picture.text
    assert [sum(len(text) for text, _ in row) for row in picture.rows] == [size[0]] * size[1]


def test_a_window_without_a_price_says_so() -> None:
    assert "no price in this period" in draw(chart(), 80, 12).text
    assert "no price in this period" in draw(chart(steps((1, "1.0")), days=0), 80, 12).text
    assert "no price in this period" in draw(chart(steps((1, "1.0")), end=NOW - timedelta(days=2)), 80, 12).text


def test_a_change_is_a_vertical_edge_at_its_moment_between_two_level_lines() -> None:
    plain = chart(steps((9, "1.00"), (3.5, "1.40")))
    picture = draw(plain, 80, 14)
    edge, drawn = picture.column_of(NOW - timedelta(days=3.5)), cells(picture, "line-0")
    frame = picture.canvas
    assert frame is not None
    assert edge is not None
    low, high = frame.row_of(Decimal("1.00")), frame.row_of(Decimal("1.40"))
    there = on_canvas(picture, "line-0")
    assert {row for row, column in there if column < edge} == {low}
    assert {row for row, column in there if column > edge} == {high}
    assert {row for row, column in drawn if column == edge} == set(range(high, low + 1))


@pytest.mark.parametrize("name", CASES)
def test_ticks_are_right_aligned_with_equal_decimals_and_equally_far_apart(name: str) -> None:
    for size in ((60, 9), (80, 15), (120, 30), (200, 60)):
        found = ticks(draw(CASES[name], *size))
        assert len(found) >= 2
        texts = [text.rstrip() for _, text in found]
        assert len({len(text) for text in texts}) == 1
        assert len({text.rpartition(".")[2].__len__() for text in texts}) == 1
        assert len(texts[0].rpartition(".")[2]) >= 2
        prices = [Decimal(text.replace(",", "")) for text in texts]
        assert len({above - below for above, below in itertools.pairwise(prices)}) == 1
        rows = [row for row, _ in found]
        assert len({below - above for above, below in itertools.pairwise(rows)}) == 1


@pytest.mark.parametrize("price", ["0.0021", "0.0199", "0.3", "3.87", "24.5", "98"])
def test_the_price_of_a_tick_is_in_the_middle_of_the_row_of_the_tick(price: str) -> None:
    base = Decimal(price)
    picture = draw(chart(steps((9, price), (2, str(base * Decimal("1.1"))))), 100, 24)
    frame = picture.canvas
    assert frame is not None
    assert [row for row, _ in ticks(picture)] == [frame.row_of(tick) for tick in reversed(frame.axis.ticks)]
    assert {frame.dot_of(tick) % 4 for tick in frame.axis.ticks} == {2}


def test_a_reference_far_above_is_at_the_top_beyond_a_break_and_leaves_the_height_to_the_steps() -> None:
    picture = draw(CASES["one"], 100, 20)
    rows = picture.text.split("\n")
    assert rows[0].startswith("12.24 ┤⠒⠒ ⠒⠒")
    assert rows[0].rstrip().endswith("on demand 12.240")
    assert rows[1].strip() == "≈"
    used = {row for row, _ in cells(picture, "line-0")}
    assert max(used) - min(used) >= 5


def test_a_reference_far_below_is_at_the_bottom_beyond_a_break() -> None:
    rows = draw(CASES["below"], 100, 20).text.split("\n")
    assert rows[-4].strip() == "≈"
    assert "on demand 1.000" in rows[-3]


def test_a_reference_among_the_prices_is_on_the_axis_and_its_words_hide_no_line() -> None:
    picture = draw(CASES["above"], 100, 20)
    frame = picture.canvas
    assert frame is not None
    dashes = {
        row for row, column in on_canvas(picture, "reference") if BRAILLE.match(picture.text.split("\n")[row][column])
    }
    assert dashes == {frame.row_of(Decimal("1.00"))}
    without = draw(replace(CASES["above"], reference_label="x"), 100, 20)
    assert "on demand 1.000" in picture.text
    for ink in ("line-0", "line-1"):
        assert cells(picture, ink) == cells(without, ink)


def test_lines_are_told_apart_by_markers_and_labels_without_colour() -> None:
    picture = draw(CASES["six"], 120, 24)
    rows = picture.text.split("\n")
    for line in CASES["six"].lines:
        assert {rows[row][column] for row, column in on_canvas(picture, line.style_name)} & set(MARKERS) == {
            line.marker
        }
    assert sorted(label[:4] for label in labels(picture)) == sorted(
        f"{one.marker} {one.label}" for one in CASES["six"].lines
    )


def test_the_labels_stand_in_the_order_of_the_last_prices_with_them_where_there_is_room() -> None:
    last = sorted(((line.series.last_price, line.label) for line in CASES["six"].lines), reverse=True)
    for size in ((60, 12), (120, 24)):
        assert [label.split()[1] for label in labels(draw(CASES["six"], *size))] == [label for _, label in last]
    assert [label.split()[2] for label in labels(draw(CASES["six"], 120, 24))] == [f"{price:.4f}" for price, _ in last]


def test_a_foreign_name_of_a_zone_takes_no_more_room_than_there_is() -> None:
    named = replace(CASES["one"], lines=(replace(CASES["one"].lines[0], label="\x1b[2J" + "local-zone" * 30),))
    picture = draw(named, 60, 12)
    assert "\x1b" not in picture.text
    assert [len(row) for row in picture.text.split("\n")] == [60] * 12
    assert picture.canvas is not None
    assert picture.canvas.columns >= 36


def test_two_lines_at_one_price_show_both_their_markers() -> None:
    same = steps((9, "0.5"), (2, "0.6"))
    picture = draw(chart(same, same), 80, 14)
    frame = picture.canvas
    assert frame is not None
    seen = {character for row in picture.text.split("\n") for character in row[: frame.left + frame.columns]}
    assert {"●", "■"} <= seen


def test_a_spike_of_minutes_is_seen_in_three_months() -> None:
    spiky = chart(steps((99, "1.2"), (40, "3.5"), (39.998, "1.2")), days=90)
    for width in (60, 300):
        picture = draw(spiky, width, 20)
        assert picture.canvas is not None
        assert picture.canvas.row_of(Decimal("3.5")) in {row for row, _ in cells(picture, "line-0")}


def test_nothing_is_drawn_before_a_price_is_known() -> None:
    picture = draw(CASES["middle"], 100, 14)
    begin = picture.column_of(NOW - timedelta(days=3))
    assert begin == min(column for _, column in on_canvas(picture, "line-0"))


def test_the_same_data_make_the_same_picture() -> None:
    other = dense(seed=2)
    first = draw(CASES["six"], 120, 24)
    assert draw(other, 90, 14) != first
    assert draw(CASES["six"], 120, 24) == first


def test_columns_and_moments_belong_together() -> None:
    picture = draw(CASES["six"], 133, 24)
    frame = picture.canvas
    assert frame is not None
    for column in range(frame.left, frame.left + frame.columns):
        moment = picture.moment_at(column)
        assert moment is not None
        assert picture.column_of(moment) == column
    assert picture.moment_at(frame.left - 1) is None
    assert picture.moment_at(frame.left + frame.columns) is None
    assert picture.column_of(NOW) == frame.left + frame.columns - 1
    assert picture.column_of(NOW + timedelta(seconds=1)) is None


def test_the_cursor_is_a_line_at_its_moment_with_the_markers_at_the_prices_there() -> None:
    moment = NOW - timedelta(days=2.2)
    plain: Chart = CASES["above"]
    with_cursor, without = draw(replace(plain, cursor=moment), 100, 20), draw(plain, 100, 20)
    column, frame = without.column_of(moment), without.canvas
    assert frame is not None
    assert column is not None
    rows = with_cursor.text.split("\n")
    for line in plain.lines:
        price = line.series.at(moment)
        assert price is not None
        assert rows[frame.row_of(price)][column] == line.marker
    assert "".join(row[column] for row in rows[frame.top : frame.bottom]).count("│") == frame.rows - 2
    beside = [(a[:column], a[column + 1 :]) for a in rows]
    assert beside == [(a[:column], a[column + 1 :]) for a in without.text.split("\n")]
    assert draw(replace(plain, cursor=NOW + timedelta(days=1)), 100, 20) == without
