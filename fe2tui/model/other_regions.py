"""What runs in the regions that are not shown, as far as it was counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fe2tui.model.text import dollars, plural, short_age


class RegionCount(NamedTuple):
    """How many instances ran in a region at a moment, and what its instances and disks cost then.

    ``per_hour`` is dollars, as far as it is known; ``is_partial``: some amount is missing. ``denied`` says why the
    login may not read the region; empty if it may.
    """

    region: str
    at: datetime
    running: int = 0
    per_hour: Decimal = Decimal(0)
    is_partial: bool = False
    denied: str = ""

    def __repr__(self) -> str:
        """``us-west-2: 2 running, $0.331/h``."""
        return f"{self.region}: {self.denied or self.running_text}"

    @property
    def is_empty(self) -> bool:
        """Whether nothing in the region costs anything, as far as the login may read it."""
        return not (self.running or self.per_hour or self.is_partial)

    def text(self, now: datetime) -> str:
        """``2 running, $0.331/h, 12m ago``."""
        if self.denied:
            return "not permitted"
        return f"{self.running_text}, {short_age(now - self.at)} ago"

    @property
    def running_text(self) -> str:
        """``2 running, $0.331/h``, or ``nothing``."""
        return (
            "nothing" if self.is_empty else f"{self.running:,} running, {_rate_text(self.per_hour, self.is_partial, 3)}"
        )


class Elsewhere(NamedTuple):
    """The sum of what was counted in several regions; ``at`` is when the first of them was counted."""

    running: int
    per_hour: Decimal
    is_partial: bool
    at: datetime
    regions: tuple[str, ...]

    @property
    def text(self) -> str:
        """``$0.33/h``, or ``2 running`` where no price is known."""
        if self.per_hour:
            return _rate_text(self.per_hour, self.is_partial, 2)
        return f"{self.running:,} running"

    def sentence(self, now: datetime) -> str:
        """``$0.33/h in 1 other region (us-west-2: 2 running, $0.331/h), counted 12m ago``."""
        where = f"{plural(len(self.regions), 'other region')} ({', '.join(self.regions)})"
        return f"{self.running:,} running, {self.text} in {where}, counted {short_age(now - self.at)} ago"


def sum_elsewhere(counts: Iterable[RegionCount], shown_region: str) -> Elsewhere | None:
    """The sum of the regions that are not shown; None where nothing in them costs anything."""
    found = sorted(
        (one for one in counts if one.region != shown_region and not one.is_empty), key=lambda one: -one.per_hour
    )
    if not found:
        return None
    return Elsewhere(
        sum(one.running for one in found),
        sum((one.per_hour for one in found), Decimal(0)),
        any(one.is_partial for one in found),
        min(one.at for one in found),
        tuple(one.region for one in found),
    )


def _rate_text(per_hour: Decimal, is_partial: bool, places: int) -> str:
    return f"{'≥' if is_partial else ''}{dollars(per_hour, places, sign='$')}/h"
