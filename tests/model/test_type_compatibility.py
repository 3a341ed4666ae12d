"""What an instance can become, why not, and what changes with its type."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.type_compatibility import change_effects, incompatibility_reason

OLD = InstanceType("m5.large", 2, 8192, boot_modes=("legacy-bios", "uefi"), ena="required", hypervisor="nitro")
XEN = InstanceType("m4.large", 2, 8192, boot_modes=("legacy-bios",), ena="unsupported", hypervisor="xen")
NEW = replace(OLD, name="m5.xlarge", vcpus=4)
ARM = replace(NEW, name="m6g.large", architectures=("arm64",), boot_modes=("uefi",))
GPU = replace(NEW, name="g5.xlarge", gpus=1, gpu_name="A10G", local_disk=250)
HERE = ("us-east-2a",)
BASE = Instance(
    "i-0abc",
    State.STOPPED,
    "m5.large",
    "us-east-2a",
    architecture="x86_64",
    tags={"Name": "base"},
    root_device="/dev/sda1",
    attachments=(Attachment("/dev/sda1", "vol-0abc", True),),
    virtualization="hvm",
    boot_mode="uefi",
    image_boot_mode="uefi-preferred",
)


@pytest.mark.parametrize(
    ("instance", "new", "zones", "reason"),
    [
        (BASE, NEW, HERE, None),
        (replace(BASE, state=State.RUNNING), NEW, HERE, None),
        (BASE, NEW, None, None),
        (BASE, OLD, HERE, "current type"),
        (BASE, ARM, HERE, "Arm; base is x86_64"),
        (replace(BASE, architecture="arm64"), NEW, HERE, "x86_64; base is Arm"),
        (BASE, replace(ARM, architectures=("arm64_mac",)), HERE, "Mac; base is x86_64"),
        (replace(BASE, architecture="i386"), NEW, HERE, "x86_64; base is i386"),
        (replace(BASE, architecture="i386"), replace(XEN, architectures=("i386", "x86_64")), HERE, None),
        (replace(BASE, virtualization="paravirtual"), NEW, HERE, "needs hvm virtualisation; base is paravirtual"),
        (BASE, XEN, HERE, None),
        (replace(BASE, image_boot_mode="uefi"), XEN, HERE, "boots by legacy-bios; base by uefi"),
        (replace(BASE, image_boot_mode=""), XEN, HERE, "boots by legacy-bios; base by uefi"),
        (replace(BASE, image_boot_mode="", boot_mode=""), XEN, HERE, None),
        (replace(BASE, image_boot_mode="uefi"), replace(XEN, boot_modes=()), HERE, None),
        (replace(BASE, ena=False), NEW, HERE, "needs ENA networking, which base does not have turned on"),
        (replace(BASE, ena=False), XEN, HERE, None),
        (BASE, replace(NEW, root_devices=("instance-store",)), HERE, "cannot boot from an EBS disk, as base does"),
        (BASE, NEW, ("us-east-2b", "us-east-2c"), "not on offer in us-east-2a (in 2b and 2c)"),
        (BASE, NEW, (), "not on offer in this region"),
        (replace(BASE, lifecycle="spot"), NEW, HERE, "base is a spot instance: its type cannot change"),
        (replace(BASE, hibernation=True), NEW, HERE, "base was launched with hibernation: its type cannot change"),
        (
            replace(BASE, lifecycle="capacity-block"),
            NEW,
            HERE,
            "base was bought as capacity-block: its type cannot change",
        ),
        (replace(BASE, state=State.TERMINATED), NEW, HERE, "base is terminated"),
        (replace(BASE, tags={}), ARM, HERE, "Arm; i-0abc is x86_64"),
    ],
)
def test_why_an_instance_cannot_become_a_type_is_said_in_plain_words(
    instance: Instance, new: InstanceType, zones: tuple[str, ...] | None, reason: str | None
) -> None:
    assert incompatibility_reason(instance, OLD, new, zones) == reason


def test_a_name_with_control_characters_is_made_visible() -> None:
    assert (
        incompatibility_reason(replace(BASE, tags={"Name": "a\x1b[31m"}), OLD, ARM, HERE) == "Arm; a\\x1b[31m is x86_64"
    )


def said(instance: Instance, old: InstanceType | None, new: InstanceType) -> str:
    return " ".join(change_effects(instance, old, new))


def test_the_address_of_a_running_one_changes_and_that_of_a_stopped_one_stays() -> None:
    running = replace(BASE, state=State.RUNNING, public_ip="18.216.25.57")
    assert "18.216.25.57 changes, unless it is an Elastic IP" in said(running, OLD, NEW)
    assert "18.216.25.57 is an Elastic IP and stays" in said(replace(running, state=State.STOPPED), OLD, NEW)
    assert said(BASE, OLD, NEW) == ""


def test_what_is_on_a_local_disk_is_lost_when_it_stops() -> None:
    stored = replace(OLD, local_disk=475)
    running = replace(BASE, state=State.RUNNING)
    assert "475 GB, instance store) is lost" in said(running, stored, NEW)
    assert "is lost" not in said(BASE, stored, NEW)
    assert "250 GB of local disk, empty" in said(BASE, OLD, GPU)
    assert "has no local disk" in said(BASE, stored, NEW)


def test_from_xen_to_nitro_the_names_of_disks_change() -> None:
    assert "/dev/nvme" in said(replace(BASE, type="m4.large"), XEN, NEW)
    assert "/dev/nvme" not in said(BASE, OLD, NEW)
    assert "/dev/nvme" not in said(BASE, None, NEW)


def test_a_gpu_that_comes_or_goes_is_said() -> None:
    assert "The A10G needs its driver" in said(BASE, OLD, GPU)
    assert "m5.xlarge has no A10G" in said(BASE, GPU, NEW)
