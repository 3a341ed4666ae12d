"""Spot launches: what is sent, in which zones, at which prices, and what happens without capacity."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from fe2tui.aws.network import Subnet
from fe2tui.aws.spot_prices import SpotPriceCache, current_spot_prices
from fe2tui.errors import FieldError, NoCapacityError, QuotaError
from fe2tui.model.launch import LaunchRequest, ZonePrice, purchase_text
from fe2tui.tasks.context import Pace
from fe2tui.tasks.launch import LaunchLookups, launch, plan_launch
from fe2tui.tasks.launch_lookups import LaunchNetwork
from fe2tui.tasks.launch_resources import sort_zones_by_price, zone_prices
from tests.tasks.tasks_bench import Bench

HISTORY = "DescribeSpotPriceHistory"
TYPE = "m5.large"
FEW_ZONES = "p3.8xlarge"  # on offer in us-east-2a and b only
NEVER_SPOT = "hpc6a.48xlarge"
NONE_YET = "inf1.xlarge"  # the account may have no spot instance of the kind
A, B, C = (f"us-east-2{letter}" for letter in "abc")


@pytest.fixture
def patient(bench: Bench) -> Bench:
    """Waits for prices however long it takes."""
    bench.ctx.pace = Pace(prices=30, poll=0.1, settle=1.0)
    return bench


async def prices_now(bench: Bench, type_name: str = TYPE) -> dict[str, Decimal]:
    """The spot prices by zone, cheapest first."""
    found = {zone: price for (_, zone), price in (await current_spot_prices(bench.ctx.session, [type_name])).items()}
    return dict(sorted(found.items(), key=lambda pair: (pair[1], pair[0])))


def sent(bench: Bench, token: str) -> Mapping[str, object]:
    intent = bench.ctx.store.launches.get(token)
    assert intent is not None
    return intent.call


@pytest.mark.parametrize(
    ("market", "kind", "interruption"), [("spot", "persistent", "stop"), ("spot-once", "one-time", "terminate")]
)
async def test_a_spot_launch_has_market_options_and_tags_and_no_maximum_price(
    bench: Bench, name: str, market: str, kind: str, interruption: str
) -> None:
    instance = await launch(bench.ctx, bench.request(name, type=TYPE, market=market, tags={"of": "me"}), wait=False)
    call = sent(bench, instance.client_token)
    options = {"SpotInstanceType": kind, "InstanceInterruptionBehavior": interruption}
    assert call["InstanceMarketOptions"] == {"MarketType": "spot", "SpotOptions": options}
    reply = await bench.ctx.session.call(
        "ec2", "DescribeSpotInstanceRequests", SpotInstanceRequestIds=[instance.spot_request_id]
    )
    (request,) = reply["SpotInstanceRequests"]
    assert instance.is_spot and (request["Type"], request["InstanceInterruptionBehavior"]) == (kind, interruption)
    assert {tag["Key"]: tag["Value"] for tag in request["Tags"]} == {"of": "me", "Name": name}


async def test_an_on_demand_launch_has_no_market_options(bench: Bench, name: str) -> None:
    bench.forget_calls()
    instance = await launch(bench.ctx, bench.request(name), wait=False)
    assert "InstanceMarketOptions" not in sent(bench, instance.client_token)
    assert bench.calls(HISTORY) == []


async def test_the_cheapest_zone_is_tried_first(patient: Bench, name: str) -> None:
    known = await prices_now(patient)
    request = patient.request(name, type=TYPE, market="spot")
    found = await plan_launch(patient.ctx, request)
    assert list(found.zones) == list(known)
    assert [(one.zone, one.price, one.is_offered) for one in found.zone_prices] == [
        (zone, price, True) for zone, price in known.items()
    ]
    assert found.cost is not None and found.cost.instance_per_hour == min(known.values())
    assert (await launch(patient.ctx, request, wait=False)).zone == next(iter(known))


async def test_an_on_demand_plan_has_the_spot_prices_too(patient: Bench, name: str) -> None:
    found = await plan_launch(patient.ctx, patient.request(name, type=TYPE))
    assert (
        found.on_demand_per_hour == Decimal("0.096")
        and found.cost is not None
        and found.cost.instance_per_hour == found.on_demand_per_hour
    )
    assert {one.zone: one.price for one in found.zone_prices} == await prices_now(patient)
    assert list(found.zones) == [A, B, C]


async def test_a_zone_without_the_type_is_shown_last_and_never_asked(patient: Bench, name: str) -> None:
    found = await plan_launch(patient.ctx, patient.request(name, type=FEW_ZONES, market="spot"))
    assert found.zone_prices[-1] == ZonePrice(C, None, is_offered=False)
    assert set(found.zones) == {A, B}


async def test_a_given_zone_is_the_only_one_and_its_price_is_the_cost(patient: Bench, name: str) -> None:
    dearest, price = list((await prices_now(patient)).items())[-1]
    found = await plan_launch(patient.ctx, patient.request(name, type=TYPE, market="spot", zone=dearest))
    assert found.zones == (dearest,) and found.cost is not None and found.cost.instance_per_hour == price
    assert len(found.zone_prices) == 3


async def test_a_type_that_is_never_spot_is_refused_before_anything_is_sent(bench: Bench, name: str) -> None:
    bench.forget_calls()
    with pytest.raises(FieldError, match=f"{NEVER_SPOT} as a spot instance") as caught:
        await launch(bench.ctx, bench.request(name, type=NEVER_SPOT, market="spot"))
    assert caught.value.field == "market" and bench.calls("RunInstances") == []
    assert (await plan_launch(bench.ctx, bench.request(name, type=NEVER_SPOT))).error_for("market") is None


async def test_an_unknown_market_is_an_error_of_its_field(bench: Bench, name: str) -> None:
    found = await plan_launch(bench.ctx, bench.request(name, market="auction"))
    assert [error.field for error in found.errors] == ["market"]


@pytest.mark.parametrize("code", ["InsufficientInstanceCapacity", "UnfulfillableCapacity", "SpotMaxPriceTooLow"])
async def test_without_capacity_the_next_cheapest_zone_is_tried(bench: Bench, name: str, code: str) -> None:
    message = "There is no Spot capacity available that matches your request."
    bench.fault("refuse", action="RunInstances", code=code, message=message, status=400, times=1)
    first, second, _ = await prices_now(bench)
    instance = await launch(bench.ctx, bench.request(name, type=TYPE, market="spot"), wait=False)
    assert instance.zone == second and bench.words("no capacity").endswith(f"; trying {second}")
    if code != "SpotMaxPriceTooLow":
        assert bench.words("no capacity") == f"AWS has no spot {TYPE} in {first} right now; trying {second}"


async def test_without_capacity_in_any_zone_the_error_says_what_to_do(bench: Bench, name: str) -> None:
    bench.fault("no-capacity", market="spot")
    with pytest.raises(NoCapacityError) as caught:
        await launch(bench.ctx, bench.request(name, type=FEW_ZONES, market="spot"))
    error = caught.value
    assert set(error.zones) == {A, B} and error.type_name == FEW_ZONES and f"no spot {FEW_ZONES}" in error.summary
    assert error.remedy == "Wait and try again, choose another type, or launch it on demand."
    assert await bench.named(name) == [] and [it.result for it in bench.activity("launch")] == ["failed"]
    assert (await launch(bench.ctx, bench.request(name, type=FEW_ZONES), wait=False)).zone in (A, B)


async def test_without_capacity_in_the_given_zone_the_error_offers_the_others(bench: Bench, name: str) -> None:
    bench.fault("no-capacity", zone=A)
    with pytest.raises(NoCapacityError, match="leave the zone open") as caught:
        await launch(bench.ctx, bench.request(name, zone=A))
    assert caught.value.zones == (A,) and "on demand" not in caught.value.remedy


async def test_after_the_time_limit_no_further_zone_is_asked(bench: Bench, name: str) -> None:
    bench.ctx.pace = Pace(capacity=-1)
    bench.fault("no-capacity", market="spot")
    with pytest.raises(NoCapacityError, match="no time left to ask") as caught:
        await launch(bench.ctx, bench.request(name, type=TYPE, market="spot"))
    assert len(caught.value.zones) == 1


async def test_a_quota_stops_the_launch_and_is_reported_with_its_number(bench: Bench, name: str) -> None:
    bench.forget_calls()
    with pytest.raises(QuotaError, match="may run no spot instances of this family yet"):
        await launch(bench.ctx, bench.request(name, type=NONE_YET, market="spot"))
    assert len(bench.calls("RunInstances")) == 1
    bench.fault("deny", action="GetServiceQuota")
    with pytest.raises(QuotaError, match="quota of spot instances of this family is used up"):
        await launch(bench.ctx, bench.request(name, type=NONE_YET, market="spot"))


async def test_without_the_right_to_spot_prices_a_launch_warns_and_works(patient: Bench, name: str) -> None:
    patient.fault("deny", action=HISTORY)
    request = patient.request(name, type=TYPE, market="spot")
    found = await plan_launch(patient.ctx, request)
    assert (
        f"ec2:{HISTORY}" in " ".join(found.warnings) and found.cost is not None and found.cost.instance_per_hour is None
    )
    assert list(found.zones) == [A, B, C] and found.on_demand_per_hour == Decimal("0.096")
    assert (await launch(patient.ctx, request, wait=False)).is_spot
    assert (await plan_launch(patient.ctx, patient.request(f"{name}-2"))).warnings == ()


async def test_cached_prices_are_not_read_again(patient: Bench, name: str) -> None:
    spot = SpotPriceCache()
    await spot.get(patient.ctx.session, patient.ctx.clock())
    known = LaunchLookups(patient.ctx, spot_prices=spot)
    patient.forget_calls()
    found = await plan_launch(patient.ctx, patient.request(name, type=TYPE, market="spot"), known)
    assert patient.calls(HISTORY) == [] and found.zone_prices[0].price is not None
    known.close()
    spot.close()


async def test_the_price_paid_is_kept_from_the_start(patient: Bench, name: str) -> None:
    instance = await launch(patient.ctx, patient.request(name, type=TYPE, market="spot"), wait=False)
    (run,) = patient.ctx.store.instance_usage.get(patient.ctx.session.location)[instance.id]
    assert run.is_spot and run.zone == instance.zone


def test_a_stored_request_has_its_market_and_an_old_one_is_on_demand() -> None:
    request = LaunchRequest("a", "ubuntu", "m5.large", market="spot-once")
    kept = request.as_json()
    assert LaunchRequest.from_json(kept) == request
    del kept["market"]
    assert not LaunchRequest.from_json(kept).is_spot


SUBNETS = (
    *(Subnet(f"subnet-{zone[-1]}", "vpc-1", zone, is_default_for_zone=True) for zone in (A, B, C)),
    Subnet("subnet-x", "vpc-1", B),
)


@pytest.mark.parametrize(
    ("offering", "subnet", "spot", "letters"),
    [
        ([A, B, C], None, {A: 3, B: 1, C: 2}, "b1 c2 a3"),
        ([A, B], None, {A: 3, B: 1, C: 2}, "b1 a3 c2-"),
        ([A, B, C], None, {B: 1}, "b1 a c"),
        ([A, B, C], None, {}, "a b c"),
        (None, None, {C: 1}, "c1 a b"),
        ([A, B, C], "subnet-x", {A: 1, B: 2}, "b2"),
    ],
)
def test_zones_are_sorted_by_price_then_unpriced_then_not_offered(
    offering: list[str] | None, subnet: str | None, spot: Mapping[str, int], letters: str
) -> None:
    prices = {zone: Decimal(price) for zone, price in spot.items()}
    found = zone_prices(offering, LaunchNetwork("vpc-1", (), SUBNETS), subnet, prices)
    shown = [f"{one.zone[-1]}{'' if one.price is None else one.price}{'' if one.is_offered else '-'}" for one in found]
    assert " ".join(shown) == letters


def test_zones_without_a_price_come_last_in_their_order() -> None:
    prices = (ZonePrice(C, Decimal(1)), ZonePrice(B, Decimal(2)), ZonePrice(A, None))
    assert list(sort_zones_by_price({A: "", "": "", B: "", C: ""}, prices)) == [C, B, A, ""]


def test_each_market_says_what_happens_to_the_data() -> None:
    assert "disk is kept, memory is lost" in purchase_text("spot")
    assert "memory and local disks are lost" in purchase_text("spot", local_disk=True)
    assert "its disk deleted" in purchase_text("spot-once") and "cannot be stopped" in purchase_text("spot-once")
    assert "does not interrupt it" in purchase_text("on-demand")


@pytest.mark.parametrize("said", ["us-east-2c", "2c", "c", "C"])
async def test_a_zone_can_be_given_by_its_letter(bench: Bench, name: str, said: str) -> None:
    assert (await plan_launch(bench.ctx, bench.request(name, zone=said), with_cost=False)).zones == (C,)


async def test_an_unknown_zone_or_one_without_the_type_is_refused(bench: Bench, name: str) -> None:
    for said, words in (("x", "There is no zone x"), ("all", "There is no zone all"), ("c", f"not offered in {C}")):
        planned = await plan_launch(bench.ctx, bench.request(name, type=FEW_ZONES, zone=said), with_cost=False)
        error = planned.error_for("zone")
        assert error is not None and words in error.summary


async def test_a_given_zone_is_used_if_the_offerings_may_not_be_read(bench: Bench, name: str) -> None:
    bench.fault("deny", action="DescribeInstanceTypeOfferings")
    assert (await plan_launch(bench.ctx, bench.request(name, zone="2c"), with_cost=False)).zones == (C,)


async def test_an_unknown_type_has_no_warning_about_prices(patient: Bench, name: str) -> None:
    planned = await plan_launch(patient.ctx, patient.request(name, type="m5.lrge", market="spot"))
    assert planned.error_for("type") is not None
    assert [warning for warning in planned.warnings if "rice" in warning] == []
