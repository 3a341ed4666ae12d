"""How the lists are looked at."""

from __future__ import annotations

from fe2tui.tui import possible
from fe2tui.tui.command import ACTIONS, VERBS, Command
from fe2tui.tui.possible import ACTIVITY, INSTANCES

_ROWS = frozenset({INSTANCES})
_LIST = "The list"

LISTS: tuple[Command, ...] = (
    Command(
        "details",
        "d",
        "Details",
        "Show or hide the details of the instance.",
        _LIST,
        f"{ACTIONS}:toggle_details",
        check=possible.has_target,
        scopes=_ROWS,
        order=40,
    ),
    Command(
        "mark",
        "space",
        "Mark",
        "Mark the instance, or unmark it, and go to the next.",
        _LIST,
        f"{ACTIONS}:mark",
        check=possible.has_rows,
        scopes=_ROWS,
        order=90,
    ),
    Command(
        "mark_all",
        "a",
        "Mark all",
        "Mark all that are shown; unmark them if all are.",
        _LIST,
        f"{ACTIONS}:mark_all",
        check=possible.has_rows,
        scopes=_ROWS,
        order=130,
    ),
    Command(
        "filter",
        "/",
        "Filter",
        "Show only the instances that fit: words, state:running, type:p3, tag:env=prod, age>7d.",
        _LIST,
        f"{ACTIONS}:open_filter",
        check=possible.has_fleet,
        scopes=_ROWS,
        order=70,
    ),
    Command(
        "sort",
        "o",
        "Sort",
        "Choose the column to sort by.",
        _LIST,
        f"{ACTIONS}:choose_sort",
        check=possible.has_rows,
        scopes=_ROWS,
        order=100,
    ),
    Command(
        "copy",
        "y",
        "Copy",
        "Copy the instance's id, address or ssh command.",
        _LIST,
        f"{VERBS}.copy:copy",
        check=possible.has_target,
        scopes=_ROWS,
        order=80,
    ),
    Command(
        "export",
        "e",
        "Export",
        "Write what is shown to a file.",
        _LIST,
        f"{VERBS}.export:export",
        check=possible.has_rows,
        scopes=_ROWS,
        order=140,
    ),
    Command(
        "leave",
        "escape",
        "Leave",
        "Leave the filter, then the marks; in Activity, cancel the task under way.",
        _LIST,
        f"{ACTIONS}:leave",
        check=possible.something_to_leave,
    ),
    Command(
        "cancel",
        "delete",
        "Cancel",
        "Cancel the task under way.",
        _LIST,
        f"{ACTIONS}:cancel",
        check=possible.has_running_task,
        scopes=frozenset({ACTIVITY}),
        order=15,
    ),
)
