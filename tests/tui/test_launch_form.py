"""The launch form: what it knows, what it refuses before anything is sent, and what comes of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import OptionList, Static

from fe2tui.demo import Cloud
from fe2tui.model.instance import State
from fe2tui.tui.forms.form import Field
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.forms.suggest import SuggestField
from tests.tui.driver import Driven, calls, dashboard
from tests.tui.form_host import write

FreshCloud = Callable[..., Cloud]
EnterCloud = Callable[[Cloud], Path]
LABELS = ["Name", "Image", "Disk", "Type", "Key pair", "Security group"]


def hint(form: LaunchForm, field: str) -> str:
    return str(form.query_one(f"#{field} .hint", Static).render())


def error(form: LaunchForm, field: str) -> str:
    found = form.query_one(f"#{field}", Field).error
    return str(found) if found else ""


def text(form: LaunchForm, part: str) -> str:
    return str(form.query_one(part, Static).render())


async def open_form(driven: Driven) -> LaunchForm:
    await driven.press("l")
    form = await driven.opened(LaunchForm)
    await driven.until(lambda: hint(form, "image"))
    return form


async def fill(driven: Driven, **values: str) -> None:
    """Type values into the fields, from the first on, by tab alone."""
    for name in ("name", "image", "disk", "type", "key_name", "security_group"):
        if name in values:
            await write(driven.pilot, values[name])
        await driven.press("tab")


async def test_the_fields_have_their_order(demo_env: Path) -> None:
    async with dashboard() as driven:
        form = await open_form(driven)
        labels = [str(label.render()) for label in form.query(".label").results(Static)]
        assert labels[:6] == LABELS
        assert driven.app.focused is form.query_one("#name", Field).input


async def test_each_field_has_its_hint_and_nothing_is_cut(demo_env: Path) -> None:
    async with dashboard(size=(80, 24)) as driven:
        form = await open_form(driven)
        await driven.until(lambda: hint(form, "security_group"))
        for size in ((80, 24), (120, 36), (200, 50)):
            await driven.pilot.resize_terminal(*size)
            await driven.until(lambda: "203.0.113.7" in hint(form, "security_group"), of=f"{size}")
            assert "x86_64" in hint(form, "image"), size
            assert "a month" in hint(form, "disk"), size
            assert "2 vCPU" in hint(form, "type"), size
            assert "default.pem" in hint(form, "key_name"), size
            assert "an hour while it runs" in text(form, "#cost"), size
            assert "a month if left on" in text(form, "#cost"), size
            assert form.query_one("#frame").max_scroll_y == 0, size
            for line in form.query(".hint").results(Static):
                assert len(str(line.render())) <= line.content_size.width, size


async def test_the_price_includes_iops_above_those_that_are_free(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.prices.on_demand)
        form = await open_form(driven)
        await fill(driven, name="fast", image="ubuntu", disk="80", type="m5.large")
        await driven.until(lambda: "$80.13 a month" in text(form, "#cost"))
        form.query_one("#iops", Field).input.focus()
        await write(driven.pilot, "16000")
        await driven.until(lambda: "$145.13 a month" in text(form, "#cost"))
        assert "$71.40 a month" in hint(form, "disk")


async def test_typed_by_tab_alone_it_launches_and_its_row_is_selected(
    fresh_cloud: FreshCloud, enter_cloud: EnterCloud
) -> None:
    cloud = fresh_cloud()
    enter_cloud(cloud)
    async with dashboard() as driven:
        await open_form(driven)
        await fill(driven, name="new-one", image="base", disk="80", type="m5.large")
        await driven.press("ctrl+s")
        await driven.home()
        await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.instances_named("new-one"))
        await driven.until(
            lambda: driven.view.selected_instance is not None and driven.view.selected_instance.name == "new-one"
        )
        await driven.until(driven.is_state("new-one", State.RUNNING))
        await driven.until(lambda: any("new-one is ready" in toast for toast in driven.toasts))
        assert len(calls(cloud, "RunInstances")) == 1
        instance = driven.named("new-one")
        assert (instance.type, instance.key_name) == ("m5.large", "default")


async def test_a_launch_that_is_refused_leaves_the_form_as_it_was_filled_in(
    fresh_cloud: FreshCloud, enter_cloud: EnterCloud
) -> None:
    cloud = fresh_cloud(scene=False)
    enter_cloud(cloud)
    cloud.control("/demo/faults", {"kind": "deny", "action": "RunInstances"})
    async with dashboard() as driven:
        await open_form(driven)
        await fill(driven, name="mine", disk="80", type="m5.large")
        await driven.press("ctrl+s")
        await driven.home()
        await driven.until(lambda: driven.task_runner.state.failures)
        form = await open_form(driven)
        values = [form.query_one(f"#{name}", Field).value for name in ("name", "disk", "type")]
        assert values == ["mine", "80", "m5.large"]


FIELDS = ("name", "image", "disk", "type", "key_name", "security_group")
WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"name": "base"}, "name", "in use"),
    ({"name": "a@b"}, "name", "@"),
    ({"name": "--help"}, "name", "begins with a -"),
    ({"name": ""}, "name", "needs a name"),
    ({"image": "nosuch"}, "image", "nosuch"),
    ({"disk": "ten"}, "disk", "not a number"),
    ({"disk": "1"}, "disk", "at least"),
    ({"type": "m5.lrge"}, "type", "m5.lrge"),
    ({"type": "t4g.micro", "image": "base"}, "image", "Arm"),
    ({"key_name": "laptop-2023"}, "key_name", "not on this computer"),
    ({"security_group": "nosuch"}, "security_group", "nosuch"),
]


async def test_errors_are_shown_beside_their_field_before_anything_is_sent(demo_env: Path, cloud: Cloud) -> None:
    before = len(calls(cloud, "RunInstances"))
    async with dashboard() as driven:
        form = await open_form(driven)
        right = {name: form.query_one(f"#{name}", Field).value for name in FIELDS} | {"name": "x"}
        for values, field, words in WRONG:
            for name, value in right.items():
                form.query_one(f"#{name}", Field).input.value = "" if name in values else value
            for name, value in values.items():
                form.query_one(f"#{name}", Field).input.focus()
                await write(driven.pilot, value)
                await driven.press("tab")
            await driven.press("ctrl+s")
            await driven.until(lambda field=field, words=words: words in error(form, field), of=f"{field} {values}")  # type: ignore[misc]
            assert driven.app.screen is form, values
            assert not [name for name in FIELDS if name != field and error(form, name)], values
    assert len(calls(cloud, "RunInstances")) == before


async def test_a_field_that_was_never_edited_shows_no_error(demo_env: Path) -> None:
    async with dashboard() as driven:
        form = await open_form(driven)
        await driven.pilot.pause(0.5)
        assert not any(error(form, field.id or "") for field in form.query(Field))


async def test_types_are_suggested_as_one_types_and_picked_by_enter(demo_env: Path) -> None:
    async with dashboard() as driven:
        form = await open_form(driven)
        await driven.press("tab", "tab", "tab", *"m5", "full_stop", *"xl")
        field = form.query_one("#type", SuggestField)
        await driven.until(lambda: field.is_open)
        await driven.press("down", "enter")
        await driven.until(lambda: field.value == "m5.xlarge")
        assert not field.is_open
        await driven.until(lambda: "4 vCPU" in hint(form, "type"))


async def test_esc_closes_the_list_first_and_then_the_form(demo_env: Path) -> None:
    async with dashboard() as driven:
        form = await open_form(driven)
        await driven.press("tab", "down")
        field = form.query_one("#image", SuggestField)
        await driven.until(lambda: field.is_open)
        await driven.press("escape")
        await driven.until(lambda: not field.is_open)
        assert driven.app.screen is form
        await driven.press("escape")
        await driven.home()


async def test_an_image_is_picked_by_mouse(demo_env: Path) -> None:
    async with dashboard() as driven:
        form = await open_form(driven)
        await driven.pilot.click("#image .opener")
        field = form.query_one("#image", SuggestField)
        await driven.until(lambda: field.is_open and any(s.value == "base" for s in field.suggestions))
        at = [s.value for s in field.suggestions].index("base")
        await driven.pilot.click(field.query_one(OptionList), offset=(3, at))
        await driven.until(lambda: field.value == "base")


async def test_a_price_that_may_not_be_read_is_unknown(fresh_cloud: FreshCloud, enter_cloud: EnterCloud) -> None:
    cloud = fresh_cloud()
    enter_cloud(cloud)
    cloud.control("/demo/faults", {"kind": "deny", "service": "pricing"})
    async with dashboard(prices=False) as driven:
        form = await open_form(driven)
        await driven.until(lambda: "Price unknown" in text(form, "#cost"))


@pytest.fixture
def keyless(fresh_cloud: FreshCloud, enter_cloud: EnterCloud) -> Path:
    """An account with one key pair whose private key is not on this computer; HOME's .ssh, empty."""
    home = enter_cloud(fresh_cloud(scene=False))
    for file in (home / "data" / "keys").glob("*.pem"):
        file.unlink()
    folder = Path.home() / ".ssh"
    folder.mkdir(mode=0o700)
    return folder


async def test_without_a_usable_key_ones_own_is_offered_for_import(keyless: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keyless / "id_ed25519")], check=True)
    async with dashboard() as driven:
        form = await open_form(driven)
        field = form.query_one("#key_name", SuggestField)
        await driven.until(lambda: "imported from ~/.ssh/id_ed25519" in hint(form, "key_name"))
        hints = [suggestion.hint for suggestion in field.suggestions]
        assert any(words.startswith("import ~/.ssh/id_ed25519") for words in hints)
        assert any(words.startswith("create a new key") for words in hints)
        await write(driven.pilot, "mine")
        await driven.press("ctrl+s")
        await driven.home()
        await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.instances_named("mine"))
        assert driven.named("mine").key_name == field.value


async def test_without_any_key_one_is_created_for_its_owner_only(keyless: Path) -> None:
    async with dashboard() as driven:
        form = await open_form(driven)
        await driven.until(lambda: "created by this launch" in hint(form, "key_name"))
        name = form.query_one("#key_name", SuggestField).value
        await write(driven.pilot, "mine")
        await driven.press("ctrl+s")
        await driven.home()
        await driven.until(lambda: any("mine is ready" in toast for toast in driven.toasts))
        files = list((keyless.parent).rglob(f"{name}.pem")) or list(_keys().glob(f"{name}.pem"))
        assert [file.stat().st_mode & 0o777 for file in files] == [0o600]


def _keys() -> Path:
    from fe2tui.paths import keys_folder

    return keys_folder()


async def test_a_key_of_a_name_of_ones_own_can_be_created(keyless: Path) -> None:
    async with dashboard() as driven:
        form = await open_form(driven)
        await driven.until(lambda: hint(form, "key_name"))
        await driven.press(*["tab"] * 4, *"mine")
        field = form.query_one("#key_name", SuggestField)
        await driven.until(lambda: field.is_open)
        await driven.press("down", "enter")
        await driven.until(lambda: "created by this launch" in hint(form, "key_name"))
        assert field.value == "mine"
