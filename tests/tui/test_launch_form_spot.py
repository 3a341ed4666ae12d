"""Spot in the launch form: prices side by side, the zone and the market chosen, nothing that was typed lost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.content import Content
from textual.widgets import Static

from fe2tui.errors import FieldError
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.launch import LaunchRequest, ZonePrice
from fe2tui.tui.forms import launch
from fe2tui.tui.forms.form import Field, FormRow
from fe2tui.tui.forms.launch import LaunchDefaults, LaunchForm
from fe2tui.tui.forms.launch_purchase import PurchasePrices, lay_out_items
from fe2tui.tui.forms.launch_suggestions import similar_types_filter
from fe2tui.tui.forms.radio import RadioLine
from tests.tui.form_host import UNANSWERED, Host, error_of, opened, said, text_of, until, write
from tests.tui.launch_plans import KIND, ZONES, Planned, place_of

SPOT = LaunchDefaults(type=KIND.name, market="spot")
PRICES = "On demand 12.240  Spot 2a 3.870 ◂ cheapest  2b 3.946  2c not offered"


async def at_once(host: Host, planned: Planned) -> None:
    """Wait until a plan is on the screen."""
    await until(lambda: planned.requests and "an hour" in said(host, "#cost"))


def focus(host: Host, part: str) -> None:
    host.form.query_one(part).focus()


async def test_the_on_demand_price_and_the_spot_price_of_each_zone_fit_a_small_terminal() -> None:
    planned = Planned()
    async with opened(planned.form()) as (_, host):
        await at_once(host, planned)
        assert said(host, "#prices") == PRICES
        assert "(•) on demand" in said(host, "#markets")
        assert planned.newest().market == "on-demand"
        assert "$12.25" in said(host, "#cost")
        assert host.form.query_one("#cost").region.bottom <= host.size.height


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_nothing_of_the_choice_is_cut(size: tuple[int, int]) -> None:
    planned = Planned()
    async with opened(planned.form(SPOT), size) as (_, host):
        await at_once(host, planned)
        for part in ("#markets", "#prices"):
            line = host.form.query_one(part, Static)
            assert all(len(row) <= line.content_size.width for row in str(line.render()).split("\n"))
            assert host.size.region.contains_region(line.region)
        assert host.form.query_one("#frame").max_scroll_y == 0


async def test_the_choice_of_spot_shows_its_cost_what_it_saves_and_what_happens_to_the_data() -> None:
    planned = Planned()
    async with opened(planned.form()) as (pilot, host):
        await at_once(host, planned)
        focus(host, "#markets")
        await pilot.press("right")
        await until(lambda: "$3.88" in said(host, "#cost"))
        assert planned.newest().market == "spot" and planned.newest().zone is None
        assert "disk is kept" in said(host, "#data")
        assert "68 % below on demand, or in 2b if 2a has no capacity" in said(host, "#zones")
        assert "while stopped" in said(host, "#cost")
        await pilot.press("right")
        await until(lambda: planned.newest().market == "spot-once")
        await until(lambda: "terminated and its disk deleted" in said(host, "#data"))
        assert "stopped" not in said(host, "#cost")


async def test_left_and_right_choose_among_the_prices_and_a_zone_not_on_offer_is_none_of_them() -> None:
    planned = Planned()
    async with opened(planned.form(SPOT)) as (pilot, host):
        await at_once(host, planned)
        focus(host, "#prices")
        await pilot.press("right", "right", "right")
        await until(lambda: planned.newest().zone == "us-east-2b")
        await until(lambda: "us-east-2b only" in said(host, "#zones"))
        assert "2b 3.946 ◂ only here" in said(host, "#prices")
        assert "cheapest" not in said(host, "#prices")
        await pilot.press("left")
        await until(lambda: planned.newest().zone is None)
        assert planned.newest().market == "spot"
        await pilot.press("left", "left")
        await until(lambda: planned.newest().market == "on-demand")
        assert host.form.query_one("#markets", RadioLine).chosen_id == "on-demand"


async def test_a_click_on_a_price_buys_at_that_price() -> None:
    planned = Planned()
    async with opened(planned.form()) as (pilot, host):
        await at_once(host, planned)
        for words, bought in (
            ("2b 3.9", ("spot", "us-east-2b")),
            ("2a 3.8", ("spot", None)),
            ("2a 3.8", ("spot", "us-east-2a")),
            ("2c not", ("spot", "us-east-2a")),
            ("On dem", ("on-demand", None)),
        ):
            await pilot.click("#prices", offset=place_of(host, words))
            await until(lambda: (planned.newest().market, planned.newest().zone) == bought)  # noqa: B023 - waited for


async def test_a_click_chooses_the_market() -> None:
    planned = Planned()
    async with opened(planned.form()) as (pilot, host):
        await at_once(host, planned)
        column = said(host, "#markets").index("one-time")
        await pilot.click("#markets", offset=(column, 0))
        await until(lambda: planned.newest().market == "spot-once")


async def test_the_price_on_demand_is_for_every_zone_and_the_way_back_to_spot_keeps_the_zone() -> None:
    planned = Planned()
    async with opened(planned.form(replace(SPOT, zone="us-east-2b"))) as (pilot, host):
        await at_once(host, planned)
        assert planned.newest().zone == "us-east-2b"
        focus(host, "#markets")
        await pilot.press("left")
        await until(lambda: planned.newest().market == "on-demand")
        assert planned.newest().zone is None
        await pilot.press("right")
        await until(lambda: planned.newest().zone == "us-east-2b")


async def test_enter_goes_through_every_part_of_the_form_and_launches_in_the_last_when_it_is_not_held_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launch, "READING_SECONDS", 60)
    planned = Planned()
    async with opened(planned.form()) as (pilot, host):
        await at_once(host, planned)
        await write(pilot, "box")
        seen = []
        for _ in range(10):
            focused = host.focused
            assert focused is not None
            row = next(
                (node.id for node in focused.ancestors_with_self if isinstance(node, FormRow | PurchasePrices)), ""
            )
            seen.append(row)
            await pilot.press("enter")
        assert seen[:9] == [
            "name", "image", "disk", "type", "key_name", "security_group", "market", "address", "iops",
        ]  # fmt: skip
        assert seen[9] == "prices"
        assert host.screen is host.form
        assert "enter Launch" in text_of(host) and "enter Next" not in text_of(host)
        await pilot.press("shift+tab")
        assert "enter Next" in text_of(host) and "^s Launch" in text_of(host)
        monkeypatch.setattr(launch, "READING_SECONDS", 0)
        await pilot.press("enter", "enter")
        await until(lambda: host.answer is not UNANSWERED)
        assert host.answer.name == "box"


async def test_a_launch_that_failed_is_in_the_form_again_as_it_was_typed() -> None:
    asked = LaunchRequest(
        "box", "base", "p3.8xlarge", 200, "other", security_group="web", iops=4000, zone="us-east-2b",
        address="198.51.100.7", market="spot-once",
    )  # fmt: skip
    planned = Planned()
    async with opened(planned.form(again=asked)) as (pilot, host):
        await at_once(host, planned)
        await pilot.press("ctrl+s")
        await until(lambda: host.screen is not host.form)
        assert host.answer == asked


@pytest.mark.parametrize("field", ["market", "zone"])
async def test_an_error_of_market_or_zone_is_shown_at_once_in_their_row(field: str) -> None:
    planned = Planned(errors=(FieldError(field, "AWS has none of these.", "Choose another."),))
    async with opened(planned.form(SPOT)) as (pilot, host):
        await at_once(host, planned)
        await write(pilot, "box")
        row = host.form.query_one("#market", FormRow)
        assert "none of these" in str(row.query_one(".error", Static).render())
        await pilot.press("ctrl+s")
        await until(lambda: host.focused is host.form.query_one("#markets"))
        assert row.error is not None


async def test_with_every_field_wrong_the_cost_stays_visible_and_each_field_reachable() -> None:
    names = ("name", "image", "disk", "type", "key_name", "security_group", "market", "address", "iops")
    wrong = tuple(FieldError(name, f"Something is wrong with the {name} here.", "Correct it.") for name in names)
    planned = Planned(errors=wrong)
    async with opened(planned.form(SPOT)) as (pilot, host):
        await until(lambda: "are right" in said(host, "#cost"))
        await pilot.press("ctrl+s")
        await until(lambda: host.form.query_one("#iops", FormRow).error)
        for name in names:
            row = host.form.query_one(f"#{name}", FormRow)
            row.query("Input, RadioLine").first().focus()
            await pilot.pause()
            assert host.size.region.contains_region(row.query_one(".label").region)
            cost = host.form.query_one("#cost")
            assert cost.region.height > 0 and host.size.region.contains_region(cost.region)


async def test_an_error_does_not_move_the_form_and_no_cost_is_shown_beside_it() -> None:
    planned = Planned()
    async with opened(planned.form(), (120, 36)) as (pilot, host):
        await at_once(host, planned)
        before = host.form.query_one("#type .label").region
        planned.errors = (FieldError("image", "p3.8xlarge is Intel or AMD, and base is for arm64.", "Choose another."),)
        planned.answers.clear()
        focus(host, "#type Input")
        await write(pilot, "x")
        await until(lambda: said(host, "#type .hint") == "")  # it was about another type
        planned.answers.set()
        await pilot.press("tab")
        await until(lambda: error_of(host, "image"))
        assert host.form.query_one("#image .label").region.y < before.y
        assert host.form.query_one("#name .label").region.y == before.y - 3
        assert said(host, "#cost") == "The cost is shown when image, disk and type are right."
        assert said(host, "#zones") == ""
        planned.errors = ()
        focus(host, "#disk Input")
        await write(pilot, "80.5")
        await until(lambda: "is not a number" in error_of(host, "disk") or host.form.query_one("#disk .hint").size)
        await until(lambda: said(host, "#disk .hint") == "GiB gp3")
        assert "$" not in said(host, "#cost")


async def test_prices_that_are_still_being_read_are_looked_up_and_not_unknown() -> None:
    planned = Planned(price_is_pending=True)
    async with opened(planned.form()) as (_, host):
        assert said(host, "#cost") == "Looking up the cost …"
        await until(lambda: planned.requests and "looking up" in said(host, "#prices"))
        assert said(host, "#cost") == "Looking up the cost …"
        planned.price_is_pending = False
        await at_once(host, planned)
        assert "On demand 12.240" in said(host, "#prices")


async def test_what_was_typed_into_a_form_that_is_left_is_kept_until_a_new_one_is_asked_for() -> None:
    planned = Planned()
    async with opened(planned.form()) as (pilot, host):
        await at_once(host, planned)
        await pilot.press("escape")
        assert isinstance(host.form, LaunchForm) and host.form.draft is None
    async with opened(planned.form()) as (pilot, host):
        await at_once(host, planned)
        await write(pilot, "mine")
        await pilot.press("escape")
        assert isinstance(host.form, LaunchForm) and host.form.draft is not None
        draft = host.form.draft
    async with opened(planned.form(draft=draft)) as (pilot, host):
        await at_once(host, planned)
        name = host.form.query_one("#name", Field)
        assert (name.value, planned.newest().name) == ("mine", "mine")
        await pilot.press("ctrl+n")
        assert name.value == ""
        await pilot.press("escape")
        assert isinstance(host.form, LaunchForm) and host.form.draft is None


@pytest.mark.parametrize(
    ("zones", "words"),
    [
        ((), "On demand 12.240"),
        ((ZONES[2],), "On demand 12.240   Spot not offered here"),
        (
            (ZonePrice("us-east-2a", None),),
            "On demand 12.240   Spot 2a price unknown ◂ tried first",
        ),
        (
            (ZonePrice("us-east-2a", Decimal("0.0031")),),
            "On demand 12.2400   Spot 2a 0.0031 ◂ cheapest",
        ),
    ],
)
async def test_missing_prices_are_called_unknown_or_not_offered(zones: tuple[ZonePrice, ...], words: str) -> None:
    planned = Planned(zones)
    async with opened(planned.form()) as (_, host):
        await at_once(host, planned)
        assert said(host, "#prices") == words


async def test_of_a_type_that_is_never_spot_no_spot_price_can_be_chosen() -> None:
    planned = Planned(kind=replace(KIND, spot=False))
    async with opened(planned.form()) as (_, host):
        await at_once(host, planned)
        assert said(host, "#prices") == "On demand 12.240   Spot never for this type"
        assert not host.form.query_one("#prices").focusable


async def test_what_launches_is_what_is_on_the_screen_however_soon_after_the_last_key() -> None:
    planned = Planned()
    async with opened(planned.form()) as (pilot, host):
        await at_once(host, planned)
        await write(pilot, "bo")
        await until(lambda: planned.newest().name == "bo")
        host.form.query_one("#name", Field).input.value = "box"
        host.form.query_one(RadioLine).action_step(1)
        host.form.query_one(RadioLine).action_step(1)
        cast("LaunchForm", host.form).action_submit()
        await until(lambda: host.screen is not host.form)
        assert (host.answer.name, host.answer.market) == ("box", "spot-once")


@settings(max_examples=60)
@given(st.lists(st.text("ab 1", min_size=1, max_size=20), min_size=1, max_size=8), st.integers(20, 60))
def test_items_of_a_line_fit_its_width_and_clicks_hit_them(texts: list[str], width: int) -> None:
    items = [(str(number), Content(text)) for number, text in enumerate(texts)]
    lines, hits = lay_out_items(items, width, 2)
    assert all(line.cell_length <= width for line in lines)
    assert [(lines[row].plain[start:end], what) for row, start, end, what in hits] == [
        (text, str(number)) for number, text in enumerate(texts)
    ]


def test_another_type_is_looked_for_among_those_with_as_much_the_cheapest_first() -> None:
    from fe2tui.model.instance_type import TypeCatalogue

    catalogue = TypeCatalogue({KIND.name: KIND, "t3.micro": InstanceType("t3.micro", 2, 1024)}, {})
    look = similar_types_filter(catalogue, KIND.name, "spot")
    assert look is not None
    assert (look.filter, look.sort) == ("vcpu>=32 mem>=244 gpus>=4 spot -type:p3.8xlarge", "spot")
    small = similar_types_filter(catalogue, "t3.micro", "on-demand")
    assert small is not None
    assert (small.filter, small.sort) == ("vcpu>=2 mem>=1 -type:t3.micro", "price")
    assert similar_types_filter(None, KIND.name, "spot") is None
    assert similar_types_filter(catalogue, "x9.large", "spot") is None
