"""What every task gets: the session, the store, the settings, and somebody to report to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fe2tui.model.progress import Progress, Report, unreported

if TYPE_CHECKING:
    from fe2tui.aws.session import Session
    from fe2tui.settings import Settings
    from fe2tui.store import Store
    from fe2tui.tasks.record import Entry


def utc_now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long tasks wait, in seconds.

    ``poll`` between two looks; ``ready`` for a machine's ssh; ``states`` for a state; ``down`` for a rebooting machine
    to be gone; ``spot`` for a spot request to settle, asked each ``spot_poll``; ``settle`` is how long after a launch
    was sent EC2 may still come to show its instance; ``unbroken`` for the end of a call that was cancelled meanwhile;
    ``restart`` for the start, after a cancellation, of an instance that was stopped for an image; ``prices`` for prices
    that the store does not have; ``longest`` between two looks at what may take hours; ``capacity`` for a launch to
    find a zone with room; ``limit`` for the number of a limit that was met.
    """

    poll: float = 1.0
    ready: float = 600.0
    states: float = 900.0
    down: float = 20.0
    spot: float = 120.0
    spot_poll: float = 5.0
    settle: float = 30.0
    unbroken: float = 5.0
    restart: float = 180.0
    prices: float = 1.0
    longest: float = 20.0
    capacity: float = 120.0
    limit: float = 5.0


def unnoted(entry: Entry) -> None:
    """For those who do not ask what a task would leave behind."""


@dataclass(slots=True)
class Context:
    """What a task works with. ``by`` is the command line, or ``dashboard``: it goes into the activity log.

    ``noted`` is given each entry that the task has in the log: its ``left`` says what would be left behind now.
    """

    session: Session
    store: Store
    settings: Settings
    report: Report = unreported
    by: str = ""
    clock: Callable[[], datetime] = utc_now
    pace: Pace = field(default_factory=Pace)
    noted: Callable[[Entry], None] = unnoted

    def step(
        self, task: str, step: str, words: str, *, subject: str = "", label: str = "", fraction: float | None = None
    ) -> None:
        """Report one step of a task."""
        self.report(Progress(task, step, words, subject, label, fraction, self.clock()))
