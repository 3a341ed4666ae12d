"""Every action is answered at once: a row, a mark on its row or a toast, and the number of running tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from fe2tui.demo import Cloud
from fe2tui.model.instance import State
from fe2tui.model.progress import COUNTDOWN
from fe2tui.tasks.context import Context
from fe2tui.tui.forms.confirm import ConfirmForm
from fe2tui.tui.forms.freeze import FreezeForm
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.forms.radio import RadioList
from tests.tui.driver import Driven, dashboard
from tests.tui.form_host import write


@pytest.fixture
def own_cloud(fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]) -> Cloud:
    """A cloud that this test may change."""
    cloud = fresh_cloud()
    enter_cloud(cloud)
    return cloud


def row_of(driven: Driven, name: str) -> str:
    return next(row for row in driven.drawn_rows if f" {name} " in row)


@pytest.mark.parametrize(
    ("name", "key", "action", "note"),
    [
        ("base", "s", "StopInstances", "stopping …"),
        ("od1", "s", "StartInstances", "starting …"),
        ("base", "b", "RebootInstances", "rebooting …"),
    ],
)
async def test_the_row_is_marked_before_aws_has_answered(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path], name: str, key: str, action: str, note: str
) -> None:
    own_cloud = fresh_cloud(ssh_seconds=3.0)  # long enough for a reboot to be seen at the ssh port
    enter_cloud(own_cloud)
    async with dashboard() as driven:
        await driven.go_to(name)
        state = driven.named(name).state
        own_cloud.control("/demo/faults", {"kind": "hold", "action": action})
        await driven.press(key)
        await driven.opened(ConfirmForm)
        await driven.press("y")
        await driven.pilot.pause()
        assert note in row_of(driven, name)
        assert "6 Activity 1" in driven.screen_text
        assert driven.named(name).state is state
        own_cloud.control("/demo/faults", method="DELETE")
        await driven.until(lambda: not driven.view.running_tasks)
        await driven.until(lambda: note not in row_of(driven, name))
        assert "6 Activity 1" not in driven.screen_text


async def test_a_freeze_marks_the_row_as_long_as_it_runs(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("vault")
        own_cloud.control("/demo/faults", {"kind": "hold", "action": "CreateImage"})
        await driven.press("f")
        form = await driven.opened(FreezeForm)
        await driven.until(lambda: form.query_one(RadioList).display)
        await driven.press("ctrl+s")
        await driven.home()
        await driven.pilot.pause()
        assert "freezing …" in row_of(driven, "vault") and "6 Activity 1" in driven.screen_text
        own_cloud.control("/demo/faults", method="DELETE")
        await driven.until(lambda: not driven.view.running_tasks)
        await driven.until(lambda: "freezing …" not in row_of(driven, "vault"))


async def test_a_launch_says_at_once_that_it_has_begun(own_cloud: Cloud) -> None:
    async with dashboard(toasts=True) as driven:
        own_cloud.control("/demo/faults", {"kind": "hold", "action": "RunInstances"})
        await driven.press("l")
        form = await driven.opened(LaunchForm)
        await driven.until(lambda: form.query_one("#image").display)
        await write(driven.pilot, "quick")
        await driven.press("tab")
        await write(driven.pilot, "base")
        await driven.press("ctrl+s")
        await driven.home()
        await driven.until(lambda: "Launching quick …" in driven.screen_text)
        assert "6 Activity 1" in driven.screen_text and not driven.fleet.instances_named("quick")
        own_cloud.control("/demo/faults", method="DELETE")
        await driven.until(lambda: not driven.view.running_tasks)


async def test_a_machine_that_is_told_to_start_can_be_connected_to(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("od1")
        own_cloud.control("/demo/faults", {"kind": "hold", "action": "StartInstances"})
        await driven.press("s")
        await driven.opened(ConfirmForm)
        await driven.press("y", "c")
        await driven.until(lambda: any("Waiting for od1 to start" in toast for toast in driven.toasts))
        own_cloud.control("/demo/faults", method="DELETE")
        await driven.until(driven.is_state("od1", State.RUNNING))


async def test_a_launch_that_waits_for_capacity_is_counted_in_the_status_line(demo_env: Path) -> None:
    go_on = [asyncio.Event() for _ in range(3)]

    async def work(ctx: Context) -> str:
        ctx.report_step("launch", "waiting", "no capacity; trying again in 60 s")
        ctx.report_step("launch", COUNTDOWN, "no capacity; trying again in 59 s")
        await go_on[0].wait()
        ctx.report_step("launch", "requested", "asking us-east-2a")
        await go_on[1].wait()
        ctx.report_step("launch", "launched", "is there", subject="i-1")
        await go_on[2].wait()
        return "Done."

    async with dashboard(size=(100, 30)) as driven:
        driven.view.services.run_task("Launch patient", work)
        await driven.until(lambda: "◐ 1 waiting" in driven.status_text)
        go_on[0].set()
        await driven.until(lambda: driven.task_runner.state.running[0].steps[""].step == "requested")
        await driven.pilot.pause()
        assert "◐ 1 waiting" in driven.status_text
        go_on[1].set()
        await driven.until(lambda: "waiting" not in driven.status_text)
        go_on[2].set()
        await driven.until(lambda: not driven.view.running_tasks)
