"""How reading goes: when it last did, why it does not, and what the person is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Problem
from fe2tui.model.text import join_words, short_age, visible
from fe2tui.tui.fleet_watch import FleetNotRead, FleetSeen
from fe2tui.tui.widgets.cells import clip
from fe2tui.tui.widgets.line import Span

_PART_TITLES = {
    "volumes": "Disks",
    "prices": "Prices",
    "spot": "Spot prices",
    "spot history": "Spot prices of the past",
    "requests": "Spot requests",
    "metrics": "CPU figures",
    "images": "Images",
    "snapshots": "Snapshots",
    "public images": "Public images",
    "addresses": "Elastic IPs",
}


class ReadState:
    """The state of reading one place."""

    def __init__(self) -> None:
        self.read_at: datetime | None = None
        self.from_store = False
        self.error: Fe2Error | None = None
        self.account = ""
        self.has_prices = False
        self._retry_at: datetime | None = None
        self._problems: Sequence[Problem] = ()

    def add_fleet(self, event: FleetSeen) -> list[Fe2Error]:
        """A fleet came; what of it could not be read and was not said before.

        The failure of a read stays until a fleet comes in which the same part was read.
        """
        fleet = event.fleet
        self.read_at, self.from_store = fleet.seen_at, event.from_store
        self.account = fleet.account or self.account
        self.has_prices = fleet.prices.read_at is not None or any(
            problem.part == "prices" for problem in fleet.problems
        )
        if event.from_store:
            return []
        if all(problem.part != "instances" for problem in fleet.problems):
            self.error = self._retry_at = None
        known = {(problem.part, problem.summary) for problem in self._problems}
        self._problems = list(_without_repeats(problem for problem in fleet.problems if problem.part != "instances"))
        return [_error_of(problem) for problem in self._problems if (problem.part, problem.summary) not in known]

    def add_failure(self, failure: FleetNotRead) -> bool:
        """A read failed; whether for another reason than the last one."""
        is_new = self.error is None or self.error.summary != failure.error.summary
        self.error = failure.error
        self._retry_at = failure.at + timedelta(seconds=failure.retry_in) if failure.retry_in else None
        return is_new

    def notice_spans(self, now: datetime, width: int) -> list[Span]:
        """The line under the status line while reading fails: what was not read, why, what to do, and the next try.

        A failed read of the instances goes first; of other parts that failed, the reason of the first is given.
        """
        error, again = self.error, ""
        if error is None:
            if not self._problems:
                return []
            first = self._problems[0]
            error = Fe2Error(
                f"{_names(self._problems)} could not be read: {first.summary}", first.remedy, code=first.code
            )
        elif self._problems:
            error = Fe2Error(
                error.summary, f"{error.remedy} {_names(self._problems)} could not be read, either.".strip()
            )
        if self._retry_at is not None and self._retry_at > now:
            again = f" next try in {short_age(self._retry_at - now + timedelta(seconds=0.99))} "
        code = f" ({error.code})" if error.code else ""
        words = visible(" ".join(part for part in (error.summary + code, error.remedy) if part))
        room = max(0, width - 3 - len(again))
        text = clip(words, room)
        return [
            Span(" ▲ ", "alarm" if self.error is not None else "moving"),
            Span(f"{text}{' ' * (room - len(text))}", "trouble" if self.error is not None else "moving", "errors"),
            Span(again, "dim"),
        ]


_SPOT_HISTORY_PARTS = frozenset({"spot", "spot history"})
"""The parts that are read by one and the same call of AWS: what refuses one refuses the other."""


def _without_repeats(problems: Iterable[Problem]) -> Iterator[Problem]:
    reported = set()
    for problem in problems:
        part = "spot" if problem.part in _SPOT_HISTORY_PARTS else problem.part
        if (part, problem.summary) not in reported:
            reported.add((part, problem.summary))
            yield problem._replace(part=part) if problem.part in _SPOT_HISTORY_PARTS else problem


def _names(problems: Iterable[Problem]) -> str:
    """The parts that could not be read: ``Disks and spot prices``."""
    names = list(dict.fromkeys(_PART_TITLES.get(problem.part, problem.part) for problem in problems))
    return join_words(
        [names[0], *(name if name.startswith(("CPU", "Elastic")) else name.lower() for name in names[1:])]
    )


def _error_of(problem: Problem) -> Fe2Error:
    part = _PART_TITLES.get(problem.part, problem.part)
    return Fe2Error(f"{part} could not be read: {problem.summary}", problem.remedy, code=problem.code)
