"""Columns of any table: what each says of a thing, how wide it is, and which fit into a width."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

Item = TypeVar("Item")
Scope = TypeVar("Scope")

Cell: TypeAlias = tuple[str, str]
"""A text, safe to show, and the name of its ink."""

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(figures: Sequence[float], width: int, most: float = 100.0) -> str:
    """Figures from 0 to ``most`` as a row of bars, the newest at the right end of what is drawn."""
    return "".join(_BARS[min(7, max(0, int(figure * 8 / most)))] for figure in figures[-width:])


class Column(NamedTuple, Generic[Item, Scope]):
    """One column. ``rank`` says how soon it is given up when there is no room: highest first; 0 never.

    ``cell`` gets a thing and what it is seen in. ``sort`` is the id of what the column sorts by.
    """

    id: str
    title: str
    width: int
    cell: Callable[[Item, Scope], Cell]
    rank: int = 0
    is_right_aligned: bool = False
    sort: str = ""
    is_flexible: bool = False


class ColumnLayout(NamedTuple):
    """The columns that fit, with their widths as given, and the space between two."""

    columns: tuple[Column[Any, Any], ...]
    gap: int


class NameWidths(NamedTuple):
    """How wide the column that stretches has to be: at least, before further columns come, and before the last do."""

    minimum: int = 10
    comfortable: int = 15
    generous: int = 26


_USUAL = NameWidths()


def fit_columns(
    columns: Sequence[Column[Any, Any]],
    width: int,
    min_widths: Mapping[str, int] | None = None,
    name_widths: NameWidths = _USUAL,
) -> ColumnLayout:
    """The columns that fit into a width, the one that stretches taking what is left. ``widths`` are least ones by id.

    Columns are given up by rank until the name has room enough; those beyond the sixth rank only come when the name
    has plenty, so that a wide terminal shows long names before it shows more.
    """
    least = min_widths or {}
    sized = [column._replace(width=max(column.width, least.get(column.id, 0))) for column in columns]
    kept = sorted(sized, key=lambda column: column.rank)
    while len(kept) > 1:
        rank = kept[-1].rank
        wanted = name_widths.generous if rank > 5 else name_widths.comfortable if rank > 1 else name_widths.minimum
        if _needed_width(kept, 1, wanted) <= width or rank == 0:
            break
        kept.pop()
    ids = {column.id for column in kept}
    shown = [column for column in sized if column.id in ids]
    gap = 2 if _needed_width(shown, 2, name_widths.generous) <= width else 1
    width_left = max(1, width - _needed_width(shown, gap, 0))
    return ColumnLayout(tuple(c._replace(width=width_left) if c.is_flexible else c for c in shown), gap)


def _needed_width(columns: Sequence[Column[Any, Any]], gap: int, name: int) -> int:
    return sum(name if column.is_flexible else column.width for column in columns) + gap * (len(columns) - 1)
