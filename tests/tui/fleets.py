"""Made-up fleets of any size."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from fe2tui.model.fleet import Fleet, Prices, PublicImage
from fe2tui.model.image import Image
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.location import Location
from fe2tui.model.volume import Snapshot, Volume

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLACE = Location("default", "us-east-2")
TYPES = ("t3.micro", "m5.large", "p3.8xlarge", "c5.24xlarge")
PRICES = Prices(
    on_demand={name: Decimal("0.1") * (number + 1) for number, name in enumerate(TYPES)},
    spot={("p3.8xlarge", "us-east-2b"): Decimal("0.07")},
    storage={"gp3": Decimal("0.08")},
)


def instance(number: int, name: str | None = None, *, state: State = State.RUNNING, **more: object) -> Instance:
    """One instance; its name is ``inst<number>`` if none is given."""
    random = Random(number)
    volume = f"vol-{number:017x}"
    started = NOW - timedelta(hours=random.random() * 600)
    fields: dict[str, object] = {
        "launched_at": started,
        "public_ip": f"203.0.113.{number % 250}" if state is State.RUNNING else None,
        "private_ip": f"10.0.{number // 250 % 250}.{number % 250}",
        "attachments": (Attachment("/dev/sda1", volume, True, started),),
        "tags": {"Name": f"inst{number}" if name is None else name},
        **more,
    }
    return Instance(f"i-{number:017x}", state, random.choice(TYPES), "us-east-2b", **fields)  # type: ignore[arg-type]


def fleet(instances: list[Instance], *, prices: Prices = PRICES, seen_at: datetime = NOW) -> Fleet:
    """A fleet of these, each with a disk of 10 GiB."""
    ordered = {one.id: one for one in sorted(instances, key=lambda one: one.id)}
    volumes = {
        attachment.volume_id: Volume(attachment.volume_id, 10, "gp3", one.zone, "in-use", one.launched_at)
        for one in ordered.values()
        for attachment in one.attachments
    }
    return Fleet(PLACE, seen_at, ordered, volumes, prices)


def many(count: int) -> Fleet:
    """So many instances, one in five of them stopped."""
    return fleet([instance(n, state=State.STOPPED if n % 5 == 0 else State.RUNNING) for n in range(count)])


def image(number: int, name: str | None = None, **more: object) -> Image:
    """One image of 8 GiB; its name is ``image<number>`` if none is given."""
    fields: dict[str, object] = {
        "created_at": NOW - timedelta(days=number + 1),
        "root_size": 8,
        "size": 8,
        "snapshot_ids": (f"snap-{number:017x}",),
        **more,
    }
    return Image(f"ami-{number:017x}", f"image{number}" if name is None else name, **fields)  # type: ignore[arg-type]


def snapshots_of(one: Image, *, progress: float = 1.0) -> dict[str, Snapshot]:
    """The snapshots that an image stands on, so far taken."""
    state = "completed" if progress == 1.0 else "pending"
    return {key: Snapshot(key, one.size, state, progress) for key in one.snapshot_ids}


PUBLIC = tuple(
    PublicImage(
        word, title, image(900 + number, f"{word}-2026", architecture=architecture, public=True, owner_id="137")
    )
    for number, (word, title, architecture) in enumerate(
        (
            ("ubuntu", "Ubuntu 26.04 LTS", "x86_64"),
            ("ubuntu", "Ubuntu 26.04 LTS", "arm64"),
            ("amazon", "Amazon Linux 2023", "x86_64"),
        )
    )
)


def with_images(seen: Fleet, *own: Image, public: tuple[PublicImage, ...] = PUBLIC) -> Fleet:
    """A fleet that has these images, each with its snapshots complete."""
    snapshots = {key: one for each in own for key, one in snapshots_of(each).items()}
    prices = replace(seen.prices, snapshot=Decimal("0.05"))
    return replace(seen, images={one.id: one for one in own}, snapshots=snapshots, public_images=public, prices=prices)
