"""Which types an instance can change to, why it cannot change to the others, and what else changes with the type.

Source of the rules: EC2 user guide, "Change the instance type".
"""

from __future__ import annotations

from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.location import zone_letter
from fe2tui.model.text import join_words, visible

_ARCHITECTURES = {"arm64": "Arm", "arm64_mac": "Mac", "x86_64_mac": "Mac"}
_EITHER_BOOT_MODE = "uefi-preferred"  # an image that boots either way
_RUNNING_STATES = (State.RUNNING, State.PENDING)


def incompatibility_reason(
    instance: Instance, old: InstanceType | None, new: InstanceType, zones: tuple[str, ...] | None
) -> str | None:
    """Why the instance cannot change to a type: ``Arm; base is x86_64``; None when it can.

    ``old`` is its present type, ``zones`` those that offer the new one; None where not known.
    """
    return (
        fixed_type_reason(instance)
        or ("current type" if new.name == instance.type else None)
        or _hardware_reason(instance, new)
        or _zone_reason(instance, zones)
    )


def fixed_type_reason(instance: Instance) -> str | None:
    """Why the instance's type cannot change at all; None when it can."""
    label = visible(instance.label)
    if instance.state.is_gone:
        return f"{label} is {instance.state}"
    if instance.is_spot:
        return f"{label} is a spot instance: its type cannot change"
    if instance.lifecycle != "on-demand":
        return f"{label} was bought as {instance.lifecycle}: its type cannot change"
    if instance.hibernation:
        return f"{label} was launched with hibernation: its type cannot change"
    return None


def _hardware_reason(instance: Instance, new: InstanceType) -> str | None:
    label = visible(instance.label)
    if instance.architecture and instance.architecture not in new.architectures:
        kinds = list(dict.fromkeys(_architecture(one) for one in new.architectures))
        return f"{join_words(kinds, 'or')}; {label} is {_architecture(instance.architecture)}"
    if instance.virtualization and instance.virtualization not in new.virtualizations:
        return f"needs {join_words(new.virtualizations, 'or')} virtualisation; {label} is {instance.virtualization}"
    if new.boot_modes and (mode := _boot_mode(instance)) and mode not in new.boot_modes:
        return f"boots by {join_words(new.boot_modes, 'or')}; {label} by {mode}"
    if new.ena == "required" and not instance.ena:
        return f"needs ENA networking, which {label} does not have turned on"
    has_ebs_root = any(disk.device == instance.root_device for disk in instance.attachments)
    if has_ebs_root and "ebs" not in new.root_devices:
        return f"cannot boot from an EBS disk, as {label} does"
    return None


def _zone_reason(instance: Instance, zones: tuple[str, ...] | None) -> str | None:
    if zones is None or instance.zone in zones:
        return None
    if not zones:
        return "not on offer in this region"
    letters = [zone_letter(zone) for zone in zones]
    return f"not on offer in {instance.zone} (in {join_words(letters)})"


def _architecture(name: str) -> str:
    return _ARCHITECTURES.get(name, name)


def _boot_mode(instance: Instance) -> str:
    """The only mode it boots in; empty when it boots in both, or when that is not known."""
    return "" if instance.image_boot_mode == _EITHER_BOOT_MODE else instance.image_boot_mode or instance.boot_mode


def change_effects(instance: Instance, old: InstanceType | None, new: InstanceType) -> tuple[str, ...]:
    """What else changes with the type, in sentences: addresses, local disks, device names, GPU drivers."""
    label = visible(instance.label)
    is_running = instance.state in _RUNNING_STATES
    effects: list[str] = []
    if is_running:
        effects.append(f"{label} is stopped, and started again as {new.name}.")
    if instance.public_ip:
        if is_running:
            effects.append(f"Its public address {instance.public_ip} changes, unless it is an Elastic IP, which stays.")
        else:
            effects.append(f"Its address {instance.public_ip} is an Elastic IP and stays.")
    effects += _local_disk_effects(old, new, is_running)
    if old is not None and old.hypervisor == "xen" and new.hypervisor != "xen":
        effects.append(
            "Its disks get other names on the machine (/dev/nvme…): where /etc/fstab has names such as /dev/xvdf in "
            "place of UUIDs, it may not boot."
        )
    if old is not None and old.gpus and not new.gpus:
        effects.append(f"{new.name} has no {old.gpu_name or 'GPU'}.")
    if old is not None and old.accelerators and new.accelerator_name != old.accelerator_name:
        effects.append(f"{new.name} has no {old.accelerator_name}.")
    if new.gpus and not (old is not None and old.gpus):
        effects.append(f"The {new.gpu_name or 'GPU'} needs its driver: without it on the disk, the GPU cannot be used.")
    return tuple(effects)


def _local_disk_effects(old: InstanceType | None, new: InstanceType, runs: bool) -> list[str]:
    effects = []
    if old is not None and old.local_disk and runs:
        effects.append(f"All that is on its local disk ({old.local_disk} GB, instance store) is lost when it stops.")
    if new.local_disk:
        effects.append(f"{new.name} has {new.local_disk} GB of local disk, empty at each start.")
    elif old is not None and old.local_disk:
        effects.append(f"{new.name} has no local disk: where /etc/fstab mounts one without nofail, it may not boot.")
    return effects
