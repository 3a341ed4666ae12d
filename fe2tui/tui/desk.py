"""What the dashboard does for commands and for the tasks they start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance
from fe2tui.model.progress import unreported
from fe2tui.tui.jobs import Jobs
from fe2tui.tui.known import Known
from fe2tui.tui.link import Link
from fe2tui.tui.possible import INSTANCES
from fe2tui.tui.view import Severity, Work
from fe2tui.tui.workplace import Workplace

if TYPE_CHECKING:
    from textual.screen import Screen

    from fe2tui.aws.session import Session
    from fe2tui.model.progress import Report
    from fe2tui.settings import Settings
    from fe2tui.store import Store
    from fe2tui.tasks.context import Context
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.parts import Parts

Answer = TypeVar("Answer")


class LiveDesk(Known):
    """The desk of ``view.Desk``."""

    def __init__(self, parts: Parts, app: Dashboard, settings: Settings) -> None:
        super().__init__()
        self._parts = parts
        self._app = app
        self._clock = app.clock
        self._settings = settings
        self.link = Link(parts, app, app.choice, settings, partial(_ask_code, self))
        self.jobs = Jobs(Workplace(self, parts, app), app.clock)

    @property
    def app(self) -> Dashboard:
        """The Textual app."""
        return self._app

    @property
    def session(self) -> Session:
        """The session with the place that is shown."""
        return self.link.session

    @property
    def store(self) -> Store:
        """The store."""
        return self.link.store

    @property
    def settings(self) -> Settings:
        """The person's settings."""
        return self._settings

    @property
    def fleet(self) -> Fleet | None:
        """The newest fleet."""
        return self._parts.showing.fleet

    def context(self, report: Report | None = None) -> Context:
        """A context for a task."""
        from fe2tui.tasks.context import Context

        return Context(self.session, self.store, self.settings, report or unreported, "dashboard", self._clock)

    async def close(self) -> None:
        """Let go of what is being read, and close sessions and store."""
        self.stop_reading()
        await self.link.close()

    def nudge(self) -> None:
        """Make the poller quick for a while."""
        self.link.nudge()

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Show a toast of one line."""
        self._app.toast(text, severity)

    def run_task(
        self, title: str, work: Work, *, subjects: Sequence[Instance] = (), done: Callable[[Any], str] | None = None
    ) -> None:
        """Run a task in a worker, shown in the activity pane."""
        self.jobs.start(title, work, subjects, done, self.session.region)

    def select(self, row_id: str) -> None:
        """Put the cursor of its list on an instance or an image as soon as it is in sight."""
        self._parts.main.lists.select(row_id)

    def images_changed(self) -> None:
        """Have images and snapshots read soon."""
        self.link.images_changed()

    async def ask(self, screen: Screen[Answer]) -> Answer | None:
        """Open a form and wait for its answer."""
        answered: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()

        def take(answer: Answer | None) -> None:
            if not answered.done():
                answered.set_result(answer)

        await self._app.push_screen(screen, take)
        screen.call_after_refresh(self._app.ahead.release)
        return await answered

    async def go(self, *, region: str | None = None, profile: str | None = None) -> None:
        """Show another region or another profile."""
        await self.link.go(region=region, profile=profile)

    def shown_instances(self) -> Sequence[Instance]:
        """The instances in the table, as shown."""
        sight = self._parts.showing.sight
        return [sight.fleet.instances[instance_id] for instance_id in sight.ids] if sight is not None else []

    def shown_cells(self, pane: str = INSTANCES) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The list of a pane as shown."""
        return self._parts.main.lists.rows_of(pane).table.cells_shown()

    def fail(self, title: str, error: Fe2Error, *, aloud: bool = True) -> None:
        """Keep a failure in the activity, and tell of it if it is not in sight anyway."""
        self.jobs.fail(title, error, self.session.region if self.link.is_open else "", aloud=aloud)
        self._parts.feed.changed()


async def _ask_code(desk: LiveDesk, serial: str) -> str:
    """Ask for a one-time code; empty when nobody gives one."""
    from fe2tui.tui.forms.code import CodeForm

    return await desk.ask(CodeForm(serial, profile=desk.session.profile)) or ""
