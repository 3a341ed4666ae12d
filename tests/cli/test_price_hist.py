"""Spot prices by day, from the shell and from Python."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fe2tui import EC2
from fe2tui.demo import Cloud
from fe2tui.errors import NotFoundError
from tests.cli.conftest import Shell
from tests.forks import ForkServer
from tests.screen import Screen

P3 = ["p3.2xlarge", "p3.8xlarge", "p3.16xlarge"]


def days(count: int) -> list[str]:
    """The last days of this computer's calendar."""
    today = datetime.now().astimezone().date()
    return [(today - timedelta(days=back)).isoformat() for back in range(count - 1, -1, -1)]


# ------------------------------------------------------------------------------------------------ shell


@pytest.fixture(scope="module")
def fe2(cloud: Cloud, fork_server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """On the lived-in cloud, with one FE2TUI_HOME for all: what was read once stays read."""
    home = tmp_path_factory.mktemp("price-hist") / "home"
    shutil.copytree(cloud.home, home)
    return Shell(fork_server, cloud.environment | {"FE2TUI_HOME": str(home)}, cloud)


def test_price_hist_prints_the_last_three_days_of_a_family(fe2: Shell) -> None:
    said = fe2("price-hist", "p3")
    assert said.status == 0, said.err
    head, *rows = (re.split(r" {2,}", line) for line in said.lines)
    assert (head[:2], len(head), head[-1]) == (["TYPE", "ZONE"], 6, "SAVES")
    assert [row[0] for row in rows] == P3
    assert all(row[1] in ("2a", "2b") and re.fullmatch(r"\d+\.\d{4}", row[2]) for row in rows)
    assert all(re.fullmatch(r"\d\d %", row[-1]) for row in rows)


def test_json_has_a_price_a_day_and_all_zones_where_asked(fe2: Shell) -> None:
    found = fe2("price-hist", "p3.8xlarge", "--days", "5", "--zone", "all", "--json").json
    assert (found["region"], found["days"]) == ("us-east-2", days(5))
    assert [(row["name"], row["zone"]) for row in found["rows"]] == [
        ("p3.8xlarge", "us-east-2a"),
        ("p3.8xlarge", "us-east-2b"),
    ]
    for row in found["rows"]:
        assert len(row["prices"]) == 5 and all(3 < price < 10 for price in row["prices"])
        assert row["on_demand"] == 12.24
        assert row["saves"] == pytest.approx(1 - row["now"] / 12.24, abs=1e-4)


def test_csv_leaves_out_what_is_not_known_and_the_table_has_a_dash(fe2: Shell) -> None:
    rows = list(csv.reader(io.StringIO(fe2("price-hist", "p3", "--zone", "2c", "--csv").out)))
    assert rows[0] == ["type", "zone", *days(3)]
    assert rows[1] == ["p3.2xlarge", "us-east-2c", "", "", ""]
    assert fe2("price-hist", "p3", "--zone", "2c").lines[1].split() == ["p3.2xlarge", "2c", *"––––"]
    priced = list(csv.reader(io.StringIO(fe2("price-hist", "p3", "--csv").out)))
    assert all(float(price) > 0 for row in priced[1:] for price in row[2:])


def test_a_second_look_asks_aws_nothing(fe2: Shell) -> None:
    first = fe2("price-hist", "m5")
    fe2.cloud.control("/demo/calls", method="DELETE")
    assert fe2("price-hist", "m5").lines[0] == first.lines[0]
    assert fe2.cloud.control("/demo/calls", method="GET") == []


def test_chart_draws_each_type_below_the_table(fe2: Shell) -> None:
    said = fe2("price-hist", "p3", "--days", "7", "--chart")
    assert said.status == 0, said.err
    assert [line for line in said.lines if line in P3] == P3
    assert said.out.count("on demand") == 3
    assert "\x1b" not in said.out and max(map(len, said.lines)) <= 100


def test_at_a_terminal_a_table_that_is_too_wide_goes_on_below(fe2: Shell) -> None:
    command = fe2.command("price-hist", "p3.8xlarge", "--days", "14", "--chart")
    with Screen(command, fe2.environment, columns=80) as screen:
        assert screen.wait_for_end() == 0
        assert screen.text.count("TYPE") == 2
        assert "on demand 12.240" in screen.text


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["p33"], 3, "Did you mean"),
        (["p3.huge"], 3, "p3 has 2xlarge"),
        (["p3", "--zone", "9z"], 3, "There are us-east-2a, us-east-2b and us-east-2c"),
        (["p3", "--days", "0"], 2, "--days"),
        (["p3", "--csv", "--json"], 2, "Choose one"),
        (["p3", "--chart", "--json"], 2, "Choose one"),
        ([""], 2, "No family"),
    ],
)
def test_what_makes_no_sense_is_told_in_plain_words(fe2: Shell, arguments: list[str], status: int, told: str) -> None:
    said = fe2("price-hist", *arguments)
    assert (said.status, said.out) == (status, "")
    assert told in said.err and "Traceback" not in said.err


# ------------------------------------------------------------------------------------------------ Python


@pytest.fixture
def ec2(cloud: Cloud, enter_cloud: Callable[[Cloud], Path]) -> Iterator[EC2]:
    enter_cloud(cloud)
    with EC2() as made:
        yield made


def test_in_python_it_shows_itself_as_the_shell_does_and_has_every_change(ec2: EC2) -> None:
    found = ec2.price_hist("p3")
    head, *rows = repr(found).splitlines()
    assert head.split()[:2] == ["TYPE", "ZONE"] and [row.split()[0] for row in rows] == P3
    assert [row.type for row in found.rows] == P3
    zones = found.histories["p3.8xlarge"].zones
    assert all(len(series.times) > 100 for series in zones.values()), "of four weeks"
    assert {row.zone for row in ec2.price_hist("p3", 5, "2b").rows} == {"us-east-2b"}
    with pytest.raises(NotFoundError):
        ec2.price_hist("p33")


def test_in_a_notebook_it_is_a_table_and_a_drawing_of_the_past_weeks_of_each_type(ec2: EC2) -> None:
    page = ec2.price_hist("p3")._repr_html_()
    whole = ElementTree.fromstring(f"<page>{page}</page>")
    rows = [["".join(cell.itertext()) for cell in row] for row in whole.iter("tr")]
    assert rows[0][:2] == ["TYPE", "ZONE"] and [row[0] for row in rows[1:]] == P3
    drawings = [each for each in whole.iter() if each.tag.endswith("svg")]
    assert len(drawings) == 3
    assert all("on demand" in "".join(each.itertext()) for each in drawings)
    assert "<script" not in page
