"""Prices by region, and when instances ran at what price."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from fe2tui.model.fleet import Prices, Run
from fe2tui.model.instance import State
from fe2tui.store import Store
from tests.store.store_samples import NOON, PLACE, PRICES, fleet, machine

HOUR = timedelta(hours=1)
BEGUN = NOON - 3 * HOUR


def _run(**changes: object) -> Run:
    run = Run(machine().id, "machine-0", "m5.large", BEGUN, None, Decimal("0.096"), True)
    return replace(run, **changes)  # type: ignore[arg-type]


def test_prices_come_back_to_the_digit_and_spot_prices_are_of_their_moment(store: Store, path: Path) -> None:
    assert store.prices.get("us-east-2") is None
    store.prices.save("us-east-2", PRICES)
    assert Store(path).prices.get("us-east-2") == replace(PRICES, spot={})
    store.prices.save("us-east-2", Prices(on_demand={"t3.nano": Decimal("0.0052")}))
    assert Store(path).prices.get("us-east-2") == Prices(on_demand={"t3.nano": Decimal("0.0052")})


def test_a_run_keeps_the_price_of_its_first_sight(store: Store, path: Path) -> None:
    store.runs.see(fleet(machine()))
    dearer = replace(PRICES, on_demand={"m5.large": Decimal("9")})
    store.runs.see(fleet(machine(), at=NOON + HOUR, prices=dearer))
    Store(path).runs.see(fleet(machine(public_ip=None), at=NOON + 2 * HOUR, prices=dearer))
    assert Store(path).runs.of(PLACE) == {machine().id: (_run(),)} == store.runs.of(PLACE)


def test_a_price_not_known_at_first_sight_is_taken_as_soon_as_it_is(store: Store) -> None:
    instance = machine()
    store.runs.see(fleet(instance, prices=Prices()))
    assert store.runs.of(PLACE) == {instance.id: (_run(price_per_hour=None),)}
    store.runs.see(fleet(instance, at=NOON + HOUR))
    assert store.runs.of(PLACE) == {instance.id: (_run(),)}


def test_a_stop_ends_the_run_when_ec2_says_it_was(store: Store, path: Path) -> None:
    store.runs.see(fleet(machine()))
    stopped = machine(state=State.STOPPED, transition_reason="User initiated (2026-11-23 11:30:00 GMT)")
    store.runs.see(fleet(stopped, at=NOON + HOUR))
    assert Store(path).runs.of(PLACE)[machine().id] == (_run(ended_at=NOON - HOUR / 2),)


def test_a_start_after_a_stop_is_a_second_run_also_when_the_stop_was_not_seen(store: Store, path: Path) -> None:
    store.runs.see(fleet(machine()))
    again = machine(launched_at=NOON + 5 * HOUR)
    Store(path).runs.see(fleet(again, at=NOON + 6 * HOUR))
    first, second = Store(path).runs.of(PLACE)[machine().id]
    assert first == _run(ended_at=NOON)  # it ran at least until it was last seen to
    assert second == _run(started_at=NOON + 5 * HOUR)


def test_one_that_vanished_ran_until_it_was_last_seen(store: Store, path: Path) -> None:
    store.runs.see(fleet(machine(), machine(1)))
    Store(path).runs.see(fleet(machine(1), at=NOON + 9 * HOUR))
    assert Store(path).runs.of(PLACE)[machine().id] == (_run(ended_at=NOON),)


def test_one_first_seen_at_rest_has_the_run_that_ec2s_times_tell_of(store: Store) -> None:
    told = machine(state=State.STOPPED, transition_reason="User initiated (2026-11-23 11:00:00 GMT)", public_ip=None)
    untold = machine(1, state=State.STOPPED)
    store.runs.see(fleet(told, untold))
    assert store.runs.of(PLACE) == {told.id: (_run(ended_at=NOON - HOUR, has_address=False),)}


def test_the_last_fleet_comes_with_its_runs(store: Store, path: Path) -> None:
    store.fleets.save(fleet(machine()))
    store.runs.see(fleet(machine()))
    last = Store(path).fleets.last(PLACE)
    assert last is not None and last.runs == {machine().id: (_run(),)}


def test_a_run_begun_at_launch_keeps_that_price_though_reads_come_later(store: Store, path: Path) -> None:
    cheap = _run(price_per_hour=Decimal("0.01"), has_address=False)
    store.runs.begin(PLACE, cheap)
    store.runs.begin(PLACE, _run(price_per_hour=Decimal("7")))
    store.runs.see(fleet(machine(1), at=NOON - HOUR))  # a read from before it was there
    store.runs.see(fleet(machine(), machine(1)))
    assert store.runs.of(PLACE)[machine().id] == (_run(price_per_hour=Decimal("0.01")),)
    assert Store(path).runs.of(PLACE)[machine().id] == (_run(price_per_hour=Decimal("0.01")),)
