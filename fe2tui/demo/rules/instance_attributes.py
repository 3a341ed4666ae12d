"""DescribeInstanceAttribute and ModifyInstanceAttribute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fe2tui.demo import spot_requests
from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.errors import ApiError, invalid_value
from fe2tui.demo.protocols import texts, truth
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
        raise ApiError("UnsupportedOperation", "Modifying the instance type of a Spot Instance is not supported.")
    _check_stopped(instance)
    if instance.hibernation:
        raise ApiError("UnsupportedOperation", "The type of an instance that is enabled for hibernation cannot change.")
    if instance.architecture not in catalogue.types[value].architectures:
        raise ApiError(
            "InvalidParameterCombination",
            f"The architecture of instance type '{value}' does not match the architecture '{instance.architecture}' of "
            "the instance.",
        )
    check_hardware(catalogue, instance, value)
    instance.type = value


def _set_ena(_region: Region, instance: Instance, value: str) -> None:
    _check_stopped(instance)
    instance.ena = truth(value)


def _set_shutdown_behavior(_region: Region, instance: Instance, value: str) -> None:
    if value not in ("stop", "terminate"):
        raise invalid_value(f"Invalid value '{value}' for instanceInitiatedShutdownBehavior.")
    instance.shutdown_behavior = value


def _set_user_data(_region: Region, instance: Instance, value: str) -> None:
    _check_stopped(instance)
    instance.user_data = value


def _set_protection(region: Region, instance: Instance, value: str) -> None:
    if spot_requests.request_of(region, instance) is not None:
        raise ApiError("UnsupportedOperation", "Termination protection is not supported for Spot Instances.")
    instance.protected = truth(value)


def _flag(name: str) -> Callable[[Region, Instance, str], None]:
    def change(_region: Region, instance: Instance, value: str) -> None:
        setattr(instance, name, truth(value))

    return change


_CHANGES: dict[str, Callable[[Region, Instance, str], None]] = {
    "instanceType": _set_type,
    "disableApiTermination": _set_protection,
    "disableApiStop": _flag("stop_protected"),
    "instanceInitiatedShutdownBehavior": _set_shutdown_behavior,
    "userData": _set_user_data,
    "ebsOptimized": _flag("ebs_optimized"),
    "sourceDestCheck": _flag("source_dest_check"),
    "enaSupport": _set_ena,
}


@operation("ModifyInstanceAttribute")
def modify_instance_attribute(call: Call) -> Mapping[str, Any]:
    """Both of EC2's forms: Attribute with Value, and a parameter for each attribute."""
    region = call.region
    instance = one_instance(call)
    changes: dict[str, str] = {}
    if call.text("Attribute"):
        changes[call.text("Attribute")] = call.text("Value")
    for attribute in _CHANGES:
        value = call.params.get(attribute[0].upper() + attribute[1:])
        if value is not None:
            changes[attribute] = str(value.get("Value", "") if isinstance(value, Mapping) else value)
    for attribute, value in changes.items():
        if attribute not in _CHANGES:
            raise invalid_value(f"Invalid value '{attribute}' for attribute.")
        _CHANGES[attribute](region, instance, value)
    if call.params.get("GroupId"):
        _set_groups(region, instance, texts(call.params["GroupId"]))
    _set_delete_on_termination(instance, call.params.get("BlockDeviceMapping") or ())
    instance.touch()
    return {"return": True}


def _set_groups(region: Region, instance: Instance, ids: list[str]) -> None:
    for identity in ids:
        if identity not in region.security_groups:
            raise ApiError("InvalidGroup.NotFound", f"The security group '{identity}' does not exist")
    instance.groups = [(identity, region.security_groups[identity].name) for identity in ids]


def _set_delete_on_termination(instance: Instance, entries: Any) -> None:
    for entry in entries:
        device = entry.get("DeviceName")
        disk = next((one for one in instance.attachments if one.device == device), None)
        if disk is None:
            raise ApiError("InvalidInstanceAttributeValue", f"No device is currently mapped at {device}")
        delete = (entry.get("Ebs") or {}).get("DeleteOnTermination")
        if delete is not None:
            disk.delete_on_termination = truth(delete)
