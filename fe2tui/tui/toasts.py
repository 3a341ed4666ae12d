"""Fits the text of a toast to the screen: one line. A failure that does not fit says which key shows all of it."""

from __future__ import annotations

from fe2tui.tui.widgets.cells import clip, cut, wrap

MAX_PLAIN_LINES = 5  # of a text that is shown nowhere else, such as why a command is not available
FRAME_WIDTH = 3  # the border at its left, and a space at each side
SCROLLBAR_WIDTH = 2  # of the rack of toasts


def failure_text(text: str, width: int, key: str) -> str:
    """A failure in one line for a screen width. ``key`` shows all of it, and is named at the end."""
    end = f" · {key} shows it" if key else ""
    return clip(text, toast_width(width) - len(end)) + end


def plain_text(text: str, width: int) -> str:
    """A text in as many lines as it needs for a screen width, up to five."""
    line = toast_width(width)
    lines = wrap(text, line)
    if len(lines) > MAX_PLAIN_LINES:
        lines = [*lines[: MAX_PLAIN_LINES - 1], cut(" ".join(lines[MAX_PLAIN_LINES - 1 :]), line)]
    return "\n".join(line.rstrip() for line in lines)


def toast_width(width: int) -> int:
    """The width of a toast's text for a screen width, in cells."""
    return max(20, width - SCROLLBAR_WIDTH - FRAME_WIDTH)
