"""Once a second: repaints what changes with time alone, and tells the fleet watch what somebody looks at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fe2tui.tui import gc_tuning

if TYPE_CHECKING:
    from fe2tui.tui.main_screen import MainScreen
    from fe2tui.tui.services import Services

PAUSE_AFTER = timedelta(hours=4)  # without the focus of the terminal's window
TABLE_EVERY, DETAILS_EVERY, IMAGES_EVERY, LOG_EVERY, COLLECT_EVERY = 5, 10, 30, 10, 600  # seconds
CPU_IDS_EVERY = 5  # seconds, while the table is not scrolled
YOUNG_AGE = timedelta(minutes=2)  # younger instances show their age in seconds, which are repainted every second


class RefreshTimer:
    """Repaints ages, money and running tasks no more often than they change."""

    def __init__(self, main_screen: MainScreen, services: Services) -> None:
        self._main_screen = main_screen
        self._services = services
        self._ticks = 0
        self._blurred_at: datetime | None = None
        self._last_cpu_view: tuple[object, ...] = ()

    def tick(self) -> None:
        """A second has passed. The main screen is also repainted while a form is open over it."""
        main, now = self._main_screen, self._services.clock()
        self._ticks += 1
        is_watched = self._blurred_at is None or now - self._blurred_at <= PAUSE_AFTER
        self._services.fleet_watch.set_watched(is_watched)
        if main not in main.app.screen_stack:  # the program ends
            return
        if self._ticks % CPU_IDS_EVERY == 0 or self._cpu_view != self._last_cpu_view:
            self.update_cpu_ids()
        main.status.redraw()
        if main.read_state.error is not None:
            main.notice.redraw()
        if main.tasks.running:
            main.activity.show(main.tasks, main.activity_log)
        if self._ticks % TABLE_EVERY == 0:
            main.instances.table.redraw()
        else:
            main.instances.table.redraw_rows(set(self._young_ids(now)))
        if self._ticks % DETAILS_EVERY == 0:
            main.show_details()
        if self._ticks % IMAGES_EVERY == 0:
            main.images.table.redraw()
        if self._ticks % LOG_EVERY == 0 and is_watched:  # other programs write to it, too
            main.read_log()
        if self._ticks % COLLECT_EVERY == 0:
            gc_tuning.collect()

    def set_window_focus(self, has_focus: bool) -> None:
        self._blurred_at = None if has_focus else self._services.clock()
        if has_focus:
            self._services.fleet_watch.set_watched(True)

    @property
    def cpu_ids(self) -> set[str]:
        """The instances whose CPU figures are visible: in the table's column, or in the details."""
        table = self._main_screen.instances.table
        visible_ids = set(table.ids_in_view) if table.shows_column("cpu") and table.is_on_screen else set()
        return visible_ids | {table.cursor_id} if table.cursor_id is not None else visible_ids

    def update_cpu_ids(self) -> None:
        self._last_cpu_view = self._cpu_view
        self._services.fleet_watch.set_cpu_ids(self.cpu_ids)

    @property
    def _cpu_view(self) -> tuple[object, ...]:
        """Changes whenever ``cpu_ids`` may change, and is quicker to compare."""
        table = self._main_screen.instances.table
        return table.cursor_id, table.scroll_y, table.size, table.is_on_screen, table.row_count

    def _young_ids(self, now: datetime) -> Iterator[str]:
        instances = self._main_screen.instances.model.items
        for instance_id in self._main_screen.instances.table.ids_in_view:
            launched_at = instances[instance_id].launched_at
            if launched_at is not None and now - launched_at < YOUNG_AGE:
                yield instance_id
