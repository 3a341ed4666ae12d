"""What sizes, IOPS and throughputs EBS has for each kind of volume.

https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fe2tui.demo.refusal import Refusal, invalid_value, missing

_SIZES = {
    "gp3": (1, 65536),
    "gp2": (1, 16384),
    "io1": (4, 16384),
    "io2": (4, 65536),
    "st1": (125, 16384),
    "sc1": (125, 16384),
    "standard": (1, 1024),
}
_IOPS = {"gp3": (3000, 80000, 500), "io1": (100, 64000, 50), "io2": (100, 256000, 1000)}


@dataclass(frozen=True, slots=True)
class Shape:
    """Size in GiB, kind, IOPS, and throughput in MiB/s."""

    size: int
    kind: str
    iops: int | None
    throughput: int | None


def number(params: Mapping[str, Any], name: str) -> int | None:
    """An integer parameter, or None. Raises Refusal when it is not one."""
    value = params.get(name)
    if value in (None, ""):
        return None
    try:
        return int(str(value))
    except ValueError:
        raise invalid_value(
            f"Invalid value '{value}' for {name[0].lower()}{name[1:]}. It must be an integer."
        ) from None


def shape(size: int, kind: str, iops: int | None, throughput: int | None) -> Shape:
    """The volume that EBS makes of these wishes. Raises Refusal in EC2's words."""
    if kind not in _SIZES:
        raise invalid_value(f"Invalid value '{kind}' for volumeType.")
    low, high = _SIZES[kind]
    if not low <= size <= high:
        side = "small" if size < low else "large"
        raise invalid_value(
            f"Volume of {size}GiB is too {side} for volume type {kind}; {low} to {high} GiB are allowed."
        )
    if throughput is not None and kind != "gp3":
        raise Refusal("InvalidParameterCombination", f"The parameter throughput is not supported for {kind} volumes.")
    return Shape(size, kind, _iops(size, kind, iops), (throughput or 125) if kind == "gp3" else None)


def _iops(size: int, kind: str, iops: int | None) -> int | None:
    if kind not in _IOPS:
        if iops is not None:
            raise Refusal("InvalidParameterCombination", f"The parameter iops is not supported for {kind} volumes.")
        return min(max(100, 3 * size), 16000) if kind == "gp2" else None
    low, high, ratio = _IOPS[kind]
    if iops is None:
        if kind != "gp3":
            raise missing("iops")
        return 3000
    if not low <= iops <= high:
        side = "low; minimum is" if iops < low else "high; maximum is"
        raise invalid_value(f"Volume iops of {iops} is too {side} {low if iops < low else high}.")
    if iops > max(low, ratio * size):
        raise invalid_value(f"Iops to volume size ratio of {iops / size:.6f} is too high; maximum is {ratio}")
    return iops
