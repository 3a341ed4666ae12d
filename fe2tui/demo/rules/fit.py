"""Which types an instance can have, by its architecture, virtualisation, firmware and network adapter.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resize-limitations.html
"""

from __future__ import annotations

from fe2tui.demo.catalogue import Catalogue
from fe2tui.demo.records import Instance
from fe2tui.demo.refusal import Refusal

VIRTUALIZATION = "hvm"
"""Of every image and instance here; paravirtual ones have died out."""


def firmware(catalogue: Catalogue, instance: Instance) -> str:
    """How the instance boots with the type that it has."""
    modes = catalogue.types[instance.type].boot_modes
    if instance.boot_mode == "uefi-preferred":
        return "uefi" if "uefi" in modes else "legacy-bios"
    return instance.boot_mode or modes[0]


def check_hardware(catalogue: Catalogue, instance: Instance, name: str) -> None:
    """Raises Refusal when an instance of that type could not boot, or not be reached."""
    found = catalogue.types[name]
    if VIRTUALIZATION not in found.virtualizations:
        needed = found.virtualizations[0]
        raise Refusal(
            "InvalidParameterCombination",
            f"Virtualization type '{needed}' is required for instances of type '{name}'. Ensure that you are using an "
            f"AMI with virtualization type '{needed}'.",
        )
    if instance.boot_mode not in (None, "uefi-preferred", *found.boot_modes):
        kind = str(instance.boot_mode).upper() if instance.boot_mode == "uefi" else "legacy BIOS"
        raise Refusal(
            "InvalidParameterValue",
            f"The {name} instance type does not support an AMI with a boot mode of {kind}. Specify an instance type "
            f"that supports {kind}, and try again.",
        )
    if found.ena == "required" and not instance.ena:
        raise Refusal(
            "InvalidParameterCombination",
            f"Enhanced networking with the Elastic Network Adapter (ENA) is required for the '{name}' instance type. "
            "Ensure that your instance is enabled for ENA.",
        )
