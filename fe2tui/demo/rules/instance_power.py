"""StartInstances, StopInstances, RebootInstances, TerminateInstances: all of the named instances change, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fe2tui.demo import instance_states, spot_requests
from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.errors import ApiError, missing_parameter, not_permitted, unsupported
from fe2tui.demo.protocols import truth
from fe2tui.demo.records import STATE_CODES, Instance
from fe2tui.demo.rules.instance_types import check_hardware
from fe2tui.demo.rules.instances import find_instances


def named_instances(call: Call) -> list[Instance]:
    """The instances that the call names. Raises ApiError if it names none, or one that does not exist."""
    ids = call.texts("InstanceId")
    if not ids:
        raise missing_parameter("InstanceId")
    return find_instances(call.region, ids)


def _wrong_state(instance: Instance, action: str) -> ApiError:
    message = f"The instance '{instance.id}' is not in a state from which it can be {action}."
    return ApiError("IncorrectInstanceState", message)


def _state(name: str) -> dict[str, Any]:
    return {"code": STATE_CODES[name], "name": name}


def _state_changes(before: list[tuple[Instance, str]]) -> Mapping[str, Any]:
    rows = [
        {"instanceId": one.id, "currentState": _state(one.state), "previousState": _state(was)} for one, was in before
    ]
    return {"instancesSet": rows}


@operation("StopInstances")
def stop_instances(call: Call) -> Mapping[str, Any]:
    """Stopped instances are no error. A one-time spot instance cannot be stopped."""
    region = call.region
    instances = named_instances(call)
    for instance in instances:
        _check_stop(region, instance, truth(call.params.get("Hibernate")))
    before = [(instance, instance.state) for instance in instances]
    for instance in instances:
        if instance.state == "running":
            request = spot_requests.request_of(region, instance)
            if request is not None and request.state == "active":
                spot_requests.set_status(region, request, "active", "marked-for-stop")
            instance_states.begin_stopping(region, instance)
    return _state_changes(before)


def _check_stop(region: Region, instance: Instance, hibernate: bool) -> None:
    if instance.state not in ("running", "stopping", "stopped"):
        raise _wrong_state(instance, "stopped")
    if instance.stop_protected:
        raise not_permitted(
            f"The instance '{instance.id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try "
            "again."
        )
    request = spot_requests.request_of(region, instance)
    what = f"You can't stop the Spot Instance '{instance.id}' because"
    if request is not None and request.type == "one-time":
        raise unsupported(
            f"{what} it is associated with a one-time Spot Instance request. You can only stop Spot Instances "
            "associated with persistent Spot Instance requests."
        )
    if request is not None and request.state == "cancelled" and instance.state == "running":
        why = "the associated Spot Instance request is cancelled. You can only terminate it."
        raise unsupported(f"{what} {why}")
    if hibernate and not instance.hibernation:
        message = f"The instance '{instance.id}' is not configured for hibernation."
        raise ApiError("UnsupportedHibernationConfiguration", message)


@operation("StartInstances")
def start_instances(call: Call) -> Mapping[str, Any]:
    """Running instances are no error."""
    region = call.region
    instances = named_instances(call)
    for instance in instances:
        if instance.state not in ("stopped", "running", "pending"):
            raise _wrong_state(instance, "started")
    stopped = [instance for instance in instances if instance.state == "stopped"]
    for instance in stopped:
        _check_start(region, instance)
    before = [(instance, instance.state) for instance in instances]
    for instance in stopped:
        instance_states.start(region, instance)
    return _state_changes(before)


def _check_start(region: Region, instance: Instance) -> None:
    request = spot_requests.request_of(region, instance)
    if request is not None and (instance.interrupted or request.state != "disabled"):
        why = "the associated Spot Instance request is not in an appropriate state to support start."
        if instance.interrupted:
            why = "Amazon EC2 interrupted it. Only Amazon EC2 can restart an interrupted stopped Spot Instance."
        message = f"You can't start the Spot Instance '{instance.id}' because {why}"
        raise ApiError("IncorrectSpotRequestState", message)
    catalogue = region.account.catalogue
    if instance.architecture not in catalogue.types[instance.type].architectures:
        message = "The requested instance type's architecture does not match the architecture in the manifest for"
        raise ApiError("Unsupported", f"{message} {instance.image_id}.")
    check_hardware(catalogue, instance, instance.type)
    if instance.zone not in catalogue.offerings(region.name).get(instance.type, []):
        type_and_zone = f"({instance.type}) is not supported in your requested Availability Zone ({instance.zone})"
        raise ApiError("Unsupported", f"Your requested instance type {type_and_zone}.")
    market = "on-demand" if request is None else "spot"
    if region.account.faults.lacks_capacity("StartInstances", region.name, instance.zone, market):
        raise ApiError("InsufficientInstanceCapacity", "Insufficient capacity.", 500)


@operation("RebootInstances")
def reboot_instances(call: Call) -> Mapping[str, Any]:
    """The state stays running. Users can log in again after `ssh_seconds`."""
    region = call.region
    instances = named_instances(call)
    for instance in instances:
        if instance.state != "running":
            raise _wrong_state(instance, "rebooted")
    for instance in instances:
        if instance.has_machine:
            region.account.machines.reboot(instance.id, *region.account.options.ssh_delays)
    return {"return": True}


@operation("TerminateInstances")
def terminate_instances(call: Call) -> Mapping[str, Any]:
    """Terminated instances are no error. If one instance is protected, also against stops, none is."""
    region = call.region
    instances = named_instances(call)
    for instance in instances:
        protections = {"disableApiTermination": instance.protected, "disableApiStop": instance.stop_protected}
        attribute = next((name for name, is_on in protections.items() if is_on), None)
        if attribute is not None and instance.state not in ("shutting-down", "terminated"):
            raise not_permitted(
                f"The instance '{instance.id}' may not be terminated. Modify its '{attribute}' instance attribute and "
                "try again."
            )
    before = [(instance, instance.state) for instance in instances]
    for instance in instances:
        if instance.state not in ("shutting-down", "terminated"):
            instance_states.begin_terminating(region, instance)
    return _state_changes(before)


@operation("MonitorInstances", "UnmonitorInstances")
def monitor_instances(call: Call) -> Mapping[str, Any]:
    instances = named_instances(call)
    on = call.action == "MonitorInstances"
    for instance in instances:
        instance.monitoring = on
        instance.touch()
    word = "pending" if on else "disabling"
    return {"instancesSet": [{"instanceId": one.id, "monitoring": {"state": word}} for one in instances]}
