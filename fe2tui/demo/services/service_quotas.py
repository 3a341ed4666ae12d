"""service-quotas: how many vCPUs of which families the account may run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fe2tui.demo.account import ACCOUNT_ID
from fe2tui.demo.api import Call, answers
from fe2tui.demo.errors import Refusal

# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
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
    """Which quota counts the vCPUs of spot instances of a type, and how many it allows; None for one without."""
    code = "L-C4BD4855" if type_name.startswith("p5") else _SPOT.get(_letters(type_name))
    return (code, _QUOTAS[code][1]) if code else None


def _letters(type_name: str) -> str:
    """What a family is counted by: ``p`` of p3dn.24xlarge, ``i`` of im4gn.large, ``g`` of gr6.4xlarge."""
    family = re.match(r"[a-z]+", type_name)
    letters = family[0] if family else ""
    return {"im": "i", "is": "i", "gr": "g"}.get(letters, letters)


def _shown(call: Call, code: str) -> dict[str, Any]:
    name, value = _QUOTAS[code]
    return {
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


@answers("GetServiceQuota", "GetAWSDefaultServiceQuota", service="servicequotas")
def get_service_quota(call: Call) -> Mapping[str, Any]:
    """One quota of ec2."""
    code = call.text("QuotaCode")
    if call.text("ServiceCode") != "ec2" or code not in _QUOTAS:
        raise Refusal("NoSuchResourceException", "The specified quota does not exist.")
    return {"Quota": _shown(call, code)}


@answers("ListServiceQuotas", service="servicequotas")
def list_service_quotas(call: Call) -> Mapping[str, Any]:
    """The quotas of ec2 that matter here."""
    known = _QUOTAS if call.text("ServiceCode") == "ec2" else {}
    return {"Quotas": [_shown(call, code) for code in known]}
