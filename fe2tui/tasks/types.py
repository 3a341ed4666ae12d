"""What types a region has and what they cost, for a single command."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from fe2tui.aws.spot import current_spot, region_spot
from fe2tui.errors import AwsError
from fe2tui.model.catalogue import Catalogue
from fe2tui.model.demand import DemandPrice, demand_prices
from fe2tui.model.fleet import Prices, Problem
from fe2tui.model.machine_type import MachineType
from fe2tui.model.terms import placed
from fe2tui.model.type_query import SORTS, TYPES, Query, TypesAt
from fe2tui.tasks.catalogue import Catalogues
from fe2tui.tasks.context import Context
from fe2tui.tasks.reading import problem_of, read_prices, softly

SPOT_OF = 100  # types: spot prices of more are only read where the filter asks for them


async def price_demand(
    ctx: Context, family: str, catalogues: Catalogues, problems: list[Problem]
) -> tuple[DemandPrice, ...]:
    """On-demand prices of a family, or of one type, smallest first; ``problems`` is told why they are older ones.

    Raises NotFoundError with the nearest families, and DeniedError for a login that may not read prices.
    """
    prices, catalogue = await asyncio.gather(
        read_prices(ctx, problems), softly("types", catalogues.get(ctx), [])
    )  # fmt: skip
    return demand_prices(family, prices, catalogue or Catalogue(), ctx.session.region)


async def find_types(
    ctx: Context, text: str, catalogues: Catalogues, problems: list[Problem], *, sort: str = "type"
) -> tuple[list[MachineType], TypesAt]:
    """The types that fit a filter, in order, and what they were seen in: prices, zones. Raises QueryError."""
    query = TYPES.parse_whole(text)
    catalogue, prices = await asyncio.gather(
        catalogues.get(ctx), softly("prices", read_prices(ctx, problems), problems)
    )  # fmt: skip
    at = TypesAt(prices or Prices(), catalogue.zones)
    if asks_for_spot(text) or sort == "spot":
        at = await _with_spot(ctx, at, catalogue.types, problems)
        return _ordered(catalogue.types.values(), at, query, sort), at
    found = _ordered(catalogue.types.values(), at, query, sort)
    if 0 < len(found) <= SPOT_OF:
        at = await _with_spot(ctx, at, [one.name for one in found], problems)
    return found, at


def asks_for_spot(text: str) -> bool:
    """Whether a filter compares spot prices."""
    return any(term.lstrip("-").lower().startswith(("spot<", "spot>", "spot=")) for term in text.split())


def _ordered(types: Iterable[MachineType], at: TypesAt, query: Query, sort: str) -> list[MachineType]:
    chosen = SORTS[sort]
    found = sorted((one for one in types if query.matches(one, at)), key=lambda one: at.facts(one).in_order)
    descending = chosen.largest_first
    return sorted(found, key=lambda one: placed(chosen.key(one, at), descending), reverse=descending)


async def _with_spot(ctx: Context, at: TypesAt, names: Iterable[str], problems: list[Problem]) -> TypesAt:
    wanted = list(names)
    spot: dict[tuple[str, str], Decimal] = {}
    try:
        spot = await (current_spot(ctx.session, wanted) if len(wanted) <= SPOT_OF else region_spot(ctx.session))
    except AwsError as error:
        problems.append(problem_of("spot", error))
    return TypesAt(replace(at.prices, spot=spot), at.zones)
