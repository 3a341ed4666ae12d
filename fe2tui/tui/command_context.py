"""What an action gets: the state of the dashboard when its key was pressed, and the services of the dashboard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

from textual.screen import ModalScreen

from fe2tui.model.fleet import Fleet
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.location import Location
from fe2tui.tui.availability import IMAGES, INSTANCES, SPOT

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    from fe2tui.aws.session import Session
    from fe2tui.model.progress import Report
    from fe2tui.settings import Settings
    from fe2tui.store import Store
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.spot_prices import CurrentSpotPriceCache, SpotHistoryCache
    from fe2tui.tasks.type_catalogue import TypeCatalogueCache


Answer = TypeVar("Answer")
Severity = Literal["information", "warning", "error"]
TaskFunction = Callable[["Context"], Awaitable[Any]]
"""A task to run: it gets a Context that reports to the activity pane."""


class Services(Protocol):
    """What the dashboard does for commands."""

    @property
    def app(self) -> App[Any]:
        """The Textual app, for what needs it as a whole: handing over the terminal, the clipboard."""

    @property
    def session(self) -> Session:
        """The session with the place that is shown."""

    @property
    def store(self) -> Store:
        """The store."""

    @property
    def settings(self) -> Settings:
        """The person's settings."""

    @property
    def fleet(self) -> Fleet | None:
        """The newest fleet; None before the first."""

    @property
    def catalogues(self) -> TypeCatalogueCache:
        """The instance types of each region that was looked at."""

    @property
    def spot_prices(self) -> CurrentSpotPriceCache:
        """The spot prices of all types of each region whose types were looked at."""

    @property
    def spot_histories(self) -> SpotHistoryCache:
        """What the types that were looked at have cost on the spot market."""

    def task_context(self, report: Report | None = None) -> Context:
        """A context for a task that is not shown in the activity pane: look-ups for a form."""

    def nudge(self) -> None:
        """Make the poller quick for a while."""

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Show a toast of one line. The text is data, never markup."""

    def run_task(
        self,
        title: str,
        run: TaskFunction,
        *,
        instances: Sequence[Instance] = (),
        result_text: Callable[[Any], str] | None = None,
    ) -> None:
        """Run a task in a worker, shown in the activity pane, where it can be cancelled.

        A toast says how it ended: ``done(result)`` if given, else the words of its Outcomes, of the Instance or the
        text it returned. An error becomes a toast and stays in the activity pane with its remedy. Then the poller is
        nudged.
        """

    def select(self, row_id: str) -> None:
        """Put the cursor of its list on an instance or an image as soon as it is in sight, if it ever is."""

    def read_images_soon(self) -> None:
        """Something was done to images or snapshots: have them read soon."""

    async def ask(self, screen: Screen[Answer]) -> Answer | None:
        """Open a form and wait for what it is dismissed with. For commands that are coroutine functions only."""

    async def go(self, *, region: str | None = None, profile: str | None = None) -> None:
        """Change the region or the profile that is shown. An id of a region, the name of a profile."""

    def visible_instances(self) -> Sequence[Instance]:
        """The instances in the table, filtered and sorted as shown."""

    def visible_cells(self, pane: str = INSTANCES) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The list of a pane as shown: the titles of its columns, and the cells of every row."""


class SpotChoice(NamedTuple):
    """What is chosen in the spot pane; no ``type`` before anything is.

    ``zone`` is empty unless one is chosen, ``moment`` what the cursor in the chart points at. ``pinned``: a person
    picked the type; else it is that of the selected instance. ``family`` is the one that is opened in the list.
    """

    type: str = ""
    zone: str = ""
    days: int = 7
    moment: datetime | None = None
    is_pinned: bool = False
    family: str = ""


class CommandContext(NamedTuple):
    """The dashboard at one moment. ``marked`` are those marked *and* shown, in the order shown.

    ``shown_count`` and ``filter_text`` are those of the list that commands act on (``pane``; while
    that is the activity, of the list that was it before). ``image`` and ``marked_images`` are rows of the images, own
    and public ones: the account's own are those in ``fleet.images``.
    """

    services: Services
    location: Location
    pane: str
    fleet: Fleet | None = None
    selected_instance: Instance | None = None
    marked_instances: tuple[Instance, ...] = ()
    visible_count: int = 0
    filter_text: str = ""
    running_tasks: int = 0
    read_only: bool = False
    selected_image: Image | None = None
    marked_images: tuple[Image, ...] = ()
    spot: SpotChoice = SpotChoice()
    is_spot_visible: bool = False

    @property
    def targets(self) -> tuple[Instance, ...]:
        """What a command acts on: the marked ones, else the selected one, else nothing. Never a hidden row."""
        if self.marked_instances:
            return self.marked_instances
        return (self.selected_instance,) if self.selected_instance is not None else ()

    @property
    def images(self) -> tuple[Image, ...]:
        """The images that a command acts on: the marked ones, else the selected one. Never a hidden row."""
        if self.marked_images:
            return self.marked_images
        return (self.selected_image,) if self.selected_image is not None else ()

    @property
    def pane_targets(self) -> tuple[Instance, ...] | tuple[Image, ...] | tuple[SpotChoice, ...]:
        """What a command of any list acts on, in the list that it is pressed in."""
        if self.pane == SPOT:
            return (self.spot,) if self.spot.type else ()
        return self.images if self.pane == IMAGES else self.targets

    @property
    def marked_count(self) -> int:
        """How many are marked and shown in the list that the command is pressed in."""
        return 0 if self.pane == SPOT else len(self.marked_images if self.pane == IMAGES else self.marked_instances)

    @property
    def region(self) -> str:
        """The region that is shown."""
        return self.location.region

    def task_context(self, report: Report | None = None) -> Context:
        """See ``Desk.context``."""
        return self.services.task_context(report)

    def nudge(self) -> None:
        """See ``Desk.nudge``."""
        self.services.nudge()

    def tell(self, text: str, severity: Severity = "information") -> None:
        """See ``Desk.tell``."""
        self.services.tell(text, severity)

    def run_task(
        self,
        title: str,
        run: TaskFunction,
        *,
        instances: Sequence[Instance] = (),
        result_text: Callable[[Any], str] | None = None,
    ) -> None:
        """See ``Desk.run_task``."""
        self.services.run_task(title, run, instances=instances, result_text=result_text)

    def select(self, row_id: str) -> None:
        """See ``Desk.select``."""
        self.services.select(row_id)

    def read_images_soon(self) -> None:
        """See ``Desk.images_changed``."""
        self.services.read_images_soon()

    async def ask(self, screen: Screen[Answer]) -> Answer | None:
        """See ``Desk.ask``."""
        return await self.services.ask(screen)


CODE_FORM = "fe2tui.tui.forms.mfa_code:CodeForm"
"""The form for a one-time code: ``CodeForm(serial)``, a ``ModalScreen[str | None]``; None when the person leaves."""


def is_form_open(context: CommandContext) -> bool:
    """Whether a form is open, and what is typed is meant for it."""
    return isinstance(context.services.app.screen, ModalScreen)


async def wait_until_no_form(context: CommandContext) -> None:
    """Wait until no form is open: what a person types there must not answer a question of a task under way."""
    while is_form_open(context):  # noqa: ASYNC110 - Textual tells nobody of a screen that goes
        await asyncio.sleep(0.1)
