"""What an account costs: every row, every sum, and in words what is not in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fe2tui.model.calendar import day_start, month_start
from fe2tui.model.cost_filter import COST_LANGUAGE
from fe2tui.model.fleet import Fleet, IdleAddress, InstanceUsage, Prices, Problem, VolumeUsage
from fe2tui.model.image import Image
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.location import Location
from fe2tui.model.money.account import CostRow, account_cost
from fe2tui.model.money.unknown import unseen_usage_sentences
from fe2tui.model.money.usage import cost_between
from fe2tui.model.volume import Snapshot, Volume

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MONTH, DAY = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
ALMOST = Decimal("1e-18")
DISK = Decimal("5.84") / 720  # an hour of 73 GiB gp3 in November
PRICES = Prices(
    {"m5.large": Decimal("0.096")},
    {("m5.large", "us-east-2a"): Decimal("0.0384")},
    {"gp3": Decimal("0.08")},
    NOW,
    snapshot=Decimal("0.05"),
)

UNKNOWN_MARKET = (
    "Not all spot prices of these runs are known: for the rest, the first price that fe2tui saw counts, or the last"
    " known one (inst1)."
)


def machine(number: int = 1, **changes: object) -> Instance:
    """On for 10 hours, with one disk of 73 GiB and an address."""
    values: dict[str, object] = {
        "id": f"i-{number}", "state": State.RUNNING, "type": "m5.large", "zone": "us-east-2a",
        "launched_at": NOW - 10 * HOUR, "public_ip": "203.0.113.1", "tags": {"Name": f"inst{number}"},
        "attachments": (Attachment("/dev/sda1", f"vol-{number}", True, NOW - 10 * HOUR),),
    }  # fmt: skip
    return Instance(**{**values, **changes})  # type: ignore[arg-type]


def disk(key: str, hours: float = 10, size: int = 73, **changes: object) -> Volume:
    return replace(Volume(key, size, "gp3", "us-east-2a", "in-use", NOW - hours * HOUR), **changes)  # type: ignore[arg-type]


def fleet(*instances: Instance, volumes: tuple[Volume, ...] | None = None, **more: object) -> Fleet:
    disks = tuple(disk(it.volume_id) for one in instances for it in one.attachments) if volumes is None else volumes
    values: dict[str, object] = {"prices": PRICES, **more}
    return Fleet(
        Location("p", "us-east-2"),
        NOW,
        {one.id: one for one in instances},
        {one.id: one for one in disks},
        **values,  # type: ignore[arg-type]
    )


def rows(seen: Fleet) -> dict[str, CostRow]:
    return {row.id: row for row in account_cost(seen, NOW).rows}


def test_a_row_has_what_its_instance_costs_by_part_now_today_and_this_month() -> None:
    row = rows(fleet(machine(launched_at=NOW - 20 * HOUR), volumes=(disk("vol-1", 20),)))["i-1"]
    assert (row.kind, row.label, row.what) == ("instance", "inst1", "m5.large running")
    # 0.096 + 73 × 0.08 ÷ 730 + 0.005, for an hour; 12 of them since midnight, 20 since the launch, in a month of 720
    for parts, hours in ((row.hour_parts, 1), (row.today_parts, 12), (row.month_parts, 20)):
        assert parts.machine == pytest.approx(Decimal("0.096") * hours, abs=ALMOST)
        assert parts.disk == pytest.approx(Decimal("0.008") if hours == 1 else DISK * hours, abs=ALMOST)
        assert parts.address == pytest.approx(Decimal("0.005") * hours, abs=ALMOST)
    assert row.per_hour == Decimal("0.109") and row.per_month == Decimal("79.57")
    assert row.today == pytest.approx(12 * (Decimal("0.101") + DISK), abs=ALMOST)


def test_the_sums_are_those_of_the_rows_and_a_month_has_730_hours() -> None:
    spot = machine(2, lifecycle="spot", public_ip=None)
    stopped = machine(3, state=State.STOPPED, public_ip=None, transition_reason="User (2026-11-23 04:00:00 GMT)")
    account = account_cost(fleet(machine(), spot, stopped), NOW)
    assert account.per_hour == Decimal("0.109") + Decimal("0.0464") + Decimal("0.008")
    assert account.per_month == account.per_hour * 730
    assert account.month == sum(row.month or 0 for row in account.rows) == account.today
    assert [row.label for row in account.rows] == ["inst1", "inst2", "inst3"]  # what cost most first


def test_days_and_months_are_those_of_utc() -> None:
    berlin = datetime.fromisoformat("2026-12-01T00:30:00+01:00")
    assert (day_start(berlin), month_start(berlin)) == (datetime(2026, 11, 30, tzinfo=UTC), MONTH)


def test_what_is_gone_stays_in_the_month_with_its_disk_and_goes_with_the_month() -> None:
    run = InstanceUsage("i-9", "gone", "m5.large", NOW - 30 * HOUR, NOW - 20 * HOUR, Decimal("0.096"), True)
    stretch = VolumeUsage("vol-9", "i-9", 73, "gp3", NOW - 30 * HOUR, NOW - 20 * HOUR, Decimal("5.84"))
    seen = fleet(instance_usage={"i-9": (run,)}, volume_usage={"vol-9": (stretch,)})
    row = rows(seen)["i-9"]
    assert (row.label, row.what, row.per_hour, row.today) == ("gone", "m5.large, deleted", 0, 0)
    assert row.month == pytest.approx(10 * (Decimal("0.101") + DISK), abs=ALMOST)
    december = account_cost(seen, datetime(2026, 12, 1, tzinfo=UTC))
    assert (december.rows, december.month) == ((), 0)


def test_a_disk_counts_for_what_it_was_attached_to_then() -> None:
    before = VolumeUsage("vol-1", "", 73, "gp3", NOW - 10 * HOUR, NOW - 6 * HOUR, Decimal("5.84"))
    after = replace(before, instance_id="i-1", started_at=NOW - 6 * HOUR, ended_at=None)
    found = rows(fleet(machine(), volume_usage={"vol-1": (before, after)}))
    assert found["i-1"].month_parts.disk == pytest.approx(6 * DISK, abs=ALMOST)
    assert found["vol-1"].month == pytest.approx(4 * DISK, abs=ALMOST)
    assert (found["vol-1"].per_hour, found["vol-1"].what) == (0, "73 GiB gp3, attached by now")


def test_an_unattached_disk_and_an_idle_address_are_rows_of_their_own() -> None:
    loose = disk("vol-loose", 5, tags={"Name": "old data"})
    idle = IdleAddress("eipalloc-7", "198.51.100.7", {"Name": "was for web"})
    account = account_cost(fleet(volumes=(loose,), idle_addresses=(idle,)), NOW)
    by_id = {row.id: row for row in account.rows}
    assert (by_id["vol-loose"].label, by_id["vol-loose"].what) == ("old data", "73 GiB gp3, unattached")
    assert by_id["vol-loose"].month == pytest.approx(5 * DISK, abs=ALMOST)
    address = by_id["eipalloc-7"]
    assert (address.label, address.what) == ("was for web", "unused Elastic IP 198.51.100.7")
    assert (address.per_hour, address.month, address.today) == (Decimal("0.005"), None, None)
    assert account.per_hour == Decimal("0.013") and account.month == by_id["vol-loose"].month
    assert "1 Elastic IP" in account.missing[0] and "$3.65 a month" in account.missing[0]


def test_an_idle_address_counts_from_when_it_was_seen_idle() -> None:
    idle = IdleAddress("eipalloc-7", "198.51.100.7")
    seen = InstanceUsage("eipalloc-7", "198.51.100.7", "", NOW - 14 * HOUR, None, Decimal(0), True)
    account = account_cost(fleet(idle_addresses=(idle,), instance_usage={"eipalloc-7": (seen,)}), NOW)
    (row,) = account.rows
    assert (row.kind, row.today_parts.address, row.month_parts.address) == ("address", Decimal("0.06"), Decimal("0.07"))
    assert account.at_least == ("today", "month") and "before fe2tui saw it is not counted" in account.missing[0]
    whole = replace(seen, started_at=MONTH - HOUR)
    account = account_cost(fleet(idle_addresses=(idle,), instance_usage={"eipalloc-7": (whole,)}), NOW)
    assert account.at_least == () and account.month == pytest.approx(
        Decimal("0.005") * 24 * 22 + Decimal("0.06"), abs=ALMOST
    )
    gone = replace(whole, ended_at=NOW - 6 * HOUR)
    account = account_cost(fleet(instance_usage={"eipalloc-7": (gone,)}), NOW)
    assert (account.per_hour, account.today) == (0, Decimal("0.03")) and account.rows[0].what.endswith("released")


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("tag:env=prod", ["inst1", "old data"]),
        ("kind:disk,address", ["old data", "198.51.100.7"]),
        ("-tag:env cost>0.006", ["inst2"]),
        ("spent<1 inst", ["inst2"]),
        ("name:OLD", ["old data"]),
    ],
)
def test_costs_are_filtered_by_tag_name_kind_and_dollars_and_the_sums_follow(query: str, labels: list[str]) -> None:
    prod = machine(1, tags={"Name": "inst1", "env": "prod"})
    loose = disk("vol-loose", 5, tags={"Name": "old data", "env": "prod"})
    disks = (disk("vol-1"), disk("vol-2", 1), loose)
    new = machine(2, launched_at=NOW - HOUR)
    seen = fleet(prod, new, volumes=disks, idle_addresses=(IdleAddress("eipalloc-7", "198.51.100.7"),))
    found = account_cost(seen, NOW).matching(COST_LANGUAGE.parse(query))
    assert [row.label for row in found.rows] == labels
    assert found.per_hour == sum(row.hour_parts.known for row in found.rows)
    assert found.month == sum(row.month_parts.known for row in found.rows)


def test_snapshots_are_at_most_and_in_no_sum_and_each_is_there_once() -> None:
    images = {key: Image(key, key, snapshot_ids=("snap-1",)) for key in ("ami-1", "ami-2")}
    snapshots = {
        "snap-1": Snapshot("snap-1", 100, started_at=NOW - 73 * HOUR),
        "snap-2": Snapshot("snap-2", 40, started_at=NOW - 73 * HOUR),
        "snap-3": Snapshot("snap-3", 20, started_at=NOW - 73 * HOUR),
    }
    account = account_cost(fleet(images=images, snapshots=snapshots), NOW)
    assert (account.per_hour, account.month, account.snapshots_per_month) == (0, 0, Decimal("8.00"))
    first, rest = account.rows
    assert (first.id, first.what, first.per_month, first.at_most) == ("ami-1", "image: 1 snapshot, 100 GiB", 5, True)
    assert first.month == pytest.approx(Decimal("5.00") * 73 / 720, abs=ALMOST)
    assert (rest.label, rest.what, rest.per_month) == ("of no image", "2 snapshots, 60 GiB", 3)
    assert any("Snapshots are in no sum" in sentence for sentence in account.missing)


@pytest.mark.parametrize(
    ("changes", "more", "words"),
    [
        (
            {"type": "x9.huge"},
            {"prices": replace(PRICES, several=frozenset({"x9.huge"}))},
            "The price of 1 machine is not known and not counted (inst1): the Price List has several prices of x9.huge,"
            " see https://aws.amazon.com/ec2/pricing/on-demand/.",
        ),
        (
            {"type": "x9.huge"},
            {"prices": Prices(), "problems": (Problem("prices", "Not allowed.", "Ask for pricing:GetProducts."),)},
            "The price of 1 machine is not known and not counted (inst1): Not allowed. Ask for pricing:GetProducts.",
        ),
        ({}, {"prices": replace(PRICES, read_at=NOW - 49 * HOUR)}, "On-demand prices are 2d old."),
        ({"lifecycle": "spot"}, {}, UNKNOWN_MARKET),
        (
            {"lifecycle": "spot"},
            {"problems": (Problem("spot history", "Denied.", "Ask."),)},
            "Spot prices of the past could not be read: Denied. Ask.",
        ),
        ({}, {"problems": (Problem("volumes", "Denied.", "Ask."),)}, "Disks could not be read: Denied. Ask."),
        ({}, {"volumes": ()}, "Disks whose price, size or age is not known are not counted: inst1."),
        (
            {},
            {},
            "Not counted: traffic, CPU credits, taxes, other regions and services, and what fe2tui did not see.",
        ),
    ],
)
def test_what_is_not_in_or_not_known_is_said(changes: dict[str, object], more: dict[str, object], words: str) -> None:
    account = account_cost(fleet(machine(**changes), **more), NOW)  # type: ignore[arg-type]
    assert words in account.missing


def test_what_is_known_of_a_row_counts_though_not_all_of_it_is() -> None:
    account = account_cost(fleet(machine(type="x9.huge"), machine(2)), NOW)
    row = next(row for row in account.rows if row.id == "i-1")
    assert (row.per_hour, row.month, row.hour_parts.unknown) == (None, None, frozenset({"machine"}))
    assert row.hour_parts.known == Decimal("0.013")
    assert account.per_hour == Decimal("0.109") + Decimal("0.013")


def test_many_of_unknown_price_are_counted_and_some_named() -> None:
    seen = fleet(*(machine(number, type="x9.huge") for number in range(1_200)))
    [sentence] = [it for it in account_cost(seen, NOW).missing if "is not known" in it]
    assert "of 1,200 machines" in sentence and "and 1,197 more)" in sentence


amounts = some.decimals(0, 100, places=4)
hours_ago = some.integers(0, 3_000_000).map(lambda seconds: NOW - timedelta(seconds=seconds))
spans = some.tuples(hours_ago, some.none() | some.integers(0, 500_000)).map(
    lambda it: (it[0], None if it[1] is None else it[0] + timedelta(seconds=it[1]))
)
runs = some.lists(some.tuples(spans, some.none() | amounts, some.booleans()), max_size=4).map(
    lambda many: tuple(
        InstanceUsage("i-1", "", "old.type", begun, ended, price, address) for (begun, ended), price, address in many
    )
)
stretches = some.lists(some.tuples(spans, some.none() | amounts, some.sampled_from(["i-1", ""])), max_size=4).map(
    lambda many: tuple(
        VolumeUsage("vol-1", owner, 7, "gp3", begun, ended, price) for (begun, ended), price, owner in many
    )
)
fleets = some.builds(
    lambda state, address, ran, lay, kind: fleet(
        machine(state=state, type=kind, public_ip=address),
        instance_usage={"i-1": ran, "i-gone": tuple(replace(run, instance_id="i-gone") for run in ran[:2])},
        volume_usage={"vol-1": lay, "vol-gone": tuple(replace(it, volume_id="vol-gone") for it in lay[:2])},
    ),
    some.sampled_from(State),
    some.sampled_from([None, "203.0.113.1"]),
    runs,
    stretches,
    some.sampled_from(["m5.large", "x9.huge"]),
)


@given(fleets, some.tuples(hours_ago, hours_ago, hours_ago).map(sorted))
def test_the_parts_of_a_window_add_up_to_it_and_no_money_is_negative(seen: Fleet, cuts: list[datetime]) -> None:
    instance = seen.instances["i-1"]
    first, second = cost_between(instance, seen, cuts[0], cuts[1]), cost_between(instance, seen, cuts[1], cuts[2])
    whole = cost_between(instance, seen, cuts[0], cuts[2])
    if first is not None and second is not None and whole is not None:
        assert abs(first + second - whole) < ALMOST
        assert min(first, second, whole) >= 0
    else:  # a part is not known, and so the whole is not
        assert whole is None


@given(fleets)
def test_every_dollar_of_an_account_is_in_one_row(seen: Fleet) -> None:
    account = account_cost(seen, NOW)
    assert account.month == sum((row.month_parts.known for row in account.rows), Decimal(0))
    assert 0 <= account.today <= account.month
    for row in account.rows:
        for parts in (row.hour_parts, row.today_parts, row.month_parts):
            assert min(parts.machine, parts.disk, parts.address, parts.snapshots) >= 0
    assert len({(row.kind, row.id) for row in account.rows}) == len(account.rows)


@given(some.booleans(), some.integers(1, 900))
def test_stopping_stops_the_machine_and_an_address_that_is_not_elastic_and_nothing_else(
    is_elastic: bool, minutes: int
) -> None:
    stopped_at = NOW.replace(microsecond=0) - timedelta(minutes=minutes)
    stopped = machine(
        state=State.STOPPED,
        launched_at=NOW - 24 * HOUR,
        public_ip="203.0.113.1" if is_elastic else None,
        transition_reason=f"User initiated ({stopped_at:%Y-%m-%d %H:%M:%S} GMT)",
    )
    seen = fleet(stopped, volumes=(disk("vol-1", 24),))
    since = cost_between(stopped, seen, stopped_at, NOW)
    address = Decimal("0.005") if is_elastic else Decimal(0)
    assert since == pytest.approx((DISK + address) * minutes / 60, abs=ALMOST)
    row = rows(seen)["i-1"]
    assert row.per_hour == Decimal("0.008") + address


def test_ten_thousand_instances_are_added_up_in_a_second() -> None:
    instances = [machine(number, launched_at=NOW - number % 900 * HOUR) for number in range(10_000)]
    ran = {
        one.id: (InstanceUsage(one.id, "", "m5.large", NOW - 2_000 * HOUR, NOW - 500 * HOUR, Decimal("0.1"), True),)
        for one in instances
    }
    lay = {
        f"vol-{number}": (
            VolumeUsage(f"vol-{number}", f"i-{number}", 73, "gp3", NOW - 900 * HOUR, None, Decimal("5.84")),
        )
        for number in range(10_000)
    }
    seen = fleet(*instances, instance_usage=ran, volume_usage=lay)
    began = process_time()
    account = account_cost(seen, NOW)
    assert process_time() - began < 2.5  # on a slow machine; 0.4 s on a common one
    assert len(account.rows) == 10_000


def test_the_unseen_part_of_a_run_is_named_and_not_counted_as_certain() -> None:
    stopped = machine(state=State.STOPPED, public_ip=None)
    begun = NOW - 10 * HOUR
    priced = Decimal("0.096")
    seen = InstanceUsage("i-1", "inst1", "m5.large", begun, NOW - 4 * HOUR, priced, True, begun, NOW - HOUR)
    account = account_cost(fleet(stopped, instance_usage={"i-1": (seen,)}), NOW)
    assert account.rows[0].month_parts.machine == 6 * priced
    assert any("last seen running" in words and "inst1" in words for words in account.missing)
    told = replace(seen, ended_before=None)
    assert not any(
        "inst1" in words for words in account_cost(fleet(stopped, instance_usage={"i-1": (told,)}), NOW).missing
    )


def test_how_long_ran_what_was_first_seen_at_rest_is_not_known_and_its_price_is() -> None:
    stopped = machine(state=State.STOPPED, public_ip=None)
    begun = NOW - 10 * HOUR
    unknown = InstanceUsage("i-1", "inst1", "m5.large", begun, begun, Decimal("0.096"), ended_before=NOW - HOUR)
    account = account_cost(fleet(stopped, instance_usage={"i-1": (unknown,)}), NOW)
    assert account.rows[0].month_parts.unknown == {"machine"}
    [words] = [words for words in account.missing if "inst1" in words]
    assert words.startswith("AWS does not report how long it ran")
    later = account_cost(replace(fleet(stopped, instance_usage={"i-1": (unknown,)}), seen_at=NOW), NOW + 24 * HOUR)
    assert not later.rows[0].today_parts.unknown  # since it was seen at rest, nothing is unknown


def test_runs_that_only_ec2_tells_of_are_said_to_be_guesses_in_one_sentence_for_all() -> None:
    ended = "User (2026-11-23 04:00:00 GMT)"
    stopped = [machine(number, state=State.STOPPED, public_ip=None, transition_reason=ended) for number in (1, 2)]
    told = InstanceUsage("i-1", "inst1", "m5.large", NOW - 10 * HOUR, NOW - 8 * HOUR, Decimal("0.096"))
    runs = {"i-1": (told,), "i-2": (replace(told, instance_id="i-2", has_address=True),)}
    [words] = [one for one in account_cost(fleet(*stopped, instance_usage=runs), NOW).missing if "estimated" in one]
    assert "estimated from its type, price and public address at that time (inst1 and inst2)." in words
    assert unseen_usage_sentences(stopped[0], fleet(*stopped, instance_usage=runs)) == (
        words.replace(" (inst1 and inst2)", ""),
    )


def test_a_sum_in_which_an_amount_is_missing_is_at_least_that_in_every_text() -> None:
    known = account_cost(fleet(machine()), NOW)
    assert known.at_least == () and "≥" not in str(known) + repr(known)
    idle = account_cost(fleet(machine(), idle_addresses=(IdleAddress("eipalloc-9", "203.0.113.9"),)), NOW)
    now, today, month, *_ = str(idle).splitlines()
    assert idle.at_least == ("today", "month") and "≥" not in now
    assert re.match(r"Today +≥\$", today) and re.match(r"This month +≥\$", month)
    unpriced = account_cost(fleet(machine(), machine(2, type="x9.large")), NOW)
    assert unpriced.at_least == ("per_hour", "today", "month", "per_month")
    assert repr(unpriced).count("≥$") == 4


def test_disks_that_were_deleted_or_changed_unseen_are_named() -> None:
    gone = VolumeUsage("vol-9", "", 300, "gp2", NOW - 9 * HOUR, NOW - 5 * HOUR, Decimal(30), ended_before=NOW)
    small = VolumeUsage("vol-1", "i-1", 20, "gp3", NOW - 9 * HOUR, NOW - HOUR, Decimal(2), ended_before=NOW - HOUR)
    usage = {"vol-9": (gone,), "vol-1": (small, replace(small, started_at=NOW - HOUR, ended_at=None, size=73))}
    words = "may have cost more (vol-9 and vol-1)."
    assert any(words in sentence for sentence in account_cost(fleet(machine(), volume_usage=usage), NOW).missing)
    seen = {key: tuple(replace(one, ended_before=None) for one in usages) for key, usages in usage.items()}
    assert not any(words in sentence for sentence in account_cost(fleet(machine(), volume_usage=seen), NOW).missing)


def test_one_that_is_gone_is_called_by_its_last_name_and_type() -> None:
    price, begun = Decimal("0.096"), NOW - 10 * HOUR
    first = InstanceUsage("i-1", "life", "m5.large", begun, begun + HOUR, price, True, begun)
    last = InstanceUsage("i-1", "lifeb", "m5.xlarge", begun + 2 * HOUR, NOW, price, True, begun + 2 * HOUR)
    ended = machine(state=State.TERMINATED, type="m5.xlarge", tags={}, attachments=(), public_ip=None)
    runs = {"i-1": (first, last)}
    for seen in (fleet(ended, instance_usage=runs), fleet(instance_usage=runs)):
        [row] = account_cost(seen, NOW).rows
        assert row.label == "lifeb" and row.what.startswith("m5.xlarge")


def test_old_prices_come_with_the_reason_why_there_are_no_newer_ones() -> None:
    old = replace(PRICES, read_at=NOW - 72 * HOUR)
    denied = Problem("prices", "You may not do pricing:GetProducts.", "Ask for it.")
    said = account_cost(fleet(machine(), prices=old, problems=(denied,)), NOW).missing
    assert any("3d old" in words and "pricing:GetProducts" in words for words in said)


def test_of_a_spot_machine_whose_price_is_known_of_before_only_that_is_said_and_not_that_it_is_in_no_sum() -> None:
    one = machine(lifecycle="spot")
    assert one.launched_at is not None
    run = InstanceUsage(
        one.id, "inst1", "m5.large", one.launched_at, None, Decimal("0.04"), zone=one.zone, is_spot=True
    )
    prices = replace(PRICES, spot={})
    counted = account_cost(fleet(one, prices=prices, instance_usage={one.id: (run,)}), NOW)
    [now, before] = [words for words in counted.missing if "inst1" in words]
    assert now.startswith("What 1 machine costs now is not known (inst1): ") and before == UNKNOWN_MARKET
    never = account_cost(fleet(one, prices=prices, instance_usage={one.id: (replace(run, price_per_hour=None),)}), NOW)
    [only] = [words for words in never.missing if "inst1" in words]
    assert only.startswith("The price of 1 machine is not known and not counted (inst1): ")
