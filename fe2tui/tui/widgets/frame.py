"""What stands in the upper edge of a frame: parts at the left, parts at the right, each of them clickable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.color import Color
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from fe2tui.tui.widgets.cells import clipped

_BEFORE = 3  # corner, line, space


class Part(NamedTuple):
    """A text in a theme colour (``$`` and its variable's name without it); ``command`` is what a click on it runs."""

    text: str
    colour: str = "ink-dim"
    bold: bool = False
    command: str = ""


class Edge:
    """The upper edge of one widget's frame."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._spans: list[tuple[int, int, str]] = []

    def write(self, left: Sequence[Part], right: Sequence[Part] = ()) -> None:
        """Write the edge. What stands at the right gives way first, then the left is cut."""
        colours = self._widget.app.theme_variables
        width = max(0, self._widget.outer_size.width - 2 * _BEFORE)
        line = "accent" if self._widget.has_pseudo_class("focus-within") else "ink-faint"
        right = list(_clipped(right, self.room_beside(left)))
        fill = max(0, width - sum(cell_len(part.text) for part in (*left, *right)) - 2)
        parts = [*left, *((Part(f" {'─' * fill} ", line), *right) if right and fill else ())]
        self._spans, at = [], _BEFORE
        for part in parts:
            self._spans.append((at, at + cell_len(part.text), part.command))
            at += cell_len(part.text)
        self._widget.border_title = Content.assemble(
            *((part.text, Style(foreground=_colour(colours, part.colour), bold=part.bold or None)) for part in parts)
        )

    def room_beside(self, left: Sequence[Part]) -> int:
        """The cells that are left for what stands at the right."""
        return max(0, self._widget.outer_size.width - 2 * _BEFORE - sum(cell_len(part.text) for part in left) - 4)

    def command_at(self, x: int) -> str:
        """The command of the part at a column of the widget; empty when there is none."""
        return next((command for start, end, command in self._spans if start <= x < end), "")


def _clipped(parts: Sequence[Part], room: int) -> Iterator[Part]:
    """The parts that have room; the last of them cut, where enough of it is left to be read."""
    for part in parts:
        if room > 6 or cell_len(part.text) <= room:
            text = clipped(part.text, room)
            room -= cell_len(text)
            yield Part(text, part.colour, part.bold, part.command)


def _colour(colours: dict[str, str], name: str) -> Color:
    text = colours.get(name, "")
    return Color.parse(text if text and not text.startswith("auto") else "#808080")


Run = Callable[[str], None]
