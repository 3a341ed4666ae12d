"""What a task reports while it works, and what came of each thing it was asked to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

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


COUNTDOWN = "countdown"
"""The step of each second of a wait: of these, only the newest is news."""

Report = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """A Report for those who do not listen."""


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """What came of one of the things that a task was asked to do."""

    subject: str
    label: str
    words: str
    error: Fe2Error | None = None
    left_out: bool = False  # meant, and not asked for: a reason stood against it

    def __repr__(self) -> str:
        """``base (i-0b39947b710d05337): stopped``."""
        return visible(f"{self.label} ({self.subject}): {self.error or self.words}")

    @property
    def is_done(self) -> bool:
        """Whether it was done."""
        return self.error is None


UNDER_WAY = "under way"

INTERRUPTION, RETURN, REPLACEMENT = "interruption", "return", "replacement"
"""The commands of entries about what AWS did by itself: took a spot machine back, started it again, made another."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One entry of the activity log. ``result`` is running, done, failed or cancelled.

    ``cut_short``: the program that ran it is dead, and nothing has told yet what came of it.
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
