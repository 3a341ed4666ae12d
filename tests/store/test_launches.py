"""Launches and activity: on disk from the beginning; the entries of dead processes are found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fe2tui.errors import FieldError
from fe2tui.model.launch import LaunchIntent, LaunchRequest
from fe2tui.model.progress import Activity
from fe2tui.store import Store
from tests.store.store_samples import ACCOUNT, NOON

REQUEST = LaunchRequest("base", "ubuntu", "t3.micro", disk=20, tags={"project": "vision"})
CALL = {"ImageId": "ami-1", "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 20}}]}
ENTRY = Activity(NOON, "launch", "", "base", "us-east-2", "running", "", by="fe2 launch base")


def _intent(token: str = "one", **changes: object) -> LaunchIntent:
    intent = LaunchIntent(token, REQUEST, CALL, "us-east-2", "default", NOON, process=os.getpid(), activity=7)
    return replace(intent, **changes)  # type: ignore[arg-type]


def _elsewhere(path: Path, *lines: str) -> subprocess.Popen[str]:
    """Another process that does this with a store, says so, and goes on living until it is killed."""
    program = "\n".join(
        (
            "import sys, time, pathlib",
            "sys.path.insert(0, sys.argv[2])",
            "from tests.store.test_launches import *",
            "from tests.store.test_launches import _intent",
            "store = Store(pathlib.Path(sys.argv[1]))",
            *lines,
            "print('done', flush=True)",
            "time.sleep(600)",
        )
    )
    tests = str(Path(__file__).parents[2])
    child = subprocess.Popen([sys.executable, "-c", program, str(path), tests], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "done\n"
    return child


def _kill(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


def test_an_intent_comes_back_as_it_was_kept_call_and_all(store: Store, path: Path) -> None:
    store.launches.add(_intent())
    assert Store(path).launches.get("one") == _intent()
    store.launches.update("one", stage="launched", instance_id="i-1")
    store.launches.update("one", stage="failed", error="no capacity")
    assert store.launches.get("one") == _intent(stage="failed", instance_id="i-1", error="no capacity")
    assert store.launches.get("two") is None


def test_a_claimed_intent_is_hidden_from_other_processes(store: Store, path: Path) -> None:
    store.launches.add(_intent())
    assert store.launches.claim_open(ACCOUNT) == []
    assert Store(path).launches.claim_open(ACCOUNT) == []
    store.launches.release("one")
    assert store.launches.claim_open(ACCOUNT) == [_intent()]


def test_a_name_that_is_being_launched_is_refused_to_another_until_that_is_over(store: Store, path: Path) -> None:
    store.launches.add(_intent())
    for other in (store, Store(path)):
        with pytest.raises(FieldError, match="being launched already"):
            other.launches.add(_intent("two"))
        other.launches.add(_intent(f"elsewhere {id(other)}", region=f"region {id(other)}"))
    store.launches.update("one", stage="failed")
    Store(path).launches.add(_intent("three"))


@pytest.mark.parametrize("stage", ["ready", "found"])
def test_a_name_that_another_has_launched_since_it_was_seen_free_is_refused(
    store: Store, path: Path, stage: str
) -> None:
    store.launches.add(_intent())
    store.launches.update("one", stage=stage, instance_id="i-1")
    with pytest.raises(FieldError, match="launched a moment ago"):
        Store(path).launches.add(_intent("two"), NOON - timedelta(seconds=1))
    Store(path).launches.add(_intent("three"), NOON + timedelta(seconds=1))


def test_an_intent_of_a_living_process_is_left_alone_and_of_a_killed_one_taken_over_once(
    store: Store, path: Path
) -> None:
    child = _elsewhere(path, "store.launches.add(_intent())")
    try:
        assert store.launches.claim_open(ACCOUNT) == []
    finally:
        _kill(child)
    first = store.launches.claim_open(ACCOUNT)
    assert [it.token for it in first] == ["one"]
    assert Store(path).launches.claim_open(ACCOUNT) == []


def test_only_open_intents_of_that_profile_and_endpoint_are_taken_over(store: Store, path: Path) -> None:
    kept: dict[str, dict[str, Any]] = {
        "open": {},
        "launched": {"stage": "launched", "created_at": NOON + timedelta(seconds=1)},
        "ready": {"stage": "ready"},
        "abandoned": {"stage": "abandoned"},
        "profile": {"profile": "work"},
        "endpoint": {"endpoint": "http://127.0.0.1:1"},
    }
    for token, changes in kept.items():
        store.launches.add(_intent(token, request=replace(REQUEST, name=token), **changes))
    store.close()
    assert [it.token for it in Store(path).launches.claim_open(ACCOUNT)] == ["open", "launched"]


@pytest.mark.parametrize("after", [0, 3, 25])
def test_what_intend_acknowledged_survives_sigkill_and_the_file_stays_whole(path: Path, after: int) -> None:
    program = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[2])\n"
        "from tests.store.test_launches import *\n"
        "from tests.store.test_launches import _intent\n"
        "store = Store(pathlib.Path(sys.argv[1]))\n"
        "for number in range(100_000):\n"
        "    request = replace(REQUEST, name=str(number))\n"
        "    store.launches.add(_intent(str(number), request=request)); print(number, flush=True)\n"
    )
    tests = str(Path(__file__).parents[2])
    child = subprocess.Popen([sys.executable, "-c", program, str(path), tests], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _ in range(after + 1):
        child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    said = [int(line) for line in child.stdout if line.endswith("\n")]
    child.wait()
    child.stdout.close()
    last = max([after, *said])
    store = Store(path)
    tokens = [it.token for it in store.launches.claim_open(ACCOUNT)]
    assert tokens[: last + 1] == [str(number) for number in range(last + 1)]
    assert len(tokens) <= last + 2
    assert store.problem is None


def test_activity_is_listed_newest_first_with_its_result(store: Store, path: Path) -> None:
    first = store.activity.begin(ENTRY)
    second = store.activity.begin(replace(ENTRY, command="stop", subject="i-2"))
    store.activity.end(first, "failed", "no capacity", "Wait.", "Insufficient", NOON, subject="i-1")
    newest, oldest = Store(path).activity.recent()
    assert (newest.command, newest.result, newest.id) == ("stop", "running", second)
    assert oldest == replace(
        ENTRY,
        id=first,
        subject="i-1",
        result="failed",
        words="no capacity",
        remedy="Wait.",
        code="Insufficient",
        ended_at=NOON,
    )
    assert [it.id for it in store.activity.recent(1)] == [second]


def test_activity_whose_process_was_killed_is_ended_but_never_that_of_a_living_one(store: Store, path: Path) -> None:
    mine = store.activity.begin(ENTRY)
    child = _elsewhere(path, "store.activity.begin(ENTRY)")
    try:
        assert store.activity.close_orphans(NOON) == 0
    finally:
        _kill(child)
    assert store.activity.close_orphans(NOON) == 1
    theirs, ours = store.activity.recent()
    assert (theirs.result, theirs.ended_at) == ("cancelled", NOON) and "ended before" in theirs.words
    assert (ours.id, ours.result) == (mine, "running")
    assert [it.name for it in path.with_name(f"{path.name}.processes").iterdir()] == [store.presence.owner]


def test_activity_of_a_launch_that_is_still_to_be_found_out_is_not_ended(store: Store, path: Path) -> None:
    child = _elsewhere(path, "store.launches.add(_intent(activity=store.activity.begin(ENTRY)))")
    _kill(child)
    assert store.activity.close_orphans(NOON) == 0
    (intent,) = store.launches.claim_open(ACCOUNT)
    store.launches.update(intent.token, stage="found", instance_id="i-1")
    assert store.activity.close_orphans(NOON) == 1


def test_activity_of_a_launch_that_had_just_ended_well_is_done(store: Store, path: Path) -> None:
    lines = (
        "store.launches.add(_intent(activity=store.activity.begin(ENTRY)))",
        "store.launches.update('one', stage='ready', instance_id='i-1')",
    )
    _kill(_elsewhere(path, *lines))
    assert store.activity.close_orphans(NOON) == 1
    (entry,) = store.activity.recent()
    assert (entry.result, entry.subject) == ("done", "i-1")


def test_two_processes_write_at_once_and_nothing_is_lost(store: Store, path: Path) -> None:
    program = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[2])\nfrom tests.store.test_launches import *\n"
        "store = Store(pathlib.Path(sys.argv[1]))\n"
        "for number in range(200): store.activity.end(store.activity.begin(ENTRY), 'done', 'there')"
    )
    tests = str(Path(__file__).parents[2])
    others = [subprocess.Popen([sys.executable, "-c", program, str(path), tests]) for _ in range(2)]
    for _ in range(100):
        store.activity.end(store.activity.begin(ENTRY), "done", "here")
    assert [child.wait() for child in others] == [0, 0]
    assert len([it for it in store.activity.recent(1000) if it.result == "done"]) == 500


def test_an_entry_of_a_dead_program_is_read_as_cut_short_with_how_far_it_came(store: Store, path: Path) -> None:
    mine = store.activity.begin(ENTRY)
    other = Store(path)
    numbers = [other.activity.begin(ENTRY) for _ in range(2)]
    other.activity.update_words(numbers[1], "It was stopped.")
    assert not any(it.is_cut_short for it in store.activity.recent())
    other.close()
    noted, bare, ours = store.activity.recent()
    assert (ours.id, ours.is_cut_short, ours.words) == (mine, False, ENTRY.words)
    assert noted.is_cut_short and bare.is_cut_short and bare.words == "The program ended before the result was known."
    assert noted.words == f"{bare.words} It was stopped."
    assert [it.id for it in store.activity.cut_short_entries(ENTRY.command)] == numbers
    store.activity.close_orphans(NOON)
    assert [it.words for it in store.activity.recent(2)] == [noted.words, bare.words]
    assert store.activity.cut_short_entries(ENTRY.command) == []
