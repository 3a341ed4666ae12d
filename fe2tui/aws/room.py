"""What AWS says when it has no machine for somebody, or lets the account have no more of them, in plain words.

Source of the codes: EC2 API reference, error codes; EC2 user guide, Spot Instance quotas.
"""

from __future__ import annotations

import re

from fe2tui.aws.refused import TYPE, Refused
from fe2tui.errors import AwsError, CapacityError, Fe2Error, QuotaError

_LIMIT = re.compile(r"limit of (\d+)")
_PRICES = re.compile(r"price of ([\d.]+) is lower .* price of ([\d.]+?)\.?(?:\s|$)")
_MORE = (
    "Stop others of its kind, choose a smaller type, or ask for more: AWS's console, Service Quotas, Amazon EC2. "
    "An answer takes hours to days."
)


def no_capacity(refused: Refused) -> Fe2Error:
    """For InsufficientInstanceCapacity and its like. Of a spot instance EC2 names neither the type nor the zone."""
    what = f"spot {refused.type}" if "spot" in refused.message.lower() else refused.type
    return CapacityError(
        f"AWS has no {what}{f' in {refused.zone}' if refused.zone else ''} right now.",
        "Another zone or type may have some; or wait, and try again."
        if not refused.action.endswith("StartInstances")
        else "Wait and try again, or change its type: a stopped instance stays in its zone.",
    )


def unfulfillable(refused: Refused) -> Fe2Error:
    """For UnfulfillableCapacity: no spot capacity for the request as it is."""
    return CapacityError(
        "AWS has no spot capacity for this request right now.",
        "Another zone or type may have some; or wait a few minutes, and try again.",
    )


def price_too_low(refused: Refused) -> Fe2Error:
    """For SpotMaxPriceTooLow: in that zone the market asks more than may be paid, on demand if nothing else is said."""
    prices = _PRICES.search(refused.message)
    words = f": {prices[2]} dollars an hour, and at most {prices[1]} was to be paid" if prices else ""
    return CapacityError(
        f"The spot price there is higher than the most that was to be paid{words}.",
        "Choose another zone or type, or launch it on demand.",
    )


def unsupported(refused: Refused) -> Fe2Error:
    """For Unsupported: a zone without the type, or a combination that there is nowhere."""
    if TYPE.search(refused.message) or "zone" in refused.message.lower():
        return CapacityError(
            f"AWS does not offer {refused.type} in {refused.zone or 'this zone'}.", "Choose another zone or type."
        )
    return AwsError("AWS does not support this combination.", refused.said)


def quota(refused: Refused) -> Fe2Error:
    """For the account's own limits."""
    limit = _LIMIT.search(refused.message)
    if refused.code == "VcpuLimitExceeded" and limit:
        allowed = "no vCPUs of this family yet" if limit[1] == "0" else f"at most {limit[1]} vCPUs of this family"
        return QuotaError(f"Your account may run {allowed}.", _MORE)
    if refused.code == "MaxSpotInstanceCountExceeded":
        return QuotaError(
            "Your account's limit for spot instances of this family is reached.",
            f"{_MORE} On demand has a limit of its own, and may do.",
        )
    return QuotaError(f"Your account's limit is reached. {refused.said}", _MORE)
