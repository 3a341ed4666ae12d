"""What everything costs is in sight, the same everywhere, and what AWS bills for looking is asked for first."""

from __future__ import annotations

import csv
import json
import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from textual import events
from textual.app import App
from textual.widgets import Static

from fe2tui.aws.session import Choice
from fe2tui.demo import Cloud
from fe2tui.model.documents import cost_csv, cost_document, json_text
from fe2tui.model.fleet import Fleet, IdleAddress, InstanceUsage, Prices, VolumeUsage
from fe2tui.model.instance import State
from fe2tui.model.location import REGIONS, Location
from fe2tui.model.money.account import AccountCost, account_cost
from fe2tui.model.other_regions import RegionCount
from fe2tui.model.volume import Snapshot, Volume
from fe2tui.settings import load
from fe2tui.store import open_store
from fe2tui.tui import other_regions
from fe2tui.tui.app import Dashboard
from fe2tui.tui.forms.confirm import ConfirmForm
from fe2tui.tui.forms.cost import TOTAL_ROW_ID, CostForm, CostRows, CostView
from fe2tui.tui.forms.export import ExportForm
from fe2tui.tui.forms.picker import Picker
from tests.tui.driver import Driven, calls, dashboard
from tests.tui.fleets import NOW, PRICES, fleet, instance, many
from tests.tui.form_host import UNANSWERED, opened, said, until, write

HOUR = timedelta(hours=1)
SIZES = [(80, 24), (120, 36), (200, 50)]


def text_of(app: App[Any]) -> str:
    """All that is on the screen."""
    return "\n".join("".join(segment.text for segment in line) for line in app.screen._compositor.render_strips())


def sheet_of(seen: Fleet) -> CostForm:
    return CostForm(lambda: seen, lambda: NOW, where="ohio us-east-2")


def has_rows(form: CostForm) -> bool:
    return form.table is not None


def cells(seen: Fleet, row_id: str) -> tuple[str, ...]:
    """What stands in a row, in all columns."""
    rows = CostRows(account_cost(seen, NOW))
    return tuple(text for text, _ in rows.cells(row_id, rows.layout(200).columns)[1])


def everything() -> Fleet:
    """Machines in every state, a loose disk, an idle address, snapshots, what is gone, and what has no price."""
    odd = instance(77, "no price for me", lifecycle="spot")
    seen = fleet([*many(30).instances.values(), replace(odd, type="x9.huge"), instance(78, state=State.TERMINATED)])
    loose = Volume("vol-loose", 200, "gp3", "us-east-2a", "available", NOW - 50 * HOUR)
    return replace(
        seen,
        volumes={**seen.volumes, "vol-loose": loose},
        instance_usage={
            "i-gone": (InstanceUsage("i-gone", "gone", "t3.micro", NOW - 9 * HOUR, NOW - HOUR, Decimal("0.1"), True),)
        },
        volume_usage={
            "vol-gone": (VolumeUsage("vol-gone", "i-gone", 9, "gp3", NOW - 9 * HOUR, NOW - HOUR, Decimal(7)),)
        },
        idle_addresses=(IdleAddress("eipalloc-7", "198.51.100.7"),),
        snapshots={"snap-1": Snapshot("snap-1", 100, started_at=NOW - 90 * HOUR)},
        prices=replace(PRICES, snapshot=Decimal("0.05")),
    )


def test_the_amounts_of_the_sheet_add_up_to_its_first_row() -> None:
    seen = everything()
    account = account_cost(seen, NOW)
    rows = [row for row in account.rows if not row.at_most]
    _, _, hour, today, month, left, *parts = cells(seen, TOTAL_ROW_ID)
    assert (hour, today) == (f"≥{account.per_hour:.3f}", f"≥{account.today:.2f}")  # of some the price is not known
    assert (month, left) == (f"≥{account.month:,.2f}", f"≥{account.per_month:,.2f}")
    by_part = [sum(getattr(row.month_parts, part) for row in rows) for part in ("machine", "disk", "address")]
    assert [part.lstrip("≥") for part in parts] == [f"{amount:,.2f}" for amount in by_part]
    assert abs(sum(by_part) - account.month) < Decimal("1e-20")


@pytest.mark.parametrize("width", [76, 116, 140])
def test_no_amount_is_ever_cut(width: int) -> None:
    seen = many(500)
    big = {f"snap-{n}": Snapshot(f"snap-{n}", 60_000, started_at=NOW - 90 * HOUR) for n in range(40)}
    dear = {name: price * 1000 for name, price in PRICES.on_demand.items()}
    seen = replace(seen, snapshots=big, prices=replace(PRICES, on_demand=dear, snapshot=Decimal("0.05")))
    rows = CostRows(account_cost(seen, NOW))
    layout = rows.layout(width)
    assert layout.gap == 2  # amounts never touch, nor the scrollbar
    assert sum(column.width + 2 for column in layout.columns) - 2 < width
    for row_id in rows.ids:
        texts = [text for text, _ in rows.cells(row_id, layout.columns)[1]]
        assert all(
            len(text) <= column.width
            for text, column in zip(texts, layout.columns, strict=True)
            if column.is_right_aligned
        )


async def test_sums_with_every_price_known_have_no_at_least_sign() -> None:
    seen = fleet([instance(1)])
    async with opened(sheet_of(seen), (120, 36)) as (_, host):
        await until(lambda: "an hour" in said(host, "#sums"))
        assert "≥" not in said(host, "#sums")
        assert not any("≥" in text for text in cells(seen, TOTAL_ROW_ID))


def test_partial_amounts_and_upper_bounds_are_marked() -> None:
    seen = everything()
    odd = instance(77).id
    assert cells(seen, f"instance {odd}")[2].startswith("≥")
    assert cells(seen, "snapshots ")[:2] == ("of no image", "1 snapshot, 100 GiB")
    assert cells(seen, "snapshots ")[5] == "≤5.00"
    assert cells(seen, "address eipalloc-7")[2:5] == ("0.005", "–", "–")
    unpriced = replace(seen, prices=Prices())
    assert cells(unpriced, f"instance {instance(1).id}")[5] == "≥3.65"  # its address


@pytest.mark.parametrize("size", SIZES)
async def test_the_sheet_has_sums_rows_and_what_is_missing_at_every_size(size: tuple[int, int]) -> None:
    seen = everything()
    account = account_cost(seen, NOW)
    async with opened(sheet_of(seen), size) as (pilot, host):
        form = host.form
        assert isinstance(form, CostForm)
        await until(lambda: form.table is not None and form.table.size.height > 4)
        await pilot.pause(0.1)
        sums = said(host, "#sums")
        for words in (
            f"≥${account.per_hour:.3f} an hour",
            f"≥${account.today:.2f} today",
            f"≥${account.month:,.2f} in Nov",
            f"≥${account.per_month:,.2f} a month at this rate",
            "snapshots ≤ $5.00 a month",
        ):
            assert words in sums
        screen = text_of(host)
        for words in ("total", "$/H", "IN NOV", "The price of 1 machine is not known"):
            assert words in screen
        assert form.query_one("#frame").region.width <= size[0]
        assert "Not counted: traffic, CPU credits" in str(form.query_one("#missing", Static).render())
        await pilot.press("end")
        await pilot.pause(0.1)
        assert "of no image" in text_of(host)
        await pilot.press("escape")
        assert host.answer is None


def labels(form: CostForm) -> list[str]:
    assert form.rows is not None
    return [row.label for row in form.rows.shown.values()]


async def test_the_sheet_is_sorted_and_filtered_and_its_total_follows() -> None:
    seen = fleet([instance(n, f"inst{n}", tags={"Name": f"inst{n}", "team": "ab"[n % 2]}) for n in range(1, 7)])
    form = sheet_of(seen)
    async with opened(form, (120, 36)) as (pilot, host):
        await until(partial(has_rows, form))
        assert form.table is not None
        await pilot.press("o", *"an hour", "enter")
        await until(lambda: form.table is not None and form.table.sorted_by == ("hour", True))
        hours = [row.hour_parts.known for row in form.rows.shown.values()] if form.rows is not None else []
        assert hours == sorted(hours, reverse=True)
        assert "▾$/H" in text_of(host)
        lowest = text_of(host).splitlines()[-1]
        await pilot.click(offset=(lowest.index("Sort"), 35))
        await until(lambda: isinstance(host.screen, Picker))
        await pilot.press("escape")
        title = form.table.render_line(0).text.index("NAME")
        await pilot.click(form.table, offset=(title + 1, 0))
        await until(lambda: labels(form) == [f"inst{n}" for n in range(1, 7)])
        await pilot.press("slash")
        await write(pilot, "tag:team=a month>1")
        await pilot.press("enter")
        await until(lambda: labels(form) == ["inst2", "inst4", "inst6"])
        (total,) = [line for line in text_of(host).splitlines() if " total " in line]
        whole = sum(row.hour_parts.known for row in account_cost(seen, NOW).rows if row.tags["team"] == "a")
        assert f"{whole:.3f}" in total and "of 3 of 6 rows" in total
        await pilot.press("escape")
        await until(lambda: len(labels(form)) == 6)
        await pilot.press("escape")
        assert host.answer is None


async def test_what_costs_is_gone_to_acted_on_and_said_what_can_be_done_about_it() -> None:
    seen, done, told = everything(), list[tuple[str, str | None, int]](), list[str]()

    def perform(command_id: str, view: CostView) -> bool:
        done.append((command_id, view.row.id if view.row is not None else None, len(view.account.rows)))
        return False

    form = CostForm(lambda: seen, lambda: NOW, where="ohio", perform=perform, tell=told.append, keys={"terminate": "D"})
    async with opened(form, (120, 36)) as (pilot, host):
        await until(partial(has_rows, form))
        assert form.table is not None and form.rows is not None
        shown = len(form.rows.shown)
        await pilot.press("enter", "e")
        assert told == ["This is the total: select a row first."] and done == [("export", None, shown)]
        for row_id, words in (
            ("disk vol-loose", "aws ec2 delete-volume --region us-east-2 --volume-id vol-loose"),
            ("instance i-gone", "AWS no longer shows it"),
            ("address eipalloc-7", "It is associated with nothing: D releases it."),
            ("snapshots ", "the AWS console does"),
        ):
            form.table.go_to(row_id)
            await pilot.pause()
            assert words in said(host, "#about")
            await pilot.press("enter")
            assert words in told[-1] and host.answer is UNANSWERED
        form.table.go_to("address eipalloc-7")
        await pilot.pause()
        assert "D Release" in text_of(host)
        one = instance(3).id
        await pilot.press("D", "s")
        form.table.go_to(f"instance {one}")
        await pilot.press("c", "s", "D", "l")
        assert [each[:2] for each in done[1:]] == [
            ("terminate", "eipalloc-7"),
            *((command, one) for command in ("connect", "stop_or_start", "terminate")),
        ]
        assert told[-1] == "Launch does not apply to inst3."
        await pilot.press("enter")
        assert host.answer == one


def test_rows_are_exported_as_plain_numbers_with_ids_and_times(tmp_path: Path) -> None:
    seen = everything()
    account = account_cost(seen, NOW)
    rows = list(csv.DictReader(cost_csv(account, seen).splitlines()))
    assert len(rows) == len(account.rows)
    first = rows[0]
    assert (first["region"], first["at"], first["kind"]) == ("us-east-2", "2026-11-23T12:00:00Z", "instance")
    assert first["id"].startswith("i-") and float(first["month"]) > 0 and float(first["machine_per_hour"]) > 0
    document = json.loads(json_text(cost_document(account, seen)))
    assert [row["id"] for row in document["rows"]] == [row["id"] for row in rows]


async def test_a_sheet_of_nothing_and_one_of_thousands_are_drawn() -> None:
    for seen in (fleet([]), many(3_000)):
        async with opened(sheet_of(seen)) as (_, host):
            form = host.form
            assert isinstance(form, CostForm)
            await until(partial(has_rows, form))
            assert form.table is not None
            assert form.table.virtual_size.height == 2 + len(seen.instances)  # titles and the whole


async def test_names_in_the_sheet_are_text_and_never_markup() -> None:
    seen = fleet([instance(1, "[red]web[/red]\x1b[2J")])
    async with opened(sheet_of(seen)) as (_, host):
        await until(lambda: "[red]web[/red]" in text_of(host))
        assert "\x1b" not in text_of(host)


async def test_the_dollar_key_shows_the_sums_of_the_status_line(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.volumes)
        await driven.press("dollar_sign")
        form = await driven.opened(CostForm)
        await driven.until(lambda: form.table is not None)

        def are_the_same() -> bool:
            sums, seen, now = driven.totals, driven.view.fleet, driven.app.clock()
            assert sums is not None and seen is not None
            account = account_cost(seen, now)
            is_month = abs(sums.this_month(now) - account.month) < Decimal("0.01")
            return bool(seen.spot_history) and is_month and abs(sums.per_hour - account.per_hour) < Decimal("0.001")

        await driven.until(are_the_same)
        await driven.press("escape")
        await driven.home()


async def test_the_past_of_disks_and_instances_is_kept_and_shown(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.volume_usage)
        await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.spot_history)
        seen = driven.view.fleet
        assert seen is not None and seen.volume_usage.keys() >= seen.volumes.keys()
        assert seen.spot_history.keys() == {
            run.type for runs in seen.instance_usage.values() for run in runs if run.is_spot
        }
        place = seen.location
    store = open_store()
    try:
        assert (
            store.volume_usage.get(place) == seen.volume_usage
            and store.instance_usage.get(place).keys() >= seen.instance_usage.keys()
        )
        assert store.spot_history.get(place, seen.spot_history) == seen.spot_history
    finally:
        store.close()


async def test_what_costs_is_acted_on_and_exported_where_its_cost_is_shown(own_cloud: Cloud, tmp_path: Path) -> None:
    async with dashboard() as driven:
        await driven.until(lambda: driven.fleet.idle_addresses and driven.fleet.addresses_read_at)
        (idle,) = driven.fleet.idle_addresses
        await driven.press("dollar_sign")
        form = await driven.opened(CostForm)
        await driven.until(lambda: form.table is not None)
        assert form.table is not None
        form.table.go_to(f"address {idle.id}")
        await driven.press("X")
        question = await driven.opened(ConfirmForm)
        assert "Release was for web (127.0.0.1)?" in driven.screen_text
        assert "you cannot get it again" in driven.screen_text and "$3.65 a month" in driven.screen_text
        await driven.press("n")
        await driven.until(lambda: driven.app.screen is form)
        assert calls(own_cloud, "ReleaseAddress") == []
        await driven.press("X")
        assert await driven.opened(ConfirmForm) is not question
        await driven.press("y")
        await driven.until(lambda: not driven.fleet.idle_addresses)
        assert len(calls(own_cloud, "ReleaseAddress")) == 1
        form.table.go_to(f"instance {driven.named('base').id}")
        await driven.press("s")
        stop = await driven.opened(ConfirmForm)
        assert stop._question == "Stop base?"
        await driven.press("n")
        await driven.until(lambda: driven.app.screen is form)
        await driven.press("e")
        await driven.opened(ExportForm)
        await driven.press("ctrl+u")
        await write(driven.pilot, str(tmp_path / "costs.json"))
        await driven.press("enter")
        await driven.until(lambda: (tmp_path / "costs.json").exists() and driven.app.screen is form)
        document = json.loads((tmp_path / "costs.json").read_text())
        written = {f"{row['kind']} {row['id']}" for row in document["rows"]}
        assert form.rows is not None and written >= form.rows.shown.keys()  # the address may be gone by now
        await driven.press("enter")
        await driven.until(lambda: driven.is_home and driven.selected_row == driven.named("base").id)


async def test_other_regions_are_counted_and_shown_with_their_age(
    demo_env: Path, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("START_DELAY", "FIRST_GAP", "CHECK_SECONDS"):
        monkeypatch.setattr(other_regions, name, 0.05)
    account, uncounted = "123456789012", {"us-west-2", "eu-west-1"}
    store = open_store()
    store.fleets.save(replace(fleet([]), location=Location("default", "us-east-2", cloud.endpoint), account=account))
    for region in REGIONS.keys() - uncounted:
        store.region_counts.save(account, cloud.endpoint, RegionCount(region, datetime.now(UTC) - HOUR / 2))
    store.close()
    cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeInstances", "region": "eu-west-1"})
    try:
        async with dashboard(size=(180, 40), other_regions=True) as driven:
            await driven.until(lambda: "/h elsewhere" in driven.status_text)
            await driven.until(lambda: uncounted <= driven.view.services.other_regions.counts.keys())
            counts = driven.view.services.other_regions.counts
            assert counts["us-west-2"].running == 3 and counts["us-west-2"].per_hour > 0
            assert "eu-west-1" in counts and counts["eu-west-1"].denied
            driven.perform("region")
            await driven.opened(Picker)
            lines = driven.screen_text.splitlines()
            west, west_row = next(
                (line, row) for row, line in enumerate(lines) if "us-west-2" in line and "running" in line
            )
            assert re.search(r"us-west-2 +3 running, \$0\.\d{3}/h, \d+s ago +US West", west)
            assert not any("us-east-1 " in line for line in lines[:west_row])  # first what costs most
            assert any(re.search(r"us-east-1 +nothing, 30m ago +US East", line) for line in lines)
            await write(driven.pilot, "eu-west-1")
            await driven.until(lambda: re.search(r"eu-west-1 +not permitted +Europe", driven.screen_text))
            await driven.press("escape")
            await driven.home()
            await driven.press("dollar_sign")
            form = await driven.opened(CostForm)
            await driven.until(lambda: form.table is not None)
            assert re.search(r"Elsewhere: 3 running, \$0\.\d\d/h in 1 other region \(us-west-2\)", driven.screen_text)
            await driven.press("R")
            await driven.opened(Picker)
            assert form not in driven.app.screen_stack  # they are of one region
    finally:
        cloud.control("/demo/faults", method="DELETE")
    store = open_store()
    try:
        kept = {one.region: one for one in store.region_counts.get(account, cloud.endpoint)}
    finally:
        store.close()
    assert kept["us-west-2"].running == 3 and kept["us-east-2"].running > 3 and kept["eu-west-1"].denied
    monkeypatch.setattr(other_regions, "START_DELAY", 3600.0)
    async with dashboard(size=(180, 40), other_regions=True) as driven:  # there at the start, without a call
        await driven.until(lambda: "/h elsewhere" in driven.status_text)


def run_ends(driven: Driven) -> list[bool]:
    """Whether it is known when each run of nightly-etl ended."""
    etl = driven.named("nightly-etl")
    assert etl.is_interrupted and etl.changed_state_at is None
    usages = driven.fleet.instance_usage.get(etl.id, ())
    return [run.ended_before is None and run.ended_at is not None for run in usages]


async def test_the_end_of_an_unseen_interrupted_run_is_read_from_its_spot_request(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.until(lambda: run_ends(driven) == [True])


async def test_the_end_of_an_unseen_interrupted_run_is_read_again_if_aws_did_not_answer(own_cloud: Cloud) -> None:
    own_cloud.control("/demo/faults", {"kind": "hold", "action": "DescribeSpotInstanceRequests"})
    async with dashboard() as driven:
        await driven.until(lambda: run_ends(driven) == [False])
        own_cloud.control("/demo/faults", method="DELETE")
        driven.fleet_watch.nudge()
        await driven.until(lambda: run_ends(driven) == [True])


async def test_long_and_costly_runs_are_counted_in_the_status_line_and_marked_in_the_list(demo_env: Path) -> None:
    async with dashboard(size=(160, 40), long_run_hours=24 * 30) as driven:
        await driven.until(lambda: driven.totals is not None)
        screen = text_of(driven.app)
        assert "▲ 1 interrupted, 2 long-running" in screen  # nightly-etl; [prod] web and scraper
        assert len(re.findall(r"▲ \S+( \S+)? +running", screen)) == 2
    async with dashboard(size=(160, 40), long_run_hours=0, high_cost=1) as driven:
        await driven.until(lambda: "costly" in text_of(driven.app))
        sums = driven.totals
        assert sums is not None and sums.long_running == 0 < sums.costly
        assert f"{sums.costly} costly" in text_of(driven.app)
    async with dashboard(size=(160, 40), long_run_hours=0, high_cost=0) as driven:
        assert "long-running" not in text_of(driven.app) and "costly" not in text_of(driven.app)


# CPU figures, which AWS bills


@asynccontextmanager
async def far_away(cloud: Cloud, size: tuple[int, int] = (130, 40), **settings: Any) -> AsyncIterator[Driven]:
    """The dashboard on a cloud that it does not take for one on this computer."""
    app = Dashboard(Choice(endpoint_url=cloud.endpoint), replace(load(), quick_seconds=0.3, **settings))
    with patch.object(Location, "is_local", property(lambda self: False)):
        async with app.run_test(size=size) as pilot:
            driven = Driven(app, pilot)
            await driven.until(lambda: app.screen.id == "main")
            await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.prices.on_demand)
            yield driven


@pytest.fixture
def own_cloud(fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]) -> Cloud:
    """A lived-in cloud that this test may count the calls of, in this process's environment."""
    cloud = fresh_cloud()
    enter_cloud(cloud)
    return cloud


@pytest.mark.parametrize(
    ("endpoint", "is_here"),
    [
        ("", False),
        ("http://127.0.0.1:5000", True),
        ("http://127.0.0.1:5000/", True),
        ("http://localhost:4566", True),
        ("https://[::1]:8443/x", True),
        ("https://ec2.us-east-2.amazonaws.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost.example.com:80", False),
    ],
)
def test_only_a_loopback_address_is_on_this_computer(endpoint: str, is_here: bool) -> None:
    assert Location("p", "r", endpoint).is_local is is_here


async def test_in_the_demo_cpu_figures_of_what_is_in_view_come_by_themselves(own_cloud: Cloud) -> None:
    async with dashboard(size=(130, 40)) as driven:
        await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.cpu)
        seen = driven.view.fleet
        assert seen is not None
        running = {key for key, one in seen.instances.items() if one.state is State.RUNNING}
        assert set(seen.cpu) <= running
        await driven.until(lambda: "█" in text_of(driven.app))


async def test_without_the_cpu_column_only_the_selected_instance_is_read(own_cloud: Cloud) -> None:
    async with dashboard(size=(80, 24)) as driven:
        await driven.go_to("base")
        await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.cpu)
        assert driven.view.fleet is not None and len(driven.view.fleet.cpu) <= 2  # and the one selected before


async def test_on_a_real_account_nothing_is_asked_before_a_person_agrees_to_what_it_costs(own_cloud: Cloud) -> None:
    async with far_away(own_cloud) as driven:
        await driven.go_to("base")
        await driven.until(lambda: "not read;" in text_of(driven.app))
        await driven.pilot.pause(2.5)  # beats of the pulse
        assert calls(own_cloud, "GetMetricData") == []
        running = [one for one in driven.view.services.visible_instances() if one.state is State.RUNNING]
        driven.perform("cpu")
        form = await driven.opened(ConfirmForm)
        words = text_of(driven.app)
        # 12 an hour × 730 hours × $0.00001, for each
        assert f"{len(running)} running machines" in words and f"${len(running) * 0.0876:.2f} for a month" in words
        await driven.press("n")
        await driven.home()
        assert not driven.reads_cpu
        driven.perform("cpu")
        form = await driven.opened(ConfirmForm)
        assert form is driven.app.screen
        await driven.press("y")
        await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.cpu)
        assert len(calls(own_cloud, "GetMetricData")) == 1
        driven.perform("cpu")
        await driven.until(lambda: driven.view.fleet is not None and not driven.view.fleet.cpu)


@pytest.mark.parametrize("wanted", [True, False])
async def test_the_setting_counts_wherever_the_account_is(own_cloud: Cloud, wanted: bool) -> None:
    async with far_away(own_cloud, cpu_chart=wanted) as driven:
        assert driven.reads_cpu is wanted
    async with dashboard(cpu_chart=wanted) as driven:
        assert driven.reads_cpu is wanted


async def test_costs_that_are_left_while_they_are_computed_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fe2tui.tui.forms.cost.SMALL_FLEET", 0)
    is_computed = threading.Event()

    def slowly(seen: Fleet, now: datetime) -> AccountCost:
        is_computed.wait(10)
        return account_cost(seen, now)

    form = CostForm(everything, lambda: NOW, where="ohio", cost=slowly)
    async with opened(form) as (pilot, host):
        host.post_message(events.Key("escape", None))
        await until(lambda: host.screen is not form)
        is_computed.set()
        await until(lambda: not form._is_computing)
        await pilot.pause()
        assert host.answer is None
