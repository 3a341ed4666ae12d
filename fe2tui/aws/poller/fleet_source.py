"""What all parts of a fleet have in common: how often they are read, and when next."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import ClassVar

from fe2tui.aws.paged_reads import InstancesRead
from fe2tui.errors import CredentialsError, DeniedError, Fe2Error

OFTEN = 300.0  # seconds between two reads of what changes by the minute
SELDOM = 1800.0
RARELY = 3600.0
_AFTER_LOGIN = 60.0


class FleetSource(ABC):
    """One part of a fleet. Subclasses keep what they last read; a ``read`` that raises leaves it as it was.

    Times are seconds of the event loop's clock.
    """

    name: ClassVar[str]
    """As ``Problem.part`` has it."""
    interval: ClassVar[float] = OFTEN
    """Seconds from the beginning of one read to the next."""
    ignores_failures: ClassVar[bool] = False
    """Whether a failed read is nobody's problem."""
    is_free: ClassVar[bool] = True
    """Whether AWS charges nothing for a read. One that is not is read no oftener, whoever asks."""

    def __init__(self) -> None:
        self.due = 0.0

    @property
    def is_urgent(self) -> bool:
        """Whether it is read when it is due, and not only after the next read of the instances."""
        return False

    def on_instances_read(self, instances_read: InstancesRead, now: float) -> None:
        """Look at what the instances make worth a read."""
        return

    def on_read_start(self, now: float) -> None:
        """A read begins: when is the next one due?"""
        self.due = now + self.interval

    @abstractmethod
    async def read(self, instances_read: InstancesRead) -> None:
        """Read it. Raises Fe2Error."""

    def on_read_end(self, now: float, error: Fe2Error | None) -> None:
        """A read ended. What failed in passing is read again soon, and sooner where the login was refused.

        What is denied is read when it is due.
        """
        if error is not None and not isinstance(error, DeniedError):
            self.due = min(self.due, now + (_AFTER_LOGIN if isinstance(error, CredentialsError) else OFTEN))

    def request_read(self, *, failed: bool) -> None:
        """Somebody wants everything read anew; ``failed``: this could not be read the last time."""
        if self.is_free or failed:
            self.due = 0.0


def loop_time() -> float:
    """Now, in seconds of the event loop's clock."""
    return asyncio.get_running_loop().time()
