"""A long text in blocks: it scrolls, is searched, and is followed at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from fe2tui.tui.panes.details import Fact
from fe2tui.tui.panes.full_text import Block, FullText
from fe2tui.tui.theme import DARK, THEMES

BLOCKS = (
    Block("Cost", [Fact("An hour", "$0.10"), Fact("", "a sentence that is longer than the line is wide")]),
    Block("Tags", [Fact("", "env = prod")], command="tags", key="E", word="Edit"),
    Block("JSON", lines=[f'"key{number}": {number}' for number in range(40)]),
)


class Host(App[None]):
    CSS = "FullText { border: round white; scrollbar-size: 0 1; scrollbar-gutter: stable; }"

    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = DARK
        self.text = FullText(lambda: None, id="text", link_of={"vol-0a3b2194": "https://console/vol"}.get)
        self.performed: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.text

    def action_perform(self, command_id: str) -> None:
        self.performed.append(command_id)

    @property
    def lines(self) -> list[str]:
        return [self.text.render_line(y).text.rstrip() for y in range(self.text.scrollable_content_region.height)]


@asynccontextmanager
async def shown(blocks: Sequence[Block]) -> AsyncIterator[tuple[Host, Pilot[None]]]:
    host = Host()
    async with host.run_test(size=(40, 12)) as pilot:
        host.text.focus()
        host.text.show(blocks)
        await pilot.pause()
        yield host, pilot


async def test_blocks_have_titles_wrapped_facts_and_commands_and_are_gone_to_one_by_one() -> None:
    async with shown(BLOCKS) as (host, pilot):
        assert host.lines[0].startswith("Cost ──")
        assert host.lines[1] == "  An hour  $0.10"
        assert host.lines[2:4] == ["           a sentence that is longer", "           than the line is wide"]
        assert host.lines[5].startswith("Tags ─") and host.lines[5].endswith("E Edit")
        await pilot.click("#text", offset=(35, 6))
        assert host.performed == ["tags"]
        block = host.text.current_block
        assert block is not None and (block.title, block.text) == ("Tags", "env = prod")
        await pilot.press("tab")
        assert host.lines[0].startswith("JSON ──")
        block = host.text.current_block
        assert block is not None and block.text.splitlines()[1] == '"key1": 1'
        await pilot.press("shift+tab", "G")
        block = host.text.current_block
        assert block is not None and block.title == "JSON"  # Tags has left the view
        await pilot.press("g")
        assert host.lines[0].startswith("Cost")
        selected = host.text.get_selection(Selection(Offset(2, 1), Offset(9, 1)))
        assert selected == ("An hour", "\n")


async def test_a_search_goes_from_place_to_place_and_the_end_is_followed() -> None:
    async with shown(BLOCKS) as (host, pilot):
        host.text.search("KEY3")
        assert host.text.match_text == "1 of 11" and '  "key3": 3' in host.lines
        await pilot.press("n")
        assert host.text.match_text == "2 of 11" and '  "key30": 30' in host.lines
        await pilot.press("N", "N")
        assert host.text.match_text == "11 of 11" and '  "key39": 39' in host.lines
        host.text.search("nowhere")
        assert host.text.match_text == "not found"
        host.text.search("")
        await pilot.press("G")
        assert host.text.is_at_end
        host.text.follows_end = True
        host.text.show([*BLOCKS[:2], BLOCKS[2]._replace(lines=[*BLOCKS[2].lines, "the newest line"])])
        await pilot.pause()
        assert host.lines[-1] == "  the newest line"
        await pilot.press("ctrl+u")
        top = host.lines[0]
        host.text.show(BLOCKS)
        await pilot.pause()
        assert host.lines[0] == top


async def test_ids_are_links_where_there_is_a_page_for_them() -> None:
    async with shown([Block("Disks", [Fact("Root", "vol-0a3b2194 of i-0a3b2194")])]) as (host, _):
        linked = [(segment.text, segment.style.link) for segment in host.text.render_line(1) if segment.style]
        assert [(text, link) for text, link in linked if link] == [("vol-0a3b2194", "https://console/vol")]
