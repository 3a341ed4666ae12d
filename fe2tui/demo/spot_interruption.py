"""AWS takes spot capacity back, with a notice, and gives it again.

Source: Amazon EC2 User Guide, "Spot Instance interruptions", "Spot Instance interruption notices", "EC2 instance
rebalance recommendations" and "State changes for a Spot request".
"""

from __future__ import annotations

from datetime import timedelta

from fe2tui.demo import instance_states, spot_requests
from fe2tui.demo.account import Region
from fe2tui.demo.errors import invalid_value
from fe2tui.demo.records import Instance, SpotRequest
from fe2tui.demo.rules.instance_power import start

SHUTDOWN = ("Server.SpotInstanceShutdown", "Server.SpotInstanceShutdown: Instance was stopped by Amazon EC2")
TERMINATION = ("Server.SpotInstanceTermination", "Server.SpotInstanceTermination: Spot instance termination")
ACTIONS = ("stop", "terminate")

_NOTICE = 2.0
"""The notice in terms of how long a stop takes: EC2's two minutes, where a stop takes about one."""


def interrupt(region: Region, instance: Instance, notice: float | None = None, action: str | None = None) -> None:
    """AWS takes the capacity back, `notice` seconds from now: stops a machine of a persistent request, ends another.

    `action` is for what EC2 does otherwise than by the request: to terminate one that would be stopped. Raises Refusal.
    """
    request = spot_requests.request_of(region, instance)
    if request is None or instance.state != "running":
        raise invalid_value(f"{instance.id} is not a running spot instance")
    if instance.notice is not None:
        raise invalid_value(f"{instance.id} has its notice already")
    usual = "stop" if request.kind == "persistent" and request.interruption != "terminate" else "terminate"
    # One whose request is cancelled cannot rest: there is nobody to start it again.
    usual = "terminate" if request.state == "cancelled" else usual
    wanted = action or usual
    if wanted not in ACTIONS or (wanted == "stop" and usual != "stop"):
        raise invalid_value(f"{instance.id} can be interrupted by {usual}, not by {wanted}")
    wait = region.account.options.stop_seconds * _NOTICE if notice is None else notice
    if wait <= 0:
        _take(region, instance, wanted)
        return
    instance.notice = (wanted, region.now + timedelta(seconds=wait))
    instance.rebalance_at = instance.rebalance_at or region.now
    _announce(region, request, wanted)
    epoch = instance.epoch

    def due() -> None:
        if instance.epoch == epoch:
            _take(region, instance, wanted)

    region.after(wait, due)


def _announce(region: Region, request: SpotRequest, action: str) -> None:
    """One that is to be terminated has the status of its end from the notice on; the request is over by then."""
    if request.state != "active":
        return
    if action == "stop":
        spot_requests.set_status(region, request, "active", "marked-for-stop")
    else:
        state = "open" if request.kind == "persistent" else "closed"
        spot_requests.set_status(region, request, state, "instance-terminated-no-capacity")


def _take(region: Region, instance: Instance, action: str) -> None:
    instance.interrupted = True
    request = spot_requests.request_of(region, instance)
    if action == "stop" and request is not None and request.state == "active":
        spot_requests.set_status(region, request, "active", "marked-for-stop")
        instance_states.begin_stopping(region, instance, SHUTDOWN, SHUTDOWN[0])
    else:
        instance_states.begin_terminating(region, instance, TERMINATION, instance_states.service_initiated(region.now))


def recommend_rebalance(region: Region, instance: Instance) -> None:
    """The machine is told that it is likely to be interrupted. Raises Refusal for what is no running spot instance."""
    if spot_requests.request_of(region, instance) is None or instance.state != "running":
        raise invalid_value(f"{instance.id} is not a running spot instance")
    instance.rebalance_at = instance.rebalance_at or region.now


def expire(region: Region, instance: Instance) -> None:
    """The request behind the instance has run out, as one with a last date does: its machine stays as it is.

    Raises Refusal where there is no request that could.
    """
    request = spot_requests.request_of(region, instance)
    if request is None or request.state not in ("open", "active", "disabled"):
        raise invalid_value(f"{instance.id} has no request that could expire")
    alive = instance.state in ("pending", "running")
    rests = "instance-stopped-by-user" if instance.state == "stopped" else "schedule-expired"
    code = "request-canceled-and-instance-running" if alive else rests
    spot_requests.set_status(region, request, "cancelled", code)


def restore(region: Region, instance: Instance) -> None:
    """AWS has capacity again: it starts an instance that it had stopped, or launches another for one that it ended.

    Raises Refusal where it would do neither.
    """
    request = spot_requests.request_of(region, instance)
    waits = request is not None and request.kind == "persistent" and request.state in ("open", "disabled")
    if request is not None and waits and instance.interrupted:
        if instance.state == "stopped":
            start(region, instance)
            return
        if instance.state == "terminated" and request.instance_id is None:
            spot_requests.replace(region, request)
            return
    raise invalid_value(f"{instance.id} is not an interrupted, stopped spot instance")
