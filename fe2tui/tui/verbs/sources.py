"""Where the picker of instance types gets what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from fe2tui.model.catalogue import Catalogue
from fe2tui.model.fleet import Prices
from fe2tui.tui.forms.type_list import TypeSource
from fe2tui.tui.view import View


def source_of(view: View) -> TypeSource:
    """The types of the place shown, and the newest prices."""
    catalogues, spot, place, ctx = view.desk.catalogues, view.desk.spot_prices, view.place, view.context()
    joined = Joined()

    async def get() -> Catalogue:
        return await catalogues.get(ctx)

    async def read_spot() -> None:
        await spot.get(ctx)

    def prices() -> Prices:
        fleet, now = view.desk.fleet or view.fleet, spot.kept(place)
        return joined.of(fleet.prices if fleet is not None else Prices(), now.prices if now is not None else {})

    return TypeSource(lambda: catalogues.kept(place), get, prices, read_spot)


class Joined:
    """The fleet's prices with the spot prices of all types: the same object for as long as both are."""

    def __init__(self) -> None:
        self._parts: tuple[object, object] = (None, None)
        self._whole = Prices()

    def of(self, prices: Prices, spot: Mapping[tuple[str, str], Decimal]) -> Prices:
        """Those of the types that run as spot machines are read more often: they count."""
        if self._parts[0] is not prices or self._parts[1] is not spot:
            self._parts = (prices, spot)
            self._whole = replace(prices, spot={**spot, **prices.spot}) if spot else prices
        return self._whole
