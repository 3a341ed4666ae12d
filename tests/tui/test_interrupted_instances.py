"""What AWS interrupted says so: in the list as far as there is room, in the details in any case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.interruption import interruption_forms
from fe2tui.model.spot import SpotRequest
from fe2tui.tui.panes.instance_columns import InstanceRowScope
from fe2tui.tui.panes.instance_details import left_facts
from tests.tui.fleets import NOW, fleet, instance
from tests.tui.list_host import instance_rows

REQUEST = SpotRequest(
    "sir-abc12345",
    "disabled",
    "persistent",
    "instance-stopped-no-capacity",
    instance_id=instance(1).id,
    interruption="stop",
    status_at=NOW - timedelta(minutes=5),
    instance_type="t3.micro",
    zone="us-east-2b",
)
SPOT: Any = {"lifecycle": "spot", "spot_request_id": REQUEST.id, "type": "t3.micro"}
TAKEN = replace(
    instance(1, "taken", state=State.STOPPED), **SPOT, state_reason="Server.SpotInstanceShutdown: It was stopped"
)
GONE = replace(TAKEN, state=State.TERMINATED, state_reason="Server.SpotInstanceTermination: It was terminated")
NOTICED = replace(instance(1, "noticed"), **SPOT, launched_at=NOW - timedelta(hours=9))
ONCE = replace(REQUEST, state="closed", type="one-time", status_code="instance-terminated-no-capacity")
DUE = (NOW - timedelta(minutes=3)).astimezone()
MARKED = replace(REQUEST, state="active", status_code="marked-for-stop")


def seen(one: Instance, request: SpotRequest | None, *others: Instance) -> Fleet:
    made = fleet([one, *others])
    return replace(made, requests={request.id: request} if request is not None else {})


def row(of: Fleet, width: int) -> Mapping[str, str]:
    """The cells of the first row, by column, in a table so wide."""
    rows = instance_rows(of)
    columns = rows.layout(width).columns
    (sign, _), cells = rows.cells(instance(1).id, columns)
    return {"sign": sign} | {column.id: text for column, (text, _) in zip(columns, cells, strict=True)}


@pytest.mark.parametrize(
    ("one", "request_", "short", "whole"),
    [
        (TAKEN, REQUEST, "interrupted", ("interrupted by AWS at", "no capacity in us-east-2b; AWS will restart it")),
        (TAKEN, None, "interrupted", ("interrupted by AWS", "AWS will restart it")),
        (GONE, ONCE, "ended by AWS", ("interrupted by AWS at", "gone, disk deleted")),
        (NOTICED, MARKED, f"stops {DUE:%H:%M}", ("AWS interrupts it at", "it will be stopped, its disk kept")),
    ],
)
def test_the_list_tells_what_aws_did_as_far_as_there_is_room(
    one: Instance, request_: SpotRequest | None, short: str, whole: tuple[str, str]
) -> None:
    narrow, wide = (row(seen(one, request_), width) for width in (60, 300))
    assert (narrow["sign"], narrow["state"]) == (wide["sign"], short) == ("▲", short)
    assert wide["state"].startswith(whole[0]) and wide["state"].endswith(whole[1])


def test_in_every_width_the_words_are_whole_clauses_and_no_usual_column_goes_for_them() -> None:
    undisturbed = replace(TAKEN, lifecycle="on-demand", spot_request_id=None)
    said = set()
    for width in range(50, 300, 3):
        cells, usual = row(seen(TAKEN, REQUEST), width), row(seen(undisturbed, None), width)
        said.add(cells["state"])
        late = {"id", "key", "private", "image"}
        assert usual.keys() - late <= cells.keys() <= usual.keys()
    assert said == set(interruption_forms(TAKEN, REQUEST, NOW))
    assert len(said) == 5


@pytest.mark.parametrize("width", [76, 96, 116, 132, 170])
def test_at_every_width_the_list_tells_one_that_comes_back_from_one_that_is_gone(width: int) -> None:
    back, gone = row(seen(TAKEN, REQUEST), width)["state"], row(seen(GONE, ONCE), width)["state"]
    assert "gone" in gone and "gone" not in back
    assert "AWS will restart" in back or "comes back" in back or back == "interrupted"


def test_a_name_has_plenty_of_room_before_words_have() -> None:
    long = instance(2, "n" * 60)
    widths = {}
    for width in range(90, 260, 5):
        columns = instance_rows(seen(TAKEN, REQUEST, long)).layout(width).columns
        widths[width] = {column.id: column.width for column in columns}
    assert all(at["state"] == 13 or at["name"] >= (18 if at["state"] <= 24 else 60) for at in widths.values())
    assert 13 < widths[135]["state"] <= 24
    assert widths[255]["state"] > 60


@pytest.mark.parametrize("request_", [REQUEST, MARKED, None])
def test_one_that_was_not_interrupted_says_nothing_of_it(request_: SpotRequest | None) -> None:
    plain = row(seen(instance(1), request_), 300)
    assert (plain["sign"], plain["state"]) in {("●", "running"), ("▲", "running")}


def test_the_details_tell_all_of_it_and_of_its_request() -> None:
    def said(one: Instance, request: SpotRequest | None) -> str:
        facts = left_facts(one, InstanceRowScope(seen(one, request), NOW))
        return "\n".join(f"{fact.label} {fact.text}" for fact in facts)

    words = said(TAKEN, REQUEST)
    assert "Alert ▲ Interrupted by AWS at" in words and "Only AWS can start it again, in us-east-2b." in words
    assert "Why Server.SpotInstanceShutdown" in words
    assert "Spot sir-abc12345 persistent, disabled: AWS stopped its machine: no capacity in us-east-2b" in words
    assert "gone, disk deleted." in said(GONE, ONCE)
    assert "Spot sir-abc12345 persistent, active: its machine is about to be stopped" in said(NOTICED, MARKED)
    assert "Spot sir-abc12345\n" in said(TAKEN, None)
    assert "Spot" not in said(instance(1), REQUEST)


def test_since_when_it_rests_is_told_by_its_request_where_ec2_tells_no_time() -> None:
    assert row(seen(TAKEN, REQUEST), 120)["up"] == "off 5m"
    waiting = replace(REQUEST, status_code="capacity-not-available")
    for request in (None, waiting, replace(REQUEST, instance_id="i-other")):
        assert row(seen(TAKEN, request), 120)["up"] == "–"


def test_words_from_outside_are_text() -> None:
    hostile = replace(REQUEST, status_code="new-code", status_words="[red]x\x1b[31m", type="persistent")
    facts = left_facts(TAKEN, InstanceRowScope(seen(TAKEN, hostile), NOW))
    assert not any("\x1b" in fact.text for fact in facts)
