"""The help: a list that begins with the keys of the pane, can be searched, and runs what is chosen."""

from __future__ import annotations

from typing import Any, cast

from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.commands import COMMANDS
from fe2tui.tui.help import HelpScreen, help_sections, palette_items
from fe2tui.tui.keymap import build_keymap
from fe2tui.tui.pane_ids import ACTIVITY, INSTANCES, SPOT
from fe2tui.tui.services import Services
from tests.tui.fleets import PLACE, fleet, instance
from tests.tui.form_host import UNANSWERED, opened, said, text_of, write

KEYS = build_keymap({}).keys


def view(pane: str = INSTANCES, **more: Any) -> CommandContext:
    seen = fleet([instance(1)])
    fields: dict[str, Any] = {"fleet": seen, "selected_instance": next(iter(seen.instances.values()))}
    return CommandContext(cast(Services, None), PLACE, pane, **(fields | {"visible_count": 1} | more))


def test_it_begins_with_the_keys_of_the_pane() -> None:
    for pane, mine, other in ((INSTANCES, "s", "["), (SPOT, "[", "s"), (ACTIVITY, "x or del or backspace", "s")):
        sections = {title: [entry.words for entry in entries] for title, entries in help_sections(view(pane), KEYS)}
        (first, keys), *rest = sections.items()
        assert first.startswith("Keys in ") and mine in keys and other not in keys
        assert other in dict(rest)["Keys of other panes"]
    listed = [entry.command_id for _, entries in help_sections(view(), KEYS) for entry in entries if entry.command_id]
    assert sorted(listed) == sorted(command.id for command in COMMANDS)


async def test_it_is_searched_and_enter_runs_what_is_chosen() -> None:
    async with opened(HelpScreen(view(), KEYS), (80, 24)) as (pilot, host):
        form = host.form
        assert isinstance(form, HelpScreen)
        lines = text_of(host).splitlines()
        assert "Keys in Instances" in lines[1] and "enter Run" in lines[-3] and lines[-1].strip() == ""
        await pilot.press("G")
        assert form.highlighted is not None and form.highlighted.words == "◇"
        await pilot.press("ctrl+u", "ctrl+b", "g")
        assert form.highlighted.words == "l" and "launch = " in said(host, "#about")
        await pilot.press("slash")
        await write(pilot, "spot price")
        assert "Stop the instance" not in text_of(host)
        await pilot.press("enter", "n", "n")
        second = form.highlighted
        assert host.answer is UNANSWERED and second is not None and second.command_id
        await pilot.press("N", "n", "enter")
        assert host.answer == second.command_id


async def test_it_says_why_a_command_cannot_run_now_and_esc_ends_the_search_first() -> None:
    async with opened(HelpScreen(view(read_only=True), KEYS)) as (pilot, host):
        assert "Not now: This session is read-only" in said(host, "#about")
        await pilot.press("slash", *"nosuchword")
        assert "No match." in text_of(host)
        await pilot.press("escape")
        assert "Keys in Instances" in text_of(host) and host.answer is UNANSWERED
        await pilot.press("escape")
        assert host.answer is None


def test_the_palette_has_every_command_with_its_key() -> None:
    items = {item.key: item for item in palette_items(view(), KEYS)}
    assert items["launch"].shortcut == "l" and items["connect_with"].shortcut == ""
    assert set(items) == {command.id for command in COMMANDS if command.action and command.id != "palette"}
    assert items["cancel"].hint.startswith("Not now: ") and items["leave"].hint == "Nothing to do now."
