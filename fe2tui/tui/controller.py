"""Starts the dashboard, joins its parts, and passes on what the fleet watch reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from textual.binding import Binding
from textual.message import Message

from fe2tui import paths
from fe2tui.errors import CredentialsError, Fe2Error, StoreError
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, State
from fe2tui.model.location import Location
from fe2tui.model.money import AccountTotals, AlertLimits
from fe2tui.model.progress import Activity, ignore_progress
from fe2tui.model.text import visible
from fe2tui.tui import gc_tuning
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.command_runner import CommandRunner
from fe2tui.tui.fleet_watch import FleetNotRead, FleetSeen, FleetWatch
from fe2tui.tui.instance_list import InstanceList, VisibleRows
from fe2tui.tui.interruption_news import InterruptionNotifier
from fe2tui.tui.keymap import build_keymap
from fe2tui.tui.layout import PaneSet
from fe2tui.tui.list_model import ListModel, ListRows
from fe2tui.tui.main_screen import MainScreen
from fe2tui.tui.pane_ids import SPOT
from fe2tui.tui.panes.details import RowDetails
from fe2tui.tui.panes.images import IMAGE_LIST_SPEC, ImageRowScope
from fe2tui.tui.panes.images import image_details as describe_image
from fe2tui.tui.panes.instance_columns import InstanceRowScope
from fe2tui.tui.panes.instances import INSTANCE_KIND, InstanceTable
from fe2tui.tui.panes.instances import instance_details as describe_instance
from fe2tui.tui.panes.list_pane import ListModelTable, ListPane
from fe2tui.tui.panes.spot import SpotPane
from fe2tui.tui.read_state import ReadState
from fe2tui.tui.refresh_timer import RefreshTimer
from fe2tui.tui.services import Severity, TaskFunction
from fe2tui.tui.startup import Startup
from fe2tui.tui.status_bar import StatusBar
from fe2tui.tui.task_runner import TaskRunner

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.worker import Worker

    from fe2tui.aws.session import Session
    from fe2tui.aws.spot_prices import SpotHistoryCache, SpotPriceCache
    from fe2tui.model.progress import Report
    from fe2tui.settings import Settings
    from fe2tui.store import Store
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.type_catalogue import TypeCatalogueCache
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.key_queue import KeyQueue
    from fe2tui.tui.keymap import Keymap


Answer = TypeVar("Answer")

REDRAW_DELAY = 0.1  # seconds: steps that come in a burst are drawn once
_TASKS_UNTIL_SSH = frozenset({"launch", "start", "reboot"})
_READY_STEPS = frozenset({"ready", "ssh answers"})


class ActivityFeed:
    """Draws in its own time, however often it is told that something changed."""

    def __init__(
        self,
        services: DashboardController,
        main_screen: MainScreen,
        instance_table: InstanceTable,
        start_worker: Callable[[Awaitable[None], str], object],
    ) -> None:
        self._services = services
        self._instance_table = instance_table
        self._main_screen = main_screen
        self._start_worker = start_worker
        self._log: Sequence[Activity] = ()
        self._is_redraw_due = self._is_reading_log = False

    def redraw_soon(self) -> None:
        """Tasks under way changed."""
        if not self._is_redraw_due:
            self._is_redraw_due = True
            self._main_screen.set_timer(REDRAW_DELAY, self.draw)

    def draw(self) -> None:
        """Draw all of it."""
        self._is_redraw_due = False
        main = self._main_screen
        main.activity.show(
            list(self._services.task_runner.running.values()), self._services.task_runner.failures, self._log
        )
        table = self._instance_table
        notes = self._notes(table.visible_rows.fleet.instances if table.visible_rows else {})
        if notes != table.notes:
            table.notes.clear()
            table.notes.update(notes)
        table.redraw()
        main.footer.redraw()

    def _notes(self, instances: Mapping[str, Instance]) -> dict[str, str]:
        """What is said of instances that a task still works on, though EC2 calls them running."""
        notes = {}
        for task in self._services.task_runner.running.values():
            for subject, step in task.progress.items():
                instance = instances.get(subject)
                waits = step.task in _TASKS_UNTIL_SSH and step.step not in _READY_STEPS
                if waits and instance is not None and instance.state is State.RUNNING:
                    notes[subject] = "starting ssh"
        return notes

    def read_log(self) -> None:
        """Read the log of the store again, in a thread."""
        if not self._is_reading_log:
            self._is_reading_log = True
            self._start_worker(self._read_log(), "log")

    async def _read_log(self) -> None:
        try:
            self._log = await asyncio.to_thread(self._services.store.activity.recent)
        except StoreError:
            self._log = ()
        finally:
            self._is_reading_log = False
        self.redraw_soon()


class HostKeyCache:
    """Answers at once with what was last found, and looks again where that may be out of date."""

    def __init__(self, start_worker: Callable[[Awaitable[None]], object], on_change: Callable[[], None]) -> None:
        self._start_worker = start_worker
        self._on_change = on_change
        self._cached: dict[str, bool] = {}
        self._checked_ids: set[str] = set()

    def has_host_key(self, instance_id: str) -> bool:
        """Whether a host key of an instance is known, as far as that was found out."""
        if instance_id not in self._checked_ids:
            self._checked_ids.add(instance_id)
            self._start_worker(self._refresh(instance_id))
        return self._cached.get(instance_id, False)

    def expire(self) -> None:
        """Somebody may have connected."""
        self._checked_ids.clear()

    async def _refresh(self, instance_id: str) -> None:
        has_key = await asyncio.to_thread(_has_host_key, instance_id)
        if has_key is not self._cached.get(instance_id, False):
            self._cached[instance_id] = has_key
            self._on_change()


def _has_host_key(instance_id: str) -> bool:
    from fe2tui.ssh.hostkeys import HostKeys

    try:
        return bool(HostKeys(paths.known_hosts_file()).known_keys(instance_id))
    except OSError:
        return False


UNTIL_OPENED = 0.25  # seconds that the main screen waits for the last fleet before it is drawn without
DRAW_DELAY = 0.1  # seconds


class DashboardController:
    """Made a moment after the first frame. News of the poller goes through here to whom it concerns."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self._clock = app.clock
        self._settings = app.settings
        self._keymap = build_keymap(app.settings.keys)
        self.read_state = ReadState()
        self.limits = AlertLimits.from_settings(app.settings.long_run_hours, app.settings.high_cost)
        self.instance_list = InstanceList(
            lambda work: app.start_worker(work, "show"), app.clock, self._show_instances, self._show_totals, self.limits
        )
        self.fleet_watch = FleetWatch(self, app, app.choice, app.settings, self._ask_mfa_code)
        self.task_runner = TaskRunner(self, app.clock)
        self.command_runner = CommandRunner(
            self.command_context, app.start_worker, app.toast, self.report_error, app.key_queue
        )
        self.instance_table = InstanceTable(app.settings.columns, app.clock, self.limits)
        self.image_list = ListModel(
            IMAGE_LIST_SPEC, lambda work: app.start_worker(work, "images"), app.clock, self._show_images
        )
        self.image_table = ListModelTable(IMAGE_LIST_SPEC, app.clock, open_command="launch")
        self.spot_pane = SpotPane(
            self, app.clock, lambda work: app.start_worker(work, "spot"), lambda: self.main_screen.pane == SPOT
        )
        lists = PaneSet(
            ListPane(INSTANCE_KIND, self.instance_table, self.instance_list, self._describe_instance),
            ListPane(IMAGE_LIST_SPEC.kind, self.image_table, self.image_list, self._describe_image),
            self.spot_pane,
        )
        self.refresh_timer = RefreshTimer(app, self)
        self.main_screen: MainScreen = MainScreen(lists, app.clock, StatusBar(self), self, self.refresh_timer)
        self.activity_feed = ActivityFeed(self, self.main_screen, self.instance_table, app.start_worker)
        self.interruption_notifier = InterruptionNotifier(
            self, app.clock, lambda work: app.start_worker(work, "interruptions"), self.activity_feed.read_log
        )
        self.host_key_cache = HostKeyCache(lambda work: app.start_worker(work, "host keys"), self.redraw)
        self.startup = Startup(app, self)

    # What it is for actions, forms and panes: see ``Services``

    @property
    def app(self) -> Dashboard:
        return self._app

    @property
    def clock(self) -> Callable[[], datetime]:
        return self._clock

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def keymap(self) -> Keymap:
        return self._keymap

    @property
    def key_queue(self) -> KeyQueue:
        return self._app.key_queue

    @property
    def session(self) -> Session:
        return self.fleet_watch.session

    @property
    def store(self) -> Store:
        return self.fleet_watch.store

    @property
    def fleet(self) -> Fleet | None:
        return self.instance_list.fleet

    @cached_property
    def catalogues(self) -> TypeCatalogueCache:
        from fe2tui.tasks.type_catalogue import TypeCatalogueCache

        return TypeCatalogueCache()

    @cached_property
    def spot_prices(self) -> SpotPriceCache:
        from fe2tui.aws.spot_prices import SpotPriceCache

        return SpotPriceCache()

    @cached_property
    def spot_histories(self) -> SpotHistoryCache:
        from fe2tui.aws.spot_prices import SpotHistoryCache

        return SpotHistoryCache(self.store.spot_history)

    def task_context(self, report: Report | None = None) -> Context:
        from fe2tui.tasks.context import Context

        return Context(self.session, self.store, self._settings, report or ignore_progress, "dashboard", self._clock)

    def tell(self, text: str, severity: Severity = "information") -> None:
        self._app.toast(text, severity)

    def report_error(self, title: str, error: Fe2Error, *, shows_toast: bool = True) -> None:
        region = self.session.region if self.fleet_watch.is_open else ""
        self.task_runner.report_error(title, error, region, shows_toast=shows_toast)
        self.activity_feed.redraw_soon()

    def start_worker(self, work: Awaitable[None], name: str) -> Worker[None]:
        return self._app.start_worker(work, name)

    def run_worker(self, work: Any, *, name: str, group: str, exit_on_error: bool) -> Worker[None]:
        """Run a task's coroutine in a worker of the app."""
        return self._app.run_worker(work, name=name, group=group, exit_on_error=exit_on_error)

    def run_task(
        self,
        title: str,
        run: TaskFunction,
        *,
        instances: Sequence[Instance] = (),
        result_text: Callable[[Any], str] | None = None,
    ) -> None:
        self.task_runner.start(title, run, instances, result_text, self.session.region)

    async def ask(self, screen: Screen[Answer]) -> Answer | None:
        answer_future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()

        def take(answer: Answer | None) -> None:
            if not answer_future.done():
                answer_future.set_result(answer)

        await self._app.push_screen(screen, take)
        screen.call_after_refresh(self.key_queue.release)
        return await answer_future

    async def _ask_mfa_code(self, serial: str) -> str:
        """Ask for a one-time code; empty when there is no answer."""
        from fe2tui.tui.forms.mfa_code import MfaCodeForm

        return await self.ask(MfaCodeForm(serial, profile=self.session.profile)) or ""

    async def go(self, *, region: str | None = None, profile: str | None = None) -> None:
        await self.fleet_watch.go(region=region, profile=profile)

    def perform(self, command_id: str) -> None:
        self.command_runner.perform(command_id)

    def select(self, row_id: str) -> None:
        self.main_screen.pane_set.select(row_id)

    def visible_instances(self) -> Sequence[Instance]:
        visible_rows = self.instance_list.visible_rows
        return [visible_rows.fleet.instances[one] for one in visible_rows.ids] if visible_rows is not None else []

    def visible_cells(self, pane: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        return self.main_screen.pane_set.list_pane(pane).table.visible_cells()

    # What the task runner tells

    def nudge(self) -> None:
        """Read at once, and be quick for a while."""
        self.fleet_watch.nudge()

    def tasks_changed(self) -> None:
        """Draw the running tasks again."""
        self.activity_feed.redraw_soon()

    def task_ended(self) -> None:
        """Read the fleet and the log again."""
        self.nudge()
        self.activity_feed.read_log()

    async def start(self) -> None:
        """Put the real screen in the place of the first frame, bind the keys, and start reading."""
        app = self._app
        bindings = (Binding(key, f"perform({command_id!r})", show=False) for key, command_id in self.keymap.all_keys())
        for binding in Binding.make_bindings(bindings):  # which knows / as slash
            app.bind(binding.key, binding.action, description=binding.description, show=False)
        app.theme_changed_signal.subscribe(app, lambda _: self.main_screen.recolour())
        opening = self.fleet_watch.start_opening()
        self.main_screen.pane_layout.fit_to(*app.size)
        app.stylesheet.read_all(self.main_screen.css_path)  # the screen would have those that are known parsed again
        await asyncio.wait({opening}, timeout=UNTIL_OPENED)
        await app.push_screen(self.main_screen)

    def mounted(self) -> None:
        """The main screen is there and has not been drawn yet: what is known already is in its first frame."""
        self.startup.start()

    async def close(self) -> None:
        """Close sessions and store, and end what is still being read."""
        for name in ("catalogues", "spot_prices", "spot_histories"):
            if name in self.__dict__:
                getattr(self, name).close()
        await self.fleet_watch.close()

    def command_context(self) -> CommandContext:
        """The dashboard as it is now."""
        visible_rows, table, fleet_watch, acting = (
            self.instance_list.visible_rows,
            self.instance_table,
            self.fleet_watch,
            self.main_screen.pane_set.acting_pane.list_pane,
        )
        instances = visible_rows.fleet.instances if visible_rows is not None else {}
        images = self.image_list.items
        return CommandContext(
            self,
            fleet_watch.session.location if fleet_watch.is_open else Location("", ""),
            self.main_screen.pane,
            visible_rows.fleet if visible_rows is not None else None,
            instances.get(table.cursor_id) if table.cursor_id is not None else None,
            tuple(instances[instance_id] for instance_id in table.visible_marks()) if table.marks else (),
            acting.visible_count if acting is not None else 0,
            acting.arrangement.filter.text if acting is not None else "",
            len(self.task_runner.running),
            fleet_watch.session.read_only if fleet_watch.is_open else False,
            images.get(self.image_table.cursor_id) if self.image_table.cursor_id is not None else None,
            tuple(images[image_id] for image_id in self.image_table.visible_marks()) if self.image_table.marks else (),
            self.spot_pane.choice,
            SPOT in self.main_screen.pane_layout.visible_panes,
        )

    def post_message(self, message: Message) -> bool:
        """What a link has to tell, in the order of the screen's own messages. From any thread."""
        return self.main_screen.post_message(message)

    def _describe_instance(self, instance_id: str) -> RowDetails | None:
        fleet = self.instance_list.fleet
        instance = fleet.instances.get(instance_id) if fleet is not None else None
        if fleet is None or instance is None:
            return None
        at = InstanceRowScope(fleet, self.clock(), limits=self.limits)
        is_known = self.host_key_cache.has_host_key(instance_id)
        return describe_instance(instance, at, has_host_key=is_known, reads_cpu=self.fleet_watch.reads_cpu)

    def _describe_image(self, image_id: str) -> RowDetails | None:
        contents, image = self.image_list.snapshot, self.image_list.items.get(image_id)
        return describe_image(image, contents.scope_at(self.clock())) if contents is not None and image else None

    def warn(self, text: str) -> None:
        """Tell of something that is wrong and stops nothing, and keep it in the activity. From any thread."""
        self._app.call_later(self.report_error, "Trouble", Fe2Error(text))

    def location_changed(self) -> None:
        """Another place is shown from now on."""
        self.read_state = ReadState()
        self.interruption_notifier.reset()
        self.instance_list.reset()
        self.image_list.reset()
        location = self.session.location
        self.main_screen.pane_set.reset(location)
        colour = self.settings.for_profile(location.profile).colour
        if not self.main_screen.status.set_background(colour):
            self.warn(f"[profiles.{location.profile}] colour: “{colour}” is no colour.")
        self.redraw()
        self.activity_feed.read_log()

    async def wait_until_drawn(self) -> None:
        """Wait until what was told so far is on the screen."""
        drawn = asyncio.Event()
        self.main_screen.call_after_refresh(drawn.set)
        await drawn.wait()

    def first_read_ended(self) -> None:
        """The first read has ended: when it is on the screen there is time for the rest."""
        self.main_screen.set_timer(DRAW_DELAY, self._continue_startup)

    def _continue_startup(self) -> None:
        gc_tuning.young_only()
        self._app.start_worker(self.startup.after_first_read(), "start")
        self.spot_pane.allow_loading()

    def show_fleet(self, event: FleetSeen) -> None:
        """A fleet was read, or is the one kept."""
        if event.fleet.location != self.session.location:
            return
        for problem in self.read_state.add_fleet(event):
            self.report_error("Reading", problem, shows_toast=False)
        if not event.from_store:
            self.interruption_notifier.announce_news(event.fleet)
        self.host_key_cache.expire()
        self.instance_list.set_fleet(event.fleet)
        self.image_list.set_fleet(event.fleet)
        self.spot_pane.update_prices()
        self.activity_feed.read_log()

    def show_read_error(self, event: FleetNotRead) -> None:
        """A read failed."""
        self.main_screen.pane_set.show_read_error(event.error.summary)
        if self.read_state.add_failure(event):
            self.report_error("Reading", event.error, shows_toast=False)
            if isinstance(event.error, CredentialsError) and self.instance_list.fleet is None:
                self._app.start_worker(self.startup.show_welcome(event.error), "welcome")
        self.redraw()

    def follow_selection(self) -> None:
        """The spot pane, where it is in sight, follows the selected instance."""
        one = self.instance_table.selected_instance
        if self.spot_pane.display:
            self.spot_pane.follow(one.type if one else "", visible(one.label) if one else "")

    def move_chart_cursor(self, columns: int, days: int) -> None:
        """Move the cursor of the spot prices' chart by so many columns, or days."""
        if self.spot_pane.body is not None:
            self.spot_pane.body.action_in_time(columns, days)

    def _show_instances(self, visible_rows: VisibleRows, glow: bool) -> None:
        self.instance_table.show_visible_rows(visible_rows, highlights_changes=glow)
        gc_tuning.freeze(len(visible_rows.changed_ids))
        self.redraw()

    def _show_images(self, rows: ListRows[Image, ImageRowScope], changed: frozenset[str]) -> None:
        self.image_table.show_rows(rows, self.image_list.arrangement, changed)
        self.redraw()

    def _show_totals(self, totals: AccountTotals) -> None:
        gc_tuning.freeze(totals.recomputed)
        self.redraw()

    def redraw(self, _: object = None) -> None:
        """Something that the lines, the frames or the details tell of is another."""
        self.main_screen.repaint_soon()
