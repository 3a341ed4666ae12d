"""The file: for its owner only, versioned, moved aside when damaged, left out where nothing can be written."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fe2tui.errors import StoreError
from fe2tui.model.launch import LaunchIntent, LaunchRequest
from fe2tui.model.progress import Activity
from fe2tui.store import Store, open_store
from tests.store.store_samples import ACCOUNT, NOON, PLACE, damage_table, fleet, machine

ENTRY = Activity(NOON, "stop", "i-1", "one", "us-east-2", "running", "")
INTENT = LaunchIntent("token", LaunchRequest("base", "ubuntu", "t3.micro"), {}, "us-east-2", "default", NOON)


def test_it_is_made_on_first_use_and_readable_by_its_owner_only(store: Store, path: Path) -> None:
    assert not path.exists()
    store.fleets.save(fleet(machine()))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(it.stat().st_mode) for it in path.parent.iterdir() if it.is_file()} == {0o600}


def test_a_damaged_file_is_moved_aside_and_said_so(store: Store, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but a letter" * 100)
    store.fleets.save(fleet(machine()))
    assert store.problem is not None and "damaged" in store.problem.summary
    (aside,) = path.parent.glob("*.corrupt-*")
    assert aside.read_bytes().startswith(b"not a database")
    assert store.fleets.last_fleet(PLACE) is not None
    store.launches.add(INTENT)
    store.close()
    assert Store(path).problem is None


def test_a_file_of_a_newer_program_is_left_alone_and_reading_goes_on(store: Store, path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=999")
    connection.close()
    assert store.activity.recent() == []
    assert store.problem is not None and "newer fe2tui" in store.problem.summary
    assert "Upgrade" in store.problem.remedy
    store.fleets.save(fleet(machine()))
    with pytest.raises(StoreError, match="cannot be recorded"):
        store.launches.add(INTENT)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (999,)
    connection.close()


def _unwritable(tmp_path: Path) -> Path:
    # a file in the place of the folder: not even root can write below it
    (tmp_path / "data").write_text("")
    return tmp_path / "data" / "store.sqlite"


def test_where_nothing_can_be_written_reading_goes_on_and_launching_does_not(tmp_path: Path) -> None:
    store = Store(_unwritable(tmp_path))
    store.fleets.save(fleet(machine()))
    store.instance_usage.record(fleet(machine()))
    last = store.fleets.last_fleet(PLACE)
    assert last is not None and last.instances == fleet(machine()).instances and last.instance_usage
    assert store.problem is not None and "cannot be written" in store.problem.summary
    with pytest.raises(StoreError, match="cannot be recorded"):
        store.launches.add(INTENT)


UNPRIVILEGED = """
import os, sys, tempfile
from pathlib import Path
from fe2tui.store import Store
assert Store(Path(sys.argv[1]) / "store.sqlite").problem is None  # and all that is needed is imported
with tempfile.TemporaryDirectory() as folder:
    os.chmod(folder, 0o500)
    if os.geteuid() == 0:  # root may write anywhere
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    print(Store(Path(folder) / "store.sqlite").problem)
    os.seteuid(os.getuid())
"""


def test_a_folder_without_the_right_to_write_counts_as_read_only(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout


def test_a_data_folder_that_cannot_be_made_leaves_a_store_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("")
    monkeypatch.setenv("FE2TUI_HOME", str(tmp_path / "home"))
    store = open_store()
    assert store.path is None and store.problem is not None
    assert store.activity.recent() == []


def test_several_threads_may_use_one_store(store: Store) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def work(number: int) -> None:
        store.fleets.save(fleet(machine(number)))
        entry = store.activity.begin(Activity(NOON, "stop", f"i-{number}", "", "us-east-2", "running", ""))
        store.activity.end(entry, "done", "stopped", at=NOON)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert {it.result for it in store.activity.recent()} == {"done"}
    assert len(store.activity.recent()) == 40
    last = store.fleets.last_fleet(PLACE)
    assert last is not None and len(last.instances) == 1


@pytest.mark.parametrize("table", ["instances", "parts", "runs", "disk_runs", "places", "activity", "launches"])
def test_a_page_that_turns_out_to_be_damaged_is_healed_as_a_damaged_file_is(path: Path, table: str) -> None:
    first = Store(path)
    first.fleets.save(fleet(machine()))
    first.instance_usage.record(fleet(machine()))
    first.volume_usage.record(fleet(machine()))
    first.launches.add(INTENT)
    first.activity.begin(ENTRY)
    first.close()
    damage_table(path, table)
    store, problems = Store(path), []
    for _ in range(2):  # the first time, some of these find the damage, and say so
        for use in (
            lambda: store.fleets.last_fleet(PLACE),
            lambda: store.fleets.save(fleet(machine())),
            lambda: store.instance_usage.record(fleet(machine())),
            lambda: store.volume_usage.record(fleet(machine())),
            lambda: store.activity.begin(ENTRY),
            lambda: store.launches.claim_open(ACCOUNT),
        ):
            try:
                use()
            except StoreError as error:
                problems.append(error)
    assert len(problems) <= 1 and all("has been moved to" in error.summary for error in problems)
    assert store.problem is not None and "has been moved to" in store.problem.summary
    last = store.fleets.last_fleet(PLACE)
    assert last is not None and last.instances and last.instance_usage and last.volume_usage
    assert [it.command for it in store.activity.recent()].count("store") == 1
    store.launches.add(INTENT)
    assert len(list(path.parent.glob("*.corrupt-????????"))) == 1
    store.close()


def test_what_killed_processes_have_left_is_removed(path: Path) -> None:
    program = "import os, pathlib, sys\nfrom fe2tui.store import Store\nStore(pathlib.Path(sys.argv[1])).presence.owner"
    subprocess.run([sys.executable, "-c", f"{program}\nos.kill(os.getpid(), 9)", str(path)], check=False)
    (left,) = (path.parent / f"{path.name}.processes").iterdir()
    alive = Store(path)
    assert alive.presence.is_alive(alive.presence.owner) and left.exists(), "it may have begun a moment ago"
    for file in left.parent.iterdir():
        os.utime(file, (0, 0))
    other = Store(path)
    assert other.presence.owner and not left.exists() and other.presence.is_alive(alive.presence.owner)
    alive.close()
    other.close()


def test_a_damaged_file_is_in_the_new_activity_log_once(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but a letter" * 100)
    for _ in range(2):
        opened = Store(path)
        entries = opened.activity.recent()
        opened.close()
    (aside,) = path.parent.glob("*.corrupt-*")
    (entry,) = entries
    assert (entry.command, entry.result) == ("store", "failed") and str(aside) in entry.words
