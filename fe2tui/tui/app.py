"""The dashboard: wiring only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from fe2tui.errors import CredentialsError, Fe2Error
from fe2tui.model.place import Place
from fe2tui.paths import sheets_folder
from fe2tui.tui.board import Sight
from fe2tui.tui.broken import broken
from fe2tui.tui.commands import BY_ID
from fe2tui.tui.desk import LiveDesk
from fe2tui.tui.feed import Feed
from fe2tui.tui.keymap import keymap
from fe2tui.tui.lines import Lines
from fe2tui.tui.polling import FleetNotRead, FleetSeen
from fe2tui.tui.pulse import Pulse
from fe2tui.tui.reading import Reading
from fe2tui.tui.runner import Runner
from fe2tui.tui.screen import MainScreen
from fe2tui.tui.showing import Showing
from fe2tui.tui.starting import Starting
from fe2tui.tui.theme import DARK, THEMES, variables_of
from fe2tui.tui.view import Severity, View

if TYPE_CHECKING:
    from textual.worker import Worker

    from fe2tui.aws.session import Choice
    from fe2tui.settings import Settings

TOAST_SECONDS = {"information": 4.0, "warning": 6.0, "error": 8.0}


def utc_now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


class Dashboard(App[None], inherit_bindings=False):
    """Holds the parts together; what they do is theirs."""

    CSS_PATH = sheets_folder() / "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "screen.hint", show=False, system=True)]

    def __init__(
        self,
        choice: Choice,
        settings: Settings,
        *,
        start_demo: Callable[[], Mapping[str, str]] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__()
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = settings.theme if settings.theme in self.available_themes else DARK
        self.clock = clock
        self.settings = settings
        self.keymap = keymap(settings.keys)
        for key, command_id in self.keymap.all_keys():
            self.bind(key, f"perform({command_id!r})", description=BY_ID[command_id].title, show=False)
        self.reading = Reading()
        self.showing = Showing(lambda work: self.work(work, "show"), clock, self._show, self.news)
        self.desk = LiveDesk(self, choice, settings, clock)
        self.runner = Runner(self.view, self.work, self.toast, self.desk.fail)
        self.main = MainScreen(self.showing, settings.columns, clock, Lines(self), self.runner.perform)
        self.feed = Feed(self.desk, self.main, self.work)
        self.pulse = Pulse(self, clock)
        self.starting = Starting(self, choice, start_demo)
        self.asked_to_leave = False

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our variables, for themes that have none of them."""
        return variables_of(self.current_theme)

    def get_default_screen(self) -> Screen[None]:
        """The one screen there is besides forms."""
        return self.main

    def on_mount(self) -> None:
        """First a frame, then all the rest."""
        self.theme_changed_signal.subscribe(self, lambda _: self.main.recolour())
        self.call_after_refresh(self.starting.begin)

    async def on_unmount(self) -> None:
        """Close what is open."""
        await self.desk.link.close()

    @on(events.AppFocus)
    @on(events.AppBlur)
    def _looked_at(self, event: events.AppFocus | events.AppBlur) -> None:
        self.pulse.focus(isinstance(event, events.AppFocus))

    def action_perform(self, command_id: str) -> None:
        """A key of the table of commands."""
        self.runner.perform(command_id)

    def view(self) -> View:
        """The dashboard as it is now."""
        sight, table, link = self.showing.sight, self.main.table, self.desk.link
        instances = sight.fleet.instances if sight is not None else {}
        return View(
            self.desk,
            link.session.place if link.is_open else Place("", ""),
            self.main.pane,
            sight.fleet if sight is not None else None,
            instances.get(table.cursor_id) if table.cursor_id is not None else None,
            tuple(instances[instance_id] for instance_id in table.marked_and_shown()) if table.marks else (),
            len(sight.ids) if sight is not None else 0,
            self.showing.arrangement.query.text,
            len(self.desk.jobs.running),
            link.session.read_only if link.is_open else False,
        )

    def work(self, work: Awaitable[None], name: str) -> Worker[None]:
        """Run something in a worker. What it raises is told, and never ends the program."""

        async def guarded() -> None:
            try:
                await work
            except Fe2Error as error:
                self.desk.fail(name, error)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self.desk.fail(name, broken(error))

        return self.run_worker(guarded(), name=name, group=name, exit_on_error=False)

    def toast(self, text: str, severity: Severity = "information") -> None:
        """One line that goes by itself. The text is data, never markup."""
        self.notify(" ".join(text.split()), severity=severity, markup=False, timeout=TOAST_SECONDS[severity])

    def warn(self, text: str) -> None:
        """Tell of something that is wrong and stops nothing. From any thread."""
        self.call_later(self.toast, text, "warning")

    def place_changed(self) -> None:
        """Another place is shown from now on."""
        self.reading = Reading()
        self.showing.forget()
        self.main.table.forget(self.desk.session.place)
        self.news()
        self.feed.read_log()

    def warmed(self) -> None:
        """AWS can be asked from now on."""
        self.work(self.starting.warmed(), "start")

    @on(FleetSeen)
    def _fleet_seen(self, event: FleetSeen) -> None:
        if event.fleet.place != self.desk.session.place:
            return
        for problem in self.reading.took(event):
            self.desk.fail("Reading", problem, aloud=False)
        self.showing.take(event.fleet)
        self.feed.read_log()

    @on(FleetNotRead)
    def _fleet_not_read(self, event: FleetNotRead) -> None:
        if self.reading.failed(event):
            self.desk.fail("Reading", event.error, aloud=False)
            if isinstance(event.error, CredentialsError) and self.showing.fleet is None:
                self.work(self.starting.welcome(event.error), "welcome")
        self.news()

    def _show(self, sight: Sight, glow: bool) -> None:
        self.main.table.show_sight(sight, glow=glow)
        self.news()

    def news(self, _: object = None) -> None:
        """Something that the lines, the frames or the details tell of is another."""
        self.main.write_lines()
        self.main.show_details()
