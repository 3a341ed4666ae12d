"""Spot: what it costs now, and what it cost."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from fe2tui.aws.decode import SpotRequestReader
from fe2tui.aws.paged_reads import read_all
from fe2tui.aws.session import Session
from fe2tui.aws.types import unknown_type_error
from fe2tui.aws.worker_thread import in_worker_thread
from fe2tui.aws.xml_reader import XmlReader
from fe2tui.errors import AwsError, Fe2Error, FieldError, NotFoundError, StoreError
from fe2tui.model.location import Location
from fe2tui.model.money import SpotHistoryByType, TimeSpan
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory, SpotRequest, merge_spot_histories
from fe2tui.model.text import join_words

PRODUCT_DESCRIPTION = "Linux/UNIX"
_PRICES_PAGE = 1000
_TYPES_A_CALL = 100  # in one call: EC2 tells of no limit, but a filter of its takes 200 values


async def current_spot_prices(session: Session, types: Iterable[str]) -> dict[tuple[str, str], Decimal]:
    """The spot price now by type and zone, dollars an hour (Linux/UNIX). What is not in it has no spot price.

    The history from this moment on holds, for each type and zone, the one change before it: the price that counts.
    """
    names = sorted(set(types))
    newest: dict[tuple[str, str], tuple[datetime, Decimal]] = {}
    if not names:
        return {}
    pages = session.pages(
        "ec2",
        "DescribeSpotPriceHistory",
        "SpotPriceHistory",
        InstanceTypes=names,
        ProductDescriptions=[PRODUCT_DESCRIPTION],
        StartTime=datetime.now(UTC),
        MaxResults=_PRICES_PAGE,
    )
    async for page in pages:
        for entry in page:
            key = (str(entry["InstanceType"]), str(entry["AvailabilityZone"]))
            at = entry["Timestamp"]
            if key not in newest or newest[key][0] < at:
                newest[key] = (at, Decimal(entry["SpotPrice"]))
    return {key: price for key, (_, price) in newest.items()}


async def region_spot_prices(session: Session) -> dict[tuple[str, str], Decimal]:
    """The spot price now of every type of the region, by type and zone, dollars an hour (Linux/UNIX).

    About five pages, one after the other: takes seconds. Raises what reading them raises.
    """
    changes = await read_all(
        session,
        "DescribeSpotPriceHistory",
        XmlReader("spotPriceHistorySet", _decode_price_change),
        ProductDescriptions=[PRODUCT_DESCRIPTION],
        StartTime=datetime.now(UTC),
        MaxResults=_PRICES_PAGE,
    )
    return await in_worker_thread(_newest_prices, changes)


async def read_spot_history(
    session: Session, types: Iterable[str], since: datetime, *, until: datetime | None = None
) -> dict[str, SpotHistory]:
    """How the spot prices of these types changed in a window, a history for each (Linux/UNIX, dollars an hour).

    Without ``until`` to this moment; EC2 tells of the last 90 days. What held at ``since`` is in it: EC2 sends the last
    change before the window too. A type without spot prices in the region has a history without zones. A page has a
    thousand changes, and all types of a hundred share their pages. Raises FieldError("type") for one that EC2 does not
    know, DeniedError without ``ec2:DescribeSpotPriceHistory``.
    Source: EC2 API reference, DescribeSpotPriceHistory.
    """
    names = sorted(set(types))
    last = until or datetime.now(UTC)
    changes: list[_PriceChange] = []
    for start in range(0, len(names), _TYPES_A_CALL):
        some = names[start : start + _TYPES_A_CALL]
        try:
            changes += await read_all(
                session,
                "DescribeSpotPriceHistory",
                XmlReader("spotPriceHistorySet", _decode_price_change),
                InstanceTypes=some,
                ProductDescriptions=[PRODUCT_DESCRIPTION],
                StartTime=since,
                EndTime=last,
                MaxResults=_PRICES_PAGE,
            )
        except (AwsError, FieldError) as error:
            if error.code != "InvalidParameterValue":
                raise
            raise _unknown_type_error(error, some) from error
    return await in_worker_thread(_build_histories, names, since, last, changes)


# Type, zone, when in EC2's own words, which are in order as texts, and the price. A plain tuple: tens of thousands of
# other objects would set off Python's search for garbage, in which nothing else moves.
_PriceChange = tuple[str, str, str, Decimal]


def _decode_price_change(item: Any) -> _PriceChange:
    """An ``<item>`` of a ``<spotPriceHistorySet>``. Source: EC2 API reference, data type SpotPrice."""
    name, zone = item.findtext("instanceType") or "", item.findtext("availabilityZone") or ""
    price = Decimal(item.findtext("spotPrice") or 0)
    return sys.intern(name), sys.intern(zone), item.findtext("timestamp") or "", price


def _build_histories(
    names: Iterable[str], since: datetime, until: datetime, changes: Iterable[_PriceChange]
) -> dict[str, SpotHistory]:
    zones: dict[str, dict[str, list[tuple[datetime, Decimal]]]] = {name: {} for name in names}
    for name, zone, at, price in changes:
        if name in zones:
            zones[name].setdefault(zone, []).append((_parse_time(at), price))
    return {
        name: SpotHistory(
            name, since, until, {zone: PriceSeries.from_changes(reversed(found[zone])) for zone in sorted(found)}
        )
        for name, found in zones.items()
    }


def _parse_time(text: str) -> datetime:
    """A time in EC2's words, ``2026-11-23T14:05:00.000Z``."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _unknown_type_error(error: Fe2Error, types: Sequence[str]) -> FieldError:
    """What EC2 said of one of these types, in plain words."""
    named = [name for name in types if name in str(error)] or list(types)
    return unknown_type_error(join_words(named, "or"), error.code)


def _newest_prices(changes: Iterable[_PriceChange]) -> dict[tuple[str, str], Decimal]:
    newest: dict[tuple[str, str], tuple[str, Decimal]] = {}
    for name, zone, at, price in changes:
        if (name, zone) not in newest or newest[name, zone][0] < at:
            newest[name, zone] = (at, price)
    return {key: price for key, (_, price) in newest.items()}


HISTORY_FRESH = timedelta(minutes=30)
"""What was read so lately is not read again: a price counts from the next hour of a run on."""

_REPORTING_DELAY = timedelta(hours=1)  # by when EC2 has told of a change


class SpotPriceCache(Protocol):
    """Where histories are kept between runs (``store.spot``). Called in a thread."""

    def get(self, location: Location, types: Iterable[str]) -> dict[str, SpotHistory]:
        """What is kept of these types."""

    def add(self, location: Location, histories: Iterable[SpotHistory]) -> None:
        """Join these with what is kept."""


class _MissingSpan(NamedTuple):
    """What of a type is not known."""

    type: str
    since: datetime
    until: datetime


async def cached_spot_history(
    cache: SpotPriceCache | None, location: Location, types: Iterable[str]
) -> dict[str, SpotHistory]:
    """What the shelf has of these types. One that cannot be read has nothing: AWS knows it, too."""
    if cache is None:
        return {}
    try:
        return await asyncio.to_thread(cache.get, location, types)
    except StoreError:
        return {}


async def spot_history_with_cache(
    session: Session,
    cache: SpotPriceCache | None,
    spans: Mapping[str, TimeSpan],
    clock: Callable[[], datetime],
    known: SpotHistoryByType | None = None,
) -> dict[str, SpotHistory]:
    """The market's prices of these types, each over its span at least, up to half an hour ago.

    Without ``known`` the shelf is asked what it has. AWS is asked for what is missing only: in one call for what is
    newer, and one for what is older, of all types together, with a page for each thousand changes. That goes on the
    shelf. Raises what kept AWS from telling, DeniedError among them.
    """
    location = session.location
    found = dict(await cached_spot_history(cache, location, spans) if known is None else known)
    for gaps in missing_spans(spans, found, clock()):
        since, until = min(gap.since for gap in gaps), max(gap.until for gap in gaps)
        read = await read_spot_history(session, [gap.type for gap in gaps], since, until=until)
        found |= {name: merge_spot_histories(found.get(name), history) for name, history in read.items()}
        if cache is not None:
            try:
                await asyncio.to_thread(cache.add, location, list(read.values()))
            except StoreError:
                continue  # it is read again the next time
    return {name: found[name] for name in spans if name in found}


def missing_spans(spans: Mapping[str, TimeSpan], known: SpotHistoryByType, now: datetime) -> list[list[_MissingSpan]]:
    """What is not known: what is older than that which is, or all; and what is newer. Neither where there is none."""
    older: list[_MissingSpan] = []
    newer: list[_MissingSpan] = []
    for name, span in spans.items():
        history = known.get(name)
        if history is None or history.until < span.since:
            older.append(_MissingSpan(name, span.since, now))
            continue
        if span.since < history.since:
            older.append(_MissingSpan(name, span.since, history.since))
        if now - history.until > HISTORY_FRESH and (
            span.until is None or history.until < span.until + _REPORTING_DELAY
        ):
            newer.append(_MissingSpan(name, history.until - _REPORTING_DELAY, now))
    return [gaps for gaps in (older, newer) if gaps]


def is_complete(spans: Mapping[str, TimeSpan], known: SpotHistoryByType) -> bool:
    """Whether nothing of these will ever be missing: all of it is past, and known."""
    return all(
        span.until is not None
        and (history := known.get(name)) is not None
        and history.until >= span.until + _REPORTING_DELAY
        for name, span in spans.items()
    )


_REQUESTS_PAGE = 1000  # what DescribeSpotInstanceRequests gives at most
_FILTER_VALUES = 200  # what EC2 takes in one filter
_DESCRIBE_REQUESTS = "DescribeSpotInstanceRequests"


async def all_spot_requests(session: Session, reader: SpotRequestReader | None = None) -> list[SpotRequest]:
    """The account's spot requests in this region, ended ones for as long as EC2 shows them. One call a thousand."""
    return await read_all(session, _DESCRIBE_REQUESTS, reader or SpotRequestReader(), MaxResults=_REQUESTS_PAGE)


async def spot_request(session: Session, request_id: str) -> SpotRequest | None:
    """One request; None if EC2 knows none (any more)."""
    try:
        found = await read_all(session, _DESCRIBE_REQUESTS, SpotRequestReader(), SpotInstanceRequestIds=[request_id])
    except NotFoundError:
        return None
    return found[0] if found else None


async def describe_spot_request(session: Session, request_id: str) -> dict[str, Any]:
    """All that EC2 tells of a request, under EC2's own names; empty if it knows none (any more)."""
    try:
        reply = await session.call("ec2", _DESCRIBE_REQUESTS, SpotInstanceRequestIds=[request_id])
    except NotFoundError:
        return {}
    return next(iter(reply.get("SpotInstanceRequests", ())), {})


async def spot_requests_by_id(session: Session, ids: Sequence[str]) -> list[SpotRequest]:
    """These requests in one call for up to 200; one that EC2 does not know (any more) is left out."""
    found: list[SpotRequest] = []
    for start in range(0, len(ids), _FILTER_VALUES):
        some = {"Name": "spot-instance-request-id", "Values": list(ids[start : start + _FILTER_VALUES])}
        found += await read_all(session, _DESCRIBE_REQUESTS, SpotRequestReader(), Filters=[some])
    return found


async def cancel_spot_requests(session: Session, ids: Sequence[str]) -> None:
    """Cancel requests, so that AWS launches nothing in their name. Cancelling a *stopped* instance's terminates it."""
    await session.call("ec2", "CancelSpotInstanceRequests", SpotInstanceRequestIds=list(ids))


# Source: EC2 user guide, Spot Instance quotas; each counts vCPUs, by the first letters of the types' families.
_SPOT_QUOTA_CODES = {
    "L-34B43A08": ("a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"),
    "L-3819A6DF": ("g", "gr", "vt"),
    "L-7212CCBC": ("p",),
    "L-B5D1601B": ("inf",),
    "L-6B0D517C": ("trn",),
    "L-E3A00192": ("x",),
    "L-88CF9481": ("f",),
    "L-85EED4F7": ("dl",),
}
_P5_QUOTA_CODE = "L-C4BD4855"  # a quota of its own


async def spot_vcpu_quota(session: Session, type_name: str) -> int | None:
    """How many vCPUs the account's spot instances of such types may have together; None where no quota is known.

    Raises DeniedError without the right to ``servicequotas:GetServiceQuota``.
    """
    code = _quota_code(type_name)
    if code is None:
        return None
    reply = await session.call("service-quotas", "GetServiceQuota", ServiceCode="ec2", QuotaCode=code)
    value = reply.get("Quota", {}).get("Value")
    return None if value is None else int(value)


def _quota_code(type_name: str) -> str | None:
    if type_name.startswith("p5"):
        return _P5_QUOTA_CODE
    letters = re.match(r"[a-z]*", type_name)
    return next((code for code, families in _SPOT_QUOTA_CODES.items() if letters and letters[0] in families), None)
