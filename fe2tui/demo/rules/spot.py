"""Spot requests: listed and cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fe2tui.demo import spot_life, states
from fe2tui.demo.account import Region
from fe2tui.demo.dispatch import Call, answers
from fe2tui.demo.filters import Getter, matcher
from fe2tui.demo.paging import page, refuse_ids_with_pages
from fe2tui.demo.records import SpotRequest
from fe2tui.demo.refusal import Refusal, missing
from fe2tui.demo.wire import tag_set

_FILTERS: dict[str, Getter] = {
    "create-time": lambda r: r.created_at,
    "instance-id": lambda r: r.instance_id,
    "instance-interruption-behavior": lambda r: r.interruption,
    "launch.image-id": lambda r: r.launch.get("ImageId"),
    "launch.instance-type": lambda r: r.launch.get("InstanceType"),
    "launch.key-name": lambda r: r.launch.get("KeyName"),
    "launched-availability-zone": lambda r: r.zone,
    "product-description": lambda r: "Linux/UNIX",
    "spot-instance-request-id": lambda r: r.id,
    "spot-price": lambda r: r.max_price,
    "state": lambda r: r.state,
    "status-code": lambda r: r.status[0],
    "status-message": lambda r: r.status[1],
    "type": lambda r: r.kind,
    "valid-until": lambda r: r.valid_until,
}


def _shown(region: Region, request: SpotRequest) -> dict[str, Any]:
    instance = region.instances.get(request.instance_id or "")
    groups = instance.groups if instance else []
    return {
        "spotInstanceRequestId": request.id,
        "spotPrice": request.max_price,
        "type": request.kind,
        "state": request.state,
        "status": {
            "code": request.status[0],
            "message": request.status[1],
            "updateTime": request.status_at or request.created_at,
        },
        "launchSpecification": {
            "imageId": request.launch.get("ImageId"),
            "keyName": request.launch.get("KeyName"),
            "groupSet": [{"groupId": group, "groupName": name} for group, name in groups],
            "instanceType": request.launch.get("InstanceType"),
            "placement": {"availabilityZone": request.zone},
            "monitoring": {"enabled": False},
        },
        "instanceId": request.instance_id,
        "createTime": request.created_at,
        "productDescription": "Linux/UNIX",
        "tagSet": tag_set(request.tags),
        "launchedAvailabilityZone": request.zone,
        "validUntil": request.valid_until,
        "instanceInterruptionBehavior": request.interruption,
    }


def _find(region: Region, ids: list[str]) -> list[SpotRequest]:
    for identity in ids:
        if not identity.startswith("sir-"):
            raise Refusal("InvalidSpotInstanceRequestID.Malformed", f'Invalid id: "{identity}" (expecting "sir-...")')
        if identity not in region.spots:
            raise Refusal(
                "InvalidSpotInstanceRequestID.NotFound",
                f"The spot instance request ID '{identity}' does not exist",
            )
    return [region.spots[identity] for identity in ids]


@answers("DescribeSpotInstanceRequests")
def describe_spot_instance_requests(call: Call) -> Mapping[str, Any]:
    """All, or those of the ids."""
    refuse_ids_with_pages(call.params, "SpotInstanceRequestId", "spotInstanceRequestIdSet")
    region = call.region
    ids = call.texts("SpotInstanceRequestId")
    requests = _find(region, ids) if ids else list(region.spots.values())
    matches = matcher(call.params.get("Filter"), _FILTERS)
    shown, token = page([one for one in requests if matches(one)], call.params)
    return {"spotInstanceRequestSet": [_shown(region, one) for one in shown], "nextToken": token}


@answers("CancelSpotInstanceRequests")
def cancel_spot_instance_requests(call: Call) -> Mapping[str, Any]:
    """A running instance goes on; a stopped one is terminated, as EC2 does."""
    region = call.region
    ids = call.texts("SpotInstanceRequestId")
    if not ids:
        raise missing("SpotInstanceRequestId")
    requests = _find(region, ids)
    for request in requests:
        _cancel(region, request)
    rows = [{"spotInstanceRequestId": one.id, "state": one.state} for one in requests]
    return {"spotInstanceRequestSet": rows}


def _cancel(region: Region, request: SpotRequest) -> None:
    if request.state in ("cancelled", "closed", "failed"):
        return
    instance = region.instances.get(request.instance_id or "")
    alive = instance is not None and instance.state in ("pending", "running")
    rests = instance is not None and instance.state in ("stopping", "stopped")
    ended = "instance-terminated-by-service" if rests else "canceled-before-fulfillment"
    code = "request-canceled-and-instance-running" if alive else ended
    spot_life.set_status(region, request, "cancelled", code)
    if instance is not None and rests:
        states.begin_terminating(region, instance)
    elif not alive:
        spot_life.vanish_later(region, request)
