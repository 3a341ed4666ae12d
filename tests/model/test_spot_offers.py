"""Browsing the spot market: offers, families, filters and orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fe2tui.errors import UsageError
from fe2tui.model.filters import filter_and_sort
from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot_offers import (
    SPOT_OFFER_LANGUAGE,
    SPOT_OFFER_SORTS,
    SpotOffer,
    family_offers,
    period_means,
    prefix_first,
    spot_offer,
)
from fe2tui.model.type_filter import TypeScope

TYPES = {
    one.name: one
    for one in (
        InstanceType("m5.large", 2, 8 * 1024),
        InstanceType("m5.2xlarge", 8, 32 * 1024),
        InstanceType("p3.2xlarge", 8, 61 * 1024, gpus=1, gpu_name="V100"),
        InstanceType("p3.8xlarge", 32, 244 * 1024, gpus=4, gpu_name="V100"),
        InstanceType("p3dn.24xlarge", 96, 768 * 1024, gpus=8, gpu_name="V100", spot=False),
        InstanceType("g6f.large", 2, 8 * 1024, gpus=1, gpu_name="1/8 L4"),
        InstanceType("mp3.large", 2, 8 * 1024),
    )
}
AT = TypeScope(
    Prices(
        on_demand={
            "m5.large": Decimal("0.10"),
            "m5.2xlarge": Decimal("0.40"),
            "p3.2xlarge": Decimal("3.00"),
            "p3.8xlarge": Decimal("12.00"),
            "p3dn.24xlarge": Decimal("31.00"),
        },
        spot={
            ("m5.large", "us-east-2a"): Decimal("0.05"),
            ("m5.large", "us-east-2b"): Decimal("0.04"),
            ("m5.2xlarge", "us-east-2a"): Decimal("0.12"),
            ("p3.2xlarge", "us-east-2c"): Decimal("1.20"),
            ("p3.8xlarge", "us-east-2c"): Decimal("3.00"),
            ("g6f.large", "us-east-2a"): Decimal("0.20"),
        },
    )
)
ALL = [spot_offer(one, AT) for one in TYPES.values()]


def _named(text: str, sort: str = "type", descending: bool = False) -> list[str]:
    query = SPOT_OFFER_LANGUAGE.parse(text)
    found = filter_and_sort(ALL, AT, query, SPOT_OFFER_SORTS[sort], descending, lambda one: one.sort_key)
    return [one.name for one in (prefix_first(found, text) if sort == "type" else found)]


def _of(name: str) -> SpotOffer:
    return next(one for one in ALL if one.name == name)


def test_an_offer_is_that_of_the_cheapest_zone() -> None:
    large = _of("m5.large")
    assert (large.price, large.zone, large.saves) == (Decimal("0.04"), "us-east-2b", Decimal("0.6"))
    assert (large.per_vcpu, large.per_gib, large.per_gpu) == (Decimal("0.02"), Decimal("0.005"), None)
    assert _of("p3.8xlarge").per_gpu == Decimal("0.75")


def test_what_has_no_spot_price_has_no_figures() -> None:
    none = _of("p3dn.24xlarge")
    assert (none.price, none.zone, none.saves, none.per_vcpu) == (None, "", None, None)


def test_a_part_of_a_gpu_has_no_price_a_gpu() -> None:
    assert _of("g6f.large").per_gpu is None


@pytest.mark.parametrize(
    ("sort", "name"),
    [
        ("type", "p3.2xlarge"),
        ("price", "p3.2xlarge"),
        ("saves", "p3.8xlarge"),
        ("vcpu", "p3.8xlarge"),
        ("gpu", "p3.8xlarge"),
    ],
)
def test_all_figures_of_a_family_are_those_of_the_type_that_is_its_best_in_what_is_sorted_by(
    sort: str, name: str
) -> None:
    p3 = next(one for one in family_offers(ALL, sort) if one.name == "p3")
    best = _of(name)
    assert (p3.type_count, p3.type.name) == (2, name)
    figures = ("price", "zone", "on_demand", "saves", "per_vcpu", "per_gib", "per_gpu")
    assert [getattr(p3, figure) for figure in figures] == [getattr(best, figure) for figure in figures]


def test_the_families_of_types_without_spot_are_there_too() -> None:
    assert {one.name for one in family_offers(ALL)} == {"m5", "p3", "p3dn", "g6f", "mp3"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("p3", ["p3.2xlarge", "p3.8xlarge", "p3dn.24xlarge", "mp3.large"]),
        ("family:p3", ["p3.2xlarge", "p3.8xlarge"]),
        ("gpu:v100 spot", ["p3.2xlarge", "p3.8xlarge"]),
        ("saves>60", ["m5.2xlarge", "p3.8xlarge"]),
        ("saves>60% -gpu", ["m5.2xlarge"]),
        ("spot<0.1", ["m5.large"]),
        ("vcpu>=32 -spot", ["p3dn.24xlarge"]),
    ],
)
def test_filters_are_those_of_types_and_the_saving(text: str, names: list[str]) -> None:
    assert _named(text) == names


def test_a_term_that_makes_no_sense_is_reported() -> None:
    with pytest.raises(UsageError):
        SPOT_OFFER_LANGUAGE.parse("saves>much")


@pytest.mark.parametrize(
    ("sort", "descending", "first"),
    [
        ("price", False, "m5.large"),
        ("saves", True, "p3.8xlarge"),
        ("vcpu", False, "m5.2xlarge"),
        ("gib", False, "m5.2xlarge"),
        ("gpu", False, "p3.8xlarge"),
    ],
)
def test_the_bargain_comes_first_and_the_unknown_last(sort: str, descending: bool, first: str) -> None:
    named = _named("", sort, descending)
    assert named[0] == first
    assert "p3dn.24xlarge" in named[-4:]


def test_the_first_word_decides_what_comes_first_and_a_term_does_not() -> None:
    assert prefix_first(ALL, "mp3")[0].name == "mp3.large"
    assert list(prefix_first(ALL, "vcpu>=2 -metal")) == ALL
    assert list(prefix_first(ALL, "")) == ALL


def test_the_parts_of_a_week_are_means_by_time_and_unknown_before_the_first_price() -> None:
    start = datetime(2026, 11, 16, tzinfo=UTC)
    series = PriceSeries.from_changes(
        [(start + timedelta(days=2), Decimal(1)), (start + timedelta(days=3), Decimal(3))]
    )
    assert period_means(series, start, start + timedelta(days=8), 4) == [None, Decimal(2), Decimal(3), Decimal(3)]
