"""An event loop whose clock runs faster: an hour of a program that mostly waits is over in seconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fe2tui.aws.session import Choice, Session

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self._factor = factor

    def select(self, timeout: float | None = None) -> Any:
        return super().select(timeout / self._factor if timeout else timeout)


class HurriedLoop(asyncio.SelectorEventLoop):
    """Its seconds are ``factor`` times shorter. What other processes do takes as long as ever."""

    def __init__(self, factor: float) -> None:
        self._factor = factor
        super().__init__(_Selector(factor))

    def time(self) -> float:
        return super().time() * self._factor


def hurried(factor: float, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What ``main`` returns, run on such a loop."""
    with asyncio.Runner(loop_factory=lambda: HurriedLoop(factor)) as runner:
        return runner.run(main())


def patient_session(factor: float) -> Session:
    """A session whose time-outs are what they were, by the clock on the wall."""
    return Session(Choice(connect_timeout=10 * factor, read_timeout=20 * factor))
