"""The key of each command: the default, or the one in ``[keys]`` of the settings, if it is valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fe2tui.tui.commands import COMMANDS, COMMANDS_BY_ID, Command, key_label

_NAMED_KEYS = frozenset(
    (
        *("escape", "enter", "tab", "space", "backspace", "delete", "insert"),
        *("home", "end", "pageup", "pagedown", "up", "down", "left", "right"),
        *(f"f{number}" for number in range(1, 25)),
    )
)
_SPELLINGS = {
    "esc": "escape",
    "del": "delete",
    "return": "enter",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "ins": "insert",
}
_MODIFIERS = ("ctrl", "shift", "alt", "super", "meta")
_MOVEMENT_KEYS = frozenset({"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "tab", "j", "k"})
_NO_KEY = "f63"  # of a command without a key: an id that is missing in Textual's keymap keeps its default
_UNBOUND = frozenset({"", "none"})


class Keymap(NamedTuple):
    """The first key of each command, by its id, and a sentence about each setting that could not be used."""

    keys: Mapping[str, str]
    problems: tuple[str, ...] = ()

    @property
    def widget_keys(self) -> Mapping[str, str]:
        """The keys of the bindings that widgets have, by the ids of the bindings, for ``App.set_keymap``."""
        return {command.id: self.keys[command.id] or _NO_KEY for command in COMMANDS if not command.action}

    def all_keys(self) -> Iterable[tuple[str, str]]:
        """Every (key, command id), extra keys included where no command has them as its first key."""
        used_keys = set(self.keys.values())
        for command in COMMANDS:
            if not command.action:
                continue
            first = self.keys.get(command.id, "")
            if first:
                yield first, command.id
            for other in command.extra_keys:
                if other not in used_keys:
                    yield other, command.id


def build_keymap(settings_keys: Mapping[str, str]) -> Keymap:
    """The keys with the settings applied. An invalid setting, or one in conflict, is left out and becomes a problem."""
    keys = {command.id: command.key for command in COMMANDS}
    problems: list[str] = []
    new_keys: dict[str, str] = {}
    for command_id, text in settings_keys.items():
        if command_id not in COMMANDS_BY_ID:
            problems.append(f"[keys] {command_id}: there is no such command.{_similar_command_text(command_id)}")
            continue
        key = normalize_key(text)
        if key is None:
            problems.append(
                f"[keys] {command_id}: “{text}” is not a key that terminals send. Write one such as x, X, f5 or ctrl+t."
            )
        elif key in _MOVEMENT_KEYS:
            problems.append(
                f"[keys] {command_id}: {key_label(key)} moves the cursor, and cannot be bound to a command."
            )
        else:
            new_keys[command_id] = key
    for command_id, key in new_keys.items():
        clash = _find_conflict(command_id, key, keys, new_keys)
        if clash is not None:
            problems.append(
                f"[keys] {command_id}: {key_label(key)} is {clash.title}. Give {clash.id} another key, too."
            )
        else:
            keys[command_id] = key
    return Keymap(keys, tuple(problems))


def _find_conflict(command_id: str, key: str, keys: Mapping[str, str], new_keys: Mapping[str, str]) -> Command | None:
    if not key:
        return None
    for other in COMMANDS:
        if other.id == command_id:
            continue
        theirs = new_keys.get(other.id, keys[other.id])
        if theirs == key and (other.panes & COMMANDS_BY_ID[command_id].panes):
            return other
    return None


def normalize_key(text: str) -> str | None:
    """A key as Textual names it: ``X``, ``ctrl+t``, ``escape``; empty for no key; None if there is no such key."""
    if text.strip().lower() in _UNBOUND and text != " ":
        return ""
    text = text.replace("^", "ctrl+", 1) if text.startswith("^") and len(text) == 2 else text
    *modifiers, key = text.split("+") if text != "+" and not text.endswith("++") else [*text[:-1].split("+")[:-1], "+"]
    modifiers = [modifier.strip().lower() for modifier in modifiers]
    if any(modifier not in _MODIFIERS for modifier in modifiers):
        return None
    is_letter = len(key.strip()) == 1 and key.strip().isalpha()
    if len(key) == 1 and not is_letter and {"ctrl", "shift"} & set(modifiers):
        return None  # terminals send no such key
    if len(key) == 1 and {"ctrl", "shift"} <= set(modifiers):
        return None  # terminals send the same for ctrl+t and ctrl+shift+t
    key = _SPELLINGS.get(key.strip().lower(), key.strip() or key)
    if len(key) == 1:
        key = "space" if key == " " else key
        if not key.isprintable():
            return None
    elif key.lower() in _NAMED_KEYS:
        key = key.lower()
    else:
        return None
    if modifiers == ["shift"] and len(key) == 1:
        return key.upper()
    return "+".join([*modifiers, key.lower() if modifiers and len(key) == 1 else key])


def _similar_command_text(command_id: str) -> str:
    import difflib

    near = difflib.get_close_matches(command_id, COMMANDS_BY_ID, 1)
    return f" Did you mean {near[0]}?" if near else f" There are {', '.join(COMMANDS_BY_ID)}."
