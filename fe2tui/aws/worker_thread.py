"""One thread for long computations: two would compete for the interpreter's lock with each other and the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_WORKER_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fe2tui-parsing")


async def in_worker_thread(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``work`` in that thread, after the work that is queued before it, and return its result."""
    return await asyncio.get_running_loop().run_in_executor(_WORKER_THREAD, lambda: work(*args, **kwargs))
