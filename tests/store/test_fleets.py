"""The last fleet: kept whole, written cheaply, read quickly."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from fe2tui.model.fleet import Fleet, IdleAddress, Prices, Problem, PublicImage
from fe2tui.model.image import Image
from fe2tui.model.instance import Attachment, Instance, InstanceStatus, ScheduledEvent, State
from fe2tui.model.location import Location
from fe2tui.model.spot import SpotRequest
from fe2tui.model.volume import Snapshot, Volume
from fe2tui.store import Store
from fe2tui.store.completion_names import last_instances
from tests.store.store_samples import NOON, PLACE, PRICES, fleet, machine

SECOND = timedelta(seconds=1)
DISK = Volume("", 60, "gp3", "", "", iops=4000, throughput=250, snapshot_id="snap-1", device="/dev/sda1")
OWN = Image(
    "ami-1",
    "base \x1b[2J",
    "arm64",
    "pending",
    "123456789012",
    created_at=NOON,
    snapshot_ids=("snap-1", "snap-2"),
    tags={"fe2:user": "ubuntu"},
    state_reason="Client.X: no",
    disks=(DISK,),
)
SNAPSHOT = Snapshot("snap-1", 60, "pending", 0.42, "vol-1", NOON, "Created by …", stored=3.25, tags={"Name": "base"})


def _rows_written(path: Path, store: Store, seen: Fleet) -> int:
    """How many rows of instances were touched by saving: each is given a new body, or taken away."""
    with sqlite3.connect(path) as spy:
        spy.execute("CREATE TABLE IF NOT EXISTS touched (id TEXT)")
        for action, row in (("INSERT", "new"), ("DELETE", "old")):
            spy.execute(
                f"CREATE TRIGGER IF NOT EXISTS on_{action} AFTER {action} ON instances"
                f" BEGIN INSERT INTO touched VALUES ({row}.id); END"
            )
        spy.execute("DELETE FROM touched")
    store.fleets.save(seen)
    with sqlite3.connect(path) as spy:
        return int(spy.execute("SELECT count(DISTINCT id) FROM touched").fetchone()[0])


def test_a_fleet_comes_back_as_it_was_seen(store: Store, path: Path) -> None:
    seen = replace(
        fleet(machine(1), machine(2, state=State.STOPPED, public_ip=None, launched_at=None)),
        cpu={machine(1).id: (1.5, 2.0)},
        image_names={"ami-1": "base"},
        images={OWN.id: OWN, "ami-2": Image("ami-2", "raw")},
        snapshots={"snap-1": SNAPSHOT, "snap-2": Snapshot("snap-2", 8)},
        public_images=(PublicImage("ubuntu", "Ubuntu 24.04 LTS", replace(OWN, id="ami-3", public=True)),),
        idle_addresses=(
            IdleAddress("eipalloc-1", "203.0.113.1", {"Name": "x"}),
            IdleAddress("eipalloc-2", "203.0.113.1"),
        ),
        requests={
            "sir-1": SpotRequest(
                "sir-1",
                "active",
                "persistent",
                "fulfilled",
                "Done.",
                "i-1",
                "stop",
                NOON,
                NOON,
                "m5.large",
                "us-east-2a",
            ),
            "sir-2": SpotRequest("sir-2", "closed", "one-time", tags={"of": "me"}),
        },
        statuses={
            "i-1": InstanceStatus("i-1", ("instance",), NOON, (ScheduledEvent("instance-retirement", NOON),)),
            "i-2": InstanceStatus("i-2", events=(ScheduledEvent("system-reboot"),)),
        },
        problems=(Problem("prices", "Your login may not read prices.", "Ask for it.", "AccessDenied"),),
        account="123456789012",
    )
    store.fleets.save(seen)
    assert Store(path).fleets.last_fleet(PLACE) == seen


def test_parts_of_the_first_version_are_read_and_its_prices_have_no_date(store: Store, path: Path) -> None:
    store.fleets.save(fleet(machine(1)))
    store.close()
    with sqlite3.connect(path) as spy:
        body = json.dumps([{"m5.large": "0.096"}, {"gp3": "0.08"}, [["m5.large", "us-east-2a", "0.04"]], 1])
        spy.execute("UPDATE parts SET body = ? WHERE part = 'prices'", (body,))
        spy.execute("DELETE FROM parts WHERE part IN ('images', 'snapshots', 'public_images')")
        spy.execute(
            "INSERT OR REPLACE INTO parts SELECT place, 'idle_addresses', '[\"203.0.113.1\"]' FROM parts LIMIT 1"
        )
    last = Store(path).fleets.last_fleet(PLACE)
    assert last is not None and last.images == {} and last.snapshots == {}
    assert last.idle_addresses == (IdleAddress("203.0.113.1", "203.0.113.1"),)
    assert last.prices == Prices(
        {"m5.large": Decimal("0.096")}, {("m5.large", "us-east-2a"): Decimal("0.04")}, {"gp3": Decimal("0.08")}
    )


def test_fields_that_another_version_has_do_not_cost_the_images(store: Store, path: Path) -> None:
    store.fleets.save(replace(fleet(machine(1)), images={OWN.id: OWN}))
    store.close()
    with sqlite3.connect(path) as spy:
        body = json.dumps([["name", "id", "colour", "snapshot_ids"], [["base", "ami-1", "red", ["snap-1"]]]])
        spy.execute("UPDATE parts SET body = ? WHERE part = 'images'", (body,))
    last = Store(path).fleets.last_fleet(PLACE)
    assert last is not None and last.images == {"ami-1": Image("ami-1", "base", snapshot_ids=("snap-1",))}


text = some.text(some.characters(exclude_categories=()), max_size=20)
moments = some.timedeltas(timedelta(days=-7000), timedelta(days=20_000)).map(lambda span: NOON + span)


@settings(max_examples=40, deadline=None)
@given(
    tags=some.dictionaries(text, text, max_size=4) | some.fixed_dictionaries({"Name": text}),
    state=some.sampled_from(State),
    launched=some.none() | moments,
    attachments=some.lists(some.builds(Attachment, text, text, some.booleans(), some.none() | moments), max_size=3),
)
def test_any_text_and_any_time_comes_back(
    tags: dict[str, str], state: State, launched: datetime | None, attachments: list[Attachment]
) -> None:
    instance = Instance("i-1", state, "t3.micro", "z", launched_at=launched, tags=tags, attachments=tuple(attachments))
    store = Store(None)
    store.fleets.save(Fleet(PLACE, NOON, {"i-1": instance}))
    last = store.fleets.last_fleet(PLACE)
    assert last is not None and last.instances == {"i-1": instance}


def test_only_what_changed_is_written(store: Store, path: Path) -> None:
    machines = [machine(number) for number in range(20)]
    store.fleets.save(fleet(*machines))
    assert _rows_written(path, store, fleet(*machines, at=NOON + SECOND)) == 0
    machines[3] = replace(machines[3], state=State.STOPPED)
    assert _rows_written(path, store, fleet(*machines[:-1], at=NOON + 2 * SECOND)) == 2
    assert store.fleets.last_fleet(PLACE) == fleet(*machines[:-1], at=NOON + 2 * SECOND)


def test_a_process_that_starts_writes_only_what_changed_too(store: Store, path: Path) -> None:
    machines = [machine(number) for number in range(20)]
    store.fleets.save(fleet(*machines))
    machines[0] = replace(machines[0], state=State.STOPPED)
    assert _rows_written(path, Store(path), fleet(*machines, at=NOON + SECOND)) == 1


def test_what_another_process_wrote_in_between_is_not_mistaken_for_ours(store: Store, path: Path) -> None:
    store.fleets.save(fleet(machine(1), machine(2)))
    Store(path).fleets.save(fleet(replace(machine(1), state=State.STOPPED), machine(3), at=NOON + SECOND))
    store.fleets.save(fleet(machine(1), machine(2), at=NOON + 2 * SECOND))
    last = store.fleets.last_fleet(PLACE)
    assert last is not None and last.instances == fleet(machine(1), machine(2)).instances


def test_an_earlier_fleet_never_takes_the_place_of_a_later_one(store: Store, path: Path) -> None:
    store.fleets.save(fleet(machine(1), at=NOON + SECOND))
    Store(path).fleets.save(fleet(machine(2)))
    last = store.fleets.last_fleet(PLACE)
    assert last is not None and list(last.instances) == [machine(1).id]


@pytest.mark.parametrize("reopened", [False, True])
def test_what_a_clock_that_was_ahead_wrote_does_not_keep_the_truth_out(
    store: Store, path: Path, reopened: bool
) -> None:
    now = datetime.now(UTC)
    old, new = machine(1), machine(2, launched_at=now - timedelta(minutes=5))
    ahead = fleet(old, at=now + timedelta(days=3))
    for keep in (store.fleets.save, store.instance_usage.record, store.volume_usage.record):
        keep(ahead)
    again = Store(path) if reopened else store
    for at in (now - timedelta(seconds=1), now):
        right = fleet(old, new, at=at)
        for keep in (again.fleets.save, again.instance_usage.record, again.volume_usage.record):
            keep(right)
    last = Store(path).fleets.last_fleet(PLACE)
    assert last is not None and (last.seen_at, set(last.instances)) == (right.seen_at, {old.id, new.id})
    assert {old.id, new.id} <= set(last.instance_usage)
    assert {it.volume_id for it in new.attachments} <= set(last.volume_usage)
    again.fleets.save(fleet(old, at=now - timedelta(hours=1)))
    last = Store(path).fleets.last_fleet(PLACE)
    assert last is not None and last.seen_at == right.seen_at, "an earlier one is still refused"


def test_prices_that_changed_are_written(store: Store) -> None:
    store.fleets.save(fleet(machine(1)))
    dearer = replace(PRICES, spot={("m5.large", "us-east-2a"): Decimal("0.05")})
    store.fleets.save(fleet(machine(1), at=NOON + SECOND, prices=dearer))
    last = store.fleets.last_fleet(PLACE)
    assert last is not None and last.prices == dearer
    with_tiers = replace(PRICES, iops={"gp3": Decimal("0.005")}, several=frozenset({"h1.2xlarge"}))
    store.fleets.save(fleet(machine(1), at=NOON + 2 * SECOND, prices=with_tiers))
    last = store.fleets.last_fleet(PLACE)
    assert last is not None and last.prices == with_tiers


def test_a_process_killed_while_it_saves_leaves_one_whole_fleet(store: Store, path: Path) -> None:
    program = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[2])\n"
        "from tests.store.test_fleets import *\n"
        "store = Store(pathlib.Path(sys.argv[1]))\n"
        "for turn in range(10_000):\n"
        "    state = [State.RUNNING, State.STOPPED][turn % 2]\n"
        "    machines = [machine(number, state=state) for number in range(2000)]\n"
        "    store.fleets.save(fleet(*machines, at=NOON + turn * SECOND)); print(turn, flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(path), str(Path(__file__).parents[2])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(3):
            child.stdout.readline()
        child.kill()
    last = store.fleets.last_fleet(PLACE)
    assert last is not None and len(last.instances) == 2000
    turn = int((last.seen_at - NOON).total_seconds())
    assert turn >= 2
    assert {it.state for it in last.instances.values()} == {[State.RUNNING, State.STOPPED][turn % 2]}


def test_places_are_kept_apart_and_the_last_one_is_known(store: Store) -> None:
    assert store.fleets.last_location() is None
    oregon = Location("work", "us-west-2", "http://127.0.0.1:1")
    store.fleets.save(fleet(machine(1), at=NOON + SECOND))
    store.fleets.save(fleet(machine(2), location=oregon))
    assert store.fleets.last_location() == PLACE
    kept = store.fleets.last_fleet(oregon)
    assert kept is not None and list(kept.instances) == [machine(2).id]
    assert store.fleets.last_fleet(Location("default", "eu-west-1")) is None


def test_names_for_tab_are_those_of_the_place_asked_for(store: Store, path: Path) -> None:
    oregon = Location("work", "us-west-2")
    store.fleets.save(fleet(machine(1), machine(2, state=State.STOPPED), at=NOON + SECOND))
    store.fleets.save(fleet(machine(3), location=oregon))
    here = [("machine-1", machine(1).id, "running"), ("machine-2", machine(2).id, "stopped")]
    assert last_instances(path) == last_instances(path, profile="default") == here
    assert last_instances(path, region="us-west-2") == [("machine-3", machine(3).id, "running")]
    assert last_instances(path, region="eu-west-1") == []
    assert last_instances(path.with_name("none")) == []


def test_names_for_tab_are_had_without_importing_the_model() -> None:
    check = "import sys, fe2tui.store.completion_names; print([m for m in sys.modules if m.startswith('fe2tui.')])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['fe2tui.store', 'fe2tui.store.completion_names']"
