"""Snapshots of the account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fe2tui.aws.decode import decode_snapshot
from fe2tui.aws.paged_reads import filter_chunks
from fe2tui.aws.session import Session
from fe2tui.model.volume import Snapshot

_PAGE = 1000


async def own_snapshots(session: Session) -> list[Snapshot]:
    return await _describe_snapshots(session, OwnerIds=["self"])


async def snapshots_by_id(session: Session, ids: Iterable[str]) -> list[Snapshot]:
    """The account's snapshots with these ids. Those that no longer exist are left out."""
    found: list[Snapshot] = []
    for some in filter_chunks(ids):
        filters = [{"Name": "snapshot-id", "Values": some}]
        found += await _describe_snapshots(session, OwnerIds=["self"], Filters=filters)
    return found


async def snapshots_of_image(session: Session, image_id: str) -> list[Snapshot]:
    """The snapshots that CreateImage took for an image, found by their description.

    For an image that is pending or failed: EC2 names its snapshots only once they are complete. Source of the
    description: EC2 user guide, snapshots that CreateImage creates.
    """
    filters = [{"Name": "description", "Values": [f"*CreateImage(*for {image_id}*"]}]
    return await _describe_snapshots(session, OwnerIds=["self"], Filters=filters)


async def delete_snapshot(session: Session, snapshot_id: str) -> None:
    """Delete a snapshot. Raises AwsError with the code InvalidSnapshot.InUse while an image uses it."""
    await session.call("ec2", "DeleteSnapshot", SnapshotId=snapshot_id)


async def _describe_snapshots(session: Session, **params: Any) -> list[Snapshot]:
    pages = session.pages("ec2", "DescribeSnapshots", "Snapshots", MaxResults=_PAGE, **params)
    return [decode_snapshot(part) async for page in pages for part in page]
