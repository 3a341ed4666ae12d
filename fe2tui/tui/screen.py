"""The main screen: the status line, the panes, the footer, and how they share the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import ClassVar, Protocol

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget

from fe2tui.paths import sheets_folder
from fe2tui.tui.lines import Lines
from fe2tui.tui.panes.activity import ActivityPane
from fe2tui.tui.panes.details import Details
from fe2tui.tui.panes.lists import Lists
from fe2tui.tui.polling import FleetNotRead, FleetSeen
from fe2tui.tui.possible import ACTIVITY, IMAGES, INSTANCES, SPOT
from fe2tui.tui.stage import Stage
from fe2tui.tui.widgets.asked import Asked
from fe2tui.tui.widgets.line import Line
from fe2tui.tui.widgets.table import Table

DETAILS_WAIT = 0.08  # seconds: a held arrow key does not draw the details of every row it passes


class Listener(Protocol):
    """Who is told what the screen is told."""

    def mounted(self) -> None:
        """The screen is there, and not drawn yet."""

    def perform(self, command_id: str) -> None:
        """A command was asked for with the mouse."""

    def seen(self, event: FleetSeen) -> None:
        """A fleet was read."""

    def not_read(self, event: FleetNotRead) -> None:
        """A read failed."""

    def in_time(self, columns: int, days: int) -> None:
        """The cursor of the spot prices' chart is moved."""

    def looked_at(self) -> None:
        """Another row is selected, or the selected one was read again."""


class MainScreen(Screen[None]):
    """Wide terminals show instances, images and the spot prices together; narrow ones one pane at a time."""

    AUTO_FOCUS: ClassVar[str | None] = "#instances"
    CSS_PATH = sheets_folder() / "main.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "in_time(-1)", "Earlier", show=False),
        Binding("right", "in_time(1)", "Later", show=False),
        Binding("shift+left", "in_time(0, -1)", "A day earlier", show=False),
        Binding("shift+right", "in_time(0, 1)", "A day later", show=False),
    ]

    def __init__(self, lists: Lists, clock: Callable[[], datetime], lines: Lines, listener: Listener) -> None:
        super().__init__(id="main", classes=f"-{INSTANCES}")
        self.lists = lists
        self._listener = listener
        self._details_timer_runs = False
        self.details = Details()
        self.activity = ActivityPane(clock)
        self.stage = Stage(self, lists, self.activity)
        self.status = Line(lines.status, id="status")
        self.notice = Line(lines.notice, id="notice")
        self.footer = Line(lines.footer, id="footer")
        self._lines = lines

    def compose(self) -> Iterator[Widget]:
        """Everything there is; what has no room is not displayed."""
        yield self.status
        yield self.notice
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.lists[INSTANCES]
                yield self.details
                yield self.lists[IMAGES]
                yield self.activity
            yield self.lists[SPOT]
        yield self.footer

    # Which panes are there

    @property
    def pane(self) -> str:
        """The pane that commands act on."""
        return self.stage.pane

    def go_to(self, pane: str) -> None:
        """Show a pane and give it the focus."""
        self.stage.choose(pane)
        take_focus = self.activity.focus if pane == ACTIVITY else self.lists[pane].take_focus
        self.call_after_refresh(lambda: take_focus() if self.pane == pane else None)  # unless somebody went on since
        self._show_soon()

    def zoom(self) -> None:
        """Give the screen to the pane with the focus, or give it back."""
        self.stage.zoom()
        self.on_resize()

    def toggle_details(self) -> None:
        """Show or hide the details."""
        self.stage.toggle_details()
        self.on_resize()

    def on_mount(self) -> None:
        """All panes are there."""
        self._listener.mounted()

    def on_resize(self) -> None:
        """The panes that fit are others."""
        self.stage.arrange(*self.app.size)
        self._show_soon()

    def _show_soon(self) -> None:
        self.call_after_refresh(self.show_details)
        self.call_after_refresh(self.write_lines)

    # What they show

    def show_details(self) -> None:
        """Show the details of what is selected, and tell that it is."""
        self._details_timer_runs = False
        self._listener.looked_at()
        if self.details.display:
            pane = self.lists[self.stage.described]
            self.details.show(pane.described(), pane.kind.noun)

    def action_in_time(self, columns: int, days: int = 0) -> None:
        """Move the cursor of the spot prices' chart, where it is in sight beside the pane with the focus."""
        if SPOT in self.stage.in_sight:
            self._listener.in_time(columns, days)

    def _follow(self) -> None:
        self.show_details()
        self.footer.redraw()

    @on(events.ScreenSuspend)
    @on(events.ScreenResume)
    def _covered(self) -> None:
        """A form is over this screen, or no more: the footer's keys are no longer, or again, those of here and now."""
        self.call_after_refresh(self.footer.redraw)

    def write_lines(self) -> None:
        """Write the status line, the frames and the footer anew where they changed."""
        self.activity.tab_counts = self.lists.write_edges(self.stage.named)
        self.activity.write_edge()
        self.notice.display = bool(self._lines.notice(self.app.size.width))
        for line in (self.status, self.notice, self.footer):
            line.redraw()

    def recolour(self) -> None:
        """The colours are others."""
        self.lists.recolour()
        self.write_lines()
        self.refresh()

    def on_descendant_focus(self) -> None:
        """Other keys apply, and the details are those of another list's row."""
        focused = self.lists.focused
        if self.activity.has_focus:
            self.stage.choose(ACTIVITY)
        elif focused is not None:
            self.stage.choose(focused.kind.pane)
        self.call_after_refresh(self._follow)

    # What is asked for with the mouse

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        if not self._details_timer_runs:
            self._details_timer_runs = True
            self.set_timer(DETAILS_WAIT, self._follow)

    @on(Asked)
    def _asked(self, event: Asked) -> None:
        event.stop()
        self._listener.perform(event.command)

    @on(ActivityPane.Opened)
    def _row_wanted(self, event: ActivityPane.Opened) -> None:
        event.stop()
        pane = self.lists.select(event.row_id)
        if pane is not None:
            self.go_to(pane.kind.pane)

    # What was read

    @on(FleetSeen)
    def _fleet_seen(self, event: FleetSeen) -> None:
        self._listener.seen(event)

    @on(FleetNotRead)
    def _fleet_not_read(self, event: FleetNotRead) -> None:
        self._listener.not_read(event)
