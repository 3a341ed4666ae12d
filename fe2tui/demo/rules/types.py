"""Instance types, and which zone offers which."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fe2tui.demo.dispatch import Call, answers
from fe2tui.demo.filters import Getter, matcher
from fe2tui.demo.paging import page, refuse_ids_with_pages
from fe2tui.demo.refusal import Refusal, invalid_value
from fe2tui.demo.wire import Rendered, element

_rendered: dict[str, str] = {}
_lock = threading.Lock()


def _at(*path: str) -> Getter:
    """Looks along a path of keys; lists on the way give several values."""

    def look(record: Any) -> Any:
        found: Any = record
        for key in path:
            if isinstance(found, list):
                found = [item.get(key) for item in found]
            elif isinstance(found, Mapping):
                found = found.get(key)
            else:
                return None
        return found

    return look


_FILTERS: dict[str, Getter] = {
    "auto-recovery-supported": _at("AutoRecoverySupported"),
    "bare-metal": _at("BareMetal"),
    "burstable-performance-supported": _at("BurstablePerformanceSupported"),
    "current-generation": _at("CurrentGeneration"),
    "dedicated-hosts-supported": _at("DedicatedHostsSupported"),
    "ebs-info.ebs-optimized-support": _at("EbsInfo", "EbsOptimizedSupport"),
    "ebs-info.encryption-support": _at("EbsInfo", "EncryptionSupport"),
    "ebs-info.nvme-support": _at("EbsInfo", "NvmeSupport"),
    "free-tier-eligible": _at("FreeTierEligible"),
    "hibernation-supported": _at("HibernationSupported"),
    "hypervisor": _at("Hypervisor"),
    "instance-storage-info.disk.type": _at("InstanceStorageInfo", "Disks", "Type"),
    "instance-storage-info.total-size-in-gb": _at("InstanceStorageInfo", "TotalSizeInGB"),
    "instance-storage-supported": _at("InstanceStorageSupported"),
    "instance-type": _at("InstanceType"),
    "memory-info.size-in-mib": _at("MemoryInfo", "SizeInMiB"),
    "network-info.ena-support": _at("NetworkInfo", "EnaSupport"),
    "network-info.efa-supported": _at("NetworkInfo", "EfaSupported"),
    "network-info.ipv6-supported": _at("NetworkInfo", "Ipv6Supported"),
    "network-info.network-performance": _at("NetworkInfo", "NetworkPerformance"),
    "nitro-enclaves-support": _at("NitroEnclavesSupport"),
    "nitro-tpm-support": _at("NitroTpmSupport"),
    "processor-info.manufacturer": _at("ProcessorInfo", "Manufacturer"),
    "processor-info.supported-architecture": _at("ProcessorInfo", "SupportedArchitectures"),
    "processor-info.sustained-clock-speed-in-ghz": _at("ProcessorInfo", "SustainedClockSpeedInGhz"),
    "supported-boot-mode": _at("SupportedBootModes"),
    "supported-root-device-type": _at("SupportedRootDeviceTypes"),
    "supported-usage-class": _at("SupportedUsageClasses"),
    "supported-virtualization-type": _at("SupportedVirtualizationTypes"),
    "vcpu-info.default-cores": _at("VCpuInfo", "DefaultCores"),
    "vcpu-info.default-threads-per-core": _at("VCpuInfo", "DefaultThreadsPerCore"),
    "vcpu-info.default-vcpus": _at("VCpuInfo", "DefaultVCpus"),
}

_UNTOLD = {"SupportedInRegion", "InterfaceTypes", "Workloads", "EbsCards"}
"""What moto's data has and DescribeInstanceTypes has not."""


def _xml(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key[0].lower() + key[1:]: _xml(item) for key, item in value.items() if key not in _UNTOLD}
    if isinstance(value, list):
        return [_xml(item) for item in value]
    return value


def _render(record: Mapping[str, Any]) -> str:
    name = str(record["InstanceType"])
    with _lock:
        text = _rendered.get(name)
        if text is None:
            text = _rendered[name] = element("item", _xml(record))
        return text


@answers("DescribeInstanceTypes")
def describe_instance_types(call: Call) -> Mapping[str, Any]:
    """Those on offer in the region, at most 100 a page."""
    refuse_ids_with_pages(call.params, "InstanceType", "instanceTypes")
    types = call.account.catalog.types
    offered = call.account.catalog.offerings(call.region_name)
    names = call.texts("InstanceType")
    unknown = [name for name in names if name not in offered]
    if unknown:
        raise Refusal(
            "InvalidInstanceType", f"The following supplied instance types do not exist: [{', '.join(unknown)}]"
        )
    matches = matcher(call.params.get("Filter"), _FILTERS)
    chosen = [types[name] for name in names or sorted(offered) if matches(types[name])]
    shown, token = page(chosen, call.params, high=100, default=100, key="")
    return {"instanceTypeSet": Rendered("".join(_render(record) for record in shown)), "nextToken": token}


@dataclass(slots=True)
class _Offering:
    type: str
    location: str


@answers("DescribeInstanceTypeOfferings")
def describe_instance_type_offerings(call: Call) -> Mapping[str, Any]:
    """Which region, zone or zone id offers which type."""
    region = call.region
    kind = call.text("LocationType") or "region"
    offerings: list[_Offering] = []
    for name, zones in sorted(call.account.catalog.offerings(region.name).items()):
        if kind == "region":
            offerings.append(_Offering(name, region.name))
        elif kind == "availability-zone":
            offerings += [_Offering(name, zone) for zone in zones]
        elif kind == "availability-zone-id":
            offerings += [_Offering(name, region.zone_id(zone)) for zone in zones]
        else:
            raise invalid_value(f"Invalid value '{kind}' for LocationType.")
    matches = matcher(
        call.params.get("Filter"),
        {"instance-type": lambda one: one.type, "location": lambda one: one.location},
    )
    chosen = [one for one in offerings if matches(one)]
    shown, token = page(chosen, call.params, default=1000, key="")
    rows = [{"instanceType": one.type, "locationType": kind, "location": one.location} for one in shown]
    return {"instanceTypeOfferingSet": rows, "nextToken": token}
