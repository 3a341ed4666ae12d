"""Instance types, and the zones that offer them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from fe2tui.aws.paged_reads import read_all
from fe2tui.aws.session import Session
from fe2tui.aws.worker_thread import in_worker_thread
from fe2tui.aws.xml_reader import XmlReader
from fe2tui.errors import AwsError, DeniedError, FieldError
from fe2tui.model.instance_type import InstanceType, TypeCatalogue, size_sort_key

_intern = sys.intern


def _decode_offering(item: Any) -> tuple[str, str]:
    return _intern(item.findtext("instanceType") or ""), _intern(item.findtext("location") or "")


def decode_instance_type(item: Any) -> InstanceType:
    fields: dict[str, Any] = {"vcpus": 0, "memory": 0}
    for child in item:
        read = _TYPE_FIELDS.get(child.tag)
        if read is not None:
            fields.update(read(child))
    for tag, (items, what) in _ACCELERATORS.items():
        if not fields.get("gpus") and not fields.get("accelerators") and (found := item.find(tag)) is not None:
            fields.update(_devices(found.findall(items), what, "accelerator"))
    return InstanceType(**fields)


_Fields = dict[str, Any]


def _text(name: str) -> Callable[[Any], _Fields]:
    return lambda element: {name: _intern(element.text or "")}


def _flag(name: str) -> Callable[[Any], _Fields]:
    return lambda element: {name: element.text == "true"}


def _texts(name: str) -> Callable[[Any], _Fields]:
    return lambda element: {name: _item_texts(element)}


def _item_texts(element: Any) -> tuple[str, ...]:
    return tuple(_intern(item.text or "") for item in element)


def _int(element: Any, path: str) -> int:
    return int(element.findtext(path) or 0)


def _processor(element: Any) -> _Fields:
    found = element.find("supportedArchitectures")
    return {} if found is None else {"architectures": _item_texts(found)}


def _network(element: Any) -> _Fields:
    return {
        "network": _intern(element.findtext("networkPerformance") or ""),
        "ena": _intern(element.findtext("enaSupport") or "supported"),
    }


def _storage(element: Any) -> _Fields:
    return {
        "local_disk": _int(element, "totalSizeInGB"),
        "local_disks": sum(_int(disk, "count") for disk in element.iterfind("disks/item")),
    }


def _gpus(element: Any) -> _Fields:
    """EC2 lists Habana's Gaudi as a GPU, too: to a program, only those of two makers are."""
    items = element.findall("gpus/item")
    maker = (items[0].findtext("manufacturer") or "").lower() if items else ""
    return _devices(items, "", "gpu" if maker in ("", "nvidia", "amd") else "accelerator")


def _devices(items: list[Any], what: str, kind: str) -> _Fields:
    """The fields of ``InstanceType`` for its GPUs (``kind`` gpu) or other accelerators."""
    if not items:
        return {}
    first = items[0]
    whole = sum(_int(item, "count") for item in items)
    name = " ".join(part for part in (first.findtext("name") or "", what) if part)
    if not whole:
        # EC2 counts a part of a GPU as no GPU and as one logical GPU
        whole = sum(_int(item, "logicalGpuCount") for item in items) or 1
        name = " ".join(part for part in (_gpu_fraction(first), name) if part)
    return {f"{kind}s": whole, f"{kind}_name": _intern(name), f"{kind}_memory": _int(first, "memoryInfo/sizeInMiB")}


def _gpu_fraction(item: Any) -> str:
    try:
        part = Fraction(item.findtext("gpuPartitionSize") or "1").limit_denominator(64)
    except ValueError:
        return ""
    return f"{part}" if 0 < part < 1 else ""


_TYPE_FIELDS: Mapping[str, Callable[[Any], _Fields]] = {
    "instanceType": _text("name"),
    "vCpuInfo": lambda element: {"vcpus": _int(element, "defaultVCpus")},
    "memoryInfo": lambda element: {"memory": _int(element, "sizeInMiB")},
    "processorInfo": _processor,
    "gpuInfo": _gpus,
    "currentGeneration": _flag("current"),
    "supportedUsageClasses": lambda element: {"spot": "spot" in _item_texts(element)},
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


_PAGE = 100  # the most that DescribeInstanceTypes returns
_OFFERINGS_PAGE = 1000  # the most that DescribeInstanceTypeOfferings returns


async def read_type_catalogue(session: Session, now: datetime) -> TypeCatalogue:
    """All types of the region and the zones that offer each, read at the same time. Takes seconds: keep the result.

    Without permission to read the offerings, types have no zones. Raises what reading the types raises.
    """
    zones = asyncio.create_task(_offerings(session))
    try:
        types = await instance_types(session)
        return TypeCatalogue(types, await zones, now)
    finally:
        zones.cancel()
        await asyncio.gather(zones, return_exceptions=True)


async def instance_types(session: Session) -> dict[str, InstanceType]:
    """All types of the region by name, the smallest of each family first. Takes seconds: keep the result."""
    reader = XmlReader("instanceTypeSet", decode_instance_type)
    found = await read_all(session, "DescribeInstanceTypes", reader, MaxResults=_PAGE)
    return {one.name: one for one in sorted(found, key=lambda one: size_sort_key(one.name))}


async def instance_type(session: Session, name: str) -> InstanceType:
    """One type. Raises FieldError("type") if the region does not have it."""
    try:
        body = await session.body("ec2", "DescribeInstanceTypes", InstanceTypes=[name])
    except FieldError as error:
        raise unknown_type_error(name, error.code) from error
    except AwsError as error:
        if error.code == "InvalidParameterValue":
            raise unknown_type_error(name, error.code) from error
        raise
    found, _ = XmlReader("instanceTypeSet", decode_instance_type).parse(body)
    if not found:
        raise unknown_type_error(name)
    return found[0]


def unknown_type_error(name: str, code: str | None = None) -> FieldError:
    return FieldError(
        "type", f"There is no instance type {name} in this region.", "Type one such as t3.micro or m5.large.", code=code
    )


async def zones_offering(session: Session, type_name: str) -> list[str]:
    """The zones of the region that offer a type, in order; none if no zone does."""
    offers = await _read_offerings(session, Filters=[{"Name": "instance-type", "Values": [type_name]}])
    return sorted(zone for _, zone in offers)


async def _read_offerings(session: Session, **params: Any) -> list[tuple[str, str]]:
    reader = XmlReader("instanceTypeOfferingSet", _decode_offering)
    by_zone = {"LocationType": "availability-zone", **params}
    return await read_all(session, "DescribeInstanceTypeOfferings", reader, **by_zone)


async def modify_instance_type(session: Session, instance_id: str, type_name: str) -> None:
    """Change the type of a stopped instance. Raises StateError, FieldError("type"), AwsError …

    A second call does no harm.
    """
    await session.call("ec2", "ModifyInstanceAttribute", InstanceId=instance_id, InstanceType={"Value": type_name})


async def _offerings(session: Session) -> dict[str, tuple[str, ...]]:
    try:
        offers = await _read_offerings(session, MaxResults=_OFFERINGS_PAGE)
    except DeniedError:
        return {}
    return await in_worker_thread(_zones_by_type, offers)


def _zones_by_type(offers: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, zone in offers:
        found.setdefault(name, []).append(zone)
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}
    return {name: shared.setdefault(key, key) for name, zones in found.items() if (key := tuple(sorted(zones)))}
