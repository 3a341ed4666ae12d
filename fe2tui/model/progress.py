"""What a task reports while it works, its outcomes, and the entries of the activity log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from fe2tui.errors import Fe2Error
from fe2tui.model.text import visible


@dataclass(frozen=True, slots=True, repr=False)
class Progress:
    """One step of a task. ``fraction`` is 0 to 1 where known; ``subject`` an instance's id once there is one."""

    task: str  # launch, start, stop …
    step: str  # image, key, security group, requested, running, ssh answers, ready …
    words: str
    subject: str = ""
    label: str = ""
    fraction: float | None = None
    at: datetime | None = None

    def __repr__(self) -> str:
        """``base: i-0b39947b710d05337 in us-east-2a``."""
        return visible(f"{self.label or self.task}: {self.words or self.step}")


COUNTDOWN = "countdown"  # the step of every second of a wait; only the newest is shown
Report = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """A ``Report`` that does nothing."""


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    subject: str
    label: str
    words: str
    error: Fe2Error | None = None
    left_out: bool = False  # selected, but nothing was sent; ``error`` or ``words`` say why

    def __repr__(self) -> str:
        """``base (i-0b39947b710d05337): stopped``."""
        return visible(f"{self.label} ({self.subject}): {self.error or self.words}")

    @property
    def is_done(self) -> bool:
        return self.error is None


UNDER_WAY = "under way"
ASKED = "AWS was asked to do it."
"""The words of an entry while the call is sent that changes the state of its instance: the result is looked up later
if this program ends before it is known.
"""
UNKNOWN_FOR = timedelta(hours=1)
"""For how long the result of a change that AWS did not answer is looked for: EC2 shows terminated instances as long."""

INTERRUPTION, RETURN, REPLACEMENT = "interruption", "return", "replacement"
"""The commands of entries about what AWS did: interrupted a spot instance, started it again, launched another."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One entry of the activity log. ``result`` is running, done, failed, cancelled or unknown.

    ``is_cut_short``: the program that ran it has died, and the result is not known yet.
    """

    at: datetime
    command: str  # launch, stop …
    subject: str
    label: str
    region: str
    result: str
    words: str
    remedy: str = ""
    code: str | None = None
    by: str = ""  # the command line, or "dashboard"
    ended_at: datetime | None = None
    id: int = 0
    is_cut_short: bool = False
