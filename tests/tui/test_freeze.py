"""Freeze: a name checked while it is typed, ways that say what they mean, and an image at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from fe2tui.demo import Cloud
from fe2tui.errors import FieldError, StateError
from fe2tui.model.freeze import FreezeWay
from fe2tui.model.instance import Instance, State
from fe2tui.tasks.freeze_plan import FREEZE_OPTIONS, FreezePlan
from fe2tui.tui.forms.form import Field
from fe2tui.tui.forms.freeze import NAME_FIELD_ID, FreezeForm, FreezeRequest
from fe2tui.tui.forms.radio import RadioList
from tests.tui.driver import calls, dashboard
from tests.tui.form_host import UNANSWERED, Host, cut_off, error_of, opened, said, text_of, until, write

FreshCloud = Callable[..., Cloud]
EnterCloud = Callable[[Cloud], Path]
BASE = Instance("i-00000000000000001", State.RUNNING, "m5.large", "us-east-2a", tags={"Name": "base"})
TAKEN = ("base", "taken")


class Planner:
    """What AWS would say: two names are taken. ``asked`` are the names and ways asked for."""

    def __init__(
        self, instance: Instance = BASE, ways: tuple[FreezeWay, ...] = ("reboot", "stop", "no-reboot")
    ) -> None:
        self.instance = instance
        self.ways = ways
        self.asked: list[tuple[str | None, FreezeWay]] = []
        self.free = asyncio.Event()
        self.free.set()

    async def plan(self, name: str | None, way: FreezeWay) -> FreezePlan:
        self.asked.append((name, way))
        await self.free.wait()
        errors: tuple[FieldError, ...] = ()
        if name in TAKEN:
            errors = (FieldError(NAME_FIELD_ID, f"“{name}” is taken by another image.", f"{name}-2 is free."),)
        elif name is not None and 0 < len(name) < 3:
            errors = (FieldError(NAME_FIELD_ID, "An image's name has 3 to 128 characters.", "base-2 is free."),)
        offered = tuple(one for one in FREEZE_OPTIONS if one.way in self.ways)
        sentences = (f"base is frozen by {way}.", "The image costs at most $3.00 a month.")
        return FreezePlan(self.instance, name or "base-2", "base-2", way, errors, offered, sentences, Decimal(3))


def form(planner: Planner | None = None) -> FreezeForm:
    return FreezeForm("base", (planner or Planner()).plan, settle_seconds=0.05)


def name_in(host: Host) -> str:
    return host.form.query_one(f"#{NAME_FIELD_ID} Input", Input).value


async def ready(host: Host) -> None:
    await until(lambda: "base is frozen by" in said(host, "#means"))


async def test_the_first_free_name_is_filled_in_and_typing_replaces_it() -> None:
    async with opened(form()) as (pilot, host):
        await ready(host)
        assert name_in(host) == "base-2"
        await write(pilot, "golden")
        assert name_in(host) == "golden"
        await pilot.press("ctrl+s")
        await until(lambda: host.answer is not UNANSWERED)
        assert host.answer == FreezeRequest("golden", "reboot")


@pytest.mark.parametrize(("typed", "words"), [("taken", "taken by another image"), ("ab", "3 to 128 characters")])
async def test_an_impossible_name_is_an_error_while_it_is_typed_and_freezes_nothing(typed: str, words: str) -> None:
    async with opened(form()) as (pilot, host):
        await ready(host)
        await write(pilot, typed)
        await until(lambda: words in error_of(host, NAME_FIELD_ID))
        await pilot.press("ctrl+s")
        await pilot.pause(0.1)
        assert host.answer is UNANSWERED


async def test_a_name_that_is_too_long_is_an_error_and_never_cut() -> None:
    planner = Planner()
    async with opened(form(planner)) as (_, host):
        await ready(host)
        host.form.query_one(f"#{NAME_FIELD_ID} Input", Input).value = "x" * 131
        await until(lambda: planner.asked[-1][0] == "x" * 131)


@pytest.mark.parametrize("name", ["b", "a-name-of-sixty-letters-which-is-as-long-as-many-people-have1"])
async def test_the_title_has_the_whole_name(name: str) -> None:
    async with opened(FreezeForm(name, Planner().plan)) as (_, host):
        assert name in text_of(host).splitlines()[host.form.query_one("#frame").region.y]


async def test_each_way_is_offered_with_what_it_means_and_the_arrows_choose() -> None:
    planner = Planner()
    async with opened(form(planner)) as (pilot, host):
        await ready(host)
        ways = said(host, "#ways")
        assert [ways.index(word) for word in ("(•) Reboot", "( ) Stop first", "( ) No reboot")]
        assert "may be corrupt in the image" in " ".join(ways.split())
        assert "enter Next" in text_of(host)
        await pilot.press("enter", "down")
        await until(lambda: "frozen by stop" in said(host, "#means"))
        assert "enter Freeze" in text_of(host)
        await pilot.press("enter")
        await until(lambda: host.answer is not UNANSWERED)
        assert host.answer == FreezeRequest("base-2", "stop")


async def test_a_way_is_chosen_by_mouse() -> None:
    async with opened(form(), (120, 36)) as (pilot, host):
        await ready(host)
        line = said(host, "#ways").splitlines().index("( ) No reboot")
        await pilot.click("#ways", offset=(4, line))
        assert host.form.query_one(RadioList).chosen_id == "no-reboot"


async def test_only_the_ways_that_are_possible_are_offered() -> None:
    async with opened(form(Planner(ways=("reboot", "no-reboot")))) as (_, host):
        await ready(host)
        assert "Stop first" not in said(host, "#ways")


async def test_one_that_is_stopped_needs_no_way_and_enter_freezes_it() -> None:
    planner = Planner(replace(BASE, state=State.STOPPED), ways=())
    async with opened(form(planner)) as (pilot, host):
        await ready(host)
        assert not host.form.query_one("#ways").display
        await pilot.press("enter")
        await until(lambda: host.answer is not UNANSWERED)
        assert host.answer == FreezeRequest("base-2", "reboot")


async def test_what_is_submitted_was_checked_first() -> None:
    planner = Planner()
    async with opened(form(planner)) as (pilot, host):
        await ready(host)
        planner.free.clear()
        await write(pilot, "taken")
        await pilot.press("ctrl+s")
        await pilot.pause(0.1)
        assert host.answer is UNANSWERED
        planner.free.set()
        await until(lambda: error_of(host, NAME_FIELD_ID))
        assert host.answer is UNANSWERED


async def test_an_error_of_no_field_is_shown_below_them() -> None:
    async def refuse(name: str | None, way: FreezeWay) -> FreezePlan:
        raise StateError("base is stopping, and cannot be frozen yet.", "Wait until it is stopped.")

    async with opened(FreezeForm("base", refuse)) as (_, host):
        await until(lambda: "cannot be frozen yet" in said(host, "#trouble"))


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_nothing_of_the_form_is_cut(size: tuple[int, int]) -> None:
    async with opened(form(), size) as (_, host):
        await ready(host)
        assert not cut_off(host)
        assert host.form.query_one("#frame").max_scroll_y == 0
        assert "at most $3.00 a month" in said(host, "#means")


async def test_all_that_a_stop_would_take_away_has_room_on_a_small_terminal() -> None:
    planner = Planner()
    lost = "All that is on its local disk (1,900 GB, instance store) is lost"

    async def plan(name: str | None, way: FreezeWay) -> FreezePlan:
        made = await planner.plan(name, way)
        ways = tuple(replace(one, words=f"{one.words} {lost}.") if one.way == "stop" else one for one in made.options)
        further = ("Both its disks are in the image: 100 GiB and 500 GiB.", f"{lost} when it stops.", "x " * 40)
        return replace(made, options=ways, sentences=(*made.sentences, *further))

    async with opened(FreezeForm("base", plan)) as (_, host):
        await ready(host)
        assert lost in " ".join(text_of(host).replace("│", " ").replace("▌", " ").split())
        assert host.form.query_one("#frame").max_scroll_y == 0


@pytest.fixture
def own_cloud(fresh_cloud: FreshCloud, enter_cloud: EnterCloud) -> Cloud:
    """A lived-in cloud that this test may change."""
    cloud = fresh_cloud()
    enter_cloud(cloud)
    return cloud


async def test_f_makes_an_image_and_a_toast_names_it(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("vault")
        await driven.press("f")
        asked = await driven.opened(FreezeForm)
        await driven.until(lambda: asked.query_one(RadioList).display)
        await write(driven.pilot, "golden")
        await driven.press("ctrl+s")
        await driven.home()
        await driven.until(lambda: any("The image golden of vault is ready" in said for said in driven.toasts))
        assert [call["params"]["Name"] for call in calls(own_cloud, "CreateImage")] == ["golden"]
        await driven.until(lambda: "golden" in {image.name for image in driven.fleet.images.values()})


async def test_the_form_says_why_the_image_gets_another_name_until_a_name_is_typed(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        await driven.press("f")
        asked = await driven.opened(FreezeForm)
        words = "There is an image base already: the new one will be called base-2."

        def means() -> str:
            return str(asked.query_one("#means", Static).render())

        await driven.until(lambda: words in means())
        await write(driven.pilot, "golden")
        await driven.until(lambda: "base reboots" in means() and words not in means())


async def test_a_name_that_an_image_has_is_never_sent(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        await driven.press("f")
        asked = await driven.opened(FreezeForm)
        await driven.until(lambda: asked.query_one(RadioList).display)
        await write(driven.pilot, "base")
        await driven.press("ctrl+s")
        await driven.until(lambda: "base" in str(asked.query_one(f"#{NAME_FIELD_ID}", Field).error))
        assert driven.app.screen is asked and not calls(own_cloud, "CreateImage")


async def test_an_image_that_fails_says_why_aws_could_not_make_it(own_cloud: Cloud) -> None:
    own_cloud.control(
        "/demo/faults", {"kind": "fail-image", "code": "Client.VolumeError", "message": "The disk could not be read"}
    )
    async with dashboard() as driven:
        await driven.go_to("vault")
        await driven.press("f")
        asked = await driven.opened(FreezeForm)
        await driven.until(lambda: asked.query_one(RadioList).display)
        await driven.press("ctrl+s")
        await driven.home()
        await driven.until(lambda: any("could not be read" in each.words for each in driven.task_runner.state.failures))


async def test_one_that_is_gone_opens_no_form(own_env: Path) -> None:
    async with dashboard() as driven:
        await driven.go_to("tryout")
        await driven.press("f")
        await driven.until(lambda: any("terminated" in said for said in driven.toasts))
        assert driven.is_home
