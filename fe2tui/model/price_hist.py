"""The spot prices of a family's types, day by day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

from fe2tui.errors import NotFoundError
from fe2tui.model.calendar import wall_clock_moment
from fe2tui.model.location import zone_letter
from fe2tui.model.spot import SpotHistory, saving
from fe2tui.model.text import DASH, dollars, join_words, percent

ALL_ZONES = "all"  # instead of a zone: every zone
_DECIMALS = 4  # decimals of a spot price an hour
_GAP = "  "
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day in the person's time zone: from midnight to the next midnight, or to now; ``start`` and ``end`` are UTC."""

    date: date
    start: datetime
    end: datetime

    @property
    def label(self) -> str:
        return f"{self.date.day} {self.date:%b}"


def last_days(now: datetime, count: int, tz: tzinfo | None = None) -> tuple[Day, ...]:
    """The last days, today among them, the oldest first. ``tz`` is the person's time zone; None: this computer's.

    A day on which the clocks change has 23 or 25 hours.
    """
    today = now.astimezone(tz).date()
    dates = [today - timedelta(days=back) for back in range(count - 1, -1, -1)]
    midnights = (datetime(one.year, one.month, one.day) for one in dates)  # noqa: DTZ001 - the zone comes next
    starts = [wall_clock_moment(midnight, tz).astimezone(UTC) for midnight in midnights]
    return tuple(map(Day, dates, starts, [*starts[1:], now.astimezone(UTC)]))


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One type in one zone, dollars an hour. ``per_day`` are means by time; None where no price is known.

    ``zone`` is empty for a type without a spot price in any zone. ``now`` is the price at the last day's end.
    """

    type: str
    zone: str
    per_day: tuple[Decimal | None, ...]
    mean: Decimal | None = None
    now: Decimal | None = None
    on_demand: Decimal | None = None

    @property
    def saves(self) -> Decimal | None:
        """The share of the on-demand price that spot saves now, 0 to 1."""
        return saving(self.now, self.on_demand)


@dataclass(frozen=True, slots=True, repr=False)
class PriceHist:
    """Spot prices of a family, or of one type, smallest type first: a row a type, or one a type and zone.

    ``histories`` are what the rows were computed from, by type; they may begin before ``days``. ``zone`` is a zone's
    name, ``all``, or empty for the cheapest zone of each type.
    """

    region: str
    days: tuple[Day, ...]
    rows: tuple[PriceRow, ...]
    histories: Mapping[str, SpotHistory] = field(default_factory=dict)
    on_demand: Mapping[str, Decimal] = field(default_factory=dict)
    zone: str = ""
    tz: tzinfo | None = None

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    @property
    def heads(self) -> Cells:
        return ("TYPE", "ZONE", *(day.label for day in self.days), "SAVES")

    def cells(self) -> list[Cells]:
        """The rows as text, a dash for what is not known."""
        return [
            (
                row.type,
                zone_letter(row.zone) or DASH,
                *(dollars(price, _DECIMALS) for price in row.per_day),
                DASH if row.saves is None else percent(float(row.saves)),
            )
            for row in self.rows
        ]

    def lines(self, width: int | None = None) -> list[str]:
        """The table as lines. Days that do not fit into ``width`` follow below, in tables of their own."""
        grid = [self.heads, *self.cells()]
        sizes = [max(map(len, column)) for column in zip(*grid, strict=True)]
        found: list[str] = []
        for columns in _column_blocks(sizes, width):
            if found:
                found.append("")
            found += [_line(row, columns, sizes) for row in grid]
        return found


def build_price_hist(
    histories: Mapping[str, SpotHistory],
    days: Sequence[Day],
    on_demand: Mapping[str, Decimal],
    *,
    region: str = "",
    zone: str = "",
    tz: tzinfo | None = None,
) -> PriceHist:
    """The table of these histories, in their order.

    ``zone`` is a zone's name, ``all``, or empty for each type's cheapest zone: the one of the lowest mean by time.
    """
    rows = [row for name, known in histories.items() for row in _rows(known, days, on_demand.get(name), zone)]
    return PriceHist(region, tuple(days), tuple(rows), histories, on_demand, zone, tz)


def find_zone(text: str, zones: Iterable[str]) -> str:
    """The zone for its name, ``us-east-2a``, its end, ``2a``, or its last letter, ``a``; or ``all``.

    Raises NotFoundError.
    """
    wanted, known = text.strip().lower(), sorted(set(zones), key=lambda zone: (zone.count("-"), zone))
    if wanted == ALL_ZONES:
        return ALL_ZONES
    for zone in known:
        if wanted in (zone, zone_letter(zone), zone[-1:]):
            return zone
    raise NotFoundError(f"There is no zone {text} here.", f"There are {join_words(known)}." if known else "")


def _rows(history: SpotHistory, days: Sequence[Day], on_demand: Decimal | None, zone: str) -> Iterator[PriceRow]:
    found = [_row(history, name, days, on_demand) for name in sorted(history.zones)]
    priced = [row for row in found if row.mean is not None]
    if zone == ALL_ZONES:
        chosen = priced
    elif zone:
        chosen = [row for row in priced if row.zone == zone]
    else:
        chosen = sorted(priced, key=lambda row: (row.mean or Decimal(0), row.zone))[:1]
    where, nothing = "" if zone == ALL_ZONES else zone, (None,) * len(days)
    yield from chosen or [PriceRow(history.type, where, nothing, on_demand=on_demand)]


def _row(history: SpotHistory, zone: str, days: Sequence[Day], on_demand: Decimal | None) -> PriceRow:
    series, start, end = history.zones[zone], days[0].start, days[-1].end
    per_day = tuple(series.mean(day.start, day.end) for day in days)
    return PriceRow(history.type, zone, per_day, series.mean(start, end), series.at(end), on_demand)


def _column_blocks(sizes: Sequence[int], width: int | None) -> Iterator[list[int]]:
    """The columns of each table: type and zone, and as many others as fit into the width."""
    names, rest = [0, 1], list(range(2, len(sizes)))
    taken = sum(sizes[:2]) + len(_GAP)
    while rest:
        count, used = 0, taken
        while count < len(rest) and (width is None or used + len(_GAP) + sizes[rest[count]] <= width):
            used += len(_GAP) + sizes[rest[count]]
            count += 1
        count = max(1, count)
        yield [*names, *rest[:count]]
        del rest[:count]


def _line(row: Cells, columns: Sequence[int], sizes: Sequence[int]) -> str:
    parts = [row[at].ljust(sizes[at]) if at < 2 else row[at].rjust(sizes[at]) for at in columns]
    return _GAP.join(parts).rstrip()
