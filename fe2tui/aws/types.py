"""Instance types and where they are on offer."""

from __future__ import annotations

from fe2tui.aws.describe import machine_type_of
from fe2tui.aws.session import Session
from fe2tui.errors import AwsError, FieldError
from fe2tui.model.machine_type import MachineType, size_order

_PAGE = 100  # what DescribeInstanceTypes gives at most


async def machine_types(session: Session) -> dict[str, MachineType]:
    """Every type of the region by name, smallest of each family first. Takes seconds: keep it."""
    found: dict[str, MachineType] = {}
    async for page in session.pages("ec2", "DescribeInstanceTypes", "InstanceTypes", MaxResults=_PAGE):
        found.update((one.name, one) for one in map(machine_type_of, page))
    return {name: found[name] for name in sorted(found, key=size_order)}


async def machine_type(session: Session, name: str) -> MachineType:
    """One type. Raises FieldError("type") if the region has none of that name."""
    try:
        reply = await session.call("ec2", "DescribeInstanceTypes", InstanceTypes=[name])
    except FieldError as error:
        raise _unknown(name, error.code) from error
    except AwsError as error:
        if error.code == "InvalidParameterValue":
            raise _unknown(name, error.code) from error
        raise
    found = [machine_type_of(part) for part in reply.get("InstanceTypes", ())]
    if not found:
        raise _unknown(name, None)
    return found[0]


def _unknown(name: str, code: str | None) -> FieldError:
    return FieldError(
        "type", f"There is no instance type {name} in this region.", "Type one such as t3.micro or m5.large.", code=code
    )


async def zones_offering(session: Session, type_name: str) -> list[str]:
    """The zones of the region that offer a type, in order; none if no zone does."""
    zones: list[str] = []
    offers = session.pages(
        "ec2",
        "DescribeInstanceTypeOfferings",
        "InstanceTypeOfferings",
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": [type_name]}],
    )
    async for page in offers:
        zones += [str(offer["Location"]) for offer in page]
    return sorted(zones)
