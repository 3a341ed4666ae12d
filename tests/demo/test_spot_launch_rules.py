"""Launches on the spot market: their errors and their results."""

from __future__ import annotations

from typing import Any

import pytest

from fe2tui.demo import Cloud

SPOT = {"MarketType": "spot"}
NO_ROOM = "InsufficientInstanceCapacity"
LIMIT = "MaxSpotInstanceCountExceeded"


def bid(price: str) -> dict[str, Any]:
    return {"MarketType": "spot", "SpotOptions": {"MaxPrice": price}}


def quota(client: Any, cloud: Cloud, code: str) -> float:
    found = client(cloud, "service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode=code)
    return float(found["Quota"]["Value"])


def test_a_type_without_spot_can_be_launched_only_on_demand(own: Any, launch: Any, error_of: Any) -> None:
    answer = error_of(launch, ec2=own, InstanceType="hpc6a.48xlarge", InstanceMarketOptions=SPOT)
    assert (
        answer.code == "InvalidParameterValue" and "'hpc6a.48xlarge' is an unsupported instance type" in answer.message
    )
    assert "SpotInstanceRequestId" not in launch(own, InstanceType="hpc6a.48xlarge")


def test_a_quota_limits_the_vcpus_of_spot_instances(
    own: Any, bare: Cloud, client: Any, launch: Any, error_of: Any
) -> None:
    most = int(quota(client, bare, "L-7212CCBC")) // 32  # vCPUs of a p3.8xlarge
    made = [launch(own, InstanceType="p3.8xlarge", InstanceMarketOptions=SPOT)["InstanceId"] for _ in range(most)]
    answer = error_of(launch, ec2=own, InstanceType="p3.2xlarge", InstanceMarketOptions=SPOT)
    assert (answer.code, answer.status) == (LIMIT, 400)
    launch(own, InstanceType="p3.8xlarge")
    launch(own, InstanceType="g4dn.xlarge", InstanceMarketOptions=SPOT)
    own.terminate_instances(InstanceIds=made[:1])
    launch(own, InstanceType="p3.8xlarge", InstanceMarketOptions=SPOT)


def test_a_quota_of_zero_refuses_every_spot_launch(
    own: Any, bare: Cloud, client: Any, launch: Any, error_of: Any
) -> None:
    assert quota(client, bare, "L-B5D1601B") == 0
    assert error_of(launch, ec2=own, InstanceType="inf1.xlarge", InstanceMarketOptions=SPOT).code == LIMIT


def test_a_maximum_price_below_the_spot_price_is_refused(own: Any, launch: Any, error_of: Any) -> None:
    now = own.describe_spot_price_history(InstanceTypes=["m5.large"], ProductDescriptions=["Linux/UNIX"], MaxResults=50)
    newest: dict[str, float] = {}
    for entry in now["SpotPriceHistory"]:  # newest first
        newest.setdefault(entry["AvailabilityZone"], float(entry["SpotPrice"]))
    answer = error_of(launch, ec2=own, InstanceMarketOptions=bid("0.001"))
    assert answer.code == "SpotMaxPriceTooLow" and "Spot request price of 0.001 is lower than" in answer.message
    cheapest = min(newest, key=newest.__getitem__)
    made = launch(own, InstanceMarketOptions=bid(str(newest[cheapest])))
    assert made["Placement"]["AvailabilityZone"] == cheapest
    launch(own, InstanceMarketOptions=bid("99"))


@pytest.mark.parametrize("price", ["0", "-1", "cheap"])
def test_an_invalid_maximum_price_is_refused(ec2: Any, launch: Any, error_of: Any, price: str) -> None:
    assert error_of(launch, ec2=ec2, InstanceMarketOptions=bid(price)).code == "InvalidParameterValue"


def test_missing_spot_capacity_has_its_own_error_and_on_demand_still_works(
    own: Any, bare: Cloud, launch: Any, error_of: Any
) -> None:
    bare.control("/demo/faults", {"kind": "no-capacity", "market": "spot"})
    answer = error_of(launch, ec2=own, InstanceMarketOptions=SPOT)
    assert (answer.code, answer.status) == (NO_ROOM, 500)
    assert answer.message == "There is no Spot capacity available that matches your request."
    launch(own)
    bare.control("/demo/faults", method="DELETE")
    bare.control("/demo/faults", {"kind": "no-capacity", "market": "on-demand"})
    answer = error_of(launch, ec2=own, Placement={"AvailabilityZone": "us-east-2a"})
    assert answer.code == NO_ROOM and "m5.large capacity in the Availability Zone you requested" in answer.message
    launch(own, InstanceMarketOptions=SPOT)


def test_a_spot_launch_without_a_zone_goes_where_there_is_capacity(own: Any, bare: Cloud, launch: Any) -> None:
    for zone in ("us-east-2a", "us-east-2b"):
        bare.control("/demo/faults", {"kind": "no-capacity", "market": "spot", "zone": zone})
    assert launch(own, InstanceMarketOptions=SPOT)["Placement"]["AvailabilityZone"] == "us-east-2c"


def test_a_failed_spot_launch_leaves_no_instance_and_no_request(
    own: Any, bare: Cloud, launch: Any, error_of: Any
) -> None:
    bare.control("/demo/faults", {"kind": "no-capacity", "market": "spot"})
    error_of(launch, ec2=own, InstanceMarketOptions=SPOT)
    assert own.describe_spot_instance_requests()["SpotInstanceRequests"] == []
    assert own.describe_instances()["Reservations"] == []
