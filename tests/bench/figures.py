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


@dataclass(frozen=True, slots=True)
class Time:
    """What something took, in seconds: by the clock, and of the processor. The second is steadier on a busy machine."""

    wall: float
    cpu: float


def paired(ours: Callable[[], Time], theirs: Callable[[], Time], runs: int) -> list[tuple[Time, Time]]:
    """Both in turn, so that a slow moment of the machine meets both; one uncounted run of each before."""
    ours(), theirs()
    return [(ours(), theirs()) for _ in range(runs)]


def ratio(what: str, pairs: Sequence[tuple[Time, Time]], aim: float | None) -> Figure:
    """The ratio of the medians by the clock; beside it both, and the ratio of processor time."""
    wall, other_wall = (statistics.median(pair[side].wall for pair in pairs) for side in (0, 1))
    cpu, other_cpu = (statistics.median(pair[side].cpu for pair in pairs) for side in (0, 1))
    note = f"{wall * 1000:.0f} ms ÷ {other_wall * 1000:.0f} ms"
    if other_cpu:
        note += f"; processor {cpu / other_cpu:.2f}: {cpu * 1000:.0f} ms ÷ {other_cpu * 1000:.0f} ms"
    return Figure(what, wall / other_wall, "×", aim, note)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
