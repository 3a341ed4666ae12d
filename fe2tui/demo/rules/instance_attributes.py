"""DescribeInstanceAttribute and ModifyInstanceAttribute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fe2tui.demo import spot_requests
from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.errors import ApiError, find, invalid_combination, invalid_value, unsupported
from fe2tui.demo.protocols import truth
from fe2tui.demo.records import Instance
from fe2tui.demo.rules.instance_types import check_hardware
from fe2tui.demo.rules.instances import one_instance


@operation("DescribeInstanceAttribute")
def describe_instance_attribute(call: Call) -> Mapping[str, Any]:
    instance = one_instance(call)
    attribute = call.text("Attribute")
    values: dict[str, Any] = {
        "instanceType": instance.type,
        "kernel": None,
        "ramdisk": None,
        "userData": instance.user_data or None,
        "disableApiTermination": instance.protected,
        "disableApiStop": instance.stop_protected,
        "instanceInitiatedShutdownBehavior": instance.shutdown_behavior,
        "rootDeviceName": instance.root_device,
        "sourceDestCheck": instance.source_dest_check,
        "ebsOptimized": instance.ebs_optimized,
        "enaSupport": instance.ena,
        "sriovNetSupport": "simple",
    }
    if attribute in values:
        value = values[attribute]
        return {"instanceId": instance.id, attribute: {} if value is None else {"value": value}}
    if attribute == "groupSet":
        groups = [{"groupId": group, "groupName": name} for group, name in instance.groups]
        return {"instanceId": instance.id, "groupSet": groups}
    if attribute == "blockDeviceMapping":
        return {"instanceId": instance.id, "blockDeviceMapping": _mapping(instance)}
    if attribute in ("productCodes", "enclaveOptions"):
        return {"instanceId": instance.id}
    raise invalid_value(f"Invalid value '{attribute}' for attribute.")


def _mapping(instance: Instance) -> list[dict[str, Any]]:
    return [
        {
            "deviceName": disk.device,
            "ebs": {
                "volumeId": disk.volume_id,
                "status": disk.status,
                "attachTime": disk.attached_at,
                "deleteOnTermination": disk.delete_on_termination,
            },
        }
        for disk in instance.attachments
    ]


def _check_stopped(instance: Instance) -> None:
    if instance.state != "stopped":
        raise ApiError("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state.")


def _set_type(region: Region, instance: Instance, value: str) -> None:
    catalogue = region.account.catalogue
    if value not in catalogue.types:
        raise invalid_value(f"Invalid value '{value}' for InstanceType.")
    if spot_requests.request_of(region, instance) is not None:
        raise unsupported("Modifying the instance type of a Spot Instance is not supported.")
    _check_stopped(instance)
    if instance.hibernation:
        raise unsupported("The type of an instance that is enabled for hibernation cannot change.")
    if instance.architecture not in catalogue.types[value].architectures:
        types = f"The architecture of instance type '{value}' does not match the architecture '{instance.architecture}'"
        raise invalid_combination(f"{types} of the instance.")
    check_hardware(catalogue, instance, value)
    instance.type = value


_FLAGS = {
    "disableApiTermination": "protected",
    "disableApiStop": "stop_protected",
    "ebsOptimized": "ebs_optimized",
    "sourceDestCheck": "source_dest_check",
    "enaSupport": "ena",
}
"""Each boolean attribute with the field of the record."""

_PROTECTIONS = {"disableApiTermination": "Termination", "disableApiStop": "Stop"}

_ATTRIBUTES = ("instanceType", "instanceInitiatedShutdownBehavior", "userData", *_FLAGS)


def _change(region: Region, instance: Instance, attribute: str, value: str) -> None:
    if attribute not in _ATTRIBUTES:
        raise invalid_value(f"Invalid value '{attribute}' for attribute.")
    if attribute in ("userData", "enaSupport"):
        _check_stopped(instance)
    if instance.state in ("shutting-down", "terminated"):
        raise ApiError("IncorrectInstanceState", f"The instance '{instance.id}' is {instance.state}.")
    if attribute in _PROTECTIONS and truth(value) and spot_requests.request_of(region, instance) is not None:
        raise unsupported(f"{_PROTECTIONS[attribute]} protection is not supported for Spot Instances.")
    if attribute == "instanceType":
        _set_type(region, instance, value)
    elif attribute == "userData":
        instance.user_data = value
    elif attribute in _FLAGS:
        setattr(instance, _FLAGS[attribute], truth(value))
    elif value in ("stop", "terminate"):
        instance.shutdown_behavior = value
    else:
        raise invalid_value(f"Invalid value '{value}' for instanceInitiatedShutdownBehavior.")


@operation("ModifyInstanceAttribute")
def modify_instance_attribute(call: Call) -> Mapping[str, Any]:
    """Both of EC2's forms: Attribute with Value, and a parameter for each attribute."""
    region = call.region
    instance = one_instance(call)
    changes: dict[str, str] = {}
    if call.text("Attribute"):
        changes[call.text("Attribute")] = call.text("Value")
    for attribute in _ATTRIBUTES:
        value = call.params.get(attribute[0].upper() + attribute[1:])
        if value is not None:
            changes[attribute] = str(value.get("Value", "") if isinstance(value, Mapping) else value)
    for attribute, value in changes.items():
        _change(region, instance, attribute, value)
    if ids := call.texts("GroupId"):
        groups = [find(region.security_groups, identity, "InvalidGroup", "security group") for identity in ids]
        instance.groups = [(group.id, group.name) for group in groups]
    for entry in call.params.get("BlockDeviceMapping") or ():
        device = entry.get("DeviceName")
        disk = next((one for one in instance.attachments if one.device == device), None)
        if disk is None:
            raise ApiError("InvalidInstanceAttributeValue", f"No device is currently mapped at {device}")
        delete = (entry.get("Ebs") or {}).get("DeleteOnTermination")
        if delete is not None:
            disk.delete_on_termination = truth(delete)
    instance.touch()
    return {"return": True}
