"""Spot: what it costs now, and the requests behind spot instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fe2tui.aws.session import Session
from fe2tui.errors import NotFoundError

PRODUCT = "Linux/UNIX"
_PAGE = 1000


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
    """The spot price now by type and zone, dollars an hour (Linux/UNIX). What is not in it has no spot price.

    The history from this moment on holds, for each type and zone, the one change before it: the price that counts.
    """
    names = sorted(set(types))
    newest: dict[tuple[str, str], tuple[datetime, Decimal]] = {}
    if not names:
        return {}
    pages = session.pages(
        "ec2",
        "DescribeSpotPriceHistory",
        "SpotPriceHistory",
        InstanceTypes=names,
        ProductDescriptions=[PRODUCT],
        StartTime=datetime.now(UTC),
        MaxResults=_PAGE,
    )
    async for page in pages:
        for entry in page:
            key = (str(entry["InstanceType"]), str(entry["AvailabilityZone"]))
            at = entry["Timestamp"]
            if key not in newest or newest[key][0] < at:
                newest[key] = (at, Decimal(entry["SpotPrice"]))
    return {key: price for key, (_, price) in newest.items()}


async def spot_request(session: Session, request_id: str) -> SpotRequest | None:
    """One request; None if EC2 knows none (any more)."""
    try:
        reply = await session.call("ec2", "DescribeSpotInstanceRequests", SpotInstanceRequestIds=[request_id])
    except NotFoundError:
        return None
    requests = [_request(part) for part in reply.get("SpotInstanceRequests", ())]
    return requests[0] if requests else None


async def cancel_spot_requests(session: Session, ids: Sequence[str]) -> None:
    """Cancel requests, so that AWS launches nothing in their name. Cancelling a *stopped* instance's terminates it."""
    await session.call("ec2", "CancelSpotInstanceRequests", SpotInstanceRequestIds=list(ids))


def _request(reply: Mapping[str, Any]) -> SpotRequest:
    status: Mapping[str, Any] = reply.get("Status", {})
    created: datetime | None = reply.get("CreateTime")
    return SpotRequest(
        id=str(reply["SpotInstanceRequestId"]),
        state=str(reply.get("State", "")),
        type=str(reply.get("Type", "one-time")),
        status_code=str(status.get("Code", "")),
        status_words=str(status.get("Message", "")),
        instance_id=reply.get("InstanceId") or None,
        interruption=str(reply.get("InstanceInterruptionBehavior", "")),
        created_at=created.astimezone(UTC) if created else None,
    )
