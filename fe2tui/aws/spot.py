"""Spot: what it costs now, and the requests behind spot instances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fe2tui.aws.session import Session


@dataclass(frozen=True, slots=True)
class SpotRequest:
    """A spot request. ``state`` is open, active, closed, cancelled or failed; ``type`` one-time or persistent."""

    id: str
    state: str
    type: str
    status_code: str = ""
    status_words: str = ""
    instance_id: str | None = None
    interruption: str = ""
    created_at: datetime | None = None


async def current_spot(session: Session, types: Iterable[str]) -> dict[tuple[str, str], Decimal]:
    """The spot price now by type and zone, dollars an hour (Linux/UNIX). What is not in it has no spot price."""
    raise NotImplementedError


async def spot_request(session: Session, request_id: str) -> SpotRequest | None:
    """One request; None if EC2 knows none (any more)."""
    raise NotImplementedError


async def cancel_spot_requests(session: Session, ids: Sequence[str]) -> None:
    """Cancel requests, so that AWS launches nothing in their name. Cancelling a *stopped* instance's terminates it."""
    raise NotImplementedError
