"""The axis of prices with its ticks and its reference, the ticks of time, and the rows of labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Literal

from fe2tui.model.calendar import wall_clock_moment

ReferencePosition = Literal["none", "inside", "above", "below"]
"""Where the reference is: nowhere, on the axis, or beyond a break of it."""

_MIN_STEP = Decimal("0.0001")
"""EC2's prices have four decimals or more; a finer axis would only show noise."""

_MIN_LINE_SHARE = Decimal("0.4")
"""If the lines would take less of the height than this, the axis breaks before the reference."""

_MARGIN = Decimal("1.08")
"""The height of the axis as a multiple of the lines' height: leaves space above and below them."""

_MIN_SPAN_SHARE = Decimal("0.04")
"""The least height of the axis as a share of the highest price: a price that hardly changes looks flat."""

Tick = tuple[datetime, str]
"""A moment and its label."""

_HOURS = (1, 2, 3, 4, 6, 12)
_DAYS = (1, 2, 3, 7, 14)
_LABEL_GAP = 2  # columns between two labels


@dataclass(frozen=True, slots=True)
class PriceAxis:
    """The prices from ``low`` to ``high``, dollars an hour. ``ticks`` are ascending; their labels have ``decimals``."""

    low: Decimal
    high: Decimal
    ticks: tuple[Decimal, ...]
    decimals: int
    reference_position: ReferencePosition = "none"

    def share(self, price: Decimal | float) -> float:
        """The height of a price: 0 at the lower end, 1 at the upper end."""
        low = float(self.low)
        return (float(price) - low) / (float(self.high) - low)

    def label(self, price: Decimal) -> str:
        return f"{price:,.{self.decimals}f}"

    def label_width(self, reference: Decimal | None) -> int:
        """Characters of the longest label of a tick or the reference."""
        return max(len(self.label(price)) for price in (*self.ticks, reference) if price is not None)


def price_axis(lowest: Decimal, highest: Decimal, reference: Decimal | None, rows: int) -> PriceAxis:
    """The axis for prices from lowest to highest. Its ticks are in the middle of rows, at equal distances."""
    position = _reference_position(lowest, highest, reference)
    if position == "inside" and reference is not None:
        lowest, highest = min(lowest, reference), max(highest, reference)
    needed = max(highest - lowest, highest * _MIN_SPAN_SHARE, 4 * _MIN_STEP) * _MARGIN
    step, apart = _tick_step(needed, rows)
    row = step / apart
    first = max(0, int(((lowest + highest) / 2 / row - Decimal(rows - 1) / 2).to_integral_value()))
    ticks = tuple(row * number for number in range(first, first + rows) if number % apart == 0)
    places = max(2, decimals(step), min(4, decimals(reference)) if reference is not None else 0)
    low = row * first - row / 2
    return PriceAxis(low, low + row * rows, ticks, places, position)


def _reference_position(lowest: Decimal, highest: Decimal, reference: Decimal | None) -> ReferencePosition:
    if reference is None:
        return "none"
    own = max(highest - lowest, highest * _MIN_SPAN_SHARE * 2)
    whole = max(highest, reference) - min(lowest, reference)
    if whole <= 0 or own / whole >= _MIN_LINE_SHARE:
        return "inside"
    return "above" if reference > highest else "below"


def _tick_step(needed: Decimal, rows: int) -> tuple[Decimal, int]:
    """The price between two ticks (1, 2 or 5 times a power of ten), and the number of rows between them.

    Takes the step that leaves the least height empty, with ticks three rows apart or about eight ticks if there are
    many rows.
    """
    wanted = max(3, rows // 8)
    possible: list[tuple[Decimal, Decimal, int]] = []
    exponent = max(_MIN_STEP.adjusted(), (2 * needed / rows).adjusted())
    for step in (Decimal(factor).scaleb(power) for power in (exponent, exponent + 1) for factor in (1, 2, 5)):
        apart = min(int(rows * step / needed), max(2, rows // 2))
        if apart >= 2:
            used = needed * apart / (rows * step)
            possible.append((used - Decimal(abs(apart - wanted)) / wanted / 6, step, apart))
    _, step, apart = max(possible)
    return step, apart


def decimals(value: Decimal) -> int:
    """The number of decimals that the value needs."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def time_ticks(start: datetime, end: datetime, tz: tzinfo | None, columns: int) -> tuple[Tick, ...]:
    """Ticks of a period in ascending order, with labels that fit side by side into this many columns.

    A midnight reads ``17``, or ``17 Nov`` if it is the first or begins a month; an hour reads ``06:00``.
    """
    span = (end - start).total_seconds()
    days = span / 86400
    if days <= 3.01:
        for hours in _HOURS:
            if span / 3600 / hours * (6 + _LABEL_GAP) <= columns:
                return tuple(_label_ticks(_hour_ticks(start, end, tz, hours)))
    midnights = (midnight for midnight in _midnights(start, end, tz) if midnight >= start)
    for step in _DAYS:
        if days / step * (6 + _LABEL_GAP if step > 1 or days < 4 else 4 + _LABEL_GAP) <= columns:
            # Mondays if the step is weeks
            return tuple(_label_ticks(one for one in midnights if one.toordinal() % step == 1 % step))
    return tuple(_label_ticks(one for one in midnights if one.day == 1))


def _label_ticks(moments: Iterator[datetime]) -> Iterator[Tick]:
    """Moments with their labels. If clocks skip midnight, the day begins at the first moment after it."""
    month: tuple[int, int] | None = None
    for here in moments:
        if here.hour or here.minute:
            yield here, f"{here:%H:%M}"
        else:
            yield here, f"{here.day}" if month == (here.year, here.month) else f"{here.day} {here:%b}"
            month = (here.year, here.month)


def _midnights(start: datetime, end: datetime, tz: tzinfo | None) -> Iterator[datetime]:
    """The beginnings of the days in a time zone, from the day of ``start``."""
    here = start.astimezone(tz)
    day = datetime(here.year, here.month, here.day)  # noqa: DTZ001 - wall-clock time; its zone is applied below
    while (moment := wall_clock_moment(day, tz)) <= end:
        yield moment
        day += timedelta(days=1)


def _hour_ticks(start: datetime, end: datetime, tz: tzinfo | None, step: int) -> Iterator[datetime]:
    for midnight in _midnights(start, end, tz):
        wall = midnight.replace(tzinfo=None)
        for hour in range(0, 24, step):
            moment = wall_clock_moment(wall + timedelta(hours=hour), tz)
            is_there = moment.astimezone(UTC).astimezone(tz).hour == hour or hour == 0  # clocks skip some hours
            if start <= moment <= end and is_there:
                yield moment


def _first_row(block: Sequence[int]) -> int:
    """The row of the first of adjacent labels for which all are nearest to their wanted rows."""
    offsets = [row - index for index, row in enumerate(block)]
    return round(sum(offsets) / len(offsets))


def spread_labels(wanted: Sequence[int], first: int, last: int) -> list[int]:
    """A separate row from ``first`` to ``last`` for each wanted row, in the same order and as near as possible.

    Raises ValueError if there are fewer rows than labels.
    """
    if len(wanted) > last - first + 1:
        raise ValueError(f"{len(wanted)} labels for {last - first + 1} rows")
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    blocks: list[list[int]] = []
    for index in order:
        blocks.append([wanted[index]])
        while len(blocks) > 1 and _first_row(blocks[-2]) + len(blocks[-2]) > _first_row(blocks[-1]):
            block = blocks.pop()
            blocks[-1] += block
    rows = [_first_row(block) + number for block in blocks for number in range(len(block))]
    rows = [min(row, last - (len(rows) - 1 - number)) for number, row in enumerate(rows)]
    rows = [max(row, first + number) for number, row in enumerate(rows)]
    rows_of_labels = [0] * len(wanted)
    for index, row in zip(order, rows, strict=True):
        rows_of_labels[index] = row
    return rows_of_labels
