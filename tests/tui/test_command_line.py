"""The command line of the dashboard: the shell's verbs, by the actions and forms of the keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual import events
from textual.widgets import Input

from fe2tui.demo import Cloud
from fe2tui.errors import NotFoundError
from fe2tui.paths import store_file
from fe2tui.store.completion_names import last_addresses
from fe2tui.tui.forms.command_line import CommandLine, Run
from fe2tui.tui.forms.confirm import ConfirmForm
from fe2tui.tui.forms.cost import CostForm
from fe2tui.tui.forms.freeze import FreezeForm
from fe2tui.tui.forms.impact import ImpactForm
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.forms.output import OutputForm, OutputLog
from fe2tui.tui.forms.protection import ProtectionForm
from fe2tui.tui.forms.radio import RadioLine, RadioList
from fe2tui.tui.forms.tunnels import TunnelsForm
from fe2tui.tui.forms.type_picker import TypePicker
from fe2tui.tui.key_queue import KeyQueue
from fe2tui.tui.shell_commands import Completion
from tests.tui.driver import Driven, calls, dashboard
from tests.tui.form_host import UNANSWERED, Host, opened, text_of, write

NAMES = [Completion("base", "running"), Completion("base-2", "stopped"), Completion("web", "running")]


def _complete(text: str) -> tuple[str, Sequence[Completion]]:
    before, space, typed = text.rpartition(" ")
    return before + space, [one for one in NAMES if one.text.startswith(typed)] if space else ()


def _prepare(text: str) -> Run:
    if "nope" in text:
        raise NotFoundError("There is no instance nope.", "There is base.")
    return lambda: None


def _line(history: Sequence[str] = ()) -> CommandLine:
    return CommandLine(_complete, _prepare, history, KeyQueue(lambda event: None, lambda: True))


def typed(host: Host) -> str:
    return host.form.query_one("#line", Input).value


async def test_tab_goes_through_the_names_and_the_arrows_through_the_history() -> None:
    async with opened(_line(["stop web", "cost", "stop base"])) as (pilot, host):
        await pilot.press(*"stop b")
        assert "base-2" in text_of(host) and "stopped" in text_of(host)
        await pilot.press("tab")
        assert typed(host) == "stop base"
        await pilot.press("tab")
        assert typed(host) == "stop base-2"
        await pilot.press("shift+tab", "ctrl+u", *"stop w", "tab")
        assert typed(host) == "stop web "
        await pilot.press("ctrl+u", *"stop b")
        await pilot.pause()
        area = host.form.query_one("#completions").region
        await pilot.click(offset=(area.x + 3, area.y + 1))
        assert typed(host) == "stop base-2 "
        await pilot.press("ctrl+u", *"st", "up")
        assert typed(host) == "stop web"
        await pilot.press("up", "up")
        assert typed(host) == "stop base"
        await pilot.press("down", "down")
        assert typed(host) == "st"


async def test_what_is_wrong_is_said_and_nothing_that_was_typed_is_lost() -> None:
    async with opened(_line()) as (pilot, host):
        await write(pilot, "stop nope")
        await pilot.press("enter")
        assert host.answer is UNANSWERED and typed(host) == "stop nope"
        assert "▲ There is no instance nope. There is base." in text_of(host)
        await pilot.press("backspace")
        await pilot.pause()
        assert "▲" not in text_of(host)
        await pilot.press("enter")
        assert callable(host.answer)


async def enter(driven: Driven, text: str) -> None:
    """Type a line and send it."""
    await driven.press("colon")
    await driven.opened(CommandLine)
    await write(driven.pilot, text)
    await driven.press("enter")


async def test_a_line_opens_the_question_or_form_of_its_key_and_what_only_shows_is_shown(
    demo_env: Path, cloud: Cloud
) -> None:
    before = len(calls(cloud, "StopInstances"))
    async with dashboard() as driven:
        await enter(driven, "stop base")
        question = await driven.opened(ConfirmForm)
        assert question._question == "Stop base?"
        await driven.press("n")
        await driven.home()

        await enter(driven, "terminate base od1")
        impact = await driven.opened(ImpactForm)
        assert {row.name for row in impact._impact.rows} == {"base", "od1"}
        await driven.press("escape")
        await driven.home()

        await enter(driven, "launch new base 80 m5.large --spot")
        launch = await driven.opened(LaunchForm)
        texts = launch._field_texts()
        assert [texts[name] for name in ("name", "image", "disk", "type")] == ["new", "base", "80", "m5.large"]
        assert launch._purchase.market == "spot"
        await driven.press("escape")
        await driven.home()

        await enter(driven, "freeze base base-9 --stop-first")
        freeze = await driven.opened(FreezeForm)
        await driven.until(lambda: freeze.query_one("#ways", RadioList).display)
        assert (freeze._name_field.value, freeze._chosen_way) == ("base-9", "stop")
        await driven.press("escape")
        await driven.home()

        await enter(driven, "protect base on")
        protection = await driven.opened(ProtectionForm)
        await driven.until(lambda: protection.query(RadioLine))
        assert protection._wanted.termination_protected and not protection._wanted.stop_protected
        await driven.press("escape")
        await driven.home()

        await enter(driven, "instance od1")
        await driven.until(
            lambda: driven.main_screen.full_view is not None and driven.selected_row == driven.named("od1").id
        )
        await driven.press("escape")
        await driven.until(lambda: driven.main_screen.full_view is None)

        await enter(driven, "types gpu:a10g --sort price")
        types = await driven.opened(TypePicker)
        assert types.query_one("#filter", Input).value == "gpu:a10g"
        assert types._type_list.sort == "price"
        await driven.press("escape")
        await driven.home()

        await enter(driven, "cost tag:project=vision")
        costs = await driven.opened(CostForm)
        await driven.until(lambda: costs.rows is not None)
        assert costs.rows is not None and {row.tags["project"] for row in costs.rows.shown.values()} == {"vision"}
        await driven.press("escape", "escape")  # the filter, the costs
        await driven.home()

        await driven.until(lambda: driven.fleet.idle_addresses)
        await enter(driven, "release 'was for web'")
        question = await driven.opened(ConfirmForm)
        assert question._question == "Release was for web (127.0.0.1)?"
        await driven.press("n")
        await driven.home()

        await enter(driven, "fe2 ip base")
        output = await driven.opened(OutputForm)
        address = driven.named("base").address
        await driven.until(lambda: output.query_one(OutputLog).lines[:1] == [address], of="the output")
        await driven.press("escape")
        await driven.home()
    assert len(calls(cloud, "StopInstances")) == before


async def test_a_line_that_cannot_be_done_stays_and_is_in_the_history_of_the_next_dashboard(demo_env: Path) -> None:
    wrong = {
        "stop nope": "There is no instance nope.",
        "stop base --yes": "--yes has no use here: the dashboard asks each time.",
        "stop base --region oregon": "The dashboard shows us-east-2.",
        "stopp base": "There is no command “stopp”.",
        "reboot od1": "Only a running instance can be rebooted.",
        "demo": "demo does not run in the dashboard",
        "launch x base --tag a=b": "--tag has no use here",
    }
    async with dashboard() as driven:
        await driven.press("colon")
        form = await driven.opened(CommandLine)
        for line, said in wrong.items():
            form.query_one("#line", Input).value = ""
            await write(driven.pilot, line)
            await driven.press("enter")
            await driven.until(lambda said=said: said in driven.screen_text, of=line)  # type: ignore[misc]
            assert form.query_one("#line", Input).value == line
        form.query_one("#line", Input).value = ""
        await driven.press(*"connect bas", "tab")
        assert form.query_one("#line", Input).value == "connect base "
        form.query_one("#line", Input).value = ""
        await driven.until(lambda: driven.fleet.idle_addresses)
        (idle,) = driven.fleet.idle_addresses
        kept = [("was for web", idle.id, "unused")]
        await driven.until(lambda: last_addresses(store_file(), driven.fleet.location.key) == kept)
        await driven.press(*"release eip", "tab")
        assert form.query_one("#line", Input).value == f"release {idle.id} "
        form.query_one("#line", Input).value = ""
        await driven.press(*"tunn", "tab", "enter")  # a command of the dashboard
        await driven.opened(TunnelsForm)
        await driven.press("escape")
        await driven.home()
        await enter(driven, "images")
        await driven.until(lambda: driven.view.pane == "images")
    async with dashboard(read_only=True) as driven:
        await driven.press("colon")
        form = await driven.opened(CommandLine)
        await driven.press("up", "up", "up")
        assert form.query_one("#line", Input).value == "launch x base --tag a=b"
        form.query_one("#line", Input).value = "stop base"
        await driven.pilot.pause()
        await driven.press("enter")
        await driven.until(lambda: "read-only" in driven.screen_text)


async def test_the_enter_of_a_pasted_text_runs_nothing() -> None:
    queue = KeyQueue(lambda event: None, lambda: True)
    line = CommandLine(_complete, _prepare, (), queue)
    async with opened(line):
        enter_key = events.Key("enter", "\r")
        assert line.takes_key(enter_key)
        queue.current_burst.text = "stop base\n"
        assert not line.takes_key(enter_key)
