"""The details of an instance, in words that hold for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from fe2tui.errors import MachineError
from fe2tui.model.fleet import Fleet, InstanceUsage, Prices, Problem
from fe2tui.model.instance import Instance, InstanceStatus, State
from fe2tui.model.money.account import AccountTracker
from fe2tui.model.money.alerts import AlertLimits
from fe2tui.model.money.unknown import PRICE_PAGE as PAGE
from fe2tui.model.money.usage import BEFORE_EC2, cost_since_start, known_cost_between
from fe2tui.ssh.tunnels import Tunnel
from fe2tui.tasks.context import Context
from fe2tui.tasks.tunnels import TunnelState, TunnelStatus
from fe2tui.tui.panes import instance_columns
from fe2tui.tui.panes.details import Fact, facts_content
from fe2tui.tui.panes.instance_columns import COLUMNS, InstanceRowScope, columns_by_id, state_category
from fe2tui.tui.panes.instance_details import left_facts, right_facts
from fe2tui.tui.tunnel_keeper import KeptTunnels
from tests.tui.fleets import NOW, PRICES, fleet, instance

ONE = Decimal(1)
LONG_AGO = NOW - timedelta(days=41)
HOUR = timedelta(hours=1)


def said(one: Instance, *, seen: Fleet | None = None, is_known: bool = False, measured: bool = True) -> str:
    at = InstanceRowScope(seen or fleet([one]), NOW)
    facts = [*left_facts(one, at, has_host_key=is_known), *right_facts(one, at, reads_cpu=measured)]
    return "\n".join(f"{fact.label} {fact.text}" for fact in facts)


def looks(one: Instance, limits: AlertLimits | None = None) -> tuple[str, str]:
    """The sign's kind, and the word for the state."""
    at = InstanceRowScope(fleet([one]), NOW, limits=limits or AlertLimits())
    return state_category(one, at), COLUMNS["state"].cell(one, at)[0]


def test_one_that_is_on_for_long_is_pointed_out_with_its_cost_and_what_to_do_until_it_is_tagged() -> None:
    forgotten = instance(1, launched_at=LONG_AGO)
    kept = instance(2, launched_at=LONG_AGO, tags={"Name": "kept", "fe2:keep": "yes"})
    assert re.search(
        r"▲ \$[\d.]+ since its start, running for 41d\. Stop it .*, or tag it fe2:keep=yes", said(forgotten)
    )
    assert "▲" not in said(kept)
    assert looks(forgotten) == ("trouble", "running")
    assert looks(kept) == ("running", "running")


def test_only_what_costs_much_in_a_month_is_red_however_long_it_runs() -> None:
    cheap = instance(1, launched_at=NOW - timedelta(days=400))
    limits = AlertLimits(high_cost=Decimal(90))
    prices = replace(PRICES, on_demand={cheap.type: Decimal("0.05")})
    for launched_at, price, kind in (
        (NOW - timedelta(days=400), "0.05", "moving"),  # $660, $40 in 30 days
        (NOW - timedelta(days=400), "0.2", "trouble"),
        (NOW - timedelta(hours=20), "5", "trouble"),
        (NOW - timedelta(hours=20), "0.2", "running"),
    ):
        one = replace(cheap, launched_at=launched_at)
        seen = replace(fleet([one]), prices=replace(prices, on_demand={one.type: Decimal(price)}))
        at = InstanceRowScope(seen, NOW, limits=limits)
        assert (state_category(one, at), COLUMNS["state"].cell(one, at)[0]) == (kind, "running")
        sums = AccountTracker(limits).update(seen, NOW)
        assert (sums.long_running, sums.costly) == (int(kind == "moving"), int(kind == "trouble"))


def test_what_is_wrong_stands_first_with_what_to_do_and_the_group_is_named() -> None:
    one = instance(1, launched_at=NOW - HOUR, tags={"aws:autoscaling:groupName": "web"})
    failing = InstanceStatus(one.id, ("instance",), NOW - HOUR)
    text = said(one, seen=replace(fleet([one]), statuses={one.id: failing}))
    assert text.startswith("Alert ▲ Running, does not answer since ") and "Reboot it." in text
    assert "Group Auto Scaling group web, which terminates stopped instances" in text


def test_windows_is_reached_by_remote_desktop_and_an_ipv6_address_is_shown_where_it_is_the_only_one() -> None:
    windows = instance(1, platform="Windows", public_ip="203.0.113.9")
    assert "RDP runs Windows: Remote Desktop to 203.0.113.9, port 3389" in said(windows) and "SSH" not in said(windows)
    only = instance(2, public_ip=None, private_ip="10.0.0.9", ipv6="2001:db8::9")
    assert "@2001:db8::9" in said(only)
    assert COLUMNS["address"].cell(only, InstanceRowScope(fleet([only]), NOW)) == ("2001:db8::9", "text")


def test_from_when_on_one_is_pointed_out_is_settable_and_can_be_never() -> None:
    one = instance(1, launched_at=NOW - 30 * HOUR)
    assert looks(one) == ("moving", "running")
    assert looks(one, AlertLimits.from_settings(31, 50)) == ("running", "running")
    assert looks(one, AlertLimits.from_settings(0, 0)) == ("running", "running")
    assert looks(replace(one, lifecycle="spot")) == ("moving", "running spot")


def test_one_that_is_costly_is_pointed_out_before_and_after_it_is_on_for_long() -> None:
    one = instance(1, launched_at=NOW - 10 * HOUR)
    spent = cost_since_start(one, fleet([one]), NOW)
    assert spent is not None
    assert looks(one, AlertLimits.from_settings(24, float(spent) + 0.01)) == ("running", "running")
    assert looks(one, AlertLimits.from_settings(24, float(spent) - 0.01)) == ("trouble", "running")
    assert looks(replace(one, state=State.STOPPED), AlertLimits.from_settings(24, 0.01)) == ("stopped", "stopped")


@pytest.mark.parametrize(
    ("idle", "busy", "words"),
    [
        (30, 5, "▲ CPU under 2 % for 2h 30m, at $"),
        (72, 0, "▲ CPU under 2 % for at least 6h, at $"),
        (23, 5, "CPU 1 % now, peak 1 % in the last hour"),
        (4, 8, "CPU 1 % now, peak 88 % in the last hour"),
    ],
)
def test_one_that_does_nothing_for_hours_and_is_paid_for_is_pointed_out(idle: int, busy: int, words: str) -> None:
    one = instance(1, launched_at=NOW - 10 * HOUR)
    seen = replace(fleet([one]), cpu={one.id: (88.0,) * busy + (1.2,) * idle})
    assert words in said(one, seen=seen)
    assert ("an hour" in said(one, seen=seen).partition("CPU")[2]) is ("at $" in words)


def test_that_cpu_is_not_asked_for_is_said_with_what_does_so() -> None:
    assert "the command CPU" in said(instance(1), measured=False)
    assert "the command CPU" not in said(instance(1), measured=True)
    assert "the command CPU" not in said(instance(1, state=State.STOPPED), measured=False)


@pytest.mark.parametrize(
    ("changes", "prices", "words"),
    [
        ({}, Prices(several=frozenset({"t3.micro"}), on_demand={"x": ONE}), f"several prices of t3.micro, see {PAGE}"),
        ({}, Prices(), "pricing:GetProducts is not allowed for this login. Ask for the action"),
        ({}, Prices(on_demand={"x": ONE}), "pricing:GetProducts is not allowed"),
        ({"platform": "Windows"}, PRICES, "only prices of Linux are read, not of Windows"),
        ({"tenancy": "dedicated"}, PRICES, "not of dedicated"),
        ({"lifecycle": "spot"}, PRICES, "there is no spot price of t3.micro in us-east-2b yet"),
    ],
)
def test_a_price_that_is_not_known_is_said_with_why_and_what_to_do(
    changes: dict[str, object], prices: Prices, words: str
) -> None:
    one = replace(instance(1), type="t3.micro", **changes)  # type: ignore[arg-type]
    denied = Problem("prices", "pricing:GetProducts is not allowed for this login.", "Ask for the action.", "Denied")
    seen = replace(fleet([one], prices=prices), problems=(denied,))
    assert "Price unknown: " in said(one, seen=seen) and words in said(one, seen=seen)


def test_prices_older_than_a_day_say_their_age() -> None:
    one = instance(1)
    for hours, words in ((20, ""), (75, "On-demand prices are 3d old.")):
        seen = fleet([one], prices=replace(PRICES, read_at=NOW - hours * HOUR))
        assert ("old" in said(one, seen=seen)) is bool(words) and words in said(one, seen=seen)


def test_what_is_said_to_be_left_out_is_left_out() -> None:
    assert "Excludes data transfer, CPU credits and snapshots" in said(instance(1))


def test_a_known_host_key_is_said() -> None:
    assert "host key known" in said(instance(1), is_known=True)
    assert "host key known" not in said(instance(1))


def test_an_unknown_column_leaves_the_usual_ones() -> None:
    assert columns_by_id(("name", "bogus")) == tuple(COLUMNS.values())
    assert [column.id for column in columns_by_id(("name", "type", "tag:env"))] == ["name", "type", "tag:env"]


def test_a_row_asks_once_whether_its_machine_is_marked_and_what_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    one = instance(1)
    asked: list[str] = []

    def counted(name: str) -> Callable[..., Any]:
        original = getattr(instance_columns, name)

        def ask(*arguments: Any) -> Any:
            asked.append(name)
            return original(*arguments)

        return ask

    names = ("alert_of", "hourly_cost", "known_cost_between")
    for name in names:
        monkeypatch.setattr(instance_columns, name, counted(name))
    at = InstanceRowScope(fleet([one]), NOW, limits=AlertLimits(None, Decimal(50)))
    state_category(one, at)
    for column in COLUMNS.values():
        column.cell(one, at)
    # known_cost_between: since its start, for the alert, and so far
    assert sorted(asked) == sorted([*names, "known_cost_between"])


def test_a_sum_that_is_known_in_part_is_the_least_that_it_is() -> None:
    one = instance(1)
    seen = fleet([one])
    priced = {name: COLUMNS[name].cell(one, InstanceRowScope(seen, NOW))[0] for name in ("hour", "so_far", "month")}
    assert not any(cell.startswith("≥") for cell in priced.values())
    unpriced = replace(seen, prices=replace(seen.prices, on_demand={}))
    assert all(COLUMNS[name].cell(one, InstanceRowScope(unpriced, NOW))[0].startswith("≥") for name in priced)


def test_so_far_is_the_same_sum_in_the_list_and_in_the_details() -> None:
    one = instance(1)
    assert one.launched_at is not None
    earlier = InstanceUsage(
        one.id, "", one.type, one.launched_at - 9 * HOUR, one.launched_at - 4 * HOUR, ONE, seen_at=one.launched_at
    )
    seen = replace(fleet([one]), instance_usage={one.id: (earlier,)})
    total = known_cost_between(one, seen, BEFORE_EC2, NOW)[0]
    since_start = cost_since_start(one, seen, NOW)
    assert since_start is not None and total >= since_start + 5
    cell = COLUMNS["so_far"].cell(one, InstanceRowScope(seen, NOW))[0]
    assert cell == f"{total:,.2f}"
    assert any(f"${cell} so far" in fact.text for fact in right_facts(one, InstanceRowScope(seen, NOW)))


def test_the_details_say_which_part_of_the_past_is_not_known() -> None:
    stopped = replace(instance(1), state=State.STOPPED, public_ip=None, transition_reason="Server.SpotInstanceShutdown")
    started = stopped.launched_at
    assert started is not None
    unknown = InstanceUsage(stopped.id, "", stopped.type, started, started, ended_before=NOW)
    seen_running = replace(unknown, ended_at=started + HOUR, seen_at=started + HOUR)
    for run, words in (
        (unknown, "AWS does not report how long it ran"),
        (seen_running, "fe2tui did not see"),
    ):
        shown = right_facts(
            stopped, InstanceRowScope(replace(fleet([stopped]), instance_usage={stopped.id: (run,)}), NOW)
        )
        assert any(fact.text.startswith(words) for fact in shown)


def test_a_spot_machine_saves_while_it_runs_and_one_that_aws_stopped_once_it_is_back() -> None:
    one = instance(1, lifecycle="spot")
    prices = replace(PRICES, on_demand={one.type: ONE}, spot={(one.type, one.zone): Decimal("0.25")})
    taken = replace(one, state=State.STOPPED, state_reason="Server.SpotInstanceShutdown: x")
    stopped = replace(one, state=State.STOPPED, state_reason="Client.UserInitiatedShutdown: x")

    def told(each: Instance) -> str:
        return said(each, seen=replace(fleet([each]), prices=prices))

    assert told(one).count("Saves 75 % against 1.000 on demand\n") == 1
    assert "Saves 75 % against 1.000 on demand, when it runs again\n" in told(taken)
    assert "Saves $0.250 an hour for the machine while it is stopped\n" in told(stopped)
    assert "Saves" not in told(replace(taken, state=State.TERMINATED))


def test_ids_are_links_where_there_is_a_page_for_them() -> None:
    fact = Fact("Disks", "vol-0a3b2194 of i-0a3b2194 and more", "ink-dim")
    links = {"vol-0a3b2194": "https://console/vol"}
    content = facts_content([fact], 80, links.get)
    styled = [(content.plain[span.start : span.end], span.style) for span in content.spans]
    linked = [(text, style.link) for text, style in styled if not isinstance(style, str) and style.link]
    assert linked == [("vol-0a3b2194", "https://console/vol")]


def test_tunnels_to_an_instance_are_in_its_details() -> None:
    one, error = instance(1), MachineError("inst1 does not answer.")
    ways = (Tunnel(8888, 8888), Tunnel(9000, 80))
    states = [
        TunnelStatus(TunnelState.OPEN, NOW - 2 * HOUR),
        TunnelStatus(TunnelState.BROKEN, NOW, error, NOW + timedelta(seconds=4)),
    ]
    kept = [KeptTunnels(number, cast(Context, None), one, ways, state) for number, state in enumerate(states)]
    facts = left_facts(one, InstanceRowScope(fleet([one]), NOW), tunnels=kept)
    assert [fact.text for fact in facts if fact.label == "Tunnel"] == [
        "8888, 9000 → 80 · open 2h",
        "8888, 9000 → 80 · broken, again in 4s: inst1 does not answer.",
    ]
