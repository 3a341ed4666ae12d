"""Keys act on instances: a question before, a result after, and never on more than what was chosen."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from textual.widgets import Static

from fe2tui.demo import Cloud
from fe2tui.errors import MachineError
from fe2tui.model.documents import instance_document, json_text
from fe2tui.model.instance import State
from fe2tui.tui.actions.copy import command_in
from fe2tui.tui.forms.confirm import ConfirmForm
from fe2tui.tui.forms.error import ErrorForm
from fe2tui.tui.forms.export import ExportForm
from fe2tui.tui.forms.impact import ImpactForm, ImpactRows
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.forms.picker import Picker
from tests.tui.driver import calls, dashboard
from tests.tui.form_host import write

FreshCloud = Callable[..., Cloud]
EnterCloud = Callable[[Cloud], Path]


@pytest.fixture
def own_cloud(fresh_cloud: FreshCloud, enter_cloud: EnterCloud) -> Cloud:
    """A lived-in cloud that this test may change, in this process's environment."""
    cloud = fresh_cloud()
    enter_cloud(cloud)
    return cloud


def text_of(form: ConfirmForm) -> str:
    """All that a question says, on one line."""
    return " ".join(" ".join(str(line.render()) for line in form.query(Static)).split())


async def test_stop_asks_once_and_enter_means_no(demo_env: Path, cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        before = len(calls(cloud, "StopInstances"))
        await driven.press("s")
        await driven.opened(ConfirmForm)
        await driven.press("enter")
        await driven.home()
        assert len(calls(cloud, "StopInstances")) == before
        assert driven.named("base").state is State.RUNNING


async def test_stopping_a_member_of_a_group_says_that_aws_replaces_it_and_promises_no_savings(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        tags = {"aws:autoscaling:groupName": "web"}
        own_cloud.control("/demo/tag", {"instance": driven.named("base").id, "tags": tags})
        driven.read_now()
        await driven.until(lambda: tags.items() <= driven.named("base").tags.items())
        await driven.go_to("base")
        await driven.until(lambda: "Auto Scaling group web, which terminates" in driven.screen_text)
        await driven.press("s")
        details = text_of(await driven.opened(ConfirmForm))
        assert "base belongs to the Auto Scaling group web, which terminates stopped instances" in details
        assert "aws autoscaling enter-standby" in details and "Saves" not in details
        await driven.press("n")
        await driven.home()
        assert not calls(own_cloud, "StopInstances")


async def test_failed_status_checks_and_a_retirement_are_in_the_row_and_a_start_ends_them(own_cloud: Cloud) -> None:
    async with dashboard(size=(160, 45)) as driven:
        base, vault = driven.named("base").id, driven.named("vault").id
        own_cloud.control("/demo/status", {"instance": base, "failed": ["instance"]})
        own_cloud.control("/demo/status", {"instance": vault, "events": [["instance-retirement", 864000]]})
        driven.read_now()
        await driven.until(lambda: {base, vault} == driven.fleet.statuses.keys())
        await driven.until(lambda: re.search("▲ base +no answer", "\n".join(driven.drawn_rows)))
        assert re.search("▲ vault +retires on", "\n".join(driven.drawn_rows))
        await driven.go_to("base")
        for key in ("s", "s"):
            await driven.press(key)
            await driven.opened(ConfirmForm)
            await driven.press("y")
            await driven.until(lambda: not driven.view.running_tasks and driven.is_home)
            await driven.until(lambda: not driven.named("base").state.is_moving)
        driven.read_now()
        await driven.until(lambda: {vault} == driven.fleet.statuses.keys())


async def test_keep_tags_an_instance_and_removes_the_tag_again(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("od1")
        driven.perform("keep")
        await driven.until(lambda: driven.named("od1").is_kept and not driven.view.running_tasks)
        driven.perform("keep")
        await driven.until(lambda: "fe2:keep" not in driven.named("od1").tags)


async def test_stop_then_start_with_the_same_key(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        await driven.press("s")
        await driven.opened(ConfirmForm)
        await driven.press("y")
        await driven.until(driven.is_state("base", State.STOPPED))
        await driven.until(lambda: not driven.view.running_tasks)
        await driven.press("s")
        await driven.opened(ConfirmForm)
        assert not calls(own_cloud, "StartInstances")
        await driven.press("y")
        await driven.until(driven.is_state("base", State.RUNNING))
        assert driven.is_home
        assert driven.view.selected_instance == driven.named("base")


async def test_start_asks_once_with_its_price_and_enter_means_no(demo_env: Path, cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("od1")
        await driven.press("s")
        form = await driven.opened(ConfirmForm)
        details = text_of(form)
        assert (
            "While it runs, it costs $0.059 an hour ($43.17 a month if left on): instance $0.042 and disks $0.018."
            in details
        )
        await driven.press("enter")
        await driven.home()
        assert driven.named("od1").state is State.STOPPED
        assert not calls(cloud, "StartInstances")


async def test_starting_several_names_each_with_its_price_and_the_sum_and_starts_them_after_one_yes(
    own_cloud: Cloud,
) -> None:
    async with dashboard() as driven:
        await driven.filter("state:stopped")
        await driven.until(lambda: all(one.state is State.STOPPED for one in driven.view.services.visible_instances()))
        await driven.press("a", "s")
        form = await driven.opened(ConfirmForm)
        started = [one.id for one in driven.view.marked_instances if not one.is_interrupted and not one.is_kept]
        assert len(started) > 1
        details = text_of(form)
        assert all(driven.fleet.instances[key].label[:31] in details for key in started)
        hours = [Decimal(found) for found in re.findall(r": \$([\d.]+) an hour", details)]
        together = re.search(r"Together they cost \$([\d.]+) an hour while they run \(", details)
        assert together and len(hours) == len(started) and abs(Decimal(together[1]) - sum(hours)) < Decimal("0.01")
        assert not calls(own_cloud, "StartInstances")
        await driven.press("y")
        await driven.until(lambda: not driven.view.running_tasks and calls(own_cloud, "StartInstances"))


async def test_a_price_that_is_not_known_is_called_so_before_a_start(own_cloud: Cloud) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "service": "pricing"})
    async with dashboard(prices=False) as driven:
        await driven.until(lambda: driven.fleet.problems)
        await driven.go_to("od1")
        await driven.press("s")
        assert "Price unknown: " in text_of(await driven.opened(ConfirmForm))


async def test_marks_on_running_and_stopped_ones_ask_for_a_stop_and_leave_the_stopped_out(demo_env: Path) -> None:
    async with dashboard() as driven:
        for name in ("scraper", "od1"):
            await driven.go_to(name)
            await driven.press("space")
        await driven.until(lambda: {one.name for one in driven.view.marked_instances} == {"scraper", "od1"})
        await driven.press("s")
        form = await driven.opened(ConfirmForm)
        assert "Stop scraper?" in text_of(form)
        assert "Left out, it is stopped: od1." in text_of(form)


async def test_stopping_says_what_it_saves_and_what_goes_on_costing(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        await driven.press("s")
        form = await driven.opened(ConfirmForm)
        details = str(form.query_one(".details").render())
        assert "Saves $0.20 an hour" in details
        assert "still cost $4.80 a month" in details


async def test_one_that_hangs_while_stopping_can_be_forced(fresh_cloud: FreshCloud, enter_cloud: EnterCloud) -> None:
    cloud = fresh_cloud(stop_seconds=600)
    enter_cloud(cloud)
    async with dashboard() as driven:
        await driven.go_to("base")
        await driven.press("s")
        await driven.opened(ConfirmForm)
        await driven.press("y")
        await driven.until(driven.is_state("base", State.STOPPING))
        await driven.press("s")
        await driven.opened(ConfirmForm)
        await driven.press("f")
        await driven.until(lambda: any(call["params"].get("Force") for call in calls(cloud, "StopInstances")))


async def test_reboot_asks_first(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        await driven.press("b")
        await driven.opened(ConfirmForm)
        assert not calls(own_cloud, "RebootInstances")
        await driven.press("y")
        await driven.until(lambda: calls(own_cloud, "RebootInstances"))


async def test_terminate_wants_the_name(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        instance_id = driven.named("base").id
        await driven.press("X")
        sheet = await driven.opened(ImpactForm)
        assert "deleted" in sheet.query_one("#rows", ImpactRows).text
        await write(driven.pilot, "bass")
        await driven.press("enter")
        assert driven.app.screen is sheet
        await driven.press("backspace", "e", "enter")
        await driven.until(lambda: driven.fleet.instances[instance_id].state.is_gone)
        assert len(calls(own_cloud, "TerminateInstances")) == 1


async def test_the_types_of_a_region_are_asked_for_once(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        for _ in range(2):
            await driven.press("l")
            await driven.opened(LaunchForm)
            await driven.until(lambda: driven.view.services.catalogues.cached(driven.view.location))
            await driven.press("escape")
            await driven.home()
        pages = [call for call in calls(own_cloud, "DescribeInstanceTypes") if not call["params"].get("NextToken")]
        assert len([call for call in pages if not any(key.startswith("InstanceType") for key in call["params"])]) == 1


async def test_what_is_typed_after_asking_to_terminate_a_protected_one_does_nothing(demo_env: Path) -> None:
    async with dashboard() as driven:
        protected = next(one for one in driven.view.services.visible_instances() if one.name == "vault")
        await driven.go_to("vault")
        await driven.press("X")
        await driven.opened(ErrorForm)
        await driven.press(*"vault", "enter")
        await driven.home()
        assert not driven.view.marked_instances and driven.named("vault").state is protected.state


async def test_protected_and_kept_ones_are_left_out_of_a_bulk_action_and_named(demo_env: Path, cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.press("a", "X")
        sheet = await driven.opened(ImpactForm)
        kept = [one.label for one in driven.view.services.visible_instances() if one.is_kept]
        assert kept
        rows = sheet.query_one("#rows", ImpactRows).text
        for label in kept:
            assert f"{label}  left out: tagged fe2:keep" in rows
        await driven.press("escape")
        await driven.home()


async def test_a_one_time_spot_is_left_out_of_a_stop_and_named(demo_env: Path, cloud: Cloud) -> None:
    async with dashboard() as driven:
        before = len(calls(cloud, "StopInstances"))
        await driven.press("a", "s")
        question = await driven.opened(ConfirmForm)
        said = " ".join(str(line.render()) for line in question.query(Static))
        assert "Left out, a one-time spot instance cannot be stopped, only terminated: spot1." in " ".join(said.split())
        await driven.press("escape")
        await driven.home()
        await driven.press("escape")
        await driven.go_to("spot1")
        await driven.press("s")
        await driven.until(lambda: any("spot1 is a one-time spot instance" in said for said in driven.toasts))
        assert driven.is_home and len(calls(cloud, "StopInstances")) == before


async def test_rows_that_the_filter_hides_are_never_acted_on(own_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("a")
        await driven.filter("type:m5.xlarge")
        await driven.until(lambda: driven.names == ["base"])
        await driven.press("X")
        sheet = await driven.opened(ImpactForm)
        assert str(sheet.query_one("#ask", Static).render()) == "Type base to terminate it:"


async def test_a_read_only_session_opens_no_form_and_says_why(demo_env: Path) -> None:
    async with dashboard(read_only=True) as driven:
        await driven.go_to("base")
        for key in ("s", "X", "b", "l"):
            await driven.press(key)
            await driven.pilot.pause()
            assert driven.is_home
        assert any("read-only" in toast for toast in driven.toasts)


async def test_the_id_is_copied(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        await driven.press("y")
        await driven.opened(Picker)
        await driven.press("enter")
        await driven.until(lambda: driven.app.clipboard == driven.named("base").id)


async def test_the_ssh_command_is_copied_with_key_user_and_port(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        await driven.press("y")
        await driven.opened(Picker)
        await driven.press(*"ssh", "enter")
        port = driven.named("base").tags["fe2:port"]
        await driven.until(lambda: driven.app.clipboard.startswith("ssh "))
        assert f"-p {port} ubuntu@127.0.0.1" in driven.app.clipboard
        assert "default.pem" in driven.app.clipboard


async def test_of_several_one_line_each_is_copied(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("a", "y")
        await driven.opened(Picker)
        await driven.press("enter")
        await driven.until(lambda: driven.app.clipboard.count("\n") > 3)
        assert driven.app.clipboard.splitlines() == [one.id for one in driven.view.services.visible_instances()]


async def test_what_is_shown_is_exported_for_people_as_it_is_and_for_programs_with_all_fields(
    demo_env: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with dashboard() as driven:
        await driven.filter("state:running")
        await driven.until(lambda: all(one.state is State.RUNNING for one in driven.view.services.visible_instances()))
        texts = {}
        for suffix in (".csv", ".json", ".md"):
            file = Path(f"table{suffix}")
            await driven.press("e")
            await driven.opened(ExportForm)
            titles, rows = driven.view.services.visible_cells("instances")
            await write(driven.pilot, file.name)
            await driven.press("enter")
            await driven.until(file.exists, of=file.name)
            await driven.home()
            texts[suffix] = file.read_text()
        shown, fleet = driven.view.services.visible_instances(), driven.fleet
    documents = json.loads(texts[".json"])
    assert documents == json.loads(json_text([instance_document(one, fleet) for one in shown]))
    head, *lines = list(csv.reader(io.StringIO(texts[".csv"])))
    assert (head, [line[head.index("id")] for line in lines]) == (list(documents[0]), [one.id for one in shown])
    for one, line in zip(documents, lines, strict=True):
        assert float(line[head.index("cost_per_hour")]) == one["cost_per_hour"]
        assert line[head.index("launched_at")].endswith("Z")
    names = [row[titles.index(next(t for t in titles if t.startswith("NAME")))] for row in rows]
    assert len(texts[".md"].splitlines()) == len(rows) + 2
    assert all(name in texts[".md"].replace("\\|", "|") for name in names)


async def test_a_file_that_is_there_is_not_written_over_unasked(
    demo_env: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("mine")
    async with dashboard() as driven:
        for answer, expected in (("enter", True), ("y", False)):
            await driven.press("e")
            await driven.opened(ExportForm)
            await write(driven.pilot, "table.csv")
            await driven.press("enter")
            await driven.opened(ConfirmForm)
            await driven.press(answer)
            await driven.home()
            if expected:
                assert Path("table.csv").read_text() == "mine"
        await driven.until(lambda: Path("table.csv").read_text() != "mine")


async def test_another_region_is_chosen_by_part_of_its_name(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("R")
        await driven.opened(Picker)
        await driven.press(*"oreg", "enter")
        await driven.until(lambda: driven.view.services.session.region == "us-west-2")
        await driven.until(lambda: driven.view.fleet is not None and driven.view.fleet.location.region == "us-west-2")


async def test_another_profile_is_chosen(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("P")
        await driven.opened(Picker)
        await driven.press(*"second", "enter")
        await driven.until(lambda: driven.view.services.session.profile == "second")


async def test_where_no_terminal_can_be_given_away_the_command_is_offered(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        await driven.press("c")
        await driven.opened(ErrorForm)
        await driven.press("y")
        await driven.until(lambda: driven.app.clipboard.startswith("ssh "))


@pytest.mark.parametrize(
    ("remedy", "command"),
    [
        ("If you know why: ssh-keygen -R i-0a -f '/home/a b/hosts'", "ssh-keygen -R i-0a -f '/home/a b/hosts'"),
        ("To accept them: ssh-keygen -R i-0a -f /k/hosts, then connect again.", "ssh-keygen -R i-0a -f /k/hosts"),
        ("Run: chmod 600 '/home/a b/key.pem'", "chmod 600 '/home/a b/key.pem'"),
        ("Start it first: fe2 start base, or s in the dashboard.", "fe2 start base"),
        ("`fe2 amis` lists yours.", "fe2 amis"),
        ("Try again in a minute.", None),
    ],
)  # fmt: skip
def test_the_command_of_a_remedy_is_copied_on_one_line(remedy: str, command: str | None) -> None:
    assert command_in(remedy) == command


async def test_y_in_activity_copies_the_command_that_helps(demo_env: Path) -> None:
    async with dashboard() as driven:
        error = MachineError("The host key changed.", "If you know why: ssh-keygen -R i-0a -f /k/hosts")
        driven.view.services.report_error("Connect base", error)
        await driven.press("exclamation_mark")
        await driven.until(lambda: driven.view.pane == "activity" and driven.activity.selected_row is not None)
        await driven.press("y")
        await driven.opened(Picker)
        await driven.press("enter")
        await driven.until(lambda: driven.app.clipboard == "ssh-keygen -R i-0a -f /k/hosts")
