"""What the catalogues of a region cost: its prices, and its instance types, read for the first time and kept."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from fe2tui.demo import Cloud
from tests.bench.figures import Figure
from tests.bench.start import fresh_home

ROUND_TRIP = 0.25  # seconds that a call to AWS takes longer than one to the demo; for the note beside a figure


def cataloguing() -> Iterator[Figure]:
    """Calls and seconds of both, cold (nothing kept) and warm (another process kept them)."""
    with Cloud() as cloud, fresh_home(cloud, "cache") as env:
        before = dict(os.environ)
        os.environ.update(env)
        try:
            yield from asyncio.run(_measured(cloud, Path(env["FE2TUI_HOME"]) / "bench.sqlite"))
        finally:
            os.environ.clear()
            os.environ.update(before)


async def _measured(cloud: Cloud, file: Path) -> list[Figure]:
    from fe2tui.aws.prices import current_prices
    from fe2tui.aws.session import Session
    from fe2tui.settings import Settings
    from fe2tui.store import Store
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.type_catalogue import TypeCatalogueCache

    found: list[Figure] = []
    async with Session() as session:
        await session.identity()
        for state in ("cold", "warm"):
            store, catalogues = Store(file), TypeCatalogueCache()
            ctx = Context(session, store, Settings())

            async def prices(store: Store = store) -> int:
                return len((await current_prices(session, store.prices, lambda: datetime.now(UTC))).on_demand)

            async def types(ctx: Context = ctx, catalogues: TypeCatalogueCache = catalogues) -> int:
                return len((await catalogues.get(ctx)).types)

            found.append(await _timed(cloud, f"prices of a region, {state}", prices))
            found.append(await _timed(cloud, f"types of a region, {state}", types))
            catalogues.close()
            store.close()
    return found


async def _timed(cloud: Cloud, what: str, read: Callable[[], Awaitable[int]]) -> Figure:
    cloud.control("/demo/calls", method="DELETE")
    began = time.perf_counter()
    types = await read()
    took = time.perf_counter() - began
    calls = len(cloud.control("/demo/calls", method="GET"))
    far = f", about {took + calls * ROUND_TRIP:.0f} s at {ROUND_TRIP * 1000:.0f} ms a call" if calls else ""
    return Figure(what, took, "s", None, f"{calls} calls, {types:,} types{far}")
