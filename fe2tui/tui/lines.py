"""What the three lines of the screen say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fe2tui.tui import footer, status
from fe2tui.tui.widgets.line import Span

if TYPE_CHECKING:
    from fe2tui.tui.app import Dashboard


class Lines:
    """The status line, the line under it while reading fails, and the footer."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app

    def status(self, width: int) -> list[Span]:
        """Where we are, what runs, what it costs, when it was read."""
        app = self._app
        link, reading = app.desk.link, app.reading
        if not link.is_open:
            return status.spans(status.Status(), app.clock(), width)
        said = status.Status(
            link.session.place,
            reading.account,
            app.showing.sums,
            reading.read_at,
            reading.error,
            reading.from_store,
            link.session.read_only,
            link.is_paused,
        )
        return status.spans(said, app.clock(), width)

    def notice(self, width: int) -> list[Span]:
        """Why reading fails."""
        return self._app.reading.notice(self._app.clock(), width)

    def footer(self, width: int) -> list[Span]:
        """The keys of here and now."""
        app = self._app
        return footer.spans(app.view(), app.keymap.keys, app.desk.jobs.unseen, width)
