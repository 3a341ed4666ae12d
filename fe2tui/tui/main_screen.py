"""The main screen: holds what was read and what runs as reactives, and repaints what shows it.

The fleet watch and the task runner post messages; their handlers set the reactives; the ``watch_…`` methods hand the
new values to the panes and ask for one repaint of the lines, frames and details, however many values have changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.filters import Filter, parse_words
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import Image
from fe2tui.model.money.account import AccountTotals
from fe2tui.model.progress import Activity
from fe2tui.model.text import visible
from fe2tui.paths import config_file, stylesheets_folder
from fe2tui.tui import gc_tuning
from fe2tui.tui.fleet_watch import FleetNotRead, FleetSeen, LocationChanged
from fe2tui.tui.interruption_news import Interruptions, InterruptionTracker, announce, interruption_count
from fe2tui.tui.layout import PaneLayout, PaneSet, PaneWidgets
from fe2tui.tui.pane_ids import ACTIVITY, FULL_DETAILS, INSTANCES, SPOT
from fe2tui.tui.panes.activity import LOG_LIMIT, ActivityPane
from fe2tui.tui.panes.details import DetailsPanel
from fe2tui.tui.panes.images import IMAGE_LIST_SPEC, ImageRowScope
from fe2tui.tui.panes.instances import InstancesPane
from fe2tui.tui.panes.list_pane import FleetListPane
from fe2tui.tui.panes.spot import SpotPane
from fe2tui.tui.read_state import ReadState
from fe2tui.tui.refresh_timer import RefreshTimer
from fe2tui.tui.status_bar import (
    SEARCH_KEYS,
    Status,
    filter_key_spans,
    footer_spans,
    status_spans,
    title_text,
)
from fe2tui.tui.task_runner import TasksChanged, TaskState
from fe2tui.tui.widgets.line import Span, TextLine
from fe2tui.tui.widgets.table import Table

if TYPE_CHECKING:
    from fe2tui.tui.panes.full_view import FullView
    from fe2tui.tui.services import Services
    from fe2tui.tui.widgets.filter_bar import FilterBar

DETAILS_DELAY = 0.08  # seconds that the cursor has to rest before the details of its row are drawn


class MainScreen(Screen[None]):
    """Wide terminals show instances, images and the spot prices together; narrow ones one pane at a time."""

    AUTO_FOCUS: ClassVar[str | None] = "#instances"
    CSS_PATH = stylesheets_folder() / "main.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "in_time(-1)", "Earlier", show=False),
        Binding("right", "in_time(1)", "Later", show=False),
        Binding("shift+left", "in_time(0, -1)", "A day earlier", show=False),
        Binding("shift+right", "in_time(0, 1)", "A day later", show=False),
    ]

    # ``always_update``: to compare two fleets takes longer than to show one.
    fleet: reactive[Fleet | None] = reactive(None, repaint=False, init=False, always_update=True)
    totals: reactive[AccountTotals | None] = reactive(None, repaint=False, init=False)
    read_state: reactive[ReadState] = reactive(ReadState(), repaint=False, init=False)
    interruptions: reactive[Interruptions] = reactive(Interruptions(), repaint=False, init=False)
    tasks: reactive[TaskState] = reactive(TaskState(), repaint=False, init=False)
    activity_log: reactive[Sequence[Activity]] = reactive((), repaint=False, init=False)
    """The newest entries of the activity log in the store."""

    def __init__(self, services: Services) -> None:
        super().__init__(id="main", classes=f"-{INSTANCES}")
        self._services = services
        self._clock = services.clock
        self._interruption_tracker = InterruptionTracker()
        self._account_profiles: tuple[str, ...] = ()
        self._signer_notice = ""
        self._is_repaint_due = self._is_reading_log = False
        self._details_timer: Timer | None = None
        self.instances = InstancesPane(services)
        self.images: FleetListPane[Image, ImageRowScope] = FleetListPane(
            IMAGE_LIST_SPEC, services, open_command=FULL_DETAILS
        )
        self.spot_pane = SpotPane(services)
        self.pane_set = PaneSet(self.instances, self.images, self.spot_pane)
        self.details = DetailsPanel(services.console_url)
        self.activity = ActivityPane(services.clock)
        self.activity_search: FilterBar | None = None  # made when it is first needed
        self._left = Vertical(id="left")
        widgets = PaneWidgets(self._left, self.instances, self.images, self.activity, self.details, self.spot_pane)
        self.pane_layout = PaneLayout(self, self.pane_set, widgets, services.preferences)
        self._dragged_edge = ""
        self.refresh_timer = RefreshTimer(self, services)
        self.status = TextLine(self._status_spans, id="status")
        self.notice = TextLine(self._notice_spans, id="notice")
        self.footer = TextLine(self._footer_spans, id="footer")
        self._full_views: list[FullView] = []  # the last is shown

    def compose(self) -> Iterator[Widget]:
        yield self.status
        yield self.notice
        with Horizontal(id="body"):
            with self._left:
                yield self.instances
                yield self.details
                yield self.images
                yield self.activity
            yield self.spot_pane
        yield self.footer

    def on_mount(self) -> None:
        self.set_interval(1.0, self.refresh_timer.tick)

    # What was read

    @on(LocationChanged)
    def _show_location(self, event: LocationChanged) -> None:
        self._services.other_regions.set_location(event.location)
        self._interruption_tracker = InterruptionTracker()
        self.read_state, self.interruptions = ReadState(), Interruptions()
        self.fleet = self.totals = None
        self.close_full_views()
        for pane in self.pane_set:
            pane.reset(event.location)
        self._account_profiles = ()
        self._show_colour()
        notice = self._services.session.signer_notice
        if notice and notice != self._signer_notice:
            self._services.tell(visible(notice), "warning")
        self._signer_notice = notice
        self.read_log()

    def _show_colour(self) -> None:
        """Show the colour of the profiles of this account, when they are known or have changed."""
        profiles = self._services.session.account_profiles
        if profiles == self._account_profiles:
            return
        self._account_profiles = profiles
        colour = self._services.settings.for_profiles(profiles).colour
        if not self.status.set_background(colour):
            error = Fe2Error(f"[profiles.{profiles[0]}] colour: “{colour}” is not a colour.", f"See {config_file()}.")
            self._services.report_error("Settings", error)

    @on(FleetSeen)
    def _take_fleet(self, event: FleetSeen) -> None:
        fleet = event.fleet
        if fleet.location != self._services.session.location:
            return
        with self.app.batch_update():
            self.read_state = self.read_state.after_fleet(fleet, from_store=event.from_store)
            if event.from_store:
                self.interruptions = Interruptions(interruption_count(fleet, self._clock()))
            else:
                self.interruptions = self._interruption_tracker.update(fleet, self._clock())
            self.totals = event.totals
            self.fleet = fleet
            self._show_colour()

    @on(FleetNotRead)
    def _take_failure(self, event: FleetNotRead) -> None:
        for pane in self.pane_set:
            pane.show_read_error(event.error.summary)
        self.read_state = self.read_state.after_failure(event)

    @on(TasksChanged)
    def _take_tasks(self) -> None:
        has_ended = len(self._services.task_runner.state.running) < len(self.tasks.running)
        self.tasks = self._services.task_runner.state
        if has_ended:
            self.read_log()

    def watch_fleet(self, fleet: Fleet | None) -> None:
        if fleet is not None:
            self.instances.set_fleet(fleet)
            self.instances.show_tasks(self.tasks.running)
            self.images.set_fleet(fleet)
            self.spot_pane.update_prices()
            self.read_log()
        self.repaint_soon()

    def watch_totals(self, totals: AccountTotals | None) -> None:
        gc_tuning.freeze(totals.recomputed if totals is not None else 0)
        if totals is not None and not self.read_state.from_store:
            self._services.other_regions.set_totals(totals)
        self.repaint_soon()

    def watch_read_state(self, before: ReadState, now: ReadState) -> None:
        for error in now.new_errors(before):
            self._services.report_error("Reading", error, shows_toast=False)
        self.repaint_soon()

    def watch_interruptions(self, interruptions: Interruptions) -> None:
        if interruptions.new_events:
            self._services.start_worker(announce(interruptions.new_events, self._services), "Interruptions")
        self.repaint_soon()

    def watch_tasks(self, tasks: TaskState) -> None:
        self.activity.show(tasks, self.activity_log)
        self.instances.show_tasks(tasks.running)
        self.repaint_soon()

    def watch_activity_log(self, log: Sequence[Activity]) -> None:
        self.activity.show(self.tasks, log)
        self.repaint_soon()

    def read_log(self) -> None:
        if not self._is_reading_log and self._services.fleet_watch.is_open:
            self._is_reading_log = True
            self._services.start_worker(self._read_log(), "Activity log")

    async def _read_log(self) -> None:
        try:
            self.activity_log = tuple(await asyncio.to_thread(self._services.store.activity.recent, LOG_LIMIT))
        except StoreError:
            self.activity_log = ()
        finally:
            self._is_reading_log = False

    # Painting

    def repaint_soon(self) -> None:
        """Repaint the lines, the frames and the details, once, after the message that is being handled."""
        if not self._is_repaint_due:
            self._is_repaint_due = True
            self.call_next(self._repaint)

    def _repaint(self) -> None:
        self._is_repaint_due = False
        with self.app.batch_update():
            running = len(self.tasks.running)
            task_count = {ACTIVITY: f"{running:,}" if running else ""}
            counts = self.pane_set.write_frame_titles(self.pane_layout.tab_panes, task_count)
            self.activity.write_frame_title(counts, self.pane_layout.tab_panes(ACTIVITY))
            self.notice.display = bool(self._notice_spans(self.app.size.width))
            for line in (self.status, self.notice, self.footer):
                line.redraw()
            self.write_terminal_title()
            self.show_details()

    def write_terminal_title(self) -> None:
        watch = self._services.fleet_watch
        if watch.is_open:
            self._services.set_terminal_title(title_text(watch.session.region, self.totals))

    def show_details(self) -> None:
        """Show the details of the selected row; the spot pane follows the selected instance."""
        if self.full_view is not None:
            self.full_view.update()
            return
        if self.spot_pane.display:
            fleet, instance_id = self._services.fleet, self.instances.table.cursor_id
            one = fleet.instances.get(instance_id or "") if fleet is not None else None
            self.spot_pane.follow(one.type if one else "", visible(one.label) if one else "")
        if self.details.display:
            pane = self.pane_set[self.pane_layout.details_pane]
            self.details.show(pane.row_details(), pane.kind.noun)

    def recolour(self) -> None:
        for pane in self.pane_set:
            pane.recolour()
        self.status.refresh()
        self.activity.refresh()
        self.repaint_soon()
        self.refresh()

    def _status_spans(self, width: int) -> list[Span]:
        fleet_watch, reading = self._services.fleet_watch, self.read_state
        if not fleet_watch.is_open:
            return status_spans(Status(), self._clock(), width)
        tunnels = self._services.kept_tunnels
        status = Status(
            fleet_watch.session.location,
            reading.account,
            self.totals,
            reading.read_at,
            reading.error,
            reading.from_store,
            fleet_watch.session.read_only,
            fleet_watch.is_paused,
            reading.has_prices,
            self.interruptions.total,
            sum(task.is_waiting for task in self.tasks.running),
            len(tunnels),
            any(kept.status.state in ("broken", "failed") for kept in tunnels),
            self._services.other_regions.elsewhere,
        )
        return status_spans(status, self._clock(), width)

    def _notice_spans(self, width: int) -> list[Span]:
        return self.read_state.notice_spans(self._clock(), width)

    def _footer_spans(self, width: int) -> list[Span]:
        if not self.is_active:  # a form is open, which shows its own keys
            return []
        is_searching = self.activity_search is not None and self.activity_search.has_focus_within
        if is_searching or (self.full_view is not None and self.full_view.is_searching):
            return filter_key_spans(width, SEARCH_KEYS)
        if self.full_view is None and self.pane_set.acting_pane.is_filtering:
            return filter_key_spans(width)
        context, keys = self._services.command_context(), self._services.keymap.keys
        return footer_spans(context, keys, self.tasks.unseen_failures, width)

    # Panes

    @property
    def pane(self) -> str:
        return self.pane_layout.pane

    def go_to(self, pane: str) -> None:
        self.close_full_views()
        self.pane_layout.activate(pane)
        if pane != ACTIVITY and self.activity_search is not None:
            self.activity_search.display = False
        take_focus = self.activity.focus if pane == ACTIVITY else self.pane_set[pane].take_focus
        self.call_after_refresh(lambda: take_focus() if self.pane == pane else None)  # unless it has changed again
        self.call_after_refresh(self.repaint_soon)

    def go_to_row(self, row_id: str) -> None:
        """Put the cursor on an instance or image; a filter that hides it is cleared."""
        pane = self.pane_set.select(row_id)
        if pane is not None:
            listed = pane.list_pane
            if listed is not None and listed.arrangement.filter.text and not listed.table.go_to(row_id):
                listed.leave()
            self.go_to(pane.kind.pane)

    @property
    def full_view(self) -> FullView | None:
        """What fills the screen instead of the panes: details, or a console output."""
        return self._full_views[-1] if self._full_views else None

    async def open_full_view(self, view: FullView) -> None:
        """Show it over the panes, and over the one that is there. Commands act on its row."""
        if self.full_view is not None:
            self.full_view.display = False
        self._full_views.append(view)
        self.add_class("-full")
        await self.mount(view, before=self.footer)
        view.take_focus()
        self.repaint_soon()

    def close_full_view(self) -> None:
        """Go back to what was there before."""
        self._full_views.pop().remove()
        if self.full_view is not None:
            self.full_view.display = True
            self.full_view.take_focus()
        else:
            self.remove_class("-full")
            self.call_after_refresh(self.pane_set.acting_pane.take_focus)
        self.repaint_soon()

    def close_full_views(self) -> None:
        while self._full_views:
            self.close_full_view()

    def zoom(self) -> None:
        self.pane_layout.zoom()
        self.on_resize()

    def toggle_details(self) -> None:
        self.pane_layout.toggle_details()
        self.on_resize()

    def on_resize(self) -> None:
        self.pane_layout.fit_to(*self.app.size)
        self.call_after_refresh(self.repaint_soon)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        is_over_panes = self.full_view is None
        self._dragged_edge = self.pane_layout.edge_at(event.screen_x, event.screen_y) if is_over_panes else ""
        if self._dragged_edge:
            self._left.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragged_edge:
            self.pane_layout.drag(self._dragged_edge, event.screen_x, event.screen_y)

    def on_mouse_up(self) -> None:
        if self._dragged_edge:
            self._dragged_edge = ""
            self._left.release_mouse()
            self.on_resize()
            self._services.save_preferences()

    def action_in_time(self, columns: int, days: int = 0) -> None:
        """Move the cursor of the spot prices' chart, where it is visible beside the pane with the focus."""
        if SPOT in self.pane_layout.visible_panes and self.spot_pane.body is not None:
            self.spot_pane.body.move_in_time(columns, days)

    def on_descendant_focus(self) -> None:
        focused = self.pane_set.focused_pane
        if self.activity.has_focus:
            self.pane_layout.activate(ACTIVITY)
        elif focused is not None:
            self.pane_layout.activate(focused.kind.pane)
        self.call_after_refresh(self._follow_cursor)

    @on(events.ScreenSuspend)
    @on(events.ScreenResume)
    def _redraw_footer(self) -> None:
        self.call_after_refresh(self.footer.redraw)

    @on(Table.CursorMoved)
    def _follow_cursor_soon(self, event: Table.CursorMoved) -> None:
        event.stop()
        if self._details_timer is not None:
            self._details_timer.stop()
        self._details_timer = self.set_timer(DETAILS_DELAY, self._follow_cursor)

    def _follow_cursor(self) -> None:
        self.show_details()
        self.footer.redraw()

    @on(ActivityPane.CursorMoved)
    def _redraw_keys(self, event: ActivityPane.CursorMoved) -> None:
        event.stop()
        self.footer.redraw()

    @on(Table.RowOpened)
    @on(ActivityPane.RowOpened)
    def _open_row(self, event: Table.RowOpened | ActivityPane.RowOpened) -> None:
        event.stop()
        self._services.perform("open")

    # The search in the activity

    async def open_activity_search(self) -> None:
        from fe2tui.tui.widgets.filter_bar import FilterBar

        if self.activity_search is None:
            self.activity_search = FilterBar(parse_words, example="words to find")
            await self.query_one("#left").mount(self.activity_search, after=self.activity)
        self.activity_search.display = True
        self.activity_search.focus_input()

    def end_activity_search(self) -> None:
        if self.activity_search is not None:
            self.activity_search.show_text("")
            self.activity_search.display = False
        self._search_activity(Filter())

    def _search_activity(self, query: Filter[str, None]) -> None:
        self.activity.search_for(query)
        self.repaint_soon()

    def on_filter_bar_filter_changed(self, event: FilterBar.FilterChanged) -> None:
        event.stop()
        self._search_activity(event.query)

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        event.stop()
        if self.activity_search is not None:
            self.activity_search.display = False
        self.activity.focus()
