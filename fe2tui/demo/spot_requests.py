"""How spot requests follow their instances: request states and status codes as EC2 documents them.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html
"""

from __future__ import annotations

from fe2tui.demo.account import Region
from fe2tui.demo.errors import Refusal
from fe2tui.demo.records import Instance, SpotRequest

MESSAGES = {
    "fulfilled": "Your spot request is fulfilled.",
    "pending-evaluation": "Your Spot request has been submitted for review, and is pending evaluation.",
    "marked-for-stop": "The Spot Instance is marked to be stopped.",
    "marked-for-termination": "The Spot Instance is marked for termination.",
    "instance-stopped-by-user": "You stopped your Spot Instance.",
    "instance-stopped-no-capacity": "Your Spot Instance was stopped because there is no available Spot capacity.",
    "instance-terminated-no-capacity": "Your Spot Instance was terminated because there is no available Spot capacity.",
    "instance-terminated-by-user": "You terminated your Spot Instance.",
    "instance-terminated-by-service": "Your Spot Instance was terminated from a stopped state.",
    "request-canceled-and-instance-running": "Your Spot request is canceled, but your instance is still running.",
    "canceled-before-fulfillment": "Your Spot request is canceled before it was fulfilled.",
    "schedule-expired": "Your Spot request expired before it was fulfilled.",
    "bad-parameters": "One or more parameters for your Spot request are not valid.",
}


def set_status(region: Region, request: SpotRequest, state: str, code: str) -> None:
    """Moves a request to a state, with the status code that explains it."""
    request.state = state
    request.status = (code, MESSAGES[code])
    request.status_at = region.now


def request_of(region: Region, instance: Instance) -> SpotRequest | None:
    """The request that the instance belongs to, if it is a spot instance."""
    return region.spots.get(instance.spot_request_id or "")


def is_one_time(region: Region, instance: Instance) -> bool:
    """Whether it is a spot instance that cannot be stopped."""
    request = request_of(region, instance)
    return request is not None and request.kind == "one-time"


def stopped(region: Region, instance: Instance) -> None:
    """The instance has stopped. After a person's stop the request is disabled only some time later."""
    request = request_of(region, instance)
    if request is None or request.state == "cancelled":
        return
    if instance.interrupted:
        set_status(region, request, "disabled", "instance-stopped-no-capacity")
        return
    epoch = instance.epoch

    def settle() -> None:
        if instance.epoch == epoch and request.state in ("active", "open"):
            set_status(region, request, "disabled", "instance-stopped-by-user")

    region.after(region.account.options.stop_seconds, settle)


def starting(region: Region, instance: Instance) -> None:
    """The instance is being started: the request is open again until it runs."""
    request = request_of(region, instance)
    if request is None:
        return
    set_status(region, request, "open", "pending-evaluation")

    def fulfil() -> None:
        if request.state == "open" and instance.state in ("pending", "running"):
            set_status(region, request, "active", "fulfilled")

    region.after(region.account.options.boot_seconds, fulfil)


def terminating(region: Region, instance: Instance) -> None:
    """The instance is being terminated."""
    request = request_of(region, instance)
    if request is not None and request.state == "active":
        set_status(region, request, "active", "marked-for-termination")


def terminated(region: Region, instance: Instance) -> None:
    """The instance has ended: a one-time request is closed, a persistent one launches another instance."""
    request = request_of(region, instance)
    if request is None or request.instance_id != instance.id:
        return
    code = "instance-terminated-no-capacity" if instance.interrupted else "instance-terminated-by-user"
    if request.state == "cancelled":
        vanish_later(region, request)
    elif request.kind == "one-time":
        set_status(region, request, "closed", code)
        vanish_later(region, request)
    elif instance.interrupted:
        set_status(region, request, "open", code)
        request.instance_id = None
    else:
        set_status(region, request, "open", "pending-evaluation")
        request.instance_id = None
        region.after(region.account.options.stop_seconds, lambda: replace(region, request))


def replace(region: Region, request: SpotRequest) -> None:
    """AWS launches another instance for a persistent request that is open."""
    if request.state != "open":
        return
    from fe2tui.demo.rules.run_instances import launch_for_request

    try:
        launch_for_request(region, request)
    except Refusal:
        # What it was to launch is gone: the image or the key.
        set_status(region, request, "closed", "bad-parameters")
        vanish_later(region, request)
    else:
        set_status(region, request, "active", "fulfilled")


def vanish_later(region: Region, request: SpotRequest) -> None:
    """What has ended stays visible for a while."""

    def vanish() -> None:
        region.spots.pop(request.id, None)

    region.after(region.account.options.linger_seconds, vanish)
