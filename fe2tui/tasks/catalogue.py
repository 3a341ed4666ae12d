"""The types of a region: kept in memory and in the store, read from AWS when that is needed, renewed each day."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from fe2tui.aws import types as aws
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.catalogue import Catalogue
from fe2tui.model.place import Place
from fe2tui.tasks.context import Context

KEEP = timedelta(days=1)
_AGAIN = 300.0  # seconds until a renewal that failed is tried again


class Catalogues:
    """The catalogues of the places that were asked for. One belongs to one event loop; ``close`` it at the end.

    Several who ask at once share one read, and one that stops waiting takes the answer from nobody.
    """

    def __init__(self) -> None:
        self._kept: dict[Place, Catalogue] = {}
        self._reads: dict[Place, asyncio.Task[Catalogue]] = {}
        self._failed_at: dict[Place, float] = {}

    def kept(self, place: Place) -> Catalogue | None:
        """What is at hand, however old: never waited for."""
        return self._kept.get(place)

    async def get(self, ctx: Context, *, fresh: bool = False) -> Catalogue:
        """The types of the session's region: from memory, else from the store, else from AWS, which takes seconds.

        One that is older than a day is returned at once and renewed in the background; ``fresh`` waits for AWS. Where
        AWS fails, the one that was kept is returned, whose ``read_at`` tells its age; raises the error if there is
        none.
        """
        known = await self._at_hand(ctx)
        if known is not None and not fresh:
            if _is_old(known, ctx) and self._may_try(ctx.session.place):
                self._read(ctx)
            return known
        try:
            # one who no longer waits must not take the answer from another
            return await asyncio.shield(self._read(ctx))
        except Fe2Error:
            if known is None:
                raise
            return known

    async def renewed(self, timeout: float) -> None:
        """Wait for what is being read in the background, so many seconds: for programs that end otherwise."""
        if self._reads:
            await asyncio.wait(list(self._reads.values()), timeout=timeout)

    def close(self) -> None:
        """Let go of what is still being read."""
        for task in self._reads.values():
            task.cancel()
        self._reads.clear()

    async def _at_hand(self, ctx: Context) -> Catalogue | None:
        place = ctx.session.place
        if place not in self._kept:
            try:
                found = await asyncio.to_thread(ctx.store.catalogues.get, place)
            except StoreError:
                found = None  # AWS knows it too
            if found is not None:
                self._kept.setdefault(place, found)
        return self._kept.get(place)

    def _may_try(self, place: Place) -> bool:
        failed = self._failed_at.get(place)
        return failed is None or asyncio.get_running_loop().time() - failed > _AGAIN

    def _read(self, ctx: Context) -> asyncio.Task[Catalogue]:
        place = ctx.session.place
        task = self._reads.get(place)
        if task is None:
            task = asyncio.create_task(self._from_aws(ctx))
            self._reads[place] = task
            task.add_done_callback(lambda done: self._ended(place, done))
        return task

    async def _from_aws(self, ctx: Context) -> Catalogue:
        found = await aws.catalogue(ctx.session, ctx.clock())
        place = ctx.session.place
        self._kept[place] = found
        try:
            await asyncio.to_thread(ctx.store.catalogues.save, place, found)
        except StoreError:
            return found  # it is read again the next time
        return found

    def _ended(self, place: Place, task: asyncio.Task[Any]) -> None:
        if self._reads.get(place) is task:
            del self._reads[place]
        if task.cancelled():
            return
        if task.exception() is not None:
            self._failed_at[place] = asyncio.get_running_loop().time()
        else:
            self._failed_at.pop(place, None)


def _is_old(known: Catalogue, ctx: Context) -> bool:
    return known.read_at is None or ctx.clock() - known.read_at >= KEEP
