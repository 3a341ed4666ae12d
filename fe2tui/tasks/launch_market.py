"""How a launch is bought: the spot price of each zone beside the price on demand, and the zones in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from fe2tui.errors import FieldError
from fe2tui.model.launch import LaunchRequest, ZonePrice
from fe2tui.model.machine_type import MachineType
from fe2tui.tasks.lookups import Network


def zone_prices(
    offering: Iterable[str] | None, where: Network | None, subnet_id: str | None, spot: Mapping[str, Decimal]
) -> tuple[ZonePrice, ...]:
    """Each zone that a launch could be meant for, cheapest first, those without the type last.

    They are the zones with a default subnet, or the one of the subnet named. ``offering`` None: which have the type is
    not known, and all count as if they had.
    """
    subnets = where.subnets if where is not None else ()
    if subnet_id:
        zones = {subnet.zone for subnet in subnets if subnet.id == subnet_id}
    else:
        zones = {subnet.zone for subnet in subnets if subnet.default_for_zone}
    having = None if offering is None else set(offering)
    found = [ZonePrice(zone, spot.get(zone), having is None or zone in having) for zone in zones or having or set(spot)]
    return tuple(sorted(found, key=_cheapest))


def in_order_of_price(zones: Mapping[str, str], prices: Iterable[ZonePrice]) -> dict[str, str]:
    """The zones (each with its subnet), cheapest first; those without a price last, in the order they had."""
    place = {one.zone: at for at, one in enumerate(prices) if one.price is not None}
    return dict(sorted(zones.items(), key=lambda pair: place.get(pair[0], len(place))))


def price_of(zone: str | None, prices: Iterable[ZonePrice]) -> Decimal | None:
    """The spot price of a zone; None where it is not known."""
    return next((one.price for one in prices if one.zone == zone), None)


def wrong_market(request: LaunchRequest, kind: MachineType | None) -> FieldError | None:
    """The error of a type that is asked for as a spot instance and never is one."""
    if not request.is_spot or kind is None or kind.spot:
        return None
    return FieldError(
        "market", f"AWS does not have {kind.name} as a spot instance.", "Launch it on demand, or choose another type."
    )


def _cheapest(one: ZonePrice) -> tuple[bool, bool, Decimal, str]:
    return not one.offered, one.price is None, one.price or Decimal(0), one.zone
