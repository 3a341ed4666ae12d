"""The types of a region and their prices, for a single command."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from fe2tui.aws.spot_prices import current_spot_prices
from fe2tui.model.filters import unknown_last
from fe2tui.model.fleet import Prices, Problem
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.model.on_demand_prices import OnDemandPrice, on_demand_prices
from fe2tui.model.type_filter import TYPE_LANGUAGE, TYPE_SORTS, TypeFilter, TypeScope
from fe2tui.tasks.context import Context
from fe2tui.tasks.read_fleet import read_or_problem, read_prices
from fe2tui.tasks.type_catalogue import TypeCatalogueCache

MAX_SPOT_TYPES = 100  # types: spot prices of more are only read where the filter asks for them


async def price_demand(
    ctx: Context, family: str, catalogues: TypeCatalogueCache, problems: list[Problem]
) -> tuple[OnDemandPrice, ...]:
    """On-demand prices of a family, or of one type, smallest first; ``problems`` gets why they are older ones.

    Raises NotFoundError with the nearest families, and DeniedError for a login that may not read prices.
    """
    prices, catalogue = await asyncio.gather(
        read_prices(ctx, problems), read_or_problem("types", catalogues.get(ctx), [])
    )  # fmt: skip
    return on_demand_prices(family, prices, catalogue or TypeCatalogue(), ctx.session.region)


async def find_types(
    ctx: Context, text: str, catalogues: TypeCatalogueCache, problems: list[Problem], *, sort: str = "type"
) -> tuple[list[InstanceType], TypeScope]:
    """The types that match a filter, sorted, and their prices and zones. Raises FilterError."""
    query = TYPE_LANGUAGE.parse_complete(text)
    compares_spot = any(term.lstrip("-").lower().startswith(("spot<", "spot>", "spot=")) for term in text.split())
    catalogue, prices = await asyncio.gather(
        catalogues.get(ctx), read_or_problem("prices", read_prices(ctx, problems), problems)
    )  # fmt: skip
    at = TypeScope(prices or Prices(), catalogue.zones)
    needs_spot = compares_spot or sort == "spot"
    if needs_spot:
        at = await _with_spot_prices(ctx, at, catalogue.types, problems)
    found = _sorted_matches(catalogue.types.values(), at, query, sort)
    if not needs_spot and 0 < len(found) <= MAX_SPOT_TYPES:
        at = await _with_spot_prices(ctx, at, [one.name for one in found], problems)
    return found, at


def _sorted_matches(types: Iterable[InstanceType], at: TypeScope, query: TypeFilter, sort: str) -> list[InstanceType]:
    order = TYPE_SORTS[sort]
    found = sorted((one for one in types if query.matches(one, at)), key=lambda one: at.facts(one).sort_key)
    descending = order.largest_first
    return sorted(found, key=lambda one: unknown_last(order.key(one, at), descending), reverse=descending)


async def _with_spot_prices(ctx: Context, at: TypeScope, names: Iterable[str], problems: list[Problem]) -> TypeScope:
    wanted = list(names)
    reading = current_spot_prices(ctx.session, wanted if len(wanted) <= MAX_SPOT_TYPES else None)
    spot = await read_or_problem("spot", reading, problems)
    return TypeScope(replace(at.prices, spot=spot or {}), at.zones)
