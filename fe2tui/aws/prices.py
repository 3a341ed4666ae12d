"""Prices of a region, from the Price List, and from where they are kept for a day."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from fe2tui.aws.aside import aside
from fe2tui.aws.session import Session
from fe2tui.errors import DeniedError, Fe2Error, StoreError
from fe2tui.model.fleet import Prices

PRICES_LAST = timedelta(days=1)
"""How long prices are taken for today's."""

HOW_TO_READ = (
    "Prices need pricing:GetProducts: ask whoever runs the account to attach AWS's managed policy "
    "AWSPriceListServiceFullAccess to your login, or an inline policy that allows it. All the rest works."
)
"""What helps a login that may not read prices."""

_PAGE = 100  # what GetProducts gives at most
_PRODUCTS = "EBS:"


class PriceShelf(Protocol):
    """Where prices are kept between runs (``store.prices``). Called in a thread."""

    def get(self, region: str) -> Prices | None:
        """What was last saved for a region."""

    def save(self, region: str, prices: Prices) -> None:
        """Keep prices for a region."""


class _Wanted(NamedTuple):
    """Products of one kind: which to ask for, what each is the price of (None: not meant), and units with divisors."""

    filters: Mapping[str, str]
    named: Callable[[Mapping[str, str]], str | None]
    units: Mapping[str, int]


def _disk_price(names: Mapping[str, str]) -> Callable[[Mapping[str, str]], str | None]:
    """By what follows ``EBS:`` in the usage type: the tiers and tenants beside the plain price have longer ones."""

    def named(attributes: Mapping[str, str]) -> str | None:
        _, mark, usage = attributes.get("usagetype", "").partition(_PRODUCTS)
        return names.get(usage) if mark and attributes.get("locationType", "AWS Region") == "AWS Region" else None

    return named


# Source: AWS Price List Query API, attributes of the AmazonEC2 service.
_MACHINES = _Wanted(
    {
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "licenseModel": "No License required",
        "marketoption": "OnDemand",
        "operation": "RunInstances",
    },
    lambda attributes: attributes.get("instanceType"),
    {"hrs": 1},
)
_STORAGE = _Wanted(
    {"productFamily": "Storage"},
    _disk_price(
        {
            "VolumeUsage": "standard",
            "VolumeUsage.piops": "io1",
            **{f"VolumeUsage.{kind}": kind for kind in ("gp3", "gp2", "io2", "st1", "sc1")},
        }
    ),
    {"gb-mo": 1, "gb-month": 1},
)
_IOPS = _Wanted(
    {"productFamily": "System Operation"},
    _disk_price({"VolumeP-IOPS.gp3": "gp3", "VolumeP-IOPS.piops": "io1", "VolumeP-IOPS.io2": "io2"}),
    {"iops-mo": 1},
)
_THROUGHPUT = _Wanted(
    {"productFamily": "Provisioned Throughput"},
    _disk_price({"VolumeP-Throughput.gp3": "gp3"}),
    {"gibps-mo": 1024, "mibps-mo": 1},
)
_SNAPSHOTS = _Wanted(
    {"productFamily": "Storage Snapshot"}, _disk_price({"SnapshotUsage": "snapshot"}), {"gb-mo": 1, "gb-month": 1}
)


def are_fresh(prices: Prices, now: datetime) -> bool:
    """Whether these are today's on-demand prices."""
    return bool(prices.on_demand) and prices.read_at is not None and now - prices.read_at <= PRICES_LAST


async def kept_prices(
    session: Session,
    shelf: PriceShelf | None,
    clock: Callable[[], datetime],
    *,
    patience: float | None = None,
    missed: Callable[[Fe2Error], None] | None = None,
) -> Prices:
    """A region's prices without those of spot: the shelf's of today, else AWS's, which it then keeps, else older ones.

    Where AWS does not answer, or not within ``patience`` seconds, prices of the shelf stand in, however old: their
    ``read_at`` tells. ``missed`` is told why. Without any, what AWS raised is raised, however long it took. Those who
    ask at once share one read, which goes on as long as one of them waits for it.
    """
    kept = await shelved_prices(shelf, session.region)
    if kept is not None and are_fresh(kept, clock()):
        return kept
    try:
        async with asyncio.timeout(None if kept is None else patience):
            read = await _renewed(session, shelf, clock)
    except (Fe2Error, TimeoutError) as error:
        if kept is None:
            raise
        if missed is not None and isinstance(error, Fe2Error):
            missed(error)
        return kept
    return read if read.on_demand or kept is None else kept


@dataclass(slots=True)
class _Renewal:
    """A read under way, and how many wait for it."""

    task: asyncio.Task[Prices]
    waiting: int = 0


_renewals: WeakKeyDictionary[Session, _Renewal] = WeakKeyDictionary()


async def _renewed(session: Session, shelf: PriceShelf | None, clock: Callable[[], datetime]) -> Prices:
    renewal = _renewals.get(session)
    if renewal is None:
        renewal = _renewals[session] = _Renewal(asyncio.create_task(_renew(session, shelf, clock)))
        renewal.task.add_done_callback(_looked_at)
    renewal.waiting += 1
    try:
        return await asyncio.shield(renewal.task)
    finally:
        renewal.waiting -= 1
        if not renewal.waiting:
            _renewals.pop(session, None)
            renewal.task.cancel()
            await asyncio.wait([renewal.task])  # nothing is sent any more when the session is closed next


async def _renew(session: Session, shelf: PriceShelf | None, clock: Callable[[], datetime]) -> Prices:
    read = replace(await region_prices(session), read_at=clock())
    if shelf is not None and read.on_demand:
        try:
            await asyncio.to_thread(shelf.save, session.region, read)
        except StoreError:
            return read  # whoever owns the store says so
    return read


def _looked_at(task: asyncio.Task[Prices]) -> None:
    if not task.cancelled():
        task.exception()  # those who waited have it; there may be none left


async def shelved_prices(shelf: PriceShelf | None, region: str) -> Prices | None:
    """What the shelf has for a region, however old: at once."""
    if shelf is None:
        return None
    try:
        return await asyncio.to_thread(shelf.get, region)
    except StoreError:
        return None  # whoever owns the store says so; prices can be read again


async def region_prices(session: Session) -> Prices:
    """On-demand prices of every type, and of volumes and snapshots: units as in ``Prices``.

    One paginated read of a few dozen calls: keep it for a day. A type for which the Price List has several prices is
    only in ``several``. Raises DeniedError without ``pricing:GetProducts``.
    """
    try:
        machines = await _read(session, _MACHINES)
        storage, iops, throughput, snapshots = [
            _single(await _read(session, wanted)) for wanted in (_STORAGE, _IOPS, _THROUGHPUT, _SNAPSHOTS)
        ]
    except DeniedError as error:
        raise DeniedError(error.summary, HOW_TO_READ, code=error.code) from error
    return Prices(
        on_demand=_single(machines),
        storage=storage,
        read_at=datetime.now(UTC),
        iops=iops,
        throughput=throughput,
        snapshot=snapshots.get("snapshot"),
        several=frozenset(name for name, amounts in machines.items() if len(amounts) > 1),
    )


async def _read(session: Session, wanted: _Wanted) -> dict[str, set[Decimal]]:
    found: dict[str, set[Decimal]] = {}
    async for products in _products(session, wanted.filters):
        await aside(_gather, products, wanted, found)
    return found


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


def _gather(products: Iterable[Any], wanted: _Wanted, into: dict[str, set[Decimal]]) -> None:
    for text in products:
        product = json.loads(text) if isinstance(text, str) else text
        name = wanted.named(product.get("product", {}).get("attributes", {}))
        if name:
            into.setdefault(name, set()).update(_amounts(product, wanted.units))


def _amounts(product: Mapping[str, Any], units: Mapping[str, int]) -> Iterable[Decimal]:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            parts = units.get(str(dimension.get("unit", "")).lower())
            if parts is None or str(dimension.get("beginRange", "0")) != "0":
                continue
            try:
                amount = Decimal(dimension.get("pricePerUnit", {}).get("USD", "0")) / parts
            except InvalidOperation:
                continue
            if amount > 0:
                yield amount


def _single(found: Mapping[str, set[Decimal]]) -> dict[str, Decimal]:
    return {name: next(iter(amounts)) for name, amounts in found.items() if len(amounts) == 1}
