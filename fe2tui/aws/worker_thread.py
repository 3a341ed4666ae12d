"""One thread for all that computes for long: two would only take the interpreter's lock from each other, and from
who draws."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_worker_thread(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work`` returns, done in the parsing thread, in its turn."""
    return await asyncio.get_running_loop().run_in_executor(_worker_thread(), lambda: work(*args, **kwargs))


@lru_cache(maxsize=1)
def _worker_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="fe2tui-parsing")
