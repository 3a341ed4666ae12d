"""Prices by region, and when instances ran at what price."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fe2tui.model.fleet import Fleet, IdleAddress, InstanceUsage, Prices
from fe2tui.model.instance import State
from fe2tui.model.money.usage import usage_cost
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory
from fe2tui.store import Store
from tests.store.store_samples import NOON, PLACE, PRICES, fleet, machine

HOUR = timedelta(hours=1)
BEGUN = NOON - 3 * HOUR
ZERO = Decimal(0)
STOPPED_AT_1130 = "User initiated (2026-11-23 11:30:00 GMT)"
TERMINATED_AT_1240 = "User initiated (2026-11-23 12:40:00 GMT)"


def _run(**changes: object) -> InstanceUsage:
    run = InstanceUsage(machine().id, "machine-0", "m5.large", BEGUN, None, Decimal("0.096"), True, zone="us-east-2a")
    return replace(run, **changes)  # type: ignore[arg-type]


def test_prices_come_back_to_the_digit_and_spot_prices_are_of_their_moment(store: Store, path: Path) -> None:
    assert store.prices.get("us-east-2") is None
    listed = replace(
        PRICES,
        iops={"gp3": Decimal("0.005")},
        throughput={"gp3": Decimal("0.04")},
        snapshot=Decimal("0.05"),
        several=frozenset({"h1.2xlarge", "x1.32xlarge"}),
    )
    store.prices.save("us-east-2", listed)
    assert Store(path).prices.get("us-east-2") == replace(listed, spot={})
    store.prices.save("us-east-2", Prices(on_demand={"t3.nano": Decimal("0.0052")}))
    assert Store(path).prices.get("us-east-2") == Prices(on_demand={"t3.nano": Decimal("0.0052")})


def test_prices_of_the_first_version_stand_until_they_are_read_again(store: Store, path: Path) -> None:
    store.prices.save("us-east-2", PRICES)
    store.close()
    with sqlite3.connect(path) as spy:
        spy.execute("UPDATE prices SET body = ?", (json.dumps([{"m5.large": "0.096"}, {"gp3": "0.08"}]),))
    kept = Store(path).prices.get("us-east-2")
    assert kept == Prices({"m5.large": Decimal("0.096")}, {}, {"gp3": Decimal("0.08")}, read_at=None)


def test_a_run_keeps_the_price_of_its_first_sight(store: Store, path: Path) -> None:
    store.instance_usage.record(fleet(machine()))
    dearer = replace(PRICES, on_demand={"m5.large": Decimal("9")})
    store.instance_usage.record(fleet(machine(), at=NOON + HOUR, prices=dearer))
    Store(path).instance_usage.record(fleet(machine(public_ip=None), at=NOON + 2 * HOUR, prices=dearer))
    assert Store(path).instance_usage.get(PLACE) == {machine().id: (_run(),)} == store.instance_usage.get(PLACE)


def test_an_on_demand_price_that_changes_counts_from_when_it_was_read(store: Store, path: Path) -> None:
    instance = machine()
    store.instance_usage.record(fleet(instance))
    half = replace(PRICES, on_demand={"m5.large": Decimal("0.048")}, read_at=NOON + HOUR)
    elsewhere = Store(path)
    elsewhere.instance_usage.record(fleet(machine(), at=NOON + HOUR, prices=half))
    store.instance_usage.record(fleet(instance, at=NOON + 2 * HOUR))  # with the prices that it has read before
    store.instance_usage.record(fleet(instance, at=NOON + 3 * HOUR, prices=half))
    changed = _run(price_changes=((NOON + HOUR, Decimal("0.048")),))
    assert Store(path).instance_usage.get(PLACE) == {instance.id: (changed,)} == store.instance_usage.get(PLACE)
    cost = usage_cost(replace(changed, has_address=False), BEGUN, NOON + 3 * HOUR)
    assert cost == 4 * Decimal("0.096") + 2 * Decimal("0.048")


def test_a_price_not_known_at_first_sight_is_taken_as_soon_as_it_is(store: Store) -> None:
    instance = machine()
    store.instance_usage.record(fleet(instance, prices=Prices()))
    assert store.instance_usage.get(PLACE) == {instance.id: (_run(price_per_hour=None),)}
    store.instance_usage.record(fleet(instance, at=NOON + HOUR))
    assert store.instance_usage.get(PLACE) == {instance.id: (_run(),)}


def test_a_stop_ends_the_run_when_ec2_says_it_was(store: Store, path: Path) -> None:
    store.instance_usage.record(fleet(machine()))
    stopped = machine(state=State.STOPPED, transition_reason=STOPPED_AT_1130, public_ip=None)
    store.instance_usage.record(fleet(stopped, at=NOON + HOUR))
    assert Store(path).instance_usage.get(PLACE)[machine().id] == (_run(ended_at=NOON - HOUR / 2),)


def test_a_stop_with_an_elastic_address_is_a_rest_that_lasts_until_the_start(store: Store, path: Path) -> None:
    store.instance_usage.record(fleet(machine()))
    stopped = machine(state=State.STOPPED, transition_reason=STOPPED_AT_1130)
    for hours in (1, 2):
        store.instance_usage.record(fleet(stopped, at=NOON + hours * HOUR))
    ran, rested = Store(path).instance_usage.get(PLACE)[machine().id]
    assert ran == _run(ended_at=NOON - HOUR / 2)
    assert rested == _run(type="", started_at=NOON - HOUR / 2, price_per_hour=ZERO, zone="") and rested.is_address_only
    assert usage_cost(rested, BEGUN, NOON) == Decimal("0.0025")
    started = NOON + 5 * HOUR
    Store(path).instance_usage.record(fleet(machine(launched_at=started), at=started + HOUR))
    assert Store(path).instance_usage.get(PLACE)[machine().id][1:] == (
        replace(rested, ended_at=started),
        _run(started_at=started),
    )


@pytest.mark.parametrize(
    ("changes", "ended"),
    [
        ({"state": State.STOPPED, "transition_reason": STOPPED_AT_1130, "public_ip": None}, NOON + HOUR),
        ({"state": State.TERMINATED, "transition_reason": TERMINATED_AT_1240, "public_ip": None}, NOON + HOUR * 2 / 3),
    ],
)
def test_a_rest_ends_when_the_address_is_given_back_or_the_instance_ends(
    store: Store, changes: dict[str, Any], ended: datetime
) -> None:
    store.instance_usage.record(fleet(machine(state=State.STOPPED, transition_reason=STOPPED_AT_1130), at=NOON + HOUR))
    store.instance_usage.record(fleet(machine(**changes), at=NOON + 2 * HOUR))
    rested = store.instance_usage.get(PLACE)[machine().id][-1]
    assert rested.is_address_only and rested.ended_at == ended


def test_a_run_of_unknown_price_does_not_take_that_of_another_type(store: Store) -> None:
    store.instance_usage.record(fleet(machine(type="x9.huge")))
    retyped = machine(state=State.STOPPED, transition_reason=STOPPED_AT_1130, public_ip=None)
    store.instance_usage.record(fleet(retyped, at=NOON + HOUR))
    assert [run.price_per_hour for run in store.instance_usage.get(PLACE)[machine().id]] == [None]


def test_a_start_after_a_stop_is_a_second_run_also_when_the_stop_was_not_seen(store: Store, path: Path) -> None:
    store.instance_usage.record(fleet(machine()))
    again = machine(launched_at=NOON + 5 * HOUR)
    Store(path).instance_usage.record(fleet(again, at=NOON + 6 * HOUR))
    first, second = Store(path).instance_usage.get(PLACE)[machine().id]
    # it ran at least until it was last seen to
    assert first == _run(ended_at=NOON, ended_before=NOON + 5 * HOUR)
    assert second == _run(started_at=NOON + 5 * HOUR)


def test_runs_of_one_instance_that_overlap_are_not_counted_twice(store: Store, path: Path) -> None:
    """A demo cloud that is started again has instances of the same ids, launched as long before its start."""

    def first_seen(at: datetime) -> Fleet:
        reason = f"User initiated ({at - HOUR:%Y-%m-%d %H:%M:%S} GMT)"
        off = machine(state=State.STOPPED, transition_reason=reason, public_ip=None, launched_at=at - 3 * HOUR)
        return fleet(off, at=at)

    for later in (0, 1, 1.5):
        Store(path).instance_usage.record(first_seen(NOON + later * HOUR))
    runs = Store(path).instance_usage.get(PLACE)[machine().id]
    cost = sum((usage_cost(run, BEGUN, NOON + 2 * HOUR) or ZERO for run in runs), ZERO)
    assert cost == Decimal("3.5") * Decimal("0.096")


def test_one_that_vanished_ran_until_it_was_last_seen(store: Store, path: Path) -> None:
    store.instance_usage.record(fleet(machine(), machine(1)))
    Store(path).instance_usage.record(fleet(machine(1), at=NOON + 9 * HOUR))
    assert Store(path).instance_usage.get(PLACE)[machine().id] == (_run(ended_at=NOON, ended_before=NOON + 9 * HOUR),)


def test_one_first_seen_at_rest_has_the_run_that_ec2s_times_tell_of(store: Store) -> None:
    told = machine(state=State.STOPPED, transition_reason="User initiated (2026-11-23 11:00:00 GMT)", public_ip=None)
    untold = machine(1, state=State.STOPPED)
    store.instance_usage.record(fleet(told, untold))
    runs = store.instance_usage.get(PLACE)
    assert runs[told.id] == (_run(ended_at=NOON - HOUR, has_address=False),) and not runs[told.id][0].has_unknown_length
    (unknown,) = runs[untold.id]
    assert unknown.has_unknown_length and (unknown.started_at, unknown.ended_before) == (BEGUN, NOON)
    # nothing is known until it was seen at rest; since then it is known to have cost nothing
    assert usage_cost(unknown, BEGUN, NOON) is None and usage_cost(unknown, NOON, NOON + HOUR) == ZERO


def test_a_later_read_of_an_unseen_end_replaces_the_estimate(store: Store) -> None:
    spot = machine(lifecycle="spot")
    store.instance_usage.record(fleet(spot))
    stopped = machine(lifecycle="spot", state=State.STOPPED, transition_reason="Server.SpotInstanceShutdown")
    store.instance_usage.record(fleet(stopped, at=NOON + 10 * HOUR))
    (run,) = (run for run in store.instance_usage.get(PLACE)[spot.id] if not run.is_address_only)
    assert (run.ended_at, run.ended_before) == (NOON, NOON + 10 * HOUR)  # ten hours that AWS may not have billed
    store.instance_usage.record(fleet(stopped, at=NOON + 11 * HOUR), whole=False, ends={spot.id: NOON + HOUR})
    (run,) = (run for run in store.instance_usage.get(PLACE)[spot.id] if not run.is_address_only)
    assert (run.ended_at, run.ended_before) == (NOON + HOUR, None)


def test_an_end_between_two_looks_close_together_is_nothing_to_speak_of(store: Store) -> None:
    store.instance_usage.record(fleet(machine(lifecycle="spot", public_ip=None)))
    stopped = machine(lifecycle="spot", state=State.STOPPED, public_ip=None)
    store.instance_usage.record(fleet(stopped, at=NOON + HOUR / 60))
    (run,) = store.instance_usage.get(PLACE)[stopped.id]
    assert (run.ended_at, run.ended_before) == (NOON, None)


def test_a_sight_of_some_touches_no_others_and_is_known_to_other_processes(store: Store, path: Path) -> None:
    dashboard = Store(path)
    dashboard.instance_usage.record(fleet(machine(), machine(1)))
    stopped = machine(state=State.STOPPED, transition_reason="User initiated (2026-11-23 12:30:00 GMT)", public_ip=None)
    store.instance_usage.record(fleet(stopped, at=NOON + HOUR), whole=False)
    again = machine(launched_at=NOON + 2 * HOUR)
    store.instance_usage.record(fleet(again, at=NOON + 3 * HOUR), whole=False)
    gone = machine(
        launched_at=NOON + 4 * HOUR, state=State.STOPPED, transition_reason=TERMINATED_AT_1240, public_ip=None
    )
    # the dashboard did not look while it was stopped and started again
    dashboard.instance_usage.record(fleet(gone, machine(1), at=NOON + 5 * HOUR))
    first, second, third = dashboard.instance_usage.get(PLACE)[machine().id]
    assert (first.ended_at, first.ended_before) == (NOON + HOUR / 2, None)
    assert second.ended_at == NOON + 3 * HOUR and second.ended_before == NOON + 4 * HOUR
    assert third.started_at == NOON + 4 * HOUR
    (other,) = dashboard.instance_usage.get(PLACE)[machine(1).id]
    assert other.ended_at is None


def test_a_sight_of_some_is_looked_at_again_with_the_whole(store: Store) -> None:
    instance = machine()
    store.instance_usage.record(fleet(instance))
    stopped = machine(state=State.STOPPED, transition_reason=STOPPED_AT_1130, public_ip=None)
    store.instance_usage.record(fleet(stopped, at=NOON + HOUR), whole=False)
    store.instance_usage.record(
        fleet(instance, at=NOON + 2 * HOUR)
    )  # as EC2 may still tell it; the poller keeps what is the same
    assert store.instance_usage.get(PLACE)[instance.id][0].ended_at is None
    store.instance_usage.record(fleet(stopped, at=NOON + HOUR), whole=False)  # older than what was seen since
    assert store.instance_usage.get(PLACE)[instance.id][0].ended_at is None


def test_the_last_fleet_comes_with_its_runs(store: Store, path: Path) -> None:
    store.fleets.save(fleet(machine()))
    store.instance_usage.record(fleet(machine()))
    last = Store(path).fleets.last_fleet(PLACE)
    assert last is not None and last.instance_usage == {machine().id: (_run(),)}


def test_a_run_begun_at_launch_keeps_that_price_though_reads_come_later(store: Store, path: Path) -> None:
    cheap = _run(price_per_hour=Decimal("0.01"), has_address=False)
    assert cheap.price_per_hour is not None
    prices = replace(PRICES, on_demand={"m5.large": cheap.price_per_hour})
    older = replace(PRICES, read_at=BEGUN)
    store.instance_usage.record(fleet(machine(public_ip=None), at=BEGUN, prices=prices), whole=False)
    store.instance_usage.record(fleet(machine(1), at=NOON - HOUR, prices=older))  # a read from before it was there
    store.instance_usage.record(fleet(machine(), machine(1), prices=older))
    assert store.instance_usage.get(PLACE)[machine().id] == (_run(price_per_hour=Decimal("0.01")),)
    assert Store(path).instance_usage.get(PLACE)[machine().id] == (_run(price_per_hour=Decimal("0.01")),)


def test_a_run_of_a_spot_machine_is_written_down_with_its_zone(store: Store, path: Path) -> None:
    machines = [machine(0, lifecycle="spot"), machine(1), machine(2, lifecycle="spot", platform="Windows")]
    store.instance_usage.record(fleet(*machines))
    runs = Store(path).instance_usage.get(PLACE)
    assert [(run.zone, run.is_spot) for (run,) in runs.values()] == [
        ("us-east-2a", True),
        ("us-east-2a", False),
        ("us-east-2a", False),  # the market that is read is that of Linux
    ]
    assert runs == store.instance_usage.get(PLACE)


def test_a_run_that_aws_ended_stays_recorded_as_interrupted(store: Store, path: Path) -> None:
    store.instance_usage.record(fleet(machine(lifecycle="spot")))
    ended: Any = {"lifecycle": "spot", "state": State.STOPPED, "transition_reason": STOPPED_AT_1130}
    taken = machine(**ended, state_reason="Server.SpotInstanceShutdown: capacity")
    store.instance_usage.record(fleet(taken, at=NOON + HOUR))
    Store(path).instance_usage.record(
        fleet(machine(**ended, state_reason="Client.UserInitiatedShutdown: …"), at=NOON + 2 * HOUR)
    )
    assert [
        run.was_interrupted for run in Store(path).instance_usage.get(PLACE)[taken.id] if not run.is_address_only
    ] == [True]


def test_runs_that_an_earlier_version_wrote_down_get_what_is_known_of_their_machine(store: Store, path: Path) -> None:
    spot = machine(lifecycle="spot")
    store.instance_usage.record(fleet(spot))
    store.instance_usage.record(fleet(machine(lifecycle="spot", launched_at=NOON + HOUR), at=NOON + 2 * HOUR))
    before = store.instance_usage.get(PLACE)
    store.close()
    with sqlite3.connect(path) as spy:
        spy.execute("UPDATE runs SET zone = '', is_spot = 0")
    upgraded = Store(path)
    assert not any(run.is_spot for run in upgraded.instance_usage.get(PLACE)[spot.id])
    upgraded.instance_usage.record(fleet(machine(lifecycle="spot", launched_at=NOON + HOUR), at=NOON + 3 * HOUR))
    assert upgraded.instance_usage.get(PLACE) == before == Store(path).instance_usage.get(PLACE)


def test_the_last_fleet_comes_with_what_spot_prices_were_while_its_machines_ran(store: Store, path: Path) -> None:
    series = PriceSeries.from_changes([(BEGUN, Decimal("0.04"))])
    past = [SpotHistory(kind, BEGUN, NOON, {"us-east-2a": series}) for kind in ("m5.large", "t3.micro")]
    store.spot_history.add(PLACE, past)
    for lifecycle, found in (("on-demand", {}), ("spot", {"m5.large": past[0]})):
        seen = fleet(machine(lifecycle=lifecycle))
        store.instance_usage.record(seen)
        store.fleets.save(seen)
        last = Store(path).fleets.last_fleet(PLACE)
        assert last is not None and last.spot_history == found
        with sqlite3.connect(path) as spy:
            spy.execute("DELETE FROM runs")
        store = Store(path)


OTHER_PROFILE = replace(PLACE, profile="other")
ACCOUNT = "123456789012"


def test_profiles_of_one_account_share_their_usage_and_others_do_not(store: Store, path: Path) -> None:
    store.instance_usage.record(replace(fleet(machine()), account=ACCOUNT))
    store.volume_usage.record(replace(fleet(machine()), account=ACCOUNT))
    later = replace(fleet(machine(), at=NOON + HOUR), location=OTHER_PROFILE, account=ACCOUNT)
    store.instance_usage.record(later)
    store.volume_usage.record(later)
    for one in (store, Store(path)):
        assert (
            one.instance_usage.get(PLACE)
            == one.instance_usage.get(OTHER_PROFILE)
            == {machine().id: (_run(seen_at=NOON),)}
        )
        assert one.volume_usage.get(PLACE) == one.volume_usage.get(OTHER_PROFILE)
    stranger = replace(PLACE, profile="stranger")
    store.instance_usage.record(replace(fleet(), location=stranger, account="210987654321"))
    assert store.instance_usage.get(stranger) == {}
    assert store.instance_usage.get(PLACE)


def test_usage_that_was_recorded_by_profile_is_joined_once_without_counting_an_hour_twice(
    store: Store, path: Path
) -> None:
    for location in (PLACE, OTHER_PROFILE):
        store.instance_usage.record(replace(fleet(machine()), location=location))
        store.volume_usage.record(replace(fleet(machine()), location=location))
    assert store.instance_usage.get(PLACE) is not store.instance_usage.get(OTHER_PROFILE)
    for location in (PLACE, OTHER_PROFILE):
        store.fleets.save(replace(fleet(machine()), location=location, account=ACCOUNT))
    for one in (store, Store(path)):
        for table in (one.instance_usage, one.volume_usage):
            assert table.get(PLACE) == table.get(OTHER_PROFILE)
            assert {len(usages) for usages in table.get(PLACE).values()} <= {1}
        assert list(one.instance_usage.get(PLACE)) == [machine().id]


def test_a_profile_that_gets_keys_of_another_account_has_that_accounts_usage(store: Store) -> None:
    store.instance_usage.record(replace(fleet(machine()), account=ACCOUNT))
    store.instance_usage.record(replace(fleet(at=NOON + HOUR), account="210987654321"))
    assert store.instance_usage.get(PLACE) == {}
    store.instance_usage.record(replace(fleet(machine(), at=NOON + 2 * HOUR), account=ACCOUNT))
    assert [run.ended_at for run in store.instance_usage.get(PLACE)[machine().id]] == [None]


def test_a_fleet_whose_account_is_not_known_yet_keeps_the_one_that_was(store: Store) -> None:
    store.fleets.save(replace(fleet(machine()), account=ACCOUNT))
    store.fleets.save(fleet(machine(), at=NOON + HOUR))
    last = store.fleets.last_fleet(PLACE)
    assert last is not None and last.account == ACCOUNT


def test_an_elastic_ip_counts_from_when_it_was_seen_idle_until_it_is_not(store: Store, path: Path) -> None:
    idle = IdleAddress("eipalloc-1", "203.0.113.7", {"Name": "was for web"})

    def seen(hours: float, *addresses: IdleAddress, read: float | None = None) -> Fleet:
        read_at = None if read is None else NOON + read * HOUR
        return replace(fleet(at=NOON + hours * HOUR), idle_addresses=addresses, addresses_read_at=read_at)

    store.instance_usage.record(seen(0, idle))  # as an earlier run has stored it
    assert store.instance_usage.get(PLACE) == {}
    store.instance_usage.record(seen(1, idle, read=1))
    store.instance_usage.record(seen(2, idle, read=1))
    other = Store(path)
    other.instance_usage.record(seen(3))  # nothing was read yet
    other.instance_usage.record(seen(4, idle, read=4))
    begun = InstanceUsage(idle.id, "was for web", "", NOON + HOUR, None, ZERO, True)
    assert other.instance_usage.get(PLACE) == {idle.id: (begun,)}
    other.instance_usage.record(seen(5, read=5))
    ended = replace(begun, ended_at=NOON + 4 * HOUR)
    assert other.instance_usage.get(PLACE) == {idle.id: (ended,)}
    store.instance_usage.record(seen(6, idle, read=2))  # what this process has read before that
    assert store.instance_usage.get(PLACE) == {idle.id: (ended,)}
    store.instance_usage.record(seen(7, idle, read=7))
    assert [one.started_at for one in Store(path).instance_usage.get(PLACE)[idle.id]] == [NOON + HOUR, NOON + 7 * HOUR]
