"""What stands in the upper edge of a frame: parts at the left, parts at the right, each of them clickable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.color import Color
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from fe2tui.tui.widgets.cells import clip

_LEFT_MARGIN = 3  # corner, line, space


class TitlePart(NamedTuple):
    """A text in a theme colour (``$`` and its variable's name without it); ``command`` is what a click on it runs."""

    text: str
    colour: str = "ink-dim"
    bold: bool = False
    command: str = ""


class FrameTitle:
    """The upper edge of one widget's frame."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._click_spans: list[tuple[int, int, str]] = []

    def write(self, left: Sequence[TitlePart], right: Sequence[TitlePart] = ()) -> None:
        """Write the edge. What stands at the right gives way first, then the left is cut."""
        colours = self._widget.app.theme_variables
        width = max(0, self._widget.outer_size.width - 2 * _LEFT_MARGIN)
        line = "accent" if self._widget.has_pseudo_class("focus-within") else "ink-faint"
        right = list(_clip_parts(right, self.width_beside(left)))
        fill = max(0, width - sum(cell_len(part.text) for part in (*left, *right)) - 2)
        parts = [*left, *((TitlePart(f" {'─' * fill} ", line), *right) if right and fill else ())]
        self._click_spans, at = [], _LEFT_MARGIN
        for part in parts:
            self._click_spans.append((at, at + cell_len(part.text), part.command))
            at += cell_len(part.text)
        self._widget.border_title = Content.assemble(
            *((part.text, Style(foreground=_colour(colours, part.colour), bold=part.bold or None)) for part in parts)
        )

    def width_beside(self, left: Sequence[TitlePart]) -> int:
        """The cells that are left for what stands at the right."""
        return max(0, self._widget.outer_size.width - 2 * _LEFT_MARGIN - sum(cell_len(part.text) for part in left) - 4)

    def command_at(self, x: int) -> str:
        """The command of the part at a column of the widget; empty when there is none."""
        return next((command for start, end, command in self._click_spans if start <= x < end), "")


def _clip_parts(parts: Sequence[TitlePart], width: int) -> Iterator[TitlePart]:
    """The parts that have room; the last of them cut, where enough of it is left to be read."""
    for part in parts:
        if width > 6 or cell_len(part.text) <= width:
            text = clip(part.text, width)
            width -= cell_len(text)
            yield TitlePart(text, part.colour, part.bold, part.command)


def _colour(colours: dict[str, str], name: str) -> Color:
    text = colours.get(name, "")
    return Color.parse(text if text and not text.startswith("auto") else "#808080")


Run = Callable[[str], None]
