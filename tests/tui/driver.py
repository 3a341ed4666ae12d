"""The dashboard on a demo cloud, driven by keys.

The one place where tests reach into the dashboard's own objects: they ask the properties of ``Driven``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Input

from fe2tui.aws.session import Choice
from fe2tui.cli.in_dashboard import DashboardShell
from fe2tui.demo import Cloud
from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.account import AccountTotals
from fe2tui.settings import load
from fe2tui.tui.app import Dashboard, utc_now
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.fleet_watch import FleetWatch
from fe2tui.tui.forms.form import Form as FormBase
from fe2tui.tui.list_model import ListModel
from fe2tui.tui.main_screen import MainScreen
from fe2tui.tui.pane_ids import INSTANCES
from fe2tui.tui.panes.activity import ActivityPane
from fe2tui.tui.panes.images import ImageRowScope
from fe2tui.tui.panes.spot import SpotPane
from fe2tui.tui.task_runner import TaskRunner
from fe2tui.tui.widgets.table import Table
from tests.tui.form_host import write

Form = TypeVar("Form", bound=ModalScreen[Any])


@dataclass(slots=True)
class Driven:
    """A dashboard and the hand on its keys."""

    app: Dashboard
    pilot: Pilot[None]

    @property
    def view(self) -> CommandContext:
        """The dashboard as it is now."""
        return self.app.controller.command_context()

    @property
    def fleet(self) -> Fleet:
        """The fleet that is shown."""
        fleet = self.view.fleet
        assert fleet is not None
        return fleet

    # What is on the screen

    @property
    def screen_text(self) -> str:
        """All that is on the screen."""
        width, height = self.app.size
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in line) for line in lines[:height])[: (width + 1) * height]

    @property
    def status_strip(self) -> Strip:
        """The status line with its colours."""
        return self.main_screen.status.render_line(0)

    @property
    def status_text(self) -> str:
        """The status line as it was last drawn."""
        return "".join(span.text for span in self.main_screen.status._drawn_spans)

    @property
    def notice_text(self) -> str:
        """The words about a failed read; empty while there are none."""
        notice = self.main_screen.notice
        return " ".join("".join(span.text for span in notice._drawn_spans).split()) if notice.display else ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The titles of the columns of the instances."""
        return self.view.services.visible_cells(INSTANCES)[0]

    @property
    def drawn_rows(self) -> list[str]:
        """The lines of the list of instances as they are drawn, the titles first."""
        table = self.table
        return [table.render_line(y).text for y in range(table.scrollable_content_region.height)]

    @property
    def selected_row(self) -> str | None:
        """The id of the instance under the cursor."""
        return self.table.cursor_id

    @property
    def chart_text(self) -> str:
        """The chart of spot prices as it is drawn; empty before the pane is there."""
        if self.spot_pane.body is None:
            return ""
        chart = self.spot_pane.body.price_chart.chart
        return "\n".join(chart.render_line(y).text for y in range(chart.size.height))

    # The widgets

    @property
    def main_screen(self) -> MainScreen:
        """The main screen."""
        return self.app.controller.main_screen

    @property
    def table(self) -> Table:
        """The list of instances."""
        return self.app.controller.main_screen.instances.table

    @property
    def spot_pane(self) -> SpotPane:
        """The pane of spot prices."""
        return self.app.controller.main_screen.spot_pane

    @property
    def activity(self) -> ActivityPane:
        """The pane of tasks and failures."""
        return self.main_screen.activity

    # What the dashboard knows

    @property
    def image_list(self) -> ListModel[Image, ImageRowScope]:
        """The images that are listed."""
        return self.app.controller.main_screen.images.model

    @property
    def totals(self) -> AccountTotals | None:
        """What the status line sums up."""
        return self.app.controller.main_screen.totals

    @property
    def task_runner(self) -> TaskRunner:
        """The tasks that run, and those that failed."""
        return self.app.controller.task_runner

    @property
    def read_at(self) -> datetime | None:
        """When the instances that are shown were read."""
        return self.app.controller.main_screen.read_state.read_at

    @property
    def read_error(self) -> Fe2Error | None:
        """Why the instances could not be read the last time."""
        return self.app.controller.main_screen.read_state.error

    @property
    def is_from_store(self) -> bool:
        """Whether what is shown was kept from an earlier run."""
        return self.app.controller.main_screen.read_state.from_store

    @property
    def interruption_count(self) -> int:
        """How many spot instances AWS interrupted, or is about to."""
        return self.app.controller.main_screen.interruptions.total

    @property
    def fleet_watch(self) -> FleetWatch:
        """What reads the place that is shown."""
        return self.app.controller.fleet_watch

    @property
    def reads_cpu(self) -> bool:
        """Whether the CPU of instances is asked for."""
        return self.fleet_watch.reads_cpu

    # What is done to it

    def read_now(self) -> None:
        """Read everything at once."""
        self.fleet_watch.read_now()

    def perform(self, command_id: str) -> None:
        """Run a command, whatever its key."""
        self.app.controller.perform(command_id)

    def tick(self) -> None:
        """Let the timer tick that redraws ages."""
        self.app.controller.main_screen.refresh_timer.tick()

    @property
    def is_home(self) -> bool:
        """Whether no form is open."""
        return not isinstance(self.app.screen, ModalScreen)

    @property
    def toasts(self) -> list[str]:
        """What the toasts that are still there say."""
        return [str(toast.message) for toast in self.app._notifications]

    @property
    def names(self) -> list[str]:
        """The names shown, in their order."""
        return [one.name for one in self.view.services.visible_instances()]

    def named(self, name: str) -> Instance:
        """The instance of that name, as the dashboard knows it now."""
        return self.fleet.instances_named(name)[0]

    def is_state(self, name: str, state: State) -> Callable[[], bool]:
        """Whether the dashboard shows it in that state."""
        return lambda: self.named(name).state is state

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    async def until(self, holds: Callable[[], object], seconds: float = 30, of: str = "it") -> None:
        """Wait until something holds; ``of`` names what it is about."""
        for _ in range(int(seconds / 0.05)):
            if holds():
                return
            await self.pilot.pause(0.05)
        raise AssertionError(f"{of} never held; screen {self.app.screen!r}, toasts {self.toasts}")

    async def home(self) -> None:
        """Wait until no form is open."""
        await self.until(lambda: self.is_home)

    async def go_to(self, name: str) -> None:
        """Put the cursor on an instance."""
        wanted = self.named(name).id
        self.view.services.select(wanted)
        await self.until(lambda: self.view.selected_instance is not None and self.view.selected_instance.id == wanted)

    async def filter(self, text: str) -> None:
        """Show only what fits."""
        await self.press("slash")
        await self.until(lambda: isinstance(self.app.focused, Input))
        await write(self.pilot, text)
        await self.press("enter")

    async def opened(self, kind: type[Form]) -> Form:
        """The form of that kind, when it is open and takes keys."""
        await self.until(lambda: isinstance(self.app.screen, kind))
        form = self.app.screen
        await self.until(lambda: not isinstance(form, FormBase) or form.is_readable, of="a key that is meant for it")
        await self.pilot.pause()
        assert isinstance(self.app.screen, kind)
        return self.app.screen


@asynccontextmanager
async def dashboard(
    *,
    size: tuple[int, int] = (120, 36),
    read_only: bool = False,
    prices: bool = True,
    toasts: bool = False,
    clock: Callable[[], datetime] = utc_now,
    timeout: float = 20.0,
    **settings: Any,
) -> AsyncIterator[Driven]:
    """The dashboard, when it has read the cloud that the environment names. ``toasts``: they are on the screen, too."""
    app = Dashboard(
        Choice(read_only=read_only, connect_timeout=timeout, read_timeout=timeout),
        replace(load(), **{"quick_seconds": 0.3, "other_regions": False, **settings}),
        clock=clock,
        open_shell=DashboardShell,
    )
    async with app.run_test(size=size, notifications=toasts) as pilot:
        driven = Driven(app, pilot)
        await driven.until(lambda: app.screen.id == "main")
        await driven.until(lambda: driven.view.fleet is not None)
        await driven.until(lambda: not prices or driven.fleet.prices.on_demand)
        yield driven


def calls(cloud: Cloud, action: str) -> list[dict[str, Any]]:
    """The calls of one kind that the cloud was sent."""
    return [call for call in cloud.control("/demo/calls", method="GET") if call["action"] == action]
