"""Deregister: an impact sheet like that of terminating, of images and their snapshots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from textual.widgets import Static

from fe2tui.demo import Cloud
from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.image import Image
from fe2tui.model.location import Location
from fe2tui.model.volume import Snapshot
from fe2tui.tasks.impact import Impact, deregister_impact
from fe2tui.tui.forms.impact import ImpactForm, ImpactRows
from tests.tui.driver import Driven, calls, dashboard
from tests.tui.form_host import UNANSWERED, cut_off, error_of, opened, said, write

FreshCloud = Callable[..., Cloud]
EnterCloud = Callable[[Cloud], Path]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def image(number: int, name: str, *snapshots: str) -> Image:
    created = datetime(2026, 11, 20, tzinfo=UTC)
    return Image(f"ami-{number:017x}", name, created_at=created, snapshot_ids=snapshots, root_size=60)


NOT_YOURS = "not yours"


def impact(*names: str, shared: bool = False, skipped: str = "") -> Impact:
    going = [image(number, name, f"snap-{number}") for number, name in enumerate(names)]
    others = [image(99, "heir", "snap-0")] if shared else []
    fleet = Fleet(
        Location("default", "us-east-2", ""),
        NOW,
        images={one.id: one for one in (*going, *others)},
        snapshots={f"snap-{number}": Snapshot(f"snap-{number}", 60) for number in range(len(names))},
        prices=Prices(snapshot=Decimal("0.05")),
    )
    return deregister_impact(fleet, [*going, *([image(98, skipped)] if skipped else [])], NOW)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_images_ids_snapshots_and_their_savings_are_shown_at_every_size(size: tuple[int, int]) -> None:
    async with opened(ImpactForm(impact("base", "x" * 128, skipped="ubuntu")), size) as (_, host):
        rows = host.form.query_one("#rows", ImpactRows)
        for words in ("base", "ami-00000000000000001", "snapshot 60 GiB: deleted, saves at most $3.00 a month"):
            assert words in rows.text
        assert "ubuntu  left out: not yours" in rows.text
        assert "Saves at most $6.00 a month." in said(host, "#sentences")
        assert all(len(line) <= rows.scrollable_content_region.width for line in rows.text.splitlines())
        assert not cut_off(host)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_long_names_are_shown_whole(size: tuple[int, int]) -> None:
    names = ["base-image-of-the-vision-project", "scraper", "scraper-2", "y" * 128]
    foreign = "al2023-ami-2023.9.20261117.1-kernel-6.1-x86_64"
    one = impact(*names, shared=True, skipped=foreign)
    part = replace(
        one.rows[0].parts[0], outcome="kept, an-image-with-a-rather-long-name-of-its-own, the-next-one use it"
    )
    one = replace(one, rows=(replace(one.rows[0], parts=(part,)), *one.rows[1:]))
    async with opened(ImpactForm(one), size) as (_, host):
        rows = host.form.query_one("#rows", ImpactRows)
        assert all(len(line) <= rows.scrollable_content_region.width for line in rows.text.splitlines())
        shown = "".join(rows.text.split())
        for words in (*names, foreign, NOT_YOURS, part.outcome):
            assert "".join(words.split()) in shown
        assert "…" not in rows.text


async def test_a_snapshot_that_another_image_uses_is_kept() -> None:
    async with opened(ImpactForm(impact("base", shared=True))) as (_, host):
        assert "snapshot 60 GiB: kept, heir uses it" in host.form.query_one("#rows", ImpactRows).text


@pytest.mark.parametrize(
    ("names", "typed", "count"), [(("base",), "base", 1), (("base",), "ami-00000000000000000", 1), (("a", "b"), "2", 2)]
)
async def test_the_name_or_id_of_one_or_the_count_of_several_removes_them(
    names: tuple[str, ...], typed: str, count: int
) -> None:
    async with opened(ImpactForm(impact(*names))) as (pilot, host):
        await write(pilot, typed)
        await pilot.press("enter")
        assert len(host.answer) == count


@pytest.mark.parametrize("typed", ["", "bas", "y", "1"])
async def test_the_wrong_words_remove_nothing(typed: str) -> None:
    async with opened(ImpactForm(impact("base"))) as (pilot, host):
        await pilot.press(*typed, "enter", "ctrl+s")
        assert host.answer is UNANSWERED
        assert "nothing was done" in error_of(host, "typed")


@pytest.fixture
def own_cloud(fresh_cloud: FreshCloud, enter_cloud: EnterCloud) -> Cloud:
    """A lived-in cloud that this test may change."""
    cloud = fresh_cloud()
    enter_cloud(cloud)
    return cloud


async def to_images(driven: Driven, name: str) -> Image:
    """The image of that name, with the cursor on it."""
    await driven.press("2")
    await driven.until(lambda: driven.view.pane == "images")
    await driven.until(lambda: name in {one.name for one in driven.fleet.images.values()})
    wanted = next(one for one in driven.fleet.images.values() if one.name == name)
    driven.view.services.select(wanted.id)
    await driven.until(lambda: driven.view.selected_image is not None and driven.view.selected_image.id == wanted.id)
    return wanted


async def test_x_on_an_image_deregisters_it_with_its_snapshots_after_its_name_was_typed(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        doomed = await to_images(driven, "train-cuda-12")
        await driven.press("X")
        sheet = await driven.opened(ImpactForm)
        assert "snapshot 100 GiB: deleted" in sheet.query_one("#rows", ImpactRows).text
        assert not calls(own_cloud, "DeregisterImage")
        await write(driven.pilot, "train-cuda-12")
        await driven.press("enter")
        await driven.home()
        await driven.until(lambda: doomed.id not in driven.fleet.images)
        assert len(calls(own_cloud, "DeregisterImage")) == 1
        assert len(calls(own_cloud, "DeleteSnapshot")) == len(doomed.snapshot_ids)
        assert not calls(own_cloud, "TerminateInstances")


async def test_marked_public_images_are_left_out_and_named(demo_env: Path) -> None:
    async with dashboard() as driven:
        await to_images(driven, "base")
        await driven.until(lambda: driven.fleet.public_images)
        await driven.press("a", "X")
        sheet = await driven.opened(ImpactForm)
        rows = sheet.query_one("#rows", ImpactRows).text
        assert "left out: not yours" in rows
        assert "to deregister" in str(sheet.query_one("#ask", Static).render())
        await driven.press("escape")
        await driven.home()


async def test_on_instances_the_same_key_still_terminates(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        await driven.press("X")
        sheet = await driven.opened(ImpactForm)
        assert "to terminate it" in str(sheet.query_one("#ask", Static).render())
        await driven.press("escape")
        await driven.home()
