"""The filter of instance types, what they are sorted by, and what EC2's words for them mean."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fe2tui.model.filters import FilterError, filter_and_sort
from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import InstanceType, TypeCatalogue, size_sort_key
from fe2tui.model.type_filter import TYPE_LANGUAGE, TYPE_SORTS, TypeScope, parse_gigabits

ARM = ("arm64",)
TYPES = [
    InstanceType("t3.micro", 2, 1024, burstable=True, free_tier=True, network="Up to 5 Gigabit", hypervisor="nitro"),
    InstanceType("t2.micro", 1, 1024, ("i386", "x86_64"), burstable=True, network="Low to Moderate", hypervisor="xen"),
    InstanceType("m5.large", 2, 8192, current=False, network="Up to 10 Gigabit", hypervisor="nitro"),
    InstanceType("m5.10xlarge", 40, 163840, network="10 Gigabit"),
    InstanceType("m5.metal", 96, 393216, network="25 Gigabit", bare_metal=True),
    InstanceType("m6gd.large", 2, 8192, ARM, local_disk=118, local_disks=1, network="Up to 10 Gigabit"),
    InstanceType("g5.2xlarge", 8, 32768, gpus=1, gpu_name="A10G", gpu_memory=22888, local_disk=450),
    InstanceType("p3.8xlarge", 32, 249856, gpus=4, gpu_name="V100", gpu_memory=16384, current=False),
    InstanceType("p4d.24xlarge", 96, 1179648, gpus=8, gpu_name="A100", gpu_memory=40960, network="4x 100 Gigabit"),
    InstanceType("mac2.metal", 8, 16384, ("arm64_mac",), bare_metal=True, spot=False),
]
BY_NAME = {one.name: one for one in TYPES}
PRICES = Prices(
    on_demand={
        "t3.micro": Decimal("0.0104"),
        "m5.large": Decimal("0.096"),
        "g5.2xlarge": Decimal("1.212"),
        "p3.8xlarge": Decimal("12.24"),
    },
    spot={
        ("g5.2xlarge", "us-east-2a"): Decimal("0.61"),
        ("g5.2xlarge", "us-east-2b"): Decimal("0.45"),
        ("p3.8xlarge", "us-east-2b"): Decimal("4.90"),
    },
)
ZONES = {"t3.micro": ("us-east-2a", "us-east-2b"), "g5.2xlarge": ("us-east-2b",), "m5.large": ("us-east-2a",)}
AT = TypeScope(PRICES, ZONES)


def shown(text: str) -> list[str]:
    query = TYPE_LANGUAGE.parse(text)
    return [one.name for one in TYPES if query.matches(one, AT)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", list(BY_NAME)),
        ("a10g", ["g5.2xlarge"]),
        ("M5", ["m5.large", "m5.10xlarge", "m5.metal"]),
        ("100 gigabit", ["p4d.24xlarge"]),
        ("vcpu>=40", ["m5.10xlarge", "m5.metal", "p4d.24xlarge"]),
        ("mem=8", ["m5.large", "m6gd.large"]),
        ("mem>=8gib mem<=16g", ["m5.large", "m6gd.large", "mac2.metal"]),
        ("gpu:a10g", ["g5.2xlarge"]),
        ("gpu:v100,a100", ["p3.8xlarge", "p4d.24xlarge"]),
        ("gpus>=4", ["p3.8xlarge", "p4d.24xlarge"]),
        ("gpus=0 vcpu=96", ["m5.metal"]),
        ("gpumem>=24", ["g5.2xlarge", "p4d.24xlarge"]),
        ("gpumem>=16 gpumem<24", ["p3.8xlarge"]),
        ("arch:arm64", ["m6gd.large", "mac2.metal"]),
        ("arch:arm64 -metal", ["m6gd.large"]),
        ("arch:amd64 burstable", ["t3.micro", "t2.micro"]),
        ("arch:i386", ["t2.micro"]),
        ("price<1.5", ["t3.micro", "m5.large", "g5.2xlarge"]),
        ("price<$0.0105", ["t3.micro"]),
        ("spot<0.5", ["g5.2xlarge"]),
        ("disk>0", ["m6gd.large", "g5.2xlarge"]),
        ("disk>=118gb disk<200", ["m6gd.large"]),
        ("family:m5", ["m5.large", "m5.10xlarge", "m5.metal"]),
        ("family:m5,p3", ["m5.large", "m5.10xlarge", "m5.metal", "p3.8xlarge"]),
        ("type:m", ["m5.large", "m5.10xlarge", "m5.metal", "m6gd.large", "mac2.metal"]),
        ("zone:2a", ["t3.micro", "m5.large"]),
        ("net>=10", ["m5.large", "m5.10xlarge", "m5.metal", "m6gd.large", "p4d.24xlarge"]),
        ("net>100", ["p4d.24xlarge"]),
        ("free", ["t3.micro"]),
        ("burstable", ["t3.micro", "t2.micro"]),
        ("metal", ["m5.metal", "mac2.metal"]),
        ("current gpu", ["g5.2xlarge", "p4d.24xlarge"]),
        ("-spot", ["mac2.metal"]),
        ("vcpu>=8 mem>=32 gpu:a10g price<1.5", ["g5.2xlarge"]),
        ("vcpu> gpu: price<", list(BY_NAME)),
    ],
)
def test_types_are_found_by_what_they_have(text: str, names: list[str]) -> None:
    assert shown(text) == names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vcpu>many", "“many” is not a number of vCPUs"),
        ("price<cheap", "“cheap” is not dollars an hour"),
        ("mem>=8x", "“8x” is not GiB"),
        ("ram:8", "There is no field “ram”"),
    ],
)
def test_a_term_that_makes_no_sense_is_named(text: str, said: str) -> None:
    with pytest.raises(FilterError, match=said):
        TYPE_LANGUAGE.parse(text)


@given(st.text(alphabet='vcpumegs<>=:,-"$ .0123456789ari', max_size=30))
def test_whatever_is_typed_filters_or_says_why_not(text: str) -> None:
    try:
        assert set(shown(text)) <= set(BY_NAME)
    except FilterError as error:
        assert error.summary


def ordered(sort: str, descending: bool = False) -> list[str]:
    return [
        one.name
        for one in filter_and_sort(
            TYPES, AT, TYPE_LANGUAGE.parse(""), TYPE_SORTS[sort], descending, lambda one: one.name
        )
    ]


def test_types_of_a_family_are_smallest_first_by_type() -> None:
    assert ordered("type") == [
        "g5.2xlarge",
        "m5.large",
        "m5.10xlarge",
        "m5.metal",
        "m6gd.large",
        "mac2.metal",
        "p3.8xlarge",
        "p4d.24xlarge",
        "t2.micro",
        "t3.micro",
    ]


@pytest.mark.parametrize(
    ("sort", "descending", "first"),
    [
        ("vcpu", False, ["t2.micro", "m5.large"]),
        ("mem", False, ["t2.micro", "t3.micro", "m5.large"]),
        ("gpu", True, ["p4d.24xlarge", "p3.8xlarge", "g5.2xlarge"]),
        ("gpumem", True, ["p4d.24xlarge", "g5.2xlarge", "p3.8xlarge"]),
        ("arch", False, ["m6gd.large", "mac2.metal", "t2.micro"]),
        ("net", True, ["p4d.24xlarge", "m5.metal"]),
        ("disk", True, ["g5.2xlarge", "m6gd.large"]),
        ("price", False, ["t3.micro", "m5.large", "g5.2xlarge", "p3.8xlarge"]),
        ("spot", False, ["g5.2xlarge", "p3.8xlarge"]),
    ],
)
def test_types_are_sorted_by_any_column(sort: str, descending: bool, first: list[str]) -> None:
    assert ordered(sort, descending)[: len(first)] == first


def test_a_price_that_is_not_known_is_not_the_cheapest() -> None:
    unpriced = set(BY_NAME) - set(PRICES.on_demand)
    assert ordered("price")[4:] == sorted(unpriced)
    assert set(ordered("price", True)[4:]) == unpriced  # nor the dearest


def test_the_lowest_spot_price_is_over_the_zones_known() -> None:
    assert AT.lowest_spot_price(BY_NAME["g5.2xlarge"]) == Decimal("0.45")
    assert AT.lowest_spot_price(BY_NAME["t3.micro"]) is None


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("Up to 12.5 Gigabit", "12.5"),
        ("100 Gigabit", "100"),
        ("4x 100 Gigabit", "400"),
        ("16x 200 Gigabit", "3200"),
        ("500 Megabit", "0.5"),
        ("Up to 33.33 Gigabit", "33.33"),
        ("Low to Moderate", None),
        ("Very Low", None),
        ("High", None),
        ("", None),
    ],
)
def test_network_is_in_gigabits_where_ec2_gives_a_figure(words: str, amount: str | None) -> None:
    assert parse_gigabits(words) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("mebibytes", "gigabytes"), [(22888, 24), (45776, 48), (16384, 16), (81920, 80), (2861, 3), (0, 0)]
)
def test_gpu_memory_is_as_its_maker_counts_it(mebibytes: int, gigabytes: int) -> None:
    assert InstanceType("x", 1, 1, gpu_memory=mebibytes).gpu_gigabytes == gigabytes


def test_a_catalogue_knows_families_and_zones() -> None:
    types = {one.name: one for one in sorted(TYPES, key=lambda one: size_sort_key(one.name))}
    catalogue = TypeCatalogue(types, ZONES)
    assert [one.name for one in catalogue.types_of(" M5 ")] == ["m5.large", "m5.10xlarge", "m5.metal"]
    assert [one.name for one in catalogue.types_of("p3.8xlarge")] == ["p3.8xlarge"]
    assert catalogue.zones_of("g5.2xlarge") == ("us-east-2b",)
    assert catalogue.zones_of("m5.metal") == ()
    assert TypeCatalogue(types).zones_of("m5.metal") is None
