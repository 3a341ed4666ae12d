"""What deregistering images takes away and what stays, for the sheet that asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fe2tui.errors import Fe2Error, UsageError
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import Image, image_snapshot_ids
from fe2tui.model.image_filter import instances_of_image
from fe2tui.model.instance import Instance
from fe2tui.model.money.rates import snapshots_per_month
from fe2tui.model.text import age, dollars, join_words, plural


class SnapshotImpact(NamedTuple):
    """What becomes of one snapshot of an image. ``size`` is GiB, ``monthly`` dollars at most; None where not known.

    ``kept_for`` are the images that stand on it too, by their names; empty for one that is deleted.
    """

    snapshot_id: str
    size: int | None
    used_by: tuple[str, ...]
    per_month: Decimal | None

    @property
    def is_kept(self) -> bool:
        """Whether it stays."""
        return bool(self.used_by)

    @property
    def words(self) -> str:
        """``snapshot 60 GiB: deleted``, ``snapshot 60 GiB: kept, base-2 uses it``."""
        what = f"snapshot {self.size:,} GiB" if self.size is not None else f"snapshot {self.snapshot_id}"
        if not self.is_kept:
            return f"{what}: deleted"
        return f"{what}: kept, {join_words(self.used_by)} {'uses' if len(self.used_by) == 1 else 'use'} it"


class ImageImpactRow(NamedTuple):
    """What deregistering one image does. ``instances`` are those made from it: they go on."""

    image: Image
    is_own: bool
    state_text: str  # "available, 3d 4h old"
    snapshots: tuple[SnapshotImpact, ...]
    instances: tuple[Instance, ...]
    per_month: Decimal | None  # dollars a month that end, at most

    @property
    def skip_reason(self) -> str:
        """Why it is left as it is; empty if it will be deregistered."""
        return "" if self.is_own else "not yours: only its owner removes it"

    @property
    def skip_error(self) -> Fe2Error | None:
        """The same as an error."""
        return None if self.is_own else not_own_error(self.image)


class DeregistrationImpact(NamedTuple):
    """What deregistering does, for the sheet that asks. Dollars a month, at most; None where a part is not known.

    Amounts, counts and sentences are of those that will be deregistered, ``going``; ``rows`` are all that were named.
    ``confirmation`` is what has to be typed: the name of one, the count of several.
    """

    rows: tuple[ImageImpactRow, ...]
    saves_per_month: Decimal | None
    confirmation: str
    sentences: tuple[str, ...]

    @property
    def affected(self) -> tuple[ImageImpactRow, ...]:
        """Those that will be deregistered."""
        return tuple(row for row in self.rows if not row.skip_reason)


def deregister_impact(fleet: Fleet, images: Sequence[Image], now: datetime) -> DeregistrationImpact:
    """What deregistering these would do, as far as the fleet tells."""
    going = {image.id for image in images if image.id in fleet.images}
    rows = tuple(_image_row(fleet, image, going, now) for image in images)
    gone = [row for row in rows if row.is_own]
    deleted = {snapshot.snapshot_id: snapshot for row in gone for snapshot in row.snapshots if not snapshot.is_kept}
    saves = _sum_if_known([fate.per_month for fate in deleted.values()])
    if any(row.per_month is None for row in gone):
        saves = None
    confirmation = gone[0].image.label if len(gone) == 1 else str(len(gone))
    return DeregistrationImpact(rows, saves, confirmation, tuple(_sentences(rows, gone, deleted, saves)))


def _image_row(fleet: Fleet, image: Image, going: set[str], now: datetime) -> ImageImpactRow:
    is_own = image.id in fleet.images
    behind = image_snapshot_ids(image, fleet.snapshots) if is_own else ()
    snapshots = tuple(_snapshot_impact(fleet, one, going) for one in behind)
    old = f", {age(now - image.created_at)} old" if image.created_at is not None else ""
    monthly = _sum_if_known([snapshot.per_month for snapshot in snapshots if not snapshot.is_kept])
    if is_own and not behind:
        monthly = None  # EC2 does not name the snapshots of one that is not done
    return ImageImpactRow(image, is_own, f"{image.state}{old}", snapshots, instances_of_image(image, fleet), monthly)


def _snapshot_impact(fleet: Fleet, snapshot_id: str, going: set[str]) -> SnapshotImpact:
    others = tuple(
        image.label for image in fleet.images.values() if image.id not in going and snapshot_id in image.snapshot_ids
    )
    snapshot = fleet.snapshots.get(snapshot_id)
    if snapshot is None:
        return SnapshotImpact(snapshot_id, None, others, None)
    return SnapshotImpact(snapshot_id, snapshot.volume_size, others, snapshots_per_month([snapshot], fleet.prices))


def _sum_if_known(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _sentences(
    rows: Sequence[ImageImpactRow],
    going: Sequence[ImageImpactRow],
    deleted: Mapping[str, SnapshotImpact],
    saves: Decimal | None,
) -> list[str]:
    sentences = []
    if others := len(rows) - len(going):
        sentences.append(f"{plural(others, 'image')} {'is' if others == 1 else 'are'} not yours and will be left.")
    if not going:
        return [*sentences, "Nothing will be done."]
    if deleted:
        count = len(deleted)
        sentences.append(
            f"{plural(count, 'snapshot')} {'is' if count == 1 else 'are'} deleted with {_it_or_them(going)}."
        )
    if kept_ids := {snapshot.snapshot_id for row in going for snapshot in row.snapshots if snapshot.is_kept}:
        sentences.append(
            f"{plural(len(kept_ids), 'snapshot')} that another image uses {'stays' if len(kept_ids) == 1 else 'stay'}."
        )
    if saves is None:
        sentences.append("What it stops costing is not known.")
    elif not deleted:
        sentences.append("It stops costing nothing: what stays is paid for on.")
    else:
        sentences.append(f"Stops at most {dollars(saves, sign='$')} a month.")
    if launched := [one for row in going for one in row.instances]:
        what = "The instance" if len(launched) == 1 else f"The {len(launched)} instances"
        sentences.append(
            f"{what} made from {_it_or_them(going)} {'goes' if len(launched) == 1 else 'go'} on; "
            "no other can be launched."
        )
    return [*sentences, "This cannot be undone."]


def _it_or_them(going: Sequence[ImageImpactRow]) -> str:
    return "it" if len(going) == 1 else "them"


def not_own_error(image: Image) -> UsageError:
    """The error for an image of another account."""
    return UsageError(
        f"{image.label} ({image.id}) is not yours: nothing is done.", "Only the account that owns an image removes it."
    )
