"""No zone has capacity: what the form offers; nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from textual.widgets import Button, Static

from fe2tui.demo import Cloud
from fe2tui.errors import NoCapacityError
from fe2tui.model.launch import LaunchRequest
from fe2tui.tui.forms.confirm import ConfirmForm
from fe2tui.tui.forms.form import Field
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.forms.no_capacity import NoCapacityAnswer, NoCapacityForm
from fe2tui.tui.forms.radio import RadioLine
from fe2tui.tui.forms.type_picker import TypePicker, TypeTable
from tests.tui.driver import Driven, calls, dashboard
from tests.tui.form_host import opened, said, until, write

FULL = NoCapacityError(
    "AWS has no spot p3.8xlarge right now in us-east-2a or us-east-2b.",
    "Wait and try again.",
    zones=("us-east-2a", "us-east-2b"),
    code="InsufficientInstanceCapacity",
)
ON_DEMAND = LaunchRequest("box", "base", "p3.8xlarge")
SPOT = LaunchRequest("box", "base", "p3.8xlarge", market="spot")
IN_ONE = LaunchRequest("box", "base", "p3.8xlarge", market="spot", zone="us-east-2b")


def ways(form: NoCapacityForm) -> list[str]:
    return [(button.id or "").removeprefix("way-") for button in form.query(Button)]


@pytest.mark.parametrize(
    ("request_", "offered"),
    [
        (ON_DEMAND, ["wait", "type", "no"]),
        (SPOT, ["wait", "type", "on-demand", "no"]),
        (IN_ONE, ["wait", "any-zone", "type", "on-demand", "no"]),
    ],
    ids=["on demand", "spot", "one zone"],
)
async def test_only_ways_that_may_help_are_offered_and_all_are_in_sight(
    request_: LaunchRequest, offered: list[str]
) -> None:
    form = NoCapacityForm(request_, FULL)
    async with opened(form) as (_, host):
        assert ways(form) == offered
        assert form.query_one("#frame").max_scroll_y == 0
        assert all(host.size.region.contains_region(button.region) for button in form.query(Button))
        assert "no spot p3.8xlarge" in said(host, ".question")
        assert "InsufficientInstanceCapacity" in said(host, ".details")


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["enter"], None),
        (["escape"], None),
        (["ctrl+s", "n"], None),
        (["w"], NoCapacityAnswer("wait", timedelta(hours=4))),
        (["z"], NoCapacityAnswer("any-zone")),
        (["up", "enter"], NoCapacityAnswer("on-demand")),
        (["down", "down", "left", "up", "enter"], NoCapacityAnswer("wait", timedelta(hours=1))),
    ],
)
async def test_leaving_is_what_a_stray_enter_does_and_each_way_has_its_letter(
    keys: list[str], answer: NoCapacityAnswer | None
) -> None:
    async with opened(NoCapacityForm(IN_ONE, FULL)) as (pilot, host):
        await pilot.press(*keys)
        await until(lambda: host.screen is not host.form)
        assert host.answer == answer


async def test_a_way_can_be_clicked() -> None:
    async with opened(NoCapacityForm(SPOT, FULL)) as (pilot, host):
        await pilot.click("#way-type")
        await until(lambda: host.answer == NoCapacityAnswer("type"))


# In the dashboard


@pytest.fixture
def full(cloud: Cloud, demo_env: Path) -> Iterator[Cloud]:
    """A cloud that has no machine to launch in any zone."""
    cloud.control("/demo/faults", {"kind": "no-capacity"})
    yield cloud
    cloud.control("/demo/faults", method="DELETE")


async def launched_in_vain(driven: Driven, name: str) -> NoCapacityForm:
    """Launch a spot machine of that name from the form, by keys, and get to the ways out."""
    await driven.press("l")
    form = await driven.opened(LaunchForm)
    await driven.until(lambda: str(form.query_one("#security_group .hint", Static).render()))
    await write(driven.pilot, name)
    await driven.press("tab", "tab")
    await write(driven.pilot, "80")
    await driven.press(*["tab"] * 4, "right", "ctrl+s")
    return await driven.opened(NoCapacityForm)


async def test_on_demand_launches_what_was_typed_when_spot_has_no_room(full: Cloud) -> None:
    before = len(calls(full, "RunInstances"))
    async with dashboard() as driven:
        await launched_in_vain(driven, "patient")
        assert len(calls(full, "RunInstances")) == before + 3  # every zone once
        assert "an hour while it runs" in str(driven.app.screen.query_one("#costs", Static).render())
        await driven.press("t")
        picker = await driven.opened(TypePicker)
        await driven.until(lambda: picker.query_one(TypeTable).cursor_id)
        assert picker.query_one(TypeTable).cursor_id != "t3.micro"
        other = picker.query_one(TypeTable).cursor_id
        await driven.press("enter")
        form = await driven.opened(LaunchForm)
        await driven.until(lambda: form.query_one("#type", Field).value == other)
        await driven.press("escape")
        await driven.opened(NoCapacityForm)
        full.control("/demo/faults", method="DELETE")
        await driven.press("o")
        form = await driven.opened(LaunchForm)
        assert [form.query_one(f"#{name}", Field).value for name in ("name", "disk", "type")] == [
            "patient",
            "80",
            "t3.micro",
        ]
        assert form.query_one("#markets", RadioLine).chosen_id == "on-demand"
        await driven.press("ctrl+s")
        await driven.home()
        await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.instances_named("patient"))
        assert not driven.named("patient").is_spot
        await driven.until(lambda: any("patient is ready" in toast for toast in driven.toasts))


async def test_waiting_counts_down_until_it_is_cancelled_and_leaves_nothing_behind(full: Cloud) -> None:
    async with dashboard() as driven:
        await launched_in_vain(driven, "waiter")
        await driven.press("w")
        await driven.home()

        def counts() -> bool:
            return any(
                job.latest_step is not None and "trying again in" in job.latest_step.words
                for job in driven.task_runner.state.running
            )

        await driven.until(counts)
        await driven.press("6", "delete")
        await driven.opened(ConfirmForm)
        await driven.press("y")
        await driven.until(lambda: any("waiter: cancelled" in toast for toast in driven.toasts))
        fleet = driven.view.fleet
        assert fleet is not None and not fleet.instances_named("waiter")
