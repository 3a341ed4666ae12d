"""How instances change state, in the cloud's time, and what changes with them: addresses, volumes, machines."""

from __future__ import annotations

from datetime import datetime

from fe2tui.demo import spot_requests
from fe2tui.demo.account import Region
from fe2tui.demo.records import Instance

LOOPBACK = "127.0.0.1"
"""The public address of every instance: no program can reach a stranger's host through the demo."""
LOOPBACK_AS_IPV6 = "::ffff:127.0.0.1"
"""The same as an IPv6 address (RFC 4291, section 2.5.5.2), for instances that have no other."""

USER_SHUTDOWN = ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown")
INSTANCE_SHUTDOWN = (
    "Client.InstanceInitiatedShutdown",
    "Client.InstanceInitiatedShutdown: Instance initiated shutdown",
)
SPOT_SHUTDOWN = ("Server.SpotInstanceShutdown", "Server.SpotInstanceShutdown: Instance was stopped by Amazon EC2")
SPOT_TERMINATION = ("Server.SpotInstanceTermination", "Server.SpotInstanceTermination: Spot instance termination")


def transition_reason(initiator: str, at: datetime) -> str:
    return f"{initiator} initiated ({at:%Y-%m-%d %H:%M:%S} GMT)"


def _enter(instance: Instance, state: str) -> int:
    """Sets the state. Returns its number; a scheduled change compares it to see whether it still applies."""
    instance.state = state
    instance.epoch += 1
    instance.notice = instance.rebalance_at = None
    instance.touch()
    return instance.epoch


def _has_address(region: Region, instance: Instance) -> bool:
    return any(address.instance_id == instance.id for address in region.addresses.values())


def start(region: Region, instance: Instance) -> None:
    """Starts a stopped instance; as at EC2, this is its new launch time."""
    instance.launched_at = region.now.replace(microsecond=0)
    begin_running(region, instance)
    give_address(region, instance)
    spot_requests.on_starting(region, instance)


def begin_running(region: Region, instance: Instance, boot_later: bool = False) -> None:
    """Sets pending now and running after `boot_seconds`; users can log in `ssh_seconds` later.

    With `boot_later`, the machine boots after the cloud has begun to answer.
    """
    options = region.account.options
    epoch = _enter(instance, "pending")
    instance.state_reason = ("pending", "pending")
    instance.transition_reason = ""
    instance.interrupted = False
    instance.failed_checks, instance.events = (), []

    def run() -> None:
        if instance.epoch == epoch:
            _enter(instance, "running")
            instance.state_reason = None

    region.after(options.boot_seconds, run)
    if instance.has_machine:
        machines = region.account.machines
        after, login_after = options.ssh_delays
        boot = machines.boot_later if boot_later else machines.boot
        boot(instance.id, options.boot_seconds + after, login_after)


def give_address(region: Region, instance: Instance) -> None:
    """Gives a pending or running instance its public address, if it wants one or has an elastic one."""
    instance.public_ip = LOOPBACK if instance.wants_public_ip or _has_address(region, instance) else None
    instance.touch()


def begin_stopping(
    region: Region, instance: Instance, reason: tuple[str, str] = USER_SHUTDOWN, transition: str | None = None
) -> None:
    """Sets stopping now and stopped after `stop_seconds`. Its machine goes off at once."""
    epoch = _begin_to_end(region, instance, "stopping", reason, transition)

    def stop() -> None:
        if instance.epoch == epoch:
            _enter(instance, "stopped")
            instance.public_ip = LOOPBACK if _has_address(region, instance) else None
            spot_requests.on_stopped(region, instance)

    region.after(region.account.options.stop_seconds, stop)


def begin_terminating(
    region: Region, instance: Instance, reason: tuple[str, str] = USER_SHUTDOWN, transition: str | None = None
) -> None:
    """Sets shutting-down now and terminated after `stop_seconds`. It is shown for `linger_seconds` more."""
    epoch = _begin_to_end(region, instance, "shutting-down", reason, transition)
    spot_requests.on_terminating(region, instance)

    def end() -> None:
        if instance.epoch == epoch:
            terminate(region, instance)

    region.after(region.account.options.stop_seconds, end)


def _begin_to_end(
    region: Region, instance: Instance, state: str, reason: tuple[str, str], transition: str | None
) -> int:
    epoch = _enter(instance, state)
    instance.state_reason = reason
    instance.transition_reason = transition_reason("User", region.now) if transition is None else transition
    if instance.has_machine:
        region.account.machines.halt(instance.id)
    return epoch


def terminate(region: Region, instance: Instance) -> None:
    """Sets terminated now: deletes or detaches its volumes, frees its addresses, destroys its machine."""
    _enter(instance, "terminated")
    for attachment in instance.attachments:
        volume = region.volumes.get(attachment.volume_id)
        if volume is not None:
            volume.attachment = None
            volume.state = "available"
            if attachment.delete_on_termination:
                del region.volumes[volume.id]
    instance.attachments = []
    instance.public_ip = None
    for address in region.addresses.values():
        if address.instance_id == instance.id:
            address.instance_id = address.association_id = None
    if instance.has_machine:
        region.account.machines.destroy(instance.id)
        instance.has_machine = False
    spot_requests.on_terminated(region, instance)
    region.after(region.account.options.linger_seconds, lambda: region.instances.pop(instance.id, None))


def power_button(region: Region, instance: Instance, button: str) -> None:
    """The instance turns itself off or restarts: a user of its machine ran `poweroff` or `reboot`."""
    if instance.state != "running":
        return
    if button == "reboot":
        region.account.machines.reboot(instance.id, *region.account.options.ssh_delays)
    elif instance.shutdown_behavior == "terminate" or spot_requests.is_one_time(region, instance):
        begin_terminating(region, instance, INSTANCE_SHUTDOWN, "")
    else:
        begin_stopping(region, instance, INSTANCE_SHUTDOWN, "")
