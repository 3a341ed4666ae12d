"""On-demand prices of a region from the Price List, kept for a day."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, Protocol

from fe2tui.aws.session import Session
from fe2tui.aws.shared_reads import SharedReads
from fe2tui.aws.worker_thread import in_worker_thread
from fe2tui.errors import AwsError, DeniedError, Fe2Error, StoreError
from fe2tui.model.fleet import Prices
from fe2tui.model.location import local_zone_group
from fe2tui.model.volume import IO2_IOPS_TIERS

PRICES_VALID = timedelta(days=1)
HOW_TO_ALLOW_PRICES = (
    "Prices need pricing:GetProducts: ask the account's administrator to attach AWS's managed policy "
    "AWSPriceListServiceFullAccess to your login, or an inline policy that allows it. Everything else works."
)
_WITHOUT_PRICE_LIST = ("us-gov-", "us-iso", "eu-isoe-", "eusc-")
"""Regions of partitions without an endpoint of the Price List. Source: AWS General Reference, Price List endpoints."""

_LOCATION_TYPES = ("AWS Region", "AWS Local Zone")  # not AWS Outposts
_PAGE = 100  # the most that GetProducts returns
_USAGE_PREFIX = "EBS:"


class PriceCache(Protocol):
    """Keeps prices between runs (``store.prices``). Called in a thread."""

    def get(self, region: str) -> Prices | None: ...

    def save(self, region: str, prices: Prices) -> None: ...


class _ProductQuery(NamedTuple):
    """Products of one kind: the filters, the name of each price (None: not wanted), and units with their divisors."""

    filters: Mapping[str, str]
    price_key: Callable[[Mapping[str, str]], str | None]
    units: Mapping[str, int]


def _volume_price_key(names: Mapping[str, str]) -> Callable[[Mapping[str, str]], str | None]:
    """By what follows ``EBS:`` in the usage type; that of tiers and special tenancies is longer."""

    def named(attributes: Mapping[str, str]) -> str | None:
        _, mark, usage = attributes.get("usagetype", "").partition(_USAGE_PREFIX)
        return names.get(usage) if mark and attributes.get("locationType", "AWS Region") in _LOCATION_TYPES else None

    return named


# Source: AWS Price List Query API, attributes of the AmazonEC2 service.
_INSTANCES = _ProductQuery(
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
_STORAGE = _ProductQuery(
    {"productFamily": "Storage"},
    _volume_price_key(
        {
            "VolumeUsage": "standard",
            "VolumeUsage.piops": "io1",
            **{f"VolumeUsage.{kind}": kind for kind in ("gp3", "gp2", "io2", "st1", "sc1")},
        }
    ),
    {"gb-mo": 1, "gb-month": 1},
)
_IOPS = _ProductQuery(
    {"productFamily": "System Operation"},
    _volume_price_key(
        {
            "VolumeP-IOPS.piops": "io1",
            **{f"VolumeP-IOPS.{kind}": kind for kind in ("gp3", *(tier for tier, _ in IO2_IOPS_TIERS))},
        }
    ),
    {"iops-mo": 1},
)
_THROUGHPUT = _ProductQuery(
    {"productFamily": "Provisioned Throughput"},
    _volume_price_key({"VolumeP-Throughput.gp3": "gp3"}),
    {"gibps-mo": 1024, "mibps-mo": 1},
)
_SNAPSHOTS = _ProductQuery(
    {"productFamily": "Storage Snapshot"}, _volume_price_key({"SnapshotUsage": "snapshot"}), {"gb-mo": 1, "gb-month": 1}
)


def are_fresh(prices: Prices, now: datetime) -> bool:
    return bool(prices.on_demand) and prices.read_at is not None and abs(now - prices.read_at) <= PRICES_VALID


# cancelled with its last caller, so that nothing is sent after the session is closed
_reads: SharedReads[Session, Prices] = SharedReads(cancel_unawaited=True)


async def current_prices(
    session: Session,
    cache: PriceCache | None,
    clock: Callable[[], datetime],
    *,
    patience: float | None = None,
    on_failure: Callable[[Fe2Error], None] | None = None,
) -> Prices:
    """A region's prices without spot prices: today's from the cache or else from AWS, or older ones from the cache.

    If AWS does not answer within ``patience`` seconds, cached prices are returned, however old: ``read_at`` has their
    time, and ``on_failure`` gets the error. Without cached prices the error is raised, however long AWS took. Callers
    at the same time share one read, which goes on as long as one of them waits for it.
    """
    cached = await cached_prices(cache, session.region)
    if cached is not None and are_fresh(cached, clock()):
        return cached
    try:
        async with asyncio.timeout(None if cached is None else patience):
            read = await _reads.get(session, lambda: _read_and_cache(session, cache, clock))
    except (Fe2Error, TimeoutError) as error:
        if cached is None:
            raise
        if on_failure is not None and isinstance(error, Fe2Error):
            on_failure(error)
        return cached
    return read if read.on_demand or cached is None else cached


async def _read_and_cache(session: Session, cache: PriceCache | None, clock: Callable[[], datetime]) -> Prices:
    read = replace(await read_region_prices(session), read_at=clock())
    if cache is not None and read.on_demand:
        try:
            await asyncio.to_thread(cache.save, session.region, read)
        except StoreError:
            return read  # the owner of the store reports that
    return read


async def with_local_zones(
    session: Session, cache: PriceCache | None, clock: Callable[[], datetime], prices: Prices, zones: Iterable[str]
) -> Prices:
    """The prices with those of the Local Zones among the zones. Each is read once a day; AWS is not asked for others.

    Prices that AWS does not return are left out, or stay as they were.
    """
    groups = sorted({group for zone in zones if (group := local_zone_group(zone))})
    found = await asyncio.gather(*(_local_zone_prices(session, cache, clock, group) for group in groups))
    known = {group: one for group, one in zip(groups, found, strict=True) if one is not None}
    return replace(prices, local_zones={**prices.local_zones, **known}) if known else prices


async def _local_zone_prices(
    session: Session, cache: PriceCache | None, clock: Callable[[], datetime], group: str
) -> Prices | None:
    cached = await cached_prices(cache, group)
    now = clock()
    if cached is not None and cached.read_at is not None and abs(now - cached.read_at) <= PRICES_VALID:
        return cached
    try:
        read = replace(await read_region_prices(session, group), read_at=now)
    except Fe2Error:
        return cached
    if cache is not None:
        with suppress(StoreError):  # the owner of the store reports that
            await asyncio.to_thread(cache.save, group, read)
    return read


async def cached_prices(cache: PriceCache | None, region: str) -> Prices | None:
    """The cached prices of a region, however old. Does not call AWS."""
    if cache is None:
        return None
    try:
        return await asyncio.to_thread(cache.get, region)
    except StoreError:
        return None  # the store's owner reports it; prices can be read again


async def read_region_prices(session: Session, region: str = "") -> Prices:
    """On-demand prices of all types, and of volumes and snapshots; units as in ``Prices``.

    Of the session's region, or of another one or of the group of a Local Zone, which the Price List has as regions.

    One paginated read of a few dozen calls: keep the result for a day. A type with several prices in the Price List is
    only in ``several``. Raises DeniedError without ``pricing:GetProducts``, and AwsError in a partition that has no
    Price List.
    """
    if session.region.startswith(_WITHOUT_PRICE_LIST):
        raise AwsError(
            f"AWS has no Price List that a login for {session.region} can read.",
            "Prices are left out; everything else works.",
        )
    try:
        instances = await _read_products(session, _INSTANCES, region)
        storage, iops, throughput, snapshots = [
            _unambiguous(await _read_products(session, wanted, region))
            for wanted in (_STORAGE, _IOPS, _THROUGHPUT, _SNAPSHOTS)
        ]
    except DeniedError as error:
        raise DeniedError(error.summary, HOW_TO_ALLOW_PRICES, code=error.code) from error
    return Prices(
        on_demand=_unambiguous(instances),
        storage=storage,
        read_at=datetime.now(UTC),
        iops=iops,
        throughput=throughput,
        snapshot=snapshots.get("snapshot"),
        several=frozenset(name for name, amounts in instances.items() if len(amounts) > 1),
    )


async def _read_products(session: Session, query: _ProductQuery, region: str) -> dict[str, set[Decimal]]:
    found: dict[str, set[Decimal]] = {}
    fields = {"regionCode": region or session.region, **query.filters}
    pages = session.pages(
        "pricing",
        "GetProducts",
        "PriceList",
        region="cn-northwest-1" if session.region.startswith("cn-") else "us-east-1",
        ServiceCode="AmazonEC2",
        FormatVersion="aws_v1",
        MaxResults=_PAGE,
        Filters=[{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in fields.items()],
    )
    async for products in pages:
        await in_worker_thread(_collect, products, query, found)
    return found


def _collect(products: Iterable[Any], query: _ProductQuery, into: dict[str, set[Decimal]]) -> None:
    for text in products:
        product = json.loads(text) if isinstance(text, str) else text
        name = query.price_key(product.get("product", {}).get("attributes", {}))
        if name:
            into.setdefault(name, set()).update(_amounts(product, query.units))


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


def _unambiguous(found: Mapping[str, set[Decimal]]) -> dict[str, Decimal]:
    return {name: next(iter(amounts)) for name, amounts in found.items() if len(amounts) == 1}
