"""EBS volumes and their snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

MAX_VOLUME_SIZE = 65_536  # GiB, of gp3 and io2; source: EBS user guide, volume types
MAX_GP3_IOPS = 80_000  # source: EBS user guide, volume types
# Source of these: the EBS price page.
GP3_IOPS, GP3_THROUGHPUT = 3_000, 125  # included in the price of a GiB; MiB a second
IO2_IOPS_TIERS = (("io2", 32_000), ("io2.tier2", 64_000), ("io2.tier3", None))
"""io2's prices of an IOPS, by their keys in ``Prices.iops``, and up to how many IOPS each holds."""


@dataclass(frozen=True, slots=True, repr=False)
class Volume:
    """One EBS volume at one moment. ``size`` is GiB, ``throughput`` MiB a second."""

    id: str
    size: int
    type: str
    zone: str
    state: str
    created_at: datetime | None = None
    iops: int | None = None
    throughput: int | None = None
    encrypted: bool = False
    snapshot_id: str | None = None
    instance_id: str | None = None
    device: str | None = None
    delete_on_termination: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """``data (vol-0b39947b710d05337 in-use): 100 GiB gp3``."""
        from fe2tui.model.text import DASH, visible

        state = f" ({self.id} {self.state})" if self.id else ""
        return f"{visible(self.name or self.device or '') or DASH}{state}: {self.size:,} GiB {self.type}"

    @property
    def name(self) -> str:
        return self.tags.get("Name", "")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One EBS snapshot at one moment.

    ``volume_size`` is GiB, of its volume. ``stored`` is GiB of a full copy, where EC2 tells it
    (FullSnapshotSizeInBytes); AWS bills at most that, and less where an older snapshot has the same blocks.
    ``progress`` is 0 to 1. Source: EC2 API reference, data type Snapshot.
    """

    id: str
    volume_size: int
    state: str = "completed"  # pending, completed, error
    progress: float = 1.0
    volume_id: str = ""
    started_at: datetime | None = None
    description: str = ""
    state_reason: str = ""
    stored: float | None = None
    archived: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.tags.get("Name", "")
