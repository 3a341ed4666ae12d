"""On-demand and storage prices of a region, from the Price List."""

from __future__ import annotations

from typing import Protocol

from fe2tui.aws.session import Session
from fe2tui.model.fleet import Prices


class PriceShelf(Protocol):
    """Where prices are kept between runs (``store.prices``)."""

    def get(self, region: str) -> Prices | None:
        """What was last saved for a region."""

    def save(self, region: str, prices: Prices) -> None:
        """Keep prices for a region."""


async def region_prices(session: Session) -> Prices:
    """On-demand prices of every type (Linux, shared tenancy; dollars an hour) and of volumes (a GiB and month).

    One paginated read of a few dozen calls: keep it for a day. Raises DeniedError without ``pricing:GetProducts``.
    """
    raise NotImplementedError
