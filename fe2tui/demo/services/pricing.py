"""pricing: the Price List, with the products that a careless filter would also select.

Prices of EBS are those of us-east-2. Source: https://aws.amazon.com/ebs/pricing/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, NamedTuple

from fe2tui.demo import catalogue
from fe2tui.demo.api import Call, operation
from fe2tui.demo.catalogue import InstanceType
from fe2tui.demo.describe import slice_page
from fe2tui.demo.errors import ApiError

_PAGE = 100


def _document(product: Product) -> str:
    """A product as the Price List has it: terms under opaque codes, the price as text."""
    family, attributes, dollars, unit, each = product
    identity = "/".join((attributes["regionCode"], attributes["usagetype"], *sorted(attributes.values())))
    sku = hashlib.sha256(identity.encode()).hexdigest()[:16].upper()
    offer, rate = f"{sku}.JRTCKXETXF", f"{sku}.JRTCKXETXF.6YS6EN2CT7"
    price = {
        "unit": unit,
        "endRange": "Inf",
        "description": f"${dollars:f} {each}",
        "appliesTo": [],
        "rateCode": rate,
        "beginRange": "0",
        "pricePerUnit": {"USD": f"{dollars:.10f}"},
    }
    term = {
        "priceDimensions": {rate: price},
        "sku": sku,
        "effectiveDate": "2026-11-01T00:00:00Z",
        "offerTermCode": "JRTCKXETXF",
        "termAttributes": {},
    }
    document = {
        "product": {"productFamily": family, "attributes": attributes, "sku": sku},
        "serviceCode": "AmazonEC2",
        "terms": {"OnDemand": {offer: term}},
        "version": "20261118183250",
        "publicationDate": "2026-11-18T18:32:50Z",
    }
    return json.dumps(document)


def _matches(product: Product, term: Mapping[str, Any]) -> bool:
    name, value, way = str(term.get("Field", "")), str(term.get("Value", "")), term.get("Type", "TERM_MATCH")
    attributes = product.attributes
    found = product.family if name == "productFamily" else attributes.get(name, attributes.get(name.lower()))
    if found is None:
        return False
    if way in ("TERM_MATCH", "EQUALS"):
        return found == value
    if way == "CONTAINS":
        return value in found
    inside = found in value.split(",")
    return inside if way == "ANY_OF" else not inside


@operation("GetProducts", service="pricing")
def get_products(call: Call) -> Mapping[str, Any]:
    """At most 100 products a page, each a JSON document in a string."""
    if call.text("ServiceCode") != "AmazonEC2":
        raise ApiError("NotFoundException", f"Invalid service code: {call.text('ServiceCode')}")
    matching = _matching(json.dumps(call.params.get("Filters") or []))
    size = min(int(call.params.get("MaxResults") or _PAGE), _PAGE)
    shown, token = slice_page(matching, call.params, size, "InvalidNextTokenException")
    return {"FormatVersion": "aws_v1", "PriceList": [_document(product) for product in shown], **token}


@lru_cache(maxsize=32)
def _matching(filters_json: str) -> list[Product]:
    """The products that match all filters. Kept, since the next page's call has the same filters."""
    filters = json.loads(filters_json)
    listed = [product for region in _regions(filters) for product in products(region)]
    return [product for product in listed if all(_matches(product, term) for term in filters)]


def _regions(filters: list[Mapping[str, Any]]) -> list[str]:
    for term in filters:
        if term.get("Field") == "regionCode" and term.get("Type", "TERM_MATCH") in ("TERM_MATCH", "EQUALS"):
            return [str(term["Value"])] if term["Value"] in LOCATIONS else []
        if term.get("Field") == "location":
            return [code for code, (location, _) in LOCATIONS.items() if location == term.get("Value")]
    return list(LOCATIONS)


@operation("DescribeServices", service="pricing")
def describe_services(call: Call) -> Mapping[str, Any]:
    names = ["instanceType", "regionCode", "operatingSystem", "tenancy", "preInstalledSw", "capacitystatus"]
    names += ["licenseModel", "marketoption", "operation", "location", "productFamily", "volumeApiName"]
    return {"FormatVersion": "aws_v1", "Services": [{"ServiceCode": "AmazonEC2", "AttributeNames": names}]}


LOCATIONS = {
    "us-east-1": ("US East (N. Virginia)", ""),
    "us-east-1-chi-1": ("US East (Chicago)", "CHI1-"),
    "us-east-2": ("US East (Ohio)", "USE2-"),
    "us-west-1": ("US West (N. California)", "USW1-"),
    "us-west-2": ("US West (Oregon)", "USW2-"),
    "eu-central-1": ("EU (Frankfurt)", "EUC1-"),
    "eu-west-1": ("EU (Ireland)", "EU-"),
}
_LOCAL_ZONES = {"us-east-1-chi-1": "us-east-1"}
"""The Local Zones of the list, each with its region. They have few types, at a quarter more, and gp2 and gp3."""
_LOCAL_TYPES = ("c5.xlarge", "c5.2xlarge", "m5.xlarge", "t3.medium", "t3.xlarge")
_LOCAL_FACTOR = Decimal("1.25")
TWO_PRICES = "h1.2xlarge"
"""A type for which the list has two prices that no sensible filter tells apart."""

_VOLUME_NAMES = {
    "gp3": "General Purpose",
    "gp2": "General Purpose",
    "io1": "Provisioned IOPS",
    "io2": "Provisioned IOPS",
    "st1": "Throughput Optimized HDD",
    "sc1": "Cold HDD",
    "standard": "Magnetic",
}

_BRING_YOUR_OWN = {"operation": "RunInstances:0800", "licenseModel": "Bring your own license"}
# The products of each instance type: attributes that differ from plain Linux, a price factor, dollars a vCPU-hour.
_KINDS: tuple[tuple[dict[str, str], str, str], ...] = (
    ({}, "1", "0"),
    ({"capacitystatus": "AllocatedCapacityReservation"}, "0", "0"),
    ({"capacitystatus": "UnusedCapacityReservation"}, "1", "0"),
    ({"tenancy": "Dedicated"}, "1.1", "0"),
    ({"tenancy": "Host"}, "0", "0"),
    ({"operatingSystem": "Windows", "operation": "RunInstances:0002"}, "1", "0.046"),
    ({"operatingSystem": "Windows", **_BRING_YOUR_OWN}, "1", "0"),
    ({"preInstalledSw": "SQL Std", "operation": "RunInstances:0004"}, "1", "0.12"),
    ({"operatingSystem": "RHEL", "operation": "RunInstances:0010"}, "1", "0.0288"),
    ({"operatingSystem": "SUSE", "operation": "RunInstances:000g"}, "1", "0.025"),
)
# The Price List has had two prices of a type that differ only in this attribute.
_OTHER_ZONE = ({"availabilityzone": "another"}, "1.12", "0")


_USAGE = {
    "AllocatedCapacityReservation": "Reservation",
    "UnusedCapacityReservation": "UnusedBox",
    "Dedicated": "DedicatedUsage",
    "Host": "HostBoxUsage",
}
"""How the usage type begins for a kind of product; for all others `BoxUsage`."""


def _usage(prefix: str, kind: Mapping[str, str], name: str) -> str:
    word = next((_USAGE[value] for value in kind.values() if value in _USAGE), "BoxUsage")
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
    """A product; `each` describes what the dollars pay for."""

    family: str
    attributes: Mapping[str, str]
    dollars: Decimal
    unit: str
    each: str


@cache
def products(region: str) -> list[Product]:
    """All products of a region or a Local Zone, in a fixed order."""
    found = [*_machines(_LOCAL_ZONES.get(region, region)), *_disks(region)]
    return list(_in_local_zone(region, found)) if region in _LOCAL_ZONES else found


def _in_local_zone(region: str, found: list[Product]) -> Iterator[Product]:
    location, prefix = LOCATIONS[region]
    place = {"location": location, "locationType": "AWS Local Zone", "regionCode": region}
    for one in found:
        kind = one.attributes.get("instanceType") or one.attributes.get("volumeApiName")
        if kind in (*_LOCAL_TYPES, "gp2", "gp3") and one.attributes["locationType"] == "AWS Region":
            usage = prefix + one.attributes["usagetype"].removeprefix(prefix)
            yield one._replace(
                attributes={**one.attributes, **place, "usagetype": usage}, dollars=one.dollars * _LOCAL_FACTOR
            )


def _machines(region: str) -> Iterator[Product]:
    known = catalogue.read()
    for name in sorted(known.offerings(region)):
        info = known.types[name]
        metal = "Compute Instance (bare metal)" if "metal" in info.traits else "Compute Instance"
        kinds = [*_KINDS, *([_OTHER_ZONE] if name == TWO_PRICES else [])]
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


STORAGE = {
    "gp3": Decimal("0.08"),
    "gp2": Decimal("0.10"),
    "io1": Decimal("0.125"),
    "io2": Decimal("0.125"),
    "st1": Decimal("0.045"),
    "sc1": Decimal("0.015"),
    "standard": Decimal("0.05"),
}
"""Dollars a GB-month of each volume type."""

_SYSTEM, _THROUGHPUT = "System Operation", "Provisioned Throughput"
DISK_PARTS: tuple[tuple[str, str, str, str, Decimal, str], ...] = (
    (_SYSTEM, "VolumeP-IOPS.gp3", "gp3", "IOPS-Mo", Decimal("0.005"), "per provisioned IOPS-month"),
    (_SYSTEM, "VolumeP-IOPS.piops", "io1", "IOPS-Mo", Decimal("0.065"), "per provisioned IOPS-month"),
    (_SYSTEM, "VolumeP-IOPS.io2", "io2", "IOPS-Mo", Decimal("0.065"), "per IOPS-month up to 32,000"),
    (_SYSTEM, "VolumeP-IOPS.io2.tier2", "io2", "IOPS-Mo", Decimal("0.0455"), "per IOPS-month up to 64,000"),
    (_SYSTEM, "VolumeP-IOPS.io2.tier3", "io2", "IOPS-Mo", Decimal("0.03185"), "per IOPS-month over 64,000"),
    (_SYSTEM, "VolumeIOUsage", "standard", "IOs", Decimal("0.00000005"), "per I/O request"),
    (_SYSTEM, "directAPI.snapshot.Get", "", "SnapshotAPIUnits", Decimal("0.000003"), "per block read"),
    (_SYSTEM, "directAPI.snapshot.List", "", "Requests", Decimal("0.0000006"), "per list request"),
    (_THROUGHPUT, "VolumeP-Throughput.gp3", "gp3", "GiBps-mo", Decimal("40.96"), "per provisioned GiBps-month"),
)
"""Prices of volumes beside their size: product family, usage type, volume type, unit, dollars, description."""

SNAPSHOTS: tuple[tuple[str, str, Decimal, str], ...] = (
    ("SnapshotUsage", "GB-Mo", Decimal("0.05"), "per GB-month of snapshot data stored"),
    ("SnapshotUsageUnderBilling", "GB-Mo", Decimal("0"), "per GB-month of snapshot data under billing"),
    ("SnapshotArchiveStorage", "GB-Mo", Decimal("0.0125"), "per GB-month of snapshot archive storage"),
    ("SnapshotArchiveRetrieval", "GB", Decimal("0.03"), "per GB retrieved from the snapshot archive"),
    ("SnapshotArchiveEarlyDelete", "GB-Mo", Decimal("0.0125"), "per GB-month deleted early from the archive"),
)
"""Prices of snapshots: usage type, unit, dollars, description."""
