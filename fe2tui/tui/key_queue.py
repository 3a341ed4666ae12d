"""Handles keys one at a time, and holds them back while a form is being opened.

A burst of keys (a paste, a slow connection) reaches the app before the first of them has taken effect. Without the
queue, the letters of a name typed after ``l`` would run commands. Letters that arrive faster than fingers type are a
text that was pasted into a terminal without bracketed paste: outside a text field they are no commands.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from textual import events

FORM = "form"
MAX_HOLD_SECONDS = 1.0  # a command that opens no form must not block the keyboard
LOOK_AHEAD = "look ahead"
LOOK_AHEAD_SECONDS = 0.008  # that a letter waits for others of the same paste
BURST_GAP = 0.005  # seconds at most between two keys of a paste; a person's are twenty times as far apart
BURST_LENGTH = 3  # keys; two may be pressed together, and a key that is held down repeats itself
_LINE_KEYS = frozenset({"enter", "tab", "ctrl+j"})


@dataclass(slots=True)
class Burst:
    """Keys of text that arrived together. ``is_reported``: a person was told that they are not used."""

    text: str = ""
    first: events.Key | None = field(default=None, repr=False)
    is_reported: bool = False

    @property
    def is_text(self) -> bool:
        return len(self.text) >= BURST_LENGTH and len(set(self.text)) > 1


class KeyQueue:
    """Posts keys in the order in which they were typed, each after the one before was handled."""

    def __init__(self, post: Callable[[events.Key], object], takes_text: Callable[[], bool]) -> None:
        """``takes_text``: a text field has the focus."""
        self._post = post
        self._takes_text = takes_text
        self._reasons: set[str] = set()
        self._current: events.Key | None = None
        self._queue: deque[tuple[events.Key, Burst, float]] = deque()  # with the time at which each came here
        self._posted: events.Key | None = None
        self._arrived_at = 0.0
        self._burst = Burst()
        self.current_burst = Burst()
        """The keys that arrived together with the one that is being handled."""
        self.look_ahead_seconds = LOOK_AHEAD_SECONDS
        self.field_keys: set[str] = set()
        """The keys that open a text field: the letters that arrive together with one are for it, up to enter."""

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
        else:
            burst, now = self._burst_of(event), time.monotonic()
            is_busy = self._reasons or self._current is not None or self._queue or self._posted is not None
            if is_busy or self._look_ahead_left(event, now) > 0:
                self._queue.append((event, burst, now))
                self._post_next()
                return True
            self.current_burst = burst
        self._current = event
        return False

    def finish(self, event: events.Key) -> None:
        if event is self._current:
            self._current = None
            self._post_next()

    def _burst_of(self, event: events.Key) -> Burst:
        is_text = event.is_printable or event.key in _LINE_KEYS
        if not is_text or event.time - self._arrived_at > BURST_GAP:
            self._burst = Burst()
        self._burst.first = self._burst.first or event
        burst, self._arrived_at = self._burst, event.time
        burst.text += (event.character or "\n") if is_text else ""
        if event.key in _LINE_KEYS and burst.first is not None and burst.first.key in self.field_keys:
            self._burst = Burst()
        return burst

    def _look_ahead_left(self, event: events.Key, seen_at: float) -> float:
        """The seconds for which a letter that may be a command still waits for those that arrived with it."""
        if not event.is_printable or self._takes_text():
            return 0
        return seen_at + self.look_ahead_seconds - time.monotonic()

    def _post_next(self) -> None:
        if self._queue and not self._reasons and self._current is None and self._posted is None:
            event, _, seen_at = self._queue[0]
            wait = self._look_ahead_left(event, seen_at)
            if wait > 0:
                self.hold(LOOK_AHEAD)
                asyncio.get_running_loop().call_later(wait, self.release, LOOK_AHEAD)
                return
            key, self.current_burst, _ = self._queue.popleft()
            self._posted = events.Key(key.key, key.character)
            self._posted.time = key.time  # forms refuse keys that were pressed before they opened
            if self.current_burst.first is key:
                self.current_burst.first = self._posted
            self._post(self._posted)
