"""One month of a spot machine computed by hand, against the program's figure.

Each hour of a run, counted from its start, costs what the market asked when it began. In November 2026:

    the market in us-east-2a: 1.00 since October, 1.20 from 4 Nov 10:30, 0.90 from 9 Nov 00:00

    launched            3 Nov 00:20
    dearer from         4 Nov 11:20, the next hour of the run on     35   h × 1.00 =  35.00
    interrupted         6 Nov 06:50                                  43.5 h × 1.20 =  52.20
    started again       8 Nov 12:00
    cheaper from        9 Nov 00:00, when an hour of it began        12   h × 1.20 =  14.40
    terminated         10 Nov 12:00                                  36   h × 0.90 =  32.40
                                                                          together   134.00
    at the prices of first sight alone: 78.5 h × 1.00 + 48 h × 1.20              =   136.10
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.instance import Instance, State
from fe2tui.model.location import Location
from fe2tui.model.money.account import AccountTracker, account_cost
from fe2tui.model.money.spot_usage import spot_history_spans
from fe2tui.model.money.usage import cost_between
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory
from fe2tui.store import Store

PLACE = Location("default", "us-east-2")
KIND, ZONE = "p3.2xlarge", "us-east-2a"
TOGETHER, FIRST_SIGHT = Decimal("134.00"), Decimal("136.10")
CENT = Decimal("0.01")


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day - 1, hours=hour, minutes=minute)


RUNS = ((at(3, 0, 20), at(6, 6, 50)), (at(8, 12), at(10, 12)))
LONG_AGO = at(-10)
MARKET = ((LONG_AGO, Decimal("1.00")), (at(4, 10, 30), Decimal("1.20")), (at(9), Decimal("0.90")))
FORGOTTEN = at(10, 14)


def seen(now: datetime) -> Fleet:
    """What EC2 shows at a moment."""
    price = next(price for moment, price in reversed(MARKET) if moment <= now)
    prices = Prices({KIND: Decimal("3.06")}, {(KIND, ZONE): price}, read_at=now)
    if now < RUNS[0][0] or now >= FORGOTTEN:
        return Fleet(PLACE, now, prices=prices)
    started, ended = next(run for run in reversed(RUNS) if run[0] <= now)
    state = State.RUNNING if now < ended else State.TERMINATED if ended == RUNS[-1][1] else State.STOPPED
    told = "" if now < ended else f"({ended:%Y-%m-%d %H:%M:%S} GMT)"
    instance = Instance("i-1", state, KIND, ZONE, launched_at=started, lifecycle="spot", transition_reason=told)
    return Fleet(PLACE, now, {"i-1": instance}, prices=prices)


def told(until: datetime, since: datetime = LONG_AGO) -> SpotHistory:
    """What EC2 tells of the market at a moment."""
    series = PriceSeries.from_changes((moment, price) for moment, price in MARKET if moment <= until)
    return SpotHistory(KIND, since, until, {ZONE: series if since <= LONG_AGO else series.since(since)})


def looked(store: Store, now: datetime) -> Fleet:
    """A look at the region: what is new goes into the book, and what is missing of the market onto its shelf."""
    fleet = seen(now)
    store.instance_usage.record(fleet)
    fleet = replace(fleet, instance_usage=store.instance_usage.get(PLACE))
    spans = spot_history_spans(fleet, now)
    kept = store.spot_history.get(PLACE, spans).get(KIND)
    if spans and (kept is None or now - kept.until >= timedelta(hours=6)):  # seldom enough to be behind
        store.spot_history.add(PLACE, [told(now)])
    return replace(fleet, spot_history=store.spot_history.get(PLACE, spans))


def test_a_spot_machine_costs_what_was_computed_by_hand_however_often_it_is_looked_at(store: Store, path: Path) -> None:
    tally, other, now = AccountTracker(), Store(path), at(2)
    while now < at(12):
        fleet = looked(store if now.hour % 5 else other, now)
        sums, account = tally.update(fleet, now), account_cost(fleet, now)
        assert sums.spent == pytest.approx(account.month, abs=Decimal("1e-18"))
        assert sums.per_hour == account.per_hour
        assert not [words for words in account.missing if "spot prices" in words]
        now += timedelta(minutes=40)
    assert account.month == TOGETHER and account.per_hour == 0


def test_its_days_add_up_to_its_month(store: Store) -> None:
    for hours in range(0, 9 * 24, 3):
        fleet = looked(store, at(2, hours))
    instance, fleet = seen(at(10, 13)).instances["i-1"], looked(store, at(10, 13))
    days = [cost_between(instance, fleet, at(day), at(day + 1)) for day in range(1, 31)]
    assert sum((day or Decimal(0) for day in days), Decimal(0)) == TOGETHER
    assert (days[0], days[6], days[12]) == (0, 0, 0)
    assert days[3] == Decimal("11") + Decimal(1) / 3 + Decimal("1.20") * (Decimal(38) / 3)  # 11 h 20 min, 12 h 40 min


def test_where_the_market_is_not_known_the_first_sight_counts_and_it_is_said(store: Store) -> None:
    for hours in range(0, 10 * 24, 3):
        store.instance_usage.record(seen(at(2, hours)))
        store.instance_usage.record(seen(at(2, hours) + timedelta(minutes=50)))
    without = replace(seen(at(11)), instance_usage=store.instance_usage.get(PLACE))
    account = account_cost(without, at(11))
    assert account.month.quantize(CENT) == FIRST_SIGHT
    assert [words for words in account.missing if "spot prices" in words and "(i-1)" in words]
    # known since the first hour of the run is over: its price at first sight is that of the market
    partly = replace(without, spot_history={KIND: told(at(11), since=at(3, 1))})
    assert account_cost(partly, at(11)).month.quantize(CENT) == TOGETHER


def test_one_that_is_gone_meanwhile_keeps_its_market_in_the_store(store: Store, path: Path) -> None:
    for hours in range(0, 10 * 24, 3):
        store.fleets.save(looked(store, at(2, hours)))
    last = Store(path).fleets.last_fleet(PLACE)
    assert last is not None and not last.instances
    account = account_cost(last, at(20))
    assert account.month == TOGETHER and not [words for words in account.missing if "spot prices" in words]
    assert account_cost(last, at(31)).month == 0
