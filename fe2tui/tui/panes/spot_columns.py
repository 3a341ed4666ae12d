"""The spot market's columns: of types and families to browse, and of the zones of one type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from fe2tui.chart.chart import ChartLine
from fe2tui.model.location import zone_letter
from fe2tui.model.spot import ZonePriceStats
from fe2tui.model.spot_offers import SPOT_OFFER_LANGUAGE, SPOT_OFFER_SORTS, SpotOffer
from fe2tui.model.text import DASH, dollars, percent, visible
from fe2tui.tui.list_model import ListKind
from fe2tui.tui.widgets import grid
from fe2tui.tui.widgets.grid import Cell, Column, sparkline

OFFER_KIND = ListKind(
    "types", "type", "", SPOT_OFFER_LANGUAGE, SPOT_OFFER_SORTS, "p3  gpu:a10g  vcpu>=8  saves>60  arch:arm64  -metal"
)
WEEK_BARS = 8
"""Bars of a week's sparkline."""

NOT_OFFERED = "not offered"
_MIN_RELATIVE_SPAN = Decimal("0.05")  # of the price: changes smaller than this do not look like a jump
_HIGH_PRICE = 999


@dataclass(frozen=True, slots=True)
class OfferScope:
    """What offers are seen in: the week of each type that was read, in equal parts from its beginning to now."""

    week_of: Callable[[str], Sequence[Decimal | None] | None]


def price_cell(amount: Decimal | None) -> Cell:
    """Dollars an hour, with fewer decimals where it is dear."""
    return (DASH, "dim") if amount is None else (dollars(amount, 4 if amount < _HIGH_PRICE else 2), "text")


def savings_cell(share: Decimal | None) -> Cell:
    """The share of the on-demand price that is saved; amber where spot costs more."""
    return (DASH, "dim") if share is None else (percent(float(share)), "moving" if share < 0 else "running")


def price_sparkline(means: Sequence[Decimal | None]) -> str:
    """A row of bars from the lowest to the highest; a space where nothing is known."""
    known = [mean for mean in means if mean is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    span = max(high - low, high * _MIN_RELATIVE_SPAN) or Decimal(1)
    return "".join(" " if mean is None else sparkline([float((mean - low) / span)], 1, 1.0) for mean in means)


def short_zone(zone: str) -> str:
    """``2a`` of ``us-east-2a``."""
    return visible(zone_letter(zone))


def offer_title(one: SpotOffer) -> str:
    """The type, or the family with how many types it has."""
    return f"{visible(one.name)} {one.type_count}" if one.type_count else visible(one.name)


def _name(one: SpotOffer, scope: OfferScope) -> Cell:
    return offer_title(one), "text"


def best_size(one: SpotOffer) -> str:
    """``nano`` of the type whose figures these are."""
    return visible(one.type.name.partition(".")[2])


def _best(one: SpotOffer, scope: OfferScope) -> Cell:
    return best_size(one), "dim"


def _price(one: SpotOffer, scope: OfferScope) -> Cell:
    return price_cell(one.price) if one.type.spot else ("no spot", "dim")


def _zone(one: SpotOffer, scope: OfferScope) -> Cell:
    return (short_zone(one.zone), "dim") if one.zone else (DASH, "dim")


def _week(one: SpotOffer, scope: OfferScope) -> Cell:
    means = scope.week_of(one.type.name) if one.type.spot else None
    return (price_sparkline(means), "spark") if means else ("", "dim")


OFFER_COLUMNS: tuple[Column[SpotOffer, OfferScope], ...] = (
    grid.Column("type", "TYPE", 12, _name, sort="type", is_flexible=True),
    grid.Column("best", "BEST", 8, _best, rank=1),
    grid.Column("now", "NOW", 8, _price, is_right_aligned=True, sort="price"),
    grid.Column("zone", "ZONE", 4, _zone, rank=2),
    grid.Column("on_demand", "ON DEMAND", 9, lambda one, at: price_cell(one.on_demand), rank=3, is_right_aligned=True),
    grid.Column("saves", "SAVES", 6, lambda one, at: savings_cell(one.saves), is_right_aligned=True, sort="saves"),
    grid.Column("week", "WEEK", WEEK_BARS, _week, rank=1),
    grid.Column(
        "vcpu", "$/vCPU", 7, lambda one, at: price_cell(one.per_vcpu), rank=4, is_right_aligned=True, sort="vcpu"
    ),
    grid.Column("gib", "$/GiB", 7, lambda one, at: price_cell(one.per_gib), rank=4, is_right_aligned=True, sort="gib"),
    grid.Column("gpu", "$/GPU", 7, lambda one, at: price_cell(one.per_gpu), rank=5, is_right_aligned=True, sort="gpu"),
)


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """A zone of the region: its line, and its figures, None where the type that is charted has no price there."""

    zone: str
    line: ChartLine | None = None
    figures: ZonePriceStats | None = None
    is_offered: bool = True


@dataclass(frozen=True, slots=True)
class ZoneScope:
    """What zones are seen in: the moment that the chart's cursor points at."""

    moment: datetime | None = None


ZoneColumn: TypeAlias = "Column[ZoneRow, ZoneScope]"


def _figure_cell(of: Callable[[ZonePriceStats], Decimal]) -> Callable[[ZoneRow, ZoneScope], Cell]:
    return lambda row, at: price_cell(of(row.figures) if row.figures is not None else None)


def _price_at_cursor(row: ZoneRow, scope: ZoneScope) -> Cell:
    then = row.line.series.at(scope.moment) if row.line is not None and scope.moment is not None else None
    return price_cell(then)[0], "accent" if then is not None else "dim"


def _zone_savings(row: ZoneRow, scope: ZoneScope) -> Cell:
    return savings_cell(row.figures.saves if row.figures is not None else None)


def _now(row: ZoneRow, scope: ZoneScope) -> Cell:
    if not row.is_offered:
        return NOT_OFFERED, "dim"
    return price_cell(row.figures.now if row.figures is not None else None)


def zone_columns(moment: datetime | None, days: int, now_width: int = 8) -> tuple[ZoneColumn, ...]:
    """The figures of a zone; with a cursor in the chart, what it points at."""
    columns: list[ZoneColumn] = [
        grid.Column("zone", "ZONE", 4, lambda row, at: (short_zone(row.zone), "text")),
        grid.Column("now", "NOW", now_width, _now, is_right_aligned=True),
        grid.Column("lowest", "LOWEST", 8, _figure_cell(lambda one: one.lowest), rank=2, is_right_aligned=True),
        grid.Column("mean", "MEAN", 8, _figure_cell(lambda one: one.mean), rank=1, is_right_aligned=True),
        grid.Column("highest", "HIGHEST", 8, _figure_cell(lambda one: one.highest), rank=3, is_right_aligned=True),
        grid.Column("saves", "SAVES", 6, _zone_savings, is_right_aligned=True),
    ]
    if moment is not None:
        here = moment.astimezone()
        title = f"{here:%a} {here.day} {here:%b %H:%M}" if days > 1 else f"{here:%a %H:%M}"
        columns.append(grid.Column("then", title, max(8, len(title)), _price_at_cursor, is_right_aligned=True))
    return tuple(columns)
