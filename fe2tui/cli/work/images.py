"""What images there are, one of them, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from fe2tui.cli.options import Asked
from fe2tui.cli.work.freezes import tell_of_freezes
from fe2tui.cli.work.output import cents, iso, print_json
from fe2tui.cli.work.reading import told
from fe2tui.cli.work.working import Working
from fe2tui.model.fleet import Fleet, PublicImage
from fe2tui.model.image import Image
from fe2tui.model.image_query import IMAGES, ImagesAt, Query, instances_of
from fe2tui.model.money.images import image_per_month
from fe2tui.model.pending import progress_of, snapshot_ids_of
from fe2tui.model.snapshot import Snapshot
from fe2tui.model.words import DASH, age, dollars, percent, table, visible
from fe2tui.tasks import reading
from fe2tui.tasks.context import Context, utc_now


def show_all(asked: Asked, filters: Sequence[str], *, long: bool, public: bool) -> None:
    """Print the account's own images that fit, or the well-known public ones; raises QueryError."""
    query = IMAGES.parse_whole(" ".join(filters))
    whole = bool(asked.json or long or filters)

    async def work(ctx: Context) -> None:
        fleet = told(await reading.read_images(ctx, whole=whole and not public, public=public))
        _show_all(asked, fleet, query, long=long, public=public)
        await tell_of_freezes(ctx)

    Working(asked).run(work)


def _show_all(asked: Asked, fleet: Fleet, query: Query, *, long: bool, public: bool) -> None:
    at = ImagesAt(fleet, utc_now())
    if public:
        _show_public([each for each in fleet.public_images if query.matches(each.image, at)], fleet, asked)
        return
    shown = [each for each in fleet.images.values() if query.matches(each, at)]
    if asked.json:
        print_json([image_document(each, fleet) for each in shown])
    elif shown:
        click.echo("\n".join(_long(shown, at) if long else (image_line(each, fleet) for each in shown)))
    if not shown:
        what = "No image of yours fits" if fleet.images and query.tests else "No images of yours"
        click.echo(f"{what} in {fleet.place.region}.", err=True)


def show_one(asked: Asked, name: str | None, architecture: str) -> None:
    """Print one image."""

    async def work(ctx: Context) -> None:
        image, fleet = await reading.read_image(ctx, name, architecture, whole=asked.json)
        told(fleet)
        if asked.json:
            print_json(image_document(image, fleet))
        else:
            click.echo(image_line(image, fleet))
        await tell_of_freezes(ctx)

    Working(asked).run(work)


def _show_public(shown: Sequence[PublicImage], fleet: Fleet, asked: Asked) -> None:
    if asked.json:
        print_json([{"word": one.word, "title": one.title, **image_document(one.image, fleet)} for one in shown])
        return
    rows = [(one.word, one.image.architecture, one.image.id, one.title, one.image.name) for one in shown]
    if rows:
        click.echo("\n".join(table(("WORD", "ARCH", "ID", "WHAT", "NAME"), rows)))
    else:
        click.echo(f"None of the well-known images fits in {fleet.place.region}.", err=True)


def image_line(image: Image, fleet: Fleet) -> str:
    """``base (ami-0b39947b710d05337 pending 40 %): x86_64, 50 GiB``."""
    return image.line(progress_of(image, fleet.snapshots.values()))


def image_document(image: Image, fleet: Fleet) -> dict[str, Any]:
    """An image for programs. ``progress`` is 0 to 1, ``size`` GiB of all its disks, the cost dollars."""
    available = 1.0 if image.state == "available" else None
    progress = progress_of(image, fleet.snapshots.values())
    return {
        "id": image.id,
        "name": image.name,
        "state": image.state,
        "progress": available if progress is None else round(progress, 4),
        "size": image.size or image.root_size or None,
        "architecture": image.architecture,
        "created_at": iso(image.created_at),
        "cost_per_month_at_most": cents(image_per_month(image, fleet)),
        "snapshots": [_snapshot_document(each, fleet) for each in snapshot_ids_of(image, fleet.snapshots)],
        "source_instance_id": image.made_from or None,
        "login_user": image.login_user,
        "tags": dict(image.tags),
        "public": image.public,
        "owner_id": image.owner_id,
        "state_reason": image.state_reason,
    }


def _snapshot_document(snapshot_id: str, fleet: Fleet) -> dict[str, Any]:
    found: Snapshot | None = fleet.snapshots.get(snapshot_id)
    return {
        "id": snapshot_id,
        "state": found.state if found else None,
        "progress": found.progress if found else None,
        "size": found.volume_size if found else None,
        "stored": found.stored if found else None,
    }


_HEADS = ("NAME", "ID", "STATE", "GIB", "ARCH", "AGE", "≤$/MONTH", "INSTANCES")


def _long(shown: Sequence[Image], at: ImagesAt) -> list[str]:
    fleet = at.fleet
    rows = []
    for each in shown:
        progress = progress_of(each, fleet.snapshots.values())
        rows.append(
            (
                each.name or DASH,
                each.id,
                each.state if progress is None else f"{each.state} {percent(progress)}",
                str(each.size or each.root_size or DASH),
                each.architecture,
                age(at.now - each.created_at) if each.created_at else DASH,
                dollars(image_per_month(each, fleet)),
                _made(each, fleet),
            )
        )
    return table(_HEADS, rows, right=("GIB", "AGE", "≤$/MONTH"))


def _made(image: Image, fleet: Fleet) -> str:
    made = instances_of(image, fleet)
    return ", ".join(visible(one.label) for one in made) or DASH
