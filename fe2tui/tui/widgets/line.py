"""One line of text spans that are drawn for a width and run commands on a click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color, ColorParseError
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from fe2tui.tui.theme import line_styles


class CommandRequested(Message):
    """Something that stands for a command was clicked; ``command`` is its id."""

    def __init__(self, command_id: str) -> None:
        super().__init__()
        self.command_id = command_id


class Span(NamedTuple):
    """A text, its ink, and the command that a click on it runs."""

    text: str
    style: str = "text"
    command: str = ""


class TextLine(Widget):
    """A line that draws what ``spans`` gives for a width. It is not focusable and has no children."""

    ALLOW_SELECT = False

    def __init__(self, spans: Callable[[int], Sequence[Span]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._get_spans = spans
        self._drawn_spans: list[Span] = []
        self._background = Style()

    def set_background(self, colour: str) -> bool:
        """Give the line a ground of its own colour; empty: none. Whether there is such a colour."""
        try:
            back = line_styles(self.app.theme_variables).background
            self._background = Style(bgcolor=back.blend(Color.parse(colour), 0.45).rich_color) if colour else Style()
        except ColorParseError:
            return False
        self.refresh()
        return True

    def redraw(self) -> None:
        """Draw again if it says something else than before."""
        if self.is_attached and list(self._get_spans(self.size.width)) != self._drawn_spans:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        styles, width = line_styles(self.app.theme_variables), self.size.width
        self._drawn_spans = list(self._get_spans(width))
        strip = Strip([Segment(span.text, styles[span.style] + self._background) for span in self._drawn_spans])
        return strip.adjust_cell_length(width, styles["text"] + self._background)

    def on_click(self, event: events.Click) -> None:
        """Run the command of the part that was clicked."""
        at = 0
        for span in self._drawn_spans:
            at += cell_len(span.text)
            if event.x < at:
                if span.command:
                    self.post_message(CommandRequested(span.command))
                return


def spans_width(spans: Sequence[Span]) -> int:
    """How many cells wide they are together."""
    return sum(cell_len(span.text) for span in spans)
