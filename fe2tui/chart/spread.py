"""Labels beside each other: near to where they belong, none on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class _Block:
    """Labels that stand row by row without a gap; ``middle`` is where their first would best be."""

    wanted: list[int]

    @property
    def first(self) -> int:
        offsets = [row - place for place, row in enumerate(self.wanted)]
        return round(sum(offsets) / len(offsets))


def spread(wanted: Sequence[int], first: int, last: int) -> list[int]:
    """A row of its own for each wanted row, in the same order from above, within first … last, as near as can be.

    Raises ValueError where there are fewer rows than labels.
    """
    if len(wanted) > last - first + 1:
        raise ValueError(f"{len(wanted)} labels for {last - first + 1} rows")
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    blocks: list[_Block] = []
    for place in order:
        blocks.append(_Block([wanted[place]]))
        while len(blocks) > 1 and blocks[-2].first + len(blocks[-2].wanted) > blocks[-1].first:
            block = blocks.pop()
            blocks[-1].wanted += block.wanted
    rows = [block.first + number for block in blocks for number in range(len(block.wanted))]
    rows = [min(row, last - (len(rows) - 1 - number)) for number, row in enumerate(rows)]
    rows = [max(row, first + number) for number, row in enumerate(rows)]
    found = [0] * len(wanted)
    for place, row in zip(order, rows, strict=True):
        found[place] = row
    return found
