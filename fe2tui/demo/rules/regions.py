"""DescribeRegions and DescribeAvailabilityZones."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import Getter, matcher
from fe2tui.demo.errors import invalid_value
from fe2tui.demo.protocols import truth

_OPT_IN = ("ap-east-1", "ap-southeast-4", "ca-west-1", "eu-central-2", "il-central-1", "me-central-1")


@operation("DescribeRegions")
def describe_regions(call: Call) -> Mapping[str, Any]:
    """The enabled regions, or all with AllRegions."""
    names = call.texts("RegionName")
    every = truth(call.params.get("AllRegions"))
    rows = [
        {
            "regionName": name,
            "regionEndpoint": f"ec2.{name}.amazonaws.com",
            "optInStatus": "not-opted-in" if name in _OPT_IN else "opt-in-not-required",
        }
        for name in call.account.catalogue.regions()
        if (every or name not in _OPT_IN) and (not names or name in names)
    ]
    filters = {"region-name": "regionName", "endpoint": "regionEndpoint", "opt-in-status": "optInStatus"}
    matches = matcher(call.params.get("Filter"), {name: itemgetter(field) for name, field in filters.items()})
    return {"regionInfo": [row for row in rows if matches(row)]}


@operation("DescribeAvailabilityZones")
def describe_availability_zones(call: Call) -> Mapping[str, Any]:
    region = call.region
    names, ids = call.texts("ZoneName"), call.texts("ZoneId")
    for name in names:
        if name not in region.zones:
            raise invalid_value(f"Invalid availability zone: [{name}]")
    rows = [
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
        for zone in region.zones
        if (not names or zone in names) and (not ids or region.zone_id(zone) in ids)
    ]
    matches = matcher(call.params.get("Filter"), _ZONE_FILTERS)
    return {"availabilityZoneInfo": [row for row in rows if matches(row)]}


_ZONE_FILTERS: dict[str, Getter] = {
    "zone-name": itemgetter("zoneName"),
    "zone-id": itemgetter("zoneId"),
    "region-name": itemgetter("regionName"),
    "state": itemgetter("zoneState"),
    "zone-type": itemgetter("zoneType"),
    "opt-in-status": itemgetter("optInStatus"),
    "group-name": itemgetter("groupName"),
}
