"""The tables of commands: key bindings, footer, palette, help and the list of keys in the README come from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from fe2tui.model.text import join_words
from fe2tui.tui import availability
from fe2tui.tui.pane_ids import ACTIVITY, ALL_PANES, INSTANCES, LIST_PANES, MARKABLE_PANES, PANES, SPOT

if TYPE_CHECKING:
    from fe2tui.tui.command_context import CommandContext


Check = Callable[["CommandContext"], "str | None"]

_HELP_BY_GROUP: Mapping[str, Mapping[str, str]] = {
    "Instances": {
        "launch": "Launch an instance: from the selected image, of the selected spot type, in the selected zone.",
        "connect": "Open a shell on the instance over ssh.",
        "connect_with": "Connect as another user, or with tunnels to ports of the instance.",
        "tunnels": "List the tunnels to ports of instances, close them, open more to the selected instance.",
        "stop_or_start": "Stop the instance if it runs, start it if it is stopped.",
        "reboot": "Reboot the instance.",
        "freeze": "Create an image of the instance, to launch others from it.",
        "change_type": "Change the type of the instance, after showing the possible types and their prices.",
        "tags": "Rename the instance and edit its tags, or the tags of those that are marked.",
        "keep": "Tag the instance fe2:keep=yes: no alert, no bulk action; remove that tag if it has it.",
        "protection": "Change termination protection, stop protection, and what a shutdown from inside does.",
        "console": "Show the console output of the instance, its boot log, and follow it.",
        "screenshot": "Save a picture of the instance's screen to a file.",
        "types": "Show the instance types of the region with their prices, and launch one.",
        "as_command": "Copy the command of the shell, or of Python, that does what a key would do to the instance.",
        "spot_prices": "Show spot prices of this type; in the spot pane, follow the selected instance again.",
        "terminate": "Terminate the instance, or deregister the image, after showing what will be lost.",
    },
    "Spot prices": {
        "shorter": "Show the spot prices of fewer days: 90, 30, 7, 3, 1.",
        "longer": "Show the spot prices of more days.",
    },
    "The list": {
        "open": "Show everything about the instance or the image; open the family, the zones; from Activity, go there.",
        "details": "Show or hide the details of the selected row beside the list.",
        "mark": "Mark or unmark the row, and go to the next.",
        "mark_all": "Mark all rows that are shown; unmark them if all are marked.",
        "filter": "Show only matching rows: words, state:running, type:p3, tag:env=prod, age>7d; "
        "arch:arm64 for images; search Activity, details and logs.",
        "sort": "Choose the column to sort by.",
        "copy": "Copy the id, name, address, ssh command, console link or a command; in details, the block; "
        "in Activity, what to do.",
        "export": "Write the rows that are shown, or the charted spot prices, to a file.",
        "leave": "Leave details, the cursor in time, the filter, the marks, the zones, the family, Activity.",
        "cancel": "Cancel the running task, after asking.",
        "unmark": "Unmark all rows, also those that the filter hides.",
        "show_running": "Show only the running instances; once more: all.",
        "show_moving": "Show only the instances that start, stop or shut down; once more: all.",
        "show_stopped": "Show only the stopped instances; once more: all.",
        "show_alerts": "Show only the instances that need attention; once more: all.",
    },
    "Moving": {
        "top": "Go to the first row, also in help and logs.",
        "bottom": "Go to the last row.",
        "half_down": "Go half a page down, also in the lists of forms.",
        "half_up": "Go half a page up.",
        "page_down": "Go a page down.",
        "page_up": "Go a page up.",
        "next_match": "Go to the next match of what / searches for in Activity, help, details and logs.",
        "previous_match": "Go to the match before.",
    },
    "Location": {
        "region": "Go to another region.",
        "profile": "Go to another profile.",
        "refresh": "Read everything again now.",
    },
    "The program": {
        "instances": "Go to the instances.",
        "images": "Go to the images: your own and well-known public ones.",
        "spot": "Go to the spot prices of types in each zone.",
        "activity": "Go to the activity: running tasks, and what was done.",
        "errors": "Go to the newest failure in the activity.",
        "cost": "Show what everything costs, filter and sort it, act on it, release an unused Elastic IP.",
        "cpu": "Read the CPU figures of visible instances, or stop reading them: AWS bills them.",
        "zoom": "Show this pane alone, or all panes again.",
        "larger": "Make this pane larger, and those beside it smaller.",
        "smaller": "Make this pane smaller, and those beside it larger.",
        "theme": "Choose the colours: dark, light, nord, gruvbox …",
        "command_line": "Type a command of the shell, such as stop base: tab completes it, up repeats an earlier one.",
        "help": "Show every key and what it does, this pane's first; enter runs one.",
        "palette": "Find any command by its name.",
        "quit": "Quit the program.",
    },
}
_HELP = {command_id: text for texts in _HELP_BY_GROUP.values() for command_id, text in texts.items()}
_CURRENT_TITLES: Mapping[str, Callable[[CommandContext], str]] = {
    "launch": availability.launch_title,
    "stop_or_start": availability.stop_or_start_title,
    "spot_prices": availability.spot_prices_title,
    "terminate": availability.remove_title,
    "keep": availability.keep_title,
    "filter": availability.filter_title,
    "leave": availability.leave_title,
    "open": availability.open_title,
}


class Command(NamedTuple):
    """One row of the table.

    ``action`` is ``module:function`` in ``fe2tui.tui.actions``, imported on first use. The function gets the
    ``CommandContext`` of the moment; a coroutine function runs in a worker. It is empty for the keys of the lists
    themselves: their widgets bind them, with the command's id as the id of the binding. ``check`` returns None, or a
    sentence saying why the command is not available; the sentence is empty where nothing needs to be said.
    ``footer_pane`` is the only pane whose footer shows it. ``extra_keys`` are never shown in the footer.
    """

    id: str
    key: str
    title: str
    action: str
    check: Check = availability.always
    panes: frozenset[str] = ALL_PANES
    is_write: bool = False
    extra_keys: tuple[str, ...] = ()
    footer_pane: str = ""

    @property
    def run(self) -> str:
        """``module:function`` with the whole name of the module."""
        return f"fe2tui.tui.actions.{self.action}"

    @property
    def help(self) -> str:
        return _HELP[self.id]

    def unavailable_reason(self, context: CommandContext) -> str | None:
        """Why the command is not available now, as a sentence; None if it is."""
        if context.pane not in self.panes:
            names = [title for pane, (_, title) in PANES.items() if pane in self.panes]
            return f"{self.title} works only in the {join_words(names)} pane{'s' if len(names) > 1 else ''}."
        if context.is_full_view and self.id in _LIST_COMMANDS:
            return f"{self.title} works only in the list. Esc goes there."
        if self.is_write and context.read_only:
            return "This session is read-only: it may change nothing."
        return self.check(context)

    def current_title(self, context: CommandContext) -> str:
        title_for = _CURRENT_TITLES.get(self.id)
        return self.title if title_for is None else title_for(context)


_INSTANCES = frozenset({INSTANCES})
_LIST_COMMANDS = frozenset({"details", "mark", "mark_all", "sort", "export", "zoom"})
"""The commands that are for a list, and not for one row that fills the screen."""
_ACTIVITY = frozenset({ACTIVITY})

COMMANDS: tuple[Command, ...] = (
    Command("launch", "l", "Launch", "launch:launch", availability.can_launch, is_write=True),
    Command("connect", "c", "Connect", "connect:connect", availability.can_connect, _INSTANCES | _ACTIVITY),
    Command("connect_with", "", "Connect with …", "connect:connect_with", availability.can_connect, _INSTANCES),
    Command("tunnels", "T", "Tunnels", "tunnels:tunnels"),
    Command(
        "stop_or_start", "s", "Stop", "power:stop_or_start", availability.can_stop_or_start, _INSTANCES, is_write=True
    ),
    Command("reboot", "b", "Reboot", "power:reboot", availability.can_reboot, _INSTANCES, is_write=True),
    Command("freeze", "f", "Freeze", "freeze:freeze", availability.can_freeze, _INSTANCES, is_write=True),
    Command(
        "change_type", "t", "Type", "change_type:change_type", availability.can_change_type, _INSTANCES, is_write=True
    ),
    Command("tags", "E", "Tags", "tags:edit_tags", availability.can_terminate, _INSTANCES, is_write=True),
    Command("keep", "K", "Keep", "tags:keep_or_unkeep", availability.can_terminate, _INSTANCES, is_write=True),
    Command(
        "protection",
        "A",
        "Protection",
        "protection:change_protection",
        availability.can_change_protection,
        _INSTANCES,
        is_write=True,
    ),
    Command("console", "L", "Console output", "full_view:open_console", availability.has_one, _INSTANCES),
    Command("screenshot", "", "Screenshot", "full_view:take_screenshot", availability.can_take_screenshot, _INSTANCES),
    Command("types", "", "Instance types", "types:browse_types", availability.has_fleet),
    Command(
        "spot_prices",
        "p",
        "Spot prices",
        "spot_prices:toggle_spot_prices",
        availability.can_show_spot_prices,
        LIST_PANES,
    ),
    Command(
        "shorter", "[", "Shorter", "spot_prices:show_fewer_days", availability.can_show_fewer_days, footer_pane=SPOT
    ),
    Command("longer", "]", "Longer", "spot_prices:show_more_days", availability.can_show_more_days, footer_pane=SPOT),
    Command(
        "terminate",
        "X",
        "Terminate",
        "deregister:terminate_or_deregister",
        availability.can_remove,
        MARKABLE_PANES,
        is_write=True,
    ),
    Command("as_command", "", "As a command", "as_command:copy_as_command", availability.has_target, MARKABLE_PANES),
    Command("open", "enter", "Open", "dashboard:open_selected", availability.can_open),
    Command("details", "d", "Panel", "dashboard:toggle_details", availability.has_target, MARKABLE_PANES),
    Command("mark", "space", "Mark", "dashboard:mark", availability.has_rows, MARKABLE_PANES),
    Command("mark_all", "a", "Mark all", "dashboard:mark_all", availability.has_rows, MARKABLE_PANES),
    Command("filter", "/", "Filter", "dashboard:open_filter", availability.can_filter),
    Command("sort", "o", "Sort", "dashboard:choose_sort", availability.has_rows, LIST_PANES),
    Command("copy", "y", "Copy", "copy:copy", availability.can_copy),
    Command("export", "e", "Export", "export:export", availability.has_rows, LIST_PANES),
    Command("leave", "escape", "Leave", "dashboard:leave_level", availability.can_leave),
    Command(
        "cancel",
        "x",
        "Cancel",
        "dashboard:cancel_task",
        availability.has_running_task,
        _ACTIVITY,
        extra_keys=("delete", "backspace"),
    ),
    Command("region", "R", "Region", "location:choose_region"),
    Command("profile", "P", "Profile", "location:choose_profile"),
    Command("refresh", "ctrl+r", "Read", "dashboard:read_now"),
    Command("instances", "1", "Instances", "dashboard:go_to_instances"),
    Command("images", "2", "Images", "dashboard:go_to_images"),
    Command("spot", "3", "Spot", "dashboard:go_to_spot"),
    Command("activity", "6", "Activity", "dashboard:go_to_activity"),
    Command("errors", "!", "Errors", "dashboard:go_to_errors"),
    Command("cost", "$", "Costs", "cost:show_costs", availability.has_fleet),
    Command("cpu", "", "CPU", "dashboard:toggle_cpu"),
    Command("zoom", "z", "Zoom", "dashboard:zoom"),
    Command("larger", ">", "Larger", "dashboard:enlarge_pane", availability.can_resize),
    Command("smaller", "<", "Smaller", "dashboard:shrink_pane", availability.can_resize),
    Command("theme", "", "Theme", "dashboard:choose_theme"),
    Command("command_line", ":", "Command line", "command_line:open_command_line"),
    Command("help", "?", "Help", "dashboard:show_help"),
    Command("palette", "ctrl+p", "All", "dashboard:open_palette"),
    Command("quit", "q", "Quit", "dashboard:quit_program", extra_keys=("ctrl+q",)),
    Command("unmark", "", "Unmark all", "dashboard:unmark", availability.has_marks, MARKABLE_PANES),
    Command("show_running", "", "Running instances", "dashboard:show_running", availability.has_fleet),
    Command("show_moving", "", "Changing instances", "dashboard:show_moving", availability.has_fleet),
    Command("show_stopped", "", "Stopped instances", "dashboard:show_stopped", availability.has_fleet),
    Command("show_alerts", "", "Instances with alerts", "dashboard:show_alerts", availability.has_fleet),
    Command("top", "g", "Top", ""),
    Command("bottom", "G", "Bottom", ""),
    Command("half_down", "ctrl+d", "Half a page down", ""),
    Command("half_up", "ctrl+u", "Half a page up", ""),
    Command("page_down", "ctrl+f", "Page down", ""),
    Command("page_up", "ctrl+b", "Page up", ""),
    Command("next_match", "n", "Next", "", availability.has_search),
    Command("previous_match", "N", "Previous", "", availability.has_search),
)
COMMANDS_BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}

FOOTER_LEFT = (
    *("launch", "cancel", "connect", "shorter", "longer", "next_match", "stop_or_start", "open", "freeze"),
    *("change_type", "spot_prices", "terminate", "details", "filter", "reboot", "leave", "copy", "mark", "sort"),
    *("cost", "region", "console", "tags", "tunnels", "keep", "profile", "mark_all", "export", "command_line"),
    *("protection", "zoom", "larger", "smaller", "refresh", "previous_match", "quit"),
)
"""The most useful first: where space is short, the last are left out."""

FOOTER_RIGHT = ("help", "palette")

_KEY_LABELS = {
    "escape": "esc",
    "delete": "del",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "question_mark": "?",
    "slash": "/",
    "exclamation_mark": "!",
}


def key_label(key: str) -> str:
    """A key as it is shown: ``esc``, ``^p``, ``X``."""
    if key.startswith("ctrl+"):
        return f"^{key_label(key[5:])}"
    return _KEY_LABELS.get(key, key)


def commands_by_group(keys: Mapping[str, str] | None = None) -> Iterator[tuple[str, list[tuple[str, Command]]]]:
    """The commands that have a key, by group, each with its keys as they are shown."""
    for group, texts in _HELP_BY_GROUP.items():
        listed = []
        for command in (COMMANDS_BY_ID[command_id] for command_id in texts):
            first = (keys or {}).get(command.id, command.key)
            if written := " or ".join(key_label(key) for key in (first, *command.extra_keys) if key):
                listed.append((written, command))
        if listed:
            yield group, listed
