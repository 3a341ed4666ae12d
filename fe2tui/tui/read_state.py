"""How reading goes: when the fleet was read, what could not be read, and the line that says so."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from fe2tui.errors import Fe2Error, MfaNeededError
from fe2tui.model.fleet import Fleet, Problem
from fe2tui.model.text import join_words, short_age, visible
from fe2tui.tui.fleet_watch import FleetNotRead
from fe2tui.tui.widgets.cells import clip, pad_or_cut, wrap
from fe2tui.tui.widgets.line import NEW_LINE, Span

MAX_NOTICE_LINES = 3

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


class ReadState(NamedTuple):
    """What is known about reading one location.

    ``read_at`` is when the shown fleet was read; ``from_store``: by an earlier run. ``error`` is why the instances
    could not be read, ``problems`` which other parts could not. ``has_prices``: prices were requested, with or without
    success.
    """

    read_at: datetime | None = None
    from_store: bool = False
    error: Fe2Error | None = None
    account: str = ""
    has_prices: bool = False
    retry_at: datetime | None = None
    problems: tuple[Problem, ...] = ()

    def after_fleet(self, fleet: Fleet, *, from_store: bool = False) -> ReadState:
        """The state after a fleet was read. A failure stays until the same part is read."""
        state = self._replace(
            read_at=fleet.seen_at,
            from_store=from_store,
            account=fleet.account or self.account,
            has_prices=fleet.prices.read_at is not None or any(one.part == "prices" for one in fleet.problems),
        )
        if from_store:
            return state
        if all(problem.part != "instances" for problem in fleet.problems):
            state = state._replace(error=None, retry_at=None)
        others = (problem for problem in fleet.problems if problem.part != "instances")
        return state._replace(problems=tuple(_without_repeats(others)))

    def after_failure(self, failure: FleetNotRead) -> ReadState:
        is_retried = failure.retry_in and math.isfinite(failure.retry_in)
        retry_at = failure.at + timedelta(seconds=failure.retry_in) if is_retried else None
        return self._replace(error=failure.error, retry_at=retry_at)

    def new_errors(self, previous: ReadState) -> list[Fe2Error]:
        """One error for each reason why something cannot be read, unless something could not for that reason before."""
        known = {problem.summary for problem in previous.problems}
        if previous.error is not None:
            known.add(previous.error.summary)
        errors = []
        if self.error is not None and self.error.summary not in known:
            errors.append(self.error)
            known.add(self.error.summary)
        new: dict[str, list[Problem]] = {}
        for problem in self.problems:
            if problem.summary not in known:
                new.setdefault(problem.summary, []).append(problem)
        return [*(_error_of(problems) for problems in new.values()), *errors]

    def notice_spans(self, now: datetime, width: int) -> list[Span]:
        """The lines under the status line: what could not be read, why, what to do, and when the next try is.

        A failed read of the instances comes first. Of several other parts, the reason of the first is given. A span
        ``NEW_LINE`` begins each further line.
        """
        error, retry_text = self.error, ""
        if error is None:
            if not self.problems:
                return []
            error = _error_of(self.problems)
        elif self.problems:
            error = Fe2Error(
                error.summary, f"{error.remedy} {_names(self.problems)} could not be read, either.".strip()
            )
        if self.retry_at is not None and self.retry_at > now:
            retry_text = f" next try in {short_age(self.retry_at - now + timedelta(seconds=0.99))} "
        elif isinstance(error, MfaNeededError):
            retry_text = " ctrl+r asks for it again "
        code = f" ({error.code})" if error.code else ""
        words = visible(" ".join(part for part in (error.summary + code, error.remedy) if part))
        text_width = max(10, width - 3 - len(retry_text))
        first, *more = wrap(words, text_width)
        if len(more) >= MAX_NOTICE_LINES:
            more[MAX_NOTICE_LINES - 2 :] = [clip(" ".join(more[MAX_NOTICE_LINES - 2 :]), text_width)]
        sign_style, style = ("alarm", "trouble") if self.error is not None else ("moving", "moving")
        spans = [Span(" ▲ ", sign_style), Span(pad_or_cut(first, text_width), style, "errors"), Span(retry_text, "dim")]
        for line in more:
            spans += [NEW_LINE, Span("   "), Span(line, style, "errors")]
        return spans


_SPOT_HISTORY_PARTS = frozenset({"spot", "spot history"})
"""The parts that are read by the same AWS call: AWS refuses both or neither."""


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


def _error_of(problems: Sequence[Problem]) -> Fe2Error:
    """That these parts could not be read, with the reason of the first."""
    first = problems[0]
    return Fe2Error(f"{_names(problems)} could not be read: {first.summary}", first.remedy, code=first.code)
