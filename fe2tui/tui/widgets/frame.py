"""The title in the upper edge of a frame: spans at the left and at the right, which run commands when clicked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from rich.style import Style as LineStyle
from textual.color import Color
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from fe2tui.tui.theme import line_styles
from fe2tui.tui.widgets.cells import clip
from fe2tui.tui.widgets.line import Span, click_meta, spans_width

_MARGIN = 3  # cells at each end: corner, line, space
_MIN_CLIPPED_WIDTH = 7  # cells that a clipped span needs to be readable


class Framed(Widget):
    """A widget with a frame whose title is made of spans. The last base class: Textual takes the style of the first."""

    _title_spans: tuple[Sequence[Span], Sequence[Span]] = ((), ())
    _written_title: Content | None = None

    def on_mount(self) -> None:
        self.set_reactive(Widget.auto_links, False)  # the mouse does not highlight what can be clicked
        self.app.theme_changed_signal.subscribe(self, lambda _: self._write_frame_title())

    def set_frame_title(self, left: Sequence[Span], right: Sequence[Span] = ()) -> None:
        """Write the title. Where the frame is narrow, the spans at the right are clipped first."""
        self._title_spans = (left, right)
        self._write_frame_title()

    def width_beside(self, left: Sequence[Span]) -> int:
        """The cells that are left for the spans at the right."""
        return max(0, self.outer_size.width - 2 * _MARGIN - spans_width(left) - 4)

    def on_resize(self) -> None:
        self._write_frame_title()

    def _write_frame_title(self) -> None:
        left, right = self._title_spans
        right = list(_clip_spans(right, self.width_beside(left)))
        fill = self.outer_size.width - 2 * _MARGIN - spans_width(left) - spans_width(right) - 2
        title = Content.assemble(*self._parts(left))
        if right and fill > 0:
            title = Content.assemble(title, f" {'─' * fill} ", *self._parts(right))  # the line has the frame's colour
        if self._written_title is None or not title.is_same(self._written_title):  # setting it repaints all rows
            self.border_title = self._written_title = title

    def _parts(self, spans: Sequence[Span]) -> list[tuple[str, Style]]:
        styles = line_styles(self.app.theme_variables)
        return [(span.text, _title_style(styles[span.style], span.command, span.link)) for span in spans]


@lru_cache(maxsize=512)
def _title_style(style: LineStyle, command: str, link: str) -> Style:
    colour = Color.from_rich_color(style.color) if style.color is not None else None
    shown = Style(foreground=colour, bold=style.bold, link=link or None)
    return shown + Style.from_meta(click_meta(command)) if command else shown


def _clip_spans(spans: Sequence[Span], width: int) -> Iterator[Span]:
    for span in spans:
        if width >= _MIN_CLIPPED_WIDTH or spans_width([span]) <= width:
            shown = span._replace(text=clip(span.text, width))
            width -= spans_width([shown])
            yield shown
