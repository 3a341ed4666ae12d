"""Tasks as a program runs them: with a session, a store, settings and a listener to their steps."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from fe2tui import settings
from fe2tui.aws.session import Choice, Session
from fe2tui.demo import Cloud
from fe2tui.store import open_store
from fe2tui.tasks.context import Context, Pace
from tests.tasks.tasks_bench import QUICK, Bench

Begin = Callable[..., Awaitable[Bench]]


@pytest.fixture
async def begin(enter_cloud: Callable[[Cloud], Path]) -> AsyncIterator[Begin]:
    """Opens a bench on a cloud; ``Choice``'s fields may be given."""
    async with AsyncExitStack() as stack:

        async def open_bench(cloud: Cloud, pace: Pace = QUICK, **choice: object) -> Bench:
            home = enter_cloud(cloud)
            session = await stack.enter_async_context(Session(Choice(**choice)))  # type: ignore[arg-type]
            store = open_store()
            stack.callback(store.close)
            bench = Bench(cloud, home, Context(session, store, settings.load(), by="test", pace=pace))
            bench.ctx.report = bench.steps.append
            return bench

        yield open_bench


@pytest.fixture
async def bench(cloud: Cloud, begin: Begin) -> AsyncIterator[Bench]:
    """A bench on the lived-in cloud that the tests share; faults are lifted and new images removed afterwards."""
    made = await begin(cloud)
    yield made
    cloud.control("/demo/faults", method="DELETE")
    await made.remove_images()


@pytest.fixture
def name() -> str:
    """A name that no other instance has."""
    return f"m-{uuid.uuid4().hex[:8]}"
