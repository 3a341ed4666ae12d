"""When instances ran and what they cost an hour then: told by nobody afterwards, so written down when it is seen.

A run is told apart by the moment EC2 says it began (LaunchTime, which a start after a stop moves on). Its price is the
one at first sight: an on-demand price may change. A spot price does; what it was while one ran, the market's history
tells of its type and zone, which are written down, too. While one is stopped and keeps its address, which costs, that
is a stretch of its own.

A run ends when EC2 says it did: StateTransitionReason, or of a spot machine that AWS stopped, its request. Where
nothing tells, it ended when it was last seen running: what may have come after that is not billed as if it were sure,
and ``Run.gone_by`` says that the end was not seen, unless that was within five minutes. One that was at rest when it
was first seen, and of which nothing tells since when, ran for an unknown time (``Run.is_unknown``).
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from fe2tui.model.fleet import Fleet, Run
from fe2tui.model.instance import Instance, State
from fe2tui.model.money import follows_market, is_taken_back, machine_price, rest, run_since
from fe2tui.model.place import Place
from fe2tui.store.books import Head, head_of, is_behind, turn
from fe2tui.store.database import Database
from fe2tui.store.encoding import from_micros, maybe_micros, maybe_moment, to_micros
from fe2tui.store.places import place_number

_RUNNING = (State.PENDING, State.RUNNING)
_SOON = timedelta(minutes=5)  # between two looks: nothing to speak of
_NONE: Mapping[str, datetime] = {}


@dataclass(slots=True)
class _Page(Head):
    """The runs of one place as this process knows them. ``seen`` are the instances it looked at last.

    ``again`` are those to be looked at next time though they are the same: without a price yet, or seen by themselves.
    """

    runs: dict[str, tuple[Run, ...]]
    seen: Mapping[str, Instance] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)


class RunBook:
    """The runs of every place. Two processes that see the same fleet write the same runs: that does no harm."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._pages: dict[Place, _Page] = {}

    def see(self, fleet: Fleet, *, whole: bool = True, ends: Mapping[str, datetime] = _NONE) -> None:
        """Begin, go on with, or end the runs of a fleet's instances; only instances that changed are looked at.

        ``whole``: the fleet is all there is, and what is not in it is gone; else only these instances are touched.
        ``ends`` are moments at which instances came to rest, by id, that EC2 tells elsewhere than in the instance.
        """
        with self._lock:
            page = self._page(fleet.place)
            if page.seen_at is not None and fleet.seen_at < page.seen_at:
                return
            with self._database.transaction() as connection:
                number = place_number(connection, fleet.place)
                if is_behind(connection, "runs", number, page):
                    written = _read(connection, fleet.place)
                    page.runs, page.serial = written.runs, written.serial
                changed, again = _changed(page, fleet, whole, ends)
                connection.executemany(_PUT, [(number, *_row(run)) for run in changed])
                serial = page.serial + bool(changed)
                turn(connection, "runs", number, serial, fleet.seen_at if whole else None)
            _enter(page.runs, changed)
            page.serial = serial
            if whole:
                page.seen_at, page.seen = max(page.seen_at or fleet.seen_at, fleet.seen_at), fleet.instances
                page.again = again
            else:
                page.again.update(fleet.instances)

    def of(self, place: Place) -> dict[str, tuple[Run, ...]]:
        """The runs of a place by instance, earliest first. The mapping is the caller's own."""
        with self._lock:
            return dict(self._page(place).runs)

    def _page(self, place: Place) -> _Page:
        if place not in self._pages:
            with self._database.transaction() as connection:
                self._pages[place] = _read(connection, place)
        return self._pages[place]


def _read(connection: sqlite3.Connection, place: Place) -> _Page:
    rows = connection.execute(
        "SELECT instance, name, type, started_at, ended_at, price, has_address, runs.seen_at, gone_by, zone, is_spot,"
        " taken_back FROM runs JOIN places ON places.id = runs.place WHERE places.key = ?"
        " ORDER BY instance, started_at",
        (place.key,),
    )
    runs: dict[str, list[Run]] = defaultdict(list)
    for instance, name, kind, started, ended, price, has_address, seen, gone, zone, is_spot, taken in rows:
        runs[instance].append(
            Run(
                instance,
                name,
                kind,
                from_micros(started),
                maybe_moment(ended),
                None if price is None else Decimal(price),
                bool(has_address),
                maybe_moment(seen or None),
                maybe_moment(gone),
                zone,
                bool(is_spot),
                bool(taken),
            )
        )
    head = head_of(connection, "runs", place)
    return _Page(head.seen_at, head.serial, {key: tuple(stretch) for key, stretch in runs.items()})


def _changed(page: _Page, fleet: Fleet, whole: bool, ends: Mapping[str, datetime]) -> tuple[list[Run], set[str]]:
    """The runs to be written, and the instances whose price is not known yet."""
    changed: list[Run] = []
    unpriced: set[str] = set()
    for key, instance in fleet.instances.items():
        if whole and page.seen.get(key) is instance and key not in page.again:
            continue
        changed += _seen(instance, fleet, page, whole, ends.get(key) or instance.changed_state_at)
        if instance.state in _RUNNING and machine_price(instance, fleet.prices) is None:
            unpriced.add(key)
    for key in page.runs.keys() - fleet.instances.keys() if whole else ():
        latest_run = page.runs[key][-1]
        if latest_run.ended_at is None:  # it left the list unseen
            changed.append(_unseen_end(latest_run, page, fleet.seen_at))
    return changed, unpriced


def _seen(instance: Instance, fleet: Fleet, page: _Page, whole: bool, told: datetime | None) -> list[Run]:
    started = instance.launched_at
    if started is None:
        return []
    runs = page.runs.get(instance.id, ())
    earlier = [run for run in runs if run.started_at < started]
    changed = [now for run in earlier if (now := _over(_bought(run, instance), page, started)) != run]
    known = next((run for run in runs if run.started_at == started), None)
    price = machine_price(instance, fleet.prices)
    run = _bought(known, instance) if known else run_since(instance, started, fleet.prices)
    if run.price_per_hour is None and price is not None and run.type == instance.type:
        run = replace(run, price_per_hour=price)
    if instance.state in _RUNNING:
        is_noted = run.seen_at is None or not whole
        seen_at = max(fleet.seen_at, started) if is_noted else run.seen_at
        has_address = run.has_address or bool(instance.public_ip)
        run = replace(run, has_address=has_address, ended_at=None, gone_by=None, seen_at=seen_at, taken_back=False)
        return [*changed, run] if run != known or is_noted else changed
    run = replace(run, taken_back=run.taken_back or is_taken_back(instance))
    if told is not None and (run.ended_at is None or run.gone_by is not None):
        run = replace(_ended(run, told), gone_by=None)
    elif run.ended_at is None:
        run = _unseen_end(run, page, fleet.seen_at)
    changed += _rested(instance, run, runs, page, fleet)
    return [*changed, run] if run != known else changed


def _rested(instance: Instance, run: Run, runs: Iterable[Run], page: _Page, fleet: Fleet) -> list[Run]:
    """The rest since the last run: begun while it is stopped with an address, ended when that is no longer so."""
    known = next((it for it in runs if it.is_rest and it.started_at > run.started_at), None)
    if instance.state is State.STOPPED and instance.public_ip:
        fresh = known is None and run.ended_at is not None and run.ended_at > run.started_at
        return [rest(instance, run.ended_at)] if fresh and run.ended_at is not None else []
    if known is None or known.ended_at is not None:
        return []
    gone_at = instance.changed_state_at if instance.state.is_gone else None
    return [_ended(known, gone_at or page.seen_at or fleet.seen_at)]


def _bought(run: Run, instance: Instance) -> Run:
    """A run with where and how its machine was bought, which an earlier version did not write down."""
    return run if run.zone or run.is_rest else replace(run, zone=instance.zone, is_spot=follows_market(instance))


def _over(run: Run, page: _Page, by: datetime) -> Run:
    """A run that another one came after."""
    if run.ended_at is not None:
        return run
    return _ended(run, by) if run.is_rest else _unseen_end(run, page, by)


def _ended(run: Run, at: datetime) -> Run:
    return replace(run, ended_at=max(at, run.started_at))


def _unseen_end(run: Run, page: _Page, by: datetime) -> Run:
    """A run of which nothing tells the end, which came before ``by``: it ended when it was last seen running."""
    if run.is_rest:
        return _ended(run, page.seen_at or by)
    looks = [run.started_at]
    if run.seen_at is not None:
        looks += [run.seen_at, page.seen_at or run.seen_at]
    ended = max(min(max(looks), by), run.started_at)
    return replace(run, ended_at=ended, gone_by=by if run.seen_at is None or by - ended > _SOON else None)


def _enter(runs: dict[str, tuple[Run, ...]], changed: Iterable[Run]) -> None:
    for run in changed:
        others = [it for it in runs.get(run.instance_id, ()) if it.started_at != run.started_at]
        runs[run.instance_id] = tuple(sorted([*others, run], key=lambda it: it.started_at))


# the price that is known first stays, so that two processes agree
_PUT = """INSERT INTO runs
    (place, instance, started_at, ended_at, name, type, price, has_address, seen_at, gone_by, zone, is_spot, taken_back)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (place, instance, started_at) DO UPDATE SET
    ended_at = excluded.ended_at, gone_by = excluded.gone_by, price = COALESCE(price, excluded.price),
    has_address = max(has_address, excluded.has_address), seen_at = max(seen_at, excluded.seen_at),
    zone = excluded.zone, is_spot = excluded.is_spot, taken_back = excluded.taken_back"""


def _row(run: Run) -> tuple[object, ...]:
    return (
        run.instance_id,
        to_micros(run.started_at),
        maybe_micros(run.ended_at),
        run.name,
        run.type,
        None if run.price_per_hour is None else str(run.price_per_hour),
        int(run.has_address),
        maybe_micros(run.seen_at) or 0,
        maybe_micros(run.gone_by),
        run.zone,
        int(run.is_spot),
        int(run.taken_back),
    )
