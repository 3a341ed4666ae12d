"""Columns of any table: what each says of a thing, how wide it is, and which fit into a width."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

Thing = TypeVar("Thing")
Around = TypeVar("Around")

Cell: TypeAlias = tuple[str, str]
"""A text, safe to show, and the name of its ink."""

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(figures: Sequence[float], width: int, most: float = 100.0) -> str:
    """Figures from 0 to ``most`` as a row of bars, the newest at the right end of what is drawn."""
    return "".join(_BARS[min(7, max(0, int(figure * 8 / most)))] for figure in figures[-width:])


@dataclass(frozen=True, slots=True)
class Column(Generic[Thing, Around]):
    """One column. ``rank`` says how soon it is given up when there is no room: highest first; 0 never.

    ``cell`` gets a thing and what it is seen in. ``sort`` is the id of what the column sorts by.
    """

    id: str
    title: str
    width: int
    cell: Callable[[Thing, Around], Cell]
    rank: int = 0
    right: bool = False
    sort: str = ""
    stretches: bool = False


class Layout(NamedTuple):
    """The columns that fit, with their widths as given, and the space between two."""

    columns: tuple[Column[Any, Any], ...]
    gap: int


class Names(NamedTuple):
    """How wide the column that stretches has to be: at least, before further columns come, and before the last do."""

    least: int = 10
    comfortable: int = 15
    greedy: int = 26


_USUAL = Names()


def fit(
    columns: Sequence[Column[Any, Any]], width: int, widths: Mapping[str, int] | None = None, names: Names = _USUAL
) -> Layout:
    """The columns that fit into a width, the one that stretches taking what is left. ``widths`` are least ones by id.

    Columns are given up by rank until the name has room enough; those beyond the sixth rank only come when the name
    has plenty, so that a wide terminal shows long names before it shows more.
    """
    least = widths or {}
    sized = [replace(column, width=max(column.width, least.get(column.id, 0))) for column in columns]
    kept = sorted(sized, key=lambda column: column.rank)
    while len(kept) > 1:
        rank = kept[-1].rank
        wanted = names.greedy if rank > 5 else names.comfortable if rank > 1 else names.least
        if _needed(kept, 1, wanted) <= width or rank == 0:
            break
        kept.pop()
    ids = {column.id for column in kept}
    shown = [column for column in sized if column.id in ids]
    gap = 2 if _needed(shown, 2, names.greedy) <= width else 1
    left = max(1, width - _needed(shown, gap, 0))
    return Layout(tuple(replace(c, width=left) if c.stretches else c for c in shown), gap)


def _needed(columns: Sequence[Column[Any, Any]], gap: int, name: int) -> int:
    return sum(name if column.stretches else column.width for column in columns) + gap * (len(columns) - 1)
