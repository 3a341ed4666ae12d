"""What is charted: lines of prices over a window of time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

from fe2tui.model.series import Series

MARKERS = ("●", "■", "▲", "◆", "○", "□")
"""The marker of each ink, so that no line is told by its colour alone."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: ``label`` is the zone as it is written (``2a``), ``ink`` the number of its colour and marker.

    ``zone`` is the zone's whole name, for files; empty: as its label.
    """

    label: str
    series: Series
    ink: int = 0
    zone: str = ""

    @property
    def marker(self) -> str:
        """The sign that stands on the line and before its label."""
        return MARKERS[self.ink % len(MARKERS)]

    @property
    def ink_name(self) -> str:
        """The name of its ink in a picture: ``line-0`` to ``line-5``."""
        return f"line-{self.ink % len(MARKERS)}"


@dataclass(frozen=True, slots=True)
class Chart:
    """What is charted from ``start`` to ``end``: prices in dollars an hour, the most important line first.

    ``reference`` is the price to compare with; ``reference_label`` says what it is, the chart adds the price. ``tz`` is
    the person's time zone, None this computer's. ``about`` is what all of it is about: a type.
    """

    lines: tuple[Line, ...]
    start: datetime
    end: datetime
    reference: Decimal | None = None
    reference_label: str = "on demand"
    tz: tzinfo | None = None
    cursor: datetime | None = None
    about: str = ""

    def prices(self) -> tuple[Decimal, Decimal] | None:
        """The lowest and the highest price within the window; None where no line has any."""
        if self.start >= self.end:
            return None
        held = [value for line in self.lines for value in _values(line.series, self.start, self.end)]
        return (min(held), max(held)) if held else None

    @property
    def reference_words(self) -> str:
        """The reference as its label: ``on demand 12.240``."""
        if self.reference is None:
            return ""
        exponent = self.reference.normalize().as_tuple().exponent
        return f"{self.reference_label} {self.reference:,.{max(3, -int(exponent))}f}".strip()


def _values(series: Series, start: datetime, end: datetime) -> tuple[Decimal, ...]:
    first = max(bisect_right(series.times, start) - 1, 0)
    return series.values[first : bisect_left(series.times, end)]
