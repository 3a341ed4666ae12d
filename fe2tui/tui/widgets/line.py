"""One line of the screen, made of parts that give way when there is no room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color, ColorParseError
from textual.strip import Strip
from textual.widget import Widget

from fe2tui.tui.theme import inks
from fe2tui.tui.widgets.asked import Asked


class Span(NamedTuple):
    """A text, its ink, and the command that a click on it runs."""

    text: str
    ink: str = "text"
    command: str = ""


class Line(Widget):
    """A line that draws what ``spans`` gives for a width. It is not focusable and has no children."""

    ALLOW_SELECT = False

    def __init__(self, spans: Callable[[int], Sequence[Span]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spans = spans
        self._drawn: list[Span] = []
        self._tint = Style()

    def paint(self, colour: str) -> bool:
        """Give the line a ground of its own colour; empty: none. Whether there is such a colour."""
        try:
            back = inks(self.app.theme_variables).back
            self._tint = Style(bgcolor=back.blend(Color.parse(colour), 0.45).rich_color) if colour else Style()
        except ColorParseError:
            return False
        self.refresh()
        return True

    def redraw(self) -> None:
        """Draw again if it says something else than before."""
        if self.is_attached and list(self._spans(self.size.width)) != self._drawn:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        ink, width = inks(self.app.theme_variables), self.size.width
        self._drawn = list(self._spans(width))
        strip = Strip([Segment(span.text, ink[span.ink] + self._tint) for span in self._drawn])
        return strip.adjust_cell_length(width, ink["text"] + self._tint)

    def on_click(self, event: events.Click) -> None:
        """Run the command of the part that was clicked."""
        at = 0
        for span in self._drawn:
            at += cell_len(span.text)
            if event.x < at:
                if span.command:
                    self.post_message(Asked(span.command))
                return


def width_of(spans: Sequence[Span]) -> int:
    """How many cells wide they are together."""
    return sum(cell_len(span.text) for span in spans)
