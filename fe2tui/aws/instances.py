"""Instances: run, describe, start, stop, reboot, terminate."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fe2tui.aws.decode import InstanceReader, InstanceStatusReader, VolumeReader
from fe2tui.aws.paged_reads import PAGE_SIZE, filter_chunks, read_all
from fe2tui.aws.session import Session
from fe2tui.errors import (
    AwsError,
    CapacityError,
    Fe2Error,
    NotFoundError,
    StateError,
    UnreachableError,
    UnreadableError,
)
from fe2tui.model.instance import Instance, InstanceAttributes, InstanceStatus, State
from fe2tui.model.volume import Volume

_READS_TO_BE_SURE = 2  # reads in a row, because EC2 may return an old state once more


async def run_instances(session: Session, call: Mapping[str, Any]) -> Instance:
    """Send one RunInstances call (MinCount = MaxCount = 1) with its ClientToken.

    Retried with the same token only after RequestLimitExceeded, ServerInternal, ServiceUnavailable, InternalError,
    Unavailable, a broken connection or a time-out. Raises CapacityError, QuotaError, DeniedError, FieldError …
    """
    if not call.get("ClientToken"):
        raise AwsError("A launch without a ClientToken could happen twice: it was not sent.")
    launched, _ = InstanceReader().parse(await session.body("ec2", "RunInstances", **call))
    if len(launched) != 1:
        raise AwsError(f"EC2 launched {len(launched)} instances where one was asked for.", "Look at the instances now.")
    return launched[0]


async def describe_instances(
    session: Session, ids: Iterable[str] | None = None, *, filters: Mapping[str, Sequence[str]] | None = None
) -> list[Instance]:
    """The instances with these ids, or that match the filters, or all. Unknown ids are left out."""
    plain = [{"Name": name, "Values": list(values)} for name, values in (filters or {}).items()]
    found: list[Instance] = []
    for some in [None] if ids is None else filter_chunks(ids):
        wanted = plain if some is None else [{"Name": "instance-id", "Values": some}, *plain]
        params: dict[str, Any] = {"Filters": wanted} if wanted else {}
        found += await read_all(session, "DescribeInstances", InstanceReader(), MaxResults=PAGE_SIZE, **params)
    return found


async def instance_document(session: Session, instance_id: str) -> Mapping[str, Any]:
    """EC2's own description of an instance, with its keys. Raises NotFoundError."""
    reply = await session.call("ec2", "DescribeInstances", InstanceIds=[instance_id])
    found = [one for reservation in reply.get("Reservations", ()) for one in reservation.get("Instances", ())]
    if not found:
        raise NotFoundError(f"EC2 no longer shows {instance_id}.")
    document: Mapping[str, Any] = found[0]
    return document


async def status_checks(session: Session, instance_id: str) -> dict[str, str]:
    """The result of each status check by its name (system, instance, attached EBS): ok, impaired, initializing …

    Empty for an instance that EC2 does not show.
    """
    reply = await session.call("ec2", "DescribeInstanceStatus", InstanceIds=[instance_id], IncludeAllInstances=True)
    for row in reply.get("InstanceStatuses", ()):
        parts = {"system": "SystemStatus", "instance": "InstanceStatus", "attached EBS": "AttachedEbsStatus"}
        return {name: str(row[key]["Status"]) for name, key in parts.items() if row.get(key, {}).get("Status")}
    return {}


async def describe_volumes(session: Session, ids: Iterable[str] | None = None) -> list[Volume]:
    """The volumes with these ids, or all. Ids that EC2 does not know are left out."""
    found: list[Volume] = []
    for some in [None] if ids is None else filter_chunks(ids):
        params: dict[str, Any] = {} if some is None else {"Filters": [{"Name": "volume-id", "Values": some}]}
        found += await read_all(session, "DescribeVolumes", VolumeReader(), MaxResults=PAGE_SIZE, **params)
    return found


async def troubled_statuses(session: Session, ids: Sequence[str] | None = None) -> list[InstanceStatus]:
    """The running instances, or those of these (at most 100), with failed status checks or scheduled events."""
    params: dict[str, Any] = {"MaxResults": PAGE_SIZE} if ids is None else {"InstanceIds": list(ids)}
    found = await read_all(session, "DescribeInstanceStatus", InstanceStatusReader(), **params)
    return [one for one in found if one.is_trouble]


async def instance_by_client_token(session: Session, token: str) -> Instance | None:
    """The instance that the launch with this token created, even if it is terminated; None if EC2 returns none."""
    found = await describe_instances(session, filters={"client-token": [token]})
    return found[0] if found else None


async def start_instances(session: Session, ids: Sequence[str]) -> dict[str, State]:
    """Start instances. Returns the state of each. Raises CapacityError, StateError …"""
    return _states_by_id(await session.call("ec2", "StartInstances", InstanceIds=list(ids)), "StartingInstances")


async def stop_instances(session: Session, ids: Sequence[str], *, force: bool = False) -> dict[str, State]:
    """Stop instances. Returns the state of each. ``force`` does not let the operating system shut down."""
    more = {"Force": True} if force else {}
    return _states_by_id(await session.call("ec2", "StopInstances", InstanceIds=list(ids), **more), "StoppingInstances")


async def reboot_instances(session: Session, ids: Sequence[str]) -> None:
    """Ask the operating systems of running instances to restart."""
    await session.call("ec2", "RebootInstances", InstanceIds=list(ids))


async def terminate_instances(session: Session, ids: Sequence[str]) -> dict[str, State]:
    """Terminate instances. Returns the state of each. Raises ProtectedError if one is protected."""
    reply = await session.call("ec2", "TerminateInstances", InstanceIds=list(ids))
    return _states_by_id(reply, "TerminatingInstances")


def _states_by_id(reply: Mapping[str, Any], key: str) -> dict[str, State]:
    return {str(part["InstanceId"]): State(part["CurrentState"]["Name"]) for part in reply.get(key, ())}


async def is_termination_protected(session: Session, instance_id: str) -> bool:
    return bool(await _attribute(session, instance_id, "disableApiTermination"))


async def instance_attributes(session: Session, instance_id: str) -> InstanceAttributes:
    """What DescribeInstances does not say of an instance. EC2 describes one attribute a call."""
    names = ("disableApiTermination", "disableApiStop", "instanceInitiatedShutdownBehavior")
    termination, stop, behavior = await asyncio.gather(*(_attribute(session, instance_id, name) for name in names))
    return InstanceAttributes(bool(termination), bool(stop), "terminate" if behavior == "terminate" else "stop")


async def _attribute(session: Session, instance_id: str, name: str) -> Any:
    reply = await session.call("ec2", "DescribeInstanceAttribute", InstanceId=instance_id, Attribute=name)
    return reply.get(name[0].upper() + name[1:], {}).get("Value")


async def set_termination_protection(session: Session, instance_id: str, on: bool) -> None:
    """Raises StateError for a spot instance."""
    await session.call("ec2", "ModifyInstanceAttribute", InstanceId=instance_id, DisableApiTermination={"Value": on})


async def set_stop_protection(session: Session, instance_id: str, on: bool) -> None:
    """Raises StateError for a spot instance."""
    await session.call("ec2", "ModifyInstanceAttribute", InstanceId=instance_id, DisableApiStop={"Value": on})


async def set_shutdown_behavior(session: Session, instance_id: str, behavior: str) -> None:
    """``behavior`` is stop or terminate: what EC2 does when the instance shuts itself down."""
    value = {"Value": behavior}
    await session.call(
        "ec2", "ModifyInstanceAttribute", InstanceId=instance_id, InstanceInitiatedShutdownBehavior=value
    )


async def console_output(session: Session, instance_id: str, *, latest: bool = False) -> str:
    """The last 64 KB of the console output; empty while EC2 has none.

    ``latest``: of this moment, else what EC2 kept at the last start, stop or reboot. Raises StateError
    (UnsupportedOperation) if the instance's type is not on the Nitro hypervisor.
    """
    more = {"Latest": True} if latest else {}
    try:
        reply = await session.call("ec2", "GetConsoleOutput", InstanceId=instance_id, **more)
    except NotFoundError:
        return ""  # launched a moment ago
    return str(reply.get("Output") or "")


async def console_screenshot(session: Session, instance_id: str) -> bytes:
    """A JPEG of the screen of a running instance. Raises StateError for types without one, such as bare metal."""
    reply = await session.call("ec2", "GetConsoleScreenshot", InstanceId=instance_id)
    try:
        return base64.b64decode(reply["ImageData"])
    except (KeyError, binascii.Error) as error:
        raise UnreadableError("AWS returned no picture.", "Try again.") from error


async def create_tags(session: Session, ids: Sequence[str], tags: Mapping[str, str]) -> None:
    """Set tags of instances. A tag that is there gets the new value."""
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    await session.call("ec2", "CreateTags", Resources=list(ids), Tags=pairs)


async def delete_tags(session: Session, ids: Sequence[str], keys: Iterable[str]) -> None:
    """Remove the tags with these keys from instances, whatever their values are."""
    await session.call("ec2", "DeleteTags", Resources=list(ids), Tags=[{"Key": key} for key in keys])


async def delete_name_tag(session: Session, instance_id: str) -> None:
    """Delete the Name tag, so that another instance may have the name."""
    await delete_tags(session, [instance_id], ["Name"])


async def wait_for_states(
    session: Session,
    ids: Sequence[str],
    states: Iterable[State],
    *,
    interval: float = 1.5,
    timeout: float = 600.0,
    on_instance: Callable[[Instance], None] | None = None,
) -> dict[str, Instance]:
    """Wait until each instance is in one of the states. One call reads all; ``on_instance`` is called with each result.

    Raises StateError if an instance is in a state from which it cannot get there, UnreachableError on time-out. Times
    are seconds. An instance that EC2 does not return yet is waited for.
    """
    wanted = frozenset(states)
    arrived: dict[str, Instance] = {}
    rests: dict[str, int] = {}  # reads in which an instance had settled in another state than the wanted one
    waiting = list(dict.fromkeys(ids))
    deadline = asyncio.get_running_loop().time() + timeout
    while True:
        for instance in await describe_instances(session, waiting):
            if on_instance is not None:
                on_instance(instance)
            if instance.state in wanted:
                arrived[instance.id] = instance
            elif instance.state.is_moving:
                rests[instance.id] = 0
            elif instance.id in rests:
                rests[instance.id] += 1
            is_lost = instance.state.is_gone and not any(state.is_gone for state in wanted)
            if is_lost or rests.get(instance.id) == _READS_TO_BE_SURE:
                raise _state_not_reached(instance)
        waiting = [one for one in waiting if one not in arrived]
        if not waiting:
            return arrived
        if asyncio.get_running_loop().time() >= deadline:
            raise UnreachableError(
                f"{', '.join(waiting)} did not come to be {' or '.join(sorted(wanted))} within {timeout:g} seconds.",
                "It may still do so: look again in a minute.",
            )
        await asyncio.sleep(interval)


def _state_not_reached(instance: Instance) -> Fe2Error:
    reason = instance.state_reason.rstrip(".") or "EC2 gives no reason"
    if "InsufficientInstanceCapacity" in reason:
        return CapacityError(
            f"AWS has no {instance.type} in {instance.zone} right now: {instance.label} is {instance.state.value}.",
            "Wait and try again, or choose another type.",
            code="InsufficientInstanceCapacity",
        )
    return StateError(f"{instance.label} is {instance.state.value}: {reason}.", "Look at its details.")
