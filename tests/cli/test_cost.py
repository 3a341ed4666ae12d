"""What the account spends, from the shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest

from fe2tui import EC2
from fe2tui.model.fleet import Fleet, InstanceUsage, VolumeUsage
from fe2tui.model.location import Location
from fe2tui.model.money.usage import instance_usage_charges, volume_usage_charge
from fe2tui.store import open_store

FIELDS = {"region", "at", "per_hour", "today", "month", "per_month", "at_least", "rows", "missing"} | {
    "snapshots_per_month_at_most"
}


def test_cost_says_the_rate_today_the_month_and_a_month_if_left(fe2: Any) -> None:
    said = fe2("cost")
    assert said.status == 0, said.err
    now, today, month, *_ = said.lines
    assert re.fullmatch(r"Now +\$\d+\.\d{3} an hour; \$[\d,]+\.\d\d a month at this rate", now)
    assert re.fullmatch(r"Today +≥\$[\d,]+\.\d\d since midnight UTC", today), "an idle address: since when is not known"
    assert re.fullmatch(r"This month +≥\$[\d,]+\.\d\d since 1 [A-Z][a-z]+ UTC", month)
    assert "Not counted: traffic" in said.out


def test_a_printed_cost_in_python_is_the_same_text(fe2: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in fe2.environment.items():
        monkeypatch.setenv(name, value)

    def words(text: str) -> list[list[str]]:
        """The words of each line; amounts grow by the second."""
        return [re.sub(r"[\d,]+\.\d+", "#", line).split() for line in text.splitlines()]

    with EC2() as ec2:
        assert words(str(ec2.cost())) == words(fe2("cost").out)


def test_the_document_has_every_row_and_they_add_up(fe2: Any) -> None:
    found = fe2("cost", "--json").json
    assert found.keys() >= FIELDS
    counted = [row for row in found["rows"] if not row["at_most"]]
    for column in ("per_hour", "today", "month"):
        whole = sum(parts[column] or 0 for row in counted for parts in row["parts"].values())
        assert found[column] == pytest.approx(whole, abs=1e-4)
    assert found["per_month"] == pytest.approx(found["per_hour"] * 730, abs=0.01)
    assert {row["kind"] for row in found["rows"]} >= {"instance", "disk", "snapshots"}
    assert datetime.fromisoformat(found["at"]).tzinfo is not None


def test_a_stopped_machine_costs_its_disks_only(fe2: Any) -> None:
    rows = fe2("cost", "--json").json["rows"]
    stopped = next(row for row in rows if row["name"] == "od1")
    assert stopped["parts"]["machine"]["per_hour"] == 0
    assert stopped["parts"]["disk"]["per_hour"] > 0


def _launched(fe2: Any, *arguments: str) -> tuple[Decimal, Decimal]:
    """Dollars a month of a new instance: before the launch, and as it is counted afterwards."""
    said = fe2("launch", *arguments, "--no-wait")
    before = re.search(r"\$(\d+\.\d\d) a month if left on", said.err)
    assert before, said.err
    (row,) = [row for row in fe2("cost", "--json").json["rows"] if row["name"] == arguments[0]]
    return Decimal(before[1]), Decimal(str(row["per_month"])).quantize(Decimal("0.01"))


def test_the_price_before_a_launch_is_the_one_counted_afterwards(empty_fe2: Any) -> None:
    assert empty_fe2("cost").status == 0  # reads the prices, however long that takes
    before, after = _launched(empty_fe2, "plain", "ubuntu", "50", "m5.large")
    assert before == after
    before, after = _launched(empty_fe2, "fast", "ubuntu", "80", "m5.large", "--iops", "16000")
    assert before == after == Decimal("145.13")


def test_the_price_before_a_launch_includes_the_images_further_disks_and_their_throughput(
    empty_fe2: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in empty_fe2.environment.items():
        monkeypatch.setenv(name, value)
    launched = ("launch", "base", "ubuntu", "60", "m5.large", "--iops", "4000", "--no-wait", "--json")
    instance = empty_fe2(*launched).json
    ec2: Any = boto3.Session().client("ec2", endpoint_url=empty_fe2.cloud.endpoint)
    wanted = {"Size": 100, "VolumeType": "gp3", "Iops": 6000, "Throughput": 500}
    data = ec2.create_volume(AvailabilityZone=instance["zone"], **wanted)["VolumeId"]
    ec2.attach_volume(VolumeId=data, InstanceId=instance["id"], Device="/dev/sdf")
    assert empty_fe2("freeze", "base", "--no-reboot", "--wait").status == 0
    assert empty_fe2("cost").status == 0
    before, after = _launched(empty_fe2, "copy", "base", "80", "m5.large")
    assert before == after
    copied = next(each for each in empty_fe2("instances", "--json").json if each["name"] == "copy")
    assert sorted(volume["size"] for volume in copied["volumes"]) == [80, 100]
    disks = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [copied["id"]]}])["Volumes"]
    assert sorted((disk["Size"], disk["Iops"], disk["Throughput"]) for disk in disks) == [
        (80, 4000, 125), (100, 6000, 500)
    ]  # fmt: skip


def test_a_filter_leaves_rows_with_their_sums_and_other_regions_are_counted(fe2: Any) -> None:
    found = fe2("cost", "tag:project=vision", "--json").json
    assert found["rows"] and all(row["tags"].get("project") == "vision" for row in found["rows"])
    counted = sum(row["per_hour"] or 0 for row in found["rows"] if not row["at_most"])
    assert found["per_hour"] == pytest.approx(counted, abs=1e-4)
    assert found["elsewhere"] == []
    wrong = fe2("cost", "colour:red")
    assert wrong.status == 2 and "There is no field “colour”" in wrong.err
    assert not any("running" in line for line in fe2("regions").lines)
    lines = {line.split()[0]: line for line in fe2("regions", "--count").lines}
    assert re.search(r"3 running, \$0\.\d{3}/h, \d+s ago", lines["us-west-2"])
    assert re.search(r"nothing, \d+s ago", lines["eu-west-1"])
    elsewhere = {one["region"]: one for one in fe2("cost", "--json").json["elsewhere"] if one["running"]}
    assert elsewhere.keys() == {"us-east-1", "us-west-2"}
    west = elsewhere["us-west-2"]
    assert (west["running"], west["denied"]) == (3, None) and west["per_hour"] > 0.2
    said = r"Elsewhere: 12 running, .*\$\d\.\d\d/h in 2 other regions \(us-east-1, us-west-2\), counted"
    assert re.search(said, fe2("cost").out)


def test_an_unused_address_is_released_after_a_question(own_fe2: Any) -> None:
    (idle,) = [row for row in own_fe2("cost", "--json").json["rows"] if row["kind"] == "address"]
    assert (idle["name"], idle["what"]) == ("was for web", "unused Elastic IP 127.0.0.1")
    assert (idle["per_hour"], idle["at_least"]) == (0.005, ["today", "month"])
    (later,) = [row for row in own_fe2("cost", "--json").json["rows"] if row["kind"] == "address"]
    assert later["month"] is not None  # what is known of it
    refused = own_fe2("release", "was for web")
    assert refused.status == 2 and "you cannot get it again" in refused.err and "$3.65 a month" in refused.err
    assert own_fe2("release", idle["id"], "--yes", "--read-only").status == 1
    assert own_fe2("release", "203.0.113.250", "--yes").status == 3
    done = own_fe2("release", "127.0.0.1", "--yes")
    assert done.out == f"was for web ({idle['id']}): released\n", done.err
    (row,) = [row for row in own_fe2("cost", "--json").json["rows"] if row["kind"] == "address"] or [None]
    assert row is None or row["per_hour"] == 0
    assert "release" in own_fe2("activity").out


def test_without_the_right_to_read_prices_it_says_what_is_not_known(own_fe2: Any) -> None:
    own_fe2.cloud.control("/demo/faults", {"kind": "deny", "action": "GetProducts"})
    said = own_fe2("cost")
    assert said.status == 0, said.err
    assert "pricing:GetProducts" in said.out
    assert own_fe2("cost", "--json").json["missing"]


def test_a_part_that_may_not_be_read_is_said_and_the_rest_is_there(own_fe2: Any) -> None:
    own_fe2.cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeAddresses"})
    own_fe2.cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeSnapshots"})
    said = own_fe2("cost")
    assert said.status == 0, said.err
    assert "DescribeAddresses" in said.out and "DescribeSnapshots" in said.out
    assert "train-resnet" in said.out


def test_what_a_machine_and_its_disks_cost_stays_in_the_month_when_they_are_gone(empty_fe2: Any) -> None:
    assert empty_fe2("launch", "base", "ubuntu", "4000", "m5.large", "--no-wait").status == 0
    seen = empty_fe2("cost", "--json").json
    base = next(row["id"] for row in seen["rows"] if row["name"] == "base")
    assert seen["per_hour"] > 0
    _advance(empty_fe2, 1)  # EC2 tells its ends to the second: one that began in the same is over at once
    assert empty_fe2("terminate", "base", "--yes", "--wait").status == 0
    found = empty_fe2("cost", "--json").json
    (row,) = [row for row in found["rows"] if row["id"] == base]
    assert found["per_hour"] == 0
    assert row["parts"]["disk"]["month"] > 0 and row["parts"]["machine"]["month"] > 0


HOUR = 3600
CENT = Decimal("0.01")


def _advance(fe2: Any, hours: float) -> None:
    fe2.cloud.control("/demo/clock", {"advance": hours * HOUR})


def _now(fe2: Any) -> datetime:
    return datetime.fromisoformat(fe2.cloud.control("/demo/clock", {"advance": 0})["now"]).astimezone(UTC)


def _written_down(fe2: Any) -> tuple[dict[str, tuple[InstanceUsage, ...]], dict[str, tuple[VolumeUsage, ...]]]:
    """What commands wrote down of the past: no more is read than that."""
    with patched_home(fe2):
        store = open_store()
        try:
            place = store.fleets.last_location()
            assert place is not None
            return dict(store.instance_usage.get(place)), dict(store.volume_usage.get(place))
        finally:
            store.close()


@contextmanager
def patched_home(fe2: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FE2TUI_HOME", fe2.environment["FE2TUI_HOME"])
        yield


def test_a_month_by_commands_of_the_shell_alone_is_the_one_computed_by_hand(empty_fe2: Any) -> None:
    """The costs are read once, at the end; us-east-2's list prices:

    m5.large    2 h × (0.096 + 0.005)  = 0.202
    m5.2xlarge  3 h × (0.384 + 0.005)  = 1.167
    50 GiB gp3 for 6 h × 4.00 ÷ 720    = 0.033333    a November's hours
                             together    1.402333
    """
    fe2 = empty_fe2

    def said(*arguments: str) -> Any:
        found = fe2(*arguments)
        assert found.status == 0, found.err
        return found

    said("launch", "base", "ubuntu", "50", "m5.large", "--no-wait")
    _advance(fe2, 2)
    said("stop", "base")
    _advance(fe2, 1)
    said("change-type", "base", "m5.2xlarge")
    said("start", "base", "--no-wait", "--yes")
    _advance(fe2, 3)
    said("terminate", "base", "--yes", "--wait")
    _advance(fe2, 2)  # EC2 has forgotten it
    runs, disks = _written_down(fe2)
    (first, second), ((disk,),) = *runs.values(), tuple(disks.values())
    assert (first.type, first.price_per_hour) == ("m5.large", Decimal("0.096"))
    assert (second.type, second.price_per_hour) == ("m5.2xlarge", Decimal("0.384"))
    fleet = Fleet(Location("default", "us-east-2"), _now(fe2), instance_usage=runs, volume_usage=disks)
    flows = [flow for run in (first, second) for flow in instance_usage_charges(run)] + [volume_usage_charge(disk)]
    spent = [flow.cost_between(first.started_at, fleet.seen_at) or Decimal(0) for flow in flows]
    assert sum(spent, Decimal(0)).quantize(CENT) == Decimal("1.40")
    assert disk.per_month == Decimal("4.00") and disk.ended_at is not None


def test_the_profiles_of_an_account_have_one_bill(own_fe2: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for profile in ("default", "role"):
        assert own_fe2("cost", "--region", "us-east-2", "--profile", profile).status == 0
    monkeypatch.setenv("FE2TUI_HOME", own_fe2.environment["FE2TUI_HOME"])
    endpoint = own_fe2.environment["AWS_ENDPOINT_URL"]
    with closing(open_store()) as store:
        for table in (store.instance_usage, store.volume_usage):
            default, role = (table.get(Location(name, "us-east-2", endpoint)) for name in ("default", "role"))
            assert default and default == role
