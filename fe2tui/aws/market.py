"""The spot market's past, from where it is kept between runs, and from AWS what is missing there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from fe2tui.aws.session import Session
from fe2tui.aws.spot import spot_history
from fe2tui.errors import StoreError
from fe2tui.model.money import Histories, Span
from fe2tui.model.place import Place
from fe2tui.model.spot import SpotHistory, combined

MARKET_FRESH = timedelta(minutes=30)
"""What was read so lately is not read again: a price counts from the next hour of a run on."""

_LATE = timedelta(hours=1)  # by when EC2 has told of a change


class MarketShelf(Protocol):
    """Where histories are kept between runs (``store.spot``). Called in a thread."""

    def get(self, place: Place, types: Iterable[str]) -> dict[str, SpotHistory]:
        """What is kept of these types."""

    def add(self, place: Place, histories: Iterable[SpotHistory]) -> None:
        """Join these with what is kept."""


class _Gap(NamedTuple):
    """What of a type is not known."""

    type: str
    since: datetime
    until: datetime


async def shelved_market(shelf: MarketShelf | None, place: Place, types: Iterable[str]) -> dict[str, SpotHistory]:
    """What the shelf has of these types. One that cannot be read has nothing: AWS knows it, too."""
    if shelf is None:
        return {}
    try:
        return await asyncio.to_thread(shelf.get, place, types)
    except StoreError:
        return {}


async def market_past(
    session: Session,
    shelf: MarketShelf | None,
    spans: Mapping[str, Span],
    clock: Callable[[], datetime],
    known: Histories | None = None,
) -> dict[str, SpotHistory]:
    """The market's prices of these types, each over its span at least, up to half an hour ago.

    Without ``known`` the shelf is asked what it has. AWS is asked for what is missing only: in one call for what is
    newer, and one for what is older, of all types together, with a page for each thousand changes. That goes on the
    shelf. Raises what kept AWS from telling, DeniedError among them.
    """
    place = session.place
    found = dict(await shelved_market(shelf, place, spans) if known is None else known)
    for gaps in missing_spans(spans, found, clock()):
        since, until = min(gap.since for gap in gaps), max(gap.until for gap in gaps)
        read = await spot_history(session, [gap.type for gap in gaps], since, until=until)
        found |= {name: combined(found.get(name), history) for name, history in read.items()}
        if shelf is not None:
            try:
                await asyncio.to_thread(shelf.add, place, list(read.values()))
            except StoreError:
                continue  # it is read again the next time
    return {name: found[name] for name in spans if name in found}


def missing_spans(spans: Mapping[str, Span], known: Histories, now: datetime) -> list[list[_Gap]]:
    """What is not known: what is older than that which is, or all; and what is newer. Neither where there is none."""
    older: list[_Gap] = []
    newer: list[_Gap] = []
    for name, span in spans.items():
        history = known.get(name)
        if history is None or history.until < span.since:
            older.append(_Gap(name, span.since, now))
            continue
        if span.since < history.since:
            older.append(_Gap(name, span.since, history.since))
        if now - history.until > MARKET_FRESH and (span.until is None or history.until < span.until + _LATE):
            newer.append(_Gap(name, history.until - _LATE, now))
    return [gaps for gaps in (older, newer) if gaps]


def is_over(spans: Mapping[str, Span], known: Histories) -> bool:
    """Whether nothing of these will ever be missing: all of it is past, and known."""
    return all(
        span.until is not None and (history := known.get(name)) is not None and history.until >= span.until + _LATE
        for name, span in spans.items()
    )
