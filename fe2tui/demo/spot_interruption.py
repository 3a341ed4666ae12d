"""Spot interruptions: EC2 takes capacity away with a notice, and has it again later.

Source: Amazon EC2 User Guide, "Spot Instance interruptions", "Spot Instance interruption notices", "EC2 instance
rebalance recommendations" and "State changes for a Spot request".
"""

from __future__ import annotations

from datetime import timedelta

from fe2tui.demo import instance_states, spot_requests
from fe2tui.demo.account import Region
from fe2tui.demo.errors import invalid_value
from fe2tui.demo.instance_states import SPOT_SHUTDOWN, SPOT_TERMINATION
from fe2tui.demo.records import Instance, SpotRequest

_NOTICE = 2.0
"""The length of the notice in terms of `stop_seconds`: EC2's is two minutes, and a stop takes about one."""


def interrupt(region: Region, instance: Instance, notice: float | None = None, action: str | None = None) -> None:
    """Interrupts a spot instance `notice` seconds from now: stops one of a persistent request, else terminates it.

    `action` "terminate" terminates one that would be stopped. Raises ApiError.
    """
    request = spot_requests.request_of(region, instance)
    if request is None or instance.state != "running":
        raise invalid_value(f"{instance.id} is not a running spot instance")
    if instance.notice is not None:
        raise invalid_value(f"{instance.id} already has an interruption notice")
    can_stop = request.type == "persistent" and request.interruption != "terminate" and request.state != "cancelled"
    usual = "stop" if can_stop else "terminate"
    wanted = action or usual
    if wanted not in ("stop", "terminate") or (wanted == "stop" and not can_stop):
        raise invalid_value(f"{instance.id} can be interrupted by {usual}, not by {wanted}")
    wait = region.account.options.stop_seconds * _NOTICE if notice is None else notice
    if wait <= 0:
        _carry_out(region, instance, wanted)
        return
    instance.notice = (wanted, region.now + timedelta(seconds=wait))
    instance.rebalance_at = instance.rebalance_at or region.now
    _announce(region, request, wanted)
    epoch = instance.epoch

    def carry_out() -> None:
        if instance.epoch == epoch:
            _carry_out(region, instance, wanted)

    region.after(wait, carry_out)


def _announce(region: Region, request: SpotRequest, action: str) -> None:
    """Sets the status at the time of the notice. A request whose instance will be terminated ends at that time."""
    if request.state == "active" and action == "stop":
        spot_requests.set_status(region, request, "active", "marked-for-stop")
    elif request.state == "active":
        state = "open" if request.type == "persistent" else "closed"
        spot_requests.set_status(region, request, state, "instance-terminated-no-capacity")


def _carry_out(region: Region, instance: Instance, action: str) -> None:
    instance.interrupted = True
    request = spot_requests.request_of(region, instance)
    if action == "stop" and request is not None and request.state == "active":
        spot_requests.set_status(region, request, "active", "marked-for-stop")
        instance_states.begin_stopping(region, instance, SPOT_SHUTDOWN, SPOT_SHUTDOWN[0])
    else:
        transition = instance_states.transition_reason("Service", region.now)
        instance_states.begin_terminating(region, instance, SPOT_TERMINATION, transition)


def recommend_rebalance(region: Region, instance: Instance) -> None:
    """Recommends rebalancing in the metadata. Raises ApiError if it is not a running spot instance."""
    if spot_requests.request_of(region, instance) is None or instance.state != "running":
        raise invalid_value(f"{instance.id} is not a running spot instance")
    instance.rebalance_at = instance.rebalance_at or region.now


def expire(region: Region, instance: Instance) -> None:
    """Ends the instance's request, as its `ValidUntil` would; the instance stays as it is.

    Raises ApiError if it has no request that can expire.
    """
    request = spot_requests.request_of(region, instance)
    if request is None or request.state not in ("open", "active", "disabled"):
        raise invalid_value(f"{instance.id} has no request that could expire")
    if instance.state in ("pending", "running"):
        code = "request-canceled-and-instance-running"
    else:
        code = "instance-stopped-by-user" if instance.state == "stopped" else "schedule-expired"
    spot_requests.set_status(region, request, "cancelled", code)


def restore(region: Region, instance: Instance) -> None:
    """EC2 has capacity again: starts an interrupted instance, or launches another for one that it terminated.

    Raises ApiError if it would do neither.
    """
    request = spot_requests.request_of(region, instance)
    waits = request is not None and request.type == "persistent" and request.state in ("open", "disabled")
    if request is not None and waits and instance.interrupted:
        if instance.state == "stopped":
            instance_states.start(region, instance)
            return
        if instance.state == "terminated" and request.instance_id is None:
            spot_requests.replace_instance(region, request)
            return
    raise invalid_value(f"{instance.id} is not an interrupted, stopped spot instance")
