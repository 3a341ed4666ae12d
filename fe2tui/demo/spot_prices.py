"""Spot prices as a function of time: steps per zone and type over the past, the same whenever one looks."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from fe2tui.demo.prices import on_demand

_SLOT = 6 * 3600
"""Seconds in which a price changes at most once."""

PRODUCTS = {
    "Linux/UNIX": "0",
    "Red Hat Enterprise Linux": "0.0288",
    "SUSE Linux": "0.025",
    "Windows": "0.046",
}
"""Each product and what its licence adds, dollars a vCPU-hour."""

_FRACTION = Decimal("0.0001")


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
        self._base = float(on_demand(kind) or 0)
        self._level = 0.36 + 0.22 * _chance(self._key, "level")
        self._phases = [6.283 * _chance(self._key, "phase", each) for each in range(3)]

    def _price(self, slot: int, product: str) -> Decimal:
        """The price that a change in this slot sets: slow swings, noise, and now and then a spike."""
        swing = 0.07 * math.sin(slot / 61 + self._phases[0]) + 0.035 * math.sin(slot / 13 + self._phases[1])
        swing += 0.01 * math.sin(slot / 3.1 + self._phases[2]) + 0.015 * (_chance(self._key, slot, "noise") - 0.5)
        share = min(0.7, max(0.3, self._level + swing))
        if _chance(self._key, slot // 9, "spike") < 0.02:
            share = 0.68
        licence = Decimal(PRODUCTS[product]) * self._vcpus
        return (Decimal(self._base * share) + licence).quantize(_FRACTION)

    def _change(self, slot: int) -> int | None:
        """The epoch second at which the price changes in this slot, if it does."""
        if _chance(self._key, slot, "quiet") < 0.35:
            return None
        return slot * _SLOT + int(_chance(self._key, slot, "when") * _SLOT)

    def changes(self, product: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, Decimal]]:
        """(time, dollars an hour), newest first: the changes within start…end and the last one before start."""
        first, last = start.timestamp(), end.timestamp()
        slot = int(last // _SLOT)
        while True:
            at = self._change(slot)
            if at is not None and at <= last:
                yield datetime.fromtimestamp(at, UTC), self._price(slot, product)
                if at < first:
                    return
            slot -= 1

    def now(self, moment: datetime) -> Decimal:
        """The price for Linux at a moment."""
        return next(self.changes("Linux/UNIX", moment, moment))[1]
