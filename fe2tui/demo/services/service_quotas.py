"""service-quotas: how many vCPUs the account may run.

Source: https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fe2tui.demo.account import ACCOUNT_ID
from fe2tui.demo.api import Call, operation
from fe2tui.demo.errors import ApiError

_QUOTAS = {
    "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 256.0),
    "L-DB2E81BA": ("Running On-Demand G and VT instances", 32.0),
    "L-417A185B": ("Running On-Demand P instances", 64.0),
    "L-1945791B": ("Running On-Demand Inf instances", 0.0),
    "L-2C3B7624": ("Running On-Demand Trn instances", 0.0),
    "L-7295265B": ("Running On-Demand X instances", 0.0),
    "L-34B43A08": ("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 256.0),
    "L-3819A6DF": ("All G and VT Spot Instance Requests", 64.0),
    "L-7212CCBC": ("All P4, P3 and P2 Spot Instance Requests", 128.0),
    "L-C4BD4855": ("All P5 Spot Instance Requests", 192.0),
    "L-B5D1601B": ("All Inf Spot Instance Requests", 0.0),
    "L-6B0D517C": ("All Trn Spot Instance Requests", 0.0),
    "L-E3A00192": ("All X Spot Instance Requests", 0.0),
}
_SPOT = {"g": "L-3819A6DF", "vt": "L-3819A6DF", "p": "L-7212CCBC", "inf": "L-B5D1601B", "trn": "L-6B0D517C"}
_SPOT |= {"x": "L-E3A00192", **dict.fromkeys(("a", "c", "d", "h", "i", "m", "r", "t", "z"), "L-34B43A08")}


def spot_quota(type_name: str) -> tuple[str, float] | None:
    """(code, vCPUs) of the quota of spot instances of this type; None if no quota counts them."""
    code = "L-C4BD4855" if type_name.startswith("p5") else _SPOT.get(_family_letters(type_name))
    return (code, _QUOTAS[code][1]) if code else None


def _family_letters(type_name: str) -> str:
    """The letters by which quotas name a family: `p` for p3dn.24xlarge, `i` for im4gn.large, `g` for gr6.4xlarge."""
    family = re.match(r"[a-z]+", type_name)
    letters = family[0] if family else ""
    return {"im": "i", "is": "i", "gr": "g"}.get(letters, letters)


@operation("GetServiceQuota", service="servicequotas")
def get_service_quota(call: Call) -> Mapping[str, Any]:
    code = call.text("QuotaCode")
    if call.text("ServiceCode") != "ec2" or code not in _QUOTAS:
        raise ApiError("NoSuchResourceException", "The specified quota does not exist.")
    name, value = _QUOTAS[code]
    return {
        "Quota": {
            "ServiceCode": "ec2",
            "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
            "QuotaArn": f"arn:aws:servicequotas:{call.region_name}:{ACCOUNT_ID}:ec2/{code}",
            "QuotaCode": code,
            "QuotaName": name,
            "Value": value,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }
    }
