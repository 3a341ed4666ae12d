"""Instance types and where they are on offer."""

from __future__ import annotations

from fe2tui.aws.session import Session
from fe2tui.model.machine_type import MachineType


async def machine_types(session: Session) -> dict[str, MachineType]:
    """Every type of the region by name, smallest of each family first. Takes seconds: keep it."""
    raise NotImplementedError


async def machine_type(session: Session, name: str) -> MachineType:
    """One type. Raises FieldError("type") if the region has none of that name."""
    raise NotImplementedError


async def zones_offering(session: Session, type_name: str) -> list[str]:
    """The zones of the region that offer a type, in order; none if no zone does."""
    raise NotImplementedError
