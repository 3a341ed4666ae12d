"""The record of calls that the cloud has answered, for tests and for the curious."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

_KEPT = 20_000


class CallLog:
    """The last calls: service, action, region, at (epoch seconds), params, status, code (None when answered)."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def add(self, **call: Any) -> dict[str, Any]:
        """Records one call; status and code may be filled in later."""
        with self._lock:
            self._calls.append(call)
        return call

    def listed(self) -> list[dict[str, Any]]:
        """The calls, oldest first."""
        with self._lock:
            return [dict(call) for call in self._calls]

    def clear(self) -> None:
        """Forgets them."""
        with self._lock:
            self._calls.clear()
