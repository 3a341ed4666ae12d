"""Where tasks are run: what ``jobs.Jobs`` needs of the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fe2tui.tui.view import Desk, Severity

if TYPE_CHECKING:
    from textual.worker import Worker

    from fe2tui.model.progress import Report
    from fe2tui.tasks.context import Context
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.parts import Parts


class Workplace:
    """The host of ``jobs.Jobs``."""

    def __init__(self, desk: Desk, parts: Parts, app: Dashboard) -> None:
        self._desk = desk
        self._parts = parts
        self._app = app

    def run_worker(self, work: Any, *, name: str, group: str, exit_on_error: bool) -> Worker[None]:
        """Run a coroutine in a worker of the app."""
        return self._app.run_worker(work, name=name, group=group, exit_on_error=exit_on_error)

    def context(self, report: Report) -> Context:
        """A context that reports there."""
        return self._desk.context(report)

    def tell(self, text: str, severity: Severity = "information") -> None:
        """A toast."""
        self._desk.tell(text, severity)

    def nudge(self) -> None:
        """Read at once, and be quick for a while."""
        self._desk.nudge()

    def jobs_changed(self) -> None:
        """Draw tasks under way anew."""
        self._parts.feed.changed()

    def job_ended(self) -> None:
        """A task ended: read again soon, and the log."""
        self._desk.nudge()
        self._parts.feed.read_log()
