"""What all sources of a fleet's parts share: how often they are read, and when next."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from fe2tui.aws.paged_reads import InstancesRead
from fe2tui.aws.session import Session
from fe2tui.errors import CredentialsError, DeniedError, Fe2Error

OFTEN = 300.0  # seconds between two reads of what changes often
SELDOM = 1800.0
RARELY = 3600.0
_AFTER_LOGIN = 60.0

Part = TypeVar("Part")


class FleetSource(ABC, Generic[Part]):
    """One part of a fleet. ``latest`` is what was read last; a ``read`` that raises leaves it unchanged.

    Times are seconds of the event loop's clock.
    """

    name: ClassVar[str]  # in ``Problem.part``
    interval: ClassVar[float] = OFTEN  # seconds from the start of one read to the next
    ignores_failures: ClassVar[bool] = False
    is_free: ClassVar[bool] = True
    """Whether AWS charges nothing for a read. Parts that cost money are never read more often than due."""

    def __init__(self, session: Session, latest: Part) -> None:
        self.latest = latest
        self.due = 0.0
        self._session = session

    @property
    def is_urgent(self) -> bool:
        """Whether it is read when it is due; otherwise only after the next read of the instances."""
        return False

    def on_instances_read(self, instances_read: InstancesRead, now: float) -> None:
        """Decide from the instances whether a read is due."""

    def on_read_start(self, now: float) -> None:
        self.due = now + self.interval

    @abstractmethod
    async def read(self, instances_read: InstancesRead) -> None:
        """Read it. Raises Fe2Error."""

    def _keep_if_changed(self, found: Part) -> None:
        if found != self.latest:
            self.latest = found

    def on_read_end(self, now: float, error: Fe2Error | None) -> None:
        """Called when a read ends. After a transient failure it is due soon; sooner where the login was refused.

        A denied read is due at its usual time.
        """
        if error is not None and not isinstance(error, DeniedError):
            self.due = min(self.due, now + (_AFTER_LOGIN if isinstance(error, CredentialsError) else OFTEN))

    def request_read(self, *, failed: bool) -> None:
        """The user asks to read everything again. ``failed``: the last read of this part failed."""
        if self.is_free or failed:
            self.due = 0.0


def loop_time() -> float:
    return asyncio.get_running_loop().time()
