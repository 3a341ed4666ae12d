"""How busy the machines in view are, which AWS charges for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from fe2tui.aws.metrics import cpu_use
from fe2tui.aws.parts.part import OFTEN, Part
from fe2tui.aws.reading import Sight
from fe2tui.aws.session import Session
from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import State

AGAIN = OFTEN  # seconds until the same machine is asked about again
_SLACK = 1.0  # seconds that the alarm may be early
APART = 60.0  # seconds between two calls, whatever comes into view
_LASTS = timedelta(minutes=30)  # how long figures are shown of a machine that is in view no more


class Cpu(Part):
    """CPU figures of machines that somebody looks at: at most one call a minute, a machine at most every five.

    ``is_on`` may be set at any time; what was measured goes when it is off.
    """

    name = "metrics"
    every = AGAIN
    free = False

    def __init__(self, session: Session, clock: Callable[[], datetime], last: Fleet | None, *, is_on: bool) -> None:
        super().__init__()
        self.found: Mapping[str, tuple[float, ...]] = {}
        self._session = session
        self._clock = clock
        self._is_on = is_on
        self._view: tuple[str, ...] = ()
        self._sight = Sight()
        self._chosen: list[str] = []
        self._asked_at: dict[str, float] = {}
        self._called_at = -math.inf
        self._measured_at: dict[str, datetime] = {}
        self.due = math.inf
        if last is not None and is_on and clock() - last.seen_at < _LASTS:
            self.found = last.cpu
            self._measured_at = dict.fromkeys(last.cpu, last.seen_at)

    @property
    def hurries(self) -> bool:
        """What comes into view is wanted at once."""
        return self._is_on

    @property
    def is_on(self) -> bool:
        """Whether to measure."""
        return self._is_on

    def switch(self, on: bool, now: float) -> None:
        """Begin to measure, or end it and forget the figures."""
        self._is_on = on
        if not on:
            self.found = {}
            self._measured_at.clear()
        self._plan(now)

    def look_at(self, ids: Iterable[str], now: float) -> None:
        """These are the machines in view."""
        self._view = tuple(dict.fromkeys(ids))
        self._plan(now)

    def see(self, sight: Sight, now: float) -> None:
        """Of those in view, the running ones are measured."""
        self._sight = sight
        self._plan(now)

    def begin(self, now: float) -> None:
        """Choose whom to ask about."""
        self._chosen = [key for key in self._wanted() if now - self._asked_at.get(key, -math.inf) >= AGAIN - _SLACK]
        self._asked_at = {key: at for key, at in self._asked_at.items() if now - at < AGAIN}
        self._asked_at.update(dict.fromkeys(self._chosen, now))
        self._called_at = now
        self._plan(now)

    async def read(self, sight: Sight) -> None:
        """One call for each hundred machines."""
        chosen, at = self._chosen, self._clock()
        if not chosen:
            return
        read = await cpu_use(self._session, chosen, now=at)
        if not self._is_on:
            return
        measured = {**self._measured_at, **dict.fromkeys(chosen, at)}
        self._measured_at = {key: moment for key, moment in measured.items() if at - moment < _LASTS}
        before = {key: figures for key, figures in self.found.items() if key in self._measured_at}
        self.found = {key: figures for key, figures in before.items() if key not in chosen} | read

    def ended(self, now: float, error: Fe2Error | None) -> None:
        """A failed call counts as one: it is not made again sooner."""
        self._plan(now)

    def renew(self, *, failed: bool) -> None:
        """Only what could not be read is asked for again."""
        if failed:
            self._asked_at.clear()
            self._called_at = -math.inf
            self.due = 0.0 if self._is_on and self._wanted() else math.inf

    def _wanted(self) -> list[str]:
        instances = self._sight.instances
        return [key for key in self._view if (one := instances.get(key)) is not None and one.state is State.RUNNING]

    def _plan(self, now: float) -> None:
        """New ones as soon as may be; the others all together, when the last that was asked about may be again."""
        wanted = self._wanted() if self._is_on else []
        asked = [self._asked_at[key] for key in wanted if key in self._asked_at]
        if not wanted:
            self.due = math.inf
        else:
            again = max(asked) + AGAIN if len(asked) == len(wanted) else now
            self.due = max(again, self._called_at + APART)
