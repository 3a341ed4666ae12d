"""How far an image has come."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fe2tui.model.image import Image, image_progress, image_snapshots
from fe2tui.model.volume import Snapshot

IMAGE = Image("ami-0123456789abcdef0", "base", state="pending", root_size=50)
WORDS = "Created by CreateImage(i-0b39947b710d05337) for ami-0123456789abcdef0"


def snapshot(key: str, size: int, progress: float, words: str = "") -> Snapshot:
    return Snapshot(key, size, "pending", progress, description=words)


def test_it_has_come_as_far_as_its_snapshots_by_their_size() -> None:
    behind = [snapshot("snap-1", 30, 1.0, WORDS), snapshot("snap-2", 10, 0.2, WORDS), snapshot("snap-3", 10, 0.0)]
    assert image_progress(IMAGE, behind) == pytest.approx(0.8)
    named = replace(IMAGE, snapshot_ids=("snap-3",))
    assert {one.id for one in image_snapshots(named, behind)} == {"snap-1", "snap-2", "snap-3"}


def test_a_pending_image_without_a_snapshot_has_not_come_far() -> None:
    assert image_progress(IMAGE, []) == 0.0
    of_another = snapshot("snap-1", 30, 1.0, WORDS.replace("ami-0", "ami-1"))
    assert image_progress(IMAGE, [of_another]) == 0.0


@pytest.mark.parametrize("state", ["available", "failed", "disabled"])
def test_of_an_image_that_is_not_pending_there_is_nothing_to_tell(state: str) -> None:
    assert image_progress(replace(IMAGE, state=state), [snapshot("snap-1", 8, 0.5, WORDS)]) is None


@pytest.mark.parametrize(
    ("image", "progress", "line"),
    [
        (replace(IMAGE, state="available"), None, "base (ami-0123456789abcdef0 available): x86_64, 50 GiB"),
        (IMAGE, 0.4, "base (ami-0123456789abcdef0 pending 40 %): x86_64, 50 GiB"),
        (replace(IMAGE, size=150), 1.0, "base (ami-0123456789abcdef0 pending 100 %): x86_64, 150 GiB"),
        (
            replace(IMAGE, state="failed", state_reason="Client.InternalError: the copy\x1b failed"),
            None,
            "base (ami-0123456789abcdef0 failed): x86_64, 50 GiB: Client.InternalError: the copy\\x1b failed",
        ),
        (replace(IMAGE, name="", root_size=0), None, "– (ami-0123456789abcdef0 pending): x86_64, size not known yet"),
        (replace(IMAGE, name="a\u202eb"), None, "a\\u202eb (ami-0123456789abcdef0 pending): x86_64, 50 GiB"),
    ],
)
def test_an_image_shows_itself_in_one_line(image: Image, progress: float | None, line: str) -> None:
    assert image.line(progress) == line
    assert progress is not None or repr(image) == line
