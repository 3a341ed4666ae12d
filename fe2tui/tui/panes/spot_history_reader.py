"""Reads the spot price histories that the spot pane shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fe2tui.aws.spot_prices import HISTORY_FRESH, spans_of_days
from fe2tui.errors import Fe2Error
from fe2tui.model.spot import SpotHistory

if TYPE_CHECKING:
    from fe2tui.tui.services import Services

SETTLE_SECONDS = 0.15  # seconds that a type has to be looked at before AWS is asked for it
SCROLL_SETTLE_SECONDS = 0.4  # seconds that rows have to be in view before their weeks are
WEEK_DAYS = 7  # days
RETRY_AFTER = timedelta(minutes=1)  # until what could not be read is tried again
_SLACK = timedelta(minutes=5)  # by which a window may begin before what was read for it a while ago


def has_days(history: SpotHistory | None, days: int, now: datetime) -> bool:
    """Whether a history is whole over the last days."""
    return history is not None and history.since <= now - timedelta(days=days) + _SLACK


class SpotHistoryReader:
    """Histories, by way of ``Desk.spot_histories``: one of them for the chart, and the weeks of many for the list."""

    def __init__(
        self,
        services: Services,
        clock: Callable[[], datetime],
        start_worker: Callable[[Awaitable[None]], object],
        on_change: Callable[[frozenset[str]], None],
    ) -> None:
        """``news`` is told of the types about which something else is known, or that are being read."""
        self._services = services
        self._clock = clock
        self._start_worker = start_worker
        self._on_change = on_change
        self._requested: tuple[str, int] | None = None
        self._weeks: Sequence[str] = ()
        self._is_settling = self._is_reading_weeks = False
        self._failed_at: datetime | None = None
        self._being_read: set[tuple[str, int]] = set()
        self.errors: dict[str, Fe2Error] = {}

    def history(self, name: str) -> SpotHistory | None:
        """What is known of a type, without waiting."""
        return self._services.spot_histories.cached(self._services.session.location, name)

    def is_reading(self, name: str) -> bool:
        """Whether AWS is being asked for a type for the chart."""
        return any(type_name == name for type_name, _ in self._being_read)

    def reset(self) -> None:
        """Another place is shown."""
        self._requested, self._weeks = None, ()
        self.errors.clear()
        self._failed_at = None

    # One type, for the chart

    def request(self, name: str, days: int) -> None:
        """This type over so many days is looked at now."""
        self._requested = (name, days)
        if not self._is_settling:
            self._is_settling = True
            self._start_worker(self._read_when_settled())

    async def _read_when_settled(self) -> None:
        """Wait until a person has settled on a type: those passed over meanwhile are looked up in the store alone."""
        try:
            while (requested := self._requested) is not None:
                name, days = requested
                history_before = self.history(name)
                await self._services.spot_histories.get_cached(self._services.session.location, [name])
                if self.history(name) is not history_before:
                    self._on_change(frozenset({name}))
                if self._requested == requested and self._is_new_enough(name, days):
                    return
                await asyncio.sleep(SETTLE_SECONDS)
                if self._requested == requested:
                    self._start_worker(self._read(name, days))
                    return
        finally:
            self._is_settling = False

    def _is_new_enough(self, name: str, days: int) -> bool:
        history, now = self.history(name), self._clock()
        return history is not None and has_days(history, days, now) and now - history.until < HISTORY_FRESH

    async def _read(self, name: str, days: int) -> None:
        if (name, days) in self._being_read:
            return
        self._being_read.add((name, days))
        self._on_change(frozenset({name}))
        try:
            await self._get([name], days)
        except Fe2Error as error:
            self.errors[name] = error
        else:
            self.errors.pop(name, None)
        finally:
            self._being_read.discard((name, days))
            self._on_change(frozenset({name}))

    async def _get(self, types: Sequence[str], days: int) -> None:
        now = self._clock()
        await self._services.spot_histories.get(self._services.session, spans_of_days(types, days, now), now)

    # Many types, for the list

    def request_weeks(self, names: Sequence[str]) -> None:
        """The rows of these types are in view."""
        self._weeks = names
        if not self._is_reading_weeks and self._missing_weeks(names):
            self._is_reading_weeks = True
            self._start_worker(self._read_weeks())

    def _missing_weeks(self, names: Sequence[str]) -> list[str]:
        now = self._clock()
        if self._failed_at is not None and now - self._failed_at < RETRY_AFTER:
            return []
        return [name for name in names if not has_days(self.history(name), WEEK_DAYS, now)]

    async def _read_weeks(self) -> None:
        try:
            while missing := self._missing_weeks(names := self._weeks):
                await asyncio.sleep(SCROLL_SETTLE_SECONDS)
                if names != self._weeks:
                    continue
                location = self._services.session.location
                found_types = await self._services.spot_histories.get_cached(location, missing)
                self._on_change(frozenset(found_types))
                missing = self._missing_weeks(missing)
                if missing:
                    await self._get(missing, WEEK_DAYS)
                    self._on_change(frozenset(missing))
        except Fe2Error:
            self._failed_at = self._clock()  # the chart of each says why
        finally:
            self._is_reading_weeks = False
