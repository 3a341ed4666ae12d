"""When instances ran and what they cost an hour then: told by nobody afterwards, so written down when it is seen.

A run is told apart by the moment EC2 says it began (LaunchTime, which a start after a stop moves on). Its price is the
one at first sight: an on-demand price may change, a spot price does. While one is stopped and keeps its address, which
costs, that is a stretch of its own.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from fe2tui.model.fleet import Fleet, Run
from fe2tui.model.instance import Instance, State
from fe2tui.model.money import machine_price, rest
from fe2tui.model.place import Place
from fe2tui.store.database import Database
from fe2tui.store.encoding import from_micros, maybe_micros, maybe_moment, to_micros
from fe2tui.store.places import place_number

_RUNNING = (State.PENDING, State.RUNNING)


@dataclass(slots=True)
class _Page:
    """The runs of one place as this process knows them. ``seen`` are the instances it looked at last."""

    runs: dict[str, tuple[Run, ...]]
    seen_at: datetime | None
    seen: Mapping[str, Instance] = field(default_factory=dict)
    unpriced: set[str] = field(default_factory=set)


class RunBook:
    """The runs of every place. Two processes that see the same fleet write the same runs: that does no harm."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._pages: dict[Place, _Page] = {}

    def see(self, fleet: Fleet) -> None:
        """Begin, go on with, or end the runs of a fleet's instances; only instances that changed are looked at."""
        with self._lock:
            page = self._page(fleet.place)
            if page.seen_at is not None and fleet.seen_at < page.seen_at:
                return
            changed = self._changed(page, fleet)
            with self._database.transaction() as connection:
                number = place_number(connection, fleet.place)
                if changed and (known := _read(connection, fleet.place)).seen_at != page.seen_at:
                    # Another process has looked meanwhile, and knows better when what ran last was last seen to.
                    page.runs, page.seen_at = known.runs, known.seen_at
                    changed = self._changed(page, fleet)
                connection.executemany(_PUT, [(number, *_row(run)) for run in changed])
                connection.execute(
                    "UPDATE places SET runs_at = max(runs_at, ?) WHERE id = ?", (to_micros(fleet.seen_at), number)
                )
            _enter(page.runs, changed)
            page.seen_at, page.seen = max(page.seen_at or fleet.seen_at, fleet.seen_at), fleet.instances

    def begin(self, place: Place, run: Run) -> None:
        """Write down a run that has just begun, with its price at that moment; one that is there stays as it is."""
        with self._lock:
            page = self._page(place)
            if any(known.started_at == run.started_at for known in page.runs.get(run.instance_id, ())):
                return
            with self._database.transaction() as connection:
                connection.execute(_PUT, (place_number(connection, place), *_row(run)))
            _enter(page.runs, [run])

    def of(self, place: Place) -> dict[str, tuple[Run, ...]]:
        """The runs of a place by instance, earliest first. The mapping is the caller's own."""
        with self._lock:
            return dict(self._page(place).runs)

    def _page(self, place: Place) -> _Page:
        if place not in self._pages:
            with self._database.transaction() as connection:
                self._pages[place] = _read(connection, place)
        return self._pages[place]

    def _changed(self, page: _Page, fleet: Fleet) -> list[Run]:
        changed: list[Run] = []
        for key, instance in fleet.instances.items():
            if page.seen.get(key) is instance and key not in page.unpriced:
                continue
            changed += _seen(instance, fleet, page)
            if instance.state in _RUNNING and machine_price(instance, fleet.prices) is None:
                page.unpriced.add(key)
            else:
                page.unpriced.discard(key)
        for key in page.runs.keys() - fleet.instances.keys():
            latest_run = page.runs[key][-1]
            if latest_run.ended_at is None:
                # it left the list unseen: it ran at least until it was last seen to
                changed.append(replace(latest_run, ended_at=max(page.seen_at or fleet.seen_at, latest_run.started_at)))
        return changed


def _read(connection: sqlite3.Connection, place: Place) -> _Page:
    rows = connection.execute(
        "SELECT instance, name, type, started_at, ended_at, price, has_address FROM runs JOIN places"
        " ON places.id = runs.place WHERE places.key = ? ORDER BY instance, started_at",
        (place.key,),
    )
    runs: dict[str, list[Run]] = defaultdict(list)
    for instance, name, kind, started, ended, price, has_address in rows:
        cost = None if price is None else Decimal(price)
        runs[instance].append(
            Run(instance, name, kind, from_micros(started), maybe_moment(ended), cost, bool(has_address))
        )
    at = connection.execute("SELECT runs_at FROM places WHERE key = ? AND runs_at > 0", (place.key,)).fetchone()
    return _Page({key: tuple(stretch) for key, stretch in runs.items()}, from_micros(at[0]) if at else None)


def _seen(instance: Instance, fleet: Fleet, page: _Page) -> list[Run]:
    started = instance.launched_at
    if started is None:
        return []
    runs = page.runs.get(instance.id, ())
    # A run that nobody saw end lasted at least until it was last seen to; a rest lasted until the start.
    changed = [
        _ended(run, started if run.is_rest else min(started, page.seen_at or started))
        for run in runs
        if _is_before(run, started)
    ]
    known = next((run for run in runs if run.started_at == started), None)
    price = machine_price(instance, fleet.prices)
    run = known or Run(instance.id, instance.name, instance.type, started, None, price, bool(instance.public_ip))
    if run.price_per_hour is None and price is not None and run.type == instance.type:
        run = replace(run, price_per_hour=price)
    if instance.state in _RUNNING:
        run = replace(run, has_address=run.has_address or bool(instance.public_ip), ended_at=None)
    elif run.ended_at is None:
        end = instance.changed_state_at
        if end is None and known is None:
            return changed  # it rested already when it was first seen, and nothing tells since when
        run = _ended(run, end or fleet.seen_at)
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


def _is_before(run: Run, started: datetime) -> bool:
    return run.ended_at is None and run.started_at < started


def _ended(run: Run, at: datetime) -> Run:
    return replace(run, ended_at=max(at, run.started_at))


def _enter(runs: dict[str, tuple[Run, ...]], changed: Iterable[Run]) -> None:
    for run in changed:
        others = [it for it in runs.get(run.instance_id, ()) if it.started_at != run.started_at]
        runs[run.instance_id] = tuple(sorted([*others, run], key=lambda it: it.started_at))


# the price that is known first stays, so that two processes agree
_PUT = """INSERT INTO runs (place, instance, started_at, ended_at, name, type, price, has_address)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (place, instance, started_at) DO UPDATE SET
    ended_at = excluded.ended_at, price = COALESCE(price, excluded.price),
    has_address = max(has_address, excluded.has_address)"""


def _row(run: Run) -> tuple[object, ...]:
    price = None if run.price_per_hour is None else str(run.price_per_hour)
    return (
        run.instance_id,
        to_micros(run.started_at),
        maybe_micros(run.ended_at),
        run.name,
        run.type,
        price,
        int(run.has_address),
    )
