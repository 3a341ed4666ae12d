"""The types of the EC2 Fleets and Spot Fleets that instances belong to: only ``maintain`` replaces its instances.

A fleet's type never changes, so a session reads each once. Source: EC2 API reference, DescribeFleets (a fleet of type
instant is returned by its id only) and DescribeSpotFleetRequests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from fe2tui.aws.session import Session
from fe2tui.errors import AwsError, NotFoundError
from fe2tui.model.instance import Instance
from fe2tui.model.instance_group import ec2_fleet_id, with_known_ec2_fleet_types

_UNKNOWN = ""  # the type of a fleet that may not be read, or does not exist any more
_SPOT_FLEET_PREFIX = "sfr-"


async def with_ec2_fleet_types(session: Session, instances: Iterable[Instance]) -> list[Instance]:
    """The instances with the types of their fleets. AWS is asked only where there are fleets that were not read yet.

    The type stays empty where it may not be read.
    """
    some = list(instances)
    await read_ec2_fleet_types(session, (ec2_fleet_id(one) for one in some))
    return with_known_ec2_fleet_types(some, session.ec2_fleet_types)


async def read_ec2_fleet_types(session: Session, ids: Iterable[str]) -> None:
    new = {key for key in ids if key} - session.ec2_fleet_types.keys()
    spot = sorted(key for key in new if key.startswith(_SPOT_FLEET_PREFIX))
    await asyncio.gather(_read(session, sorted(new.difference(spot))), _read(session, spot))


async def _read(session: Session, ids: Sequence[str]) -> None:
    if not ids:
        return
    try:
        if ids[0].startswith(_SPOT_FLEET_PREFIX):
            reply = await session.call("ec2", "DescribeSpotFleetRequests", SpotFleetRequestIds=list(ids))
            found = {
                one["SpotFleetRequestId"]: one.get("SpotFleetRequestConfig", {}).get("Type", _UNKNOWN)
                for one in reply.get("SpotFleetRequestConfigs", ())
            }
        else:
            reply = await session.call("ec2", "DescribeFleets", FleetIds=list(ids))
            found = {one["FleetId"]: one.get("Type", _UNKNOWN) for one in reply.get("Fleets", ())}
    except NotFoundError:
        if len(ids) > 1:
            await asyncio.gather(*(_read(session, [key]) for key in ids))
            return
        found = {}
    except AwsError:
        found = {}
    session.ec2_fleet_types.update({key: str(found.get(key, _UNKNOWN)) for key in ids})
