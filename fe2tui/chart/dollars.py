"""The axis of prices: what of it is shown, where its ticks are, and where the price to compare with stands."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Place = Literal["none", "inside", "above", "below"]
"""Where the reference stands: nowhere, on the axis, or beyond a break of it."""

_SMALLEST = Decimal("0.0001")
"""EC2 gives prices with four decimals or more; a finer axis would only show noise."""

_SHARE = Decimal("0.4")
"""The lines take at least so much of the height, or the axis breaks before the reference."""

_MARGIN = Decimal("1.08")
"""What the lines leave free above and below them."""

_CALM = Decimal("0.04")
"""The axis covers at least so much of the highest price, so that a price that hardly moves looks like one."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The prices from ``low`` to ``high``, dollars an hour. ``ticks`` go upwards, all with so many ``decimals``."""

    low: Decimal
    high: Decimal
    ticks: tuple[Decimal, ...]
    decimals: int
    reference: Place = "none"

    def share(self, price: Decimal | float) -> float:
        """How high a price stands: 0 at the lower end, 1 at the upper one."""
        low = float(self.low)
        return (float(price) - low) / (float(self.high) - low)

    def words(self, price: Decimal) -> str:
        """A price as it stands at a tick."""
        return f"{price:,.{self.decimals}f}"


def axis_for(lowest: Decimal, highest: Decimal, reference: Decimal | None, rows: int) -> Axis:
    """The axis for prices between two: its ticks are in the middle of rows, and equally many rows apart."""
    place = _place(lowest, highest, reference)
    if place == "inside" and reference is not None:
        lowest, highest = min(lowest, reference), max(highest, reference)
    needed = max(highest - lowest, highest * _CALM, 4 * _SMALLEST) * _MARGIN
    step, apart = _step(needed, rows)
    row = step / apart
    first = max(0, int(((lowest + highest) / 2 / row - Decimal(rows - 1) / 2).to_integral_value()))
    ticks = tuple(row * number for number in range(first, first + rows) if number % apart == 0)
    decimals = max(2, _decimals(step))
    if reference is not None:
        decimals = max(decimals, min(4, _decimals(reference)))
    low = row * first - row / 2
    return Axis(low, low + row * rows, ticks, decimals, place)


def _place(lowest: Decimal, highest: Decimal, reference: Decimal | None) -> Place:
    if reference is None:
        return "none"
    own = max(highest - lowest, highest * _CALM * 2)
    whole = max(highest, reference) - min(lowest, reference)
    if whole <= 0 or own / whole >= _SHARE:
        return "inside"
    return "above" if reference > highest else "below"


def _step(needed: Decimal, rows: int) -> tuple[Decimal, int]:
    """The price between two ticks, 1, 2 or 5 times a power of ten, and how many rows apart they are.

    Of those that are possible the one that leaves least of the height empty with ticks three rows apart or, where
    there are many rows, eight of them.
    """
    wanted = max(3, rows // 8)
    possible: list[tuple[Decimal, Decimal, int]] = []
    exponent = max(_SMALLEST.adjusted(), (2 * needed / rows).adjusted())
    for step in (Decimal(factor).scaleb(power) for power in (exponent, exponent + 1) for factor in (1, 2, 5)):
        apart = min(int(rows * step / needed), max(2, rows // 2))
        if apart >= 2:
            used = needed * apart / (rows * step)
            possible.append((used - Decimal(abs(apart - wanted)) / wanted / 6, step, apart))
    _, step, apart = max(possible)
    return step, apart


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
