"""The list of images: what stands in it for a fleet, however many there are and whatever they are called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from fe2tui.model.fleet import Fleet, Prices, Problem
from fe2tui.model.image import Image
from fe2tui.tui.list_model import SMALL_FLEET, ListRows
from fe2tui.tui.panes.images import IMAGE_KIND, IMAGE_LIST_SPEC, ImageRowScope
from tests.tui.fleets import PLACE, fleet, image, instance, many, snapshots_of, with_images
from tests.tui.list_host import ListHost


class Host(ListHost[Image, ImageRowScope]):
    """The list of images and nothing else."""

    def __init__(self) -> None:
        super().__init__(IMAGE_LIST_SPEC, "launch")

    @property
    def names(self) -> list[str]:
        """What the first column says of each row."""
        return [cells[0] for cells in self.table.visible_cells()[1]]

    @property
    def frame(self) -> str:
        return str(self.table.border_title)


@asynccontextmanager
async def images(seen: Fleet | None, size: tuple[int, int] = (120, 24)) -> AsyncIterator[tuple[Host, Pilot[None]]]:
    host = Host()
    async with host.run_test(size=size) as pilot:
        host.pane.reset(PLACE)
        host.table.focus()
        if seen is not None:
            host.model.set_fleet(seen)
        await pilot.pause()
        yield host, pilot


async def until(holds: object, pilot: Pilot[None]) -> None:
    for _ in range(400):
        if callable(holds) and holds():
            return
        await pilot.pause(0.01)
    raise AssertionError("never held")


async def test_own_images_stand_above_public_ones_in_every_order() -> None:
    async with images(with_images(many(3), image(1, "zeta"), image(2, "base"))) as (host, _):
        assert host.names == [
            "base",
            "zeta",
            "amazon Amazon Linux 2023",
            "ubuntu Ubuntu 26.04 LTS",
            "ubuntu Ubuntu 26.04 LTS",
        ]
        host.pane.sort_by("name")
        assert host.names[:2] == ["zeta", "base"]
        host.pane.sort_by("age")
        assert set(host.names[:2]) == {"zeta", "base"}


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (80, "NAME STATE GiB ARCH AGE ≤$/MONTH USED"),
        (120, "NAME STATE GiB ARCH AGE ≤$/MONTH USED ID CREATED"),
        (200, "NAME STATE GiB ARCH AGE ≤$/MONTH USED ID CREATED FROM"),
    ],
)
async def test_a_width_shows_the_columns_drawn_for_it(width: int, titles: str) -> None:
    async with images(with_images(many(3), image(1)), (width, 24)) as (host, _):
        assert " ".join(host.lines()[0].replace("▴", "").split()) == titles


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (44, 12)])
async def test_every_line_is_exactly_as_wide_as_the_list_and_foreign_names_are_text(size: tuple[int, int]) -> None:
    odd = [
        "[bold]x[/]",
        "\x1b[31mred",
        "日本語の名前" * 8,
        "a-name-of-sixty-characters-that-no-one-would-ever-type-twi",
        "",
    ]
    own = [image(number, name) for number, name in enumerate(odd)]
    async with images(with_images(many(1), *own), size) as (host, _):
        width = host.table.scrollable_content_region.width
        for line in host.lines():
            assert cell_len(line) == width
        said = "\n".join(host.lines())
        assert "[bold]x" in said and "\x1b" not in said


async def test_a_row_says_state_size_cost_at_most_and_the_instances_made_from_it() -> None:
    base = image(1, "base", root_size=60, size=60)
    made = [instance(number, image_id=base.id) for number in range(3)]
    async with images(with_images(fleet(made), base)) as (host, _):
        row = host.lines()[1].split()
        assert row[:7] == ["▌", "●", "base", "available", "60", "x86_64", "2d"]
        assert row[7:9] == ["3.00", "3"]


async def test_a_pending_one_shows_its_percent_as_the_snapshots_do_and_glows_when_it_moves() -> None:
    base = image(1, "base", state="pending")
    seen = with_images(many(2), base, image(2, "other"))
    async with images(replace(seen, snapshots=snapshots_of(base, progress=0.25))) as (host, _):
        assert "pending 25 %" in host.lines()[1]
        host.model.set_fleet(replace(seen, snapshots=snapshots_of(base, progress=0.5)))
        assert "pending 50 %" in host.lines()[1]
        assert host.model.rows.changed_ids == {base.id}
        host.model.set_fleet(replace(seen, seen_at=host.now, snapshots=snapshots_of(base, progress=0.5)))
        assert host.model.rows.changed_ids == frozenset()


async def test_a_failed_one_is_marked_with_a_sign() -> None:
    async with images(with_images(many(1), image(1, "base", state="failed"))) as (host, _):
        assert host.lines()[1].split()[1:4] == ["▲", "base", "failed"]


async def test_the_cursor_stays_on_its_image_when_others_come_and_go() -> None:
    own = [image(number, name) for number, name in enumerate(("b", "d", "f"))]
    async with images(with_images(many(1), *own)) as (host, pilot):
        await pilot.press("down")
        assert host.table.cursor_id == own[1].id
        host.model.set_fleet(with_images(many(1), image(9, "a"), image(8, "c"), *own))
        assert host.table.cursor_id == own[1].id
        host.pane.sort_by("name")
        assert host.table.cursor_id == own[1].id


async def test_marks_belong_to_images_and_hidden_ones_do_not_count() -> None:
    own = [image(number, name) for number, name in enumerate(("a", "b"))]
    async with images(with_images(many(1), *own)) as (host, _):
        host.table.mark_all()
        host.model.rearrange(host.model.arrangement._replace(filter=IMAGE_KIND.filter_language.parse("own name:b")))
        assert host.table.visible_marks() == (own[1].id,)
        host.model.set_fleet(with_images(many(1), own[0]))
        host.model.rearrange(host.model.arrangement._replace(filter=IMAGE_KIND.filter_language.parse("")))
        assert own[1].id not in host.table.marks


async def test_before_the_first_read_and_before_images_are_read_it_says_so() -> None:
    async with images(None) as (host, _):
        assert "Reading us-east-2" in "\n".join(host.lines())
        host.model.set_fleet(many(2))
        assert "Reading us-east-2" in "\n".join(host.lines())
        assert host.pane.count_text == ""


async def test_without_images_of_its_own_an_account_sees_the_public_ones_and_is_told() -> None:
    async with images(with_images(many(1))) as (host, _):
        assert len(host.names) == 3
        assert "You have no images yet" in "\n".join(host.lines())
        assert host.pane.count_text == "0"


async def test_what_may_not_be_read_is_said_in_the_pane_and_the_rest_is_shown() -> None:
    refusal = Problem("images", "Not allowed: ec2:DescribeImages.", "Ask for that right.")
    async with images(replace(many(1), problems=(refusal,))) as (host, _):
        said = "\n".join(host.lines())
        assert "Not allowed: ec2:DescribeImages." in said and "Ask for that right." in said
        host.model.set_fleet(replace(with_images(many(1)), problems=(refusal,)))
        assert len(host.names) == 3
        assert "▲ Images not read" in host.frame
        assert "Not allowed: ec2:DescribeImages." in "\n".join(host.lines())


async def test_snapshots_that_may_not_be_read_leave_the_cost_a_dash_and_never_a_guess() -> None:
    refusal = Problem("snapshots", "Not allowed: ec2:DescribeSnapshots.")
    seen = replace(with_images(many(1), image(1, "base")), snapshots={}, problems=(refusal,))
    async with images(seen) as (host, _):
        assert host.lines()[1].split()[7] == "–"
        assert "▲ Snapshots not read" in host.frame
        host.model.set_fleet(replace(with_images(many(1), image(1, "base")), prices=Prices()))
        assert host.lines()[1].split()[7] == "–"


async def test_a_filter_that_nothing_fits_says_how_to_see_all_again() -> None:
    async with images(with_images(many(1), image(1))) as (host, _):
        host.model.rearrange(host.model.arrangement._replace(filter=IMAGE_KIND.filter_language.parse("arch:riscv")))
        assert "No image matches the filter." in "\n".join(host.lines())
        assert host.pane.count_text == "0 of 4"


async def test_hidden_rows_are_computed_only_when_they_are_shown() -> None:
    async with images(with_images(many(1), image(1))) as (host, _):
        host.model.set_in_view(False)
        host.model.set_fleet(with_images(many(1), image(1), image(2)))
        assert len(host.names) == 4
        assert host.pane.count_text == "2"
        host.model.set_in_view(True)
        assert len(host.names) == 5


async def test_large_fleets_are_gone_through_beside_the_screen() -> None:
    async with images(None) as (host, pilot):
        host.model.set_fleet(with_images(many(SMALL_FLEET + 1), image(1, "base")))
        assert host.model.rows.snapshot is None
        await until(lambda: "base" in host.names, pilot)


async def test_thousands_of_images_are_drawn_as_far_as_they_are_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    plain = ListRows.cells

    def counted(self: ListRows[Image, ImageRowScope], row_id: str, columns: object) -> object:
        drawn.append(row_id)
        return plain(self, row_id, columns)  # type: ignore[arg-type]

    monkeypatch.setattr(ListRows, "cells", counted)
    async with images(with_images(many(1), *(image(number) for number in range(3_000)))) as (_, pilot):
        await pilot.press("end", "home", "pagedown", "down")
    assert 0 < len(drawn) < 300


async def test_the_mouse_selects_opens_and_sorts() -> None:
    async with images(with_images(many(1), image(1, "a"), image(2, "b"))) as (host, pilot):
        await pilot.click("#images", offset=(10, 3))
        assert host.table.cursor_id == image(2).id
        await pilot.click("#images", offset=(10, 3), times=2)
        assert host.heard == ["launch"]
        await pilot.click("#images", offset=(6, 1))
        assert host.names[:2] == ["b", "a"]
