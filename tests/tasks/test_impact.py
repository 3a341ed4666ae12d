"""One impact: dashboard, shell and Python print the same rows and sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fe2tui.cli.prompts import confirm_impact
from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.image import Image
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.location import Location
from fe2tui.model.volume import Snapshot, Volume
from fe2tui.tasks.impact import Impact, deregister_impact, terminate_impact
from fe2tui.tui.forms.impact import ImpactForm, ImpactRows
from tests.tui.form_host import opened, said

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TRAIN = Instance(
    "i-1",
    State.RUNNING,
    "m5.large",
    "us-east-2a",
    launched_at=NOW - timedelta(hours=5),
    image_id="ami-1",
    spot_request_id="sir-1",
    tags={"Name": "train"},
    attachments=(Attachment("/dev/sda1", "vol-1", True), Attachment("/dev/sdf", "vol-2", False)),
)
NAMELESS = Instance("i-2", State.RUNNING, "m5.large", "us-east-2a", launched_at=NOW - timedelta(days=3))
GONE = replace(NAMELESS, id="i-3", state=State.TERMINATED)
BASE = Image("ami-1", "base", created_at=NOW - timedelta(days=3), snapshot_ids=("snap-1", "snap-2"))
TWIN = Image("ami-2", "twin", snapshot_ids=("snap-2",))
WEB = replace(TRAIN, id="i-4", tags={"Name": "web", "aws:autoscaling:groupName": "web"}, spot_request_id=None)
NODE = replace(NAMELESS, id="i-5", tags={"Name": "node", "aws:ec2:fleet-id": "fleet-1"})
UBUNTU = Image("ami-9", "ubuntu/noble", owner_id="099720109477", public=True)
FLEET = Fleet(
    Location("default", "us-east-2"),
    NOW,
    {one.id: one for one in (TRAIN, NAMELESS, GONE, WEB, NODE)},
    {
        "vol-1": Volume("vol-1", 100, "gp3", "us-east-2a", "in-use"),
        "vol-2": Volume("vol-2", 500, "gp3", "us-east-2a", "in-use"),
    },
    prices=Prices(on_demand={"m5.large": Decimal("0.096")}, snapshot=Decimal("0.05")),
    images={BASE.id: BASE, TWIN.id: TWIN},
    snapshots={"snap-1": Snapshot("snap-1", 60), "snap-2": Snapshot("snap-2", 100)},
)
IMPACTS = [
    terminate_impact(FLEET, [TRAIN], now=NOW),
    terminate_impact(FLEET, [TRAIN, NAMELESS, GONE], now=NOW, protected={"i-2"}),
    terminate_impact(FLEET, [WEB], now=NOW),
    terminate_impact(FLEET, [TRAIN, WEB, NODE], now=NOW),
    deregister_impact(FLEET, [BASE, UBUNTU], NOW),
    deregister_impact(FLEET, [BASE, TWIN], NOW),
]


def _words(text: str) -> list[str]:
    return text.replace("◇", "").split()


@pytest.mark.parametrize("impact", IMPACTS, ids=lambda impact: impact.title)
async def test_dashboard_shell_and_python_print_the_same_rows(
    impact: Impact, capsys: pytest.CaptureFixture[str]
) -> None:
    await confirm_impact(impact, yes=True)
    assert capsys.readouterr().err == f"{impact}\n"
    rows = [*impact.affected, *impact.skipped]
    for size in ((80, 24), (200, 50)):
        async with opened(ImpactForm(impact), size) as (_, host):
            title = str(host.form.query_one("#frame").border_title)
            shown = "\n".join([title, host.form.query_one("#rows", ImpactRows).text, said(host, "#sentences")])
            has_parts = all(row.parts for row in impact.affected)
            assert rows and has_parts and _words(shown) == _words(str(impact))
            assert said(host, "#ask") == impact.question


def test_terminating_a_member_of_a_group_saves_nothing_and_says_where_to_lower_the_number() -> None:
    web = terminate_impact(FLEET, [WEB], now=NOW)
    assert web.rows[0].parts[-1].text == "Auto Scaling group web: launches another"
    assert "web belongs to the Auto Scaling group web, which launches a new instance" in str(web)
    assert "--auto-scaling-group-name web --min-size N" in str(web)
    assert "Saves nothing: others are launched." in web.sentences and not any("an hour" in one for one in web.sentences)
    node = terminate_impact(FLEET, [NODE], now=NOW)
    assert node.rows[0].parts[-1].text == "EC2 Fleet fleet-1: may launch another"
    assert "if it is of type maintain" in str(node) and "aws ec2 modify-fleet --fleet-id fleet-1" in str(node)
    assert "What it saves is unknown." in node.sentences
    both = terminate_impact(FLEET, [TRAIN, WEB], now=NOW)
    assert both.saves_per_month == terminate_impact(FLEET, [TRAIN], now=NOW).saves_per_month


def test_the_tag_fe2_keep_is_said_before_what_is_lost() -> None:
    kept = replace(TRAIN, tags={"Name": "train", "fe2:keep": "yes"})
    assert terminate_impact(FLEET, [kept, NAMELESS], now=NOW).sentences[0] == "train is tagged fe2:keep."
