"""How spot prices changed: from memory, else from the store, and from AWS what neither knows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from fe2tui.aws.spot import spot_history
from fe2tui.errors import StoreError
from fe2tui.model.place import Place
from fe2tui.model.spot import SpotHistory, combined
from fe2tui.tasks.context import Context

FRESH = timedelta(minutes=5)
"""What was read so lately is not read again."""

LONGEST = timedelta(days=90)
"""How far back EC2 tells."""

_SLACK = timedelta(minutes=1)  # two who ask for the same days mean moments that are not quite the same
_OVERLAP = timedelta(hours=1)  # EC2 may tell of a change a while after it, and clocks differ
_SPANS = tuple(timedelta(days=days) for days in (1, 3, 7, 30))  # types that lack about as much are asked for together


@dataclass(frozen=True, slots=True)
class _Need:
    """What is not known of a type: the prices within a window."""

    type: str
    since: datetime
    until: datetime
    is_newer: bool  # from what is known up to this moment

    @property
    def span(self) -> timedelta:
        """How much about is missing, in steps."""
        length = self.until - self.since
        return next((span for span in _SPANS if length <= span), LONGEST)


@dataclass(frozen=True, slots=True)
class _Read:
    """One read under way: what it will tell, of which types."""

    types: frozenset[str]
    since: datetime
    until: datetime
    task: asyncio.Task[None]

    def serves(self, need: _Need) -> bool:
        """Whether what is missing will be known when it has ended."""
        slack = FRESH if need.is_newer else timedelta(0)
        return need.type in self.types and self.since <= need.since and self.until >= need.until - slack


class SpotHistories:
    """The histories of the types that were asked for. One belongs to one event loop; ``close`` it at the end.

    What is known is never asked for again: only what is newer, or older, and for many types in one call. Several who
    ask at once share a read, and one that stops waiting takes the answer from nobody: it goes on into the store.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[Place, str], SpotHistory] = {}
        self._reads: dict[Place, list[_Read]] = {}

    def kept(self, place: Place, type: str) -> SpotHistory | None:
        """What is at hand, however old and short: never waited for."""
        return self._kept.get((place, type))

    def read_at(self, place: Place, type: str) -> datetime | None:
        """Up to when what is at hand is what AWS told."""
        known = self.kept(place, type)
        return None if known is None else known.until

    def is_reading(self, place: Place, type: str | None = None) -> bool:
        """Whether AWS is being asked for a type, or for any."""
        return any(type is None or type in read.types for read in self._reads.get(place, ()))

    async def from_store(self, ctx: Context, types: Iterable[str]) -> dict[str, SpotHistory]:
        """What is at hand, and else in the store: AWS is not asked. A type of which nothing is known is not in it."""
        place, names = ctx.session.place, list(dict.fromkeys(types))
        await self._load(ctx, place, [name for name in names if self.kept(place, name) is None])
        return {name: known for name in names if (known := self.kept(place, name)) is not None}

    async def get(self, ctx: Context, types: Iterable[str], days: float) -> dict[str, SpotHistory]:
        """The histories of these types over the last days, 90 at most, and more where more is known.

        One that is not on offer has no zones. Takes seconds where AWS has to be asked; raises the Fe2Error that kept
        it from telling, with what it told before kept.
        """
        place, names, now = ctx.session.place, list(dict.fromkeys(types)), ctx.clock()
        since = now - min(timedelta(days=days), LONGEST)
        lacking = [name for name in names if self._needs(place, name, since, now)]
        if lacking:
            await self._load(ctx, place, lacking)  # another process may have read it meanwhile
            needs = [need for name in lacking for need in self._needs(place, name, since, now)]
            await self._wait(self._reading(ctx, place, needs))
        return {name: self._kept[place, name] for name in names}

    def close(self) -> None:
        """Let go of what is still being read."""
        for reads in self._reads.values():
            for read in reads:
                read.task.cancel()
        self._reads.clear()

    def _needs(self, place: Place, name: str, since: datetime, now: datetime) -> list[_Need]:
        known = self.kept(place, name)
        # what was known long ago is let go where more would have to be read to reach back to it than that is
        if known is None or since - known.until > known.until - known.since:
            return [_Need(name, since, now, True)]
        needs = []
        if since < known.since - _SLACK:
            needs.append(_Need(name, since, known.since, False))
        if known.until <= now - FRESH:
            needs.append(_Need(name, max(known.until - _OVERLAP, now - LONGEST), now, True))
        return needs

    def _reading(self, ctx: Context, place: Place, needs: Sequence[_Need]) -> set[asyncio.Task[None]]:
        """The reads under way that bring what is needed, and new ones for the rest."""
        reads = self._reads.setdefault(place, [])
        tasks: set[asyncio.Task[None]] = set()
        rest: list[_Need] = []
        for need in needs:
            serving = next((read for read in reads if read.serves(need)), None)
            if serving is None:
                rest.append(need)
            else:
                tasks.add(serving.task)
        rest.sort(key=_alike)
        for _, some in groupby(rest, key=_alike):
            tasks.add(self._begin(ctx, place, list(some)).task)
        return tasks

    def _begin(self, ctx: Context, place: Place, needs: Sequence[_Need]) -> _Read:
        """Read what several types lack, which is about the same, in one go."""
        types = frozenset(need.type for need in needs)
        since, until = min(need.since for need in needs), max(need.until for need in needs)
        task = asyncio.create_task(self._from_aws(ctx, place, types, since, until))
        read = _Read(types, since, until, task)
        self._reads.setdefault(place, []).append(read)
        task.add_done_callback(lambda done: self._ended(place, read, done))
        return read

    async def _from_aws(
        self, ctx: Context, place: Place, types: frozenset[str], since: datetime, until: datetime
    ) -> None:
        found = await spot_history(ctx.session, types, since, until=until)
        self._take(place, found.values())
        try:
            await asyncio.to_thread(ctx.store.spot.add, place, found.values())
        except StoreError:
            return  # it is read again the next time

    async def _load(self, ctx: Context, place: Place, names: Sequence[str]) -> None:
        if not names:
            return
        try:
            found = await asyncio.to_thread(ctx.store.spot.get, place, names)
        except StoreError:
            return  # AWS knows it too
        self._take(place, found.values())

    def _take(self, place: Place, found: Iterable[SpotHistory]) -> None:
        for history in found:
            self._kept[place, history.type] = combined(self.kept(place, history.type), history)

    async def _wait(self, tasks: set[asyncio.Task[None]]) -> None:
        """Until all have ended. Raises the error of one that failed; one who no longer waits stops none of them."""
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            task.result()

    def _ended(self, place: Place, read: _Read, task: asyncio.Task[None]) -> None:
        reads = self._reads.get(place, [])
        if read in reads:
            reads.remove(read)
        if not task.cancelled():
            task.exception()  # whoever asked was told, if anybody still waits


def _alike(need: _Need) -> tuple[bool, timedelta]:
    return need.is_newer, need.span
