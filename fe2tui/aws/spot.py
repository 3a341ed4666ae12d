"""Spot requests, and the quotas of spot instances."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fe2tui.aws.decode import SpotRequestReader, decode_tags
from fe2tui.aws.paged_reads import filter_chunks, read_all
from fe2tui.aws.session import Session
from fe2tui.errors import NotFoundError
from fe2tui.model.spot import SpotRequest

_REQUESTS_PAGE = 1000  # the most that DescribeSpotInstanceRequests returns
_DESCRIBE_REQUESTS = "DescribeSpotInstanceRequests"


async def all_spot_requests(session: Session, reader: SpotRequestReader | None = None) -> list[SpotRequest]:
    """The account's spot requests in this region; ended ones as long as EC2 returns them. One call per thousand."""
    return await read_all(session, _DESCRIBE_REQUESTS, reader or SpotRequestReader(), MaxResults=_REQUESTS_PAGE)


async def spot_request(session: Session, request_id: str) -> SpotRequest | None:
    """One request; None if EC2 has none (any more)."""
    try:
        found = await read_all(session, _DESCRIBE_REQUESTS, SpotRequestReader(), SpotInstanceRequestIds=[request_id])
    except NotFoundError:
        return None
    return found[0] if found else None


async def describe_spot_request(session: Session, request_id: str) -> tuple[dict[str, Any], SpotRequest] | None:
    """EC2's own description of a request, and the request; None if EC2 has none (any more)."""
    try:
        reply = await session.call("ec2", _DESCRIBE_REQUESTS, SpotInstanceRequestIds=[request_id])
    except NotFoundError:
        return None
    details: dict[str, Any] | None = next(iter(reply.get("SpotInstanceRequests", ())), None)
    return None if details is None else (details, _request_from_details(details))


def _request_from_details(details: Mapping[str, Any]) -> SpotRequest:
    status: Mapping[str, Any] = details.get("Status") or {}
    launch: Mapping[str, Any] = details.get("LaunchSpecification") or {}
    placement: Mapping[str, Any] = launch.get("Placement") or {}
    return SpotRequest(
        id=str(details["SpotInstanceRequestId"]),
        state=str(details.get("State", "")),
        type=str(details.get("Type", "")),
        status_code=str(status.get("Code", "")),
        status_words=str(status.get("Message", "")),
        instance_id=details.get("InstanceId") or None,
        interruption=str(details.get("InstanceInterruptionBehavior", "")),
        created_at=details.get("CreateTime"),
        status_at=status.get("UpdateTime"),
        instance_type=str(launch.get("InstanceType", "")),
        zone=str(details.get("LaunchedAvailabilityZone") or placement.get("AvailabilityZone", "")),
        tags=decode_tags(details),
    )


async def spot_requests_by_id(session: Session, ids: Iterable[str]) -> list[SpotRequest]:
    """The requests with these ids, 200 per call. Those that EC2 does not know (any more) are left out."""
    found: list[SpotRequest] = []
    for some in filter_chunks(ids):
        filters = [{"Name": "spot-instance-request-id", "Values": some}]
        found += await read_all(session, _DESCRIBE_REQUESTS, SpotRequestReader(), Filters=filters)
    return found


async def cancel_spot_requests(session: Session, ids: Sequence[str]) -> None:
    """Cancel requests: AWS launches nothing for them. Cancelling the request of a *stopped* instance terminates it."""
    await session.call("ec2", "CancelSpotInstanceRequests", SpotInstanceRequestIds=list(ids))


# Source: EC2 user guide, Spot Instance quotas; each counts vCPUs, by the first letters of the types' families.
_SPOT_QUOTA_CODES = {
    "L-34B43A08": ("a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"),
    "L-3819A6DF": ("g", "gr", "vt"),
    "L-7212CCBC": ("p",),
    "L-B5D1601B": ("inf",),
    "L-6B0D517C": ("trn",),
    "L-E3A00192": ("x",),
    "L-88CF9481": ("f",),
    "L-85EED4F7": ("dl",),
}
_P5_QUOTA_CODE = "L-C4BD4855"  # P5 has its own quota


async def spot_vcpu_quota(session: Session, type_name: str) -> int | None:
    """How many vCPUs spot instances of the type's family may have in total; None if unknown.

    Raises DeniedError without ``servicequotas:GetServiceQuota``.
    """
    family = re.sub(r"[^a-z].*", "", type_name)
    codes = (code for code, families in _SPOT_QUOTA_CODES.items() if family in families)
    code = _P5_QUOTA_CODE if type_name.startswith("p5") else next(codes, None)
    if code is None:
        return None
    reply = await session.call("service-quotas", "GetServiceQuota", ServiceCode="ec2", QuotaCode=code)
    value = reply.get("Quota", {}).get("Value")
    return None if value is None else int(value)
