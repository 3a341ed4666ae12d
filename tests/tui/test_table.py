"""The table: it follows instances, not row numbers, and draws only what is in sight."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from fe2tui.model.fleet import Fleet, InstanceUsage
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_filter import INSTANCE_LANGUAGE
from fe2tui.settings import Settings
from fe2tui.tui.list_model import Arrangement, ListRows
from fe2tui.tui.panes.instance_columns import InstanceRowScope
from tests.tui.fleets import NOW, fleet, instance, many
from tests.tui.list_host import ListHost, instance_spec


class Host(ListHost[Instance, InstanceRowScope]):
    """The list of instances and nothing else."""

    def __init__(self, columns: Sequence[str] = ()) -> None:
        super().__init__(instance_spec(Settings(columns=tuple(columns))), "connect")

    def show(self, seen: Fleet, text: str = "") -> None:
        self.model.rearrange(Arrangement(INSTANCE_LANGUAGE.parse(text)))
        self.model.set_fleet(seen)

    @property
    def cursor_name(self) -> str:
        assert self.table.cursor_id is not None
        return self.model.items[self.table.cursor_id].name


@asynccontextmanager
async def table(
    seen: Fleet, size: tuple[int, int] = (120, 24), columns: Sequence[str] = ()
) -> AsyncIterator[tuple[Host, Pilot[None]]]:
    host = Host(columns)
    async with host.run_test(size=size) as pilot:
        host.table.focus()
        host.show(seen)
        await pilot.pause()
        yield host, pilot


def named(*names: str) -> list[Instance]:
    return [instance(number, name) for number, name in enumerate(names)]


async def test_the_keys_of_vim_move_by_half_pages_by_pages_and_to_the_ends() -> None:
    async with table(fleet(named(*(f"n{number:03}" for number in range(100))))) as (host, pilot):
        page = host.table.scrollable_content_region.height - 1
        for key, row in (
            ("G", 99),
            ("g", 0),
            ("ctrl+d", round(page / 2)),
            ("ctrl+f", round(page / 2) + page),
            ("ctrl+b", round(page / 2)),
            ("ctrl+u", 0),
            ("ctrl+u", 0),
            ("j", 1),
        ):
            await pilot.press(key)
            assert host.cursor_name == f"n{row:03}", key


async def test_the_cursor_stays_on_its_instance_when_others_come_and_go() -> None:
    async with table(fleet(named("b", "d", "f"))) as (host, pilot):
        await pilot.press("down")
        assert host.cursor_name == "d"
        host.show(fleet([*named("b", "d", "f"), instance(9, "a"), instance(8, "c")]))
        assert host.cursor_name == "d"
        host.show(fleet(named("b", "d", "f")[1:]))
        assert host.cursor_name == "d"


async def test_the_cursor_stays_near_when_its_instance_goes() -> None:
    async with table(fleet(named("a", "b", "c"))) as (host, pilot):
        await pilot.press("down")
        host.show(fleet([one for one in named("a", "b", "c") if one.name != "b"]))
        assert host.cursor_name == "c"


async def test_the_cursor_comes_back_when_the_filter_goes() -> None:
    async with table(fleet(named("a", "b", "c"))) as (host, pilot):
        await pilot.press("end")
        host.show(fleet(named("a", "b", "c")), "name:a")
        assert host.cursor_name == "a"
        host.show(fleet(named("a", "b", "c")))
        assert host.cursor_name == "c"


async def test_rows_do_not_move_under_the_cursor() -> None:
    async with table(many(200)) as (host, pilot):
        await pilot.press("pagedown", "pagedown", "up")
        height = round(host.table.scroll_y)
        row = host.model.rows.row_numbers[host.table.cursor_id or ""] - height
        host.show(fleet([*host.model.items.values(), *(instance(9000 + n, f"aa{n}") for n in range(7))]))
        await pilot.pause()
        assert host.model.rows.row_numbers[host.table.cursor_id or ""] - round(host.table.scroll_y) == row


async def test_an_instance_that_is_not_there_yet_is_selected_when_it_comes() -> None:
    async with table(fleet(named("a", "b"))) as (host, _):
        new = instance(50, "new")
        assert not host.table.go_to(new.id)
        host.show(fleet([*named("a", "b"), new]))
        assert host.cursor_name == "new"


async def test_marks_belong_to_instances_and_hidden_ones_do_not_count() -> None:
    async with table(fleet(named("a", "b", "c"))) as (host, _):
        host.table.mark()
        host.table.mark()
        host.show(fleet(named("a", "b", "c")), "name:b")
        assert [host.model.items[one].name for one in host.table.visible_marks()] == ["b"]
        host.show(fleet(named("a", "b", "c")[1:]))
        assert len(host.table.marks) == 1


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50), (44, 12)])
async def test_every_line_is_exactly_as_wide_as_the_table(size: tuple[int, int]) -> None:
    odd = ["[prod] web", "\x1b[31mred", "日本語の名前" * 8, "a" * 255, "مرحبا\u202e", "👩‍🚀 ops", ""]
    async with table(fleet([*named(*odd), instance(60, "gone", state=State.TERMINATED)]), size) as (host, _):
        width = host.table.scrollable_content_region.width
        for line in host.lines():
            assert cell_len(line) == width
        assert "[prod] web"[:8] in host.lines()[1] + host.lines()[2] + "".join(host.lines())
        assert "\x1b" not in "".join(host.lines())


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (80, "NAME STATE TYPE ADDRESS UP $/H"),
        (120, "NAME STATE TYPE ZONE ADDRESS UP $/H SO FAR $/MONTH CPU 1H"),
        (200, "NAME STATE TYPE ZONE ADDRESS UP $/H SO FAR $/MONTH CPU 1H ID KEY PRIVATE"),
    ],
)
async def test_a_width_shows_the_columns_drawn_for_it(width: int, titles: str) -> None:
    async with table(many(5), (width, 24)) as (host, _):
        assert " ".join(host.lines()[0].replace("▴", "").split()) == titles


async def test_the_arrow_of_the_order_is_never_cut() -> None:
    async with table(many(5), (120, 24)) as (host, _):
        for column, title in (("zone", "ZON▴"), ("state", "STATE ▴"), ("hour", "▾$/H")):
            host.pane.sort_by(column)
            assert title in host.lines()[0]


async def test_stopped_and_terminated_ones_have_no_address_no_uptime_and_their_last_name() -> None:
    stopped = instance(1, "off", state=State.STOPPED, transition_reason="User initiated (2026-11-21 12:00:00 GMT)")
    gone = instance(2, "", state=State.TERMINATED)
    usage = InstanceUsage(gone.id, "trainer", gone.type, NOW - timedelta(days=2), NOW - timedelta(days=1))
    seen = replace(fleet([stopped, gone, instance(3, "on")]), instance_usage={gone.id: (usage,)})
    async with table(seen, (120, 24)) as (host, _):
        _, off, on, trainer = (line.split() for line in host.lines()[:4])
        assert (on[1], off[2:4], trainer[1:3]) == ("on", ["off", "stopped"], ["trainer", "terminated"])
        assert stopped.private_ip not in off and gone.private_ip not in trainer
        assert off[7:9] == ["off", "2d"]
        assert host.model.counts == (2, 2)
        host.show(seen, "trainer")
        assert host.model.counts == (1, 3) and "trainer" in host.lines()[1]


async def test_nothing_but_the_name_is_cut() -> None:
    long = "a-name-of-sixty-characters-that-no-one-would-ever-type-twice"
    async with table(fleet([instance(3, long, state=State.SHUTTING_DOWN)]), (80, 24)) as (host, _):
        row = host.lines()[1]
        assert "shutting down" in row
        assert row.count("…") == 1


async def test_columns_can_be_chosen_and_a_tag_can_be_one() -> None:
    one = instance(1, "a", tags={"Name": "a", "team": "vision"})
    async with table(fleet([one]), columns=("name", "tag:team", "hour")) as (host, _):
        assert host.lines()[0].replace("▴", "").split() == ["NAME", "TEAM", "$/H"]
        assert "vision" in host.lines()[1]


async def test_the_ids_of_rows_are_links_to_the_console() -> None:
    async with table(fleet(named("base")), (60, 10), columns=("name", "id")) as (host, _):
        host.table.set_link_of(lambda resource_id: f"https://console/{resource_id}")
        host.table.recolour()
        linked = [(one.text.strip(), one.style.link) for one in host.table.render_line(1) if one.style]
        (row_id,) = host.model.items
        assert [(text, link) for text, link in linked if link] == [(row_id, f"https://console/{row_id}")]


async def test_twenty_thousand_rows_cost_what_is_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    drawn: list[str] = []
    async with host.run_test(size=(120, 36)) as pilot:
        host.table.focus()
        host.show(many(20_000))
        while not host.model.rows.ids:
            await pilot.pause(0.01)
        plain = ListRows.cells

        def counted(self: ListRows[Instance, InstanceRowScope], row_id: str, columns: Any) -> object:
            drawn.append(row_id)
            return plain(self, row_id, columns)

        monkeypatch.setattr(ListRows, "cells", counted)
        await pilot.press("end", "home", "pagedown", "down", "up")
        assert host.table.scroll_y >= 0
    assert 0 < len(drawn) < 500


async def test_what_changed_glows_and_then_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fe2tui.tui.widgets.table.GLOW_SECONDS", 0.1)
    async with table(fleet(named("a", "b"))) as (host, pilot):
        plain = host.table.render_line(2)
        second = next(one for one in named("a", "b") if one.name == "b")
        changed = replace(second, tags={"Name": "b", "x": "y"})
        host.show(fleet([named("a", "b")[0], changed]))
        await pilot.pause()
        assert host.table.render_line(2) != plain
        for _ in range(100):
            await pilot.pause(0.02)
            if host.table.render_line(2) == plain:
                break
        assert host.table.render_line(2) == plain


async def test_the_mouse_selects_opens_and_sorts() -> None:
    async with table(fleet(named("a", "b", "c"))) as (host, pilot):
        await pilot.click("#instances", offset=(10, 4))
        assert host.cursor_name == "c"
        await pilot.click("#instances", offset=(10, 3), times=2)
        assert host.heard == ["connect"]
        await pilot.click("#instances", offset=(6, 1))
        assert host.model.arrangement == Arrangement(descending=True)


async def test_an_empty_region_says_which_key_fills_it() -> None:
    async with table(fleet([])) as (host, _):
        said = "\n".join(host.lines())
        assert "No instances in us-east-2." in said
        assert "l launches one" in said


@pytest.mark.parametrize("width", [30, 60, 80, 120])
@pytest.mark.parametrize("rows", [0, 2])
async def test_what_a_list_says_of_itself_is_wrapped_and_never_cut(width: int, rows: int) -> None:
    words = "The images could not be read: ec2:DescribeImages is not allowed. Ask who runs the account for the right."
    async with table(many(rows) if rows else fleet([]), (width, 20)) as (host, pilot):
        host.table.empty_lines = host.table.lines_below = ((words, "trouble"), ("ctrl+r tries again at once", "accent"))
        host.table.recolour()
        await pilot.pause()
        said = " ".join(" ".join(line.strip() for line in host.lines()).split())
        assert f"{words} ctrl+r tries again at once" in said


async def test_without_prices_money_is_a_dash_and_never_a_guess() -> None:
    seen = many(3)
    async with table(replace(seen, prices=type(seen.prices)())) as (host, _):
        assert "0.000" not in host.lines()[1]
        assert "–" in host.lines()[1]


async def test_ages_go_on_without_a_read() -> None:
    young = instance(1, "young", launched_at=NOW)
    async with table(fleet([young])) as (host, pilot):
        assert " 0s " in host.lines()[1]
        host.now = datetime.fromtimestamp(NOW.timestamp() + 41, NOW.tzinfo)
        host.table.redraw()
        await pilot.pause()
        assert " 41s " in host.lines()[1]


async def test_a_row_that_is_drawn_again_is_so_in_every_style() -> None:
    async with table(fleet([instance(1, "young", launched_at=NOW)])) as (host, pilot):
        (young,) = host.table.ids_in_view
        assert " 0s " in host.lines()[1]
        host.screen.set_focus(None)
        await pilot.pause()
        assert " 0s " in host.lines()[1]
        host.now = NOW + timedelta(seconds=41)
        host.table.redraw_rows([young])
        host.table.focus()
        await pilot.pause()
        assert " 41s " in host.lines()[1]


async def test_young_rows_are_drawn_again_without_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async with table(fleet([instance(1), instance(2)])) as (host, pilot):
        await pilot.pause()
        young = host.table.ids_in_view[0]
        before = host.lines()[1:3]
        host.now = NOW + timedelta(seconds=1_000)
        drawn: list[str] = []
        monkeypatch.setattr(host.table, "refresh", lambda *regions, **_: drawn.append(str(regions)))
        host.table.redraw_rows([young, "i-not-there"])
        assert len(drawn) == 1
        host.table.redraw_rows([young])
        assert len(drawn) == 1  # nothing else has changed
        after = host.lines()[1:3]
        assert after[0] != before[0]
        assert after[1] == before[1]
