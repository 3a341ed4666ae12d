"""Instance types and their prices from the shell; change-type."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.screen import Screen

FIELDS = {
    *(
        "name",
        "vcpu",
        "memory_gib",
        "gpus",
        "gpu_name",
        "gpu_memory_gib",
        "accelerators",
        "accelerator_name",
        "architectures",
        "network",
        "local_disk_gb",
    ),
    *("price_per_hour", "spot_lowest", "zones"),
}


def calls(fe2: Any) -> list[str]:
    return [call["action"] for call in fe2.cloud.control("/demo/calls", method="GET")]


# ------------------------------------------------------------------------------------------------ price-demand


def test_price_demand_prints_each_type_of_a_family_smallest_first(fe2: Any) -> None:
    said = fe2("price-demand", "m5")
    assert said.status == 0, said.err
    rows = [line.split() for line in said.lines]
    assert rows[:4] == [["m5.large", "0.096"], ["m5.xlarge", "0.192"], ["m5.2xlarge", "0.384"], ["m5.4xlarge", "0.768"]]
    assert len({line.rindex(".") for line in said.lines if not line.endswith("–")}) == 1, "decimal points are aligned"


def test_price_demand_takes_one_type_and_json(fe2: Any) -> None:
    assert fe2("price-demand", "t3.micro").out == "t3.micro  0.0104\n"
    prices = fe2("price-demand", "p3", "--json").json
    assert [(each["name"], each["price_per_hour"]) for each in prices] == [
        ("p3.2xlarge", 3.06),
        ("p3.8xlarge", 12.24),
        ("p3.16xlarge", 24.48),
    ]


@pytest.mark.parametrize(
    ("family", "told"),
    [("m55", "Did you mean m5"), ("m5.huge", "m5 has large, xlarge, 2xlarge"), ("qqqqq", "There are a1, ")],
)
def test_a_family_that_is_not_there_is_status_3_with_the_nearest(fe2: Any, family: str, told: str) -> None:
    said = fe2("price-demand", family)
    assert (said.status, said.out) == (3, "")
    assert told in said.err
    assert fe2("price-demand", "").status == 2


def test_prices_and_types_are_read_once_a_day(fe2: Any) -> None:
    fe2("price-demand", "m5")
    fe2.cloud.control("/demo/calls", method="DELETE")
    assert fe2("price-demand", "p3").status == 0
    assert fe2("types", "family:p3", "spot<0").status == 0
    assert set(calls(fe2)) <= {"DescribeSpotPriceHistory"}


def test_without_the_right_to_read_prices_price_demand_says_how_to_get_it(own_fe2: Any) -> None:
    own_fe2.cloud.control("/demo/faults", {"kind": "deny", "action": "GetProducts"})
    said = own_fe2("price-demand", "m5")
    assert (said.status, said.out) == (1, "")
    assert "pricing:GetProducts" in said.err
    listed = own_fe2("types", "family:p3")
    assert listed.status == 0
    assert "Without prices" in listed.err and "p3.16xlarge" in listed.out


# ------------------------------------------------------------------------------------------------ types


def test_types_shows_those_that_fit_with_what_they_have_and_cost(fe2: Any) -> None:
    said = fe2("types", "gpu:a10g", "vcpu<=8")
    assert said.status == 0, said.err
    head, *rows = said.lines
    assert head.split()[:3] == ["TYPE", "VCPU", "GIB"]
    assert [row.split()[0] for row in rows] == ["g5.xlarge", "g5.2xlarge"]
    assert re.search(r"1 × A10G\s+24\s+x86_64\s+≤ 10 Gb/s\s+250\s+1\.0060\s+0\.\d{4}$", rows[0])


def test_json_of_types_has_every_promised_field(fe2: Any) -> None:
    (one,) = fe2("types", "g5.12xlarge", "--json").json
    assert one.keys() >= FIELDS
    assert (one["vcpu"], one["memory_gib"], one["gpus"], one["gpu_name"]) == (48, 192, 4, "A10G")
    assert (one["architectures"], one["price_per_hour"]) == (["x86_64"], 5.672)
    assert 0 < one["spot_lowest"] < one["price_per_hour"]
    assert all(zone.startswith("us-east-2") for zone in one["zones"])


def test_one_text_with_several_terms_or_several_texts_are_the_same(fe2: Any) -> None:
    assert fe2("types", "vcpu>=64 arch:arm64 -metal").out == fe2("types", "vcpu>=64", "arch:arm64", "-metal").out


def test_types_are_sorted_by_what_is_asked(fe2: Any) -> None:
    prices = [each["price_per_hour"] for each in fe2("types", "mem>=512", "--sort", "price", "--json").json]
    assert prices == sorted(prices, key=lambda price: (price is None, price or 0)) and len(prices) > 20
    vcpus = [each["vcpu"] for each in fe2("types", "family:m5", "--json").json]
    assert vcpus[0] == 2 and vcpus[-1] == 96


def test_a_filter_of_spot_prices_reads_those_of_all_types(fe2: Any) -> None:
    found = fe2("types", "gpu", "spot<1", "--json").json
    assert found
    assert all(each["spot_lowest"] < 1 for each in found)
    many = fe2("types", "vcpu>=4")
    assert many.status == 0
    assert "spot prices are shown for up to 100" in many.err


def test_a_type_filter_that_makes_no_sense_is_wrong_usage(fe2: Any) -> None:
    said = fe2("types", "flavour:x")
    assert (said.status, said.out) == (2, "")
    assert fe2("types", "vcpu>100000").err == "No type in us-east-2 matches.\n"


# ------------------------------------------------------------------------------------------------ change-type


def test_one_that_runs_is_refused_after_the_price_and_says_the_remedy(fe2: Any) -> None:
    fe2.cloud.control("/demo/calls", method="DELETE")
    said = fe2("change-type", "inst1", "m5.xlarge")
    assert (said.status, said.out) == (1, "")
    price, what, remedy = said.err.splitlines()
    assert "$0.096 an hour more" in price and "$70.08 more over a full month" in price
    assert what == "fe2: inst1 is running, and its type can only be changed while it is stopped."
    assert remedy.startswith("fe2 change-type inst1 m5.xlarge --stop ")
    assert "ModifyInstanceAttribute" not in calls(fe2)


def test_with_stop_it_is_stopped_changed_and_started_until_ssh_answers(own_fe2: Any) -> None:
    said = own_fe2("change-type", "inst1", "m5.xlarge", "--stop", "--yes")
    assert said.status == 0, said.err
    assert re.fullmatch(r"inst1 \(i-[0-9a-f]{17} running\): [\d.]+\n", said.out)
    (changed,) = [each for each in own_fe2("instances", "--json").json if each["name"] == "inst1"]
    assert (changed["type"], changed["state"]) == ("m5.xlarge", "running")
    assert own_fe2("activity", "--json").json[0]["command"] == "change type"


def test_a_stopped_one_is_only_changed_unless_its_start_is_asked_for(own_fe2: Any) -> None:
    said = own_fe2("change-type", "od1", "t3.large")
    assert said.status == 0, said.err
    assert re.fullmatch(r"od1 \(i-[0-9a-f]{17} stopped\): No public IP\n", said.out)
    changed = own_fe2("change-type", "od1", "t3.medium", "--start", "--yes", "--json")
    assert changed.status == 0, changed.err
    assert (changed.json["type"], changed.json["state"]) == ("t3.medium", "running")


@pytest.mark.parametrize(
    ("name", "to", "told"),
    [
        ("inst1", "t4g.large", "Arm"),
        ("inst1", "m5.large", "current type"),
        ("spot1", "m5.xlarge", "spot"),
    ],
)
def test_what_it_cannot_become_is_refused_in_plain_words(fe2: Any, name: str, to: str, told: str) -> None:
    said = fe2("change-type", name, to, "--stop")
    assert said.status in (1, 2)
    assert said.out == ""
    assert told in said.err and "Traceback" not in said.err


def test_a_type_that_there_is_not_is_status_3_with_capitals_or_without(fe2: Any) -> None:
    for name in ("m5.nosuch", "M5.NoSuch"):
        said = fe2("change-type", "inst1", name, "--stop")
        assert (said.status, said.out) == (3, "")
        assert "There is no instance type m5.nosuch" in said.err
    assert "$0.096 an hour more" in fe2("change-type", "inst1", "M5.XLarge").err


@pytest.mark.parametrize("term", ["price>", "vcpu>=", "gpu:"])
def test_a_term_without_a_value_is_wrong_usage(fe2: Any, term: str) -> None:
    said = fe2("types", "m5", term)
    assert (said.status, said.out) == (2, "") and "has no value" in said.err


def test_read_only_changes_no_type(fe2: Any) -> None:
    said = fe2("--read-only", "change-type", "od1", "t3.large")
    assert (said.status, said.out) == (1, "")
    assert "only read" in said.err


def test_without_a_terminal_a_start_refused_for_capacity_is_status_1_with_the_way_back(own_fe2: Any) -> None:
    own_fe2.cloud.control("/demo/faults", {"kind": "no-capacity", "times": 1})
    said = own_fe2("change-type", "inst1", "m5.xlarge", "--stop", "--yes")
    assert (said.status, said.out) == (1, "")
    assert "InsufficientInstanceCapacity" in said.err
    assert "fe2 change-type inst1 m5.large --start changes it back" in said.err
    back = own_fe2("change-type", "inst1", "m5.large", "--start", "--yes")
    assert back.status == 0, back.err
    assert " running): " in back.out


def test_at_a_terminal_a_start_refused_for_capacity_offers_the_old_type_back(own_fe2: Any) -> None:
    own_fe2.cloud.control("/demo/faults", {"kind": "no-capacity", "times": 1})
    with Screen(own_fe2.command("change-type", "inst1", "m5.xlarge", "--stop"), own_fe2.environment) as screen:
        screen.wait_for("Change inst1 from m5.large to m5.xlarge? [y/N]")
        screen.type("y\r")
        screen.wait_for("Change inst1 back to m5.large and start it? [Y/n]")
        screen.type("\r")
        assert screen.wait_for_end() == 0
        assert " running): " in screen.text
    (one,) = [each for each in own_fe2("instances", "--json").json if each["name"] == "inst1"]
    assert one["type"] == "m5.large"


def test_who_does_not_want_the_old_type_back_is_left_with_the_new_one_stopped(own_fe2: Any) -> None:
    own_fe2.cloud.control("/demo/faults", {"kind": "no-capacity", "times": 1})
    with Screen(own_fe2.command("change-type", "inst1", "m5.xlarge", "--stop"), own_fe2.environment) as screen:
        screen.wait_for("[y/N]")
        screen.type("y\r")
        screen.wait_for("[Y/n]")
        screen.type("n\r")
        assert screen.wait_for_end() == 1
    (one,) = [each for each in own_fe2("instances", "--json").json if each["name"] == "inst1"]
    assert (one["type"], one["state"]) == ("m5.xlarge", "stopped")


@pytest.mark.parametrize(
    "command",
    [
        ("types", "family:m5"),
        ("cost",),
        ("instances", "--long"),
        ("price-hist", "m5.large"),
        ("terminate", "base", "--yes"),
        ("change-type", "inst1", "t3.large", "--yes"),
    ],
)
def test_a_price_list_that_refuses_the_login_costs_only_the_prices(own_fe2: Any, command: tuple[str, ...]) -> None:
    own_fe2.cloud.control(
        "/demo/faults", {"kind": "refuse", "service": "pricing", "code": "UnrecognizedClientException", "status": 400}
    )
    said = own_fe2(*command)
    assert said.status != 4 and "Traceback" not in said.err
    assert (said.out + said.err).count("The Price List does not accept this login") == 1, said
