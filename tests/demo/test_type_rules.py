"""Changes of an instance's type."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fe2tui.demo import Cloud, catalogue
from fe2tui.demo.errors import ApiError
from fe2tui.demo.records import Instance
from fe2tui.demo.rules.instance_types import check_hardware, firmware


@pytest.fixture
def stopped(own: Any, launch: Any, describe: Any) -> str:
    made = launch(own, InstanceType="t2.micro", Placement={"AvailabilityZone": "us-east-2c"})["InstanceId"]
    own.stop_instances(InstanceIds=[made])
    assert describe(own, made)["State"]["Name"] == "stopped"
    return str(made)


def change_to(instance_id: str, name: str) -> dict[str, Any]:
    return {"InstanceId": instance_id, "InstanceType": {"Value": name}}


def test_without_ena_a_type_that_needs_it_is_refused(own: Any, stopped: str, describe: Any, error_of: Any) -> None:
    own.modify_instance_attribute(InstanceId=stopped, EnaSupport={"Value": False})
    assert describe(own, stopped)["EnaSupport"] is False
    answer = error_of(own.modify_instance_attribute, **change_to(stopped, "m5.large"))
    assert answer.code == "InvalidParameterCombination"
    assert "(ENA) is required for the 'm5.large' instance type" in answer.message
    assert describe(own, stopped)["InstanceType"] == "t2.micro"
    own.modify_instance_attribute(**change_to(stopped, "m4.large"))
    own.modify_instance_attribute(InstanceId=stopped, EnaSupport={"Value": True})
    own.modify_instance_attribute(**change_to(stopped, "m5.large"))


def test_an_instance_without_ena_does_not_start_as_a_type_that_needs_it(own: Any, stopped: str, error_of: Any) -> None:
    own.modify_instance_attribute(**change_to(stopped, "m5.large"))
    own.modify_instance_attribute(InstanceId=stopped, EnaSupport={"Value": False})
    assert error_of(own.start_instances, InstanceIds=[stopped]).code == "InvalidParameterCombination"


def test_a_type_that_the_zone_lacks_can_be_set_but_not_started(
    own: Any, stopped: str, state: Any, error_of: Any
) -> None:
    own.modify_instance_attribute(**change_to(stopped, "p3.8xlarge"))
    answer = error_of(own.start_instances, InstanceIds=[stopped])
    assert answer.code == "Unsupported"
    assert "(p3.8xlarge)" in answer.message and "(us-east-2c)" in answer.message
    own.modify_instance_attribute(**change_to(stopped, "t2.micro"))
    own.start_instances(InstanceIds=[stopped])
    assert state(own, stopped) == "running"


def test_the_firmware_follows_the_type_where_the_image_allows_both(own: Any, stopped: str, describe: Any) -> None:
    seen = describe(own, stopped)
    assert (seen["BootMode"], seen["CurrentInstanceBootMode"]) == ("uefi-preferred", "legacy-bios")
    own.modify_instance_attribute(**change_to(stopped, "m5.large"))
    assert describe(own, stopped)["CurrentInstanceBootMode"] == "uefi"


def test_spot_instances_and_those_with_hibernation_keep_their_type(
    own: Any, launch: Any, describe: Any, error_of: Any
) -> None:
    asleep = launch(own, HibernationOptions={"Configured": True})["InstanceId"]
    market = {
        "MarketType": "spot",
        "SpotOptions": {"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "stop"},
    }
    spot = launch(own, InstanceMarketOptions=market)["InstanceId"]
    for made in (asleep, spot):
        own.stop_instances(InstanceIds=[made])
        describe(own, made)
        assert error_of(own.modify_instance_attribute, **change_to(made, "m5.xlarge")).code == "UnsupportedOperation"


def machine(type_name: str, boot_mode: str | None, **changes: Any) -> Instance:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    made = Instance(1, "i-1", "r-1", "ami-1", type_name, "x86_64", None, now, "us-east-2a", "", "", "", [], **changes)
    made.boot_mode = boot_mode
    return made


@pytest.mark.parametrize(
    ("type_name", "boot_mode", "boots_by"),
    [
        ("m5.large", "uefi-preferred", "uefi"),
        ("t2.micro", "uefi-preferred", "legacy-bios"),
        ("m5.large", None, "legacy-bios"),
        ("t4g.micro", None, "uefi"),
        ("m5.large", "uefi", "uefi"),
    ],
)
def test_how_an_instance_boots(type_name: str, boot_mode: str | None, boots_by: str) -> None:
    assert firmware(catalogue.read(), machine(type_name, boot_mode)) == boots_by


def test_an_image_that_needs_uefi_does_not_fit_a_type_without() -> None:
    known = catalogue.read()
    check_hardware(known, machine("m5.large", "uefi"), "m5.xlarge")
    with pytest.raises(ApiError) as caught:
        check_hardware(known, machine("m5.large", "uefi"), "t2.micro")
    assert caught.value.code == "InvalidParameterValue"
    assert "t2.micro instance type does not support an AMI with a boot mode of UEFI" in str(caught.value.message)


def test_a_fault_can_make_a_start_find_no_capacity(bare: Cloud, own: Any, stopped: str, error_of: Any) -> None:
    own.modify_instance_attribute(**change_to(stopped, "m5.large"))
    bare.control("/demo/faults", {"kind": "no-capacity", "action": "StartInstances", "zone": "us-east-2c"})
    assert error_of(own.start_instances, InstanceIds=[stopped]).code == "InsufficientInstanceCapacity"
