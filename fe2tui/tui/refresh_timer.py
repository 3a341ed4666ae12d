"""Time going by: ages, money and running tasks are drawn anew no oftener than they change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fe2tui.tui import gc_tuning

if TYPE_CHECKING:
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.controller import DashboardController

PAUSE_AFTER = timedelta(hours=4)
TABLE_EVERY, DETAILS_EVERY, IMAGES_EVERY, COLLECT_EVERY = 5, 10, 30, 600  # seconds
CPU_IDS_EVERY = 5  # seconds, while nobody scrolls
YOUNG_AGE = timedelta(minutes=2)  # the seconds of such ages go on by one; later ones with the whole table
LOG_EVERY = 10  # seconds: other programs write to it too


class RefreshTimer:
    """Beats once a second."""

    def __init__(self, app: Dashboard, controller: DashboardController) -> None:
        self._app = app
        self._controller = controller
        self._clock = app.clock
        self._ticks = 0
        self._blurred_at: datetime | None = None
        self._last_cpu_view: tuple[object, ...] = ()

    def tick(self) -> None:
        """Draw what has changed with time alone, also what shows beside a form that is open over it."""
        parts, main = self._controller, self._controller.main_screen
        self._ticks += 1
        nobody = self._blurred_at is not None and self._clock() - self._blurred_at > PAUSE_AFTER
        parts.fleet_watch.set_watched(not nobody)
        if main not in self._app.screen_stack:  # as while the program ends
            return
        if self._ticks % CPU_IDS_EVERY == 0 or self._cpu_view != self._last_cpu_view:
            self.update_cpu_ids()
        main.status.redraw()
        if parts.read_state.error is not None:
            main.notice.redraw()
        if parts.task_runner.running:
            parts.activity_feed.draw()
        elif self._ticks % TABLE_EVERY == 0:
            parts.instance_table.redraw()
        else:
            parts.instance_table.redraw_rows(self._young_ids())
        if self._ticks % DETAILS_EVERY == 0:
            main.show_details()
        if self._ticks % IMAGES_EVERY == 0 and parts.image_list.is_in_view:
            parts.image_table.redraw()
        if self._ticks % LOG_EVERY == 0 and parts.fleet_watch.is_open and not nobody:
            parts.activity_feed.read_log()
        if self._ticks % COLLECT_EVERY == 0:
            gc_tuning.collect()

    def set_window_focus(self, has_focus: bool) -> None:
        """The terminal's window got the focus, or lost it."""
        self._blurred_at = None if has_focus else self._clock()
        if has_focus:
            self._controller.fleet_watch.set_watched(True)

    @property
    def cpu_ids(self) -> set[str]:
        """The machines whose CPU somebody looks at: those with it in view, and the one with its details."""
        table = self._controller.instance_table
        looked_at = set(table.ids_in_view) if table.shows_column("cpu") and table.is_on_screen else set()
        return looked_at | {table.cursor_id} if table.cursor_id is not None else looked_at

    def update_cpu_ids(self) -> None:
        """Tell which machines are looked at."""
        self._last_cpu_view = self._cpu_view
        self._controller.fleet_watch.set_cpu_ids(self.cpu_ids)

    @property
    def _cpu_view(self) -> tuple[object, ...]:
        """What is another when other machines are looked at, or may be: cheaper to compare than those are."""
        table = self._controller.instance_table
        return table.cursor_id, table.scroll_y, table.size, table.is_on_screen, table.row_count

    def _young_ids(self) -> Iterator[str]:
        """The instances in view that were started a moment ago."""
        table, now = self._controller.instance_table, self._clock()
        if table.visible_rows is None:
            return
        for instance_id in table.ids_in_view:
            launched_at = table.visible_rows.fleet.instances[instance_id].launched_at
            if launched_at is not None and now - launched_at < YOUNG_AGE:
                yield instance_id
