"""Links to the AWS console: the right page in the right partition, and none where there is no console."""

from __future__ import annotations

import pytest

from fe2tui.model.console_links import console_url
from fe2tui.model.location import Location

INSTANCE = "i-0a3b2194e1330000a"


@pytest.mark.parametrize(
    ("region", "resource_id", "address"),
    [
        ("us-east-2", INSTANCE, "https://us-east-2.console.aws.amazon.com/ec2/home?region=us-east-2#InstanceDetails:instanceId={}"),
        ("cn-north-1", "vol-0a3b2194", "https://cn-north-1.console.amazonaws.cn/ec2/home?region=cn-north-1#VolumeDetails:volumeId={}"),
        ("us-gov-west-1", "vpc-0a3b2194", "https://us-gov-west-1.console.amazonaws-us-gov.com/vpcconsole/home?region=us-gov-west-1#VpcDetails:VpcId={}"),
    ],
)  # fmt: skip
def test_an_id_leads_to_its_page_in_the_partition_of_the_region(region: str, resource_id: str, address: str) -> None:
    assert console_url(resource_id, Location("default", region)) == address.format(resource_id)


def test_there_is_no_page_for_the_demo_for_other_ids_and_in_partitions_without_internet() -> None:
    demo = Location("demo", "us-east-2", "http://127.0.0.1:40123")
    fips = Location("default", "us-east-2", "https://ec2-fips.us-east-2.amazonaws.com")
    assert console_url(INSTANCE, demo) is None
    assert console_url(INSTANCE, Location("default", "us-iso-east-1")) is None
    assert console_url("base", fips) is None
    assert console_url(INSTANCE, fips) is not None
