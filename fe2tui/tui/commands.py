"""The table of commands: key bindings, footer, palette, help and the list of keys in the README come from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from fe2tui.model.text import join_words
from fe2tui.tui import availability
from fe2tui.tui.pane_ids import ACTIVITY, ALL_PANES, INSTANCES, LIST_PANES, MARKABLE_PANES, PANES, SPOT

if TYPE_CHECKING:
    from fe2tui.tui.command_context import CommandContext


Check = Callable[["CommandContext"], "str | None"]

DASHBOARD_ACTIONS, ACTIONS_PACKAGE = "fe2tui.tui.actions.dashboard", "fe2tui.tui.actions"


class Command(NamedTuple):
    """One row of the table.

    ``run`` is ``module:function``, imported on first use. The function gets the ``CommandContext`` of the moment; a
    coroutine function runs in a worker. ``check`` returns None, or a sentence saying why the command is not available.
    ``footer_order`` is the place in the footer, lowest first; 0 is not in the footer; ``footer_pane`` is the only pane
    whose footer shows it. ``extra_keys`` are never shown.
    """

    id: str
    key: str
    title: str
    help: str
    group: str
    run: str
    check: Check = availability.always
    panes: frozenset[str] = ALL_PANES
    footer_order: int = 0
    is_write: bool = False
    extra_keys: tuple[str, ...] = ()
    title_for: Callable[[CommandContext], str] | None = None
    is_at_footer_right: bool = False
    footer_pane: str = ""

    def unavailable_reason(self, context: CommandContext) -> str | None:
        """Why the command is not available now, as a sentence; None if it is."""
        if context.pane not in self.panes:
            names = [title for pane, (_, title) in PANES.items() if pane in self.panes]
            return f"{self.title} works only in the {join_words(names)} pane{'s' if len(names) > 1 else ''}."
        if self.is_write and context.read_only:
            return "This session is read-only: it may change nothing."
        return self.check(context)

    def current_title(self, context: CommandContext) -> str:
        return self.title_for(context) if self.title_for else self.title


_INSTANCES_ONLY = frozenset({INSTANCES})
_INSTANCE_GROUP = "Instances"
_SPOT_GROUP = "Spot prices"
_LIST_GROUP = "The list"
_LOCATION_GROUP = "Location"
_PROGRAM_GROUP = "The program"

COMMANDS: tuple[Command, ...] = (
    Command(
        "launch",
        "l",
        "Launch",
        "Launch an instance: from the selected image, of the selected spot type, in the selected zone.",
        _INSTANCE_GROUP,
        f"{ACTIONS_PACKAGE}.launch:launch",
        check=availability.can_launch,
        footer_order=10,
        is_write=True,
        title_for=availability.launch_title,
    ),
    Command(
        "connect",
        "c",
        "Connect",
        "Open a shell on the instance over ssh.",
        _INSTANCE_GROUP,
        f"{ACTIONS_PACKAGE}.connect:connect",
        check=availability.can_connect,
        panes=_INSTANCES_ONLY,
        footer_order=20,
    ),
    Command(
        "connect_with",
        "",
        "Connect with …",
        "Connect as another user, or with tunnels to ports of the instance.",
        _INSTANCE_GROUP,
        f"{ACTIONS_PACKAGE}.connect:connect_with",
        check=availability.can_connect,
        panes=_INSTANCES_ONLY,
    ),
    Command(
        "stop_or_start",
        "s",
        "Stop",
        "Stop the instance if it runs, start it if it is stopped.",
        _INSTANCE_GROUP,
        f"{ACTIONS_PACKAGE}.power:stop_or_start",
        check=availability.can_stop_or_start,
        panes=_INSTANCES_ONLY,
        footer_order=30,
        is_write=True,
        title_for=availability.stop_or_start_title,
    ),
    Command(
        "reboot",
        "b",
        "Reboot",
        "Reboot the instance.",
        _INSTANCE_GROUP,
        f"{ACTIONS_PACKAGE}.power:reboot",
        check=availability.can_reboot,
        panes=_INSTANCES_ONLY,
        footer_order=60,
        is_write=True,
    ),
    Command(
        "freeze",
        "f",
        "Freeze",
        "Create an image of the instance, to launch others from it.",
        _INSTANCE_GROUP,
        f"{ACTIONS_PACKAGE}.freeze:freeze",
        check=availability.can_freeze,
        panes=_INSTANCES_ONLY,
        footer_order=42,
        is_write=True,
    ),
    Command(
        "change_type",
        "t",
        "Type",
        "Change the type of the instance, after showing the possible types and their prices.",
        _INSTANCE_GROUP,
        f"{ACTIONS_PACKAGE}.change_type:change_type",
        check=availability.can_change_type,
        panes=_INSTANCES_ONLY,
        footer_order=44,
        is_write=True,
    ),
    Command(
        "types",
        "",
        "Instance types",
        "Show the instance types of the region with their prices, and launch one.",
        _INSTANCE_GROUP,
        f"{ACTIONS_PACKAGE}.types:browse_types",
        check=availability.has_fleet,
    ),
    Command(
        "spot_prices",
        "p",
        "Spot prices",
        "Show spot prices of this type; in the spot pane, follow the selected instance again.",
        _INSTANCE_GROUP,
        f"{ACTIONS_PACKAGE}.spot_prices:toggle_spot_prices",
        check=availability.can_show_spot_prices,
        panes=LIST_PANES,
        footer_order=46,
        title_for=availability.spot_prices_title,
    ),
    Command(
        "shorter",
        "[",
        "Shorter",
        "Show the spot prices of fewer days: 90, 30, 7, 3, 1.",
        _SPOT_GROUP,
        f"{ACTIONS_PACKAGE}.spot_prices:show_fewer_days",
        check=availability.can_change_days,
        footer_pane=SPOT,
        footer_order=20,
    ),
    Command(
        "longer",
        "]",
        "Longer",
        "Show the spot prices of more days.",
        _SPOT_GROUP,
        f"{ACTIONS_PACKAGE}.spot_prices:show_more_days",
        check=availability.can_change_days,
        footer_pane=SPOT,
        footer_order=21,
    ),
    Command(
        "terminate",
        "X",
        "Terminate",
        "Terminate the instance, or deregister the image, after showing what will be lost.",
        _INSTANCE_GROUP,
        f"{ACTIONS_PACKAGE}.deregister:terminate_or_deregister",
        check=availability.can_remove,
        panes=MARKABLE_PANES,
        footer_order=50,
        is_write=True,
        title_for=availability.remove_title,
    ),
    Command(
        "open",
        "enter",
        "Open",
        "Connect to the instance; launch from the image; open the family, the zones of the type.",
        _LIST_GROUP,
        f"{DASHBOARD_ACTIONS}:open_selected",
        check=availability.can_open,
        panes=LIST_PANES,
    ),
    Command(
        "details",
        "d",
        "Details",
        "Show or hide the details of the selected row.",
        _LIST_GROUP,
        f"{DASHBOARD_ACTIONS}:toggle_details",
        check=availability.has_target,
        panes=MARKABLE_PANES,
        footer_order=40,
    ),
    Command(
        "mark",
        "space",
        "Mark",
        "Mark or unmark the row, and go to the next.",
        _LIST_GROUP,
        f"{DASHBOARD_ACTIONS}:mark",
        check=availability.has_rows,
        panes=MARKABLE_PANES,
        footer_order=90,
    ),
    Command(
        "mark_all",
        "a",
        "Mark all",
        "Mark all rows that are shown; unmark them if all are marked.",
        _LIST_GROUP,
        f"{DASHBOARD_ACTIONS}:mark_all",
        check=availability.has_rows,
        panes=MARKABLE_PANES,
        footer_order=130,
    ),
    Command(
        "filter",
        "/",
        "Filter",
        "Show only matching rows: words, state:running, type:p3, tag:env=prod, age>7d; arch:arm64 for images.",
        _LIST_GROUP,
        f"{DASHBOARD_ACTIONS}:open_filter",
        check=availability.has_fleet,
        panes=LIST_PANES,
        footer_order=70,
    ),
    Command(
        "sort",
        "o",
        "Sort",
        "Choose the column to sort by.",
        _LIST_GROUP,
        f"{DASHBOARD_ACTIONS}:choose_sort",
        check=availability.has_rows,
        panes=LIST_PANES,
        footer_order=100,
    ),
    Command(
        "copy",
        "y",
        "Copy",
        "Copy the id, name, address, ssh command, console link, or a command that launches.",
        _LIST_GROUP,
        f"{ACTIONS_PACKAGE}.copy:copy",
        check=availability.has_target,
        panes=LIST_PANES,
        footer_order=80,
    ),
    Command(
        "export",
        "e",
        "Export",
        "Write the rows that are shown, or the charted spot prices, to a file.",
        _LIST_GROUP,
        f"{ACTIONS_PACKAGE}.export:export",
        check=availability.has_rows,
        panes=LIST_PANES,
        footer_order=140,
    ),
    Command(
        "leave",
        "escape",
        "Leave",
        "Leave the filter, the marks, the zones, the family; from Activity, go back to the list.",
        _LIST_GROUP,
        f"{DASHBOARD_ACTIONS}:leave_level",
        check=availability.can_leave,
    ),
    Command(
        "cancel",
        "delete",
        "Cancel",
        "Cancel the running task, after asking.",
        _LIST_GROUP,
        f"{DASHBOARD_ACTIONS}:cancel_task",
        check=availability.has_running_task,
        panes=frozenset({ACTIVITY}),
        footer_order=15,
    ),
    Command(
        "region",
        "g",
        "Region",
        "Go to another region.",
        _LOCATION_GROUP,
        f"{ACTIONS_PACKAGE}.location:choose_region",
        footer_order=110,
    ),
    Command(
        "profile",
        "P",
        "Profile",
        "Go to another profile.",
        _LOCATION_GROUP,
        f"{ACTIONS_PACKAGE}.location:choose_profile",
        footer_order=120,
    ),
    Command(
        "refresh",
        "ctrl+r",
        "Read",
        "Read everything again now.",
        _LOCATION_GROUP,
        f"{DASHBOARD_ACTIONS}:read_now",
    ),
    Command(
        "instances",
        "1",
        "Instances",
        "Go to the instances.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:go_to_instances",
    ),
    Command(
        "images",
        "2",
        "Images",
        "Go to the images: your own and well-known public ones.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:go_to_images",
    ),
    Command(
        "spot",
        "3",
        "Spot",
        "Go to the spot prices of types in each zone.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:go_to_spot",
    ),
    Command(
        "activity",
        "6",
        "Activity",
        "Go to the activity: running tasks, and what was done.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:go_to_activity",
    ),
    Command(
        "errors",
        "!",
        "Errors",
        "Go to the newest failure in the activity.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:go_to_errors",
    ),
    Command(
        "cost",
        "$",
        "Costs",
        "Show what everything costs: now, today, this month, in a month.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:show_costs",
        check=availability.has_fleet,
        footer_order=105,
    ),
    Command(
        "cpu",
        "",
        "CPU",
        "Read the CPU figures of visible instances, or stop reading them: AWS bills them.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:toggle_cpu",
    ),
    Command(
        "zoom",
        "z",
        "Zoom",
        "Show this pane alone, or all panes again.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:zoom",
        footer_order=150,
    ),
    Command(
        "theme",
        "",
        "Theme",
        "Change between the dark and the light colours.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:change_theme",
    ),
    Command(
        "help",
        "?",
        "Help",
        "Show every key and what it does.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:show_help",
        footer_order=910,
        is_at_footer_right=True,
    ),
    Command(
        "palette",
        "ctrl+p",
        "All",
        "Find any command by its name.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:open_palette",
        footer_order=920,
        is_at_footer_right=True,
    ),
    Command(
        "quit",
        "q",
        "Quit",
        "Quit the program.",
        _PROGRAM_GROUP,
        f"{DASHBOARD_ACTIONS}:quit_program",
        extra_keys=("ctrl+q",),
    ),
)

COMMANDS_BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}

_KEY_LABELS = {"escape": "esc", "delete": "del", "question_mark": "?", "slash": "/", "exclamation_mark": "!"}


def key_label(key: str) -> str:
    """A key as it is shown: ``esc``, ``^p``, ``X``."""
    if key.startswith("ctrl+"):
        return f"^{key_label(key[5:])}"
    return _KEY_LABELS.get(key, key)


def commands_by_group(keys: Mapping[str, str] | None = None) -> Iterator[tuple[str, list[tuple[str, Command]]]]:
    """The commands that have a key, by group, each with its keys as they are shown."""
    groups: dict[str, list[tuple[str, Command]]] = {}
    for command in COMMANDS:
        first = (keys or {}).get(command.id, command.key)
        written = " or ".join(key_label(key) for key in (first, *command.extra_keys) if key)
        if written:
            groups.setdefault(command.group, []).append((written, command))
    yield from groups.items()


def keys_markdown() -> str:
    """The README's list of keys."""
    lines: list[str] = []
    for group, commands in commands_by_group():
        lines += [f"**{group}**", "", "| key | what it does |", "|---|---|"]
        for written, command in commands:
            keys = " or ".join(f"`{key}`" for key in written.split(" or "))
            lines.append(f"| {keys} | {command.help} |")
        lines.append("")
    return "\n".join(lines)
