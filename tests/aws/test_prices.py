"""Prices: which product of the Price List counts, and where they come from from one day to the next."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fe2tui.aws import prices
from fe2tui.aws.session import Session
from fe2tui.demo import Cloud
from fe2tui.errors import AwsError, DeniedError, Fe2Error, StoreError
from fe2tui.model.fleet import Prices
from tests.aws.conftest import Answers, Open, calls
from tests.hold import Hold

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Shelf:
    """A place for prices."""

    def __init__(self, kept: Prices | None = None, *, broken: bool = False) -> None:
        self.kept = kept
        self.saved = 0
        self.broken = broken

    def get(self, region: str) -> Prices | None:
        if self.broken:
            raise StoreError("no")
        return self.kept

    def save(self, region: str, prices: Prices) -> None:
        if self.broken:
            raise StoreError("no")
        self.saved += 1
        self.kept = prices


def aged(hours: float) -> Prices:
    return Prices({"m5.large": Decimal(7)}, {}, {"gp3": Decimal(1)}, NOW - timedelta(hours=hours))


async def kept(session: Session, shelf: Shelf | None, **more: Any) -> Prices:
    return await prices.current_prices(session, shelf, lambda: NOW, **more)


@pytest.fixture
def own(own_cloud: Cloud, open_session: Open) -> Session:
    return open_session()


async def test_disks_and_snapshots_have_their_own_prices_and_not_those_beside_them(session: Session) -> None:
    found = await prices.read_region_prices(session)
    assert found.storage == {
        "gp3": Decimal("0.08"),
        "gp2": Decimal("0.10"),
        "io1": Decimal("0.125"),
        "io2": Decimal("0.125"),
        "st1": Decimal("0.045"),
        "sc1": Decimal("0.015"),
        "standard": Decimal("0.05"),
    }
    assert found.iops == {"gp3": Decimal("0.005"), "io1": Decimal("0.065"), "io2": Decimal("0.065"),
        "io2.tier2": Decimal("0.0455"), "io2.tier3": Decimal("0.03185"),
    }  # fmt: skip
    assert found.throughput == {"gp3": Decimal("0.04")}
    assert found.snapshot == Decimal("0.05")


async def test_a_region_whose_usage_types_have_no_prefix_is_read_as_well(open_session: Open, demo_env: object) -> None:
    found = await prices.read_region_prices(open_session(region="us-east-1"))
    assert (found.storage["gp3"], found.iops["gp3"], found.snapshot) == (
        Decimal("0.08"),
        Decimal("0.005"),
        Decimal("0.05"),
    )


async def test_a_type_with_several_prices_has_none_and_says_so(session: Session) -> None:
    found = await prices.read_region_prices(session)
    assert found.several == {"h1.2xlarge"}
    assert "h1.2xlarge" not in found.on_demand
    assert "h1.4xlarge" in found.on_demand


def product(unit: str, dollars: str, begin: str = "0", **attributes: str) -> str:
    dimension = {"unit": unit, "beginRange": begin, "pricePerUnit": {"USD": dollars}}
    return json.dumps(
        {
            "product": {"attributes": attributes},
            "terms": {"OnDemand": {"a.b": {"priceDimensions": {"a.b.c": dimension}}}},
        }
    )


@pytest.mark.parametrize(
    ("products", "known", "several"),
    [
        ([("Hrs", "0.1")], {"m5.large": Decimal("0.1")}, False),
        ([("Hrs", "0.1"), ("Hrs", "0.1000")], {"m5.large": Decimal("0.1")}, False),
        ([("Hrs", "0.1"), ("Hrs", "0")], {"m5.large": Decimal("0.1")}, False),
        ([("Hrs", "0.1"), ("Hrs", "0.2")], {}, True),
        ([("Quantity", "0.1")], {}, False),
        ([("Hrs", "nonsense")], {}, False),
        ([("Hrs", "0.1"), ("Hrs", "0.05", "1000")], {"m5.large": Decimal("0.1")}, False),
    ],
)
async def test_exactly_one_price_a_type_is_a_price(
    demo_env: object,
    open_session: Open,
    answers: Answers,
    products: list[tuple[str, ...]],
    known: Mapping[str, Decimal],
    several: bool,
) -> None:
    listed = [product(*one, instanceType="m5.large") for one in products]
    answers.body = json.dumps({"FormatVersion": "aws_v1", "PriceList": listed}).encode()
    answers.headers = {"Content-Type": "application/x-amz-json-1.1"}
    found = await prices.read_region_prices(open_session(endpoint_url=answers.url))
    assert (found.on_demand, found.several) == (known, {"m5.large"} if several else frozenset())


async def test_prices_of_today_come_from_the_shelf_without_a_call(own_cloud: Cloud, own: Session) -> None:
    shelf = Shelf(aged(23.9))
    assert await kept(own, shelf) == aged(23.9)
    assert calls(own_cloud, "GetProducts") == []


async def test_prices_of_yesterday_are_read_again_and_stored(own: Session) -> None:
    shelf = Shelf(aged(24.1))
    found = await kept(own, shelf)
    assert (found.on_demand["m5.large"], found.read_at) == (Decimal("0.096"), NOW)
    assert (shelf.kept, shelf.saved) == (found, 1)


async def test_prices_without_a_date_are_read_again(own: Session) -> None:
    assert (await kept(own, Shelf(Prices({"m5.large": Decimal(7)})))).on_demand["m5.large"] == Decimal("0.096")


async def test_older_prices_stand_in_where_aws_refuses_and_why_is_told(own_cloud: Cloud, own: Session) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "service": "pricing"})
    missed: list[Fe2Error] = []
    shelf = Shelf(aged(70))
    assert await kept(own, shelf, on_failure=missed.append) == aged(70)
    assert [type(error) for error in missed] == [DeniedError]
    assert shelf.saved == 0


async def test_without_the_right_to_read_prices_the_remedy_names_it_and_how_to_get_it(
    own_cloud: Cloud, own: Session
) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "service": "pricing"})
    with pytest.raises(DeniedError) as caught:
        await kept(own, Shelf())
    assert "pricing:GetProducts" in caught.value.summary
    assert "pricing:GetProducts" in caught.value.remedy
    assert "AWSPriceListServiceFullAccess" in caught.value.remedy
    assert caught.value.code == "AccessDeniedException"
    assert len(calls(own_cloud, "GetProducts")) == 1


async def test_older_prices_stand_in_when_patience_ends_and_without_any_there_is_patience(
    own_cloud: Cloud, own: Session
) -> None:
    hold = Hold(own_cloud, "GetProducts")
    assert await kept(own, Shelf(aged(25)), patience=0.05) == aged(25)
    patient = asyncio.create_task(kept(own, None, patience=0.05))
    await hold.until_held()
    hold.release()
    assert (await patient).on_demand["m5.large"] == Decimal("0.096")


async def test_those_who_ask_at_once_share_one_read_that_goes_on_when_one_does_not_wait(
    own_cloud: Cloud, own: Session
) -> None:
    hold = Hold(own_cloud, "GetProducts")
    shelf = Shelf(aged(25))
    asked = [asyncio.create_task(kept(own, shelf, patience=patience)) for patience in (0.05, None, None)]
    asked[2].cancel()
    assert (await asked[0]).on_demand["m5.large"] == Decimal(7)
    hold.release()
    assert (await asked[1]).on_demand["m5.large"] == Decimal("0.096")
    found = await prices.read_region_prices(own)
    assert shelf.saved == 1
    assert len(calls(own_cloud, "GetProducts")) == 2 * (len(found.on_demand) // 100 + 5)


async def test_a_shelf_that_is_broken_does_not_cost_the_prices(own: Session) -> None:
    assert (await kept(own, Shelf(broken=True))).on_demand["m5.large"] == Decimal("0.096")


async def test_an_empty_answer_takes_no_older_prices_away(
    demo_env: object, open_session: Open, answers: Answers
) -> None:
    answers.body = b'{"FormatVersion": "aws_v1", "PriceList": []}'
    shelf = Shelf(aged(30))
    assert await kept(open_session(endpoint_url=answers.url), shelf) == aged(30)
    assert shelf.saved == 0


STRANGER = {
    "kind": "refuse",
    "service": "pricing",
    "code": "UnrecognizedClientException",
    "message": "The security token included in the request is invalid.",
    "status": 400,
}


async def test_a_price_list_that_does_not_know_the_login_leaves_the_login_alone(
    own_cloud: Cloud, open_session: Open
) -> None:
    own_cloud.control("/demo/faults", STRANGER)
    with pytest.raises(AwsError, match=r"Price List does not accept this login.*security token") as caught:
        await prices.read_region_prices(open_session(profile="role"))
    assert caught.value.exit_code == 1
    await open_session(profile="role").identity()
    assert len(calls(own_cloud, "AssumeRole")) == 1


@pytest.mark.parametrize("region", ["us-gov-west-1", "us-iso-east-1", "eusc-de-east-1"])
async def test_no_price_list_is_asked_that_cannot_answer(own_cloud: Cloud, open_session: Open, region: str) -> None:
    with pytest.raises(AwsError, match=f"no Price List that a login for {region} can read"):
        await prices.read_region_prices(open_session(region=region))
    assert calls(own_cloud) == []
