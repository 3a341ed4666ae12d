"""The instance types of a region, and which zones offer them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fe2tui.model.machine_type import MachineType


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All types of one region by name, smallest of each family first, and the zones that offer each.

    ``read_at`` is when AWS told it.
    """

    types: Mapping[str, MachineType] = field(default_factory=dict)
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    read_at: datetime | None = None

    def zones_of(self, type_name: str) -> tuple[str, ...] | None:
        """The zones that offer a type, in order; None where that is not known."""
        return self.zones.get(type_name, ()) if self.zones else None

    def family(self, text: str) -> tuple[MachineType, ...]:
        """The types of a family, or the one type of that name, smallest first."""
        wanted = text.strip().lower()
        return tuple(one for one in self.types.values() if wanted in (one.family, one.name))
