"""The spot pane: the row under the cursor, the chart, its title and what is launched are of one type."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from fe2tui.model.spot import ZonePriceStats
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.panes.spot import ChartTitle, title_spans
from fe2tui.tui.panes.spot_price_chart import ZoneRow, ZoneRows
from tests.tui.driver import Driven, dashboard
from tests.tui.test_dashboard import shown
from tests.tui.test_spot_pane import body, choice, filter_for, is_charted, spot_pane


def titles(driven: Driven) -> list[str]:
    """The titles of the list's columns that have room, with the sign of the order."""
    line = body(driven).offer_pane.table.render_line(0)
    return "".join(segment.text for segment in line).split()


async def test_keys_typed_before_the_pane_is_there_are_its_own_and_enter_chooses_the_first_row(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("3", "/", *"p3.2xlarge", "enter")
        await driven.until(lambda: choice(driven).type == "p3.2xlarge")
        assert driven.is_home
        await driven.until(is_charted(driven, "p3.2xlarge"))
        assert choice(driven).is_pinned
        assert body(driven).offer_pane.table.cursor_id == "p3.2xlarge"
        await driven.press("l")
        form = await driven.opened(LaunchForm)
        assert form.query_one("#type").value == "p3.2xlarge"  # type: ignore[attr-defined]


async def test_the_title_names_what_is_drawn_while_something_else_is_read(demo_env: Path) -> None:
    async with spot_pane() as driven:
        pane, before = body(driven), choice(driven).type
        driven.spot_pane.show_type("r5.large")
        assert pane.price_chart.chart_title == ChartTitle(before, 7, "reading r5.large …", "accent")
        await driven.until(is_charted(driven, "r5.large"))
        assert pane.price_chart.chart_title == ChartTitle("r5.large", 7)
        driven.spot_pane.change_days(1)
        assert pane.price_chart.chart_title == ChartTitle("r5.large", 7, "reading 30 days …", "accent")
        await driven.until(is_charted(driven, "r5.large", 30))


async def test_the_cursor_is_on_the_type_that_is_charted(demo_env: Path) -> None:
    async with spot_pane() as driven:
        table = body(driven).offer_pane.table
        followed = choice(driven).type
        assert table.cursor_id == followed and not choice(driven).is_pinned
        await filter_for(driven, "p3")
        await driven.until(lambda: table.cursor_id == "p3.2xlarge" and choice(driven).type == "p3.2xlarge")
        driven.spot_pane.show_type("c5.large")
        await driven.until(lambda: table.cursor_id == "c5.large")
        assert not body(driven).offer_pane.offer_list.arrangement.filter.tests
        await driven.press("escape")
        await driven.until(lambda: table.cursor_id == "c5")
        for sort in ("price", "saves", "vcpu"):
            body(driven).offer_pane.sort_by(sort)
            offer = body(driven).offer_pane.offer
            assert offer is not None and offer.name == "c5"
            assert offer.type.name == choice(driven).type
        assert any("$/vCPU" in title and title != "$/vCPU" for title in titles(driven))
        assert "BEST" in titles(driven)
        assert "esc follow again" in shown(driven) and "/ to find: p3" in shown(driven)
        await driven.press("escape")
        await driven.until(lambda: table.cursor_id == followed and not choice(driven).is_pinned)


async def test_zones_without_the_type_are_named_and_nothing_is_launched_there(demo_env: Path) -> None:
    async with spot_pane() as driven:
        await filter_for(driven, "p3.8xlarge")
        await driven.until(is_charted(driven, "p3.8xlarge"))
        assert "not offered" in shown(driven)
        await driven.press("enter", "end")
        await driven.until(lambda: body(driven).zones.has_focus)
        await driven.until(lambda: body(driven).zones.cursor_id == body(driven).zones.zone_rows.ids[-1])
        assert body(driven).zones.chosen_zone == choice(driven).zone == ""


async def test_the_cursor_in_time_starts_with_either_arrow(demo_env: Path) -> None:
    async with spot_pane() as driven:
        await driven.press("right")
        await driven.until(lambda: choice(driven).moment is not None)


async def test_what_cannot_be_exported_says_why(demo_env: Path) -> None:
    async with spot_pane() as driven:
        catalogue = body(driven).offer_pane.offer_list.catalogue
        assert catalogue is not None
        name = next(one.name for one in catalogue.types.values() if not one.spot)
        driven.spot_pane.show_type(name)
        await driven.until(lambda: body(driven).price_chart.chart.chart is None)
        await driven.press("e")
        await driven.until(lambda: any(f"{name} is not offered" in toast for toast in driven.toasts))


def test_a_title_leaves_out_whole_parts() -> None:
    def said(room: int) -> list[str]:
        return [part.text for part in title_spans(ChartTitle("p3.8xlarge", 7), False, "train-resnet", "p3", room)]

    whole = said(200)
    assert "".join(whole) == "p3.8xlarge · of train-resnet · 7 days [ shorter  ] longer / p3"
    for room in range(8, 80):
        parts = said(room)
        assert len("".join(parts)) <= max(room, len("p3.8xlarge")), room
        assert set(parts) <= {*whole, " · 7d", " [ ", "]"}, room
        assert (" [ " in parts) == ("]" in parts), room
    assert "".join(said(42)) == "p3.8xlarge · of train-resnet · 7d [ ] / p3"


@pytest.mark.parametrize(("price", "width"), [("0.0759", 53), ("123.4567", 57)])
def test_the_prices_at_the_cursor_cost_no_other_column_where_a_shorter_title_fits(price: str, width: int) -> None:
    cost = Decimal(price)
    stats = ZonePriceStats("us-east-2a", cost, cost, cost, cost, Decimal("0.5"))
    rows = ZoneRows([ZoneRow("us-east-2a", stats=stats)])
    usual = [column.title for column in rows.layout(width).columns]
    with_cursor = rows.with_moment(datetime(2026, 11, 16, 14, tzinfo=UTC)).layout(width).columns
    assert usual == ["ZONE", "NOW", "LOWEST", "MEAN", "HIGHEST", "SAVES"]
    assert [column.title for column in with_cursor][:-1] == usual and with_cursor[-1].title.startswith("16 ")
    assert all(column.width >= len(price) for column in with_cursor[1:5])
