"""A chart as text, as SVG and as values."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from fe2tui.chart.chart import Chart, draw
from fe2tui.chart.csv_export import prices_csv
from fe2tui.chart.picture import to_ansi
from fe2tui.chart.svg import chart_svg
from fe2tui.model.spot import SpotHistory
from tests.chart.charts import NOW, WEEK, chart, dense, steps

SVG = "{http://www.w3.org/2000/svg}"
TWO = chart(steps((9, "3.87"), (3, "3.95")), steps((9, "4.02"), (1, "4.00")), reference="12.24")


def test_text_without_colour_has_no_escapes_and_with_it_says_the_same() -> None:
    picture = draw(TWO, 100, 16)
    plain, coloured = to_ansi(picture, colour=False), to_ansi(picture, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[38;5;" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert not any(line.endswith(" ") for line in plain.split("\n"))


@pytest.mark.parametrize("drawn", [TWO, dense(), chart(), chart(steps((2, "0.5")), reference="0.01")])
def test_svg_is_one_element_that_needs_nothing_else_and_names_every_zone(drawn: Chart) -> None:
    text = chart_svg(drawn, title="p3.8xlarge")
    root = ET.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert "href" not in text
    assert text.count("http") == 1
    said = " ".join(each.text or "" for each in root.iter(f"{SVG}text"))
    assert all(f"{line.marker} {line.label}" in said for line in drawn.lines)
    assert "p3.8xlarge" in said
    assert (drawn.reference is None) or f"on demand {drawn.reference:.3f}" in said


def test_svg_draws_each_change_as_a_step_of_its_own_dash() -> None:
    ways = [
        each.attrib for each in ET.fromstring(chart_svg(TWO)).iter(f"{SVG}path") if each.attrib["stroke"] != "#78808c"
    ]
    assert [way["d"].count("V") for way in ways] == [1, 1]
    assert not any(letter in way["d"] for way in ways for letter in "LlCc")
    assert len({way.get("stroke-dasharray") for way in ways}) == 2


def test_svg_shows_foreign_text_as_text() -> None:
    hostile = replace(TWO, lines=(replace(TWO.lines[0], label="<script>\x00\x1b[2J"),))
    text = chart_svg(hostile, title='</svg><script a="b">')
    ET.fromstring(text)
    assert "<script" not in text
    assert "\x1b" not in text


def test_values_of_a_history_are_all_its_changes_by_zone_and_time() -> None:
    zones = {"us-east-2b": steps((2, "4.10")), "us-east-2a": steps((9, "3.87"), (3, "0.0000001"))}
    text = prices_csv(SpotHistory("p3.8xlarge", NOW - WEEK, NOW, zones))
    assert text.split("\n")[:3] == [
        "type,zone,time,price",
        "p3.8xlarge,us-east-2a,2026-11-14T12:00:00Z,3.87",
        "p3.8xlarge,us-east-2a,2026-11-20T12:00:00Z,0.0000001",
    ]
    assert len(text.splitlines()) == 4


def test_values_of_a_chart_begin_with_the_price_that_its_window_begins_with() -> None:
    drawn = chart(steps((20, "1"), (9, "2"), (3, "3")), end=NOW - timedelta(days=2))
    rows = list(csv.DictReader(io.StringIO(prices_csv(drawn))))
    assert [row["price"] for row in rows] == ["2", "3"]
    assert {(row["type"], row["zone"]) for row in rows} == {("p3.8xlarge", "2a")}
