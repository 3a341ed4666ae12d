"""A long text in blocks with titles: it scrolls, is searched, and its lines can be selected with the mouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from fe2tui.model.console_links import RESOURCE_ID
from fe2tui.tui.panes.details import Fact
from fe2tui.tui.theme import line_styles
from fe2tui.tui.widgets.cells import LinkOf, clip, no_link, wrap
from fe2tui.tui.widgets.frame import Framed
from fe2tui.tui.widgets.grid import Cell
from fe2tui.tui.widgets.line import click_meta
from fe2tui.tui.widgets.table import MOVEMENT_BINDINGS, page_step

MAX_LABEL_WIDTH = 16
_STYLES = {"foreground": "text", "ink-dim": "dim", "state-trouble": "trouble"}  # by the colour of a fact


class Block(NamedTuple):
    """A part of the text: facts, then ``lines`` as they are, all safe to show.

    ``command`` is the id of the command that enter runs in this block, ``key`` its own key, and ``word`` says what it
    does.
    """

    title: str
    facts: Sequence[Fact] = ()
    lines: Sequence[str] = ()
    command: str = ""
    key: str = ""
    word: str = ""

    @property
    def text(self) -> str:
        """The block as plain text."""
        labels = max((len(fact.label) for fact in self.facts), default=0)
        facts = [f"{fact.label:<{labels}}  {fact.text}".strip() if labels else fact.text for fact in self.facts]
        return "\n".join([*facts, *self.lines])


class _Line(NamedTuple):
    """``block`` is the number of the block that the line belongs to, -1 for the space between two."""

    block: int
    cells: tuple[Cell, ...]
    command: str = ""  # that a click on the last cell runs

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.cells)


class _Match(NamedTuple):
    line: int
    start: int
    end: int


class FullText(ScrollView, Framed, can_focus=True):
    """One block is the current one: its title is marked. It is the one that tab goes to, else the first in view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVEMENT_BINDINGS,
        Binding("space", "page(1)", show=False),
        Binding("tab", "step_block(1)", show=False),
        Binding("shift+tab", "step_block(-1)", show=False),
        Binding("n", "step_match(1)", show=False, id="next_match"),
        Binding("N", "step_match(-1)", show=False, id="previous_match"),
    ]

    def __init__(self, on_move: Callable[[], None], *, id: str, link_of: LinkOf = no_link) -> None:
        """``on_move`` is called when the current block or match has changed.

        ``link_of`` gives the address that the terminal opens for an id in the text.
        """
        super().__init__(id=id)
        self._on_move = on_move
        self._link_of = link_of
        self.follows_end = False
        """While the end of the text is in view, it stays in view when the text grows."""
        self._blocks: Sequence[Block] = ()
        self._lines: list[_Line] = []
        self._title_lines: list[int] = []  # of each block
        self._lines_width = 0
        self._current = 0
        self._query = ""
        self._matches: list[_Match] = []
        self._match = 0

    def show(self, blocks: Sequence[Block]) -> None:
        """Show these blocks. The view stays where it is, or at the end if it follows that."""
        blocks = tuple(blocks)
        if blocks == self._blocks:
            return
        was_at_end = self.follows_end and self.is_at_end
        self._blocks = blocks
        self._make_lines()
        if was_at_end and self.max_scroll_y:
            self.scroll_end(animate=False)

    @property
    def current_block(self) -> Block | None:
        return self._blocks[self._current] if self._current < len(self._blocks) else None

    @property
    def is_at_end(self) -> bool:
        return round(self.scroll_y) >= self.max_scroll_y

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self._lines)

    # Lines

    def _make_lines(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return  # not laid out yet
        self._lines_width = width
        self._lines, self._title_lines = [], []
        for number, block in enumerate(self._blocks):
            if number:
                self._lines.append(_Line(-1, ()))
            self._title_lines.append(len(self._lines))
            if block.title:
                self._lines.append(_title_line(number, block, width))
            self._lines += _block_lines(number, block, width)
        self._current = min(self._current, max(0, len(self._blocks) - 1))
        self.virtual_size = Size(width, len(self._lines))
        self._find_matches()
        self.refresh()

    def on_resize(self) -> None:
        self._make_lines()

    def render_line(self, y: int) -> Strip:
        styles, width = line_styles(self.app.theme_variables), self.scrollable_content_region.width
        number = round(self.scroll_y) + y
        if self._blocks and width != self._lines_width:
            self.call_later(self._make_lines)
        if number >= len(self._lines):
            return Strip.blank(width, styles["text"])
        line = self._lines[number]
        is_current = line.block == self._current and number == self._title_lines[line.block] and len(self._blocks) > 1
        segments = []
        for text, name in line.cells:
            style = styles["key" if is_current and name == "strong" else name]
            segments.append(Segment(text, style))
        if line.command and segments:
            last = segments[-1]
            meta = Style(meta=click_meta(line.command))
            segments[-1] = Segment(last.text, (last.style or Style()) + meta)
        strip = Strip(segments)
        for found in RESOURCE_ID.finditer(line.text):
            if (address := self._link_of(found[0])) is not None:
                cells = cell_len(line.text[: found.start()]), cell_len(line.text[: found.end()])
                strip = _styled(strip, *cells, Style(link=address))
        for at, match in enumerate(self._matches):
            if match.line == number:
                strip = _styled(strip, match.start, match.end, Style(reverse=True, bold=at == self._match))
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(number)) is not None:
            start, end = span
            end = len(line.text) if end == -1 else end
            cells = cell_len(line.text[:start]), cell_len(line.text[:end])
            strip = _styled(strip, *cells, self.screen.get_component_rich_style("screen--selection"))
        return strip.adjust_cell_length(width, styles["text"]).apply_offsets(0, number)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selection.extract(self.text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def recolour(self) -> None:
        self.refresh()

    # Scrolling

    def action_move(self, by: int) -> None:
        self.scroll_relative(y=by, animate=False)

    def action_page(self, by: float) -> None:
        self.scroll_relative(y=page_step(by, max(1, self.scrollable_content_region.height - 1)), animate=False)

    def watch_scroll_y(self, old: float, new: float) -> None:
        super().watch_scroll_y(old, new)
        if round(old) != round(new):
            self._follow_scrolling()

    def _follow_scrolling(self) -> None:
        """Make the first block whose title is in view the current one, if the current one is not in view."""
        top = round(self.scroll_y)
        bottom = top + self.scrollable_content_region.height
        if not self._title_lines or top <= self._title_lines[self._current] < bottom:
            self._on_move()
            return
        in_view = [number for number, line in enumerate(self._title_lines) if top <= line < bottom]
        above = [number for number, line in enumerate(self._title_lines) if line < top]
        self._current = in_view[0] if in_view else above[-1] if above else 0
        self._on_move()
        self.refresh()

    def action_step_block(self, by: int) -> None:
        self._go_to_block(self._current + by)

    def _go_to_block(self, number: int) -> None:
        if self._title_lines:
            self._current = number % len(self._title_lines)
            self.scroll_to(y=self._title_lines[self._current], animate=False)
            self._on_move()
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        number = round(self.scroll_y) + inside.y if inside is not None else len(self._lines)
        if number < len(self._lines) and self._lines[number].block >= 0:
            self._current = self._lines[number].block
            self._on_move()
            self.refresh()

    # Search

    @property
    def searched_text(self) -> str:
        return self._query

    @property
    def match_text(self) -> str:
        """``3 of 17``, ``not found``; empty without a search."""
        if not self._query:
            return ""
        return f"{self._match + 1:,} of {len(self._matches):,}" if self._matches else "not found"

    def search(self, query: str) -> None:
        """Show where a text is, upper and lower case alike, and go to the first place from the view on."""
        self._query = query.lower()
        self._find_matches()
        top = round(self.scroll_y)
        self._match = next((at for at, match in enumerate(self._matches) if match.line >= top), 0)
        self._show_match()

    def action_step_match(self, by: int) -> None:
        if self._matches:
            self._match = (self._match + by) % len(self._matches)
            self._show_match()

    def _find_matches(self) -> None:
        self._matches = []
        for number, line in enumerate(self._lines if self._query else ()):
            text = line.text.lower()
            start = text.find(self._query)
            while start >= 0:
                end = start + len(self._query)
                self._matches.append(_Match(number, cell_len(text[:start]), cell_len(text[:end])))
                start = text.find(self._query, end)
        self._match = min(self._match, max(0, len(self._matches) - 1))

    def _show_match(self) -> None:
        height = self.scrollable_content_region.height
        if self._matches:
            line, top = self._matches[self._match].line, round(self.scroll_y)
            if not top <= line < top + height:
                self.scroll_to(y=max(0, line - height // 3), animate=False)
        self._on_move()
        self.refresh()


def _title_line(number: int, block: Block, width: int) -> _Line:
    cells: list[Cell] = [(f"{block.title} ", "strong")]
    hint = f" {block.key or 'enter'} {block.word}" if block.word else ""
    fill = width - cell_len(block.title) - 1 - cell_len(hint)
    if fill > 0:
        cells.append(("─" * fill, "faint"))
    if hint and fill > 0:
        cells.append((hint, "accent"))
    return _Line(number, tuple(cells), block.command if hint else "")


def _block_lines(number: int, block: Block, width: int) -> list[_Line]:
    lines = []
    indent = 2 if block.title else 0
    longest = max((cell_len(fact.label) for fact in block.facts), default=0)
    label_width = min(longest, MAX_LABEL_WIDTH) + 2 if longest else 0
    for fact in block.facts:
        label = f"{'':{indent}}{clip(fact.label, MAX_LABEL_WIDTH):<{label_width}}"
        for text in wrap(fact.text, max(10, width - len(label))):
            lines.append(_Line(number, ((label, "dim"), (text, _STYLES.get(fact.colour, "text")))))
            label = " " * len(label)
    for text in block.lines:
        parts = chop_cells(text, max(10, width - indent)) or [""]
        lines += [_Line(number, ((" " * indent, "dim"), (part, "text"))) for part in parts]
    return lines


def _styled(strip: Strip, start: int, end: int, style: Style) -> Strip:
    """A strip with a style over some of its cells."""
    inside = Strip(Segment.apply_style(strip.crop(start, end), post_style=style))
    return Strip.join([strip.crop(0, start), inside, strip.crop(end)])
