"""Spot: what it costs now, and what it cost."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fe2tui.aws.aside import aside
from fe2tui.aws.reading import read_all
from fe2tui.aws.replies import Reader
from fe2tui.aws.session import Session
from fe2tui.aws.types import unknown_type
from fe2tui.errors import AwsError, Fe2Error, FieldError
from fe2tui.model.series import Series
from fe2tui.model.spot import SpotHistory
from fe2tui.model.words import listed

PRODUCT = "Linux/UNIX"
_PAGE = 1000
_TYPES = 100  # in one call: EC2 tells of no limit, but a filter of its takes 200 values


async def current_spot(session: Session, types: Iterable[str]) -> dict[tuple[str, str], Decimal]:
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
        ProductDescriptions=[PRODUCT],
        StartTime=datetime.now(UTC),
        MaxResults=_PAGE,
    )
    async for page in pages:
        for entry in page:
            key = (str(entry["InstanceType"]), str(entry["AvailabilityZone"]))
            at = entry["Timestamp"]
            if key not in newest or newest[key][0] < at:
                newest[key] = (at, Decimal(entry["SpotPrice"]))
    return {key: price for key, (_, price) in newest.items()}


async def region_spot(session: Session) -> dict[tuple[str, str], Decimal]:
    """The spot price now of every type of the region, by type and zone, dollars an hour (Linux/UNIX).

    About five pages, one after the other: takes seconds. Raises what reading them raises.
    """
    changes = await read_all(
        session,
        "DescribeSpotPriceHistory",
        Reader("spotPriceHistorySet", _change_of),
        ProductDescriptions=[PRODUCT],
        StartTime=datetime.now(UTC),
        MaxResults=_PAGE,
    )
    return await aside(_newest, changes)


async def spot_history(
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
    changes: list[_Change] = []
    for start in range(0, len(names), _TYPES):
        some = names[start : start + _TYPES]
        try:
            changes += await read_all(
                session,
                "DescribeSpotPriceHistory",
                Reader("spotPriceHistorySet", _change_of),
                InstanceTypes=some,
                ProductDescriptions=[PRODUCT],
                StartTime=since,
                EndTime=last,
                MaxResults=_PAGE,
            )
        except (AwsError, FieldError) as error:
            if error.code != "InvalidParameterValue":
                raise
            raise _no_such_type(error, some) from error
    return await aside(_histories, names, since, last, changes)


# Type, zone, when in EC2's own words, which are in order as texts, and the price. A plain tuple: tens of thousands of
# other objects would set off Python's search for garbage, in which nothing else moves.
_Change = tuple[str, str, str, Decimal]


def _change_of(item: Any) -> _Change:
    """An ``<item>`` of a ``<spotPriceHistorySet>``. Source: EC2 API reference, data type SpotPrice."""
    name, zone = item.findtext("instanceType") or "", item.findtext("availabilityZone") or ""
    price = Decimal(item.findtext("spotPrice") or 0)
    return sys.intern(name), sys.intern(zone), item.findtext("timestamp") or "", price


def _histories(
    names: Iterable[str], since: datetime, until: datetime, changes: Iterable[_Change]
) -> dict[str, SpotHistory]:
    zones: dict[str, dict[str, list[tuple[datetime, Decimal]]]] = {name: {} for name in names}
    for name, zone, at, price in changes:
        if name in zones:
            zones[name].setdefault(zone, []).append((_moment(at), price))
    return {
        name: SpotHistory(name, since, until, {zone: Series.of(reversed(found[zone])) for zone in sorted(found)})
        for name, found in zones.items()
    }


def _moment(text: str) -> datetime:
    """A time in EC2's words, ``2026-11-23T14:05:00.000Z``."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _no_such_type(error: Fe2Error, types: Sequence[str]) -> FieldError:
    """What EC2 said of one of these types, in plain words."""
    named = [name for name in types if name in str(error)] or list(types)
    return unknown_type(listed(named, "or"), error.code)


def _newest(changes: Iterable[_Change]) -> dict[tuple[str, str], Decimal]:
    newest: dict[tuple[str, str], tuple[str, Decimal]] = {}
    for name, zone, at, price in changes:
        if (name, zone) not in newest or newest[name, zone][0] < at:
            newest[name, zone] = (at, price)
    return {key: price for key, (_, price) in newest.items()}
