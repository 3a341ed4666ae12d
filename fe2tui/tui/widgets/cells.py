"""Texts padded, cut and wrapped to a width in terminal cells, where a wide character takes two; ids as links."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.style import Style as ContentStyle

from fe2tui.model.console_links import RESOURCE_ID

_MATCH = Style(reverse=True)


def pad_or_cut(text: str, width: int, is_right_aligned: bool = False) -> str:
    """A text exactly ``width`` wide: padded, or cut at its end with an ellipsis."""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return cut(text, width)
    return f"{' ' * (width - length)}{text}" if is_right_aligned else f"{text}{' ' * (width - length)}"


def cut(text: str, width: int) -> str:
    """A text that is wider than ``width``, cut to it with an ellipsis at its end."""
    if width < 1:
        return ""
    return set_cell_size(f"{set_cell_size(text, width - 1).rstrip()}…", width)


def clip(text: str, width: int) -> str:
    """A text no wider than ``width``, not padded."""
    return cut(text, width).rstrip() if cell_len(text) > width else text


def wrap(text: str, width: int) -> list[str]:
    """A text in lines no wider than ``width``, broken between words, and within a word that is wider."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        while cell_len(word) > width:
            if line:
                lines.append(line)
                line = ""
            head = set_cell_size(word, width).rstrip() or word[:1]
            lines.append(head)
            word = word[len(head) :]
        longer = f"{line} {word}" if line else word
        if cell_len(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line or not lines else lines


def highlight(strip: Strip, words: Collection[str]) -> Strip:
    """A line with every occurrence of the words, in lower or upper case, in reverse."""
    pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    segments = []
    for segment in strip:
        at = 0
        for match in pattern.finditer(segment.text):
            segments.append(Segment(segment.text[at : match.start()], segment.style))
            segments.append(Segment(match[0], (segment.style or Style()) + _MATCH))
            at = match.end()
        segments.append(Segment(segment.text[at:], segment.style))
    return Strip(segments)


LinkOf = Callable[[str], str | None]
"""Gives the address of the page of an id; None where there is none."""


def no_link(resource_id: str) -> str | None:
    return None


def linked(content: Content, link_of: LinkOf) -> Content:
    """With each id a link: the terminal opens its page in the AWS console (OSC 8)."""
    for found in RESOURCE_ID.finditer(content.plain):
        if (address := link_of(found[0])) is not None:
            content = content.stylize(ContentStyle(link=address), *found.span())
    return content
