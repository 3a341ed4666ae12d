"""The types of a region: kept in memory and in the store, read from AWS when that is needed, renewed each day."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from fe2tui.aws import types as aws
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.instance_type import TypeCatalogue
from fe2tui.model.location import Location
from fe2tui.tasks.context import Context

CATALOGUE_VALID = timedelta(days=1)
_RETRY_AFTER = 300.0  # seconds until a renewal that failed is tried again


class TypeCatalogueCache:
    """The catalogues of the places that were asked for. One belongs to one event loop; ``close`` it at the end.

    Several who ask at once share one read, and one that stops waiting takes the answer from nobody.
    """

    def __init__(self) -> None:
        self._cached: dict[Location, TypeCatalogue] = {}
        self._reads: dict[Location, asyncio.Task[TypeCatalogue]] = {}
        self._failed_at: dict[Location, float] = {}

    def cached(self, location: Location) -> TypeCatalogue | None:
        """What is at hand, however old: never waited for."""
        return self._cached.get(location)

    async def get(self, ctx: Context, *, fresh: bool = False) -> TypeCatalogue:
        """The types of the session's region: from memory, else from the store, else from AWS, which takes seconds.

        One that is older than a day is returned at once and renewed in the background; ``fresh`` waits for AWS. Where
        AWS fails, the one that was kept is returned, whose ``read_at`` tells its age; raises the error if there is
        none.
        """
        known = await self._load(ctx)
        if known is not None and not fresh:
            if _is_stale(known, ctx) and self._may_try(ctx.session.location):
                self._start_read(ctx)
            return known
        try:
            # one who no longer waits must not take the answer from another
            return await asyncio.shield(self._start_read(ctx))
        except Fe2Error:
            if known is None:
                raise
            return known

    async def wait_for_reads(self, timeout: float) -> None:
        """Wait for what is being read in the background, so many seconds: for programs that end otherwise."""
        if self._reads:
            await asyncio.wait(list(self._reads.values()), timeout=timeout)

    def close(self) -> None:
        """Let go of what is still being read."""
        for task in self._reads.values():
            task.cancel()
        self._reads.clear()

    async def _load(self, ctx: Context) -> TypeCatalogue | None:
        location = ctx.session.location
        if location not in self._cached:
            try:
                found = await asyncio.to_thread(ctx.store.type_catalogues.get, location)
            except StoreError:
                found = None  # AWS knows it too
            if found is not None:
                self._cached.setdefault(location, found)
        return self._cached.get(location)

    def _may_try(self, location: Location) -> bool:
        failed = self._failed_at.get(location)
        return failed is None or asyncio.get_running_loop().time() - failed > _RETRY_AFTER

    def _start_read(self, ctx: Context) -> asyncio.Task[TypeCatalogue]:
        location = ctx.session.location
        task = self._reads.get(location)
        if task is None:
            task = asyncio.create_task(self._read_from_aws(ctx))
            self._reads[location] = task
            task.add_done_callback(lambda done: self._on_read_end(location, done))
        return task

    async def _read_from_aws(self, ctx: Context) -> TypeCatalogue:
        found = await aws.read_type_catalogue(ctx.session, ctx.clock())
        location = ctx.session.location
        self._cached[location] = found
        try:
            await asyncio.to_thread(ctx.store.type_catalogues.save, location, found)
        except StoreError:
            return found  # it is read again the next time
        return found

    def _on_read_end(self, location: Location, task: asyncio.Task[Any]) -> None:
        if self._reads.get(location) is task:
            del self._reads[location]
        if task.cancelled():
            return
        if task.exception() is not None:
            self._failed_at[location] = asyncio.get_running_loop().time()
        else:
            self._failed_at.pop(location, None)


def _is_stale(known: TypeCatalogue, ctx: Context) -> bool:
    return known.read_at is None or ctx.clock() - known.read_at >= CATALOGUE_VALID
