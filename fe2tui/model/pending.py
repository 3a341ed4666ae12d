"""How far an image that is being made has come: as far as its snapshots have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fe2tui.model.image import Image
from fe2tui.model.snapshot import Snapshot

# Source: EC2 user guide; while an image is pending EC2 names its snapshots in their descriptions only.
_NAMES_THEM = ("available", "disabled")
_TAKEN_FOR = re.compile(r"CreateImage\(.*\) for (ami-[0-9a-f]+)")


def snapshots_behind(image: Image, snapshots: Iterable[Snapshot]) -> tuple[Snapshot, ...]:
    """Those of these snapshots that an image stands on, or that are being taken for it."""
    return tuple(
        one
        for one in snapshots
        if one.id in image.snapshot_ids or (image.id in one.description and _taken_for(one) == image.id)
    )


def snapshot_ids_of(image: Image, snapshots: Mapping[str, Snapshot]) -> tuple[str, ...]:
    """The ids of all snapshots that an image stands on, each once.

    While it is pending, or when it failed, EC2 names them in their descriptions only. ``snapshots`` are by id.
    """
    named = dict.fromkeys(image.snapshot_ids)
    if image.state not in _NAMES_THEM:
        named |= dict.fromkeys(one.id for one in snapshots_behind(image, snapshots.values()))
    return tuple(named)


def progress_of(image: Image, snapshots: Iterable[Snapshot]) -> float | None:
    """How far a pending image has come, 0 to 1, by the size of its snapshots; None for any other.

    Before there is a snapshot it is 0.
    """
    if image.state != "pending":
        return None
    behind = snapshots_behind(image, snapshots)
    whole = sum(max(one.volume_size, 1) for one in behind)
    return sum(one.progress * max(one.volume_size, 1) for one in behind) / whole if whole else 0.0


def _taken_for(snapshot: Snapshot) -> str:
    found = _TAKEN_FOR.search(snapshot.description)
    return found[1] if found else ""
