"""Reads that several callers share."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Iterator
from typing import Any, Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Result = TypeVar("_Result")


class SharedReads(Generic[_Key, _Result]):
    """At most one read at a time for each key: a second caller waits for the read that is under way.

    A caller that is cancelled does not cancel the read for the others. A read that failed is started again by the next
    caller. Belongs to one event loop.
    """

    def __init__(self, *, keep_results: bool = False, cancel_unawaited: bool = False) -> None:
        """``keep_results`` returns an earlier result until ``forget``.

        ``cancel_unawaited`` cancels a read when the last caller of ``get`` is cancelled, and waits for its end.
        """
        self._tasks: dict[_Key, asyncio.Task[_Result]] = {}
        self._waiting: Counter[asyncio.Task[_Result]] = Counter()
        self._keep_results = keep_results
        self._cancel_unawaited = cancel_unawaited

    def __iter__(self) -> Iterator[_Key]:
        """The keys of the reads under way and of the results kept."""
        return iter(tuple(self._tasks))

    def start(self, key: _Key, read: Callable[[], Coroutine[Any, Any, _Result]]) -> asyncio.Task[_Result]:
        """The read of a key, started if none is under way. Shield it from the caller's cancellation."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(read())
            task.add_done_callback(lambda ended: self._on_end(key, ended))
        return task

    async def get(self, key: _Key, read: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
        task = self.start(key, read)
        self._waiting[task] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[task] -= 1
            if not self._waiting[task]:
                del self._waiting[task]
                if self._cancel_unawaited and not task.done():
                    self.forget(key)
                    task.cancel()
                    await asyncio.wait([task])

    async def wait(self, timeout: float) -> None:
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=timeout)

    def is_reading(self, key: _Key) -> bool:
        return key in self._tasks and not self._tasks[key].done()

    def forget(self, key: _Key) -> None:
        """Have the next caller start a new read."""
        self._tasks.pop(key, None)

    def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    def _on_end(self, key: _Key, task: asyncio.Task[_Result]) -> None:
        failed = task.cancelled() or task.exception() is not None  # asking for the exception keeps asyncio from logging
        if self._tasks.get(key) is task and (failed or not self._keep_results):
            del self._tasks[key]
