"""Snapshots of volumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from fe2tui.demo.account import ACCOUNT_ID, SECOND_ACCOUNT_ID, Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import Getter, check_no_ids_with_pages, select
from fe2tui.demo.errors import ApiError, missing_parameter
from fe2tui.demo.protocols import tag_set
from fe2tui.demo.records import Image, Snapshot, Volume
from fe2tui.demo.rules.tags import requested_tags
from fe2tui.demo.rules.volumes import existing_snapshot, find_volume

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
    if not identity:
        raise missing_parameter("snapshotId")
    if not identity.startswith("snap-"):
        raise ApiError("InvalidSnapshotID.Malformed", f'Invalid id: "{identity}" (expecting "snap-...")')
    return existing_snapshot(region, identity)


def _description(snapshot: Snapshot) -> dict[str, Any]:
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


@operation("DescribeSnapshots")
def describe_snapshots(call: Call) -> Mapping[str, Any]:
    """Of these owners (`self`, `amazon`, an account id), or all."""
    check_no_ids_with_pages(call.params, "SnapshotId", "snapshotSet")
    ids, owners = call.texts("SnapshotId"), call.texts("Owner")
    snapshots = [find_snapshot(call.region, one) for one in ids] if ids else list(call.region.snapshots.values())
    shown, token = select([one for one in snapshots if owned_by(owners, one)], call.params, _FILTERS)
    return {"snapshotSet": [_description(one) for one in shown], "nextToken": token}


def owned_by(owners: list[str], record: Snapshot | Image) -> bool:
    """Whether an owner of the call (`self`, `amazon` or an account id) has the record; True if the call names none."""
    mine = record.owner_id in (ACCOUNT_ID, SECOND_ACCOUNT_ID) and "self" in owners
    return not owners or mine or record.owner_id in owners or record.owner_alias in owners


@operation("CreateSnapshot")
def create_snapshot(call: Call) -> Mapping[str, Any]:
    region = call.region
    volume = find_volume(region, call.text("VolumeId"))
    snapshot = new_snapshot(region, volume, call.text("Description"), requested_tags(call.params, "snapshot"))
    complete_snapshots(region, [snapshot])
    return _description(snapshot)


def new_snapshot(region: Region, volume: Volume, description: str, tags: Mapping[str, str]) -> Snapshot:
    snapshot = Snapshot(
        *region.identity("snap"),
        volume.id,
        volume.size,
        region.now,
        region.owner_id,
        description=description,
        state="pending",
        progress=0,
        encrypted=volume.encrypted,
        tags=dict(tags),
    )
    region.snapshots[snapshot.id] = snapshot
    return snapshot


def complete_snapshots(region: Region, snapshots: Sequence[Snapshot], done: Callable[[], None] | None = None) -> None:
    """Completes snapshots in twice `stop_seconds`, in steps of a tenth; then calls `done`."""
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


@operation("DeleteSnapshot")
def delete_snapshot(call: Call) -> Mapping[str, Any]:
    """Fails while an image uses the snapshot."""
    snapshot = find_snapshot(call.region, call.text("SnapshotId"))
    if snapshot.owner_id != call.region.owner_id:
        raise ApiError("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    for image in call.region.images.values():
        if any(disk.snapshot_id == snapshot.id for disk in image.disks):
            raise ApiError("InvalidSnapshot.InUse", f"The snapshot {snapshot.id} is currently in use by {image.id}")
    del call.region.snapshots[snapshot.id]
    return {"return": True}
