"""The panes there are, for the edges of their frames."""

from __future__ import annotations

from collections.abc import Mapping

from fe2tui.tui.command import PANES
from fe2tui.tui.widgets.frame import Part


def tabs(active: str, counts: Mapping[str, str], *, alone: bool) -> list[Part]:
    """All panes with the active one bright; beside others, each frame has its own alone."""
    parts: list[Part] = []
    for pane, (number, title) in PANES.items():
        here = pane == active
        if not alone and not here:
            continue
        if parts:
            parts.append(Part(" ─ ", "ink-faint"))
        parts.append(Part(f"{number} ", "accent" if here else "ink-dim", here, pane))
        parts.append(Part(title, "foreground" if here else "ink-dim", here, pane))
        if counts.get(pane):
            parts.append(Part(f" {counts[pane]}", "ink-dim", False, pane))
    return parts
