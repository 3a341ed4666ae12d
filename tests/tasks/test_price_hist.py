"""The table of spot prices by day: which types, which days, which zone, and what it asks AWS for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from fe2tui.aws.spot_prices import SpotHistoryCache, read_spot_history
from fe2tui.demo import Cloud, Options
from fe2tui.errors import AwsError, DeniedError, NotFoundError, UsageError
from fe2tui.model.fleet import Prices, Problem
from fe2tui.model.instance_type import TypeCatalogue
from fe2tui.model.price_hist import PriceHist
from fe2tui.tasks.price_hist import price_charts, price_hist
from fe2tui.tasks.read_fleet import read_prices
from fe2tui.tasks.type_catalogue import TypeCatalogueCache
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import Bench

HISTORY = "DescribeSpotPriceHistory"
A, B, C = (f"us-east-2{letter}" for letter in "abc")
TOKYO = ZoneInfo("Asia/Tokyo")
P3 = ["p3.2xlarge", "p3.8xlarge", "p3.16xlarge"]


@pytest.fixture(scope="module")
def quiet() -> Iterator[Cloud]:
    """An empty cloud for this module: its calls are counted."""
    with Cloud(Options.instant(scene=False)) as cloud:
        cloud.wait_ready()
        yield cloud


class Asker:
    """Somebody who asks for tables, as a program does that keeps what it has read."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.histories, self.catalogues = SpotHistoryCache(bench.ctx.store.spot_history), TypeCatalogueCache()
        self.problems: list[Problem] = []

    async def __call__(self, family: str, days: int = 3, *, zone: str | None = None, back: float = 0) -> PriceHist:
        return await price_hist(
            self.bench.ctx,
            family,
            days,
            self.histories,
            self.catalogues,
            zone=zone,
            problems=self.problems,
            min_days=back,
            tz=TOKYO,
        )


@pytest.fixture
async def cold(quiet: Cloud, begin: Begin) -> AsyncIterator[Asker]:
    """One who has read nothing yet."""
    bench = await begin(quiet)
    now = datetime.now(UTC)
    bench.ctx.clock = lambda: now
    asker = Asker(bench)
    yield asker
    asker.histories.close()
    asker.catalogues.close()
    quiet.control("/demo/faults", method="DELETE")


@pytest.fixture(scope="module")
def read_before() -> list[tuple[TypeCatalogue, Prices]]:
    """The types and on-demand prices of the region, once one of the tests has read them."""
    return []


@pytest.fixture
async def ask(cold: Asker, read_before: list[tuple[TypeCatalogue, Prices]]) -> Asker:
    """One who knows the types and what they cost on demand."""
    ctx = cold.bench.ctx
    if not read_before:
        read_before.append((await cold.catalogues.get(ctx), await read_prices(ctx, [])))
    ((catalogue, prices),) = read_before
    ctx.store.type_catalogues.save(ctx.session.location, catalogue)
    ctx.store.prices.save(ctx.session.region, prices)
    return cold


async def test_a_family_has_a_row_for_each_type_smallest_first_and_days_of_the_time_zone(ask: Asker) -> None:
    found = await ask("P3", 4)
    now = ask.bench.ctx.clock()
    today = now.astimezone(TOKYO).date()
    assert [row.type for row in found.rows] == P3
    assert [day.date for day in found.days] == [today - timedelta(days=back) for back in (3, 2, 1, 0)]
    assert found.days[0].start.astimezone(TOKYO).hour == 0 and found.days[-1].end == now
    read = await read_spot_history(ask.bench.ctx.session, P3, now - timedelta(days=9), until=now)
    for row in found.rows:
        series = read[row.type].zones[row.zone]
        assert row.per_day == tuple(series.mean(day.start, day.end) for day in found.days)
        assert row.now == series.at(now)
        means = {zone: one.mean(found.days[0].start, now) for zone, one in read[row.type].zones.items()}
        assert row.mean == means[row.zone] == min(mean for mean in means.values() if mean is not None)
    assert found.on_demand["p3.8xlarge"] == Decimal("12.24")


async def test_one_type_needs_one_call(ask: Asker) -> None:
    await ask("m5.large")
    ask.bench.forget_calls()
    found = await ask("c5.large")
    assert [row.type for row in found.rows] == ["c5.large"]
    assert [each["action"] for each in ask.bench.cloud.control("/demo/calls", method="GET")] == [HISTORY]


async def test_all_zones_or_a_given_one_can_be_shown(ask: Asker) -> None:
    assert [(row.type, row.zone) for row in (await ask("p3", zone="all")).rows] == [
        (name, zone) for name in P3 for zone in (A, B)
    ]
    assert {row.zone for row in (await ask("p3", zone="2b")).rows} == {B}
    absent = (await ask("p3", zone="c")).rows
    assert {row.zone for row in absent} == {C} and {price for row in absent for price in row.per_day} == {None}
    with pytest.raises(NotFoundError, match="There are us-east-2a, us-east-2b and us-east-2c"):
        await ask("p3", zone="us-west-2a")


async def test_days_older_than_the_history_of_aws_are_unknown(ask: Asker) -> None:
    (row,) = (await ask("m5.large", 120)).rows
    known = [price is not None for price in row.per_day]
    assert known == sorted(known) and 25 <= known.count(False) <= 30


async def test_the_days_of_the_chart_are_read_with_those_of_the_table(ask: Asker) -> None:
    found = await ask("p3.8xlarge", 3, back=28)
    now = ask.bench.ctx.clock()
    assert found.histories["p3.8xlarge"].since == now - timedelta(days=28)
    (chart,) = price_charts(found, now - timedelta(days=28))
    assert [(line.label, line.style) for line in chart.lines] == [("2a", 0), ("2b", 1)]
    assert (chart.start, chart.end, chart.reference) == (now - timedelta(days=28), now, Decimal("12.24"))
    assert (chart.type_name, chart.tz) == ("p3.8xlarge", TOKYO)
    (of_days,) = price_charts(found)
    assert of_days.start == found.days[0].start
    (one_zone,) = price_charts(await ask("p3.8xlarge", zone=B))
    assert [(line.label, line.style) for line in one_zone.lines] == [("2b", 1)], "the colour it has among all"
    assert price_charts(await ask("p3.8xlarge", zone=C)) == []


async def test_days_must_be_a_positive_number(ask: Asker) -> None:
    for wrong in ("x", 0):
        with pytest.raises(UsageError, match=f"cannot have {wrong} days"):
            await ask("p3", wrong)  # type: ignore[arg-type]


async def test_an_unknown_family_is_an_error_with_the_nearest(ask: Asker) -> None:
    with pytest.raises(NotFoundError, match="Did you mean"):
        await ask("p33")
    with pytest.raises(NotFoundError, match="p3 has 2xlarge, 8xlarge and 16xlarge"):
        await ask("p3.huge")
    for family, days in (("", 3), ("p3", 0)):
        with pytest.raises(UsageError):
            await ask(family, days)


async def test_without_on_demand_prices_there_is_no_saving_and_a_problem_says_why(cold: Asker) -> None:
    cold.bench.fault("deny", action="GetProducts")
    found = await cold("p3")
    assert all(row.saves is None and row.now for row in found.rows)
    assert [problem.part for problem in cold.problems] == ["prices"]


async def test_without_types_and_prices_one_type_can_still_be_given(cold: Asker) -> None:
    cold.bench.fault("deny", action="DescribeInstanceTypes")
    cold.bench.fault("deny", action="GetProducts")
    with pytest.raises(AwsError, match="The types of p3 are not known: You do not have permission for ") as unknown:
        await cold("p3")
    assert unknown.value.exit_code == 1 and unknown.value.remedy == "Name one type: fe2 price-hist p3.large"
    with pytest.raises(NotFoundError):
        await cold("p3.lrge")
    assert [row.type for row in (await cold("p3.8xlarge")).rows] == ["p3.8xlarge"]


async def test_without_the_right_to_spot_prices_the_right_is_named(ask: Asker) -> None:
    ask.bench.fault("deny", action=HISTORY)
    with pytest.raises(DeniedError, match=f"ec2:{HISTORY}"):
        await ask("p3")
