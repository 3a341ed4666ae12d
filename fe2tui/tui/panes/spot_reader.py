"""What the spot pane has read: never what was passed over quickly, and what was left goes on into the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fe2tui.errors import Fe2Error
from fe2tui.model.spot import SpotHistory
from fe2tui.tasks.spot_history import FRESH

if TYPE_CHECKING:
    from fe2tui.tui.view import Desk

PASSED_OVER = 0.15  # seconds that a type has to be looked at before AWS is asked for it
SCROLLED = 0.4  # seconds that rows have to be in view before their weeks are
WEEK = 7  # days
AGAIN = timedelta(minutes=1)  # until what could not be read is tried again
_SLACK = timedelta(minutes=5)  # by which a window may begin before what was read for it a while ago


def covers(history: SpotHistory | None, days: int, now: datetime) -> bool:
    """Whether a history is whole over the last days."""
    return history is not None and history.since <= now - timedelta(days=days) + _SLACK


class SpotReader:
    """Histories, by way of ``Desk.spot_histories``: one of them for the chart, and the weeks of many for the list."""

    def __init__(
        self,
        desk: Desk,
        clock: Callable[[], datetime],
        work: Callable[[Awaitable[None]], object],
        news: Callable[[frozenset[str]], None],
    ) -> None:
        """``news`` is told of the types about which something else is known, or that are being read."""
        self._desk = desk
        self._clock = clock
        self._work = work
        self._news = news
        self._wanted: tuple[str, int] | None = None
        self._weeks: Sequence[str] = ()
        self._settles = self._gathers = False
        self._failed_at: datetime | None = None
        self._under_way: set[tuple[str, int]] = set()
        self.errors: dict[str, Fe2Error] = {}

    def history(self, name: str) -> SpotHistory | None:
        """What is known of a type, without waiting."""
        return self._desk.spot_histories.kept(self._desk.session.place, name)

    def is_reading(self, name: str) -> bool:
        """Whether AWS is being asked for a type for the chart."""
        return any(type_name == name for type_name, _ in self._under_way)

    def forget(self) -> None:
        """Another place is shown."""
        self._wanted, self._weeks = None, ()
        self.errors.clear()
        self._failed_at = None

    # One type, for the chart

    def want(self, name: str, days: int) -> None:
        """This type over so many days is looked at now."""
        self._wanted = (name, days)
        if not self._settles:
            self._settles = True
            self._work(self._settle())

    async def _settle(self) -> None:
        """Wait until a person has settled on a type: those passed over meanwhile are looked up in the store alone."""
        try:
            while (wanted := self._wanted) is not None:
                name, days = wanted
                known = self.history(name)
                await self._desk.spot_histories.from_store(self._desk.context(), [name])
                if self.history(name) is not known:
                    self._news(frozenset({name}))
                if self._wanted == wanted and self._is_new_enough(name, days):
                    return
                await asyncio.sleep(PASSED_OVER)
                if self._wanted == wanted:
                    self._work(self._read(name, days))
                    return
        finally:
            self._settles = False

    def _is_new_enough(self, name: str, days: int) -> bool:
        history, now = self.history(name), self._clock()
        return history is not None and covers(history, days, now) and now - history.until < FRESH

    async def _read(self, name: str, days: int) -> None:
        if (name, days) in self._under_way:
            return
        self._under_way.add((name, days))
        self._news(frozenset({name}))
        try:
            await self._desk.spot_histories.get(self._desk.context(), [name], days)
        except Fe2Error as error:
            self.errors[name] = error
        else:
            self.errors.pop(name, None)
        finally:
            self._under_way.discard((name, days))
            self._news(frozenset({name}))

    # Many types, for the list

    def want_weeks(self, names: Sequence[str]) -> None:
        """The rows of these types are in view."""
        self._weeks = names
        if not self._gathers and self._lacking(names):
            self._gathers = True
            self._work(self._gather())

    def _lacking(self, names: Sequence[str]) -> list[str]:
        now = self._clock()
        if self._failed_at is not None and now - self._failed_at < AGAIN:
            return []
        return [name for name in names if not covers(self.history(name), WEEK, now)]

    async def _gather(self) -> None:
        try:
            while lacking := self._lacking(names := self._weeks):
                await asyncio.sleep(SCROLLED)
                if names != self._weeks:
                    continue
                ctx = self._desk.context()
                found = await self._desk.spot_histories.from_store(ctx, lacking)
                self._news(frozenset(found))
                lacking = self._lacking(lacking)
                if lacking:
                    await self._desk.spot_histories.get(ctx, lacking, WEEK)
                    self._news(frozenset(lacking))
        except Fe2Error:
            self._failed_at = self._clock()  # the chart of each says why
        finally:
            self._gathers = False
