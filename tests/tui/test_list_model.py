"""The rows, their order and the sums: the same whether computed from scratch or from what changed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from fe2tui.model.fleet import Fleet, IdleAddress, InstanceUsage, VolumeUsage, diff
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_filter import INSTANCE_LANGUAGE, INSTANCE_SORTS, InstanceScope
from fe2tui.model.money.account import AccountCost, AccountTracker, account_cost
from fe2tui.model.money.alerts import Alert, AlertLimits, alert_of
from tests.tui.fleets import NOW, PRICES, fleet, instance, many
from tests.tui.list_host import instance_rows

HOUR = timedelta(hours=1)


def changed(before: Fleet, random: Random) -> Fleet:
    """Some came, some went, some are another state or have another name."""
    instances: dict[str, Instance] = dict(before.instances)
    for key in random.sample(sorted(instances), min(4, len(instances))):
        kind = random.randrange(3)
        if kind == 0:
            del instances[key]
        elif kind == 1:
            instances[key] = replace(instances[key], state=random.choice(list(State)))
        else:
            instances[key] = replace(instances[key], tags={"Name": f"other{random.randrange(99)}"})
    for _ in range(random.randrange(3)):
        fresh = instance(random.randrange(1000, 9000))
        instances[fresh.id] = fresh
    made = fleet(list(instances.values()))
    return replace(made, volumes={**before.volumes, **made.volumes})


@pytest.mark.parametrize("sort", list(INSTANCE_SORTS))
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("text", ["", "state:running", "inst1", "age>10d"])
def test_rows_are_the_same_whatever_was_shown_before(sort: str, descending: bool, text: str) -> None:
    random = Random(f"{sort}{descending}{text}")
    arrangement: dict[str, Any] = {"filter": INSTANCE_LANGUAGE.parse(text), "sort": sort, "descending": descending}
    seen = many(60)
    rows = instance_rows(seen, **arrangement)
    for _ in range(12):
        before, seen = seen, changed(seen, random)
        rows = instance_rows(seen, rows, **arrangement)
        assert rows.ids == instance_rows(seen, **arrangement).ids
        assert rows.row_numbers == {row_id: number for number, row_id in enumerate(rows.ids)}
        difference = diff(before, seen)
        assert rows.changed_ids == difference.added | difference.changed


def test_what_is_gone_comes_last_however_it_is_sorted() -> None:
    seen = fleet([instance(1, "a", state=State.TERMINATED), instance(2, "b"), instance(3, "c")])
    for descending in (False, True):
        ids = instance_rows(seen, descending=descending).ids
        assert seen.instances[ids[-1]].name == "a"


def test_all_money_is_in_sight_beside_the_other_panes_as_it_is_where_the_list_is_alone() -> None:
    seen = fleet([replace(instance(n), type="g4dn.xlarge") for n in range(3)])
    rows = instance_rows(seen)
    for width in (93, 113, 129):  # inside the frame at 150 columns side by side, and alone at 120 and 136
        assert {"hour", "so_far", "month"} <= {column.id for column in rows.layout(width).columns}
    assert {"state", "type", "address", "up", "hour"} <= {column.id for column in rows.layout(73).columns}


def test_only_what_is_new_or_different_counts_as_changed() -> None:
    seen = many(20)
    rows = instance_rows(seen)
    first = next(iter(seen.instances))
    other = replace(seen, instances={**seen.instances, first: replace(seen.instances[first], state=State.STOPPING)})
    assert instance_rows(other, rows).changed_ids == {first}
    assert instance_rows(replace(seen, seen_at=NOW + timedelta(seconds=2)), rows).changed_ids == frozenset()


def test_five_thousand_rows_sort_as_python_sorts_them() -> None:
    seen = many(5_000)
    ids = instance_rows(seen, sort="address").ids
    key = INSTANCE_SORTS["address"].key
    assert ids == sorted(seen.instances, key=lambda i: (key(seen.instances[i], InstanceScope(seen, NOW)), i))


def with_ledgers(seen: Fleet, random: Random, moment: datetime) -> Fleet:
    """Some machines ran before, some disks were smaller before, some are no more, and some addresses are idle."""
    runs, disks = dict(seen.instance_usage), dict(seen.volume_usage)
    for key in random.sample(sorted(seen.instances), 5):
        one, before = seen.instances[key], moment - timedelta(hours=random.randrange(1, 1_500))
        price = random.choice([None, Decimal("0.33"), Decimal("1.7")])
        ended = before + timedelta(seconds=random.choice([5, 3_600, 400_000]))
        runs[key] = (InstanceUsage(key, one.name, "m5.large", before, ended, price, random.random() < 0.5),)
    for key in random.sample(sorted(seen.volumes), 5):
        volume, begun = seen.volumes[key], moment - timedelta(hours=random.randrange(2, 1_500))
        owner = random.choice(["", *seen.instances])
        small = VolumeUsage(key, owner, 5, "gp3", begun, begun + timedelta(hours=1), Decimal("0.4"))
        disks[key] = (small, replace(small, started_at=begun + timedelta(hours=1), ended_at=None, size=volume.size))
    gone = f"i-gone{random.randrange(99)}"
    runs[gone] = (
        InstanceUsage(gone, "gone", "t3.micro", moment - HOUR, moment - timedelta(seconds=10), Decimal("0.5"), True),
    )
    disks[f"vol-{gone}"] = (VolumeUsage(f"vol-{gone}", gone, 9, "gp3", moment - HOUR, moment, Decimal(7)),)
    idle = tuple(IdleAddress(f"eipalloc-{n}", f"203.0.113.{n}") for n in range(random.randrange(3)))
    return replace(seen, instance_usage=runs, volume_usage=disks, idle_addresses=idle)


@pytest.mark.parametrize("seed", range(8))
def test_sums_that_are_kept_up_equal_sums_computed_from_scratch(seed: int) -> None:
    random, limits = Random(seed), AlertLimits(timedelta(hours=200), Decimal(40))
    tally, seen, moment = AccountTracker(limits), many(50), NOW
    for _ in range(12):
        moment += timedelta(seconds=random.choice([2, 60, 20_000]))
        seen = with_ledgers(changed(seen, random), random, moment)
        sums, states = tally.update(seen, moment), [one.state for one in seen.instances.values()]
        account = account_cost(seen, moment)
        assert abs(sums.per_hour - account.per_hour) < 1e-12
        assert abs(sums.spent - account.month) < 1e-12
        assert sums.this_month(moment) == sums.spent
        assert (sums.running, sums.stopped) == (states.count(State.RUNNING), states.count(State.STOPPED))
        assert sums.moving == sum(state.is_moving for state in states)
        marks = [alert_of(one, seen, moment, limits) for one in seen.instances.values()]
        assert (sums.long_running, sums.costly) == (marks.count(Alert.LONG), marks.count(Alert.COSTLY))


def test_sums_of_nothing_new_go_on_with_time_also_at_prices_of_the_past() -> None:
    seen = with_ledgers(many(30), Random(3), NOW)
    recorded = {
        key: (InstanceUsage(key, one.name, one.type, one.launched_at or NOW, None, Decimal("0.01")),)
        for key, one in seen.instances.items()
    }
    seen, tally = replace(seen, instance_usage={**seen.instance_usage, **recorded}), AccountTracker()
    first = tally.update(seen, NOW)
    for hours in (1, 30, 150):
        later = NOW + timedelta(hours=hours)
        sums, account = tally.update(replace(seen, seen_at=later), later), account_cost(seen, later)
        assert abs(sums.spent - account.month) < 1e-12 and sums.recomputed < 30
        assert abs(first.this_month(later) - account.month) < Decimal("0.01")


def test_a_run_of_seconds_goes_on_costing_until_its_minute_is_full() -> None:
    short = InstanceUsage("i-1", "", "t3.micro", NOW, NOW + timedelta(seconds=1), Decimal(360))
    seen, tally = replace(fleet([]), instance_usage={"i-1": (short,)}), AccountTracker()
    for seconds, spent in ((1, "0.1"), (30, "3"), (60, "6"), (4_000, "6")):
        assert tally.update(seen, NOW + timedelta(seconds=seconds)).spent == pytest.approx(Decimal(spent))


def test_a_new_month_begins_at_nothing() -> None:
    seen, tally = many(10), AccountTracker()
    tally.update(seen, NOW)
    first = NOW.replace(month=12, day=1, hour=0)
    assert tally.update(seen, first).spent == 0 == account_cost(seen, first).month


def test_what_was_terminated_this_month_stays_in_its_sum() -> None:
    price = PRICES.on_demand["t3.micro"]
    run = InstanceUsage("i-gone", "gone", "t3.micro", NOW - 2 * HOUR, NOW - HOUR, price)
    seen = replace(many(3), instance_usage={"i-gone": (run,)})
    spent, without = (AccountTracker().update(one, NOW).spent for one in (seen, replace(seen, instance_usage={})))
    assert spent - without == pytest.approx(price, abs=Decimal("1e-18"))  # the order of adding up is not fixed


def test_without_prices_every_machine_that_runs_counts_as_unknown() -> None:
    seen = replace(many(4), prices=type(PRICES)())
    sums = AccountTracker().update(seen, NOW)
    assert sums.unknown == sums.running == 3


def unpriced(account: AccountCost) -> int:
    """Of how many machines the sheet says that their price is not known."""
    said = (re.match(r"The price of ([\d,]+) machine", sentence) for sentence in account.missing)
    return sum(int(found[1].replace(",", "")) for found in said if found)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("priced", ["all", "machines", "none"])
def test_how_many_have_no_price_and_what_is_at_least_are_those_of_the_account(seed: int, priced: str) -> None:
    seen = with_ledgers(many(30), Random(seed), NOW)
    if priced != "all":
        seen = replace(
            seen, prices=replace(PRICES, on_demand={}, storage=PRICES.storage if priced == "machines" else {})
        )
    gone = [
        InstanceUsage("i-gone", "gone", "x9.large", NOW - 2 * HOUR, NOW - HOUR, None),
        InstanceUsage("i-unseen", "unseen", "x9.large", NOW - 2 * HOUR, NOW - 2 * HOUR, None, ended_before=NOW),
    ]
    stopped = next(one for one in seen.instances.values() if one.state is State.STOPPED)
    unseen = InstanceUsage(
        stopped.id, stopped.name, stopped.type, NOW - 2 * HOUR, NOW - 2 * HOUR, None, ended_before=NOW - HOUR
    )
    seen = replace(
        seen, instance_usage={**seen.instance_usage, **{run.instance_id: (run,) for run in gone}, stopped.id: (unseen,)}
    )
    sums, account = AccountTracker().update(seen, NOW), account_cost(seen, NOW)
    assert sums.unknown == unpriced(account) > 0
    counted = [row for row in account.rows if not row.at_most]
    assert sums.is_hour_partial is any(row.hour_parts.unknown for row in counted)
    assert sums.is_month_partial is any(row.month_parts.unknown for row in counted) is True


def test_sums_of_what_is_all_known_are_not_at_least() -> None:
    sums = AccountTracker().update(fleet([instance(1)]), NOW)
    assert not sums.is_hour_partial
    assert not sums.is_month_partial
