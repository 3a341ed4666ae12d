"""What spot machines cost: each hour of a run at the market's price when that hour began."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fe2tui.model.fleet import Fleet, InstanceUsage, Prices
from fe2tui.model.instance import Instance, State
from fe2tui.model.location import Location
from fe2tui.model.money.account import AccountTracker, account_cost
from fe2tui.model.money.alerts import AlertLimits, alert_times_of
from fe2tui.model.money.spot_usage import SpotHistoryByType, TimeSpan, spot_history_spans
from fe2tui.model.money.unknown import unseen_usage_sentences
from fe2tui.model.money.usage import cost_between, cost_since_start, instance_usage_of, usage_cost
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONTH = datetime(2026, 11, 1, tzinfo=UTC)
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
KIND, ZONE = "p3.8xlarge", "us-east-2a"
FIRST = Decimal("4.00")  # the price at first sight
ALMOST = Decimal("1e-18")


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def past(*changes: tuple[float, str], since: float = 90 * 24, zone: str = ZONE) -> SpotHistoryByType:
    """The market's past by hours before now."""
    series = PriceSeries.from_changes((ago(hours), Decimal(price)) for hours, price in changes)
    return {KIND: SpotHistory(KIND, ago(since), NOW, {zone: series})}


def ran(begin: float, end: float | None = None, **changes: object) -> InstanceUsage:
    """A run of a spot machine without an address, by hours before now."""
    ended = None if end is None else ago(end)
    run = InstanceUsage("i-1", "train", KIND, ago(begin), ended, FIRST, seen_at=ago(begin), zone=ZONE, is_spot=True)
    return replace(run, **changes)  # type: ignore[arg-type]


def machine(begin: float = 10, **changes: object) -> Instance:
    one = Instance("i-1", State.RUNNING, KIND, ZONE, launched_at=ago(begin), lifecycle="spot", tags={"Name": "train"})
    return replace(one, **changes)  # type: ignore[arg-type]


def fleet(*runs: InstanceUsage, instance: Instance | None = None, histories: SpotHistoryByType = {}) -> Fleet:  # noqa: B006
    instances = {} if instance is None else {instance.id: instance}
    return Fleet(
        Location("p", "us-east-2"),
        NOW,
        instances,
        prices=Prices({KIND: Decimal("12.24")}, {(KIND, ZONE): Decimal("3.87")}, read_at=NOW),
        instance_usage={"i-1": runs} if runs else {},
        spot_history=histories,
    )


@pytest.mark.parametrize(
    ("changes", "begin", "end", "dollars"),
    [
        # on for 10 hours at one price
        ([(100, "3.60")], 10, 0, "36.00"),
        # from hour 4 of 10 on it costs more: 4 × 3.60 + 6 × 4.20
        ([(100, "3.60"), (6, "4.20")], 10, 0, "39.60"),
        # 10 minutes into its 4th hour: that hour stays at 3.60, and 6 are at 4.20; the same
        ([(100, "3.60"), (6 + 50 / 60, "4.20")], 10, 0, "39.60"),
        # 20 minutes into its 5th hour: 5 × 3.60 + 5 × 4.20
        ([(100, "3.60"), (5 + 40 / 60, "4.20")], 10, 0, "39.00"),
        # up and down again within one hour: nothing
        ([(100, "3.60"), (5.5, "9.00"), (5.25, "3.60")], 10, 0, "36.00"),
        # twice within one hour: the later one counts from the next
        ([(100, "3.60"), (5.5, "9.00"), (5.25, "4.20")], 10, 0, "39.00"),
        # in the last hour, which began before: nothing
        ([(100, "3.60"), (0.5, "9.00")], 10, 0, "36.00"),
        # half an hour at the end: 9 × 3.60 + 0.5 × 4.20
        ([(100, "3.60"), (1.5, "4.20")], 10, 0.5, "34.50"),
        # 36 seconds are billed as 60: 3.60 ÷ 60
        ([(100, "3.60")], 10, 9.99, "0.06"),
        # the market is not known before the run's 5th hour: 4 × 4.00 at first sight, then 6 × 3.60
        ([(6, "3.60")], 10, 0, "37.60"),
        ([(6.5, "3.60")], 10, 0, "37.60"),
        # nothing is known of the zone
        ([], 10, 0, "40.00"),
    ],
)
def test_each_hour_of_a_run_costs_what_the_market_asked_when_it_began(
    changes: list[tuple[float, str]], begin: float, end: float, dollars: str
) -> None:
    run = ran(begin, end)
    cost = usage_cost(run, MONTH, NOW, past(*changes))
    assert cost == pytest.approx(Decimal(dollars), abs=ALMOST)
    gone = fleet(run, histories=past(*changes))
    assert account_cost(gone, NOW).month == cost == AccountTracker().update(gone, NOW).spent


def test_without_a_price_at_first_sight_only_what_the_market_tells_is_known() -> None:
    run, histories = ran(10, 0, price_per_hour=None), past((6, "3.60"))
    assert usage_cost(run, ago(10), ago(6), histories) is None
    assert usage_cost(run, ago(6), NOW, histories) == Decimal("21.60")
    assert usage_cost(ran(10, 7, price_per_hour=None), ago(10), ago(7), histories) is None
    assert account_cost(fleet(run, histories=histories), NOW).rows[0].month_parts.unknown == {"machine"}


@pytest.mark.parametrize(
    ("run", "dollars"),
    [
        (ran(10, 9.5, was_interrupted=True), "0"),  # within its first hour
        (ran(10, 9.5), "1.80"),  # the person ended it
        (ran(10, 9, was_interrupted=True), "3.60"),  # a whole hour
        (ran(10, 8.5, was_interrupted=True), "5.40"),
        (ran(10, 9.5, was_interrupted=True, has_address=True), "0.0025"),  # which is billed all the same
        (ran(10, 9.5, was_interrupted=True, ended_before=ago(8)), "1.80"),  # when is not known
    ],
)
def test_a_first_hour_that_aws_does_not_let_end_is_not_billed(run: InstanceUsage, dollars: str) -> None:
    assert usage_cost(run, MONTH, NOW, past((100, "3.60"))) == Decimal(dollars)


def test_an_interruption_is_known_from_ec2_without_a_usage_history() -> None:
    ended: Any = {"state": State.TERMINATED, "transition_reason": "(2026-11-23 02:30:00 GMT)"}
    for reason, dollars in (("Server.SpotInstanceTermination: …", "0"), ("Client.UserInitiatedShutdown: …", "1.80")):
        instance = machine(state_reason=reason, **ended)
        assert cost_since_start(instance, fleet(instance=instance, histories=past((100, "3.60"))), NOW) == Decimal(
            dollars
        )


def test_the_market_of_another_zone_or_of_a_machine_on_demand_is_not_its_own() -> None:
    assert usage_cost(ran(10, 0), MONTH, NOW, past((100, "9"), zone="us-east-2b")) == 40
    assert usage_cost(ran(10, 0, is_spot=False), MONTH, NOW, past((100, "9"))) == 40
    assert usage_cost(ran(10, 0, type="m5.large"), MONTH, NOW, past((100, "9"))) == 40


def test_what_runs_goes_on_at_the_price_of_its_hour_and_turns_when_the_next_begins() -> None:
    """Begun 2.75 hours ago; dearer since 0.5: from a quarter of an hour from now on."""
    seen = fleet(ran(2.75), instance=machine(2.75), histories=past((100, "3.60"), (0.5, "4.80")))
    tally = AccountTracker()
    for minutes, dollars in ((0, "9.90"), (15, "10.80"), (16, "10.88"), (75, "15.60")):
        at = NOW + minutes * MINUTE
        sums = tally.update(seen, at)
        assert sums.spent == pytest.approx(Decimal(dollars), abs=ALMOST)
        assert account_cost(seen, at).month == pytest.approx(sums.spent, abs=ALMOST)
        assert sums.spending == Decimal("3.60" if minutes < 15 else "4.80")


def test_prices_that_are_read_later_change_the_sums_at_once() -> None:
    before = fleet(ran(10), instance=machine())
    after = replace(before, spot_history=past((100, "3.60")))
    tally = AccountTracker()
    assert tally.update(before, NOW).spent == 40
    assert tally.update(after, NOW).spent == 36 == account_cost(after, NOW).month
    assert cost_since_start(machine(), after, NOW) == 36
    assert tally.update(replace(after, seen_at=NOW + MINUTE), NOW + MINUTE).recomputed == 0


def test_a_run_written_down_by_an_earlier_version_follows_the_market_while_its_machine_is_there() -> None:
    old = ran(10, zone="", is_spot=False)
    [run] = instance_usage_of(machine(), fleet(old, instance=machine()))
    assert (run.zone, run.is_spot) == (ZONE, True)
    seen = fleet(old, instance=machine(), histories=past((100, "3.60")))
    assert cost_since_start(machine(), seen, NOW) == 36 == AccountTracker().update(seen, NOW).spent


@pytest.mark.parametrize("other", [{"platform": "Windows"}, {"tenancy": "dedicated"}])
def test_only_linux_on_shared_hardware_follows_the_market_that_is_read(other: dict[str, Any]) -> None:
    instance = machine(**other)
    [run] = instance_usage_of(instance, fleet(instance=instance, histories=past((100, "3.60"))))
    assert not run.is_spot
    assert cost_since_start(instance, fleet(instance=instance, histories=past((100, "3.60"))), NOW) is None


def test_a_run_without_a_usage_record_follows_the_market_too() -> None:
    seen = fleet(instance=machine(), histories=past((100, "3.60"), (5, "4.60")))
    assert cost_since_start(machine(), seen, NOW) == 41


def test_a_run_becomes_costly_by_the_price_of_the_hour() -> None:
    seen = fleet(ran(10), instance=machine(), histories=past((100, "4.50")))
    assert alert_times_of(machine(), seen, NOW, AlertLimits(None, Decimal(54))).costly_at == NOW + 2 * HOUR


MOMENTS = some.integers(0, 19 * 24 * 3600).map(lambda seconds: MONTH + timedelta(seconds=seconds))
PRICES = some.decimals(Decimal("0.01"), Decimal(20), places=4)


@given(
    begun=MOMENTS,
    hours=some.floats(0.001, 300),
    changes=some.lists(some.tuples(MOMENTS, PRICES), max_size=12),
    cuts=some.lists(MOMENTS, max_size=4),
)
def test_the_parts_of_a_run_add_up_to_it_wherever_it_is_cut_and_every_hour_has_a_price_that_was(
    begun: datetime, hours: float, changes: list[tuple[datetime, Decimal]], cuts: list[datetime]
) -> None:
    run = replace(ran(0), started_at=begun, ended_at=begun + timedelta(hours=hours))
    series = PriceSeries.from_changes(changes)
    histories = {KIND: SpotHistory(KIND, MONTH, NOW, {ZONE: series})}
    start, end = datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    edges = [start, *sorted(cuts), end]
    parts = [usage_cost(run, one, other, histories) for one, other in pairwise(edges)]
    whole = usage_cost(run, start, end, histories)
    assert all(part is not None and part >= 0 for part in parts)
    assert sum(part or 0 for part in parts) == pytest.approx(whole, abs=ALMOST)
    assert whole == pytest.approx(hour_by_hour(run, series), abs=ALMOST)


def hour_by_hour(run: InstanceUsage, series: PriceSeries) -> Decimal:
    """The same, slowly."""
    total, hour = Decimal(0), run.started_at
    ended = max(run.ended_at or NOW, run.started_at + MINUTE)
    while hour < ended:
        price = series.at(hour)
        seconds = Decimal((min(hour + HOUR, ended) - hour) // timedelta(microseconds=1)) / 1_000_000
        total += (FIRST if price is None else price) * seconds / 3600
        hour += HOUR
    return total


@given(some.lists(some.tuples(MOMENTS, PRICES), max_size=12), MOMENTS, some.integers(0, 40 * 24 * 60))
def test_the_status_lines_sum_is_the_cost_sheets_to_the_digit(
    changes: list[tuple[datetime, Decimal]], begun: datetime, minutes: int
) -> None:
    instance = machine(launched_at=begun)
    histories = {KIND: SpotHistory(KIND, MONTH, NOW, {ZONE: PriceSeries.from_changes(changes)})}
    seen = fleet(replace(ran(0), started_at=begun), instance=instance, histories=histories)
    now = begun + minutes * MINUTE
    tally = AccountTracker()
    tally.update(seen, begun)
    assert tally.update(seen, now).spent == pytest.approx(account_cost(seen, now).month, abs=ALMOST)
    days = [begun, *(begun + DAY * day for day in range(1, minutes // 1440 + 1)), now]
    spent = [cost_between(instance, seen, one, other) for one, other in pairwise(days)]
    assert sum(part or 0 for part in spent) == pytest.approx(cost_between(instance, seen, begun, now), abs=ALMOST)


KNOWN = past((100, "3.60"))


@pytest.mark.parametrize(
    ("run", "histories", "is_said"),
    [
        (ran(10), {}, True),
        (ran(10), KNOWN, False),
        (ran(10), past((6, "3.60")), True),
        (ran(10), past((100, "3.60"), zone="us-east-2b"), True),
        (ran(10, is_spot=False), {}, False),
        (ran(10, 2), {}, True),
        (ran(800, 790), {}, False),  # last month
        (ran(800), past((600, "3.60")), False),  # since before this month it is known
        (ran(800), past((400, "3.60")), True),
        (ran(60), {KIND: replace(KNOWN[KIND], until=ago(20))}, False),
        (ran(60), {KIND: replace(KNOWN[KIND], until=ago(30))}, True),
        (ran(60, 32), {KIND: replace(KNOWN[KIND], until=ago(30))}, False),
        (ran(10, 10, seen_at=None, ended_before=ago(2)), {}, False),  # how long it ran is what is not known
    ],
)
def test_of_runs_whose_market_is_not_known_and_of_no_others_it_is_said(
    run: InstanceUsage, histories: SpotHistoryByType, is_said: bool
) -> None:
    said = [words for words in account_cost(fleet(run, histories=histories), NOW).missing if "spot prices" in words]
    assert [words.endswith("(train).") for words in said] == [True] * is_said
    if is_said:
        there = machine(launched_at=run.started_at, state=State.STOPPED if run.ended_at else State.RUNNING)
        [words] = unseen_usage_sentences(there, fleet(run, instance=there, histories=histories))
        assert "spot prices" in words


def spans(runs: Iterable[InstanceUsage], *, instance: Instance | None = None) -> dict[str, TimeSpan]:
    return spot_history_spans(fleet(*runs, instance=instance), NOW)


def test_prices_are_wanted_of_the_time_in_which_spot_machines_ran() -> None:
    assert spans([]) == spans([ran(10, is_spot=False)]) == {}
    assert spans([ran(50, 40), ran(30, 20)]) == {KIND: TimeSpan(ago(50), ago(20))}
    assert spans([ran(50, 40), ran(30)]) == {KIND: TimeSpan(ago(50))}
    assert spans([ran(50, 40), ran(30, 20, type="t3.micro")]) == {
        KIND: TimeSpan(ago(50), ago(40)),
        "t3.micro": TimeSpan(ago(30), ago(20)),
    }


def test_prices_are_not_wanted_of_what_is_in_no_sum_nor_of_what_ec2_has_forgotten() -> None:
    last_month = ran(700, 690)
    assert spans([last_month]) == {}
    assert spans([last_month], instance=machine()) == {
        KIND: TimeSpan(ago(700), ago(690))
    }  # what it cost so far is shown
    assert spans([ran(24 * 100, 24 * 95), ran(24 * 92)]) == {KIND: TimeSpan(NOW - 90 * DAY)}
