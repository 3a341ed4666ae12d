"""Volume usage: each period with the price of its time, none of it counted twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from fe2tui.model.fleet import Fleet, Prices, VolumeUsage
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.volume import Volume
from fe2tui.store import Store
from tests.store.store_samples import NOON, PLACE, PRICES

HOUR = timedelta(hours=1)
MADE = NOON - 3 * HOUR
ROOT = Volume("vol-root", 10, "gp3", "us-east-2a", "in-use", MADE)
ROOT_MONTH = Decimal("0.80")
OWNER, OTHER = "i-1", "i-2"


def machine(*volumes: str, key: str = OWNER, at: datetime | None = MADE, **changes: object) -> Instance:
    """An instance with these disks, attached at a moment."""
    disks = tuple(Attachment(f"/dev/sd{n}", volume, True, at) for n, volume in enumerate(volumes))
    values: dict[str, object] = {"state": State.RUNNING, "attachments": disks, "launched_at": MADE}
    return Instance(key, type="m5.large", zone="us-east-2a", **{**values, **changes})  # type: ignore[arg-type]


def sight(
    *volumes: Volume, at: datetime = NOON, prices: Prices = PRICES, instances: tuple[Instance, ...] | None = None
) -> Fleet:
    """A fleet with these disks; they are attached to one instance if nothing else is said."""
    seen = (machine(*(volume.id for volume in volumes)),) if instances is None else instances
    return Fleet(PLACE, at, {it.id: it for it in seen}, {it.id: it for it in volumes}, prices)


def stretch(**changes: object) -> VolumeUsage:
    return replace(VolumeUsage("vol-root", OWNER, 10, "gp3", MADE, None, ROOT_MONTH), **changes)  # type: ignore[arg-type]


@pytest.fixture
def kept(store: Store, path: Path) -> Callable[[], tuple[VolumeUsage, ...]]:
    """The stretches of the root disk, the same in memory as in the file."""

    def read() -> tuple[VolumeUsage, ...]:
        there = store.volume_usage.get(PLACE).get("vol-root", ())
        assert Store(path).volume_usage.get(PLACE).get("vol-root", ()) == there
        return there

    return read


Kept = Callable[[], tuple[VolumeUsage, ...]]


def test_a_disk_seen_again_and_again_is_one_stretch_since_it_was_made(store: Store, kept: Kept) -> None:
    for minutes in range(5):
        store.volume_usage.record(sight(ROOT, at=NOON + timedelta(minutes=minutes)))
    assert kept() == (stretch(),)


def test_the_same_mapping_is_given_as_long_as_nothing_changes(store: Store) -> None:
    store.volume_usage.record(sight(ROOT))
    before = store.volume_usage.get(PLACE)
    store.volume_usage.record(sight(replace(ROOT), at=NOON + HOUR))
    assert store.volume_usage.get(PLACE) is before
    store.volume_usage.record(sight(replace(ROOT, size=11), at=NOON + 2 * HOUR))
    assert store.volume_usage.get(PLACE) is not before and before["vol-root"] == (stretch(),)


@pytest.mark.parametrize(
    ("grown", "month"),
    [
        (replace(ROOT, size=25), "2.00"),
        (replace(ROOT, type="io1", iops=100), "1.25"),  # 10 × 0.06 + 100 × 0.0065
        (replace(ROOT, iops=4000), "5.80"),  # 1,000 IOPS beyond the 3,000 × 0.005
        (replace(ROOT, throughput=225), "4.80"),  # 100 MiB/s beyond the 125 × 0.04
    ],
)
def test_what_is_changed_costs_the_new_price_from_then_on(store: Store, kept: Kept, grown: Volume, month: str) -> None:
    prices = replace(
        PRICES,
        storage={"gp3": Decimal("0.08"), "io1": Decimal("0.06")},
        iops={"gp3": Decimal("0.005"), "io1": Decimal("0.0065")},
        throughput={"gp3": Decimal("0.04")},
    )
    store.volume_usage.record(sight(ROOT, prices=prices))
    for hours in (1, 2):
        store.volume_usage.record(sight(grown, at=NOON + hours * HOUR, prices=prices))
    assert kept() == (
        stretch(ended_at=NOON + HOUR, ended_before=NOON + HOUR),
        stretch(started_at=NOON + HOUR, size=grown.size, type=grown.type, per_month=Decimal(month)),
    )


def test_another_price_changes_nothing_before_it(store: Store, kept: Kept) -> None:
    store.volume_usage.record(sight(ROOT))
    dearer = replace(PRICES, storage={"gp3": Decimal("0.10")})
    store.volume_usage.record(sight(ROOT, at=NOON + HOUR, prices=dearer))
    assert kept() == (stretch(ended_at=NOON + HOUR), stretch(started_at=NOON + HOUR, per_month=Decimal("1.00")))


def test_prices_that_cannot_be_read_for_a_while_change_nothing(store: Store, kept: Kept) -> None:
    store.volume_usage.record(sight(ROOT, prices=Prices()))
    assert kept() == (stretch(per_month=None),)
    store.volume_usage.record(sight(ROOT, at=NOON + HOUR))
    assert kept() == (stretch(),)
    store.volume_usage.record(sight(ROOT, at=NOON + 2 * HOUR, prices=Prices()))
    assert kept() == (stretch(),)


def test_iops_beyond_a_known_price_make_the_rest_unknown_not_wrong(store: Store, kept: Kept) -> None:
    prices = replace(PRICES, storage={"io2": Decimal("0.125")}, iops={"io2": Decimal("0.065")})
    fast = replace(ROOT, type="io2", iops=1000)
    store.volume_usage.record(sight(fast, prices=prices))
    store.volume_usage.record(sight(replace(fast, iops=40_000), at=NOON + HOUR, prices=prices))
    assert [(it.per_month, it.ended_at) for it in kept()] == [(Decimal("66.250"), NOON + HOUR), (None, None)]


def test_a_disk_moved_to_another_instance_counts_for_each_while_it_was_its_own(store: Store, kept: Kept) -> None:
    store.volume_usage.record(sight(ROOT))
    store.volume_usage.record(sight(ROOT, at=NOON + HOUR, instances=(machine(),)))
    moved = machine("vol-root", key=OTHER, at=NOON + 90 * HOUR / 60)
    store.volume_usage.record(sight(ROOT, at=NOON + 2 * HOUR, instances=(machine(), moved)))
    assert kept() == (
        stretch(ended_at=NOON + HOUR, ended_before=NOON + HOUR),
        stretch(instance_id="", started_at=NOON + HOUR, ended_at=NOON + 90 * HOUR / 60),
        stretch(instance_id=OTHER, started_at=NOON + 90 * HOUR / 60),
    )


def test_a_volume_attached_long_after_it_was_created_had_no_instance_before(store: Store, kept: Kept) -> None:
    store.volume_usage.record(sight(ROOT, instances=(machine("vol-root", at=NOON - HOUR),)))
    assert kept() == (stretch(instance_id="", ended_at=NOON - HOUR), stretch(started_at=NOON - HOUR))


def test_a_disk_ends_with_its_instance_when_ec2_tells_and_a_kept_one_goes_on_alone(store: Store, kept: Kept) -> None:
    data = replace(ROOT, id="vol-data")
    store.volume_usage.record(sight(ROOT, data))
    ended = machine(state=State.TERMINATED, transition_reason="User initiated (2026-11-23 12:20:00 GMT)")
    store.volume_usage.record(sight(data, at=NOON + HOUR, instances=(ended,)))
    at = NOON + timedelta(minutes=20)
    assert kept() == (stretch(ended_at=at),)
    assert [(it.instance_id, it.started_at, it.ended_at) for it in store.volume_usage.get(PLACE)["vol-data"]] == [
        (OWNER, MADE, at),
        ("", at, None),
    ]


def test_a_deleted_disk_lasted_until_it_was_last_seen(store: Store, kept: Kept, path: Path) -> None:
    store.volume_usage.record(sight(ROOT, instances=()))
    other = replace(ROOT, id="vol-other")
    Store(path).volume_usage.record(sight(other, at=NOON + 9 * HOUR, instances=()))
    assert Store(path).volume_usage.get(PLACE)["vol-root"] == (
        stretch(instance_id="", ended_at=NOON, ended_before=NOON + 9 * HOUR),
    )


def test_disks_not_read_yet_are_not_gone(store: Store, kept: Kept) -> None:
    store.volume_usage.record(sight(ROOT))
    store.volume_usage.record(sight(at=NOON + HOUR, instances=(machine("vol-root"),)))
    other = replace(ROOT, id="vol-other")
    store.volume_usage.record(sight(other, at=NOON + 2 * HOUR, instances=(machine("vol-root", "vol-other"),)))
    assert kept() == (stretch(),)


def test_a_disk_thought_gone_that_is_there_again_was_there_all_the_time(store: Store, kept: Kept) -> None:
    store.volume_usage.record(sight(ROOT, instances=()))
    store.volume_usage.record(sight(at=NOON + HOUR, instances=()))
    assert kept()[-1].ended_at == NOON
    store.volume_usage.record(sight(ROOT, at=NOON + 2 * HOUR, instances=()))
    assert kept() == (stretch(instance_id=""),)


def test_an_older_sight_changes_nothing(store: Store, kept: Kept) -> None:
    store.volume_usage.record(sight(ROOT))
    store.volume_usage.record(sight(replace(ROOT, size=5), at=NOON - HOUR))
    assert kept() == (stretch(),)


def test_two_programs_that_see_the_same_growth_write_it_once(store: Store, path: Path) -> None:
    other = Store(path)
    for each in (store, other):
        each.volume_usage.record(sight(ROOT))
    grown = replace(ROOT, size=20)
    store.volume_usage.record(sight(grown, at=NOON + HOUR))
    other.volume_usage.record(sight(grown, at=NOON + HOUR + timedelta(seconds=7)))
    assert Store(path).volume_usage.get(PLACE)["vol-root"] == (
        stretch(ended_at=NOON + HOUR, ended_before=NOON + HOUR),
        stretch(started_at=NOON + HOUR, size=20, per_month=Decimal("1.60")),
    )


def test_what_one_program_has_not_read_yet_it_does_not_take_for_gone(store: Store, path: Path) -> None:
    other, fresh = Store(path), replace(ROOT, id="vol-new", created_at=NOON)
    for each in (store, other):
        each.volume_usage.record(sight(ROOT, instances=()))
    store.volume_usage.record(sight(ROOT, fresh, at=NOON + HOUR, instances=()))
    other.volume_usage.record(sight(replace(ROOT, size=20), at=NOON + 2 * HOUR, instances=()))
    assert Store(path).volume_usage.get(PLACE)["vol-new"][-1].ended_at is None


def test_the_last_fleet_comes_with_the_stretches_of_its_disks(store: Store, path: Path) -> None:
    seen = sight(ROOT)
    store.fleets.save(seen)
    store.volume_usage.record(seen)
    last = Store(path).fleets.last_fleet(PLACE)
    assert last is not None and last.volume_usage == {"vol-root": (stretch(),)}


def test_a_sight_of_some_disks_ends_no_others_and_other_processes_know_of_it(store: Store, path: Path) -> None:
    other, elsewhere = replace(ROOT, id="vol-other"), Store(path)
    elsewhere.volume_usage.record(sight(ROOT, other))
    owner = (machine("vol-root", "vol-other"),)
    grown = replace(ROOT, size=20)
    store.volume_usage.record(sight(grown, at=NOON + HOUR, instances=owner), whole=False)
    assert store.volume_usage.get(PLACE)["vol-other"] == (stretch(volume_id="vol-other"),)
    store.volume_usage.end(PLACE, {"vol-other": NOON + HOUR / 2, "vol-unknown": NOON})
    elsewhere.volume_usage.record(sight(grown, at=NOON + 2 * HOUR, instances=owner))
    stretches = elsewhere.volume_usage.get(PLACE)
    assert [one.size for one in stretches["vol-root"]] == [10, 20]
    assert stretches["vol-other"] == (stretch(volume_id="vol-other", ended_at=NOON + HOUR / 2),)
    assert stretches.keys() == {"vol-root", "vol-other"}
