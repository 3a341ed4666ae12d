"""Keys typed ahead: while a form is on its way, they wait for it instead of being taken as commands."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

LONGEST = 1.0  # seconds; what a command does without asking must not make the keyboard dead


class Ahead:
    """Holds keys back and gives them on in the order in which they were typed."""

    def __init__(self, post: Callable[[events.Key], object]) -> None:
        self._post = post
        self._holds = False
        self._held: list[events.Key] = []
        self._given: set[int] = set()

    def hold(self) -> None:
        """Hold keys back from now on."""
        self._holds = True

    def take(self, event: events.Key) -> bool:
        """Whether a key is held back."""
        if id(event) in self._given:
            self._given.discard(id(event))
            if not self._given and not self._holds:
                self._give()
            return False
        if self._holds or self._given:
            self._held.append(event)
            return True
        return False

    def release(self) -> None:
        """Give the keys on. Those that still come in on the way stay behind them."""
        self._holds = False
        if not self._given:
            self._give()

    def _give(self) -> None:
        again = [events.Key(event.key, event.character) for event in self._held]
        self._held.clear()
        self._given = {id(event) for event in again}
        for event in again:
            self._post(event)
