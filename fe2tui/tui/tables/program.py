"""Where the program looks, and the program itself."""

from __future__ import annotations

from fe2tui.tui import possible
from fe2tui.tui.command import ACTIONS, VERBS, Command

_PLACE = "Where"
_PROGRAM = "The program"

PROGRAM: tuple[Command, ...] = (
    Command(
        "region",
        "g",
        "Region",
        "Go to another region.",
        _PLACE,
        f"{VERBS}.place:region",
        order=110,
    ),
    Command(
        "profile",
        "P",
        "Profile",
        "Go to another profile.",
        _PLACE,
        f"{VERBS}.place:profile",
        order=120,
    ),
    Command(
        "refresh",
        "ctrl+r",
        "Read",
        "Read everything again now.",
        _PLACE,
        f"{ACTIONS}:refresh",
    ),
    Command(
        "instances",
        "1",
        "Instances",
        "Go to the instances.",
        _PROGRAM,
        f"{ACTIONS}:go_to_instances",
    ),
    Command(
        "images",
        "2",
        "Images",
        "Go to the images: your own, and the well-known public ones.",
        _PROGRAM,
        f"{ACTIONS}:go_to_images",
    ),
    Command(
        "spot",
        "3",
        "Spot",
        "Go to the spot prices: what types have cost in each zone.",
        _PROGRAM,
        f"{ACTIONS}:go_to_spot",
    ),
    Command(
        "activity",
        "6",
        "Activity",
        "Go to the activity: what was done, and what is under way.",
        _PROGRAM,
        f"{ACTIONS}:go_to_activity",
    ),
    Command(
        "errors",
        "!",
        "Errors",
        "Go to the newest failure in the activity.",
        _PROGRAM,
        f"{ACTIONS}:go_to_errors",
    ),
    Command(
        "cost",
        "$",
        "Costs",
        "Show what everything costs: now, today, this month, a month.",
        _PROGRAM,
        f"{VERBS}.cost:cost",
        check=possible.has_fleet,
        order=105,
    ),
    Command(
        "cpu",
        "",
        "CPU",
        "Ask how busy the machines in view are, or stop asking: AWS bills it.",
        _PROGRAM,
        f"{VERBS}.cpu:switch",
    ),
    Command(
        "zoom",
        "z",
        "Zoom",
        "Give the whole screen to this pane, or give it back.",
        _PROGRAM,
        f"{ACTIONS}:zoom",
        order=150,
    ),
    Command(
        "theme",
        "",
        "Theme",
        "Change between the dark and the light colours.",
        _PROGRAM,
        f"{ACTIONS}:change_theme",
    ),
    Command(
        "help",
        "?",
        "Help",
        "Show every key and what it does.",
        _PROGRAM,
        f"{ACTIONS}:show_help",
        order=910,
        at_right=True,
    ),
    Command(
        "palette",
        "ctrl+p",
        "All",
        "Find any action by its name.",
        _PROGRAM,
        f"{ACTIONS}:open_palette",
        order=920,
        at_right=True,
    ),
    Command("quit", "q", "Quit", "Leave the program.", _PROGRAM, f"{ACTIONS}:leave_program", keys=("ctrl+q",)),
)
