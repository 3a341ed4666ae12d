"""Terminate: what will be lost, and then the loss."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance
from fe2tui.model.progress import Outcome
from fe2tui.tasks.context import Context


@dataclass(frozen=True, slots=True)
class DiskFate:
    """What becomes of one disk. ``size`` is GiB, ``monthly`` dollars; None where not known."""

    volume_id: str
    device: str
    name: str
    size: int | None
    kept: bool
    monthly: Decimal | None

    @property
    def words(self) -> str:
        """``disk 100 GiB: deleted``, ``disk data 500 GiB: kept, $40.00 a month``."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class InstanceImpact:
    """What terminating one instance does. ``protected`` is None while it was not asked for."""

    instance: Instance
    state_words: str  # "running 5h 12m"
    disks: tuple[DiskFate, ...]
    hourly: Decimal | None  # dollars an hour that end
    spot_request_id: str | None
    protected: bool | None


@dataclass(frozen=True, slots=True)
class Impact:
    """What terminating does, for the sheet that asks. Dollars; None where a part is not known.

    ``confirmation`` is what has to be typed: the name of one (its id, if it has none), the count of several.
    """

    rows: tuple[InstanceImpact, ...]
    stops_per_hour: Decimal | None
    stays_per_month: Decimal | None
    confirmation: str
    sentences: tuple[str, ...]  # "Their spot request is cancelled first." "Stops $4.05 an hour." …


def impact(
    fleet: Fleet, instances: Sequence[Instance], *, now: datetime, protected: Collection[str] | None = None
) -> Impact:
    """What terminating these would do, as far as the fleet tells; ``protected`` are the ids known to be protected."""
    raise NotImplementedError


async def protected_ids(ctx: Context, ids: Sequence[str]) -> frozenset[str]:
    """Which of these have termination protection: one call each, several at a time."""
    raise NotImplementedError


async def terminate(ctx: Context, ids: Sequence[str], *, wait: bool = False) -> list[Outcome]:
    """Terminate instances: spot requests cancelled first, names freed afterwards. One outcome each.

    An empty list is a UsageError, never "all". Protected ones get a ProtectedError, the others are terminated.
    """
    raise NotImplementedError
