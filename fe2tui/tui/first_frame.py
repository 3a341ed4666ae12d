"""The first frame: an empty dashboard that is drawn before anything but Textual is imported."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from fe2tui.tui.theme import line_styles


class FirstFrame(Widget):
    """Draws the whole frame; the main screen replaces it at once."""

    DEFAULT_CSS = "FirstFrame { width: 1fr; height: 1fr; }"
    ALLOW_SELECT = False

    def render_line(self, y: int) -> Strip:
        styles, (width, height) = line_styles(self.app.theme_variables), self.size
        text, line = styles["dim"], styles["accent"]
        if y == 0:
            parts = [Segment(" fe2tui  ", text), Segment("reading…".rjust(max(0, width - 10)), text)]
        elif y == 1:
            title = [Segment("1 ", styles["key"]), Segment("Instances ", styles["strong"])]
            parts = [Segment("╭─ ", line), *title, Segment(f"{'─' * max(0, width - 16)}╮", line)]
        elif y == height - 2:
            parts = [Segment(f"╰{'─' * max(0, width - 2)}╯", line)]
        elif y < height - 2:
            parts = [Segment("│", line), Segment(" " * max(0, width - 2), text), Segment("│", line)]
        else:
            parts = []
        return Strip(parts).adjust_cell_length(width, styles["text"])
