"""The spot pane of the dashboard, on a demo cloud."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from textual.widgets import Input

from fe2tui.demo import Cloud
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.spot_offers import SpotOffer
from fe2tui.tui.command_context import SpotChoice
from fe2tui.tui.forms.export import ExportForm
from fe2tui.tui.forms.form import Field
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.forms.picker import Picker
from fe2tui.tui.forms.type_picker import TypePicker, TypeTable
from fe2tui.tui.panes.spot_body import BESIDE_WIDTH, SpotBody
from fe2tui.tui.panes.spot_offers import OfferRows, OfferScope
from tests.hold import Hold
from tests.tui.driver import Driven, calls, dashboard
from tests.tui.form_host import write
from tests.tui.test_dashboard import shown

HISTORY = "DescribeSpotPriceHistory"


def body(driven: Driven) -> SpotBody:
    """What is in the pane."""
    found = driven.spot_pane.body
    assert found is not None
    return found


def choice(driven: Driven) -> SpotChoice:
    """What is chosen there."""
    return driven.view.spot


def is_charted(driven: Driven, name: str, days: int = 7) -> Callable[[], bool]:
    """Whether the picture of a type over so many days is drawn."""

    def holds() -> bool:
        chart = body(driven).price_chart.chart.chart
        drawn = chart is not None and body(driven).price_chart.chart.picture is not None
        return drawn and chart is not None and chart.type_name == name and (chart.end - chart.start).days == days

    return holds


def asked_for(cloud: Cloud) -> list[set[str]]:
    """The types of each call for histories; a call for the whole region names none."""
    found = [set(call["params"].get("InstanceType", ())) for call in calls(cloud, HISTORY)]
    return [types for types in found if types]


@asynccontextmanager
async def spot_pane(**settings: Any) -> AsyncIterator[Driven]:
    """The dashboard with the focus in the pane, when the region's types and prices and a first chart are there."""
    async with dashboard(**settings) as driven:
        await driven.press("3")
        await driven.until(lambda: driven.spot_pane.body is not None)
        await driven.until(lambda: (offer := body(driven).offer_pane.offer) is not None and offer.price is not None)
        await driven.until(lambda: choice(driven).type and is_charted(driven, choice(driven).type)())
        await driven.until(lambda: body(driven).offer_pane.table.has_focus)
        yield driven


async def filter_for(driven: Driven, text: str) -> None:
    """Show the types that fit, and go back to the list."""
    await driven.press("slash")
    await driven.until(lambda: isinstance(driven.app.focused, Input))
    await write(driven.pilot, text)
    await driven.press("enter")
    await driven.until(lambda: body(driven).offer_pane.table.has_focus)


async def test_it_is_made_when_it_is_first_looked_at_and_follows_the_selected_instance(demo_env: Path) -> None:
    async with dashboard(size=(80, 24)) as driven:
        await driven.go_to("train-resnet")
        assert driven.spot_pane.body is None
        await driven.press("3")
        await driven.until(lambda: driven.spot_pane.body is not None)
        await driven.until(is_charted(driven, "p3.8xlarge"))
        assert not choice(driven).is_pinned
        for part in ("p3.8xlarge · of train-resnet", "7 days", "on demand 12.24", "LOWEST", "TYPE", "l Launch"):
            await driven.until(lambda part=part: part in shown(driven), of=part)  # type: ignore[misc]


async def test_browsing_goes_from_families_to_types_to_zones_to_launching_there_and_back(demo_env: Path) -> None:
    async with spot_pane(size=(120, 36)) as driven:
        followed = choice(driven).type
        assert body(driven).offer_pane.table.cursor_id == followed
        await driven.press("escape")
        await driven.until(lambda: body(driven).offer_pane.offer_list.shows_families)
        await driven.press("home")
        first = body(driven).offer_pane.offer
        assert first is not None and first.type_count
        await driven.until(is_charted(driven, first.type.name))
        assert choice(driven).is_pinned
        await driven.press("enter")
        await driven.until(lambda: (offer := body(driven).offer_pane.offer) is not None and not offer.type_count)
        assert {one.type.family for one in body(driven).offer_pane.offers_in_view} == {first.name}
        await driven.press("enter")
        await driven.until(lambda: body(driven).zones.has_focus)
        cheapest = body(driven).zones.zone_rows.zones[0]
        assert choice(driven).zone == cheapest.zone
        assert f"Launch in {cheapest.zone.rsplit('-', 1)[-1]}" in shown(driven)
        await driven.press("down")
        await driven.until(lambda: choice(driven).zone == body(driven).zones.zone_rows.ids[1])
        wanted = choice(driven)
        await driven.press("enter")
        form = await driven.opened(LaunchForm)
        assert form.query_one("#type", Field).value == wanted.type
        await driven.until(lambda: f"Launches in {wanted.zone}" in shown(driven))
        await driven.press("escape")
        await driven.home()
        await driven.press("escape")
        await driven.until(lambda: body(driven).offer_pane.table.has_focus and not choice(driven).zone)
        await driven.press("escape")
        await driven.until(lambda: body(driven).offer_pane.offer_list.shows_families)
        assert body(driven).offer_pane.table.cursor_id == first.name
        await driven.press("escape")
        await driven.until(lambda: not choice(driven).is_pinned and choice(driven).type == followed)


async def test_a_filter_shows_types_with_the_prefix_first_and_charts_the_first(demo_env: Path) -> None:
    async with spot_pane() as driven:
        await filter_for(driven, "p3")
        await driven.until(is_charted(driven, "p3.2xlarge"))
        assert body(driven).offer_pane.offer_list.rows.ids[0] == "p3.2xlarge"
        assert choice(driven).is_pinned
        assert "/ p3" in shown(driven)
        await driven.until(lambda: "▁" in "".join(body(driven).offer_pane.table.visible_cells()[1][0]))
        await driven.press("down")
        await driven.until(is_charted(driven, "p3.8xlarge"))
        await driven.press("escape")
        await driven.until(
            lambda: (
                body(driven).offer_pane.offer_list.shows_families and body(driven).offer_pane.table.cursor_id == "p3"
            )
        )


async def test_a_zone_without_the_type_is_listed_also_if_the_types_come_after_the_prices(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    cloud = fresh_cloud()
    enter_cloud(cloud)
    offerings = Hold(cloud, "DescribeInstanceTypeOfferings")
    async with dashboard(size=(120, 36)) as driven:
        await driven.go_to("train-resnet")
        await driven.press("p")
        await driven.until(lambda: driven.spot_pane.body is not None)
        await driven.until(is_charted(driven, "p3.8xlarge"))
        assert "not offered" not in shown(driven)
        offerings.release()
        await driven.until(lambda: re.search(r"2c +not offered", shown(driven)))


async def test_days_the_cursor_in_time_and_what_is_taken_along(demo_env: Path, tmp_path: Path) -> None:
    async with spot_pane() as driven:
        name = choice(driven).type
        await driven.press("left_square_bracket")
        await driven.until(is_charted(driven, name, 3))
        await driven.press("right_square_bracket", "right_square_bracket")
        await driven.until(is_charted(driven, name, 30))
        await driven.press("left", "left")
        await driven.until(lambda: choice(driven).moment is not None)
        moment = choice(driven).moment
        chart = body(driven).price_chart.chart.chart
        assert moment is not None and chart is not None and chart.start < moment < chart.end
        await driven.press("shift+left")
        await driven.until(lambda: (at := choice(driven).moment) is not None and at < moment)
        at = choice(driven).moment
        assert at is not None and f"{at.astimezone():%H:%M}" in shown(driven)
        assert body(driven).offer_pane.table.has_focus
        for suffix in (".csv", ".svg"):
            await driven.press("e")
            form = await driven.opened(ExportForm)
            target = tmp_path / f"prices{suffix}"
            form.query_one("#path", Field).input.value = str(target)
            await driven.press("enter")
            await driven.until(target.exists)
            await driven.home()
        rows = list(csv.DictReader((tmp_path / "prices.csv").read_text().splitlines()))
        assert {row["type"] for row in rows} == {name}
        assert {row["zone"] for row in rows} == set(body(driven).zones.zone_rows.ids)
        assert (tmp_path / "prices.svg").read_text().startswith("<")
        await driven.press("y")
        await driven.opened(Picker)
        assert f"fe2 launch NAME --type {name} --spot" in shown(driven)
        await driven.press("escape")


async def test_what_is_passed_over_quickly_is_not_asked_for(cloud: Cloud, demo_env: Path) -> None:
    async with spot_pane() as driven:
        await filter_for(driven, "family:c5")
        await driven.press("home", "right_square_bracket", "right_square_bracket")
        await driven.until(is_charted(driven, body(driven).offer_pane.offer_list.rows.ids[0], 90))
        names = body(driven).offer_pane.offer_list.rows.ids
        await driven.until(lambda: all(body(driven).reader.history(name) for name in names))
        before = len(asked_for(cloud))
        for name in names[1:6]:
            driven.spot_pane.show_type(name)
        await driven.until(lambda: choice(driven).type == names[5] and not body(driven).price_chart.chart_title.status)
        await driven.until(is_charted(driven, names[5], 90))
        asked = asked_for(cloud)[before:]
        assert {name for types in asked for name in types} == {names[5]}
        assert len(asked) == 1


async def test_p_shows_the_type_of_an_instance_of_an_image_and_of_the_picker(demo_env: Path) -> None:
    async with dashboard(size=(80, 24)) as driven:
        await driven.go_to("base")
        await driven.press("p")
        await driven.until(lambda: driven.view.pane == "spot" and driven.spot_pane.body is not None)
        await driven.until(is_charted(driven, "m5.xlarge"))
        assert choice(driven).is_pinned
        await driven.press("p")
        await driven.until(lambda: not choice(driven).is_pinned)
        await driven.until(lambda: driven.fleet.images)
        await driven.press("2")
        trained = next(one for one in driven.fleet.images.values() if one.name == "train-cuda-12")
        driven.view.services.select(trained.id)
        await driven.until(
            lambda: driven.view.selected_image is not None and driven.view.selected_image.id == trained.id
        )
        await driven.press("p")
        made = {one.type for one in driven.fleet.instances.values() if one.image_id == trained.id}
        await driven.until(lambda: driven.view.pane == "spot" and choice(driven).type in made)
        driven.perform("types")
        picker = await driven.opened(TypePicker)
        await driven.until(lambda: picker.query_one("#types", TypeTable).types.ids)
        await write(driven.pilot, "g5.xlarge")
        await driven.press("ctrl+t")
        await driven.home()
        await driven.until(is_charted(driven, "g5.xlarge"))


async def test_what_may_not_be_read_is_said_in_the_charts_place(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    own = fresh_cloud()
    enter_cloud(own)
    own.control("/demo/faults", {"kind": "deny", "action": HISTORY})
    async with dashboard(size=(60, 24)) as driven:
        await driven.press("3")
        await driven.until(lambda: "ec2:DescribeSpotPriceHistory" in shown(driven))
        own.control("/demo/faults", method="DELETE")
        driven.spot_pane.show_type("m5.large")
        await driven.until(is_charted(driven, "m5.large"))
        await driven.until(lambda: body(driven).offer_pane.offer_list.catalogue is not None)
        catalogue = body(driven).offer_pane.offer_list.catalogue
        assert catalogue is not None
        no_spot = next(one.name for one in catalogue.types.values() if not one.spot)
        driven.spot_pane.show_type(no_spot)
        await driven.until(lambda: f"{no_spot} is not offered as a spot instance" in shown(driven))


async def test_it_fits_any_terminal(demo_env: Path) -> None:
    async with spot_pane(size=(80, 24)) as driven:
        for size in ((60, 20), (60, 24), (99, 30), (140, 40), (300, 60)):
            await driven.pilot.resize_terminal(*size)
            await driven.until(lambda size=size: driven.app.size == size)  # type: ignore[misc]
            await driven.until(lambda: all(part in shown(driven) for part in (choice(driven).type, "TYPE", "NOW")))
            view = body(driven).price_chart.chart
            await driven.until(lambda view=view: view.picture is not None and view.picture.width == view.size.width)  # type: ignore[misc]
            assert view.picture is not None and view.picture.canvas is not None
            zones = body(driven).zones
            assert zones.row_count == 3 and zones.size.height == 4


def test_a_wider_list_has_all_the_columns_of_a_narrower_one() -> None:
    gpu = InstanceType("p3.8xlarge", 32, 249_856, gpus=4, gpu_name="V100", spot=True)
    rows = OfferRows([SpotOffer("p3.8xlarge", gpu, "p3")], OfferScope(lambda name: None))
    shown = [{column.id for column in rows.layout(width).columns} for width in range(40, 160)]
    assert all(narrow <= wide for narrow, wide in pairwise(shown))
    assert {"vcpu", "gib", "on_demand"} <= shown[75 - 40]
    assert BESIDE_WIDTH >= 80 + 50  # the list beside the chart is as wide as a terminal of 80 columns
