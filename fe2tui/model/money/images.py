"""What images cost a month: their snapshots, at most.

AWS bills the blocks that a snapshot stores and an older one of the same disk does not; nobody tells how many these
are. A full copy is the most that it can be. Source: the EBS price page and the EBS user guide, snapshot pricing.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.image import Image
from fe2tui.model.money.now import total
from fe2tui.model.pending import snapshot_ids_of
from fe2tui.model.snapshot import Snapshot

ARCHIVED_PART = Decimal("0.25")  # of the standard tier's price, in every region


def snapshot_per_month(snapshot: Snapshot, prices: Prices) -> Decimal | None:
    """Dollars a month for one snapshot, at most; None without a price. One being taken may grow to its disk's size."""
    if prices.snapshot is None:
        return None
    is_whole = snapshot.stored is not None and snapshot.state != "pending"
    size = Decimal(snapshot.stored or 0) if is_whole else Decimal(snapshot.volume_size)
    return size * prices.snapshot * (ARCHIVED_PART if snapshot.archived else 1)


def snapshots_per_month(snapshots: Iterable[Snapshot], prices: Prices) -> Decimal | None:
    """Dollars a month for these snapshots together, at most; None as soon as one is not known."""
    return total(snapshot_per_month(snapshot, prices) for snapshot in snapshots)


def image_per_month(image: Image, fleet: Fleet) -> Decimal | None:
    """Dollars a month for an image's snapshots, at most; nothing for one of somebody else.

    None where a snapshot or its price is not known. A snapshot that two images share is counted in both.
    """
    if image.id not in fleet.images:
        return Decimal(0) if image.public else None
    behind = snapshot_ids_of(image, fleet.snapshots)
    if not behind or any(one not in fleet.snapshots for one in behind):
        return None
    return snapshots_per_month((fleet.snapshots[one] for one in behind), fleet.prices)
