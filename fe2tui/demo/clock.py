"""Time in the demo cloud: a clock that tests can move on, and the things that are to happen by it."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """The true time, or the moment at which it stands still, plus what `advance` has added to it."""

    def __init__(self, still_at: datetime | None = None) -> None:
        self._still_at = still_at
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The cloud's time, aware, in UTC."""
        return (self._still_at or datetime.now(UTC)) + self._ahead

    def advance(self, seconds: float) -> None:
        """Moves the cloud's time on; it never goes back."""
        self._ahead += timedelta(seconds=max(0.0, seconds))


class Agenda:
    """What is to happen when. Nothing runs by itself: each call to the cloud first catches up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """`act` is due `seconds` from now, and not before the reply of the present call."""
        self._count += 1
        due = self._clock.now() + timedelta(seconds=seconds)
        heapq.heappush(self._entries, (due, self._count, act))

    def catch_up(self) -> None:
        """Does everything that is due, in the order in which it fell due.

        What an act itself puts on the agenda without a delay is done too, so that a cloud without delays is at rest
        after one call.
        """
        while self._entries and self._entries[0][0] <= self._clock.now():
            heapq.heappop(self._entries)[2]()
