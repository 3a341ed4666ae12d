"""Spot: what it costs now, and the requests behind spot instances."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fe2tui.aws.aside import aside
from fe2tui.aws.reading import read_all
from fe2tui.aws.replies import Reader
from fe2tui.aws.session import Session
from fe2tui.errors import NotFoundError
from fe2tui.model.spot import SpotRequest

PRODUCT = "Linux/UNIX"
_PAGE = 1000
_FILTER_VALUES = 200  # what EC2 takes in one filter


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


async def region_spot(session: Session) -> dict[tuple[str, str], Decimal]:
    """The spot price now of every type of the region, by type and zone, dollars an hour (Linux/UNIX).

    About five pages, one after the other: takes seconds. Raises what reading them raises.
    """
    changes = await read_all(
        session,
        "DescribeSpotPriceHistory",
        Reader("spotPriceHistorySet", _change_of),
        ProductDescriptions=[PRODUCT],
        StartTime=datetime.now(UTC),
        MaxResults=_PAGE,
    )
    return await aside(_newest, changes)


async def spot_request(session: Session, request_id: str) -> SpotRequest | None:
    """One request; None if EC2 knows none (any more)."""
    try:
        reply = await session.call("ec2", "DescribeSpotInstanceRequests", SpotInstanceRequestIds=[request_id])
    except NotFoundError:
        return None
    requests = [_request(part) for part in reply.get("SpotInstanceRequests", ())]
    return requests[0] if requests else None


async def spot_requests(session: Session, ids: Sequence[str]) -> list[SpotRequest]:
    """These requests in one call for up to 200; one that EC2 does not know (any more) is left out."""
    found: list[SpotRequest] = []
    for start in range(0, len(ids), _FILTER_VALUES):
        some = {"Name": "spot-instance-request-id", "Values": list(ids[start : start + _FILTER_VALUES])}
        reply = await session.call("ec2", "DescribeSpotInstanceRequests", Filters=[some])
        found += [_request(part) for part in reply.get("SpotInstanceRequests", ())]
    return found


async def cancel_spot_requests(session: Session, ids: Sequence[str]) -> None:
    """Cancel requests, so that AWS launches nothing in their name. Cancelling a *stopped* instance's terminates it."""
    await session.call("ec2", "CancelSpotInstanceRequests", SpotInstanceRequestIds=list(ids))


@dataclass(frozen=True, slots=True)
class _Change:
    type: str
    zone: str
    at: str  # EC2's own words for a time, which are in order as texts
    price: Decimal


def _change_of(item: Any) -> _Change:
    """An ``<item>`` of a ``<spotPriceHistorySet>``. Source: EC2 API reference, data type SpotPrice."""
    name, zone = item.findtext("instanceType") or "", item.findtext("availabilityZone") or ""
    price = Decimal(item.findtext("spotPrice") or 0)
    return _Change(sys.intern(name), sys.intern(zone), item.findtext("timestamp") or "", price)


def _newest(changes: Iterable[_Change]) -> dict[tuple[str, str], Decimal]:
    newest: dict[tuple[str, str], _Change] = {}
    for change in changes:
        key = (change.type, change.zone)
        if key not in newest or newest[key].at < change.at:
            newest[key] = change
    return {key: change.price for key, change in newest.items()}


def _request(reply: Mapping[str, Any]) -> SpotRequest:
    status: Mapping[str, Any] = reply.get("Status", {})
    launch: Mapping[str, Any] = reply.get("LaunchSpecification", {})
    created: datetime | None = reply.get("CreateTime")
    since: datetime | None = status.get("UpdateTime")
    return SpotRequest(
        id=str(reply["SpotInstanceRequestId"]),
        state=str(reply.get("State", "")),
        type=str(reply.get("Type", "one-time")),
        status_code=str(status.get("Code", "")),
        status_words=str(status.get("Message", "")),
        instance_id=reply.get("InstanceId") or None,
        interruption=str(reply.get("InstanceInterruptionBehavior", "")),
        created_at=created.astimezone(UTC) if created else None,
        status_at=since.astimezone(UTC) if since else None,
        machine_type=str(launch.get("InstanceType", "")),
        zone=str(reply.get("LaunchedAvailabilityZone") or launch.get("Placement", {}).get("AvailabilityZone") or ""),
        tags={str(tag["Key"]): str(tag.get("Value", "")) for tag in reply.get("Tags", ())},
    )
