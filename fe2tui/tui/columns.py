"""The columns of the instances table: what each says of an instance, how wide it is, and which fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TypeAlias

from fe2tui.model.busy import HOUR_OF_FIGURES
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.money import (
    HOURS_A_MONTH,
    HourlyCost,
    Limits,
    Mark,
    hourly_cost,
    known_between,
    mark_of,
)
from fe2tui.model.words import DASH, age, dollars, short_age, visible
from fe2tui.tui.interrupted import interruption, taken_at, told_in
from fe2tui.tui.widgets import grid
from fe2tui.tui.widgets.grid import Cell, sparkline

STATE_WIDTH = 13
LAST_USUAL_RANK = 5  # columns of higher ranks come only where names have plenty of room
SIGNS: Mapping[str, str] = {"running": "●", "moving": "◐", "stopped": "○", "trouble": "▲"}
_MARKED: Mapping[tuple[Mark, bool], str] = {
    (Mark.LONG, False): "long running",
    (Mark.LONG, True): "long run spot",
    (Mark.COSTLY, False): "costly run",
    (Mark.COSTLY, True): "costly spot",
}
"""By the mark, and whether it is spot."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What cells are made from. ``notes`` are the steps of tasks under way, by instance: ``starting ssh``.

    The cells of a row ask the same of an instance: it is worked out once.
    """

    fleet: Fleet
    now: datetime
    notes: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    _marks: dict[str, Mark | None] = field(default_factory=dict, init=False, repr=False, compare=False)
    _spent: dict[str, tuple[Decimal, bool]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _costs: dict[str, HourlyCost] = field(default_factory=dict, init=False, repr=False, compare=False)
    _interruptions: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def mark(self, instance: Instance) -> Mark | None:
        """Why it is pointed out, if it is: on for long, or costly, without the tag ``fe2:keep``."""
        if instance.id not in self._marks:
            self._marks[instance.id] = mark_of(
                instance, self.fleet, self.now, self.limits, lambda one: self.spent(one)[0]
            )
        return self._marks[instance.id]

    def spent(self, instance: Instance) -> tuple[Decimal, bool]:
        """The dollars since it was last started that are known, and whether those are all."""
        if instance.id not in self._spent:
            started = instance.launched_at
            known = known_between(instance, self.fleet, started, self.now) if started else (Decimal(0), False)
            self._spent[instance.id] = known
        return self._spent[instance.id]

    def cost(self, instance: Instance) -> HourlyCost:
        """What it costs an hour now."""
        if instance.id not in self._costs:
            self._costs[instance.id] = hourly_cost(instance, self.fleet)
        return self._costs[instance.id]

    def interruption(self, instance: Instance) -> tuple[str, ...]:
        """What AWS did to it, or is about to do, longest form first; nothing if it was not interrupted."""
        if instance.id not in self._interruptions:
            self._interruptions[instance.id] = interruption(instance, self.fleet, self.now)
        return self._interruptions[instance.id]


def needs_you(instance: Instance, at: Moment) -> bool:
    """Whether a person should look: interrupted by AWS, or marked."""
    return bool(at.interruption(instance)) or at.mark(instance) is not None


def kind_of(instance: Instance, at: Moment) -> str:
    """running, moving, stopped or trouble: the sign and the colour of an instance."""
    if needs_you(instance, at):
        return "trouble"
    if instance.state is State.RUNNING:
        return "running"
    return "moving" if instance.state.is_moving else "stopped"


def state_words(instance: Instance, mark: Mark | None = None) -> str:
    """The state in words that fit the column, with how it was bought; of a marked one, why it is."""
    if instance.is_interrupted:
        return "interrupted"
    if mark is not None:
        return _MARKED[mark, instance.is_spot]
    words = instance.state.value.replace("-", " ")
    return f"{words} spot" if instance.is_spot and instance.state in (State.RUNNING, State.STOPPED) else words


def _name(instance: Instance, at: Moment) -> Cell:
    gone = instance.state.is_gone
    return (visible(instance.name), "dim" if gone else "text") if instance.name else (instance.id, "dim")


def _state(instance: Instance, at: Moment, width: int = STATE_WIDTH) -> Cell:
    forms = at.interruption(instance)
    if forms:
        return told_in(width, forms), "trouble"
    note = at.notes.get(instance.id)
    if note and instance.state in (State.PENDING, State.RUNNING):
        return note, "moving"
    return state_words(instance, at.mark(instance)), kind_of(instance, at)


def _type(instance: Instance, at: Moment) -> Cell:
    return visible(instance.type), "dim" if instance.state.is_gone else "text"


def _zone(instance: Instance, at: Moment) -> Cell:
    return instance.zone_letter or DASH, "dim"


def _address(instance: Instance, at: Moment) -> Cell:
    if instance.public_ip:
        return instance.public_ip, "text"
    return instance.private_ip or DASH, "dim"


def time_up(instance: Instance, fleet: Fleet, now: datetime) -> str:
    """How long it has run, or how long ago it last did."""
    if instance.state in (State.RUNNING, State.PENDING):
        return age(now - instance.launched_at) if instance.launched_at else DASH
    since = instance.changed_state_at or taken_at(instance, fleet)
    return f"{short_age(now - since)} ago" if since else DASH


def _up(instance: Instance, at: Moment) -> Cell:
    running = instance.state in (State.RUNNING, State.PENDING)
    return time_up(instance, at.fleet, at.now), (
        "trouble" if running and needs_you(instance, at) else "text" if running else "dim"
    )


def _money(amount: Decimal | None, places: int, lively: bool, least: Decimal | None = None) -> Cell:
    """An amount; of one that is known in part only, the least that it is."""
    if amount is None and least:
        return f"≥{dollars(least, places)}", "dim"
    return dollars(amount, places), "dim" if amount is None or not lively else "text"


def _hour(instance: Instance, at: Moment) -> Cell:
    cost = at.cost(instance)
    return _money(cost.total, 3, instance.state is State.RUNNING, cost.known)


def _so_far(instance: Instance, at: Moment) -> Cell:
    known, is_all = at.spent(instance)
    return _money(known if is_all else None, 2, instance.state is State.RUNNING, known)


def _month(instance: Instance, at: Moment) -> Cell:
    cost = at.cost(instance)
    month = None if cost.total is None else cost.total * HOURS_A_MONTH
    return _money(month, 2, instance.state is State.RUNNING, cost.known * HOURS_A_MONTH)


def _cpu(instance: Instance, at: Moment) -> Cell:
    if instance.state is State.STOPPED:
        return "disk only", "dim"
    figures = at.fleet.cpu.get(instance.id, ())
    return sparkline(figures, HOUR_OF_FIGURES), "spark"


def _image(instance: Instance, at: Moment) -> Cell:
    return visible(at.fleet.image_names.get(instance.image_id, "") or instance.image_id or DASH), "dim"


def _key(instance: Instance, at: Moment) -> Cell:
    return visible(instance.key_name or DASH), "dim"


def _private(instance: Instance, at: Moment) -> Cell:
    return instance.private_ip or DASH, "dim"


def _id(instance: Instance, at: Moment) -> Cell:
    return instance.id, "dim"


Column: TypeAlias = "grid.Column[Instance, Moment]"

COLUMNS: Mapping[str, Column] = {
    column.id: column
    for column in (
        grid.Column("name", "NAME", 15, _name, sort="name", stretches=True),
        grid.Column("state", "STATE", STATE_WIDTH, _state, sort="state"),
        grid.Column("type", "TYPE", 9, _type, rank=1, sort="type"),
        grid.Column("zone", "ZONE", 4, _zone, rank=3, sort="zone"),
        grid.Column("address", "ADDRESS", 15, _address, rank=1, sort="address"),
        grid.Column("up", "UP", 8, _up, rank=1, sort="up"),
        grid.Column("hour", "$/H", 7, _hour, right=True, sort="hour"),
        grid.Column("so_far", "SO FAR", 9, _so_far, rank=2, right=True, sort="so_far"),
        grid.Column("month", "$/MONTH", 10, _month, rank=4, right=True, sort="hour"),
        grid.Column("cpu", "CPU 1H", HOUR_OF_FIGURES, _cpu, rank=5, sort="cpu"),
        grid.Column("id", "ID", 19, _id, rank=6),
        grid.Column("key", "KEY", 12, _key, rank=7),
        grid.Column("private", "PRIVATE", 15, _private, rank=8),
        grid.Column("image", "IMAGE", 24, _image, rank=9),
    )
}


def with_words(columns: Sequence[Column], width: int) -> tuple[Column, ...]:
    """The columns with so much room for what AWS did to those that it interrupted."""
    cell = partial(_state, width=width)
    return tuple(replace(one, width=width, cell=cell) if one.id == "state" else one for one in columns)


def _tag_column(name: str) -> Column:
    def cell(instance: Instance, at: Moment) -> Cell:
        return visible(instance.tags.get(name, "")) or DASH, "text"

    return grid.Column(f"tag:{name}", visible(name).upper(), max(8, min(16, len(name))), cell, rank=2)


def chosen(ids: Sequence[str]) -> tuple[Column, ...]:
    """The columns of those ids, ``tag:NAME`` for a tag; all of them when there are none, or an unknown one."""
    if not ids or unknown_columns(ids):
        return tuple(COLUMNS.values())
    wanted = [_tag_column(id[4:]) if id.startswith("tag:") else COLUMNS.get(id) for id in ids]
    columns = [column for column in wanted if column is not None]
    return tuple(columns) if any(c.id == "name" for c in columns) else (COLUMNS["name"], *columns)


def unknown_columns(ids: Sequence[str]) -> list[str]:
    """Those ids that are no columns."""
    return [id for id in ids if id not in COLUMNS and not id.startswith("tag:")]
