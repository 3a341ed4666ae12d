"""pricing: GetProducts as the Price List answers it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fe2tui.demo.dispatch import Call, answers
from fe2tui.demo.paging import read_token, write_token
from fe2tui.demo.refusal import Refusal
from fe2tui.demo.services.price_list import LOCATIONS, Product, products

_PAGE = 100


def _document(product: Product) -> str:
    """One product as the Price List has it: the terms below codes that say nothing, the price as text."""
    family, attributes, dollars, unit, each = product
    identity = "/".join((attributes["regionCode"], attributes["usagetype"], *sorted(attributes.values())))
    sku = hashlib.sha256(identity.encode()).hexdigest()[:16].upper()
    offer, rate = f"{sku}.JRTCKXETXF", f"{sku}.JRTCKXETXF.6YS6EN2CT7"
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


@answers("GetProducts", service="pricing")
def get_products(call: Call) -> Mapping[str, Any]:
    """At most 100 a page, each product a JSON document in a string."""
    if call.text("ServiceCode") != "AmazonEC2":
        raise Refusal("NotFoundException", f"Invalid service code: {call.text('ServiceCode')}")
    filters = call.params.get("Filters") or []
    regions = _regions(filters)
    found = [
        product for region in regions for product in products(region) if all(_fits(product, wish) for wish in filters)
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
