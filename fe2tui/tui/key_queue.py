"""Keys typed ahead: one at a time, and while a form is on its way they wait for it instead of being commands.

A burst of keys (a paste, a slow connection) reaches the app before the first of them has done anything. Without this
the letters of a name typed after ``l`` would be taken for commands.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from textual import events

FORM = "form"
MAX_HOLD_SECONDS = 1.0  # seconds; a command that asks nothing must not make the keyboard dead


class KeyQueue:
    """Gives keys on in the order in which they were typed, each when the one before has been dealt with."""

    def __init__(self, post: Callable[[events.Key], object]) -> None:
        self._post = post
        self._reasons: set[str] = set()
        self._current: events.Key | None = None
        self._queue: deque[events.Key] = deque()
        self._posted: events.Key | None = None

    def hold(self, reason: str = FORM) -> None:
        """A form, or what else ``reason`` names, is on its way: hold keys back from now on."""
        self._reasons.add(reason)

    def release(self, reason: str = FORM) -> None:
        """It is there, or there will be none: give the keys on, unless they wait for something else."""
        self._reasons.discard(reason)
        self._post_next()

    def drop(self, reason: str) -> None:
        """It did not come in time: the keys meant for it are no commands."""
        if reason in self._reasons:
            self._queue.clear()
            self.release(reason)

    def queue_if_busy(self, event: events.Key) -> bool:
        """Whether a key has to wait. If not, ``done`` must be called when it has been dealt with."""
        if event is self._posted:
            self._posted = None
        elif self._reasons or self._current is not None or self._queue or self._posted is not None:
            self._queue.append(event)
            return True
        self._current = event
        return False

    def finish(self, event: events.Key) -> None:
        """A key has been dealt with."""
        if event is self._current:
            self._current = None
            self._post_next()

    def _post_next(self) -> None:
        if self._queue and not self._reasons and self._current is None and self._posted is None:
            key = self._queue.popleft()
            self._posted = events.Key(key.key, key.character)
            self._post(self._posted)
