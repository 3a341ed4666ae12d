"""A picture as text for a terminal."""

from __future__ import annotations

from fe2tui.chart.picture import Picture

_COLOURS = {
    "line-0": 33,
    "line-1": 208,
    "line-2": 35,
    "line-3": 170,
    "line-4": 178,
    "line-5": 99,
    "axis": 244,
    "grid": 240,
    "tick": 246,
    "reference": 246,
    "cursor": 246,
}
"""Of the 256 colours those that are read on a dark ground and on a light one."""


def ansi(picture: Picture, *, colour: bool) -> str:
    """The rows of a picture, without spaces at their ends; in 256 colours or in none."""
    lines: list[str] = []
    for row in picture.rows:
        plain = "".join(text for text, _ in row).rstrip()
        if not colour:
            lines.append(plain)
            continue
        left, parts = len(plain), []
        for text, ink in row:
            piece, left = text[:left], left - min(left, len(text))
            code = _COLOURS.get(ink)
            parts.append(piece if code is None or not piece.strip() else f"\x1b[38;5;{code}m{piece}\x1b[0m")
        lines.append("".join(parts))
    return "\n".join(lines)
