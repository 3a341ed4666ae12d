"""What the types of a family cost on the spot market, day by day, for a single command."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from fe2tui.chart.chart import Chart, ChartLine
from fe2tui.errors import AwsError, FieldError, NotFoundError, UsageError
from fe2tui.model.fleet import Prices, Problem
from fe2tui.model.instance_type import TypeCatalogue, size_sort_key
from fe2tui.model.location import zone_letter
from fe2tui.model.on_demand_prices import suggest_types
from fe2tui.model.price_hist import ALL_ZONES, PriceHist, build_price_hist, find_zone, last_days
from fe2tui.model.spot import SpotHistory
from fe2tui.tasks.context import Context
from fe2tui.tasks.read_fleet import read_or_problem, read_prices
from fe2tui.tasks.spot_prices import SpotHistoryCache
from fe2tui.tasks.type_catalogue import TypeCatalogueCache

_DAY = timedelta(days=1)


async def price_hist(
    ctx: Context,
    family: str,
    days: int,
    histories: SpotHistoryCache,
    catalogues: TypeCatalogueCache,
    *,
    zone: str | None = None,
    problems: list[Problem] | None = None,
    min_days: float = 0,
    tz: tzinfo | None = None,
) -> PriceHist:
    """The spot prices of a family, or of one type, on each of the last days: means by time, dollars an hour.

    Of each type's cheapest zone, or of the ``zone`` named, or of each (``all``). Days are those of ``tz``, this
    computer's time zone without. Its histories go ``back`` so many days at least. ``problems`` is told why on-demand
    prices are not there. Raises NotFoundError for a family or a zone that there is not, UsageError, and what kept AWS
    from telling: DeniedError …
    """
    if not isinstance(days, int) or days < 1:
        raise UsageError(f"{days} days make no table.", "One day at least.")
    found_problems: list[Problem] = [] if problems is None else problems
    prices, catalogue = await asyncio.gather(
        read_or_problem("prices", read_prices(ctx, found_problems), found_problems),
        read_or_problem("types", catalogues.get(ctx), found_problems),
    )
    types = _types_in_family(
        family, prices or Prices(), catalogue or TypeCatalogue(), ctx.session.region, found_problems
    )
    calendar = last_days(ctx.clock(), days, tz)
    length = (calendar[-1].end - calendar[0].start) / _DAY
    try:
        found = await histories.get(ctx, types, max(length, min_days))
    except FieldError as error:  # of one that is known by what was typed alone, EC2 says it
        raise NotFoundError(error.summary, error.remedy, code=error.code) from error
    on_demand = {name: price for name in types if (price := (prices or Prices()).on_demand.get(name)) is not None}
    zone_name = find_zone(zone, _known_zones(catalogue, found.values())) if zone else ""
    return build_price_hist(found, calendar, on_demand, region=ctx.session.region, zone=zone_name, tz=tz)


def price_charts(found: PriceHist, since: datetime | None = None) -> list[Chart]:
    """A chart of each type that has a price: a line a zone, beside what the type costs on demand.

    From the first day on, or from another moment.
    """
    start, end = since or found.days[0].start, found.days[-1].end
    charts: list[Chart] = []
    for name, history in found.histories.items():
        lines = tuple(
            ChartLine(zone_letter(zone), history.zones[zone], ink)
            for ink, zone in enumerate(sorted(history.zones))
            if found.zone in ("", ALL_ZONES, zone) and history.zones[zone].lowest(start, end) is not None
        )
        if lines:
            charts.append(Chart(lines, start, end, found.on_demand.get(name), tz=found.tz, type_name=name))
    return charts


def _types_in_family(
    family: str, prices: Prices, catalogue: TypeCatalogue, region: str, problems: list[Problem]
) -> list[str]:
    wanted = family.strip().lower()
    if not wanted:
        raise UsageError("No family was named.", "fe2 price-hist m5")
    # EC2 refuses to tell of any type where it does not know one: what it knows is in the catalogue
    known = set(catalogue.types) or {*prices.on_demand, *prices.several}
    found = [name for name in known if wanted in (name, name.partition(".")[0])]
    if not found and not known:
        if "." in wanted:
            return [wanted]
        why = f": {problems[0].summary}" if problems else "."
        raise AwsError(
            f"Which types {family} has is not known{why}",
            f"Name one type: fe2 price-hist {family}.large",
            code=problems[0].code if problems else None,
        )
    if not found:
        raise NotFoundError(f"{region} has no family or type {family}.", suggest_types(wanted, known))
    return sorted(found, key=size_sort_key)


def _known_zones(catalogue: TypeCatalogue | None, found: Iterable[SpotHistory]) -> set[str]:
    offered = {zone for zones in (catalogue or TypeCatalogue()).zones.values() for zone in zones}
    return offered | {zone for history in found for zone in history.zones}
