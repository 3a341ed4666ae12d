"""What is done to what is selected or marked."""

from __future__ import annotations

from fe2tui.tui import possible
from fe2tui.tui.command import VERBS, Command
from fe2tui.tui.possible import INSTANCES

_ROWS = frozenset({INSTANCES})
_INSTANCE = "Instances"

THINGS: tuple[Command, ...] = (
    Command(
        "launch",
        "l",
        "Launch",
        "Launch a new instance. In the images: from the one that is selected.",
        _INSTANCE,
        f"{VERBS}.launch:launch",
        check=possible.can_launch,
        order=10,
        changes=True,
    ),
    Command(
        "connect",
        "c",
        "Connect",
        "Open a shell on the instance over ssh.",
        _INSTANCE,
        f"{VERBS}.connect:connect",
        check=possible.can_connect,
        scopes=_ROWS,
        order=20,
    ),
    Command(
        "connect_with",
        "",
        "Connect with …",
        "Connect as another user, or with tunnels to the instance's ports.",
        _INSTANCE,
        f"{VERBS}.connect:connect_with",
        check=possible.can_connect,
        scopes=_ROWS,
    ),
    Command(
        "stop_or_start",
        "s",
        "Stop",
        "Stop the instance if it runs, start it if it is stopped.",
        _INSTANCE,
        f"{VERBS}.power:stop_or_start",
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
        f"{VERBS}.power:reboot",
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
        f"{VERBS}.terminate:terminate",
        check=possible.can_terminate,
        scopes=_ROWS,
        order=50,
        changes=True,
    ),
)
