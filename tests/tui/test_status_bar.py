"""The status line and the footer: one line, whatever the width, and only what applies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from fe2tui.errors import DeniedError, ExpiredError, Fe2Error, NoCredentialsError, ThrottledError, UnreachableError
from fe2tui.model.fleet import Prices, Problem
from fe2tui.model.instance import State
from fe2tui.model.location import Location
from fe2tui.model.money.account import AccountTotals
from fe2tui.model.other_regions import RegionCount, sum_elsewhere
from fe2tui.model.spot import SpotRequest
from fe2tui.tui import status_bar
from fe2tui.tui.command_context import CommandContext, SpotChoice
from fe2tui.tui.commands import COMMANDS_BY_ID
from fe2tui.tui.fleet_watch import FleetNotRead
from fe2tui.tui.pane_ids import ACTIVITY, INSTANCES, SPOT
from fe2tui.tui.read_state import ReadState
from fe2tui.tui.services import Services
from fe2tui.tui.status_bar import Status
from fe2tui.tui.toasts import failure_text, plain_text
from fe2tui.tui.widgets.line import click_meta, spans_width
from tests.tui.fleets import NOW, PLACE, fleet, instance

SUMS = AccountTotals(6, 3, 1, 2, Decimal("0.62"), Decimal("41.20"), NOW)
FULL = Status(PLACE, "123456789012", SUMS, NOW - timedelta(seconds=2), read_only=True)


def said(what: Status, width: int) -> str:
    return "".join(span.text for span in status_bar.status_spans(what, NOW, width))


def test_tunnels_are_counted_and_lead_to_their_list() -> None:
    what = FULL._replace(tunnels=2)
    spans = status_bar.status_spans(what, NOW, 200)
    assert next(span for span in spans if span.command == "tunnels").text.strip() == "⇄ 2 tunnels"
    assert "⇄ 2 " in said(what, 100) and "⇄" not in said(FULL, 200)


@pytest.mark.parametrize("width", range(40, 220))
@pytest.mark.parametrize("error", [None, ThrottledError("Too many calls.")])
def test_the_status_line_never_wraps(width: int, error: Fe2Error | None) -> None:
    long = Location("a-profile-with-a-very-long-name-indeed", "ap-southeast-2", "http://127.0.0.1:5000")
    for what in (FULL, Status(long, "123456789012", SUMS, NOW, error)):
        assert spans_width(status_bar.status_spans(what, NOW, width)) <= max(width, 60)


def test_the_least_important_goes_first() -> None:
    wide, narrow = said(FULL, 160), said(FULL, 80)
    for part in (
        "fe2tui",
        "ohio",
        "us-east-2",
        "default",
        "123456789012",
        "3 running",
        "$0.62/h",
        "$41.20 in Nov",
        "read 2s",
    ):
        assert part in wide
    for part in ("us-east-2", "default", "● 3", "$0.62/h", "$41.20", "2s ago", "read-only"):
        assert part in narrow
    assert "fe2tui" not in narrow
    assert "123456789012" not in narrow


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (UnreachableError("No answer."), "offline"),
        (ThrottledError("Too many calls."), "throttled"),
        (DeniedError("Not allowed."), "denied"),
        (ExpiredError("Ran out."), "login expired"),
        (NoCredentialsError("None."), "no login"),
    ],
)
@pytest.mark.parametrize("width", [80, 120, 200])
def test_what_is_wrong_stands_beside_the_age_at_every_width(error: Fe2Error, word: str, width: int) -> None:
    line = said(Status(PLACE, "", SUMS, NOW - timedelta(minutes=4), error), width)
    assert f"▲ {word}" in line
    assert "4m ago" in line


def test_money_that_is_not_known_is_a_dash() -> None:
    unknown = AccountTotals(3, 3, 0, 0, Decimal(0), Decimal(0), NOW, unknown=3)
    line = said(Status(PLACE, "", unknown, NOW), 120)
    assert "–/h" in line
    assert "$0.00" not in line
    assert "3 without a price" in line


def test_a_failed_read_keeps_the_fleet_and_says_why_and_when_next() -> None:
    reading = ReadState()
    reading = reading.after_fleet(fleet([]))
    unreachable = UnreachableError("AWS does not answer.", "Check the network.")
    before, reading = reading, reading.after_failure(FleetNotRead(unreachable, NOW, 8))
    assert reading.new_errors(before) == [unreachable]
    before, reading = reading, reading.after_failure(FleetNotRead(unreachable, NOW, 16))
    assert reading.new_errors(before) == []
    line = "".join(span.text for span in reading.notice_spans(NOW, 120))
    assert "AWS does not answer. Check the network." in line
    assert "next try in 16s" in line
    narrow = "".join(span.text for span in reading.notice_spans(NOW, 40)).split("\n")
    assert len(narrow) == 2 and all(len(line) <= 40 for line in narrow)
    assert "Check the network." in " ".join(" ".join(narrow).split())
    assert reading.read_at is not None
    reading = reading.after_fleet(replace(fleet([]), problems=(Problem("instances", "AWS does not answer."),)))
    assert "AWS does not answer. Check the network." in notice_spans(
        reading
    )  # other parts were read since, these were not
    reading = reading.after_fleet(fleet([]))
    assert reading.notice_spans(NOW, 120) == []


def test_parts_that_could_not_be_read_are_told_until_they_are_read() -> None:
    read_state = ReadState()
    images, disks = Problem("images", "Not allowed.", "Ask.", "AccessDenied"), Problem("volumes", "No answer.")
    read_state = read_state.after_fleet(replace(fleet([]), problems=(images,)))
    assert notice_spans(read_state).startswith(" ▲ Images could not be read: Not allowed. (AccessDenied) Ask.")
    assert read_state.error is None  # the instances were read
    read_state = read_state.after_fleet(replace(fleet([]), problems=(images, disks)))
    assert "Images and disks could not be read: Not allowed. (AccessDenied) Ask." in notice_spans(read_state)
    read_state = read_state.after_failure(
        FleetNotRead(UnreachableError("AWS does not answer.", "Check the network."), NOW, 0)
    )
    assert "AWS does not answer. Check the network. Images and disks could not be read, either." in notice_spans(
        read_state
    )
    read_state = read_state.after_fleet(replace(fleet([]), problems=(disks,)))
    assert "Disks could not be read: No answer." in notice_spans(read_state)
    read_state = read_state.after_fleet(fleet([]))
    assert notice_spans(read_state) == ""


def notice_spans(read_state: ReadState) -> str:
    return "".join(span.text for span in read_state.notice_spans(NOW, 120))


def test_one_refusal_of_the_spot_prices_is_told_once_whatever_is_read_by_that_call() -> None:
    reading, denied = ReadState(), "You may not do that: ec2:DescribeSpotPriceHistory."
    now, past = Problem("spot", denied), Problem("spot history", denied)
    reported = []
    for problems in ((past,), (now, past), (now,)):
        before, reading = reading, reading.after_fleet(replace(fleet([]), problems=problems))
        reported.append([str(error) for error in reading.new_errors(before)])
    assert reported == [[f"Spot prices could not be read: {denied}"], [], []]
    other = past._replace(summary="No answer.")
    assert len(reading.after_fleet(replace(fleet([]), problems=(now, other))).new_errors(reading)) == 1


def test_one_reason_is_told_once_however_many_parts_it_keeps_from_being_read() -> None:
    parts = [Problem(part, "AWS closed the connection.") for part in ("volumes", "images", "prices")]
    reading = ReadState().after_fleet(replace(fleet([]), problems=tuple(parts[:2])))
    told = [str(error) for error in reading.new_errors(ReadState())]
    assert told == ["Disks and images could not be read: AWS closed the connection."]
    more = reading.after_fleet(replace(fleet([]), problems=tuple(parts)))
    failed = more.after_failure(FleetNotRead(UnreachableError("AWS closed the connection."), NOW, 8))
    assert more.new_errors(reading) == failed.new_errors(more) == []


def test_a_part_that_could_not_be_read_is_told_once() -> None:
    seen = replace(fleet([]), problems=(Problem("prices", "Not allowed.", "Ask.", "AccessDenied"),))
    reading = ReadState().after_fleet(seen)
    assert [error.code for error in reading.new_errors(ReadState())] == ["AccessDenied"]
    assert reading.after_fleet(seen).new_errors(reading) == []


def view(**changes: Any) -> CommandContext:
    made = fleet([instance(1)])
    one = next(iter(made.instances.values()))
    fields: dict[str, Any] = {"pane": INSTANCES, "fleet": made, "selected_instance": one, "visible_count": 1, **changes}
    return CommandContext(cast(Services, None), PLACE, **fields)


def keys(what: CommandContext, width: int = 200, failures: int = 0) -> str:
    return "".join(span.text for span in status_bar.footer_spans(what, {}, failures, width))


@pytest.mark.parametrize("width", range(30, 200, 7))
def test_the_footer_never_wraps(width: int) -> None:
    assert spans_width(status_bar.footer_spans(view(), {}, 3, width)) <= max(width, 40)


def test_the_footer_has_only_keys_that_do_something_here_and_now() -> None:
    assert "s Stop" in keys(view())
    stopped = instance(2, state=State.STOPPED)
    assert "s Start" in keys(view(selected_instance=stopped))
    assert "c Connect" not in keys(view(selected_instance=stopped))
    assert "s Force stop" in keys(view(selected_instance=instance(2, state=State.STOPPING)))
    gone = instance(3, state=State.TERMINATED)
    for word in ("Connect", "Stop", "Start", "Reboot", "Terminate"):
        assert word not in keys(view(selected_instance=gone))
    once = instance(4, lifecycle="spot", spot_request_id="sir-1")
    seen = replace(fleet([once]), requests={"sir-1": SpotRequest("sir-1", "active", "one-time")})
    assert "Stop" not in keys(view(fleet=seen, selected_instance=once))
    assert "Launch" in keys(view(pane=ACTIVITY))
    assert "c Connect" in keys(view(pane=ACTIVITY))  # to what the row is about
    assert "Connect" not in keys(view(pane=ACTIVITY, selected_instance=None))


def test_read_only_shows_no_key_that_changes_anything() -> None:
    line = keys(view(read_only=True))
    for word in ("Launch", "Stop", "Reboot", "Terminate"):
        assert word not in line
    assert "Connect" in line


def test_nothing_is_launched_before_a_region_is_known() -> None:
    nowhere = CommandContext(cast(Services, None), Location("default", ""), INSTANCES)
    assert "Launch" not in keys(nowhere)
    assert (COMMANDS_BY_ID["launch"].unavailable_reason(nowhere) or "").startswith("No region is known yet.")


def test_unseen_failures_are_counted_in_the_footer() -> None:
    assert "! 2" in keys(view(), failures=2)
    assert "! " not in keys(view())


def test_marks_are_said_and_count_for_every_verb() -> None:
    two = (instance(1), instance(2))
    line = keys(view(marked_instances=two))
    assert "✓ 2 marked" in line
    assert "Connect" not in line
    assert "s Stop" in line


def test_marks_that_a_filter_hides_are_said() -> None:
    assert "✓ 1 marked, 12 hidden" in keys(view(marked_instances=(instance(1),), hidden_mark_count=12))
    assert "✓ 12 marked are hidden" in keys(view(hidden_mark_count=12))
    unmark = next(span for span in status_bar.footer_spans(view(hidden_mark_count=1), {}, 0, 120) if "✓" in span.text)
    assert unmark.command == "unmark"


def test_esc_says_what_it_leaves_and_is_not_there_without_anything_to_leave() -> None:
    chosen = SpotChoice("p3.2xlarge", family="p3", is_pinned=True)
    for word, context in (
        ("", view()),
        ("Unmark", view(marked_instances=(instance(1),))),
        ("Unmark", view(hidden_mark_count=2)),
        ("Show all", view(filter_text="base", hidden_mark_count=2)),
        ("Back", view(pane=ACTIVITY)),
        ("End search", view(pane=ACTIVITY, search_text="base")),
        ("Families", view(pane=SPOT, spot=chosen)),
        ("Follow", view(pane=SPOT, spot=chosen._replace(family=""))),
        ("Show all", view(pane=SPOT, spot=chosen, filter_text="p3")),
        ("Types", view(pane=SPOT, spot=chosen._replace(zone="us-east-2a"), filter_text="p3")),
        ("Remove cursor", view(pane=SPOT, spot=chosen._replace(zone="us-east-2a", moment=NOW))),
    ):
        line = keys(context)
        assert f"esc {word}" in line if word else "esc" not in line


def test_the_days_of_spot_prices_end_with_a_reason() -> None:
    shorter, longer = COMMANDS_BY_ID["shorter"], COMMANDS_BY_ID["longer"]
    for days, at_most in ((1, "1 day is the shortest time."), (90, "90 days is the longest time")):
        at_end = view(pane=SPOT, spot=SpotChoice("p3.2xlarge", days=days))
        reasons = [command.unavailable_reason(at_end) or "" for command in (shorter, longer)]
        assert [at_most in reason for reason in reasons] == [days == 1, days == 90]
    hidden = view(spot=SpotChoice(days=90))
    assert longer.unavailable_reason(hidden) == "The spot prices are not visible: 3 goes there."


def test_all_that_the_status_line_counts_and_all_keys_can_be_clicked() -> None:
    counted = FULL._replace(totals=SUMS._replace(long_running=2, unknown=3), waiting=1)
    spans = status_bar.status_spans(counted, NOW, 200)
    commands = {span.text.strip(): span.command for span in spans}
    assert [commands[sign] for sign in ("●", "◐", "○")] == ["show_running", "show_moving", "show_stopped"]
    assert commands["3 running"] == "show_running" and commands["▲ 2 long-running"] == "show_alerts"
    assert commands["3 without a price"] == "cost" and commands["◐ 1 waiting"] == "activity"
    for line in (
        status_bar.footer_spans(view(marked_instances=(instance(1),)), {}, 2, 200),
        status_bar.filter_key_spans(80),
    ):
        assert [span.text for span in line if span.text.strip() and not span.command] == []
    assert click_meta("key:enter") == {"@click": "app.simulate_key('enter')"}


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
def test_the_line_does_not_move_when_the_age_gets_longer(width: int) -> None:
    seconds = (0, 9, 10, 59, 60, 600, 7_200, 86_400)
    lines = [said(FULL._replace(read_at=NOW - timedelta(seconds=age)), width) for age in seconds]
    assert len({line.index("ago") for line in lines}) == 1
    assert len({line[: line.index("/h")] for line in lines}) == 1


def test_money_of_an_earlier_run_is_dim() -> None:
    for from_store, style in ((True, "dim"), (False, "strong")):
        spans = status_bar.status_spans(FULL._replace(from_store=from_store), NOW, 120)
        assert {span.style for span in spans if "$" in span.text} == {style}


@pytest.mark.parametrize("width", range(60, 220))
def test_the_parts_of_the_status_line_stand_apart(width: int) -> None:
    unknown = AccountTotals(16, 3, 1, 2, Decimal("0.62"), Decimal("41.20"), NOW, unknown=5)
    line = said(Status(PLACE, "123456789012", unknown, NOW), width)
    before_age = line.rstrip().removesuffix(" ago").rpartition("0s")[0].removesuffix("read ")
    assert len(before_age) - len(before_age.rstrip()) >= 2
    if "without a price" in line:
        assert "price   " in line


@pytest.mark.parametrize(
    ("long", "costly", "words"),
    [(2, 0, "▲ 2 long-running "), (0, 1, "▲ 1 costly "), (2, 1, "▲ 2 long-running, 1 costly "), (0, 0, "")],
)
def test_machines_that_are_long_on_or_costly_are_counted(long: int, costly: int, words: str) -> None:
    marked = FULL._replace(totals=SUMS._replace(long_running=long, costly=costly))
    wide = said(marked, 160)
    assert words in wide and ("▲" in wide) is bool(words)
    narrow = said(marked, 72)
    assert "long-running" not in narrow and (f"▲ {long + costly} " in narrow) is bool(words)
    inks = {span.style for span in status_bar.status_spans(marked, NOW, 160) if "▲" in span.text}
    assert inks == ({"trouble" if costly else "moving"} if words else set())  # red only for what costs much


def test_no_part_of_the_line_comes_and_goes_with_the_age() -> None:
    place = Location("default", "us-east-2", "http://127.0.0.1:40123")
    for width in range(60, 200, 3):
        lines = set()
        for seconds in range(1, 130):
            status = Status(place, "123456789012", SUMS, NOW - timedelta(seconds=seconds))
            spans = status_bar.status_spans(status, NOW, width)
            lines.add(tuple(span.text for span in spans if span.command != "refresh" and span.text.strip()))
        assert len(lines) == 1, width


def test_what_costs_in_other_regions_stands_beside_the_rate_where_there_is_space() -> None:
    counts = [
        RegionCount("us-west-2", NOW, 2, Decimal("0.3"), True),
        RegionCount("eu-west-1", NOW - timedelta(hours=3), 0, Decimal("0.031")),
        RegionCount("ap-south-1", NOW, denied="You do not have permission."),
        RegionCount(PLACE.region, NOW, 9, Decimal(9)),
    ]
    elsewhere = sum_elsewhere(counts, PLACE.region)
    assert elsewhere is not None and elsewhere.regions == ("us-west-2", "eu-west-1")
    assert [one.text(NOW) for one in counts[:3]] == [
        "2 running, ≥$0.300/h, 0s ago",
        "0 running, $0.031/h, 3h ago",
        "not permitted",
    ]
    status = FULL._replace(elsewhere=elsewhere)
    assert "$0.62/h + ≥$0.33/h elsewhere   $41.20 in Nov" in said(status, 160)
    assert "elsewhere" not in said(status, 90) and "$0.62/h" in said(status, 90)
    (span,) = [span for span in status_bar.status_spans(status, NOW, 160) if "elsewhere" in span.text]
    assert span.command == "region"
    unpriced = sum_elsewhere([RegionCount("us-west-2", NOW, 2, is_partial=True)], PLACE.region)
    assert "+ 2 running elsewhere" in said(FULL._replace(elsewhere=unpriced), 160)
    assert sum_elsewhere(counts[2:], PLACE.region) is None


def test_missing_prices_are_not_reported_before_the_first_read_of_prices() -> None:
    unknown = AccountTotals(16, 3, 1, 2, Decimal("0.62"), Decimal("41.20"), NOW, unknown=5)
    assert "5 without a price" in said(Status(PLACE, "", unknown, NOW), 160)
    assert "without a price" not in said(Status(PLACE, "", unknown, NOW, has_prices=False), 160)
    reading = ReadState()
    reading = reading.after_fleet(fleet([instance(1)], prices=Prices()))
    assert not reading.has_prices
    denied = replace(fleet([instance(1)], prices=Prices()), problems=(Problem("prices", "Denied."),))
    reading = reading.after_fleet(denied)
    assert reading.has_prices


@pytest.mark.parametrize("width", range(80, 200, 5))
def test_money_that_is_not_complete_is_at_least_so_much_at_every_width(width: int) -> None:
    partly = SUMS._replace(unknown=14, is_hour_partial=True, is_month_partial=True)
    line = said(Status(PLACE, "123456789012", partly, NOW - timedelta(seconds=12)), width)
    assert "≥$0.62/h" in line
    assert "≥$41.20" in line
    assert "≥" not in said(Status(PLACE, "123456789012", SUMS, NOW), width)
    month_only = SUMS._replace(is_month_partial=True)
    assert " $0.62/h" in said(Status(PLACE, "", month_only, NOW), width)
    assert "≥$41.20" in said(Status(PLACE, "", month_only, NOW), width)


@pytest.mark.parametrize("error", [None, ThrottledError("Too many calls.")])
def test_how_many_have_no_price_is_said_before_names_that_are_known(error: Fe2Error | None) -> None:
    partly = SUMS._replace(unknown=14, is_hour_partial=True, is_month_partial=True, long_running=2)
    line = said(Status(PLACE, "123456789012", partly, NOW - timedelta(seconds=12), error), 120)
    assert "14 without a price" in line
    assert "123456789012" not in line
    if error is None:
        assert "14 no price" in said(Status(PLACE, "", partly, NOW - timedelta(seconds=12)), 80)


@pytest.mark.parametrize("width", [80, 120])
def test_a_refusal_is_said_whole(width: int) -> None:
    words = "i-0123456789abcdef0 is spot, its type cannot change. " + "Freeze it into an image, and launch that. " * 2
    told = plain_text(words, width)
    assert " ".join(told.split()) == words.strip()
    assert max(map(len, told.splitlines())) <= width - 5
    assert plain_text("Copied.", width) == "Copied."
    assert len(plain_text("word " * 400, width).splitlines()) <= 5


@pytest.mark.parametrize("width", [80, 100, 120, 200])
@pytest.mark.parametrize("count", [1, 8, 20, 60, 200])
def test_a_failure_toast_has_one_line_and_says_where_the_rest_is(width: int, count: int) -> None:
    (line,) = failure_text("Connect base: " + "word " * count, width, "!").splitlines()
    assert line.startswith("Connect base: word")
    assert line.endswith("! shows it")
    assert len(line) <= width - 5
