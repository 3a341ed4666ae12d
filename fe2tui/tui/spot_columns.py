"""The spot market's columns: of types and families to browse, and of the zones of one type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from fe2tui.chart.lines import Line
from fe2tui.model.spot import ZoneFigures
from fe2tui.model.spot_query import OFFERS, SORTS, Offer
from fe2tui.model.words import DASH, dollars, percent, visible
from fe2tui.tui.arrangement import ListKind
from fe2tui.tui.widgets import grid
from fe2tui.tui.widgets.grid import Cell, Column, sparkline

KIND = ListKind("types", "type", "", OFFERS, SORTS, "p3  gpu:a10g  vcpu>=8  saves>60  arch:arm64  -metal")
WEEK = 8
"""Bars of a week's sparkline."""

NOT_OFFERED = "not offered"
_FLAT = Decimal("0.05")  # of the price: changes smaller than this do not look like a jump
_DEAR = 999


@dataclass(frozen=True, slots=True)
class Browsed:
    """What offers are seen in: the week of each type that was read, in equal parts from its beginning to now."""

    weeks: Callable[[str], Sequence[Decimal | None] | None]


def price(amount: Decimal | None) -> Cell:
    """Dollars an hour, with fewer decimals where it is dear."""
    return (DASH, "dim") if amount is None else (dollars(amount, 4 if amount < _DEAR else 2), "text")


def saves(share: Decimal | None) -> Cell:
    """The share of the on-demand price that is saved; amber where spot costs more."""
    return (DASH, "dim") if share is None else (percent(float(share)), "moving" if share < 0 else "running")


def bars(means: Sequence[Decimal | None]) -> str:
    """A row of bars from the lowest to the highest; a space where nothing is known."""
    known = [mean for mean in means if mean is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    span = max(high - low, high * _FLAT) or Decimal(1)
    return "".join(" " if mean is None else sparkline([float((mean - low) / span)], 1, 1.0) for mean in means)


def zone_letter(zone: str) -> str:
    """``2a`` of ``us-east-2a``."""
    return visible(zone.rsplit("-", 1)[-1])


def name_of(one: Offer) -> str:
    """The type, or the family with how many types it has."""
    return f"{visible(one.name)} {one.count}" if one.count else visible(one.name)


def _name(one: Offer, at: Browsed) -> Cell:
    return name_of(one), "text"


def size_of(one: Offer) -> str:
    """``nano`` of the type whose figures these are."""
    return visible(one.type.name.partition(".")[2])


def _best(one: Offer, at: Browsed) -> Cell:
    return size_of(one), "dim"


def _price(one: Offer, at: Browsed) -> Cell:
    return price(one.price) if one.type.spot else ("no spot", "dim")


def _zone(one: Offer, at: Browsed) -> Cell:
    return (zone_letter(one.zone), "dim") if one.zone else (DASH, "dim")


def _week(one: Offer, at: Browsed) -> Cell:
    means = at.weeks(one.type.name) if one.type.spot else None
    return (bars(means), "spark") if means else ("", "dim")


OFFER_COLUMNS: tuple[Column[Offer, Browsed], ...] = (
    grid.Column("type", "TYPE", 12, _name, sort="type", stretches=True),
    grid.Column("best", "BEST", 8, _best, rank=1),
    grid.Column("now", "NOW", 8, _price, right=True, sort="price"),
    grid.Column("zone", "ZONE", 4, _zone, rank=2),
    grid.Column("on_demand", "ON DEMAND", 9, lambda one, at: price(one.on_demand), rank=3, right=True),
    grid.Column("saves", "SAVES", 6, lambda one, at: saves(one.saves), right=True, sort="saves"),
    grid.Column("week", "WEEK", WEEK, _week, rank=1),
    grid.Column("vcpu", "$/vCPU", 7, lambda one, at: price(one.per_vcpu), rank=4, right=True, sort="vcpu"),
    grid.Column("gib", "$/GiB", 7, lambda one, at: price(one.per_gib), rank=4, right=True, sort="gib"),
    grid.Column("gpu", "$/GPU", 7, lambda one, at: price(one.per_gpu), rank=5, right=True, sort="gpu"),
)


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """A zone of the region: its line, and its figures, None where the type that is charted has no price there."""

    zone: str
    line: Line | None = None
    figures: ZoneFigures | None = None
    is_offered: bool = True


@dataclass(frozen=True, slots=True)
class Pointed:
    """What zones are seen in: the moment that the chart's cursor points at."""

    moment: datetime | None = None


ZoneColumn: TypeAlias = "Column[ZoneRow, Pointed]"


def _figure(of: Callable[[ZoneFigures], Decimal]) -> Callable[[ZoneRow, Pointed], Cell]:
    return lambda row, at: price(of(row.figures) if row.figures is not None else None)


def _then(row: ZoneRow, at: Pointed) -> Cell:
    then = row.line.series.at(at.moment) if row.line is not None and at.moment is not None else None
    return price(then)[0], "accent" if then is not None else "dim"


def _saved(row: ZoneRow, at: Pointed) -> Cell:
    return saves(row.figures.saves if row.figures is not None else None)


def _now(row: ZoneRow, at: Pointed) -> Cell:
    if not row.is_offered:
        return NOT_OFFERED, "dim"
    return price(row.figures.now if row.figures is not None else None)


def zone_columns(moment: datetime | None, days: int, now_width: int = 8) -> tuple[ZoneColumn, ...]:
    """The figures of a zone; with a cursor in the chart, what it points at."""
    columns: list[ZoneColumn] = [
        grid.Column("zone", "ZONE", 4, lambda row, at: (zone_letter(row.zone), "text")),
        grid.Column("now", "NOW", now_width, _now, right=True),
        grid.Column("lowest", "LOWEST", 8, _figure(lambda one: one.lowest), rank=2, right=True),
        grid.Column("mean", "MEAN", 8, _figure(lambda one: one.mean), rank=1, right=True),
        grid.Column("highest", "HIGHEST", 8, _figure(lambda one: one.highest), rank=3, right=True),
        grid.Column("saves", "SAVES", 6, _saved, right=True),
    ]
    if moment is not None:
        here = moment.astimezone()
        title = f"{here:%a} {here.day} {here:%b %H:%M}" if days > 1 else f"{here:%a %H:%M}"
        columns.append(grid.Column("then", title, max(8, len(title)), _then, right=True))
    return tuple(columns)
