"""The status line: where we are, what runs, what it costs, when it was read, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from fe2tui.errors import (
    ClockError,
    CredentialsError,
    DeniedError,
    ExpiredError,
    Fe2Error,
    NoCredentialsError,
    ThrottledError,
    UnreachableError,
    UnreadableError,
)
from fe2tui.model.place import Place
from fe2tui.model.regions import short_name
from fe2tui.model.words import DASH, age, dollars, short_age, visible
from fe2tui.tui.tally import Sums
from fe2tui.tui.widgets.line import Span, width_of

_SHORT: tuple[tuple[type[Fe2Error], str], ...] = (
    (UnreadableError, "unreadable"),
    (UnreachableError, "offline"),
    (ThrottledError, "throttled"),
    (DeniedError, "denied"),
    (ExpiredError, "login expired"),
    (NoCredentialsError, "no login"),
    (CredentialsError, "no login"),
    (ClockError, "clock is wrong"),
)


GAP = 3  # at least, between the three parts of the line


def in_a_word(error: Fe2Error) -> str:
    """What is wrong, in a word or two."""
    return next((word for kind, word in _SHORT if isinstance(error, kind)), "read failed")


class Status(NamedTuple):
    """All that the line can say. ``read_at`` is when the fleet that is shown was read."""

    place: Place | None = None
    account: str = ""
    sums: Sums | None = None
    read_at: datetime | None = None
    error: Fe2Error | None = None
    from_store: bool = False
    read_only: bool = False
    paused: bool = False
    priced: bool = True  # prices were asked for, whatever came of it
    taken: int = 0  # spot machines that AWS took back, or is about to


class _Room(NamedTuple):
    """What is still said when there is less room; each step gives up one thing."""

    brand: bool = True
    account: bool = True
    in_month: bool = True
    word_read: bool = True
    word_running: bool = True
    region_name: bool = True
    endpoint: bool = True
    word_marks: bool = True
    word_unknown: bool = True
    unknown: bool = True
    month: bool = True
    resting: bool = True
    marks: bool = True
    profile: bool = True
    region: bool = True


_GIVEN_UP: Sequence[Callable[[_Room], _Room]] = (
    lambda room: room._replace(brand=False),
    lambda room: room._replace(account=False),
    lambda room: room._replace(word_running=False),
    lambda room: room._replace(region_name=False),
    lambda room: room._replace(word_read=False),
    lambda room: room._replace(in_month=False),
    lambda room: room._replace(endpoint=False),
    lambda room: room._replace(word_marks=False),
    lambda room: room._replace(word_unknown=False),
    lambda room: room._replace(resting=False),
    lambda room: room._replace(unknown=False),
    lambda room: room._replace(month=False),
    lambda room: room._replace(profile=False),
    lambda room: room._replace(marks=False),
    lambda room: room._replace(region=False),
)


def spans(status: Status, now: datetime, width: int) -> list[Span]:
    """The line for a width; the least important parts are left out first, and it never wraps."""
    room = _Room()
    for give_up in (None, *_GIVEN_UP):
        room = give_up(room) if give_up else room
        left, middle, right = _where(status, room), list(_numbers(status, now, room)), _when(status, now, room)
        if width_of(left) + width_of(middle) + width_of(right) + 2 * GAP <= width:
            break
    space = max(1, width - width_of(left) - width_of(middle) - width_of(right))
    after = min(6, max(min(GAP, space - 1), space // 3))
    return [*left, Span(" " * (space - after)), *middle, Span(" " * after), *right]


def _where(status: Status, room: _Room) -> list[Span]:
    parts = [Span(" ")]
    if room.brand:
        parts.append(Span("fe2tui  ", "dim"))
    if status.read_only:
        parts.append(Span("read-only ", "moving"))
    place = status.place
    if place is None:
        return parts
    if not place.region:
        parts.append(Span("no region", "moving", "region"))
    elif room.region_name and short_name(place.region) != place.region:
        parts.append(Span(f"{short_name(place.region)} ", "strong", "region"))
    if room.region and place.region:
        parts.append(Span(place.region, "dim" if room.region_name else "strong", "region"))
    if room.profile:
        parts.append(Span(" · " if room.region_name else " ", "dim"))
        parts.append(Span(visible(place.profile), "accent", "profile"))
    if room.account and status.account:
        parts.append(Span(f" {status.account}", "dim"))
    if place.endpoint and room.endpoint:
        parts.append(Span(f" at {place.endpoint.split('://')[-1]}", "dim"))
    return parts


def marks_words(sums: Sums, taken: int = 0) -> str:
    """How many machines need somebody: taken back by AWS, on for long, or costly: ``1 taken back, 2 long on``."""
    parts = [(taken, "taken back"), (sums.long, "long on"), (sums.costly, "costly")]
    return ", ".join(f"{count:,} {words}" for count, words in parts if count)


def _numbers(status: Status, now: datetime, room: _Room) -> Iterator[Span]:
    sums = status.sums
    if sums is None:
        return
    yield Span("● ", "running")
    yield Span(f"{sums.running:,}{' running' if room.word_running else ''}  ", "text")
    if room.resting:
        yield Span("◐ ", "moving" if sums.moving else "dim")
        yield Span(f"{sums.moving:,}  ", "text" if sums.moving else "dim")
        yield Span("○ ", "stopped")
        yield Span(f"{sums.stopped:,}  ", "dim")
    marked = status.taken + sums.long + sums.costly
    if room.marks and marked:
        yield Span(f"▲ {marks_words(sums, status.taken) if room.word_marks else marked}  ", "trouble")
    known = sums.total == 0 or sums.unknown < sums.total or bool(sums.per_hour)
    least = "≥" if sums.hour_in_part else ""
    yield Span(f"  {least + dollars(sums.per_hour, sign='$') if known else DASH}/h", "strong", "cost")
    if room.month:
        least = "≥" if sums.month_in_part else ""
        money = least + dollars(sums.this_month(now), sign="$") if known else DASH
        yield Span(f"   {money}", "strong", "cost")
        yield Span(f"{' in' if room.in_month else ''} {now:%b}", "dim", "cost")
    if sums.unknown and room.unknown and status.priced:
        yield Span(f"  {sums.unknown:,} {'without a' if room.word_unknown else 'no'} price", "moving")


def _when(status: Status, now: datetime, room: _Room) -> list[Span]:
    parts: list[Span] = []
    if status.error is not None:
        parts.append(Span(f"▲ {in_a_word(status.error)}", "alarm", "errors"))
    elif status.paused:
        parts.append(Span("paused", "moving", "refresh"))
    if status.read_at is None:
        return [*parts, Span(" " if status.error else "reading… ", "dim")]
    span = now - status.read_at
    verb = "read " if room.word_read else ""
    if parts:
        verb = f" · {verb}"
    stale = status.error is not None or status.from_store
    words = age(_in_steps(span)) if room.word_read else short_age(_in_steps(span))
    return [*parts, Span(f"{verb}{words} ago ", "moving" if stale else "dim", "refresh")]


def _in_steps(span: timedelta) -> timedelta:
    """A span that ticks by the second at first, then by five seconds, then by the minute: each tick is drawn."""
    seconds = int(span.total_seconds())
    step = 1 if seconds < 10 else 5 if seconds < 60 else 60
    return timedelta(seconds=seconds - seconds % step)
