"""What the account spends, from the shell."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

FIELDS = {"region", "at", "per_hour", "today", "month", "per_month", "snapshots_per_month_at_most", "rows", "missing"}


def test_cost_says_the_rate_today_the_month_and_a_month_if_left(fe2: Any) -> None:
    said = fe2("cost")
    assert said.status == 0, said.err
    now, today, month, *_ = said.lines
    assert re.fullmatch(r"Now +\$\d+\.\d{3} an hour; \$[\d,]+\.\d\d a month if left as it is", now)
    assert re.fullmatch(r"Today +\$[\d,]+\.\d\d since midnight UTC", today)
    assert re.fullmatch(r"This month +\$[\d,]+\.\d\d since 1 [A-Z][a-z]+ UTC", month)
    assert "Left out: traffic" in said.out


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


def test_what_was_launched_costs_what_it_said_it_would(empty_fe2: Any) -> None:
    said = empty_fe2("launch", "base", "ubuntu", "50", "m5.large", "--no-wait")
    promised = re.search(r"\$(\d+\.\d\d) a month if left on", said.err)
    assert promised
    found = empty_fe2("cost", "--json").json
    assert Decimal(str(found["per_month"])).quantize(Decimal("0.01")) == Decimal(promised[1])


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
    assert empty_fe2("terminate", "base", "--yes", "--wait").status == 0
    found = empty_fe2("cost", "--json").json
    (row,) = [row for row in found["rows"] if row["id"] == base]
    assert found["per_hour"] == 0
    assert row["parts"]["disk"]["month"] > 0 and row["parts"]["machine"]["month"] > 0
