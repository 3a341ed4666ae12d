"""Spot requests from the shell."""

from __future__ import annotations

from typing import Any

import pytest

FIELDS = {
    *("id", "state", "type", "status_code", "status_message", "status_at", "words", "interruption", "created_at"),
    *("instance_type", "zone", "instance_id", "instance_name", "instance_state", "tags"),
}


@pytest.fixture
def spot1(fe2: Any) -> dict[str, Any]:
    """The request of the machine of that name."""
    return next(each for each in fe2("requests", "--json").json if each["instance_name"] == "spot1")


def test_requests_are_listed_one_a_line_with_their_machines(fe2: Any, spot1: dict[str, Any]) -> None:
    said = fe2("requests")
    assert said.status == 0, said.err
    assert f"{spot1['id']} (one-time active): spot1 ({spot1['instance_id']} running)" in said.lines


def test_long_says_what_each_state_means(fe2: Any, spot1: dict[str, Any]) -> None:
    head, *rows = fe2("requests", "--long").lines
    assert head.split() == ["REQUEST", "KIND", "STATE", "NAME", "INSTANCE", "TYPE", "ZONE", "FOR", "MEANS"]
    [etl] = [row for row in rows if "nightly-etl" in row]
    assert etl.endswith("AWS stopped its machine: no capacity in us-east-2b; starts it again when it can")
    [row] = [row for row in rows if spot1["id"] in row]
    assert row.endswith(spot1["words"])


def test_json_has_all_of_a_request_under_names_of_ours(fe2: Any, spot1: dict[str, Any]) -> None:
    assert spot1.keys() == FIELDS
    assert (spot1["state"], spot1["type"], spot1["status_code"]) == ("active", "one-time", "fulfilled")
    assert (spot1["instance_type"], spot1["zone"], spot1["interruption"]) == ("m5.large", "us-east-2a", "terminate")
    assert spot1["created_at"].endswith("Z")


def test_get_request_prints_a_property_and_lists_them(fe2: Any, spot1: dict[str, Any]) -> None:
    assert fe2("get-request", spot1["id"], "-", "state").out == "active\n"
    assert fe2("get-request", spot1["id"], "-", "instance-id").out == f"{spot1['instance_id']}\n"
    assert fe2("get-request", spot1["id"], "-", "status").json["Code"] == "fulfilled"
    assert fe2("get-request", spot1["id"], "-", "words").out == f"{spot1['words']}\n"
    listed = fe2("get-request", spot1["id"], "--json").json
    assert {"state", "status", "instance-id", "launch-specification", "words"} <= set(listed["properties"])
    assert listed["methods"] == ["cancel", "reload", "wait-until-fulfilled"]


def test_get_request_from_instance_is_the_same_by_the_machines_name(fe2: Any, spot1: dict[str, Any]) -> None:
    assert fe2("get-request-from-instance", "spot1", "-", "id").out == f"{spot1['id']}\n"
    waited = fe2("get-request-from-instance", "spot1", "-", "wait-until-fulfilled", "--timeout", "1")
    assert waited.out == f"{spot1['instance_id']}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("get-request", "sir-00000000"), 3, "There is no spot request sir-00000000 in us-east-2."),
        (("get-request", "spot1"), 3, "There is no spot request spot1"),
        (("get-request", ""), 2, "No spot request was named"),
        (("get-request-from-instance", "base"), 3, "and has no spot request"),
        (("get-request-from-instance", "spot11"), 3, "Did you mean spot1"),
        (("get-request-from-instance", "spot1", "-", "stat"), 2, "Did you mean state"),
        (("get-request-from-instance", "spot1", "-", "cancel", "--now"), 2, "cancel takes --terminate"),
        (
            ("get-request-from-instance", "spot1", "-", "wait-until-fulfilled", "--timeout", "soon"),
            2,
            "“soon” is not a number of seconds",
        ),
        (("get-request-from-instance", "nightly-etl", "-", "cancel"), 1, "would terminate it and its disks"),
        (("--read-only", "get-request-from-instance", "spot1", "-", "cancel"), 1, "--read-only"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_done(
    fe2: Any, arguments: tuple[str, ...], status: int, told: str
) -> None:
    said = fe2(*arguments)
    assert (said.status, said.out) == (status, ""), said.err
    assert told in said.err


def test_a_request_is_cancelled_and_that_of_a_stopped_machine_only_when_it_is_meant(own_fe2: Any) -> None:
    said = own_fe2("get-request-from-instance", "train-resnet", "-", "cancel")
    assert said.status == 0, said.err
    assert "train-resnet runs on, and cannot be stopped any more" in said.out
    said = own_fe2("get-request-from-instance", "nightly-etl", "-", "cancel", "--terminate")
    assert "AWS terminates nightly-etl, which was stopped" in said.out
    states = {each["instance_name"]: each["instance_state"] for each in own_fe2("requests", "--json").json}
    assert (states["train-resnet"], states["nightly-etl"]) == ("running", "terminated")


def test_terminating_one_that_is_gone_tells_of_the_request_that_brings_another(own_fe2: Any) -> None:
    machine = own_fe2("instance", "train-resnet", "--json").json
    own_fe2.cloud.control("/demo/interrupt", {"instance": machine["id"], "action": "terminate"})
    said = own_fe2("terminate", machine["id"], "--yes")
    assert said.status == 1
    assert f"AWS launches another: fe2 get-request {machine['spot_request_id']} - cancel" in said.err


def test_tab_offers_ids_of_requests_that_were_seen(fe2: Any) -> None:
    fe2("instances")
    seen = [each["id"] for each in fe2("requests", "--json").json]
    words = {"COMP_WORDS": "fe2 get-request sir", "COMP_CWORD": "2", "_FE2_COMPLETE": "bash_complete"}
    assert set(seen) <= {line.partition(",")[2] for line in fe2(**words).lines}


def test_where_there_is_none_that_is_said(fe2: Any) -> None:
    said = fe2("--region", "us-east-1", "requests")
    assert (said.status, said.out) == (0, "")
    assert said.err == "No spot requests in us-east-1.\n"
