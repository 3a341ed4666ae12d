"""Launch as soon as there is room: where no zone has any, wait and ask again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from fe2tui.errors import AwsError, NoCapacityError, ThrottledError, UnreachableError
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.progress import COUNTDOWN
from fe2tui.tasks.context import Context
from fe2tui.tasks.launch import Launching, refuse_if_read_only
from fe2tui.tasks.launch_sending import UnknownEndError, in_zones, no_capacity
from fe2tui.tasks.lookups import Lookups
from fe2tui.tasks.record import Entry, note, recorded


async def launch_when_room(
    ctx: Context,
    request: LaunchRequest,
    *,
    every: float = 60.0,
    until: timedelta,
    wait: bool = True,
    known: Lookups | None = None,
) -> Instance:
    """Launch it as ``launch`` does; while no zone has room, ask all again ``every`` so many seconds.

    It is one entry in the log, and each try a plan of its own: the zones in the order of the prices of that moment.
    Cancelled while it waits, it leaves nothing behind. Raises NoCapacityError when ``until`` has gone by, and whatever
    else ``launch`` raises at once; but a later try that AWS does not answer, or that it throttles, is only one in vain.
    """
    refuse_if_read_only(ctx)
    lookups = known or Lookups(ctx)
    try:
        with recorded(ctx, "launch", request.name) as entry:
            return await _Again(ctx, request, lookups, entry, every, ctx.clock() + until).run(wait)
    finally:
        lookups.forget("keys", "network", "spot")
        if known is None:
            lookups.close()


@dataclass(slots=True)
class _Again:
    ctx: Context
    request: LaunchRequest
    known: Lookups
    entry: Entry
    every: float
    deadline: datetime
    tries: int = 0
    full: NoCapacityError | None = None

    async def run(self, wait: bool) -> Instance:
        while True:
            self.tries += 1
            words = await self.tried(wait)
            if isinstance(words, Instance):
                return words
            await self.pause(words)
            self.known.forget("keys", "network", "spot")

    async def tried(self, wait: bool) -> Instance | str:
        """The instance, or why there is none yet."""
        try:
            launching = await Launching.planned(self.ctx, self.request, self.known, self.entry)
            try:
                return await launching.run(wait)
            except NoCapacityError as error:
                self.full, self.request = error, launching.once_more
                where = error.zones[0] if len(error.zones) == 1 and error.zones[0] else "any zone"
                return f"no {self.request.machine} in {where}"
        except (ThrottledError, UnreachableError) as error:
            if not self.is_in_vain(error):
                raise
            return error.summary.rstrip(".")

    def is_in_vain(self, error: AwsError) -> bool:
        """Whether nothing came of a try, for a reason that passes: there has been an answer before, and no machine."""
        return self.full is not None and not self.entry.subject and not isinstance(error, UnknownEndError)

    async def pause(self, words: str) -> None:
        """Wait for the next try. Raises NoCapacityError when there is to be none."""
        ctx, now = self.ctx, self.ctx.clock()
        assert self.full is not None
        if now >= self.deadline:
            times = "once" if self.tries == 1 else f"{self.tries} times"
            summary = f"AWS had no {self.request.machine}{in_zones(self.full.zones)} until {self.end}: asked {times}."
            raise no_capacity(self.request, self.full.zones, self.full.code, summary) from self.full
        note(ctx, self.entry, f"Nothing was launched so far: {words}. It asks until {self.end}, if it runs so long.")
        following = min(now + timedelta(seconds=self.every), self.deadline)
        is_first, self.entry.left = True, "Nothing was launched."
        while (left := (following - ctx.clock()).total_seconds()) > 0:
            again = f"trying again in {round(left) or 1} s ({_ordinal(self.tries + 1)} time, until {self.end})"
            ctx.step("launch", "waiting" if is_first else COUNTDOWN, f"{words}; {again}", label=self.request.name)
            await asyncio.sleep(min(ctx.pace.poll, left))
            is_first = False
        self.entry.left = ""

    @property
    def end(self) -> str:
        """When it gives up, in this computer's time zone, with the day if it is another."""
        here, today = self.deadline.astimezone(), self.ctx.clock().astimezone()
        return f"{here:%H:%M}" if here.date() == today.date() else f"{here.day} {here:%b %H:%M}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
