"""The account's own limits, as Service Quotas tells them."""

from __future__ import annotations

import re

from fe2tui.aws.session import Session

# Source: EC2 user guide, Spot Instance quotas; each counts vCPUs, by the first letters of the types' families.
_SPOT = {
    "L-34B43A08": ("a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"),
    "L-3819A6DF": ("g", "gr", "vt"),
    "L-7212CCBC": ("p",),
    "L-B5D1601B": ("inf",),
    "L-6B0D517C": ("trn",),
    "L-E3A00192": ("x",),
    "L-88CF9481": ("f",),
    "L-85EED4F7": ("dl",),
}
_P5 = "L-C4BD4855"  # a quota of its own


async def spot_vcpus(session: Session, type_name: str) -> int | None:
    """How many vCPUs the account's spot instances of such types may have together; None where no quota is known.

    Raises DeniedError without the right to ``servicequotas:GetServiceQuota``.
    """
    code = _code(type_name)
    if code is None:
        return None
    reply = await session.call("service-quotas", "GetServiceQuota", ServiceCode="ec2", QuotaCode=code)
    value = reply.get("Quota", {}).get("Value")
    return None if value is None else int(value)


def _code(type_name: str) -> str | None:
    if type_name.startswith("p5"):
        return _P5
    letters = re.match(r"[a-z]*", type_name)
    return next((code for code, families in _SPOT.items() if letters and letters[0] in families), None)
