"""What the details panel is given to show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fe2tui.tui.panes.facts import Fact


class Described(NamedTuple):
    """Everything useful about one thing; its name and its id stand in the frame. The texts are safe to show."""

    name: str
    id: str
    left: Sequence[Fact]
    right: Sequence[Fact]
