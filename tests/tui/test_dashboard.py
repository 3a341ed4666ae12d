"""The dashboard on a demo cloud, as a person meets it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from textual.widgets import Input

from fe2tui.aws.images import create_image
from fe2tui.aws.session import Choice
from fe2tui.demo import Cloud
from fe2tui.model.instance import State
from fe2tui.settings import ProfileSettings, Settings
from fe2tui.tui.app import Dashboard
from fe2tui.tui.forms.first_start import FirstStartForm
from fe2tui.tui.forms.picker import Picker
from fe2tui.tui.help import HelpScreen
from fe2tui.tui.preferences import Preferences
from tests.tui.driver import Driven, dashboard
from tests.tui.form_host import write

FreshCloud = Callable[..., Cloud]
EnterCloud = Callable[[Cloud], Path]


def shown(driven: Driven) -> str:
    """All that is on the screen, as text."""
    return driven.screen_text


@pytest.fixture
def own_cloud(fresh_cloud: FreshCloud, enter_cloud: EnterCloud) -> Cloud:
    """A lived-in cloud that this test may trouble, in this process's environment."""
    cloud = fresh_cloud()
    enter_cloud(cloud)
    return cloud


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_all_instances_are_shown_with_state_and_money_at_every_size(
    demo_env: Path, size: tuple[int, int]
) -> None:
    async with dashboard(size=size) as driven:
        await driven.pilot.pause(0.2)
        screen = shown(driven)
        for part in (
            "1 Instances",
            "6 Activity",
            "base",
            "m5.xlarge",
            "running",
            "$/H",
            "us-east-2",
            "l Launch",
            "? Help",
        ):
            assert part in screen
        assert ("│ SSH" in screen) is (size == (120, 36))


async def test_hostile_tags_are_shown_as_text(demo_env: Path) -> None:
    async with dashboard(size=(200, 50)) as driven:
        assert "[prod] web" in shown(driven)
        await driven.go_to("[prod] web")
        await driven.press("d")
        await driven.until(lambda: "[bold]not markup[/bold]" in shown(driven))
        assert "\x1b" not in shown(driven)


async def test_a_filter_works_while_it_is_typed_and_esc_takes_it_away(demo_env: Path) -> None:
    async with dashboard() as driven:
        everything = len(driven.names)
        await driven.press("/", *"type:p3")
        await driven.until(lambda: driven.names == ["train-resnet"])
        assert "/ type:p3" in shown(driven)
        assert "1 of" in shown(driven)
        await driven.press("enter")
        assert driven.app.focused is driven.table
        await driven.press("escape")
        await driven.until(lambda: len(driven.names) == everything)


async def test_a_wrong_filter_says_so_beside_the_field_and_keeps_what_is_shown(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("/", *"base")
        await driven.until(lambda: "base" in driven.names and len(driven.names) < 12)
        before = driven.names
        field = driven.app.focused
        assert isinstance(field, Input)
        field.value = "base stat:x"
        await driven.until(lambda: "Did you mean state:?" in shown(driven))
        assert driven.names == before


async def test_a_wrong_filter_is_not_left_and_what_is_wrong_of_it_filters_nothing(demo_env: Path) -> None:
    async with dashboard() as driven:
        everything = driven.names
        for key in ("enter", "down"):
            await driven.press("/")
            await write(driven.pilot, "state:running,x")
            field = driven.app.focused
            assert isinstance(field, Input)
            field.value = "stat:run"
            await driven.until(lambda: "Did you mean state:?" in shown(driven) and driven.names == everything, of=key)
            await driven.press(key)
            await driven.pilot.pause()
            assert driven.app.focused is field, key
            assert field.value == "stat:run"
            assert "Did you mean state:?" in shown(driven)
            field.value = "type:p3"
            await driven.until(lambda: driven.names == ["train-resnet"], of=key)
            await driven.press(key)
            await driven.until(lambda: driven.app.focused is driven.table, of=key)


async def test_keys_typed_ahead_of_a_form_go_into_the_form(demo_env: Path) -> None:
    async with dashboard() as driven:
        for key in ("slash", *"base"):
            driven.app.simulate_key(key)
        await driven.until(lambda: isinstance(driven.app.focused, Input) and driven.app.focused.value == "base")
        assert driven.view.marked_instances == ()


async def test_sorting_by_a_column_again_turns_it_round(demo_env: Path) -> None:
    async with dashboard() as driven:
        names = [name for name in driven.names if driven.named(name).state is State.RUNNING]
        await driven.press("o")
        await driven.until(lambda: not driven.is_home)
        await driven.press("enter")
        await driven.home()
        turned = [name for name in driven.names if driven.named(name).state is State.RUNNING]
        assert turned == list(reversed(names))


async def test_the_cursor_stays_on_its_instance_over_reads(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.go_to("scraper")
        seen = driven.read_at
        await driven.press("ctrl+r")
        await driven.until(lambda: driven.read_at != seen)
        assert driven.view.selected_instance is not None
        assert driven.view.selected_instance.name == "scraper"


async def test_a_narrow_terminal_shows_one_pane_and_a_number_goes_to_the_other(demo_env: Path) -> None:
    async with dashboard(size=(80, 24)) as driven:
        await driven.press("6")
        await driven.until(lambda: driven.view.pane == "activity")
        assert "What you launch, stop or terminate is listed here." in shown(driven)
        await driven.press("1")
        await driven.until(lambda: driven.view.pane == "instances")
        assert "base" in shown(driven)


async def test_every_resize_leaves_the_cursor_in_sight(demo_env: Path) -> None:
    async with dashboard(size=(120, 36)) as driven:
        await driven.press("end")
        name = driven.view.selected_instance.name if driven.view.selected_instance else ""
        for size in ((80, 24), (200, 50), (60, 14), (120, 36)):
            await driven.pilot.resize_terminal(*size)
            await driven.pilot.pause(0.1)
            assert name[:8] in shown(driven)


async def test_a_failed_read_keeps_the_fleet_with_its_age_and_the_reason(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        names = driven.names
        own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeInstances"})
        driven.read_now()
        await driven.until(lambda: "▲ denied" in shown(driven))
        assert "base" in shown(driven)
        assert driven.names == names
        await driven.until(lambda: "DescribeInstances" in shown(driven))
        own_cloud.control("/demo/faults", method="DELETE")
        driven.read_now()
        await driven.until(lambda: "▲ denied" not in shown(driven))


@pytest.mark.parametrize(("kind", "word"), [("deny", "▲ denied"), ("expired", "▲ login expired")])
async def test_a_failed_read_of_the_instances_stays_told_while_other_things_are_read(
    own_cloud: Cloud, kind: str, word: str
) -> None:
    async with dashboard() as driven:
        own_cloud.control("/demo/faults", {"kind": kind, "action": "DescribeInstances"})
        driven.read_now()
        await driven.until(lambda: word in shown(driven))
        read_at = driven.read_at
        before = set(driven.fleet.images)
        aio_session, base = driven.view.services.task_context().session, driven.named("base").id
        await create_image(aio_session, base, "later", tags={}, snapshot_tags={}, no_reboot=True)
        driven.view.services.fleet_watch.read_images_soon()
        await driven.until(lambda: set(driven.fleet.images) - before, of="a new image")
        await driven.pilot.pause()
        assert word in shown(driven)
        assert driven.notice_text
        assert driven.read_at == read_at
        own_cloud.control("/demo/faults", method="DELETE")
        driven.read_now()
        await driven.until(lambda: word not in shown(driven))
        await driven.until(lambda: not driven.notice_text)


@pytest.mark.parametrize("kind", ["deny", "expired"])
async def test_a_failed_read_of_the_images_stays_told_while_instances_are_read(own_cloud: Cloud, kind: str) -> None:
    async with dashboard() as driven:
        await driven.until(lambda: driven.fleet.images)
        own_cloud.control("/demo/faults", {"kind": kind, "action": "DescribeImages"})
        driven.view.services.fleet_watch.read_images_soon()
        await driven.until(lambda: "▲ Images could not be read: " in shown(driven))
        for _ in range(2):
            read_at = driven.read_at
            driven.view.services.fleet_watch.nudge()
            await driven.until(lambda at=read_at: driven.read_at != at)  # type: ignore[misc]
            await driven.pilot.pause()
            assert "▲ Images could not be read: " in shown(driven)
        own_cloud.control("/demo/faults", method="DELETE")
        driven.read_now()
        await driven.until(lambda: "could not be read" not in shown(driven))


async def test_the_last_fleet_is_there_before_aws_answers(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.until(lambda: driven.view.services.store.fleets.last_fleet(driven.view.location) is not None)
        await driven.until(lambda: driven.interruption_count == 1)
    own_cloud.control("/demo/faults", {"kind": "silent"})
    app = Dashboard(Choice(), Settings())
    async with app.run_test(size=(120, 36)) as pilot:
        driven = Driven(app, pilot)
        await driven.until(lambda: app.screen.id == "main" and driven.view.fleet is not None)
        assert "base" in shown(driven)
        assert driven.is_from_store and driven.interruption_count == 1
        own_cloud.control("/demo/faults", method="DELETE")


async def test_without_credentials_the_first_screen_says_what_to_do_and_offers_the_demo(
    clean_environment: Path, fresh_cloud: FreshCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FE2TUI_HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    cloud = fresh_cloud()
    app = Dashboard(Choice(region="us-east-2"), Settings(quick_seconds=0.5), start_demo=lambda: cloud.environment)
    async with app.run_test(size=(100, 30)) as pilot:
        driven = Driven(app, pilot)
        await driven.opened(FirstStartForm)
        assert "aws configure" in shown(driven)
        await driven.press("d")
        await driven.until(lambda: driven.is_home and "base" in shown(driven))


async def test_a_region_that_does_not_exist_ends_the_program_with_its_error(demo_env: Path) -> None:
    app = Dashboard(Choice(region="Atlantis"), Settings())
    async with app.run_test() as pilot:
        for _ in range(200):
            if app.error is not None:
                break
            await pilot.pause(0.05)
    assert app.error is not None
    assert app.error.exit_code == 3


async def test_read_only_says_why_a_changing_key_does_nothing(demo_env: Path) -> None:
    async with dashboard(read_only=True) as driven:
        assert "read-only" in shown(driven)
        await driven.press("X")
        await driven.until(lambda: any("read-only" in toast for toast in driven.toasts))
        assert driven.is_home


async def test_a_profile_looks_different_and_may_be_read_only(demo_env: Path) -> None:
    profiles = {"second": ProfileSettings(colour="red", read_only=True)}
    async with dashboard(profiles=profiles) as driven:
        plain = driven.status_strip
        await driven.view.services.go(profile="second")
        await driven.until(lambda: driven.view.location.profile == "second")
        assert driven.view.read_only
        before = {s.style.bgcolor for s in plain if s.style}
        await driven.until(lambda: {s.style.bgcolor for s in driven.status_strip if s.style} != before)
        await driven.view.services.go(profile="default")
        assert not driven.view.read_only


async def test_another_region_starts_with_nothing_of_the_last(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("space")
        await driven.view.services.go(region="us-west-2")
        await driven.until(lambda: driven.view.fleet is not None and driven.view.region == "us-west-2")
        assert driven.view.marked_instances == ()
        assert "base" not in driven.names or driven.named("base").zone.startswith("us-west-2")


async def test_what_cannot_be_set_is_said_and_the_rest_works(demo_env: Path) -> None:
    async with dashboard(keys={"conect": "t"}, columns=("name", "colour"), theme="neon") as driven:
        await driven.press("!")
        await driven.until(lambda: "no such command" in shown(driven))
        for part in ("no column “colour”", "unknown theme “neon”"):
            assert part in shown(driven)


async def test_help_names_every_key_and_is_scrolled_through_on_a_small_screen(demo_env: Path) -> None:
    async with dashboard(size=(80, 24)) as driven:
        await driven.press("?")
        await driven.opened(HelpScreen)
        assert "Launch an instance:" in shown(driven)
        await driven.press("G")
        await driven.until(lambda: "needs attention" in shown(driven))
        await driven.press("slash", *"everything again", "enter", "enter")
        await driven.until(lambda: driven.is_home and "Reading again …" in driven.toasts)


async def test_counts_filter_marks_are_taken_away_and_the_activity_is_searched_by_click_and_key(demo_env: Path) -> None:
    async with dashboard(size=(120, 36)) as driven:
        table, everything = driven.table, len(driven.names)

        async def click(text: str, line: int) -> None:
            await driven.until(lambda: text in shown(driven).splitlines()[line])
            await driven.pilot.click(
                offset=(shown(driven).splitlines()[line].index(text), line % driven.app.size.height)
            )

        await driven.press("a")
        await driven.until(lambda: len(table.marks) == everything)
        await click("○", 0)
        await driven.until(lambda: {driven.named(name).state for name in driven.names} == {State.STOPPED})
        assert "/ state:stopped" in shown(driven)
        await driven.until(
            lambda: f"{len(driven.names)} marked, {everything - len(driven.names)} hidden" in shown(driven)
        )
        await click("marked", -1)
        await driven.until(lambda: not table.marks)
        await click("▲", 0)
        await driven.until(lambda: len(driven.names) not in (0, everything) and "/ alert" in shown(driven))
        await driven.press("slash")
        await driven.until(lambda: isinstance(driven.app.focused, Input))
        assert driven.app.focused is not None and driven.app.focused.value == "alert"  # type: ignore[attr-defined]
        await click("esc", -1)
        await driven.until(lambda: len(driven.names) == everything and driven.app.focused is table)
        await driven.press("6", "slash")
        await driven.until(lambda: isinstance(driven.app.focused, Input))
        await driven.press(*"terminate", "enter")
        await driven.until(lambda: driven.view.search_text == "terminate" and driven.activity.has_focus)
        await driven.press("escape")
        await driven.until(lambda: not driven.view.search_text)
        await driven.press("escape")
        await driven.until(lambda: driven.view.pane == "instances")


async def test_the_palette_finds_a_command_and_says_why_one_cannot_be_done(demo_env: Path) -> None:
    async with dashboard(read_only=True) as driven:
        await driven.press("ctrl+p")
        await driven.until(lambda: not driven.is_home or driven.app.screen.id != "main")
        await driven.press(*"terminate")
        await driven.until(lambda: "Not now" in shown(driven))
        await driven.press("escape")


async def test_the_colours_change_and_nothing_depends_on_them(demo_env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with dashboard() as driven:
        driven.app.theme = "fe2tui-light"
        await driven.pilot.pause()
        for sign in ("● train-resnet", "▲ scraper", "○ od1"):
            assert sign in shown(driven)


async def test_a_theme_is_seen_before_it_is_chosen_and_remembered_unless_config_toml_sets_one(
    demo_env: Path,
) -> None:
    async with dashboard() as driven:
        driven.perform("theme")
        await driven.opened(Picker)
        await driven.press("down")
        await driven.until(lambda: driven.app.theme == "fe2tui-light")
        await driven.press("escape")
        await driven.until(lambda: driven.app.theme == "fe2tui-dark")
        driven.perform("theme")
        await driven.opened(Picker)
        await driven.press(*"nord")
        await driven.until(lambda: driven.app.theme == "nord")
        await driven.press("enter")
        await driven.home()
        assert driven.app.theme == "nord"
    async with dashboard() as driven:
        assert driven.app.theme == "nord"
        assert "base" in shown(driven)
    async with dashboard(theme="dracula") as driven:
        assert driven.app.theme == "dracula"
        driven.perform("theme")
        await driven.opened(Picker)
        await driven.press(*"gruv", "enter")
        await driven.until(lambda: any("config.toml sets the theme dracula" in toast for toast in driven.toasts))
        assert driven.app.theme == "gruvbox"
        assert Preferences.load().theme == "nord"


async def test_a_fault_of_our_own_is_told_and_ends_nothing(demo_env: Path) -> None:
    async with dashboard() as driven:

        async def work(ctx: object) -> str:
            raise KeyError("what")

        driven.view.services.run_task("Break", work)
        await driven.until(lambda: any("fault of fe2tui" in toast for toast in driven.toasts))
        assert (demo_env / "data" / "errors.log").read_text().count("KeyError") >= 1
        await driven.press("!")
        await driven.until(lambda: "A fault of fe2tui itself" in shown(driven))


async def test_the_read_is_quick_after_an_action_and_ages_go_on(demo_env: Path) -> None:
    async with dashboard() as driven:
        first = driven.read_at
        driven.view.services.fleet_watch.nudge()
        await driven.until(lambda: driven.read_at != first)
        later = driven.read_at
        assert first is not None
        assert later is not None
        assert later - first < timedelta(seconds=30)


async def test_the_palette_finds_an_action_and_does_it(demo_env: Path) -> None:
    async with dashboard(size=(80, 24)) as driven:
        await driven.press("ctrl+p")
        await driven.opened(Picker)
        await write(driven.pilot, "show every key")
        await driven.press("enter")
        await driven.opened(HelpScreen)


async def test_the_footer_shows_no_key_of_the_list_while_a_form_is_open(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.until(lambda: "X Terminate" in shown(driven))
        await driven.press("question_mark")
        await driven.until(lambda: isinstance(driven.app.screen, HelpScreen) and "d Panel" not in shown(driven))
        await driven.press("escape")
        await driven.until(lambda: "X Terminate" in shown(driven))


async def test_the_status_line_names_the_keys_that_sign_and_has_the_guards_of_their_account(
    own_cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[profile prod]\nregion = us-east-2\n[profile dev]\nregion = us-west-2\n")
    key = own_cloud.keys.access_key
    (tmp_path / "credentials").write_text(f"[prod]\naws_access_key_id = {key}\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_PROFILE", "dev")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    profiles = {"prod": ProfileSettings(colour="red", read_only=True), "dev": ProfileSettings(colour="green")}
    async with dashboard(profiles=profiles) as driven:
        assert driven.view.location.profile == f"environment keys …{key[-4:]}"
        assert driven.view.read_only
        await driven.until(lambda: any("AWS_PROFILE=dev is not used" in toast for toast in driven.toasts))
        await driven.until(lambda: "environment keys" in driven.status_text)
        back = {one.style.bgcolor.triplet for one in driven.status_strip if one.style and one.style.bgcolor}
        assert any(each is not None and each.red > each.green for each in back)
