"""The details of an instance, in words that hold for it."""

from __future__ import annotations

from datetime import timedelta

from fe2tui.model.instance import Instance
from fe2tui.tui.columns import COLUMNS, chosen, kind_of
from fe2tui.tui.panes.facts import left
from tests.tui.fleets import NOW, fleet, instance

LONG_AGO = NOW - timedelta(days=41)


def said(one: Instance, *, is_known: bool = False) -> str:
    return "\n".join(f"{fact.label} {fact.text}" for fact in left(one, fleet([one]), NOW, is_known=is_known))


def test_one_that_is_on_for_long_is_pointed_out_with_its_cost_until_it_is_tagged() -> None:
    forgotten = instance(1, launched_at=LONG_AGO)
    kept = instance(2, launched_at=LONG_AGO, tags={"Name": "kept", "fe2:keep": "yes"})
    assert "▲ on for 41d, $" in said(forgotten) and "so far; if that is meant, tag it fe2:keep" in said(forgotten)
    assert "▲" not in said(kept)
    assert (kind_of(forgotten, NOW), kind_of(kept, NOW)) == ("trouble", "running")


def test_a_known_host_key_is_said() -> None:
    assert "host key known" in said(instance(1), is_known=True)
    assert "host key known" not in said(instance(1))


def test_an_unknown_column_leaves_the_usual_ones() -> None:
    assert chosen(("name", "bogus")) == tuple(COLUMNS.values())
    assert [column.id for column in chosen(("name", "type", "tag:env"))] == ["name", "type", "tag:env"]
