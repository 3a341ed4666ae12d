"""On-demand and storage prices of a region, from the Price List."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from fe2tui.aws.aside import aside
from fe2tui.aws.session import Session
from fe2tui.model.fleet import Prices

_PAGE = 100  # what GetProducts gives at most
# Source: AWS Price List Query API, attributes of the AmazonEC2 service.
_MACHINES = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "licenseModel": "No License required",
    "marketoption": "OnDemand",
    "operation": "RunInstances",
}
_STORAGE = {"productFamily": "Storage"}


class PriceShelf(Protocol):
    """Where prices are kept between runs (``store.prices``). Called in a thread."""

    def get(self, region: str) -> Prices | None:
        """What was last saved for a region."""

    def save(self, region: str, prices: Prices) -> None:
        """Keep prices for a region."""


async def region_prices(session: Session) -> Prices:
    """On-demand prices of every type (Linux, shared tenancy; dollars an hour) and of volumes (a GiB and month).

    One paginated read of a few dozen calls: keep it for a day. A type for which the Price List has several prices is
    left out: not known. Raises DeniedError without ``pricing:GetProducts``.
    """
    machines: dict[str, set[Decimal]] = {}
    async for products in _products(session, _MACHINES):
        await aside(_gather, products, "instanceType", "Hrs", machines)
    storage: dict[str, set[Decimal]] = {}
    async for products in _products(session, _STORAGE):
        await aside(_gather, products, "volumeApiName", "GB-Mo", storage)
    return Prices(on_demand=_single(machines), storage=_single(storage), read_at=datetime.now(UTC))


def _products(session: Session, wanted: Mapping[str, str]) -> AsyncIterator[list[Any]]:
    fields = {"regionCode": session.region, **wanted}
    return session.pages(
        "pricing",
        "GetProducts",
        "PriceList",
        at="cn-northwest-1" if session.region.startswith("cn-") else "us-east-1",
        ServiceCode="AmazonEC2",
        FormatVersion="aws_v1",
        MaxResults=_PAGE,
        Filters=[{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in fields.items()],
    )


def _gather(products: Iterable[Any], attribute: str, unit: str, into: dict[str, set[Decimal]]) -> None:
    for text in products:
        product = json.loads(text) if isinstance(text, str) else text
        name = product.get("product", {}).get("attributes", {}).get(attribute)
        if name:
            into.setdefault(name, set()).update(_amounts(product, unit))


def _amounts(product: Mapping[str, Any], unit: str) -> Iterable[Decimal]:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            if dimension.get("unit") not in (unit, "GB-month" if unit == "GB-Mo" else unit):
                continue
            try:
                amount = Decimal(dimension.get("pricePerUnit", {}).get("USD", "0"))
            except InvalidOperation:
                continue
            if amount > 0:
                yield amount


def _single(found: Mapping[str, set[Decimal]]) -> dict[str, Decimal]:
    return {name: next(iter(amounts)) for name, amounts in found.items() if len(amounts) == 1}
