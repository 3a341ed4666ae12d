"""The one table of actions: key bindings, footer, palette, help and the README's list of keys all come from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fe2tui.model.words import plural
from fe2tui.tui.command import EVERYWHERE, PANES, Command
from fe2tui.tui.tables.lists import LISTS
from fe2tui.tui.tables.program import PROGRAM
from fe2tui.tui.tables.things import THINGS

if TYPE_CHECKING:
    from fe2tui.tui.view import View

__all__ = [
    "BY_ID",
    "COMMANDS",
    "EVERYWHERE",
    "PANES",
    "Command",
    "grouped",
    "key_name",
    "keys_as_markdown",
    "targets_in_words",
]

COMMANDS: tuple[Command, ...] = (*THINGS, *LISTS, *PROGRAM)

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
