"""What the Price List has of EC2: each product, with those beside it that a careless filter would also get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from fe2tui.demo import catalogue
from fe2tui.demo.catalogue import InstanceType
from fe2tui.demo.prices import DISK_PARTS, SNAPSHOTS, STORAGE

LOCATIONS = {
    "us-east-1": ("US East (N. Virginia)", ""),
    "us-east-2": ("US East (Ohio)", "USE2-"),
    "us-west-1": ("US West (N. California)", "USW1-"),
    "us-west-2": ("US West (Oregon)", "USW2-"),
    "eu-central-1": ("EU (Frankfurt)", "EUC1-"),
    "eu-west-1": ("EU (Ireland)", "EU-"),
}
SEVERAL = "h1.2xlarge"
"""A type that has two prices, whatever one filters by."""

_VOLUME_NAMES = {
    "gp3": "General Purpose",
    "gp2": "General Purpose",
    "io1": "Provisioned IOPS",
    "io2": "Provisioned IOPS",
    "st1": "Throughput Optimized HDD",
    "sc1": "Cold HDD",
    "standard": "Magnetic",
}

# Each way one instance type is sold: what differs from plain Linux, and its price: a factor and dollars a vCPU-hour.
_PLAIN: dict[str, str] = {}
_KINDS: tuple[tuple[dict[str, str], str, str], ...] = (
    (_PLAIN, "1", "0"),
    ({"capacitystatus": "AllocatedCapacityReservation"}, "0", "0"),
    ({"capacitystatus": "UnusedCapacityReservation"}, "1", "0"),
    ({"tenancy": "Dedicated"}, "1.1", "0"),
    ({"tenancy": "Host"}, "0", "0"),
    ({"operatingSystem": "Windows", "operation": "RunInstances:0002"}, "1", "0.046"),
    (
        {"operatingSystem": "Windows", "operation": "RunInstances:0800", "licenseModel": "Bring your own license"},
        "1",
        "0",
    ),
    ({"preInstalledSw": "SQL Std", "operation": "RunInstances:0004"}, "1", "0.12"),
    ({"operatingSystem": "RHEL", "operation": "RunInstances:0010"}, "1", "0.0288"),
    ({"operatingSystem": "SUSE", "operation": "RunInstances:000g"}, "1", "0.025"),
)
# Of the zone alone, which no filter that makes sense would name: it has happened that the list tells two prices so.
_ELSEWHERE = ({"availabilityzone": "another"}, "1.12", "0")


def _usage(prefix: str, kind: Mapping[str, str], name: str) -> str:
    words = {
        "AllocatedCapacityReservation": "Reservation",
        "UnusedCapacityReservation": "UnusedBox",
    }
    tenancy = {"Dedicated": "DedicatedUsage", "Host": "HostBoxUsage"}
    word = words.get(kind.get("capacitystatus", ""), tenancy.get(kind.get("tenancy", ""), "BoxUsage"))
    return f"{prefix}{word}:{name}"


def _compute(region: str, name: str, info: InstanceType, kind: Mapping[str, str]) -> dict[str, str]:
    location, prefix = LOCATIONS.get(region, (region, region.upper() + "-"))
    return {
        "servicecode": "AmazonEC2",
        "location": location,
        "locationType": "AWS Region",
        "regionCode": region,
        "instanceType": name,
        "instanceFamily": "GPU instance" if any(one.kind == "gpu" for one in info.accelerators) else "General purpose",
        "currentGeneration": "Yes" if "current" in info.traits else "No",
        "vcpu": str(info.vcpus),
        "physicalProcessor": info.maker,
        "memory": f"{info.memory / 1024:,g} GiB",
        "storage": "EBS only" if not info.disks else "1 x NVMe SSD",
        "networkPerformance": info.network,
        "processorArchitecture": "64-bit",
        "tenancy": "Shared",
        "operatingSystem": "Linux",
        "licenseModel": "No License required",
        "usagetype": _usage(prefix, kind, name),
        "operation": "RunInstances",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "marketoption": "OnDemand",
        "servicename": "Amazon Elastic Compute Cloud",
        "availabilityzone": "NA",
        "vpcnetworkingsupport": "true",
        **kind,
    }


class Product(NamedTuple):
    """One product: `each` says what the dollars are for."""

    family: str
    attributes: Mapping[str, str]
    dollars: Decimal
    unit: str
    each: str


@cache
def products(region: str) -> list[Product]:
    """Everything sold in a region, in a fixed order."""
    return [*_machines(region), *_disks(region)]


def _machines(region: str) -> Iterator[Product]:
    known = catalogue.read()
    for name in sorted(known.offerings(region)):
        info = known.types[name]
        metal = "Compute Instance (bare metal)" if "metal" in info.traits else "Compute Instance"
        kinds = [*_KINDS, *([_ELSEWHERE] if name == SEVERAL else [])]
        if name.startswith(("p4", "p5")):
            kinds.append(({"marketoption": "CapacityBlock", "operation": "RunInstances:CB"}, "0", "0"))
        for kind, factor, extra in kinds:
            dollars = info.price * Decimal(factor) + Decimal(extra) * info.vcpus
            attributes = _compute(region, name, info, kind)
            yield Product(metal, attributes, dollars, "Hrs", f"per {attributes['operatingSystem']} {name} hour")


def _disks(region: str) -> Iterator[Product]:
    for kind, dollars in STORAGE.items():
        usage = "VolumeUsage" + {"standard": "", "io1": ".piops"}.get(kind, f".{kind}")
        media = "HDD-backed" if kind in ("st1", "sc1", "standard") else "SSD-backed"
        attributes = _disk(region, usage, kind, storageMedia=media)
        yield Product("Storage", attributes, dollars, "GB-Mo", "per GB-month of storage")
        if kind in ("gp2", "gp3"):
            there = {**attributes, "locationType": "AWS Outposts"}
            yield Product("Storage", there, dollars * 3, "GB-Mo", "per GB-month of storage on Outposts")
    for family, usage, kind, unit, dollars, each in DISK_PARTS:
        yield Product(family, _disk(region, usage, kind), dollars, unit, each)
    for usage, unit, dollars, each in SNAPSHOTS:
        yield Product("Storage Snapshot", _disk(region, usage, ""), dollars, unit, each)


def _disk(region: str, usage: str, kind: str, **more: str) -> dict[str, str]:
    location, prefix = LOCATIONS.get(region, (region, region.upper() + "-"))
    named = {"volumeType": _VOLUME_NAMES[kind], "volumeApiName": kind} if kind else {}
    return {
        "servicecode": "AmazonEC2",
        "location": location,
        "locationType": "AWS Region",
        "regionCode": region,
        **named,
        **more,
        "usagetype": f"{prefix}EBS:{usage}",
        "operation": "",
        "servicename": "Amazon Elastic Compute Cloud",
    }
