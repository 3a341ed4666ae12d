"""The picker of instance types: everything about every type, found by a few keys."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from textual.content import Content
from textual.widgets import Input, OptionList

from fe2tui.errors import DeniedError, UnreachableError
from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.tui.forms.picker import Picker
from fe2tui.tui.forms.type_picker import TypePicker, TypeTable
from tests.tui.form_host import UNANSWERED, Host, cut_off, opened, said, until
from tests.tui.type_lists import CATALOGUE, NOW, PRICES, TYPES, WIDEST, Shelf, column_titles, row_texts

KEYS = {
    ">": "greater_than_sign",
    "<": "less_than_sign",
    "=": "equals_sign",
    ":": "colon",
    ".": "full_stop",
    " ": "space",
    "-": "minus",
}


def picker(shelf: Shelf | None = None, **more: Any) -> TypePicker:
    return TypePicker((shelf or Shelf()).source, region="us-east-2", clock=lambda: NOW, **more)


def table(host: Host) -> TypeTable:
    return host.form.query_one(TypeTable)


def listed(host: Host) -> list[str]:
    return list(table(host).types.ids)


def about(host: Host) -> str:
    return said(host, "#about")


def not_arm(kind: InstanceType) -> str | None:
    return "Arm; base is x86_64" if kind.architectures == ("arm64",) else None


async def type_in(pilot: Any, text: str) -> None:
    await pilot.press(*(KEYS.get(character, character) for character in text))
    await pilot.pause()


async def test_at_first_all_types_are_there_and_the_filter_has_the_focus() -> None:
    async with opened(picker()) as (_, host):
        assert listed(host) == [kind.name for kind in TYPES]
        assert "7 types" in said(host, "#said")
        assert isinstance(host.focused, Input)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("m5", ["m5.large", "m5.xlarge"]),
        ("vcpu>=32 mem>=32", ["g5.12xlarge", "p3.8xlarge", "u7in-16tb.224xlarge"]),
        ("gpu:a10g", ["g5.12xlarge"]),
        ("arch:arm64", ["c7g.large"]),
        ("price<0.1 -burstable", ["c7g.large", "m5.large"]),
        ("spot<4", ["m5.large", "p3.8xlarge"]),
        ("zone:2b gpu", ["g5.12xlarge"]),
    ],
)
async def test_words_and_comparisons_narrow_the_list_with_each_key(typed: str, names: list[str]) -> None:
    async with opened(picker()) as (pilot, host):
        await type_in(pilot, typed)
        assert listed(host) == names
        assert f"{len(names)} of 7 types" in said(host, "#said")


async def test_a_wrong_filter_says_what_is_wrong_and_shows_what_fits_the_rest_of_it() -> None:
    async with opened(picker()) as (pilot, host):
        await type_in(pilot, "m5 vcpu>many")
        assert listed(host) == ["m5.large", "m5.xlarge"]
        assert "“many” is not a number of vCPUs" in said(host, "#said")
        await pilot.click(TypeTable, offset=(table(host).render_line(0).text.index("GiB"), 0))
        assert listed(host) == ["m5.large", "m5.xlarge"]
        assert "“many” is not a number of vCPUs" in said(host, "#said")
        await pilot.press(*["backspace"] * 4)
        await pilot.pause()
        assert "2 of 7 types" in said(host, "#said")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("foo:bar", "There is no field “foo”"),
        ("gpu>=8", "“gpu” cannot be compared. Did you mean gpus>?"),
        ("network>100", "“network” cannot be compared. Did you mean net>?"),
    ],
)
async def test_a_term_that_makes_no_sense_hides_nothing_and_enter_picks_nothing_under_it(
    typed: str, words: str
) -> None:
    async with opened(picker()) as (pilot, host):
        await type_in(pilot, typed)
        assert words in said(host, "#said")
        assert len(listed(host)) == len(TYPES)
        await pilot.press("enter")
        assert host.answer is UNANSWERED
        await pilot.press("down", "enter")  # a row that a person went to is meant
        assert host.answer == "g5.12xlarge"


async def test_the_arrows_move_in_the_table_while_the_filter_keeps_the_focus_and_enter_picks() -> None:
    async with opened(picker()) as (pilot, host):
        await type_in(pilot, "m5")
        await pilot.press("down")
        assert isinstance(host.focused, Input)
        await pilot.press("enter")
        assert host.answer == "m5.xlarge"


async def test_a_name_typed_whole_is_the_one_that_enter_picks() -> None:
    large = replace(TYPES[2], name="am5.large")
    shelf = Shelf(TypeCatalogue({"am5.large": large, **CATALOGUE.types}, CATALOGUE.zones, NOW))
    async with opened(picker(shelf)) as (pilot, host):
        await type_in(pilot, "m5.large")
        assert listed(host)[0] == "am5.large"
        await pilot.press("enter")
        assert host.answer == "m5.large"


async def test_esc_leaves_with_nothing() -> None:
    async with opened(picker()) as (pilot, host):
        await pilot.press(*"m5", "escape")
        assert host.answer is None


async def test_enter_picks_nothing_where_nothing_fits() -> None:
    async with opened(picker()) as (pilot, host):
        await pilot.press(*"nosuch", "enter")
        assert host.answer is UNANSWERED


async def test_the_cursor_begins_at_the_present_type() -> None:
    async with opened(picker(current_type="p3.8xlarge")) as (_, host):
        assert table(host).cursor_id == "p3.8xlarge"
        assert table(host).types.cells("p3.8xlarge", ())[0][0] == "●"


@pytest.mark.parametrize(
    ("size", "titles"),
    [
        ((80, 24), ("TYPE", "vCPU", "GiB", " GPU", "ARCH", "$/H", "SPOT $")),
        (
            (120, 36),
            ("TYPE", "vCPU", "GiB", " GPU", "GPU GB", "ARCH", "NETWORK", "LOCAL DISK", "$/H", "SPOT $"),
        ),
    ],
)
async def test_columns_are_given_up_where_there_is_no_room_and_never_cut(
    size: tuple[int, int], titles: tuple[str, ...]
) -> None:
    every = {kind.name: kind for kind in (*TYPES, *WIDEST)}
    async with opened(picker(Shelf(TypeCatalogue(every, {}, NOW))), size) as (_, host):
        shown = table(host)
        assert column_titles(shown) == titles
        widths = [column.width for column in shown._renderer.layout.columns]
        for name in shown.types.ids:
            assert all(len(text) <= width for text, width in zip(row_texts(shown, name), widths, strict=True))
        assert not cut_off(host)
        assert host.form.query_one("#frame").max_scroll_y == 0


async def test_every_column_says_what_the_type_has_and_costs() -> None:
    async with opened(picker(), (200, 50)) as (_, host):
        assert row_texts(table(host), "g5.12xlarge") == (
            *("g5.12xlarge", "48", "192", " 4 × A10G", "24", "x86_64", "40 Gb/s", "3,800 GB", "5.6720", "–"),
        )
        assert row_texts(table(host), "m5.large")[-2:] == ("0.0960", "0.0349")


async def test_facts_without_a_column_are_shown_below_for_the_selected_type() -> None:
    async with opened(picker(current_type="m5.large")) as (pilot, host):
        words = about(host)
        for part in ("in 2a 2b 2c", "network ≤ 10 Gb/s", "boots legacy-bios or uefi", "spot 2b 0.0349, 2a 0.0351"):
            assert part in words
        await pilot.press("pagedown", "up")
        for part in ("t3.micro", "burstable", "free tier", "cannot hibernate"):
            assert part in about(host)


async def test_types_are_sorted_by_a_key_and_the_same_again_turns_them_round() -> None:
    async with opened(picker(), (120, 36)) as (pilot, host):
        for _ in range(2):
            await pilot.press("ctrl+o")
            await until(lambda: isinstance(host.screen, Picker))
            await pilot.press(*"dollars", "enter")
            await until(lambda: not isinstance(host.screen, Picker))
        assert listed(host)[0] == "p3.8xlarge"
        assert listed(host)[-1] == "u7in-16tb.224xlarge"  # its price is not known


async def test_types_are_sorted_by_a_click_on_a_title() -> None:
    async with opened(picker(), (120, 36)) as (pilot, host):
        line = table(host).render_line(0).text
        await pilot.click(TypeTable, offset=(line.index("$/H"), 0))
        assert listed(host)[0] == "t3.micro"
        assert isinstance(host.focused, Input)


async def test_a_double_click_picks() -> None:
    async with opened(picker(), (120, 36)) as (pilot, host):
        await pilot.click(TypeTable, offset=(8, 3), times=2)
        assert host.answer == "m5.large"


async def test_a_catalogue_that_is_still_being_read_says_so_and_fills_itself_in() -> None:
    shelf, there = Shelf(None), asyncio.Event()
    told = shelf.get

    async def get() -> TypeCatalogue:
        await there.wait()
        return await told()

    shelf.source = replace(shelf.source, read=get)
    async with opened(picker(shelf, current_type="m5.xlarge")) as (pilot, host):
        assert "Reading the instance types of us-east-2" in table(host).render_line(2).text
        await type_in(pilot, "m5")
        there.set()
        await until(lambda: listed(host) == ["m5.large", "m5.xlarge"])
        await pilot.press("enter")
        assert host.answer == "m5.large"


async def test_types_that_cannot_be_read_say_why() -> None:
    async with opened(picker(Shelf(None, error=UnreachableError("No answer.", "Is the network up?")))) as (_, host):
        await until(lambda: "No answer." in said(host, "#said"))
        assert "Is the network up?" in said(host, "#said")


async def test_prices_that_come_while_it_is_open_are_filled_in() -> None:
    shelf = Shelf(prices=Prices())
    async with opened(picker(shelf)) as (_, host):
        assert "prices unknown" in said(host, "#said")
        assert row_texts(table(host), "m5.large")[-2:] == ("–", "–")
        shelf.prices = PRICES
        await until(lambda: row_texts(table(host), "m5.large")[-2:] == ("0.0960", "0.0349"))
        assert "prices" not in said(host, "#said")


async def test_spot_prices_of_all_types_come_while_it_is_open_and_move_nothing() -> None:
    shelf, there = Shelf(), asyncio.Event()
    every = {(kind.name, "us-east-2c"): Decimal("0.0101") for kind in TYPES}

    async def read() -> Prices:
        await there.wait()
        return replace(PRICES, spot={**every, **PRICES.spot})

    shelf.spot = read
    async with opened(picker(shelf), (120, 36)) as (pilot, host):
        await type_in(pilot, "vcpu>0 nosuch:")
        await pilot.click(TypeTable, offset=(table(host).render_line(0).text.index("SPOT $"), 0))
        await pilot.press("down", "down")
        under, wrong = table(host).cursor_id, said(host, "#said")
        assert "There is no field" in wrong
        assert row_texts(table(host), "t3.micro")[-1] == "–"
        there.set()
        await until(lambda: row_texts(table(host), "t3.micro")[-1] == "0.0101")
        assert table(host).cursor_id == under
        assert said(host, "#said") == wrong


async def test_spot_prices_that_are_being_read_or_cannot_be_read_are_mentioned_in_the_summary() -> None:
    shelf, there = Shelf(), asyncio.Event()

    async def fail() -> Prices:
        await there.wait()
        raise DeniedError("You do not have permission for ec2:DescribeSpotPriceHistory.", "Ask for it.")

    shelf.spot = fail
    async with opened(picker(shelf), (120, 36)) as (pilot, host):
        assert said(host, "#said") == "7 types · reading spot prices …"
        there.set()
        await until(
            lambda: "7 types · spot prices could not be read: You do not have permission" in said(host, "#said")
        )
        await pilot.press("enter")
        assert host.answer == "c7g.large"


async def test_prices_from_a_thousand_dollars_have_room() -> None:
    dear = {"m5.large": Decimal("1234.5678"), "m5.xlarge": Decimal("98765.4321"), "t3.micro": Decimal("999.99995")}
    prices = replace(PRICES, on_demand=dear, spot={(name, "us-east-2a"): price for name, price in dear.items()})
    async with opened(picker(Shelf(prices=prices))) as (_, host):
        assert row_texts(table(host), "m5.large")[-2:] == ("1,234.57", "1,234.57")
        assert row_texts(table(host), "m5.xlarge")[-2:] == ("98,765", "98,765")
        widths = [column.width for column in table(host)._renderer.layout.columns]
        assert all(len(text) <= width for text, width in zip(row_texts(table(host), "t3.micro"), widths, strict=True))


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_titles_are_whole_whatever_it_is_sorted_by(size: tuple[int, int]) -> None:
    every = {kind.name: kind for kind in (*TYPES, *WIDEST)}
    async with opened(picker(Shelf(TypeCatalogue(every, {}, NOW))), size) as (pilot, host):
        for column in table(host)._renderer.layout.columns:
            await pilot.click(TypeTable, offset=(table(host).render_line(0).text.index(column.title.strip()), 0))
            await pilot.pause()
            assert all(title.strip() in table(host).render_line(0).text for title in column_titles(table(host)))


async def test_another_order_shows_what_comes_first_unless_the_cursor_was_moved() -> None:
    many = {name: kind for n in range(40) for kind in TYPES if (name := f"a{n}.{kind.name}")}
    every = {name: replace(kind, name=name) for name, kind in many.items()}
    async with opened(picker(Shelf(TypeCatalogue(every, {}, NOW))), (120, 36)) as (pilot, host):
        gpus = table(host).render_line(0).text.index("GPU")
        await pilot.click(TypeTable, offset=(gpus, 0))
        assert table(host).cursor_id == listed(host)[0] and every[listed(host)[0]].gpus == 4
        assert table(host).scroll_y == 0
        await pilot.press("down")
        under = table(host).cursor_id
        await pilot.click(TypeTable, offset=(gpus, 0))
        assert table(host).cursor_id == under != listed(host)[0]


@pytest.mark.parametrize("comes_later", [False, True])
@pytest.mark.parametrize("spot_comes", [False, True])
async def test_the_type_there_is_now_is_in_sight_at_first(comes_later: bool, spot_comes: bool) -> None:
    every = {f"a{n}.large": replace(TYPES[2], name=f"a{n}.large") for n in range(300)}
    catalogue = TypeCatalogue(every, {}, NOW)
    shelf, there = Shelf(None if comes_later else catalogue), asyncio.Event()

    async def get() -> TypeCatalogue:
        await there.wait()
        shelf.catalogue = catalogue
        return catalogue

    async def spot() -> Prices:
        await there.wait()
        return replace(PRICES, spot={("a200.large", "us-east-2a"): Decimal("0.01")})

    shelf.source = replace(shelf.source, read=get)
    shelf.spot = spot if spot_comes else None
    async with opened(picker(shelf, current_type="a200.large"), (120, 36)) as (pilot, host):
        there.set()
        await until(lambda: table(host).cursor_id == "a200.large")
        await pilot.pause(0.2)
        row = listed(host).index("a200.large") - round(table(host).scroll_y)
        assert 0 < row < table(host).size.height - 1


async def test_the_orders_are_offered_in_words_that_fit_what_is_sorted() -> None:
    async with opened(picker(), (120, 36)) as (pilot, host):
        await pilot.press("ctrl+o")
        await until(lambda: isinstance(host.screen, Picker))
        words = {str(option.prompt) for option in host.screen.query_one(OptionList).options}
        for order in ("architecture from a to z", "GPUs largest first", "vCPUs smallest first"):
            assert any(" ".join(each.split()) == order for each in words), words


async def test_old_prices_and_old_types_are_shown_with_their_age() -> None:
    shelf = Shelf(replace(CATALOGUE, read_at=NOW - timedelta(days=9)), replace(PRICES, read_at=NOW - timedelta(days=3)))
    async with opened(picker(shelf)) as (_, host):
        assert "types read 9d ago" in said(host, "#said")
        assert "prices 3d old" in said(host, "#said")


async def test_a_type_with_several_prices_links_to_the_price_list() -> None:
    shelf = Shelf(prices=replace(PRICES, on_demand={}, several=frozenset({"m5.large"})))
    async with opened(picker(shelf, current_type="m5.large"), (120, 36)) as (_, host):
        assert "several prices, see https://aws.amazon.com/ec2/pricing/on-demand/" in about(host)


async def test_those_that_cannot_be_chosen_are_shown_with_the_reason_when_asked_for() -> None:
    async with opened(picker(unfit_reason=not_arm)) as (pilot, host):
        assert "c7g.large" not in listed(host)
        assert "1 other cannot be chosen" in said(host, "#said")
        await pilot.press("ctrl+r")
        assert listed(host)[0] == "c7g.large"
        await type_in(pilot, "c7g")
        assert "WHY NOT" in column_titles(table(host))
        assert "Arm; base is x86_64" in row_texts(table(host), "c7g.large")[-1]
        assert about(host).startswith("× Arm; base is x86_64")
        await pilot.press("enter")
        assert host.answer is UNANSWERED
        assert "c7g.large cannot be chosen" in said(host, "#said")
        await pilot.press("ctrl+r")
        assert listed(host) == []


async def test_the_keys_in_the_lower_edge_can_be_clicked() -> None:
    async with opened(picker(unfit_reason=not_arm)) as (pilot, host):
        frame = host.form.query_one("#frame")
        edge = Content.from_markup(str(frame.border_subtitle)).plain
        assert edge == "enter Choose  ^o Sort  ^r Others  esc Leave"
        start = frame.region.right - 2 - len(edge)
        await pilot.click(offset=(start + edge.index("Others"), frame.region.bottom - 1))
        assert "c7g.large" in listed(host)


async def test_text_from_aws_is_never_markup() -> None:
    kind = InstanceType("x[b]9.large", 2, 4096, gpus=1, gpu_name="[red]", network="[/x] \x1b[31m")
    async with opened(picker(Shelf(TypeCatalogue({kind.name: kind}, {}, NOW))), (200, 50)) as (_, host):
        assert "[/x] \\x1b[31m" in about(host)
        assert "x[b]9.large" in about(host)
        assert "zones not known" in about(host)
        assert row_texts(table(host), kind.name)[-2:] == ("–", "–")


async def test_the_type_there_is_now_is_shown_and_not_picked() -> None:
    def fits(kind: InstanceType) -> str | None:
        return "current type" if kind.name == "m5.large" else not_arm(kind)

    async with opened(picker(unfit_reason=fits, current_type="m5.large")) as (pilot, host):
        assert table(host).cursor_id == "m5.large"
        assert "1 other cannot be chosen" in said(host, "#said")
        await pilot.press("enter")
        assert host.answer is UNANSWERED
        assert "m5.large cannot be chosen: current type" in said(host, "#said")
