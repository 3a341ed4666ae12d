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
from fe2tui.model.place import Place
from fe2tui.tui import footer, status
from fe2tui.tui.polling import FleetNotRead, FleetSeen
from fe2tui.tui.possible import ACTIVITY, INSTANCES
from fe2tui.tui.reading import Reading
from fe2tui.tui.status import Status
from fe2tui.tui.tally import Sums
from fe2tui.tui.toasts import failure_words, plain_words
from fe2tui.tui.view import Desk, View
from fe2tui.tui.widgets.line import width_of
from tests.tui.fleets import NOW, PLACE, fleet, instance

SUMS = Sums(6, 3, 1, 2, Decimal("0.62"), Decimal("41.20"), NOW)
FULL = Status(PLACE, "123456789012", SUMS, NOW - timedelta(seconds=2), read_only=True)


def said(what: Status, width: int) -> str:
    return "".join(span.text for span in status.spans(what, NOW, width))


@pytest.mark.parametrize("width", range(40, 220))
@pytest.mark.parametrize("error", [None, ThrottledError("Too many calls.")])
def test_the_status_line_never_wraps(width: int, error: Fe2Error | None) -> None:
    long = Place("a-profile-with-a-very-long-name-indeed", "ap-southeast-2", "http://127.0.0.1:5000")
    for what in (FULL, Status(long, "123456789012", SUMS, NOW, error)):
        assert width_of(status.spans(what, NOW, width)) <= max(width, 60)


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
    unknown = Sums(3, 3, 0, 0, Decimal(0), Decimal(0), NOW, unknown=3)
    line = said(Status(PLACE, "", unknown, NOW), 120)
    assert "–/h" in line
    assert "$0.00" not in line
    assert "3 without a price" in line


def test_a_failed_read_keeps_the_fleet_and_says_why_and_when_next() -> None:
    reading = Reading()
    reading.took(FleetSeen(fleet([])))
    assert reading.failed(FleetNotRead(UnreachableError("AWS does not answer.", "Check the network."), NOW, 8))
    assert not reading.failed(FleetNotRead(UnreachableError("AWS does not answer.", "Check the network."), NOW, 16))
    line = "".join(span.text for span in reading.notice(NOW, 120))
    assert "AWS does not answer. Check the network." in line
    assert "next try in 16s" in line
    assert len("".join(span.text for span in reading.notice(NOW, 60))) <= 60
    assert reading.read_at is not None
    reading.took(FleetSeen(replace(fleet([]), problems=(Problem("instances", "AWS does not answer."),))))
    assert "AWS does not answer. Check the network." in notice(reading)  # other parts were read since, these were not
    reading.took(FleetSeen(fleet([])))
    assert reading.notice(NOW, 120) == []


def test_parts_that_could_not_be_read_are_told_until_they_are_read() -> None:
    reading = Reading()
    images, disks = Problem("images", "Not allowed.", "Ask.", "AccessDenied"), Problem("volumes", "No answer.")
    reading.took(FleetSeen(replace(fleet([]), problems=(images,))))
    assert notice(reading).startswith(" ▲ Images could not be read: Not allowed. (AccessDenied) Ask.")
    assert reading.error is None  # the instances were read
    reading.took(FleetSeen(replace(fleet([]), problems=(images, disks))))
    assert "Images and disks could not be read: Not allowed. (AccessDenied) Ask." in notice(reading)
    reading.failed(FleetNotRead(UnreachableError("AWS does not answer.", "Check the network."), NOW, 0))
    assert "AWS does not answer. Check the network. Images and disks could not be read, either." in notice(reading)
    reading.took(FleetSeen(replace(fleet([]), problems=(disks,))))
    assert "Disks could not be read: No answer." in notice(reading)
    reading.took(FleetSeen(fleet([])))
    assert notice(reading) == ""


def notice(reading: Reading) -> str:
    return "".join(span.text for span in reading.notice(NOW, 120))


def test_one_refusal_of_the_spot_prices_is_told_once_whatever_is_read_by_that_call() -> None:
    reading, denied = Reading(), "You may not do that: ec2:DescribeSpotPriceHistory."
    now, past = Problem("spot", denied), Problem("spot history", denied)
    told = [reading.took(FleetSeen(replace(fleet([]), problems=some))) for some in ((past,), (now, past), (now,))]
    assert [[str(one) for one in errors] for errors in told] == [[f"Spot prices could not be read: {denied}"], [], []]
    other = past._replace(summary="No answer.")
    assert len(reading.took(FleetSeen(replace(fleet([]), problems=(now, other))))) == 1


def test_a_part_that_could_not_be_read_is_told_once() -> None:
    from dataclasses import replace

    reading, seen = Reading(), replace(fleet([]), problems=(Problem("prices", "Not allowed.", "Ask.", "AccessDenied"),))
    assert [error.code for error in reading.took(FleetSeen(seen))] == ["AccessDenied"]
    assert reading.took(FleetSeen(seen)) == []


def view(**changes: Any) -> View:
    made = fleet([instance(1)])
    one = next(iter(made.instances.values()))
    fields: dict[str, Any] = {"pane": INSTANCES, "fleet": made, "selected": one, "shown_count": 1, **changes}
    return View(cast(Desk, None), PLACE, **fields)


def keys(what: View, width: int = 200, failures: int = 0) -> str:
    return "".join(span.text for span in footer.spans(what, {}, failures, width))


@pytest.mark.parametrize("width", range(30, 200, 7))
def test_the_footer_never_wraps(width: int) -> None:
    assert width_of(footer.spans(view(), {}, 3, width)) <= max(width, 40)


def test_the_footer_has_only_keys_that_do_something_here_and_now() -> None:
    assert "s Stop" in keys(view())
    stopped = instance(2, state=State.STOPPED)
    assert "s Start" in keys(view(selected=stopped))
    assert "c Connect" not in keys(view(selected=stopped))
    assert "s Force stop" in keys(view(selected=instance(2, state=State.STOPPING)))
    gone = instance(3, state=State.TERMINATED)
    for word in ("Connect", "Stop", "Start", "Reboot", "Terminate"):
        assert word not in keys(view(selected=gone))
    assert "Launch" in keys(view(pane=ACTIVITY))
    assert "Connect" not in keys(view(pane=ACTIVITY))


def test_read_only_shows_no_key_that_changes_anything() -> None:
    line = keys(view(read_only=True))
    for word in ("Launch", "Stop", "Reboot", "Terminate"):
        assert word not in line
    assert "Connect" in line


def test_failures_that_nobody_has_seen_are_counted_in_the_footer() -> None:
    assert "! 2" in keys(view(), failures=2)
    assert "! " not in keys(view())


def test_marks_are_said_and_count_for_every_verb() -> None:
    two = (instance(1), instance(2))
    line = keys(view(marked=two))
    assert "✓ 2 marked" in line
    assert "Connect" not in line
    assert "s Stop" in line


@pytest.mark.parametrize("width", range(60, 220))
def test_the_parts_of_the_status_line_stand_apart(width: int) -> None:
    unknown = Sums(16, 3, 1, 2, Decimal("0.62"), Decimal("41.20"), NOW, unknown=5)
    line = said(Status(PLACE, "123456789012", unknown, NOW), width)
    before_age = line.rstrip().removesuffix(" ago").rpartition("0s")[0].removesuffix("read ")
    assert len(before_age) - len(before_age.rstrip()) >= 2
    if "without a price" in line:
        assert "price   " in line


@pytest.mark.parametrize(
    ("long", "costly", "words"),
    [(2, 0, "▲ 2 long on "), (0, 1, "▲ 1 costly "), (2, 1, "▲ 2 long on, 1 costly "), (0, 0, "")],
)
def test_machines_that_are_long_on_or_costly_are_counted(long: int, costly: int, words: str) -> None:
    marked = FULL._replace(sums=SUMS._replace(long=long, costly=costly))
    wide = said(marked, 160)
    assert words in wide and ("▲" in wide) is bool(words)
    narrow = said(marked, 72)
    assert "long on" not in narrow and (f"▲ {long + costly} " in narrow) is bool(words)
    inks = {span.ink for span in status.spans(marked, NOW, 160) if "▲" in span.text}
    assert inks == ({"trouble"} if words else set())


def test_missing_prices_are_not_told_of_before_they_were_asked_for() -> None:
    unknown = Sums(16, 3, 1, 2, Decimal("0.62"), Decimal("41.20"), NOW, unknown=5)
    assert "5 without a price" in said(Status(PLACE, "", unknown, NOW), 160)
    assert "without a price" not in said(Status(PLACE, "", unknown, NOW, priced=False), 160)
    reading = Reading()
    reading.took(FleetSeen(fleet([instance(1)], prices=Prices())))
    assert not reading.priced
    denied = replace(fleet([instance(1)], prices=Prices()), problems=(Problem("prices", "Denied."),))
    reading.took(FleetSeen(denied))
    assert reading.priced


@pytest.mark.parametrize("width", range(80, 200, 5))
def test_money_that_is_not_complete_is_at_least_so_much_at_every_width(width: int) -> None:
    partly = SUMS._replace(unknown=14, hour_in_part=True, month_in_part=True)
    line = said(Status(PLACE, "123456789012", partly, NOW - timedelta(seconds=12)), width)
    assert "≥$0.62/h" in line
    assert "≥$41.20" in line
    assert "≥" not in said(Status(PLACE, "123456789012", SUMS, NOW), width)
    month_only = SUMS._replace(month_in_part=True)
    assert " $0.62/h" in said(Status(PLACE, "", month_only, NOW), width)
    assert "≥$41.20" in said(Status(PLACE, "", month_only, NOW), width)


@pytest.mark.parametrize("error", [None, ThrottledError("Too many calls.")])
def test_how_many_have_no_price_is_said_before_names_that_are_known(error: Fe2Error | None) -> None:
    partly = SUMS._replace(unknown=14, hour_in_part=True, month_in_part=True, long=2)
    line = said(Status(PLACE, "123456789012", partly, NOW - timedelta(seconds=12), error), 120)
    assert "14 without a price" in line
    assert "123456789012" not in line
    if error is None:
        assert "14 no price" in said(Status(PLACE, "", partly, NOW - timedelta(seconds=12)), 80)


@pytest.mark.parametrize("width", [80, 120])
def test_a_refusal_is_said_whole(width: int) -> None:
    words = "i-0123456789abcdef0 is spot, its type cannot change. " + "Freeze it into an image, and launch that. " * 2
    told = plain_words(words, width)
    assert " ".join(told.split()) == words.strip()
    assert max(map(len, told.splitlines())) <= width * 0.8 - 4
    assert plain_words("Copied.", width) == "Copied."
    assert len(plain_words("word " * 400, width).splitlines()) <= 5


@pytest.mark.parametrize("width", [80, 100, 120, 200])
@pytest.mark.parametrize("count", [1, 8, 20, 60, 200])
def test_a_failure_toast_has_three_lines_at_most_and_says_where_the_rest_is(width: int, count: int) -> None:
    words = failure_words("Connect base: " + "word " * count, width, "!")
    lines = words.splitlines()
    assert len(lines) <= 3 and lines[0].startswith("Connect base: word")
    assert lines[-1].endswith("! shows it")
    assert all(len(line) <= width * 0.8 - 4 for line in lines)
