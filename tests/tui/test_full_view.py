"""Enter shows everything about a row; keys act on it there; L follows the console output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.widgets import Input

from fe2tui.demo import Cloud
from fe2tui.model.instance import State
from fe2tui.tui.forms.confirm import ConfirmForm
from fe2tui.tui.forms.error import ErrorForm
from fe2tui.tui.forms.impact import ImpactForm
from fe2tui.tui.forms.protection import ProtectionForm
from fe2tui.tui.forms.radio import RadioLine
from fe2tui.tui.forms.tags import TagRow, TagsForm
from fe2tui.tui.pane_ids import IMAGES
from fe2tui.tui.panes.console import ConsoleView
from fe2tui.tui.panes.full_details import ImageDetailsView, InstanceDetailsView
from tests.tui.driver import Driven, calls, dashboard
from tests.tui.form_host import write


def text_of(driven: Driven) -> str:
    """The whole text that fills the screen."""
    view = driven.main_screen.full_view
    return view.text.text if view is not None else ""


async def open_details(driven: Driven, name: str) -> None:
    await driven.go_to(name)
    await driven.press("enter")
    await driven.until(lambda: isinstance(driven.main_screen.full_view, InstanceDetailsView))
    await driven.until(lambda: '"InstanceId": ' in text_of(driven))


async def test_enter_shows_everything_and_keys_act_on_that_instance_alone(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    cloud = fresh_cloud()
    enter_cloud(cloud)
    async with dashboard() as driven:
        await driven.go_to("vault")
        await driven.press("space")  # marked, and not acted on in details
        await open_details(driven, "base")
        flat = " ".join(text_of(driven).split())
        for words in ("an hour", "m5.xlarge", "ssh -p", "/dev/", "protection is off", "instance ok", "(poweroff)"):
            assert words in flat, words
        assert driven.view.targets == (driven.named("base"),) and driven.status_text

        await driven.press("s")
        form = await driven.opened(ConfirmForm)
        assert "base" in form._question
        await driven.press("y")
        await driven.until(driven.is_state("base", State.STOPPED))
        await driven.until(lambda: "Stop base" in text_of(driven) and '"Name": "stopped"' in text_of(driven))

        await driven.press("E")
        tags = await driven.opened(TagsForm)
        list(tags.query(TagRow))[-1].key_input.value = "budget"
        await driven.press("ctrl+s")
        await driven.until(lambda: "budget =" in text_of(driven))
        was_kept = driven.named("base").is_kept
        await driven.press("K")
        await driven.until(lambda: driven.named("base").is_kept is not was_kept and not driven.view.running_tasks)

        await driven.press("A")
        protection = await driven.opened(ProtectionForm)
        await driven.until(lambda: len(protection.query(RadioLine)) == 3)
        protection.query(RadioLine).first().choose("on")
        await driven.press("ctrl+s")
        await driven.until(lambda: "Termination  protection is on" in text_of(driven))
        await driven.press("X")
        await driven.opened(ErrorForm)
        assert "`fe2 protect base off`" in driven.screen_text and "Here A does" in driven.screen_text
        await driven.press("enter")
        await driven.home()

        await driven.press("a")
        await driven.until(lambda: any("works only in the list" in toast for toast in driven.toasts))
        await driven.press("y")
        await driven.until(lambda: driven.named("base").id in driven.app.clipboard)
        await driven.press("/")
        await driven.until(lambda: isinstance(driven.app.focused, Input))
        await write(driven.pilot, "cpuoptions")
        await driven.until(lambda: "1 of " in driven.screen_text and '"CpuOptions"' in driven.screen_text)
        await driven.press("enter", "escape")
        await driven.until(lambda: "1 of " not in driven.screen_text)
        await driven.press("escape")
        await driven.until(lambda: driven.main_screen.full_view is None and driven.app.focused is driven.table)
        assert [one.name for one in driven.view.marked_instances] == ["vault"]
        assert not calls(cloud, "TerminateInstances")


async def test_x_on_a_kept_instance_says_so_with_the_key_that_ends_it(demo_env: Path) -> None:
    async with dashboard() as driven:
        kept = next(one for one in driven.view.services.visible_instances() if one.is_kept)
        await driven.go_to(kept.name)
        await driven.press("X")
        await driven.opened(ImpactForm)
        text = " ".join(driven.screen_text.replace("│", " ").split())
        assert f"{kept.name} is tagged fe2:keep." in text and "K in the list removes that tag." in text


async def test_an_image_has_details_too_and_a_pane_key_leaves_them(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("2")
        await driven.until(lambda: driven.view.pane == IMAGES and driven.view.selected_image is not None)
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.main_screen.full_view, ImageDetailsView))
        await driven.until(lambda: '"ImageId": ' in text_of(driven))
        assert "Snapshots" in text_of(driven) and driven.view.pane == IMAGES
        await driven.press("1")
        await driven.until(lambda: driven.main_screen.full_view is None and driven.app.focused is driven.table)


async def test_the_console_output_is_followed_and_searched_over_the_details(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    cloud = fresh_cloud()
    enter_cloud(cloud)
    async with dashboard() as driven:
        await open_details(driven, "base")
        assert not calls(cloud, "GetConsoleOutput")
        await driven.press("L")
        await driven.until(lambda: isinstance(driven.main_screen.full_view, ConsoleView))
        await driven.until(lambda: "login:" in driven.screen_text and "following" in driven.screen_text)
        length = len(text_of(driven))
        await driven.press("b")
        await driven.opened(ConfirmForm)
        await driven.press("y")
        await driven.until(lambda: len(text_of(driven)) > length)
        assert driven.screen_text.rstrip().count("login:")
        await driven.press("/", *"ssh host")
        await driven.until(lambda: "of " in driven.screen_text and "BEGIN SSH HOST KEY" in driven.screen_text)
        await driven.press("escape", "escape")
        await driven.until(lambda: isinstance(driven.main_screen.full_view, InstanceDetailsView))
        cloud.control("/demo/faults", {"kind": "deny", "action": "GetConsoleOutput"})
        await driven.press("L")
        await driven.until(lambda: "GetConsoleOutput" in text_of(driven) and "not read" in driven.screen_text)
