"""An EBS snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot at one moment.

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
