"""Lines on a canvas of braille dots: two dots in each column, four in each row."""

from __future__ import annotations

from collections.abc import Sequence

Dot = tuple[int, int]
"""A dot of the canvas: from its left end, from its lower end."""

Mark = tuple[str, int]
"""What stands in a cell, and the number of the path that is seen there; -1 where there is none."""

_EMPTY: Mark = (" ", -1)
_BRAILLE = 0x2800
_BITS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""By the dot's place in its cell: from the left, from below. Source: Unicode, Braille Patterns."""


def traced(paths: Sequence[Sequence[Dot]], width: int, height: int) -> list[list[Mark]]:
    """Rows of cells with the paths through them. Each path goes from dot to dot, level or upright.

    Where two paths meet in a cell, it has the dots of both and the number of the later one. Dots beyond the canvas are
    left out.
    """
    dots: dict[tuple[int, int], int] = {}
    rows: list[list[Mark]] = [[_EMPTY] * width for _ in range(height)]
    for number, path in enumerate(paths):
        touched: set[tuple[int, int]] = set()
        for (x, y), (to_x, to_y) in zip(path, (*path[1:], path[-1]), strict=True):
            for across in range(min(x, to_x), max(x, to_x) + 1):
                for up in range(min(y, to_y), max(y, to_y) + 1):
                    cell = (across >> 1, up >> 2)
                    touched.add(cell)
                    dots[cell] = dots.get(cell, 0) | _BITS[across & 1][up & 3]
        for column, row in touched:
            if 0 <= column < width and 0 <= row < height:
                rows[height - 1 - row][column] = (chr(_BRAILLE + dots[column, row]), number)
    return rows
