"""The columns of a table: the cell of each item, their widths, and the columns that fit into a width."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

Item = TypeVar("Item")
Scope = TypeVar("Scope")

Cell: TypeAlias = tuple[str, str]
"""A text, safe to show, and the name of its style in ``LineStyles``."""

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(figures: Sequence[float], width: int, maximum: float = 100.0) -> str:
    """The last ``width`` figures, from 0 to ``maximum``, as a row of bars with the newest at the right."""
    return "".join(_BARS[min(7, max(0, int(figure * 8 / maximum)))] for figure in figures[-width:])


class Column(NamedTuple, Generic[Item, Scope]):
    """One column. ``cell`` computes the cell of an item in a scope. ``sort`` is the id of the order of a click.

    Columns of the highest ``rank`` are left out first where space is short, those of rank 0 never. The one flexible
    column takes the width that the others leave.
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
    """The columns that fit, with their final widths, and the cells between two of them."""

    columns: tuple[Column[Any, Any], ...]
    gap: int


class NameWidths(NamedTuple):
    """The widths that the flexible column needs.

    ``minimum`` beside columns of rank 1, ``comfortable`` before columns of ranks 2 to 5 are shown, ``generous`` before
    those of higher ranks are.
    """

    minimum: int = 10
    comfortable: int = 15
    generous: int = 26


_USUAL_WIDTHS = NameWidths()


def fit_columns(
    columns: Sequence[Column[Any, Any]],
    width: int,
    min_widths: Mapping[str, int] | None = None,
    name_widths: NameWidths = _USUAL_WIDTHS,
    min_gap: int = 1,
) -> ColumnLayout:
    """The columns that fit into a width. ``min_widths`` are least widths of columns, by their ids; ``min_gap`` is that
    of the cells between two columns.

    A wide terminal shows long names before it shows columns of ranks above 5.
    """
    least = min_widths or {}
    sized = [column._replace(width=max(column.width, least.get(column.id, 0))) for column in columns]
    kept = sorted(sized, key=lambda column: column.rank)
    while len(kept) > 1:
        rank = kept[-1].rank
        wanted = name_widths.generous if rank > 5 else name_widths.comfortable if rank > 1 else name_widths.minimum
        if _needed_width(kept, min_gap, wanted) <= width or rank == 0:
            break
        kept.pop()
    ids = {column.id for column in kept}
    shown = [column for column in sized if column.id in ids]
    gap = 2 if min_gap == 2 or _needed_width(shown, 2, name_widths.generous) <= width else 1
    width_left = max(1, width - _needed_width(shown, gap, 0))
    return ColumnLayout(tuple(c._replace(width=width_left) if c.is_flexible else c for c in shown), gap)


def _needed_width(columns: Sequence[Column[Any, Any]], gap: int, flexible_width: int) -> int:
    return sum(flexible_width if column.is_flexible else column.width for column in columns) + gap * (len(columns) - 1)
