"""Pages and filters of the Describe operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fe2tui.demo import Cloud

LISTS = {
    "describe_instances": "Reservations",
    "describe_images": "Images",
    "describe_instance_types": "InstanceTypes",
    "describe_instance_type_offerings": "InstanceTypeOfferings",
    "describe_volumes": "Volumes",
    "describe_snapshots": "Snapshots",
    "describe_instance_status": "InstanceStatuses",
    "describe_spot_price_history": "SpotPriceHistory",
    "describe_tags": "Tags",
}


@pytest.mark.parametrize(("operation", "key"), LISTS.items())
def test_pages_have_max_results_items_and_are_complete(ec2: Any, operation: str, key: str) -> None:
    narrow: dict[str, Any] = {}
    if operation == "describe_spot_price_history":
        narrow = {"InstanceTypes": ["m5.large"], "ProductDescriptions": ["Linux/UNIX"]}
    if operation.startswith("describe_instance_type"):
        narrow = {"Filters": [{"Name": "instance-type", "Values": ["m*"]}]}
    whole = [repr(row) for page in ec2.get_paginator(operation).paginate(**narrow) for row in page[key]]
    pages = list(ec2.get_paginator(operation).paginate(MaxResults=7, **narrow))
    assert len(whole) > 7
    assert all(len(page[key]) <= 7 for page in pages)
    assert all(len(page[key]) == 7 for page in pages[:-1])
    assert [repr(row) for page in pages for row in page[key]] == whole


def test_spot_requests_and_security_groups_have_pages(own: Any, launch: Any) -> None:
    launch(own, MinCount=8, MaxCount=8, InstanceMarketOptions={"MarketType": "spot"})
    for number in range(8):
        own.create_security_group(GroupName=f"g{number}", Description="d")
    for operation, key in (
        ("describe_spot_instance_requests", "SpotInstanceRequests"),
        ("describe_security_groups", "SecurityGroups"),
    ):
        pages = [page[key] for page in own.get_paginator(operation).paginate(MaxResults=5)]
        assert len(pages[0]) == 5
        assert sum(map(len, pages)) >= 8


def test_max_results_counts_instances_not_reservations(own: Any, launch: Any) -> None:
    launch(own, MinCount=7, MaxCount=7)
    first = own.describe_instances(MaxResults=5)
    assert sum(len(one["Instances"]) for one in first["Reservations"]) == 5
    rest = own.describe_instances(MaxResults=5, NextToken=first["NextToken"])
    assert sum(len(one["Instances"]) for one in rest["Reservations"]) == 2
    assert rest["Reservations"][0]["ReservationId"] == first["Reservations"][0]["ReservationId"]


def test_a_page_continues_after_the_last_item_though_others_vanish(bare: Cloud, own: Any, launch: Any) -> None:
    made = [one["InstanceId"] for one in launch(own, MinCount=12, MaxCount=12)]
    first = own.describe_instances(MaxResults=6)
    own.terminate_instances(InstanceIds=made[:3])
    own.describe_instances()
    bare.control("/demo/clock", {"advance": 700})
    second = own.describe_instances(MaxResults=6, NextToken=first["NextToken"])
    assert [one["InstanceId"] for one in second["Reservations"][0]["Instances"]] == made[6:]


@pytest.mark.parametrize("size", [1, 4, 1001])
def test_page_sizes_beyond_the_limits_of_ec2_are_refused(ec2: Any, error_of: Any, size: int) -> None:
    answer = error_of(ec2.describe_instances, MaxResults=size)
    assert answer.code == "InvalidParameterValue"
    assert "maxResults" in answer.message


def test_instance_types_have_100_a_page_at_most(ec2: Any, error_of: Any) -> None:
    assert len(ec2.describe_instance_types()["InstanceTypes"]) == 100
    assert error_of(ec2.describe_instance_types, MaxResults=101).code == "InvalidParameterValue"


def test_ids_and_max_results_cannot_be_combined(ec2: Any, error_of: Any) -> None:
    one = ec2.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    answer = error_of(ec2.describe_instances, InstanceIds=[one], MaxResults=5)
    assert answer.code == "InvalidParameterCombination"


def test_a_token_of_another_query_is_refused(ec2: Any, error_of: Any) -> None:
    token = ec2.describe_instances(MaxResults=5)["NextToken"]
    assert error_of(ec2.describe_instances, NextToken="nonsense").code == "InvalidNextToken"
    filters = [{"Name": "instance-state-name", "Values": ["running"]}]
    assert error_of(ec2.describe_instances, NextToken=token, Filters=filters).code == "InvalidNextToken"


def names(ec2: Any, **filters: str) -> set[str]:
    wanted = [{"Name": name.replace("_", "-"), "Values": value.split(",")} for name, value in filters.items()]
    found = set()
    for reservation in ec2.describe_instances(Filters=wanted)["Reservations"]:
        for instance in reservation["Instances"]:
            found |= {tag["Value"] for tag in instance.get("Tags", ()) if tag["Key"] == "Name"}
    return found


def test_all_filters_must_match_with_one_of_their_values(ec2: Any) -> None:
    assert names(ec2, instance_lifecycle="spot") == {"train-resnet", "spot1", "nightly-etl"}
    assert "od1" in names(ec2, instance_state_code="80")
    assert names(ec2, instance_type="t3.*", instance_state_name="stopped") == {"od1"}
    assert names(ec2, instance_type="p3.8xlarge,t4g.small") == {"train-resnet", "vault"}
    assert names(ec2, architecture="arm64", instance_state_name="running") == {"vault"}
    assert names(ec2, tag_key="fe2:keep") == {"base", "vault"}
    assert names(ec2, availability_zone="us-east-2c", key_name="default") >= {"scraper"}
    assert names(ec2, instance_type="t?.m?cro") == {"scraper"}
    assert names(ec2, launch_time="1999*") == set()
    assert names(ec2, tenancy="default", hypervisor="xen", root_device_type="ebs") >= {"base", "scraper"}


def test_a_star_can_be_escaped(own: Any, launch: Any) -> None:
    for name in ("a*c", "abc"):
        launch(own, TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}])
    found = own.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["a\\*c"]}])["Reservations"]
    assert len(found) == 1
    assert len(own.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["a*c"]}])["Reservations"]) == 2


@pytest.mark.parametrize(
    "operation",
    [
        "describe_instances",
        "describe_images",
        "describe_instance_types",
        "describe_volumes",
        "describe_snapshots",
        "describe_subnets",
        "describe_vpcs",
        "describe_security_groups",
        "describe_key_pairs",
        "describe_spot_instance_requests",
        "describe_instance_status",
        "describe_availability_zones",
        "describe_spot_price_history",
    ],
)
def test_an_unknown_filter_is_refused(ec2: Any, error_of: Any, operation: str) -> None:
    answer = error_of(getattr(ec2, operation), Filters=[{"Name": "colour", "Values": ["red"]}])
    assert (answer.code, answer.message) == ("InvalidParameterValue", "The filter 'colour' is invalid")


def test_instance_types_can_be_filtered(ec2: Any) -> None:
    filters = [
        {"Name": "processor-info.supported-architecture", "Values": ["arm64"]},
        {"Name": "burstable-performance-supported", "Values": ["true"]},
    ]
    found = {one["InstanceType"] for one in ec2.describe_instance_types(Filters=filters)["InstanceTypes"]}
    assert "t4g.micro" in found and all(name.startswith("t4g.") for name in found)
    unknown = [{"Name": "instance-type", "Values": ["nothing.*"]}]
    assert ec2.describe_instance_types(Filters=unknown)["InstanceTypes"] == []


def test_offerings_list_the_types_of_each_zone(ec2: Any) -> None:
    filters = [{"Name": "instance-type", "Values": ["p3.8xlarge"]}]
    rows = ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=filters)[
        "InstanceTypeOfferings"
    ]
    assert [row["Location"] for row in rows] == ["us-east-2a", "us-east-2b"]


def test_a_large_fleet_has_pages_of_1000(fresh_cloud: Callable[..., Cloud], client: Any) -> None:
    ec2 = client(fresh_cloud(scene=False, extra=2001), "ec2")
    sizes, ids = [], set()
    token: dict[str, str] = {}
    while True:
        page = ec2.describe_instances(MaxResults=1000, **token)
        found = [instance["InstanceId"] for one in page["Reservations"] for instance in one["Instances"]]
        sizes.append(len(found))
        ids |= set(found)
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert sizes == [1000, 1000, 1]
    assert len(ids) == 2001


def test_churn_changes_the_requested_fraction(fresh_cloud: Callable[..., Cloud], client: Any) -> None:
    cloud = fresh_cloud(scene=False, extra=200)
    ec2 = client(cloud, "ec2")
    assert cloud.control("/demo/churn", {"fraction": 0.1}) == {"changed": 20}
    changed = ec2.describe_instances(Filters=[{"Name": "tag-key", "Values": ["churned"]}])["Reservations"]
    assert len(changed) == 20
