"""Lines on a canvas of braille dots, drawn by plotext: two dots in each column, four in each row.

plotext has one figure for the whole process: call from one thread only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import plotext

Dot = tuple[int, int]
"""A dot of the canvas: from its left end, from its lower end."""

Mark = tuple[str, int]
"""What stands in a cell, and the number of the path that is seen there; -1 where there is none."""

_EMPTY: Mark = (" ", -1)
_CODES = re.compile(r"\x1b\[([0-9;]*)m|(.)")
_COLOUR = "38;5;"


def traced(paths: Sequence[Sequence[Dot]], width: int, height: int) -> list[list[Mark]]:
    """Rows of cells with the paths through them, each path from dot to dot. Where two meet, the later one is seen."""
    figure = plotext.figure
    plotext.terminal.limit(False, False)  # else the width is cut to that of a terminal which is not ours
    figure.clear()
    figure.plot_size(width, height)
    figure.axes(False)
    figure.legend(False)
    figure.canvas("default")
    rulers = figure.ruler("both", "both")
    rulers.frequency(0)
    rulers.alignment(lim="edge")
    figure.ruler("x", "lower").lim(0, 2 * width)
    figure.ruler("y", "left").lim(0, 4 * height)
    for number, path in enumerate(paths):
        marker = plotext.marker("braille")
        marker.fill(plotext.pixel(foreground=number + 1))
        markers = [marker] * (len(path) + 2)  # of one, plotext would make a copy for each point
        signal = figure.signal([x + 0.5 for x, _ in path], [y + 0.5 for _, y in path], marker=markers)
        signal.lines()
        figure.draw(signal)
    text = figure.build().string()
    figure.clear()
    rows = [_row(line, width) for line in text.split("\n")[:height]]
    return rows + [[_EMPTY] * width for _ in range(height - len(rows))]


def _row(line: str, width: int) -> list[Mark]:
    cells: list[Mark] = []
    path = -1
    for code, character in _CODES.findall(line):
        if character:
            cells.append((character, path) if character != " " else _EMPTY)
        else:
            path = int(code.removeprefix(_COLOUR)) - 1 if code.startswith(_COLOUR) else -1
    return (cells + [_EMPTY] * width)[:width]
