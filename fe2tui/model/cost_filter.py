"""The filter of cost rows, and what they can be sorted by. The syntax is that of ``filters``::

etl                 a word: in the name, id, description or a tag's value
kind:disk,address   by field: name id kind tag
tag:project=vision  a tag with that value; tag:project: a tag of that name
cost>0.1 month>50   dollars an hour; dollars a month at this rate
today>1 spent>20    dollars since midnight, and since the first of the month (UTC)

An instance's row has its disks and its address in it; the row of snapshots is their image's.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias, get_args

from fe2tui.model import filters
from fe2tui.model.filters import FilterLanguage, NumberField, natural_sort_key, value_field
from fe2tui.model.money.account import Amounts, CostKind, CostRow
from fe2tui.model.money.rates import HOURS_A_MONTH

CostFilter: TypeAlias = filters.Filter[CostRow, None]
_Test: TypeAlias = filters.Test[CostRow, None]
_KINDS: tuple[str, ...] = get_args(CostKind)


def _word(word: str) -> _Test:
    def test(row: CostRow, _: None) -> bool:
        return (
            word in row.label.lower()
            or word in row.id
            or word in row.what.lower()
            or any(word in value.lower() for value in row.tags.values())
        )

    return test


def _measure(amounts: Amounts, times: int = 1) -> Decimal | None:
    return None if amounts.unknown and not amounts.known else amounts.known * times


COST_LANGUAGE: FilterLanguage[CostRow, None] = FilterLanguage(
    word_test=_word,
    fields={
        "name": value_field(lambda row, _, part: part in row.label.lower()),
        "id": value_field(lambda row, _, part: part in row.id),
        "kind": value_field(lambda row, _, part: row.kind.startswith(part)),
        "tag": filters.tag_field(lambda row: row.tags),
    },
    numbers={
        "cost": NumberField(lambda row, _: _measure(row.hour_parts), "dollars an hour such as 0.5"),
        "month": NumberField(lambda row, _: _measure(row.hour_parts, HOURS_A_MONTH), "dollars a month such as 50"),
        "today": NumberField(lambda row, _: _measure(row.today_parts), "dollars such as 1"),
        "spent": NumberField(lambda row, _: _measure(row.month_parts), "dollars such as 20"),
    },
)


def _listed(row: CostRow, _: None) -> float:
    return _KINDS.index(row.kind) * 1e12 - float(row.month_parts.known)


def _dollars_sort(sort_id: str, title: str, amounts: str, part: str = "") -> filters.Sort[CostRow, None]:
    def key(row: CostRow, _: None) -> float | None:
        found: Amounts = getattr(row, amounts)
        amount = getattr(found, part) if part else _measure(found)
        return None if amount is None else float(amount)

    return filters.Sort(sort_id, title, key, largest_first=True)


COST_SORTS: Mapping[str, filters.Sort[CostRow, None]] = filters.sorts_by_id(
    (
        filters.Sort("kind", "kind, then dollars this month", _listed),
        filters.Sort("name", "name", lambda row, _: natural_sort_key(row.label), is_text=True),
        _dollars_sort("hour", "dollars an hour", "hour_parts"),
        _dollars_sort("today", "dollars today", "today_parts"),
        _dollars_sort("month", "dollars this month", "month_parts"),
        _dollars_sort("machine", "this month: instance", "month_parts", "machine"),
        _dollars_sort("disk", "this month: disks", "month_parts", "disk"),
        _dollars_sort("address", "this month: address", "month_parts", "address"),
    )
)
"""By id. A month's dollars at this rate sort like an hour's."""
