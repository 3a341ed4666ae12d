"""The Price List and the spot history."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fe2tui.demo import Cloud

LINUX = {
    "regionCode": "us-east-2",
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "licenseModel": "No License required",
    "marketoption": "OnDemand",
    "operation": "RunInstances",
}


@pytest.fixture
def sold(cloud: Cloud, client: Any) -> Callable[..., list[Any]]:
    """Asks the Price List for the products that match these terms."""
    pricing = client(cloud, "pricing", "us-east-1")

    def ask(**terms: str) -> list[Any]:
        filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in terms.items()]
        pages = pricing.get_paginator("get_products").paginate(ServiceCode="AmazonEC2", Filters=filters)
        return [json.loads(text) for page in pages for text in page["PriceList"]]

    return ask


def price(product: Any) -> Decimal:
    (term,) = product["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    return Decimal(dimension["pricePerUnit"]["USD"])


def test_with_all_filters_each_type_but_one_has_one_price(sold: Any) -> None:
    found = sold(**LINUX)
    types = Counter(product["product"]["attributes"]["instanceType"] for product in found)
    assert len(types) > 500
    assert [name for name, times in types.items() if times > 1] == ["h1.2xlarge"]
    assert all(price(product) > 0 for product in found)


@pytest.mark.parametrize(
    ("kind", "dollars"),
    [
        ("m5.large", "0.096"),
        ("m5.xlarge", "0.192"),
        ("t3.micro", "0.0104"),
        ("t3.medium", "0.0416"),
        ("p3.8xlarge", "12.24"),
        ("c6i.metal", "5.44"),
        ("t4g.nano", "0.0042"),
        ("g5.12xlarge", "5.672"),
        ("r5.24xlarge", "6.048"),
        ("x1.16xlarge", "6.669"),
    ],
)
def test_prices_are_those_of_aws(sold: Any, kind: str, dollars: str) -> None:
    (product,) = sold(**LINUX, instanceType=kind)
    assert price(product) == Decimal(dollars)


def test_careless_filters_select_other_products_too(sold: Any) -> None:
    found = sold(regionCode="us-east-2", instanceType="m5.large")
    assert len(found) > 5
    assert any(price(product) == 0 for product in found)
    assert {product["product"]["attributes"]["operatingSystem"] for product in found} >= {"Linux", "Windows", "RHEL"}


def test_a_reply_has_a_hundred_products_at_most(cloud: Cloud, client: Any) -> None:
    pricing = client(cloud, "pricing", "us-east-1")
    filters = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-west-2"}]
    reply = pricing.get_products(ServiceCode="AmazonEC2", Filters=filters)
    assert len(reply["PriceList"]) == 100
    assert reply["NextToken"]


def test_storage_has_a_price_a_gigabyte_month(sold: Any) -> None:
    found = [product for product in sold(regionCode="us-east-2", productFamily="Storage") if is_in_the_region(product)]
    prices = {product["product"]["attributes"]["volumeApiName"]: price(product) for product in found}
    assert prices["gp3"] == Decimal("0.08")
    assert len(prices) == len(found)
    assert set(prices) == {"gp3", "gp2", "io1", "io2", "st1", "sc1", "standard"}


def is_in_the_region(product: Any) -> bool:
    return bool(product["product"]["attributes"]["locationType"] == "AWS Region")


@pytest.mark.parametrize(
    ("family", "usage", "unit", "dollars"),
    [
        ("System Operation", "EBS:VolumeP-IOPS.gp3", "IOPS-Mo", "0.005"),
        ("System Operation", "EBS:VolumeP-IOPS.piops", "IOPS-Mo", "0.065"),
        ("System Operation", "EBS:VolumeP-IOPS.io2", "IOPS-Mo", "0.065"),
        ("Provisioned Throughput", "EBS:VolumeP-Throughput.gp3", "GiBps-mo", "40.96"),
        ("Storage Snapshot", "EBS:SnapshotUsage", "GB-Mo", "0.05"),
        ("Storage", "EBS:VolumeUsage.piops", "GB-Mo", "0.125"),
    ],
)
@pytest.mark.parametrize(("region", "prefix"), [("us-east-2", "USE2-"), ("us-east-1", "")])
def test_iops_and_throughput_have_their_own_usage_types_and_units(
    sold: Any, family: str, usage: str, unit: str, dollars: str, region: str, prefix: str
) -> None:
    (product,) = sold(regionCode=region, productFamily=family, usagetype=prefix + usage)
    (term,) = product["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    assert (dimension["unit"], price(product)) == (unit, Decimal(dollars))


@pytest.mark.parametrize("family", ["Storage", "System Operation", "Storage Snapshot"])
def test_a_product_family_alone_selects_other_products_too(sold: Any, family: str) -> None:
    found = sold(regionCode="us-east-2", productFamily=family)
    names = {product["product"]["attributes"].get("volumeApiName") for product in found}
    assert len(found) > len(names)


def history(ec2: Any, **params: Any) -> list[Any]:
    params = {"ProductDescriptions": ["Linux/UNIX"], **params}
    return [
        row
        for page in ec2.get_paginator("describe_spot_price_history").paginate(**params)
        for row in page["SpotPriceHistory"]
    ]


def test_a_window_has_its_changes_and_the_price_at_its_start(ec2: Any) -> None:
    end = datetime.now(UTC).replace(microsecond=0)
    start = end - timedelta(days=7)
    rows = history(ec2, InstanceTypes=["m5.large"], AvailabilityZone="us-east-2a", StartTime=start, EndTime=end)
    times = [row["Timestamp"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert times[-1] < start < times[-2]
    assert times[0] <= end
    assert 5 < len(rows) < 60


def test_the_past_never_changes(ec2: Any) -> None:
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    params = {"InstanceTypes": ["p3.2xlarge"], "StartTime": end - timedelta(days=2), "EndTime": end}
    assert history(ec2, **params) == history(ec2, **params)
    longer = history(ec2, InstanceTypes=["p3.2xlarge"], StartTime=end - timedelta(days=9), EndTime=end)
    assert all(row in longer for row in history(ec2, **params))


def test_a_window_in_the_future_has_one_price_a_zone(ec2: Any) -> None:
    rows = history(ec2, InstanceTypes=["m5.large", "c5.large"], StartTime=datetime.now(UTC))
    assert len(rows) == 6
    assert {row["AvailabilityZone"] for row in rows} == {"us-east-2a", "us-east-2b", "us-east-2c"}


def test_the_history_has_90_days(ec2: Any) -> None:
    start = datetime.now(UTC) - timedelta(days=365)
    rows = history(ec2, InstanceTypes=["m5.large"], AvailabilityZone="us-east-2b", StartTime=start)
    assert timedelta(days=89) < datetime.now(UTC) - rows[-1]["Timestamp"] < timedelta(days=93)


def test_spot_costs_less_than_on_demand(ec2: Any, sold: Any) -> None:
    for kind in ("m5.large", "p3.8xlarge", "t3.medium"):
        (product,) = sold(**LINUX, instanceType=kind)
        start = datetime.now(UTC) - timedelta(days=60)
        for row in history(ec2, InstanceTypes=[kind], StartTime=start):
            share = Decimal(row["SpotPrice"]) / price(product)
            assert Decimal("0.25") < share < Decimal("0.75")


def test_other_products_have_other_prices(ec2: Any) -> None:
    now = datetime.now(UTC)
    params = {"InstanceTypes": ["m5.large"], "AvailabilityZone": "us-east-2a", "StartTime": now}
    (linux,) = history(ec2, **params)
    (windows,) = history(ec2, ProductDescriptions=["Windows"], **params)
    assert Decimal(windows["SpotPrice"]) > Decimal(linux["SpotPrice"])


def test_a_type_that_is_not_on_offer_has_no_spot_price(ec2: Any) -> None:
    assert history(ec2, InstanceTypes=["p3dn.24xlarge"]) == []
