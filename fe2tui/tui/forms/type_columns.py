"""The columns of the instance types, and the rows of the table that shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from fe2tui.model.machine_type import MachineType
from fe2tui.model.type_query import TypesAt
from fe2tui.model.words import DASH, dollars, visible
from fe2tui.tui.widgets import grid
from fe2tui.tui.widgets.grid import Cell, Layout, Names, fit

Column: TypeAlias = grid.Column[MachineType, TypesAt]
Unfit = Callable[[MachineType], "str | None"]
"""Why a type cannot be chosen, in words; None when it can."""

_GPU_WIDTHS = ((129, 24), (110, 16), (0, 14))  # from that many columns on; the longest name there is has 24
_DEAR = 999  # dollars from which a price has fewer places, so that the column holds it
_UNSPACED = 14  # in so little room the × stands without spaces


def gpu_words(kind: MachineType) -> str:
    """As in ``4 × A10G``, or ``1/8 L4`` of one with a part; a dash for none."""
    name = visible(kind.gpu_name) or "GPU"
    return DASH if not kind.gpus else name if "/" in name else f"{kind.gpus} × {name}"


def gpu_within(kind: MachineType, room: int) -> str:
    """The same in so much room: of a name that is too long the last words are left out."""
    words = gpu_words(kind)
    if room <= _UNSPACED:
        words = words.replace(" × ", "×")
    while len(words) > room and " " in words:
        words = f"{words.removesuffix('…').rpartition(' ')[0]}…"
    return words


def gpu_memory(kind: MachineType) -> str:
    """The memory of one GPU, in GB as its maker counts; empty where it is not told."""
    return f"{kind.gpu_gigabytes:,}" if kind.gpus and kind.gpu_memory else ""


def network_words(kind: MachineType) -> str:
    """EC2's words, shorter: ``≤ 12.5 Gb/s``, ``8 × 100 Gb/s``."""
    words = visible(kind.network)
    for long, short in (("Up to ", "≤ "), ("x ", " × "), (" Gigabit", " Gb/s"), (" Megabit", " Mb/s")):
        words = words.replace(long, short)
    return words.replace("Low to Moderate", "Low–moderate") or DASH


def disk_words(kind: MachineType) -> str:
    """As in ``2 × 1,900 GB``; a dash for none."""
    if not kind.local_disk:
        return DASH
    each, rest = divmod(kind.local_disk, max(1, kind.local_disks))
    return f"{kind.local_disks} × {each:,} GB" if kind.local_disks > 1 and not rest else f"{kind.local_disk:,} GB"


def architecture_words(kind: MachineType) -> str:
    """The architecture that images are made for today: the 32 bits of old types are not said."""
    newer = [name for name in kind.architectures if name != "i386"]
    return visible(" ".join(newer or kind.architectures)) or DASH


def _gib(mib: int) -> str:
    return f"{mib / 1024:,.1f}".removesuffix(".0")


def _price(amount: Decimal | None) -> Cell:
    if amount is None:
        return DASH, "dim"
    places = 4 if amount < _DEAR else 2 if amount < 10 * _DEAR else 0
    return dollars(amount, places), "text"


def _plain(words: Callable[[MachineType], str], before: str = "") -> Callable[[MachineType, TypesAt], Cell]:
    """``before`` parts it from a number to its left."""

    def cell(kind: MachineType, at: TypesAt) -> Cell:
        text = words(kind)
        return f"{before}{text}", "dim" if text == DASH else "text"

    return cell


# each with room for the sign of the order beside its title
COLUMNS: tuple[Column, ...] = (
    grid.Column("type", "TYPE", 12, lambda kind, at: (visible(kind.name), "text"), sort="type"),
    grid.Column("vcpu", "vCPU", 5, lambda kind, at: (str(kind.vcpus), "text"), right=True, sort="vcpu"),
    grid.Column("mem", "GiB", 6, lambda kind, at: (_gib(kind.memory), "text"), right=True, sort="mem"),
    grid.Column("gpu", " GPU", 8, _plain(gpu_words), rank=2, sort="gpu"),
    grid.Column("gpumem", "GPU GB", 7, lambda kind, at: (gpu_memory(kind), "text"), rank=4, right=True, sort="gpumem"),
    grid.Column("arch", "ARCH", 6, _plain(architecture_words), rank=3, sort="arch"),
    grid.Column("net", "NETWORK", 13, _plain(network_words), rank=6, right=True, sort="net"),
    grid.Column("disk", "LOCAL DISK", 14, _plain(disk_words), rank=5, right=True, sort="disk"),
    grid.Column("price", "$/H", 8, lambda kind, at: _price(at.price(kind)), right=True, sort="price"),
    grid.Column("spot", "SPOT $", 8, lambda kind, at: _price(at.spot(kind)), rank=1, right=True, sort="spot"),
)


def columns_for(width: int) -> tuple[Column, ...]:
    """The columns, with as much of the GPUs' names as there is room for."""
    room = next(room for least, room in _GPU_WIDTHS if width >= least)
    return tuple(
        replace(column, width=room + 1, cell=_plain(lambda kind: gpu_within(kind, room), " "))
        if column.id == "gpu"
        else column
        for column in COLUMNS
    )


class TypeRows:
    """The types shown, in order. ``present`` is the type that the machine has now; it has a sign of its own.

    With ``reasons``, why those that do not fit are out has a column.
    """

    def __init__(
        self,
        types: Sequence[MachineType],
        at: TypesAt,
        reasons: Mapping[str, str],
        *,
        present: str = "",
        longest: int = 12,
        shows_reasons: bool = False,
    ) -> None:
        self.ids: Sequence[str] = [kind.name for kind in types]
        self.rows: Mapping[str, int] = {name: number for number, name in enumerate(self.ids)}
        self._types = {kind.name: kind for kind in types}
        self._at = at
        self._reasons = reasons
        self._present = present
        self._longest = longest
        self._shows_reasons = shows_reasons

    def layout(self, width: int) -> Layout:
        """The columns for a width."""
        columns = columns_for(width)
        widths = {"type": self._longest}
        if not self._shows_reasons:
            return fit(columns, width, widths)
        why = grid.Column("why", "WHY NOT", 20, self._why, stretches=True)
        return fit((*columns, why), width, widths, Names(least=30, comfortable=30, greedy=60))

    def _why(self, kind: MachineType, at: TypesAt) -> Cell:
        return visible(self._reasons.get(kind.name, "")), "dim"

    def cells(self, row_id: str, columns: Sequence[Column]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of a type."""
        kind = self._types[row_id]
        cells = [column.cell(kind, self._at) for column in columns]
        if row_id in self._reasons and row_id != self._present:
            return ("×", "dim"), [(text, "dim") for text, _ in cells]
        return ("●" if row_id == self._present else " ", "accent"), cells
