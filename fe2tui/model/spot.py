"""Spot: what a type costs in each zone over time, and the spot requests behind spot instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from fe2tui.model.price_series import PriceSeries

Market = Literal["on-demand", "spot", "spot-once"]
"""How an instance is bought. ``spot`` is a persistent request: an interruption stops the instance and keeps its volume.
``spot-once`` is a one-time request: an interruption terminates the instance."""


@dataclass(frozen=True, slots=True)
class SpotRequest:
    """A spot request. ``state`` is open, active, disabled, closed, cancelled or failed; ``type``: one-time, persistent.

    ``status_at`` is when its status last changed.
    """

    id: str
    state: str
    type: str
    status_code: str = ""
    status_words: str = ""
    instance_id: str | None = None
    interruption: str = ""
    created_at: datetime | None = None
    status_at: datetime | None = None
    instance_type: str = ""
    zone: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_persistent(self) -> bool:
        """Whether AWS launches or starts an instance for it again and again, until it is cancelled."""
        return self.type == "persistent"


@dataclass(frozen=True, slots=True)
class SpotHistory:
    """The spot prices of one type by zone, dollars an hour (Linux/UNIX), without gaps from ``since`` to ``until``.

    A zone without a price is not in it. Each zone's series begins with the price that held at ``since``, where there
    was one.
    """

    type: str
    since: datetime
    until: datetime
    zones: Mapping[str, PriceSeries] = field(default_factory=dict)

    def current_prices(self) -> dict[str, Decimal]:
        """The price of each zone at the last read, cheapest zone first."""
        found = {zone: series.last_price for zone, series in self.zones.items()}
        return dict(sorted(((z, p) for z, p in found.items() if p is not None), key=lambda pair: (pair[1], pair[0])))

    def merge(self, other: SpotHistory) -> SpotHistory:
        """Both as one. Raises ValueError if there is a gap between them, or the types differ."""
        first, second = (self, other) if self.since <= other.since else (other, self)
        if self.type != other.type or first.until < second.since:
            raise ValueError(f"{self.type} until {first.until} and {other.type} from {second.since} do not join")
        newer, older = (self, other) if self.until >= other.until else (other, self)
        zones = {
            zone: older.zones.get(zone, PriceSeries()).merge(newer.zones.get(zone, PriceSeries()))
            for zone in sorted({*self.zones, *other.zones})
        }
        return SpotHistory(self.type, first.since, newer.until, zones)

    def drop_before(self, since: datetime) -> SpotHistory:
        """The history from a moment on; all of it if it begins later."""
        if since <= self.since:
            return self
        return SpotHistory(self.type, since, self.until, {zone: one.since(since) for zone, one in self.zones.items()})


def merge_spot_histories(kept: SpotHistory | None, new: SpotHistory) -> SpotHistory:
    """Both as one; if there is a gap between them, the newer one alone."""
    if kept is None:
        return new
    if max(kept.since, new.since) > min(kept.until, new.until):
        return new if new.until >= kept.until else kept
    return kept.merge(new)


class ZonePriceStats(NamedTuple):
    """A zone's prices in a window, dollars an hour; ``now`` is the price at the window's end.

    ``saves`` is the share of the on-demand price that spot saves: at most 1, negative where spot costs more.
    """

    zone: str
    now: Decimal
    lowest: Decimal
    mean: Decimal
    highest: Decimal
    saves: Decimal | None


def zone_price_stats(
    history: SpotHistory, start: datetime, end: datetime, on_demand: Decimal | None
) -> tuple[ZonePriceStats, ...]:
    """The statistics of every zone that has a price in the window, the cheapest now first."""
    found: list[ZonePriceStats] = []
    for zone, series in history.zones.items():
        now, mean = series.at(end), series.mean(start, end)
        lowest, highest = series.lowest(start, end), series.highest(start, end)
        if now is None or mean is None or lowest is None or highest is None:
            continue
        found.append(ZonePriceStats(zone, now, lowest, mean, highest, saving(now, on_demand)))
    return tuple(sorted(found, key=lambda one: (one.now, one.zone)))


def saving(spot: Decimal | None, on_demand: Decimal | None) -> Decimal | None:
    """The share of the on-demand price that spot saves; None where either is not known."""
    return None if spot is None or not on_demand else 1 - spot / on_demand
