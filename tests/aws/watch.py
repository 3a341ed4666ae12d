"""A listener to a poller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fe2tui.aws.poller.poller import Poller, ReadFailed
from fe2tui.aws.session import Session
from fe2tui.demo import Cloud
from fe2tui.model.fleet import Fleet
from tests.aws.conftest import calls

Seen = Fleet | ReadFailed
PATIENCE = 15.0


class Watch:
    """What a listener hears."""

    def __init__(self, poller: Poller) -> None:
        self.poller = poller
        self.heard: list[Seen] = []
        self._stream = poller.updates()

    async def until(self, wanted: Callable[[Seen], bool]) -> Seen:
        """Listens until something wanted comes."""

        async def listen() -> Seen:
            async for seen in self._stream:
                self.heard.append(seen)
                if wanted(seen):
                    return seen
            raise AssertionError("the poller came to an end")

        return await asyncio.wait_for(listen(), PATIENCE)

    async def fleet(self, wanted: Callable[[Fleet], bool] = lambda _: True) -> Fleet:
        found = await self.until(lambda seen: isinstance(seen, Fleet) and wanted(seen))
        assert isinstance(found, Fleet)
        return found

    async def failure(self) -> ReadFailed:
        found = await self.until(lambda seen: isinstance(seen, ReadFailed))
        assert isinstance(found, ReadFailed)
        return found

    async def close(self) -> None:
        await self._stream.aclose()  # type: ignore[attr-defined]


@asynccontextmanager
async def watching(session: Session, shelf: Any = None, **pace: Any) -> AsyncIterator[Watch]:
    watch = Watch(Poller(session, shelf, **{"quick": 0.05, "slow": 0.2, **pace}))
    try:
        yield watch
    finally:
        await watch.close()


@asynccontextmanager
async def listening(
    session: Session, shelf: Any = None, **pace: Any
) -> AsyncIterator[tuple[Poller, Callable[[Callable[[Fleet], bool]], Awaitable[Fleet]]]]:
    """A poller that somebody listens to all the time, and a way to wait for a fleet that is wanted."""
    poller = Poller(session, shelf, **pace)
    newest: list[Fleet] = []

    async def listen() -> None:
        async for seen in poller.updates():
            if isinstance(seen, Fleet):
                newest[:] = [seen]

    async def wait(wanted: Callable[[Fleet], bool]) -> Fleet:
        while not (newest and wanted(newest[0])):
            if listener.done():
                raise AssertionError("the poller came to an end") from listener.exception()
            await asyncio.sleep(0.5)
        return newest[0]

    listener = asyncio.create_task(listen())
    try:
        yield poller, wait
    finally:
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


def is_whole(fleet: Fleet) -> bool:
    priced = fleet.prices.on_demand and fleet.prices.spot
    return bool(fleet.volumes and priced and fleet.account and fleet.image_names and fleet.requests)


def reads(cloud: Cloud) -> int:
    return len(calls(cloud, "DescribeInstances"))


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not happened():
            await asyncio.sleep(0.01)
