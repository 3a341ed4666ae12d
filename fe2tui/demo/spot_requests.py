"""How spot requests follow their instances: their states and status codes.

Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html
"""

from __future__ import annotations

from fe2tui.demo.account import Region
from fe2tui.demo.errors import ApiError
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
    request.state = state
    request.status = (code, MESSAGES[code])
    request.status_at = region.now


def request_of(region: Region, instance: Instance) -> SpotRequest | None:
    """The spot request of an instance; None for an on-demand instance."""
    return region.spot_requests.get(instance.spot_request_id or "")


def is_one_time(region: Region, instance: Instance) -> bool:
    """Whether it is a spot instance that cannot be stopped."""
    request = request_of(region, instance)
    return request is not None and request.type == "one-time"


def on_stopped(region: Region, instance: Instance) -> None:
    """Updates the request of an instance that has stopped. After a user's stop, `disabled` follows with a delay."""
    request = request_of(region, instance)
    if request is None or request.state == "cancelled":
        return
    if instance.interrupted:
        set_status(region, request, "disabled", "instance-stopped-no-capacity")
        return
    epoch = instance.epoch

    def disable() -> None:
        if instance.epoch == epoch and request.state in ("active", "open"):
            set_status(region, request, "disabled", "instance-stopped-by-user")

    region.after(region.account.options.stop_seconds, disable)


def on_starting(region: Region, instance: Instance) -> None:
    """Opens the request of an instance that is being started, until it runs."""
    request = request_of(region, instance)
    if request is None:
        return
    set_status(region, request, "open", "pending-evaluation")

    def fulfil() -> None:
        if request.state == "open" and instance.state in ("pending", "running"):
            set_status(region, request, "active", "fulfilled")

    region.after(region.account.options.boot_seconds, fulfil)


def on_terminating(region: Region, instance: Instance) -> None:
    request = request_of(region, instance)
    if request is not None and request.state == "active":
        set_status(region, request, "active", "marked-for-termination")


def on_terminated(region: Region, instance: Instance) -> None:
    """Closes a one-time request; opens a persistent one, which launches another instance."""
    request = request_of(region, instance)
    if request is None or request.instance_id != instance.id:
        return
    code = "instance-terminated-no-capacity" if instance.interrupted else "instance-terminated-by-user"
    if request.state == "cancelled":
        remove_later(region, request)
    elif request.type == "one-time":
        set_status(region, request, "closed", code)
        remove_later(region, request)
    else:
        set_status(region, request, "open", code if instance.interrupted else "pending-evaluation")
        request.instance_id = None
        if not instance.interrupted:
            region.after(region.account.options.stop_seconds, lambda: replace_instance(region, request))


def replace_instance(region: Region, request: SpotRequest) -> None:
    """Launches another instance for a persistent request that is open, as EC2 does."""
    if request.state != "open":
        return
    try:
        region.account.launch_replacement(region, request)
    except ApiError:
        # Its image or its key pair no longer exists.
        set_status(region, request, "closed", "bad-parameters")
        remove_later(region, request)
    else:
        set_status(region, request, "active", "fulfilled")


def remove_later(region: Region, request: SpotRequest) -> None:
    region.after(region.account.options.linger_seconds, lambda: region.spot_requests.pop(request.id, None))
