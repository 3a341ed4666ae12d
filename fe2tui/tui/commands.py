"""The one table of actions: key bindings, footer, palette, help and the README's list of keys all come from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fe2tui.model.words import plural
from fe2tui.tui import possible
from fe2tui.tui.possible import ACTIVITY, INSTANCES

if TYPE_CHECKING:
    from fe2tui.tui.view import View

Check = Callable[["View"], "str | None"]

PANES: Mapping[str, tuple[str, str]] = {INSTANCES: ("1", "Instances"), ACTIVITY: ("6", "Activity")}
EVERYWHERE = frozenset(PANES)


@dataclass(frozen=True, slots=True)
class Command:
    """One action.

    ``check`` gives None, or in words why it cannot be done now. ``run`` is ``module:function``, imported on use; the
    function takes the ``View`` of the moment the key was pressed and may be a coroutine function, which then runs in a
    worker. ``order`` is its place in the footer, lowest first; 0 keeps it out. ``keys`` are further keys, never shown.
    """

    id: str
    key: str
    title: str
    help: str
    group: str
    run: str
    check: Check = possible.always
    scopes: frozenset[str] = EVERYWHERE
    order: int = 0
    changes: bool = False
    keys: tuple[str, ...] = ()
    word: Callable[[View], str] | None = None
    at_right: bool = False

    def reason(self, view: View) -> str | None:
        """Why it cannot be done here and now, in words; None when it can."""
        if view.pane not in self.scopes:
            return f"{self.title} means something in the {PANES[min(self.scopes)][1]} pane only."
        if self.changes and view.read_only:
            return "This session may only read: it was opened read-only."
        return self.check(view)

    def title_now(self, view: View) -> str:
        """The word for the footer here and now."""
        return self.word(view) if self.word else self.title


_ROWS = frozenset({INSTANCES})
_INSTANCE, _LIST, _PLACE, _PROGRAM = "Instances", "The list", "Where", "The program"
_ACTIONS = "fe2tui.tui.actions"
_VERBS = "fe2tui.tui.verbs"

COMMANDS: tuple[Command, ...] = (
    Command(
        "launch",
        "l",
        "Launch",
        "Launch a new instance.",
        _INSTANCE,
        f"{_VERBS}.launch:launch",
        order=10,
        changes=True,
    ),
    Command(
        "connect",
        "c",
        "Connect",
        "Open a shell on the instance over ssh.",
        _INSTANCE,
        f"{_VERBS}.connect:connect",
        check=possible.can_connect,
        scopes=_ROWS,
        order=20,
        keys=("enter",),
    ),
    Command(
        "connect_with",
        "",
        "Connect with …",
        "Connect as another user, or with tunnels to the instance's ports.",
        _INSTANCE,
        f"{_VERBS}.connect:connect_with",
        check=possible.can_connect,
        scopes=_ROWS,
    ),
    Command(
        "stop_or_start",
        "s",
        "Stop",
        "Stop the instance if it runs, start it if it is stopped.",
        _INSTANCE,
        f"{_VERBS}.power:stop_or_start",
        check=possible.can_stop_or_start,
        scopes=_ROWS,
        order=30,
        changes=True,
        word=possible.stop_word,
    ),
    Command(
        "reboot",
        "b",
        "Reboot",
        "Reboot the instance.",
        _INSTANCE,
        f"{_VERBS}.power:reboot",
        check=possible.can_reboot,
        scopes=_ROWS,
        order=60,
        changes=True,
    ),
    Command(
        "terminate",
        "X",
        "Terminate",
        "Terminate the instance, after showing what will be lost.",
        _INSTANCE,
        f"{_VERBS}.terminate:terminate",
        check=possible.can_terminate,
        scopes=_ROWS,
        order=50,
        changes=True,
    ),
    Command(
        "details",
        "d",
        "Details",
        "Show or hide the details of the instance.",
        _LIST,
        f"{_ACTIONS}:toggle_details",
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
        f"{_ACTIONS}:mark",
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
        f"{_ACTIONS}:mark_all",
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
        f"{_ACTIONS}:open_filter",
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
        f"{_ACTIONS}:choose_sort",
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
        f"{_VERBS}.copy:copy",
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
        f"{_VERBS}.export:export",
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
        f"{_ACTIONS}:leave",
        check=possible.something_to_leave,
    ),
    Command(
        "cancel",
        "delete",
        "Cancel",
        "Cancel the task under way.",
        _LIST,
        f"{_ACTIONS}:cancel",
        check=possible.has_running_task,
        scopes=frozenset({ACTIVITY}),
        order=15,
    ),
    Command(
        "region",
        "g",
        "Region",
        "Go to another region.",
        _PLACE,
        f"{_VERBS}.place:region",
        order=110,
    ),
    Command(
        "profile",
        "P",
        "Profile",
        "Go to another profile.",
        _PLACE,
        f"{_VERBS}.place:profile",
        order=120,
    ),
    Command(
        "refresh",
        "ctrl+r",
        "Read",
        "Read the instances again now.",
        _PLACE,
        f"{_ACTIONS}:refresh",
    ),
    Command(
        "instances",
        "1",
        "Instances",
        "Go to the instances.",
        _PROGRAM,
        f"{_ACTIONS}:go_to_instances",
    ),
    Command(
        "activity",
        "6",
        "Activity",
        "Go to the activity: what was done, and what is under way.",
        _PROGRAM,
        f"{_ACTIONS}:go_to_activity",
    ),
    Command(
        "errors",
        "!",
        "Errors",
        "Go to the newest failure in the activity.",
        _PROGRAM,
        f"{_ACTIONS}:go_to_errors",
    ),
    Command(
        "zoom",
        "z",
        "Zoom",
        "Give the whole screen to this pane, or give it back.",
        _PROGRAM,
        f"{_ACTIONS}:zoom",
        order=150,
    ),
    Command(
        "theme",
        "",
        "Theme",
        "Change between the dark and the light colours.",
        _PROGRAM,
        f"{_ACTIONS}:change_theme",
    ),
    Command(
        "help",
        "?",
        "Help",
        "Show every key and what it does.",
        _PROGRAM,
        f"{_ACTIONS}:show_help",
        order=910,
        at_right=True,
    ),
    Command(
        "palette",
        "ctrl+p",
        "All",
        "Find any action by its name.",
        _PROGRAM,
        f"{_ACTIONS}:open_palette",
        order=920,
        at_right=True,
    ),
    Command("quit", "q", "Quit", "Leave the program.", _PROGRAM, f"{_ACTIONS}:leave_program", keys=("ctrl+q",)),
)

BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}

_KEY_NAMES = {"escape": "esc", "delete": "del", "question_mark": "?", "slash": "/", "exclamation_mark": "!"}


def key_name(key: str) -> str:
    """A key as people write it: ``esc``, ``^p``, ``X``."""
    if key.startswith("ctrl+"):
        return f"^{key_name(key[5:])}"
    return _KEY_NAMES.get(key, key)


def grouped(keys: Mapping[str, str] | None = None) -> Iterator[tuple[str, list[tuple[str, Command]]]]:
    """The commands that have a key, by group, each with its keys as people write them."""
    groups: dict[str, list[tuple[str, Command]]] = {}
    for command in COMMANDS:
        first = (keys or {}).get(command.id, command.key)
        written = " or ".join(key_name(key) for key in (first, *command.keys) if key)
        if written:
            groups.setdefault(command.group, []).append((written, command))
    yield from groups.items()


def keys_as_markdown() -> str:
    """The README's list of keys."""
    lines: list[str] = []
    for group, commands in grouped():
        lines += [f"**{group}**", "", "| key | what it does |", "|---|---|"]
        for written, command in commands:
            keys = " or ".join(f"`{key}`" for key in written.split(" or "))
            lines.append(f"| {keys} | {command.help} |")
        lines.append("")
    return "\n".join(lines)


def targets_in_words(view: View) -> str:
    """What a command would act on, in words: a name, or how many."""
    targets = view.targets
    return targets[0].label if len(targets) == 1 else plural(len(targets), "instance")
