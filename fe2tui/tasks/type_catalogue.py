"""The types of a region: kept in memory and in the store, read from AWS where they are missing, renewed each day."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from fe2tui.aws import types as aws
from fe2tui.aws.shared_reads import SharedReads
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.instance_type import TypeCatalogue
from fe2tui.model.location import Location
from fe2tui.tasks.context import Context

CATALOGUE_VALID = timedelta(days=1)
_RETRY_AFTER = 300.0  # seconds until a failed renewal is tried again


class TypeCatalogueCache:
    """The type catalogues of regions. Belongs to one event loop; ``close`` it at the end."""

    def __init__(self) -> None:
        self._cached: dict[Location, TypeCatalogue] = {}
        self._reads: SharedReads[Location, TypeCatalogue] = SharedReads()
        self._failed_at: dict[Location, float] = {}

    def cached(self, location: Location) -> TypeCatalogue | None:
        """The catalogue in memory, however old. Does not wait."""
        return self._cached.get(location)

    async def get(self, ctx: Context, *, fresh: bool = False) -> TypeCatalogue:
        """The types of the session's region: from memory, else from the store, else from AWS, which takes seconds.

        A catalogue older than a day is returned at once and renewed in the background; ``fresh`` waits for AWS. Where
        AWS fails, the cached catalogue is returned (``read_at`` says how old it is); without one, raises the error.
        """
        location = ctx.session.location
        known = await self._load(ctx, location)
        if known is not None and not fresh:
            is_stale = known.read_at is None or abs(ctx.clock() - known.read_at) >= CATALOGUE_VALID
            failed_at = self._failed_at.get(location)
            if is_stale and (failed_at is None or asyncio.get_running_loop().time() - failed_at > _RETRY_AFTER):
                self._reads.start(location, lambda: self._read_from_aws(ctx, location))
            return known
        try:
            return await self._reads.get(location, lambda: self._read_from_aws(ctx, location))
        except Fe2Error:
            if known is None:
                raise
            return known

    async def wait_for_reads(self, timeout: float) -> None:
        """Wait for renewals under way, at most ``timeout`` seconds: for programs that would end before them."""
        await self._reads.wait(timeout)

    def close(self) -> None:
        self._reads.close()

    async def _load(self, ctx: Context, location: Location) -> TypeCatalogue | None:
        if location not in self._cached:
            with suppress(StoreError):  # AWS has it too
                if (found := await asyncio.to_thread(ctx.store.type_catalogues.get, location)) is not None:
                    self._cached.setdefault(location, found)
        return self._cached.get(location)

    async def _read_from_aws(self, ctx: Context, location: Location) -> TypeCatalogue:
        try:
            found = await aws.read_type_catalogue(ctx.session, ctx.clock())
        except Fe2Error:
            self._failed_at[location] = asyncio.get_running_loop().time()
            raise
        self._failed_at.pop(location, None)
        self._cached[location] = found
        with suppress(StoreError):  # the next process reads it again
            await asyncio.to_thread(ctx.store.type_catalogues.save, location, found)
        return found
