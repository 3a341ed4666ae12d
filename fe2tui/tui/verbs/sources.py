"""Where the picker of instance types gets what it shows."""

from __future__ import annotations

from fe2tui.model.catalogue import Catalogue
from fe2tui.model.fleet import Prices
from fe2tui.tui.forms.type_list import TypeSource
from fe2tui.tui.view import View


def source_of(view: View) -> TypeSource:
    """The types of the place shown, and the newest prices."""
    catalogues, place, ctx = view.desk.catalogues, view.place, view.context()

    async def get() -> Catalogue:
        return await catalogues.get(ctx)

    def prices() -> Prices:
        fleet = view.desk.fleet or view.fleet
        return fleet.prices if fleet is not None else Prices()

    return TypeSource(lambda: catalogues.kept(place), get, prices)
