"""Spot machines that AWS took back, brought back, or put another in the place of: told once, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from fe2tui.errors import StoreError
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.progress import INTERRUPTION, REPLACEMENT, RETURN, Activity
from fe2tui.model.words import listed, plural, visible
from fe2tui.tui.interrupted import interruption, taken_at, told_in
from fe2tui.tui.toasts import room

if TYPE_CHECKING:
    from fe2tui.tui.desk import LiveDesk

NOTICE = "notice"
RECENT = timedelta(minutes=10)
"""What was done longer ago, and is found done, is no news."""

_NAMED = 2  # machines that are told of one by one
_SUMS = {
    NOTICE: "AWS is about to take back {}",
    INTERRUPTION: "AWS took back {}",
    RETURN: "AWS started {} again",
    REPLACEMENT: "AWS launched {} in the place of others",
}


class Deed(NamedTuple):
    """What AWS did, or is about to do: a notice, an interruption, a return or a replacement.

    ``forms`` say it in fewer and fewer words. ``found``: nobody saw it happen, it was found done.
    """

    command: str
    instance: Instance
    forms: Sequence[str]
    at: datetime
    found: bool = False
    label: str = ""

    @property
    def name(self) -> str:
        """Whose it is, safe to show."""
        return visible(self.label or self.instance.label)

    def kept(self, region: str) -> Activity:
        """As an entry of the activity log."""
        label = self.label or self.instance.label
        return Activity(
            self.at, self.command, self.instance.id, label, region, "done", self.forms[0], by="AWS", ended_at=self.at
        )


class Interruptions:
    """Compares each read of a place with the one before it."""

    def __init__(self) -> None:
        self.count = 0
        """How many machines say that AWS took them, or is about to."""
        self._last: Fleet | None = None
        self._noticed: set[str] = set()
        self._taken: set[str] = set()

    def take(self, fleet: Fleet, now: datetime) -> list[Deed]:
        """What is news in a fleet that was read; of the first, only what was done a moment ago."""
        last, noticed, taken = self._last, set(), set()
        deeds: list[Deed] = []
        self.count = 0
        for key, one in fleet.instances.items():
            if not one.is_spot:
                continue
            runs = one.state in (State.PENDING, State.RUNNING)
            forms = interruption(one, fleet, now)
            self.count += bool(forms)
            if runs and forms:
                noticed.add(key)
                if key not in self._noticed:
                    deeds.append(Deed(NOTICE, one, forms, now))
            elif forms:
                taken.add(key)
                if key not in self._taken and (deed := _interruption(one, fleet, forms, last, now)) is not None:
                    deeds.append(deed)
            elif key in self._taken and one.state is State.PENDING:
                taken.add(key)
            elif key in self._taken and one.state is State.RUNNING:
                deeds.append(Deed(RETURN, one, ("AWS started it again", "is back"), one.launched_at or now))
        if last is not None:
            deeds += _replacements(last, fleet, now)
        self._last, self._noticed, self._taken = fleet, noticed, taken
        return deeds


def _interruption(one: Instance, fleet: Fleet, forms: Sequence[str], last: Fleet | None, now: datetime) -> Deed | None:
    """News if it was seen in another state before, or was done a moment ago."""
    before = last.instances.get(one.id) if last is not None else None
    seen = before is not None and before.state is not one.state
    moment = taken_at(one, fleet) or one.changed_state_at
    if not seen and (moment is None or now - moment > RECENT):
        return None
    at = max(moment or now, one.launched_at or moment or now)
    return Deed(INTERRUPTION, one, forms, at, found=before is None)


def _replacements(last: Fleet, fleet: Fleet, now: datetime) -> list[Deed]:
    """Machines that AWS launched because the request of one that is gone goes on."""
    new = [one for key, one in fleet.instances.items() if key not in last.instances and one.is_spot]
    if not new:
        return []
    known = {**last.instances, **fleet.instances}
    gone = {one.spot_request_id: one for one in known.values() if one.spot_request_id and one.state.is_gone}
    found = []
    for one in new:
        before = gone.get(one.spot_request_id) if one.spot_request_id else None
        if before is not None and before.id != one.id and not one.state.is_gone:
            was = last.instances.get(before.id, before)
            forms = (f"AWS launched {one.id}: the spot request goes on", f"AWS launched {one.id}")
            found.append(Deed(REPLACEMENT, one, forms, one.launched_at or now, label=was.label))
    return found


class TakenNews:
    """Tells a person of what AWS did, in a line each, and keeps it in the activity."""

    def __init__(
        self,
        desk: LiveDesk,
        clock: Callable[[], datetime],
        work: Callable[[Awaitable[None]], object],
        kept: Callable[[], None],
    ) -> None:
        """``kept`` is told when the log of the store has something new."""
        self._desk = desk
        self._clock = clock
        self._work = work
        self._kept = kept
        self._interruptions = Interruptions()

    @property
    def count(self) -> int:
        """How many machines need somebody because AWS took them, or is about to."""
        return self._interruptions.count

    def forget(self) -> None:
        """Another place is shown."""
        self._interruptions = Interruptions()

    def take(self, fleet: Fleet) -> None:
        """A fleet was read."""
        deeds = self._interruptions.take(fleet, self._clock())
        if deeds:
            self._work(self._tell(deeds, fleet.place.region))

    async def _tell(self, deeds: Sequence[Deed], region: str) -> None:
        try:
            new = await asyncio.to_thread(self._keep, deeds, region)
        except StoreError:
            new = {deed.instance.id for deed in deeds}
        for command in _SUMS:
            told = [one for one in deeds if one.command == command and (one.instance.id in new or not one.found)]
            for words in toasts(told, self._desk.app.size.width):
                self._desk.tell(words, "information" if command == RETURN else "warning")
        self._kept()

    def _keep(self, deeds: Iterable[Deed], region: str) -> set[str]:
        """Those of which the log did not know yet, whoever wrote it."""
        log = self._desk.store.activity
        return {
            deed.instance.id
            for deed in deeds
            if deed.command != NOTICE and log.once(deed.kept(region), deed.instance.launched_at or deed.at - RECENT)
        }


def toasts(deeds: Sequence[Deed], width: int) -> list[str]:
    """A line each for a screen of that width; one for all where there are many."""
    if len(deeds) > _NAMED:
        total = plural(len(deeds), "machine")
        return [f"{_SUMS[deeds[0].command].format(total)}: {listed([one.name for one in deeds[:_NAMED]])} …"]
    return [f"{one.name}: {told_in(room(width) - cell_len(one.name) - 2, one.forms)}" for one in deeds]
