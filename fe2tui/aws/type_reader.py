"""DescribeInstanceTypes and DescribeInstanceTypeOfferings as our model, from their XML.

Source of the fields: EC2 API reference, data types InstanceTypeInfo and InstanceTypeOffering.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from fe2tui.aws.replies import Reader
from fe2tui.model.machine_type import MachineType

_shared = sys.intern


class TypeReader(Reader[MachineType]):
    """DescribeInstanceTypes XML as types."""

    def __init__(self) -> None:
        super().__init__("instanceTypeSet", machine_type_of)


class OfferingReader(Reader[tuple[str, str]]):
    """DescribeInstanceTypeOfferings XML as pairs of a type's name and a zone."""

    def __init__(self) -> None:
        super().__init__("instanceTypeOfferingSet", _offering_of)


def _offering_of(item: Any) -> tuple[str, str]:
    return _shared(item.findtext("instanceType") or ""), _shared(item.findtext("location") or "")


def machine_type_of(item: Any) -> MachineType:
    """An ``<item>`` of an ``<instanceTypeSet>``."""
    fields: dict[str, Any] = {"vcpus": 0, "memory": 0}
    for child in item:
        read = _PARTS.get(child.tag)
        if read is not None:
            fields.update(read(child))
    for tag, (items, what) in _ACCELERATORS.items():
        if not fields.get("gpus") and (found := item.find(tag)) is not None:
            fields.update(_devices(found.findall(items), what))
    return MachineType(**fields)


Parts = dict[str, Any]


def _text(name: str) -> Callable[[Any], Parts]:
    return lambda element: {name: _shared(element.text or "")}


def _flag(name: str) -> Callable[[Any], Parts]:
    return lambda element: {name: element.text == "true"}


def _texts(name: str) -> Callable[[Any], Parts]:
    return lambda element: {name: _items(element)}


def _items(element: Any) -> tuple[str, ...]:
    return tuple(_shared(item.text or "") for item in element)


def _number(element: Any, path: str) -> int:
    return int(element.findtext(path) or 0)


def _processor(element: Any) -> Parts:
    found = element.find("supportedArchitectures")
    return {} if found is None else {"architectures": _items(found)}


def _network(element: Any) -> Parts:
    return {
        "network": _shared(element.findtext("networkPerformance") or ""),
        "ena": _shared(element.findtext("enaSupport") or "supported"),
    }


def _storage(element: Any) -> Parts:
    return {
        "local_disk": _number(element, "totalSizeInGB"),
        "local_disks": sum(_number(disk, "count") for disk in element.iterfind("disks/item")),
    }


def _gpus(element: Any) -> Parts:
    return _devices(element.findall("gpus/item"), "")


def _devices(items: list[Any], what: str) -> Parts:
    """What several devices of one kind, or a part of one, are together."""
    if not items:
        return {}
    first = items[0]
    whole = sum(_number(item, "count") for item in items)
    name = " ".join(part for part in (first.findtext("name") or "", what) if part)
    if not whole:
        # a part of a GPU counts as none at EC2, and as a logical one
        whole = sum(_number(item, "logicalGpuCount") for item in items) or 1
        name = " ".join(part for part in (_part_of_one(first), name) if part)
    return {"gpus": whole, "gpu_name": _shared(name), "gpu_memory": _number(first, "memoryInfo/sizeInMiB")}


def _part_of_one(item: Any) -> str:
    try:
        part = Fraction(item.findtext("gpuPartitionSize") or "1").limit_denominator(64)
    except ValueError:
        return ""
    return f"{part}" if 0 < part < 1 else ""


def _memory(element: Any) -> Parts:
    return {"memory": _number(element, "sizeInMiB")}


def _cpus(element: Any) -> Parts:
    return {"vcpus": _number(element, "defaultVCpus")}


def _usages(element: Any) -> Parts:
    return {"spot": "spot" in _items(element)}


def _hypervisor(element: Any) -> Parts:
    return {"hypervisor": _shared(element.text or "")}


_PARTS: Mapping[str, Callable[[Any], Parts]] = {
    "instanceType": _text("name"),
    "vCpuInfo": _cpus,
    "memoryInfo": _memory,
    "processorInfo": _processor,
    "gpuInfo": _gpus,
    "currentGeneration": _flag("current"),
    "supportedUsageClasses": _usages,
    "freeTierEligible": _flag("free_tier"),
    "supportedVirtualizationTypes": _texts("virtualizations"),
    "supportedBootModes": _texts("boot_modes"),
    "networkInfo": _network,
    "instanceStorageInfo": _storage,
    "hypervisor": _text("hypervisor"),
    "bareMetal": _flag("bare_metal"),
    "burstablePerformanceSupported": _flag("burstable"),
    "hibernationSupported": _flag("hibernation"),
    "supportedRootDeviceTypes": _texts("root_devices"),
}
_ACCELERATORS: Mapping[str, tuple[str, str]] = {
    "neuronInfo": ("neuronDevices/item", ""),
    "inferenceAcceleratorInfo": ("accelerators/item", ""),
    "fpgaInfo": ("fpgas/item", "FPGA"),
    "mediaAcceleratorInfo": ("accelerators/item", ""),
}
