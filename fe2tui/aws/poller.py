"""Sees a region again and again: quick while anything moves, slow otherwise, never while nobody looks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime

from fe2tui.aws.prices import PriceShelf
from fe2tui.aws.session import Session
from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Fleet


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """A read of the instances that failed: the last good fleet still stands. ``retry_in`` is seconds."""

    error: Fe2Error
    at: datetime
    retry_in: float


class Poller:
    """Reads one region's fleet for one listener.

    A failed read is never an empty fleet: it is a ``ReadFailed``, and reading goes on, after 2, 4 … ``slow`` seconds.
    Parts that could not be read (volumes, prices, spot, metrics) are in ``Fleet.problems``, with what was last read of
    them. A slow listener gets the newest, never a queue.
    """

    def __init__(
        self,
        session: Session,
        prices: PriceShelf | None = None,
        *,
        quick: float = 2.0,
        slow: float = 60.0,
        clock: Callable[[], datetime] | None = None,
        last: Fleet | None = None,
    ) -> None:
        """``prices`` keeps on-demand prices for a day (``store.prices``); ``last`` is the fleet known from before."""
        raise NotImplementedError

    def seen(self) -> AsyncIterator[Fleet | ReadFailed]:
        """Each fleet as it is seen, for as long as it is listened to; once at a time."""
        raise NotImplementedError

    def nudge(self, for_seconds: float = 30.0) -> None:
        """Something was done: read at once, and be quick for so long."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Read everything at once, whatever the pace or a failure's wait; also when paused."""
        raise NotImplementedError

    def pause(self) -> None:
        """Nobody looks: no calls until ``resume``, ``nudge`` or ``refresh``."""
        raise NotImplementedError

    def resume(self) -> None:
        """Somebody looks again: read at once if the last read is older than the pace."""
        raise NotImplementedError
