"""pricing: the Price List of EC2, with the products beside the wanted one that a careless filter would also get."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from fe2tui.demo.catalog import Catalog
from fe2tui.demo.dispatch import Call, answers
from fe2tui.demo.paging import read_token, write_token
from fe2tui.demo.prices import STORAGE, on_demand
from fe2tui.demo.refusal import Refusal

LOCATIONS = {
    "us-east-1": ("US East (N. Virginia)", ""),
    "us-east-2": ("US East (Ohio)", "USE2-"),
    "us-west-1": ("US West (N. California)", "USW1-"),
    "us-west-2": ("US West (Oregon)", "USW2-"),
    "eu-central-1": ("EU (Frankfurt)", "EUC1-"),
    "eu-west-1": ("EU (Ireland)", "EU-"),
}
_PAGE = 100
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


def _usage(prefix: str, kind: Mapping[str, str], name: str) -> str:
    words = {
        "AllocatedCapacityReservation": "Reservation",
        "UnusedCapacityReservation": "UnusedBox",
    }
    tenancy = {"Dedicated": "DedicatedUsage", "Host": "HostBoxUsage"}
    word = words.get(kind.get("capacitystatus", ""), tenancy.get(kind.get("tenancy", ""), "BoxUsage"))
    return f"{prefix}{word}:{name}"


def _compute(region: str, name: str, info: Mapping[str, Any], kind: Mapping[str, str]) -> dict[str, str]:
    location, prefix = LOCATIONS.get(region, (region, region.upper() + "-"))
    memory = info["MemoryInfo"]["SizeInMiB"] / 1024
    return {
        "servicecode": "AmazonEC2",
        "location": location,
        "locationType": "AWS Region",
        "regionCode": region,
        "instanceType": name,
        "instanceFamily": "GPU instance" if "GpuInfo" in info else "General purpose",
        "currentGeneration": "Yes" if info.get("CurrentGeneration") else "No",
        "vcpu": str(info["VCpuInfo"]["DefaultVCpus"]),
        "physicalProcessor": str(info["ProcessorInfo"].get("Manufacturer", "Intel")),
        "memory": f"{memory:,g} GiB",
        "storage": "EBS only" if not info.get("InstanceStorageSupported") else "1 x NVMe SSD",
        "networkPerformance": str(info["NetworkInfo"].get("NetworkPerformance", "")),
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


def _storage(region: str, kind: str) -> dict[str, str]:
    location, prefix = LOCATIONS.get(region, (region, region.upper() + "-"))
    usage = "EBS:VolumeUsage" + ("" if kind == "standard" else f".{kind}")
    return {
        "servicecode": "AmazonEC2",
        "location": location,
        "locationType": "AWS Region",
        "regionCode": region,
        "storageMedia": "HDD-backed" if kind in ("st1", "sc1", "standard") else "SSD-backed",
        "volumeType": _VOLUME_NAMES[kind],
        "volumeApiName": kind,
        "usagetype": prefix + usage,
        "operation": "",
        "servicename": "Amazon Elastic Compute Cloud",
    }


Product = tuple[str, Mapping[str, str], Decimal, str]
"""(product family, attributes, dollars, unit)"""


@cache
def _products(region: str) -> list[Product]:
    """Everything sold in a region, in a fixed order."""
    return list(_made(region))


def _made(region: str) -> Iterator[Product]:
    catalog = Catalog()
    for name in sorted(catalog.offerings(region)):
        price = on_demand(name)
        if price is None:
            continue
        info = catalog.types[name]
        metal = "Compute Instance (bare metal)" if info.get("BareMetal") else "Compute Instance"
        for kind, factor, extra in _KINDS:
            vcpus = info["VCpuInfo"]["DefaultVCpus"]
            dollars = price * Decimal(factor) + Decimal(extra) * vcpus
            yield metal, _compute(region, name, info, kind), dollars, "Hrs"
        if name.startswith(("p4", "p5")):
            kind = {"marketoption": "CapacityBlock", "operation": "RunInstances:CB"}
            yield metal, _compute(region, name, info, kind), Decimal(0), "Hrs"
    for volume, dollars in STORAGE.items():
        yield "Storage", _storage(region, volume), dollars, "GB-Mo"


def _document(product: Product) -> str:
    """One product as the Price List has it: the terms below codes that say nothing, the price as text."""
    family, attributes, dollars, unit = product
    identity = "/".join((attributes["regionCode"], attributes["usagetype"], *sorted(attributes.values())))
    sku = hashlib.sha256(identity.encode()).hexdigest()[:16].upper()
    offer, rate = f"{sku}.JRTCKXETXF", f"{sku}.JRTCKXETXF.6YS6EN2CT7"
    what = attributes.get("instanceType") or attributes.get("volumeApiName")
    each = "per GB-month of storage" if unit == "GB-Mo" else f"per {attributes.get('operatingSystem')} {what} hour"
    return json.dumps(
        {
            "product": {"productFamily": family, "attributes": attributes, "sku": sku},
            "serviceCode": "AmazonEC2",
            "terms": {
                "OnDemand": {
                    offer: {
                        "priceDimensions": {
                            rate: {
                                "unit": unit,
                                "endRange": "Inf",
                                "description": f"${dollars:f} {each}",
                                "appliesTo": [],
                                "rateCode": rate,
                                "beginRange": "0",
                                "pricePerUnit": {"USD": f"{dollars:.10f}"},
                            }
                        },
                        "sku": sku,
                        "effectiveDate": "2026-11-01T00:00:00Z",
                        "offerTermCode": "JRTCKXETXF",
                        "termAttributes": {},
                    }
                }
            },
            "version": "20261118183250",
            "publicationDate": "2026-11-18T18:32:50Z",
        }
    )


def _fits(product: Product, wish: Mapping[str, Any]) -> bool:
    name, value, way = str(wish.get("Field", "")), str(wish.get("Value", "")), wish.get("Type", "TERM_MATCH")
    found = product[0] if name == "productFamily" else product[1].get(name, product[1].get(name.lower()))
    if found is None:
        return False
    if way in ("TERM_MATCH", "EQUALS"):
        return found == value
    if way == "CONTAINS":
        return value in found
    inside = found in value.split(",")
    return inside if way == "ANY_OF" else not inside


@answers("GetProducts", service="pricing")
def get_products(call: Call) -> Mapping[str, Any]:
    """At most 100 a page, each product a JSON document in a string."""
    if call.text("ServiceCode") != "AmazonEC2":
        raise Refusal("NotFoundException", f"Invalid service code: {call.text('ServiceCode')}")
    filters = call.params.get("Filters") or []
    regions = _regions(filters)
    found = [
        product for region in regions for product in _products(region) if all(_fits(product, wish) for wish in filters)
    ]
    start = int(read_token(call.params, "InvalidNextTokenException") or 0)
    size = min(int(call.params.get("MaxResults") or _PAGE), _PAGE)
    reply: dict[str, Any] = {
        "FormatVersion": "aws_v1",
        "PriceList": [_document(product) for product in found[start : start + size]],
    }
    if start + size < len(found):
        reply["NextToken"] = write_token(start + size, call.params)
    return reply


def _regions(filters: list[Mapping[str, Any]]) -> list[str]:
    for wish in filters:
        if wish.get("Field") == "regionCode" and wish.get("Type", "TERM_MATCH") in ("TERM_MATCH", "EQUALS"):
            return [str(wish["Value"])] if wish["Value"] in LOCATIONS else []
        if wish.get("Field") == "location":
            return [code for code, (location, _) in LOCATIONS.items() if location == wish.get("Value")]
    return list(LOCATIONS)


@answers("DescribeServices", service="pricing")
def describe_services(call: Call) -> Mapping[str, Any]:
    """Only EC2 is sold here."""
    names = ["instanceType", "regionCode", "operatingSystem", "tenancy", "preInstalledSw", "capacitystatus"]
    names += ["licenseModel", "marketoption", "operation", "location", "productFamily", "volumeApiName"]
    return {"FormatVersion": "aws_v1", "Services": [{"ServiceCode": "AmazonEC2", "AttributeNames": names}]}
