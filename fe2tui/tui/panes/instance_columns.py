"""The columns of the instances table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TypeAlias

from fe2tui.model.cpu import DATAPOINTS_PER_HOUR
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_trouble import trouble_of
from fe2tui.model.money.alerts import Alert, AlertLimits, alert_of, cost_counts_since
from fe2tui.model.money.rates import HOURS_A_MONTH, HourlyCost, hourly_cost
from fe2tui.model.money.usage import BEFORE_EC2, known_cost_between
from fe2tui.model.text import DASH, age, dollars, fit, short_age, visible
from fe2tui.tui.interruption_news import interrupted_at, interruption_texts
from fe2tui.tui.widgets import grid
from fe2tui.tui.widgets.grid import Cell, sparkline

STATE_WIDTH = 13
MAX_STANDARD_RANK = 5  # columns of higher ranks are shown only beside generous names
SIGNS: Mapping[str, str] = {"running": "●", "moving": "◐", "stopped": "○", "trouble": "▲"}


@dataclass(frozen=True, slots=True)
class InstanceRowScope:
    """What cells are computed from. ``notes`` are texts of running tasks, by instance: ``stopping …``.

    What several cells of a row need is computed once.
    """

    fleet: Fleet
    now: datetime
    notes: Mapping[str, str] = field(default_factory=dict)
    limits: AlertLimits = field(default_factory=AlertLimits)
    _alerts: dict[str, Alert | None] = field(default_factory=dict, init=False, repr=False, compare=False)
    _recent_costs: dict[str, Decimal] = field(default_factory=dict, init=False, repr=False, compare=False)
    _so_far: dict[str, tuple[Decimal, bool]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _costs: dict[str, HourlyCost] = field(default_factory=dict, init=False, repr=False, compare=False)
    _troubles: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def alert(self, instance: Instance) -> Alert | None:
        """The alert of an instance that has run for long or is costly, unless it has the tag ``fe2:keep``."""
        if instance.id not in self._alerts:
            self._alerts[instance.id] = alert_of(instance, self.fleet, self.now, self.limits, self.recent_cost)
        return self._alerts[instance.id]

    def recent_cost(self, instance: Instance) -> Decimal:
        """The known dollars of the run of an instance that count for its alert."""
        if instance.id not in self._recent_costs:
            start = instance.launched_at
            since = cost_counts_since(start, self.now) if start else self.now
            self._recent_costs[instance.id] = known_cost_between(instance, self.fleet, since, self.now)[0]
        return self._recent_costs[instance.id]

    def so_far(self, instance: Instance) -> tuple[Decimal, bool]:
        """The known dollars since the instance was launched first, and whether no part of them is unknown."""
        if instance.id not in self._so_far:
            self._so_far[instance.id] = known_cost_between(instance, self.fleet, BEFORE_EC2, self.now)
        return self._so_far[instance.id]

    def cost(self, instance: Instance) -> HourlyCost:
        if instance.id not in self._costs:
            self._costs[instance.id] = hourly_cost(instance, self.fleet)
        return self._costs[instance.id]

    def trouble(self, instance: Instance) -> tuple[str, ...]:
        """What is wrong (``trouble_texts``), the longest text first; none if nothing is."""
        if instance.id not in self._troubles:
            self._troubles[instance.id] = trouble_texts(instance, self.fleet, self.now)
        return self._troubles[instance.id]


def trouble_texts(instance: Instance, fleet: Fleet, now: datetime) -> tuple[str, ...]:
    """An interruption, carried out or announced; else failed status checks, a scheduled event or a stop that hangs."""
    if forms := interruption_texts(instance, fleet, now):
        return forms
    found = trouble_of(instance, fleet, now)
    return found.forms if found is not None else ()


def needs_attention(instance: Instance, scope: InstanceRowScope) -> bool:
    return bool(scope.trouble(instance)) or scope.alert(instance) is not None


def state_category(instance: Instance, scope: InstanceRowScope) -> str:
    """running, moving, stopped or trouble: its style. An instance that only runs for long has that of moving."""
    alert = scope.alert(instance)
    if scope.trouble(instance) or alert is Alert.COSTLY:
        return "trouble"
    if alert is not None:
        return "moving"
    if instance.state is State.RUNNING:
        return "running"
    return "moving" if instance.state.is_moving else "stopped"


def state_text(instance: Instance) -> str:
    """The state, with ``spot`` for a spot instance."""
    if instance.is_interrupted:
        return "interrupted"
    text = instance.state.value.replace("-", " ")
    return f"{text} spot" if instance.is_spot and instance.state in (State.RUNNING, State.STOPPED) else text


def _name(instance: Instance, scope: InstanceRowScope) -> Cell:
    name = scope.fleet.name_of(instance)
    return (visible(name), "dim" if instance.state.is_gone else "text") if name else (instance.id, "dim")


def _state(instance: Instance, scope: InstanceRowScope, width: int = STATE_WIDTH) -> Cell:
    forms = scope.trouble(instance)
    if forms:
        return fit(width, forms), "trouble"
    note = scope.notes.get(instance.id)
    if note:
        return note, "moving"
    return state_text(instance), state_category(instance, scope)


def _type(instance: Instance, scope: InstanceRowScope) -> Cell:
    return visible(instance.type), "dim" if instance.state.is_gone else "text"


def _address(instance: Instance, scope: InstanceRowScope) -> Cell:
    if instance.public_address:
        return instance.public_address, "text"
    has_private_only = instance.state in (State.PENDING, State.RUNNING)  # a stopped one cannot be reached
    return (instance.private_ip if has_private_only else None) or DASH, "dim"


def uptime(instance: Instance, fleet: Fleet, now: datetime) -> str:
    """How long it has run, or for how long it has been off."""
    if instance.state in (State.RUNNING, State.PENDING):
        return age(now - instance.launched_at) if instance.launched_at else DASH
    since = instance.changed_state_at or interrupted_at(instance, fleet)
    return f"off {short_age(now - since)}" if since else DASH


def _up(instance: Instance, scope: InstanceRowScope) -> Cell:
    is_running = instance.state in (State.RUNNING, State.PENDING)
    style = state_category(instance, scope) if needs_attention(instance, scope) else "text"
    style = style if is_running else "dim"
    return uptime(instance, scope.fleet, scope.now), style


def _money_cell(amount: Decimal | None, places: int, is_bright: bool, least: Decimal | None = None) -> Cell:
    """An amount, or ``≥`` and the known part of it."""
    if amount is None and least:
        return f"≥{dollars(least, places)}", "dim"
    return dollars(amount, places), "dim" if amount is None or not is_bright else "text"


def _hour(instance: Instance, scope: InstanceRowScope) -> Cell:
    cost = scope.cost(instance)
    return _money_cell(cost.total, 3, instance.state is State.RUNNING, cost.known)


def _so_far(instance: Instance, scope: InstanceRowScope) -> Cell:
    known, is_all = scope.so_far(instance)
    return _money_cell(known if is_all else None, 2, instance.state is State.RUNNING, known)


def _month(instance: Instance, scope: InstanceRowScope) -> Cell:
    cost = scope.cost(instance)
    month = None if cost.total is None else cost.total * HOURS_A_MONTH
    return _money_cell(month, 2, instance.state is State.RUNNING, cost.known * HOURS_A_MONTH)


def _cpu(instance: Instance, scope: InstanceRowScope) -> Cell:
    if instance.state is State.STOPPED:
        return DASH, "dim"
    figures = scope.fleet.cpu.get(instance.id, ())
    return sparkline(figures, DATAPOINTS_PER_HOUR), "spark"


def _image(instance: Instance, scope: InstanceRowScope) -> Cell:
    return visible(scope.fleet.image_names.get(instance.image_id, "") or instance.image_id or DASH), "dim"


Column: TypeAlias = "grid.Column[Instance, InstanceRowScope]"

_COLUMNS: Sequence[Column] = (
    grid.Column("name", "NAME", 15, _name, sort="name", is_flexible=True),
    grid.Column("state", "STATE", STATE_WIDTH, _state, sort="state"),
    grid.Column("type", "TYPE", 9, _type, rank=1, sort="type"),
    grid.Column("zone", "ZONE", 4, lambda one, at: (one.zone_letter or DASH, "dim"), rank=3, sort="zone"),
    grid.Column("address", "ADDRESS", 15, _address, rank=1, sort="address"),
    grid.Column("up", "UP", 8, _up, rank=1, sort="up"),
    grid.Column("hour", "$/H", 7, _hour, is_right_aligned=True, sort="hour"),
    grid.Column("so_far", "SO FAR", 9, _so_far, rank=1, is_right_aligned=True, sort="so_far"),
    grid.Column("month", "$/MONTH", 10, _month, rank=1, is_right_aligned=True, sort="hour"),
    grid.Column("cpu", "CPU 1H", DATAPOINTS_PER_HOUR, _cpu, rank=5, sort="cpu"),
    grid.Column("id", "ID", 19, lambda one, at: (one.id, "dim"), rank=6),
    grid.Column("key", "KEY", 12, lambda one, at: (visible(one.key_name or DASH), "dim"), rank=7),
    grid.Column("private", "PRIVATE", 15, lambda one, at: (one.private_ip or DASH, "dim"), rank=8),
    grid.Column("image", "IMAGE", 24, _image, rank=9),
)
COLUMNS: Mapping[str, Column] = {column.id: column for column in _COLUMNS}


def widen_state_column(columns: Sequence[Column], width: int) -> tuple[Column, ...]:
    """The columns with STATE in another width, for the texts of what is wrong."""
    cell = partial(_state, width=width)
    return tuple(one._replace(width=width, cell=cell) if one.id == "state" else one for one in columns)


def _tag_column(name: str) -> Column:
    def cell(instance: Instance, scope: InstanceRowScope) -> Cell:
        return visible(instance.tags.get(name, "")) or DASH, "text"

    return grid.Column(f"tag:{name}", visible(name).upper(), max(8, min(16, len(name))), cell, rank=2)


def columns_by_id(ids: Sequence[str]) -> tuple[Column, ...]:
    """The columns of these ids, ``tag:NAME`` for a tag. All columns if there are no ids, or an unknown one."""
    if not ids or unknown_columns(ids):
        return tuple(COLUMNS.values())
    columns_wanted = [_tag_column(id[4:]) if id.startswith("tag:") else COLUMNS.get(id) for id in ids]
    columns = [column for column in columns_wanted if column is not None]
    return tuple(columns) if any(c.id == "name" for c in columns) else (COLUMNS["name"], *columns)


def unknown_columns(ids: Sequence[str]) -> list[str]:
    return [id for id in ids if id not in COLUMNS and not id.startswith("tag:")]
