"""What is shown, in which order, and the sums: the same whether computed anew or from what changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from fe2tui.model import money
from fe2tui.model.fleet import Fleet, Run, count_states
from fe2tui.model.instance import Instance, State
from fe2tui.model.query import SORTS, At, parse
from fe2tui.tui.arrangement import Arrangement
from fe2tui.tui.board import Superseded, arrange
from fe2tui.tui.tally import Tally
from tests.tui.fleets import NOW, PRICES, fleet, instance, many


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


@pytest.mark.parametrize("sort", list(SORTS))
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("text", ["", "state:running", "inst1", "age>10d"])
def test_what_changed_is_merged_to_the_same_rows_as_a_fresh_look(sort: str, descending: bool, text: str) -> None:
    random = Random(f"{sort}{descending}{text}")
    arrangement = Arrangement(parse(text), sort, descending)
    seen = many(60)
    sight = arrange(None, seen, arrangement, NOW)
    for _ in range(12):
        seen = changed(seen, random)
        sight = arrange(sight, seen, arrangement, NOW)
        fresh = arrange(None, seen, arrangement, NOW)
        assert sight.ids == fresh.ids
        assert sight.rows == fresh.rows


def test_what_is_gone_comes_last_however_it_is_sorted() -> None:
    seen = fleet([instance(1, "a", state=State.TERMINATED), instance(2, "b"), instance(3, "c")])
    for descending in (False, True):
        ids = arrange(None, seen, Arrangement(descending=descending), NOW).ids
        assert seen.instances[ids[-1]].name == "a"


def test_only_what_is_new_or_different_counts_as_changed() -> None:
    seen = many(20)
    sight = arrange(None, seen, Arrangement(), NOW)
    first = next(iter(seen.instances))
    other = replace(seen, instances={**seen.instances, first: replace(seen.instances[first], state=State.STOPPING)})
    assert arrange(sight, other, Arrangement(), NOW).changed == {first}
    assert arrange(sight, replace(seen, seen_at=NOW + timedelta(seconds=2)), Arrangement(), NOW).changed == frozenset()


def test_an_order_that_is_no_longer_wanted_is_given_up() -> None:
    with pytest.raises(Superseded):
        arrange(None, many(10), Arrangement(), NOW, lambda: True)


def test_five_thousand_rows_sort_as_python_sorts_them() -> None:
    seen = many(5_000)
    ids = arrange(None, seen, Arrangement(sort="address"), NOW).ids
    key = SORTS["address"].key
    assert ids == sorted(seen.instances, key=lambda i: (key(seen.instances[i], At(seen, NOW)), i))


def added_up(seen: Fleet, moment: datetime) -> tuple[Decimal, Decimal]:
    """Dollars an hour and this month, one instance after the other."""
    month = moment.replace(day=1, hour=0, minute=0)
    hours = [money.hourly_cost(one, seen).total or Decimal(0) for one in seen.instances.values()]
    months = [money.cost_between(one, seen, month, moment) or Decimal(0) for one in seen.instances.values()]
    return sum(hours, Decimal(0)), sum(months, Decimal(0))


def test_sums_kept_up_are_those_added_up_anew() -> None:
    random, tally, seen = Random(5), Tally(), many(50)
    for step in range(15):
        moment = NOW + timedelta(minutes=step)
        sums, states = tally.take(seen, moment), count_states(seen)
        per_hour, this_month = added_up(seen, moment)
        assert abs(sums.per_hour - per_hour) < 1e-9
        assert abs(sums.this_month(moment) - this_month) < 1e-3
        assert (sums.running, sums.moving, sums.stopped) == (states.running, states.moving, states.stopped)
        seen = changed(seen, random)


def test_the_month_goes_on_between_two_reads() -> None:
    seen = many(10)
    sums = Tally().take(seen, NOW)
    later = NOW + timedelta(hours=1)
    assert abs(sums.this_month(later) - added_up(seen, later)[1]) < 1e-3


def test_what_was_terminated_this_month_stays_in_its_sum() -> None:
    run = Run(
        "i-gone", "gone", "t3.micro", NOW - timedelta(hours=2), NOW - timedelta(hours=1), PRICES.on_demand["t3.micro"]
    )
    seen = replace(many(3), runs={"i-gone": (run,)})
    assert (
        Tally().take(seen, NOW).spent - Tally().take(replace(seen, runs={}), NOW).spent == PRICES.on_demand["t3.micro"]
    )


def test_without_prices_every_instance_counts_as_unknown() -> None:
    seen = replace(many(4), prices=type(PRICES)())
    assert Tally().take(seen, NOW).unknown == 4
