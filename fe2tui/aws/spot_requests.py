"""The requests behind spot instances: read, and cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fe2tui.aws.describe import RequestReader
from fe2tui.aws.reading import read_all
from fe2tui.aws.session import Session
from fe2tui.errors import NotFoundError
from fe2tui.model.spot import SpotRequest

_PAGE = 1000  # what DescribeSpotInstanceRequests gives at most
_FILTER_VALUES = 200  # what EC2 takes in one filter
_DESCRIBE = "DescribeSpotInstanceRequests"


async def all_requests(session: Session, reader: RequestReader | None = None) -> list[SpotRequest]:
    """The account's spot requests in this region, ended ones for as long as EC2 shows them. One call a thousand."""
    return await read_all(session, _DESCRIBE, reader or RequestReader(), MaxResults=_PAGE)


async def spot_request(session: Session, request_id: str) -> SpotRequest | None:
    """One request; None if EC2 knows none (any more)."""
    try:
        found = await read_all(session, _DESCRIBE, RequestReader(), SpotInstanceRequestIds=[request_id])
    except NotFoundError:
        return None
    return found[0] if found else None


async def described(session: Session, request_id: str) -> dict[str, Any]:
    """All that EC2 tells of a request, under EC2's own names; empty if it knows none (any more)."""
    try:
        reply = await session.call("ec2", _DESCRIBE, SpotInstanceRequestIds=[request_id])
    except NotFoundError:
        return {}
    return next(iter(reply.get("SpotInstanceRequests", ())), {})


async def spot_requests(session: Session, ids: Sequence[str]) -> list[SpotRequest]:
    """These requests in one call for up to 200; one that EC2 does not know (any more) is left out."""
    found: list[SpotRequest] = []
    for start in range(0, len(ids), _FILTER_VALUES):
        some = {"Name": "spot-instance-request-id", "Values": list(ids[start : start + _FILTER_VALUES])}
        found += await read_all(session, _DESCRIBE, RequestReader(), Filters=[some])
    return found


async def cancel_spot_requests(session: Session, ids: Sequence[str]) -> None:
    """Cancel requests, so that AWS launches nothing in their name. Cancelling a *stopped* instance's terminates it."""
    await session.call("ec2", "CancelSpotInstanceRequests", SpotInstanceRequestIds=list(ids))
