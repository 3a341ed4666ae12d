"""The images pane of the dashboard, on a demo cloud."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from textual.geometry import Offset
from textual.widgets import Input

from fe2tui.aws.images import create_image
from fe2tui.demo import Cloud
from fe2tui.model.image import Image
from fe2tui.tasks.freeze import freeze
from fe2tui.tui.forms.export import ExportForm
from fe2tui.tui.forms.form import Field
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.forms.picker import Picker
from tests.tui.driver import Driven, dashboard
from tests.tui.form_host import write
from tests.tui.test_dashboard import shown

FreshCloud = Callable[..., Cloud]
EnterCloud = Callable[[Cloud], Path]


@pytest.fixture
def own_cloud(fresh_cloud: FreshCloud, enter_cloud: EnterCloud) -> Cloud:
    """A lived-in cloud that this test may trouble, in this process's environment."""
    cloud = fresh_cloud()
    enter_cloud(cloud)
    return cloud


def fleet_images(driven: Driven) -> dict[str, Image]:
    """The account's own images by name, as the dashboard knows them now."""
    fleet = driven.view.fleet
    return {one.name: one for one in fleet.images.values()} if fleet is not None else {}


async def to_images(driven: Driven) -> None:
    """Go to the images, when they have been read."""
    await driven.until(lambda: driven.fleet.images and driven.fleet.public_images)
    await driven.press("2")
    await driven.until(lambda: driven.view.pane == "images" and driven.view.selected_image is not None)


async def on_image(driven: Driven, image_id: str) -> None:
    """Put the cursor on an image."""
    driven.view.services.select(image_id)
    await driven.until(lambda: driven.view.selected_image is not None and driven.view.selected_image.id == image_id)


def public_id(driven: Driven, word: str, architecture: str) -> str:
    """The id of a well-known image."""
    fleet = driven.view.fleet
    assert fleet is not None
    return next(
        one.image.id for one in fleet.public_images if (one.word, one.image.architecture) == (word, architecture)
    )


def has_copied(driven: Driven, text: str) -> bool:
    return driven.app.clipboard == text


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_the_images_are_shown_with_their_state_and_the_public_ones_below(
    demo_env: Path, size: tuple[int, int]
) -> None:
    async with dashboard(size=size) as driven:
        await to_images(driven)
        own = len(fleet_images(driven))
        await driven.until(lambda: f"2 Images {own}" in shown(driven))
        for part in ("base", "available", "ubuntu Ubuntu", "public", "l Launch"):
            assert part in shown(driven)


async def test_a_list_that_is_not_in_sight_costs_nothing_and_is_up_to_date_when_it_comes(demo_env: Path) -> None:
    async with dashboard(size=(80, 24)) as driven:
        listing = driven.image_list
        await driven.until(lambda: driven.fleet.images)
        assert listing.rows.snapshot is None
        await to_images(driven)
        await driven.until(
            lambda: listing.rows.snapshot is not None and listing.rows.snapshot.fleet is driven.view.fleet
        )
        await driven.press("1")
        await driven.until(lambda: not listing.is_in_view)
        await driven.pilot.resize_terminal(200, 50)
        await driven.until(lambda: listing.is_in_view)


async def test_the_pane_that_is_looked_at_stays_so_when_the_terminal_gets_narrow(demo_env: Path) -> None:
    async with dashboard(size=(200, 50)) as driven:
        await to_images(driven)
        await driven.pilot.resize_terminal(80, 24)
        await driven.until(lambda: "ubuntu Ubuntu" in shown(driven) and "train-resnet" not in shown(driven))
        assert driven.view.pane == "images"


async def test_launch_begins_with_the_image_and_a_type_of_its_architecture(demo_env: Path) -> None:
    async with dashboard() as driven:
        await to_images(driven)
        arm = public_id(driven, "ubuntu", "arm64")
        wanted = {
            fleet_images(driven)["base"].id: ("l", "base", "t3.micro"),
            public_id(driven, "amazon", "x86_64"): ("l", "amazon", "t3.micro"),
            arm: ("l", arm, "t4g.micro"),
        }
        for image_id, (key, *texts) in wanted.items():
            await on_image(driven, image_id)
            await driven.press(key)
            form = await driven.opened(LaunchForm)
            assert [form.query_one(f"#{name}", Field).value for name in ("image", "type")] == texts, key
            await driven.press("escape")
            await driven.home()


async def frozen(driven: Driven, name: str, source: str = "base") -> str:
    """The id of an image that AWS begins to make, when the dashboard shows it."""
    made = await create_image(
        driven.view.services.session,
        driven.named(source).id,
        name,
        description="",
        tags={},
        snapshot_tags={},
        no_reboot=True,
    )
    driven.view.services.fleet_watch.read_images_soon()
    await driven.until(lambda: name in fleet_images(driven))
    return made


async def test_one_that_is_being_made_shows_its_percent_and_can_be_launched_from_when_it_is_done(
    fresh_cloud: FreshCloud, enter_cloud: EnterCloud
) -> None:
    cloud = fresh_cloud(stop_seconds=200)
    enter_cloud(cloud)
    async with dashboard() as driven:
        await to_images(driven)
        await on_image(driven, await frozen(driven, "half"))
        await driven.until(lambda: "pending 0 %" in shown(driven))
        await driven.press("l")
        await driven.until(lambda: any("half is not complete yet" in toast for toast in driven.toasts))
        assert driven.is_home
        cloud.control("/demo/clock", {"advance": 205})
        driven.view.services.fleet_watch.read_images_soon()
        await driven.until(lambda: "pending 50 %" in shown(driven))
        cloud.control("/demo/clock", {"advance": 300})
        driven.view.services.fleet_watch.read_images_soon()
        await driven.until(lambda: fleet_images(driven)["half"].state == "available")
        assert driven.view.selected_image is not None and driven.view.selected_image.name == "half"
        await driven.press("l")
        await driven.opened(LaunchForm)


async def test_one_that_failed_shows_the_reason_of_aws(own_cloud: Cloud) -> None:
    own_cloud.control("/demo/faults", {"kind": "fail-image", "code": "Client.VolumeError", "message": "It broke"})
    async with dashboard(size=(120, 40)) as driven:
        await to_images(driven)
        await on_image(driven, await frozen(driven, "half"))
        await driven.until(lambda: fleet_images(driven)["half"].state == "failed")
        await driven.until(lambda: "It broke" in shown(driven))
        await driven.press("l")
        await driven.until(lambda: any("Nothing can be launched from it" in toast for toast in driven.toasts))


async def test_a_freeze_that_an_earlier_run_began_is_watched_on_as_a_task(
    fresh_cloud: FreshCloud, enter_cloud: EnterCloud
) -> None:
    cloud = fresh_cloud(stop_seconds=300)
    enter_cloud(cloud)
    async with dashboard() as driven:
        instance = driven.named("base")
        ctx = driven.view.services.task_context()
        image = await freeze(ctx, instance.id, "kept", way="no-reboot", wait=False)
        assert image.state == "pending"
    async with dashboard() as driven:
        jobs = driven.task_runner
        await driven.until(lambda: [job.title for job in jobs.state.running] == ["Freeze base"])
        await driven.press("6")
        await driven.until(lambda: "Freeze base" in shown(driven))
        cloud.control("/demo/clock", {"advance": 700})
        await driven.until(lambda: any("kept is ready" in toast for toast in driven.toasts))
        await driven.until(lambda: fleet_images(driven)["kept"].state == "available")


async def test_keys_of_instances_say_where_they_mean_something(demo_env: Path) -> None:
    async with dashboard() as driven:
        await to_images(driven)
        for key in ("c", "s", "b"):
            driven.app.clear_notifications()
            await driven.press(key)
            await driven.until(lambda: any("works only in the Instances" in t for t in driven.toasts))
            assert driven.is_home


async def test_filter_marks_and_order_are_of_the_list_that_has_the_focus(demo_env: Path) -> None:
    async with dashboard(size=(200, 50)) as driven:
        await to_images(driven)
        instances = driven.names
        await driven.press("/", *"arch")
        field = driven.app.focused
        assert isinstance(field, Input)
        field.value = "arch:arm64 public"
        await driven.until(lambda: "/ arch:arm64 public" in shown(driven))
        await driven.press("enter", "a")
        await driven.until(lambda: len(driven.view.images) > 1)
        assert {one.architecture for one in driven.view.images} == {"arm64"}
        assert driven.names == instances and driven.view.marked_instances == ()
        await driven.press("1")
        await driven.until(lambda: driven.view.pane == "instances")
        assert driven.view.filter_text == "" and driven.view.marked_count == 0
        await driven.press("2", "escape")
        await driven.until(lambda: driven.view.filter_text == "")
        await driven.press("escape")
        await driven.until(lambda: len(driven.view.images) == 1)


async def test_a_command_never_means_an_image_that_is_hidden(demo_env: Path) -> None:
    async with dashboard() as driven:
        await to_images(driven)
        await on_image(driven, fleet_images(driven)["base"].id)
        await driven.press("space")
        assert [one.name for one in driven.view.images] == ["base"]
        await driven.press("/", *"debian", "enter")
        await driven.until(lambda: driven.view.filter_text == "debian")
        assert "base" not in {one.name for one in driven.view.images}


async def test_a_wrong_filter_is_said_in_the_words_of_images(demo_env: Path) -> None:
    async with dashboard() as driven:
        await to_images(driven)
        await driven.press("/")
        await driven.until(lambda: isinstance(driven.app.focused, Input))
        field = driven.app.focused
        assert isinstance(field, Input)
        field.value = "arc:arm64"
        await driven.until(lambda: "Did you mean arch:?" in shown(driven))


async def test_sorting_asks_for_the_columns_of_images(demo_env: Path) -> None:
    async with dashboard() as driven:
        await to_images(driven)
        await driven.press("o")
        await driven.opened(Picker)
        await write(driven.pilot, "size")
        await driven.press("enter")
        await driven.home()
        sizes = [one[2] for one in driven.view.services.visible_cells("images")[1]][: len(fleet_images(driven))]
        assert sizes == sorted(sizes, key=int, reverse=True)


async def test_export_writes_the_images_that_are_shown_with_all_fields(demo_env: Path, tmp_path: Path) -> None:
    async with dashboard() as driven:
        await to_images(driven)
        await driven.filter("own")
        await driven.press("e")
        form = await driven.opened(ExportForm)
        field = form.query_one("#path", Field)
        assert field.value.startswith("images-us-east-2")
        target = tmp_path / "images.json"
        field.input.value = str(target)
        await driven.press("enter")
        await driven.until(target.exists)
        rows = json.loads(target.read_text())
        assert {row["name"]: row["id"] for row in rows} == {one.name: one.id for one in fleet_images(driven).values()}
        assert all(isinstance(row["cost_per_month_at_most"], float) for row in rows)


async def test_copy_has_the_command_that_launches_and_no_console_link_for_the_demo(demo_env: Path) -> None:
    async with dashboard() as driven:
        await to_images(driven)
        base = fleet_images(driven)["base"]
        await on_image(driven, base.id)
        wanted = {
            "Id": base.id,
            "Launch": "fe2 launch NAME --image base --type t3.micro",
        }
        for typed, text in wanted.items():
            await driven.press("y")
            await driven.opened(Picker)
            assert "Console link" not in shown(driven)
            await write(driven.pilot, typed.lower())
            await driven.press("enter")
            await driven.home()
            await driven.until(partial(has_copied, driven, text))


async def test_a_click_on_the_tab_goes_there_and_a_double_click_shows_details(demo_env: Path) -> None:
    async with dashboard(size=(120, 36)) as driven:
        await driven.until(lambda: "2 Images" in shown(driven) and fleet_images(driven))
        at = shown(driven).splitlines()[1].index("2 Images")
        await driven.pilot.click(offset=Offset(at + 2, 1))
        await driven.until(lambda: driven.view.pane == "images" and driven.view.selected_image is not None)
        await driven.pilot.click("#images", offset=Offset(8, 2), times=2)
        await driven.until(lambda: driven.view.is_full_view and "Details of " in shown(driven))


async def test_images_that_may_not_be_read_are_said_and_the_instances_go_on(own_cloud: Cloud) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeImages"})
    async with dashboard() as driven:
        await driven.press("2")
        await driven.until(lambda: "DescribeImages" in shown(driven))
        await driven.press("1")
        await driven.until(lambda: "train-resnet" in shown(driven))


async def test_the_types_are_at_hand_a_moment_after_the_first_read(
    demo_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fe2tui.tui.startup.LOAD_TYPES_AFTER", 0.0)
    async with dashboard() as driven:
        await driven.until(lambda: driven.view.services.catalogues.cached(driven.view.location) is not None)
