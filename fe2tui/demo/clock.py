"""Time in the demo cloud: a clock that tests can advance, and a schedule of what happens at which time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """The system's time, or a time that stands still, plus what `advance` has added."""

    def __init__(self, still_at: datetime | None = None) -> None:
        self._still_at = still_at
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The cloud's time, aware, in UTC."""
        return (self._still_at or datetime.now(UTC)) + self._ahead

    def advance(self, seconds: float) -> None:
        """Moves the time forward; negative seconds change nothing."""
        self._ahead += timedelta(seconds=max(0.0, seconds))


class Schedule:
    """What happens at which time. No thread runs it: each call to the cloud first runs what is due."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[tuple[datetime, int, Callable[[], object]]] = []
        self._count = 0

    def after(self, seconds: float, act: Callable[[], object]) -> None:
        """Runs `act` in `seconds`, but never before the reply of the present call."""
        self._count += 1
        due = self._clock.now() + timedelta(seconds=seconds)
        heapq.heappush(self._entries, (due, self._count, act))

    def run_due(self) -> None:
        """Runs everything that is due, in order of time.

        This includes what is scheduled meanwhile without a delay: a cloud without delays is at rest after one call.
        """
        while self._entries and self._entries[0][0] <= self._clock.now():
            heapq.heappop(self._entries)[2]()
