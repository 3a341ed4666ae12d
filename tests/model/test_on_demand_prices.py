"""On-demand prices of a family."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fe2tui.errors import NotFoundError, UsageError
from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.model.on_demand_prices import OnDemandPrice, on_demand_prices

PRICES = Prices(
    on_demand={
        "m5.xlarge": Decimal("0.1920000000"),
        "m5.metal": Decimal("4.608"),
        "m5.large": Decimal("0.0960"),
        "m5a.large": Decimal("0.086"),
        "t3.nano": Decimal("0.0052"),
    },
    several=frozenset({"m5.2xlarge"}),
)
CATALOGUE = TypeCatalogue({"m5.4xlarge": InstanceType("m5.4xlarge", 16, 65_536)})


def test_a_family_is_shown_smallest_first_with_why_a_price_is_missing() -> None:
    found = on_demand_prices("m5", PRICES, CATALOGUE, "us-east-2")
    assert [one.type for one in found] == ["m5.large", "m5.xlarge", "m5.2xlarge", "m5.4xlarge", "m5.metal"]
    assert [one.per_hour for one in found][:3] == [Decimal("0.096"), Decimal("0.192"), None]
    assert found[2].words == "several prices, see https://aws.amazon.com/ec2/pricing/on-demand/"
    assert found[3].words == "price unknown"


@pytest.mark.parametrize(("asked", "found"), [("M5A", ["m5a.large"]), (" t3.nano ", ["t3.nano"])])
def test_upper_case_spaces_and_single_types_are_understood(asked: str, found: list[str]) -> None:
    assert [one.type for one in on_demand_prices(asked, PRICES, TypeCatalogue(), "us-east-2")] == found


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [("m55", "Did you mean m5 or m5a?"), ("m5.huge", "m5 has large, xlarge"), ("zzz", "There are m5, m5a and t3.")],
)
def test_what_is_not_there_is_an_error_with_what_is_near(asked: str, remedy: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        on_demand_prices(asked, PRICES, CATALOGUE, "us-east-2")
    assert caught.value.remedy.startswith(remedy)


def test_of_many_families_only_some_are_named() -> None:
    many = Prices(on_demand={f"x{number}.large": Decimal(1) for number in range(150)})
    with pytest.raises(NotFoundError) as caught:
        on_demand_prices("zz", many, TypeCatalogue(), "us-east-2")
    assert caught.value.remedy.endswith(" and 142 more.") and len(caught.value.remedy) < 100


def test_no_family_is_wrong_usage() -> None:
    with pytest.raises(UsageError):
        on_demand_prices(" ", PRICES, CATALOGUE, "us-east-2")


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        (OnDemandPrice("m5.large", Decimal("0.0960000000")), "m5.large: $0.096 an hour"),
        (OnDemandPrice("t3.nano", Decimal("0.0052")), "t3.nano: $0.0052 an hour"),
        (OnDemandPrice("p3.2xlarge", Decimal("3.06")), "p3.2xlarge: $3.060 an hour"),
        (OnDemandPrice("x", None, "price unknown"), "x: price unknown"),
    ],
)
def test_a_price_is_shown_with_all_the_decimals_it_has(price: OnDemandPrice, shown: str) -> None:
    assert repr(price) == shown
