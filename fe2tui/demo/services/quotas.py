"""service-quotas: how many vCPUs of which families the account may run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fe2tui.demo.account import ACCOUNT_ID
from fe2tui.demo.dispatch import Call, answers
from fe2tui.demo.refusal import Refusal

# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
_QUOTAS = {
    "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 256.0),
    "L-DB2E81BA": ("Running On-Demand G and VT instances", 32.0),
    "L-417A185B": ("Running On-Demand P instances", 64.0),
    "L-1945791B": ("Running On-Demand Inf instances", 0.0),
    "L-2C3B7624": ("Running On-Demand Trn instances", 0.0),
    "L-7295265B": ("Running On-Demand X instances", 0.0),
    "L-34B43A08": ("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 256.0),
    "L-3819A6DF": ("All G and VT Spot Instance Requests", 32.0),
    "L-7212CCBC": ("All P4, P3 and P2 Spot Instance Requests", 64.0),
}


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
