"""Text in terminal cells."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size


def pad_or_cut(text: str, width: int, right: bool = False) -> str:
    """A text exactly so many cells wide: padded, or cut at its end with an ellipsis. Wide characters count as two."""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return cut(text, width)
    return f"{' ' * (width - length)}{text}" if right else f"{text}{' ' * (width - length)}"


def cut(text: str, width: int) -> str:
    """A text cut to a width that it does not fit into, with an ellipsis at its end."""
    if width < 1:
        return ""
    return set_cell_size(f"{set_cell_size(text, width - 1).rstrip()}…", width)


def clip(text: str, width: int) -> str:
    """A text no wider than a width; not padded."""
    return cut(text, width).rstrip() if cell_len(text) > width else text


def wrap(text: str, width: int) -> list[str]:
    """A text in lines no wider than a width, broken between words where there are any."""
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
