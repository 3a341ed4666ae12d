"""The volumes."""

from __future__ import annotations

from collections.abc import Mapping

from fe2tui.aws.aside import aside
from fe2tui.aws.describe import VolumeReader
from fe2tui.aws.parts.part import OFTEN, Part
from fe2tui.aws.reading import PAGE, Sight, read_all
from fe2tui.aws.session import Session
from fe2tui.errors import Fe2Error
from fe2tui.model.volume import Volume

_FEW = 200  # volumes that one filter names


class Volumes(Part):
    """All volumes every five minutes; those that instances attached or let go of, at once."""

    name = "volumes"
    every = OFTEN

    def __init__(self, session: Session, found: Mapping[str, Volume]) -> None:
        super().__init__()
        self.found = found
        self._session = session
        self._reader = VolumeReader()
        self._moved: set[str] = set()
        self._all_due = 0.0
        self._reads_all = True

    def see(self, sight: Sight, now: float) -> None:
        """Those that moved are due."""
        self._moved |= sight.moved_volumes
        if self._moved:
            self.due = min(self.due, now)

    def begin(self, now: float) -> None:
        """All of them when their time has come, or when many moved."""
        self._reads_all = self._all_due <= now or len(self._moved) > _FEW
        if self._reads_all:
            self._all_due = now + self.every
        self.due = self._all_due

    async def read(self, sight: Sight) -> None:
        """Read all, or those that moved."""
        moved, self._moved = self._moved, set()
        if self._reads_all:
            found = await read_all(self._session, "DescribeVolumes", self._reader, lasting=True, MaxResults=PAGE)
            self.found = await aside(_by_id, found)
        else:
            some = [{"Name": "volume-id", "Values": sorted(moved)}]
            found = await read_all(self._session, "DescribeVolumes", VolumeReader(), MaxResults=PAGE, Filters=some)
            rest = {key: volume for key, volume in self.found.items() if key not in moved}
            self.found = rest | {volume.id: volume for volume in found}

    def ended(self, now: float, error: Fe2Error | None) -> None:
        """After a failure the next read is one of all, whichever volumes this one was for."""
        super().ended(now, error)
        if error is not None:
            self._all_due = now

    def renew(self, *, failed: bool) -> None:
        """All of them."""
        super().renew(failed=failed)
        self._all_due = self.due


def _by_id(volumes: list[Volume]) -> Mapping[str, Volume]:
    return {volume.id: volume for volume in volumes}
