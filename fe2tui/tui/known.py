"""What was read of regions' types and prices: kept for all who ask, made on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fe2tui.tasks.catalogue import Catalogues
    from fe2tui.tasks.spot_history import SpotHistories
    from fe2tui.tasks.spot_prices import SpotPrices


class Known:
    """One for the whole dashboard; what is in it belongs to its event loop."""

    def __init__(self) -> None:
        self._catalogues: Catalogues | None = None
        self._spot_prices: SpotPrices | None = None
        self._spot_histories: SpotHistories | None = None

    @property
    def catalogues(self) -> Catalogues:
        """The instance types of each region that was looked at."""
        if self._catalogues is None:
            from fe2tui.tasks.catalogue import Catalogues

            self._catalogues = Catalogues()
        return self._catalogues

    @property
    def spot_prices(self) -> SpotPrices:
        """The spot prices of all types of each region whose types were looked at."""
        if self._spot_prices is None:
            from fe2tui.tasks.spot_prices import SpotPrices

            self._spot_prices = SpotPrices()
        return self._spot_prices

    @property
    def spot_histories(self) -> SpotHistories:
        """What the types that were looked at have cost on the spot market."""
        if self._spot_histories is None:
            from fe2tui.tasks.spot_history import SpotHistories

            self._spot_histories = SpotHistories()
        return self._spot_histories

    def stop_reading(self) -> None:
        """Let go of what is still being read."""
        for kept in (self._catalogues, self._spot_prices, self._spot_histories):
            if kept is not None:
                kept.close()
