"""Ages, dollars and foreign text as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from fe2tui.model import text as words


@pytest.mark.parametrize(
    ("span", "said", "short"),
    [
        (timedelta(seconds=41), "41s", "41s"),
        (timedelta(minutes=3, seconds=5), "3m 5s", "3m"),
        (timedelta(minutes=42, seconds=5), "42m", "42m"),
        (timedelta(hours=5, minutes=12), "5h 12m", "5h"),
        (timedelta(hours=5), "5h", "5h"),
        (timedelta(days=3, hours=2), "3d 2h", "3d"),
        (timedelta(days=733), "2y 3d", "2y"),
        (timedelta(seconds=-4), "0s", "0s"),
    ],
)
def test_an_age_has_two_units_at_most(span: timedelta, said: str, short: str) -> None:
    assert words.age(span) == said
    assert words.short_age(span) == short


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3649)))
def test_an_age_fits_its_column(span: timedelta) -> None:
    assert len(words.age(span)) <= 8


@pytest.mark.parametrize(
    ("amount", "places", "said"),
    [
        (Decimal("3.9462"), 3, "3.946"),
        (Decimal("2880.575"), 2, "2,880.58"),
        (Decimal("-0.5"), 2, "-$0.50"),
        (Decimal(0), 2, "0.00"),
        (None, 2, words.DASH),
    ],
)
def test_dollars_have_fixed_decimals_and_what_is_not_known_is_a_dash(
    amount: Decimal | None, places: int, said: str
) -> None:
    assert words.dollars(amount, places, sign="$" if said.startswith("-$") else "") == said


@given(st.text(max_size=60))
def test_no_foreign_text_reaches_the_terminal_as_anything_but_text(text: str) -> None:
    shown = words.visible(text)
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert not any(character in shown for character in "\u202e\u2066\u200f\u2028\x1b")


def test_what_can_be_shown_is_shown_as_it_is() -> None:
    assert words.visible("[prod] wéb 日本 🚀") == "[prod] wéb 日本 🚀"
    assert words.visible("a\x1b[31mb\tc\u202ed") == "a\\x1b[31mb\\x09c\\u202ed"


def test_emoji_have_the_same_width_in_every_terminal() -> None:
    assert (
        words.visible("\U0001f469\u200d\U0001f680 \U0001f9d1\U0001f3fd \u2764\ufe0f")
        == "\U0001f469\U0001f680 \U0001f9d1 \u2764"
    )


def test_the_moment_in_a_transition_reason_is_utc() -> None:
    assert words.parse_transition_time("User initiated (2026-11-20 10:00:00 GMT)") == datetime(
        2026, 11, 20, 10, tzinfo=UTC
    )
    assert words.parse_transition_time("") is None


def test_lists_read_as_sentences() -> None:
    assert words.join_words(["a"]) == "a"
    assert words.join_words(["a", "b", "c"]) == "a, b and c"
    assert words.plural(1, "instance") == "1 instance"
    assert words.plural(5000, "instance") == "5,000 instances"


@given(st.text())
def test_a_text_is_as_wide_as_rich_counts_it(text: str) -> None:
    shown = words.visible("".join(character for character in text if not _is_width_disputed(character)))
    assert words.cell_width(shown) == cell_len(shown)


def _is_width_disputed(character: str) -> bool:
    """Symbols that became wide in Unicode 16, and Hangul's filler and half-width letters."""
    return (
        "\u2630" <= character <= "\u268f"
        or "\u4dc0" <= character <= "\u4dff"
        or ("\U0001d300" <= character <= "\U0001d37f" or character in "\u3164\uffa0")
    )


@pytest.mark.parametrize(
    ("width", "form"), [(30, "interrupted by AWS"), (12, "interrupted"), (11, "interrupted"), (3, "gone")]
)
def test_the_longest_form_that_fits_is_shown_else_the_shortest(width: int, form: str) -> None:
    assert words.fit(width, ("interrupted by AWS", "interrupted", "gone")) == form


def test_wide_characters_count_twice_when_a_form_is_fitted() -> None:
    assert words.fit(4, ("東京都", "東京")) == "東京"
