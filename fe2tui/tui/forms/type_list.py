"""The instance types of a region with their prices: columns, filter and order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from fe2tui.model import filters
from fe2tui.model.filters import FilterError, filter_and_sort
from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.model.text import DASH, dollars, plural, short_age, visible
from fe2tui.model.type_filter import TYPE_LANGUAGE, TYPE_SORTS, TypeScope
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.widgets import grid
from fe2tui.tui.widgets.grid import Cell, ColumnLayout, NameWidths, fit_columns

if TYPE_CHECKING:
    from fe2tui.aws.spot_prices import SpotPriceSnapshot

TypeColumn: TypeAlias = grid.Column[InstanceType, TypeScope]
UnfitReason = Callable[[InstanceType], "str | None"]
"""Why a type cannot be chosen; None if it can."""

_GPU_WIDTHS = ((129, 24), (110, 16), (0, 14))  # width of the column from a table width on; the longest name has 24
_HIGH_PRICE = 999  # dollars from which a price has fewer decimals, to fit the column
_TIGHT_GPU_WIDTH = 14  # columns up to which the × has no spaces


def gpu_text(kind: InstanceType) -> str:
    """``4 × A10G``, or ``1/8 L4`` for a part of one, or another accelerator; a dash for none."""
    return visible(kind.devices_text) or DASH


def gpu_text_within(kind: InstanceType, width: int) -> str:
    """The same within a width; the last words of a name that is too long are left out."""
    words = gpu_text(kind)
    if width <= _TIGHT_GPU_WIDTH:
        words = words.replace(" × ", "×")
    while len(words) > width and " " in words:
        words = f"{words.removesuffix('…').rpartition(' ')[0]}…"
    return words


def gpu_memory(kind: InstanceType) -> str:
    """The memory of one GPU or other accelerator in GB (10⁹ bytes, as its maker counts); empty if unknown."""
    return f"{kind.device_gigabytes:,}" if kind.device_gigabytes else ""


def network_text(kind: InstanceType) -> str:
    return visible(kind.network_text) or DASH


def local_disk_text(kind: InstanceType) -> str:
    """``2 × 1,900 GB``; a dash for none."""
    if not kind.local_disk:
        return DASH
    each, rest = divmod(kind.local_disk, max(1, kind.local_disks))
    return f"{kind.local_disks} × {each:,} GB" if kind.local_disks > 1 and not rest else f"{kind.local_disk:,} GB"


def architecture_text(kind: InstanceType) -> str:
    """The architectures, without i386 where there is a newer one."""
    newer = [name for name in kind.architectures if name != "i386"]
    return visible(" ".join(newer or kind.architectures)) or DASH


def _gib(mib: int) -> str:
    return f"{mib / 1024:,.1f}".removesuffix(".0")


def _price_cell(amount: Decimal | None) -> Cell:
    if amount is None:
        return DASH, "dim"
    places = 4 if amount < _HIGH_PRICE else 2 if amount < 10 * _HIGH_PRICE else 0
    return dollars(amount, places), "text"


def _text_cell(words: Callable[[InstanceType], str], before: str = "") -> Callable[[InstanceType, TypeScope], Cell]:
    """``before`` separates the text from a number to its left."""

    def cell(kind: InstanceType, at: TypeScope) -> Cell:
        text = words(kind)
        return f"{before}{text}", "dim" if text == DASH else "text"

    return cell


# Each is wide enough for the sign of the order beside its title.
TYPE_COLUMNS: tuple[TypeColumn, ...] = (
    grid.Column("type", "TYPE", 12, lambda kind, at: (visible(kind.name), "text"), sort="type"),
    grid.Column("vcpu", "vCPU", 5, lambda kind, at: (str(kind.vcpus), "text"), is_right_aligned=True, sort="vcpu"),
    grid.Column("mem", "GiB", 6, lambda kind, at: (_gib(kind.memory), "text"), is_right_aligned=True, sort="mem"),
    grid.Column("gpu", " GPU", 8, _text_cell(gpu_text), rank=2, sort="gpu"),
    grid.Column(
        "gpumem", "GPU GB", 7, lambda kind, at: (gpu_memory(kind), "text"), rank=4, is_right_aligned=True, sort="gpumem"
    ),
    grid.Column("arch", "ARCH", 6, _text_cell(architecture_text), rank=3, sort="arch"),
    grid.Column("net", "NETWORK", 13, _text_cell(network_text), rank=6, is_right_aligned=True, sort="net"),
    grid.Column("disk", "LOCAL DISK", 14, _text_cell(local_disk_text), rank=5, is_right_aligned=True, sort="disk"),
    grid.Column(
        "price", "$/H", 8, lambda kind, at: _price_cell(at.on_demand_price(kind)), is_right_aligned=True, sort="price"
    ),
    grid.Column(
        "spot",
        "SPOT $",
        8,
        lambda kind, at: _price_cell(at.lowest_spot_price(kind)),
        rank=1,
        is_right_aligned=True,
        sort="spot",
    ),
)


def columns_for(width: int) -> tuple[TypeColumn, ...]:
    """The columns, with as much of the GPU names as fits."""
    gpu_width = next(columns for least, columns in _GPU_WIDTHS if width >= least)
    return tuple(
        column._replace(width=gpu_width + 1, cell=_text_cell(lambda kind: gpu_text_within(kind, gpu_width), " "))
        if column.id == "gpu"
        else column
        for column in TYPE_COLUMNS
    )


class TypeRows:
    """The rows of the table, in order. ``current_type`` is the type of the instance; it has a sign of its own.

    ``shows_reasons`` adds a column that says why a type cannot be chosen.
    """

    def __init__(
        self,
        types: Sequence[InstanceType],
        at: TypeScope,
        reasons: Mapping[str, str],
        *,
        current_type: str = "",
        longest: int = 12,
        shows_reasons: bool = False,
    ) -> None:
        self.ids: Sequence[str] = [kind.name for kind in types]
        self.row_numbers: Mapping[str, int] = {name: number for number, name in enumerate(self.ids)}
        self._types = {kind.name: kind for kind in types}
        self._at = at
        self._reasons = reasons
        self._current_type = current_type
        self._longest = longest
        self._shows_reasons = shows_reasons

    def layout(self, width: int) -> ColumnLayout:
        columns = columns_for(width)
        widths = {"type": self._longest}
        if not self._shows_reasons:
            return fit_columns(columns, width, widths)
        why = grid.Column("why", "WHY NOT", 20, self._why, is_flexible=True)
        return fit_columns((*columns, why), width, widths, NameWidths(minimum=30, comfortable=30, generous=60))

    def _why(self, kind: InstanceType, at: TypeScope) -> Cell:
        return visible(self._reasons.get(kind.name, "")), "dim"

    def cells(self, row_id: str, columns: Sequence[TypeColumn]) -> tuple[Cell, list[Cell]]:
        kind = self._types[row_id]
        cells = [column.cell(kind, self._at) for column in columns]
        if row_id in self._reasons and row_id != self._current_type:
            return ("×", "dim"), [(text, "dim") for text, _ in cells]
        return ("●" if row_id == self._current_type else " ", "accent"), cells


STALE_AFTER = timedelta(hours=25)  # both are read again when a day old, which may take an hour


@dataclass(frozen=True, slots=True)
class TypeSource:
    """Where types and prices come from. ``cached`` and ``prices`` return what is known without a call.

    ``read`` reads the types and may raise Fe2Error. ``read_spot_prices`` updates ``prices`` with the spot prices of all
    types, unless they are fresh; it may raise Fe2Error.
    """

    cached: Callable[[], TypeCatalogue | None]
    read: Callable[[], Awaitable[TypeCatalogue]]
    prices: Callable[[], Prices]
    read_spot_prices: Callable[[], Awaitable[object]]


class TypeList:
    """The types that fit the filter, sorted. ``catalogue`` is None until it is read.

    ``reasons`` say why types cannot be chosen. ``hidden`` are those of them that are not shown unless ``shows_unfit``;
    the current type is always shown.
    """

    def __init__(self, unfit_reason: UnfitReason | None, current_type: str) -> None:
        self.catalogue: TypeCatalogue | None = None
        self.prices = Prices()
        self.sort, self.descending = "type", False
        self.shows_unfit = False
        self.current_type = current_type
        self.reasons: dict[str, str] = {}
        self.hidden: dict[str, str] = {}
        self.spot_status = ""  # while spot prices are read, or cannot be read
        self._unfit_reason = unfit_reason
        self._longest = 12
        self._sorted: tuple[object, Sequence[InstanceType]] | None = None
        self._query: filters.Filter[InstanceType, TypeScope] = filters.Filter()
        self.scope = TypeScope(self.prices, {})
        self._visible_count = 0

    def update(self, catalogue: TypeCatalogue | None, prices: Prices) -> bool:
        """Replace catalogue and prices. Returns True if they changed."""
        if catalogue is self.catalogue and (prices is self.prices or prices == self.prices):
            return False  # each read of the fleet returns equal prices
        if catalogue is not None and catalogue is not self.catalogue and self._unfit_reason is not None:
            fits = self._unfit_reason
            self.reasons = {kind.name: why for kind in catalogue.types.values() if (why := fits(kind))}
            self.hidden = {name: why for name, why in self.reasons.items() if name != self.current_type}
        self.catalogue, self.prices = catalogue, prices
        self._sorted = None
        self._longest = max(map(len, catalogue.types), default=12) if catalogue is not None else 12
        self.scope = TypeScope(prices, catalogue.zones if catalogue is not None else {})
        return True

    def set_filter(self, text: str) -> FilterError | None:
        """Show only the types that fit. Returns the error of a term that cannot be parsed; that term is left out."""
        self._query, wrong = TYPE_LANGUAGE.parse_valid_terms(text)
        return wrong

    def sort_by(self, sort: str) -> None:
        self.descending = not self.descending if sort == self.sort else TYPE_SORTS[sort].largest_first
        self.sort = sort

    def rows(self) -> TypeRows:
        query, at = self._query, self.scope
        matching = [kind for kind in self._sorted_types() if query.matches(kind, at)]
        self._visible_count = len(matching)
        return TypeRows(
            matching,
            self.scope,
            self.reasons,
            current_type=self.current_type,
            longest=self._longest,
            shows_reasons=self.shows_unfit and bool(self.hidden),
        )

    def _sorted_types(self) -> Sequence[InstanceType]:
        """The sorted types before the filter; cached, so that a key does not sort again."""
        order = (self.sort, self.descending, self.shows_unfit)
        if self._sorted is None or self._sorted[0] != order:
            self._sorted = (order, self._sort_types())
        return self._sorted[1]

    def _sort_types(self) -> Sequence[InstanceType]:
        types = self.catalogue.types if self.catalogue is not None else {}
        hidden = {} if self.shows_unfit else self.hidden
        offered = [kind for kind in types.values() if kind.name not in hidden]
        at = self.scope
        everything: filters.Filter[InstanceType, TypeScope] = filters.Filter()
        return filter_and_sort(
            offered, at, everything, TYPE_SORTS[self.sort], self.descending, lambda kind: at.facts(kind).sort_key
        )

    def type(self, name: str | None) -> InstanceType | None:
        return self.catalogue.types.get(name) if self.catalogue is not None and name is not None else None

    def summary_parts(self, now: datetime) -> list[str]:
        if self.catalogue is None:
            return []
        among = len(self.catalogue.types) - (0 if self.shows_unfit else len(self.hidden))
        parts = [
            f"{self._visible_count:,} of {plural(among, 'type')}"
            if self._visible_count != among
            else plural(among, "type")
        ]
        if self.hidden and not self.shows_unfit:
            parts.append(f"{len(self.hidden):,} {'other' if len(self.hidden) == 1 else 'others'} cannot be chosen")
        if (read := self.catalogue.read_at) is not None and now - read > STALE_AFTER:
            parts.append(f"types read {short_age(now - read)} ago")
        if not self.prices.on_demand:
            parts.append("prices unknown")
        elif (read := self.prices.read_at) is not None and now - read > STALE_AFTER:
            parts.append(f"prices {short_age(now - read)} old")
        return [*parts, self.spot_status] if self.spot_status else parts


def type_source(context: CommandContext) -> TypeSource:
    services, location, ctx = context.services, context.location, context.services.task_context()
    catalogues, spot_prices, merged = services.catalogues, services.spot_prices, MergedPrices()

    def prices() -> Prices:
        return merged.merge(services.fleet or context.fleet, spot_prices.cached(location))

    return TypeSource(
        lambda: catalogues.cached(location),
        lambda: catalogues.get(ctx),
        prices,
        lambda: spot_prices.get(ctx.session, ctx.clock()),
    )


class MergedPrices:
    """The prices of the fleet with the spot prices of all types; the same object as long as neither changes."""

    def __init__(self) -> None:
        self._inputs: tuple[object, object] = (None, None)
        self._merged = Prices()

    def merge(self, fleet: Fleet | None, spot_prices: SpotPriceSnapshot | None) -> Prices:
        """Spot prices of the fleet win: those of running types are read more often."""
        prices = fleet.prices if fleet is not None else None
        spot = spot_prices.prices if spot_prices is not None else None
        if self._inputs[0] is not prices or self._inputs[1] is not spot:
            self._inputs = (prices, spot)
            self._merged = prices or Prices()
            if spot:
                self._merged = replace(self._merged, spot={**spot, **self._merged.spot})
        return self._merged
