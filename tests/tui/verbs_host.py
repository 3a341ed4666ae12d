"""The dashboard on a demo cloud, driven by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from fe2tui.aws.session import Choice
from fe2tui.demo import Cloud
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.settings import load
from fe2tui.tui.app import Dashboard, utc_now
from fe2tui.tui.command_context import CommandContext
from tests.tui.forms_host import write

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
        """The form of that kind, when it is open."""
        await self.until(lambda: isinstance(self.app.screen, kind))
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
        replace(load(), quick_seconds=0.3, **settings),
        clock=clock,
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
