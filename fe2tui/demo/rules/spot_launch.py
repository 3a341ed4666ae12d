"""What EC2 checks of a launch that asks for a spot instance.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SpotMarketOptions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.catalogue import on_demand
from fe2tui.demo.refusal import Refusal, invalid_value
from fe2tui.demo.services.quotas import spot_quota
from fe2tui.demo.spot_prices import Series

_ALIVE = ("pending", "running")


@dataclass(slots=True)
class Spot:
    """How a spot instance is asked for."""

    kind: str
    interruption: str
    max_price: str | None


def spot_wish(region: Region, params: Mapping[str, Any], kind: str) -> Spot | None:
    """How RunInstances asks for a spot instance; None when it does not. Raises Refusal in EC2's words."""
    market = params.get("InstanceMarketOptions") or {}
    if market.get("MarketType") != "spot":
        return None
    if "spot" not in region.account.catalogue.types[kind].usage_classes:
        raise invalid_value(
            f"Value ({kind}) for parameter instanceType is invalid. '{kind}' is an unsupported instance type"
        )
    options = market.get("SpotOptions") or {}
    request = options.get("SpotInstanceType", "one-time")
    interruption = options.get("InstanceInterruptionBehavior", "terminate")
    if request not in ("one-time", "persistent"):
        raise invalid_value(f"Invalid value '{request}' for SpotInstanceType.")
    if interruption not in ("terminate", "stop", "hibernate"):
        raise invalid_value(f"Invalid value '{interruption}' for InstanceInterruptionBehavior.")
    if (request == "persistent") == (interruption == "terminate"):
        raise Refusal(
            "InvalidParameterCombination",
            f"The request with type '{request}' is not supported when instanceInterruptionBehavior is set to "
            f"'{interruption}'.",
        )
    return Spot(request, interruption, _price(options.get("MaxPrice")))


def _price(text: str | None) -> str | None:
    try:
        if text is not None and Decimal(text) <= 0:
            raise invalid_value(f'Value ({text}) for parameter price is invalid. "{text}" is an invalid spot price')
    except InvalidOperation:
        raise invalid_value(f"Value ({text}) for parameter price is invalid.") from None
    return text


def refuse_over_quota(region: Region, kind: str, count: int) -> None:
    """Raises Refusal when the vCPUs of the account's spot instances would be more than its quota for their kind."""
    quota = spot_quota(kind)
    if quota is None:
        return
    code, allowed = quota
    types = region.account.catalogue.types
    used = sum(
        types[one.type].vcpus
        for one in region.instances.values()
        if one.spot_request_id and one.state in _ALIVE and (spot_quota(one.type) or ("", 0))[0] == code
    )
    if used + count * types[kind].vcpus > allowed:
        raise Refusal("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")


def price_too_low(region: Region, kind: str, zone: str, max_price: str | None) -> Refusal | None:
    """EC2's words when a zone asks more than is to be paid, which is the price on demand if nothing is said."""
    most = Decimal(max_price) if max_price else on_demand(kind)
    vcpus = region.account.catalogue.types[kind].vcpus
    asked = Series(region.account.options.seed, zone, kind, vcpus).now(region.now)
    if asked <= most:
        return None
    return Refusal(
        "SpotMaxPriceTooLow",
        f"Your Spot request price of {most} is lower than the minimum required Spot request fulfillment price of "
        f"{asked}.",
    )
