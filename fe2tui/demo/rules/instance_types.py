"""DescribeInstanceTypes, DescribeInstanceTypeOfferings, and which types fit an instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from operator import itemgetter
from typing import Any

from fe2tui.demo.api import Call, operation
from fe2tui.demo.catalogue import Catalogue, InstanceType
from fe2tui.demo.describe import Getter, check_no_ids_with_pages, select
from fe2tui.demo.errors import ApiError, invalid_combination, invalid_value
from fe2tui.demo.protocols import Xml, element
from fe2tui.demo.records import Instance

_FILTERS: dict[str, Getter] = {
    "bare-metal": lambda t: "metal" in t.traits,
    "burstable-performance-supported": lambda t: "burstable" in t.traits,
    "current-generation": lambda t: "current" in t.traits,
    "free-tier-eligible": lambda t: "free" in t.traits,
    "hibernation-supported": lambda t: "hibernation" in t.traits,
    "hypervisor": lambda t: t.hypervisor,
    "instance-storage-info.disk.type": lambda t: [kind for _, _, kind in t.disks],
    "instance-storage-info.total-size-in-gb": lambda t: _storage(t) or None,
    "instance-storage-supported": lambda t: bool(t.disks),
    "instance-type": lambda t: t.name,
    "memory-info.size-in-mib": lambda t: t.memory,
    "network-info.efa-supported": lambda t: "efa" in t.traits,
    "network-info.ena-support": lambda t: t.ena,
    "network-info.network-performance": lambda t: t.network,
    "processor-info.manufacturer": lambda t: t.maker,
    "processor-info.supported-architecture": lambda t: t.architectures,
    "processor-info.sustained-clock-speed-in-ghz": lambda t: t.clock or None,
    "supported-boot-mode": lambda t: t.boot_modes,
    "supported-root-device-type": lambda t: _root_devices(t),
    "supported-usage-class": lambda t: t.usage_classes,
    "supported-virtualization-type": lambda t: t.virtualizations,
    "vcpu-info.default-cores": lambda t: t.cores,
    "vcpu-info.default-threads-per-core": lambda t: t.vcpus // t.cores,
    "vcpu-info.default-vcpus": lambda t: t.vcpus,
}
_ACCELERATORS = {
    "gpu": ("gpuInfo", "gpus", "totalGpuMemoryInMiB"),
    "neuron": ("neuronInfo", "neuronDevices", "totalNeuronDeviceMemoryInMiB"),
    "inference": ("inferenceAcceleratorInfo", "accelerators", "totalInferenceMemoryInMiB"),
    "fpga": ("fpgaInfo", "fpgas", "totalFpgaMemoryInMiB"),
    "media": ("mediaAcceleratorInfo", "accelerators", "totalMediaMemoryInMiB"),
}


def _storage(one: InstanceType) -> int:
    return sum(count * size for count, size, _ in one.disks)


def _root_devices(one: InstanceType) -> tuple[str, ...]:
    return ("ebs", "instance-store") if "instance-store" in one.traits else ("ebs",)


@cache
def _type_xml(one: InstanceType) -> str:
    """The XML of a type, with its `item` element."""
    cpus = {"defaultVCpus": one.vcpus, "defaultCores": one.cores, "defaultThreadsPerCore": one.vcpus // one.cores}
    item: dict[str, Any] = {
        "instanceType": one.name,
        "currentGeneration": "current" in one.traits,
        "freeTierEligible": "free" in one.traits,
        "supportedUsageClasses": one.usage_classes,
        "supportedRootDeviceTypes": _root_devices(one),
        "supportedVirtualizationTypes": one.virtualizations,
        "bareMetal": "metal" in one.traits,
        "hypervisor": one.hypervisor or None,
        "processorInfo": {
            "manufacturer": one.maker,
            "supportedArchitectures": one.architectures,
            "sustainedClockSpeedInGhz": one.clock or None,
        },
        "vCpuInfo": cpus,
        "memoryInfo": {"sizeInMiB": one.memory},
        "instanceStorageSupported": bool(one.disks),
        "ebsInfo": {"encryptionSupport": "supported", "nvmeSupport": _nvme(one)},
        "networkInfo": {
            "networkPerformance": one.network,
            "enaSupport": one.ena,
            "efaSupported": "efa" in one.traits,
            "ipv6Supported": one.ena != "unsupported",
        },
        "hibernationSupported": "hibernation" in one.traits,
        "burstablePerformanceSupported": "burstable" in one.traits,
        "supportedBootModes": one.boot_modes,
    }
    if one.disks:
        disks = [{"sizeInGB": size, "count": count, "type": kind} for count, size, kind in one.disks]
        item["instanceStorageInfo"] = {"totalSizeInGB": _storage(one), "disks": disks, "nvmeSupport": _nvme(one)}
    for device in one.accelerators:
        group, devices, total = _ACCELERATORS[device.kind]
        whole = int(device.count)
        shown: dict[str, Any] = {
            "name": device.name,
            "manufacturer": device.maker if device.kind != "neuron" else None,
            "count": whole,
            "memoryInfo": {"sizeInMiB": device.memory},
        }
        if device.kind == "gpu":
            shown |= {"logicalGpuCount": whole or 1, "gpuPartitionSize": min(device.count, 1.0)}
        item[group] = {devices: [shown], total: device.memory * (whole or 1)}
    return element("item", item)


def _nvme(one: InstanceType) -> str:
    return "required" if one.ena == "required" else "unsupported"


@operation("DescribeInstanceTypes")
def describe_instance_types(call: Call) -> Mapping[str, Any]:
    """The types on offer in the region, at most 100 a page."""
    check_no_ids_with_pages(call.params, "InstanceType", "instanceTypes")
    types = call.account.catalogue.types
    offered = call.account.catalogue.offerings(call.region_name)
    names = call.texts("InstanceType")
    unknown = ", ".join(name for name in names if name not in offered)
    if unknown:
        message = f"The following supplied instance types do not exist: [{unknown}]"
        raise ApiError("InvalidInstanceType", message)
    wanted = [types[name] for name in names or sorted(offered)]
    shown, token = select(wanted, call.params, _FILTERS, high=100, default=100, key="")
    return {"instanceTypeSet": Xml("".join(map(_type_xml, shown))), "nextToken": token}


@operation("DescribeInstanceTypeOfferings")
def describe_instance_type_offerings(call: Call) -> Mapping[str, Any]:
    """The types that the region, its zones or its zone ids offer."""
    region = call.region
    kind = call.text("LocationType") or "region"
    locations: dict[str, Callable[[list[str]], list[str]]] = {
        "region": lambda zones: [region.name],
        "availability-zone": lambda zones: zones,
        "availability-zone-id": lambda zones: [region.zone_id(zone) for zone in zones],
    }
    if kind not in locations:
        raise invalid_value(f"Invalid value '{kind}' for LocationType.")
    rows = [
        {"instanceType": name, "locationType": kind, "location": location}
        for name, zones in sorted(call.account.catalogue.offerings(region.name).items())
        for location in locations[kind](zones)
    ]
    filters: dict[str, Getter] = {"instance-type": itemgetter("instanceType"), "location": itemgetter("location")}
    shown, token = select(rows, call.params, filters, default=1000, key="")
    return {"instanceTypeOfferingSet": shown, "nextToken": token}


def firmware(catalogue: Catalogue, instance: Instance) -> str:
    """The boot mode of an instance with its present type."""
    modes = catalogue.types[instance.type].boot_modes
    if instance.boot_mode == "uefi-preferred":
        return "uefi" if "uefi" in modes else "legacy-bios"
    return instance.boot_mode or modes[0]


def check_hardware(catalogue: Catalogue, instance: Instance, name: str) -> None:
    """Raises ApiError if the instance could not boot as this type, or would have no network.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resize-limitations.html
    """
    wanted = catalogue.types[name]
    if "hvm" not in wanted.virtualizations:
        needed = wanted.virtualizations[0]
        raise invalid_combination(
            f"Virtualization type '{needed}' is required for instances of type '{name}'. Ensure that you are using an "
            f"AMI with virtualization type '{needed}'."
        )
    if instance.boot_mode not in (None, "uefi-preferred", *wanted.boot_modes):
        kind = str(instance.boot_mode).upper() if instance.boot_mode == "uefi" else "legacy BIOS"
        raise invalid_value(
            f"The {name} instance type does not support an AMI with a boot mode of {kind}. Specify an instance type "
            f"that supports {kind}, and try again."
        )
    if wanted.ena == "required" and not instance.ena:
        raise invalid_combination(
            f"Enhanced networking with the Elastic Network Adapter (ENA) is required for the '{name}' instance type. "
            "Ensure that your instance is enabled for ENA."
        )
