"""DescribeFleets and DescribeSpotFleetRequests: the fleets of the scene, by their types. None can be created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fe2tui.demo.api import Call, operation
from fe2tui.demo.errors import ApiError


def _fleets(call: Call, parameter: str, prefix: str, code: str) -> dict[str, str]:
    """The types of the fleets that the call names, or of all with that prefix. Raises ApiError for an unknown id."""
    known = {key: kind for key, kind in call.region.fleets.items() if key.startswith(prefix)}
    ids = call.texts(parameter)
    for identity in ids:
        if identity not in known:
            raise ApiError(code, f"The fleet ID '{identity}' does not exist")
    return {key: known[key] for key in ids} if ids else known


@operation("DescribeFleets")
def describe_fleets(call: Call) -> Mapping[str, Any]:
    fleets = _fleets(call, "FleetId", "fleet-", "InvalidFleetId.NotFound")
    return {
        "fleetSet": [
            {"fleetId": key, "type": kind, "fleetState": "active", "activityStatus": "fulfilled"}
            for key, kind in fleets.items()
        ]
    }


@operation("DescribeSpotFleetRequests")
def describe_spot_fleet_requests(call: Call) -> Mapping[str, Any]:
    fleets = _fleets(call, "SpotFleetRequestId", "sfr-", "InvalidSpotFleetRequestId.NotFound")
    return {
        "spotFleetRequestConfigSet": [
            {
                "spotFleetRequestId": key,
                "spotFleetRequestState": "active",
                "activityStatus": "fulfilled",
                "spotFleetRequestConfig": {"type": kind, "targetCapacity": 1},
            }
            for key, kind in fleets.items()
        ]
    }
