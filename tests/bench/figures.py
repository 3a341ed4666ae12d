"""One row of the table: what was measured, against what, and what was aimed at."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure. ``aim`` is the largest value that is still good; None where nothing was aimed at."""

    what: str
    value: float
    unit: str
    aim: float | None = None
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Whether it is as good as was aimed at."""
        return self.aim is None or self.value <= self.aim

    def row(self) -> str:
        """The figure as a line of the table."""
        aim = "" if self.aim is None else f"≤ {self.aim:g} {'met' if self.is_met else 'MISSED'}"
        return f"{self.what:<58} {self.value:>9.2f} {self.unit:<3} {aim:<15} {self.note}".rstrip()


def paired(ours: Callable[[], float], theirs: Callable[[], float], runs: int) -> tuple[float, float]:
    """The medians of both, taken in turn so that a slow moment of the machine meets both; one warm-up each."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(runs)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def ratio(what: str, ours: float, theirs: float, aim: float | None) -> Figure:
    """A ratio of two medians, with both in milliseconds beside it."""
    return Figure(what, ours / theirs, "×", aim, f"{ours * 1000:.0f} ms ÷ {theirs * 1000:.0f} ms")


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
