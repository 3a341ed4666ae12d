"""Spans, which are texts that run a command when they are clicked, and a widget that draws one line of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.strip import Strip
from textual.widget import Widget

from fe2tui.tui.theme import line_styles


class Span(NamedTuple):
    """A text in a style of ``LineStyles``.

    ``command`` is the id of the command that a click runs, or ``key:enter``, which presses that key; ``link`` is an
    address that the terminal opens. Both are empty for none.
    """

    text: str
    style: str = "text"
    command: str = ""
    link: str = ""


NEW_LINE = Span("\n")
"""The spans after it are on the next line."""


def click_meta(command: str) -> dict[str, str]:
    """What Textual finds in the style of a text that is clicked: the action that runs a command."""
    if command.startswith("key:"):
        return {"@click": f"app.simulate_key({command.removeprefix('key:')!r})"}
    return {"@click": f"app.perform({command!r})"}


@lru_cache(maxsize=512)
def _span_style(style: Style, background: Style, command: str) -> Style:
    return style + background + Style(meta=click_meta(command)) if command else style + background


def spans_width(spans: Sequence[Span]) -> int:
    return sum(cell_len(span.text) for span in spans)


class TextLine(Widget):
    """A line of spans, or several. ``spans`` gives them for a width."""

    ALLOW_SELECT = False

    def __init__(self, spans: Callable[[int], Sequence[Span]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.set_reactive(Widget.auto_links, False)  # the mouse does not highlight what can be clicked
        self._get_spans = spans
        self._drawn_spans: list[Span] = []
        self._line_count = 1
        self._tint: Color | None = None

    def set_background(self, colour: str) -> bool:
        """Set the colour behind the line; empty for none. Returns False if Textual does not know the colour."""
        try:
            self._tint = Color.parse(colour) if colour else None
        except ColorParseError:
            return False
        self.refresh()
        return True

    def redraw(self) -> None:
        """Repaint the line if its spans have changed."""
        if not self.is_attached:
            return
        spans = list(self._get_spans(self.size.width))
        line_count = 1 + spans.count(NEW_LINE)
        if line_count != self._line_count:
            self.styles.height = self._line_count = line_count
        if spans != self._drawn_spans:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        styles, width = line_styles(self.app.theme_variables), self.size.width
        self._drawn_spans = list(self._get_spans(width))
        tint = self._tint
        background = Style(bgcolor=styles.background.blend(tint, 0.45).rich_color) if tint is not None else Style()
        segments = [
            Segment(span.text, _span_style(styles[span.style], background, span.command))
            for span in _line_of(self._drawn_spans, y)
        ]
        return Strip(segments).adjust_cell_length(width, styles["text"] + background)


def _line_of(spans: Sequence[Span], number: int) -> Iterator[Span]:
    line = 0
    for span in spans:
        if span is NEW_LINE:
            line += 1
        elif line == number:
            yield span
