"""Spot prices of the past, from one start to the next and between processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from fe2tui.model.location import Location
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory
from fe2tui.store import Store
from fe2tui.store.spot_history import RETENTION
from tests.store.store_samples import NOON, PLACE

DAY = timedelta(days=1)
ELSEWHERE = Location("default", "eu-west-1", "")
A, B = "us-east-2a", "us-east-2b"


def history(since: float, until: float, name: str = "p3.8xlarge", **changes: float) -> SpotHistory:
    """In zone a: prices, each so many days before noon: ``p4_2=3`` is $4.2 three days ago."""
    found = [(NOON - ago * DAY, Decimal(price[1:].replace("_", "."))) for price, ago in changes.items()]
    return SpotHistory(
        name, NOON - since * DAY, NOON - until * DAY, {A: PriceSeries.from_changes(found)} if found else {}
    )


def kept(store: Store, name: str = "p3.8xlarge") -> SpotHistory:
    return store.spot_history.get(PLACE, [name])[name]


def test_a_history_comes_back_to_the_digit_and_the_microsecond(store: Store, path: Path) -> None:
    zones = {
        A: PriceSeries.from_changes(
            [(NOON - DAY, Decimal("3.869900")), (NOON - timedelta(microseconds=1), Decimal("12"))]
        ),
        B: PriceSeries.from_changes(
            [(NOON - 90 * DAY, Decimal("0.0013")), (NOON - timedelta(seconds=1), Decimal("0.00131"))]
        ),
        "us-east-2c": PriceSeries(),
    }
    whole = SpotHistory("p3.8xlarge", NOON - 90 * DAY, NOON, zones)
    empty = SpotHistory("p3dn.24xlarge", NOON - 7 * DAY, NOON)
    store.spot_history.add(PLACE, [whole, empty])
    again = Store(path)
    try:
        found = again.spot_history.get(PLACE, ["p3.8xlarge", "m5.large", "p3dn.24xlarge", "p3.8xlarge"])
    finally:
        again.close()
    assert found == {"p3.8xlarge": whole, "p3dn.24xlarge": empty}
    assert str(found["p3.8xlarge"].zones[A].values[0]) == "3.869900"


def test_each_place_has_its_own_and_nothing_is_found_of_none(store: Store) -> None:
    store.spot_history.add(PLACE, [history(7, 0, p4=7)])
    store.spot_history.add(PLACE, [])
    assert store.spot_history.get(ELSEWHERE, ["p3.8xlarge"]) == store.spot_history.get(PLACE, []) == {}


def test_what_is_newer_and_what_is_older_is_joined_with_what_is_there(store: Store) -> None:
    store.spot_history.add(PLACE, [history(7, 1, p4=7, p5=3)])
    store.spot_history.add(PLACE, [history(1, 0, p5=3, p6=0.5)])
    store.spot_history.add(PLACE, [history(30, 7, p3=31, p4=7)])
    assert kept(store) == history(30, 0, p3=31, p4=7, p5=3, p6=0.5)


def test_with_time_missing_between_the_newer_one_replaces_the_other(store: Store) -> None:
    store.spot_history.add(PLACE, [history(60, 50, p4=60)])
    store.spot_history.add(PLACE, [history(7, 0, p5=8)])
    assert kept(store) == history(7, 0, p5=8)
    store.spot_history.add(PLACE, [history(60, 50, p4=60)])  # told late by another process
    assert kept(store) == history(7, 0, p5=8)


def test_a_year_is_kept_and_no_more(store: Store) -> None:
    first = history(400, 90, p2=500, p3=380, p4=100)
    store.spot_history.add(PLACE, [first])
    assert kept(store) == first
    store.spot_history.add(PLACE, [history(90, 0, p4=100, p5=1)])
    assert kept(store).since == NOON - RETENTION
    assert kept(store).zones[A].values == (Decimal(3), Decimal(4), Decimal(5))


_WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from tests.store.store_samples import PLACE
from tests.store.test_spot_history import history
from fe2tui.store import Store

store, ours = Store(Path(sys.argv[1])), int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for hour in range(ours, 48, 2):
    ago = 2 - hour / 24
    store.spot_history.add(PLACE, [history(9, ago, p4=9, **{f"p5_{hour:02}": ago + 0.01})])
store.close()
"""


def test_two_processes_that_write_at_once_lose_nothing_of_each_other(store: Store, path: Path) -> None:
    store.spot_history.add(PLACE, [history(9, 3, p4=9)])
    root = Path(__file__).parents[2]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path), str(number)],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in (0, 1)
    ]
    for each in writers:
        assert each.stdout is not None and each.stdout.readline() == "ready\n"
    for each in writers:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in writers:
        each.communicate(timeout=60)
        assert each.returncode == 0
    prices = kept(store).zones[A].values
    assert sorted(prices) == [Decimal(4), *(Decimal(f"5.{hour:02}") for hour in range(48))]


def test_ninety_days_of_a_price_that_changes_every_other_hour_take_a_few_kilobytes(store: Store, path: Path) -> None:
    changes = [(NOON - timedelta(hours=2 * n, seconds=n), Decimal(f"4.{n % 9999:04}")) for n in range(1080)]
    store.spot_history.add(
        PLACE, [SpotHistory("p3.8xlarge", NOON - 90 * DAY, NOON, {A: PriceSeries.from_changes(changes)})]
    )
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        ((size,),) = connection.execute("SELECT length(body) FROM spot_history")
    assert size < 20_000
