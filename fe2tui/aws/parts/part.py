"""What all parts of a fleet have in common: how often they are read, and when next."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import ClassVar

from fe2tui.aws.reading import Sight
from fe2tui.errors import CredentialsError, DeniedError, Fe2Error

OFTEN = 300.0  # seconds between two reads of what changes by the minute
SELDOM = 1800.0
RARELY = 3600.0
_AFTER_LOGIN = 60.0


class Part(ABC):
    """One part of a fleet. Subclasses keep what they last read; a ``read`` that raises leaves it as it was.

    Times are seconds of the event loop's clock.
    """

    name: ClassVar[str]
    """As ``Problem.part`` has it."""
    every: ClassVar[float] = OFTEN
    """Seconds from the beginning of one read to the next."""
    quiet: ClassVar[bool] = False
    """Whether a failed read is nobody's problem."""
    free: ClassVar[bool] = True
    """Whether AWS charges nothing for a read. One that is not is read no oftener, whoever asks."""

    def __init__(self) -> None:
        self.due = 0.0

    @property
    def hurries(self) -> bool:
        """Whether it is read when it is due, and not only after the next read of the instances."""
        return False

    def see(self, sight: Sight, now: float) -> None:
        """Look at what the instances make worth a read."""
        return

    def begin(self, now: float) -> None:
        """A read begins: when is the next one due?"""
        self.due = now + self.every

    @abstractmethod
    async def read(self, sight: Sight) -> None:
        """Read it. Raises Fe2Error."""

    def ended(self, now: float, error: Fe2Error | None) -> None:
        """A read ended. What failed in passing is read again soon, and sooner where the login was refused.

        What is denied is read when it is due.
        """
        if error is not None and not isinstance(error, DeniedError):
            self.due = min(self.due, now + (_AFTER_LOGIN if isinstance(error, CredentialsError) else OFTEN))

    def renew(self, *, failed: bool) -> None:
        """Somebody wants everything read anew; ``failed``: this could not be read the last time."""
        if self.free or failed:
            self.due = 0.0


def loop_time() -> float:
    """Now, in seconds of the event loop's clock."""
    return asyncio.get_running_loop().time()
