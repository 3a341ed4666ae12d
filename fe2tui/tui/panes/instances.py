"""The instances pane: how instances are listed, and the notes of running tasks in their rows."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from rich.cells import cell_len

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_filter import INSTANCE_LANGUAGE as LANGUAGE
from fe2tui.model.instance_filter import INSTANCE_SORTS
from fe2tui.model.money.alerts import AlertLimits
from fe2tui.model.text import visible
from fe2tui.tui.commands import key_label
from fe2tui.tui.list_model import ListKind, ListRows, ListSnapshot, ListSpec
from fe2tui.tui.pane_ids import FULL_DETAILS, INSTANCES
from fe2tui.tui.panes.details import RowDetails
from fe2tui.tui.panes.instance_columns import (
    MAX_STANDARD_RANK,
    SIGNS,
    STATE_WIDTH,
    Column,
    InstanceRowScope,
    columns_by_id,
    needs_attention,
    state_category,
    trouble_texts,
    widen_state_column,
)
from fe2tui.tui.panes.instance_details import HostKeyCache, instance_details
from fe2tui.tui.panes.list_pane import FleetListPane
from fe2tui.tui.widgets.grid import Cell, ColumnLayout, NameWidths, fit_columns

if TYPE_CHECKING:
    from fe2tui.settings import Settings
    from fe2tui.tui.services import Services
    from fe2tui.tui.task_runner import RunningTask


def _has_alert(instance: Instance, scope: object) -> bool:
    return isinstance(scope, InstanceRowScope) and needs_attention(instance, scope)


INSTANCE_KIND = ListKind(
    INSTANCES,
    "instance",
    "i-",
    replace(LANGUAGE, keywords={**LANGUAGE.keywords, "alert": _has_alert}),
    INSTANCE_SORTS,
    "words  state:running  type:p3  tag:env=prod  zone:2a  age>7d  spot  -not",
)

STARTING_SSH = "starting ssh"
ROW_NOTES: Mapping[str, str] = {
    "Start": "starting …",
    "Stop": "stopping …",
    "Force stop": "stopping …",
    "Reboot": "rebooting …",
    "Freeze": "freezing …",
    "Change type of": "changing …",
    "Terminate": "terminating …",
    "Connect": "connecting …",
    "Keep": "tagging …",
    "Unkeep": "tagging …",
    "Tag": "tagging …",
    "Protect": "protecting …",
}
"""What STATE says from the moment that a person has asked for it, by how the task's title begins."""

_TASKS_UNTIL_SSH = frozenset({"launch", "start", "reboot", "connect"})
_READY_STEPS = frozenset({"ready", "ssh answers"})


class InstancesPane(FleetListPane[Instance, InstanceRowScope]):
    def __init__(self, services: Services) -> None:
        self._notes: dict[str, str] = {}
        host_keys = self.host_keys = HostKeyCache(services)

        def details(instance: Instance, scope: InstanceRowScope) -> RowDetails:
            has_host_key = host_keys.has_host_key(instance.id, scope.fleet)
            reads_cpu = services.fleet_watch.reads_cpu
            tunnels = [kept for kept in services.kept_tunnels if kept.instance.id == instance.id]
            keep_key = key_label(services.keymap.keys.get("keep", ""))
            return instance_details(
                instance, scope, has_host_key=has_host_key, reads_cpu=reads_cpu, tunnels=tunnels, keep_key=keep_key
            )

        spec = instance_list_spec(services.settings, self._notes, details)
        super().__init__(spec, services, open_command=FULL_DETAILS)

    def show_tasks(self, tasks: Sequence[RunningTask]) -> None:
        """Mark the instances that a task works on, until AWS shows another state of them, or waits for."""
        notes: dict[str, str] = {}
        for task in tasks:
            verb = next((verb for verb in ROW_NOTES if task.title.startswith(f"{verb} ")), "")
            for before in task.instances:
                now = self.model.items.get(before.id)
                if verb and now is not None and now.state is before.state:
                    notes[before.id] = ROW_NOTES[verb]
            for instance_id, step in task.steps.items():
                now = self.model.items.get(instance_id)
                is_waited_for = step.task in _TASKS_UNTIL_SSH and step.step not in _READY_STEPS
                if is_waited_for and now is not None and now.state is State.RUNNING:
                    notes[instance_id] = STARTING_SSH
        if notes != self._notes:
            self._notes.clear()
            self._notes.update(notes)
            self.table.redraw()

    @property
    def starting_ids(self) -> frozenset[str]:
        """The instances that a task of this dashboard starts, and that AWS still shows as stopped."""
        return frozenset(one for one, note in self._notes.items() if note == ROW_NOTES["Start"])

    def is_starting_ssh(self, instance_id: str) -> bool:
        return self._notes.get(instance_id) == STARTING_SSH


def instance_list_spec(
    settings: Settings, notes: Mapping[str, str], details_of: Callable[[Instance, InstanceRowScope], RowDetails]
) -> ListSpec[Instance, InstanceRowScope]:
    """How instances are listed. ``notes`` are shown in the STATE column, by instance; they may change at any time."""
    limits = AlertLimits.from_settings(settings.long_run_hours, settings.high_cost)
    columns = columns_by_id(settings.columns)

    def snapshot(fleet: Fleet) -> ListSnapshot[Instance, InstanceRowScope]:
        gone = _gone_ids(fleet)
        return ListSnapshot(
            fleet,
            fleet.instances,
            lambda now: InstanceRowScope(fleet, now, notes, limits),
            lambda instance: instance,
            gone,
            gone,
            min_widths={
                "type": max((len(name) for name in {i.type for i in fleet.instances.values()}), default=0),
                "zone": max((len(name) for name in {i.zone_letter for i in fleet.instances.values()}), default=0),
            },
        )

    return ListSpec(
        INSTANCE_KIND,
        columns,
        row_sign,
        lambda instance: instance.id,
        snapshot,
        lambda fleet: len(fleet.instances) - len(_gone_ids(fleet)),
        _empty_text,
        details_of,
        partial(instance_layout, columns),
    )


def _gone_ids(fleet: Fleet) -> frozenset[str]:
    return frozenset(instance_id for instance_id, one in fleet.instances.items() if one.state.is_gone)


def row_sign(instance: Instance, scope: InstanceRowScope) -> Cell:
    category = state_category(instance, scope)
    return SIGNS["trouble" if needs_attention(instance, scope) else category], category


def _empty_text(snapshot: ListSnapshot[Instance, InstanceRowScope]) -> Sequence[Cell]:
    return (
        (f"No instances in {visible(snapshot.fleet.location.region)}.", "text"),
        ("Your instances appear here, with what they cost and how long they have been running.", "dim"),
        ("", "dim"),
        ("l launches one · R goes to another region", "accent"),
    )


SHORT_STATE_WIDTH, SHORT_NAME_WIDTH = 24, 18
"""The words for what is wrong, when they are that short, take width from names longer than that; longer ones do not."""

LONG_NAME_WIDTH = 60
"""Names are not cut for the sake of words, unless they are longer than that."""

MAX_MEASURED = 200  # instances in trouble whose words are measured


def instance_layout(columns: Sequence[Column], rows: ListRows[Instance, InstanceRowScope], width: int) -> ColumnLayout:
    """The columns for a width. STATE is as wide as the words for what is wrong where names do not need the width."""
    usual = fit_columns(columns, width, rows.min_widths)
    if rows.snapshot is None:
        return usual
    instances = rows.snapshot.items
    state_widths = _wanted_state_widths(rows.snapshot, rows)
    longest = max((cell_len(instances[one].label) for one in rows.ids), default=0) if state_widths else 0
    for state_width in state_widths:
        longest_name = min(longest, SHORT_NAME_WIDTH if state_width <= SHORT_STATE_WIDTH else LONG_NAME_WIDTH)
        name_widths = NameWidths(generous=max(longest_name, NameWidths().generous))
        wider = fit_columns(widen_state_column(columns, state_width), width, rows.min_widths, name_widths)
        if _keeps_columns(wider, usual, longest_name):
            return wider
    return usual


def _wanted_state_widths(
    snapshot: ListSnapshot[Instance, InstanceRowScope], rows: ListRows[Instance, InstanceRowScope]
) -> list[int]:
    """The widths of STATE that show what is wrong in more or fewer words, the widest first."""
    now, instances = rows.clock(), snapshot.items
    statuses = snapshot.fleet.statuses
    some = (one for key in rows.ids if _may_be_in_trouble(one := instances[key], statuses))
    text_forms = (forms for one in some if (forms := trouble_texts(one, snapshot.fleet, now)))
    widths = {cell_len(text) for forms in islice(text_forms, MAX_MEASURED) for text in forms}
    return sorted((width for width in widths if width > STATE_WIDTH), reverse=True)


def _may_be_in_trouble(instance: Instance, statuses: Container[str]) -> bool:
    """Whether ``trouble_texts`` has to be asked: a quick test, for thousands of rows."""
    return instance.is_spot or instance.state is State.STOPPING or instance.id in statuses


def _keeps_columns(layout: ColumnLayout, usual: ColumnLayout, longest_name: int) -> bool:
    """Whether names keep enough width, and only columns that need plenty of width are left out."""
    usual_name = {column.id: column.width for column in usual.columns}.get("name", 0)
    least = longest_name if longest_name > SHORT_NAME_WIDTH else min(usual_name, longest_name)
    wanted = {column.id for column in usual.columns if column.rank <= MAX_STANDARD_RANK}
    return wanted <= {column.id for column in layout.columns} and all(
        column.width >= least for column in layout.columns if column.id == "name"
    )
