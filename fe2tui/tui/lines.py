"""What the three lines of the screen say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fe2tui.tui import footer, status
from fe2tui.tui.widgets.line import Span

if TYPE_CHECKING:
    from fe2tui.tui.parts import Parts


class Lines:
    """The status line, the line under it while reading fails, and the footer."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def status(self, width: int) -> list[Span]:
        """Where we are, what runs, what it costs, when it was read."""
        parts = self._parts
        link, reading = parts.desk.link, parts.reading
        if not link.is_open:
            return status.spans(status.Status(), parts.clock(), width)
        said = status.Status(
            link.session.place,
            reading.account,
            parts.showing.sums,
            reading.read_at,
            reading.error,
            reading.from_store,
            link.session.read_only,
            link.is_paused,
            parts.reading.priced,
            parts.taken.count,
        )
        return status.spans(said, parts.clock(), width)

    def notice(self, width: int) -> list[Span]:
        """Why reading fails."""
        return self._parts.reading.notice(self._parts.clock(), width)

    def footer(self, width: int) -> list[Span]:
        """The keys of here and now; none under a form, which shows its own."""
        parts = self._parts
        if not parts.main.is_active:
            return []
        if parts.main.lists.acting.is_filtering:
            return footer.filter_spans(width)
        return footer.spans(parts.view(), parts.keymap.keys, parts.desk.jobs.unseen, width)
