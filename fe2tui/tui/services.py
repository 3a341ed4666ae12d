"""Everything that the dashboard does for actions, forms and panes, as one protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen
    from textual.worker import Worker

    from fe2tui.aws.session import Session
    from fe2tui.aws.spot_prices import SpotHistoryCache, SpotPriceCache
    from fe2tui.errors import Fe2Error
    from fe2tui.model.fleet import Fleet
    from fe2tui.model.instance import Instance
    from fe2tui.model.progress import Report
    from fe2tui.settings import Settings
    from fe2tui.store import Store
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.type_catalogue import TypeCatalogueCache
    from fe2tui.tui.command_context import CommandContext
    from fe2tui.tui.fleet_watch import FleetWatch
    from fe2tui.tui.forms.launch import LaunchDraft
    from fe2tui.tui.key_queue import KeyQueue
    from fe2tui.tui.keymap import Keymap
    from fe2tui.tui.main_screen import MainScreen
    from fe2tui.tui.other_regions import OtherRegions
    from fe2tui.tui.preferences import Preferences
    from fe2tui.tui.shell_commands import ShellCommands
    from fe2tui.tui.task_runner import TaskRunner
    from fe2tui.tui.tunnel_keeper import KeptTunnels, TunnelKeeper

Answer = TypeVar("Answer")
Severity = Literal["information", "warning", "error"]
TaskFunction = Callable[["Context"], Awaitable[Any]]
"""A task to run: it gets a Context that reports its steps to the activity pane."""


class Services(Protocol):
    """Everything that the dashboard does for actions, forms and panes. For the event loop only."""

    @property
    def app(self) -> App[Any]:
        """The Textual app, for what needs all of it: handing over the terminal, the clipboard, the theme."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """Gives the present moment, in UTC."""

    @property
    def settings(self) -> Settings: ...

    @property
    def preferences(self) -> Preferences:
        """The theme and the sizes of panes that are remembered."""

    @property
    def keymap(self) -> Keymap: ...

    @property
    def key_queue(self) -> KeyQueue: ...

    @property
    def session(self) -> Session:
        """The session of the location that is shown."""

    @property
    def store(self) -> Store: ...

    @property
    def main_screen(self) -> MainScreen: ...

    @property
    def fleet_watch(self) -> FleetWatch: ...

    @property
    def task_runner(self) -> TaskRunner: ...

    @property
    def shell_commands(self) -> ShellCommands | None:
        """The shell's commands. The first time it imports them: in a thread."""

    @property
    def tunnel_keeper(self) -> TunnelKeeper: ...

    @property
    def kept_tunnels(self) -> Sequence[KeptTunnels]:
        """The tunnels that this dashboard keeps open. Imports nothing."""

    @property
    def other_regions(self) -> OtherRegions:
        """What runs in the regions that are not shown."""

    @property
    def fleet(self) -> Fleet | None:
        """The newest fleet; None before the first."""

    @property
    def catalogues(self) -> TypeCatalogueCache:
        """The instance types of each region whose types were needed."""

    @property
    def spot_prices(self) -> SpotPriceCache:
        """The present spot prices of all types, by region."""

    launch_draft: LaunchDraft | None
    """What was typed into the launch form that was left last, or whose launch was refused."""

    @property
    def spot_histories(self) -> SpotHistoryCache:
        """The spot price histories of types, by region."""

    def command_context(self) -> CommandContext:
        """The facts that commands decide by, as they are now."""

    def task_context(self, report: Report | None = None) -> Context:
        """A context for a task that the activity pane does not show, such as the look-ups of a form."""

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Show a toast. The text is data, never markup."""

    def console_url(self, resource_id: str) -> str | None:
        """The page of a resource in the AWS console; None where there is none, or ids are to be no links."""

    def tell_outside(self, text: str) -> None:
        """Tell a person who looks at another window, as the setting ``notify`` says."""

    def set_terminal_title(self, title: str) -> None: ...

    def save_preferences(self) -> None:
        """Save them for the next run, or say why they cannot be saved."""

    def report_error(self, title: str, error: Fe2Error, *, shows_toast: bool = True) -> None:
        """Add a failure to the activity pane, and show it in a toast. ``title`` says what failed."""

    def start_worker(self, work: Awaitable[None], name: str) -> Worker[None]:
        """Run a coroutine in a worker. An error that it raises is reported under ``name`` and ends nothing else."""

    def run_task(
        self,
        title: str,
        run: TaskFunction,
        *,
        instances: Sequence[Instance] = (),
        result_text: Callable[[Any], str] | None = None,
        uses_terminal: bool = False,
    ) -> int:
        """Run a task in a worker; its number. The activity pane shows its steps, and can cancel it.

        That it has begun is shown at once: the rows of ``instances`` are marked; without any, a toast says it.
        A toast says how it ended: ``result_text(result)`` if given, else the words of its outcomes, of the instance or
        the text that it returned. An error becomes a toast and stays in the activity pane with its remedy.
        """

    def take_up_unfinished(self) -> None:
        """Find out what other runs, or calls without an answer, have left open, and finish it, in a worker."""

    async def ask(self, screen: Screen[Answer]) -> Answer | None:
        """Open a form and wait for its answer; None when it is left without one. For coroutine functions only."""

    async def go(self, *, region: str | None = None, profile: str | None = None) -> None:
        """Show another region (its id) or another profile (its name). Raises Fe2Error, and stays where it is."""

    def perform(self, command_id: str, context: CommandContext | None = None) -> None:
        """Run a command as if its key had been pressed; with ``context``, in that one instead of the present one."""

    def select(self, row_id: str) -> None:
        """Put the cursor of the list on an instance or an image, now or when its row appears."""

    def visible_instances(self) -> Sequence[Instance]:
        """The instances in the table, filtered and sorted as shown."""

    def visible_cells(self, pane: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The list of a pane as shown: the titles of its columns, and the cells of every row."""
