"""Snapshots: taken of volumes, listed, deleted unless an image stands on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from fe2tui.demo.account import ACCOUNT_ID, Region
from fe2tui.demo.api import Call, answers
from fe2tui.demo.errors import Refusal, missing
from fe2tui.demo.lists import Getter, matcher, page, refuse_ids_with_pages
from fe2tui.demo.protocols import tag_set
from fe2tui.demo.records import Snapshot
from fe2tui.demo.rules.tags import asked_tags
from fe2tui.demo.rules.volumes import find_volume

_TENTHS = 10

_FILTERS: dict[str, Getter] = {
    "description": lambda s: s.description,
    "encrypted": lambda s: s.encrypted,
    "owner-alias": lambda s: s.owner_alias,
    "owner-id": lambda s: s.owner_id,
    "progress": lambda s: f"{s.progress}%",
    "snapshot-id": lambda s: s.id,
    "start-time": lambda s: s.started_at,
    "status": lambda s: s.state,
    "storage-tier": lambda s: "standard",
    "volume-id": lambda s: s.volume_id,
    "volume-size": lambda s: s.size,
}


def find_snapshot(region: Region, identity: str) -> Snapshot:
    """The snapshot of that id. Raises Refusal when there is none."""
    if not identity:
        raise missing("snapshotId")
    if not identity.startswith("snap-"):
        raise Refusal("InvalidSnapshotID.Malformed", f'Invalid id: "{identity}" (expecting "snap-...")')
    if identity not in region.snapshots:
        raise Refusal("InvalidSnapshot.NotFound", f"The snapshot '{identity}' does not exist.")
    return region.snapshots[identity]


def _shown(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "snapshotId": snapshot.id,
        "volumeId": snapshot.volume_id,
        "status": snapshot.state,
        "startTime": snapshot.started_at,
        "progress": f"{snapshot.progress}%",
        "ownerId": snapshot.owner_id,
        "ownerAlias": snapshot.owner_alias,
        "volumeSize": snapshot.size,
        "description": snapshot.description,
        "encrypted": snapshot.encrypted,
        "storageTier": "standard",
        "fullSnapshotSizeInBytes": snapshot.full_bytes,
        "tagSet": tag_set(snapshot.tags) or None,
    }


@answers("DescribeSnapshots")
def describe_snapshots(call: Call) -> Mapping[str, Any]:
    """Of the owners asked for (`self`, `amazon`, an account id), or all that can be restored."""
    refuse_ids_with_pages(call.params, "SnapshotId", "snapshotSet")
    ids, owners = call.texts("SnapshotId"), call.texts("Owner")
    snapshots = [find_snapshot(call.region, one) for one in ids] if ids else list(call.region.snapshots.values())
    if owners:
        wanted = {ACCOUNT_ID if owner == "self" else owner for owner in owners}
        snapshots = [one for one in snapshots if one.owner_id in wanted or one.owner_alias in wanted]
    matches = matcher(call.params.get("Filter"), _FILTERS)
    shown, token = page([one for one in snapshots if matches(one)], call.params)
    return {"snapshotSet": [_shown(one) for one in shown], "nextToken": token}


@answers("CreateSnapshot")
def create_snapshot(call: Call) -> Mapping[str, Any]:
    """Pending, then completed."""
    region = call.region
    volume = find_volume(region, call.text("VolumeId"))
    snapshot = Snapshot(
        region.serial(),
        region.new_id("snap"),
        volume.id,
        volume.size,
        call.now,
        ACCOUNT_ID,
        description=call.text("Description"),
        state="pending",
        progress=0,
        encrypted=volume.encrypted,
        tags=asked_tags(call.params, "snapshot"),
    )
    region.snapshots[snapshot.id] = snapshot
    fill(region, [snapshot])
    return _shown(snapshot)


def fill(region: Region, snapshots: Sequence[Snapshot], done: Callable[[], None] | None = None) -> None:
    """Completes snapshots within two times `stop_seconds`, by tenths; then calls `done`."""
    seconds = region.account.options.stop_seconds * 2

    def reach(tenths: int) -> None:
        for snapshot in snapshots:
            snapshot.progress = tenths * 10
            if tenths == _TENTHS:
                snapshot.state = "completed"
        if tenths == _TENTHS and done is not None:
            done()

    for tenths in range(1, _TENTHS + 1):
        region.after(seconds * tenths / _TENTHS, partial(reach, tenths))


@answers("DeleteSnapshot")
def delete_snapshot(call: Call) -> Mapping[str, Any]:
    """Not while an image stands on it."""
    snapshot = find_snapshot(call.region, call.text("SnapshotId"))
    if snapshot.owner_id != ACCOUNT_ID:
        raise Refusal("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    for image in call.region.images.values():
        if any(disk.snapshot_id == snapshot.id for disk in image.disks):
            raise Refusal("InvalidSnapshot.InUse", f"The snapshot {snapshot.id} is currently in use by {image.id}")
    del call.region.snapshots[snapshot.id]
    return {"return": True}
