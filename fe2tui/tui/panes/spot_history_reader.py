"""Reads the spot price histories that the spot pane shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fe2tui.aws.spot_prices import HISTORY_FRESH, spans_of_days
from fe2tui.errors import Fe2Error
from fe2tui.model.spot import SpotHistory

if TYPE_CHECKING:
    from fe2tui.tui.services import Services

SETTLE_SECONDS = 0.15  # that a type has to be chosen before its history is read from AWS
SCROLL_SETTLE_SECONDS = 0.4  # that rows have to be visible before their weeks are read from AWS
WEEK_DAYS = 7
RETRY_AFTER = timedelta(minutes=1)  # until weeks that could not be read are tried again
_SLACK = timedelta(minutes=5)  # a history read a while ago begins that much after the window at most


def has_days(history: SpotHistory | None, days: int, now: datetime) -> bool:
    return history is not None and history.since <= now - timedelta(days=days) + _SLACK


class SpotHistoryReader:
    """Reads the histories that the pane shows: the one of the chart, and a week of each row that is visible."""

    def __init__(self, services: Services, show: Callable[[frozenset[str]], None]) -> None:
        """``show`` gets the types whose histories were read, or are being read."""
        self._services = services
        self._show = show
        self._requested: tuple[str, int] | None = None
        self._weeks: Sequence[str] = ()
        self._is_settling = self._is_reading_weeks = False
        self._weeks_failed_at: datetime | None = None
        self._being_read: set[tuple[str, int]] = set()
        self.errors: dict[str, Fe2Error] = {}  # why the history of a type could not be read

    def history(self, name: str) -> SpotHistory | None:
        return self._services.spot_histories.cached(self._services.session.location, name)

    def reset(self) -> None:
        self._requested, self._weeks = None, ()
        self.errors.clear()
        self._weeks_failed_at = None

    # The chart

    def request(self, name: str, days: int) -> None:
        """Read the history of a type, unless it is known and new."""
        self._requested = (name, days)
        if not self._is_settling:
            self._is_settling = True
            self._services.start_worker(self._read_when_settled(), "spot history")

    async def _read_when_settled(self) -> None:
        """Read from the store at once, and from AWS when the same type is still chosen a moment later."""
        try:
            while (requested := self._requested) is not None:
                name, days = requested
                history_before = self.history(name)
                await self._services.spot_histories.get_cached(self._services.session.location, [name])
                if self.history(name) is not history_before:
                    self._show(frozenset({name}))
                if self._requested == requested and self._is_new_enough(name, days):
                    return
                await asyncio.sleep(SETTLE_SECONDS)
                if self._requested == requested:
                    self._services.start_worker(self._read(name, days), "spot history")
                    return
        finally:
            self._is_settling = False

    def _is_new_enough(self, name: str, days: int) -> bool:
        history, now = self.history(name), self._services.clock()
        return history is not None and has_days(history, days, now) and now - history.until < HISTORY_FRESH

    async def _read(self, name: str, days: int) -> None:
        if (name, days) in self._being_read:
            return
        self._being_read.add((name, days))
        self._show(frozenset({name}))
        try:
            await self._get([name], days)
        except Fe2Error as error:
            self.errors[name] = error
        else:
            self.errors.pop(name, None)
        finally:
            self._being_read.discard((name, days))
            self._show(frozenset({name}))

    async def _get(self, types: Sequence[str], days: int) -> None:
        now = self._services.clock()
        await self._services.spot_histories.get(self._services.session, spans_of_days(types, days, now), now)

    # The list

    def request_weeks(self, names: Sequence[str]) -> None:
        """Read the last week of these types, unless it is known. Replaces the types of the last request."""
        self._weeks = names
        if not self._is_reading_weeks and self._missing_weeks(names):
            self._is_reading_weeks = True
            self._services.start_worker(self._read_weeks(), "spot history")

    def _missing_weeks(self, names: Sequence[str]) -> list[str]:
        now = self._services.clock()
        if self._weeks_failed_at is not None and now - self._weeks_failed_at < RETRY_AFTER:
            return []
        return [name for name in names if not has_days(self.history(name), WEEK_DAYS, now)]

    async def _read_weeks(self) -> None:
        try:
            while missing := self._missing_weeks(names := self._weeks):
                await asyncio.sleep(SCROLL_SETTLE_SECONDS)
                if names != self._weeks:
                    continue
                location = self._services.session.location
                self._show(frozenset(await self._services.spot_histories.get_cached(location, missing)))
                missing = self._missing_weeks(missing)
                if missing:
                    await self._get(missing, WEEK_DAYS)
                    self._show(frozenset(missing))
        except Fe2Error:  # the chart shows the reason when one of these types is chosen
            self._weeks_failed_at = self._services.clock()
        finally:
            self._is_reading_weeks = False
