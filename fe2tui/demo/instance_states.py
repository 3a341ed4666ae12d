"""How instances move from state to state, in the cloud's time, and what moves with them."""

from __future__ import annotations

from datetime import datetime

from fe2tui.demo import spot_requests
from fe2tui.demo.account import Region
from fe2tui.demo.records import Instance

LOOPBACK = "127.0.0.1"
"""Every public address is this one, so that nothing started by a demo can ever reach a stranger's machine."""

USER_SHUTDOWN = ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown")
OWN_SHUTDOWN = ("Client.InstanceInitiatedShutdown", "Client.InstanceInitiatedShutdown: Instance initiated shutdown")


def user_initiated(moment: datetime) -> str:
    """EC2's StateTransitionReason for what a person did."""
    return f"User initiated ({moment:%Y-%m-%d %H:%M:%S} GMT)"


def service_initiated(moment: datetime) -> str:
    """EC2's StateTransitionReason for what AWS did, as a terminated spot instance has it."""
    return f"Service initiated ({moment:%Y-%m-%d %H:%M:%S} GMT)"


def _enter(instance: Instance, state: str) -> int:
    instance.state = state
    instance.epoch += 1
    instance.notice = instance.rebalance_at = None
    instance.touch()
    return instance.epoch


def begin_running(region: Region, instance: Instance, soon: bool = False) -> None:
    """To pending now, to running after `boot_seconds`; people can log in `ssh_seconds` later.

    With `soon` the machine is booted in the background.
    """
    options = region.account.options
    epoch = _enter(instance, "pending")
    instance.state_reason = ("pending", "pending")
    instance.transition_reason = ""
    instance.interrupted = False

    def up() -> None:
        if instance.epoch == epoch:
            _enter(instance, "running")
            instance.state_reason = None

    region.after(options.boot_seconds, up)
    if instance.has_machine:
        machines, delays = region.account.machines, (options.boot_seconds, options.ssh_seconds)
        if soon:
            machines.boot_soon([instance.id], *delays)
        else:
            machines.boot(instance.id, *delays)


def give_address(region: Region, instance: Instance) -> None:
    """Gives a pending or running instance its public address, if it is to have one."""
    held = any(address.instance_id == instance.id for address in region.addresses.values())
    instance.public_ip = LOOPBACK if instance.wants_public_ip or held else None
    instance.touch()


def begin_stopping(
    region: Region, instance: Instance, reason: tuple[str, str] = USER_SHUTDOWN, transition: str | None = None
) -> None:
    """To stopping now, to stopped after `stop_seconds`; its machine is off the air at once."""
    epoch = _enter(instance, "stopping")
    instance.state_reason = reason
    instance.transition_reason = user_initiated(region.now) if transition is None else transition
    if instance.has_machine:
        region.account.machines.halt(instance.id)

    def down() -> None:
        if instance.epoch == epoch:
            _enter(instance, "stopped")
            held = any(address.instance_id == instance.id for address in region.addresses.values())
            instance.public_ip = LOOPBACK if held else None
            spot_requests.stopped(region, instance)

    region.after(region.account.options.stop_seconds, down)


def begin_terminating(
    region: Region, instance: Instance, reason: tuple[str, str] = USER_SHUTDOWN, transition: str | None = None
) -> None:
    """To shutting-down now, to terminated after `stop_seconds`, gone from sight after `linger_seconds`."""
    epoch = _enter(instance, "shutting-down")
    instance.state_reason = reason
    instance.transition_reason = user_initiated(region.now) if transition is None else transition
    if instance.has_machine:
        region.account.machines.halt(instance.id)
    spot_requests.terminating(region, instance)

    def gone() -> None:
        if instance.epoch == epoch:
            end(region, instance)

    region.after(region.account.options.stop_seconds, gone)


def end(region: Region, instance: Instance) -> None:
    """To terminated: its disks are deleted or set free, its addresses too, its machine is destroyed."""
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
    spot_requests.terminated(region, instance)
    region.after(region.account.options.linger_seconds, lambda: _forget(region, instance))


def _forget(region: Region, instance: Instance) -> None:
    region.instances.pop(instance.id, None)


def pressed(region: Region, instance: Instance, what: str) -> None:
    """The machine itself was told to power off or to restart."""
    if instance.state != "running":
        return
    if what == "reboot":
        region.account.machines.reboot(instance.id, region.account.options.ssh_seconds)
    elif instance.shutdown_behavior == "terminate" or spot_requests.is_one_time(region, instance):
        begin_terminating(region, instance, OWN_SHUTDOWN, "")
    else:
        begin_stopping(region, instance, OWN_SHUTDOWN, "")
