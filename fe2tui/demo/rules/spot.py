"""Spot requests, spot prices and placement scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from fe2tui.demo import instance_states, spot_requests
from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import (
    Getter,
    check_no_ids_with_pages,
    matcher,
    page_size,
    query_digest,
    read_token,
    select,
    write_token,
)
from fe2tui.demo.errors import ApiError, find, invalid_value, missing_parameter
from fe2tui.demo.protocols import parse_time, tag_set, truth
from fe2tui.demo.records import SpotRequest
from fe2tui.demo.rules.volumes import integer
from fe2tui.demo.spot_market import PRODUCTS, PriceSeries

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
    "type": lambda r: r.type,
    "valid-until": lambda r: r.valid_until,
}


def _description(region: Region, request: SpotRequest) -> dict[str, Any]:
    instance = region.instances.get(request.instance_id or "")
    groups = instance.groups if instance else []
    return {
        "spotInstanceRequestId": request.id,
        "spotPrice": request.max_price,
        "type": request.type,
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
    kind = "InvalidSpotInstanceRequestID"
    for identity in ids:
        if not identity.startswith("sir-"):
            raise ApiError(f"{kind}.Malformed", f'Invalid id: "{identity}" (expecting "sir-...")')
        find(region.spot_requests, identity, kind, "spot instance request ID")
    return [region.spot_requests[identity] for identity in ids]


@operation("DescribeSpotInstanceRequests")
def describe_spot_instance_requests(call: Call) -> Mapping[str, Any]:
    check_no_ids_with_pages(call.params, "SpotInstanceRequestId", "spotInstanceRequestIdSet")
    region = call.region
    ids = call.texts("SpotInstanceRequestId")
    requests = _find(region, ids) if ids else list(region.spot_requests.values())
    shown, token = select(requests, call.params, _FILTERS)
    return {"spotInstanceRequestSet": [_description(region, one) for one in shown], "nextToken": token}


@operation("CancelSpotInstanceRequests")
def cancel_spot_instance_requests(call: Call) -> Mapping[str, Any]:
    """A running instance keeps running. EC2 terminates a stopped one."""
    region = call.region
    ids = call.texts("SpotInstanceRequestId")
    if not ids:
        raise missing_parameter("SpotInstanceRequestId")
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
    is_stopped = instance is not None and instance.state in ("stopping", "stopped")
    ended = "instance-terminated-by-service" if is_stopped else "canceled-before-fulfillment"
    code = "request-canceled-and-instance-running" if alive else ended
    spot_requests.set_status(region, request, "cancelled", code)
    if instance is not None and is_stopped:
        instance_states.begin_terminating(region, instance)
    elif not alive:
        spot_requests.remove_later(region, request)


_KEPT = timedelta(days=90)
_SORTED = 60
"""Up to this many series are merged by time. With more, one series follows the other."""

_CACHED = 4
"""Histories that are kept for the requests of their further pages."""

Row = dict[str, Any]
ProductSeries = tuple[PriceSeries, str]
"""A series and the product whose prices are asked for."""
_Change = tuple[datetime, int, Decimal]
_histories: dict[str, list[_Change]] = {}


@operation("DescribeSpotPriceHistory")
def describe_spot_price_history(call: Call) -> Mapping[str, Any]:
    """The changes of prices in the window, newest first, and the price at its start; 1,000 a page."""
    start, end = _window(call)
    size = page_size(call.params, 1, 1000) or 1000
    position = read_token(call.params) or [0, 0]
    selected = list(_requested_series(call))
    if len(selected) > _SORTED:
        return _unsorted_page(call, selected, start, end, size, position)
    changes = _sorted_changes(call, selected, start, end)
    first = int(position[1])
    more = first + size < len(changes)
    rows = [_row(call, selected[at], moment, price) for moment, at, price in changes[first : first + size]]
    return {"spotPriceHistorySet": rows, "nextToken": write_token([0, first + size], call.params) if more else None}


def _sorted_changes(call: Call, selected: Sequence[ProductSeries], start: datetime, end: datetime) -> list[_Change]:
    """The changes of all series, newest first; computed for the first page and kept for the others."""
    key = f"{call.account.options.seed}/{call.region.name}/{query_digest(call.params)}"
    known = _histories.pop(key, None) if call.params.get("NextToken") else None
    if known is None:
        known = [
            (moment, at, price)
            for at, (series, product) in enumerate(selected)
            for moment, price in series.changes(product, start, end)
        ]
        known.sort(key=lambda change: change[0], reverse=True)
    _histories[key] = known
    while len(_histories) > _CACHED:
        _histories.pop(next(iter(_histories)), None)
    return known


def _unsorted_page(
    call: Call, selected: Sequence[ProductSeries], start: datetime, end: datetime, size: int, position: Sequence[int]
) -> Mapping[str, Any]:
    rows: list[Row] = []
    first, skip = int(position[0]), int(position[1])
    for index, (series, product) in enumerate(selected[first:], first):
        part = list(islice(series.changes(product, start, end), skip, skip + size - len(rows)))
        rows += [_row(call, selected[index], moment, price) for moment, price in part]
        if len(rows) >= size:
            token = write_token([index, skip + len(part)], call.params)
            return {"spotPriceHistorySet": rows, "nextToken": token}
        skip = 0
    return {"spotPriceHistorySet": rows}


def _window(call: Call) -> tuple[datetime, datetime]:
    now = call.now
    try:
        start = parse_time(call.text("StartTime")) if call.text("StartTime") else now - _KEPT
        end = parse_time(call.text("EndTime")) if call.text("EndTime") else now
    except ValueError:
        raise invalid_value("Invalid format for date.") from None
    # A window in the future has the price of now.
    return min(max(start, now - _KEPT), now), min(end, now)


def _requested_series(call: Call) -> Iterator[ProductSeries]:
    region, catalogue = call.region, call.account.catalogue
    types = call.texts("InstanceType")
    for name in types:
        if name not in catalogue.types:
            raise invalid_value(f"Invalid value '{name}' for InstanceType.")
    products = [name.removesuffix(" (Amazon VPC)") for name in call.texts("ProductDescription")]
    wanted_zone = call.text("AvailabilityZone")
    if wanted_zone and wanted_zone not in region.zones:
        raise invalid_value(f"Invalid availability zone: [{wanted_zone}]")
    getters = {
        "availability-zone": lambda row: row[1],
        "instance-type": lambda row: row[0],
        "product-description": lambda row: [row[2], f"{row[2]} (Amazon VPC)"],
        "spot-price": lambda row: None,
        "timestamp": lambda row: None,
    }
    matches = matcher(call.params.get("Filter"), getters)
    offerings = catalogue.offerings(region.name)
    for name in sorted(set(types)) or sorted(offerings):
        info = catalogue.types[name]
        if "spot" not in info.usage_classes:
            continue
        for zone in offerings.get(name, []):
            if wanted_zone in ("", zone):
                for product in PRODUCTS:
                    if (not products or product in products) and matches((name, zone, product)):
                        seed = call.account.options.seed
                        yield PriceSeries(seed, zone, name, info.vcpus), product


def _row(call: Call, source: ProductSeries, moment: datetime, price: Decimal) -> Row:
    series, product = source
    return {
        "instanceType": series.type_name,
        "productDescription": product,
        "spotPrice": f"{price:.6f}",
        "timestamp": moment,
        "availabilityZone": series.zone,
        "availabilityZoneId": call.region.zone_id(series.zone),
    }


@operation("GetSpotPlacementScores")
def get_spot_placement_scores(call: Call) -> Mapping[str, Any]:
    """Scores from 1 to 10 for regions or zones; fewer than three types score low."""
    types = call.texts("InstanceType")
    if integer(call.params, "TargetCapacity") is None:
        raise missing_parameter("TargetCapacity")
    if not types and "InstanceRequirementsWithMetadata" not in call.params:
        raise ApiError("MissingParameter", "The request must contain InstanceTypes or InstanceRequirementsWithMetadata")
    names = call.texts("RegionName") or ["us-east-1", "us-east-2", "us-west-2", "eu-west-1"]
    score = 3 if len(types) < 3 else 8
    if not truth(call.params.get("SingleAvailabilityZone")):
        rows = [{"region": name, "score": max(1, score - at)} for at, name in enumerate(names)]
        return {"spotPlacementScoreSet": rows}
    zones = [
        {"region": name, "availabilityZoneId": region.zone_id(zone), "score": max(1, score - at - place)}
        for at, (name, region) in enumerate((name, call.account.region(name)) for name in names)
        for place, zone in enumerate(region.zones[:3])
    ]
    return {"spotPlacementScoreSet": zones}
