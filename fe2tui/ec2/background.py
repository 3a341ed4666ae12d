"""Where the methods of ``EC2`` do their work: a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from fe2tui import settings
from fe2tui.aws.session import Choice, Session
from fe2tui.errors import UsageError
from fe2tui.model.progress import Report
from fe2tui.store import Store, open_store
from fe2tui.tasks.catalogue import Catalogues
from fe2tui.tasks.context import Context
from fe2tui.tasks.spot_history import SpotHistories

_Result = TypeVar("_Result")
_END_SECONDS = 10.0


class Background:
    """A thread with an event loop, the session that lives on it, and the store."""

    def __init__(self, choice: Choice, chosen: settings.Settings, report: Report) -> None:
        self._session = Session(choice)
        self._settings = chosen
        self._report = report
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._store: Store | None = None
        self.place = self._session.place
        self.catalogues = Catalogues()
        self.spot_histories = SpotHistories()

    def do(self, work: Callable[[Context], Awaitable[_Result]]) -> _Result:
        """Do the work on the loop and wait for it. Ctrl-C cancels it, and waits until it has tidied up."""
        if not self.place.region:
            raise UsageError("No region is set.", "EC2('Ohio'), or set AWS_REGION, or region in config.toml.")
        loop, store = self._open()
        ctx = Context(self._session, store, self._settings, self._report, by="python")

        async def run() -> _Result:
            return await work(ctx)

        future = _submit(loop, run())
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            with suppress(BaseException):
                _submit(loop, _settled()).result(_END_SECONDS)
            raise

    def close(self) -> None:
        """End the thread. A later ``do`` begins another."""
        with self._lock:
            loop, thread, store = self._loop, self._thread, self._store
            self._loop = self._thread = self._store = None
        if loop is None or thread is None:
            return
        with suppress(Exception):
            _submit(loop, self._let_go()).result(_END_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_END_SECONDS)
        if not thread.is_alive():
            loop.close()
        if store is not None:
            store.close()

    async def _let_go(self) -> None:
        self.catalogues.close()
        self.spot_histories.close()
        await self._session.close()

    def _open(self) -> tuple[asyncio.AbstractEventLoop, Store]:
        with self._lock:
            if self._loop is None or self._store is None:
                self._loop = asyncio.new_event_loop()
                self._store = open_store()
                self._thread = threading.Thread(target=self._loop.run_forever, name="fe2tui", daemon=True)
                self._thread.start()
            return self._loop, self._store


def _submit(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, _Result]) -> Future[_Result]:
    return asyncio.run_coroutine_threadsafe(work, loop)


async def _settled() -> None:
    """Until every other task of the loop that was cancelled has ended."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and task.cancelling()]
    await asyncio.gather(*others, return_exceptions=True)
