"""Time going by: ages, money and running tasks are drawn anew no oftener than they change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fe2tui.tui import memory

if TYPE_CHECKING:
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.parts import Parts

NOBODY_LOOKS_AFTER = timedelta(hours=4)
TABLE_EVERY, DETAILS_EVERY, IMAGES_EVERY, TIDY_EVERY = 5, 10, 30, 600  # seconds
MEASURE_EVERY = 5  # seconds, while nobody scrolls
YOUNG = timedelta(minutes=2)  # the seconds of such ages go on by one; later ones with the whole table
LOG_EVERY = 10  # seconds: other programs write to it too


class Pulse:
    """Beats once a second."""

    def __init__(self, app: Dashboard, parts: Parts) -> None:
        self._app = app
        self._parts = parts
        self._clock = app.clock
        self._beats = 0
        self._blurred_at: datetime | None = None
        self._measured: tuple[object, ...] = ()

    def beat(self) -> None:
        """Draw what has changed with time alone, also what shows beside a form that is open over it."""
        parts, main = self._parts, self._parts.main
        self._beats += 1
        nobody = self._blurred_at is not None and self._clock() - self._blurred_at > NOBODY_LOOKS_AFTER
        parts.desk.link.look(not nobody)
        if main not in self._app.screen_stack:  # as while the program ends
            return
        if self._beats % MEASURE_EVERY == 0 or self._view != self._measured:
            self.measure()
        main.status.redraw()
        if parts.reading.error is not None:
            main.notice.redraw()
        if parts.desk.jobs.running:
            parts.feed.draw()
        elif self._beats % TABLE_EVERY == 0:
            parts.table.redraw()
        else:
            parts.table.redraw_rows(self._young())
        if self._beats % DETAILS_EVERY == 0:
            main.show_details()
        if self._beats % IMAGES_EVERY == 0 and parts.listing.is_looked_at:
            parts.images.redraw()
        if self._beats % LOG_EVERY == 0 and parts.desk.link.is_open and not nobody:
            parts.feed.read_log()
        if self._beats % TIDY_EVERY == 0:
            memory.tidy()

    def focus(self, has_focus: bool) -> None:
        """The terminal's window got the focus, or lost it."""
        self._blurred_at = None if has_focus else self._clock()
        if has_focus:
            self._parts.desk.link.look(True)

    @property
    def looked_at(self) -> set[str]:
        """The machines whose CPU somebody looks at: those with it in view, and the one with its details."""
        table = self._parts.table
        looked_at = set(table.ids_in_view) if table.shows("cpu") and table.is_on_screen else set()
        return looked_at | {table.cursor_id} if table.cursor_id is not None else looked_at

    def measure(self) -> None:
        """Tell which machines are looked at."""
        self._measured = self._view
        self._parts.desk.link.measure(self.looked_at)

    @property
    def _view(self) -> tuple[object, ...]:
        """What is another when other machines are looked at, or may be: cheaper to compare than those are."""
        table = self._parts.table
        return table.cursor_id, table.scroll_y, table.size, table.is_on_screen, table.row_count

    def _young(self) -> Iterator[str]:
        """The instances in view that were started a moment ago."""
        table, now = self._parts.table, self._clock()
        if table.sight is None:
            return
        for instance_id in table.ids_in_view:
            launched_at = table.sight.fleet.instances[instance_id].launched_at
            if launched_at is not None and now - launched_at < YOUNG:
                yield instance_id
