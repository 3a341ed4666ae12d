"""Keys typed ahead: one at a time, and while a form is on its way they wait for it instead of being commands.

A burst of keys (a paste, a slow connection) reaches the app before the first of them has done anything. Without this
the letters of a name typed after ``l`` would be taken for commands.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from textual import events

LONGEST = 1.0  # seconds; a command that asks nothing must not make the keyboard dead


class Ahead:
    """Gives keys on in the order in which they were typed, each when the one before has been dealt with."""

    def __init__(self, post: Callable[[events.Key], object]) -> None:
        self._post = post
        self._holds = False
        self._busy_with: events.Key | None = None
        self._held: deque[events.Key] = deque()
        self._given: events.Key | None = None

    def hold(self) -> None:
        """A form is on its way: hold keys back from now on."""
        self._holds = True

    def release(self) -> None:
        """The form is there, or there will be none: give the keys on."""
        self._holds = False
        self._give()

    def take(self, event: events.Key) -> bool:
        """Whether a key has to wait. If not, ``done`` must be called when it has been dealt with."""
        if event is self._given:
            self._given = None
        elif self._holds or self._busy_with is not None or self._held or self._given is not None:
            self._held.append(event)
            return True
        self._busy_with = event
        return False

    def done(self, event: events.Key) -> None:
        """A key has been dealt with."""
        if event is self._busy_with:
            self._busy_with = None
            self._give()

    def _give(self) -> None:
        if self._held and not self._holds and self._busy_with is None and self._given is None:
            key = self._held.popleft()
            self._given = events.Key(key.key, key.character)
            self._post(self._given)
