"""Attributes of instances: type, protection, shutdown behaviour, user data, groups, metadata options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fe2tui.demo import spot_requests
from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, answers
from fe2tui.demo.errors import Refusal, invalid_value, missing
from fe2tui.demo.protocols import texts, truth
from fe2tui.demo.records import Instance
from fe2tui.demo.rules.instance_types import check_hardware
from fe2tui.demo.rules.instances import find_instances

_NEW_PLACES = {
    "InstanceType": "instanceType",
    "DisableApiTermination": "disableApiTermination",
    "DisableApiStop": "disableApiStop",
    "InstanceInitiatedShutdownBehavior": "instanceInitiatedShutdownBehavior",
    "UserData": "userData",
    "EbsOptimized": "ebsOptimized",
    "EnaSupport": "enaSupport",
    "SourceDestCheck": "sourceDestCheck",
}


def _one_instance(call: Call) -> Instance:
    identity = call.text("InstanceId")
    if not identity:
        raise missing("instanceId")
    return find_instances(call.region, [identity])[0]


@answers("DescribeInstanceAttribute")
def describe_instance_attribute(call: Call) -> Mapping[str, Any]:
    """One attribute of one instance."""
    instance = _one_instance(call)
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


def _stopped(instance: Instance) -> None:
    if instance.state != "stopped":
        raise Refusal("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state.")


def _new_type(region: Region, instance: Instance, value: str) -> None:
    catalogue = region.account.catalogue
    if value not in catalogue.types:
        raise invalid_value(f"Invalid value '{value}' for InstanceType.")
    if spot_requests.request_of(region, instance) is not None:
        raise Refusal("UnsupportedOperation", "Modifying the instance type of a Spot Instance is not supported.")
    _stopped(instance)
    if instance.hibernation:
        raise Refusal("UnsupportedOperation", "The type of an instance that is enabled for hibernation cannot change.")
    if instance.architecture not in catalogue.types[value].architectures:
        raise Refusal(
            "InvalidParameterCombination",
            f"The architecture of instance type '{value}' does not match the architecture '{instance.architecture}' of "
            "the instance.",
        )
    check_hardware(catalogue, instance, value)
    instance.type = value


def _new_adapter(_region: Region, instance: Instance, value: str) -> None:
    _stopped(instance)
    instance.ena = truth(value)


def _new_behavior(_region: Region, instance: Instance, value: str) -> None:
    if value not in ("stop", "terminate"):
        raise invalid_value(f"Invalid value '{value}' for instanceInitiatedShutdownBehavior.")
    instance.shutdown_behavior = value


def _new_user_data(_region: Region, instance: Instance, value: str) -> None:
    _stopped(instance)
    instance.user_data = value


def _new_protection(region: Region, instance: Instance, value: str) -> None:
    if spot_requests.request_of(region, instance) is not None:
        raise Refusal("UnsupportedOperation", "Termination protection is not supported for Spot Instances.")
    instance.protected = truth(value)


def _flag(name: str) -> Callable[[Region, Instance, str], None]:
    def change(_region: Region, instance: Instance, value: str) -> None:
        setattr(instance, name, truth(value))

    return change


_CHANGES: dict[str, Callable[[Region, Instance, str], None]] = {
    "instanceType": _new_type,
    "disableApiTermination": _new_protection,
    "disableApiStop": _flag("stop_protected"),
    "instanceInitiatedShutdownBehavior": _new_behavior,
    "userData": _new_user_data,
    "ebsOptimized": _flag("ebs_optimized"),
    "sourceDestCheck": _flag("source_dest_check"),
    "enaSupport": _new_adapter,
}


@answers("ModifyInstanceAttribute")
def modify_instance_attribute(call: Call) -> Mapping[str, Any]:
    """Takes both of EC2's forms: Attribute with Value, and one parameter an attribute."""
    region = call.region
    instance = _one_instance(call)
    changes: dict[str, str] = {}
    if call.text("Attribute"):
        changes[call.text("Attribute")] = call.text("Value")
    for parameter, attribute in _NEW_PLACES.items():
        given = call.params.get(parameter)
        if given is not None:
            changes[attribute] = str(given.get("Value", "") if isinstance(given, Mapping) else given)
    for attribute, value in changes.items():
        if attribute not in _CHANGES:
            raise invalid_value(f"Invalid value '{attribute}' for attribute.")
        _CHANGES[attribute](region, instance, value)
    if call.params.get("GroupId"):
        _regroup(region, instance, texts(call.params["GroupId"]))
    _mark_disks(instance, call.params.get("BlockDeviceMapping") or ())
    instance.touch()
    return {"return": True}


def _regroup(region: Region, instance: Instance, ids: list[str]) -> None:
    for identity in ids:
        if identity not in region.groups:
            raise Refusal("InvalidGroup.NotFound", f"The security group '{identity}' does not exist")
    instance.groups = [(identity, region.groups[identity].name) for identity in ids]


def _mark_disks(instance: Instance, entries: Any) -> None:
    for entry in entries:
        device = entry.get("DeviceName")
        disk = next((one for one in instance.attachments if one.device == device), None)
        if disk is None:
            raise Refusal("InvalidInstanceAttributeValue", f"No device is currently mapped at {device}")
        wish = (entry.get("Ebs") or {}).get("DeleteOnTermination")
        if wish is not None:
            disk.delete_on_termination = truth(wish)


@answers("ModifyInstanceMetadataOptions")
def modify_instance_metadata_options(call: Call) -> Mapping[str, Any]:
    """Changes how the instance's metadata can be read."""
    instance = _one_instance(call)
    for name in ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags"):
        if call.text(name):
            instance.metadata[name] = call.text(name)
    instance.touch()
    shown = {name[0].lower() + name[1:]: value for name, value in instance.metadata.items()}
    return {"instanceId": instance.id, "instanceMetadataOptions": {"state": "pending", **shown}}


@answers("DescribeInstanceCreditSpecifications")
def describe_credits(call: Call) -> Mapping[str, Any]:
    """How burstable instances use CPU credits."""
    types = call.account.catalogue.types
    ids = call.texts("InstanceId")
    chosen = find_instances(call.region, ids) if ids else list(call.region.instances.values())
    burstable = [one for one in chosen if "burstable" in types[one.type].traits]
    rows = [{"instanceId": one.id, "cpuCredits": one.credits} for one in burstable]
    return {"instanceCreditSpecificationSet": rows}
