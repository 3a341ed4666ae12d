"""Spot prices as a function of time: steps per zone and type over the past, the same whenever one looks.

As on EC2, a price drifts for weeks, sways from day to day, and now and then climbs for hours while a zone is short of
a type. Types with GPUs change price several times a day, old ones every few days.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from fe2tui.demo.catalogue import on_demand

_HOUR = 3600
_LIVELY = frozenset({"p3", "p3dn", "p4d", "p5", "g4dn", "g5", "g6", "g6e"})
_SLEEPY = frozenset({"t1", "t2", "m1", "m2", "m3", "c1", "c3", "c4", "r3", "i2", "d2"})

PRODUCTS = {
    "Linux/UNIX": "0",
    "Red Hat Enterprise Linux": "0.0288",
    "SUSE Linux": "0.025",
    "Windows": "0.046",
}
"""Each product and what its licence adds, dollars a vCPU-hour."""

_FRACTION = Decimal("0.0001")
_LEAST, _MOST, _SHORT = 0.27, 0.62, 0.72  # shares of the on-demand price; the last where there are too few machines
_SHORTAGE = 240 * _HOUR  # in so long there is one at most
_DRIFTS = ((480, 0.06), (90, 0.03), (14, 0.008))  # hours from one bend to the next, and how far it goes


def _chance(*parts: object) -> float:
    """A number from 0 to 1 that is always the same for the same parts."""
    return zlib.crc32("/".join(map(str, parts)).encode()) / 2**32


class Series:
    """The price of one type in one zone."""

    def __init__(self, seed: int, zone: str, kind: str, vcpus: int) -> None:
        self.zone = zone
        self.kind = kind
        self._vcpus = vcpus
        self._key = f"{seed}/{zone}/{kind}"
        self._base = float(on_demand(kind))
        family = kind.partition(".")[0]
        # the seconds in which the price changes at most once
        self._slot = (2 if family in _LIVELY else 48 if family in _SLEEPY else 6) * _HOUR
        self._level = 0.32 + 0.14 * _chance(seed, kind, "level") + 0.1 * _chance(self._key, "level")

    def changes(self, product: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, Decimal]]:
        """(time, dollars an hour), newest first: the changes within start…end and the last one before start."""
        first, last = start.timestamp(), end.timestamp()
        slot = int(last // self._slot)
        while True:
            at = self._change(slot)
            if at is not None and at <= last:
                yield datetime.fromtimestamp(at, UTC), self._price(at, product)
                if at < first:
                    return
            slot -= 1

    def now(self, moment: datetime) -> Decimal:
        """The price for Linux at a moment."""
        return next(self.changes("Linux/UNIX", moment, moment))[1]

    def _change(self, slot: int) -> int | None:
        """The epoch second at which the price changes in this slot, if it does."""
        if _chance(self._key, slot, "quiet") < 0.3:
            return None
        return slot * self._slot + int(_chance(self._key, slot, "when") * self._slot)

    def _price(self, at: int, product: str) -> Decimal:
        """The price that a change at this moment sets."""
        share = self._level + sum(far * self._sway(at, hours) for hours, far in _DRIFTS)
        share += 0.002 * (_chance(self._key, at, "noise") - 0.5)
        share = min(_MOST, max(_LEAST, share))
        share += (_SHORT - share) * self._shortage(at)
        licence = Decimal(PRODUCTS[product]) * self._vcpus
        return (Decimal(self._base * share) + licence).quantize(_FRACTION)

    def _sway(self, at: int, hours: int) -> float:
        """From -1 to 1: smooth between bends so many hours apart."""
        place, rest = divmod(at, hours * _HOUR)
        part = rest / (hours * _HOUR)
        here, there = (_chance(self._key, hours, bend) for bend in (place, place + 1))
        return 2 * (here + (there - here) * part * part * (3 - 2 * part)) - 1

    def _shortage(self, at: int) -> float:
        """From 0 to 1: how short the zone is of the type. It climbs within hours and wears off over a day or two."""
        place, since = divmod(at, _SHORTAGE)
        if _chance(self._key, place, "short") > 0.2:
            return 0.0
        begin = _chance(self._key, place, "begin") * _SHORTAGE / 2
        climb = (3 + 9 * _chance(self._key, place, "climb")) * _HOUR
        after = since - begin
        if after < 0:
            return 0.0
        return after / climb if after < climb else max(0.0, 1 - (after - climb) / (4 * climb))
