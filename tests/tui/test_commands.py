"""The one table of actions, and the keys a person may choose."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from fe2tui.tui.commands import COMMANDS, COMMANDS_BY_ID, FOOTER_LEFT, FOOTER_RIGHT, commands_by_group
from fe2tui.tui.keymap import build_keymap, normalize_key
from fe2tui.tui.pane_ids import PANES


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.action], ids=lambda command: command.id)
def test_every_command_leads_to_a_function(command: object) -> None:
    module, _, name = command.run.partition(":")  # type: ignore[attr-defined]
    assert callable(getattr(import_module(module), name))


def test_a_key_means_one_thing() -> None:
    for pane in PANES:
        keys = Counter(key for c in COMMANDS if pane in c.panes for key in (c.key, *c.extra_keys) if key)
        assert [key for key, count in keys.items() if count > 1] == []


def test_the_keys_are_those_of_the_design() -> None:
    wanted = {
        "launch": "l", "connect": "c", "stop_or_start": "s", "reboot": "b", "terminate": "X", "details": "d",
        "mark": "space", "mark_all": "a", "filter": "/", "sort": "o", "copy": "y", "export": "e", "region": "R",
        "profile": "P", "errors": "!", "help": "?", "palette": "ctrl+p", "zoom": "z", "quit": "q",
        "top": "g", "bottom": "G", "half_down": "ctrl+d", "half_up": "ctrl+u", "page_down": "ctrl+f",
        "page_up": "ctrl+b", "next_match": "n", "previous_match": "N", "cancel": "x", "tunnels": "T",
        "command_line": ":",
    }  # fmt: skip
    assert {command_id: COMMANDS_BY_ID[command_id].key for command_id in wanted} == wanted


def test_help_and_readme_name_every_key() -> None:
    listed = {command.id for _, commands in commands_by_group() for _, command in commands}
    assert listed == {command.id for command in COMMANDS if command.key}
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        if command.key:
            assert command.help in readme


def test_keys_can_be_bound_by_the_user() -> None:
    chosen = build_keymap({"connect": "ctrl+t", "quit": "f10", "terminate": "none"})
    assert chosen.problems == ()
    assert (chosen.keys["connect"], chosen.keys["quit"], chosen.keys["terminate"]) == ("ctrl+t", "f10", "")
    bound = dict(chosen.all_keys())
    assert bound["ctrl+t"] == "connect"
    assert "c" not in bound


def test_the_keys_that_move_in_lists_can_be_bound_too_and_belong_to_the_lists() -> None:
    chosen = build_keymap({"region": "g", "top": "ctrl+g", "half_up": "none"})
    assert chosen.problems == ()
    assert chosen.widget_keys["top"] == "ctrl+g"
    assert chosen.widget_keys["half_up"] not in ("", "ctrl+u")  # without an entry, Textual keeps the default
    bound = dict(chosen.all_keys())
    assert bound["g"] == "region" and "ctrl+g" not in bound


def test_the_footer_has_every_key_that_is_not_shown_elsewhere() -> None:
    tabs_and_counts = {"instances", "images", "spot", "activity", "errors"}
    keys = {command.id for command in COMMANDS if command.key and (command.action or command.id.endswith("match"))}
    assert {*FOOTER_LEFT, *FOOTER_RIGHT} == keys - tabs_and_counts


def test_two_commands_may_change_places() -> None:
    chosen = build_keymap({"stop_or_start": "b", "reboot": "s"})
    assert chosen.problems == ()
    assert (chosen.keys["stop_or_start"], chosen.keys["reboot"]) == ("b", "s")


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"conect": "t"}, "Did you mean connect?"),
        ({"connect": "hyper+q"}, "“hyper+q” is not a key"),
        ({"connect": "xx"}, "“xx” is not a key"),
        ({"connect": "ctrl+shift+%"}, "“ctrl+shift+%” is not a key"),
        ({"connect": "ctrl+shift+t"}, "“ctrl+shift+t” is not a key"),
        ({"connect": "ctrl+%"}, "“ctrl+%” is not a key"),
        ({"connect": "down"}, "moves the cursor"),
        ({"connect": "X"}, "X is Terminate"),
        ({"region": "g"}, "g is Top. Give top another key, too."),
        ({"connect": "j"}, "moves the cursor"),
    ],
)
def test_a_wish_that_cannot_be_followed_is_said_by_name(wish: dict[str, str], said: str) -> None:
    chosen = build_keymap(wish)
    assert len(chosen.problems) == 1
    assert next(iter(wish)) in chosen.problems[0]
    assert said in chosen.problems[0]
    assert chosen.keys == build_keymap({}).keys


def test_two_wishes_for_one_key_are_both_refused() -> None:
    chosen = build_keymap({"connect": "ctrl+t", "copy": "ctrl+t"})
    assert len(chosen.problems) == 2
    assert chosen.keys == build_keymap({}).keys


@pytest.mark.parametrize(
    ("text", "key"),
    [("x", "x"), ("X", "X"), ("shift+x", "X"), ("esc", "escape"), ("Ctrl+T", "ctrl+t"), ("^t", "ctrl+t"), ("F5", "f5")],
)
def test_keys_may_be_written_as_people_write_them(text: str, key: str) -> None:
    assert normalize_key(text) == key
