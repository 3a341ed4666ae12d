"""What a toast says: whole where it fits; of a failure also where the rest stands."""

from __future__ import annotations

from rich.cells import cell_len

from fe2tui.tui.widgets.cells import cut, wrapped

MOST_LINES = 3
MOST_PLAIN = 5  # lines of what stands nowhere else
SHARE = 0.8  # of the screen's width, as in app.tcss
FRAME = 3  # the border at its left, and the spaces at both sides
SCROLLBAR = 2  # of what all toasts stand in


def failure_words(text: str, width: int, key: str) -> str:
    """The text in at most three lines for a screen of that width; at its end the key that shows all of it."""
    line = room(width)
    end = f" · {key} shows it" if key else ""
    lines = wrapped(text, line)
    if cell_len(lines[-1]) + len(end) <= line and len(lines) <= MOST_LINES:
        lines[-1] += end
    elif len(lines) < MOST_LINES:
        lines.append(end.removeprefix(" · "))
    else:
        last = " ".join(lines[MOST_LINES - 1 :])
        lines = [*lines[: MOST_LINES - 1], cut(last, min(cell_len(last), line - len(end))) + end]
    return "\n".join(line.rstrip() for line in lines)


def plain_words(text: str, width: int) -> str:
    """The text in as many lines as it takes, for a screen of that width; only what would fill it is cut."""
    line = room(width)
    lines = wrapped(text, line)
    if len(lines) > MOST_PLAIN:
        lines = [*lines[: MOST_PLAIN - 1], cut(" ".join(lines[MOST_PLAIN - 1 :]), line)]
    return "\n".join(line.rstrip() for line in lines)


def room(width: int) -> int:
    """The cells of a toast's line, on a screen of that width."""
    return max(20, int((width - SCROLLBAR) * SHARE) - FRAME)
