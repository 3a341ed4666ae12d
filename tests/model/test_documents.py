"""JSON and CSV: the values as they are, and nothing that a terminal or a spreadsheet would obey."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest

from fe2tui.model.documents import csv_text, json_text

HOSTILE = "\x9b31m \x1b[2J \x7f \u202e \u200f \x00 \u2028 \U000e0001 \udce4"


@pytest.mark.parametrize("ascii_only", [False, True])
def test_no_control_character_is_in_json_and_the_text_is_the_same_when_it_is_read(ascii_only: bool) -> None:
    document = {HOSTILE: [HOSTILE, "déjà vu 日本語 🚀"]}
    for indent in (None, 2):
        text = json_text(document, indent=indent, ascii_only=ascii_only)
        assert json.loads(text) == document
        assert all(line.isprintable() for line in text.split("\n"))
        assert ("日本語" in text) is not ascii_only


def test_text_that_would_be_a_formula_in_a_spreadsheet_is_marked_as_text_and_numbers_stay_numbers() -> None:
    formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]
    rows: list[list[object]] = [[text, {"=key": text}, [text]] for text in formulas]
    rows.append(["a=b", Decimal("-0.5"), None])
    read = list(csv.reader(io.StringIO(csv_text(["a", "b", "c"], rows), newline="")))
    assert [line[0] for line in read[1:]] == [*(f"'{text}" for text in formulas), "a=b"]
    assert all(cell.startswith("'") for line in read[1:-1] for cell in line)
    assert read[-1] == ["a=b", "-0.5", ""]
