"""Keys that arrive together: text stays text, and only a key that is meant for a question answers it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import Input

from fe2tui.demo import Cloud
from fe2tui.tui.forms.confirm import ConfirmForm
from fe2tui.tui.forms.freeze import FreezeForm
from fe2tui.tui.forms.picker import Picker
from fe2tui.tui.key_queue import LOOK_AHEAD_SECONDS
from tests.tui.driver import Driven, calls, dashboard
from tests.tui.pty_screen import Terminal


@pytest.fixture
def own_cloud(fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]) -> Cloud:
    """A cloud that this test may change."""
    cloud = fresh_cloud()
    enter_cloud(cloud)
    return cloud


def type_at_once(driven: Driven, text: str) -> None:
    """Every key of a text in one read of the terminal, as by a paste without brackets."""
    names = {"\n": "enter", "/": "slash", " ": "space", "\x13": "ctrl+s"}
    for character in text:
        driven.app.post_message(events.Key(names.get(character, character), character))


async def test_a_pasted_text_runs_no_command_and_answers_no_question(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        driven.app.key_queue.look_ahead_seconds = LOOK_AHEAD_SECONDS
        await driven.go_to("base")
        before = len(own_cloud.control("/demo/calls", method="GET"))
        for text in ("systemctl restart nginx\n", "syyy\n", "quit\n", "Xbase\n", "lfg\n"):
            type_at_once(driven, text)
            await driven.until(lambda: any("like pasted text" in toast for toast in driven.toasts), of=text)
            await driven.pilot.pause(0.1)
            assert driven.is_home and not driven.view.running_tasks, text
            driven.app.clear_notifications()
        made = own_cloud.control("/demo/calls", method="GET")[before:]
        assert {call["action"] for call in made if not call["action"].startswith(("Describe", "Get"))} == set()
        await driven.press("s")
        await driven.opened(ConfirmForm)
        type_at_once(driven, "yes\n")
        await driven.until(lambda: any("like pasted text" in toast for toast in driven.toasts))
        assert isinstance(driven.app.screen, ConfirmForm)


@pytest.mark.parametrize("keys", ["sy", "by", "tq"])
async def test_a_question_takes_no_key_that_arrived_with_the_key_that_opened_it(own_cloud: Cloud, keys: str) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        type_at_once(driven, keys)
        await driven.until(lambda: not driven.is_home)
        await driven.pilot.pause(0.2)
        assert not driven.is_home and not driven.view.running_tasks


async def test_a_question_takes_no_key_in_its_first_third_of_a_second(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        await driven.press("s")
        await driven.until(lambda: not driven.is_home)
        form: Any = driven.app.screen
        while not form.is_readable:
            await driven.press("y")
            assert driven.app.screen is form
        await driven.press("y")
        await driven.home()
        await driven.until(lambda: calls(own_cloud, "StopInstances"))


async def test_a_form_takes_text_that_was_typed_ahead_and_no_key_that_submits(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("vault")
        type_at_once(driven, "f\x13")
        form = await driven.opened(FreezeForm)
        await driven.pilot.pause(0.4)
        assert driven.app.screen is form and not calls(own_cloud, "CreateImage")


async def test_a_list_takes_all_that_was_typed_ahead(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("o")
        await driven.press("n", "a", "m", "enter")
        await driven.home()
        assert not isinstance(driven.app.screen, Picker)
        assert driven.main_screen.instances.arrangement.descending


@pytest.mark.parametrize("rest", ["a", "aa"])
async def test_the_key_after_enter_in_the_filter_goes_to_the_list(demo_env: Path, rest: str) -> None:
    async with dashboard() as driven:
        type_at_once(driven, f"/worker\n{rest}")
        await driven.until(lambda: driven.main_screen.instances.arrangement.filter.text == "worker")
        await driven.until(lambda: driven.app.focused is driven.table)
        await driven.until(lambda: len(driven.view.marked_instances) == (driven.table.row_count if rest == "a" else 0))
        assert driven.main_screen.instances.arrangement.filter.text == "worker"


async def test_keys_held_down_are_no_text(demo_env: Path) -> None:
    async with dashboard() as driven:
        first = driven.selected_row
        type_at_once(driven, "jjjj")
        await driven.until(lambda: driven.selected_row != first)
        assert not any("pasted" in toast for toast in driven.toasts)


def test_a_paste_in_a_real_terminal_is_no_command(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    enter_cloud(fresh_cloud())
    with Terminal([sys.executable, "-m", "fe2tui"], dict(os.environ), 120, 36) as terminal:
        terminal.until(lambda: "● base" in terminal.text and "X Terminate" in terminal.text)
        terminal.press("systemctl stop nginx\r", "like pasted text")
        terminal.press("?", "─ Help ─")


async def test_a_letter_in_a_field_is_never_refused(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("slash")
        await driven.until(lambda: isinstance(driven.app.focused, Input))
        type_at_once(driven, "systemctl")
        await driven.until(lambda: isinstance(driven.app.focused, Input) and driven.app.focused.value == "systemctl")
