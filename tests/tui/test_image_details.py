"""The details of an image, in words that hold for it."""

from __future__ import annotations

from dataclasses import replace

from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.image import Image
from fe2tui.model.volume import Snapshot
from fe2tui.tui.panes.images import image_details, image_list_snapshot
from tests.tui.fleets import NOW, PUBLIC, fleet, image, instance, many, snapshots_of, with_images


def said(one: Image, seen: Fleet) -> str:
    described = image_details(one, image_list_snapshot(seen).scope_at(NOW))
    return "\n".join(f"{fact.label} {fact.text}" for fact in (*described.left, *described.right))


def test_an_own_image_says_its_snapshots_what_they_cost_at_most_and_who_runs_on_it() -> None:
    base = image(1, "base", root_size=60, size=60, tags={"Name": "base", "team": "vision"})
    seen = with_images(fleet([instance(1, "worker", image_id=base.id)]), base)
    words = said(base, seen)
    assert "Disks snap-00000000000000001 60 GiB, at most $3.00 a month" in words
    assert "Cost at most $3.00 a month" in words
    assert "Used by 1 instance: worker running" in words
    assert "Tags team=vision" in words


def test_where_it_was_made_from_is_said_also_when_that_instance_is_gone() -> None:
    source = instance(7, "trainer")
    tags = {"fe2:source": f"{source.id} trainer"}
    kept, gone = image(1, "a", tags=tags), image(2, "b", tags=tags)
    assert f"from trainer ({source.id}) 2d ago" in said(kept, with_images(fleet([source]), kept))
    assert f"from trainer ({source.id}) 3d ago" in said(gone, with_images(fleet([]), gone))


def test_a_pending_one_says_how_far_each_disk_is() -> None:
    base = image(1, "base", state="pending", snapshot_ids=())
    taken = Snapshot("snap-1", 8, "pending", 0.45, description=f"Created by CreateImage(i-1) for {base.id}")
    seen = replace(with_images(many(1), base), snapshots={taken.id: taken})
    words = said(base, seen)
    assert "State pending 45 %" in words
    assert "snap-1 8 GiB, 45 % done" in words
    assert "no snapshot yet" in said(base, replace(seen, snapshots={}))


def test_a_failed_one_shows_the_reason_of_aws() -> None:
    base = image(1, "base", state="failed", state_reason="Client.InternalError: the copy failed")
    words = said(base, with_images(many(1), base))
    assert "▲ failed: Client.InternalError: the copy failed" in words
    assert "Nothing can be launched from it" in words


def test_a_snapshot_that_another_image_uses_is_said() -> None:
    one, other = image(1, "one"), image(2, "other", snapshot_ids=image(1).snapshot_ids)
    assert "; other uses it too" in said(one, with_images(many(1), one, other))


def test_what_is_not_known_of_the_cost_is_said_and_never_guessed() -> None:
    base = image(1, "base")
    seen = with_images(many(1), base)
    assert "the price of snapshots is unknown" in said(base, replace(seen, prices=Prices()))
    assert "some of its snapshots are unknown" in said(base, replace(seen, snapshots={}))


def test_a_public_one_says_its_word_and_costs_nothing() -> None:
    ubuntu = PUBLIC[0].image
    words = said(ubuntu, with_images(many(1)))
    assert "Alias ubuntu: the newest of these images" in words
    assert "Cost nothing;" in words
    assert "Disks" not in words


def test_foreign_text_is_shown_as_text() -> None:
    base = image(1, "\x1b[31mred", description="a\u202eb", tags={"x": "\x1b]0;title\x07"})
    words = said(base, replace(with_images(many(1), base), snapshots=snapshots_of(base)))
    assert "\x1b" not in words and "\u202e" not in words and "\x07" not in words
