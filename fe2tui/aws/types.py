"""Instance types and where they are on offer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

from fe2tui.aws.aside import aside
from fe2tui.aws.reading import read_all
from fe2tui.aws.session import Session
from fe2tui.aws.type_reader import OfferingReader, TypeReader
from fe2tui.errors import AwsError, DeniedError, FieldError
from fe2tui.model.catalogue import Catalogue
from fe2tui.model.machine_type import MachineType, size_order

_PAGE = 100  # what DescribeInstanceTypes gives at most
_OFFERS = 1000  # what DescribeInstanceTypeOfferings gives at most


async def catalogue(session: Session, now: datetime) -> Catalogue:
    """Every type of the region and the zones that offer it, both read at the same time. Takes seconds: keep it.

    A login that may not read the offerings gets the types without zones. Raises what reading the types raises.
    """
    zones = asyncio.create_task(_offerings(session))
    try:
        types = await machine_types(session)
        return Catalogue(types, await zones, now)
    finally:
        zones.cancel()
        await asyncio.gather(zones, return_exceptions=True)


async def machine_types(session: Session) -> dict[str, MachineType]:
    """Every type of the region by name, smallest of each family first. Takes seconds: keep it."""
    found = await read_all(session, "DescribeInstanceTypes", TypeReader(), MaxResults=_PAGE)
    return {one.name: one for one in sorted(found, key=lambda one: size_order(one.name))}


async def machine_type(session: Session, name: str) -> MachineType:
    """One type. Raises FieldError("type") if the region has none of that name."""
    try:
        body = await session.body("ec2", "DescribeInstanceTypes", InstanceTypes=[name])
    except FieldError as error:
        raise unknown_type(name, error.code) from error
    except AwsError as error:
        if error.code == "InvalidParameterValue":
            raise unknown_type(name, error.code) from error
        raise
    found, _ = TypeReader().parse(body)
    if not found:
        raise unknown_type(name)
    return found[0]


def unknown_type(name: str, code: str | None = None) -> FieldError:
    """For a type that the region does not have."""
    return FieldError(
        "type", f"There is no instance type {name} in this region.", "Type one such as t3.micro or m5.large.", code=code
    )


async def zones_offering(session: Session, type_name: str) -> list[str]:
    """The zones of the region that offer a type, in order; none if no zone does."""
    offers = await read_all(
        session,
        "DescribeInstanceTypeOfferings",
        OfferingReader(),
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": [type_name]}],
    )
    return sorted(zone for _, zone in offers)


async def change_type(session: Session, instance_id: str, type_name: str) -> None:
    """Give a stopped instance another type. Raises StateError, FieldError("type"), AwsError …

    Said twice, it does no harm.
    """
    await session.call("ec2", "ModifyInstanceAttribute", InstanceId=instance_id, InstanceType={"Value": type_name})


async def _offerings(session: Session) -> dict[str, tuple[str, ...]]:
    try:
        offers = await read_all(
            session,
            "DescribeInstanceTypeOfferings",
            OfferingReader(),
            LocationType="availability-zone",
            MaxResults=_OFFERS,
        )
    except DeniedError:
        return {}
    return await aside(_by_type, offers)


def _by_type(offers: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, zone in offers:
        found.setdefault(name, []).append(zone)
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}
    return {name: shared.setdefault(key, key) for name, zones in found.items() if (key := tuple(sorted(zones)))}
