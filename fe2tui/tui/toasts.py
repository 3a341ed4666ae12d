"""Fits the text of a toast to the screen. A failure that does not fit says which key shows all of it."""

from __future__ import annotations

from rich.cells import cell_len

from fe2tui.tui.widgets.cells import cut, wrap

MAX_LINES = 3
MAX_PLAIN_LINES = 5  # of a text that is shown nowhere else
WIDTH_SHARE = 0.8  # of the screen's width, as in app.tcss
FRAME_WIDTH = 3  # the border at its left, and a space at each side
SCROLLBAR_WIDTH = 2  # of the rack of toasts


def failure_text(text: str, width: int, key: str) -> str:
    """A failure in at most three lines for a screen width. ``key`` shows all of it, and is named at the end."""
    line = toast_width(width)
    end = f" · {key} shows it" if key else ""
    lines = wrap(text, line)
    if cell_len(lines[-1]) + len(end) <= line and len(lines) <= MAX_LINES:
        lines[-1] += end
    elif len(lines) < MAX_LINES:
        lines.append(end.removeprefix(" · "))
    else:
        last = " ".join(lines[MAX_LINES - 1 :])
        lines = [*lines[: MAX_LINES - 1], cut(last, min(cell_len(last), line - len(end))) + end]
    return "\n".join(line.rstrip() for line in lines)


def plain_text(text: str, width: int) -> str:
    """A text in as many lines as it needs for a screen width, up to five."""
    line = toast_width(width)
    lines = wrap(text, line)
    if len(lines) > MAX_PLAIN_LINES:
        lines = [*lines[: MAX_PLAIN_LINES - 1], cut(" ".join(lines[MAX_PLAIN_LINES - 1 :]), line)]
    return "\n".join(line.rstrip() for line in lines)


def toast_width(width: int) -> int:
    """The width of a toast's text for a screen width, in cells."""
    return max(20, int((width - SCROLLBAR_WIDTH) * WIDTH_SHARE) - FRAME_WIDTH)
