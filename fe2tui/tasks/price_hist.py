"""The spot prices of a family's types, day by day, for a single command."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, tzinfo
from shlex import quote

from fe2tui.aws.spot_prices import SpotHistoryCache, spans_of_days
from fe2tui.chart.chart import Chart, ChartLine
from fe2tui.errors import AwsError, FieldError, NotFoundError, UsageError
from fe2tui.model.fleet import Prices, Problem
from fe2tui.model.instance_type import TypeCatalogue, size_sort_key
from fe2tui.model.location import zone_letter
from fe2tui.model.on_demand_prices import suggest_types
from fe2tui.model.price_hist import ALL_ZONES, PriceHist, build_price_hist, find_zone, last_days
from fe2tui.tasks.context import Context
from fe2tui.tasks.read_fleet import read_or_problem, read_prices
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
    """The spot prices of a family, or of one type, on each of the last days: means over time, dollars an hour.

    Of each type's cheapest zone, of the ``zone`` named, or of all zones (``all``). Days are those of ``tz``, by default
    this computer's time zone. The histories go back ``min_days`` at least. ``problems`` gets why on-demand prices are
    missing. Raises NotFoundError for an unknown family or zone, UsageError, and the error with which AWS refused.
    """
    if not isinstance(days, int) or days < 1:
        raise UsageError(f"A table cannot have {days} days.", "Ask for one day at least.")
    problems = [] if problems is None else problems
    found_prices, found_catalogue = await asyncio.gather(
        read_or_problem("prices", read_prices(ctx, problems), problems),
        read_or_problem("types", catalogues.get(ctx), problems),
    )
    prices, catalogue = found_prices or Prices(), found_catalogue or TypeCatalogue()
    types = _types_in_family(family, prices, catalogue, ctx.session.region, problems)
    now = ctx.clock()
    calendar = last_days(now, days, tz)
    length = (calendar[-1].end - calendar[0].start) / _DAY
    try:
        found = await histories.get(ctx.session, spans_of_days(types, max(length, min_days), now), now)
    except FieldError as error:  # without a catalogue, only EC2 knows which types exist
        raise NotFoundError(error.summary, error.remedy, code=error.code) from error
    on_demand = {name: prices.on_demand[name] for name in types if name in prices.on_demand}
    offered = {zone for zones in catalogue.zones.values() for zone in zones}
    zone_name = find_zone(zone, offered.union(*(one.zones for one in found.values()))) if zone else ""
    return build_price_hist(found, calendar, on_demand, region=ctx.session.region, zone=zone_name, tz=tz)


def price_charts(found: PriceHist, since: datetime | None = None) -> list[Chart]:
    """A chart of each type that has a price, from the first day or ``since`` on: its zones and its on-demand price."""
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
        raise UsageError("No family was named.", "Name one: fe2 price-hist m5")
    # EC2 refuses the whole call for one unknown type: those that it knows are in the catalogue
    known = set(catalogue.types) or {*prices.on_demand, *prices.several}
    found = [name for name in known if wanted in (name, name.partition(".")[0])]
    if not found and not known:
        if "." in wanted:
            return [wanted]
        why = f": {problems[0].summary}" if problems else "."
        raise AwsError(
            f"The types of {family} are not known{why}",
            f"Name one type: fe2 price-hist {quote(family)}.large",
            code=problems[0].code if problems else None,
        )
    if not found:
        raise NotFoundError(f"There is no family or type {family} in {region}.", suggest_types(wanted, known))
    return sorted(found, key=size_sort_key)
