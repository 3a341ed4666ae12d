"""Spot launches from the shell: the text before them, what is launched, and what happens without capacity."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fe2tui.demo import Cloud, Options


@pytest.fixture(scope="module")
def market(_guarded_children: Path) -> Iterator[Cloud]:
    """An account of this module's own."""
    with Cloud(Options.instant(scene=False)) as shared:
        yield shared


@pytest.fixture
def fe2(market: Cloud, on: Callable[[Cloud], Any]) -> Iterator[Any]:
    yield on(market)
    market.control("/demo/faults", method="DELETE")


def named(fe2: Any, name: str) -> Any:
    return next(one for one in fe2("instances", "--json").json if one["name"] == name)


def without_room(fe2: Any, market: str = "spot") -> None:
    fe2.cloud.control("/demo/faults", {"kind": "no-capacity", "market": market})


def test_the_prices_of_both_markets_and_what_happens_to_the_data_are_said_before_it_launches(fe2: Any) -> None:
    said = fe2("launch", "spot1", "ubuntu", "20", "p3.8xlarge", "--spot", "--no-wait")
    assert said.status == 0
    prices, data, cost = said.err.splitlines()[:3]
    zone, price = re.findall(r"spot \$([\d.]+) in (us-east-2[ab]) \(cheapest, saves \d\d %\)", prices)[0][::-1]
    assert prices.startswith("On demand $12.2400 an hour; spot $") and prices.endswith("not offered in us-east-2c.")
    assert "its disk is kept" in data and "AWS starts it again" in data
    assert re.match(
        r"This costs \$\d\.\d{3} an hour while it runs at the present spot price, \$0\.002 while stopped", cost
    )
    made = named(fe2, "spot1")
    assert (made["lifecycle"], made["zone"]) == ("spot", zone) and float(price) < 12.24


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("eighth", ("-", "-", "-", "spot"), "its disk is kept"),
        ("fire", ("-", "-", "-", "True"), "its disk is kept"),
        ("once", ("-", "ssh", "3000", "one-time"), "its disk deleted"),
        ("flag", ("--one-time", "--spot"), "its disk deleted"),
    ],
)
def test_the_market_is_given_by_an_option_or_in_the_eighth_place(
    fe2: Any, name: str, more: tuple[str, ...], words: str
) -> None:
    said = fe2("--json", "launch", name, "ubuntu", "20", "t3.small", *more, "--no-wait")
    assert json.loads(said.out)["lifecycle"] == "spot" and words in said.err
    assert ("while stopped" in said.err) == ("deleted" not in words)


def test_when_no_zone_has_room_it_ends_with_the_ways_out_and_nothing_is_launched(fe2: Any) -> None:
    without_room(fe2)
    said = fe2("launch", "full", "ubuntu", "20", "m5.large", "--spot")
    assert said.status == 1 and "Traceback" not in said.err
    assert re.search(r"trying us-east-2[abc]\n", said.err)
    assert "AWS has no spot m5.large right now in us-east-2" in said.err and "InsufficientInstanceCapacity" in said.err
    for way in ("another type", "on demand", "--retry 30"):
        assert way in said.err
    assert "full" not in fe2("instances").out
    assert fe2("launch", "full", "ubuntu", "20", "m5.large", "--no-wait").status == 0, "on demand there is room"


def test_retry_waits_for_room_and_ctrl_c_leaves_nothing(fe2: Any) -> None:
    without_room(fe2)
    with fe2.start("launch", "later", "ubuntu", "20", "m5.large", "--spot", "--retry", "5", "--yes") as running:
        heard = ""
        while "trying again in" not in heard:
            line = running.stderr.readline()
            assert line, heard
            heard += line
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate(timeout=30)
    assert "(2nd time, until " in heard and "no spot m5.large in any zone" in heard
    assert running.returncode == 130 and "Cancelled. Nothing was launched." in rest
    assert "later" not in fe2("instances").out


def test_with_room_retry_launches_at_once(fe2: Any) -> None:
    said = fe2("launch", "soon", "ubuntu", "20", "t3.small", "--spot", "--retry", "5", "--no-wait", "--yes")
    assert said.status == 0 and "trying again" not in said.err and said.out.startswith("soon (i-")


def test_a_type_that_is_never_spot_and_a_limit_are_said_in_plain_words(fe2: Any) -> None:
    never = fe2("launch", "x", "ubuntu", "20", "hpc6a.48xlarge", "--spot")
    assert (never.status, "Launch it on demand, or choose another type." in never.err) == (2, True)
    limit = fe2("launch", "x", "ubuntu", "20", "inf1.xlarge", "--spot")
    assert limit.status == 1 and "may run no spot instances of this family yet" in limit.err


@pytest.mark.parametrize("minutes", ["0", "100000"])
def test_a_time_to_retry_is_minutes_up_to_a_week(fe2: Any, minutes: str) -> None:
    assert fe2("launch", "x", "ubuntu", "20", "m5.large", "--retry", minutes).status == 2
