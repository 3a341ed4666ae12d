"""What things cost: exact to the cent of a cent, never guessed, and also while a machine is stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fe2tui.model.fleet import Fleet, InstanceUsage, Prices, VolumeUsage
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.location import Location
from fe2tui.model.money.rates import (
    ADDRESS_PER_HOUR,
    hourly_cost,
    instance_per_hour,
    monthly_cost,
    spot_saving,
    volume_per_month,
    volumes_per_month,
)
from fe2tui.model.money.usage import (
    cost_between,
    cost_since_start,
    cost_to_date,
    instance_usage_of,
    usage_cost,
    volume_usage_charge,
)
from fe2tui.model.volume import Volume

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZERO = Decimal(0)
PRICES = Prices(
    {"m5.large": Decimal("0.096")},
    {("m5.large", "us-east-2a"): Decimal("0.0384")},
    {"gp3": Decimal("0.08"), "st1": Decimal("0.045")},
)
DISK = Attachment("/dev/sda1", "vol-1", True)
VOLUMES = {
    "vol-1": Volume("vol-1", 73, "gp3", "us-east-2a", "in-use", created_at=NOW - 100 * HOUR),
    "vol-2": Volume("vol-2", 100, "st1", "us-east-2a", "in-use", created_at=NOW - 10 * HOUR),
    "vol-odd": Volume("vol-odd", 100, "io9", "us-east-2a", "in-use", created_at=NOW - HOUR),
}
PAST_DISK = Decimal("5.84") / 720  # 73 GiB × 0.08, for an hour of a November


def almost(amount: Decimal) -> Any:
    return pytest.approx(amount, abs=Decimal("1e-18"))


def _one(**changes: object) -> Instance:
    values: dict[str, object] = {
        "id": "i-1", "state": State.RUNNING, "type": "m5.large", "zone": "us-east-2a", "public_ip": "203.0.113.1",
        "launched_at": NOW - 10 * HOUR, "attachments": (DISK,),
    }  # fmt: skip
    return Instance(**{**values, **changes})  # type: ignore[arg-type]


def _fleet(instance: Instance, *runs: InstanceUsage, prices: Prices = PRICES) -> Fleet:
    return Fleet(Location("p", "r"), NOW, {instance.id: instance}, VOLUMES, prices, {instance.id: runs} if runs else {})


def _run(begin: float, end: float | None, price: str | None = "0.10", address: bool = False) -> InstanceUsage:
    """A run by hours before now."""
    ended = None if end is None else NOW - end * HOUR
    cost = None if price is None else Decimal(price)
    return InstanceUsage("i-1", "", "m5.large", NOW - begin * HOUR, ended, cost, address)


STOPPED_AT_7 = "User initiated (2026-11-23 07:00:00 GMT)"


@pytest.mark.parametrize(
    ("changes", "machine", "disk", "address"),
    [
        ({}, "0.096", "0.008", "0.005"),
        ({"state": State.PENDING}, "0.096", "0.008", "0.005"),
        ({"public_ip": None}, "0.096", "0.008", "0"),
        ({"lifecycle": "spot"}, "0.0384", "0.008", "0.005"),
        ({"lifecycle": "spot", "zone": "us-east-2b"}, None, "0.008", "0.005"),
        ({"type": "x9.huge"}, None, "0.008", "0.005"),
        ({"platform": "Windows"}, None, "0.008", "0.005"),
        ({"tenancy": "dedicated"}, None, "0.008", "0.005"),
        ({"state": State.STOPPED, "public_ip": None}, "0", "0.008", "0"),
        ({"state": State.STOPPED}, "0", "0.008", "0.005"),  # an Elastic IP
        ({"state": State.STOPPED, "type": "x9.huge", "public_ip": None}, "0", "0.008", "0"),
        ({"state": State.STOPPING}, "0", "0.008", "0"),
        ({"state": State.SHUTTING_DOWN}, "0", "0.008", "0"),
        ({"state": State.TERMINATED, "attachments": ()}, "0", "0", "0"),
        ({"attachments": (Attachment("/dev/sdf", "vol-unread", False),)}, "0.096", None, "0.005"),
        ({"attachments": (Attachment("/dev/sdf", "vol-odd", False),)}, "0.096", None, "0.005"),
        ({"attachments": ()}, "0.096", "0", "0.005"),
    ],
)
def test_an_hour_costs_machine_disk_and_address_each_known_or_not(
    changes: dict[str, object], machine: str | None, disk: str | None, address: str
) -> None:
    instance = _one(**changes)
    cost = hourly_cost(instance, _fleet(instance))
    assert cost.instance == (None if machine is None else Decimal(machine))
    assert cost.volumes == (None if disk is None else Decimal(disk))
    assert cost.address == Decimal(address)
    known = None if machine is None or disk is None else Decimal(machine) + Decimal(disk) + Decimal(address)
    assert cost.total == known
    assert monthly_cost(instance, _fleet(instance)) == (None if known is None else known * 730)


def test_a_month_of_disks_is_the_sum_of_their_sizes_times_their_types_price() -> None:
    assert volumes_per_month([VOLUMES["vol-1"], VOLUMES["vol-2"]], PRICES) == Decimal("5.84") + Decimal("4.50")
    assert volumes_per_month([], PRICES) == ZERO
    assert volumes_per_month([VOLUMES["vol-1"], VOLUMES["vol-odd"]], PRICES) is None


DISK_PRICES = Prices(
    storage={
        "gp3": Decimal("0.08"), "gp2": Decimal("0.10"), "io1": Decimal("0.125"), "io2": Decimal("0.125"),
        "st1": Decimal("0.045"), "standard": Decimal("0.05"),
    },
    iops={"gp3": Decimal("0.005"), "io1": Decimal("0.065"), "io2": Decimal("0.065"), "io2.tier2": Decimal("0.0455"),
          "io2.tier3": Decimal("0.03185")},
    throughput={"gp3": Decimal("0.04")},
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "size", "iops", "throughput", "month"),
    [
        ("gp3", 100, 3_000, 125, "8.00"),
        ("gp3", 100, None, None, "8.00"),
        ("gp3", 100, 5_000, 125, "18.00"),  # 2,000 × 0.005
        ("gp3", 100, 3_000, 250, "13.00"),  # 125 × 0.04
        ("gp3", 500, 16_000, 1_000, "140.00"),  # 40 + 13,000 × 0.005 + 875 × 0.04
        ("gp2", 100, 300, None, "10.00"),  # its IOPS come with its GiB
        ("io1", 100, 1_000, None, "77.50"),  # 12.50 + 1,000 × 0.065
        ("io2", 100, 32_000, None, "2092.50"),
        ("io2", 100, 32_001, None, "2092.5455"),  # another price begins there
        ("io2", 1000, 100_000, None, "4807.6"),  # 125 + 32,000 × 0.065 + 32,000 × 0.0455 + 36,000 × 0.03185
        ("io1", 100, None, None, None),
        ("st1", 500, None, 20, "22.50"),
        ("standard", 8, None, None, "0.40"),
        ("new1", 8, None, None, None),
    ],
)
def test_a_disk_costs_its_gib_and_the_iops_and_throughput_that_it_was_given(
    kind: str, size: int, iops: int | None, throughput: int | None, month: str | None
) -> None:
    volume = Volume("vol", size, kind, "us-east-2a", "in-use", iops=iops, throughput=throughput)
    assert volume_per_month(volume, DISK_PRICES) == (None if month is None else Decimal(month))


def test_iops_that_are_paid_for_without_a_known_price_are_not_guessed() -> None:
    bare = Prices(storage=DISK_PRICES.storage)
    fast = Volume("vol", 100, "gp3", "us-east-2a", "in-use", iops=5_000)
    assert volume_per_month(fast, bare) is None
    assert volume_per_month(replace(fast, iops=3_000), bare) == Decimal("8.00")


def test_so_far_in_this_run_begins_with_its_start_and_has_the_disk_in_it() -> None:
    instance, earlier = _one(), _run(50, 40, "0.05")
    fleet = _fleet(instance, earlier)
    assert cost_since_start(instance, fleet, NOW) == almost(10 * (Decimal("0.096") + ADDRESS_PER_HOUR + PAST_DISK))
    assert cost_since_start(replace(instance, launched_at=None), fleet, NOW) is None


def test_a_disk_that_was_an_instances_own_stays_in_what_it_cost() -> None:
    instance = _one(state=State.TERMINATED, attachments=(), public_ip=None, transition_reason=STOPPED_AT_7)
    lost = VolumeUsage("vol-9", "i-1", 73, "gp3", NOW - 10 * HOUR, NOW - 5 * HOUR, Decimal("5.84"))
    other = replace(lost, volume_id="vol-8", instance_id="i-2")
    fleet = replace(_fleet(instance), volume_usage={"vol-9": (lost,), "vol-8": (other,)})
    assert cost_to_date(instance, fleet, NOW) == almost(5 * (Decimal("0.096") + PAST_DISK))


@pytest.mark.parametrize(
    ("run", "since", "until", "dollars"),
    [
        (_run(10, None), 20, 0, "1.00"),
        (_run(10, None, address=True), 20, 0, "1.05"),
        (_run(10, 4), 20, 0, "0.60"),
        (_run(10, 4), 8, 6, "0.20"),
        (_run(10, 4), 3, 0, "0"),
        (_run(10, 4), 20, 12, "0"),
        (_run(10, 10 - 1 / 3600, "3.60"), 20, 0, "0.06"),  # a second is paid as a minute
        (_run(10, 4, None), 3, 0, "0"),
        (_run(10, 4, None), 9, 0, None),
    ],
)
def test_a_part_of_a_run_costs_its_seconds_and_a_start_a_minute(
    run: InstanceUsage, since: float, until: float, dollars: str | None
) -> None:
    cost = usage_cost(run, NOW - since * HOUR, NOW - until * HOUR)
    assert cost == (None if dollars is None else pytest.approx(Decimal(dollars), abs=Decimal("1e-18")))


moments = some.integers(0, 10_000_000).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(some.tuples(moments, moments, moments).map(sorted), moments, some.none() | moments)
def test_the_parts_of_a_run_add_up_and_none_is_negative(
    cuts: list[datetime], started: datetime, ended: datetime | None
) -> None:
    run = InstanceUsage("i-1", "", "t", started, None if ended is None else max(started, ended), Decimal("0.36"), True)
    first, second, whole = (usage_cost(run, cuts[a], cuts[b]) for a, b in ((0, 1), (1, 2), (0, 2)))
    assert first is not None and second is not None and whole is not None
    if run.ended_at is not None:
        assert abs(first + second - whole) < Decimal("1e-15")
    assert 0 <= first <= whole + Decimal("1e-15")


def test_what_was_recorded_while_it_ran_counts_before_todays_price() -> None:
    instance = _one()
    assert instance_usage_of(instance, _fleet(instance)) == (
        InstanceUsage("i-1", "", "m5.large", NOW - 10 * HOUR, None, Decimal("0.096"), True, zone="us-east-2a"),
    )
    recorded = _run(10, None, "0.05")
    assert instance_usage_of(instance, _fleet(instance, recorded)) == (recorded,)
    assert instance_usage_of(instance, _fleet(instance, _run(10, None, None)))[0].price_per_hour == Decimal("0.096")
    other_type = replace(_run(10, None, None), type="p3.8xlarge")
    assert instance_usage_of(instance, _fleet(instance, other_type))[0].price_per_hour is None


def test_earlier_runs_count_and_come_first() -> None:
    instance = _one()
    earlier = _run(50, 40, "0.05")
    assert [run.started_at for run in instance_usage_of(instance, _fleet(instance, earlier))] == [
        NOW - 50 * HOUR,
        NOW - 10 * HOUR,
    ]
    cost = cost_to_date(instance, _fleet(instance, earlier), NOW)
    assert cost == almost(Decimal("0.50") + 10 * (Decimal("0.096") + ADDRESS_PER_HOUR) + 100 * PAST_DISK)


def test_a_stopped_machines_run_ended_when_ec2_says_and_its_disk_goes_on() -> None:
    instance = _one(state=State.STOPPED, public_ip=None, transition_reason=STOPPED_AT_7)
    assert cost_to_date(instance, _fleet(instance), NOW) == almost(5 * Decimal("0.096") + 100 * PAST_DISK)
    assert cost_between(instance, _fleet(instance), NOW - 2 * HOUR, NOW) == almost(2 * PAST_DISK)


def test_an_elastic_address_goes_on_costing_while_it_is_stopped() -> None:
    instance = _one(state=State.STOPPED, transition_reason=STOPPED_AT_7)
    assert cost_between(instance, _fleet(instance), NOW - 2 * HOUR, NOW) == almost(2 * PAST_DISK + 2 * ADDRESS_PER_HOUR)


def test_how_long_a_stopped_machine_of_unknown_times_ran_is_not_known_and_its_disk_is() -> None:
    instance = _one(state=State.STOPPED, public_ip=None)
    [run] = instance_usage_of(instance, _fleet(instance))
    assert run.has_unknown_length and cost_to_date(instance, _fleet(instance), NOW) is None
    before = instance.launched_at
    assert before is not None
    assert cost_between(instance, _fleet(instance), before - 2 * HOUR, before) == almost(2 * PAST_DISK)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "x9.huge"},
        {"attachments": (Attachment("/dev/sdf", "vol-unread", False),)},
        {"attachments": (Attachment("/dev/sdf", "vol-odd", False),)},
    ],
)
def test_a_sum_with_an_unknown_part_is_unknown(changes: dict[str, object]) -> None:
    instance = _one(**changes)
    assert cost_to_date(instance, _fleet(instance), NOW) is None


def test_a_disk_of_unknown_age_makes_the_sum_unknown() -> None:
    instance = _one()
    fleet = replace(_fleet(instance), volumes={"vol-1": replace(VOLUMES["vol-1"], created_at=None)})
    assert cost_to_date(instance, fleet, NOW) is None
    attached = _one(attachments=(DISK._replace(attached_at=NOW - HOUR),), launched_at=NOW - HOUR)
    assert cost_to_date(attached, fleet, NOW) == almost(Decimal("0.096") + ADDRESS_PER_HOUR + PAST_DISK)


def test_a_disk_made_within_the_time_counts_from_then() -> None:
    volume = Attachment("/dev/sdf", "vol-2", False)
    instance = _one(launched_at=None, state=State.STOPPED, public_ip=None, attachments=(volume,))
    assert cost_between(instance, _fleet(instance), NOW - 100 * HOUR, NOW) == pytest.approx(
        Decimal("4.50") * 10 / 720, abs=Decimal("1e-18")
    )


@pytest.mark.parametrize(("year", "month"), [(2026, 1), (2027, 2), (2028, 2), (2026, 11), (2026, 12)])
def test_a_disk_costs_its_months_price_in_each_calendar_month(year: int, month: int) -> None:
    """As AWS bills a GB-month; half of a February is half of it."""
    begins = datetime(year, month, 1, tzinfo=UTC)
    ends = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    flow = volume_usage_charge(VolumeUsage("vol-1", "i-1", 100, "gp3", begins - 90 * 24 * HOUR, None, Decimal("8.00")))
    assert flow.cost_between(begins, ends) == almost(Decimal("8.00"))
    middle = begins + (ends - begins) / 2
    assert flow.cost_between(begins, middle) == almost(Decimal("4.00"))
    assert flow.cost_between(middle, ends + HOUR) == almost(Decimal("4.00") + (flow.rate_per_hour(ends) or 0))


def test_a_terminated_one_has_cost_what_its_runs_did() -> None:
    instance = _one(state=State.TERMINATED, attachments=(), public_ip=None, transition_reason=STOPPED_AT_7)
    assert cost_to_date(instance, _fleet(instance), NOW) == 5 * Decimal("0.096")


def test_spot_saves_the_share_that_it_does_and_only_spot() -> None:
    assert spot_saving(_one(lifecycle="spot"), PRICES) == Decimal("0.6")
    assert spot_saving(_one(), PRICES) is None
    assert spot_saving(_one(lifecycle="spot", zone="us-east-2c"), PRICES) is None
    assert spot_saving(_one(lifecycle="spot"), replace(PRICES, on_demand={})) is None
    assert instance_per_hour(_one(lifecycle="spot"), PRICES) == Decimal("0.0384")


@given(some.sampled_from(State), some.booleans(), some.booleans(), some.sampled_from(["m5.large", "x9.huge"]))
def test_money_is_never_negative_and_never_a_float(state: State, spot: bool, address: bool, kind: str) -> None:
    instance = _one(
        state=state, type=kind, lifecycle="spot" if spot else "on-demand", public_ip="203.0.113.1" if address else None
    )
    fleet = _fleet(instance)
    for cost in (hourly_cost(instance, fleet).total, monthly_cost(instance, fleet), cost_to_date(instance, fleet, NOW)):
        assert cost is None or (isinstance(cost, Decimal) and cost >= 0)
