"""The main screen: the status line, the panes, the footer, and how they share the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import ClassVar, Protocol

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from fe2tui.paths import stylesheets_folder
from fe2tui.tui.fleet_watch import FleetNotRead, FleetSeen
from fe2tui.tui.layout import PaneLayout, PaneSet
from fe2tui.tui.pane_ids import ACTIVITY, IMAGES, INSTANCES, SPOT
from fe2tui.tui.panes.activity import ActivityPane
from fe2tui.tui.panes.details import DetailsPanel
from fe2tui.tui.panes.spot import SpotPane
from fe2tui.tui.refresh_timer import RefreshTimer
from fe2tui.tui.status_bar import StatusBar
from fe2tui.tui.widgets.line import CommandRequested, TextLine
from fe2tui.tui.widgets.table import Table

DETAILS_DELAY = 0.1  # seconds after the last key: a held arrow key does not draw the details of rows that it passes


class MainScreenListener(Protocol):
    """Who is told what the screen is told."""

    def mounted(self) -> None:
        """The screen is there, and not drawn yet."""

    def perform(self, command_id: str) -> None:
        """A command was asked for with the mouse."""

    def show_fleet(self, event: FleetSeen) -> None:
        """A fleet was read."""

    def show_read_error(self, event: FleetNotRead) -> None:
        """A read failed."""

    def move_chart_cursor(self, columns: int, days: int) -> None:
        """The cursor of the spot prices' chart is moved."""

    def follow_selection(self) -> None:
        """Another row is selected, or the selected one was read again."""


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

    def __init__(
        self,
        pane_set: PaneSet,
        clock: Callable[[], datetime],
        status_bar: StatusBar,
        listener: MainScreenListener,
        refresh_timer: RefreshTimer,
    ) -> None:
        super().__init__(id="main", classes=f"-{INSTANCES}")
        self.pane_set = pane_set
        self._listener = listener
        self.refresh_timer = refresh_timer
        self._details_timer: Timer | None = None
        self.details = DetailsPanel()
        self.activity = ActivityPane(clock)
        self.pane_layout = PaneLayout(self, pane_set, self.activity)
        self.status = TextLine(status_bar.status_spans, id="status")
        self.notice = TextLine(status_bar.notice_spans, id="notice")
        self.footer = TextLine(status_bar.footer_spans, id="footer")
        self._status_bar = status_bar

    def compose(self) -> Iterator[Widget]:
        """Everything there is; what has no room is not displayed."""
        yield self.status
        yield self.notice
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.pane_set[INSTANCES]
                yield self.details
                yield self.pane_set[IMAGES]
                yield self.activity
            yield self.pane_set[SPOT]
        yield self.footer

    # Which panes are there

    @property
    def spot_pane(self) -> SpotPane:
        """The pane of the spot prices."""
        pane = self.pane_set[SPOT]
        assert isinstance(pane, SpotPane)
        return pane

    @property
    def pane(self) -> str:
        """The pane that commands act on."""
        return self.pane_layout.pane

    def go_to(self, pane: str) -> None:
        """Show a pane and give it the focus."""
        self.pane_layout.activate(pane)
        take_focus = self.activity.focus if pane == ACTIVITY else self.pane_set[pane].take_focus
        self.call_after_refresh(lambda: take_focus() if self.pane == pane else None)  # unless somebody went on since
        self._redraw_soon()

    def zoom(self) -> None:
        """Give the screen to the pane with the focus, or give it back."""
        self.pane_layout.zoom()
        self.on_resize()

    def toggle_details(self) -> None:
        """Show or hide the details."""
        self.pane_layout.toggle_details()
        self.on_resize()

    def on_mount(self) -> None:
        """All panes are there."""
        self._listener.mounted()

    def on_resize(self) -> None:
        """The panes that fit are others."""
        self.pane_layout.fit_to(*self.app.size)
        self._redraw_soon()

    def _redraw_soon(self) -> None:
        self.call_after_refresh(self.show_details)
        self.call_after_refresh(self.redraw_lines)

    # What they show

    def show_details(self) -> None:
        """Show the details of what is selected, and tell that it is."""
        self._listener.follow_selection()
        if self.details.display:
            pane = self.pane_set[self.pane_layout.details_pane]
            self.details.show(pane.row_details(), pane.kind.noun)

    def action_in_time(self, columns: int, days: int = 0) -> None:
        """Move the cursor of the spot prices' chart, where it is in sight beside the pane with the focus."""
        if SPOT in self.pane_layout.visible_panes:
            self._listener.move_chart_cursor(columns, days)

    def _follow_cursor(self) -> None:
        self.show_details()
        self.footer.redraw()

    @on(events.ScreenSuspend)
    @on(events.ScreenResume)
    def _redraw_footer(self) -> None:
        """A form is over this screen, or no more: the footer's keys are no longer, or again, those of here and now."""
        self.call_after_refresh(self.footer.redraw)

    def redraw_lines(self) -> None:
        """Write the status line, the frames and the footer anew where they changed."""
        self.activity.tab_counts = self.pane_set.write_frame_titles(self.pane_layout.tab_panes)
        self.activity.write_frame_title()
        self.notice.display = bool(self._status_bar.notice_spans(self.app.size.width))
        for line in (self.status, self.notice, self.footer):
            line.redraw()

    def repaint_soon(self) -> None:
        """Repaint lines, frames and details."""
        self.redraw_lines()
        self.show_details()

    def recolour(self) -> None:
        """The colours are others."""
        self.pane_set.recolour()
        self.redraw_lines()
        self.refresh()

    def on_descendant_focus(self) -> None:
        """Other keys apply, and the details are those of another list's row."""
        focused = self.pane_set.focused_pane
        if self.activity.has_focus:
            self.pane_layout.activate(ACTIVITY)
        elif focused is not None:
            self.pane_layout.activate(focused.kind.pane)
        self.call_after_refresh(self._follow_cursor)

    # What is asked for with the mouse

    @on(Table.CursorMoved)
    def _follow_cursor_soon(self, event: Table.CursorMoved) -> None:
        event.stop()
        if self._details_timer is not None:
            self._details_timer.stop()
        self._details_timer = self.set_timer(DETAILS_DELAY, self._follow_cursor)

    @on(CommandRequested)
    def _run_command(self, event: CommandRequested) -> None:
        event.stop()
        self._listener.perform(event.command_id)

    @on(ActivityPane.RowRequested)
    def _go_to_row(self, event: ActivityPane.RowRequested) -> None:
        event.stop()
        pane = self.pane_set.select(event.row_id)
        if pane is not None:
            self.go_to(pane.kind.pane)

    # What was read

    @on(FleetSeen)
    def _show_fleet(self, event: FleetSeen) -> None:
        self._listener.show_fleet(event)

    @on(FleetNotRead)
    def _show_read_error(self, event: FleetNotRead) -> None:
        self._listener.show_read_error(event)
