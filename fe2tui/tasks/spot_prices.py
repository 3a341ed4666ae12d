"""The spot prices of all types of a region: read when somebody looks at types, and kept for ten minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from fe2tui.aws.spot import region_spot
from fe2tui.model.place import Place
from fe2tui.tasks.context import Context

KEEP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SpotNow:
    """Dollars an hour by type and zone, at a moment."""

    prices: Mapping[tuple[str, str], Decimal]
    read_at: datetime


class SpotPrices:
    """The spot prices of the places that were asked for. One belongs to one event loop; ``close`` it at the end.

    Several who ask at once share one read, and one that stops waiting takes the answer from nobody.
    """

    def __init__(self) -> None:
        self._kept: dict[Place, SpotNow] = {}
        self._reads: dict[Place, asyncio.Task[SpotNow]] = {}

    def kept(self, place: Place) -> SpotNow | None:
        """What is at hand, however old: never waited for."""
        return self._kept.get(place)

    def fresh(self, ctx: Context) -> SpotNow | None:
        """What is at hand, if it was read at most ten minutes ago: never waited for."""
        known = self._kept.get(ctx.session.place)
        return known if known is not None and ctx.clock() - known.read_at < KEEP else None

    async def get(self, ctx: Context) -> SpotNow:
        """Those of now, read at most ten minutes ago. Takes seconds; raises the Fe2Error that kept AWS from telling."""
        place = ctx.session.place
        if (known := self.fresh(ctx)) is not None:
            return known
        task = self._reads.get(place)
        if task is None:
            task = self._reads[place] = asyncio.create_task(self._from_aws(ctx, place))
            task.add_done_callback(lambda done: self._ended(place, done))
        return await asyncio.shield(task)

    def close(self) -> None:
        """Let go of what is still being read."""
        for task in self._reads.values():
            task.cancel()
        self._reads.clear()

    async def _from_aws(self, ctx: Context, place: Place) -> SpotNow:
        found = SpotNow(await region_spot(ctx.session), ctx.clock())
        self._kept[place] = found
        return found

    def _ended(self, place: Place, task: asyncio.Task[SpotNow]) -> None:
        if self._reads.get(place) is task:
            del self._reads[place]
        if not task.cancelled():
            task.exception()  # whoever asked was told, if anybody still waits
