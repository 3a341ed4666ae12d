"""Spot prices as a function of time: for each type and zone a series of changes, the same at every look.

As on EC2, a price drifts for weeks, varies from day to day, and sometimes climbs for hours when a zone has little
capacity. Types with GPUs change price several times a day, old types every few days.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from fe2tui.demo.catalogue import on_demand

_HOUR = 3600
_FREQUENT = frozenset({"p3", "p3dn", "p4d", "p5", "g4dn", "g5", "g6", "g6e"})
_RARE = frozenset({"t1", "t2", "m1", "m2", "m3", "c1", "c3", "c4", "r3", "i2", "d2"})

PRODUCTS = {
    "Linux/UNIX": "0",
    "Red Hat Enterprise Linux": "0.0288",
    "SUSE Linux": "0.025",
    "Windows": "0.046",
}
"""Each product with the price of its licence, dollars a vCPU-hour."""

_FRACTION = Decimal("0.0001")
_LOWEST, _HIGHEST, _SHORT = 0.27, 0.62, 0.72  # shares of the on-demand price; the last is for a shortage
_SHORTAGE = 240 * _HOUR  # at most one shortage in this time
_DRIFTS = ((480, 0.06), (90, 0.03), (14, 0.008))  # hours between two bends, and the share that it varies by


def _chance(*parts: object) -> float:
    """A number from 0 to 1 that depends only on the parts."""
    return zlib.crc32("/".join(map(str, parts)).encode()) / 2**32


class PriceSeries:
    def __init__(self, seed: int, zone: str, type_name: str, vcpus: int) -> None:
        self.zone = zone
        self.type_name = type_name
        self._vcpus = vcpus
        self._key = f"{seed}/{zone}/{type_name}"
        self._base = float(on_demand(type_name))
        family = type_name.partition(".")[0]
        # The price changes at most once in so many seconds.
        self._slot = (2 if family in _FREQUENT else 48 if family in _RARE else 6) * _HOUR
        self._level = 0.32 + 0.14 * _chance(seed, type_name, "level") + 0.1 * _chance(self._key, "level")

    def changes(self, product: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, Decimal]]:
        """(time, dollars an hour), newest first: the changes between start and end, and the last one before start."""
        first, last = start.timestamp(), end.timestamp()
        slot = int(last // self._slot)
        while True:
            at = self._change(slot)
            if at is not None and at <= last:
                yield datetime.fromtimestamp(at, UTC), self._price(at, product)
                if at < first:
                    return
            slot -= 1

    def price_at(self, moment: datetime) -> Decimal:
        """Dollars an hour for Linux."""
        return next(self.changes("Linux/UNIX", moment, moment))[1]

    def _change(self, slot: int) -> int | None:
        """The epoch second of the change in this slot; None if there is no change."""
        if _chance(self._key, slot, "quiet") < 0.3:
            return None
        return slot * self._slot + int(_chance(self._key, slot, "when") * self._slot)

    def _price(self, at: int, product: str) -> Decimal:
        share = self._level + sum(far * self._curve(at, hours) for hours, far in _DRIFTS)
        share += 0.002 * (_chance(self._key, at, "noise") - 0.5)
        share = min(_HIGHEST, max(_LOWEST, share))
        share += (_SHORT - share) * self._shortage(at)
        licence = Decimal(PRODUCTS[product]) * self._vcpus
        return (Decimal(self._base * share) + licence).quantize(_FRACTION)

    def _curve(self, at: int, hours: int) -> float:
        """A smooth curve from -1 to 1, with bends so many hours apart."""
        place, rest = divmod(at, hours * _HOUR)
        part = rest / (hours * _HOUR)
        here, there = (_chance(self._key, hours, bend) for bend in (place, place + 1))
        return 2 * (here + (there - here) * part * part * (3 - 2 * part)) - 1

    def _shortage(self, at: int) -> float:
        """The zone's shortage of the type, from 0 to 1. It climbs within hours and falls over a day or two."""
        place, since = divmod(at, _SHORTAGE)
        if _chance(self._key, place, "short") > 0.2:
            return 0.0
        begin = _chance(self._key, place, "begin") * _SHORTAGE / 2
        climb = (3 + 9 * _chance(self._key, place, "climb")) * _HOUR
        after = since - begin
        if after < 0:
            return 0.0
        return after / climb if after < climb else max(0.0, 1 - (after - climb) / (4 * climb))
