"""Handles keys one at a time, and holds them back while a form is being opened.

A burst of keys (a paste, a slow connection) reaches the app before the first of them has taken effect. Without the
queue, the letters of a name typed after ``l`` would run commands.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from textual import events

FORM = "form"
MAX_HOLD_SECONDS = 1.0  # a command that opens no form must not block the keyboard


class KeyQueue:
    """Posts keys in the order in which they were typed, each after the one before was handled."""

    def __init__(self, post: Callable[[events.Key], object]) -> None:
        self._post = post
        self._reasons: set[str] = set()
        self._current: events.Key | None = None
        self._queue: deque[events.Key] = deque()
        self._posted: events.Key | None = None

    def hold(self, reason: str = FORM) -> None:
        """Hold keys back until ``reason`` (a form, unless named) is released."""
        self._reasons.add(reason)

    def release(self, reason: str = FORM) -> None:
        """The form is open, or there will be none: post the keys, unless they are held for another reason."""
        self._reasons.discard(reason)
        self._post_next()

    def drop(self, reason: str) -> None:
        """The pane or form did not open in time: drop the keys that were typed for it."""
        if reason in self._reasons:
            self._queue.clear()
            self.release(reason)

    def queue_if_busy(self, event: events.Key) -> bool:
        """Queue a key if it has to wait. If it has not (False), call ``finish`` when it was handled."""
        if event is self._posted:
            self._posted = None
        elif self._reasons or self._current is not None or self._queue or self._posted is not None:
            self._queue.append(event)
            return True
        self._current = event
        return False

    def finish(self, event: events.Key) -> None:
        if event is self._current:
            self._current = None
            self._post_next()

    def _post_next(self) -> None:
        if self._queue and not self._reasons and self._current is None and self._posted is None:
            key = self._queue.popleft()
            self._posted = events.Key(key.key, key.character)
            self._post(self._posted)
