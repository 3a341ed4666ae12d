"""The axis of prices: what of it is shown, where its ticks are, and where the price to compare with stands."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

Place = Literal["none", "inside", "above", "below"]
"""Where the reference stands: nowhere, on the axis, or beyond a break of it."""

_SMALLEST = Decimal("0.0001")
"""EC2 gives prices with four decimals or more; a finer axis would only show noise."""

_SHARE = Decimal("0.4")
"""The lines take at least so much of the height, or the axis breaks before the reference."""

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


def axis_for(lowest: Decimal, highest: Decimal, reference: Decimal | None, most_ticks: int) -> Axis:
    """The axis for prices between two, with at most so many ticks (but two at least)."""
    place = _place(lowest, highest, reference)
    if place == "inside" and reference is not None:
        lowest, highest = min(lowest, reference), max(highest, reference)
    span = max(highest - lowest, highest * _CALM, 4 * _SMALLEST)
    margin = (span - (highest - lowest)) / 2 + span / 20
    low, high = max(Decimal(0), lowest - margin), highest + margin
    step = _step(high - low, max(2, most_ticks))
    first = (low / step).to_integral_value(ROUND_CEILING) * step
    ticks = tuple(first + step * number for number in range(int((high - first) / step) + 1))
    decimals = max(2, _decimals(step))
    if reference is not None:
        decimals = max(decimals, min(4, _decimals(reference)))
    return Axis(low, high, ticks, decimals, place)


def _place(lowest: Decimal, highest: Decimal, reference: Decimal | None) -> Place:
    if reference is None:
        return "none"
    own = max(highest - lowest, highest * _CALM * 2)
    whole = max(highest, reference) - min(lowest, reference)
    if whole <= 0 or own / whole >= _SHARE:
        return "inside"
    return "above" if reference > highest else "below"


def _step(span: Decimal, most: int) -> Decimal:
    """The smallest of 1, 2, 5, 10 … that gives no more than so many ticks; a finer one where two would not fit."""
    step, factors = _SMALLEST, (2, Decimal("2.5"), 2)
    turn = 0
    while span / step > most - 1 and span / step >= Decimal("2.5"):
        step, turn = step * factors[turn % 3], turn + 1
    return step.normalize()


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
