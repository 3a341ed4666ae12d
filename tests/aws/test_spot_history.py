"""The history of spot prices as EC2 tells it: changes, page after page, with the one before the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from fe2tui.aws.session import Session
from fe2tui.aws.spot_prices import current_spot_prices, read_spot_history
from fe2tui.demo import Cloud, Options
from fe2tui.errors import AwsError, DeniedError, FieldError
from fe2tui.model.spot import SpotHistory
from tests.aws.conftest import Answers, Open, calls

HISTORY = "DescribeSpotPriceHistory"
P3 = ("p3.2xlarge", "p3.8xlarge", "p3.16xlarge")
A, B = "us-east-2a", "us-east-2b"


def ago(days: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)


@pytest.fixture(scope="module")
def quiet() -> Iterator[Cloud]:
    """An empty cloud for this module."""
    with Cloud(Options.instant(scene=False)) as cloud:
        cloud.wait_ready()
        yield cloud


@pytest.fixture
def quiet_cloud(quiet: Cloud, enter_cloud: Callable[[Cloud], Path]) -> Iterator[Cloud]:
    """The empty cloud, which this process is pointed at; calls are counted from here, and faults lifted afterwards."""
    enter_cloud(quiet)
    quiet.control("/demo/calls", method="DELETE")
    yield quiet
    quiet.control("/demo/faults", method="DELETE")


@pytest.fixture
def session(quiet_cloud: Cloud, open_session: Open) -> Session:
    """A session on the empty cloud."""
    return open_session()


async def test_ninety_days_of_a_lively_family_are_read_page_after_page(quiet_cloud: Cloud, open_session: Open) -> None:
    since = ago(89.9)
    found = await read_spot_history(open_session(), P3, since)
    assert set(found) == set(P3)
    changes = {name: sum(len(one.times) for one in history.zones.values()) for name, history in found.items()}
    assert all(1200 < count < 1700 for count in changes.values()), "several changes a day in each of two zones"
    pages = calls(quiet_cloud, HISTORY)
    assert len(pages) == -(-sum(changes.values()) // 1000) == 5
    for history in found.values():
        assert list(history.zones) == [A, B], "on offer in two of three zones"
        for series in history.zones.values():
            assert series.times[0] <= since < series.times[1], "one change before the window"


async def test_a_window_is_the_part_of_the_whole_that_lies_in_it(session: Session) -> None:
    since, until = ago(20), ago(5)
    whole = (await read_spot_history(session, ["p3.8xlarge"], ago(40)))["p3.8xlarge"]
    part = (await read_spot_history(session, ["p3.8xlarge"], since, until=until))["p3.8xlarge"]
    assert (part.since, part.until) == (since, until)
    for zone, series in part.zones.items():
        kept = whole.zones[zone].since(since)
        assert series.changes(since, until) == kept.changes(since, until)
        assert series.at(since) == kept.at(since)
        assert series.times[-1] <= until


async def test_parts_read_at_two_times_join_to_what_one_read_tells(session: Session) -> None:
    begin, middle, end = ago(30), ago(9), ago(2)
    whole = await read_spot_history(session, ["m5.large", "c5.large"], begin, until=end)
    older = await read_spot_history(session, ["m5.large", "c5.large"], begin, until=middle)
    newer = await read_spot_history(session, ["m5.large", "c5.large"], middle, until=end)
    for name, history in whole.items():
        assert older[name].merge(newer[name]) == newer[name].merge(older[name]) == history


async def test_the_last_value_is_the_price_now(session: Session) -> None:
    before = await current_spot_prices(session, ["g5.xlarge"])
    (history,) = (await read_spot_history(session, ["g5.xlarge"], ago(3))).values()
    after = await current_spot_prices(session, ["g5.xlarge"])
    assert len(history.current_prices()) == 3
    for zone, price in history.current_prices().items():
        assert price in (before["g5.xlarge", zone], after["g5.xlarge", zone])
    assert abs(datetime.now(UTC) - history.until) < timedelta(minutes=5)


async def test_a_type_that_no_zone_offers_has_a_history_without_zones(session: Session) -> None:
    found = await read_spot_history(session, ["p3dn.24xlarge", "t3.micro"], ago(3))
    assert found["p3dn.24xlarge"].zones == {}
    assert found["t3.micro"].zones


async def test_more_types_than_fit_into_a_call_are_asked_for_in_several(quiet_cloud: Cloud, open_session: Open) -> None:
    session = open_session()
    sizes = ("large", "xlarge", "2xlarge", "4xlarge", "12xlarge")
    names = [f"{family}.{size}" for family in _FAMILIES for size in sizes]
    assert len(names) > 100
    found = await read_spot_history(session, names, datetime.now(UTC))
    assert set(found) == set(names)
    assert len(calls(quiet_cloud, HISTORY)) == 2
    assert await read_spot_history(session, [], ago(1)) == {}


_FAMILIES = (
    *("m5", "m5a", "m5d", "m5n", "m6i", "m6a", "m6g", "m7i", "m7g", "c5d", "c6i", "c6a", "c6g", "c7i", "c7g"),
    *("r5", "r5a", "r5d", "r6i", "r6g", "r7i"),
)


async def test_a_type_that_ec2_does_not_know_is_named_in_plain_words(session: Session) -> None:
    with pytest.raises(FieldError, match=r"There is no instance type p3\.huge in this region") as told:
        await read_spot_history(session, ["m5.large", "p3.huge"], ago(3))
    assert (told.value.field, told.value.code) == ("type", "InvalidParameterValue")


async def test_a_login_that_may_not_read_prices_is_told_which_right_it_lacks(
    quiet_cloud: Cloud, open_session: Open
) -> None:
    session = open_session()
    quiet_cloud.control("/demo/faults", {"kind": "deny", "action": HISTORY})
    with pytest.raises(DeniedError, match=f"ec2:{HISTORY}"):
        await read_spot_history(session, ["m5.large"], ago(3))


def reply(*items: str, token: str = "") -> bytes:
    found = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{HISTORY}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>r</requestId><spotPriceHistorySet>{found}</spotPriceHistorySet><nextToken>{token}</nextToken>"
        f"</{HISTORY}Response>"
    ).encode()


def item(at: str, price: str, name: str = "m5.large", zone: str = A) -> str:
    return (
        f"<instanceType>{name}</instanceType><productDescription>Linux/UNIX</productDescription>"
        f"<spotPrice>{price}</spotPrice><timestamp>{at}</timestamp><availabilityZone>{zone}</availabilityZone>"
    )


async def told(open_session: Open, answers: Answers, body: bytes) -> SpotHistory:
    answers.body, answers.headers = body, {"Content-Type": "text/xml"}
    session = open_session(endpoint_url=answers.url, region="us-east-2")
    return (await read_spot_history(session, ["m5.large"], ago(7)))["m5.large"]


async def test_of_two_changes_in_one_second_the_one_told_first_is_the_newer(
    quiet_cloud: Cloud, open_session: Open, answers: Answers
) -> None:
    moment = "2026-11-20T14:05:00.000Z"
    history = await told(open_session, answers, reply(item(moment, "0.0402"), item(moment, "0.0401")))
    assert history.zones[A].values == (Decimal("0.0402"),)
    assert history.zones[A].times == (datetime(2026, 11, 20, 14, 5, tzinfo=UTC),)


async def test_changes_come_in_any_order_and_repeated_prices_are_none(
    quiet_cloud: Cloud, open_session: Open, answers: Answers
) -> None:
    body = reply(
        item("2026-11-20T14:05:00Z", "0.041000"),
        item("2026-11-18T14:05:00.000Z", "0.040000"),
        item("2026-11-19T14:05:00.000Z", "0.040000"),
        item("2026-11-19T00:00:00.000Z", "0.9", name="m5.metal"),
    )
    history = await told(open_session, answers, body)
    assert history.zones[A].values == (Decimal("0.04"), Decimal("0.041"))
    assert list(history.zones) == [A]


async def test_half_an_answer_is_no_history(quiet_cloud: Cloud, open_session: Open, answers: Answers) -> None:
    with pytest.raises(AwsError):
        await told(open_session, answers, reply(item("2026-11-20T14:05:00Z", "0.041000"))[:-40])
