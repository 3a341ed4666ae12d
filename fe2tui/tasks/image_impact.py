"""What deregistering images takes away and what stays, for the sheet that asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fe2tui.errors import Fe2Error, UsageError
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import Image
from fe2tui.model.image_query import instances_of
from fe2tui.model.instance import Instance
from fe2tui.model.money.images import snapshots_per_month
from fe2tui.model.pending import snapshot_ids_of
from fe2tui.model.words import age, dollars, listed, plural


class SnapshotFate(NamedTuple):
    """What becomes of one snapshot of an image. ``size`` is GiB, ``monthly`` dollars at most; None where not known.

    ``kept_for`` are the images that stand on it too, by their names; empty for one that is deleted.
    """

    snapshot_id: str
    size: int | None
    kept_for: tuple[str, ...]
    monthly: Decimal | None

    @property
    def kept(self) -> bool:
        """Whether it stays."""
        return bool(self.kept_for)

    @property
    def words(self) -> str:
        """``snapshot 60 GiB: deleted``, ``snapshot 60 GiB: kept, base-2 uses it``."""
        what = f"snapshot {self.size:,} GiB" if self.size is not None else f"snapshot {self.snapshot_id}"
        if not self.kept:
            return f"{what}: deleted"
        return f"{what}: kept, {listed(self.kept_for)} {'uses' if len(self.kept_for) == 1 else 'use'} it"


class ImageRow(NamedTuple):
    """What deregistering one image does. ``instances`` are those made from it: they go on."""

    image: Image
    is_own: bool
    state_words: str  # "available, 3d 4h old"
    snapshots: tuple[SnapshotFate, ...]
    instances: tuple[Instance, ...]
    monthly: Decimal | None  # dollars a month that end, at most

    @property
    def left_because(self) -> str:
        """Why it is left as it is; empty if it will be deregistered."""
        return "" if self.is_own else "not yours: only its owner removes it"

    @property
    def refusal(self) -> Fe2Error | None:
        """The same as an error."""
        return None if self.is_own else not_own(self.image)


class ImageImpact(NamedTuple):
    """What deregistering does, for the sheet that asks. Dollars a month, at most; None where a part is not known.

    Amounts, counts and sentences are of those that will be deregistered, ``going``; ``rows`` are all that were named.
    ``confirmation`` is what has to be typed: the name of one, the count of several.
    """

    rows: tuple[ImageRow, ...]
    saves_per_month: Decimal | None
    confirmation: str
    sentences: tuple[str, ...]

    @property
    def going(self) -> tuple[ImageRow, ...]:
        """Those that will be deregistered."""
        return tuple(row for row in self.rows if not row.left_because)


def image_impact(fleet: Fleet, images: Sequence[Image], now: datetime) -> ImageImpact:
    """What deregistering these would do, as far as the fleet tells."""
    going = {image.id for image in images if image.id in fleet.images}
    rows = tuple(_row(fleet, image, going, now) for image in images)
    gone = [row for row in rows if row.is_own]
    deleted = {fate.snapshot_id: fate for row in gone for fate in row.snapshots if not fate.kept}
    saves = _sum([fate.monthly for fate in deleted.values()])
    if any(row.monthly is None for row in gone):
        saves = None
    confirmation = gone[0].image.label if len(gone) == 1 else str(len(gone))
    return ImageImpact(rows, saves, confirmation, tuple(_sentences(rows, gone, deleted, saves)))


def _row(fleet: Fleet, image: Image, going: set[str], now: datetime) -> ImageRow:
    is_own = image.id in fleet.images
    behind = snapshot_ids_of(image, fleet.snapshots) if is_own else ()
    fates = tuple(_fate(fleet, one, going) for one in behind)
    old = f", {age(now - image.created_at)} old" if image.created_at is not None else ""
    monthly = _sum([fate.monthly for fate in fates if not fate.kept])
    if is_own and not behind:
        monthly = None  # EC2 does not name the snapshots of one that is not done
    return ImageRow(image, is_own, f"{image.state}{old}", fates, instances_of(image, fleet), monthly)


def _fate(fleet: Fleet, snapshot_id: str, going: set[str]) -> SnapshotFate:
    others = tuple(
        image.label for image in fleet.images.values() if image.id not in going and snapshot_id in image.snapshot_ids
    )
    snapshot = fleet.snapshots.get(snapshot_id)
    if snapshot is None:
        return SnapshotFate(snapshot_id, None, others, None)
    return SnapshotFate(snapshot_id, snapshot.volume_size, others, snapshots_per_month([snapshot], fleet.prices))


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _sentences(
    rows: Sequence[ImageRow], going: Sequence[ImageRow], deleted: Mapping[str, SnapshotFate], saves: Decimal | None
) -> list[str]:
    said = []
    if others := len(rows) - len(going):
        said.append(f"{plural(others, 'image')} {'is' if others == 1 else 'are'} not yours and will be left.")
    if not going:
        return [*said, "Nothing will be done."]
    if deleted:
        count = len(deleted)
        said.append(f"{plural(count, 'snapshot')} {'is' if count == 1 else 'are'} deleted with {_it(going)}.")
    if kept := {fate.snapshot_id for row in going for fate in row.snapshots if fate.kept}:
        said.append(f"{plural(len(kept), 'snapshot')} that another image uses {'stays' if len(kept) == 1 else 'stay'}.")
    if saves is None:
        said.append("What it stops costing is not known.")
    elif not deleted:
        said.append("It stops costing nothing: what stays is paid for on.")
    else:
        said.append(f"Stops at most {dollars(saves, sign='$')} a month.")
    if made := [one for row in going for one in row.instances]:
        what = "The instance" if len(made) == 1 else f"The {len(made)} instances"
        said.append(f"{what} made from {_it(going)} {'goes' if len(made) == 1 else 'go'} on; no other can be launched.")
    return [*said, "This cannot be undone."]


def _it(going: Sequence[ImageRow]) -> str:
    return "it" if len(going) == 1 else "them"


def not_own(image: Image) -> UsageError:
    """The error for an image of another account."""
    return UsageError(
        f"{image.label} ({image.id}) is not yours: nothing is done.", "Only the account that owns an image removes it."
    )
