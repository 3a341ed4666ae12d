"""DescribeRegions and DescribeAvailabilityZones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import matcher
from fe2tui.demo.errors import ApiError
from fe2tui.demo.protocols import truth

_OPT_IN = ("ap-east-1", "ap-southeast-4", "ca-west-1", "eu-central-2", "il-central-1", "me-central-1")


@operation("DescribeRegions")
def describe_regions(call: Call) -> Mapping[str, Any]:
    """The enabled regions, or all with AllRegions."""
    names = call.texts("RegionName")
    every = truth(call.params.get("AllRegions"))
    rows = []
    for name in call.account.catalogue.regions():
        opted = "not-opted-in" if name in _OPT_IN else "opt-in-not-required"
        if (every or opted != "not-opted-in") and (not names or name in names):
            rows.append((name, opted))
    matches = matcher(
        call.params.get("Filter"),
        {
            "region-name": lambda row: row[0],
            "endpoint": lambda row: f"ec2.{row[0]}.amazonaws.com",
            "opt-in-status": lambda row: row[1],
        },
    )
    shown = [
        {"regionName": row[0], "regionEndpoint": f"ec2.{row[0]}.amazonaws.com", "optInStatus": row[1]}
        for row in rows
        if matches(row)
    ]
    return {"regionInfo": shown}


@operation("DescribeAvailabilityZones")
def describe_availability_zones(call: Call) -> Mapping[str, Any]:
    region = call.region
    names, ids = call.texts("ZoneName"), call.texts("ZoneId")
    for name in names:
        if name not in region.zones:
            raise ApiError("InvalidParameterValue", f"Invalid availability zone: [{name}]")
    matches = matcher(
        call.params.get("Filter"),
        {
            "zone-name": lambda zone: zone,
            "zone-id": region.zone_id,
            "region-name": lambda zone: region.name,
            "state": lambda zone: "available",
            "zone-type": lambda zone: "availability-zone",
            "opt-in-status": lambda zone: "opt-in-not-required",
            "group-name": lambda zone: f"{region.name}-zg-1",
        },
    )
    chosen = [
        zone
        for zone in region.zones
        if (not names or zone in names) and (not ids or region.zone_id(zone) in ids) and matches(zone)
    ]
    return {
        "availabilityZoneInfo": [
            {
                "zoneName": zone,
                "zoneState": "available",
                "regionName": region.name,
                "messageSet": [],
                "zoneId": region.zone_id(zone),
                "groupName": f"{region.name}-zg-1",
                "networkBorderGroup": region.name,
                "zoneType": "availability-zone",
                "optInStatus": "opt-in-not-required",
            }
            for zone in chosen
        ]
    }
