"""From a fleet to what is shown of it: at once when it is small, in a thread when it is large."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from fe2tui.aws.aside import aside
from fe2tui.model.fleet import Fleet
from fe2tui.model.money import Limits
from fe2tui.tui.arrangement import Arrangement
from fe2tui.tui.board import Sight, Superseded, arrange
from fe2tui.tui.tally import Sums, Tally

SMALL = 500


class Showing:
    """The fleet, how it is arranged, and what came of it. A later wish takes the place of one not yet fulfilled."""

    def __init__(
        self,
        start: Callable[[Awaitable[None]], object],
        clock: Callable[[], datetime],
        on_sight: Callable[[Sight, bool], None],
        on_sums: Callable[[Sums], None],
        limits: Limits | None = None,
    ) -> None:
        """``limits``: from when on a run is counted as long or costly."""
        self._start = start
        self._clock = clock
        self._on_sight = on_sight
        self._on_sums = on_sums
        self._tally = Tally(limits)
        self._wish = 0
        self._working = False
        self._glow = False
        self.fleet: Fleet | None = None
        self.arrangement = Arrangement()
        self.sight: Sight | None = None
        self.sums: Sums | None = None

    @property
    def counted(self) -> tuple[int, int] | None:
        """How many are shown, and of how many."""
        return None if self.sight is None else (len(self.sight.ids), len(self.sight.fleet.instances))

    def look(self, anyone: bool) -> None:
        """Whoever looks: the sums in the status line are needed in any case, and the rows at the next key."""

    def take(self, fleet: Fleet) -> None:
        """A new fleet."""
        self._glow = self.fleet is not None and self.fleet.place == fleet.place
        self.fleet = fleet
        self._go()

    def rearrange(self, arrangement: Arrangement) -> None:
        """Another filter or order. What is computed for an older one is given up."""
        if arrangement != self.arrangement:
            self.arrangement = arrangement
            self._wish += 1
            self._go()

    def forget(self) -> None:
        """Another place: nothing is known of it yet."""
        self.fleet = self.sight = self.sums = None
        self._wish += 1

    def _go(self) -> None:
        if self.fleet is None:
            return
        if len(self.fleet.instances) <= SMALL and not self._working:
            now = self._clock()
            self._show(arrange(self.sight, self.fleet, self.arrangement, now))
            self._sum(self._tally.take(self.fleet, now))
        elif not self._working:
            self._working = True
            self._start(self._work())

    async def _work(self) -> None:
        try:
            while self.fleet is not None and not self._is_done(self.fleet):
                await self._step(self.fleet, self._wish)
        finally:
            self._working = False

    def _is_done(self, fleet: Fleet) -> bool:
        return self.sight is not None and self.sight.fleet is fleet and self.sight.arrangement == self.arrangement

    async def _step(self, fleet: Fleet, wish: int) -> None:
        now, arrangement = self._clock(), self.arrangement
        try:
            sight = await asyncio.to_thread(arrange, self.sight, fleet, arrangement, now, lambda: wish != self._wish)
        except Superseded:
            return
        if wish != self._wish:
            return
        was = self.sight
        self._show(sight)
        if was is None or was.fleet is not fleet:
            sums = await aside(self._tally.take, fleet, now)
            if self.fleet is not None and self.fleet.place == fleet.place:
                self._sum(sums)

    def _show(self, sight: Sight) -> None:
        is_news = self.sight is None or self.sight.fleet is not sight.fleet
        self.sight = sight
        self._on_sight(sight, self._glow and is_news)

    def _sum(self, sums: Sums) -> None:
        self.sums = sums
        self._on_sums(sums)
